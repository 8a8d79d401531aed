//! Permits for work that waits on other people's servers. What takes longer than five seconds moves to a slow lane with
//! permits of its own, so that tarpits starve nobody (design: "The flow").

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

/// How long a fetch may take before it is slow.
const SLOW: Duration = Duration::from_secs(5);

/// The permits of one kind of work.
#[derive(Clone)]
pub(crate) struct Lane {
    fast: Arc<Semaphore>,
    slow: Arc<Semaphore>,
    /// Told when a permit comes free in the middle of a task.
    freed: mpsc::UnboundedSender<()>,
}

/// The right to have one fetch under way.
pub(crate) struct Permit {
    held: Option<OwnedSemaphorePermit>,
    lane: Lane,
}

impl Lane {
    pub(crate) fn new(permits: u32, freed: mpsc::UnboundedSender<()>) -> Self {
        let permits = permits as usize;
        Self { fast: Arc::new(Semaphore::new(permits)), slow: Arc::new(Semaphore::new(permits)), freed }
    }

    /// Whether a permit is free. Only the loop that admits takes them, so what it sees holds until it admits.
    pub(crate) fn has_room(&self) -> bool {
        self.fast.available_permits() > 0
    }

    /// Takes a permit; to be asked where there is room.
    pub(crate) fn admit(&self) -> Permit {
        Permit { held: self.fast.clone().try_acquire_owned().ok(), lane: self.clone() }
    }
}

impl Permit {
    /// Waits for a fetch; a slow one gives its permit back as soon as the slow lane has one.
    pub(crate) async fn fetch<T>(&mut self, fetch: impl Future<Output = T>) -> T {
        tokio::pin!(fetch);
        if let Ok(done) = tokio::time::timeout(SLOW, &mut fetch).await {
            return done;
        }
        let slow = self.lane.slow.clone();
        tokio::select! {
            done = &mut fetch => return done,
            permit = slow.acquire_owned() => {
                self.held = permit.ok();
                self.told();
            }
        }
        fetch.await
    }

    fn told(&self) {
        // Nobody listens any more when the desk is going down.
        let _ = self.lane.freed.send(());
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.held = None;
        self.told();
    }
}

#[cfg(test)]
mod tests {
    use tokio::task::JoinSet;
    use tokio::time::Instant;
    use wiredesk_schedule::queue::{Politeness, Schedule};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_slow_fetch_gives_its_permit_back() {
        let (freed, mut told) = mpsc::unbounded_channel();
        let lane = Lane::new(1, freed);
        let mut tarpit = lane.admit();
        assert!(!lane.has_room());
        let slow = tokio::spawn(async move { tarpit.fetch(std::future::pending::<()>()).await });
        told.recv().await;
        assert!(lane.has_room(), "the tarpit has moved over");
        slow.abort();
    }

    /// Plays four hours: feeds that are answered in a moment, and tarpits that take all the time there is and are never given up on.
    #[tokio::test(start_paused = true)]
    async fn a_hundred_tarpits_make_no_good_feed_start_later_than_a_twentieth_of_its_interval() {
        const TARPITS: u32 = 100;
        const FEEDS: u32 = TARPITS + 1000;
        let interval = Duration::from_secs(900);
        let (freed, mut told) = mpsc::unbounded_channel();
        let lane = Lane::new(64, freed);
        let politeness = Politeness { concurrency: 1, delay: Duration::from_secs(1), longest_delay: interval };
        let mut schedule = Schedule::new(politeness);
        let clock = Instant::now();
        let mut due = vec![Duration::ZERO; FEEDS as usize];
        for feed in 0..FEEDS {
            schedule.add_feed(feed, &format!("host{feed}:443"), Duration::ZERO); // the tarpits first, and all at once
        }
        let (mut latest, mut polls) = (Duration::ZERO, 0);
        let mut tasks = JoinSet::new();
        while clock.elapsed() < Duration::from_secs(4 * 3600) {
            let now = clock.elapsed();
            while lane.has_room() {
                let Some((feed, host)) = schedule.next_poll(now) else { break };
                if feed >= TARPITS {
                    (latest, polls) = (latest.max(now - due[feed as usize]), polls + 1);
                }
                let mut permit = lane.admit();
                let takes = if feed < TARPITS { Duration::from_secs(30) } else { Duration::from_millis(200) };
                tasks.spawn(async move {
                    permit.fetch(tokio::time::sleep(takes)).await;
                    (feed, host)
                });
            }
            let next = schedule.poll_at().filter(|at| *at > now).unwrap_or(now + interval);
            tokio::select! {
                Some(Ok((feed, host))) = tasks.join_next() => {
                    schedule.free(host);
                    due[feed as usize] = clock.elapsed() + interval;
                    schedule.add_feed(feed, &format!("host{feed}:443"), due[feed as usize]);
                }
                Some(()) = told.recv() => {}
                () = tokio::time::sleep_until(clock + next) => {}
            }
        }
        println!("{polls} polls of good feeds, the latest {latest:?} after it was due");
        assert!(polls >= 15 * 1000, "{polls}");
        assert!(latest <= interval / 20, "{latest:?}");
    }
}
