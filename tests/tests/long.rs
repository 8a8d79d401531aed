//! What takes longer than CI has time for: `tests/long` runs it and prints the figures.

use std::process::Command;
use std::time::{Duration, Instant};

use wiredesk_tests::admin::Admin;
use wiredesk_tests::restless::Restless;
use wiredesk_tests::{Desk, Kafka, Running};

const MINUTE: Duration = Duration::from_secs(60);

fn number(variable: &str, usual: u64) -> u64 {
    std::env::var(variable).ok().map_or(usual, |text| text.parse().expect("a number"))
}

/// The most memory the process has had so far, in MiB (`VmHWM`, proc(5)).
fn peak(running: &Running) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", running.id())).expect("a process");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a peak");
    line.trim().trim_end_matches(" kB").parse::<u64>().expect("a number") / 1024
}

/// The bound that the desk wrote down at its start, in MiB.
fn stated_bound(desk: &Desk) -> u64 {
    let log = desk.log();
    let (_, stated) = log.split_once("memory_bound=").expect("it states one");
    stated.split(' ').next().and_then(|number| number.trim_matches('"').parse().ok()).expect("a number")
}

#[test]
#[ignore = "takes ten minutes: tests/long away"]
fn a_broker_that_is_away_at_full_load_fills_the_journal_to_its_limit_and_no_memory() {
    let Some(kafka) = Kafka::beside("a_broker_that_is_away_at_full_load") else { return };
    let away = MINUTE * u32::try_from(number("WIREDESK_MINUTES", 10)).expect("minutes");
    let web = Restless::start(6, 40).expect("a web");
    let desk = Desk::new(&kafka.publish("away.long"), web.feeds()).expect("a desk");
    desk.configure("[pipeline]\n", "[pipeline]\nbacklog = 3000\n").expect("it stands there");
    let mut running = desk.start().expect("a daemon");
    running.wait_until_ready().expect("ready");
    running.wait_until_drained(web.entries()).expect("drained");

    kafka.kill().expect("the broker is killed");
    let begun = Instant::now();
    let limit = away + 5 * MINUTE;
    let mut grown = Instant::now();
    running
        .wait_for("the time without a broker", limit, |_| {
            // So many more than the journal takes: it fills up in the first third.
            if grown.elapsed() > away / 100 && web.entries() < 9_000 {
                web.grow(45);
                grown = Instant::now();
            }
            begun.elapsed() > away
        })
        .expect("no exit");
    let journal = desk.counts().expect("counts");
    assert!(desk.log().contains("the backlog is full"), "it pauses and says so: {journal:?}");
    let (peak_away, bound) = (peak(&running), stated_bound(&desk));
    kafka.start().expect("the broker is back");
    let back = Instant::now();
    running.wait_until_drained(web.entries()).expect("drained");
    let took = back.elapsed();
    println!(
        "away for {away:?}: {} entries listed, journal at its end {journal:?}; peak memory {peak_away} MiB away, {} MiB after, \
         stated bound {bound} MiB; drained in {took:?}",
        web.entries(),
        peak(&running)
    );
    assert!(peak(&running) < bound, "over the stated bound");
    assert_eq!(running.stop().expect("an end").code(), Some(0));
    web.holds(&kafka.read("away.long").expect("the topic"), 0).expect("nothing lost, nothing twice");
    web.is_accounted_for(&desk, 0).expect("the desk's counts agree");
}

#[test]
#[ignore = "needs three brokers: tests/long cluster"]
fn a_leader_that_is_killed_again_and_again_loses_nothing_and_repeats_nothing() {
    let Some(kafka) = Kafka::beside("a_leader_that_is_killed") else { return };
    let folder = std::env::var("WIREDESK_CLUSTER").expect("tests/kafka/cluster");
    let script = |name: &str, node: i32| {
        let done = Command::new(format!("{folder}/{name}")).arg(node.to_string()).status().expect("a script");
        assert!(done.success(), "{name} {node}");
    };
    let web = Restless::start(6, 20).expect("a web");
    let desk = Desk::new(&kafka.publish("led"), web.feeds()).expect("a desk");
    desk.configure("replication = 1", "replication = 3").expect("it stands there");
    let mut running = desk.start().expect("a daemon");
    running.wait_until_ready().expect("ready");
    let admin = Admin::of(&kafka).expect("an administrator");
    for round in 0..number("WIREDESK_KILLS", 5) {
        let partition = i32::try_from(round % 3).expect("small");
        let leader = admin.leader("led", partition).expect("a leader");
        web.grow(10);
        let goal = web.web.total() + 20;
        running.wait_for("work to be under way", MINUTE, |_| web.web.total() >= goal).expect("work");
        script("stop", leader);
        let begun = Instant::now();
        running.wait_until_drained(web.entries()).expect("the others take over");
        println!(
            "kill {round}: broker {leader} led partition {partition}; settled without it in {:?}",
            begun.elapsed()
        );
        script("start", leader);
    }
    assert_eq!(running.stop().expect("an end").code(), Some(0));
    web.holds(&kafka.read("led").expect("the topic"), 0).expect("nothing lost, nothing twice");
    web.is_accounted_for(&desk, 0).expect("the desk's counts agree");
}
