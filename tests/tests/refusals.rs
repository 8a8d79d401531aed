//! Bad input, bad surroundings: a clear word, the right exit code, and nothing lost.

use std::net::TcpListener;
use std::time::Duration;

use serde_json::Value;
use wiredesk_testkit::template::article;
use wiredesk_testkit::{Web, forever, item, rss, site};
use wiredesk_tests::Desk;

const LOG: &str = "[publish]\nkind = \"log\"\n";

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn plain_web() -> Web {
    Web::start([site("s").feed(rss("feed.xml").entries(["a"]))]).expect("a web")
}

/// A port where nobody listens.
fn closed_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port").port()
}

#[test]
fn a_bad_configuration_is_refused_with_all_its_faults_and_78() {
    let desk = Desk::new(LOG, [("Bad Id", "ftp://example.org/feed".to_owned())]).expect("a desk");
    desk.configure("default_interval = \"1s\"", "default_intervall = \"1s\"").expect("it stands there");
    for arguments in [&["check"][..], &["run", "--once"][..]] {
        let output = desk.command(arguments).expect("it runs");
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(78), "{said}");
        for word in ["default_intervall", "default_interval", "wiredesk.toml:7", "ftp", "Bad Id"] {
            assert!(said.contains(word), "{word}: {said}");
        }
    }
}

#[test]
fn a_data_dir_that_cannot_be_written_is_said_and_ends_in_74() {
    let desk = Desk::new(LOG, [("s", "http://127.0.0.1:1/feed".to_owned())]).expect("a desk");
    desk.configure("data_dir = \"data\"", "data_dir = \"/dev/null/data\"").expect("it stands there");
    let output = desk.once().expect("it runs");
    assert_eq!(output.status.code(), Some(74), "{}", text(&output.stderr));
    assert!(text(&output.stderr).contains("/dev/null/data"));
}

#[test]
fn a_second_daemon_is_told_the_first_ones_pid_and_ends_in_75() {
    let web = plain_web();
    let desk = Desk::new(LOG, [("s", web.url("s", "feed.xml"))]).expect("a desk");
    let mut first = desk.start().expect("a daemon");
    first.wait_until_ready().expect("ready");
    let second = desk.once().expect("it runs");
    assert_eq!(second.status.code(), Some(75));
    assert!(text(&second.stderr).contains(&first.id().to_string()), "{}", text(&second.stderr));
}

#[test]
fn an_unreachable_broker_ends_once_in_69_and_holds_up_no_poll_of_the_daemon() {
    let web = plain_web();
    let port = closed_port();
    let publish = format!(
        "[publish]\nkind = \"kafka\"\n[publish.kafka]\nbrokers = \"127.0.0.1:{port}\"\ntopic = \"t\"\nconnect_timeout = \"3s\"\n"
    );
    let desk = Desk::new(&publish, [("s", web.url("s", "feed.xml"))]).expect("a desk");
    let once = desk.once().expect("it runs");
    assert_eq!(once.status.code(), Some(69), "{}", text(&once.stderr));
    assert!(text(&once.stderr).contains(&format!("127.0.0.1:{port}")), "{}", text(&once.stderr));

    let before = web.count("s", "feed.xml");
    let mut running = desk.start().expect("a daemon");
    running.wait_for("a poll", Duration::from_secs(30), |_| web.count("s", "feed.xml") > before).expect("polls go on");
    running
        .wait_for("a clear word", Duration::from_secs(30), |running| {
            running.ask("/readyz").is_ok_and(|(status, body)| status == 503 && body.contains(&port.to_string()))
        })
        .expect("readyz names the broker");
    assert_eq!(running.ask("/healthz").expect("an answer").0, 200);
    assert_eq!(running.stop().expect("an end").code(), Some(0));
    let named = desk.log().lines().filter(|line| line.contains("no Kafka broker answers")).count();
    assert_eq!(named, 1, "one line a minute\n{}", desk.log());
}

#[test]
fn each_thing_that_is_no_article_has_its_reason_and_costs_no_neighbour() {
    let items = ["ok", "pdf", "short", "large", "private", "fine"].map(|path| item(path).guid(path));
    let web = Web::start([
        site("s")
            .feed(rss("feed.xml").entries(items).entries([item("ftp://files.example/x").guid("ftp")]))
            .page("ok", article(1))
            .typed("pdf", "application/pdf", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n".to_vec())
            .page("short", "<html><body><article><h1>Brief</h1><p>Only a few words here.</p></article></body></html>")
            .large("large", 5 << 20)
            .redirect("private", 302, "http://192.168.0.1/x")
            .page("fine", article(2)),
        site("html").page(
            "feed.xml",
            "<!doctype html><html><head><title>Hello</title></head><body><p>Not a feed.</p></body></html>",
        ),
        site("down").page("x", "").fails(500, forever()),
    ])
    .expect("a web");
    let feeds = ["s", "html", "down"].map(|name| (name, web.url(name, "feed.xml")));
    let desk = Desk::new(LOG, feeds).expect("a desk");
    let output = desk.once().expect("it runs");
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let summary: Value = serde_json::from_slice(&output.stdout).expect("a summary");
    assert_eq!(summary["published"], 2, "{summary}");
    assert_eq!((&summary["feeds_read"], &summary["feeds_failed"]), (&1.into(), &2.into()), "{summary}");
    let dropped = &summary["dropped"];
    for (reason, count) in [("not_article", 1), ("too_short", 1), ("too_large", 1), ("no_link", 2)] {
        assert_eq!(dropped[reason], count, "{reason}: {summary}");
    }
    let letters = std::fs::read_dir(desk.data().join("log/articles.dlq")).expect("the dead letters");
    let letters: String =
        letters.map(|file| std::fs::read_to_string(file.expect("a file").path()).expect("text")).collect();
    assert_eq!(letters.lines().count(), 5, "{letters}");
    assert!(letters.contains("192.168.0.1"), "the forbidden address is named: {letters}");
}

#[test]
fn private_addresses_are_out_of_reach_unless_allowed() {
    let web = plain_web();
    let desk = Desk::new(LOG, [("s", web.url("s", "feed.xml"))]).expect("a desk");
    desk.configure("allow_networks = [\"127.0.0.0/8\"]", "").expect("it stands there");
    let output = desk.once().expect("it runs");
    assert_eq!(output.status.code(), Some(1), "no feed could be read");
    assert!(text(&output.stderr).contains("allow_networks"), "{}", text(&output.stderr));
    assert_eq!(web.total(), 0, "nothing was asked");
}

#[test]
fn the_admin_server_takes_get_from_loopback_names_only() {
    let web = plain_web();
    let desk = Desk::new(LOG, [("s", web.url("s", "feed.xml"))]).expect("a desk");
    let mut running = desk.start().expect("a daemon");
    running.wait_until_ready().expect("ready");
    let post = "POST /metrics HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    assert_eq!(running.request(post).expect("an answer").0, 405);
    let rebound = "GET /metrics HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n";
    assert_eq!(running.request(rebound).expect("an answer").0, 421);
    let (status, metrics) = running.ask("/metrics").expect("an answer");
    assert_eq!(status, 200);
    for name in [
        "wiredesk_polls_total",
        "wiredesk_fetches_total",
        "wiredesk_stage_duration_seconds_bucket",
        "wiredesk_entries_pending",
    ] {
        assert!(metrics.contains(name), "{name}");
    }
    assert!(!metrics.contains("127.0.0.1"), "no label is a URL or host");
}

#[test]
fn one_text_under_several_titles_on_a_host_is_a_wall_and_no_copy() {
    let wall = |title: &str| {
        let text =
            "Before you go on to this paper we would like to set cookies and to measure how long you stay with us. "
                .repeat(4);
        format!(
            "<html><head><title>{title}</title></head><body><article><h1>{title}</h1><p>{text}</p></article></body></html>"
        )
    };
    let path = |title: &str| title.replace(' ', "-");
    let titles = ["Bridge opens", "Market closes", "Ferry late", "Choir sings"];
    let mut paper = site("paper").feed(rss("feed.xml").entries(titles.map(|title| item(&path(title)).title(title))));
    for title in titles {
        paper = paper.page(&path(title), wall(title));
    }
    let web = Web::start([paper]).expect("a web");
    let desk = Desk::new(LOG, [("paper", web.url("paper", "feed.xml"))]).expect("a desk");
    desk.configure("concurrency = 4", "concurrency = 1").expect("it stands there");
    let output = desk.once().expect("it runs");
    let summary: Value = serde_json::from_slice(&output.stdout).expect("a summary");
    let refused = summary["dropped"]["wall"].as_u64().unwrap_or_default()
        + summary["dropped"]["not_article"].as_u64().unwrap_or_default();
    assert!(refused >= 2, "{summary}");
}

#[test]
fn a_password_in_a_feeds_address_stays_out_of_records_letters_and_logs() {
    let web = Web::start([site("s").feed(rss("feed.xml").entries(["a", "b"])).page("a", article(1))]).expect("a web");
    let secret = web.url("s", "feed.xml").replace("http://", "http://desk:hunter2@");
    let desk = Desk::new(LOG, [("s", secret)]).expect("a desk");
    let output = desk.once().expect("it runs");
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let shown = desk.command(&["feeds", "show", "s"]).expect("it runs");
    let mut all = text(&output.stderr) + &text(&output.stdout) + &text(&shown.stdout);
    for folder in ["log/articles", "log/articles.dlq"] {
        for file in std::fs::read_dir(desk.data().join(folder)).into_iter().flatten() {
            all += &std::fs::read_to_string(file.expect("a file").path()).expect("text");
        }
    }
    assert!(all.contains("\"feed\":{\"id\":\"s\""), "there is a record");
    assert!(!all.contains("hunter2"), "{all}");
    let sent = web.requests("s").iter().any(|seen| seen.header("authorization").is_some());
    assert!(sent, "the server gets it");
}

#[test]
fn entries_that_cannot_start_hold_up_no_poll() {
    let feeds = ["1.xml", "2.xml", "3.xml"];
    let web =
        Web::start([feeds.iter().fold(site("s"), |site, path| site.feed(rss(path).entries([item("a").guid(path)])))])
            .expect("a web");
    let publish = format!(
        "[publish]\nkind = \"kafka\"\n[publish.kafka]\nbrokers = \"127.0.0.1:{}\"\ntopic = \"t\"\n",
        closed_port()
    );
    let desk = Desk::new(&publish, feeds.map(|path| (path, web.url("s", path)))).expect("a desk");
    desk.configure("concurrency = 4, delay = \"0s\"", "concurrency = 1, delay = \"500ms\"").expect("it stands there");
    let mut running = desk.start().expect("a daemon");
    running
        .wait_for("each feed to be polled twice", Duration::from_secs(20), |_| {
            feeds.iter().all(|path| web.count("s", path) >= 2)
        })
        .expect("polls go on without a topic");
}

#[test]
fn sick_feeds_are_listed_by_name_with_what_is_the_matter() {
    let page = "<!doctype html><html><head><link rel=\"alternate\" type=\"application/rss+xml\" href=\"/good.xml\"></head></html>";
    let web = Web::start([site("s")
        .feed(rss("good.xml").entries(["a"]).ttl(30))
        .page("gone.xml", "")
        .status("gone.xml", 410)
        .page("page.xml", page)])
    .expect("a web");
    let feeds = ["good", "gone", "page"].map(|name| (name, web.url("s", &format!("{name}.xml"))));
    let desk = Desk::new(LOG, feeds).expect("a desk");
    assert_eq!(desk.once().expect("it runs").status.code(), Some(0));
    let listed = text(&desk.command(&["feeds", "list", "--sick", "--output", "json"]).expect("it runs").stdout);
    let rows: Vec<Value> = listed.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let named: Vec<_> = rows.iter().map(|row| (row["id"].as_str(), row["conditions"].to_string())).collect();
    assert_eq!(named, [(Some("gone"), "[\"gone\"]".into()), (Some("page"), "[\"html\"]".into())], "{listed}");
    let shown = text(&desk.command(&["feeds", "list", "--sick"]).expect("it runs").stdout);
    assert!(shown.contains("gone for good (410)") && shown.contains("good.xml"), "{shown}");
    assert!(!shown.contains("ok"), "{shown}");
    let good = text(&desk.command(&["feeds", "show", "good"]).expect("it runs").stdout);
    assert!(good.contains("every 30m") && good.contains("identity") && good.contains("guid"), "{good}");
}
