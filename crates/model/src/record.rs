//! The envelope in which clean copy goes to the topic (record contract, version 1).

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::article::Article;
use crate::id::{ArticleId, Digest, EntryKey, FeedId};

/// The record's version; additive within 1.x.
pub const SCHEMA_VERSION: &str = "1.0";

/// What the record says happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// An article's first body.
    Published,
    /// A further body of a known article.
    Revised,
}

/// Where an article came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct FeedRef {
    /// The feed's name in the configuration.
    pub id: FeedId,
    /// The feed's address.
    pub url: String,
    /// The feed's own title.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub title: Option<String>,
    /// The entry's identity in the feed.
    pub entry_id: String,
    /// The entry's date, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub entry_published: Option<String>,
    /// The feed's tags in the configuration.
    #[serde(default)]
    pub tags: Vec<String>,
}

/// Which program made the record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Pipeline {
    /// Wiredesk's version.
    pub version: String,
    /// A short hash of the settings that shape articles.
    pub config_hash: String,
}

/// Near-duplicates this record belongs with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Cluster {
    /// The cluster's name.
    pub id: String,
    /// `first` or `member`.
    pub role: String,
    /// Share of the text in common, 0 to 1.
    pub overlap: f32,
}

/// One record of the topic.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Record {
    /// "1.0".
    pub schema_version: String,
    /// What happened.
    pub event: Event,
    /// The article through all its revisions.
    pub id: ArticleId,
    /// Counts the distinct bodies the desk has seen of the article, from 1.
    pub revision: u32,
    /// The body seen before this one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub previous_hash: Option<Digest>,
    /// Clean copy.
    #[serde(flatten)]
    pub article: Article,
    /// When the desk first saw the entry, UTC.
    pub date_first_seen: Timestamp,
    /// When the desk fetched the page, UTC.
    pub date_fetched: Timestamp,
    /// The body this one nearly repeats, when near-duplicates are on.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub duplicate_of: Option<Digest>,
    /// The near-duplicates it belongs with, when near-duplicates are on.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub cluster: Option<Cluster>,
    /// Where it came from.
    pub feed: FeedRef,
    /// Which program made it.
    pub pipeline: Pipeline,
}

/// Clean copy on its way to the topic, before its revision is fixed. Serialisable: it crosses the seam by content hash.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Candidate {
    /// The entry it was read for.
    pub entry: EntryKey,
    /// The article it is a body of.
    pub id: ArticleId,
    /// Clean copy.
    pub article: Article,
    /// When the desk first saw the entry.
    pub date_first_seen: Timestamp,
    /// When the desk fetched the page.
    pub date_fetched: Timestamp,
    /// Where it came from.
    pub feed: FeedRef,
}

/// What an entry that was dropped leaves in `<topic>.dlq`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeadLetter {
    /// The entry's key.
    pub entry: EntryKey,
    /// The entry's address, where it has one.
    pub url: Option<String>,
    /// The entry's title, where it has one.
    pub title: Option<String>,
    /// The feed's name.
    pub feed: FeedId,
    /// The reason's name, out of the closed list.
    pub reason: String,
    /// The reason in words.
    pub detail: String,
    /// Tries made.
    pub attempts: u32,
}

/// A further sighting of a body that is in the topic, for `<topic>.copies`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Copy {
    /// The body.
    pub content_hash: Digest,
    /// The entry that carried it.
    pub entry: EntryKey,
    /// Where it stood.
    pub url: String,
    /// The registrable domain of `url`.
    pub domain: String,
    /// The headline it stood under.
    pub title: String,
    /// The feed that listed it.
    pub feed: FeedId,
    /// When the desk saw it, UTC.
    pub date_seen: Timestamp,
}
