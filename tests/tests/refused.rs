//! Records that the topic refuses, and a page that kills whoever reads it: each costs itself, and no neighbour.

use std::collections::BTreeMap;
use std::os::unix::process::ExitStatusExt;

use serde_json::Value;
use wiredesk_testkit::prose::story;
use wiredesk_testkit::template::{article, plain};
use wiredesk_testkit::{Web, item, rss, site};
use wiredesk_tests::admin::Admin;
use wiredesk_tests::{Desk, Fault, Kafka, Record, verdict};

/// A topic that takes this many bytes at once takes a common story's record, not a long one's.
const SMALL: &str = "6000";

/// A body that no compression brings under the topic's limit.
fn long(number: u64) -> String {
    let paragraphs: Vec<String> = (0..30).flat_map(|part| story(1_000 + number, part).paragraphs).collect();
    plain(&format!("A long story, {number}"), &paragraphs)
}

struct World {
    kafka: Kafka,
    web: Web,
    desk: Desk,
    topic: &'static str,
}

/// A site with so many common stories, and a long one at each of these places among them.
fn world(topic: &'static str, stories: u64, long_at: &[u64]) -> Option<World> {
    let kafka = Kafka::beside(topic)?;
    let admin = Admin::of(&kafka).expect("an administrator");
    admin.create(topic, 3, &[("max.message.bytes", SMALL)]).expect("a topic");
    let items = (0..stories).map(|number| item(&number.to_string()));
    let mut built = site("s").feed(rss("feed.xml").entries(items));
    for number in 0..stories {
        let page = if long_at.contains(&number) { long(number) } else { article(number) };
        built = built.page(&number.to_string(), page);
    }
    let web = Web::start([built]).expect("a web");
    let desk = Desk::new(&kafka.publish(topic), [("s", web.url("s", "feed.xml"))]).expect("a desk");
    Some(World { kafka, web, desk, topic })
}

impl World {
    fn dropped_as_too_large(&self, long_at: &[u64]) {
        let letters = self.kafka.read(&format!("{}.dlq", self.topic)).expect("the dead letters");
        let mut wanted: Vec<_> = long_at.iter().map(|number| self.web.url("s", &number.to_string())).collect();
        let mut named: Vec<_> = letters.iter().map(|letter| letter.text("/url").to_owned()).collect();
        wanted.sort();
        named.sort();
        assert_eq!(named, wanted, "{letters:?}");
        assert!(letters.iter().all(|letter| letter.text("/reason") == "too_large"), "{letters:?}");
    }
}

fn summary(output: &std::process::Output) -> Value {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("a summary")
}

#[test]
fn a_record_that_the_topic_refuses_goes_to_the_dead_letters_when_it_is_alone() {
    let Some(world) = world("refused.alone", 1, &[0]) else { return };
    let summary = summary(&world.desk.once().expect("it runs"));
    assert_eq!((&summary["published"], &summary["dropped"]["too_large"]), (&0.into(), &1.into()), "{summary}");
    world.dropped_as_too_large(&[0]);
}

/// Where the stories 5 and 12 of 24 are too long for the topic, and one batch holds them all.
fn each_costs_itself_and_no_neighbour(world: &World) {
    world.desk.configure("[publish]\n", "[publish]\nlinger = \"2s\"\n").expect("it stands there");
    let first = summary(&world.desk.once().expect("it runs"));
    assert_eq!(
        (&first["published"], &first["dropped"]["too_large"], &first["pending"]),
        (&22.into(), &2.into(), &0.into())
    );
    world.dropped_as_too_large(&[5, 12]);
    let records = world.kafka.read(world.topic).expect("the topic");
    assert_eq!(records.len(), 22);
    verdict::sound(&records).expect("each once");
    assert_eq!(summary(&world.desk.once().expect("it runs"))["entries"], 0, "no livelock");
}

#[test]
fn records_that_the_topic_refuses_take_no_other_of_their_batch_with_them() {
    let Some(world) = world("refused.batch", 24, &[5, 12]) else { return };
    each_costs_itself_and_no_neighbour(&world);
}

#[test]
fn without_transactions_they_repeat_no_other_of_their_batch_either() {
    let Some(world) = world("refused.atleast", 24, &[5, 12]) else { return };
    let (kafka, without) = ("[publish.kafka]\n", "[publish.kafka]\ndelivery = \"at_least_once\"\n");
    world.desk.configure(kafka, without).expect("it stands there");
    each_costs_itself_and_no_neighbour(&world);
}

#[test]
fn a_page_that_kills_the_process_is_tried_alone_and_dropped_after_its_attempts_and_the_desk_lives() {
    const POISON: &str = "Xyzzylabium";
    let items = (0..12).map(|number| item(&number.to_string()));
    let mut built = site("s").feed(rss("feed.xml").entries(items));
    for number in 0..12 {
        let page = article(number);
        built = built.page(
            &number.to_string(),
            if number == 6 { page.replacen("<p>", &format!("<p>{POISON} "), 1) } else { page },
        );
    }
    let web = Web::start([built]).expect("a web");
    let desk = Desk::new("[publish]\nkind = \"log\"\n", [("s", web.url("s", "feed.xml"))]).expect("a desk");
    desk.configure("attempts = 8", "attempts = 3").expect("it stands there");
    let fault = Fault::poison(POISON);
    let mut deaths = 0;
    let last = loop {
        let output = desk.once_with(&fault).expect("it runs");
        if output.status.signal().is_none() {
            break output;
        }
        deaths += 1;
        assert!(deaths <= 3, "it kills the desk again and again");
    };
    assert_eq!(deaths, 3, "each attempt is one death");
    assert_eq!(summary(&last)["dropped"]["exhausted"], 1);
    assert_eq!(summary(&last)["pending"], 0);
    let mut seen: BTreeMap<String, u32> = BTreeMap::new();
    for record in desk.embedded("articles").expect("the log") {
        *seen.entry(record.text("/url").to_owned()).or_default() += 1;
    }
    assert_eq!(seen.len(), 11, "{seen:?}");
    assert!(seen.values().all(|count| *count == 1), "{seen:?}");
    let letters = desk.embedded("articles.dlq").expect("the dead letters");
    let reasons: Vec<_> = letters.iter().map(|letter: &Record| letter.text("/reason")).collect();
    assert_eq!(reasons, ["exhausted"]);
    for number in 0..12 {
        let fetched = web.count("s", &number.to_string());
        assert!(
            number == 6 || fetched <= 2,
            "{number} was fetched {fetched} times: who died with it is not tried with it again"
        );
    }
}
