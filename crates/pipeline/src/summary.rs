//! What a run came to, for the last lines of `run --once` and `demo`.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;
use wiredesk_model::outcome::Outcome;

use crate::meter::PollResult;

/// Counts of one run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Feeds configured.
    pub feeds: u64,
    /// Feeds read.
    pub feeds_read: u64,
    /// Feeds that had nothing new (304).
    pub feeds_not_modified: u64,
    /// Feeds that were not asked: gone for good (410), or they asked for a wait.
    pub feeds_held: u64,
    /// Polls that failed.
    pub feeds_failed: u64,
    /// Entries settled.
    pub entries: u64,
    /// Records put into the topic.
    pub published: u64,
    /// Entries whose body was in the topic already.
    pub duplicates: u64,
    /// Entries looked at again: the same body.
    pub unchanged: u64,
    /// Entries looked at again: an older body.
    pub reverted: u64,
    /// Entries dropped, by reason.
    pub dropped: BTreeMap<&'static str, u64>,
    /// Entries seen and not yet settled.
    pub pending: u64,
    /// How long it took.
    #[serde(rename = "seconds", serialize_with = "in_seconds")]
    pub took: Duration,
}

fn in_seconds<S: serde::Serializer>(took: &Duration, s: S) -> Result<S::Ok, S::Error> {
    s.serialize_f64((took.as_secs_f64() * 1000.0).round() / 1000.0)
}

impl Summary {
    pub(crate) fn polled(&mut self, result: PollResult) {
        match result {
            PollResult::Read => self.feeds_read += 1,
            PollResult::NotModified => self.feeds_not_modified += 1,
            PollResult::Failed => self.feeds_failed += 1,
        }
    }

    pub(crate) fn settled(&mut self, outcome: &Outcome) {
        self.entries += 1;
        match outcome {
            Outcome::Published { .. } => self.published += 1,
            Outcome::Duplicate { .. } => self.duplicates += 1,
            Outcome::Unchanged => self.unchanged += 1,
            Outcome::Reverted => self.reverted += 1,
            Outcome::Dropped(dropped) => *self.dropped.entry(dropped.reason()).or_default() += 1,
        }
    }

    /// Whether any feed could be read at all, or there was none to read.
    pub fn any_feed_read(&self) -> bool {
        self.feeds_read + self.feeds_not_modified > 0 || self.feeds_failed == 0
    }
}
