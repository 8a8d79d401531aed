//! The protocol against a real broker: `tests/with-kafka cargo test --release -p wiredesk-publish`.
//! Without `WIREDESK_KAFKA` these tests say so and pass; where `CI` is `true` they fail instead.

mod desk;
mod start;

use std::time::{Duration, Instant};

use rdkafka::producer::Producer as _;
use wiredesk_model::fault::{AsFault as _, Fault};
use wiredesk_model::id::{EntryKey, FeedId};
use wiredesk_model::topic::{Channel, Message};
use wiredesk_publish::error::{CommitError, OpenError};
use wiredesk_publish::probe::{Retention, probe};
use wiredesk_publish::settings::Delivery;

use crate::desk::{Desk, broker, hash, hexes, keys};

#[test]
fn missing_topics_are_created_as_asked() {
    let Some(broker) = broker() else { return };
    let mut desk = Desk::new(&broker, "created", "a", 1);
    let create = desk.settings.kafka.create_topics.take();
    let refused = desk.open().expect_err("no topic");
    assert!(matches!(&refused, OpenError::NoTopic { topics, .. } if topics == "created, created.dlq, created.copies"));
    assert_eq!(refused.fault(), Fault::Fatal);

    desk.settings.kafka.create_topics = create;
    let opened = desk.open().expect("created");
    assert_eq!(opened.identity.partitions, 3);
    assert!(!opened.identity.cluster.is_empty());
    let probe = probe(&desk.settings, &desk.secrets, None, &|| false).expect("an answer");
    assert_eq!(probe.cluster, opened.identity.cluster);
    assert_eq!(probe.brokers, [broker]);
    let topics: Vec<_> = probe.topics.iter().map(|t| (t.name.as_str(), t.partitions, t.retention)).collect();
    let kept = Retention::For(Duration::from_secs(7 * 86_400));
    assert_eq!(topics, [("created", Some(3), kept), ("created.dlq", Some(1), kept), ("created.copies", Some(1), kept)]);
}

#[test]
fn receipts_are_where_a_consumer_finds_the_records() {
    let Some(broker) = broker() else { return };
    let mut desk = Desk::new(&broker, "receipts", "a", 1);
    let mut writer = desk.writer();
    let mut batch = desk.batch(&["one", "two", "three", "four"]);
    batch.push(Message { channel: Channel::DeadLetters, ..desk.message("dead") });
    let receipts = writer.commit(&batch).expect("committed");

    let seen = desk.seen();
    assert_eq!(seen.len(), 4);
    for (message, receipt) in batch.iter().zip(&receipts).take(4) {
        let item = seen.iter().find(|item| item.receipt == *receipt).expect("there");
        assert_eq!((&item.key, &item.value, item.timestamp), (&message.key, &message.value, message.timestamp));
        assert_eq!(item.headers, message.headers);
    }
}

#[test]
fn a_commit_takes_milliseconds() {
    let Some(broker) = broker() else { return };
    let mut desk = Desk::new(&broker, "speed", "a", 1);
    let mut writer = desk.writer();
    writer.commit(&desk.batch(&["warm"])).expect("committed");
    let begun = Instant::now();
    for n in 0..50 {
        writer.commit(&desk.batch(&[&format!("n{n}")])).expect("committed");
    }
    let each = begun.elapsed() / 50;
    println!("a commit of one record: {each:?}");
    assert!(each < Duration::from_millis(90), "{each:?}");
}

#[test]
fn start_fences_the_former_writer() {
    let Some(broker) = broker() else { return };
    let mut old = Desk::new(&broker, "fence", "a", 1);
    let mut first = old.writer();
    first.commit(&old.batch(&["one"])).expect("committed");

    let mut young = Desk::new(&broker, "fence", "b", 2);
    let mut second = young.writer();
    assert_eq!(young.found.len(), 1);
    let refused = first.commit(&old.batch(&["two"])).expect_err("fenced").why;
    assert!(matches!(refused, CommitError::Fenced { .. }), "{refused:?}");
    assert_eq!(refused.fault(), Fault::Fatal);

    second.commit(&young.batch(&["three"])).expect("committed");
    assert_eq!(keys(&young.seen()), hexes(&["one", "three"]));
}

#[test]
fn the_tail_after_a_crash_is_what_was_committed() {
    let Some(broker) = broker() else { return };
    let mut desk = Desk::new(&broker, "tail", "a", 1);
    let mut writer = desk.writer();
    let index = desk.positions.clone();
    let receipts = writer.commit(&desk.batch(&["one", "two"])).expect("committed");
    drop(writer);
    // Killed in the middle of the next batch: sent, not committed.
    let id = desk.settings.kafka.transactional_id();
    let killed = desk.half_way(&id, &["three", "four"]);
    std::mem::forget(killed);

    let begun = Instant::now();
    desk.positions = index;
    let mut writer = desk.writer();
    assert!(begun.elapsed() < Duration::from_secs(8), "its open transaction is aborted, not waited for");
    let mut found: Vec<_> = desk.found.iter().map(|f| (f.hash, f.receipt)).collect();
    found.sort_by_key(|(_, receipt)| (receipt.partition, receipt.offset));
    let mut expected = vec![(hash("one"), receipts[0]), (hash("two"), receipts[1])];
    expected.sort_by_key(|(_, receipt)| (receipt.partition, receipt.offset));
    assert_eq!(found, expected);
    let joint = desk.found.iter().find(|f| f.hash == hash("one")).and_then(|f| f.joint.clone()).expect("our headers");
    assert_eq!(joint.entry, EntryKey::of(&FeedId::new("feed"), "one"));
    assert_eq!((joint.revision, joint.desk), (1, desk.id.clone()));

    // The index is past all gaps: nothing is read twice.
    writer.commit(&desk.batch(&["five"])).expect("committed");
    drop(writer);
    drop(desk.writer());
    assert_eq!(desk.found.iter().map(|f| f.hash).collect::<Vec<_>>(), [hash("five")]);
    drop(desk.writer());
    assert_eq!(desk.found, []);
    assert_eq!(keys(&desk.seen()), hexes(&["one", "two", "five"]));
}

#[test]
fn a_strangers_open_transaction_is_waited_for() {
    let Some(broker) = broker() else { return };
    let mut desk = Desk::new(&broker, "stranger", "a", 1);
    drop(desk.writer());
    let stranger = desk.half_way("somebody-else", &["theirs"]);
    let ending = std::thread::spawn(move || {
        stranger.poll(Duration::from_secs(4));
        stranger.commit_transaction(Duration::from_secs(10)).expect("still theirs");
    });
    let opened = desk.open().expect("START");
    ending.join().expect("the stranger ends well");
    assert_eq!(desk.found.iter().map(|f| (f.hash, f.joint.is_none())).collect::<Vec<_>>(), [(hash("theirs"), true)]);
    assert_eq!(opened.warnings.len(), 1, "{:?}", opened.warnings);
}

/// Letters that compression cannot fold: over the broker's 1 MiB.
fn too_large() -> Vec<u8> {
    let mut state = 1u64;
    let noise = (0..2 << 20).map(|_| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        b' ' + (state >> 57) as u8 % 64
    });
    noise.collect()
}

#[test]
fn a_reader_that_wants_to_end_waits_for_a_commit_under_way_and_not_for_a_transaction_that_stays_open() {
    let Some(broker) = broker() else { return };
    let mut desk = Desk::new(&broker, "settled", "a", 1);
    desk.writer().commit(&desk.batch(&["one"])).expect("committed");
    let stranger = desk.half_way("about-to-commit", &["theirs"]);
    let committing = std::thread::spawn(move || {
        stranger.poll(Duration::from_secs(1));
        stranger.commit_transaction(Duration::from_secs(10)).expect("still theirs");
    });
    assert_eq!(keys(&desk.seen()), hexes(&["one", "theirs"]));
    committing.join().expect("the stranger ends well");

    let open = desk.half_way("not-to-commit", &["never"]);
    assert_eq!(keys(&desk.seen()), hexes(&["one", "theirs"]));
    open.abort_transaction(Duration::from_secs(10)).expect("it was open all the while");
}

#[test]
fn a_refused_record_takes_its_batch_back_and_nothing_is_seen_of_it() {
    let Some(broker) = broker() else { return };
    let mut desk = Desk::new(&broker, "refused", "a", 1);
    let mut writer = desk.writer();
    let mut batch = desk.batch(&["one", "two", "three"]);
    batch[1].value = too_large();
    let refused = writer.commit(&batch).expect_err("too large").why;
    assert!(matches!(refused, CommitError::Refused { size: true, .. }), "{refused:?}");
    assert_eq!(desk.seen(), []);

    let refused = writer.commit(&batch[1..2]).expect_err("too large alone").why;
    assert!(matches!(refused, CommitError::Refused { size: true, .. }), "{refused:?}");
    writer.commit(&[batch[0].clone(), batch[2].clone()]).expect("the others");
    assert_eq!(keys(&desk.seen()), hexes(&["one", "three"]));
}

#[test]
fn start_again_respects_a_younger_desk() {
    let Some(broker) = broker() else { return };
    let mut old = Desk::new(&broker, "again", "a", 1);
    drop(old.writer());
    let mut young = Desk::new(&broker, "again", "b", 2);
    let mut theirs = young.writer();
    theirs.commit(&young.batch(&["one"])).expect("committed");

    old.again = true;
    let refused = old.open().expect_err("taken over");
    assert!(matches!(&refused, OpenError::TakenOver { by } if *by == young.id), "{refused:?}");
    theirs.commit(&young.batch(&["two"])).expect("not fenced");
    // Our own earlier self and older desks are no reason to stop.
    young.again = true;
    drop(theirs);
    young.open().expect("START again");
}

#[test]
fn another_topic_and_lost_data_are_refused() {
    let Some(broker) = broker() else { return };
    let mut desk = Desk::new(&broker, "identity", "a", 1);
    let mut writer = desk.writer();
    writer.commit(&desk.batch(&["one"])).expect("committed");
    drop(writer);
    let mut further = desk.positions.clone();
    further.next.insert(1, 1000);
    let true_positions = std::mem::replace(&mut desk.positions, further);
    let lost = desk.open().expect_err("beyond the end");
    assert!(matches!(lost, OpenError::Lost { partition: 1, next: 1000, .. }), "{lost:?}");

    desk.positions = true_positions;
    if let Some(identity) = &mut desk.positions.identity {
        identity.cluster = "another".into();
    }
    let other = desk.open().expect_err("another cluster");
    assert!(matches!(other, OpenError::OtherTopic { .. }), "{other:?}");
    assert!(other.to_string().contains("--rebuild-index"));
    desk.rebuild = true;
    desk.open().expect("rebuilt");
    assert_eq!(desk.found.len(), 1);
}

#[test]
fn at_least_once_needs_no_transactions_and_reads_the_tail() {
    let Some(broker) = broker() else { return };
    let mut desk = Desk::new(&broker, "atleast", "a", 1);
    desk.settings.kafka.delivery = Delivery::AtLeastOnce;
    let mut writer = desk.writer();
    let receipts = writer.commit(&desk.batch(&["one", "two"])).expect("sent");
    drop(writer);
    drop(desk.writer());
    assert_eq!(desk.found.len(), receipts.len());
}

#[test]
fn without_transactions_what_a_refused_record_leaves_of_its_batch_is_sent_again_and_nothing_else() {
    let Some(broker) = broker() else { return };
    let mut desk = Desk::new(&broker, "atleast.refused", "a", 1);
    desk.settings.kafka.delivery = Delivery::AtLeastOnce;
    desk.settings.kafka.create_topics.as_mut().expect("they are created").partitions = 6.try_into().expect("not 0");
    let mut writer = desk.writer();
    let texts: Vec<String> = (0..9).map(|n| format!("n{n}")).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let mut batch = desk.batch(&texts);
    batch[4].value = too_large();
    let refused = writer.commit(&batch).expect_err("one is too large");
    assert!(matches!(refused.why, CommitError::Refused { size: true, .. }), "{refused:?}");
    let mut taken = refused.inside;
    assert_eq!(taken.len(), batch.len());
    for (message, receipt) in batch.iter().zip(&mut taken).filter(|(_, receipt)| receipt.is_none()) {
        match writer.commit(std::slice::from_ref(message)) {
            Ok(receipts) => *receipt = Some(receipts[0]),
            Err(refused) => {
                assert!(matches!(refused.why, CommitError::Refused { size: true, .. }), "{refused:?}");
                assert_eq!(message.key, batch[4].key, "it alone is too large");
            }
        }
    }
    let good: Vec<&str> = texts.iter().copied().filter(|text| *text != "n4").collect();
    let seen = desk.seen();
    assert_eq!(keys(&seen), hexes(&good), "each once");
    for (message, receipt) in batch.iter().zip(&taken).filter(|(message, _)| message.key != batch[4].key) {
        let item = seen.iter().find(|item| item.key == message.key).expect("there");
        assert_eq!(Some(item.receipt), *receipt);
    }
}

#[test]
fn nobody_there_is_said_with_what_was_tried() {
    // A port that was free a moment ago: no broker needed.
    let port = std::net::TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a port").port();
    let mut desk = Desk::new(&format!("127.0.0.1:{port}"), "none", "a", 1);
    let refused = desk.open().expect_err("nobody");
    assert_eq!(refused.fault(), Fault::Retry { after: None });
    let told = refused.to_string();
    assert!(told.contains(&port.to_string()) && told.contains("refused"), "{told}");
}
