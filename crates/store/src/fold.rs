//! The write-ahead log, folded into the file beside the writer. SQLite would fold it inside whichever commit finds it long; that
//! commit, and all that wait behind it, then wait for hundreds of pages to be written all over the file and synced. So the writer
//! only says that there is something to fold, and a thread folds it meanwhile, on a connection of its own.
//!
//! Durability is no matter of this room: a write is answered when it stands in the log and the log is synced. What cannot be folded
//! stays there, and only makes the log longer.
//!
//! The log begins again from its start only when all of it is folded, which beside a writer without rest it never is: so the writer
//! itself folds the little that is left of a long log, and all of one that is far too long.

use std::sync::mpsc::{self, Receiver, SyncSender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::Connection;
use tracing::warn;
use wiredesk_model::reminder::Reminder;

use crate::columns::Result;
use crate::error::StoreError;
use crate::gate::{Shared, Step};

/// So many pages are worth a folding, 1 MB of them: fewer wait for the next.
const WORTH: u64 = 250;
/// A log of so many pages, 16 MB, should begin again.
const LONG: u64 = 4_000;
/// So many pages are folded while the writer waits.
const LITTLE: u64 = 100;
/// A log of so many pages, 64 MB, is folded while the writer waits, whatever it takes.
const TOO_LONG: u64 = 16_000;
/// A log of so many pages, 256 MB, is a trouble to be told of: somebody reads for long, or the file cannot be written.
const TROUBLING: u64 = 64_000;
/// Nobody rests for longer.
const LONGEST_REST: Duration = Duration::from_millis(200);

/// How long the log is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Length {
    pages: u64,
    folded: u64,
}

impl Length {
    /// Asks without folding anything, or folds what no reader needs as it was.
    fn of(conn: &Connection, pragma: &str) -> Result<Self> {
        let mut ask = conn.prepare_cached(pragma)?;
        let (pages, folded): (i64, i64) = ask.query_row([], |row| Ok((row.get(1)?, row.get(2)?)))?;
        let count = |number| u64::try_from(number).unwrap_or_default();
        Ok(Self { pages: count(pages), folded: count(folded) })
    }

    fn left(self) -> u64 {
        self.pages.saturating_sub(self.folded)
    }
}

/// Who folds, one at a time.
pub(crate) struct Fold {
    hand: Mutex<Option<Hand>>,
}

struct Hand {
    conn: Connection,
    gate: Shared,
    reminder: Reminder,
}

/// The writer's end: says that there is something to fold. Dropped, it ends the thread.
pub(crate) struct Folding {
    fold: Arc<Fold>,
    notice: SyncSender<()>,
}

impl Fold {
    fn hand(&self) -> MutexGuard<'_, Option<Hand>> {
        self.hand.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Folds what is worth it; where somebody is at it, waits for the end of that.
    fn what_is_worth_it(&self) -> Result<()> {
        self.hand().as_mut().map_or(Ok(()), |hand| hand.fold(WORTH))
    }

    /// Waits until little is left to fold, and then three times as long: for whoever writes much and is in no hurry. What others write
    /// meanwhile finds a disk that rests most of the time.
    ///
    /// # Errors
    /// As [`Self::all`].
    pub(crate) fn rest(&self) -> Result<()> {
        let begun = Instant::now();
        self.what_is_worth_it()?;
        thread::sleep((begun.elapsed() * 3).min(LONGEST_REST));
        Ok(())
    }

    /// Folds all that no reader needs as it was.
    ///
    /// # Errors
    /// What SQLite says: the file cannot be written. Nothing is lost by it.
    pub(crate) fn all(&self) -> Result<()> {
        self.hand().as_mut().map_or(Ok(()), |hand| hand.fold(1))
    }

    /// As [`Self::all`], if nobody is at it.
    fn all_if_free(&self) -> Result<()> {
        let mut hand = match self.hand.try_lock() {
            Ok(hand) => hand,
            Err(TryLockError::Poisoned(hand)) => hand.into_inner(),
            Err(TryLockError::WouldBlock) => return Ok(()),
        };
        hand.as_mut().map_or(Ok(()), |hand| hand.fold(1))
    }
}

impl Hand {
    fn fold(&mut self, worth: u64) -> Result<()> {
        let length = Length::of(&self.conn, "PRAGMA wal_checkpoint(NOOP)")?;
        if length.left() < worth {
            return Ok(());
        }
        self.gate.pass(Step::Fold)?;
        let length = Length::of(&self.conn, "PRAGMA wal_checkpoint(PASSIVE)")?;
        if length.left() >= TROUBLING && self.reminder.is_due(Instant::now()) {
            warn!(
                stage = "store",
                pages = length.left(),
                "the write-ahead log has grown long: is somebody else reading the data dir's store?"
            );
        }
        Ok(())
    }
}

impl Folding {
    /// Starts the thread on a connection of its own; `failed` is told when the file cannot be written.
    pub(crate) fn start(
        conn: Connection,
        gate: Shared,
        failed: impl Fn(StoreError) + Send + 'static,
    ) -> std::io::Result<Self> {
        let fold = Arc::new(Fold { hand: Mutex::new(Some(Hand { conn, gate, reminder: Reminder::default() })) });
        // One notice is as good as many.
        let (notice, noticed) = mpsc::sync_channel(1);
        let by_thread = fold.clone();
        thread::Builder::new().name("fold".into()).spawn(move || keep(&by_thread, &noticed, failed))?;
        Ok(Self { fold, notice })
    }

    /// Who folds, for others who write much.
    pub(crate) fn fold(&self) -> Arc<Fold> {
        self.fold.clone()
    }

    /// After a commit of `writer`: sees to it that the log does not grow without end.
    ///
    /// # Errors
    /// What SQLite says; the commit stands.
    pub(crate) fn after_commit(&self, writer: &Connection) -> Result<()> {
        let length = Length::of(writer, "PRAGMA wal_checkpoint(NOOP)")?;
        if length.pages >= TOO_LONG {
            return self.fold.all();
        }
        if length.pages >= LONG && length.left() <= LITTLE {
            return self.fold.all_if_free();
        }
        if length.left() >= WORTH {
            // Refused where a notice waits already.
            let _ = self.notice.try_send(());
        }
        Ok(())
    }

    /// Closes the connection, so that the writer's is the last one. What is folded just now is folded first.
    pub(crate) fn end(&self) {
        self.fold.hand().take();
    }
}

fn keep(fold: &Fold, noticed: &Receiver<()>, failed: impl Fn(StoreError)) {
    while noticed.recv().is_ok() {
        if let Err(error) = fold.what_is_worth_it() {
            failed(error);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gate::Open;

    /// Pages of the log at its longest, when it is written to so many pages at a time, with `commits`, and folded while each is written:
    /// so there is always something left.
    fn longest(pages: i64, commits: usize) -> u64 {
        let dir = tempfile::tempdir().expect("a folder");
        let mut writer = crate::open::connect(dir.path()).expect("a store");
        let to_fold = crate::open::connect_to_fold(dir.path()).expect("a store");
        for conn in [&writer, &to_fold] {
            conn.execute_batch("PRAGMA synchronous = OFF").expect("no power cut is played here");
        }
        let folding =
            Folding::start(to_fold, Shared::new(Box::new(Open)), |error| panic!("{error}")).expect("a thread");
        let (fold, mut longest) = (folding.fold(), 0);
        for _ in 0..commits {
            let tx = writer.transaction().expect("a transaction");
            let sql = "INSERT OR REPLACE INTO meta (name, value) VALUES ('blob', hex(randomblob(?1)))";
            tx.execute(sql, [pages * 2048]).expect("room");
            fold.all().expect("folded");
            tx.commit().expect("committed");
            folding.after_commit(&writer).expect("in order");
            longest = longest.max(Length::of(&writer, "PRAGMA wal_checkpoint(NOOP)").expect("a length").pages);
        }
        longest
    }

    #[test]
    fn a_log_that_is_written_to_without_rest_begins_again_when_little_of_it_is_left_to_fold() {
        assert!(longest(20, 400) < LONG + 100);
    }

    #[test]
    fn a_log_that_is_written_to_in_large_pieces_begins_again_whatever_it_takes() {
        assert!(longest(200, 120) < TOO_LONG + 1000);
    }
}
