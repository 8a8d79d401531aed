//! The one writer. Every write of the desk is a closure that waits in this thread's queue; the thread takes all that
//! wait, runs each in a savepoint of its own inside one transaction, commits once, and only then answers. A durable
//! commit costs an `fsync`; so the more callers wait, the less each pays, and none is answered before its write is safe.
//!
//! The write-ahead log is folded into the file beside it (`fold`).
//!
//! When the disk fails, all that shared the commit are told so and may ask again; the thread tries the disk by itself until it
//! can be written.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread::{self, JoinHandle};

use rusqlite::{Connection, Transaction, TransactionBehavior};
use tokio::sync::{oneshot, watch};

use crate::clock::Clock;
use crate::columns::Result;
use crate::error::StoreError;
use crate::fold::{Fold, Folding};
use crate::gate::{Gate, Shared, Step};
use crate::health::Health;

/// The most writes that share a commit.
const MOST: usize = 256;
/// So much must fit on a disk that was full before it counts as having room: one page more would let the next writes fail again.
const ROOM: i64 = 1 << 20;

/// The queue's end that callers hold. Dropped, it lets the thread finish what waits and waits for it.
pub(crate) struct Writer {
    queue: mpsc::Sender<Message>,
    thread: Option<JoinHandle<()>>,
    commits: Arc<AtomicU64>,
    trouble: watch::Receiver<Option<StoreError>>,
    fold: Arc<Fold>,
}

enum Message {
    Write(Box<dyn Job>),
    /// The log could not be folded into the file.
    NotFolded(StoreError),
    Close(oneshot::Sender<()>),
}

/// A write with somebody who waits for its end.
trait Job: Send {
    fn run(&mut self, tx: &Transaction<'_>) -> Result<()>;
    fn answer(self: Box<Self>, end: Result<()>);
}

struct Asked<T, W, A> {
    work: Option<W>,
    value: Option<T>,
    answer: A,
}

impl<T, W, A> Job for Asked<T, W, A>
where
    T: Send,
    W: FnOnce(&Transaction<'_>) -> Result<T> + Send,
    A: FnOnce(Result<T>) + Send,
{
    fn run(&mut self, tx: &Transaction<'_>) -> Result<()> {
        let work = self.work.take().ok_or(StoreError::Closed)?;
        self.value = Some(work(tx)?);
        Ok(())
    }

    fn answer(self: Box<Self>, end: Result<()>) {
        let Self { value, answer, .. } = *self;
        answer(end.and_then(|()| value.ok_or(StoreError::Closed)));
    }
}

impl Writer {
    /// Starts the thread on the one connection that writes, and one that folds the log on another.
    pub(crate) fn start(
        conn: Connection,
        to_fold: Connection,
        clock: Arc<Clock>,
        gate: Box<dyn Gate>,
    ) -> std::io::Result<Self> {
        let (queue, waiting) = mpsc::channel();
        let commits = Arc::new(AtomicU64::new(0));
        let (health, trouble) = Health::new();
        let gate = Shared::new(gate);
        let tell = queue.clone();
        // Refused where the store is closed: then the writer folds the log itself.
        let folding = Folding::start(to_fold, gate.clone(), move |error| drop(tell.send(Message::NotFolded(error))))?;
        let fold = folding.fold();
        let door = Door { conn, clock, commits: commits.clone(), gate, health, folding };
        let thread = thread::Builder::new().name("store".into()).spawn(move || door.keep(&waiting))?;
        Ok(Self { queue, thread: Some(thread), commits, trouble, fold })
    }

    /// Waits until little of what was written is left to be folded into the file. Whoever writes much and is in no hurry asks for
    /// it between two pieces, so that others find the disk at rest.
    pub(crate) async fn rest(&self) -> Result<()> {
        let fold = self.fold.clone();
        let rested = tokio::task::spawn_blocking(move || fold.rest()).await;
        rested.unwrap_or_else(|error| Err(StoreError::Panicked { message: error.to_string() }))
    }

    /// As [`Self::rest`], for a thread outside the async floor.
    pub(crate) fn rest_blocking(&self) -> Result<()> {
        self.fold.rest()
    }

    /// What keeps the disk from being written, while something does.
    pub(crate) fn trouble(&self) -> watch::Receiver<Option<StoreError>> {
        self.trouble.clone()
    }

    /// Runs `work` in the writer's thread. Answered when it is committed.
    ///
    /// Once called, the write happens whether or not the answer is awaited.
    pub(crate) async fn write<T, W>(&self, work: W) -> Result<T>
    where
        T: Send + 'static,
        W: FnOnce(&Transaction<'_>) -> Result<T> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        self.ask(work, move |end| drop(answer.send(end)))?;
        answered.await.unwrap_or(Err(StoreError::Closed))
    }

    /// As [`Self::write`], for a thread outside the async floor.
    pub(crate) fn write_blocking<T, W>(&self, work: W) -> Result<T>
    where
        T: Send + 'static,
        W: FnOnce(&Transaction<'_>) -> Result<T> + Send + 'static,
    {
        let (answer, answered) = mpsc::sync_channel(1);
        self.ask(work, move |end| drop(answer.send(end)))?;
        answered.recv().unwrap_or(Err(StoreError::Closed))
    }

    /// Lets all that waits be written, then closes the database. Later writes are refused.
    pub(crate) async fn close(&self) {
        let (closed, told) = oneshot::channel();
        if self.queue.send(Message::Close(closed)).is_ok() {
            // An error means that the thread is gone, which is what was asked for.
            let _ = told.await;
        }
    }

    /// Commits made so far.
    pub(crate) fn commits(&self) -> u64 {
        self.commits.load(Ordering::Relaxed)
    }

    fn ask<T, W, A>(&self, work: W, answer: A) -> Result<()>
    where
        T: Send + 'static,
        W: FnOnce(&Transaction<'_>) -> Result<T> + Send + 'static,
        A: FnOnce(Result<T>) + Send + 'static,
    {
        let job = Asked { work: Some(work), value: None, answer };
        self.queue.send(Message::Write(Box::new(job))).map_err(|_| StoreError::Closed)
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        let (closed, _) = oneshot::channel();
        // Refused where the store was closed before.
        let _ = self.queue.send(Message::Close(closed));
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the store's writer panicked");
        }
    }
}

/// The one door through which every write goes.
struct Door {
    conn: Connection,
    clock: Arc<Clock>,
    commits: Arc<AtomicU64>,
    gate: Shared,
    health: Health,
    folding: Folding,
}

impl Door {
    fn keep(mut self, queue: &mpsc::Receiver<Message>) {
        let mut waiting = VecDeque::new();
        let mut closed = None;
        loop {
            if closed.is_none() && self.health.next_try().is_some_and(|wait| wait.is_zero()) {
                self.try_the_disk();
            }
            if waiting.is_empty() {
                if closed.is_some() {
                    break;
                }
                let message = match self.health.next_try() {
                    None => queue.recv().map_err(|_| RecvTimeoutError::Disconnected),
                    Some(wait) => queue.recv_timeout(wait),
                };
                match message {
                    Ok(Message::Write(job)) => waiting.push_back(job),
                    Ok(Message::NotFolded(error)) => self.not_folded(&error),
                    Ok(Message::Close(tell)) => closed = Some(tell),
                    Err(RecvTimeoutError::Timeout) => continue,
                    Err(RecvTimeoutError::Disconnected) => break,
                }
            }
            while closed.is_none() && waiting.len() < MOST {
                match queue.try_recv() {
                    Ok(Message::Write(job)) => waiting.push_back(job),
                    Ok(Message::NotFolded(error)) => self.not_folded(&error),
                    Ok(Message::Close(tell)) => closed = Some(tell),
                    Err(_) => break,
                }
            }
            if !waiting.is_empty() {
                self.write(&mut waiting);
            }
        }
        if let Err(error) = self.close() {
            tracing::warn!(%error, "the store was not closed tidily; it mends itself at the next start");
        }
        if let Some(tell) = closed {
            // Nobody need be waiting.
            let _ = tell.send(());
        }
    }

    /// One transaction: as many waiting writes as fit, one commit, then the answers.
    fn write(&mut self, waiting: &mut VecDeque<Box<dyn Job>>) {
        let mut run = Vec::with_capacity(waiting.len());
        let committed = self.commit(waiting, &mut run);
        if committed.is_err() {
            self.clock.was_not_written();
        }
        // One of them is enough, whatever else failed before it for reasons of its own.
        let mut errors =
            committed.as_ref().err().into_iter().chain(run.iter().filter_map(|(_, end)| end.as_ref().err()));
        if let Some(error) = errors.find(|error| error.is_the_disks()) {
            self.health.failed(error);
        }
        for (job, end) in run {
            job.answer(match &committed {
                Ok(()) => end,
                Err(error) => end.and(Err(error.clone())),
            });
        }
        // Nobody waits for it but the next write.
        if committed.is_ok()
            && let Err(error) = self.folding.after_commit(&self.conn)
        {
            self.not_folded(&error);
        }
    }

    /// What is committed stays in the log, which grows.
    fn not_folded(&mut self, error: &StoreError) {
        self.health.failed(error);
        if !error.is_the_disks() {
            tracing::warn!(stage = "store", "the write-ahead log could not be folded: {}", error.told());
        }
    }

    /// Writes something of a size, takes it out again and folds the log: when all that goes well, the trouble is over.
    fn try_the_disk(&mut self) {
        let fill = |tx: &Transaction<'_>| {
            tx.execute("INSERT OR REPLACE INTO meta (name, value) VALUES ('room', hex(zeroblob(?1)))", [ROOM / 2])?;
            Ok(())
        };
        let empty = |tx: &Transaction<'_>| {
            tx.execute("DELETE FROM meta WHERE name = 'room'", [])?;
            Ok(())
        };
        let fold = self.folding.fold();
        match self.alone(fill).and_then(|()| self.alone(empty)).and_then(|()| fold.all()) {
            Ok(()) => self.health.is_well(),
            // Any failure here keeps the trouble on: whatever it is, the disk has not been written.
            Err(error) => self.health.goes_on(&error),
        }
    }

    /// One write in a transaction of its own.
    fn alone(&mut self, work: impl FnOnce(&Transaction<'_>) -> Result<()> + Send) -> Result<()> {
        let tx = self.conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut job = Asked { work: Some(work), value: None, answer: |_| {} };
        through(&tx, &self.gate, &mut job)?;
        self.gate.pass(Step::Commit)?;
        Ok(tx.commit()?)
    }

    fn commit(
        &mut self,
        waiting: &mut VecDeque<Box<dyn Job>>,
        run: &mut Vec<(Box<dyn Job>, Result<()>)>,
    ) -> Result<()> {
        let tx = match self.conn.transaction_with_behavior(TransactionBehavior::Immediate) {
            Ok(tx) => tx,
            Err(error) => {
                run.extend(waiting.drain(..).map(|job| (job, Ok(()))));
                return Err(error.into());
            }
        };
        while let Some(mut job) = waiting.pop_front() {
            let end = through(&tx, &self.gate, job.as_mut());
            let failed = end.as_ref().err().cloned();
            run.push((job, end));
            // On a full disk or a broken one SQLite gives the whole transaction up, with what ran before.
            if tx.is_autocommit() {
                return Err(failed.unwrap_or(StoreError::Closed));
            }
        }
        self.clock.write(&tx, false)?;
        self.gate.pass(Step::Commit)?;
        tx.commit()?;
        self.commits.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    fn close(self) -> Result<()> {
        self.folding.end();
        self.clock.write(&self.conn, true)?;
        self.conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
        self.conn.close().map_err(|(_, error)| error.into())
    }
}

/// One write in its savepoint: whatever it does or fails to do, the others of its transaction are not touched.
fn through(tx: &Transaction<'_>, gate: &Shared, job: &mut dyn Job) -> Result<()> {
    gate.pass(Step::Begin)?;
    tx.prepare_cached("SAVEPOINT job")?.execute([])?;
    let mut end = catch_unwind(AssertUnwindSafe(|| job.run(tx))).unwrap_or_else(|panic| {
        let message = panic.downcast_ref::<&str>().map(|s| (*s).to_owned());
        let message = message.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default();
        Err(StoreError::Panicked { message })
    });
    end = end.and_then(|()| Ok(gate.pass(Step::Made)?));
    if let Err(lost) = gate.pass(Step::Lost) {
        tx.execute_batch("ROLLBACK")?;
        end = Err(lost.into());
    }
    if end.is_err() && !tx.is_autocommit() {
        let undone = tx.execute_batch("ROLLBACK TO job");
        if let Err(error) = undone {
            tx.execute_batch("ROLLBACK")?;
            return Err(error.into());
        }
    }
    if !tx.is_autocommit() {
        tx.prepare_cached("RELEASE job")?.execute([])?;
    }
    end
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gate::Failure;
    use jiff::Timestamp;

    struct World {
        dir: tempfile::TempDir,
        writer: Writer,
    }

    fn world() -> World {
        world_behind(Box::new(crate::gate::Open))
    }

    fn world_behind(gate: Box<dyn Gate>) -> World {
        let dir = tempfile::tempdir().expect("a folder");
        let conn = crate::open::connect(dir.path()).expect("a store");
        let clock = Arc::new(Clock::open(&conn, Timestamp::UNIX_EPOCH).expect("a clock"));
        let to_fold = crate::open::connect_to_fold(dir.path()).expect("a store");
        World { dir, writer: Writer::start(conn, to_fold, clock, gate).expect("a thread") }
    }

    impl World {
        fn put(&self, name: &'static str) -> Result<usize> {
            self.writer.write_blocking(move |tx| put(tx, name))
        }

        fn names(&self) -> Vec<String> {
            let conn = Connection::open(crate::open::database(self.dir.path())).expect("a reader");
            let mut find = conn.prepare("SELECT name FROM meta WHERE value = 'x' ORDER BY name").expect("sql");
            find.query_map([], |row| row.get(0)).expect("rows").collect::<rusqlite::Result<_>>().expect("names")
        }
    }

    fn put(tx: &Transaction<'_>, name: &str) -> Result<usize> {
        Ok(tx.execute("INSERT INTO meta (name, value) VALUES (?1, 'x')", [name])?)
    }

    #[test]
    fn a_panic_in_a_write_takes_back_that_write_and_the_writer_lives() {
        let world = world();
        let end: Result<()> = world.writer.write_blocking(|tx| {
            put(tx, "half done")?;
            panic!("a bug");
        });
        assert!(matches!(end, Err(StoreError::Panicked { message }) if message == "a bug"));
        world.put("after").expect("the writer lives");
        assert_eq!(world.names(), ["after"]);
    }

    #[tokio::test]
    async fn writes_that_wait_share_one_commit_and_one_that_fails_fails_alone() {
        let world = world();
        let (go, wait) = mpsc::channel::<()>();
        let first = world.writer.write(move |_| {
            wait.recv().map_err(|_| StoreError::Closed)?;
            Ok(())
        });
        let rest = async {
            let all = ["a", "b", "a", "c"].map(|name| world.writer.write(move |tx| put(tx, name)));
            let [a, b, again, c] = all;
            let go = async { go.send(()).map_err(|_| StoreError::Closed) };
            tokio::join!(a, b, again, c, go)
        };
        let (first, (a, b, again, c, _)) = tokio::join!(first, rest);
        first.expect("first");
        assert!(a.is_ok() && b.is_ok() && c.is_ok());
        assert!(matches!(again, Err(StoreError::Database { .. })), "a name twice");
        assert_eq!(world.names(), ["a", "b", "c"]);
        assert!(world.writer.commits() <= 2, "{} commits", world.writer.commits());
    }

    /// Has room for so many writes.
    struct RoomFor(u32);

    impl Gate for RoomFor {
        fn pass(&mut self, step: Step) -> std::result::Result<(), Failure> {
            if step == Step::Made {
                self.0 = self.0.checked_sub(1).ok_or(Failure::Full)?;
            }
            Ok(())
        }
    }

    #[tokio::test]
    async fn a_full_disk_is_heard_behind_a_write_that_failed_for_a_reason_of_its_own() {
        let world = world_behind(Box::new(RoomFor(2)));
        let trouble = world.writer.trouble();
        let (go, wait) = mpsc::channel::<()>();
        let first = world.writer.write(move |_| wait.recv().map_err(|_| StoreError::Closed));
        let rest = async {
            let [a, again, b] = ["a", "a", "b"].map(|name| world.writer.write(move |tx| put(tx, name)));
            let go = async { go.send(()).map_err(|_| StoreError::Closed) };
            tokio::join!(a, again, b, go)
        };
        let (first, (a, again, b, _)) = tokio::join!(first, rest);
        assert!(first.is_ok() && a.is_ok(), "two are made");
        assert!(matches!(again, Err(StoreError::Database { .. })), "{again:?}");
        assert!(matches!(b, Err(StoreError::Full { .. })), "{b:?}");
        assert!(trouble.has_changed().expect("the writer lives"));
    }

    #[test]
    fn what_waits_at_the_end_is_written_and_the_log_is_folded_in() {
        let World { dir, writer } = world();
        let (go, wait) = mpsc::channel::<()>();
        writer.ask(move |_| wait.recv().map_err(|_| StoreError::Closed), |_| {}).expect("open");
        for name in ["a", "b"] {
            writer.ask(move |tx| put(tx, name), |_| {}).expect("open");
        }
        go.send(()).expect("the writer waits");
        drop(writer);
        let log = dir.path().join("desk.sqlite-wal");
        assert!(!log.exists() || std::fs::metadata(log).expect("its size").len() == 0);
        let conn = Connection::open(crate::open::database(dir.path())).expect("a reader");
        let names: i64 =
            conn.query_row("SELECT count(*) FROM meta WHERE value = 'x'", [], |r| r.get(0)).expect("count");
        assert_eq!(names, 2);
    }

    #[tokio::test]
    async fn a_closed_store_refuses_writes() {
        let world = world();
        world.writer.close().await;
        assert!(matches!(world.put("late"), Err(StoreError::Closed)));
    }
}
