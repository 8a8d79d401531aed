//! `wiredesk demo`: a newcomer's first minute. A built-in syndicated web on loopback goes through the real pipeline to a topic
//! on librdkafka's in-process mock broker (a toy that forgets), and an ordinary consumer reads the topic back.
//!
//! The desk runs twice: between the runs a site corrects a story, and the second run, on the same data dir, shows what a
//! restart publishes: the corrected body and nothing else.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anstyle::{AnsiColor, Style};
use anyhow::Context;
use comfy_table::{CellAlignment, Table, presets};
use rdkafka::mocking::MockCluster;
use wiredesk_model::feed::Feed;
use wiredesk_model::id::FeedId;
use wiredesk_model::outcome::Outcome;
use wiredesk_model::topic::Channel;
use wiredesk_model::units::Span;
use wiredesk_pipeline::desk::{Event, Watcher};
use wiredesk_pipeline::run::{End, Mode, Stop};
use wiredesk_pipeline::summary::Summary;
use wiredesk_publish::follow::{Following, From, Item, follow};
use wiredesk_publish::settings::{Kind, Settings as Publish};
use wiredesk_testkit::demo::{DemoFeed, DemoWeb};

use crate::cli::Output;
use crate::config::settings::Config;
use crate::daemon::{Built, Plan, build, take};
use crate::exit::{Exit, Failure, OrExit};
use crate::out;
use crate::progress::Progress;
use crate::tail::show;
use crate::telemetry::bars;

const TOPIC: &str = "articles";
const PARTITIONS: i32 = 3;
/// How long a run waits for a page's next try.
const WAIT: Duration = Duration::from_secs(3);
/// How long the reader may be behind the writer.
const CATCH_UP: Duration = Duration::from_secs(10);

/// Runs the demo.
pub(crate) async fn demo(output: Output, log: Option<&Path>) -> Result<Exit, Failure> {
    let begun = Instant::now();
    let web = DemoWeb::start().context("the demo's web cannot be started").or_exit(Exit::Io)?;
    let again = log.map_or(Ok(false), claim_folder)?;
    let scratch = tempfile::tempdir().context("no temporary folder can be made").or_exit(Exit::Io)?;
    let (broker, publish) = match log {
        Some(_) => (None, Publish { kind: Kind::Log, ..Publish::default() }),
        None => {
            let (broker, publish) =
                mock().context("the in-process broker cannot be started").or_exit(Exit::Internal)?;
            (Some(broker), publish)
        }
    };
    let config = config(log.map_or_else(|| scratch.path().join("data"), Path::to_path_buf), publish);
    let show = Show { output };
    show.opening(&web, log, again);

    let reader = Reader::start(&config, output, again);
    let tally = Arc::new(Tally::default());
    let progress = Progress::new(true, web.feeds().len());
    let first = run(&config, &web, &tally, &progress).await?;
    reader.wait_for(first.published);
    show.between(&web.correct());
    let second = run(&config, &web, &tally, &progress).await?;
    let published = first.published + second.published;
    reader.finish(published).or_exit(Exit::Internal)?;
    progress.finish();
    show.closing(&web, &tally, &first, &second, begun.elapsed());
    drop(broker);
    Ok(if first.feeds_failed + second.feeds_failed == 0 { Exit::Ok } else { Exit::Failed })
}

/// The file that marks a folder as the demo's.
const MARK: &str = "wiredesk-demo";

/// Takes a folder for the demo: one that is not there, an empty one, or the demo's own. Says whether it was used before.
fn claim_folder(folder: &Path) -> Result<bool, Failure> {
    let mark = folder.join(MARK);
    if mark.is_file() {
        return Ok(true);
    }
    let empty = std::fs::read_dir(folder).map_or(true, |mut entries| entries.next().is_none());
    if !empty {
        let error =
            anyhow::anyhow!("{} holds other files: give --log a folder that is empty or not there", folder.display());
        return Err(Failure { exit: Exit::Io, error });
    }
    let claim = || {
        std::fs::create_dir_all(folder)?;
        std::fs::set_permissions(folder, std::os::unix::fs::PermissionsExt::from_mode(0o700))?;
        std::fs::write(mark, "This folder belongs to `wiredesk demo --log`.\n")
    };
    claim().with_context(|| format!("{} cannot be written", folder.display())).or_exit(Exit::Io)?;
    Ok(false)
}

/// The mock broker with the three topics, and the settings that lead there.
fn mock() -> anyhow::Result<(MockCluster<'static, rdkafka::producer::DefaultProducerContext>, Publish)> {
    let broker = MockCluster::new(1)?;
    for channel in Channel::ALL {
        let partitions = if channel == Channel::Articles { PARTITIONS } else { 1 };
        broker.create_topic(&channel.topic(TOPIC), partitions, 1)?;
    }
    let mut publish = Publish { kind: Kind::Kafka, ..Publish::default() };
    publish.kafka.brokers = broker.bootstrap_servers();
    publish.kafka.topic = TOPIC.into();
    Ok((broker, publish))
}

fn config(data_dir: PathBuf, publish: Publish) -> Config {
    let mut config = Config { publish, ..Config::default() };
    config.daemon.data_dir = data_dir;
    config.fetch.user_agent = "Wiredesk demo (loopback only)".into();
    config.fetch.allow_networks.extend("127.0.0.0/8".parse::<ipnet::IpNet>());
    config.fetch.per_host.concurrency = std::num::NonZeroU32::new(4).unwrap_or(std::num::NonZeroU32::MIN);
    config.fetch.per_host.delay = Span::millis(20);
    config.pipeline.retry.first = Span::millis(300);
    config.publish.linger = Span::millis(20);
    config
}

async fn run(config: &Config, web: &DemoWeb, tally: &Arc<Tally>, progress: &Progress) -> Result<Summary, Failure> {
    let feeds = web.feeds().into_iter().map(feed).collect::<Result<Vec<_>, _>>()?;
    let plan = Plan {
        config: config.clone(),
        feeds,
        rules: Arc::default(),
        kafka_properties: BTreeMap::new(),
        rebuild: false,
        watcher: Tally::watcher(tally, progress.watcher()),
    };
    let store = take(&plan.config.daemon.data_dir)?;
    let Built { desk, released, .. } = build(plan, store.clone())?;
    let mode = Mode::Once { wait: WAIT, connect_timeout: config.publish.kafka.connect_timeout.0 };
    let (end, summary) = desk.run(mode, Stop::default(), released).await;
    store.close().await;
    match end {
        End::Drained | End::Stopped => Ok(summary),
        end => Err(Failure { exit: Exit::Internal, error: anyhow::anyhow!("the demo's desk ended early: {end:?}") }),
    }
}

fn feed(feed: DemoFeed) -> Result<Feed, Failure> {
    let url = feed.url.parse().with_context(|| format!("the demo's feed {}", feed.url)).or_exit(Exit::Internal)?;
    Ok(Feed { tags: vec!["demo".into()], ..Feed::plain(FeedId::new(feed.id), url) })
}

/// What became of each feed's entries.
#[derive(Default)]
struct Tally {
    feeds: Mutex<BTreeMap<FeedId, Row>>,
}

/// One line of the closing table.
#[derive(Default)]
struct Row {
    entries: u64,
    records: u64,
    copies: u64,
    dropped: BTreeMap<&'static str, u64>,
}

impl Tally {
    fn watcher(tally: &Arc<Self>, also: Watcher) -> Watcher {
        let tally = tally.clone();
        Arc::new(move |event| {
            tally.see(event);
            also(event);
        })
    }

    fn see(&self, event: &Event) {
        let mut feeds = self.feeds.lock().unwrap_or_else(PoisonError::into_inner);
        match event {
            Event::Polled { feed, new } => feeds.entry(feed.clone()).or_default().entries += *new as u64,
            Event::Settled { feed, outcome, .. } => {
                let row = feeds.entry(feed.clone()).or_default();
                match outcome {
                    Outcome::Published { .. } => row.records += 1,
                    Outcome::Duplicate { .. } | Outcome::Unchanged | Outcome::Reverted => row.copies += 1,
                    Outcome::Dropped(dropped) => *row.dropped.entry(dropped.reason()).or_default() += 1,
                }
            }
            Event::PollFailed { .. } | Event::Pushed { .. } | Event::Retried { .. } => {}
        }
    }
}

/// A consumer like any other, in a thread of its own: it prints each record as it becomes visible.
struct Reader {
    stop: Arc<AtomicBool>,
    seen: Arc<AtomicU64>,
    thread: std::thread::JoinHandle<anyhow::Result<()>>,
}

impl Reader {
    fn start(config: &Config, output: Output, again: bool) -> Self {
        let (stop, seen) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let (publish, data_dir) = (config.publish.clone(), config.daemon.data_dir.clone());
        let (ended, count) = (stop.clone(), seen.clone());
        let thread = std::thread::spawn(move || {
            let following = Following {
                settings: &publish,
                data_dir: &data_dir,
                secrets: &BTreeMap::new(),
                channel: Channel::Articles,
                from: if again { From::End } else { From::Beginning },
                onwards: true,
                until: None,
                stop: &|| ended.load(Ordering::Relaxed),
            };
            let mut each = |item: Item| {
                count.fetch_add(1, Ordering::Relaxed);
                match print(&item, output) {
                    Ok(()) => ControlFlow::Continue(()),
                    Err(_) => ControlFlow::Break(()), // whoever read our output has seen enough
                }
            };
            follow(&following, &mut each).map_err(Into::into)
        });
        Self { stop, seen, thread }
    }

    /// Waits until so many records were read back.
    fn wait_for(&self, published: u64) {
        let until = Instant::now() + CATCH_UP;
        while self.seen.load(Ordering::Relaxed) < published && Instant::now() < until && !self.thread.is_finished() {
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Ends when all that was published was read back.
    fn finish(self, published: u64) -> anyhow::Result<()> {
        self.wait_for(published);
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().map_err(|_| anyhow::anyhow!("the reader panicked"))?
    }
}

fn print(item: &Item, output: Output) -> std::io::Result<()> {
    bars().suspend(|| show(item, output))
}

/// What is said around the records; nothing when they go out as JSON.
struct Show {
    output: Output,
}

impl Show {
    fn say(&self, text: &str) {
        if self.output == Output::Text {
            bars().suspend(|| out::line(text));
        }
    }

    fn opening(&self, web: &DemoWeb, log: Option<&Path>, again: bool) {
        let (bold, dim) = (Style::new().bold(), Style::new().dimmed());
        let to = match log {
            Some(folder) if again => {
                format!("the log of an earlier demo in {}: what it holds is not published again", folder.display())
            }
            Some(folder) => format!("the embedded log in {}", folder.display()),
            None => "an in-process broker, a toy that forgets when this ends".into(),
        };
        let (sites, stories) = (web.feeds().len(), web.wire().len());
        self.say(&format!(
            "{bold}wiredesk demo{bold:#}  {sites} made-up news sites on 127.0.0.1 carry {stories} wire stories, each in its own chrome.\n\
             {dim}They go through the real pipeline to {to};\n\
             what follows is what a consumer of the topic reads back: partition@offset, key, headline.{dim:#}\n"
        ));
    }

    fn between(&self, url: &str) {
        let yellow = AnsiColor::Yellow.on_default();
        self.say(&format!(
            "\n{yellow}A site corrects a story ({url}), and the desk is started again on the same data:{yellow:#}\n"
        ));
    }

    fn closing(&self, web: &DemoWeb, tally: &Tally, first: &Summary, second: &Summary, took: Duration) {
        let rows = tally.feeds.lock().unwrap_or_else(PoisonError::into_inner);
        let mut table = Table::new();
        table.load_style(presets::NOTHING).set_header(["site", "entries", "records", "copies", "dropped"]);
        for feed in web.feeds() {
            let Some(row) = rows.get(&FeedId::new(&feed.id)) else { continue };
            let reasons: Vec<_> = row.dropped.iter().map(|(reason, n)| format!("{n} {reason}")).collect();
            table.add_row([
                feed.title,
                row.entries.to_string(),
                row.records.to_string(),
                row.copies.to_string(),
                reasons.join(", "),
            ]);
        }
        for column in table.column_iter_mut().skip(1).take(3) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        let sum = |of: fn(&Row) -> u64| rows.values().map(of).sum::<u64>();
        let (entries, records, copies) = (sum(|row| row.entries), sum(|row| row.records), sum(|row| row.copies));
        let dropped = sum(|row| row.dropped.values().sum());
        let bold = Style::new().bold();
        self.say(&format!(
            "\n{table}\n\n{bold}{entries} entries -> {records} records{bold:#}: {copies} carried a body that was in the topic already, {dropped} \
             were no articles, {} will be tried again later.\nThe second run polled {} feeds ({} answered \"not modified\") and published {}. {:.1} s in all.",
            second.pending,
            second.feeds,
            second.feeds_not_modified,
            second.published,
            took.as_secs_f64()
        ));
        debug_assert_eq!(records, first.published + second.published);
    }
}
