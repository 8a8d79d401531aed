//! Faults that a test asks for: the process dies or stands still at a named point, or goes without a protection.
//!
//! kill -9 at random seldom hits the moment between two writes, and a test that never hits it proves nothing about it. So the
//! places that matter bear names ([`Point`]), and the tests from outside have the daemon die at each of them. They say which
//! in the environment ([`ask`]). A protection that can be taken away ([`Protection`]) shows that its test can fail.
//!
//! Only the feature `armed` builds any of this in, and only the package of tests turns it on (cargo unites features when the
//! workspace is built as one). Everywhere else these functions are empty, and the shipped program reads none of the variables.

#[cfg(feature = "armed")]
mod armed;
pub mod ask;
#[cfg(not(feature = "armed"))]
mod calm;

#[cfg(feature = "armed")]
pub use armed::{meet, number, reach, without};
#[cfg(not(feature = "armed"))]
pub use calm::{meet, number, reach, without};

macro_rules! named {
    ($(#[$doc:meta])* $kind:ident { $($(#[$about:meta])* $variant:ident = $name:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum $kind { $($(#[$about])* $variant,)* }

        impl $kind {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The name that a test asks for it by.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }
        }
    };
}

named!(
    /// A moment at which a crash must lose nothing and repeat nothing.
    Point {
        /// A poll's transaction has written everything and is not committed.
        Polling = "polling",
        /// A poll is in the journal.
        Polled = "polled",
        /// An entry's attempt is written down, nothing of it was read.
        Admitted = "admitted",
        /// An entry's article and revision are fixed, and it was offered to nobody.
        Sighted = "sighted",
        /// START has fenced whoever wrote before and has read nothing.
        Fenced = "fenced",
        /// START has taken a slice of the tail into journal and index.
        CaughtUp = "caught_up",
        /// A transaction has begun and holds nothing.
        Begun = "begun",
        /// A record was handed to the client.
        Sent = "sent",
        /// All records of a transaction are acknowledged, and it is not committed.
        Acknowledged = "acknowledged",
        /// The log's lines are written and not yet durable.
        Written = "written",
        /// A batch is in the topic, and the desk knows nothing of it.
        Committed = "committed",
        /// The transaction that settles a batch's entries has written everything and is not committed.
        Settling = "settling",
        /// A batch's entries are settled, and the index lags behind.
        Settled = "settled",
        /// The transaction that indexes a batch has written everything and is not committed.
        Indexing = "indexing",
        /// A batch is settled and indexed, and nobody was told.
        Indexed = "indexed",
        /// All who waited for a batch have their answer.
        Answered = "answered",
        /// A dead letter was written, and its entry is not settled.
        Lettered = "lettered",
        /// A further sighting was written, and its entry is not settled.
        Copied = "copied",
    }
);

named!(
    /// What keeps the promise; taken away, its test must fail.
    Protection {
        /// START takes the transactional id from whoever held it, and waits for what is open.
        Fence = "fence",
        /// The index is written after the topic.
        TopicFirst = "topic_first",
    }
);

named!(
    /// A number that is too large for a test.
    Number {
        /// How long a transaction may last, in milliseconds.
        TransactionTimeout = "transaction_timeout",
        /// How many records of the tail are taken in at once.
        Slice = "slice",
    }
);
