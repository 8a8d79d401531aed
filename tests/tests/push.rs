//! News that hubs push (W3C WebSub), with the daemon as it is run: its own port for hubs, a hub on loopback.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use wiredesk_testkit::hub::exchange;
use wiredesk_testkit::template::article;
use wiredesk_testkit::{Hub, Manner, Web, item, rss, site};
use wiredesk_tests::Desk;

const MINUTE: Duration = Duration::from_secs(60);

/// A desk that hubs reach, and the address that they are told.
fn desk(feeds: &[(&str, String)], interval: &str) -> (Desk, String) {
    let port = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port").port();
    let callback = format!("http://127.0.0.1:{port}/hooks");
    let sections =
        format!("[publish]\nkind = \"log\"\n\n[websub]\ncallback = \"{callback}\"\nlisten = \"127.0.0.1:{port}\"\n");
    let desk = Desk::new(&sections, feeds.iter().cloned()).expect("a desk");
    desk.configure("default_interval = \"1s\"", &format!("default_interval = \"{interval}\"")).expect("configured");
    desk.configure("timeout = \"10s\"", "timeout = \"10s\"\nfeed_limit = \"64 KiB\"").expect("configured");
    (desk, callback)
}

/// What a hub sends when this path of the site is new.
fn news(web: &Web, path: &str) -> String {
    let link = web.url("s", path);
    format!(
        "<rss version='2.0'><channel><title>S</title><item><title>{path}</title><guid>{path}</guid><link>{link}</link></item></channel></rss>"
    )
}

#[test]
fn an_item_appears_by_push_without_a_poll_and_the_subscription_outlives_a_restart() {
    let hub = Hub::start(Manner::Verifies(Some(86_400))).expect("a hub");
    let link = format!("<{}>; rel=\"hub\", </feed.xml>; rel=\"self\"", hub.url());
    let web = Web::start([site("s")
        .feed(rss("feed.xml").entries([item("a").guid("a")]))
        .header("feed.xml", "Link", &link)
        .page("a", article(1))
        .page("b", article(2))
        .page("c", article(3))])
    .expect("a web");
    let (desk, _) = desk(&[("s", web.url("s", "feed.xml"))], "6h");
    let published = |running: &wiredesk_tests::desk::Running| {
        running.metric("wiredesk_entries_published_total").unwrap_or_default()
    };

    let mut running = desk.start().expect("a daemon");
    running.wait_for("a subscription", MINUTE, |_| hub.confirmed() == 1).expect("confirmed");
    assert_eq!(hub.asked()[0].topic, web.url("s", "feed.xml"));
    assert_eq!(hub.push(&news(&web, "b")).expect("an answer"), 202);
    running.wait_for("both items in the topic", MINUTE, |running| published(running) >= 2.0).expect("published");
    assert_eq!(running.stop().expect("an end").code(), Some(0));

    let mut running = desk.start().expect("a daemon");
    running.wait_until_ready().expect("ready");
    assert_eq!(hub.push(&news(&web, "c")).expect("an answer"), 202);
    assert_eq!(hub.push(&news(&web, "b")).expect("an answer"), 202);
    running.wait_for("the third item in the topic", MINUTE, |running| published(running) >= 1.0).expect("published");
    assert_eq!(running.stop().expect("an end").code(), Some(0));
    let tail = desk.command(&["tail", "--from-start", "--no-follow", "--output", "json"]).expect("tail");
    assert_eq!(String::from_utf8_lossy(&tail.stdout).lines().count(), 3, "{tail:?}");
    assert_eq!((web.count("s", "feed.xml"), web.count("s", "b"), hub.asked().len()), (1, 1, 1));

    let shown = desk.command(&["feeds", "show", "s"]).expect("feeds show");
    let shown = String::from_utf8_lossy(&shown.stdout).into_owned();
    assert!(shown.contains("/hub pushes until in 2") && shown.contains("(3 pushes taken, 0 ignored)"), "{shown}");
    let asked = &hub.asked()[0];
    let token = asked.callback.rsplit('/').next().expect("a path");
    let as_json = desk.command(&["feeds", "show", "s", "--output", "json"]).expect("feeds show");
    for text in [shown, String::from_utf8_lossy(&as_json.stdout).into_owned(), desk.log()] {
        assert!(!text.contains(&asked.secret) && !text.contains(token), "{text}");
    }
}

#[test]
fn the_port_for_hubs_answers_hubs_only_and_takes_nothing_that_is_not_signed() {
    let hub = Hub::start(Manner::Verifies(None)).expect("a hub");
    let feed = format!(
        "<rss version='2.0'><channel><title>S</title>\
         <atom:link xmlns:atom='http://www.w3.org/2005/Atom' rel='hub' href='{}'/></channel></rss>",
        hub.url()
    );
    let web =
        Web::start([site("s").typed("feed.xml", "application/rss+xml", feed).page("b", article(2))]).expect("a web");
    let (desk, callback) = desk(&[("s", web.url("s", "feed.xml"))], "6h");
    let mut running = desk.start().expect("a daemon");
    running.wait_for("a subscription", MINUTE, |_| hub.confirmed() == 1).expect("confirmed");
    let ours = hub.asked()[0].callback.clone();
    assert!(ours.starts_with(&format!("{callback}/")), "{ours}");

    // Somebody who begins a request and never goes on: left alone, and looked at again at the end.
    let address = callback.trim_start_matches("http://").trim_end_matches("/hooks");
    let mut idler = TcpStream::connect(address).expect("a connection");
    idler.write_all(b"POST /hooks/x HTTP/1.1\r\nX: ").expect("sent");

    let content = news(&web, "b");
    assert_eq!(hub.send(&[], &content).expect("an answer"), 202);
    let forged = format!("sha256={}", "0".repeat(64));
    assert_eq!(hub.send(&[("X-Hub-Signature", &forged)], &content).expect("an answer"), 202);
    assert_eq!(hub.send(&[("X-Hub-Signature", &forged)], &"x".repeat((64 << 10) + 1)).expect("an answer"), 413);

    let other = format!("{callback}/0123456789abcdef0123456789abcdef");
    let root = callback.trim_end_matches("hooks");
    for (method, url, status) in [
        ("GET", ours.clone(), 404),
        ("HEAD", ours.clone(), 405),
        ("PUT", ours.clone(), 405),
        ("GET", format!("{ours}?hub.mode=unsubscribe&hub.topic={}&hub.challenge=x", web.url("s", "feed.xml")), 404),
        ("GET", format!("{other}?hub.mode=subscribe&hub.topic=x&hub.challenge=x"), 404),
        ("POST", other, 410),
        ("POST", format!("{callback}/short"), 404),
        ("POST", callback.clone(), 404),
        ("GET", format!("{root}metrics"), 404),
        ("GET", format!("{root}healthz"), 404),
    ] {
        let (answered, body) = exchange(method, &url, &[], "").expect("an answer");
        assert_eq!((answered, body.as_str()), (status, ""), "{method} {url}");
    }

    let (_, metrics) = running.ask("/metrics").expect("metrics");
    for counted in ["unsigned\"} 1", "wrongly_signed\"} 1", "not_received\"} 1", "taken\"} 0"] {
        assert!(metrics.contains(&format!("wiredesk_pushes_total{{result=\"{counted}")), "{counted}\n{metrics}");
    }
    assert_eq!(running.metric("wiredesk_entries_seen_total").expect("a metric"), 0.0);
    assert_eq!(web.count("s", "b"), 0);
    idler.set_read_timeout(Some(MINUTE)).expect("set");
    let mut said = Vec::new();
    assert!(idler.read_to_end(&mut said).is_ok(), "it was hung up on");
    assert!(!String::from_utf8_lossy(&said).contains(" 20"), "{said:?}");
}

#[test]
fn where_the_hub_disappears_or_denies_polling_goes_on() {
    let (lost, denying) = (
        Hub::start(Manner::Verifies(None)).expect("a hub"),
        Hub::start(Manner::Denies("no room".into())).expect("a hub"),
    );
    let link = |hub: &Hub| format!("<{}>; rel=hub", hub.url());
    let web = Web::start([site("s")
        .feed(rss("lost.xml").entries([item("a").guid("a")]))
        .header("lost.xml", "Link", &link(&lost))
        .feed(rss("denied.xml"))
        .header("denied.xml", "Link", &link(&denying))
        .page("a", article(1))
        .page("b", article(2))])
    .expect("a web");
    let feeds = [("lost", web.url("s", "lost.xml")), ("denied", web.url("s", "denied.xml"))];
    let (desk, _) = desk(&feeds, "1s");
    let mut running = desk.start().expect("a daemon");
    running.wait_for("a subscription", MINUTE, |_| lost.confirmed() == 1).expect("confirmed");
    assert_eq!(lost.push(&news(&web, "a")).expect("an answer"), 202, "it delivers, and is gone");
    let polled = web.count("s", "lost.xml");
    running.wait_for("a poll beside the hub", MINUTE, |_| web.count("s", "lost.xml") > polled).expect("polled");
    drop(lost);
    web.change("s", |site| site.feed(rss("lost.xml").entries([item("b").guid("b"), item("a").guid("a")])));
    let published = |running: &wiredesk_tests::desk::Running| running.metric("wiredesk_entries_published_total");
    running
        .wait_for("the next item, by a poll", MINUTE, |running| published(running).is_ok_and(|number| number >= 2.0))
        .expect("published");

    running.wait_for("the denial", MINUTE, |_| desk.log().contains("denied, and polled on")).expect("a denial");
    let polled = web.count("s", "denied.xml");
    running.wait_for("a further poll", MINUTE, |_| web.count("s", "denied.xml") > polled).expect("polled on");
    let shown = desk.command(&["feeds", "show", "denied"]).expect("feeds show");
    let shown = String::from_utf8_lossy(&shown.stdout).into_owned();
    assert!(shown.contains("denies it, asked again in 23h: no room"), "{shown}");
}
