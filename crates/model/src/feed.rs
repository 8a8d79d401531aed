//! What was configured: the feeds the desk reads.

use std::num::NonZeroU32;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use url::Url;

use crate::id::FeedId;
use crate::secret::Secret;
use crate::units::Span;

/// Whether an entry's page is fetched.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FullText {
    /// The page is fetched; the feed's own text serves where the page is unusable, and where the feed was found to carry whole articles.
    #[default]
    Auto,
    /// The page is always fetched, and nothing else is published.
    Page,
    /// The feed's own text is published; no page is fetched.
    Feed,
}

/// What becomes of entries that lead to another site than the feed's own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OffSite {
    /// Read like any other: aggregators live off-site.
    #[default]
    Keep,
    /// Dropped as `off_site`: sold link slots.
    Drop,
}

/// What names the items of a feed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum IdentityPolicy {
    /// The feed's own id; the link where one is missing.
    #[default]
    Guid,
    /// The link, without tracking parameters.
    Link,
    /// Link and title, where several items share one link.
    LinkAndTitle,
}

impl IdentityPolicy {
    /// The policy's name in the store and in output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Guid => "guid",
            Self::Link => "link",
            Self::LinkAndTitle => "link_and_title",
        }
    }
}

impl FromStr for IdentityPolicy {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        [Self::Guid, Self::Link, Self::LinkAndTitle]
            .into_iter()
            .find(|policy| policy.as_str() == text)
            .ok_or_else(|| format!("`{text}` is no identity policy: write \"guid\", \"link\" or \"link_and_title\""))
    }
}

/// One feed, ready to be polled: what `[[feeds]]` says, checked, its secrets resolved.
#[derive(Clone, Debug)]
pub struct Feed {
    /// The name by which the operator knows it.
    pub id: FeedId,
    /// Where it is.
    pub url: Url,
    /// How often to ask, where the operator set it.
    pub interval: Option<Span>,
    /// Whether pages are fetched.
    pub full_text: FullText,
    /// What becomes of entries that lead elsewhere.
    pub off_site: OffSite,
    /// Carried into each record.
    pub tags: Vec<String>,
    /// Sent with requests for the feed, to its own host only; never in records, dead letters or logs.
    pub headers: Vec<(String, Secret)>,
    /// How many entries of the first poll are read, where it differs from `schedule.backfill`.
    pub backfill: Option<NonZeroU32>,
    /// What names its entries, where the operator knows better than the parser.
    pub identity: Option<IdentityPolicy>,
}

impl Feed {
    /// A feed with no settings of its own.
    pub fn plain(id: FeedId, url: Url) -> Self {
        Self {
            id,
            url,
            interval: None,
            full_text: FullText::default(),
            off_site: OffSite::default(),
            tags: Vec::new(),
            headers: Vec::new(),
            backfill: None,
            identity: None,
        }
    }
}

/// What a feed's server gave to ask again with, byte for byte (RFC 9110 §8.8).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Validators {
    /// `ETag`, as received.
    pub etag: Option<String>,
    /// `Last-Modified`, as received.
    pub last_modified: Option<String>,
}
