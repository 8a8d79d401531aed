//! What reading a feed ends in.

use std::time::Duration;

use jiff::civil::Weekday;
use serde::{Deserialize, Serialize};
use url::Url;
use wiredesk_model::date::Claimed;
use wiredesk_model::entry::Listing;
use wiredesk_model::feed::IdentityPolicy;

/// The family a feed belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FeedKind {
    /// RSS 0.9x and 2.0, and what calls itself a channel.
    Rss,
    /// Atom 0.3 and 1.0.
    Atom,
    /// RSS 0.90 and 1.0, in RDF.
    Rdf,
    /// JSON Feed 1.0 and 1.1.
    Json,
    /// A news sitemap.
    Sitemap,
}

impl FeedKind {
    /// The kind's name in output and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rss => "rss",
            Self::Atom => "atom",
            Self::Rdf => "rdf",
            Self::Json => "json",
            Self::Sitemap => "sitemap",
        }
    }
}

/// What it took to read a feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// It is as it should be, or hurt in ways that need no repair.
    Direct,
    /// Faults of the whole document were repaired or passed over.
    Repaired,
    /// Its items were cut out and read one at a time, or by another reader.
    Salvaged,
}

/// One item, with what the feed itself calls it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// The feed's own name for it (`guid`, `id`, `rdf:about`), as given.
    pub guid: Option<String>,
    /// The same made absolute, where it is a relative address: for show, as the base it hangs on may change.
    pub guid_url: Option<String>,
    /// The date of publication as claimed, where it is none that can be meant (the year 1, the year 9999).
    pub claimed: Option<Claimed>,
    /// Whether an earlier item of the listing has the same identity: not to be taken twice.
    pub repeated: bool,
    /// What the desk keeps of it.
    pub listing: Listing,
}

/// A feed that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parsed {
    /// Its family.
    pub kind: FeedKind,
    /// Its title, plain text.
    pub title: Option<String>,
    /// Its language, BCP 47 as given.
    pub language: Option<String>,
    /// The site it belongs to, absolute.
    pub site: Option<String>,
    /// How long it may be kept (`ttl`).
    pub ttl: Option<Duration>,
    /// How often it says it changes (`sy:updatePeriod` over `sy:updateFrequency`).
    pub update_period: Option<Duration>,
    /// Hours of the day, UTC, at which there is nothing to fetch.
    pub skip_hours: Vec<u8>,
    /// Days of the week at which there is nothing to fetch.
    pub skip_days: Vec<Weekday>,
    /// Its WebSub hub.
    pub hub: Option<String>,
    /// What it calls itself.
    pub self_url: Option<String>,
    /// Whether all of it was read: false where it was cut off, items were lost, or more were listed than are taken.
    pub whole: bool,
    /// What it took to read it.
    pub method: Method,
    /// How many items stood beyond [`crate::MOST_ITEMS`], or beyond what may be made of what the feed says once for all of them.
    pub left_out: usize,
    /// What names its items.
    pub identity: IdentityPolicy,
    /// Its items in the order listed, which is newest first in nearly all feeds.
    pub items: Vec<Item>,
}

impl Parsed {
    /// The listings, each identity once, in the order listed.
    pub fn listings(&self) -> impl Iterator<Item = &Listing> {
        self.items.iter().filter(|item| !item.repeated).map(|item| &item.listing)
    }

    /// The same, owned.
    pub fn into_listings(self) -> Vec<Listing> {
        self.items.into_iter().filter(|item| !item.repeated).map(|item| item.listing).collect()
    }
}

/// Why no feed could be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// There is nothing in it.
    #[error("the answer is empty")]
    Empty,
    /// It is an HTML page.
    #[error("the answer is an HTML page, not a feed{}", meant(feeds))]
    Html {
        /// The feeds that the page names (autodiscovery), best first: one of them was probably meant.
        feeds: Vec<Url>,
    },
    /// It is something else.
    #[error("the answer is not a feed: {found}")]
    NotAFeed {
        /// What it seems to be.
        found: String,
    },
    /// It is a feed, and no item of it could be read.
    #[error("the feed is broken: {reason}")]
    Broken {
        /// What is wrong with it.
        reason: String,
    },
}

impl Unreadable {
    /// The reason's name in metrics and logs: a closed set.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::Html { .. } => "html",
            Self::NotAFeed { .. } => "not_a_feed",
            Self::Broken { .. } => "broken",
        }
    }
}

fn meant(feeds: &[Url]) -> String {
    feeds.first().map(|feed| format!("; was {feed} meant?")).unwrap_or_default()
}
