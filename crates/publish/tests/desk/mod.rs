//! One desk in front of a real broker: what the tests of the protocol have in common.
#![allow(dead_code, reason = "no test binary needs all of it")]

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use rdkafka::config::ClientConfig;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer as _};
use wiredesk_model::id::{ArticleId, DeskId, Digest, EntryKey, FeedId};
use wiredesk_model::secret::Secret;
use wiredesk_model::topic::{Channel, Found, Message, Positions};
use wiredesk_model::units::Span;
use wiredesk_publish::error::OpenError;
use wiredesk_publish::follow::{Following, From, Item, follow};
use wiredesk_publish::settings::{CreateTopics, Kind, Settings};
use wiredesk_publish::writer::{Opened, Opening, Writer, patiently};

use crate::start::{opening, start};

/// The broker's address; `None` with a printed reason where there is none.
pub(crate) fn broker() -> Option<String> {
    let broker = std::env::var("WIREDESK_KAFKA").ok();
    if broker.is_none() {
        assert!(!std::env::var("CI").is_ok_and(|ci| ci == "true"), "no WIREDESK_KAFKA in CI");
        println!("skipped: needs a broker (no WIREDESK_KAFKA); run it under tests/with-kafka");
    }
    broker
}

/// One desk's half of the conversation: settings, and an index of what it was told.
pub(crate) struct Desk {
    pub(crate) settings: Settings,
    pub(crate) id: DeskId,
    pub(crate) positions: Positions,
    pub(crate) found: Vec<Found>,
    pub(crate) rebuild: bool,
    pub(crate) again: bool,
    pub(crate) secrets: BTreeMap<String, Secret>,
}

impl Desk {
    pub(crate) fn new(broker: &str, topic: &str, name: &str, started: i64) -> Self {
        let mut settings = Settings { kind: Kind::Kafka, ..Settings::default() };
        settings.kafka.brokers = broker.to_owned();
        settings.kafka.topic = topic.to_owned();
        settings.kafka.create_topics = Some(CreateTopics {
            partitions: 3.try_into().expect("not 0"),
            replication: 1.try_into().expect("not 0"),
            retention: Span::days(7),
        });
        Self {
            settings,
            id: DeskId { name: name.into(), started },
            positions: Positions::default(),
            found: Vec::new(),
            rebuild: false,
            again: false,
            secrets: BTreeMap::new(),
        }
    }

    /// START; what the tail holds goes to `found`, and the index moves on.
    pub(crate) fn open(&mut self) -> Result<Opened, OpenError> {
        let usual = opening(&self.settings, Path::new("/nowhere"), &self.id, &self.positions, &self.secrets);
        let opening = Opening { rebuild: self.rebuild, again: self.again, ..usual };
        let (opened, found, positions) = start(&self.positions, |tail| Writer::open(&opening, tail))?;
        (self.found, self.positions) = (found, positions);
        Ok(opened)
    }

    /// START until it succeeds, as the desk does it: a topic that was just made may have no leader that knows of it.
    pub(crate) fn writer(&mut self) -> Writer {
        patiently(Span::seconds(20), &|| false, |_| self.open()).expect("START").writer
    }

    pub(crate) fn message(&self, text: &str) -> Message {
        let entry = EntryKey::of(&FeedId::new("feed"), text);
        let header = |key: &str, value: String| (key.to_owned(), value);
        Message {
            channel: Channel::Articles,
            key: hash(text).hex(),
            headers: vec![
                header("ce_id", text.to_owned()),
                header("wd-entry", entry.to_string()),
                header("wd-id", ArticleId::of(text).to_string()),
                header("wd-revision", "1".into()),
                header("wd-desk", self.id.to_string()),
            ],
            timestamp: 1_700_000_000_000,
            value: format!("{{\"text\":\"{text}\"}}").into_bytes(),
        }
    }

    pub(crate) fn batch(&self, texts: &[&str]) -> Vec<Message> {
        texts.iter().map(|text| self.message(text)).collect()
    }

    /// Everything a `read_committed` consumer sees.
    pub(crate) fn seen(&self) -> Vec<Item> {
        let mut seen = Vec::new();
        follow(
            &Following {
                settings: &self.settings,
                data_dir: Path::new("/nowhere"),
                secrets: &self.secrets,
                channel: Channel::Articles,
                from: From::Beginning,
                onwards: false,
                until: None,
                stop: &|| false,
            },
            &mut |item| {
                seen.push(item);
                std::ops::ControlFlow::Continue(())
            },
        )
        .expect("a readable topic");
        seen
    }

    /// A producer that is not ours but has our transactional id, in the middle of a transaction.
    pub(crate) fn half_way(&self, id: &str, texts: &[&str]) -> BaseProducer {
        let producer: BaseProducer = ClientConfig::new()
            .set("bootstrap.servers", &self.settings.kafka.brokers)
            .set("transactional.id", id)
            .set("transaction.timeout.ms", "12000")
            .create()
            .expect("a producer");
        producer.init_transactions(Duration::from_secs(30)).expect("a coordinator");
        producer.begin_transaction().expect("a transaction");
        for text in texts {
            let key = hash(text).hex();
            let record = BaseRecord::to(&self.settings.kafka.topic).key(&key).payload(*text);
            producer.send(record).map_err(|(e, _)| e).expect("room in the queue");
        }
        while producer.in_flight_count() > 0 {
            producer.poll(Duration::from_millis(1));
        }
        producer
    }
}

/// A digest that is not the article's, but as good.
pub(crate) fn hash(text: &str) -> Digest {
    let mut bytes = [0; 32];
    bytes[..16].copy_from_slice(ArticleId::of(text).as_bytes());
    Digest::from_bytes(bytes)
}

pub(crate) fn keys(seen: &[Item]) -> Vec<String> {
    let mut keys: Vec<String> = seen.iter().map(|item| item.key.clone()).collect();
    keys.sort();
    keys
}

pub(crate) fn hexes(texts: &[&str]) -> Vec<String> {
    let mut keys: Vec<String> = texts.iter().map(|text| hash(text).hex()).collect();
    keys.sort();
    keys
}
