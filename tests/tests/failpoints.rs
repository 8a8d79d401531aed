//! The desk dies at every point where it matters, on its first publication and again on a revision, and nothing is lost or twice.

use std::collections::{BTreeSet, VecDeque};
use std::os::unix::process::ExitStatusExt;
use std::sync::Mutex;

use anyhow::{Context, ensure};
use wiredesk_faults::Point::{self, *};
use wiredesk_faults::{Number, Protection};
use wiredesk_tests::restless::Restless;
use wiredesk_tests::{Desk, Fault, Kafka, Record};

/// SIGABRT
const ABORTED: Option<i32> = Some(6);
/// How many desks die at once: most of a life is waiting.
const AT_ONCE: usize = 8;
/// How many records START takes in at once here, so that a small tail has several slices.
const SLICE: u64 = 3;

/// One desk's deaths, one after the other, each a point and the time it is reached for; then it is left alone.
type Deaths = &'static [(Point, u64)];

/// Wherever records go. START goes through settling and indexing once with nothing in hand, so the second time is the first batch's.
const ANYWHERE: &[Deaths] = &[
    &[(Polling, 1)],
    &[(Polling, 2)],
    &[(Polled, 1)],
    &[(Admitted, 1)],
    &[(Admitted, 9)],
    &[(Sighted, 1)],
    &[(Sighted, 7)],
    &[(Committed, 1)],
    &[(Committed, 1), (Committed, 1)],
    &[(Settling, 2)],
    &[(Settled, 2)],
    &[(Indexing, 2)],
    &[(Indexed, 2)],
    &[(Answered, 1)],
    &[(Lettered, 1)],
    &[(Copied, 1)],
    // In the middle of catching up with what a life before left in the topic, and once more.
    &[(Committed, 1), (CaughtUp, 1), (CaughtUp, 1)],
    &[(Committed, 1), (Settling, 1)],
    &[(Committed, 1), (Settled, 1), (Settled, 1)],
    &[(Committed, 1), (Indexing, 1)],
];

/// Only where there are transactions. A batch of one is all that is certain, so the third record may be the third batch's.
const KAFKA: &[Deaths] = &[
    &[(Fenced, 1)],
    &[(Begun, 1)],
    &[(Begun, 2)],
    &[(Sent, 1)],
    &[(Sent, 3)],
    &[(Sent, 8)],
    &[(Acknowledged, 1)],
    &[(Acknowledged, 1), (Fenced, 1)],
    &[(Committed, 1), (Fenced, 1)],
];

/// Only where lines are written.
const LOG: &[Deaths] = &[&[(Written, 1)], &[(Written, 2)]];

/// Where records go, and what came of them.
trait Topic: Sync {
    fn publish(&self, name: &str) -> String;
    fn read(&self, desk: &Desk, name: &str, beside: &str) -> anyhow::Result<Vec<Record>>;
}

impl Topic for Kafka {
    fn publish(&self, name: &str) -> String {
        Self::publish(self, name)
    }

    fn read(&self, _: &Desk, name: &str, beside: &str) -> anyhow::Result<Vec<Record>> {
        Self::read(self, &format!("{name}{beside}"))
    }
}

/// The embedded log.
struct Embedded;

impl Topic for Embedded {
    fn publish(&self, _: &str) -> String {
        "[publish]\nkind = \"log\"\n".to_owned()
    }

    fn read(&self, desk: &Desk, _: &str, beside: &str) -> anyhow::Result<Vec<Record>> {
        desk.embedded(&format!("articles{beside}"))
    }
}

/// One life that is to end at a point; whether it did.
fn dies(desk: &Desk, point: Point, count: u64) -> anyhow::Result<bool> {
    let output = desk.once_with(&Fault::abort_at(point, count).number(Number::Slice, SLICE))?;
    let said = String::from_utf8_lossy(&output.stderr);
    let died = output.status.signal() == ABORTED && Fault::was_met(point, &said);
    ensure!(died || output.status.success(), "it ended otherwise ({}): {said}", output.status);
    Ok(died)
}

/// A life to its natural end.
fn lives(desk: &Desk) -> anyhow::Result<()> {
    let output = desk.once()?;
    ensure!(output.status.success(), "{}: {}", output.status, String::from_utf8_lossy(&output.stderr));
    Ok(())
}

/// What must be true between two lives.
fn nothing_is_amiss(desk: &Desk, web: &Restless, topic: &dyn Topic, name: &str, editions: u64) -> anyhow::Result<()> {
    web.holds(&topic.read(desk, name, "")?, editions)?;
    web.is_accounted_for(desk, editions)?;
    web.has_reports(&topic.read(desk, name, ".dlq")?, &topic.read(desk, name, ".copies")?)
}

fn suffers(topic: &dyn Topic, name: &str, deaths: Deaths) -> anyhow::Result<()> {
    let web = Restless::start(2, 10)?;
    let desk = Desk::new(&topic.publish(name), web.feeds())?;
    for (point, count) in deaths {
        ensure!(dies(&desk, *point, *count)?, "{} was not reached for the {count}. time", point.name());
    }
    lives(&desk)?;
    nothing_is_amiss(&desk, &web, topic, name, 0).context("after the first edition")?;
    web.edit();
    for (point, count) in deaths {
        // Not every point lies on the way of a revision.
        dies(&desk, *point, *count)?;
    }
    lives(&desk)?;
    nothing_is_amiss(&desk, &web, topic, name, 1).context("after the second edition")
}

fn survives_all(topic: &dyn Topic, tables: &[&[Deaths]]) {
    let all: VecDeque<Deaths> = tables.iter().flat_map(|table| table.iter().copied()).collect();
    let (waiting, faults) = (Mutex::new(all), Mutex::new(Vec::new()));
    let next = || waiting.lock().expect("no test panics here").pop_front();
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(deaths) = next() {
                    let names: Vec<_> =
                        deaths.iter().map(|(point, count)| format!("{}-{count}", point.name())).collect();
                    let name = names.join(".");
                    if let Err(error) = suffers(topic, &name, deaths) {
                        faults.lock().expect("nor here").push(format!("killed at {name}: {error:#}"));
                    }
                }
            });
        }
    });
    let faults = faults.into_inner().expect("nor here");
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn every_point_has_a_test_that_dies_there() {
    let tested: BTreeSet<Point> = [ANYWHERE, KAFKA, LOG]
        .into_iter()
        .flatten()
        .flat_map(|deaths| deaths.iter())
        .map(|(point, _)| *point)
        .collect();
    let untested: Vec<_> = Point::ALL.iter().filter(|point| !tested.contains(point)).collect();
    assert!(untested.is_empty(), "{untested:?}");
}

#[test]
fn killed_at_any_point_every_body_is_in_the_topic_exactly_once_and_its_entry_is_published() {
    let Some(kafka) = Kafka::beside("killed_at_any_point") else { return };
    survives_all(&kafka, &[ANYWHERE, KAFKA]);
}

#[test]
fn killed_at_any_point_every_body_is_in_the_log_exactly_once_and_its_entry_is_published() {
    survives_all(&Embedded, &[ANYWHERE, LOG]);
}

/// The negative control: were the index written before the topic, the tests above would see that records are lost.
#[test]
fn an_index_written_before_the_topic_would_lose_records() {
    let Some(kafka) = Kafka::beside("an_index_written_before_the_topic") else { return };
    let web = Restless::start(2, 10).expect("a web");
    let desk = Desk::new(&kafka.publish("ahead"), web.feeds()).expect("a desk");
    let fault = Fault::abort_at(Acknowledged, 1).without(Protection::TopicFirst);
    assert_eq!(desk.once_with(&fault).expect("it runs").status.signal(), ABORTED);
    lives(&desk).expect("a life");
    let amiss = nothing_is_amiss(&desk, &web, &kafka, "ahead", 0).expect_err("records are lost");
    assert!(amiss.to_string().contains("has 0 records"), "{amiss:#}");
}
