//! The topic is not what the desk left: replaced, widened, emptied, or newer than the data dir. The desk says so, stops where
//! going on might repeat or lose something, and goes on once the operator has said `--rebuild-index`.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Output};
use std::time::Duration;

use wiredesk_faults::{Number, Point};
use wiredesk_tests::admin::Admin;
use wiredesk_tests::restless::Restless;
use wiredesk_tests::{Desk, Fault, Kafka};

const MINUTE: Duration = Duration::from_secs(60);
/// What is configured and what is there do not go together.
const REFUSED: Option<i32> = Some(78);

struct World {
    kafka: Kafka,
    admin: Admin,
    web: Restless,
    desk: Desk,
    topic: &'static str,
}

/// A desk that has published everything there is on a topic of its own.
fn world(topic: &'static str) -> Option<World> {
    let kafka = Kafka::beside(topic)?;
    let web = Restless::start_steady(2, 8).expect("a web");
    let desk = Desk::new(&kafka.publish(topic), web.feeds()).expect("a desk");
    let world = World { admin: Admin::of(&kafka).expect("an administrator"), kafka, web, desk, topic };
    world.runs_well(&[]);
    world.web.holds(&world.kafka.read(topic).expect("the topic"), 0).expect("all of it");
    Some(world)
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

impl World {
    fn run(&self, more: &[&str]) -> Output {
        self.desk.once_asked(&Fault::none(), more).expect("it runs")
    }

    fn runs_well(&self, more: &[&str]) -> String {
        let output = self.run(more);
        assert!(output.status.success(), "{}: {}", output.status, said(&output));
        said(&output)
    }

    /// It refuses to run, with these words and the way out.
    fn refuses(&self, words: &[&str]) {
        let output = self.run(&[]);
        let said = said(&output);
        assert_eq!(output.status.code(), REFUSED, "{said}");
        for word in words.iter().chain(&["--rebuild-index"]) {
            assert!(said.contains(word), "{word}: {said}");
        }
    }

    fn remake(&self) {
        self.admin.delete(self.topic).expect("deleted");
        self.admin.create(self.topic, 3, &[]).expect("made again");
    }

    /// Only what came in since is in the topic.
    fn has_only_new_records(&self, count: usize) {
        let records = self.kafka.read(self.topic).expect("the topic");
        assert_eq!(records.len(), count, "what was settled stays settled");
    }
}

#[test]
fn a_topic_that_was_deleted_and_made_again_is_refused_until_the_index_is_rebuilt() {
    let Some(world) = world("remade") else { return };
    world.remake();
    world.refuses(&["remade lost data", "partition"]);
    world.web.grow(1);
    world.runs_well(&["--rebuild-index"]);
    world.has_only_new_records(2);
}

#[test]
fn a_topic_that_is_deleted_and_made_again_under_a_running_desk_stops_it() {
    let Some(world) = world("pulled") else { return };
    let mut running = world.desk.start().expect("a daemon");
    running.wait_until_ready().expect("ready");
    world.remake();
    world.web.grow(6);
    assert_eq!(running.end().expect("an end").code(), REFUSED, "{}", world.desk.log());
    assert!(world.desk.log().contains("--rebuild-index"), "{}", world.desk.log());
    world.runs_well(&["--rebuild-index"]);
    world.has_only_new_records(12);
}

#[test]
fn a_topic_with_another_number_of_partitions_is_refused_until_the_index_is_rebuilt() {
    let Some(world) = world("widened") else { return };
    world.admin.widen("widened", 5).expect("two more");
    world.refuses(&["3 partitions", "5 partitions"]);
    world.web.grow(2);
    world.runs_well(&["--rebuild-index"]);
    world.web.holds(&world.kafka.read("widened").expect("the topic"), 0).expect("nothing twice");
}

#[test]
fn retention_that_passed_the_index_is_said_and_the_desk_goes_on() {
    let Some(world) = world("passed") else { return };
    world.web.grow(3);
    // Records that the index never saw, and that nobody can read any more.
    let died = world.desk.once_with(&Fault::abort_at(Point::Committed, 1)).expect("it runs");
    assert!(!died.status.success());
    world.admin.empty("passed").expect("emptied");
    let said = world.runs_well(&[]);
    assert!(said.contains("retention passed the index"), "{said}");
    world.has_only_new_records(6);
}

#[test]
fn a_data_dir_from_an_old_backup_catches_up_says_so_and_repeats_nothing() {
    let Some(world) = world("restored") else { return };
    let (data, backup) = (world.desk.data(), world.desk.data().with_file_name("backup"));
    copy(&data, &backup);
    world.web.grow(4);
    world.runs_well(&[]);
    std::fs::remove_dir_all(&data).expect("the data dir is lost");
    copy(&backup, &data);
    let said = world.runs_well(&[]);
    assert!(said.contains("restored from a backup"), "{said}");
    world.web.holds(&world.kafka.read("restored").expect("the topic"), 0).expect("nothing twice");
    world.web.is_accounted_for(&world.desk, 0).expect("and all of it is known as published");
}

#[test]
fn a_lost_index_is_rebuilt_from_the_topic_as_it_was() {
    let Some(world) = world("rebuilt") else { return };
    // By address: a reader takes partitions in any order.
    let places = || -> BTreeMap<String, String> {
        let records = world.kafka.read("rebuilt").expect("the topic");
        records.iter().map(|record| (record.text("/url").to_owned(), place(&world.desk, record.text("/url")))).collect()
    };
    let before = places();
    std::fs::remove_dir_all(world.desk.data()).expect("the data dir is lost");
    world.runs_well(&["--rebuild-index"]);
    assert_eq!(places(), before);
    world.web.holds(&world.kafka.read("rebuilt").expect("the topic"), 0).expect("nothing twice");
}

#[test]
fn a_rebuild_that_is_cut_short_is_begun_anew_by_the_next_start() {
    let Some(world) = world("cut.short") else { return };
    std::fs::remove_dir_all(world.desk.data()).expect("the data dir is lost");
    let fault = Fault::abort_at(Point::CaughtUp, 2).number(Number::Slice, 3);
    let died = world.desk.once_asked(&fault, &["--rebuild-index"]).expect("it runs");
    assert!(Fault::was_met(Point::CaughtUp, &said(&died)), "{}", said(&died));
    let said = world.runs_well(&[]);
    assert!(said.contains("the index was rebuilt"), "{said}");
    world.web.holds(&world.kafka.read("cut.short").expect("the topic"), 0).expect("nothing twice");
    world.web.is_accounted_for(&world.desk, 0).expect("and all of it is known as published");
}

/// Where the desk believes an address's body to be, and what it calls its entry.
fn place(desk: &Desk, url: &str) -> String {
    let output = desk.command(&["trace", url, "--output", "json"]).expect("it runs");
    let trace: serde_json::Value = serde_json::from_slice(&output.stdout).expect("one entry");
    format!("{} {}", trace["state"], trace["placed"])
}

fn copy(from: &Path, to: &Path) {
    let status = Command::new("cp").arg("-a").arg(from).arg(to).status().expect("cp");
    assert!(status.success());
}

#[test]
fn a_running_desk_that_finds_new_partitions_goes_on_and_the_next_start_says_so() {
    let Some(world) = world("growing") else { return };
    let mut running = world.desk.start().expect("a daemon");
    running.wait_until_ready().expect("ready");
    world.admin.widen("growing", 4).expect("one more");
    world.web.grow(3);
    let complete = |records: &[_]| world.web.holds(records, 0).is_ok();
    running
        .wait_for("the new stories", MINUTE, |_| world.kafka.read("growing").is_ok_and(|records| complete(&records)))
        .expect("it goes on");
    assert_eq!(running.stop().expect("an end").code(), Some(0));
    world.refuses(&["3 partitions", "4 partitions"]);
}
