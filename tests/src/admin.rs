//! What operators do to topics behind a desk's back.

use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use rdkafka::admin::{AdminClient, AdminOptions, NewPartitions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};
use tokio::runtime::Runtime;

use crate::Kafka;

const LIMIT: Duration = Duration::from_secs(30);

/// An administrator of the broker.
pub struct Admin {
    client: AdminClient<DefaultClientContext>,
    config: ClientConfig,
    runtime: Runtime,
}

impl Admin {
    /// An administrator of this broker.
    ///
    /// # Errors
    /// When no client can be made.
    pub fn of(kafka: &Kafka) -> anyhow::Result<Self> {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", &kafka.brokers).set("group.id", "an-administrator");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        Ok(Self { client: config.create()?, config, runtime })
    }

    fn options() -> AdminOptions {
        AdminOptions::new().request_timeout(Some(LIMIT)).operation_timeout(Some(LIMIT))
    }

    /// Makes a topic, with these settings of its own.
    ///
    /// # Errors
    /// The broker's word.
    pub fn create(&self, topic: &str, partitions: i32, settings: &[(&str, &str)]) -> anyhow::Result<()> {
        let made =
            settings.iter().fold(NewTopic::new(topic, partitions, TopicReplication::Fixed(1)), |made, (key, value)| {
                made.set(key, value)
            });
        let answers = self.runtime.block_on(self.client.create_topics([&made], &Self::options()))?;
        first(answers.into_iter().map(|answer| answer.map_err(|(_, code)| code)))?;
        self.wait_until(topic, |partitions| partitions > 0)
    }

    /// Deletes a topic, and waits until it is gone.
    ///
    /// # Errors
    /// The broker's word.
    pub fn delete(&self, topic: &str) -> anyhow::Result<()> {
        let answers = self.runtime.block_on(self.client.delete_topics(&[topic], &Self::options()))?;
        first(answers.into_iter().map(|answer| answer.map_err(|(_, code)| code)))?;
        self.wait_until(topic, |partitions| partitions == 0)
    }

    /// Gives a topic more partitions.
    ///
    /// # Errors
    /// The broker's word.
    pub fn widen(&self, topic: &str, partitions: usize) -> anyhow::Result<()> {
        let more = NewPartitions::new(topic, partitions);
        let answers = self.runtime.block_on(self.client.create_partitions([&more], &Self::options()))?;
        first(answers.into_iter().map(|answer| answer.map_err(|(_, code)| code)))?;
        self.wait_until(topic, |now| now == partitions)
    }

    /// Deletes all records of a topic that are there now, as retention does.
    ///
    /// # Errors
    /// The broker's word.
    pub fn empty(&self, topic: &str) -> anyhow::Result<()> {
        let mut before = TopicPartitionList::new();
        for (partition, (_, end)) in (0..).zip(self.marks(topic)?) {
            before.add_partition_offset(topic, partition, Offset::Offset(end))?;
        }
        self.runtime.block_on(self.client.delete_records(&before, &Self::options()))?;
        Ok(())
    }

    /// The broker that leads a partition.
    ///
    /// # Errors
    /// The broker's word.
    pub fn leader(&self, topic: &str, partition: i32) -> anyhow::Result<i32> {
        let consumer: BaseConsumer = self.config.create()?;
        let metadata = consumer.fetch_metadata(Some(topic), LIMIT)?;
        let found = metadata.topics().first().context("no answer")?;
        let of = found.partitions().iter().find(|found| found.id() == partition).context("no such partition")?;
        Ok(of.leader())
    }

    /// The low and the high watermark of each partition.
    ///
    /// # Errors
    /// The broker's word.
    pub fn marks(&self, topic: &str) -> anyhow::Result<Vec<(i64, i64)>> {
        self.marks_by(topic, "read_uncommitted")
    }

    /// Whether no transaction is open on the topic.
    ///
    /// # Errors
    /// The broker's word.
    pub fn is_settled(&self, topic: &str) -> anyhow::Result<bool> {
        Ok(self.marks(topic)? == self.marks_by(topic, "read_committed")?)
    }

    fn marks_by(&self, topic: &str, isolation: &str) -> anyhow::Result<Vec<(i64, i64)>> {
        let consumer: BaseConsumer = self.config.clone().set("isolation.level", isolation).create()?;
        let partitions = partitions(&consumer, topic)?;
        (0..i32::try_from(partitions)?).map(|p| Ok(consumer.fetch_watermarks(topic, p, LIMIT)?)).collect()
    }

    fn wait_until(&self, topic: &str, holds: impl Fn(usize) -> bool) -> anyhow::Result<()> {
        let consumer: BaseConsumer = self.config.create()?;
        let until = Instant::now() + LIMIT;
        while !holds(partitions(&consumer, topic)?) {
            ensure!(Instant::now() < until, "the cluster takes its time with {topic}");
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    }
}

/// How many partitions a topic has; none where it is not.
fn partitions(consumer: &BaseConsumer, topic: &str) -> anyhow::Result<usize> {
    let metadata = consumer.fetch_metadata(Some(topic), LIMIT)?;
    let found = metadata.topics().first().context("no answer")?;
    Ok(if found.error().is_some() { 0 } else { found.partitions().len() })
}

fn first<E: std::fmt::Debug>(mut answers: impl Iterator<Item = Result<String, E>>) -> anyhow::Result<()> {
    match answers.next() {
        Some(Ok(_)) => Ok(()),
        refused => bail!("refused: {refused:?}"),
    }
}
