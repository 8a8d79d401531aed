//! The reader's side: committed records of the articles' topic, from its beginning or as they come.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::Path;
use std::time::{Duration, Instant};

use rdkafka::message::{BorrowedMessage, Message as _};
use wiredesk_model::outcome::Receipt;
use wiredesk_model::secret::Secret;
use wiredesk_model::topic::Channel;

use crate::error::OpenError;
use crate::kafka::calls::LOOK;
use crate::kafka::client::Clients;
use crate::kafka::reader::{Next, Reader, headers, receipt};
use crate::kafka::topics::Cluster;
use crate::log::disk::SystemDisk;
use crate::log::follower::Follower;
use crate::log::line::Line;
use crate::settings::{Kind, Settings};

/// A commit is answered before its marks are in every partition, and a reader sees nothing behind an open transaction. Who
/// wants to end at the end waits for marks so long; what is open for longer is somebody's who is not about to commit.
const SETTLED_WITHIN: Duration = Duration::from_secs(5);

/// Where to begin.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum From {
    /// With the first record that is kept.
    #[default]
    Beginning,
    /// With the first record that is not there yet.
    End,
}

/// What is followed and how.
#[derive(Clone, Copy)]
pub struct Following<'a> {
    /// The `[publish]` section.
    pub settings: &'a Settings,
    /// Where the embedded log lives.
    pub data_dir: &'a Path,
    /// `publish.kafka.properties`, resolved.
    pub secrets: &'a BTreeMap<String, Secret>,
    /// Which of the topics.
    pub channel: Channel,
    /// Where to begin.
    pub from: From,
    /// Whether to wait for more at the end.
    pub onwards: bool,
    /// By when a broker must have answered; `None`: when one attempt ends by itself.
    pub until: Option<Instant>,
    /// Whether to give up; asked at least ten times a second.
    pub stop: &'a dyn Fn() -> bool,
}

/// A record as it was published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// Where it is.
    pub receipt: Receipt,
    /// When it was published, milliseconds since 1970.
    pub timestamp: i64,
    /// Its key.
    pub key: String,
    /// Its headers, in order.
    pub headers: Vec<(String, String)>,
    /// The record: JSON, UTF-8.
    pub value: Vec<u8>,
}

/// Hands committed records to `each` until the end is reached, `each` breaks, or `stop` says so: all of these are `Ok`.
///
/// # Errors
/// [`OpenError`], as when opening for writing.
pub fn follow(following: &Following<'_>, each: &mut dyn FnMut(Item) -> ControlFlow<()>) -> Result<(), OpenError> {
    let done = match following.settings.kind {
        Kind::Kafka => follow_kafka(following, each),
        Kind::Log => follow_log(following, each),
        Kind::Stdout => {
            Err(OpenError::Config { why: "publish.kind = \"stdout\" keeps nothing that could be read".into() })
        }
    };
    match done {
        Err(OpenError::Stopped) => Ok(()),
        done => done,
    }
}

/// `Stopped` stands for a consumer that has seen enough, too.
fn handed(flow: ControlFlow<()>) -> Result<(), OpenError> {
    if flow.is_break() { Err(OpenError::Stopped) } else { Ok(()) }
}

fn follow_kafka(following: &Following<'_>, each: &mut dyn FnMut(Item) -> ControlFlow<()>) -> Result<(), OpenError> {
    let clients = Clients { settings: following.settings, properties: following.secrets };
    let cluster = Cluster::new(clients, following.until, following.stop)?;
    let topic = following.channel.topic(&following.settings.kafka.topic);
    let brokers = cluster.brokers();
    let Some(partitions) = cluster.partitions(&topic)? else {
        return Err(OpenError::NoTopic { topics: topic, brokers: brokers.to_owned() });
    };
    let reading = clients.reading()?;
    let patience = Instant::now() + if following.onwards { Duration::ZERO } else { SETTLED_WITHIN };
    let mut spans = BTreeMap::new();
    for partition in 0..partitions {
        let (low, end) = cluster.marks(&topic, partition)?;
        let stable = loop {
            let (_, stable) = cluster.marks_by(&reading, &topic, partition)?;
            if stable >= end || Instant::now() >= patience {
                break stable;
            }
            cluster.go_on()?;
            std::thread::sleep(LOOK);
        };
        if stable < end && !following.onwards {
            tracing::warn!(
                stage = "publish",
                "an open transaction holds {topic} back at offset {stable} of partition {partition}: what stands from there on is not shown"
            );
        }
        spans.insert(partition, (if following.from == From::End { stable } else { low }, stable.min(end)));
    }
    let reader = Reader { client: reading, topic: &topic, brokers, stop: following.stop };
    if !following.onwards {
        return reader.read(&spans, &mut |message| handed(each(item(message))));
    }
    reader.assign(spans.iter().map(|(partition, (from, _))| (*partition, *from)))?;
    loop {
        match reader.next()? {
            Next::Record(message) => handed(each(item(&message)))?,
            Next::End { .. } | Next::Nothing => {}
        }
    }
}

fn item(message: &BorrowedMessage<'_>) -> Item {
    Item {
        receipt: receipt(message),
        timestamp: message.timestamp().to_millis().unwrap_or_default(),
        key: String::from_utf8_lossy(message.key().unwrap_or_default()).into_owned(),
        headers: headers(message),
        value: message.payload().unwrap_or_default().to_vec(),
    }
}

/// The log has no transactions: a record is seen when its line is whole, which may be a moment before it is durable. Where it is
/// taken back after that, this is said, and what has come in its place is handed on.
fn follow_log(following: &Following<'_>, each: &mut dyn FnMut(Item) -> ControlFlow<()>) -> Result<(), OpenError> {
    let disk = SystemDisk;
    let folder = following.data_dir.join("log").join(following.channel.topic("articles"));
    let mut take = |line: &Line<'_>| {
        if (following.stop)() {
            return Err(OpenError::Stopped);
        }
        handed(each(Item {
            receipt: Receipt { partition: 0, offset: line.offset },
            timestamp: line.timestamp,
            key: line.key.clone(),
            headers: line.headers.0.clone(),
            value: line.value.get().as_bytes().to_vec(),
        }))
    };
    let from = match following.from {
        From::Beginning => 0,
        From::End => i64::MAX,
    };
    let mut follower = Follower::begin(&disk, &folder, from, &mut take)?;
    while following.onwards && !(following.stop)() {
        std::thread::sleep(LOOK);
        follower.read_on(&mut take)?;
    }
    Ok(())
}
