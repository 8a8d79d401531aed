//! Resident memory of a daemon that has read everything and goes on polling: after the first storm, which leaves the allocator as
//! scattered as it will be.

use std::time::{Duration, Instant};

use clap::Args;
use wiredesk_testkit::newsroom::many;
use wiredesk_testkit::{Web, item, rss};
use wiredesk_tests::Desk;

use wiredesk_tests::bench::cost::{memory_of, processor_of};
use wiredesk_tests::bench::figure::{Goal, Report};

/// Feeds share sites, as they do outside.
const FEEDS_A_SITE: usize = 20;
const SEED: u64 = 0x3E30;

/// How many feeds, and how long they are watched.
#[derive(Clone, Debug, Args)]
pub(crate) struct Size {
    /// How many feeds there are.
    #[arg(long, default_value_t = 1000)]
    feeds: usize,
    /// How many entries each lists.
    #[arg(long, default_value_t = 10)]
    entries: usize,
    /// How long the desk is watched once nothing is left to read.
    #[arg(long, value_name = "SECONDS", default_value_t = 20)]
    steady: u64,
    /// How often each feed is polled.
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    interval: u64,
}

impl Default for Size {
    fn default() -> Self {
        Self { feeds: 1000, entries: 10, steady: 20, interval: 30 }
    }
}

/// Sites with their feeds; the pages are made when they are asked for.
fn web(size: &Size) -> anyhow::Result<(Web, Vec<(String, String)>)> {
    let sites = size.feeds.div_ceil(FEEDS_A_SITE);
    let room = many(sites as u64, (sites * FEEDS_A_SITE * size.entries) as u64, 1, SEED);
    let titles: Vec<_> = room.stories().map(|story| story.title).collect();
    let with_feeds = room.sites.into_iter().enumerate().map(|(at, site)| {
        (0..FEEDS_A_SITE).fold(site, |site, feed| {
            let numbers = (feed * size.entries..(feed + 1) * size.entries).map(|nth| at + nth * sites);
            let listed = numbers.filter_map(|number| Some(item(&format!("story/{number}")).title(titles.get(number)?)));
            site.feed(rss(&format!("feed/{feed}.xml")).title(&format!("Feed {feed} of {at}")).entries(listed))
        })
    });
    let web = Web::start(with_feeds)?;
    let place = |number: usize| (format!("n{}", number / FEEDS_A_SITE), format!("feed/{}.xml", number % FEEDS_A_SITE));
    let feeds = (0..size.feeds).map(|number| {
        let (site, path) = place(number);
        (format!("feed-{number}"), web.url(&site, &path))
    });
    let feeds = feeds.collect();
    Ok((web, feeds))
}

pub(crate) fn measure(size: &Size, report: &mut Report) -> anyhow::Result<()> {
    let (_web, feeds) = web(size)?;
    let desk = Desk::new("[publish]\nkind = \"log\"\n", feeds.iter().map(|(id, url)| (id.as_str(), url.clone())))?;
    desk.configure("default_interval = \"1s\"", &format!("default_interval = \"{}s\"", size.interval))?;
    let entries = (size.feeds * size.entries) as f64;
    report.begin("memory");
    let begun = Instant::now();
    let mut running = desk.start()?;
    running.wait_until_ready()?;
    let at_start = memory_of(running.id(), "VmRSS")?;
    let settled = |metrics: &wiredesk_tests::Running| {
        ["published", "duplicate", "dropped"].iter().filter_map(|end| running_total(metrics, end)).sum::<f64>()
    };
    running.wait_for("every entry settled", Duration::from_secs(600), |desk| settled(desk) >= entries)?;
    report.say(&format!(
        "{} feeds, {entries} entries read in {:.1} s; then {} s with a poll of each feed every {} s",
        size.feeds,
        begun.elapsed().as_secs_f64(),
        size.steady,
        size.interval
    ));
    let (polls, processor) = (running.metric("wiredesk_polls_total")?, processor_of(&running.id().to_string())?.0);
    let after_the_storm = memory_of(running.id(), "VmRSS")?;
    let (watched, mut resident) = (Instant::now(), Vec::new());
    while watched.elapsed() < Duration::from_secs(size.steady) {
        std::thread::sleep(Duration::from_secs(1));
        resident.push(memory_of(running.id(), "VmRSS")?);
    }
    let seconds = watched.elapsed().as_secs_f64();
    let polls = running.metric("wiredesk_polls_total")? - polls;
    let processor = processor_of(&running.id().to_string())?.0 - processor;
    let last = resident.last().copied().unwrap_or_default();
    report.figure("resident, ready", "MB", &[at_start], Goal::None);
    report.figure("resident, all entries just read", "MB", &[after_the_storm], Goal::None);
    report.figure("resident, in steady state", "MB", &resident, Goal::None);
    report.figure("resident, at its end", "MB", &[last], Goal::Under(100.0));
    report.figure("of it, not backed by files", "MB", &[memory_of(running.id(), "RssAnon")?], Goal::None);
    report.figure("resident, the most ever", "MB", &[memory_of(running.id(), "VmHWM")?], Goal::None);
    report.figure("polls meanwhile", "polls/s", &[polls / seconds], Goal::None);
    report.figure("one core in use meanwhile", "%", &[processor / seconds * 100.0], Goal::None);
    running.stop()?;
    Ok(())
}

fn running_total(desk: &wiredesk_tests::Running, end: &str) -> Option<f64> {
    desk.metric(&format!("wiredesk_entries_{end}_total")).ok()
}
