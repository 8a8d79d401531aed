//! What stands between the writer and the disk, as a door: a test can put one there that lets the nth write fail as a full or a
//! broken disk would, and see that nothing comes of it but a wait.

use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::{ErrorCode, ffi};

use crate::error::StoreError;

/// A point on the way of a write at which a disk can fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// A write is about to be made. One that fails here did nothing.
    Begin,
    /// A write has been made, in its savepoint. One that fails here is taken back, and no other with it.
    Made,
    /// As [`Self::Made`], but the database gives up the whole transaction, with the writes that ran before: so SQLite does when it
    /// could not even take one write back.
    Lost,
    /// All the writes of a transaction are made and none is durable. What fails here is taken back, all of it.
    Commit,
    /// What was committed is about to be folded from the write-ahead log into the file. What fails here stays in the log.
    Fold,
}

/// What the disk is supposed to have said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// There is no room.
    Full,
    /// It cannot be read or written.
    Broken,
}

impl From<Failure> for StoreError {
    fn from(failure: Failure) -> Self {
        let (code, extended_code) = match failure {
            Failure::Full => (ErrorCode::DiskFull, ffi::SQLITE_FULL),
            Failure::Broken => (ErrorCode::SystemIoFailure, ffi::SQLITE_IOERR),
        };
        rusqlite::Error::SqliteFailure(ffi::Error { code, extended_code }, None).into()
    }
}

/// Is asked at each [`Step`] whether the disk lets it pass: in the writer's thread, or in the one that folds the log.
pub trait Gate: Send {
    /// Lets it pass, or fails it.
    ///
    /// # Errors
    /// The failure.
    fn pass(&mut self, step: Step) -> Result<(), Failure>;
}

/// The one gate, for both threads that pass it.
#[derive(Clone)]
pub(crate) struct Shared(Arc<Mutex<Box<dyn Gate>>>);

impl Shared {
    pub(crate) fn new(gate: Box<dyn Gate>) -> Self {
        Self(Arc::new(Mutex::new(gate)))
    }

    pub(crate) fn pass(&self, step: Step) -> Result<(), Failure> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pass(step)
    }
}

/// The real disk speaks for itself.
pub struct Open;

impl Gate for Open {
    fn pass(&mut self, _: Step) -> Result<(), Failure> {
        Ok(())
    }
}
