//! Dates as publishers claim them: kept with their own offset and precision, never trusted for order or expiry.

use jiff::tz::Offset;
use jiff::{Timestamp, civil};
use serde::{Deserialize, Serialize};

/// How much of a claimed date was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Precision {
    /// Only the day; the time of day is filled with zeros.
    Day,
    /// To the minute.
    Minute,
    /// To the second.
    Second,
}

/// A publisher's claim about a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claimed {
    /// The moment claimed.
    pub at: Timestamp,
    /// The offset it was written in, seconds east of UTC; 0 where none was given.
    pub offset: i32,
    /// How much of it was given.
    pub precision: Precision,
}

impl Claimed {
    /// A moment in UTC, to the second.
    pub fn utc(at: Timestamp) -> Self {
        Self { at, offset: 0, precision: Precision::Second }
    }

    /// A wall-clock time in a zone `offset` seconds east of UTC; `None` where it leaves the years 0 to 9999.
    pub fn civil(at: civil::DateTime, offset: i32, precision: Precision) -> Option<Self> {
        let zone = Offset::from_seconds(offset).ok()?;
        let at = zone.to_timestamp(at).ok()?;
        Some(Self { at, offset, precision })
    }

    /// The calendar day as the publisher writes it.
    pub fn day(&self) -> civil::Date {
        self.zone().to_datetime(self.at).date()
    }

    /// RFC 3339 with the publisher's offset: `2026-11-22T09:30:00+01:00`.
    pub fn rfc3339(&self) -> String {
        let zone = self.zone();
        let local = zone.to_datetime(self.at);
        let minutes = zone.seconds() / 60;
        let (sign, minutes) = if minutes < 0 { ('-', -minutes) } else { ('+', minutes) };
        format!("{}{sign}{:02}:{:02}", local.strftime("%Y-%m-%dT%H:%M:%S"), minutes / 60, minutes % 60)
    }

    fn zone(&self) -> Offset {
        // RFC 3339 has no seconds in an offset.
        Offset::from_seconds(self.offset / 60 * 60).unwrap_or(Offset::UTC)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claim_keeps_the_publishers_offset_and_day() {
        let late =
            Claimed::civil(civil::date(2026, 11, 22).at(23, 30, 0, 0), -5 * 3600, Precision::Minute).expect("in range");
        assert_eq!(late.rfc3339(), "2026-11-22T23:30:00-05:00");
        assert_eq!(late.day(), civil::date(2026, 11, 22));
    }
}
