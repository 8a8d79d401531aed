//! kill -9 at any point: nothing lost, nothing twice.

use std::collections::BTreeMap;
use std::time::Duration;

use wiredesk_testkit::template::plain;
use wiredesk_testkit::{Web, item, rss, site};
use wiredesk_tests::{Desk, Kafka, Record};

const SITES: u64 = 6;
const STORIES: u64 = 40;

/// Pages that change on every fetch: all outside the body, every fifth inside it. A page that is fetched again after its record
/// went out would so be published again.
fn restless_web() -> Web {
    let sites = (0..SITES).map(|at| {
        let items = (0..STORIES).map(|number| item(&format!("story/{number}")));
        let mut built = site(format!("s{at}")).feed(rss("feed.xml").entries(items)).latency(Duration::from_millis(15));
        for number in 0..STORIES {
            let told = wiredesk_testkit::prose::story(at, number);
            built = built.page_fn(&format!("story/{number}"), move |fetch| {
                let mut paragraphs = told.paragraphs.clone();
                if number % 5 == 0 {
                    paragraphs
                        .push(format!("The clerk counted {fetch} visitors at the door before the meeting had begun."));
                }
                plain(&told.title, &paragraphs).replace("</footer>", &format!("<p>visitor {fetch}</p></footer>"))
            });
        }
        built
    });
    Web::start(sites).expect("a web on loopback")
}

fn feeds(web: &Web) -> Vec<(&str, String)> {
    web.names().map(|name| (name, web.url(name, "feed.xml"))).collect()
}

/// Every article once, and nothing else.
fn assert_exactly_once(web: &Web, records: &[Record]) {
    let mut seen: BTreeMap<&str, u32> = BTreeMap::new();
    for record in records {
        *seen.entry(record.text("/url")).or_default() += 1;
    }
    let mut wanted = 0;
    for name in web.names() {
        for number in 0..STORIES {
            wanted += 1;
            let url = web.url(name, &format!("story/{number}"));
            assert_eq!(seen.get(url.as_str()), Some(&1), "{url}");
        }
    }
    assert_eq!(records.len(), wanted);
}

fn kill_and_restart(desk: &Desk, web: &Web, kills: u64) {
    let all = SITES * STORIES;
    for round in 1..=kills {
        let mut running = desk.start().expect("a daemon");
        let goal = web.total() + all / (2 * kills);
        running
            .wait_for("work to be under way", Duration::from_secs(60), |_| web.total() >= goal)
            .unwrap_or_else(|error| panic!("round {round}: {error}"));
        running.kill().expect("kill -9");
    }
    let mut running = desk.start().expect("a daemon");
    running.wait_until_ready().expect("ready");
    running
        .wait_for("everything to be settled", Duration::from_secs(120), |desk| {
            // Two readings with a poll between them: what a poll brings in is counted.
            desk.metric("wiredesk_polls_total").is_ok_and(|polls| polls >= SITES as f64)
                && desk.metric("wiredesk_entries_pending").is_ok_and(|pending| pending == 0.0)
        })
        .expect("drained");
    assert_eq!(running.stop().expect("an end").code(), Some(0));
}

#[test]
fn killed_in_the_middle_every_article_is_in_the_topic_exactly_once() {
    let Some(kafka) = Kafka::beside("killed_in_the_middle") else { return };
    let web = restless_web();
    let desk = Desk::new(&kafka.publish("crash"), feeds(&web)).expect("a desk");
    kill_and_restart(&desk, &web, 5);
    assert_exactly_once(&web, &kafka.read("crash").expect("the topic"));
}

#[test]
fn killed_in_the_middle_every_article_is_in_the_log_exactly_once() {
    let web = restless_web();
    let desk = Desk::new("[publish]\nkind = \"log\"\n", feeds(&web)).expect("a desk");
    kill_and_restart(&desk, &web, 5);
    let tail = desk.command(&["tail", "--from-start", "--no-follow", "--output", "json"]).expect("tail");
    let records: Vec<_> = String::from_utf8_lossy(&tail.stdout)
        .lines()
        .map(|line| Record {
            partition: 0,
            offset: 0,
            key: String::new(),
            headers: BTreeMap::new(),
            value: serde_json::from_str(line).expect("a record"),
        })
        .collect();
    assert_exactly_once(&web, &records);
}
