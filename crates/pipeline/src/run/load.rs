//! The schedule, filled when the desk starts: from the configuration, and from where the store says that each feed and entry stands.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;
use tracing::info;
use wiredesk_model::habits::{Condition, Habits};
use wiredesk_model::link;
use wiredesk_schedule::queue::{Asker, Moment};
use wiredesk_store::error::StoreError;
use wiredesk_store::feeds::FeedState;

use super::{End, Mode, Run, STORE_PAUSE, Stop};
use crate::poll::place;

/// What is asked of a feed's state when the desk starts.
struct Start {
    due: Timestamp,
    gone: bool,
    interval_s: Option<u32>,
    asked_to_wait_until: Option<Timestamp>,
    conditions: Vec<Condition>,
    /// Where it has moved to.
    learned: Option<Box<str>>,
}

impl Start {
    fn of(state: FeedState) -> Self {
        let learned = state.habits.learned().map(Into::into);
        let Habits { asked_to_wait_until, conditions, .. } = state.habits;
        Self {
            due: state.due,
            gone: state.gone,
            interval_s: state.interval_s,
            asked_to_wait_until,
            conditions,
            learned,
        }
    }
}

impl Run {
    /// Loads, and where the disk is full waits until it is not.
    pub(super) async fn load_when_possible(&mut self, mode: Mode, stop: &Stop) -> Result<(), End> {
        loop {
            let error = match self.load().await {
                Ok(()) => return Ok(()),
                Err(error) if error.is_the_disks() => error,
                Err(error) => return Err(End::Store(error)),
            };
            if let Mode::Once { wait, .. } = mode
                && self.clock.elapsed() >= wait
            {
                return Err(End::Store(error));
            }
            tokio::select! {
                biased;
                () = stop.now.cancelled() => return Err(End::Stopped),
                () = stop.drain.cancelled() => return Err(End::Stopped),
                () = tokio::time::sleep(STORE_PAUSE) => {}
            }
        }
    }

    /// Fills the schedule from the configuration and the store.
    async fn load(&mut self) -> Result<(), StoreError> {
        let desk = self.desk.clone();
        let configured: Vec<_> =
            desk.feeds.iter().map(|feed| (feed.id.clone(), link::bare(&feed.url).into())).collect();
        let states = desk.store.sync_feeds(configured, desk.clock.now(), Start::of).await?;
        let pending = desk.store.pending().await?;
        let mut resting = BTreeSet::new();
        for (index, (feed, state)) in (0..).zip(desk.feeds.iter().zip(&states)) {
            self.summary.feeds += 1;
            for condition in &state.conditions {
                desk.meter.condition(*condition, 1);
            }
            let host = link::host_port(&place(feed, state.learned.as_deref())).unwrap_or_default();
            if let Some(due) = self.first_poll(state) {
                self.schedule.add_feed(index, &host, due);
            } else {
                self.summary.feeds_held += 1;
            }
            if let Some(until) = state.asked_to_wait_until.map(|until| self.moment(until))
                && until > self.now()
                && self.schedule.remember_wait(&host, Asker::Feed(index), until, self.now())
            {
                resting.insert(host);
            }
        }
        resting.iter().for_each(|host| self.rest(host));
        if !pending.is_empty() {
            info!(entries = pending.len(), stage = "journal", "pending from before");
        }
        self.take_in(pending);
        if !self.suspects.is_empty() {
            info!(
                entries = self.suspects.len(),
                stage = "journal",
                "read when the desk last ended without a stop; now read one at a time"
            );
        }
        if !self.once && desk.push.is_some() {
            // Nobody waits for hubs to ask back where the desk leaves at once.
            self.subscribing = Some(tokio::spawn(async move { desk.keep_subscriptions().await }));
        }
        self.housekeep();
        Ok(())
    }

    /// When a feed is polled first: at its time; with `--once` now, save where it is gone or asked for a wait.
    fn first_poll(&self, state: &Start) -> Option<Moment> {
        match (state.gone, self.once) {
            (true, _) => None,
            (false, true) if state.asked_to_wait_until.is_some_and(|until| until > self.desk.clock.now()) => None,
            (false, true) => Some(self.now()),
            (false, false) => {
                let own = state.interval_s.map_or(Duration::ZERO, |s| Duration::from_secs(s.into()));
                Some(self.moment_within(state.due, own.max(self.desk.schedule.max_interval.0)))
            }
        }
    }
}
