//! The librdkafka settings of each client: the operator's properties first, then what the protocol owns.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use rdkafka::config::{ClientConfig, FromClientConfigAndContext, RDKafkaLogLevel};
use rdkafka::consumer::BaseConsumer;
use rdkafka::producer::BaseProducer;
use wiredesk_faults::{Number, Protection, number, without};
use wiredesk_model::secret::Secret;

use crate::error::OpenError;
use crate::kafka::ears::Ears;
use crate::properties::told;
use crate::settings::{Delivery, Settings};

/// A transaction that is older than this is aborted by the broker, which then fences its writer.
pub(crate) fn transaction_timeout() -> Duration {
    Duration::from_millis(number(Number::TransactionTimeout, 30_000))
}
/// A record that was not delivered for this long ends its transaction; must be less than [`transaction_timeout`].
pub(crate) fn delivery_timeout() -> Duration {
    transaction_timeout() / 6 * 5
}
/// The most one attempt to reach a broker takes.
pub(crate) const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// librdkafka refuses no record that a topic may accept; the topic's `max.message.bytes` decides.
const LARGEST_RECORD: usize = 64 << 20;

pub(crate) type Producer = BaseProducer<Ears>;
pub(crate) type Consumer = BaseConsumer<Ears>;

/// Makes clients of one cluster.
#[derive(Clone, Copy)]
pub(crate) struct Clients<'a> {
    pub(crate) settings: &'a Settings,
    pub(crate) properties: &'a BTreeMap<String, Secret>,
}

impl Clients<'_> {
    fn base(&self) -> ClientConfig {
        let mut config = ClientConfig::new();
        config
            .set_log_level(RDKafkaLogLevel::Debug)
            .set("client.id", "wiredesk")
            .set("socket.connection.setup.timeout.ms", millis(CONNECT_TIMEOUT))
            .set("reconnect.backoff.max.ms", "1000")
            .set("socket.keepalive.enable", "true");
        for (key, value) in self.properties {
            config.set(key, value.reveal());
        }
        config.set("bootstrap.servers", &self.settings.kafka.brokers).set("statistics.interval.ms", "0");
        config
    }

    /// The one that publishes.
    pub(crate) fn producer(&self) -> Result<Producer, OpenError> {
        let mut config = self.base();
        if !["compression.type", "compression.codec"].iter().any(|key| self.properties.contains_key(*key)) {
            config.set("compression.type", "zstd");
        }
        // How much waits is bounded where records are offered, and one that is larger than the bound goes out alone.
        let room = self.settings.in_flight.bytes.0.max(LARGEST_RECORD as u64);
        let kbytes = (room >> 10).clamp(1, 2_097_151);
        config
            .set("enable.idempotence", "true")
            .set("acks", "all")
            .set("partitioner", "murmur2_random")
            // A batch is handed over whole and then waited for: a short linger only gathers what is under way.
            .set("linger.ms", "5")
            .set("message.timeout.ms", millis(delivery_timeout()))
            .set("message.max.bytes", LARGEST_RECORD.to_string())
            .set("topic.metadata.propagation.max.ms", "5000")
            .set("queue.buffering.max.kbytes", kbytes.to_string())
            .set("queue.buffering.max.messages", "100000");
        if self.settings.kafka.delivery == Delivery::ExactlyOnce {
            let mut id = self.settings.kafka.transactional_id();
            if without(Protection::Fence) {
                id = format!("{id}.{}", std::process::id());
            }
            config.set("transactional.id", id).set("transaction.timeout.ms", millis(transaction_timeout()));
        }
        made(&config)
    }

    /// One that is told of no broker: whether the properties can work together.
    pub(crate) fn unconnected(&self) -> Result<(), OpenError> {
        let mut config = self.base();
        config.remove("bootstrap.servers");
        made::<Producer>(&config).map(drop)
    }

    /// The one that asks: metadata, and end marks as they are (`read_uncommitted`).
    pub(crate) fn asking(&self) -> Result<Arc<Consumer>, OpenError> {
        made(self.base().set("isolation.level", "read_uncommitted")).map(Arc::new)
    }

    /// The one that reads what is committed. It is assigned its partitions and never joins the group it must name.
    pub(crate) fn reading(&self) -> Result<Arc<Consumer>, OpenError> {
        made(
            self.base()
                .set("isolation.level", "read_committed")
                .set("group.id", "wiredesk.reader")
                .set("enable.auto.commit", "false")
                .set("enable.auto.offset.store", "false")
                .set("enable.partition.eof", "true")
                .set("auto.offset.reset", "error")
                .set("fetch.wait.max.ms", "50")
                .set("queued.max.messages.kbytes", "16384"),
        )
        .map(Arc::new)
    }

    /// The configuration for the cluster's own questions: creating topics, their settings.
    pub(crate) fn admin(&self) -> ClientConfig {
        self.base()
    }
}

fn millis(time: Duration) -> String {
    time.as_millis().to_string()
}

fn made<T: FromClientConfigAndContext<Ears>>(config: &ClientConfig) -> Result<T, OpenError> {
    T::from_config_and_context(config, Ears::default()).map_err(|e| OpenError::Config { why: told(&e) })
}
