//! How opening and committing can fail, in the operator's words.

use std::path::PathBuf;

use wiredesk_model::fault::{AsFault, Fault};
use wiredesk_model::id::DeskId;
use wiredesk_model::outcome::Receipt;
use wiredesk_model::topic::TopicIdentity;

/// What went wrong where a tail was handed on: the pipeline's own error.
pub type TailError = Box<dyn std::error::Error + Send + Sync>;

/// Why a topic could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// No broker answered in time.
    #[error("no Kafka broker answers at {brokers}: {tried}")]
    Unreachable {
        /// As configured.
        brokers: String,
        /// What was tried and what came of it.
        tried: String,
    },
    /// The cluster answers and refuses us.
    #[error("Kafka at {brokers} refuses access: {why}")]
    Denied {
        /// As configured.
        brokers: String,
        /// Kafka's word.
        why: String,
    },
    /// A topic is missing and may not be created.
    #[error("{brokers} has no topic {topics}: create it, or let Wiredesk do so with publish.kafka.create_topics")]
    NoTopic {
        /// The missing topics, separated by commas.
        topics: String,
        /// As configured.
        brokers: String,
    },
    /// A topic is missing and the cluster would not create it.
    #[error("topic {topic} could not be created at {brokers}: {why}")]
    NotCreated {
        /// The missing topic.
        topic: String,
        /// As configured.
        brokers: String,
        /// Kafka's word.
        why: String,
    },
    /// The topic ends before what the index knows to be in it.
    #[error(
        "{topic} lost data: partition {partition} ends at offset {end}, but {next} was read there before; \
         see what happened to the topic, then `run --rebuild-index`"
    )]
    Lost {
        /// The topic.
        topic: String,
        /// The partition.
        partition: i32,
        /// The next offset to read, by the index.
        next: i64,
        /// Where the partition ends.
        end: i64,
    },
    /// The index belongs to another topic.
    #[error(
        "the index was made from {was}, but [publish] now names {is}: what was settled stays settled; \
         `run --rebuild-index` adds the records of the topic that is named now", was = shown(was), is = shown(is)
    )]
    OtherTopic {
        /// What the index was made from.
        was: Box<TopicIdentity>,
        /// What is configured.
        is: Box<TopicIdentity>,
    },
    /// Another desk publishes on the topic and started later.
    #[error("another desk has taken over the topic: {by}")]
    TakenOver {
        /// That desk.
        by: DeskId,
    },
    /// The settings cannot work.
    #[error("[publish] cannot work: {why}")]
    Config {
        /// What is wrong and what to do.
        why: String,
    },
    /// The cluster answered, but something did not come to its end; trying again may help.
    #[error("{doing} did not succeed at {brokers}: {why}")]
    Broken {
        /// What was being done.
        doing: String,
        /// As configured.
        brokers: String,
        /// Kafka's word.
        why: String,
    },
    /// The tail was read but could not be handed on.
    #[error("the records found in the topic could not be taken in")]
    Tail {
        /// What the pipeline said.
        #[source]
        source: TailError,
    },
    /// The embedded log could not be read or written.
    #[error("could not {doing} {path}", path = path.display())]
    Io {
        /// What was being done: `read`, `write`, …
        doing: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The system's word.
        #[source]
        source: std::io::Error,
    },
    /// A closed segment of the embedded log holds something else than records.
    #[error("{path} is damaged at line {line}: it is not the record that belongs there", path = path.display())]
    Corrupt {
        /// The segment.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
    },
    /// The caller asked to stop.
    #[error("stopped while opening the topic")]
    Stopped,
}

/// Whether there is no room on the disk, for anybody or for us: a quota that is used up is a full disk.
pub(crate) fn has_no_room(error: &std::io::Error) -> bool {
    matches!(error.kind(), std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded)
}

fn shown(id: &TopicIdentity) -> String {
    let TopicIdentity { kind, cluster, topic, partitions } = id;
    format!("{kind} topic {topic} with {partitions} partitions on cluster {cluster}")
}

impl AsFault for OpenError {
    fn fault(&self) -> Fault {
        match self {
            Self::Unreachable { .. } | Self::Denied { .. } | Self::Broken { .. } | Self::Stopped => {
                Fault::Retry { after: None }
            }
            Self::NotCreated { .. } => Fault::Retry { after: None },
            Self::Io { source, .. } if has_no_room(source) => Fault::Retry { after: None },
            Self::NoTopic { .. }
            | Self::Lost { .. }
            | Self::OtherTopic { .. }
            | Self::TakenOver { .. }
            | Self::Config { .. }
            | Self::Tail { .. }
            | Self::Io { .. }
            | Self::Corrupt { .. } => Fault::Fatal,
        }
    }
}

/// A batch that is not in the topic as a whole.
#[derive(Debug, thiserror::Error)]
#[error("{why}")]
pub struct Incomplete {
    /// Where those of its messages are that are in the topic all the same, in the order of the batch. Empty where none is: a
    /// transaction takes all of them back, and so does the log.
    pub inside: Vec<Option<Receipt>>,
    /// Why the others are not. What it says of the batch, it says of them.
    pub why: CommitError,
}

impl From<CommitError> for Incomplete {
    fn from(why: CommitError) -> Self {
        Self { inside: Vec::new(), why }
    }
}

/// Why a batch is not in the topic, and what may be done with it.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// Nothing of the batch is in the topic: it may be sent again.
    #[error("the batch was taken back: {error}")]
    Aborted {
        /// What happened.
        error: String,
    },
    /// Nothing of the batch is in the topic, and a record of it will never be. With a batch of one, that one.
    #[error("a record is refused: {error}")]
    Refused {
        /// What happened.
        error: String,
        /// Whether it is too large, rather than invalid.
        size: bool,
    },
    /// Nothing of the batch is in the topic. No record is at fault: wait, then send it again.
    #[error("publishing has to wait: {error}")]
    Wait {
        /// What happened.
        error: String,
    },
    /// Nobody knows what is in the topic: drop the writer, keep the batch, open again and see.
    #[error("the end of a batch is unknown: {error}")]
    Uncertain {
        /// What happened.
        error: String,
    },
    /// Another desk publishes under our transactional id.
    #[error("another desk has taken over: {error}")]
    Fenced {
        /// What happened.
        error: String,
    },
}

impl AsFault for CommitError {
    fn fault(&self) -> Fault {
        match self {
            Self::Aborted { .. } | Self::Wait { .. } | Self::Uncertain { .. } => Fault::Retry { after: None },
            Self::Refused { .. } => Fault::Reject,
            Self::Fenced { .. } => Fault::Fatal,
        }
    }
}
