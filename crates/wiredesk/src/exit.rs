//! How the program ends: the exit codes of the contract (after sysexits.h).

use std::process::ExitCode;

/// An exit code of the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Exit {
    /// Done.
    Ok = 0,
    /// The thing checked failed.
    Failed = 1,
    /// The command line makes no sense.
    Usage = 64,
    /// The broker could not be reached in time.
    Unavailable = 69,
    /// A fault of the program's own.
    Internal = 70,
    /// A file or folder cannot be read or written.
    Io = 74,
    /// Another desk holds the data dir, or took over.
    TakenOver = 75,
    /// The configuration is wrong.
    Config = 78,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// A failure with the exit code it ends in.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) exit: Exit,
    pub(crate) error: anyhow::Error,
}

/// Gives errors their exit code.
pub(crate) trait OrExit<T> {
    /// Ends in this code.
    fn or_exit(self, exit: Exit) -> Result<T, Failure>;
}

impl<T, E: Into<anyhow::Error>> OrExit<T> for Result<T, E> {
    fn or_exit(self, exit: Exit) -> Result<T, Failure> {
        self.map_err(|error| Failure { exit, error: error.into() })
    }
}
