//! Feeds and entries wait here by host. A host lends out at most `concurrency` slots at once and starts requests at least
//! `delay` apart; feeds and pages draw on the same budget, so a desk that reads a site's feed and its pages is one visitor.
//!
//! Two heaps order the hosts by when each could next start a poll and a read. An entry of a heap may be stale; it is
//! checked against its host when it comes up, and put back or forgotten. Picking is therefore O(log hosts) amortised,
//! whatever one host has in store.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, HashSet};
use std::time::Duration;

use wiredesk_model::id::EntryKey;

/// A moment on the caller's steady clock: time since it was started.
pub type Moment = Duration;

/// A moment in whole microseconds, as it is kept for every feed and host: half of what a [`Moment`] takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Tick(u64);

impl Tick {
    /// Later than any moment.
    const NEVER: Self = Self(u64::MAX);

    /// The first tick at or after a moment.
    fn of(moment: Moment) -> Self {
        Self(u64::try_from(moment.as_nanos().div_ceil(1_000)).unwrap_or(u64::MAX - 1))
    }

    fn moment(self) -> Moment {
        Duration::from_micros(self.0)
    }

    fn later(self, span: Duration) -> Self {
        Self(self.0.saturating_add(Self::of(span).0).min(u64::MAX - 1))
    }
}

/// How gently a host is treated.
#[derive(Clone, Copy, Debug)]
pub struct Politeness {
    /// Requests under way at once.
    pub concurrency: u32,
    /// The least time between the starts of two requests.
    pub delay: Duration,
    /// The longest that a host may ask for instead.
    pub longest_delay: Duration,
}

/// A feed's place in the caller's list.
pub type FeedIndex = u32;

/// A host's place in the schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct HostIndex(u32);

/// Which of the two kinds of work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Work {
    Poll,
    Read,
}

/// Who was asked to wait (`Retry-After`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asker {
    /// A poll of this feed.
    Feed(FeedIndex),
    /// A read of this entry.
    Entry(EntryKey),
}

/// A wait that the host asked for.
#[derive(Clone, Copy, Debug)]
struct Wait {
    until: Tick,
    by: Asker,
    /// It is meant for the whole host: more than one was asked.
    whole: bool,
}

/// How long a whole host is left alone when one of its feeds or pages is asked to wait: then another tries whether it is meant too.
const BREATH: Duration = Duration::from_secs(60);

/// What few hosts have ever said.
#[derive(Clone, Copy, Debug, Default)]
struct Said {
    /// A longer delay than the common one, as the host itself asked for (`Crawl-delay`).
    delay: Duration,
    wait: Option<Wait>,
}

/// A host. There may be a million, most of them with one feed: what few have stands apart.
#[derive(Debug)]
struct Host {
    running: u32,
    /// No request starts before.
    ready_at: Tick,
    said: Option<Box<Said>>,
    feeds: BinaryHeap<Reverse<(Tick, FeedIndex)>>,
    entries: BinaryHeap<Reverse<(Tick, u64, EntryKey)>>,
    /// When the host stands in the heap of each kind; never when it does not.
    queued: [Tick; 2],
}

impl Host {
    fn new() -> Self {
        Self {
            running: 0,
            ready_at: Tick::default(),
            said: None,
            feeds: BinaryHeap::new(),
            entries: BinaryHeap::new(),
            queued: [Tick::NEVER; 2],
        }
    }

    fn due(&self, work: Work) -> Option<Tick> {
        match work {
            Work::Poll => self.feeds.peek().map(|Reverse((due, _))| *due),
            Work::Read => self.entries.peek().map(|Reverse((due, ..))| *due),
        }
    }

    fn add_feed(&mut self, due: Tick, feed: FeedIndex) {
        if self.feeds.is_empty() {
            // Most hosts have one; left alone, the heap would make room for four.
            self.feeds.reserve_exact(1);
        }
        self.feeds.push(Reverse((due, feed)));
    }

    fn delay(&self) -> Duration {
        self.said.as_ref().map_or(Duration::ZERO, |said| said.delay)
    }

    fn wait(&self) -> Option<&Wait> {
        self.said.as_ref().and_then(|said| said.wait.as_ref())
    }

    fn said(&mut self) -> &mut Said {
        self.said.get_or_insert_default()
    }
}

/// All feeds and pending entries that wait for their time.
#[derive(Debug)]
pub struct Schedule {
    politeness: Politeness,
    names: HashMap<Box<str>, HostIndex>,
    hosts: Vec<Host>,
    order: [BinaryHeap<Reverse<(Tick, u32)>>; 2],
    /// Entries that need no request at all: how they end is known.
    fated: Vec<EntryKey>,
    /// What is queued or lent out, so that nothing is lent twice.
    held: HashSet<EntryKey>,
    /// What is lent out, with where it goes when it comes back: it was listed anew meanwhile.
    lent: HashMap<EntryKey, Option<(HostIndex, Tick)>>,
    queued_feeds: usize,
    queued_entries: usize,
    arrivals: u64,
}

impl Schedule {
    /// An empty schedule with one rule for all hosts.
    pub fn new(politeness: Politeness) -> Self {
        Self {
            politeness,
            names: HashMap::new(),
            hosts: Vec::new(),
            order: [BinaryHeap::new(), BinaryHeap::new()],
            fated: Vec::new(),
            held: HashSet::new(),
            lent: HashMap::new(),
            queued_feeds: 0,
            queued_entries: 0,
            arrivals: 0,
        }
    }

    fn host(&mut self, name: &str) -> HostIndex {
        if let Some(index) = self.names.get(name) {
            return *index;
        }
        let index = HostIndex(u32::try_from(self.hosts.len()).expect("fewer than four billion hosts fit in memory"));
        self.hosts.push(Host::new());
        self.names.insert(name.into(), index);
        index
    }

    /// Puts a feed in the queue of its host.
    pub fn add_feed(&mut self, feed: FeedIndex, host: &str, due: Moment) {
        let host = self.host(host);
        self.put_back(feed, host, due);
    }

    /// The same, for a feed that was lent out and was not polled.
    pub fn put_back(&mut self, feed: FeedIndex, host: HostIndex, due: Moment) {
        self.hosts[host.0 as usize].add_feed(Tick::of(due), feed);
        self.queued_feeds += 1;
        self.enqueue(host, Work::Poll);
    }

    /// Puts an entry in the queue of its host. One that is queued already stays where it is; one that is lent out comes into
    /// the queue when its lease ends.
    pub fn add_entry(&mut self, entry: EntryKey, host: &str, due: Moment) {
        let host = self.host(host);
        self.put_back_entry(entry, host, due);
    }

    /// The same, for an entry that was lent out and was not read.
    pub fn put_back_entry(&mut self, entry: EntryKey, host: HostIndex, due: Moment) {
        let due = Tick::of(due);
        if let Some(after) = self.lent.get_mut(&entry) {
            *after = Some((host, due));
        } else if self.held.insert(entry) {
            self.queue_entry(entry, host, due);
        }
    }

    fn queue_entry(&mut self, entry: EntryKey, host: HostIndex, due: Tick) {
        self.arrivals += 1;
        self.hosts[host.0 as usize].entries.push(Reverse((due, self.arrivals, entry)));
        self.queued_entries += 1;
        self.enqueue(host, Work::Read);
    }

    /// Puts an entry in the queue that needs no request: how it ends is known.
    pub fn add_fated(&mut self, entry: EntryKey) {
        if self.lent.contains_key(&entry) {
            self.add_entry(entry, "", Moment::ZERO);
        } else if self.held.insert(entry) {
            self.fated.push(entry);
        }
    }

    /// Puts the host into the heap of this kind of work, unless it stands there at that time or sooner.
    fn enqueue(&mut self, host: HostIndex, work: Work) {
        let place = &mut self.hosts[host.0 as usize];
        let Some(due) = place.due(work) else { return };
        if place.running >= self.politeness.concurrency {
            return; // `free` brings it back
        }
        let start = due.max(place.ready_at);
        if place.queued[work as usize] > start {
            place.queued[work as usize] = start;
            self.order[work as usize].push(Reverse((start, host.0)));
        }
    }

    /// The host that may start this kind of work now; its slot is taken.
    fn take(&mut self, work: Work, now: Moment) -> Option<HostIndex> {
        let now = Tick::of(now);
        while let Some(Reverse((start, index))) = self.order[work as usize].peek().copied() {
            if start > now {
                return None;
            }
            self.order[work as usize].pop();
            let (host, place) = (HostIndex(index), &mut self.hosts[index as usize]);
            if place.queued[work as usize] != start {
                continue; // stale: it stands elsewhere
            }
            place.queued[work as usize] = Tick::NEVER;
            let may_start = place.running < self.politeness.concurrency
                && place.ready_at <= now
                && place.due(work).is_some_and(|due| due <= now);
            if !may_start {
                self.enqueue(host, work);
                continue;
            }
            place.running += 1;
            place.ready_at = now.later(place.delay().max(self.politeness.delay));
            return Some(host);
        }
        None
    }

    /// A feed that may be polled now, and the host whose slot it holds until [`Schedule::free`].
    pub fn next_poll(&mut self, now: Moment) -> Option<(FeedIndex, HostIndex)> {
        let host = self.take(Work::Poll, now)?;
        let Reverse((_, feed)) = self.hosts[host.0 as usize].feeds.pop()?;
        self.queued_feeds -= 1;
        self.enqueue(host, Work::Poll);
        self.enqueue(host, Work::Read);
        Some((feed, host))
    }

    /// An entry whose page may be read now, and the host whose slot it holds until [`Schedule::free`].
    pub fn next_read(&mut self, now: Moment) -> Option<(EntryKey, HostIndex)> {
        let host = self.take(Work::Read, now)?;
        let Reverse((_, _, entry)) = self.hosts[host.0 as usize].entries.pop()?;
        self.queued_entries -= 1;
        self.lent.insert(entry, None);
        self.enqueue(host, Work::Poll);
        self.enqueue(host, Work::Read);
        Some((entry, host))
    }

    /// An entry that needs no request.
    pub fn next_fated(&mut self) -> Option<EntryKey> {
        let entry = self.fated.pop()?;
        self.lent.insert(entry, None);
        Some(entry)
    }

    /// Lends out an entry that is in no queue.
    pub fn lend(&mut self, entry: EntryKey) {
        self.held.insert(entry);
        self.lent.insert(entry, None);
    }

    /// Gives a host's slot back.
    pub fn free(&mut self, host: HostIndex) {
        let place = &mut self.hosts[host.0 as usize];
        place.running = place.running.saturating_sub(1);
        self.enqueue(host, Work::Poll);
        self.enqueue(host, Work::Read);
    }

    /// The lease on an entry has ended: it is settled, or it is put back with [`Schedule::add_entry`]. One that was listed anew
    /// meanwhile goes into the queue.
    pub fn end(&mut self, entry: EntryKey) {
        match self.lent.remove(&entry).flatten() {
            Some((host, due)) => self.queue_entry(entry, host, due),
            None => {
                self.held.remove(&entry);
            }
        }
    }

    /// The host has asked one feed or page to wait (`Retry-After`); whether that is meant for all of them is learned. All are left alone for a
    /// minute; when then another is asked to wait while the first wait runs, the whole host rests until the later one is over. Whoever
    /// was asked has a due time of its own. Returns whether the whole host rests now.
    pub fn asked_to_wait(&mut self, host: &str, by: Asker, until: Moment, now: Moment) -> bool {
        let whole = self.remember_wait(host, by, until, now);
        let host = self.host(host);
        let place = &mut self.hosts[host.0 as usize];
        place.ready_at = place.ready_at.max(Tick::of(until.min(now + BREATH)));
        whole
    }

    /// The same of a wait that was asked for before a restart: nothing new is learned from it but that it runs.
    pub fn remember_wait(&mut self, host: &str, by: Asker, until: Moment, now: Moment) -> bool {
        let (until, now) = (Tick::of(until), Tick::of(now));
        let host = self.host(host);
        let place = &mut self.hosts[host.0 as usize];
        let before = place.said().wait.take().filter(|wait| wait.until > now);
        let whole = before.as_ref().is_some_and(|before| before.whole || before.by != by);
        let until = before.map_or(until, |before| before.until.max(until));
        if whole {
            place.ready_at = place.ready_at.max(until);
        }
        place.said().wait = Some(Wait { until, by, whole });
        whole
    }

    /// Takes the feeds of a host out of the queue; returns how many.
    pub fn take_out(&mut self, host: &str) -> usize {
        let host = self.host(host);
        let feeds = std::mem::take(&mut self.hosts[host.0 as usize].feeds).len();
        self.queued_feeds -= feeds;
        feeds
    }

    /// What the host asked for itself (`Crawl-delay`), where it is longer than the common delay: kept, up to the longest that is allowed,
    /// and counted from the last start on.
    pub fn slow_down(&mut self, host: HostIndex, delay: Duration) {
        let Politeness { delay: common, longest_delay, .. } = self.politeness;
        let place = &mut self.hosts[host.0 as usize];
        let before = place.delay().max(common);
        let delay = delay.min(longest_delay);
        place.ready_at = place.ready_at.later(delay.saturating_sub(before));
        place.said().delay = delay;
    }

    /// When the next poll could start.
    pub fn poll_at(&self) -> Option<Moment> {
        self.order[Work::Poll as usize].peek().map(|Reverse((at, _))| at.moment())
    }

    /// When the next read could start.
    pub fn read_at(&self) -> Option<Moment> {
        if self.fated.is_empty() {
            self.order[Work::Read as usize].peek().map(|Reverse((at, _))| at.moment())
        } else {
            Some(Moment::ZERO)
        }
    }

    /// Feeds that wait.
    pub fn feeds(&self) -> usize {
        self.queued_feeds
    }

    /// Whether an entry waits that is due at `horizon` or sooner, however long its host's delay makes it wait; a wait that the whole host
    /// asked for counts. O(hosts).
    pub fn has_entry_due_by(&self, horizon: Moment) -> bool {
        let horizon = Tick::of(horizon);
        let rests = |host: &Host| host.wait().is_some_and(|wait| wait.whole && wait.until > horizon);
        let due = |host: &Host| host.due(Work::Read).is_some_and(|due| due <= horizon);
        !self.fated.is_empty() || self.hosts.iter().any(|host| due(host) && !rests(host))
    }

    /// Entries that wait.
    pub fn entries(&self) -> usize {
        self.queued_entries + self.fated.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schedule(concurrency: u32, delay: u64) -> Schedule {
        Schedule::new(Politeness {
            concurrency,
            delay: Duration::from_secs(delay),
            longest_delay: Duration::from_secs(60),
        })
    }

    fn key(n: u8) -> EntryKey {
        EntryKey::from_bytes([n; 16])
    }

    fn at(seconds: u64) -> Moment {
        Duration::from_secs(seconds)
    }

    #[test]
    fn a_host_is_asked_once_at_a_time_and_no_sooner_than_its_delay() {
        let mut s = schedule(1, 2);
        s.add_entry(key(1), "a:80", at(0));
        s.add_entry(key(2), "a:80", at(0));
        let (first, host) = s.next_read(at(0)).expect("the host is free");
        assert_eq!(first, key(1));
        assert_eq!(s.next_read(at(5)), None, "the slot is taken");
        s.free(host);
        let (_, host) = s.next_read(at(5)).expect("free, and the delay is over");
        s.add_entry(key(3), "a:80", at(0));
        s.free(host);
        assert_eq!(s.next_read(at(6)), None, "one second after the last start");
        assert_eq!(s.read_at(), Some(at(7)));
        assert!(s.next_read(at(7)).is_some());
    }

    #[test]
    fn feeds_and_pages_of_a_host_draw_on_one_budget() {
        let mut s = schedule(1, 1);
        s.add_feed(0, "a:80", at(0));
        s.add_entry(key(1), "a:80", at(0));
        let (_, host) = s.next_poll(at(0)).expect("due");
        assert_eq!(s.next_read(at(9)), None);
        s.free(host);
        assert!(s.next_read(at(9)).is_some());
    }

    #[test]
    fn a_busy_host_holds_up_no_other() {
        let mut s = schedule(1, 60);
        for n in 0..100 {
            s.add_entry(key(n), "slow:80", at(0));
        }
        s.add_entry(key(200), "fast:80", at(0));
        assert_eq!(s.next_read(at(0)).map(|(e, _)| e), Some(key(0)));
        assert_eq!(s.next_read(at(0)).map(|(e, _)| e), Some(key(200)));
        assert_eq!(s.next_read(at(0)), None);
    }

    #[test]
    fn an_entry_is_lent_once_however_often_it_is_listed() {
        let mut s = schedule(4, 0);
        s.add_entry(key(1), "a:80", at(0));
        s.add_entry(key(1), "a:80", at(0));
        assert!(s.next_read(at(0)).is_some());
        assert_eq!(s.next_read(at(0)), None, "it is lent out");
        s.add_entry(key(1), "a:80", at(3));
        assert_eq!(s.next_read(at(9)), None, "listed anew while it is lent out");
        s.end(key(1));
        assert!(s.has_entry_due_by(at(3)) && !s.has_entry_due_by(at(2)));
        assert!(s.next_read(at(3)).is_some());
    }

    #[test]
    fn a_wait_asked_of_one_feed_is_learned_to_be_the_hosts_when_another_is_asked_too() {
        let mut s = schedule(1, 1);
        for feed in 0..3 {
            s.add_feed(feed, "a:80", at(0));
        }
        let (first, host) = s.next_poll(at(0)).expect("due");
        assert!(!s.asked_to_wait("a:80", Asker::Feed(first), at(3600), at(0)));
        s.free(host);
        assert_eq!(s.next_poll(at(59)), None, "all are left alone for a minute");
        let (second, host) = s.next_poll(at(60)).expect("another tries whether it is meant too");
        assert!(s.asked_to_wait("a:80", Asker::Feed(second), at(660), at(60)));
        s.free(host);
        assert_eq!(s.next_poll(at(3599)), None, "the whole host rests until the later wait is over");
        assert!(s.next_poll(at(3600)).is_some());
    }

    #[test]
    fn a_wait_asked_of_one_feed_holds_up_no_other_that_is_answered() {
        let mut s = schedule(1, 1);
        s.add_feed(0, "a:80", at(0));
        s.add_feed(1, "a:80", at(0));
        s.add_entry(key(1), "a:80", at(0));
        let (first, host) = s.next_poll(at(0)).expect("due");
        s.asked_to_wait("a:80", Asker::Feed(first), at(3600), at(0));
        s.free(host);
        let (_, host) = s.next_poll(at(60)).expect("the other feed");
        s.free(host);
        let (_, host) = s.next_read(at(61)).expect("a page");
        s.free(host);
        assert!(!s.asked_to_wait("a:80", Asker::Feed(first), at(7200), at(3600)), "it was the same one again");
    }

    #[test]
    fn a_host_that_rests_has_no_entry_that_is_soon_due() {
        let mut s = schedule(1, 0);
        s.add_entry(key(1), "a:80", at(0));
        assert!(s.has_entry_due_by(at(5)));
        s.asked_to_wait("a:80", Asker::Entry(key(8)), at(600), at(0));
        s.asked_to_wait("a:80", Asker::Entry(key(9)), at(600), at(0));
        assert!(!s.has_entry_due_by(at(5)) && s.has_entry_due_by(at(600)));
        s.add_feed(0, "a:80", at(0));
        assert_eq!((s.take_out("a:80"), s.feeds(), s.next_poll(at(900))), (1, 0, None));
    }

    #[test]
    fn a_hosts_own_delay_is_kept_where_it_is_longer() {
        let mut s = schedule(1, 1);
        s.add_entry(key(1), "a:80", at(0));
        s.add_entry(key(2), "a:80", at(0));
        s.add_entry(key(3), "a:80", at(0));
        let (_, host) = s.next_read(at(0)).expect("due");
        s.slow_down(host, Duration::from_secs(10));
        s.free(host);
        assert_eq!(s.next_read(at(9)), None, "it counts from the start that it was learned by");
        let (_, host) = s.next_read(at(10)).expect("ten seconds later");
        s.slow_down(host, Duration::from_secs(86_400));
        s.free(host);
        assert_eq!(
            s.next_read(at(69)),
            None,
            "a day is taken for a minute: neither ignored nor a reason to drop the host"
        );
        assert!(s.next_read(at(70)).is_some());
    }
}
