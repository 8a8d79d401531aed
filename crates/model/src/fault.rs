//! The one question asked of every error, answered where the knowledge is.

use std::time::Duration;

/// What is to be done about an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It may go well later: put the entry or feed back with a due time, not before `after` where one is known.
    Retry {
        /// The least wait that the other side asked for.
        after: Option<Duration>,
    },
    /// It will never go well: settle the entry with a reason.
    Reject,
    /// Nothing more can be done by this process: end the run with an exit code.
    Fatal,
}

/// What every stage's error can answer.
pub trait AsFault {
    /// What is to be done about it.
    fn fault(&self) -> Fault;
}
