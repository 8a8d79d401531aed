//! `wiredesk run`: puts the parts together, runs them until a signal or the end, and says how it went.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use jiff::Timestamp;
use prometheus_client::registry::Registry;
use tokio::net::TcpListener;
use tokio::runtime::Handle;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};
use wiredesk_extract::site::SiteRules;
use wiredesk_fetch::fetcher::Fetcher;
use wiredesk_model::feed::Feed;
use wiredesk_model::id::DeskId;
use wiredesk_model::record::Pipeline;
use wiredesk_model::secret::Secret;
use wiredesk_model::units::Size;
use wiredesk_pipeline::clock::Clock;
use wiredesk_pipeline::cpu::Cpu;
use wiredesk_pipeline::desk::{Desk, Watcher};
use wiredesk_pipeline::meter::Meter;
use wiredesk_pipeline::misfits::Misfits;
use wiredesk_pipeline::publication::{Parts, Publication};
use wiredesk_pipeline::push::Push;
use wiredesk_pipeline::push::settings::Settings as WebSub;
use wiredesk_pipeline::run::{End, Mode, Stop};
use wiredesk_pipeline::summary::Summary;
use wiredesk_publish::settings::Kind;
use wiredesk_schedule::queue::Politeness;
use wiredesk_store::Store;
use wiredesk_store::entries::Pending;
use wiredesk_store::error::StoreError;

use crate::admin::{Admin, serve};
use crate::check;
use crate::cli::Output;
use crate::config::settings::Config;
use crate::config::{self, Loaded};
use crate::exit::{Exit, Failure, OrExit};
use crate::handles;
use crate::hooks;
use crate::out;
use crate::process::Process;
use crate::progress::Progress;

/// What `wiredesk run` was asked for.
pub(crate) struct Order<'a> {
    pub(crate) config: &'a Path,
    pub(crate) once: Option<Duration>,
    pub(crate) rebuild: bool,
    pub(crate) output: Output,
}

/// A desk put together, not yet running.
pub(crate) struct Built {
    pub(crate) desk: Arc<Desk>,
    pub(crate) registry: Registry,
    pub(crate) released: mpsc::UnboundedReceiver<Vec<Pending>>,
}

/// The most memory a page may cost in the parser, by its guard.
const GUARD: Size = Size::mib(64);

/// What a desk is built from.
pub(crate) struct Plan {
    pub(crate) config: Config,
    pub(crate) feeds: Vec<Feed>,
    pub(crate) rules: Arc<SiteRules>,
    pub(crate) kafka_properties: BTreeMap<String, Secret>,
    pub(crate) rebuild: bool,
    pub(crate) watcher: Watcher,
}

/// How long a daemon waits before it tries again to take a data dir on a full disk.
const PAUSE: Duration = Duration::from_secs(1);

/// Takes the data dir.
pub(crate) fn take(data_dir: &Path) -> Result<Store, Failure> {
    Store::open(data_dir, Timestamp::now()).map_err(|error| Failure { exit: exit_of(&error), error: error.into() })
}

/// Takes the data dir; a daemon waits for room where its disk is full. That needs a few pages, even of a store that is in order.
async fn take_when_possible(data_dir: &Path, patient: bool) -> Result<Store, Failure> {
    let mut said = false;
    loop {
        match Store::open(data_dir, Timestamp::now()) {
            Err(error) if patient && error.is_the_disks() => {
                if !std::mem::replace(&mut said, true) {
                    error!(stage = "store", data_dir = %data_dir.display(), "{}; tried again until there is room", error.told());
                }
                tokio::time::sleep(PAUSE).await;
            }
            Err(error) => return Err(Failure { exit: exit_of(&error), error: error.into() }),
            Ok(store) => return Ok(store),
        }
    }
}

/// Puts a desk together on a store that was taken. START begins at once, in a thread of its own.
pub(crate) fn build(plan: Plan, store: Store) -> Result<Built, Failure> {
    let Plan { config, feeds, rules, kafka_properties, rebuild, watcher } = plan;
    let hash = config::config_hash(&config);
    let data_dir = &config.daemon.data_dir;
    for remark in [store.clock_remark(), store.dir_remark()].into_iter().flatten() {
        warn!(stage = "store", "{remark}");
    }
    let fetcher = Fetcher::new(&config.fetch).context("[fetch] cannot work").or_exit(Exit::Config)?;
    let mut registry = Registry::default();
    let meter = Meter::new(&mut registry);
    let (released_to, released) = mpsc::unbounded_channel();
    let callback = config.websub.callback.as_ref();
    let push = callback.map(|callback| Push::new(callback, &config.fetch, released_to.clone()));
    let parts = Parts {
        settings: config.publish.clone(),
        secrets: kafka_properties,
        data_dir: data_dir.clone(),
        rebuild,
        store: store.clone(),
        desk: DeskId { name: store.desk().to_owned(), started: Timestamp::now().as_millisecond() },
        pipeline: Pipeline { version: env!("CARGO_PKG_VERSION").into(), config_hash: hash },
        released: released_to,
    };
    let publication =
        Publication::open(parts).context("the publisher's thread cannot be started").or_exit(Exit::Internal)?;
    let cpu = Cpu::start().context("threads for reading cannot be started").or_exit(Exit::Internal)?;
    let in_flight = config.publish.in_flight;
    let bound = config.fetch.memory.0 + in_flight.bytes.0 * 3 + GUARD.0 * cpu.threads().get() as u64;
    info!(
        feeds = feeds.len(), data_dir = %data_dir.display(), memory_bound = %format!("{} MiB", bound >> 20),
        "memory bound: bodies {}, in flight 3 x {}, parsing {} x {GUARD}", config.fetch.memory, in_flight.bytes, cpu.threads()
    );
    let desk = Desk {
        politeness: Politeness {
            concurrency: config.fetch.per_host.concurrency.get(),
            delay: config.fetch.per_host.delay.0,
            longest_delay: config.fetch.per_host.longest_delay.0,
        },
        settings: config.pipeline,
        schedule: config.schedule,
        min_words: config.extract.min_words,
        rules,
        misfits: Misfits::default(),
        window: config.dedup.window.0,
        in_flight: in_flight.records.get(),
        fetcher,
        store,
        publication,
        clock: Clock::system(),
        cpu,
        meter,
        watcher,
        push,
        feeds: feeds.into_iter().collect(),
    };
    Ok(Built { desk: Arc::new(desk), registry, released })
}

fn exit_of(error: &StoreError) -> Exit {
    match error {
        StoreError::Locked { .. } => Exit::TakenOver,
        StoreError::Newer { .. } => Exit::Config,
        _ => Exit::Io,
    }
}

/// Runs the desk.
pub(crate) async fn run(order: Order<'_>) -> Result<Exit, Failure> {
    handles::ask_for_all();
    let loaded = match config::load(order.config) {
        Ok(loaded) => loaded,
        Err(faults) => {
            check::show(&faults, false);
            return Ok(Exit::Config);
        }
    };
    check::show(&loaded.warnings, false);
    let daemon = loaded.config.daemon.clone();
    let websub = loaded.config.websub.clone();
    let to_stdout = loaded.config.publish.kind == Kind::Stdout;
    let connect_timeout = loaded.config.publish.kafka.connect_timeout.0;
    let mode = match order.once {
        Some(wait) => Mode::Once { wait, connect_timeout },
        None => Mode::Forever,
    };

    let progress = Progress::new(order.once.is_some(), loaded.feeds.len());
    let Loaded { config, feeds, rules, kafka_properties, .. } = loaded;
    let store = take_when_possible(&config.daemon.data_dir, order.once.is_none()).await?;
    let plan = Plan { config, feeds, rules, kafka_properties, rebuild: order.rebuild, watcher: progress.watcher() };
    let Built { desk, mut registry, released } = build(plan, store)?;
    registry.register_collector(Box::new(Process::new(Handle::current())));
    let stop = Stop::default();
    let ended = CancellationToken::new();
    let admin = match order.once {
        Some(_) => None,
        None => {
            let listener = TcpListener::bind(daemon.listen)
                .await
                .with_context(|| format!("daemon.listen = \"{}\" cannot be listened on", daemon.listen))
                .or_exit(Exit::Io)?;
            info!(listen = %daemon.listen, "admin server: /healthz /readyz /metrics");
            let admin = Admin {
                registry,
                publication: desk.publication.clone(),
                store: desk.store.clone(),
                draining: stop.drain.clone(),
                allow_remote: daemon.allow_remote,
            };
            Some(tokio::spawn(serve(listener, admin, ended.clone())))
        }
    };
    let hooks = if order.once.is_some() { None } else { listen_to_hubs(&websub, &desk, &ended).await? };
    listen_to_signals(stop.clone()).context("signals cannot be listened to").or_exit(Exit::Internal)?;
    tell_supervisor(desk.feeds.len(), &stop);

    let store = desk.store.clone();
    let (end, summary) = desk.run(mode, stop, released).await;
    progress.finish();
    ended.cancel();
    if let Some(admin) = admin {
        // It answers probes; nobody needs it once the desk has ended.
        admin.abort();
    }
    if let Some(hooks) = hooks {
        // Hubs send again what is not answered.
        hooks.abort();
    }
    store.close().await;
    if order.once.is_some() {
        report(&summary, order.output, to_stdout);
    }
    Ok(conclude(end, &summary, order.once.is_some()))
}

/// Starts the server for hubs, where pushes are configured.
async fn listen_to_hubs(
    websub: &WebSub,
    desk: &Arc<Desk>,
    ended: &CancellationToken,
) -> Result<Option<JoinHandle<()>>, Failure> {
    let Some(callback) = websub.callback.clone() else { return Ok(None) };
    let listener = TcpListener::bind(websub.listen)
        .await
        .with_context(|| format!("websub.listen = \"{}\" cannot be listened on", websub.listen))
        .or_exit(Exit::Io)?;
    info!(listen = %websub.listen, callback = %callback, "hubs may push");
    let (desk, ended) = (desk.clone(), ended.clone());
    Ok(Some(tokio::spawn(async move { hooks::serve(listener, desk, &callback, ended).await })))
}

/// The first SIGTERM or SIGINT drains, the second ends at once.
fn listen_to_signals(stop: Stop) -> std::io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::spawn(async move {
        loop {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            if stop.drain.is_cancelled() {
                warn!("stopped at once; what is under way stays pending");
                stop.now.cancel();
                return;
            }
            info!("draining: what is under way is finished; a second signal stops at once");
            sd_notify::notify(&[sd_notify::NotifyState::Stopping]).unwrap_or_default();
            stop.drain.cancel();
        }
    });
    Ok(())
}

/// Tells systemd (`Type=notify`) when the desk is up, and pets its watchdog. The desk is up when it polls: the topic may come later.
fn tell_supervisor(feeds: usize, stop: &Stop) {
    let status = format!("{feeds} feeds");
    // Without a supervisor there is nobody to tell.
    let _ = sd_notify::notify(&[sd_notify::NotifyState::Ready, sd_notify::NotifyState::Status(&status)]);
    if let Some(every) = sd_notify::watchdog_enabled() {
        let now = stop.now.clone();
        tokio::spawn(async move {
            while !now.is_cancelled() {
                let _ = sd_notify::notify(&[sd_notify::NotifyState::Watchdog]);
                tokio::time::sleep(every / 2).await;
            }
        });
    }
}

fn conclude(end: End, summary: &Summary, once: bool) -> Exit {
    match end {
        End::Drained if once && !summary.any_feed_read() => {
            error!("no feed could be read");
            Exit::Failed
        }
        End::Drained | End::Stopped => Exit::Ok,
        End::TakenOver(_) => Exit::TakenOver,
        End::Refused(_) => Exit::Config,
        End::Io(_) => Exit::Io,
        End::Failed(_) => Exit::Internal,
        End::Unreachable(why) => {
            error!(stage = "publish", "{why}");
            Exit::Unavailable
        }
        End::Store(error) => {
            error!(stage = "store", "{error}");
            exit_of(&error)
        }
    }
}

/// The summary; beside the records, where those go to standard output.
fn report(summary: &Summary, output: Output, records_on_stdout: bool) {
    let text = match output {
        Output::Json => out::json(serde_json::to_string(summary).unwrap_or_default()) + "\n",
        Output::Text => crate::report::summary(summary),
    };
    if records_on_stdout {
        eprint!("{text}");
    } else {
        out::print(format_args!("{text}"));
    }
}
