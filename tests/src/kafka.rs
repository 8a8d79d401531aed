//! Real Apache Kafka, as `tests/with-kafka` starts it, and an independent reader of a topic.

use std::collections::BTreeMap;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::{Headers, Message};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};
use serde_json::Value;

use crate::proxy::Proxy;

/// A broker.
#[derive(Clone, Debug)]
pub struct Kafka {
    /// `host:port`.
    pub brokers: String,
}

/// A record as a consumer sees it.
#[derive(Clone, Debug)]
pub struct Record {
    /// Where it is.
    pub partition: i32,
    /// Where it is.
    pub offset: i64,
    /// Its key.
    pub key: String,
    /// Its headers.
    pub headers: BTreeMap<String, String>,
    /// Its value.
    pub value: Value,
}

impl Record {
    /// A text field of the value, by JSON pointer.
    pub fn text(&self, pointer: &str) -> &str {
        self.value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
    }
}

impl Kafka {
    /// The broker this test runs beside; without one the test is skipped with a printed reason, and fails in CI.
    pub fn beside(test: &str) -> Option<Self> {
        if let Ok(brokers) = std::env::var("WIREDESK_KAFKA") {
            return Some(Self { brokers });
        }
        assert!(
            std::env::var_os("CI").is_none(),
            "{test} needs real Kafka, and in CI nothing is skipped: tests/with-kafka"
        );
        println!("skipped: {test}: no WIREDESK_KAFKA (run it under tests/with-kafka)");
        None
    }

    /// The same broker, as it looks from behind a proxy; one at a time.
    ///
    /// # Errors
    /// When `tests/with-kafka` gave no place for one, or it is taken.
    pub fn behind_a_proxy(&self) -> anyhow::Result<(Self, Proxy)> {
        let proxy = std::env::var("WIREDESK_KAFKA_PROXY").context("WIREDESK_KAFKA_PROXY")?;
        let broker = std::env::var("WIREDESK_KAFKA_PROXIED").context("WIREDESK_KAFKA_PROXIED")?;
        let started = Proxy::start(&proxy, &broker)?;
        Ok((Self { brokers: proxy }, started))
    }

    /// The `[publish]` section that writes to `topic`.
    pub fn publish(&self, topic: &str) -> String {
        format!(
            "[publish]\nkind = \"kafka\"\n[publish.kafka]\nbrokers = \"{}\"\ntopic = \"{topic}\"\nconnect_timeout = \"10s\"\n\
             create_topics = {{ partitions = 3, replication = 1, retention = \"90d\" }}\n",
            self.brokers
        )
    }

    /// All committed records of a topic, in the order of each partition.
    ///
    /// # Errors
    /// When the topic is not there or cannot be read to its end within a minute.
    pub fn read(&self, topic: &str) -> anyhow::Result<Vec<Record>> {
        let consumer = self.consumer("read_committed")?;
        let timeout = Duration::from_secs(20);
        let metadata = consumer.fetch_metadata(Some(topic), timeout)?;
        let partitions = metadata.topics().first().context("no topic")?.partitions().len();
        ensure!(partitions > 0, "no topic {topic}");
        self.wait_for_marks(&consumer, topic, partitions)?;
        let mut list = TopicPartitionList::new();
        for partition in 0..i32::try_from(partitions)? {
            list.add_partition_offset(topic, partition, Offset::Beginning)?;
        }
        consumer.assign(&list)?;
        let (mut records, mut ended) = (Vec::new(), 0);
        let until = Instant::now() + Duration::from_secs(60);
        while ended < partitions {
            ensure!(Instant::now() < until, "the end of {topic} was not reached");
            match consumer.poll(Duration::from_millis(200)) {
                Some(Ok(message)) => records.push(record(&message)?),
                Some(Err(rdkafka::error::KafkaError::PartitionEOF(_))) => ended += 1,
                Some(Err(error)) => return Err(error.into()),
                None => {}
            }
        }
        Ok(records)
    }

    fn consumer(&self, isolation: &str) -> anyhow::Result<BaseConsumer> {
        Ok(ClientConfig::new()
            .set("bootstrap.servers", &self.brokers)
            .set("group.id", "an-independent-reader")
            .set("enable.auto.commit", "false")
            .set("isolation.level", isolation)
            .set("enable.partition.eof", "true")
            .create()?)
    }

    /// A commit is answered before its mark stands in every partition; until then its records are not to be seen. Waits until no
    /// partition holds any back, and no longer than a transaction may last: what is open then is somebody else's.
    fn wait_for_marks(&self, committed: &BaseConsumer, topic: &str, partitions: usize) -> anyhow::Result<()> {
        let (plain, timeout) = (self.consumer("read_uncommitted")?, Duration::from_secs(20));
        let until = Instant::now() + Duration::from_secs(15);
        for partition in 0..i32::try_from(partitions)? {
            let end = |by: &BaseConsumer| by.fetch_watermarks(topic, partition, timeout).map(|(_, end)| end);
            while end(committed)? < end(&plain)? && Instant::now() < until {
                std::thread::sleep(Duration::from_millis(20));
            }
        }
        Ok(())
    }

    /// kill -9 of the broker.
    ///
    /// # Errors
    /// When it cannot be killed.
    pub fn kill(&self) -> anyhow::Result<()> {
        script("stop")
    }

    /// Starts the broker again on the same data and port.
    ///
    /// # Errors
    /// When it does not answer.
    pub fn start(&self) -> anyhow::Result<()> {
        script("start")
    }
}

fn script(name: &str) -> anyhow::Result<()> {
    let folder = std::env::var("WIREDESK_KAFKA_DIR").context("WIREDESK_KAFKA_DIR")?;
    let status = Command::new(format!("{folder}/{name}")).status()?;
    ensure!(status.success(), "{name} failed");
    Ok(())
}

fn record(message: &impl Message) -> anyhow::Result<Record> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let mut headers = BTreeMap::new();
    if let Some(found) = message.headers() {
        for header in found.iter() {
            headers.insert(header.key.to_owned(), header.value.map(text).unwrap_or_default());
        }
    }
    Ok(Record {
        partition: message.partition(),
        offset: message.offset(),
        key: message.key().map(text).unwrap_or_default(),
        headers,
        value: serde_json::from_slice(message.payload().unwrap_or_default())?,
    })
}
