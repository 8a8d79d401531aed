//! What people ask of a desk beside it: `status`, `feeds list` and `feeds show`. Read-only connections, no lock.

use std::collections::HashMap;
use std::io::Write;
use std::path::Path;

use anstyle::{AnsiColor, Style};
use comfy_table::{ContentArrangement, Table, presets};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use wiredesk_model::feed::{FullText, IdentityPolicy};
use wiredesk_model::link::{bare, printable};
use wiredesk_pipeline::whole::PAGES;
use wiredesk_store::error::StoreError;
use wiredesk_store::feeds::FeedState;
use wiredesk_store::read::Reader;
use wiredesk_store::subscriptions::Subscription;

use crate::cli::Output;
use crate::config::{self, Written};
use crate::exit::{Exit, Failure, OrExit};
use crate::probe;

/// The configuration without its secrets, or what is wrong with it.
pub(crate) fn written(path: &Path) -> Result<Written, Failure> {
    config::read(path).map_err(|faults| {
        crate::check::show(&faults, false);
        Failure { exit: Exit::Config, error: anyhow::anyhow!("{} cannot be used", path.display()) }
    })
}

/// A look into the data dir; `None` where no desk has run yet.
pub(crate) fn reader(written: &Written) -> Result<Option<Reader>, Failure> {
    match Reader::open(&written.config.daemon.data_dir) {
        Ok(reader) => Ok(Some(reader)),
        Err(StoreError::Missing { .. }) => Ok(None),
        Err(error) => Err(error).or_exit(Exit::Io),
    }
}

/// A table under a heading.
pub(crate) fn table<const N: usize>(header: [&str; N]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic).set_header(header);
    table
}

/// A moment as people say it: "in 4m", "3h ago".
pub(crate) fn relative(at: Timestamp) -> String {
    let ahead = at.duration_since(Timestamp::now());
    let span = rough(ahead.abs());
    if ahead.is_negative() { format!("{span} ago") } else { format!("in {span}") }
}

/// A moment, and beside it as people say it.
pub(crate) fn at(time: Timestamp) -> String {
    format!("{time} ({})", relative(time))
}

/// What there is to say of one thing, a line each, its name before it.
pub(crate) fn named_lines<'n>(rows: impl IntoIterator<Item = (&'n str, String)>) -> String {
    rows.into_iter().fold(String::new(), |out, (name, value)| out + &format!("{name:<12} {value}\n"))
}

fn rough(span: SignedDuration) -> String {
    match span.as_secs() {
        s @ 0..=119 => format!("{s}s"),
        s @ 120..=7199 => format!("{}m", s / 60),
        s @ 7200..=172_799 => format!("{}h", s / 3600),
        s => format!("{}d", s / 86_400),
    }
}

/// Text in a colour, where a terminal shows one.
pub(crate) fn tinted(text: &str, tint: AnsiColor) -> String {
    if anstream::AutoStream::choice(&std::io::stdout()) == anstream::ColorChoice::Never {
        return text.to_owned();
    }
    let style = Style::new().fg_color(Some(tint.into()));
    format!("{style}{text}{style:#}")
}

/// What is wrong with a feed, if anything: its conditions, the gravest first, and the failure it is in.
fn sickness(state: &FeedState) -> Option<String> {
    let mut troubles: Vec<String> =
        state.habits.conditions.iter().map(|condition| printable(&state.habits.told(*condition))).collect();
    if state.failures > 0 && !state.gone {
        let error = state.last_error.as_deref().map(printable).unwrap_or_default();
        let times = if state.failures == 1 { "" } else { "s" };
        troubles.push(format!("failed {} time{times}: {error}", state.failures));
    }
    (!troubles.is_empty()).then(|| troubles.join("; "))
}

/// Where a feed redirects to for good, and whether that is believed yet.
fn moved(state: &FeedState) -> Option<String> {
    let moved = state.habits.moved.as_ref()?;
    let to = printable(&moved.to);
    Some(match moved.learned {
        true => format!("to {to}, asked there since it was certain: change its `url`"),
        false => format!("to {to}, it says ({} times since {}); not certain yet", moved.times, relative(moved.since)),
    })
}

/// The hub that the feed names, and whether it pushes.
fn hub(state: &FeedState, subscription: Option<&Subscription>, wanted: bool) -> String {
    let Some(hub) = &state.habits.hub else { return "it names none".into() };
    let url = printable(&hub.url);
    let Some(known) = subscription.filter(|_| wanted) else {
        return url + if wanted { ": not asked yet" } else { ": not asked, without `websub.callback`" };
    };
    let standing = match known.expires.filter(|_| known.is_active(Timestamp::now())) {
        Some(end) if known.delivers => format!("pushes until {}, so it is polled more seldom", relative(end)),
        Some(end) => format!("has promised to push until {}; polled as ever until it does", relative(end)),
        None if known.denied => format!("denies it, asked again {}", relative(known.due)),
        None if known.asked.is_some() => "asked, and has not asked back yet".into(),
        None => format!("does not push, asked again {}", relative(known.due)),
    };
    let error = known.last_error.as_deref().map(|error| format!(": {}", printable(error))).unwrap_or_default();
    format!("{url} {standing}{error} ({} pushes taken, {} ignored)", known.pushes, known.ignored)
}

/// Whether its pages are fetched.
fn full_text(setting: FullText, state: Option<&FeedState>) -> String {
    let setting_name = json!(setting).as_str().unwrap_or_default().to_owned();
    match state.map_or(0, |state| state.whole) {
        PAGES.. if setting == FullText::Auto => {
            setting_name + ": it carries whole articles, one page in ten is fetched"
        }
        _ => setting_name,
    }
}

/// What names its entries, and who decided that.
fn identity(configured: Option<IdentityPolicy>, state: Option<&FeedState>) -> String {
    let found = state.and_then(|state| state.identity.as_deref()).map(printable);
    match (configured, found) {
        (Some(policy), Some(found)) if found != policy.as_str() => {
            format!("{}, configured; {found} until its next poll", policy.as_str())
        }
        (Some(policy), _) => format!("{}, configured", policy.as_str()),
        (None, Some(found)) => found,
        (None, None) => "found at its first poll".into(),
    }
}

/// What its publisher claims about when to ask.
fn claims(state: &FeedState) -> String {
    let claims = &state.habits.claims;
    let span =
        |seconds: Option<u64>| seconds.map(|s| rough(SignedDuration::from_secs(i64::try_from(s).unwrap_or(i64::MAX))));
    let mut said: Vec<String> = Vec::new();
    said.extend(span(claims.ttl_s).map(|ttl| format!("every {ttl}")));
    said.extend(span(claims.max_age_s).map(|age| format!("fresh for {age}")));
    if claims.skip_hours != 0 {
        said.push(format!("not in {} hours of the day", claims.skip_hours.count_ones()));
    }
    if claims.skip_days != 0 {
        said.push(format!("not on {} days of the week", claims.skip_days.count_ones()));
    }
    if said.is_empty() { "nothing".into() } else { said.join(", ") }
}

/// `feeds list`
pub(crate) async fn feeds(path: &Path, sick: bool, output: Output) -> Result<Exit, Failure> {
    let written = written(path)?;
    let mut states = HashMap::new();
    if let Some(reader) = reader(&written)? {
        states = reader.feeds().await.or_exit(Exit::Io)?.into_iter().map(|state| (state.id.clone(), state)).collect();
    }
    let mut out = anstream::stdout().lock();
    let mut rows = table(["feed", "state", "polled", "next", "title"]);
    for feed in &written.config.feeds {
        let state = states.get(&feed.id);
        let trouble = state.and_then(sickness);
        if sick && trouble.is_none() {
            continue;
        }
        if output == Output::Json {
            let shown = json!({
                "id": feed.id, "url": bare(&feed.url), "tags": feed.tags, "sick": trouble,
                "conditions": state.map(|state| &state.habits.conditions), "state": state
            });
            writeln!(out, "{}", crate::out::json(shown)).or_exit(Exit::Io)?;
            continue;
        }
        let health = match (&trouble, state.is_some_and(|state| state.polled)) {
            (Some(trouble), _) => tinted(trouble, AnsiColor::Red),
            (None, true) => tinted("ok", AnsiColor::Green),
            (None, false) => "new".into(),
        };
        rows.add_row([
            feed.id.to_string(),
            health,
            state.and_then(|state| state.last_polled).map(relative).unwrap_or_default(),
            state.map(|state| relative(state.due)).unwrap_or_default(),
            printable(state.and_then(|state| state.title.as_deref()).unwrap_or_default()),
        ]);
    }
    if output == Output::Text {
        writeln!(out, "{rows}").or_exit(Exit::Io)?;
    }
    Ok(Exit::Ok)
}

/// `feeds show`
pub(crate) async fn feed(path: &Path, id: &str, output: Output) -> Result<Exit, Failure> {
    let written = written(path)?;
    let Some(feed) = written.config.feeds.iter().find(|feed| feed.id.as_str() == id) else {
        return Err(Failure { exit: Exit::Failed, error: anyhow::anyhow!("no feed has the id {id:?}") });
    };
    let (state, subscription) = match reader(&written)? {
        Some(reader) => (
            reader.feeds().await.or_exit(Exit::Io)?.into_iter().find(|state| state.id == feed.id),
            reader.subscription(&feed.id).await.or_exit(Exit::Io)?,
        ),
        None => (None, None),
    };
    let mut out = anstream::stdout().lock();
    if output == Output::Json {
        let shown = json!({ "id": feed.id, "url": bare(&feed.url), "tags": feed.tags, "full_text": feed.full_text, "identity": feed.identity, "state": state, "subscription": subscription });
        writeln!(out, "{}", crate::out::json(shown)).or_exit(Exit::Io)?;
        return Ok(Exit::Ok);
    }
    let mut rows = vec![
        ("id", feed.id.to_string()),
        ("url", bare(&feed.url).into()),
        ("tags", feed.tags.join(", ")),
        ("interval", feed.interval.map_or_else(|| "its own".into(), |span| span.to_string())),
        ("full text", full_text(feed.full_text, state.as_ref())),
        ("identity", identity(feed.identity, state.as_ref())),
    ];
    if let Some(state) = &state {
        rows.extend([
            ("title", printable(state.title.as_deref().unwrap_or_default())),
            ("polled", state.last_polled.map(relative).unwrap_or_else(|| "never".into())),
            ("next", if state.gone { "never: it is gone (410)".into() } else { relative(state.due) }),
            ("last new", state.last_new.map(relative).unwrap_or_else(|| "never".into())),
            ("its publisher says", claims(state)),
            (
                "usual gap",
                match state.habits.rhythm.gaps {
                    0 => "not known yet".into(),
                    _ => rough(SignedDuration::from_secs(i64::try_from(state.habits.rhythm.gap_s).unwrap_or(i64::MAX))),
                },
            ),
            (
                "interval found",
                state.interval_s.map(|s| rough(SignedDuration::from_secs(s.into()))).unwrap_or_default(),
            ),
            ("hub", hub(state, subscription.as_ref(), written.config.websub.callback.is_some())),
            ("moved", moved(state).unwrap_or_else(|| "no".into())),
            ("etag", printable(state.validators.etag.as_deref().unwrap_or_default())),
            ("last modified", printable(state.validators.last_modified.as_deref().unwrap_or_default())),
            ("trouble", sickness(state).unwrap_or_else(|| "none".into())),
        ]);
    }
    for (name, value) in rows {
        writeln!(out, "{name:<19} {value}").or_exit(Exit::Io)?;
    }
    Ok(Exit::Ok)
}

/// `status`
pub(crate) async fn status(path: &Path, output: Output) -> Result<Exit, Failure> {
    let written = written(path)?;
    let Some(reader) = reader(&written)? else {
        crate::out::line(format_args!("no desk has run on {} yet", written.config.daemon.data_dir.display()));
        return Ok(Exit::Ok);
    };
    let counts = reader.counts().await.or_exit(Exit::Io)?;
    let feeds = reader.feeds().await.or_exit(Exit::Io)?;
    let sick = feeds.iter().filter(|feed| sickness(feed).is_some()).count();
    let size = reader.size();
    let running = is_held(&written.config.daemon.data_dir);
    let readiness = if running { Some(probe::readiness(written.config.daemon.listen).await) } else { None };
    if output == Output::Json {
        crate::out::line(format_args!(
            "{}",
            json!({
                "running": running, "readiness": readiness, "feeds": feeds.len(), "sick": sick, "entries": counts,
                "store_bytes": size
            })
        ));
        return Ok(Exit::Ok);
    }
    crate::out::line(format_args!(
        "{:<16} {}",
        "desk",
        if running { tinted("running", AnsiColor::Green) } else { tinted("not running", AnsiColor::Yellow) }
    ));
    if let Some(readiness) = &readiness {
        let tint = if readiness == "ready" { AnsiColor::Green } else { AnsiColor::Yellow };
        crate::out::line(format_args!("{:<16} {}", "readiness", tinted(readiness, tint)));
    }
    crate::out::line(format_args!("{:<16} {}", "data dir", written.config.daemon.data_dir.display()));
    crate::out::line(format_args!("{:<16} {} MiB", "store", size.div_ceil(1 << 20)));
    crate::out::line(format_args!("{:<16} {} ({sick} sick: `wiredesk feeds list --sick`)", "feeds", feeds.len()));
    crate::out::line(format_args!(
        "{:<16} {} ({} more wait for another with the same link)",
        "pending", counts.pending, counts.waiting
    ));
    for settled in &counts.settled {
        let name = match &settled.reason {
            Some(reason) => format!("{}: {reason}", settled.outcome),
            None => settled.outcome.clone(),
        };
        crate::out::line(format_args!("{name:<24} {:>8}", settled.entries));
    }
    Ok(Exit::Ok)
}

/// Whether a desk holds the data dir's lock just now.
fn is_held(data_dir: &Path) -> bool {
    let Ok(file) = std::fs::File::open(data_dir.join("lock")) else { return false };
    matches!(file.try_lock_shared(), Err(std::fs::TryLockError::WouldBlock))
}
