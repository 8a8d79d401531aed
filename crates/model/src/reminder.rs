//! A trouble that lasts is said at once, and then once a minute, whoever has it.

use std::time::{Duration, Instant};

/// What lasts is said this often.
const EVERY: Duration = Duration::from_secs(60);

/// When something was said last.
#[derive(Clone, Copy, Debug, Default)]
pub struct Reminder {
    said: Option<Instant>,
}

impl Reminder {
    /// Whether it is to be said at this moment; then it counts as said.
    #[must_use]
    pub fn is_due(&mut self, now: Instant) -> bool {
        let due = self.said.is_none_or(|at| now.saturating_duration_since(at) >= EVERY);
        if due {
            self.said = Some(now);
        }
        due
    }

    /// It is over: when it comes again it is said at once. Returns whether it was said.
    pub fn is_over(&mut self) -> bool {
        self.said.take().is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lasts_is_said_at_once_and_then_once_a_minute() {
        let (mut reminder, now) = (Reminder::default(), Instant::now());
        for minute in [now, now + EVERY] {
            assert!(reminder.is_due(minute) && !reminder.is_due(minute + EVERY / 2));
        }
        assert!(reminder.is_over() && !reminder.is_over());
        assert!(reminder.is_due(now), "it came again");
    }
}
