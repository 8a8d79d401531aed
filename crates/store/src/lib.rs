//! The desk's memory: which entries were seen, how each ended, and which bodies are in the topic, in one SQLite file.
//!
//! Laws 1 to 3 rest on it. An entry is journalled in the same transaction as its feed's validators, and from then on it
//! is pending until it is settled with one of a closed list of outcomes. The index of published bodies is the topic's
//! shadow: it is written after the topic, never with the journal in one transaction, and can be read anew from the topic.
//!
//! # Architecture
//! - [`Store`]: the daemon's handle; holds the data dir's lock. [`read::Reader`]: a look beside a running daemon.
//! - `open`: the folder, the lock, migrations. `writer`: the one door through which every write goes, with group commit.
//!   `fold`: the write-ahead log, folded into the file beside it. `pool`: read-only connections. [`gate`]: where a test lets a write fail. `health`: whether the disk can be written.
//! - [`feeds`]: where each feed stands. [`journal`]: a poll goes in, whole. `listing`: a listing becomes an open entry,
//!   joined to others by its link. [`subscriptions`]: which hub pushes a feed's news. [`entries`]: an entry's way from pending to settled. [`articles`]: which article a
//!   body belongs to, and its revision.
//! - [`topic`]: the index of what the topic holds, and what the topic settles. For the publisher's own thread.
//!   `rebuild`: the index, held against a topic that is read anew. `columns`: how values stand in the tables.
//! - [`dead`]: what was dropped, and how it is tried again.
//! - [`prune`]: what is forgotten, and when. `slice`: work on a large table, a little at a time. `clock`: whether the clock can be believed.
//! - [`read`]: what `status`, `trace` and the metrics ask. [`error`]: what can go wrong.

pub mod articles;
mod clock;
mod columns;
pub mod dead;
pub mod entries;
pub mod error;
pub mod feeds;
mod fold;
pub mod gate;
mod health;
pub mod journal;
mod listing;
mod open;
mod pool;
pub mod prune;
pub mod read;
mod rebuild;
mod slice;
pub mod subscriptions;
pub mod topic;
mod writer;

use std::fs::File;
use std::path::Path;
use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use tokio::sync::watch;
use url::Url;
use wiredesk_model::id::Fingerprint;

use crate::clock::Clock;
use crate::error::StoreError;
use crate::gate::Gate;
use crate::pool::Pool;
use crate::prune::Cursors;
use crate::writer::Writer;

/// The state of one data dir, held by this process.
///
/// Cheap to clone; all clones are one store. When the last goes (or at [`Self::close`]) what waits is written, the
/// write-ahead log is folded into the file, and the data dir is free for another desk.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    // In the order of their end: the readers, the writer with all that waits, and only then the lock.
    pool: Pool,
    writer: Writer,
    clock: Arc<Clock>,
    desk: String,
    dir_remark: Option<String>,
    cursors: Mutex<Cursors>,
    _lock: File,
}

impl Store {
    /// Takes the data dir, which is made if it is not there, and brings its store up to date.
    ///
    /// # Errors
    /// [`StoreError::Locked`] where another process has it, [`StoreError::NotWritable`], [`StoreError::Newer`], or what
    /// SQLite says.
    pub fn open(dir: &Path, now: Timestamp) -> Result<Self, StoreError> {
        Self::open_behind(Box::new(gate::Open), dir, now)
    }

    /// As [`Self::open`], with a gate of the caller's before every write.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_behind(gate: Box<dyn Gate>, dir: &Path, now: Timestamp) -> Result<Self, StoreError> {
        let dir_remark = open::folder(dir)?;
        let lock = open::lock(dir)?;
        let conn = open::connect(dir)?;
        let desk = open::desk(&conn)?;
        let clock = Arc::new(Clock::open(&conn, now)?);
        // A desk that starts on a full disk waits for room like one that runs: the time is written with the first write.
        match clock.write(&conn, false) {
            Err(error) if error.is_the_disks() => clock.was_not_written(),
            done => done?,
        }
        let writer = Writer::start(conn, open::connect_to_fold(dir)?, clock.clone(), gate)
            .map_err(|e| StoreError::NotWritable { path: dir.to_owned(), source: Arc::new(e) })?;
        let pool = Pool::new(&open::database(dir));
        let inner = Inner { pool, writer, clock, desk, dir_remark, cursors: Mutex::default(), _lock: lock };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// The data dir's own name, drawn once: 16 hexadecimal digits.
    pub fn desk(&self) -> &str {
        &self.inner.desk
    }

    /// What is to be said about the clock: it stands before the newest time the desk has seen, or more than a week past
    /// it. Until it has held for a day nothing is forgotten for its age.
    pub fn clock_remark(&self) -> Option<String> {
        self.inner.clock.remark().map(str::to_owned)
    }

    /// What is to be said about the data dir: others may look into it.
    pub fn dir_remark(&self) -> Option<String> {
        self.inner.dir_remark.clone()
    }

    /// The newest time the store has seen.
    pub fn newest_time(&self) -> Timestamp {
        self.inner.clock.newest()
    }

    /// What keeps the data dir from being written, while something does: the disk is full, or fails. The store tries it by
    /// itself; whoever would begin something new does well to wait until it is `None` again.
    pub fn trouble(&self) -> watch::Receiver<Option<StoreError>> {
        self.inner.writer.trouble()
    }

    /// Commits made since the store was opened, for the metrics: many writes share one.
    pub fn commits(&self) -> u64 {
        self.inner.writer.commits()
    }

    /// What `status` and `trace` see, beside the writer.
    pub fn reader(&self) -> read::Reader {
        read::Reader::beside(self.inner.pool.clone())
    }

    /// Writes what waits, folds the log into the file and closes it. Other clones' later writes fail with
    /// [`StoreError::Closed`]. The data dir stays locked until the last clone is gone.
    pub async fn close(self) {
        self.inner.pool.clear();
        self.inner.writer.close().await;
    }
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store").field("file", &self.inner.pool.file()).field("desk", &self.inner.desk).finish()
    }
}

/// The key by which entries and articles are joined: the fingerprint of an address, cleaned.
pub fn address_key(url: &Url) -> Fingerprint {
    Fingerprint::of(&[wiredesk_model::link::cleaned(url).as_str()])
}
