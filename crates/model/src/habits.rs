//! What the desk has learned of a feed from its answers: what its publisher claims, how often it really brings something,
//! where it has moved, and what is wrong with it. Kept whole from poll to poll, so that neither a 304 nor a restart forgets it.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Something about a feed that its reader should know of: said once when it begins and once when it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Condition {
    /// It answered 410 and is not asked any more.
    Gone,
    /// It has failed for days.
    Failing,
    /// It answers with an HTML page.
    Html,
    /// Items of it cannot be read, or it breaks off.
    Damaged,
    /// It has moved for good.
    Moved,
    /// It has brought nothing for far longer than it usually takes.
    Quiet,
}

impl Condition {
    /// All of them, the gravest first.
    pub const ALL: [Self; 6] = [Self::Gone, Self::Failing, Self::Html, Self::Damaged, Self::Moved, Self::Quiet];

    /// The name in output, logs and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Gone => "gone",
            Self::Failing => "failing",
            Self::Html => "html",
            Self::Damaged => "damaged",
            Self::Moved => "moved",
            Self::Quiet => "quiet",
        }
    }
}

/// What a publisher says about when to ask again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Claims {
    /// RSS `ttl` or `sy:updatePeriod`, the longer one, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ttl_s: Option<u64>,
    /// `Cache-Control: max-age` or `Expires`, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_age_s: Option<u64>,
    /// Hours of the day (UTC) at which there is nothing to fetch: bit 0 is midnight to one.
    #[serde(skip_serializing_if = "is_zero")]
    pub skip_hours: u32,
    /// Days of the week (UTC) on which there is nothing to fetch: bit 0 is Monday.
    #[serde(skip_serializing_if = "is_zero")]
    pub skip_days: u32,
}

/// How often a feed really brings something.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Rhythm {
    /// The interval that its news ask for, in seconds; the default one where there is none yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interval_s: Option<u64>,
    /// The usual time between two polls that brought something, smoothed, in seconds.
    #[serde(skip_serializing_if = "is_nothing")]
    pub gap_s: u64,
    /// The longest such time, fading with each that was shorter, in seconds.
    #[serde(skip_serializing_if = "is_nothing")]
    pub longest_s: u64,
    /// How many such times are known.
    #[serde(skip_serializing_if = "is_zero")]
    pub gaps: u32,
}

/// A permanent redirect (301, 308), as often as it was seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moved {
    /// Where it leads.
    pub to: String,
    /// Good answers in a row that came from there.
    pub times: u32,
    /// Since when.
    pub since: Timestamp,
    /// It is believed: the feed is asked there.
    #[serde(default)]
    pub learned: bool,
    /// A further move from there, while it is not believed yet.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub onward: Option<Box<Moved>>,
}

/// An HTML page in the place of a feed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HtmlAnswer {
    /// The feed that the page names, which was probably meant.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub meant: Option<String>,
}

/// Where a feed's news are pushed from (W3C WebSub), as the feed itself says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hub {
    /// The hub's address.
    pub url: String,
    /// The name under which the hub knows the feed.
    pub topic: String,
}

/// What was learned of one feed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Habits {
    /// What its publisher claims.
    pub claims: Claims,
    /// How often it really brings something.
    pub rhythm: Rhythm,
    /// Where it has moved, as far as it says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub moved: Option<Moved>,
    /// Its hub, if it names one. Kept whether or not pushes are configured, for a 304 does not say it again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hub: Option<Hub>,
    /// Since when every poll has failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failing_since: Option<Timestamp>,
    /// Until when its server last asked to be left alone (`Retry-After`, RFC 9110 §10.2.3).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asked_to_wait_until: Option<Timestamp>,
    /// It last answered with an HTML page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub html: Option<HtmlAnswer>,
    /// It was last read in part only.
    #[serde(skip_serializing_if = "is_false")]
    pub damaged: bool,
    /// What is the matter with it, the gravest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<Condition>,
}

impl Claims {
    /// The longest time that the publisher claims.
    pub fn longest(&self) -> Option<Duration> {
        self.ttl_s.max(self.max_age_s).map(Duration::from_secs)
    }
}

impl Habits {
    /// Where the feed is asked, if that is not where it is configured.
    pub fn learned(&self) -> Option<&str> {
        self.moved.as_ref().filter(|moved| moved.learned).map(|moved| moved.to.as_str())
    }

    /// What a condition means for this feed, as a line for people.
    pub fn told(&self, condition: Condition) -> String {
        match condition {
            Condition::Gone => "gone for good (410): not asked any more".into(),
            Condition::Failing => match self.failing_since {
                Some(since) => format!("has failed since {}", since.strftime("%Y-%m-%d %H:%M UTC")),
                None => "has failed for days".into(),
            },
            Condition::Html => match self.html.as_ref().and_then(|html| html.meant.as_ref()) {
                Some(meant) => format!("answers with an HTML page; probably meant: {meant}"),
                None => "answers with an HTML page that names no feed".into(),
            },
            Condition::Damaged => {
                "damaged: what can be read of it is read, and it is asked for in full each time".into()
            }
            Condition::Moved => {
                let to = self.learned().unwrap_or_default();
                format!("has moved for good to {to}, and is asked there: change its `url`")
            }
            Condition::Quiet => {
                let hours = self.rhythm.gap_s.div_ceil(3600);
                format!("has brought nothing for long; usually it does within {hours} h")
            }
        }
    }
}

fn is_zero(number: &u32) -> bool {
    *number == 0
}

fn is_nothing(number: &u64) -> bool {
    *number == 0
}

fn is_false(is: &bool) -> bool {
    !is
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_older_or_newer_desk_wrote_is_read() {
        let read: Habits = serde_json::from_str(r#"{"rhythm":{"gap_s":60},"later":1}"#).expect("habits");
        assert_eq!(read.rhythm.gap_s, 60);
        assert_eq!(serde_json::from_str::<Habits>("{}").expect("habits"), Habits::default());
    }

    #[test]
    fn every_condition_is_written_as_it_is_named() {
        for condition in Condition::ALL {
            assert_eq!(serde_json::to_string(&condition).expect("json"), format!("\"{}\"", condition.as_str()));
        }
    }
}
