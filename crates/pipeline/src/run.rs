//! run: which feed, which entry may start now. Admits while a permit is free; each poll and each ingest is a task of its own,
//! so one that waits starves no other. Stop = admit no more, join what was admitted, abort what outlives the grace.
//!
//! # Architecture
//! - `load`: the schedule filled from the configuration and the store.
//! - `done_over`: what becomes of work that the store failed at.
//! - `housekeeping`: gauges, and what is forgotten.

mod done_over;
mod housekeeping;
mod load;

use std::collections::{HashSet, VecDeque};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use jiff::Timestamp;
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};
use wiredesk_model::id::EntryKey;
use wiredesk_model::reminder::Reminder;
use wiredesk_schedule::queue::{Asker, FeedIndex, HostIndex, Moment, Schedule};
use wiredesk_store::entries::Pending;
use wiredesk_store::error::StoreError;

use self::done_over::Unit;
use crate::desk::Desk;
use crate::ingest::{IngestError, Ingested};
use crate::lane::{Lane, Permit};
use crate::meter::PollResult;
use crate::poll::Polled;
use crate::publication::{Ending, Standing};
use crate::summary::Summary;

/// How often gauges are read.
const HOUSEKEEPING: Duration = Duration::from_secs(15);
/// How long the publisher's thread may take to leave; a commit that hangs is left to be fenced.
const LEAVE: Duration = Duration::from_secs(5);
/// The wait after the data dir could not be written.
const STORE_PAUSE: Duration = Duration::from_secs(2);

/// How long the desk runs.
#[derive(Clone, Copy, Debug)]
pub enum Mode {
    /// Until it is stopped.
    Forever,
    /// One poll of every feed, then every entry until it is settled or its next try is further off than `wait`.
    Once {
        /// How long to wait for an entry's next try.
        wait: Duration,
        /// How long to wait for the topic.
        connect_timeout: Duration,
    },
}

/// Why a run ended.
#[derive(Debug)]
pub enum End {
    /// `--once`: nothing is left to do.
    Drained,
    /// It was asked to stop.
    Stopped,
    /// Another desk has our identity.
    TakenOver(String),
    /// The topic is another's, or the settings are wrong.
    Refused(String),
    /// The embedded log cannot be read or written.
    Io(String),
    /// The program itself failed.
    Failed(String),
    /// `--once`: the topic could not be reached in time.
    Unreachable(String),
    /// The data dir cannot be used any more.
    Store(StoreError),
}

/// How to stop a run.
#[derive(Clone, Debug, Default)]
pub struct Stop {
    /// Admit no more, finish what is under way within the grace.
    pub drain: CancellationToken,
    /// End at once.
    pub now: CancellationToken,
}

/// Word from tasks to the loop that admits them.
pub(crate) enum Word {
    /// A host's slot is free again.
    Free(HostIndex),
    /// A host asks to be visited less often.
    SlowDown(HostIndex, Duration),
    /// A host (`host:port`) asks one of its feeds or pages to wait for so long.
    AskedToWait(String, Asker, Duration),
}

/// A host's slot, given back when dropped.
#[derive(Clone)]
pub(crate) struct HostSlot {
    held: Arc<Held>,
}

struct Held {
    host: HostIndex,
    words: UnboundedSender<Word>,
}

impl HostSlot {
    /// Asks that the host be visited less often.
    pub(crate) fn slow_down(&self, delay: Duration) {
        let _ = self.held.words.send(Word::SlowDown(self.held.host, delay));
    }
}

impl HostSlot {
    /// Tells that the host (`host:port`) asks to wait: heard before the slot is free again.
    pub(crate) fn asked_to_wait(&self, host: String, by: Asker, wait: Duration) {
        let _ = self.held.words.send(Word::AskedToWait(host, by, wait));
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        // Nobody listens any more when the desk is going down.
        let _ = self.words.send(Word::Free(self.host));
    }
}

/// What a read holds while it waits on a server: a permit and the host's slot.
pub(crate) struct Seat {
    pub(crate) permit: Permit,
    pub(crate) slot: Option<HostSlot>,
}

enum Done {
    Poll(FeedIndex, HostIndex, Result<Option<Polled>, StoreError>),
    Read(Attempt, Result<Ingested, IngestError>),
}

/// A read under way: of which entry, where it goes when it must be read again, and whether it goes on with an attempt that was cut short.
#[derive(Clone, Copy)]
struct Attempt {
    entry: EntryKey,
    line: Line,
    again: bool,
}

/// Where an entry waits for its read.
#[derive(Clone, Copy)]
enum Line {
    /// It needs no request.
    Fated,
    /// It is read alone.
    Suspects,
    /// It is read at its host's turn.
    Host(HostIndex),
}

/// The loop's own state.
struct Run {
    desk: Arc<Desk>,
    schedule: Schedule,
    /// Entries whose last attempt was never settled: one of them may have killed the process, so they are read alone.
    suspects: VecDeque<EntryKey>,
    /// None of them is read sooner.
    suspects_rest: Moment,
    suspect: Option<EntryKey>,
    /// Entries whose attempt the store cut short: it goes on where it was, and counts as one.
    cut_short: HashSet<EntryKey>,
    /// What keeps the data dir from being written. While something does nothing new is begun: what could not be noted down would
    /// be asked of other people's servers again and again.
    trouble: watch::Receiver<Option<StoreError>>,
    troubled_since: Option<Instant>,
    /// With `--once`: what was put back though the data dir can be written, once each.
    spared: HashSet<Unit>,
    /// That the data dir cannot be read, said once a minute.
    unreadable: Reminder,
    polls: Lane,
    reads: Lane,
    /// The entries whose reads are under way.
    reading: HashSet<EntryKey>,
    tasks: JoinSet<Done>,
    words: UnboundedSender<Word>,
    clock: Instant,
    once: bool,
    /// START has read the tail once. Before that an entry may be in the topic that the journal still calls pending: none is read.
    caught_up: bool,
    /// Since when the topic cannot be written; `None` while it can.
    unready_since: Option<Instant>,
    housekeeping: Option<tokio::task::JoinHandle<()>>,
    /// The task that asks hubs.
    subscribing: Option<tokio::task::JoinHandle<()>>,
    /// When old entries were last forgotten.
    forgot: Option<Instant>,
    summary: Summary,
}

impl Desk {
    /// Runs the desk until it is drained, stopped, or cannot go on. `released` brings entries that the publication released.
    pub async fn run(
        self: Arc<Self>,
        mode: Mode,
        stop: Stop,
        released: UnboundedReceiver<Vec<Pending>>,
    ) -> (End, Summary) {
        let begun = Instant::now();
        let (words, inbox) = mpsc::unbounded_channel();
        let (freed, wake) = mpsc::unbounded_channel();
        let mut run = Run {
            schedule: Schedule::new(self.politeness),
            suspects: VecDeque::new(),
            suspects_rest: Moment::ZERO,
            suspect: None,
            cut_short: HashSet::new(),
            trouble: self.store.trouble(),
            troubled_since: None,
            spared: HashSet::new(),
            unreadable: Reminder::default(),
            polls: Lane::new(self.settings.polls.get(), freed.clone()),
            reads: Lane::new(self.settings.ingests.get(), freed),
            reading: HashSet::new(),
            tasks: JoinSet::new(),
            words,
            clock: begun,
            once: matches!(mode, Mode::Once { .. }),
            caught_up: false,
            unready_since: Some(begun),
            housekeeping: None,
            subscribing: None,
            forgot: None,
            summary: Summary::default(),
            desk: self.clone(),
        };
        let end = match run.load_when_possible(mode, &stop).await {
            Ok(()) => run.admit_until_done(mode, &stop, inbox, wake, released).await,
            Err(end) => end,
        };
        run.leave(&end, &stop).await;
        run.summary.took = begun.elapsed();
        (end, run.summary)
    }
}

impl Run {
    fn now(&self) -> Moment {
        self.clock.elapsed()
    }

    /// A stored time on the steady clock: never before now, never further off than the longest interval. A clock that jumps
    /// can so delay nothing for longer than that.
    fn moment(&self, due: Timestamp) -> Moment {
        self.moment_within(due, self.desk.schedule.max_interval.0.max(self.desk.settings.retry.max.0))
    }

    fn moment_within(&self, due: Timestamp, most: Duration) -> Moment {
        let ahead = Duration::try_from(due.duration_since(self.desk.clock.now())).unwrap_or_default();
        self.now() + ahead.min(most)
    }

    fn take_in(&mut self, pending: Vec<Pending>) {
        for entry in pending {
            if entry.crashed && !entry.fated {
                self.suspects.push_back(entry.key);
            } else if let (Some(host), false) = (&entry.host, entry.fated) {
                let due = self.moment(entry.due);
                self.schedule.add_entry(entry.key, host, due);
            } else {
                self.schedule.add_fated(entry.key);
            }
        }
    }

    async fn admit_until_done(
        &mut self,
        mode: Mode,
        stop: &Stop,
        mut inbox: UnboundedReceiver<Word>,
        mut wake: UnboundedReceiver<()>,
        mut released: UnboundedReceiver<Vec<Pending>>,
    ) -> End {
        let mut standing = self.desk.publication.standing();
        standing.mark_changed();
        let mut housekeeping = tokio::time::interval_at(Instant::now() + HOUSEKEEPING, HOUSEKEEPING);
        loop {
            self.admit();
            let next_start = self.next_start();
            let patience = match mode {
                Mode::Once { connect_timeout, .. } if is_waiting(&standing.borrow()) => {
                    self.unready_since.map(|since| since + connect_timeout)
                }
                _ => None,
            };
            let endurance = match mode {
                Mode::Once { wait, .. } => self.troubled_since.map(|since| since + wait),
                Mode::Forever => None,
            };
            if let Mode::Once { wait, .. } = mode
                && self.caught_up
                && self.is_drained(wait)
                && released.is_empty()
            {
                return End::Drained;
            }
            tokio::select! {
                biased;
                () = stop.now.cancelled() => return End::Stopped,
                () = stop.drain.cancelled() => return End::Stopped,
                Some(word) = inbox.recv() => {
                    self.hear(word);
                    while let Ok(word) = inbox.try_recv() {
                        self.hear(word);
                    }
                }
                Some(pending) = released.recv() => self.take_in(pending),
                Some(done) = self.tasks.join_next() => {
                    if let Some(end) = self.take_back(done) {
                        return end;
                    }
                }
                Some(()) = wake.recv() => while wake.try_recv().is_ok() {},
                changed = standing.changed() => {
                    if let Some(end) = self.topic_changed(changed.is_ok().then(|| standing.borrow_and_update().clone())) {
                        return end;
                    }
                }
                Ok(()) = self.trouble.changed() => {
                    let troubled = self.trouble.borrow_and_update().is_some();
                    self.troubled_since = troubled.then(|| self.troubled_since.unwrap_or_else(Instant::now));
                }
                () = until(endurance) => {
                    if let Some(error) = self.trouble.borrow().clone() {
                        return End::Store(error);
                    }
                    self.troubled_since = None;
                }
                () = until(patience) => {
                    return End::Unreachable(match &*standing.borrow() {
                        Standing::Waiting(why) => why.clone(),
                        _ => "the topic could not be reached in time".into(),
                    });
                }
                _ = housekeeping.tick() => self.housekeep(),
                () = tokio::time::sleep_until(next_start) => {}
            }
        }
    }

    /// Starts all that may start now.
    fn admit(&mut self) {
        if self.trouble.borrow().is_some() {
            return;
        }
        while self.polls.has_room() {
            let Some((feed, host)) = self.schedule.next_poll(self.now()) else { break };
            let permit = self.polls.admit();
            let slot = self.slot(host);
            let desk = self.desk.clone();
            self.tasks.spawn(async move {
                let poll = desk.poll(desk.feeds.at(feed).clone(), permit, &slot);
                let polled = AssertUnwindSafe(poll).catch_unwind().await.unwrap_or_else(|_| Err(panicked()));
                if let Ok(Some(Polled { asked_to_wait: Some((host, wait)), .. })) = &polled {
                    slot.asked_to_wait(host.clone(), Asker::Feed(feed), *wait);
                }
                drop(slot);
                Done::Poll(feed, host, polled)
            });
        }
        while self.may_read() {
            if let Some(entry) = self.schedule.next_fated() {
                self.read(entry, Line::Fated, None);
                continue;
            }
            if !self.reads.has_room() {
                return;
            }
            if let Some(entry) = self.suspects.front().copied() {
                if !self.reading.is_empty() || self.suspects_rest > self.now() {
                    return; // alone
                }
                self.suspects.pop_front();
                self.suspect = Some(entry);
                self.schedule.lend(entry);
                self.read(entry, Line::Suspects, Some(Seat { permit: self.reads.admit(), slot: None }));
            } else if let Some((entry, host)) = self.schedule.next_read(self.now()) {
                let slot = self.slot(host);
                self.read(entry, Line::Host(host), Some(Seat { permit: self.reads.admit(), slot: Some(slot) }));
            } else {
                return;
            }
        }
    }

    /// Whether another entry may be read: the topic is known, and there is room for what comes of it.
    fn may_read(&self) -> bool {
        self.caught_up
            && self.suspect.is_none()
            && self.reading.len() < self.desk.in_flight as usize
            && self.desk.publication.has_room()
    }

    fn slot(&self, host: HostIndex) -> HostSlot {
        HostSlot { held: Arc::new(Held { host, words: self.words.clone() }) }
    }

    fn read(&mut self, entry: EntryKey, line: Line, seat: Option<Seat>) {
        self.reading.insert(entry);
        let again = self.cut_short.remove(&entry);
        let desk = self.desk.clone();
        self.tasks.spawn(async move {
            let ingest = AssertUnwindSafe(desk.ingest(entry, again, seat)).catch_unwind();
            Done::Read(Attempt { entry, line, again }, ingest.await.unwrap_or_else(|_| Err(panicked().into())))
        });
    }

    fn hear(&mut self, word: Word) {
        match word {
            Word::Free(host) => self.schedule.free(host),
            Word::SlowDown(host, delay) => self.schedule.slow_down(host, delay),
            Word::AskedToWait(host, by, wait) => {
                let until = self.now() + wait;
                self.asked_to_wait(&host, by, until);
            }
        }
    }

    /// A task is over: what it leaves goes back into the schedule.
    fn take_back(&mut self, done: Result<Done, tokio::task::JoinError>) -> Option<End> {
        match done {
            Ok(Done::Poll(index, _, Ok(Some(polled)))) => {
                self.summary.polled(polled.result);
                self.take_in(polled.new);
                let due = self.now() + polled.again.unwrap_or_default();
                if polled.again.is_some() && !self.once {
                    self.schedule.add_feed(index, &polled.host, due);
                }
                None
            }
            Ok(Done::Poll(index, host, Ok(None))) => {
                self.poll_again(index, host, Duration::ZERO);
                None
            }
            Ok(Done::Poll(index, host, Err(error))) => {
                if self.is_done_over(Unit::Poll(index), &error) {
                    self.poll_again(index, host, STORE_PAUSE);
                } else {
                    self.summary.polled(PollResult::Failed);
                }
                self.store_failed(error)
            }
            Ok(Done::Read(attempt, result)) => {
                let entry = attempt.entry;
                self.reading.remove(&entry);
                self.suspect.take_if(|suspect| *suspect == entry);
                self.schedule.end(entry);
                match result {
                    Ok(Ingested::Settled { outcome, released }) => {
                        self.summary.settled(&outcome);
                        self.take_in(released);
                    }
                    Ok(Ingested::Again { host, after }) => {
                        let due = self.now() + after;
                        self.schedule.add_entry(entry, &host.unwrap_or_default(), due);
                    }
                    Ok(Ingested::NextTurn { host }) => {
                        // First in its line.
                        self.schedule.add_entry(entry, &host.unwrap_or_default(), Moment::ZERO);
                    }
                    Ok(Ingested::Nothing) => {}
                    Err(IngestError::Closed(_)) => {
                        // The standing tells why; the entry stays pending, and its attempt is none.
                        self.cut_short.insert(entry);
                    }
                    // Its row cannot be read: it stays pending, and the next start tries it again.
                    Err(IngestError::Store(error) | IngestError::NotAdmitted(error))
                        if matches!(error, StoreError::Unreadable { .. }) =>
                    {
                        return self.store_failed(error);
                    }
                    Err(IngestError::NotAdmitted(error)) => return self.read_again(attempt, attempt.again, error),
                    Err(IngestError::Store(error)) => return self.read_again(attempt, true, error),
                }
                None
            }
            Err(error) => {
                // Panics are caught in the task, so only one that was aborted ends so.
                error!(stage = "run", "a task ended by itself: {error}");
                None
            }
        }
    }

    /// A server asked for a wait. With `--once` the others of its host are tried at once, for nobody waits for them.
    fn asked_to_wait(&mut self, host: &str, by: Asker, until: Moment) {
        let now = self.now();
        let rests = match self.once {
            true => self.schedule.remember_wait(host, by, until, now),
            false => self.schedule.asked_to_wait(host, by, until, now),
        };
        if rests {
            self.rest(host);
        }
    }

    /// A whole host asks for rest. With `--once` its feeds are held, for nobody waits for them.
    fn rest(&mut self, host: &str) {
        info!(
            host,
            stage = "run",
            "more than one of this host's feeds or pages was asked to wait: all of it is left alone"
        );
        if self.once {
            self.summary.feeds_held += self.schedule.take_out(host) as u64;
        }
    }

    /// Puts a feed back that was not polled.
    fn poll_again(&mut self, index: FeedIndex, host: HostIndex, after: Duration) {
        let due = self.now() + after;
        self.schedule.put_back(index, host, due);
    }

    fn topic_changed(&mut self, standing: Option<Standing>) -> Option<End> {
        let ready = standing.as_ref().is_some_and(is_ready);
        self.caught_up |= ready;
        self.unready_since = (!ready).then(|| self.unready_since.unwrap_or_else(Instant::now));
        self.desk.meter.ready(ready);
        let Some(standing) = standing else { return Some(End::Failed("the publisher's thread is gone".into())) };
        match standing {
            Standing::Ended(Ending::TakenOver(why)) => Some(End::TakenOver(why)),
            Standing::Ended(Ending::Refused(why)) => Some(End::Refused(why)),
            Standing::Ended(Ending::Io(why)) => Some(End::Io(why)),
            Standing::Ended(Ending::Failed(why)) => Some(End::Failed(why)),
            Standing::Ended(Ending::Closed) => Some(End::Stopped),
            _ => None,
        }
    }

    /// With `--once`: no feed waits, nothing is under way, no entry is due soon enough to wait for, and the data dir can be written: what
    /// a full disk put off for a moment is not done.
    fn is_drained(&self, wait: Duration) -> bool {
        self.trouble.borrow().is_none()
            && self.schedule.feeds() == 0
            && self.tasks.is_empty()
            && self.suspects.is_empty()
            && !self.schedule.has_entry_due_by(self.now() + wait)
    }

    /// When something could start next: nothing before the next word, at most a minute.
    fn next_start(&self) -> Instant {
        let far = self.now() + Duration::from_secs(60);
        // What is due now waits for a permit, not for time: the next word or end of a task brings it.
        let now = self.now();
        let suspects = (!self.suspects.is_empty()).then_some(self.suspects_rest);
        let starts = [self.schedule.poll_at(), self.schedule.read_at(), suspects];
        let ahead = starts.into_iter().flatten().filter(|at| *at > now).min();
        let next = ahead.unwrap_or(far).min(far);
        self.clock + next
    }

    /// Joins what is under way within the grace, aborts the rest, and closes the door to the topic.
    async fn leave(&mut self, end: &End, stop: &Stop) {
        let patient = matches!(end, End::Stopped | End::Drained);
        let deadline = Instant::now() + if patient { self.desk.settings.grace.0 } else { Duration::ZERO };
        while patient && !self.tasks.is_empty() {
            tokio::select! {
                biased;
                () = stop.now.cancelled() => break,
                () = tokio::time::sleep_until(deadline) => break,
                Some(done) = self.tasks.join_next() => drop(self.take_back(done)),
            }
        }
        let left = self.tasks.len();
        if left > 0 && patient {
            warn!(tasks = left, stage = "run", "the grace is over; what is under way stays pending");
        }
        self.tasks.shutdown().await;
        for task in [self.housekeeping.take(), self.subscribing.take()].into_iter().flatten() {
            task.abort();
        }
        // Every task that was joined has its answer, so nothing is left that the thread could finish.
        self.desk.publication.abandon();
        let mut standing = self.desk.publication.standing();
        let ended = standing.wait_for(|standing| matches!(standing, Standing::Ended(_)));
        tokio::select! {
            _ = ended => {}
            () = stop.now.cancelled() => {}
            () = tokio::time::sleep(LEAVE) => {}
        }
        let cut_short = self.reading.drain().chain(self.cut_short.drain()).collect();
        if let Err(error) = self.desk.store.release(cut_short).await {
            warn!(stage = "store", "the attempts under way could not be taken back: {error}");
        }
        self.summary.pending = self.desk.store.pending_count().await.unwrap_or_default();
    }
}

/// A task panicked on something from outside: its feed or entry is put back, and no other is touched.
fn panicked() -> StoreError {
    StoreError::Panicked { message: "a task".into() }
}

fn is_waiting(standing: &Standing) -> bool {
    matches!(standing, Standing::Waiting(_))
}

fn is_ready(standing: &Standing) -> bool {
    *standing == Standing::Ready
}

async fn until(patience: Option<Instant>) {
    match patience {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}
