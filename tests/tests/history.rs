//! What the desk can say of an entry afterwards: where it is in the topic, or why not, and when it is tried again; and how what was
//! dropped is taken up again.

use std::process::Output;

use serde_json::Value;
use wiredesk_testkit::template::article;
use wiredesk_testkit::{Web, forever, item, rss, site, times};
use wiredesk_tests::Desk;

const LOG: &str = "[publish]\nkind = \"log\"\n";

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn rows(output: &Output) -> Vec<Value> {
    text(&output.stdout).lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

/// The one row of a trace that begins with `name`.
fn row<'a>(told: &'a str, name: &str) -> &'a str {
    told.lines().find_map(|line| line.strip_prefix(name)).map(str::trim).unwrap_or_default()
}

#[test]
fn trace_tells_how_each_entry_ended_and_how_each_open_one_stands() {
    let listed = |titles: [&str; 3]| {
        let changing = titles.map(|title| item(title.split(' ').next().unwrap_or_default()).title(title));
        rss("feed.xml").entries(changing).entries(["copy", "brief", "down", "old"].map(item))
    };
    let first = ["same one", "back one", "plain one"];
    let web = Web::start([
        site("s")
            .feed(listed(first))
            .page("same", article(1))
            .page("back", article(2))
            .page("plain", article(3))
            .page("copy", article(3))
            .page("brief", "<html><body><article><h1>Brief</h1><p>Only a few words here.</p></article></body></html>")
            .page("down", article(4))
            .page_fails("down", 503, forever())
            .page("old", article(5)),
        site("t").feed(rss("feed.xml").entries(["later"].map(item))).page("later", article(6)),
    ])
    .expect("a web");
    let feeds = ["s", "t"].map(|name| (name, web.url(name, "feed.xml")));
    let desk = Desk::new(LOG, feeds).expect("a desk");
    desk.configure("min_interval", "backfill = 6\nmin_interval").expect("it stands there");
    desk.configure("first = \"200ms\", max = \"2s\"", "first = \"1h\", max = \"2h\"").expect("it stands there");
    let once = || {
        let output = desk.once().expect("it runs");
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    };
    once();
    web.change("s", |site| site.feed(listed(["same two", "back two", "plain one"])).page("back", article(7)));
    once();
    web.change("s", |site| site.feed(listed(["same two", "back three", "plain one"])).page("back", article(2)));
    once();

    let told = |path: &str| text(&desk.command(&["trace", &web.url("s", path)]).expect("it runs").stdout);
    // Whichever of the two was read first brought the body.
    let (mut first, mut second) = (told("plain"), told("copy"));
    if row(&first, "state").starts_with("duplicate") {
        std::mem::swap(&mut first, &mut second);
    }
    assert!(row(&first, "state").starts_with("published at 0@"), "{first}");
    for name in ["entry", "feed", "first seen", "attempts", "url", "article", "revision", "body", "settled"] {
        assert!(!row(&first, name).is_empty(), "{name}: {first}");
    }
    assert!(row(&second, "state").starts_with("duplicate"), "{second}");
    let place = row(&second, "in the topic");
    assert!(place.contains("at 0@") && place.contains(row(&first, "entry")), "{second}");
    assert!(place.contains(row(&first, "url")), "where the other stood: {second}");
    let same = told("same");
    assert!(row(&same, "state").starts_with("unchanged") && row(&same, "in the topic").starts_with("at 0@"), "{same}");
    let back = told("back");
    assert!(row(&back, "state").starts_with("reverted") && row(&back, "in the topic").starts_with("at 0@"), "{back}");
    let brief = told("brief");
    assert_eq!(row(&brief, "state"), "dropped as too_short: only 5 words of text", "{brief}");
    let old = told("old");
    assert!(row(&old, "state").starts_with("dropped as backfill"), "{old}");
    let down = told("down");
    assert!(row(&down, "state").contains("tried again") && row(&down, "state").contains(" (in "), "{down}");
    assert!(row(&down, "last error").contains("503"), "{down}");

    let nobody = desk.command(&["trace", "http://127.0.0.1:9/never"]).expect("it runs");
    assert_eq!(nobody.status.code(), Some(1));
    let json = rows(&desk.command(&["trace", &web.url("s", "down"), "--output", "json"]).expect("it runs"));
    assert_eq!((json[0]["state"].as_str(), json[0]["attempts"].as_u64()), (Some("pending"), Some(1)), "{json:?}");
}

#[test]
fn what_was_dropped_is_listed_and_once_its_page_is_mended_a_retry_publishes_it() {
    let web = Web::start([site("s")
        .feed(rss("feed.xml").entries(["ok", "down", "brief"].map(item)))
        .page("ok", article(1))
        .page("down", article(2))
        .page_fails("down", 503, times(2))
        .page("brief", "<html><body><article><h1>Brief</h1><p>Only a few words here.</p></article></body></html>")])
    .expect("a web");
    let desk = Desk::new(LOG, [("s", web.url("s", "feed.xml"))]).expect("a desk");
    desk.configure("attempts = 8", "attempts = 2").expect("it stands there");
    let dlq = |arguments: &[&str]| desk.command(&[&["dlq"], arguments].concat()).expect("it runs");
    assert_eq!(dlq(&["list"]).status.code(), Some(0), "before the first run there is nothing, and nothing wrong");
    assert_eq!(dlq(&["retry", "--all"]).status.code(), Some(1));

    assert_eq!(desk.once().expect("it runs").status.code(), Some(0));
    let all = rows(&dlq(&["list", "--output", "json"]));
    let mut reasons: Vec<_> = all.iter().filter_map(|row| row["reason"].as_str()).collect();
    reasons.sort_unstable();
    assert_eq!(reasons, ["exhausted", "too_short"], "{all:?}");
    let down = rows(&dlq(&["list", "--reason", "exhausted", "--feed", "s", "--output", "json"]));
    assert_eq!((down.len(), down[0]["url"].as_str()), (1, Some(web.url("s", "down").as_str())));
    assert_eq!(dlq(&["list", "--reason", "exausted"]).status.code(), Some(64), "a slip of the pen is said");
    let key = down[0]["entry"].as_str().expect("a key");
    for name in [key, &web.url("s", "down")] {
        let shown = text(&dlq(&["show", name]).stdout);
        assert!(shown.contains("503") && shown.contains("lists it"), "{shown}");
    }
    assert_eq!(dlq(&["show", &web.url("s", "ok")]).status.code(), Some(1), "that is in the topic");

    assert_eq!(dlq(&["retry"]).status.code(), Some(64), "all of them must be said");
    let mut running = desk.start().expect("a daemon");
    running.wait_until_ready().expect("ready");
    let refused = dlq(&["retry", key]);
    assert_eq!(refused.status.code(), Some(75), "{}", text(&refused.stderr));
    assert!(text(&refused.stderr).contains("stop the desk first"), "{}", text(&refused.stderr));
    assert_eq!(running.stop().expect("an end").code(), Some(0));

    let retried = dlq(&["retry", &web.url("s", "down")]);
    assert_eq!(retried.status.code(), Some(0), "{}", text(&retried.stderr));
    assert_eq!(dlq(&["retry", key]).status.code(), Some(1), "it is pending now");
    let output = desk.once().expect("it runs");
    let summary: Value = serde_json::from_slice(&output.stdout).expect("a summary");
    assert_eq!((&summary["published"], &summary["pending"]), (&1.into(), &0.into()), "{summary}");
    assert_eq!(rows(&dlq(&["list", "--output", "json"])).len(), 1);
}
