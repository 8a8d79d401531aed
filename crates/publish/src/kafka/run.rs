//! RUN: one batch, one transaction. Begin, send, poll until nothing is in flight, commit.
//!
//! A batch may be sent again only after an abort that succeeded. Every other end leaves open what is in the topic, and
//! only START can tell. Without transactions nothing can be taken back: then what was acknowledged is in the topic, what the
//! broker said no to is not, and of anything else START has to tell.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{BaseRecord, Producer as _};
use wiredesk_faults::{Point, reach};
use wiredesk_model::outcome::Receipt;
use wiredesk_model::topic::{Channel, Message};

use crate::error::{CommitError, Incomplete};
use crate::kafka::client::{Producer, delivery_timeout, transaction_timeout};
use crate::kafka::ears::ticket;
use crate::kafka::errors::{code, code_words, first, gravest, is_fence, sort, sort_untaken, words};
use crate::settings::{Delivery, Settings};

/// librdkafka's own waits are coarse (100 ms); many short ones are not.
const POLL: Duration = Duration::from_millis(1);
/// Answers are waited for in haste for so long; a healthy broker needs a few milliseconds.
const HASTE: Duration = Duration::from_millis(200);
/// The rest between two looks after that.
const REST: Duration = Duration::from_millis(10);
const REFRESH_TIMEOUT: Duration = Duration::from_secs(2);
/// How long one call of commit or abort waits before it is made again.
const END_STEP: Duration = Duration::from_secs(1);
/// The same for an abort, which hands out delivery reports between its calls.
const ABORT_STEP: Duration = Duration::from_millis(50);
/// After this long without an answer the end of a transaction is unknown.
const END_TIMEOUT: Duration = Duration::from_secs(60);

/// Publishes batches on Kafka. Dropping it leaves an open transaction to the next START, which aborts it.
pub struct KafkaWriter {
    producer: Arc<Producer>,
    topics: [String; 3],
    brokers: String,
    transactional: bool,
    /// Whether the last batch ended in a record that the broker never took. librdkafka has then counted a number the broker
    /// has not seen, and asks for a new epoch only when the next batch fails on it: that one is sent twice.
    gap: bool,
    /// Whether the last batch ended in something that has to pass first.
    waited: bool,
}

impl std::fmt::Debug for KafkaWriter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KafkaWriter")
            .field("topics", &self.topics)
            .field("brokers", &self.brokers)
            .finish_non_exhaustive()
    }
}

/// What ended a batch before its commit.
struct Trouble {
    code: Code,
    words: String,
}

impl Trouble {
    fn of(error: &KafkaError) -> Self {
        Self { code: code(error), words: words(error) }
    }
}

/// How old a transaction is, by both clocks: one stands still while the machine sleeps, the other may be set.
struct Age(Instant, SystemTime);

impl Age {
    fn now() -> Self {
        Self(Instant::now(), SystemTime::now())
    }

    fn get(&self) -> Duration {
        self.0.elapsed().max(self.1.elapsed().unwrap_or_default())
    }
}

impl KafkaWriter {
    pub(crate) fn new(producer: Arc<Producer>, settings: &Settings) -> Self {
        Self {
            producer,
            topics: Channel::ALL.map(|channel| channel.topic(&settings.kafka.topic)),
            brokers: settings.kafka.brokers.clone(),
            transactional: settings.kafka.delivery == Delivery::ExactlyOnce,
            gap: false,
            waited: false,
        }
    }

    /// All of the batch or, with transactions, none of it; see [`crate::writer::Writer::commit`].
    ///
    /// # Errors
    /// [`Incomplete`], naming brokers and topic.
    pub fn commit(&mut self, batch: &[Message]) -> Result<Vec<Receipt>, Incomplete> {
        if batch.is_empty() {
            return Ok(Vec::new());
        }
        if self.waited {
            // A topic that was refused once is refused by the client itself until it has asked again.
            for topic in &self.topics {
                let _ = self.producer.client().fetch_metadata(Some(topic), REFRESH_TIMEOUT);
            }
        }
        let mut done = self.attempt(batch);
        if self.gap && matches!(&done, Err(Incomplete { why: CommitError::Aborted { .. }, .. })) {
            done = self.attempt(batch);
        }
        let why = done.as_ref().err().map(|incomplete| &incomplete.why);
        self.gap = matches!(why, Some(CommitError::Refused { .. } | CommitError::Wait { .. }));
        self.waited = matches!(why, Some(CommitError::Wait { .. }));
        done
    }

    fn attempt(&self, batch: &[Message]) -> Result<Vec<Receipt>, Incomplete> {
        let age = Age::now();
        if !self.transactional {
            return self.send(batch).map_err(|trouble| self.leave(&trouble, &age));
        }
        self.producer.begin_transaction().map_err(|e| self.unknown(&Trouble::of(&e), &age))?;
        reach(Point::Begun);
        let receipts = self.send(batch).map_err(|trouble| self.take_back(&trouble, &age))?;
        reach(Point::Acknowledged);
        self.end(&age)?;
        Ok(receipts)
    }

    fn told(&self, what: &str, words: &str) -> String {
        format!("{what} {} at {}: {words}", self.topics[0], self.brokers)
    }

    /// Hands the batch over and waits until nothing is in flight; with a transaction only until something fails, for the
    /// abort drops the rest.
    fn send(&self, batch: &[Message]) -> Result<Vec<Receipt>, Trouble> {
        let number = self.producer.context().expect(batch.len());
        let handed_over = self.hand_over(batch, number);
        if self.transactional {
            handed_over?;
            self.wait_for_reports()?;
        } else {
            self.wait_for_reports().and(handed_over)?;
        }
        if let Some(trouble) = self.failed() {
            return Err(trouble);
        }
        let receipts = self.producer.context().reports().complete();
        receipts
            .ok_or_else(|| Trouble { code: Code::NoOffset, words: "a record was taken without a word where".into() })
    }

    /// Why the batch has failed, if it has. With a transaction by what failed first, for that may have brought down others.
    fn failed(&self) -> Option<Trouble> {
        let reports = self.producer.context().reports();
        let code = if self.transactional { first(&reports.failed) } else { gravest(&reports.failed) }?;
        Some(Trouble { code, words: code_words(code) })
    }

    /// Why nothing more of the batch need be waited for, if so: its transaction will be aborted.
    fn given_up(&self) -> Result<(), Trouble> {
        if self.transactional { self.failed().map_or(Ok(()), Err) } else { Ok(()) }
    }

    fn hand_over(&self, batch: &[Message], number: u32) -> Result<(), Trouble> {
        for (index, message) in batch.iter().enumerate() {
            let headers = message
                .headers
                .iter()
                .fold(OwnedHeaders::new_with_capacity(message.headers.len()), |all, (key, value)| {
                    all.insert(Header { key, value: Some(value.as_str()) })
                });
            let mut record = BaseRecord::with_opaque_to(&self.topics[message.channel as usize], ticket(number, index))
                .key(&message.key)
                .payload(&message.value)
                .timestamp(message.timestamp)
                .headers(headers);
            loop {
                let (error, back) = match self.producer.send(record) {
                    Ok(()) => break,
                    Err(refused) => refused,
                };
                if code(&error) != Code::QueueFull {
                    return Err(Trouble::of(&error));
                }
                if self.producer.in_flight_count() == 0 {
                    // An empty queue that has no room for it never will.
                    let words = "an empty queue has no room for it".to_owned();
                    return Err(Trouble { code: Code::MessageSizeTooLarge, words });
                }
                self.producer.poll(POLL);
                self.given_up()?;
                record = back;
            }
            reach(Point::Sent);
        }
        Ok(())
    }

    /// Waits until nothing is in flight.
    fn wait_for_reports(&self) -> Result<(), Trouble> {
        let patience = Instant::now();
        while self.producer.in_flight_count() > 0 {
            self.producer.poll(POLL);
            if patience.elapsed() > HASTE {
                // A broker that is away: librdkafka has events at every turn then, and a core would spin on them.
                std::thread::sleep(REST);
            }
            // Others of the batch may wait for the failed one until they time out; the abort drops them.
            self.given_up()?;
            if patience.elapsed() > 2 * delivery_timeout() {
                return Err(Trouble { code: Code::MessageTimedOut, words: code_words(Code::MessageTimedOut) });
            }
        }
        Ok(())
    }

    /// Commits the open transaction; a retriable error means: call again.
    fn end(&self, age: &Age) -> Result<(), CommitError> {
        loop {
            let error = match self.producer.commit_transaction(END_STEP) {
                Ok(()) => return Ok(()),
                Err(error) => error,
            };
            let trouble = Trouble::of(&error);
            match &error {
                KafkaError::Transaction(inner) if inner.txn_requires_abort() => {
                    return Err(self.take_back(&trouble, age));
                }
                KafkaError::Transaction(inner) if inner.is_retriable() && age.get() < END_TIMEOUT => {
                    self.producer.poll(POLL);
                }
                KafkaError::Flush(Code::OperationTimedOut) if age.get() < END_TIMEOUT => {}
                _ => return Err(self.unknown(&trouble, age)),
            }
        }
    }

    /// Takes the batch back, and says what may be done with it.
    fn take_back(&self, trouble: &Trouble, age: &Age) -> CommitError {
        if is_fence(trouble.code) || self.producer.client().fatal_error().is_some() {
            return self.unknown(trouble, age);
        }
        if let Err(worse) = self.abort() {
            return self.unknown(&worse, age);
        }
        if self.producer.client().fatal_error().is_some() {
            return self.unknown(trouble, age);
        }
        sort(trouble.code, self.told("publishing to", &trouble.words))
    }

    /// Says what may be done with those of a batch that failed, where there is no transaction that could take back the others.
    fn leave(&self, trouble: &Trouble, age: &Age) -> Incomplete {
        if self.producer.client().fatal_error().is_some() {
            return self.unknown(trouble, age).into();
        }
        match sort_untaken(trouble.code, self.told("publishing to", &trouble.words)) {
            // START reads the topic from where the index stands, so it finds those that are in it, too.
            why @ CommitError::Uncertain { .. } => why.into(),
            why => Incomplete { inside: self.producer.context().reports().take(), why },
        }
    }

    fn abort(&self) -> Result<(), Trouble> {
        let begun = Instant::now();
        loop {
            // The abort itself drops what is queued and waits for what is in flight. Purging by hand would leave a gap in
            // the partitions' sequences, and the next batch would fail on it.
            let error = match self.producer.abort_transaction(ABORT_STEP) {
                Ok(()) => return Ok(()),
                Err(error) => error,
            };
            match &error {
                KafkaError::Transaction(inner) if inner.is_retriable() && begun.elapsed() < END_TIMEOUT => {
                    self.producer.poll(POLL);
                }
                _ => return Err(Trouble::of(&error)),
            }
        }
    }

    /// The transaction's end is unknown. A fence is another desk's, unless our transaction was so old that the broker
    /// itself may have ended it.
    fn unknown(&self, trouble: &Trouble, age: &Age) -> CommitError {
        let fatal = self.producer.client().fatal_error();
        let (code, words) = fatal.as_ref().map_or((trouble.code, &trouble.words), |(code, words)| (*code, words));
        let error = self.told("publishing to", &crate::kafka::ears::clean(words));
        if self.transactional && (is_fence(code) || is_fence(trouble.code)) && age.get() < transaction_timeout() {
            CommitError::Fenced { error }
        } else {
            CommitError::Uncertain { error }
        }
    }
}
