//! `wiredesk trace URL`: an entry's whole history. Seen where and when, read how often, as which body of which article; where that
//! is in the topic and who brought it there; or why it is not there, and when it is tried again.

use std::path::Path;

use jiff::Timestamp;
use serde_json::json;
use wiredesk_model::link::printable;
use wiredesk_model::outcome::Outcome;
use wiredesk_store::entries::Fate;
use wiredesk_store::read::Trace;

use crate::cli::Output;
use crate::exit::{Exit, Failure, OrExit};
use crate::views::{at, named_lines, reader, written};

/// Tells all entries that an address names.
pub(crate) async fn trace(path: &Path, url: &str, output: Output) -> Result<Exit, Failure> {
    let written = written(path)?;
    let traces = match reader(&written)? {
        Some(reader) => reader.trace(url).await.or_exit(Exit::Io)?,
        None => Vec::new(),
    };
    if traces.is_empty() {
        eprintln!("no feed has listed {} yet", printable(url));
        return Ok(Exit::Failed);
    }
    for trace in &traces {
        match output {
            Output::Json => crate::out::line(crate::out::json(json!(trace))),
            Output::Text => crate::out::line(told(trace)),
        }
    }
    Ok(Exit::Ok)
}

fn told(trace: &Trace) -> String {
    let mut rows = vec![
        ("entry", trace.key.to_string()),
        ("feed", trace.feed.to_string()),
        ("title", printable(trace.title.as_deref().unwrap_or_default())),
        ("link", printable(trace.link.as_deref().unwrap_or_default())),
        ("first seen", at(trace.first_seen)),
    ];
    let mut add = |name, value: Option<String>| rows.extend(value.map(|value| (name, value)));
    add("listed", trace.left_at.map(|left| format!("no more since {}", at(left))));
    add("attempts", Some(trace.attempts.to_string()));
    add("url", trace.url.as_deref().map(printable));
    add("article", trace.article.map(|id| id.to_string()));
    add("revision", trace.revision.map(|revision| revision.to_string()));
    add("body", trace.hash.map(|hash| hash.to_string()));
    add("in the topic", trace.hash.map(|_| place(trace)));
    add("last error", trace.last_error.as_deref().map(printable));
    add("state", Some(state(trace)));
    add("settled", trace.settled_at.map(at));
    named_lines(rows)
}

/// Where its body is in the topic, and by whom.
fn place(trace: &Trace) -> String {
    let Some(placed) = trace.placed else { return "no".into() };
    let Some(carrier) = &trace.carrier else { return format!("at {placed}") };
    let url = carrier.url.as_deref().map(|url| format!(", {}", printable(url))).unwrap_or_default();
    match &carrier.feed {
        Some(feed) => format!("at {placed}, by entry {} of {feed}{url}", carrier.entry),
        None => format!("at {placed}, by entry {}, which is forgotten", carrier.entry),
    }
}

/// How it ended, or how it stands.
fn state(trace: &Trace) -> String {
    match &trace.outcome {
        Some(Outcome::Published { receipt }) => format!("published at {receipt}"),
        Some(Outcome::Duplicate { of }) => format!("duplicate: {of} is in the topic already"),
        Some(Outcome::Unchanged) => "unchanged: read again, the body that it had before".into(),
        Some(Outcome::Reverted) => "reverted: read again, an older body that is in the topic".into(),
        Some(Outcome::Dropped(dropped)) => format!("dropped as {}: {}", dropped.reason(), printable(&dropped.detail())),
        None => open(trace),
    }
}

/// How an entry stands that has no end yet.
fn open(trace: &Trace) -> String {
    if let Some(key) = trace.waits_for {
        return format!("waits for entry {key}, which has the same link: it will end as that does");
    }
    let will = match &trace.fate {
        None => String::new(),
        Some(Fate::Drop(why)) => format!("; it will be dropped as {} without being read", why.reason()),
        Some(Fate::Duplicate(of)) => format!("; it will end as a duplicate of {of}, for its link brought that"),
    };
    let when = match (trace.under_way, trace.due) {
        (true, _) => ", under way".into(),
        (false, Some(due)) if due > Timestamp::now() => format!(", tried again {}", at(due)),
        (false, Some(_)) => ", due now: it is read when the desk runs and its host may be asked".into(),
        (false, None) => String::new(),
    };
    format!("pending{when}{will}")
}
