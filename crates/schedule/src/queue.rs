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

/// How gently a host is treated.
#[derive(Clone, Copy, Debug)]
pub struct Politeness {
    /// Requests under way at once.
    pub concurrency: u32,
    /// The least time between the starts of two requests.
    pub delay: Duration,
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

#[derive(Debug, Default)]
struct Host {
    running: u32,
    /// No request starts before.
    ready_at: Moment,
    /// A longer delay than the common one, as the host itself asked for (`Crawl-delay`).
    delay: Option<Duration>,
    feeds: BinaryHeap<Reverse<(Moment, FeedIndex)>>,
    entries: BinaryHeap<Reverse<(Moment, u64, EntryKey)>>,
    /// When the host stands in the heap of each kind; `None` when it does not.
    queued: [Option<Moment>; 2],
}

impl Host {
    fn due(&self, work: Work) -> Option<Moment> {
        match work {
            Work::Poll => self.feeds.peek().map(|Reverse((due, _))| *due),
            Work::Read => self.entries.peek().map(|Reverse((due, ..))| *due),
        }
    }
}

/// All feeds and pending entries that wait for their time.
#[derive(Debug)]
pub struct Schedule {
    politeness: Politeness,
    names: HashMap<Box<str>, HostIndex>,
    hosts: Vec<Host>,
    order: [BinaryHeap<Reverse<(Moment, u32)>>; 2],
    /// Entries that need no request at all: how they end is known.
    fated: Vec<EntryKey>,
    /// What is queued or lent out, so that nothing is lent twice.
    held: HashSet<EntryKey>,
    /// What is lent out, with where it goes when it comes back: it was listed anew meanwhile.
    lent: HashMap<EntryKey, Option<(HostIndex, Moment)>>,
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
        self.hosts.push(Host::default());
        self.names.insert(name.into(), index);
        index
    }

    /// Puts a feed in the queue of its host.
    pub fn add_feed(&mut self, feed: FeedIndex, host: &str, due: Moment) {
        let host = self.host(host);
        self.hosts[host.0 as usize].feeds.push(Reverse((due, feed)));
        self.queued_feeds += 1;
        self.enqueue(host, Work::Poll);
    }

    /// Puts an entry in the queue of its host. One that is queued already stays where it is; one that is lent out comes into
    /// the queue when its lease ends.
    pub fn add_entry(&mut self, entry: EntryKey, host: &str, due: Moment) {
        let host = self.host(host);
        if let Some(after) = self.lent.get_mut(&entry) {
            *after = Some((host, due));
        } else if self.held.insert(entry) {
            self.queue_entry(entry, host, due);
        }
    }

    fn queue_entry(&mut self, entry: EntryKey, host: HostIndex, due: Moment) {
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
        if place.queued[work as usize].is_none_or(|queued| queued > start) {
            place.queued[work as usize] = Some(start);
            self.order[work as usize].push(Reverse((start, host.0)));
        }
    }

    /// The host that may start this kind of work now; its slot is taken.
    fn take(&mut self, work: Work, now: Moment) -> Option<HostIndex> {
        while let Some(Reverse((start, index))) = self.order[work as usize].peek().copied() {
            if start > now {
                return None;
            }
            self.order[work as usize].pop();
            let (host, place) = (HostIndex(index), &mut self.hosts[index as usize]);
            if place.queued[work as usize] != Some(start) {
                continue; // stale: it stands elsewhere
            }
            place.queued[work as usize] = None;
            let may_start = place.running < self.politeness.concurrency
                && place.ready_at <= now
                && place.due(work).is_some_and(|due| due <= now);
            if !may_start {
                self.enqueue(host, work);
                continue;
            }
            place.running += 1;
            place.ready_at = now + place.delay.unwrap_or_default().max(self.politeness.delay);
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

    /// What the host asked for itself (`Crawl-delay`), where it is longer than the common delay.
    pub fn slow_down(&mut self, host: HostIndex, delay: Duration) {
        self.hosts[host.0 as usize].delay = Some(delay);
    }

    /// When the next poll could start.
    pub fn poll_at(&self) -> Option<Moment> {
        self.order[Work::Poll as usize].peek().map(|Reverse((at, _))| *at)
    }

    /// When the next read could start.
    pub fn read_at(&self) -> Option<Moment> {
        if self.fated.is_empty() {
            self.order[Work::Read as usize].peek().map(|Reverse((at, _))| *at)
        } else {
            Some(Moment::ZERO)
        }
    }

    /// Feeds that wait.
    pub fn feeds(&self) -> usize {
        self.queued_feeds
    }

    /// Whether an entry waits that is due at `horizon` or sooner, however long its host makes it wait. O(entries).
    pub fn has_entry_due_by(&self, horizon: Moment) -> bool {
        !self.fated.is_empty() || self.hosts.iter().any(|host| host.due(Work::Read).is_some_and(|due| due <= horizon))
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
        Schedule::new(Politeness { concurrency, delay: Duration::from_secs(delay) })
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
    fn a_hosts_own_delay_is_kept_where_it_is_longer() {
        let mut s = schedule(1, 1);
        s.add_entry(key(1), "a:80", at(0));
        s.add_entry(key(2), "a:80", at(0));
        s.add_entry(key(3), "a:80", at(0));
        let (_, host) = s.next_read(at(0)).expect("due");
        s.slow_down(host, Duration::from_secs(10));
        s.free(host);
        let (_, host) = s.next_read(at(1)).expect("the first start knew nothing of it");
        s.free(host);
        assert_eq!(s.next_read(at(10)), None);
        assert!(s.next_read(at(11)).is_some());
    }
}
