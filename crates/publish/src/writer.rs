//! What all writers have in common: START opens a topic and reads its tail, RUN commits batches.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use wiredesk_faults::{Number, number};
use wiredesk_model::fault::{AsFault, Fault};
use wiredesk_model::id::DeskId;
use wiredesk_model::outcome::Receipt;
use wiredesk_model::secret::Secret;
use wiredesk_model::topic::{Found, Message, Positions, TopicIdentity};
use wiredesk_model::units::Span;

use crate::error::{Incomplete, OpenError, TailError};
use crate::kafka::{self, KafkaWriter};
use crate::log::LogWriter;
use crate::settings::{Kind, Settings};
use crate::stdout::StdoutWriter;

/// How many records a slice of the tail holds at most.
pub(crate) fn slice_size() -> usize {
    usize::try_from(number(Number::Slice, 500)).unwrap_or(usize::MAX)
}

/// A slice of the tail, to be taken into the index before the next is read.
#[derive(Clone, Copy, Debug)]
pub struct Tail<'a> {
    /// The records, in the order of each partition.
    pub found: &'a [Found],
    /// How far the index is once it holds `found`: the next offset to read, by partition. Partitions that are not named
    /// have not moved.
    pub next: &'a [(i32, i64)],
}

/// Takes in a slice of the tail.
pub type TakeTail<'a> = dyn FnMut(Tail<'_>) -> Result<(), TailError> + 'a;

/// What START needs to know.
#[derive(Clone, Copy)]
pub struct Opening<'a> {
    /// The `[publish]` section.
    pub settings: &'a Settings,
    /// Where the embedded log lives.
    pub data_dir: &'a Path,
    /// Who we are: `wd-desk`.
    pub desk: &'a DeskId,
    /// How far the index has read.
    pub positions: &'a Positions,
    /// Whether another topic is accepted, and read from its beginning.
    pub rebuild: bool,
    /// Whether this process has held the topic before: then a younger desk in the tail is respected, not fenced.
    pub again: bool,
    /// `publish.kafka.properties`, resolved.
    pub secrets: &'a BTreeMap<String, Secret>,
    /// Whether to give up; asked at least ten times a second.
    pub stop: &'a dyn Fn() -> bool,
    /// Told, once a minute, what START waits for that others have to end.
    pub waiting: &'a dyn Fn(&str),
}

/// A topic that is ready for batches.
#[derive(Debug)]
pub struct Opened {
    /// Who writes to it.
    pub writer: Writer,
    /// Which topic it is; to be kept with the index.
    pub identity: TopicIdentity,
    /// What the operator should know: retention that passed the index, records of other programs.
    pub warnings: Vec<String>,
}

/// A writer of one of the known kinds. Dropping it leaves an open batch to be taken back by the next START.
#[derive(Debug)]
pub enum Writer {
    /// Apache Kafka.
    Kafka(KafkaWriter),
    /// The embedded log.
    Log(LogWriter),
    /// Standard output.
    Stdout(StdoutWriter),
}

impl Writer {
    /// START, one attempt: connects, fences whoever wrote before, hands the tail to `tail`, and is ready to publish.
    ///
    /// # Errors
    /// [`OpenError`]; those whose fault is [`Fault::Retry`] are worth another attempt.
    pub fn open(opening: &Opening<'_>, tail: &mut TakeTail<'_>) -> Result<Opened, OpenError> {
        match opening.settings.kind {
            Kind::Kafka => kafka::open(opening, tail),
            Kind::Log => LogWriter::open(opening, tail),
            Kind::Stdout => StdoutWriter::open(opening),
        }
    }

    /// RUN: all of the batch or none of it; with Kafka and without transactions, part of it may be in. The receipts are in the
    /// order of the messages.
    ///
    /// # Errors
    /// [`Incomplete`] says what became of the batch. After [`CommitError::Uncertain`] and [`CommitError::Fenced`] the
    /// writer is of no further use.
    ///
    /// [`CommitError::Uncertain`]: crate::error::CommitError::Uncertain
    /// [`CommitError::Fenced`]: crate::error::CommitError::Fenced
    pub fn commit(&mut self, batch: &[Message]) -> Result<Vec<Receipt>, Incomplete> {
        match self {
            Self::Kafka(writer) => writer.commit(batch),
            Self::Log(writer) => writer.commit(batch).map_err(Into::into),
            Self::Stdout(writer) => writer.commit(batch).map_err(Into::into),
        }
    }
}

/// Attempts again what may go well later, once a second, until `limit` has passed or `stop` says so. An attempt is told when
/// that will be; `None`: never.
///
/// # Errors
/// The last attempt's.
pub fn patiently<T>(
    limit: Span,
    stop: &dyn Fn() -> bool,
    mut attempt: impl FnMut(Option<Instant>) -> Result<T, OpenError>,
) -> Result<T, OpenError> {
    let until = Instant::now().checked_add(limit.0);
    loop {
        let error = match attempt(until) {
            Err(error) if matches!(error.fault(), Fault::Retry { .. }) => error,
            done => return done,
        };
        let pause = Instant::now() + Duration::from_secs(1);
        while Instant::now() < pause {
            if stop() || until.is_some_and(|until| Instant::now() >= until) {
                return Err(error);
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

/// Checks the topic that is there against the one the index was made from; says where to begin reading.
///
/// `None`: from the low marks.
pub(crate) fn known<'a>(
    opening: &Opening<'a>,
    is: &TopicIdentity,
) -> Result<Option<&'a BTreeMap<i32, i64>>, OpenError> {
    match &opening.positions.identity {
        _ if opening.rebuild => Ok(None),
        None => Ok(None),
        Some(was) if was == is => Ok(Some(&opening.positions.next)),
        Some(was) => Err(OpenError::OtherTopic { was: Box::new(was.clone()), is: Box::new(is.clone()) }),
    }
}
