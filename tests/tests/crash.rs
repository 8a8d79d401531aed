//! kill -9 at random, again and again, while stories come in: nothing lost, nothing twice.
//!
//! `tests/long kills N` does the same N times. The seed is printed; `WIREDESK_SEED` repeats its times.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use wiredesk_testkit::prose::Dice;
use wiredesk_tests::restless::Restless;
use wiredesk_tests::{Desk, Kafka, Record};

const SITES: u64 = 3;
/// Stories of each site at the start, and more of them for each life.
const STORIES: u64 = 20;
const MORE: u64 = 3;
/// A life lasts at most so long: START takes a part of it, so that it is killed there, too.
const LONGEST: u64 = 2_000;

fn number(variable: &str, usual: u64) -> u64 {
    std::env::var(variable).ok().map_or(usual, |text| text.parse().expect("a number"))
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
    let desk = Desk::new(&kafka.publish("crash"), web.feeds()).expect("a desk");
    live_and_die(&desk, &web);
    assert_exactly_once(&desk, &web, &kafka.read("crash").expect("the topic"));
}

#[test]
fn killed_in_the_middle_every_article_is_in_the_log_exactly_once() {
    let web = Restless::start(SITES, STORIES).expect("a web");
    let desk = Desk::new("[publish]\nkind = \"log\"\n", web.feeds()).expect("a desk");
    live_and_die(&desk, &web);
    assert_exactly_once(&desk, &web, &desk.embedded("articles").expect("the log"));
}
