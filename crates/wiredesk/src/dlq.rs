//! `wiredesk dlq`: what the desk dropped, why, and another try. Looking takes no lock; trying again takes the data dir, for a
//! running desk would not know of it.

use std::path::Path;

use jiff::Timestamp;
use serde_json::json;
use wiredesk_model::id::{EntryKey, FeedId};
use wiredesk_model::link::printable;
use wiredesk_model::outcome::Dropped;
use wiredesk_store::dead::{Dead, Which};
use wiredesk_store::read::Reader;

use crate::cli::{DlqCommand, LettersArgs, Output};
use crate::daemon::take;
use crate::exit::{Exit, Failure, OrExit};
use crate::views::{at, named_lines, reader, relative, table, written};

/// Runs one of them.
pub(crate) async fn dlq(command: DlqCommand) -> Result<Exit, Failure> {
    match command {
        DlqCommand::List { which, number, config, output } => list(&config.config, &which, number, output).await,
        DlqCommand::Show { entry, config, output } => show(&config.config, &entry, output).await,
        DlqCommand::Retry { entries, which, all, config } => retry(&config.config, &entries, &which, all).await,
    }
}

/// What was asked for, or what is wrong with it: a reason that no entry can have is a slip of the pen.
fn which(letters: &LettersArgs) -> Result<Which, Failure> {
    if let Some(reason) = &letters.reason
        && !Dropped::REASONS.contains(&reason.as_str())
    {
        let known = Dropped::REASONS.join(", ");
        return Err(Failure { exit: Exit::Usage, error: anyhow::anyhow!("no reason is called {reason:?}: {known}") });
    }
    Ok(Which { feed: letters.feed.as_deref().map(FeedId::new), reason: letters.reason.clone(), ..Which::default() })
}

async fn list(path: &Path, letters: &LettersArgs, number: Option<usize>, output: Output) -> Result<Exit, Failure> {
    let which = Which { most: number, ..which(letters)? };
    let written = written(path)?;
    let dead = match reader(&written)? {
        Some(reader) => reader.dead(which).await.or_exit(Exit::Io)?,
        None => Vec::new(),
    };
    if output == Output::Json {
        for one in &dead {
            crate::out::line(crate::out::json(json!(one)));
        }
        return Ok(Exit::Ok);
    }
    if dead.is_empty() {
        crate::out::line("nothing was dropped that is meant");
        return Ok(Exit::Ok);
    }
    let mut rows = table(["entry", "feed", "reason", "dropped", "attempts", "link"]);
    for one in &dead {
        rows.add_row([
            one.entry.to_string(),
            one.feed.to_string(),
            one.reason.clone(),
            relative(one.dropped),
            one.attempts.to_string(),
            printable(one.url.as_deref().unwrap_or_default()),
        ]);
    }
    crate::out::line(rows);
    Ok(Exit::Ok)
}

async fn show(path: &Path, entry: &str, output: Output) -> Result<Exit, Failure> {
    let written = written(path)?;
    let dead = match reader(&written)? {
        Some(reader) => {
            let keys = Some(named(&reader, entry).await?);
            reader.dead(Which { keys, ..Which::default() }).await.or_exit(Exit::Io)?
        }
        None => Vec::new(),
    };
    if dead.is_empty() {
        return Err(none(entry));
    }
    for one in &dead {
        match output {
            Output::Json => crate::out::line(crate::out::json(json!(one))),
            Output::Text => crate::out::line(told(one)),
        }
    }
    Ok(Exit::Ok)
}

fn told(dead: &Dead) -> String {
    let rows = [
        ("entry", dead.entry.to_string()),
        ("feed", format!("{} ({})", dead.feed, if dead.listed { "lists it" } else { "lists it no more" })),
        ("title", printable(dead.title.as_deref().unwrap_or_default())),
        ("link", printable(dead.url.as_deref().unwrap_or_default())),
        ("first seen", at(dead.first_seen)),
        ("attempts", dead.attempts.to_string()),
        ("reason", dead.reason.clone()),
        ("detail", printable(&dead.detail)),
        ("dropped", at(dead.dropped)),
        ("again", format!("stop the desk, then `wiredesk dlq retry {}`", dead.entry)),
    ];
    named_lines(rows)
}

async fn retry(path: &Path, entries: &[String], letters: &LettersArgs, all: bool) -> Result<Exit, Failure> {
    let mut which = which(letters)?;
    if entries.is_empty() && which == Which::default() && !all {
        let error = anyhow::anyhow!("say which: entries or links, --feed, --reason, or --all");
        return Err(Failure { exit: Exit::Usage, error });
    }
    let written = written(path)?;
    // Only whether it is there: one of an older version is brought up to date when it is taken.
    if !Reader::is_there(&written.config.daemon.data_dir) {
        return Err(none(&entries.join(" ")));
    }
    let store = take(&written.config.daemon.data_dir).map_err(|failure| match failure.exit {
        Exit::TakenOver => Failure { error: failure.error.context("stop the desk first"), ..failure },
        _ => failure,
    })?;
    if !entries.is_empty() {
        let mut keys = Vec::new();
        for entry in entries {
            keys.extend(named(&store.reader(), entry).await?);
        }
        which.keys = Some(keys);
    }
    let retried = store.retry(which, Timestamp::now()).await.or_exit(Exit::Io)?;
    store.close().await;
    if retried == 0 {
        return Err(none(&entries.join(" ")));
    }
    let what = if retried == 1 { "entry is" } else { "entries are" };
    crate::out::line(format_args!("{retried} {what} pending again: the desk reads them when it runs"));
    Ok(Exit::Ok)
}

/// The entries that a key or an address names.
async fn named(reader: &Reader, text: &str) -> Result<Vec<EntryKey>, Failure> {
    if let Ok(key) = text.parse::<EntryKey>() {
        return Ok(vec![key]);
    }
    Ok(reader.trace(text).await.or_exit(Exit::Io)?.into_iter().map(|trace| trace.key).collect())
}

fn none(what: &str) -> Failure {
    let error = match what {
        "" => anyhow::anyhow!("nothing was dropped that is meant"),
        what => anyhow::anyhow!("nothing was dropped that is called {}: see `wiredesk trace`", printable(what)),
    };
    Failure { exit: Exit::Failed, error }
}
