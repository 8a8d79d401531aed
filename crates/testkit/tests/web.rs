//! The server does what it is told: seen through a plain socket, for a client library would hide half of it.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use wiredesk_testkit::demo::{DemoWeb, Expect};
use wiredesk_testkit::prose::letters;
use wiredesk_testkit::{Web, atom, forever, item, newsroom, rss, site, times};

struct Got {
    status: u16,
    head: String,
    body: Vec<u8>,
}

impl Got {
    fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (found, value) = line.split_once(": ")?;
            found.eq_ignore_ascii_case(name).then_some(value)
        })
    }
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

fn get(url: &str, headers: &[(&str, &str)]) -> Got {
    let rest = url.strip_prefix("http://").expect("http");
    let (host, path) = rest.split_once('/').expect("a path");
    let mut socket = TcpStream::connect(host).expect("connects");
    let mut request = format!("GET /{path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n");
    for (name, value) in headers {
        request.push_str(&format!("{name}: {value}\r\n"));
    }
    socket.write_all(format!("{request}\r\n").as_bytes()).expect("writes");
    let mut bytes = Vec::new();
    socket.read_to_end(&mut bytes).expect("reads");
    let end = bytes.windows(4).position(|w| w == b"\r\n\r\n").expect("a head");
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let status = head.split(' ').nth(1).and_then(|s| s.parse().ok()).expect("a status");
    Got { status, head, body: bytes.split_off(end + 4) }
}

#[test]
fn a_known_document_is_a_304_until_it_changes() {
    let web = Web::start([site("alpha").feed(rss("feed.xml").entries(["a/1"])).page("a/1", "one")]).expect("starts");
    for path in ["feed.xml", "a/1"] {
        let url = web.url("alpha", path);
        let first = get(&url, &[]);
        assert_eq!(first.status, 200);
        let etag = first.header("etag").expect("etag").to_owned();
        let modified = first.header("last-modified").expect("last-modified").to_owned();
        let again = get(&url, &[("if-none-match", &etag)]);
        assert_eq!((again.status, again.body.len()), (304, 0));
        assert_eq!(get(&url, &[("if-modified-since", &modified)]).status, 304);
        assert_eq!(get(&url, &[("if-none-match", "\"other\""), ("if-modified-since", &modified)]).status, 200);
        web.replace("alpha", path, "<rss/>");
        assert_eq!(get(&url, &[("if-none-match", &etag)]).text(), "<rss/>");
        assert_eq!(get(&url, &[("if-modified-since", &modified)]).status, 200);
        assert_eq!(web.count("alpha", path), 6);
    }
    let seen = web.requests("alpha");
    assert_eq!(seen.len(), 12);
    assert!(!seen[0].is_conditional() && seen[1].is_conditional());
    assert_eq!(web.gaps("alpha").len(), 11);
    assert_eq!(web.peak("alpha"), 1);
}

#[test]
fn failures_come_in_the_order_told_and_end() {
    let alpha = site("alpha")
        .page("p", "ok")
        .page_fails("p", 503, times(2))
        .page_fails("p", 429, times(1))
        .retry_after("p", "120");
    let web = Web::start([alpha.page_fails("q", 500, forever()), site("beta").fails(502, times(1)).page("p", "up")])
        .expect("starts");
    let statuses: Vec<_> = (0..4).map(|_| get(&web.url("alpha", "p"), &[])).collect();
    assert_eq!(statuses.iter().map(|got| got.status).collect::<Vec<_>>(), [503, 503, 429, 200]);
    assert_eq!(statuses[2].header("retry-after"), Some("120"));
    assert_eq!(statuses[3].header("retry-after"), None);
    assert!((0..5).all(|_| get(&web.url("alpha", "q"), &[]).status == 500));
    web.change("alpha", |site| site.recovers("q"));
    assert!(
        get(&web.url("alpha", "q"), &[]).text().contains("<article>"),
        "an article is made for a path that only behaves"
    );
    assert_eq!(get(&web.url("alpha", "robots.txt"), &[]).status, 404);
    assert_eq!((get(&web.url("beta", "p"), &[]).status, get(&web.url("beta", "p"), &[]).status), (502, 200));
}

#[test]
fn pages_may_depend_on_how_often_they_were_fetched() {
    let web = Web::start([site("alpha").page_fn("p", |n| format!("fetch {n}"))]).expect("starts");
    assert_eq!(get(&web.url("alpha", "p"), &[]).text(), "fetch 1");
    let second = get(&web.url("alpha", "p?page=2"), &[]);
    assert_eq!(second.header("last-modified"), None);
    assert_eq!(web.count("alpha", "p"), 2);
    assert_eq!(web.count("alpha", "p?page=2"), 1);
}

#[test]
fn redirects_types_sizes_and_packing_are_as_told() {
    let alpha = site("alpha")
        .redirect("old", 301, "new")
        .redirect("away", 302, "{{base:beta}}/x")
        .typed("doc.pdf", "application/pdf", b"%PDF-1.4".to_vec())
        .large("big", 3_000_000)
        .gzip("big")
        .header("doc.pdf", "x-note", "seen")
        .page("gone", "not here")
        .status("gone", 410);
    let web = Web::start([
        alpha,
        site("beta").page("x", "at {{base}}, not {{base:alpha}}").robots("User-agent: *\nDisallow: /"),
    ])
    .expect("starts");
    let moved = get(&web.url("alpha", "old"), &[]);
    assert_eq!((moved.status, moved.header("location")), (301, Some("/new")));
    assert_eq!(get(&web.url("alpha", "away"), &[]).header("location"), Some(web.url("beta", "x").as_str()));
    let pdf = get(&web.url("alpha", "doc.pdf"), &[]);
    assert_eq!((pdf.header("content-type"), pdf.header("x-note")), (Some("application/pdf"), Some("seen")));
    assert_eq!(get(&web.url("alpha", "big"), &[]).body.len(), 3_000_000);
    let packed = get(&web.url("alpha", "big"), &[("accept-encoding", "gzip")]);
    assert_eq!(packed.header("content-encoding"), Some("gzip"));
    let mut text = String::new();
    flate2::read::GzDecoder::new(&packed.body[..]).read_to_string(&mut text).expect("gzip");
    assert_eq!(text.len(), 3_000_000);
    let gone = get(&web.url("alpha", "gone"), &[]);
    assert_eq!((gone.status, gone.text().as_str()), (410, "not here"));
    assert_eq!(get(&web.url("beta", "x"), &[]).text(), format!("at {}, not {}", web.base("beta"), web.base("alpha")));
    assert!(get(&web.url("beta", "robots.txt"), &[]).text().contains("Disallow"));
}

#[test]
fn a_body_may_drip_or_break_off() {
    let alpha = site("alpha")
        .page("drip", "0123456789")
        .drip("drip", 3, Duration::from_millis(1))
        .page("cut", "0123456789")
        .cut("cut", 4);
    let web = Web::start([alpha]).expect("starts");
    assert_eq!(get(&web.url("alpha", "drip"), &[]).text(), "0123456789");
    let cut = get(&web.url("alpha", "cut"), &[]);
    assert_eq!((cut.header("content-length"), cut.text().as_str()), (Some("10"), "0123"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_held_page_waits_and_is_counted_as_open() {
    let web = Web::start([site("alpha").page("p", "late").held("p").page("q", "now")]).expect("starts");
    let url = web.url("alpha", "p");
    let read = || {
        let url = url.clone();
        tokio::task::spawn_blocking(move || get(&url, &[]).text())
    };
    let readers = [read(), read(), read()];
    web.seen("alpha", "p", 3).await;
    assert_eq!((web.open("alpha"), web.peak("alpha")), (3, 3));
    web.release("alpha", "p");
    for reader in readers {
        assert_eq!(reader.await.expect("reads"), "late");
    }
    assert_eq!((web.open("alpha"), web.peak("alpha"), web.peak_overall()), (0, 3, 3));
}

#[test]
fn slowness_is_told_by_the_clock_of_the_page_alone() {
    let web = Web::start([site("alpha").page("slow", "s").slow("slow", Duration::from_millis(40)).page("fast", "f")])
        .expect("starts");
    let from = std::time::Instant::now();
    assert_eq!(get(&web.url("alpha", "slow"), &[]).text(), "s");
    assert!(from.elapsed() >= Duration::from_millis(40));
}

#[test]
fn nothing_answers_after_the_drop_not_even_a_held_page() {
    let web = Web::start([site("alpha").page("p", "late").held("p")]).expect("starts");
    let mut socket = TcpStream::connect(web.host("alpha")).expect("connects");
    socket.write_all(b"GET /p HTTP/1.1\r\nhost: x\r\n\r\n").expect("writes");
    drop(web);
    let mut rest = Vec::new();
    // A reset is as good an end as a close.
    let _ = socket.read_to_end(&mut rest);
    assert!(rest.is_empty());
}

#[test]
fn feeds_say_what_they_were_given() {
    let alpha = site("alpha")
        .feed(
            rss("rss").title("A & B").ttl(20).entries([
                item("a/1")
                    .title("One <1>")
                    .guid("g1")
                    .summary("<b>s</b>")
                    .content("<p>c</p>")
                    .published("2026-11-01T00:00:00Z")
                    .author("Ada"),
                item("{{base:beta}}/x").undated(),
            ]),
        )
        .feed(atom("atom").entries(["a/1", "a/2"]));
    let web = Web::start([alpha, site("beta")]).expect("starts");
    let rss = get(&web.url("alpha", "rss"), &[]).text();
    for part in [
        "<title>A &amp; B</title>".to_owned(),
        "<ttl>20</ttl>".to_owned(),
        "<title>One &lt;1&gt;</title>".to_owned(),
        "<guid isPermaLink=\"false\">g1</guid>".to_owned(),
        "<pubDate>Sun, 01 Nov 2026 00:00:00 +0000</pubDate>".to_owned(),
        "<content:encoded><![CDATA[<p>c</p>]]></content:encoded>".to_owned(),
        format!("<link>{}</link>", web.url("alpha", "a/1")),
        format!("<link>{}</link>", web.url("beta", "x")),
    ] {
        assert!(rss.contains(&part), "{part} is not in {rss}");
    }
    assert_eq!(rss.matches("<pubDate>").count(), 1);
    let before = get(&web.url("alpha", "atom"), &[]).text();
    web.change("alpha", |site| site.edit_feed("atom", |feed| feed.on_top("a/0").edit("a/2", |item| item.title("Two"))));
    let after = get(&web.url("alpha", "atom"), &[]).text();
    assert_eq!((before.matches("<entry>").count(), after.matches("<entry>").count()), (2, 3));
    let first = before.split("<entry>").nth(1).expect("an entry");
    assert!(after.contains(first), "an entry does not change because another came");
}

#[test]
fn every_page_of_the_demo_is_what_it_says() {
    let demo = DemoWeb::start().expect("starts");
    let stories = demo.stories();
    let feeds: Vec<_> = demo.feeds().iter().map(|feed| get(&feed.url, &[])).collect();
    assert!(feeds.iter().all(|feed| feed.status == 200 && !feed.text().contains("{{")));
    for feed in &feeds {
        let text = feed.text();
        let guids: Vec<_> = text.split("<guid").skip(1).filter_map(|part| part.split("</guid>").next()).collect();
        assert_eq!(guids.iter().collect::<std::collections::BTreeSet<_>>().len(), guids.len());
    }
    let mut failed = 0;
    for page in demo.pages() {
        let path = page.url.splitn(4, '/').nth(3).expect("a path");
        // The slow house's pages are read by the daemon's own tests.
        if page.feed == "gazette" && matches!(page.expect, Expect::Story(_)) {
            continue;
        }
        let mut got = get(&page.url, &[]);
        if got.status == 503 {
            failed += 1;
            got = get(&page.url, &[]);
        }
        let expected = match &page.expect {
            Expect::Gone => 404,
            _ if path.starts_with("members/") => 302,
            _ => 200,
        };
        assert_eq!(got.status, expected, "{path}");
        assert!(!got.text().contains("{{"), "{path} has an unfilled place");
        if let Expect::Story(slug) = &page.expect {
            let story = stories.iter().find(|story| story.slug == *slug).expect("known");
            // `portal` writes references, which a plain search does not read.
            if page.feed != "portal" {
                let html = letters(&got.text());
                for paragraph in &story.paragraphs {
                    let wanted = letters(wiredesk_testkit::prose::plain(paragraph));
                    assert!(html.contains(&wanted), "{path} lacks: {paragraph}");
                }
            }
        }
    }
    assert_eq!(failed, 1);
    let page = demo.correct();
    assert!(get(&page, &[]).text().contains("eight weeks, not six"));
}

#[test]
fn a_bulk_web_makes_its_pages_on_demand() {
    let room = newsroom::many(12, 40, 3, 9);
    let told: Vec<_> = room.stories().collect();
    let pages = room.pages();
    let web = Web::start(room.sites).expect("starts");
    let mut read = 0;
    for name in web.names().map(str::to_owned).collect::<Vec<_>>() {
        let feed = get(&web.url(&name, "feed.xml"), &[]).text();
        for link in feed.split("<link>").skip(2).filter_map(|part| part.split("</link>").next()) {
            let number: usize = link.rsplit('/').next().and_then(|n| n.parse().ok()).expect("a number");
            if name != "n3" {
                let html = letters(&get(link, &[]).text());
                assert!(html.contains(&letters(&told[number].paragraphs[0])), "{link}");
            }
            read += 1;
        }
    }
    assert_eq!(read, pages);
}
