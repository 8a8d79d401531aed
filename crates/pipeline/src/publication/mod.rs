//! The publication: one body, one record (law 2), and the topic is the truth (law 3).
//!
//! [`Publication::offer`] is all that the rest of the desk knows of publishing: claim the hash, ask the index, hand the
//! record *with its claim* to the writer's thread, wait for the receipt. The thread (`writer`) owns the topic: it starts
//! by fencing and reading the tail, and then commits whatever gathered while the last batch was being committed.

mod claims;
mod writer;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tokio::sync::{Semaphore, mpsc, oneshot, watch};
use wiredesk_model::id::DeskId;
use wiredesk_model::outcome::{Dropped, Receipt};
use wiredesk_model::record::{Candidate, Copy, DeadLetter, Event, Pipeline, Record, SCHEMA_VERSION};
use wiredesk_model::topic::{Joint, Message};
use wiredesk_publish::settings::Settings;
use wiredesk_store::Store;
use wiredesk_store::articles::Sighting;
use wiredesk_store::entries::Pending;
use wiredesk_store::error::StoreError;
use wiredesk_store::topic::Placed;

use self::claims::{Claim, Claims};
pub use self::writer::Resolved;
use crate::meter::Meter;

/// How the writer's thread stands with the topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// START: connecting, fencing, reading the tail.
    Starting,
    /// Fenced and caught up: records go out.
    Ready,
    /// The topic cannot be written just now, for this reason; tried again by itself.
    Waiting(String),
    /// The thread has ended.
    Ended(Ending),
}

/// Why the writer's thread ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// It was asked to, and all that was handed to it is settled.
    Closed,
    /// Another desk has our identity.
    TakenOver(String),
    /// The topic is not what the index says it is, or the settings are wrong.
    Refused(String),
    /// The embedded log cannot be read or written.
    Io(String),
    /// The thread itself failed.
    Failed(String),
}

/// The publication is no more: the desk is stopping, or the topic was lost. What was offered stays pending.
#[derive(Debug, thiserror::Error)]
#[error("publishing has ended")]
pub struct Closed;

/// Why an offer has no answer.
#[derive(Debug, thiserror::Error)]
pub enum OfferError {
    /// The publication is no more; the entry stays pending.
    #[error(transparent)]
    Closed(#[from] Closed),
    /// The index could not be asked.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What became of a candidate.
#[derive(Debug)]
pub enum Offered {
    /// Its record went to the topic.
    Published(Receipt, Event),
    /// Its body is in the topic already.
    InTopic(Placed),
    /// The topic will never take it.
    Refused(Dropped),
}

/// What the writer's thread is handed. The claim travels with the record: whatever becomes of the task that waits, only the
/// end of the batch frees the hash.
enum Item {
    Record { message: Message, joint: Joint, claim: Claim, reply: oneshot::Sender<Offered>, event: Event },
    Notice { message: Message, reply: oneshot::Sender<()> },
}

impl Item {
    fn message(&self) -> &Message {
        match self {
            Self::Record { message, .. } | Self::Notice { message, .. } => message,
        }
    }
}

/// Everything the writer's thread needs.
pub struct Parts {
    /// `[publish]`.
    pub settings: Settings,
    /// `publish.kafka.properties`, resolved.
    pub secrets: Resolved,
    /// Where the embedded log lives.
    pub data_dir: PathBuf,
    /// Read the whole topic again, adding its keys to the index.
    pub rebuild: bool,
    /// The index and the journal.
    pub store: Store,
    /// Who we are.
    pub desk: DeskId,
    /// Which program makes the records.
    pub pipeline: Pipeline,
    /// Told what START settles.
    pub meter: Meter,
    /// Told of entries that may be settled now because another one was.
    pub released: mpsc::UnboundedSender<Vec<Pending>>,
}

/// The door to the topic. Cheap to clone.
#[derive(Clone)]
pub struct Publication {
    inner: Arc<Inner>,
}

struct Inner {
    claims: Claims,
    store: Store,
    desk: DeskId,
    pipeline: Pipeline,
    copies: bool,
    bytes: Arc<Semaphore>,
    most_bytes: usize,
    items: Mutex<Option<std::sync::mpsc::Sender<Item>>>,
    committing: Arc<Mutex<Option<Instant>>>,
    standing: watch::Receiver<Standing>,
    stop: Arc<AtomicBool>,
}

/// A commit that takes longer waits for a broker that does not answer.
const STALLED: Duration = Duration::from_secs(10);

/// Bytes are counted in units of 1 KiB, so that a semaphore can count them.
const UNIT: usize = 1024;

impl Publication {
    /// Starts the writer's thread; START runs in it, and nothing here waits for it.
    ///
    /// # Errors
    /// When the operating system gives no thread.
    pub fn open(parts: Parts) -> std::io::Result<Self> {
        let (items, inbox) = std::sync::mpsc::channel();
        let (standing, seen) = watch::channel(Standing::Starting);
        let stop = Arc::new(AtomicBool::new(false));
        let committing = Arc::new(Mutex::new(None));
        let most_bytes = (parts.settings.in_flight.bytes.as_usize() / UNIT).clamp(1, Semaphore::MAX_PERMITS);
        let inner = Inner {
            claims: Claims::default(),
            store: parts.store.clone(),
            desk: parts.desk.clone(),
            pipeline: parts.pipeline.clone(),
            copies: parts.settings.copies,
            bytes: Arc::new(Semaphore::new(most_bytes)),
            most_bytes,
            items: Mutex::new(Some(items)),
            committing: committing.clone(),
            standing: seen,
            stop: stop.clone(),
        };
        let index = parts.store.blocking();
        // Before START settles the first of them. What cannot be read now is told by START, which reads it too.
        parts.meter.pending_at_start(index.pending_count().unwrap_or_default());
        let thread = writer::Thread { parts, index, inbox, standing, stop, ends: BTreeMap::new(), committing };
        std::thread::Builder::new().name("publisher".into()).spawn(move || thread.run())?;
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Whether there is room for more; where there is none, nothing more should be read.
    pub fn has_room(&self) -> bool {
        self.inner.bytes.available_permits() > self.inner.most_bytes / 8
    }

    /// Since when the batch under way waits for the topic, where it waits for longer than a commit takes.
    pub fn stalled(&self) -> Option<Duration> {
        let since = *self.inner.committing.lock().unwrap_or_else(PoisonError::into_inner);
        since.map(|since| since.elapsed()).filter(|waited| *waited > STALLED)
    }

    /// How the writer stands with the topic, as it changes.
    pub fn standing(&self) -> watch::Receiver<Standing> {
        self.inner.standing.clone()
    }

    /// Takes nothing more; the thread ends when what it was handed is settled.
    pub fn close(&self) {
        self.inner.items.lock().unwrap_or_else(PoisonError::into_inner).take();
    }

    /// Gives up what cannot be settled now: START and waits end at once, an open transaction is left to be aborted.
    pub fn abandon(&self) {
        self.close();
        self.inner.stop.store(true, std::sync::atomic::Ordering::Relaxed);
    }

    /// Publishes a body once. Waits while another entry has claimed the same body; then the index is asked; then the
    /// record waits for its batch to be committed. `page` is what the candidate was read from: its share of the byte budget
    /// is given back once the record has its share of `publish.in_flight`.
    ///
    /// Cancel-safe in the sense of law 2: before the record is handed over the claim is freed; after that the batch owns it.
    ///
    /// # Errors
    /// When the publication has ended or the index cannot be read: the entry stays pending.
    pub async fn offer<P>(&self, candidate: Candidate, sighting: &Sighting, page: P) -> Result<Offered, OfferError> {
        let hash = candidate.article.content_hash;
        let claim = self.inner.claims.claim(hash).await;
        if let Some(placed) = self.inner.store.lookup(hash).await? {
            return Ok(Offered::InTopic(placed));
        }
        let _room = self.room(weight(&candidate)).await?;
        drop(page);
        let (message, joint, event) = self.record(candidate, sighting);
        let (reply, answer) = oneshot::channel();
        self.hand_over(Item::Record { message, joint, claim, reply, event })?;
        Ok(answer.await.map_err(|_| Closed)?)
    }

    /// Writes why an entry was dropped to the dead letters; at least once.
    ///
    /// # Errors
    /// When the publication has ended: the entry stays pending.
    pub async fn dead_letter(&self, letter: &DeadLetter) -> Result<(), Closed> {
        self.notice(Message::dead_letter(letter, &self.inner.desk, Timestamp::now())).await
    }

    /// Writes a further sighting of a published body, where `publish.copies` is on; at least once.
    ///
    /// # Errors
    /// When the publication has ended: the entry stays pending.
    pub async fn copy(&self, copy: &Copy) -> Result<(), Closed> {
        if !self.inner.copies {
            return Ok(());
        }
        self.notice(Message::copy(copy, &self.inner.desk, Timestamp::now())).await
    }

    async fn notice(&self, message: Message) -> Result<(), Closed> {
        let _room = self.room(message.weight()).await?;
        let (reply, answer) = oneshot::channel();
        self.hand_over(Item::Notice { message, reply })?;
        answer.await.map_err(|_| Closed)
    }

    /// Waits until the message fits into `publish.in_flight.bytes`; one that never would goes alone.
    async fn room(&self, weight: usize) -> Result<tokio::sync::OwnedSemaphorePermit, Closed> {
        let units = weight.div_ceil(UNIT).clamp(1, self.inner.most_bytes);
        let units = u32::try_from(units).unwrap_or(u32::MAX);
        self.inner.bytes.clone().acquire_many_owned(units).await.map_err(|_| Closed)
    }

    fn hand_over(&self, item: Item) -> Result<(), Closed> {
        let items = self.inner.items.lock().unwrap_or_else(PoisonError::into_inner);
        items.as_ref().ok_or(Closed)?.send(item).map_err(|_| Closed)
    }

    fn record(&self, candidate: Candidate, sighting: &Sighting) -> (Message, Joint, Event) {
        let Candidate { entry, id, article, date_first_seen, date_fetched, feed } = candidate;
        let event = if sighting.revision > 1 { Event::Revised } else { Event::Published };
        let joint = Joint { entry, id, revision: sighting.revision, desk: self.inner.desk.clone() };
        let record = Record {
            schema_version: SCHEMA_VERSION.into(),
            event,
            id,
            revision: sighting.revision,
            previous_hash: sighting.previous,
            article,
            date_first_seen,
            date_fetched,
            duplicate_of: None,
            cluster: None,
            feed,
            pipeline: self.inner.pipeline.clone(),
        };
        (Message::record(&record, &joint, Timestamp::now()), joint, event)
    }
}

/// What a candidate will weigh as a record, near enough: its body stands there twice, as text and in blocks.
fn weight(candidate: &Candidate) -> usize {
    const REST: usize = 4096;
    candidate.article.text.len() * 5 / 2 + REST
}
