//! Feeds in, clean records out: what a newcomer would try first.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::Value;
use wiredesk_testkit::prose::letters;
use wiredesk_testkit::template::article;
use wiredesk_testkit::{Web, atom, item, rss, site, times};
use wiredesk_tests::{Desk, Kafka};

const MINUTE: Duration = Duration::from_secs(60);

fn summary(output: &std::process::Output) -> Value {
    let text = String::from_utf8_lossy(&output.stdout);
    serde_json::from_str(&text).unwrap_or_else(|error| {
        panic!("no summary ({error}), {}: {text}\n{}", output.status, String::from_utf8_lossy(&output.stderr))
    })
}

/// Two sites: one story on both, one of each site's own.
fn two_sites() -> Web {
    let shared = || article(1);
    Web::start([
        site("alpha")
            .feed(rss("feed.xml").title("Alpha").entries([item("a/1").title("Shared"), item("a/2").title("Own")]))
            .page("a/1", shared())
            .page("a/2", article(2)),
        site("beta")
            .feed(
                atom("feed.atom").title("Beta").entries([item("b/1").title("Shared, too"), item("b/3").title("Other")]),
            )
            .page("b/1", shared())
            .page("b/3", article(3)),
    ])
    .expect("a web on loopback")
}

#[test]
fn two_feeds_become_clean_records_in_the_topic_and_the_second_poll_is_a_304() {
    let Some(kafka) = Kafka::beside("two_feeds_become_clean_records_in_the_topic") else { return };
    let web = two_sites();
    let feeds = [("alpha", web.url("alpha", "feed.xml")), ("beta", web.url("beta", "feed.atom"))];
    let desk = Desk::new(&kafka.publish("flow"), feeds).expect("a desk");

    let first = summary(&desk.once().expect("it runs"));
    assert_eq!((first["published"].as_u64(), first["duplicates"].as_u64()), (Some(3), Some(1)), "{first}");
    let second = summary(&desk.once().expect("it runs again"));
    assert_eq!((second["feeds_not_modified"].as_u64(), second["entries"].as_u64()), (Some(2), Some(0)), "{second}");
    for (name, path) in [("alpha", "feed.xml"), ("beta", "feed.atom")] {
        let asked: Vec<_> = web.requests(name).into_iter().filter(|seen| seen.path.ends_with(path)).collect();
        assert_eq!(asked.iter().map(|seen| seen.is_conditional()).collect::<Vec<_>>(), [false, true], "{name}");
    }

    let records = kafka.read("flow").expect("the topic");
    let schema: Value = serde_json::from_str(include_str!("../../config/schema/record.schema.json")).expect("a schema");
    let schema = jsonschema::validator_for(&schema).expect("a valid schema");
    assert_eq!(records.len(), 3);
    for record in &records {
        let faults: Vec<_> = schema.iter_errors(&record.value).map(|error| error.to_string()).collect();
        assert!(faults.is_empty(), "{faults:?}");
        assert_eq!(format!("sha256:{}", record.key), record.text("/content_hash"));
        assert_eq!(record.headers["ce_subject"], record.text("/url"));
        assert_eq!(record.headers["content-type"], "application/json");
        assert!(record.text("/text").contains("\n\n") && !record.text("/text").contains("All rights reserved"));
        for header in ["wd-entry", "wd-id", "wd-revision", "wd-desk", "ce_id", "ce_type", "ce_source", "ce_time"] {
            assert!(record.headers.contains_key(header), "{header}");
        }
    }
    let copies = kafka.read("flow.copies").expect("the copies' topic");
    assert_eq!(copies.len(), 1, "the story's second carrier");
    assert!(records.iter().any(|record| record.text("/content_hash") == copies[0].text("/content_hash")));
    assert!(kafka.read("flow.dlq").expect("the dead letters' topic").is_empty());
}

#[test]
fn a_restart_publishes_nothing_twice_and_asks_nothing_unconditionally() {
    let web = two_sites();
    let feeds = [("alpha", web.url("alpha", "feed.xml")), ("beta", web.url("beta", "feed.atom"))];
    let desk = Desk::new("[publish]\nkind = \"log\"\n", feeds).expect("a desk");
    assert_eq!(summary(&desk.once().expect("it runs"))["published"], 3);
    let mut running = desk.start().expect("a daemon");
    running.wait_until_ready().expect("ready");
    running
        .wait_for("two more polls of each feed", MINUTE, |_| {
            web.count("alpha", "feed.xml") > 2 && web.count("beta", "feed.atom") > 2
        })
        .expect("polls");
    assert_eq!(running.stop().expect("an end").code(), Some(0));
    let after_the_first: Vec<_> =
        web.requests("alpha").into_iter().filter(|seen| seen.path.ends_with("feed.xml")).skip(1).collect();
    assert!(after_the_first.iter().all(|seen| seen.is_conditional()));
    assert_eq!(web.count("alpha", "a/1"), 1, "a page is fetched once");
    let tail = desk.command(&["tail", "--from-start", "--no-follow", "--output", "json"]).expect("tail");
    assert_eq!(String::from_utf8_lossy(&tail.stdout).lines().count(), 3, "{tail:?}");
}

#[test]
fn an_edited_entry_is_fetched_again_and_ends_as_revised_unchanged_or_reverted() {
    let listed = |title: &str| rss("feed.xml").entries([item("a").title(title).guid("one")]);
    let web = Web::start([site("s").feed(listed("first")).page("a", article(1))]).expect("a web");
    let desk = Desk::new("[publish]\nkind = \"log\"\n", [("s", web.url("s", "feed.xml"))]).expect("a desk");
    let again = |title: &str, number: u64| {
        web.change("s", |site| site.feed(listed(title)).page("a", article(number)));
        summary(&desk.once().expect("it runs"))
    };
    assert_eq!(summary(&desk.once().expect("it runs"))["published"], 1);
    assert_eq!(again("second", 1)["unchanged"], 1, "another title, the same body");
    assert_eq!(again("third", 2)["published"], 1, "another body");
    assert_eq!(again("fourth", 1)["reverted"], 1, "the first body again");

    let tail = desk.command(&["tail", "--from-start", "--no-follow", "--output", "json"]).expect("tail");
    let records: Vec<Value> = String::from_utf8_lossy(&tail.stdout)
        .lines()
        .map(|line| serde_json::from_str(line).expect("a record"))
        .collect();
    assert_eq!(records.len(), 2);
    assert_eq!((&records[0]["event"], &records[0]["revision"]), (&"published".into(), &1.into()));
    assert_eq!((&records[1]["event"], &records[1]["revision"]), (&"revised".into(), &2.into()));
    assert_eq!(records[1]["previous_hash"], records[0]["content_hash"]);
    assert_eq!(records[1]["id"], records[0]["id"]);
}

#[test]
fn one_article_in_two_feeds_is_fetched_once() {
    let web = Web::start([
        site("paper").page("story", article(7)).feed(rss("feed.xml").entries([item("story").guid("p")])),
        site("aggregator")
            .feed(rss("feed.xml").entries([item("{{base:paper}}/story?utm_source=aggregator&fbclid=1").guid("x")])),
    ])
    .expect("a web");
    let feeds = [("paper", web.url("paper", "feed.xml")), ("aggregator", web.url("aggregator", "feed.xml"))];
    let desk = Desk::new("[publish]\nkind = \"log\"\n", feeds).expect("a desk");
    let summary = summary(&desk.once().expect("it runs"));
    assert_eq!((summary["published"].as_u64(), summary["duplicates"].as_u64()), (Some(1), Some(1)), "{summary}");
    let asked: u64 = web.requests("paper").iter().filter(|seen| seen.path.contains("story")).count() as u64;
    assert_eq!(asked, 1);
}

#[test]
fn sigterm_drains_what_was_admitted() {
    let web = Web::start([site("s")
        .feed(rss("feed.xml").entries(["a", "b", "c"]))
        .slow("a", Duration::from_secs(1))
        .slow("b", Duration::from_secs(1))
        .slow("c", Duration::from_secs(1))])
    .expect("a web");
    let desk = Desk::new("[publish]\nkind = \"log\"\n", [("s", web.url("s", "feed.xml"))]).expect("a desk");
    let mut running = desk.start().expect("a daemon");
    running.wait_for("pages being fetched", MINUTE, |_| web.open("s") >= 3).expect("fetches");
    assert_eq!(running.stop().expect("an end").code(), Some(0));
    let tail = desk.command(&["tail", "--from-start", "--no-follow", "--output", "json"]).expect("tail");
    assert_eq!(
        String::from_utf8_lossy(&tail.stdout).lines().count(),
        3,
        "what was under way was finished\n{}",
        desk.log()
    );
}

#[test]
fn one_failing_page_holds_up_no_sibling_and_is_tried_again_from_the_journal() {
    let web = Web::start([site("s")
        .feed(rss("feed.xml").entries(["a", "b", "c"]))
        .page("a", article(1))
        .page("b", article(2))
        .page("c", article(3))
        .page_fails("b", 503, times(2))])
    .expect("a web");
    let desk = Desk::new("[publish]\nkind = \"log\"\n", [("s", web.url("s", "feed.xml"))]).expect("a desk");
    let summary = summary(&desk.once().expect("it runs"));
    assert_eq!(summary["published"], 3, "{summary}");
    assert_eq!(web.count("s", "b"), 3);
    assert_eq!(web.count("s", "feed.xml"), 1, "the page's trouble polls no feed");
}

#[test]
fn every_record_of_the_demo_says_what_it_is() {
    let output = std::process::Command::new(wiredesk_tests::desk::program())
        .args(["demo", "--output", "json"])
        .output()
        .expect("the demo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let records: Vec<Value> = String::from_utf8_lossy(&output.stdout)
        .lines()
        .map(|line| serde_json::from_str(line).expect("a record"))
        .collect();
    let bodies: BTreeSet<_> = records.iter().map(|record| record["content_hash"].to_string()).collect();
    assert_eq!(bodies.len(), records.len(), "one body, one record");
    assert!(records.iter().any(|record| record["event"] == "revised"), "the corrected story");
    let web = wiredesk_testkit::demo::DemoWeb::start().expect("its web");
    for story in web.stories() {
        let body = letters(&story.text());
        let is_it = |record: &&Value| record["text"].as_str().is_some_and(|text| letters(text) == body);
        let carried = records.iter().filter(is_it).count();
        assert_eq!(carried, 1, "{}: its clean text stands in the topic once", story.title);
    }
}

#[test]
fn a_sites_rule_decides_what_the_record_says_and_a_page_that_it_does_not_fit_is_read_without_it_and_told_once() {
    let boxed = |number: u64| {
        let day = |n| {
            format!("<p>On day {n} of story {number} the river rose by {n} metres, and the keeper wrote it down.</p>")
        };
        let tale: String = (0..6).map(day).collect();
        format!("<h2>Story {number}</h2><div class=\"related tale\">{tale}</div>{}", article(number))
    };
    let web = Web::start([site("s")
        .feed(rss("feed.xml").entries([item("a"), item("b"), item("c")]))
        .page("a", boxed(1))
        .page("b", article(2))
        .page("c", article(3))])
    .expect("a web");
    let desk = Desk::new("[publish]\nkind = \"log\"\n", [("s", web.url("s", "feed.xml"))]).expect("a desk");
    let rules = desk.config().with_file_name("rules.d");
    std::fs::create_dir(&rules).expect("a folder");
    let rule = "[[rules]]\nid = \"tale\"\nhosts = [\"127.0.0.1\"]\nbody = \".tale\"\ntitle = \"h2\"\nvalid_from = 2020-01-01\n";
    std::fs::write(rules.join("s.toml"), rule).expect("a rule");

    let output = desk.once().expect("it runs");
    assert_eq!(summary(&output)["published"], 3);
    let tail = desk.command(&["tail", "--from-start", "--no-follow", "--output", "json"]).expect("tail");
    let records: Vec<Value> =
        String::from_utf8_lossy(&tail.stdout).lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let (by_rule, others): (Vec<_>, Vec<_>) = records.iter().partition(|record| record["extraction"]["rule"] == "tale");
    assert_eq!((by_rule.len(), others.len()), (1, 2), "{records:#?}");
    assert_eq!((&by_rule[0]["title"], &by_rule[0]["field_sources"]["title"]), (&"Story 1".into(), &"rule".into()));
    assert_eq!(by_rule[0]["blocks"].as_array().map(Vec::len), Some(6));
    for other in others {
        assert_eq!(other["extraction"]["flags"][0], "site_rule_missed", "{other}");
    }
    let log = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(log.matches("has the layout changed").count(), 1, "{log}");
}
