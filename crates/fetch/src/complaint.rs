//! What this machine refuses us concerns every feed: it is said once for all of them, and once a minute while it lasts.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// A trouble that lasts is said this often.
const REMIND: Duration = Duration::from_secs(60);

/// When something was said last.
#[derive(Debug, Default)]
pub(crate) struct Complaint {
    said: Mutex<Option<Instant>>,
}

impl Complaint {
    /// Whether it is to be said now; then it counts as said.
    pub(crate) fn is_due(&self, now: Instant) -> bool {
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        let due = said.is_none_or(|at| now.duration_since(at) >= REMIND);
        if due {
            *said = Some(now);
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_complaint_is_made_at_once_and_then_once_a_minute() {
        let (complaint, now) = (Complaint::default(), Instant::now());
        for minute in [now, now + REMIND] {
            assert!(complaint.is_due(minute) && !complaint.is_due(minute + REMIND / 2));
        }
    }
}
