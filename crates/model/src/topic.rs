//! What the writer of a topic and the index of what was published say to each other.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::id::{ArticleId, DeskId, Digest, EntryKey};
use crate::outcome::Receipt;

/// Which topic an index belongs to. Another one is refused, not mixed in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TopicIdentity {
    /// `kafka` or `log`.
    pub kind: String,
    /// The cluster's id, or the log's folder.
    pub cluster: String,
    /// The topic's name.
    pub topic: String,
    /// How many partitions it has.
    pub partitions: i32,
}

/// How far the index has read the topic.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Positions {
    /// The topic read so far; `None` before the first START.
    pub identity: Option<TopicIdentity>,
    /// The next offset to read, by partition.
    pub next: BTreeMap<i32, i64>,
}

/// What joins a record in the topic with the desk's own state after a crash (law 3): the `wd-` headers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Joint {
    /// `wd-entry`
    pub entry: EntryKey,
    /// `wd-id`
    pub id: ArticleId,
    /// `wd-revision`
    pub revision: u32,
    /// `wd-desk`
    pub desk: DeskId,
}

/// A record that is in the topic: committed a moment ago, or found when the tail is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Where it is.
    pub receipt: Receipt,
    /// Its key: the content hash.
    pub hash: Digest,
    /// Its `wd-` headers; `None` where another program wrote it.
    pub joint: Option<Joint>,
}

/// Which of the three topics a message goes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// `<topic>`: clean records, exactly once.
    Articles,
    /// `<topic>.dlq`: dropped entries with their reason, at least once.
    DeadLetters,
    /// `<topic>.copies`: further sightings of published bodies, at least once.
    Copies,
}

impl Channel {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Articles, Self::DeadLetters, Self::Copies];

    /// The channel's topic, given the articles' topic.
    pub fn topic(self, articles: &str) -> String {
        match self {
            Self::Articles => articles.to_owned(),
            Self::DeadLetters => format!("{articles}.dlq"),
            Self::Copies => format!("{articles}.copies"),
        }
    }
}

/// One message for a topic, ready to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Where it goes.
    pub channel: Channel,
    /// The key: the hex of the content hash, or of the entry's key.
    pub key: String,
    /// CloudEvents (binary mode, Kafka binding 1.0.2) and `wd-` headers, in order.
    pub headers: Vec<(String, String)>,
    /// Our publishing time, milliseconds since 1970 (publishers' dates lie and break retention).
    pub timestamp: i64,
    /// JSON, UTF-8.
    pub value: Vec<u8>,
}
