//! The broker goes away. These tests kill the broker that `tests/with-kafka` started, so they stand in a file of their own and
//! run one after the other: cargo runs one test file at a time, and here a lock keeps the order.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use wiredesk_testkit::template::article;
use wiredesk_testkit::{Web, item, rss, site};
use wiredesk_tests::{Desk, Kafka};

static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

const STORIES: u64 = 50;

fn web() -> Web {
    let items = (0..STORIES).map(|number| item(&format!("story/{number}")));
    let mut built = site("s").feed(rss("feed.xml").entries(items).ttl(0)).latency(Duration::from_millis(20));
    for number in 0..STORIES {
        built = built.page(&format!("story/{number}"), article(number));
    }
    Web::start([built]).expect("a web on loopback")
}

#[test]
fn a_broker_that_is_away_for_longer_than_the_transaction_timeout_loses_nothing_and_repeats_nothing() {
    let Some(kafka) = Kafka::beside("a_broker_that_is_away") else { return };
    let _order = ONE_AT_A_TIME.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let web = web();
    let desk = Desk::new(&kafka.publish("away"), [("s", web.url("s", "feed.xml"))]).expect("a desk");
    // Slow enough that the broker goes away in the middle.
    desk.configure("concurrency = 4, delay = \"0s\"", "concurrency = 1, delay = \"700ms\"").expect("it stands there");
    let mut running = desk.start().expect("a daemon");
    running.wait_until_ready().expect("ready");
    running
        .wait_for("the first records", Duration::from_secs(60), |desk| {
            desk.metric("wiredesk_entries_published_total").is_ok_and(|published| published >= 5.0)
        })
        .expect("records");

    kafka.kill().expect("the broker is killed");
    let away = Instant::now();
    running
        .wait_for("readyz to say that the topic cannot be reached", Duration::from_secs(50), |desk| {
            desk.ask("/readyz").is_ok_and(|(status, _)| status == 503)
        })
        .expect("not ready");
    let polled = web.count("s", "feed.xml");
    running
        .wait_for("a minute without a broker", Duration::from_secs(90), |_| away.elapsed() > Duration::from_secs(60))
        .expect("no exit while the broker is away");
    assert!(web.count("s", "feed.xml") > polled, "polling goes on");
    kafka.start().expect("the broker is back");

    running.wait_until_drained(STORIES).expect("drained");
    assert_eq!(running.stop().expect("an end").code(), Some(0));

    let mut seen: BTreeMap<String, u32> = BTreeMap::new();
    for record in kafka.read("away").expect("the topic") {
        *seen.entry(record.text("/url").to_owned()).or_default() += 1;
    }
    assert_eq!(seen.len() as u64, STORIES, "nothing lost");
    assert!(seen.values().all(|count| *count == 1), "nothing twice: {seen:?}");
}
