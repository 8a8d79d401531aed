//! Spans of time and sizes of bytes as people write them in the configuration: `"10m"`, `"4 MiB"`.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A span of time: `"50ms"`, `"30s"`, `"10m"`, `"6h"`, `"90d"`, or several together, `"1h 30m"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span(pub Duration);

impl Span {
    /// This many seconds.
    pub const fn seconds(n: u64) -> Self {
        Self(Duration::from_secs(n))
    }
    /// This many milliseconds.
    pub const fn millis(n: u64) -> Self {
        Self(Duration::from_millis(n))
    }
    /// This many minutes.
    pub const fn minutes(n: u64) -> Self {
        Self::seconds(n * 60)
    }
    /// This many hours.
    pub const fn hours(n: u64) -> Self {
        Self::minutes(n * 60)
    }
    /// This many days of 24 hours.
    pub const fn days(n: u64) -> Self {
        Self::hours(n * 24)
    }
}

const SPANS: [(&str, u128); 5] = [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];

impl std::str::FromStr for Span {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!(
                "`{text}` is not a span of time: write a whole number with its unit, as in \"30s\", \"10m\", \"6h\" or \"90d\""
            )
        };
        let mut rest = text.trim();
        let mut total = 0u128;
        if rest.is_empty() {
            return Err(wrong());
        }
        while !rest.is_empty() {
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            let number: u128 = rest[..digits].parse().map_err(|_| wrong())?;
            rest = rest[digits..].trim_start();
            let letters = rest.bytes().take_while(u8::is_ascii_alphabetic).count();
            let (_, unit) = SPANS.iter().find(|(name, _)| *name == &rest[..letters]).ok_or_else(wrong)?;
            total = number.checked_mul(*unit).and_then(|ms| total.checked_add(ms)).ok_or_else(wrong)?;
            rest = rest[letters..].trim_start();
        }
        u64::try_from(total).map(|ms| Self(Duration::from_millis(ms))).map_err(|_| wrong())
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut ms = self.0.as_millis();
        if ms == 0 {
            return f.write_str("0s");
        }
        let mut first = true;
        for (name, unit) in SPANS {
            if ms >= unit {
                write!(f, "{}{}{name}", if first { "" } else { " " }, ms / unit)?;
                ms %= unit;
                first = false;
            }
        }
        Ok(())
    }
}

/// A number of bytes: `"512 KiB"`, `"4 MiB"`, `"1 GiB"`, or in thousands, `"10 MB"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Size(pub u64);

impl Size {
    /// This many units of 1,024 bytes.
    pub const fn kib(n: u64) -> Self {
        Self(n << 10)
    }
    /// This many units of 1,048,576 bytes.
    pub const fn mib(n: u64) -> Self {
        Self(n << 20)
    }
    /// The size for use as a length in memory.
    pub fn as_usize(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

const SIZES: [(&str, u64); 7] = [
    ("GiB", 1 << 30),
    ("MiB", 1 << 20),
    ("KiB", 1 << 10),
    ("GB", 1_000_000_000),
    ("MB", 1_000_000),
    ("kB", 1_000),
    ("B", 1),
];

impl std::str::FromStr for Size {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!(
                "`{text}` is not a size: write a whole number with its unit, as in \"512 KiB\", \"4 MiB\" or \"1 GiB\""
            )
        };
        let text = text.trim();
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let number: u64 = text[..digits].parse().map_err(|_| wrong())?;
        let unit = text[digits..].trim_start();
        let (_, factor) = SIZES.iter().find(|(name, _)| name.eq_ignore_ascii_case(unit)).ok_or_else(wrong)?;
        number.checked_mul(*factor).map(Self).ok_or_else(wrong)
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, factor) = SIZES
            .iter()
            .find(|(name, factor)| name.contains('i') && self.0 >= *factor && self.0.is_multiple_of(*factor))
            .unwrap_or(&("B", 1));
        write!(f, "{} {name}", self.0 / factor)
    }
}

macro_rules! written_as_text {
    ($name:ident, $pattern:literal) => {
        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                s.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                String::deserialize(d)?.parse().map_err(serde::de::Error::custom)
            }
        }

        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }
            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({"type": "string", "pattern": $pattern})
            }
        }
    };
}
written_as_text!(Span, r"^\s*([0-9]+\s*(ms|s|m|h|d)\s*)+$");
written_as_text!(Size, r"^\s*[0-9]+\s*([KkMmGg][Ii]?)?[Bb]\s*$");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_read_and_write() {
        for (text, ms) in
            [("50ms", 50), ("30s", 30_000), ("10m", 600_000), ("1h 30m", 5_400_000), ("90d", 7_776_000_000)]
        {
            let span: Span = text.parse().expect(text);
            assert_eq!(span.0.as_millis(), ms, "{text}");
            assert_eq!(span.to_string(), text);
        }
        for text in ["", "10", "m", "1y", "-1s", "99999999999999999999d", "1.5h", "日"] {
            assert!(text.parse::<Span>().is_err(), "{text}");
        }
    }

    #[test]
    fn sizes_read_and_write() {
        for (text, bytes) in [("4 MiB", 4 << 20), ("16 KiB", 16 << 10), ("7 B", 7)] {
            let size: Size = text.parse().expect(text);
            assert_eq!(size.0, bytes);
            assert_eq!(size.to_string(), text);
        }
        assert_eq!("10MB".parse::<Size>().expect("no gap"), Size(10_000_000));
        for text in ["", "4", "MiB", "4 XiB", "-4 MiB", "99999999999 GiB"] {
            assert!(text.parse::<Size>().is_err(), "{text}");
        }
    }
}
