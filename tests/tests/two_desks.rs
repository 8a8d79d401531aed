//! One identity, two desks: one survives, whichever way they meet. And a desk that slept through its own transaction.

use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer as _};
use wiredesk_faults::{Number, Point};
use wiredesk_tests::admin::Admin;
use wiredesk_tests::restless::Restless;
use wiredesk_tests::{Desk, Fault, Kafka, Running};

const MINUTE: Duration = Duration::from_secs(60);
/// Another desk has our identity.
const TAKEN_OVER: Option<i32> = Some(75);
/// A short transaction, so that sleeping through it takes no half minute.
const TIMEOUT: u64 = 4_000;

fn ready(desk: &Desk, fault: &Fault) -> Running {
    let mut running = desk.start_with(fault).expect("a daemon");
    running.wait_until_ready().expect("ready");
    running
}

#[test]
fn of_two_desks_with_one_identity_the_younger_survives_and_the_other_says_why_and_exits_75() {
    let Some(kafka) = Kafka::beside("of_two_desks") else { return };
    let web = Restless::start_steady(2, 10).expect("a web");
    let desk = || Desk::new(&kafka.publish("twins"), web.feeds()).expect("a desk");
    let (elder, younger) = (desk(), desk());
    let mut first = ready(&elder, &Fault::none());
    first.wait_until_drained(web.entries()).expect("drained");
    let mut second = ready(&younger, &Fault::none());
    // Both have something to publish now.
    web.edit();
    assert_eq!(first.end().expect("an end").code(), TAKEN_OVER);
    assert!(elder.log().contains("another desk"), "{}", elder.log());
    second
        .wait_for("the new edition", MINUTE, |_| kafka.read("twins").is_ok_and(|all| web.holds(&all, 1).is_ok()))
        .expect("all of it");
    second.wait_until_drained(web.entries()).expect("drained");
    assert_eq!(second.stop().expect("an end").code(), Some(0));
    web.holds(&kafka.read("twins").expect("the topic"), 1).expect("nothing twice");
}

#[test]
fn systemd_does_not_restart_a_desk_that_was_taken_over() {
    let unit = include_str!("../../deploy/wiredesk.service");
    let kept_down = unit.lines().find_map(|line| line.strip_prefix("RestartPreventExitStatus=")).expect("a list");
    assert!(kept_down.split(' ').any(|code| code == "75"), "{kept_down}");
}

/// A desk that stands still when all of its first batch is acknowledged and nothing committed, until the broker has given the
/// transaction up.
fn asleep(desk: &Desk, admin: &Admin, topic: &str) -> Running {
    let fault = Fault::stop_at(Point::Acknowledged, 1).number(Number::TransactionTimeout, TIMEOUT);
    let mut running = desk.start_with(&fault).expect("a daemon");
    running.wait_for("it to stand still", MINUTE, Running::stands_still).expect("a stop");
    assert!(!admin.is_settled(topic).expect("an answer"), "its transaction is open");
    running
        .wait_for("the broker to lose patience", MINUTE, |_| admin.is_settled(topic).unwrap_or(false))
        .expect("an abort");
    running
}

#[test]
fn a_desk_that_slept_through_its_transaction_goes_on_by_itself_and_publishes_nothing_twice() {
    let Some(kafka) = Kafka::beside("a_desk_that_slept") else { return };
    let (web, admin) = (Restless::start(2, 10).expect("a web"), Admin::of(&kafka).expect("an administrator"));
    let desk = Desk::new(&kafka.publish("asleep"), web.feeds()).expect("a desk");
    let mut running = asleep(&desk, &admin, "asleep");
    running.signal("CONT").expect("a signal");
    running.wait_until_drained(web.entries()).expect("drained");
    assert_eq!(running.stop().expect("an end").code(), Some(0));
    web.holds(&kafka.read("asleep").expect("the topic"), 0).expect("nothing twice");
    web.is_accounted_for(&desk, 0).expect("the desk's counts agree");
}

#[test]
fn a_desk_that_was_taken_over_in_its_sleep_exits_75_and_publishes_nothing_twice() {
    let Some(kafka) = Kafka::beside("taken_over_in_its_sleep") else { return };
    let (web, admin) = (Restless::start_steady(2, 10).expect("a web"), Admin::of(&kafka).expect("an administrator"));
    let desk = || Desk::new(&kafka.publish("sleeper"), web.feeds()).expect("a desk");
    let (sleeper, heir) = (desk(), desk());
    let mut first = asleep(&sleeper, &admin, "sleeper");
    let mut second = ready(&heir, &Fault::none());
    second.wait_until_drained(web.entries()).expect("drained");
    first.signal("CONT").expect("a signal");
    assert_eq!(first.end().expect("an end").code(), TAKEN_OVER, "{}", sleeper.log());
    assert!(sleeper.log().contains("another desk"), "{}", sleeper.log());
    assert_eq!(second.stop().expect("an end").code(), Some(0));
    web.holds(&kafka.read("sleeper").expect("the topic"), 0).expect("nothing twice");
}

#[test]
fn a_strangers_hanging_transaction_is_named_with_its_partition_and_holds_up_no_poll() {
    let Some(kafka) = Kafka::beside("a_strangers_hanging_transaction") else { return };
    let (web, admin) = (Restless::start(1, 6).expect("a web"), Admin::of(&kafka).expect("an administrator"));
    for name in ["hanging", "hanging.dlq", "hanging.copies"] {
        admin.create(name, 3, &[]).expect("a topic");
    }
    let stranger: BaseProducer = ClientConfig::new()
        .set("bootstrap.servers", &kafka.brokers)
        .set("transactional.id", "a-stranger")
        .create()
        .expect("a producer");
    stranger.init_transactions(MINUTE).expect("a coordinator");
    stranger.begin_transaction().expect("a transaction");
    stranger
        .send(BaseRecord::<str, str>::to("hanging").partition(2).payload("theirs"))
        .map_err(|(e, _)| e)
        .expect("room");
    stranger.flush(MINUTE).expect("sent");
    assert!(!admin.is_settled("hanging").expect("an answer"));

    let desk = Desk::new(&kafka.publish("hanging"), web.feeds()).expect("a desk");
    let mut running = desk.start().expect("a daemon");
    running
        .wait_for("a word about it", MINUTE, |running| {
            running.ask("/readyz").is_ok_and(|(status, why)| status == 503 && why.contains("partition 2"))
        })
        .expect("readyz names the partition");
    assert!(desk.log().contains("another program's open transaction"), "{}", desk.log());
    let polled = web.web.count("s0", "feed.xml");
    running.wait_for("another poll", MINUTE, |_| web.web.count("s0", "feed.xml") > polled).expect("polls go on");

    stranger.abort_transaction(MINUTE).expect("its end");
    running.wait_until_ready().expect("ready by itself");
    running.wait_until_drained(web.entries()).expect("drained");
    assert_eq!(running.stop().expect("an end").code(), Some(0));
    web.holds(&kafka.read("hanging").expect("the topic"), 0).expect("everything once");
}
