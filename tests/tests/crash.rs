//! kill -9 at random, again and again, while stories come in: nothing lost, nothing twice.
//!
//! `tests/long kills N` does the same N times. The seed is printed; `WIREDESK_SEED` repeats its times.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use wiredesk_faults::Point;
use wiredesk_testkit::prose::Dice;
use wiredesk_tests::restless::Restless;
use wiredesk_tests::{Desk, Fault, Kafka, Record};

const SITES: u64 = 3;
/// Stories of each site at the start, and more of them for each life: enough that it hardly ever has nothing to do.
const STORIES: u64 = 40;
const MORE: u64 = 40;
/// A life lasts at most so long: START takes a part of it, so that it is killed there, too.
const LONGEST: u64 = 2_000;

fn number(variable: &str, usual: u64) -> u64 {
    std::env::var(variable).ok().map_or(usual, |text| text.parse().expect("a number"))
}

/// A desk that is seldom at rest: a batch is committed as soon as there is something, so that many kills fall between a commit and
/// what follows from it.
fn restless(publish: &str, web: &Restless) -> Desk {
    let desk = Desk::new(publish, web.feeds()).expect("a desk");
    desk.configure("[publish]\n", "[publish]\nlinger = \"1ms\"\n").expect("it stands there");
    desk.configure("concurrency = 4", "concurrency = 1").expect("it stands there");
    desk.configure("[schedule]\n", "[schedule]\nbackfill = 400\n").expect("it stands there");
    desk
}

/// Lives and dies, then is left alone until all is settled.
fn live_and_die(desk: &Desk, web: &Restless) {
    let kills = number("WIREDESK_KILLS", 20);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_millis() as u64;
    let seed = number("WIREDESK_SEED", now);
    println!("WIREDESK_SEED={seed} WIREDESK_KILLS={kills}");
    let mut dice = Dice::new(seed, 0);
    for _ in 0..kills {
        let running = desk.start().expect("a daemon");
        web.grow(MORE);
        // Not a wait for anything: the moment of the kill is what is tried.
        std::thread::sleep(Duration::from_millis(dice.below(LONGEST as usize) as u64));
        running.kill().expect("kill -9");
    }
    let mut running = desk.start().expect("a daemon");
    running.wait_until_ready().expect("ready");
    running.wait_until_drained(web.entries()).expect("drained");
    assert_eq!(running.stop().expect("an end").code(), Some(0));
}

fn assert_exactly_once(desk: &Desk, web: &Restless, records: &[Record]) {
    web.holds(records, 0).expect("every article once");
    web.is_accounted_for(desk, 0).expect("the desk's counts agree");
}

#[test]
fn killed_in_the_middle_every_article_is_in_the_topic_exactly_once() {
    let Some(kafka) = Kafka::beside("killed_in_the_middle") else { return };
    let web = Restless::start(SITES, STORIES).expect("a web");
    let desk = restless(&kafka.publish("crash"), &web);
    live_and_die(&desk, &web);
    assert_exactly_once(&desk, &web, &kafka.read("crash").expect("the topic"));
}

/// What START finds was counted by nobody: after a crash the sums did not come out.
#[test]
fn the_metrics_alone_account_for_every_entry_over_a_crash() {
    let web = Restless::start(2, 10).expect("a web");
    let desk = restless("[publish]\nkind = \"log\"\n", &web);
    let died = desk.once_with(&Fault::abort_at(Point::Committed, 2)).expect("it runs");
    assert!(!died.status.success(), "it was to die");
    let mut running = desk.start().expect("a daemon");
    running.wait_until_ready().expect("ready");
    running.wait_until_drained(web.entries()).expect("drained");
    let (all, ended) = running.account().expect("an account");
    assert_eq!(all, ended);
    assert!(running.metric("wiredesk_entries_settled_at_start_total").expect("a metric") > 0.0);
    assert_eq!(running.metric("wiredesk_entries_pending").expect("a metric"), 0.0);
}

#[test]
fn killed_in_the_middle_every_article_is_in_the_log_exactly_once() {
    let web = Restless::start(SITES, STORIES).expect("a web");
    let desk = restless("[publish]\nkind = \"log\"\n", &web);
    live_and_die(&desk, &web);
    assert_exactly_once(&desk, &web, &desk.embedded("articles").expect("the log"));
}
