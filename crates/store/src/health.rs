//! Whether the data dir can be written. A full disk is no end: the desk stands still, says so once a minute, and goes on by
//! itself. So the writer notes here that a write failed for the disk's sake, and tries the disk until there is room again.

use std::time::{Duration, Instant};

use tokio::sync::watch;
use tracing::{error, info};
use wiredesk_model::reminder::Reminder;

use crate::error::StoreError;

/// How long to wait before the disk is tried again.
const PAUSE: Duration = Duration::from_secs(1);

/// The writer's side: what it knows of the disk.
pub(crate) struct Health {
    told: watch::Sender<Option<StoreError>>,
    reminder: Reminder,
    next_try: Instant,
}

impl Health {
    /// A disk of which nothing bad is known, and where others hear of it.
    pub(crate) fn new() -> (Self, watch::Receiver<Option<StoreError>>) {
        let (told, heard) = watch::channel(None);
        (Self { told, reminder: Reminder::default(), next_try: Instant::now() }, heard)
    }

    /// A write failed. Only what the disk is to blame for is a trouble.
    pub(crate) fn failed(&mut self, error: &StoreError) {
        if error.is_the_disks() {
            // What fails while the disk is known to do so puts its next try not off: who tries without rest would wait for ever.
            if self.told.borrow().is_none() {
                self.next_try = Instant::now() + PAUSE;
            }
            self.note(error);
        }
    }

    /// The disk was tried, and cannot be written yet.
    pub(crate) fn goes_on(&mut self, error: &StoreError) {
        self.next_try = Instant::now() + PAUSE;
        self.note(error);
    }

    fn note(&mut self, error: &StoreError) {
        if self.reminder.is_due(Instant::now()) {
            error!(stage = "store", "{}; nothing new is begun until the data dir can be written", error.told());
        }
        self.told.send_if_modified(|now| now.replace(error.clone()).is_none());
    }

    /// The disk was tried, and there is room.
    pub(crate) fn is_well(&mut self) {
        self.reminder.is_over();
        if self.told.send_replace(None).is_some() {
            info!(stage = "store", "the data dir can be written again");
        }
    }

    /// How long until the disk is to be tried; `None` while it is well.
    pub(crate) fn next_try(&self) -> Option<Duration> {
        self.told.borrow().as_ref().map(|_| self.next_try.saturating_duration_since(Instant::now()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gate::Failure;

    #[test]
    fn writes_that_fail_without_rest_do_not_put_the_next_try_off() {
        let (mut health, told) = Health::new();
        health.failed(&Failure::Full.into());
        let first = health.next_try;
        health.failed(&StoreError::Closed);
        health.failed(&Failure::Broken.into());
        assert!(told.borrow().is_some() && health.next_try == first);
        health.goes_on(&Failure::Full.into());
        assert!(health.next_try > first);
        health.is_well();
        assert!(told.borrow().is_none() && health.next_try().is_none());
    }
}
