//! What can go wrong with the desk's state, in the operator's words.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use rusqlite::ErrorCode;
use wiredesk_model::fault::{AsFault, Fault};
use wiredesk_model::id::FeedId;

/// Why the store could not be opened, read or written.
///
/// Cheap to clone: when a commit fails, every writer that shared it is told the same.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// Another process holds the data dir (exit code 75).
    #[error("another desk{} holds the data dir {}", named(.pid), .dir.display())]
    Locked {
        /// The data dir.
        dir: PathBuf,
        /// The other's process id, where its lock file says so.
        pid: Option<u32>,
    },
    /// The data dir or a file in it cannot be made or written.
    #[error("{} cannot be written", .path.display())]
    NotWritable {
        /// What cannot be written.
        path: PathBuf,
        /// What the system says.
        source: Arc<io::Error>,
    },
    /// A younger program has written the store.
    #[error("the store has version {found}, this program knows versions up to {known}: use the newer program")]
    Newer {
        /// The store's version.
        found: i64,
        /// The newest version known here.
        known: i64,
    },
    /// The store has not been brought up to date yet; a reader does not do that.
    #[error(
        "the store has version {found}, this program reads version {known}: start the daemon once to bring it up to date"
    )]
    Older {
        /// The store's version.
        found: i64,
        /// The version wanted.
        known: i64,
    },
    /// There is nothing to read.
    #[error("there is no store in {}: has the daemon ever run with this data dir?", .dir.display())]
    Missing {
        /// The data dir.
        dir: PathBuf,
    },
    /// A feed that was never named to [`sync_feeds`](crate::Store::sync_feeds).
    #[error("the store does not know the feed `{feed}`")]
    UnknownFeed {
        /// Its name.
        feed: FeedId,
    },
    /// The disk is full.
    #[error("the disk of the store is full")]
    Full {
        /// What SQLite says.
        source: Arc<rusqlite::Error>,
    },
    /// The disk fails in another way than being full, or a file of the store has become unreachable.
    #[error("the disk of the store fails")]
    Disk {
        /// What SQLite says.
        source: Arc<rusqlite::Error>,
    },
    /// Another process keeps the database locked.
    #[error("the store is busy")]
    Busy {
        /// What SQLite says.
        source: Arc<rusqlite::Error>,
    },
    /// Anything else that SQLite says.
    #[error("the store failed")]
    Database {
        /// What SQLite says.
        source: Arc<rusqlite::Error>,
    },
    /// A value in the store that cannot be read back.
    #[error("the store holds {what} that cannot be read")]
    Unreadable {
        /// What it should be.
        what: &'static str,
        /// Why it is not.
        source: Arc<serde_json::Error>,
    },
    /// A value that cannot be written down.
    #[error("{what} cannot be stored")]
    Unwritable {
        /// What it is.
        what: &'static str,
        /// Why not.
        source: Arc<serde_json::Error>,
    },
    /// A piece of our own code panicked; what it had written was taken back.
    #[error("a write to the store panicked: {message}")]
    Panicked {
        /// The panic's message.
        message: String,
    },
    /// The store has been closed.
    #[error("the store is closed")]
    Closed,
}

impl StoreError {
    /// Whether the disk is to blame, so that the same may go well later.
    pub fn is_the_disks(&self) -> bool {
        match self {
            Self::Full { .. } | Self::Disk { .. } => true,
            Self::NotWritable { source, .. } => has_no_room(source),
            _ => false,
        }
    }

    /// The error with its cause, for a line of the log.
    pub fn told(&self) -> String {
        use std::error::Error;
        self.source().map_or_else(|| self.to_string(), |cause| format!("{self}: {cause}"))
    }
}

/// Whether there is no room on the disk, for anybody or for us: a quota that is used up is a full disk.
pub(crate) fn has_no_room(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

fn named(pid: &Option<u32>) -> String {
    pid.map(|pid| format!(" (process {pid})")).unwrap_or_default()
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        let code = error.sqlite_error_code();
        let source = Arc::new(error);
        match code {
            Some(ErrorCode::DiskFull) => Self::Full { source },
            Some(ErrorCode::SystemIoFailure | ErrorCode::CannotOpen) => Self::Disk { source },
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy { source },
            _ => Self::Database { source },
        }
    }
}

impl AsFault for StoreError {
    fn fault(&self) -> Fault {
        match self {
            Self::Full { .. } | Self::Disk { .. } | Self::Busy { .. } => Fault::Retry { after: None },
            // One row or one piece of work is at fault, not the store.
            Self::Unreadable { .. } | Self::Unwritable { .. } | Self::Panicked { .. } => Fault::Reject,
            _ => Fault::Fatal,
        }
    }
}
