//! Bulk forms: a manifest of rows in, one line out per row, in order, on as many threads as wanted.

use std::collections::BTreeMap;
use std::io::{BufRead, IsTerminal, Write};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;

use anyhow::Context;
use serde::de::DeserializeOwned;
use tracing::warn;

use crate::exit::{Exit, Failure, OrExit};
use crate::out::steerless;
use crate::progress::bar;
use crate::source;
use crate::telemetry::bars;

/// The most threads: each has a stack of its own, and more than the cores have no use.
const MOST_JOBS: usize = 256;

/// The most a manifest may weigh.
const MANIFEST_LIMIT: u64 = 256 << 20;

/// Threads are given this much stack: walkers are iterative, parsers of other hands may not be.
const STACK: usize = 8 << 20;

/// Does `work` for each row of a manifest and writes its lines in the rows' order. A row that cannot be read gets a line, too:
/// `refuse` makes it of what is wrong.
///
/// # Errors
/// When the manifest cannot be read or standard output cannot be written.
pub(crate) fn rows<R, F>(manifest: &Path, jobs: usize, work: F, refuse: fn(String) -> String) -> Result<(), Failure>
where
    R: DeserializeOwned + Send,
    F: Fn(&Path, R) -> String + Sync,
{
    let name = manifest.display();
    let folder = manifest.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let bytes = source::plain(manifest, MANIFEST_LIMIT).or_exit(Exit::Io)?;
    let mut rows = Vec::new();
    for (at, line) in bytes.lines().enumerate() {
        let line = line.with_context(|| format!("{name}, line {}", at + 1)).or_exit(Exit::Io)?;
        if !line.trim().is_empty() {
            rows.push((at + 1, line));
        }
    }
    if jobs > MOST_JOBS {
        warn!(jobs, "more than {MOST_JOBS} jobs are of no use: {MOST_JOBS} are started");
    }
    let jobs = jobs.min(MOST_JOBS).min(rows.len());
    let progress = (std::io::stderr().is_terminal() && !std::io::stdout().is_terminal())
        .then(|| bars().add(bar(rows.len() as u64)));
    let next = AtomicUsize::new(0);
    let (done, lines) = mpsc::sync_channel::<(usize, String)>(jobs * 4);
    let write = std::thread::scope(|scope| {
        for _ in 0..jobs {
            let (done, next, rows, work, name) = (done.clone(), &next, &rows, &work, &name);
            let thread = move || {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let Some(row) = rows.get(at) else { return };
                    let (number, text) = row;
                    let line = match serde_json::from_str::<R>(text) {
                        Ok(row) => work(folder, row),
                        Err(error) => refuse(format!("{name}, line {number}: {error}")),
                    };
                    if done.send((at, line)).is_err() {
                        return;
                    }
                }
            };
            std::thread::Builder::new()
                .stack_size(STACK)
                .spawn_scoped(scope, thread)
                .context("no thread")
                .or_exit(Exit::Internal)?;
        }
        drop(done);
        in_order(lines, |line| {
            if let Some(bar) = &progress {
                bar.inc(1);
            }
            line
        })
    });
    if let Some(bar) = progress {
        bar.finish_and_clear();
    }
    write
}

fn in_order(lines: mpsc::Receiver<(usize, String)>, seen: impl Fn(String) -> String) -> Result<(), Failure> {
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    let (mut waiting, mut turn) = (BTreeMap::new(), 0);
    for (at, line) in lines {
        waiting.insert(at, seen(line));
        while let Some(line) = waiting.remove(&turn) {
            if let Err(error) = writeln!(out, "{}", steerless(&line)) {
                return broken_pipe(error);
            }
            turn += 1;
        }
    }
    out.flush()
        .or_else(|error| if error.kind() == std::io::ErrorKind::BrokenPipe { Ok(()) } else { Err(error) })
        .or_exit(Exit::Io)
}

/// A reader that has seen enough is no failure.
fn broken_pipe(error: std::io::Error) -> Result<(), Failure> {
    if error.kind() == std::io::ErrorKind::BrokenPipe {
        return Ok(());
    }
    Err(error).context("standard output cannot be written").or_exit(Exit::Io)
}

/// A row's work that panicked costs its row, not the others.
pub(crate) fn guarded<T>(work: impl FnOnce() -> T) -> Option<T> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(work)).ok()
}

/// How many threads, where the user said nothing.
pub(crate) fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, Into::into)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn however_many_jobs_are_wished_for_no_more_threads_are_started_than_there_are_rows() {
        let folder = tempfile::tempdir().expect("a folder");
        let manifest = folder.path().join("rows.jsonl");
        std::fs::write(&manifest, "1\n\n2\n").expect("written");
        let seen = AtomicUsize::new(0);
        let work = |_: &Path, row: usize| {
            seen.fetch_add(row, Ordering::Relaxed);
            row.to_string()
        };
        assert!(rows(&manifest, usize::MAX, work, |wrong| wrong).is_ok());
        assert_eq!(seen.load(Ordering::Relaxed), 3);
    }
}
