//! What reading a feed costs beside feed-rs, on clean feeds: those that feed-rs reads whole, with as many items as we find.
//!
//! One thread; each feed is read by both before the next is taken, the other first each time, so that whatever the machine does
//! meanwhile falls on both. From bytes to items: decoding is in. Nothing is asserted.
//!
//!     cargo run --release -p wiredesk-feed --example speed [FOLDER]
//!
//! FOLDER is searched for files; without it feeds are made up.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use url::Url;

const ROUNDS: usize = 7;

fn main() {
    let base = Url::parse("https://feeds.example/").expect("an address");
    let all = match std::env::args().nth(1) {
        Some(folder) => files(Path::new(&folder)).into_iter().filter_map(|path| std::fs::read(path).ok()).collect(),
        None => made_up(),
    };
    let count = all.len();
    let clean: Vec<Vec<u8>> =
        all.into_iter().filter(|bytes| theirs(bytes) > 0 && theirs(bytes) == ours(bytes, &base)).collect();
    let megabytes = clean.iter().map(Vec::len).sum::<usize>() as f64 / 1e6;
    println!("{} clean feeds of {count}, {megabytes:.1} MB", clean.len());
    let mut ratios = Vec::new();
    for _ in 0..ROUNDS {
        let (mut our_time, mut their_time) = (Duration::ZERO, Duration::ZERO);
        for (number, bytes) in clean.iter().enumerate() {
            for turn in [number % 2 == 0, number % 2 == 1] {
                let begun = Instant::now();
                let items = if turn { ours(bytes, &base) } else { theirs(bytes) };
                std::hint::black_box(items);
                *(if turn { &mut our_time } else { &mut their_time }) += begun.elapsed();
            }
        }
        ratios.push((their_time.as_secs_f64() / our_time.as_secs_f64(), our_time, their_time));
    }
    ratios.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (ratio, our_time, their_time) = ratios[ROUNDS / 2];
    let speed = |time: Duration| megabytes / time.as_secs_f64();
    println!(
        "wiredesk {:.1} MB/s, feed-rs {:.1} MB/s: {ratio:.2}x its speed ({:.2} to {:.2})",
        speed(our_time),
        speed(their_time),
        ratios[0].0,
        ratios[ROUNDS - 1].0
    );
}

fn ours(bytes: &[u8], base: &Url) -> usize {
    let text = wiredesk_decode::feed(bytes, None);
    wiredesk_feed::parse(&text.text, base).map_or(0, |parsed| parsed.items.len())
}

fn theirs(bytes: &[u8]) -> usize {
    // It may panic on text that is no UTF-8.
    std::panic::catch_unwind(|| feed_rs::parser::parse(bytes).map_or(0, |feed| feed.entries.len())).unwrap_or(0)
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut found: Vec<PathBuf> = entries
        .flatten()
        .flat_map(|entry| if entry.path().is_dir() { files(&entry.path()) } else { vec![entry.path()] })
        .collect();
    found.sort();
    found
}

/// Feeds as content systems write them, of thirty items each.
fn made_up() -> Vec<Vec<u8>> {
    let feed = |number: usize| {
        let mut text = String::from(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?><rss version=\"2.0\" xmlns:content=\"http://purl.org/rss/1.0/modules/content/\" \
             xmlns:dc=\"http://purl.org/dc/elements/1.1/\"><channel><title>Harbour news</title><link>https://feeds.example/</link>",
        );
        for item in 0..30 {
            let body = "<p>The ferry came late again, and the board said why.</p>".repeat(item % 12 + 1);
            let _ = write!(
                text,
                "<item><title>Ferry {item} of {number}</title><link>https://feeds.example/{number}/{item}</link>\
                 <guid isPermaLink=\"false\">{number}-{item}</guid><pubDate>Mon, 03 Mar 2031 09:{item:02}:00 +0000</pubDate>\
                 <dc:creator>A. Nother</dc:creator><description>The ferry &amp; the board</description>\
                 <content:encoded><![CDATA[{body}]]></content:encoded></item>"
            );
        }
        text.push_str("</channel></rss>");
        text.into_bytes()
    };
    (0..100).map(feed).collect()
}
