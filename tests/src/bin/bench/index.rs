//! A desk that has published for years: how soon it is ready again with millions of bodies in its index, and how long a write waits
//! while the store forgets what has left its window. Beside it stands what the disk itself takes to sync an append meanwhile: no write
//! can wait for less than that.
//!
//! The store is laid down through its own crate: bodies in the order of their hashes, for in a drawn order it would take hours.

use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use clap::Args;
use jiff::{SignedDuration, Timestamp};
use wiredesk_model::entry::{Entry, Listing};
use wiredesk_model::habits::Habits;
use wiredesk_model::id::{ArticleId, DeskId, Digest, EntryKey, FeedId};
use wiredesk_model::outcome::Receipt;
use wiredesk_model::topic::{Found, Joint};
use wiredesk_store::feeds::Next;
use wiredesk_store::journal::{Listed, Poll};
use wiredesk_store::{Store, address_key};
use wiredesk_testkit::{Web, rss, site};
use wiredesk_tests::Desk;
use wiredesk_tests::bench::figure::{Goal, Report};

use crate::start::ready_after;

/// Rows of one transaction while the store is laid down.
const SLICE: u64 = 50_000;
/// Entries of a feed.
const FEED: u64 = 1000;
/// As `dedup.window` is unless it is set.
const WINDOW: Duration = Duration::from_secs(90 * 86_400);
/// Milliseconds that no write should wait.
const LIMIT: f64 = 50.0;
/// Rows that the desk forgets at a time.
const FORGOTTEN: usize = wiredesk_store::prune::SLICE;

/// How large the index is.
#[derive(Clone, Debug, Args)]
pub(crate) struct Size {
    /// Bodies in the index.
    #[arg(long, default_value_t = 10_000_000)]
    bodies: u64,
    /// Entries among them that have left their window.
    #[arg(long, default_value_t = 200_000)]
    entries: u64,
    /// How often the start is measured.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
}

/// The nth of so many hashes, spread evenly.
fn hash(nth: u64, of: u64) -> Digest {
    let mut bytes = [0x5A; 32];
    bytes[..8].copy_from_slice(&(u64::MAX / of * nth).to_be_bytes());
    bytes[8..16].copy_from_slice(&nth.wrapping_mul(0x9E37_79B9_7F4A_7C15).to_be_bytes());
    Digest::from_bytes(bytes)
}

fn link(nth: u64) -> String {
    format!("https://news{}.example/story/{nth}", nth % 97)
}

fn found(nth: u64, hash: Digest, feed: &FeedId) -> Found {
    let joint = Joint {
        entry: EntryKey::of(feed, &nth.to_string()),
        id: ArticleId::of(&link(nth)),
        revision: 1,
        desk: DeskId { name: "0123456789abcdef".into(), started: 1 },
    };
    Found {
        receipt: Receipt { partition: 0, offset: i64::try_from(nth).unwrap_or_default() },
        hash,
        joint: Some(joint),
    }
}

fn listed(nth: u64, feed: &FeedId) -> anyhow::Result<Listed> {
    let link = link(nth);
    let link_key = Some(address_key(&link.parse()?));
    let listing = Listing {
        identity: nth.to_string(),
        link: Some(link),
        title: Some(format!("The council decided for the {nth}th time")),
        ..Listing::default()
    };
    Ok(Listed { entry: Entry::new(feed.clone(), listing), link_key, host: Some("news.example:443".into()), drop: None })
}

fn poll(feed: &FeedId, at: Timestamp, listed: Vec<Listed>) -> Poll {
    Poll {
        feed: feed.clone(),
        at,
        title: None,
        listed,
        validators: None,
        whole: true,
        identity: None,
        backfill: None,
        backlog: u64::MAX >> 1,
    }
}

/// Bodies that are in the index, and entries that left their feeds' listings a window ago.
async fn lay_down(store: &Store, size: &Size, then: Timestamp) -> anyhow::Result<Vec<FeedId>> {
    let nobody = FeedId::new("forgotten");
    let index = store.blocking();
    let mut nth = 0;
    while nth < size.bodies {
        let end = (nth + SLICE).min(size.bodies);
        let slice: Vec<_> = (nth..end).map(|nth| found(nth + size.entries, hash(nth, size.bodies), &nobody)).collect();
        tokio::task::block_in_place(|| index.index(&slice, &[]))?;
        nth = end;
    }
    let feeds: Vec<_> = (0..size.entries.div_ceil(FEED)).map(|nth| FeedId::new(format!("feed-{nth}"))).collect();
    let known: Vec<_> = feeds.iter().map(|id| (id.clone(), format!("https://{id}.example/feed"))).collect();
    store.sync_feeds(known.to_vec(), then, |_| ()).await?;
    for (at, feed) in feeds.iter().enumerate() {
        let (from, next) = (at as u64 * FEED, Next { due: then, interval_s: None, habits: Habits::default() });
        let items = (from..from + FEED).map(|nth| listed(nth, feed)).collect::<Result<Vec<_>, _>>()?;
        store.journal(poll(feed, then, items), |_| next).await?;
        // Their bodies are drawn all over the index, as they would be.
        let records: Vec<_> = (from..from + FEED)
            .map(|nth| (nth, Digest::from_bytes(scattered(nth))))
            .map(|(nth, hash)| found(nth, hash, feed))
            .collect();
        tokio::task::block_in_place(|| index.settle_found(&records, then).and_then(|_| index.index(&records, &[])))?;
        let next = Next { due: then, interval_s: None, habits: Habits::default() };
        store.journal(poll(feed, then, Vec::new()), |_| next).await?;
    }
    Ok(feeds)
}

fn scattered(nth: u64) -> [u8; 32] {
    let mut bytes = [0xA5; 32];
    bytes[..8].copy_from_slice(&nth.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15).to_be_bytes());
    bytes
}

/// Milliseconds that the disk itself took for each of a row of small appends, 4 KiB, each synced, until told to end: what a write
/// would wait for if there were no store.
fn synced_appends(folder: &Path, end: &AtomicBool) -> anyhow::Result<Vec<f64>> {
    let (mut file, page, mut took) = (tempfile::tempfile_in(folder)?, [0x20; 4096], Vec::new());
    while !end.load(Ordering::Relaxed) {
        let begun = Instant::now();
        file.write_all(&page)?;
        file.sync_data()?;
        took.push(begun.elapsed().as_secs_f64() * 1e3);
        std::thread::sleep(Duration::from_millis(2));
    }
    Ok(took)
}

/// Milliseconds that each of a row of small writes took, one after the other, until told to end.
async fn small_writes(store: Store, feed: FeedId, end: Arc<AtomicBool>) -> anyhow::Result<Vec<f64>> {
    let mut took = Vec::new();
    while !end.load(Ordering::Relaxed) {
        let begun = Instant::now();
        store.compared(&feed, true).await?;
        took.push(begun.elapsed().as_secs_f64() * 1e3);
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    Ok(took)
}

fn share(sorted: &[f64], of_thousand: usize) -> f64 {
    sorted.get((sorted.len() * of_thousand / 1000).min(sorted.len().saturating_sub(1))).copied().unwrap_or_default()
}

fn say_waits(report: &mut Report, what: &str, when: &str, mut took: Vec<f64>, goal: Goal) {
    took.sort_by(f64::total_cmp);
    report.figure(&format!("{what}, {when}, half of them"), "ms", &[share(&took, 500)], Goal::None);
    report.figure(&format!("{what}, {when}, 999 of 1,000"), "ms", &[share(&took, 999)], Goal::None);
    let longest = took.last().copied().unwrap_or_default();
    report.figure(&format!("{what}, {when}, the longest"), "ms", &[longest], goal);
    let over = took.iter().filter(|took| **took >= LIMIT).count();
    report.figure(&format!("{what}, {when}, over {LIMIT} ms"), "times", &[over as f64], Goal::None);
}

pub(crate) fn measure(size: &Size, report: &mut Report) -> anyhow::Result<()> {
    let web = Web::start([site("s").feed(rss("feed.xml"))])?;
    let desk = Desk::new("[publish]\nkind = \"log\"\n", [("s", web.url("s", "feed.xml"))])?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    report.begin("index");
    let begun = Instant::now();
    let (now, days) = (Timestamp::now(), |days: i64| SignedDuration::from_hours(24 * days));
    let feeds = runtime.block_on(async {
        let store = Store::open(&desk.data(), now)?;
        let feeds = lay_down(&store, size, now).await?;
        store.close().await;
        anyhow::Ok(feeds)
    })?;
    let bytes = std::fs::metadata(desk.data().join("desk.sqlite"))?.len();
    report.say(&format!(
        "{} bodies and {} entries, {:.2} GB, laid down in {:.0} s",
        size.bodies + size.entries,
        size.entries,
        bytes as f64 / 1e9,
        begun.elapsed().as_secs_f64()
    ));
    let ready = (0..size.rounds).map(|_| ready_after(&desk)).collect::<Result<Vec<_>, _>>()?;
    report.figure("start to ready", "ms", &ready, Goal::Under(5000.0));

    runtime.block_on(async {
        // The window has passed, and the clock has held for a day.
        let store = Store::open(&desk.data(), now + days(91))?;
        let later = now + days(93);
        let feed = feeds.first().cloned().unwrap_or_else(|| FeedId::new("s"));
        for (when, forgets) in [("nothing else is done", false), ("the store forgets", true)] {
            let end = Arc::new(AtomicBool::new(false));
            let writing = tokio::spawn(small_writes(store.clone(), feed.clone(), end.clone()));
            let (folder, ended) = (desk.data(), end.clone());
            let syncing = tokio::task::spawn_blocking(move || synced_appends(&folder, &ended));
            let begun = Instant::now();
            let mut gone = 0;
            if forgets {
                loop {
                    match store.prune(later, WINDOW, FORGOTTEN).await? {
                        0 => break,
                        rows => gone += rows,
                    }
                    // As long as is of interest.
                    if begun.elapsed() > Duration::from_secs(120) {
                        break;
                    }
                }
            } else {
                tokio::time::sleep(Duration::from_secs(10)).await;
            }
            let took = begun.elapsed().as_secs_f64();
            end.store(true, Ordering::Relaxed);
            say_waits(report, "a write waits", when, writing.await??, Goal::Under(LIMIT));
            say_waits(report, "an append is synced", when, syncing.await??, Goal::None);
            if forgets {
                report.figure("rows forgotten", "rows/s", &[gone as f64 / took], Goal::None);
            }
        }
        store.close().await;
        anyhow::Ok(())
    })
}
