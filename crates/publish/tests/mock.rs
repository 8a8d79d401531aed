//! The produce path against librdkafka's in-process mock cluster: no installation, so it always runs. The mock cannot judge
//! exactly-once (it shows aborted records); `kafka.rs` does that on a real broker.

mod start;

use std::collections::BTreeMap;
use std::path::Path;

use rdkafka::mocking::MockCluster;
use rdkafka::types::{RDKafkaApiKey, RDKafkaRespErr};
use start::{opening, start};
use wiredesk_model::id::{ArticleId, DeskId, Digest};
use wiredesk_model::topic::{Channel, Found, Message, Positions};
use wiredesk_publish::error::{CommitError, OpenError};
use wiredesk_publish::follow::{Following, From, follow};
use wiredesk_publish::settings::{Kind, Settings};
use wiredesk_publish::writer::{Opened, Writer};

fn settings(cluster: &MockCluster<'_, rdkafka::producer::DefaultProducerContext>) -> Settings {
    let mut settings = Settings { kind: Kind::Kafka, ..Settings::default() };
    settings.kafka.brokers = cluster.bootstrap_servers();
    settings
}

fn cluster() -> MockCluster<'static, rdkafka::producer::DefaultProducerContext> {
    let cluster = MockCluster::new(1).expect("a mock cluster");
    for (topic, partitions) in [("articles", 3), ("articles.dlq", 1), ("articles.copies", 1)] {
        cluster.create_topic(topic, partitions, 1).expect("a topic");
    }
    cluster
}

fn open(settings: &Settings, positions: &Positions) -> Result<(Opened, Vec<Found>), OpenError> {
    let (desk, secrets) = (DeskId { name: "a".into(), started: 1 }, BTreeMap::new());
    let opening = opening(settings, Path::new("/nowhere"), &desk, positions, &secrets);
    let (opened, found, _) = start(positions, |tail| Writer::open(&opening, tail))?;
    Ok((opened, found))
}

fn message(text: &str) -> Message {
    let mut bytes = [0; 32];
    bytes[..16].copy_from_slice(ArticleId::of(text).as_bytes());
    Message {
        channel: Channel::Articles,
        key: Digest::from_bytes(bytes).hex(),
        headers: vec![("ce_id".into(), text.into())],
        timestamp: 1_700_000_000_000,
        value: format!("\"{text}\"").into_bytes(),
    }
}

#[test]
fn the_mock_cluster_takes_batches_and_gives_them_back() {
    let cluster = cluster();
    let settings = settings(&cluster);
    let (opened, found) = open(&settings, &Positions::default()).expect("START");
    assert_eq!((found, opened.identity.partitions), (vec![], 3));
    let mut writer = opened.writer;
    let receipts = writer.commit(&["one", "two", "three"].map(message)).expect("committed");
    drop(writer);

    let mut seen = Vec::new();
    let following = Following {
        settings: &settings,
        data_dir: Path::new("/nowhere"),
        secrets: &BTreeMap::new(),
        channel: Channel::Articles,
        from: From::Beginning,
        onwards: true,
        until: None,
        stop: &|| false,
    };
    follow(&following, &mut |item| {
        seen.push(item.receipt);
        if seen.len() == receipts.len() {
            std::ops::ControlFlow::Break(())
        } else {
            std::ops::ControlFlow::Continue(())
        }
    })
    .expect("readable");
    assert!(receipts.iter().all(|receipt| seen.contains(receipt)));
    let (opened, found) = open(&settings, &Positions::default()).expect("START again");
    assert_eq!(found.len(), 3);
    assert_eq!(opened.warnings.len(), 1, "they have no headers of ours: {:?}", opened.warnings);
}

#[test]
fn errors_of_the_broker_find_their_place() {
    use RDKafkaRespErr as Error;
    let cluster = cluster();
    let (opened, _) = open(&settings(&cluster), &Positions::default()).expect("START");
    let mut writer = opened.writer;
    let mut answer = |error| {
        cluster.request_errors(RDKafkaApiKey::Produce, &[error]);
        writer.commit(&[message("one")]).expect_err("the broker said no").why
    };
    let large = answer(Error::RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE);
    assert!(matches!(large, CommitError::Refused { size: true, .. }), "{large:?}");
    let invalid = answer(Error::RD_KAFKA_RESP_ERR_INVALID_RECORD);
    assert!(matches!(invalid, CommitError::Refused { size: false, .. }), "{invalid:?}");
    let forbidden = answer(Error::RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED);
    assert!(matches!(forbidden, CommitError::Wait { .. }), "{forbidden:?}");
    let late = answer(Error::RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP);
    assert!(matches!(late, CommitError::Wait { .. }), "{late:?}");
    writer.commit(&[message("one")]).expect("the writer goes on");
}

#[test]
fn a_record_larger_than_the_whole_budget_goes_out_and_a_full_queue_is_waited_for() {
    let cluster = cluster();
    let mut settings = settings(&cluster);
    settings.in_flight.bytes = wiredesk_model::units::Size::kib(64);
    let (opened, _) = open(&settings, &Positions::default()).expect("START");
    let mut writer = opened.writer;
    let large = |number, kib: usize| Message { value: vec![b'x'; kib << 10], ..message(&format!("large {number}")) };
    assert_eq!(writer.commit(&[large(0, 100)]).expect("the topic would take it").len(), 1);
    // More than the largest record that is handed to librdkafka, and so more than its queue takes.
    let many: Vec<Message> = (1..=70).map(|number| large(number, 1000)).collect();
    assert_eq!(writer.commit(&many).expect("a full queue is waited for").len(), 70);
}
