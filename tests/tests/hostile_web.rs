//! Everything that means ill, through the whole daemon: it lives, nobody beside waits for it, and each thing ends for its reason.

use std::collections::BTreeMap;
use std::time::Duration;

use wiredesk_testkit::prose::story;
use wiredesk_testkit::template::article;
use wiredesk_testkit::{Web, item, rss, site};
use wiredesk_tests::Desk;
use wiredesk_tests::hostile::Hostile;

const MINUTE: Duration = Duration::from_secs(60);
const HOSTILE: usize = 100;
const GOOD: u64 = 1000;

/// The hosts may be visited, and nothing beside them.
fn desk<'a>(feeds: impl IntoIterator<Item = &'a (String, String)>) -> Desk {
    let feeds = feeds.into_iter().map(|(id, url)| (id.as_str(), url.clone()));
    let desk = Desk::new("[publish]\nkind = \"log\"\n", feeds).expect("a desk");
    desk.configure("127.0.0.0/8", "127.0.0.1/32").expect("it stands there");
    desk
}

#[test]
fn a_hundred_hostile_hosts_hold_up_none_of_a_thousand_good_ones() {
    let hostile = Hostile::start(HOSTILE).expect("hosts");
    let good = (0..GOOD).map(|n| {
        site(format!("good-{n}")).feed(rss("feed.xml").entries([item("a").title("News")])).page("a", article(n))
    });
    let web = Web::start(good).expect("a web");
    // The hostile ones come first, all are due at once, and there are more of them than permits.
    let mut feeds = hostile.feeds();
    feeds.extend(web.names().map(|name| (name.to_owned(), web.url(name, "feed.xml"))));
    let desk = desk(&feeds);
    // Whoever waited for a tarpit would wait for an hour.
    desk.configure("timeout = \"10s\"", "timeout = \"1h\"").expect("it stands there");
    desk.configure("default_interval = \"1s\"", "default_interval = \"1d\"").expect("it stands there");
    let mut running = desk.start().expect("a daemon");
    running.wait_until_ready().expect("ready");
    running
        .wait_for("every good host's story", 10 * MINUTE, |running| {
            running.metric("wiredesk_entries_published_total").is_ok_and(|published| published >= GOOD as f64)
        })
        .expect("nobody waits");
    assert!(hostile.open() > 64, "the tarpits hold {} exchanges, and there are 64 permits", hostile.open());
    assert_eq!(hostile.trespasses(), 0);
    assert!(web.names().all(|name| web.count(name, "feed.xml") == 1 && web.count(name, "a") == 1));
    assert_eq!(desk.embedded("articles").expect("the log").len() as u64, GOOD);
}

/// Anybody can list anybody's address and write what they like beside it.
#[test]
fn a_feed_has_no_say_over_pages_of_other_sites_unless_it_is_given_one() {
    let invented = story(3, 3).paragraphs.iter().map(|text| format!("<p>{text}</p>")).collect::<String>();
    let listed = |at: &str| rss("feed.xml").entries([item(at).title("Invented").content(&invented)]);
    let web = Web::start([
        site("paper").robots("User-agent: *\nDisallow: /").feed(listed("{{base}}/own")),
        site("stranger").feed(listed("{{base:paper}}/true")),
    ])
    .expect("a web");
    let elsewhere = web.url("stranger", "feed.xml").replace("127.0.0.1", "localhost");
    let feeds = [("paper".to_owned(), web.url("paper", "feed.xml")), ("stranger".to_owned(), elsewhere.clone())];
    let summary = |desk: &Desk| -> serde_json::Value {
        serde_json::from_slice(&desk.once().expect("it runs").stdout).expect("a summary")
    };
    let strict = desk(&feeds);
    let told = summary(&strict);
    assert_eq!((&told["published"], &told["dropped"]["robots"]), (&1.into(), &1.into()), "{told}");
    let records = strict.embedded("articles").expect("the log");
    assert_eq!(records[0].text("/url"), web.url("paper", "own"), "it speaks for its own page");

    let trusting = desk(&feeds[1..]);
    trusting.configure(&elsewhere, &format!("{elsewhere}\"\nfull_text = \"feed")).expect("it stands there");
    assert_eq!(summary(&trusting)["published"], 1);
}

#[test]
fn every_trick_of_a_page_or_a_link_ends_for_its_reason_and_no_closed_address_is_visited() {
    let hostile = Hostile::start(1).expect("a host");
    let desk = desk(&hostile.feeds());
    desk.configure("timeout = \"10s\"", "timeout = \"6s\"").expect("it stands there");
    desk.configure("attempts = 8", "attempts = 2").expect("it stands there");
    desk.configure("[schedule]\n", "[schedule]\nbackfill = 1000\n").expect("it stands there");
    let mut running = desk.start().expect("a daemon");
    running.wait_until_ready().expect("ready");
    let listed = hostile.listed();
    running.wait_until_drained(listed.len() as u64).expect("drained");
    assert_eq!(running.stop().expect("an end").code(), Some(0));

    assert_eq!(hostile.trespasses(), 0, "a closed address was visited");
    let letters = desk.embedded("articles.dlq").expect("the dead letters");
    let found: BTreeMap<_, _> = letters.iter().map(|letter| (letter.text("/title").to_owned(), letter)).collect();
    let mut wrong = Vec::new();
    for (number, (link, reason)) in listed.iter().enumerate() {
        let letter = found.get(&format!("Trick {number}"));
        let ended = letter.map_or("no letter", |letter| letter.text("/reason"));
        println!("{ended:<12} {link}: {}", letter.map_or("", |letter| letter.text("/detail")));
        if ended != *reason {
            wrong.push(format!("{link}: {ended} instead of {reason}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(desk.embedded("articles").map_or(true, |records| records.is_empty()), "none of it is an article");
}
