//! Servers that mean ill, or are broken, in the place of a feed's: each ends in a reason that an operator can act on, and none costs more
//! than is written down. That `fetch` holds its guards is tried in its own tests; here they are seen from the feed's side.
//!
//! `cargo test --release -p wiredesk-pipeline --test hostile_feeds -- --nocapture` prints what each costs.

mod world;

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use wiredesk_model::habits::Condition;
use wiredesk_model::units::{Size, Span};
use world::{Server, World, page, reply, rss};

/// What a connection gets, once it has asked.
type Deed = Arc<dyn Fn(&mut TcpStream) -> std::io::Result<()> + Send + Sync>;

/// A server that does what the path's deed is, for as long as the other side listens.
fn server(deeds: Vec<(&'static str, Deed)>) -> String {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    let address = listener.local_addr().expect("an address");
    let deeds = Arc::new(deeds);
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let deeds = deeds.clone();
            std::thread::spawn(move || {
                let (mut head, mut piece) = (Vec::new(), [0u8; 2048]);
                while !head.windows(4).any(|end| end == b"\r\n\r\n") {
                    match stream.read(&mut piece) {
                        Ok(n) if n > 0 => head.extend_from_slice(&piece[..n]),
                        _ => return,
                    }
                }
                let head = String::from_utf8_lossy(&head).into_owned();
                let path = head.split(' ').nth(1).unwrap_or_default().trim_start_matches('/').to_owned();
                let deed = deeds.iter().find(|(name, _)| slug(name) == path).map(|(_, deed)| deed.clone());
                // Who is hung up on has been found out.
                let _ = deed.map(|deed| deed(&mut stream));
            });
        }
    });
    format!("http://{address}")
}

fn slug(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect()
}

fn says(bytes: impl Into<Vec<u8>>) -> Deed {
    let bytes = bytes.into();
    Arc::new(move |stream| stream.write_all(&bytes))
}

/// The head of an answer, then the body.
fn answers(fields: &str, body: &[u8]) -> Deed {
    says([format!("HTTP/1.1 200 OK\r\nConnection: close\r\n{fields}\r\n").as_bytes(), body].concat())
}

fn for_ever(start: &'static str, again: &'static [u8]) -> Deed {
    Arc::new(move |stream| {
        stream.write_all(start.as_bytes())?;
        loop {
            stream.write_all(again)?;
        }
    })
}

/// These bytes, then nothing, until the other side gives up.
fn hangs(bytes: &'static str) -> Deed {
    Arc::new(move |stream| {
        stream.write_all(bytes.as_bytes())?;
        stream.read(&mut [0]).map(drop)
    })
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).expect("memory takes all");
    encoder.finish().expect("memory takes all")
}

/// A world with a feed for each deed, which is polled once.
async fn polled(deeds: &[(&'static str, Deed)], set: impl FnOnce(&mut World)) -> World {
    let base = server(deeds.to_vec());
    let mut world = World::new();
    for (name, _) in deeds {
        world = world.feed(&slug(name), &format!("{base}/{}", slug(name)));
    }
    world.politeness.concurrency = 8;
    set(&mut world);
    world.once().await;
    world
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_a_server_does_in_a_feeds_place_has_a_name() {
    let feed = rss("", &[("one", "")]);
    let twice = gzip(&gzip(feed.as_bytes()));
    let bomb = gzip(&vec![b' '; 32 << 20]);
    let cases: Vec<(&str, Deed, &str)> = vec![
        ("an endless body", for_ever("HTTP/1.1 200 OK\r\n\r\n<rss>", b"<item/> "), "weighs more than 1048576 bytes"),
        ("a length over the limit", hangs("HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n"), "weighs more than"),
        (
            "a length that is none",
            answers("Content-Length: -5\r\n", feed.as_bytes()),
            "does not speak HTTP as it should",
        ),
        (
            "two lengths",
            answers("Content-Length: 5\r\nContent-Length: 9\r\n", feed.as_bytes()),
            "does not speak HTTP as",
        ),
        ("more promised than sent", answers("Content-Length: 900000\r\n", feed.as_bytes()), "or it broke"),
        ("less promised than the root", answers("Content-Length: 30\r\n", feed.as_bytes()), "the feed is broken"),
        ("a bomb", answers("Content-Encoding: gzip\r\n", &bomb), "weighs more than 1048576 bytes"),
        ("packed twice", answers("Content-Encoding: gzip, gzip\r\n", &twice), "is encoded as `gzip, gzip`"),
        (
            "packed twice in two lines",
            answers("Content-Encoding: gzip\r\nContent-Encoding: gzip\r\n", &twice),
            "is encoded as `gzip, gzip`",
        ),
        ("packed in silence", answers("", &gzip(feed.as_bytes())), "is an archive"),
        ("packed and cut", answers("Content-Encoding: gzip\r\n", &gzip(feed.as_bytes())[..60]), "cannot be decoded"),
        ("not packed at all", answers("Content-Encoding: br\r\n", feed.as_bytes()), "cannot be decoded"),
        (
            "endless headers",
            for_ever("HTTP/1.1 200 OK\r\n", b"X-More: and more\r\n"),
            "does not speak HTTP as it should",
        ),
        ("an endless header", for_ever("HTTP/1.1 200 OK\r\nX: ", b"xxxxxxxx"), "does not speak HTTP as it should"),
        ("a heavy header", answers(&format!("X: {}\r\n", "x".repeat(65 << 10)), b"<rss/>"), "bytes of headers"),
        ("a circle", says("HTTP/1.1 301 Moved\r\nLocation: /a-circle\r\nContent-Length: 0\r\n\r\n"), "a loop"),
        (
            "a redirect to nowhere",
            says("HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n"),
            "status 302, which makes no sense",
        ),
        (
            "a redirect inside",
            says("HTTP/1.1 302 Found\r\nLocation: http://2852039166/\r\n\r\n"),
            "leads to 169.254.169.254",
        ),
        (
            "a redirect to a file",
            says("HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\n\r\n"),
            "only http and https",
        ),
        (
            "part of it",
            says("HTTP/1.1 206 Partial\r\nContent-Length: 6\r\n\r\n<rss/>"),
            "status 206, which makes no sense",
        ),
        ("nothing", answers("Content-Length: 0\r\n", b""), "the answer is empty"),
        ("only blanks", answers("", &[b' '; 100_000]), "the answer is empty"),
        ("a document", answers("Content-Type: application/rss+xml\r\n", b"%PDF-1.7 and so on"), "is a PDF"),
        ("a film", answers("", b"\x00\x00\x00\x18ftypmp42 and so on"), "is video"),
        (
            "bytes",
            answers("Content-Type: text/xml\r\n", &[0, 1, 2, 3, 250, 251].repeat(200)),
            "the answer is not a feed",
        ),
        ("a page", answers("", b"<!doctype html><title>Before you continue</title>"), "is an HTML page, not a feed"),
        ("a picture in words", answers("", b"<svg xmlns='http://www.w3.org/2000/svg'/>"), "a <svg> document"),
        ("an error in JSON", answers("", b"{\"error\":\"no\"}"), "JSON without items"),
        (
            "an index",
            answers("", b"<sitemapindex><sitemap><loc>/n.xml</loc></sitemap></sitemapindex>"),
            "a sitemap index",
        ),
        ("another protocol", says("SSH-2.0-OpenSSH_9\r\n"), "does not speak HTTP as it should"),
        ("silence", says(""), "does not speak HTTP as it should"),
    ];
    let deeds: Vec<_> = cases.iter().map(|(name, deed, _)| (*name, deed.clone())).collect();
    let limits = |world: &mut World| {
        world.fetch.feed_limit = Size::mib(1);
        world.fetch.page_limit = Size::mib(1);
        world.fetch.memory = Size::mib(16);
    };
    let world = polled(&deeds, limits).await;
    for (name, _, expected) in &cases {
        let state = world.state(&slug(name)).await;
        let error = state.last_error.unwrap_or_else(|| panic!("{name}: no error"));
        assert!(error.contains(expected), "{name}: {error}");
        assert!(!error.contains(char::is_control) && error.len() < 600, "{name}: {error}");
        assert_eq!((state.failures, state.validators.etag), (1, None), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_does_not_come_to_an_end_is_left_at_the_deadline_by_name() {
    let deeds = [
        ("no answer", hangs("")),
        ("half a header", hangs("HTTP/1.1 200 OK\r\nX-Slow: ")),
        ("no body", hangs("HTTP/1.1 200 OK\r\n\r\n")),
        ("half a body", hangs("HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n<rss><channel>")),
    ];
    let world = polled(&deeds, |world| world.fetch.timeout = Span::millis(700)).await;
    for (name, _) in &deeds {
        let error = world.state(&slug(name)).await.last_error.expect(name);
        assert!(error.contains("took longer than 700ms"), "{name}: {error}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_feed_that_comes_a_byte_a_second_is_too_slow_by_name() {
    let slowly: Deed = Arc::new(|stream| {
        stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n")?;
        for byte in b"<rss><channel><title>Slow</title>".repeat(9) {
            stream.write_all(&[byte])?;
            std::thread::sleep(Duration::from_secs(1));
        }
        Ok(())
    });
    let world = polled(&[("slow", slowly)], |world| world.fetch.timeout = Span::seconds(300)).await;
    let error = world.state("slow").await.last_error.expect("an error");
    assert!(error.contains("sent only") && error.contains("bytes in 10"), "{error}");
}

#[tokio::test]
async fn an_address_inside_is_refused_in_every_spelling_with_the_key_that_would_open_it() {
    let mut world = World::new();
    world.fetch.allow_networks = Vec::new();
    let spellings =
        ["127.0.0.1", "2130706433", "0x7f.1", "127.1", "[::ffff:127.0.0.1]", "１２７.０.０.１", "localhost"];
    for (n, host) in spellings.iter().enumerate() {
        world = world.feed(&format!("f{n}"), &format!("http://{host}/feed"));
    }
    world.once().await;
    for (n, host) in spellings.iter().enumerate() {
        let error = world.state(&format!("f{n}")).await.last_error.expect(host);
        assert!(
            error.contains("is not on the public internet") && error.contains("fetch.allow_networks"),
            "{host}: {error}"
        );
    }
}

#[tokio::test]
async fn a_length_that_cuts_a_feed_gives_its_whole_items_and_a_condition() {
    let feed = rss("", &[("one", ""), ("two", "")]);
    let cut = feed.find("<title>About two").expect("it stands there");
    let head = format!("HTTP/1.1 200 OK\r\nConnection: close\r\nETag: \"cut\"\r\nContent-Length: {cut}\r\n\r\n");
    let pages = Server::start(move |request, _| match request.path.as_str() {
        "/feed" => [head.as_bytes(), feed.as_bytes()].concat(),
        path => reply(200, &[], &page(path.trim_start_matches('/'))),
    });
    let world = World::new().feed("a", &pages.url("/feed"));
    world.once().await;
    let state = world.state("a").await;
    assert_eq!((state.habits.conditions, state.validators.etag), (vec![Condition::Damaged], None));
    assert_eq!((world.records().len(), pages.requests("/two").len()), (1, 0));
}

#[tokio::test]
async fn dates_that_cannot_be_meant_and_charsets_that_nobody_expects_harm_no_entry() {
    let far = rss(
        "",
        &[
            ("far", "<pubDate>Fri, 31 Dec 9999 23:59:59 GMT</pubDate>"),
            ("early", "<pubDate>Mon, 01 Jan 0001 00:00:00 GMT</pubDate>"),
            ("absurd", "<pubDate>99999999999999999999</pubDate>"),
        ],
    );
    let wide = |big_endian: bool, name: &str| -> Vec<u8> {
        let text = format!("<?xml version='1.0' encoding='utf-16'?>{}", rss("", &[(name, "")]));
        let units = std::iter::once(0xfeff).chain(text.encode_utf16());
        units.flat_map(|unit| if big_endian { unit.to_be_bytes() } else { unit.to_le_bytes() }).collect()
    };
    let (big, little) = (wide(true, "big"), wide(false, "little"));
    let whole = |body: &[u8]| {
        let head = format!("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {}\r\n\r\n", body.len());
        [head.as_bytes(), body].concat()
    };
    let nuls = rss("", &[("nuls", "")]).replace("<title>About", "<title>\0Ab\0out");
    let server = Server::start(move |request, _| match request.path.as_str() {
        "/far-feed" => whole(far.as_bytes()),
        "/big-feed" => whole(&big),
        "/little-feed" => whole(&little),
        "/nuls-feed" => whole(nuls.as_bytes()),
        path => reply(200, &[], &page(path.trim_start_matches('/'))),
    });
    let mut world = World::new();
    for id in ["far", "big", "little", "nuls"] {
        world = world.feed(id, &server.url(&format!("/{id}-feed")));
    }
    let summary = world.once().await;
    let records = world.records();
    assert_eq!(records.len(), 6, "{summary:?} {:?}", world.state("far").await);
    let mut titles: Vec<_> = records.iter().filter_map(|record| record["value"]["title"].as_str()).collect();
    titles.sort_unstable();
    assert_eq!(titles, ["About absurd", "About big", "About early", "About far", "About little", "About nuls"]);
    for record in &records {
        assert_eq!(record["value"]["date_published"], serde_json::Value::Null, "{record}");
    }
}

/// The allocator is the program's.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// What a feed may cost to read, beside its own bytes: no more than the guard of a page, of which the desk's bound on memory speaks.
const MOST_KILOBYTES: u64 = 64_000;
/// A feed that takes so long has got away; the time is for people to read.
const RUNAWAY_MILLISECONDS: u64 = 20_000;
/// The file that the process is to read, where it was started to read one.
const FEED: &str = "WIREDESK_HOSTILE_FEED";

type Make = fn() -> String;

/// Feeds that were made to cost much, with how many entries each lists.
const COSTLY: &[(&str, usize, Make)] = &[
    ("100,000 entries", 20_000, || many(100_000, "<description>About a day</description>")),
    ("100,000 entries without end tags", 20_000, || many(100_000, "").replace("</item>", "")),
    ("a million empty items", 20_000, || format!("<rss><channel>{}</channel></rss>", "<item/>".repeat(1_000_000))),
    ("billion laughs", 1, || {
        let laughs: String =
            (1..10).map(|n| format!("<!ENTITY lol{n} \"{}\">", format!("&lol{};", n - 1).repeat(10))).collect();
        format!(
            "<!DOCTYPE rss [<!ENTITY lol0 \"lol\">{laughs}]>{}",
            rss("", &[("lol", "<description>&lol9;</description>")])
        )
    }),
    ("an external entity", 1, || {
        let doctype = "<!DOCTYPE rss [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>";
        format!("{doctype}{}", rss("", &[("x", "<description>&x;</description>")]))
    }),
    ("a million nested elements", 1, || {
        rss("", &[("deep", "")]).replace("<item>", &format!("{}<item>", "<x>".repeat(1_000_000)))
    }),
    ("64,000 attributes", 1, || {
        let attributes: String = (0..64_000).map(|n| format!(" a{n}='v'")).collect();
        rss("", &[("wide", "")]).replace("<item>", &format!("<item{attributes}>"))
    }),
    ("64,000 namespaces", 1, || {
        let bound: String = (0..64_000).map(|n| format!(" xmlns:n{n}='http://n{n}.example/'")).collect();
        rss("", &[("bound", "")]).replace("<rss ", &format!("<rss{bound} "))
    }),
    ("a headline of 8 MB", 1, || rss("", &[("long", "")]).replace("About long", &"long ".repeat(1_600_000))),
    ("200,000 categories", 1, || rss("", &[("tagged", &"<category>x</category>".repeat(200_000))])),
    ("an unclosed comment in each of 100,000", 20_000, || many(100_000, "<!-- ")),
    ("100,000 entries in JSON", 20_000, || {
        let items = vec!["{\"id\":\"1\",\"url\":\"https://a.example/1\",\"title\":\"A\"}"; 100_000].join(",");
        format!("{{\"version\":\"https://jsonfeed.org/version/1.1\",\"items\":[{items}]}}")
    }),
    ("8,000,000 zeros in JSON", 0, || {
        format!("{{\"version\":\"https://jsonfeed.org/version/1.1\",\"items\":[0{}]}}", ",0".repeat(8_000_000))
    }),
    ("an item of 8,000,000 zeros in JSON", 1, || {
        let zeros = ",0".repeat(8_000_000);
        format!("{{\"version\":\"https://jsonfeed.org/version/1.1\",\"items\":[[0{zeros}],{{\"id\":\"1\"}}]}}")
    }),
    ("a field of 8,000,000 zeros in JSON", 1, || {
        let zeros = ",0".repeat(8_000_000);
        format!("{{\"version\":\"https://jsonfeed.org/version/1.1\",\"hubs\":[0{zeros}],\"items\":[{{\"id\":\"1\"}}]}}")
    }),
    ("JSON that nests a million deep", 0, || format!("{{\"items\":{}", "[".repeat(1_000_000))),
];

fn many(count: usize, more: &str) -> String {
    let items: String = (0..count)
        .map(|n| format!("<item><title>Day {n}</title><guid>{n}</guid><link>/{n}</link>{more}</item>"))
        .collect();
    format!("<rss version='2.0'><channel><title>Many</title>{items}</channel></rss>")
}

#[test]
fn no_feed_costs_more_than_is_written_down() {
    if let Ok(path) = std::env::var(FEED) {
        return cost_of(&path);
    }
    let program = std::env::current_exe().expect("a test knows its own path");
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("feed");
    for (name, entries, make) in COSTLY {
        // Made here, so that the most memory of the process that reads it is its reading's.
        std::fs::write(&path, make()).expect("written");
        let output = Command::new(&program)
            .args(["no_feed_costs_more_than_is_written_down", "--exact", "--nocapture"])
            .env(FEED, &path)
            .output()
            .expect("it starts");
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let told = said.lines().find_map(|line| line.split_once("COST ").map(|(_, rest)| rest.to_owned()));
        let told = told.unwrap_or_else(|| panic!("{name}: {said}{}", String::from_utf8_lossy(&output.stderr)));
        let numbers: Vec<u64> = told.split(' ').filter_map(|number| number.parse().ok()).collect();
        let [listed, milliseconds, kilobytes] = numbers[..] else { panic!("{name}: {told}") };
        println!("{name:<42} {listed:>6} entries {milliseconds:>6} ms {kilobytes:>8} kB");
        assert_eq!(usize::try_from(listed), Ok(*entries), "{name}");
        assert!(milliseconds < RUNAWAY_MILLISECONDS, "{name}: {milliseconds} ms");
        assert!(kilobytes < MOST_KILOBYTES, "{name}: {kilobytes} kB");
    }
}

/// Reads one feed, from bytes to entries, and says what it cost: entries, milliseconds, kilobytes at the peak beyond the start.
fn cost_of(path: &str) {
    let bytes = std::fs::read(path).expect("a file");
    let before = peak();
    let begun = std::time::Instant::now();
    let text = wiredesk_decode::feed(&bytes, None);
    let base = "https://a.example/feed".parse().expect("an address");
    let entries = wiredesk_feed::parse(&text.text, &base).map_or(0, |parsed| parsed.items.len());
    let milliseconds = begun.elapsed().as_millis();
    println!("COST {entries} {milliseconds} {}", peak().saturating_sub(before));
}

/// The most memory that this process has held, in kilobytes.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or_default()
}
