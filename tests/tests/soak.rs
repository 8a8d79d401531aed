//! Half an hour of everything at once: stories come and are edited, hosts fail, hosts mean ill, the broker dies. Nothing grows, and every
//! entry is accounted for, by the metrics and by the store. `tests/long soak [MINUTES]`.
//!
//! The first third is there to warm up, at a multiple of the pace: what the store's connections keep of it in memory is full then. What
//! grows is told at the end of each round, when nothing new has come for a while: at work memory goes up and down with what is under way.

use std::time::{Duration, Instant};

use wiredesk_testkit::times;
use wiredesk_tests::hostile::Hostile;
use wiredesk_tests::restless::Restless;
use wiredesk_tests::watch::{Look, Watch};
use wiredesk_tests::{Desk, Kafka};

const MINUTE: Duration = Duration::from_secs(60);
const SITES: u64 = 6;
/// So many seconds has a round, and so many of them nothing is said to happen.
const ROUND: u64 = 300;
const CALM: u64 = ROUND - 60;
/// What resident memory may seem to grow an hour.
const MEMORY: f64 = 8.0;
/// What a count of handles or tasks may seem to grow an hour: they come and go with the hosts that hang.
const COUNT: f64 = 20.0;

/// One of the things that are looked at.
type Figure = fn(&Look) -> f64;

fn minutes() -> u32 {
    std::env::var("WIREDESK_MINUTES").ok().map_or(30, |text| text.parse().expect("a number"))
}

#[test]
#[ignore = "takes half an hour: tests/long soak"]
fn half_an_hour_of_everything_at_once_grows_nothing_and_every_entry_is_accounted_for() {
    let Some(kafka) = Kafka::beside("half_an_hour_of_everything_at_once") else { return };
    let web = Restless::start(SITES, 40).expect("a web");
    let hostile = Hostile::start(40).expect("hosts");
    let ill = hostile.feeds();
    let feeds = web.feeds().into_iter().chain(ill.iter().map(|(id, url)| (id.as_str(), url.clone())));
    let desk = Desk::new(&kafka.publish("soak"), feeds).expect("a desk");
    for (from, to) in [
        ("127.0.0.0/8", "127.0.0.1/32"),
        ("timeout = \"10s\"", "timeout = \"5s\""),
        ("[schedule]\n", "[schedule]\nmax_interval = \"20s\"\nbackfill = 1000\n"),
    ] {
        desk.configure(from, to).expect("it stands there");
    }
    let mut running = desk.start().expect("a daemon");
    running.wait_until_ready().expect("ready");

    let whole = MINUTE * minutes();
    let warm_up = whole / 3;
    let begun = Instant::now();
    let (mut watch, mut at_rest, mut second) = (Watch::default(), Watch::default(), 0u64);
    running
        .wait_for("the time to pass", whole + 5 * MINUTE, |running| {
            if begun.elapsed().as_secs() <= second {
                return false;
            }
            second += 1;
            let calm = second % ROUND >= CALM;
            if !calm {
                web.grow(if begun.elapsed() < warm_up { 10 } else { 2 });
            }
            if second.is_multiple_of(5) {
                let rests = second % ROUND >= ROUND - 20;
                let look = if rests { &mut at_rest } else { &mut watch }.look(running).expect("an answer");
                if second.is_multiple_of(60) {
                    println!("{look:?} {:?}", running.account().expect("an account"));
                }
            }
            match second % ROUND {
                // One site after the other: how much is under way at once says more of memory than what is left behind.
                at if at % 30 == 25 && !calm => web.edit_some(at / 30 % SITES..at / 30 % SITES + 1),
                90 => hostile.renew(),
                // One site at a time: who is told 503 leaves that host alone for minutes.
                120 => {
                    let name = format!("s{}", second / ROUND % SITES);
                    web.web.change(&name, |site| site.fails(503, times(10)));
                }
                170 => hostile.renew(),
                200 => kafka.kill().expect("the broker is killed"),
                215 => kafka.start().expect("the broker is back"),
                _ => {}
            }
            begun.elapsed() > whole
        })
        .expect("it lives");
    if (200..215).contains(&(second % ROUND)) {
        kafka.start().expect("the broker is back");
    }
    running
        .wait_for("the newest story of every site", 10 * MINUTE, |_| web.was_read_to_the_top())
        .expect("a site that failed is asked again");
    running.wait_until_drained(web.entries()).expect("drained");

    let seen = running.metric("wiredesk_entries_seen_total").expect("a metric");
    let published = running.metric("wiredesk_entries_published_total").expect("a metric");
    let (_, ended) = running.account().expect("an account");
    println!("seen {seen}, ended {ended}, published {published}, hostile requests {}", hostile.asked());
    let mut grows = Vec::new();
    let figures: [(&str, Figure, f64); 4] = [
        ("resident MiB", |look| look.resident, MEMORY),
        ("file descriptors", |look| look.files, COUNT),
        ("threads", |look| look.threads, COUNT),
        ("tasks", |look| look.tasks, COUNT),
    ];
    for (name, of, most) in figures {
        let slopes = [&at_rest, &watch].map(|watch| watch.slope(warm_up, of));
        let ranges = [&at_rest, &watch].map(|watch| watch.range(warm_up, of));
        println!("{name}: {slopes:+.1?} an hour at rest and at work; least, middle, most {ranges:.1?}");
        // What is never given back shows in both.
        if slopes.iter().all(|slope| *slope > most) {
            grows.push(name);
        }
    }
    let counts = desk.counts().expect("counts");
    println!("{counts:?}");
    let log = desk.log();
    assert_eq!(running.stop().expect("an end").code(), Some(0));

    assert!(grows.is_empty(), "{grows:?}");
    assert!(!log.contains("panicked"), "nothing panics");
    assert_eq!(hostile.trespasses(), 0, "a closed address was visited");
    let records = kafka.read("soak").expect("the topic");
    web.holds_all(&records).expect("nothing lost, nothing twice");
    assert_eq!(records.len() as f64, published, "what is counted as published is in the topic");
    assert_eq!(seen, ended, "every entry that was seen has ended for a reason that is counted");
    assert_eq!(counts["pending"] + counts["waiting"], 0);
    let stored = counts.values().sum::<u64>();
    assert!(stored >= web.entries() + hostile.listed().len() as u64, "the store knows {stored} entries");
    assert!(stored as f64 <= seen, "{stored} entries in the store, {seen} seen");
}
