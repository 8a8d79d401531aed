//! The `[publish]` section.

use std::collections::BTreeMap;
use std::num::{NonZeroU16, NonZeroU32};

use serde::{Deserialize, Serialize};
use wiredesk_model::secret::Setting;
use wiredesk_model::units::{Size, Span};

/// Where records go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// An append-only JSONL log in the data dir, with the same contract as Kafka.
    #[default]
    Log,
    /// Apache Kafka.
    Kafka,
    /// Standard output, for trying things; promises nothing.
    Stdout,
}

/// What is promised of delivery to Kafka.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Delivery {
    /// Transactions, fencing, and a read of the tail at each start.
    #[default]
    ExactlyOnce,
    /// An idempotent producer, for clusters that refuse transactional ids.
    AtLeastOnce,
}

/// The most that may wait for its receipt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct InFlight {
    /// In messages.
    pub records: NonZeroU32,
    /// In bytes.
    pub bytes: Size,
}

impl Default for InFlight {
    fn default() -> Self {
        Self { records: NonZeroU32::new(2000).expect("2000 is not 0"), bytes: Size::mib(64) }
    }
}

/// `[publish.log]`: the embedded log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LogSettings {
    /// A segment that has reached this size is closed and a new one begun.
    pub rotate: Size,
}

impl Default for LogSettings {
    fn default() -> Self {
        Self { rotate: Size::mib(256) }
    }
}

/// How topics are made that are not there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CreateTopics {
    /// Partitions of the articles' topic; dead letters and copies have one.
    pub partitions: NonZeroU32,
    /// Copies of each partition.
    pub replication: NonZeroU16,
    /// How long records are kept (`retention.ms`, with `cleanup.policy=delete`).
    pub retention: Span,
}

impl Default for CreateTopics {
    fn default() -> Self {
        Self {
            partitions: NonZeroU32::new(12).expect("12 is not 0"),
            replication: NonZeroU16::new(3).expect("3 is not 0"),
            retention: Span::days(90),
        }
    }
}

/// `[publish.kafka]`: the cluster and the topic.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct KafkaSettings {
    /// `host:port`, several separated by commas.
    pub brokers: String,
    /// The topic of clean records; dead letters go to `<topic>.dlq`, copies to `<topic>.copies`.
    pub topic: String,
    /// What is promised.
    pub delivery: Delivery,
    /// One desk per topic: a second desk with the same id takes over. Default: `wiredesk.<topic>`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transactional_id: Option<String>,
    /// How long `--once`, `tail` and `check --connect` try; the daemon waits for ever.
    pub connect_timeout: Span,
    /// How topics are made that are not there; without it a missing topic is an error.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub create_topics: Option<CreateTopics>,
    /// Further settings of librdkafka: security, compression, buffers. Secrets as `{ env = "…" }` or `{ file = "…" }`.
    pub properties: BTreeMap<String, Setting>,
}

impl Default for KafkaSettings {
    fn default() -> Self {
        Self {
            brokers: String::new(),
            topic: "articles".into(),
            delivery: Delivery::ExactlyOnce,
            transactional_id: None,
            connect_timeout: Span::seconds(60),
            create_topics: None,
            properties: BTreeMap::new(),
        }
    }
}

impl KafkaSettings {
    /// The transactional id in force.
    pub fn transactional_id(&self) -> String {
        self.transactional_id.clone().unwrap_or_else(|| format!("wiredesk.{}", self.topic))
    }
}

/// `[publish]`: where clean records go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Where records go.
    pub kind: Kind,
    /// The most that may wait for its receipt.
    pub in_flight: InFlight,
    /// How long a batch waits for company.
    pub linger: Span,
    /// Whether further sightings of published bodies go to `<topic>.copies`.
    pub copies: bool,
    /// The embedded log.
    pub log: LogSettings,
    /// The Kafka cluster.
    pub kafka: KafkaSettings,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            kind: Kind::Log,
            in_flight: InFlight::default(),
            linger: Span::millis(50),
            copies: true,
            log: LogSettings::default(),
            kafka: KafkaSettings::default(),
        }
    }
}
