//! What becomes of work that the store failed at: it goes back to where it was, and is said once a minute.

use tokio::time::Instant;
use tracing::error;
use wiredesk_model::fault::{AsFault, Fault};
use wiredesk_model::id::EntryKey;
use wiredesk_schedule::queue::FeedIndex;
use wiredesk_store::error::StoreError;

use super::{Attempt, End, Line, Run, STORE_PAUSE};

/// What is done over after the disk failed.
#[derive(PartialEq, Eq, Hash)]
pub(super) enum Unit {
    Poll(FeedIndex),
    Read(EntryKey),
}

impl Run {
    /// Puts an entry back where it was, after the store failed. `begun` says that its attempt is one of this process.
    pub(super) fn read_again(&mut self, attempt: Attempt, begun: bool, error: StoreError) -> Option<End> {
        let Attempt { entry, line, .. } = attempt;
        if begun && error.is_the_disks() {
            self.cut_short.insert(entry);
        }
        if !error.is_the_disks() || self.is_done_over(Unit::Read(entry), &error) {
            let due = self.now() + STORE_PAUSE;
            match line {
                Line::Fated => self.schedule.add_entry(entry, "", due),
                Line::Host(host) => self.schedule.put_back_entry(entry, host, due),
                Line::Suspects => {
                    self.suspects.push_back(entry);
                    self.suspects_rest = due;
                }
            }
        }
        self.store_failed(error)
    }

    /// Whether something that the store failed at is done over. With `--once` only as long as the data dir cannot be written, for then the
    /// run ends in time; where it can be, an error of the disk is one of reading, and may last: one more try, then it is left.
    pub(super) fn is_done_over(&mut self, unit: Unit, error: &StoreError) -> bool {
        let troubled = self.trouble.borrow().is_some();
        !self.once || (error.is_the_disks() && (troubled || self.spared.insert(unit)))
    }

    /// Says that the store failed, where it does not say so itself; the end, where there is no use in going on.
    pub(super) fn store_failed(&mut self, error: StoreError) -> Option<End> {
        if error.fault() == Fault::Fatal {
            return Some(End::Store(error));
        }
        // The store says itself that its disk cannot be written, once for all that it fails for; it does not know of those that read.
        let is_due = !error.is_the_disks()
            || self.trouble.borrow().is_none() && self.unreadable.is_due(Instant::now().into_std());
        if is_due {
            error!(stage = "run", "{}", error.told());
        }
        None
    }
}
