//! A desk that is far behind its topic: how soon START has read what the index does not have, and in how much memory. So it is after
//! a data dir was lost, or restored from a backup.
//!
//! The records are of our own making, small and valid, and stand in the topic before the desk is started: in the embedded log, and on a
//! broker where the benchmark runs beside one (`tests/with-kafka tests/bench catchup`).

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::time::{Duration, Instant};

use anyhow::ensure;
use clap::Args;
use rdkafka::ClientConfig;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer as _};
use serde_json::{Map, Value, json};
use wiredesk_model::id::{ArticleId, Digest, EntryKey, FeedId};
use wiredesk_testkit::{Web, rss, site};
use wiredesk_tests::Desk;
use wiredesk_tests::bench::cost::memory_of;
use wiredesk_tests::bench::figure::{Goal, Report};

/// As `publish.log.rotate` is unless it is set.
const SEGMENT: u64 = 256 << 20;
/// How long START may take.
const PATIENCE: Duration = Duration::from_secs(1800);
/// How long the broker may take for what it was sent last.
const FLUSH: Duration = Duration::from_secs(60);
const TOPIC: &str = "catchup";

/// How far it is behind.
#[derive(Clone, Debug, Args)]
pub(crate) struct Size {
    /// Records in the log that the index does not have.
    #[arg(long, default_value_t = 1_000_000)]
    records: u64,
    /// The same on Kafka, where `WIREDESK_KAFKA` names a broker.
    #[arg(long, default_value_t = 200_000)]
    kafka_records: u64,
}

/// A record as it stands in a topic.
struct Record {
    key: String,
    headers: Vec<(&'static str, String)>,
    value: Value,
}

impl Record {
    /// The nth: an article of its own.
    fn new(nth: u64) -> Self {
        let mut bytes = [0x5A; 32];
        bytes[..8].copy_from_slice(&nth.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15).to_be_bytes());
        let hash = Digest::from_bytes(bytes);
        let url = format!("https://news{}.example/story/{nth}", nth % 97);
        let id = ArticleId::of(&url);
        let text = format!("In its {nth}th session the council decided what it had put off. ").repeat(15);
        let headers = vec![
            ("ce_subject", url.clone()),
            ("wd-entry", EntryKey::of(&FeedId::new("feed"), &nth.to_string()).to_string()),
            ("wd-id", id.to_string()),
            ("wd-revision", "1".to_owned()),
            ("wd-desk", "0123456789abcdef@1".to_owned()),
        ];
        let value = json!({
            "schema_version": "1.0", "event": "published", "id": id.to_string(), "revision": 1,
            "content_hash": hash.to_string(), "url": url, "title": format!("The council decides, {nth}"), "text": text,
        });
        Self { key: hash.hex(), headers, value }
    }
}

/// Writes records into the log of a desk that has none yet.
fn fill_log(desk: &Desk, records: u64) -> anyhow::Result<()> {
    let segment = |first: u64| {
        let path = desk.data().join(format!("log/articles/{first:020}.jsonl"));
        File::create(path).map(|file| BufWriter::with_capacity(1 << 20, file))
    };
    let (mut file, mut length) = (segment(0)?, 0);
    for offset in 0..records {
        if length >= SEGMENT {
            file.flush()?;
            (file, length) = (segment(offset)?, 0);
        }
        let Record { key, headers, value } = Record::new(offset);
        let headers: Map<_, _> = headers.into_iter().map(|(name, text)| (name.to_owned(), text.into())).collect();
        let line = json!({ "offset": offset, "timestamp": 5, "key": key, "headers": headers, "value": value });
        let line = format!("{line}\n");
        file.write_all(line.as_bytes())?;
        length += line.len() as u64;
    }
    Ok(file.flush()?)
}

/// Sends records to a topic that is there.
fn fill_topic(brokers: &str, records: u64) -> anyhow::Result<()> {
    let producer: BaseProducer = ClientConfig::new()
        .set("bootstrap.servers", brokers)
        .set("enable.idempotence", "true")
        .set("partitioner", "murmur2_random")
        .set("linger.ms", "20")
        .create()?;
    for nth in 0..records {
        let Record { key, headers, value } = Record::new(nth);
        let value = value.to_string();
        let headers = headers
            .iter()
            .fold(OwnedHeaders::new(), |all, (key, value)| all.insert(Header { key, value: Some(value) }));
        let mut record = BaseRecord::to(TOPIC).key(&key).payload(&value).headers(headers);
        while let Err((error, back)) = producer.send(record) {
            ensure!(error == KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), "not sent: {error}");
            producer.poll(Duration::from_millis(10));
            record = back;
        }
    }
    Ok(producer.flush(FLUSH)?)
}

/// Starts a desk on a topic that is there and empty, stops it, has the topic filled and starts it again.
fn measure_one(
    publish: &str,
    what: &str,
    records: u64,
    fill: impl FnOnce(&Desk) -> anyhow::Result<()>,
    report: &mut Report,
) -> anyhow::Result<()> {
    let web = Web::start([site("s").feed(rss("feed.xml"))])?;
    let desk = Desk::new(publish, [("s", web.url("s", "feed.xml"))])?;
    let mut running = desk.start()?;
    running.wait_until_ready()?;
    ensure!(running.stop()?.success(), "the daemon did not end well\n{}", desk.log());
    fill(&desk)?;
    let begun = Instant::now();
    let running = desk.start()?;
    while !running.ask("/readyz").is_ok_and(|(status, _)| status == 200) {
        ensure!(begun.elapsed() < PATIENCE, "not ready within {PATIENCE:?}\n{}", desk.log());
        std::thread::sleep(Duration::from_millis(20));
    }
    let took = begun.elapsed().as_secs_f64();
    let most = memory_of(running.id(), "VmHWM")?;
    ensure!(running.stop()?.success(), "the daemon did not end well\n{}", desk.log());
    report.figure(&format!("{what}, {records} behind, start to ready"), "s", &[took], Goal::None);
    report.figure(&format!("{what}, records taken in"), "records/s", &[records as f64 / took], Goal::None);
    report.figure(&format!("{what}, resident, the most ever"), "MB", &[most], Goal::Under(100.0));
    let bytes = std::fs::metadata(desk.data().join("desk.sqlite"))?.len();
    report.figure(&format!("{what}, the store afterwards"), "MB", &[bytes as f64 / 1e6], Goal::None);
    Ok(())
}

pub(crate) fn measure(size: &Size, report: &mut Report) -> anyhow::Result<()> {
    report.begin("catchup");
    let records = size.records;
    measure_one("[publish]\nkind = \"log\"\n", "log", records, |desk| fill_log(desk, records), report)?;
    let Ok(brokers) = std::env::var("WIREDESK_KAFKA") else {
        report.say("on Kafka: not measured, for WIREDESK_KAFKA names no broker (tests/with-kafka)");
        return Ok(());
    };
    let (kafka, records) = (wiredesk_tests::kafka::Kafka { brokers }, size.kafka_records);
    measure_one(&kafka.publish(TOPIC), "Kafka", records, |_| fill_topic(&kafka.brokers, records), report)
}
