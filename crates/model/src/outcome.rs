//! How an entry can end. The list is closed: nothing else ends an entry (law 1).

use serde::{Deserialize, Serialize};

use crate::block::PageKind;
use crate::id::Digest;

/// Where a record is: the writer's word that it is in the topic. Serialisable: it crosses the publishing seam.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// The partition; 0 in the embedded log.
    pub partition: i32,
    /// The offset in it.
    pub offset: i64,
}

impl std::fmt::Display for Receipt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}@{}", self.partition, self.offset)
    }
}

/// Why an entry is not in the topic.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "reason", rename_all = "snake_case")]
pub enum Dropped {
    /// The feed gave no address that may be followed: a record without one could not be joined or checked.
    NoLink {
        /// What is wrong with it.
        why: String,
    },
    /// The page is something else than an article.
    NotArticle {
        /// What it seems to be.
        page: PageKind,
    },
    /// One body under several titles on one host: a consent or paywall page.
    Wall,
    /// Fewer words than `extract.min_words`.
    TooShort {
        /// Words found.
        words: u32,
    },
    /// The page or the record is over its limit.
    TooLarge {
        /// What was too large, and by whose limit.
        what: String,
    },
    /// The page costs more work to parse than any article does.
    TooCostly,
    /// The host's robots.txt asks not to.
    Robots,
    /// 404 or 410, three times over an hour.
    Gone {
        /// The last status.
        status: u16,
    },
    /// It failed as often as `pipeline.retry.attempts` allows.
    Exhausted {
        /// Tries made.
        attempts: u32,
        /// What went wrong the last time.
        last: String,
    },
    /// It leads to another site, and the feed's `off_site` says to drop such entries.
    OffSite,
    /// It stood behind the `backfill` newest of its feed's first poll.
    Backfill,
    /// The topic refuses the record for ever, for another reason than its size.
    Refused {
        /// The broker's word.
        error: String,
    },
}

impl Dropped {
    /// All reasons, in the order of the table in the README: the closed label set of the metrics.
    pub const REASONS: [&'static str; 12] = [
        "no_link",
        "not_article",
        "wall",
        "too_short",
        "too_large",
        "too_costly",
        "robots",
        "gone",
        "exhausted",
        "off_site",
        "backfill",
        "refused",
    ];

    /// The reason's name in metrics, dead letters and logs.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::NoLink { .. } => "no_link",
            Self::NotArticle { .. } => "not_article",
            Self::Wall => "wall",
            Self::TooShort { .. } => "too_short",
            Self::TooLarge { .. } => "too_large",
            Self::TooCostly => "too_costly",
            Self::Robots => "robots",
            Self::Gone { .. } => "gone",
            Self::Exhausted { .. } => "exhausted",
            Self::OffSite => "off_site",
            Self::Backfill => "backfill",
            Self::Refused { .. } => "refused",
        }
    }

    /// Whether it is said of the page, and so of every entry that leads there; else it is the affair of the entry's own feed, or of the
    /// topic.
    pub fn is_of_the_page(&self) -> bool {
        !matches!(self, Self::NoLink { .. } | Self::OffSite | Self::Backfill | Self::Refused { .. })
    }

    /// What a person wants to know beyond the reason.
    pub fn detail(&self) -> String {
        match self {
            Self::NoLink { why } => why.clone(),
            Self::NotArticle { page } => format!("the page is no article ({})", page.as_str().replace('_', " ")),
            Self::Wall => "the same text stands under several titles on this host: a consent or paywall page".into(),
            Self::TooShort { words } => format!("only {words} words of text"),
            Self::TooLarge { what } => what.clone(),
            Self::TooCostly => "the page costs too much work to parse".into(),
            Self::Robots => "robots.txt disallows it".into(),
            Self::Gone { status } => format!("the page answered {status} three times over an hour"),
            Self::Exhausted { attempts: 1, last } => format!("the attempt failed: {last}"),
            Self::Exhausted { attempts, last } => format!("{attempts} attempts failed, the last with: {last}"),
            Self::OffSite => "it leads to another site".into(),
            Self::Backfill => "it is older than the entries read at a feed's first poll".into(),
            Self::Refused { error } => format!("the topic refuses the record: {error}"),
        }
    }
}

/// How an entry ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    /// Its record is in the topic.
    Published {
        /// Where.
        receipt: Receipt,
    },
    /// Its body is in the topic already, from another article or through another feed.
    Duplicate {
        /// The body.
        of: Digest,
    },
    /// Looked at again: the body is the one seen before.
    Unchanged,
    /// Looked at again: the body is an older one, in the topic already.
    Reverted,
    /// It is not in the topic, for this reason.
    Dropped(Dropped),
}

impl Outcome {
    /// The outcome's name in metrics, `trace` and the store.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Published { .. } => "published",
            Self::Duplicate { .. } => "duplicate",
            Self::Unchanged => "unchanged",
            Self::Reverted => "reverted",
            Self::Dropped(_) => "dropped",
        }
    }
}
