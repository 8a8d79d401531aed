//! What stands between the writer and the disk, as a door: a test can put one there that lets the nth write fail as a full or a
//! broken disk would, and see that nothing comes of it but a wait.

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

/// Is asked at each [`Step`], in the writer's thread, whether the disk lets it pass.
pub trait Gate: Send {
    /// Lets it pass, or fails it.
    ///
    /// # Errors
    /// The failure.
    fn pass(&mut self, step: Step) -> Result<(), Failure>;
}

/// The real disk speaks for itself.
pub struct Open;

impl Gate for Open {
    fn pass(&mut self, _: Step) -> Result<(), Failure> {
        Ok(())
    }
}
