//! The writer's thread. START: fence, read the tail, take what the topic holds for the truth. RUN: a batch is what gathered
//! while the last one was being committed; what the topic holds afterwards is settled and indexed by the same passage that
//! START uses, so a crash between any two steps leaves only work that START does again.

use std::collections::{BTreeMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tokio::sync::watch;
use tracing::{error, info, warn};
use wiredesk_faults::{Point, Protection, reach, without};
use wiredesk_model::fault::{AsFault, Fault};
use wiredesk_model::id::EntryKey;
use wiredesk_model::outcome::{Dropped, Receipt};
use wiredesk_model::record::Event;
use wiredesk_model::reminder::Reminder;
use wiredesk_model::secret::Secret;
use wiredesk_model::topic::{Found, Message};
use wiredesk_publish::error::{CommitError, Incomplete, OpenError};
use wiredesk_publish::settings::Kind;
use wiredesk_publish::writer::{Opening, Tail, Writer};
use wiredesk_store::error::StoreError;
use wiredesk_store::topic::{Blocking, Placed, Settled};

use super::{Ending, Item, Offered, Parts, Standing};

/// `publish.kafka.properties` with their secrets resolved.
pub type Resolved = BTreeMap<String, Secret>;

/// The most messages in one transaction.
const BATCH: usize = 500;
/// How long to wait before the topic is tried again.
const PAUSE: Duration = Duration::from_secs(1);

/// Whether START will never succeed. A tail that could not be taken in is the data dir's trouble, which may pass; a topic
/// that was there before may come back.
fn is_final(error: &OpenError, again: bool) -> bool {
    let passes = match error {
        OpenError::Tail { .. } => true,
        OpenError::NoTopic { .. } => again,
        _ => false,
    };
    error.fault() == Fault::Fatal && !passes
}

/// What is to be said of a record that was found in the topic after all: it was not there when it was offered, so one that
/// bears its entry's name is the very record of an uncertain commit, not a duplicate of itself.
fn after_all(placed: Placed, entry: EntryKey, event: Event) -> Offered {
    if placed.entry == Some(entry) { Offered::Published(placed.receipt, event) } else { Offered::InTopic(placed) }
}

/// The thread and all it owns.
pub(super) struct Thread {
    pub(super) parts: Parts,
    pub(super) index: Blocking,
    pub(super) inbox: Receiver<Item>,
    pub(super) standing: watch::Sender<Standing>,
    pub(super) stop: Arc<AtomicBool>,
    /// Where the partitions end, as far as this process has read and written.
    pub(super) ends: BTreeMap<i32, i64>,
    /// Since when a batch is being committed.
    pub(super) committing: Arc<Mutex<Option<Instant>>>,
}

/// How a batch ended.
enum Written {
    /// All of it has its answer.
    Done,
    /// The writer is of no more use, for this reason; these are still to be written after another START.
    StartAgain(Vec<Item>, String),
}

impl Thread {
    pub(super) fn run(mut self) {
        let work = std::panic::AssertUnwindSafe(|| self.work());
        let ending =
            std::panic::catch_unwind(work).unwrap_or_else(|_| Ending::Failed("the publisher's thread panicked".into()));
        match &ending {
            Ending::Closed => {}
            Ending::TakenOver(why) | Ending::Refused(why) | Ending::Io(why) | Ending::Failed(why) => {
                error!(stage = "publish", "{why}");
            }
        }
        let standing = self.standing.clone();
        drop(self); // the data dir is free when the end is told
        standing.send_replace(Standing::Ended(ending));
    }

    fn work(&mut self) -> Ending {
        let mut carried = Vec::new();
        let mut again = false;
        // Starts in a row that no batch came through after: a disk whose every sync fails is not to be tried without a rest.
        let (mut in_vain, mut trouble) = (0u32, Trouble::default());
        loop {
            let mut writer = match self.start(again) {
                Ok(writer) => writer,
                Err(ending) => return ending,
            };
            again = true;
            if in_vain < 2 {
                self.is_ready();
            }
            loop {
                let batch = if carried.is_empty() { self.gather() } else { std::mem::take(&mut carried) };
                if batch.is_empty() {
                    return Ending::Closed;
                }
                match self.write(&mut writer, batch) {
                    // Whatever a batch had to wait for is over.
                    Ok(Written::Done) => {
                        in_vain = 0;
                        trouble.over(&self.standing);
                        self.is_ready();
                    }
                    Ok(Written::StartAgain(rest, error)) => {
                        in_vain += 1;
                        if in_vain == 1 {
                            let records = rest.len();
                            warn!(
                                stage = "publish",
                                records, error, "the end of a transaction is unknown; starting again from the topic"
                            );
                            self.standing.send_replace(Standing::Starting);
                        } else {
                            let what =
                                format!("the end of a transaction is unknown, {in_vain} times in a row: {error}");
                            trouble.say(&self.standing, &what);
                            self.pause();
                        }
                        carried = rest;
                        break;
                    }
                    Err(ending) => return ending,
                }
            }
        }
    }

    fn is_ready(&self) {
        self.standing.send_if_modified(|now| std::mem::replace(now, Standing::Ready) != Standing::Ready);
    }

    fn committing(&self, since: Option<Instant>) {
        *self.committing.lock().unwrap_or_else(PoisonError::into_inner) = since;
    }

    fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// START, tried until it succeeds, the desk stops, or the topic turns out to be another's.
    fn start(&mut self, again: bool) -> Result<Writer, Ending> {
        let mut trouble = Trouble::default();
        loop {
            if self.stopped() {
                return Err(Ending::Closed);
            }
            match self.start_once(again) {
                Ok(writer) => return Ok(writer),
                Err(StartError::Open(OpenError::Stopped)) => return Err(Ending::Closed),
                Err(StartError::Open(error @ OpenError::TakenOver { .. })) => {
                    return Err(Ending::TakenOver(error.to_string()));
                }
                Err(StartError::Open(error)) if is_final(&error, again) => {
                    let why = error.to_string();
                    return Err(match error {
                        OpenError::Io { .. } | OpenError::Corrupt { .. } => Ending::Io(why),
                        _ => Ending::Refused(why),
                    });
                }
                Err(error) => {
                    trouble.say(&self.standing, &error.to_string());
                    self.pause();
                }
            }
        }
    }

    fn start_once(&mut self, again: bool) -> Result<Writer, StartError> {
        let begun = Instant::now();
        let rebuild = (self.parts.rebuild && !again) || self.index.rebuilding()?;
        if rebuild {
            self.index.begin_rebuild()?;
        }
        let positions = self.index.positions()?;
        let stop = self.stop.clone();
        let opening = Opening {
            settings: &self.parts.settings,
            data_dir: &self.parts.data_dir,
            desk: &self.parts.desk,
            positions: &positions,
            rebuild,
            again,
            secrets: &self.parts.secrets,
            stop: &|| stop.load(Ordering::Relaxed),
            waiting: &|what| {
                self.standing.send_replace(Standing::Waiting(what.to_owned()));
                warn!(stage = "publish", "{what}; waiting for its end");
            },
        };
        let last_life = self.index.last_life()?;
        let (mut read, mut forgotten) = (0u64, 0usize);
        let opened = Writer::open(&opening, &mut |tail: Tail<'_>| {
            read += tail.found.len() as u64;
            forgotten += self.forgotten(last_life, tail.found);
            let settled = self.keep(tail.found, tail.next)?;
            // Later, whoever waits for its receipt counts it.
            if !again {
                self.parts.meter.settled_at_start(settled);
            }
            Ok(())
        })?;
        self.ends = self.index.positions()?.next;
        self.index.set_identity(&opened.identity, &self.ends)?;
        self.index.begin_life(self.parts.desk.started)?;
        if forgotten > 0 {
            warn!(
                stage = "publish",
                records = forgotten,
                "records of this desk are in the topic that its data dir knows nothing of: was it restored from a backup? They are \
                 taken in, and not published again"
            );
        }
        if rebuild {
            let gone = self.index.end_rebuild()?;
            info!(
                stage = "publish",
                records = read,
                gone,
                "the index was rebuilt from the topic; what was settled stays settled"
            );
        }
        for warning in &opened.warnings {
            warn!(stage = "publish", "{warning}");
        }
        info!(
            stage = "publish",
            topic = opened.identity.topic,
            partitions = opened.identity.partitions,
            records = read,
            ms = begun.elapsed().as_millis() as u64,
            "fenced and caught up"
        );
        Ok(opened.writer)
    }

    /// How many of these records were written by a desk of this data dir that was started later than the last one it remembers.
    fn forgotten(&self, last_life: Option<i64>, found: &[Found]) -> usize {
        let Some(last) = last_life else { return 0 };
        let (me, lives) = (&self.parts.desk, last.saturating_add(1)..self.parts.desk.started);
        let is_later = |found: &&Found| {
            found.joint.as_ref().is_some_and(|joint| joint.desk.name == me.name && lives.contains(&joint.desk.started))
        };
        found.iter().filter(is_later).count()
    }

    /// Moves the ends on. An offset that was given before is given again only where the topic is another one by now: then nothing
    /// that is known of it holds any more.
    fn advance(&mut self, found: &[Found], next: &[(i32, i64)]) -> Result<(), Ending> {
        let again = found.iter().map(|found| found.receipt).find_map(|receipt| {
            let next = self.ends.get(&receipt.partition).copied().filter(|end| receipt.offset < *end)?;
            Some((receipt, next))
        });
        if let Some((receipt, next)) = again
            && self.parts.settings.kind == Kind::Kafka
        {
            let (topic, partition, end) = (self.parts.settings.kafka.topic.clone(), receipt.partition, receipt.offset);
            return Err(Ending::Refused(OpenError::Lost { topic, partition, next, end }.to_string()));
        }
        self.ends.extend(next.iter().copied());
        Ok(())
    }

    /// Takes what the topic holds for the truth: the entries first, then the index. A crash between the two leaves the
    /// index behind, and the next START reads the same records again. Returns how many entries were settled.
    fn keep(&self, found: &[Found], next: &[(i32, i64)]) -> Result<u64, StoreError> {
        let Settled { entries, released } = self.index.settle_found(found, Timestamp::now())?;
        if !released.is_empty() {
            // Nobody listens any more when the desk is going down; the entries stay pending.
            let _ = self.parts.released.send(released);
        }
        reach(Point::Settled);
        self.index.index(found, next)?;
        reach(Point::Indexed);
        Ok(entries)
    }

    /// Waits for something to write, then for company, at most `linger`. Empty when the publication is closed.
    fn gather(&self) -> Vec<Item> {
        let first = loop {
            match self.inbox.recv_timeout(Duration::from_millis(200)) {
                Ok(item) => break item,
                Err(RecvTimeoutError::Disconnected) => return Vec::new(),
                Err(RecvTimeoutError::Timeout) if self.stopped() => return Vec::new(),
                Err(RecvTimeoutError::Timeout) => {}
            }
        };
        let mut batch = vec![first];
        let until = Instant::now() + self.parts.settings.linger.0;
        while batch.len() < BATCH {
            match self.inbox.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok(item) => batch.push(item),
                Err(_) => break,
            }
        }
        batch
    }

    /// What the index holds by now of a batch. After another START it holds what an uncertain commit left in the topic.
    fn placed(&self, batch: &[Item]) -> Result<Vec<Option<Placed>>, StoreError> {
        let lookup = |item: &Item| match item {
            Item::Record { claim, .. } => self.index.lookup(claim.hash()),
            Item::Notice { .. } => Ok(None),
        };
        batch.iter().map(lookup).collect()
    }

    fn write(&mut self, writer: &mut Writer, batch: Vec<Item>) -> Result<Written, Ending> {
        let Some(placed) = self.insist(|| self.placed(&batch)) else { return Err(Ending::Closed) };
        let mut batch = sift(batch, placed);
        let (mut trouble, mut aborts) = (Trouble::default(), 0u32);
        while !batch.is_empty() {
            if self.stopped() {
                return Err(Ending::Closed);
            }
            // The time of a record is the time of its publishing, not of an attempt that failed.
            let timestamp = Timestamp::now().as_millisecond();
            let stamped = |item: &Item| Message { timestamp, ..item.message().clone() };
            let messages: Vec<_> = batch.iter().map(stamped).collect();
            if without(Protection::TopicFirst) {
                self.insist(|| self.foretell(&batch));
            }
            self.committing(Some(Instant::now()));
            let committed = writer.commit(&messages);
            self.committing(None);
            let Incomplete { inside, why } = match committed {
                Ok(receipts) => {
                    trouble.over(&self.standing);
                    return self.committed(batch, &receipts);
                }
                Err(incomplete) => incomplete,
            };
            batch = self.committed_in_part(batch, inside)?;
            match why {
                CommitError::Aborted { error } => {
                    aborts += 1;
                    if aborts == 1 {
                        warn!(stage = "publish", records = batch.len(), error, "transaction aborted; sent again");
                    } else {
                        trouble.say(&self.standing, &format!("transactions are aborted, {aborts} in a row: {error}"));
                    }
                    self.pause();
                }
                CommitError::Refused { error, size } => {
                    if batch.len() == 1 {
                        batch.pop().into_iter().for_each(|item| refuse(item, &error, size));
                        return Ok(Written::Done);
                    }
                    return self.one_by_one(writer, batch);
                }
                CommitError::Wait { error } => {
                    trouble.say(&self.standing, &error);
                    self.pause();
                }
                CommitError::Uncertain { error } => return Ok(Written::StartAgain(batch, error)),
                CommitError::Fenced { error } => {
                    return Err(Ending::TakenOver(format!("another desk took over: {error}")));
                }
            }
        }
        Ok(Written::Done)
    }

    /// A batch that holds a refused record is sent one record to a transaction: the one that fails alone is refused.
    fn one_by_one(&mut self, writer: &mut Writer, batch: Vec<Item>) -> Result<Written, Ending> {
        let mut rest = batch.into_iter();
        while let Some(item) = rest.next() {
            if let Written::StartAgain(mut back, error) = self.write(writer, vec![item])? {
                back.extend(rest);
                return Ok(Written::StartAgain(back, error));
            }
        }
        Ok(Written::Done)
    }

    /// Answers those of a batch that are in the topic though others of it failed; the others are left.
    fn committed_in_part(&mut self, batch: Vec<Item>, inside: Vec<Option<Receipt>>) -> Result<Vec<Item>, Ending> {
        if inside.iter().all(Option::is_none) {
            return Ok(batch);
        }
        let (mut there, mut receipts, mut left) = (Vec::new(), Vec::new(), Vec::new());
        for (item, receipt) in batch.into_iter().zip(inside) {
            match receipt {
                Some(receipt) => {
                    there.push(item);
                    receipts.push(receipt);
                }
                None => left.push(item),
            }
        }
        self.committed(there, &receipts)?;
        Ok(left)
    }

    fn committed(&mut self, batch: Vec<Item>, receipts: &[Receipt]) -> Result<Written, Ending> {
        reach(Point::Committed);
        let mut next: BTreeMap<i32, i64> = BTreeMap::new();
        let mut found = Vec::new();
        for (item, receipt) in batch.iter().zip(receipts) {
            if let Item::Record { joint, claim, .. } = item {
                let end = next.entry(receipt.partition).or_default();
                *end = (*end).max(receipt.offset + 1);
                found.push(Found { receipt: *receipt, hash: claim.hash(), joint: Some(joint.clone()) });
            }
        }
        let next: Vec<_> = next.into_iter().collect();
        self.advance(&found, &next)?;
        // The records are in the topic. Without room on the disk the desk stands still here until there is some.
        if self.insist(|| self.keep(&found, &next)).is_none() {
            return Err(Ending::Closed);
        }
        for (item, receipt) in batch.into_iter().zip(receipts) {
            match item {
                Item::Record { reply, event, .. } => answer(reply, Offered::Published(*receipt, event)),
                Item::Notice { reply, .. } => answer(reply, ()),
            }
        }
        reach(Point::Answered);
        Ok(Written::Done)
    }

    /// The index written before the topic, with places that are made up: what a test shows to lose records.
    fn foretell(&self, batch: &[Item]) -> Result<(), StoreError> {
        let foretold = |item: &Item| match item {
            Item::Record { joint, claim, .. } => {
                let receipt = Receipt { partition: 0, offset: 0 };
                Some(Found { receipt, hash: claim.hash(), joint: Some(joint.clone()) })
            }
            Item::Notice { .. } => None,
        };
        self.keep(&batch.iter().filter_map(foretold).collect::<Vec<_>>(), &[]).map(drop)
    }

    /// Tries a store operation until it succeeds; `None` when the desk stops first.
    fn insist<T>(&self, mut operation: impl FnMut() -> Result<T, StoreError>) -> Option<T> {
        let mut trouble = Trouble::default();
        loop {
            match operation() {
                Ok(done) => {
                    trouble.over(&self.standing);
                    return Some(done);
                }
                Err(_) if self.stopped() => return None,
                Err(error) => {
                    trouble.say(&self.standing, &format!("the data dir cannot be written: {error}"));
                    self.pause();
                }
            }
        }
    }

    /// Waits a second, or less when the desk stops.
    fn pause(&self) {
        let until = Instant::now() + PAUSE;
        while Instant::now() < until && !self.stopped() {
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

/// Answers what is in the topic already and drops what stands in the batch twice; the rest is to be written.
fn sift(batch: Vec<Item>, placed: Vec<Option<Placed>>) -> Vec<Item> {
    let mut seen = HashSet::new();
    let mut kept = Vec::with_capacity(batch.len());
    for (item, placed) in batch.into_iter().zip(placed) {
        match (item, placed) {
            (Item::Record { joint, reply, event, .. }, Some(placed)) => {
                answer(reply, after_all(placed, joint.entry, event));
            }
            (Item::Record { claim, .. }, None) if !seen.insert(claim.hash()) => {
                // The claim makes this impossible; without an answer the entry stays pending and is offered again.
                error!(stage = "publish", hash = %claim.hash(), "a body was claimed twice");
            }
            (item, _) => kept.push(item),
        }
    }
    kept
}

/// Nobody waits when the task was aborted; the record is in the topic all the same, and its entry is settled.
fn answer<T>(reply: tokio::sync::oneshot::Sender<T>, value: T) {
    let _ = reply.send(value);
}

fn refuse(item: Item, error: &str, size: bool) {
    match item {
        Item::Record { message, reply, .. } => {
            let dropped = if size {
                Dropped::TooLarge {
                    what: format!("the record of {} bytes is over the topic's limit: {error}", message.weight()),
                }
            } else {
                Dropped::Refused { error: error.to_owned() }
            };
            answer(reply, Offered::Refused(dropped));
        }
        Item::Notice { message, reply } => {
            // A dead letter or copy is a report: losing one must not hold up its entry.
            warn!(stage = "publish", key = message.key, error, "the topic refuses a report; left out");
            answer(reply, ());
        }
    }
}

/// A trouble that lasts: said at once, and then once a minute.
#[derive(Default)]
struct Trouble {
    reminder: Reminder,
}

impl Trouble {
    fn say(&mut self, standing: &watch::Sender<Standing>, what: &str) {
        standing.send_if_modified(|now| {
            let waiting = Standing::Waiting(what.to_owned());
            let changed = *now != waiting;
            *now = waiting;
            changed
        });
        if self.reminder.is_due(Instant::now()) {
            warn!(stage = "publish", "{what}; tried again");
        }
    }

    fn over(&mut self, standing: &watch::Sender<Standing>) {
        if self.reminder.is_over() {
            info!(stage = "publish", "publishing goes on");
            standing.send_replace(Standing::Ready);
        }
    }
}

#[derive(Debug, thiserror::Error)]
enum StartError {
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error("the data dir cannot be used: {0}")]
    Store(#[from] StoreError),
}
