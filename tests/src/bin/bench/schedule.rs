//! The schedule alone: what a feed that waits costs in memory, how fast the next one is picked while virtual hours go by, and how long
//! a start takes to fill it from a store that knows all feeds.

use std::time::{Duration, Instant};

use anyhow::Context;
use clap::Args;
use jiff::Timestamp;
use url::Url;
use wiredesk_model::habits::Habits;
use wiredesk_model::id::FeedId;
use wiredesk_model::link::host_port;
use wiredesk_schedule::queue::{Politeness, Schedule};
use wiredesk_store::Store;
use wiredesk_store::feeds::Next;
use wiredesk_tests::bench::cost::memory_of;
use wiredesk_tests::bench::figure::{Goal, Report};

const INTERVAL: Duration = Duration::from_secs(900);
/// How many writes wait for the store's next commit at once while it is filled.
const ABREAST: usize = 512;

/// How many feeds, and how many hosts they share.
#[derive(Clone, Debug, Args)]
pub(crate) struct Size {
    /// How many feeds there are.
    #[arg(long, default_value_t = 1_000_000)]
    feeds: u32,
    /// How many of them each host has.
    #[arg(long, default_value_t = 1)]
    feeds_a_host: u32,
    /// How many polls are picked.
    #[arg(long, default_value_t = 3_000_000)]
    picks: u64,
}

impl Default for Size {
    fn default() -> Self {
        Self { feeds: 1_000_000, feeds_a_host: 1, picks: 3_000_000 }
    }
}

impl Size {
    fn url(&self, feed: u32) -> String {
        format!("https://news{}.example/feed/{feed}.xml", feed / self.feeds_a_host.max(1))
    }
}

/// A wait that spreads feeds over the interval, the same at every run.
fn spread(feed: u32) -> Duration {
    Duration::from_millis(u64::from(feed.wrapping_mul(2_654_435_761)) % 900_000)
}

fn schedule() -> Schedule {
    let (delay, longest_delay) = (Duration::from_secs(1), Duration::from_secs(60));
    Schedule::new(Politeness { concurrency: 1, delay, longest_delay })
}

pub(crate) fn measure(size: &Size, report: &mut Report) -> anyhow::Result<()> {
    report.begin("schedule");
    report.say(&format!("{} feeds, {} to a host, each due every 15 minutes", size.feeds, size.feeds_a_host));
    waiting(size, report)?;
    starting(size, report)
}

/// Memory and picks.
fn waiting(size: &Size, report: &mut Report) -> anyhow::Result<()> {
    let hosts: Vec<String> = (0..size.feeds)
        .map(|feed| Url::parse(&size.url(feed)).ok().as_ref().and_then(host_port).context("an address has a host"))
        .collect::<Result<_, _>>()?;
    let before = memory_of(std::process::id(), "VmRSS")?;
    let mut schedule = schedule();
    for (feed, host) in (0..).zip(&hosts) {
        schedule.add_feed(feed, host, spread(feed));
    }
    let bytes = (memory_of(std::process::id(), "VmRSS")? - before) * 1e6 / f64::from(size.feeds);
    report.figure("memory for a feed that waits", "bytes", &[bytes], Goal::Under(300.0));
    let (begun, mut picked, mut latest) = (Instant::now(), 0, Duration::ZERO);
    let mut now = Duration::ZERO;
    while picked < size.picks {
        now = now.max(schedule.poll_at().context("there is always a next poll")?);
        while let Some((feed, host)) = schedule.next_poll(now) {
            // Answered at once: what is measured is the picking.
            schedule.put_back(feed, host, now + INTERVAL);
            schedule.free(host);
            picked += 1;
        }
        latest = latest.max(now);
    }
    let seconds = begun.elapsed().as_secs_f64();
    report.say(&format!("{picked} picks over {:.1} virtual hours", latest.as_secs_f64() / 3600.0));
    report.figure("picks", "picks/s", &[picked as f64 / seconds], Goal::None);
    Ok(())
}

/// From an open data dir to a full schedule, as a start does it.
fn starting(size: &Size, report: &mut Report) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let now: Timestamp = "2031-03-03T09:00:00Z".parse()?;
    let feeds: Vec<(FeedId, String)> =
        (0..size.feeds).map(|feed| (FeedId::new(format!("feed-{feed}")), size.url(feed))).collect();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let begun = Instant::now();
    runtime.block_on(fill(folder.path(), &feeds, now))?;
    report.say(&format!("the store was filled with them in {:.1} s", begun.elapsed().as_secs_f64()));
    let mut rounds = Vec::new();
    for _ in 0..3 {
        let feeds = feeds.clone();
        let begun = Instant::now();
        let full = runtime.block_on(async {
            let store = Store::open(folder.path(), now)?;
            let urls: Vec<Url> = feeds.iter().filter_map(|(_, url)| Url::parse(url).ok()).collect();
            let dues = store.sync_feeds(feeds, now, |state| state.due).await?;
            let mut schedule = schedule();
            for ((feed, url), due) in (0..).zip(&urls).zip(dues) {
                let due = Duration::try_from(due.duration_since(now)).unwrap_or_default();
                schedule.add_feed(feed, &host_port(url).unwrap_or_default(), due);
            }
            store.close().await;
            anyhow::Ok(schedule.feeds())
        })?;
        anyhow::ensure!(full == size.feeds as usize, "{full} feeds are in the schedule");
        rounds.push(begun.elapsed().as_secs_f64());
    }
    report.figure("from the stored feeds to a full schedule", "s", &rounds, Goal::Under(5.0));
    Ok(())
}

/// A store in which every feed was polled once and has learned something.
async fn fill(folder: &std::path::Path, feeds: &[(FeedId, String)], now: Timestamp) -> anyhow::Result<()> {
    let store = Store::open(folder, now)?;
    store.sync_feeds(feeds.to_vec(), now, |_| ()).await?;
    let mut habits = Habits::default();
    habits.rhythm.interval_s = Some(1800);
    (habits.rhythm.gap_s, habits.rhythm.longest_s, habits.rhythm.gaps) = (5400, 21_600, 12);
    habits.claims.ttl_s = Some(900);
    for (nth, some) in feeds.chunks(ABREAST).enumerate() {
        let polls = some.iter().zip(0..).map(|((id, _), at)| {
            let due = now + spread(u32::try_from(nth * ABREAST + at).unwrap_or_default());
            let next = Next { due, interval_s: Some(1800), habits: habits.clone() };
            let store = store.clone();
            async move { store.poll_not_modified(id, now, None, next).await }
        });
        for polled in futures_util::future::join_all(polls).await {
            polled?;
        }
    }
    store.close().await;
    Ok(())
}
