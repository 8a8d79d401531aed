//! What a failed poll means for the next one. Errors are of different kinds: a server that is down is back in minutes, a feed that
//! is not there is not there tomorrow, and a wait that was asked for is kept. None is retried for ever at full pace, and none is
//! given up in silence.

use std::time::Duration;

use wiredesk_model::habits::Habits;

use crate::interval::{after_success, limits};
use crate::settings::Settings;

/// The kinds of failure, each with a back-off of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// No connection, no name, no answer in time: often our own network, and soon over.
    Network,
    /// The server has trouble of its own (5xx).
    Server,
    /// It asks for fewer requests (429).
    Busy,
    /// It refuses us (401, 403, 451, robots.txt): it may be a rate limit in disguise.
    Refused,
    /// There is nothing there (404).
    Missing,
    /// What it gives is no feed, or a broken one.
    Content,
    /// It cannot go well until somebody changes something: an address that is closed, a loop, a body over the limit.
    Hopeless,
    /// Our own: no room for it just now.
    Ours,
}

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;

impl Trouble {
    /// The first wait, at least, and the longest; `None` is the feed's usual interval, or the configured longest.
    fn waits(self) -> (Option<u64>, Option<u64>) {
        match self {
            Self::Network => (None, Some(6 * HOUR)),
            Self::Server | Self::Content => (None, None),
            Self::Busy => (Some(30 * MINUTE), None),
            Self::Refused | Self::Missing => (Some(HOUR), None),
            Self::Hopeless => (Some(6 * HOUR), None),
            Self::Ours => (None, Some(0)),
        }
    }
}

/// The time to the next poll after `failures` failures in a row, before jitter: the first wait of its kind, doubled for each further
/// one up to the longest, and never sooner than the server asked for. Within `schedule.max_interval`, save for what was asked.
pub fn after_failure(
    settings: &Settings,
    own: Option<Duration>,
    habits: &Habits,
    trouble: Trouble,
    failures: u32,
    retry_after: Option<Duration>,
) -> Duration {
    let usual = after_success(settings, own, habits);
    let (first, longest) = trouble.waits();
    let (least, most) = limits(settings);
    let first = usual.max(first.map(Duration::from_secs).unwrap_or_default()).clamp(least, most);
    let longest = longest.map_or(most, Duration::from_secs).clamp(first, most.max(first));
    let backed_off = first.saturating_mul(1 << failures.saturating_sub(1).min(16)).min(longest);
    backed_off.max(retry_after.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_failure_backs_off_in_its_own_way() {
        let settings = Settings::default();
        let minutes = |trouble, failures| {
            after_failure(&settings, None, &Habits::default(), trouble, failures, None).as_secs() / 60
        };
        for (trouble, waits) in [
            (Trouble::Network, [15, 30, 60, 360]),
            (Trouble::Server, [15, 30, 60, 1440]),
            (Trouble::Content, [15, 30, 60, 1440]),
            (Trouble::Busy, [30, 60, 120, 1440]),
            (Trouble::Refused, [60, 120, 240, 1440]),
            (Trouble::Missing, [60, 120, 240, 1440]),
            (Trouble::Hopeless, [360, 720, 1440, 1440]),
            (Trouble::Ours, [15, 15, 15, 15]),
        ] {
            assert_eq!([1, 2, 3, 60].map(|failures| minutes(trouble, failures)), waits, "{trouble:?}");
        }
    }

    #[test]
    fn a_wait_that_was_asked_for_is_kept_and_shortens_none() {
        let settings = Settings::default();
        let after = |failures, minutes: u64| {
            let wait = Some(Duration::from_secs(minutes * 60));
            let after = after_failure(&settings, None, &Habits::default(), Trouble::Server, failures, wait);
            after.as_secs() / 60
        };
        assert_eq!(after(1, 120), 120);
        assert_eq!(after(1, 1), 15);
        assert_eq!(after(9, 120), 1440);
    }

    #[test]
    fn a_feed_that_is_asked_seldom_is_not_asked_more_often_because_it_fails() {
        let own = Some(Duration::from_secs(12 * HOUR));
        let habits = Habits::default();
        let after = after_failure(&Settings::default(), own, &habits, Trouble::Network, 1, None);
        assert_eq!(after.as_secs(), 12 * HOUR);
    }

    #[test]
    fn limits_of_a_test_desk_hold_for_every_kind() {
        use wiredesk_model::units::Span;
        let second = Span::seconds(1);
        let settings =
            Settings { min_interval: second, default_interval: second, max_interval: second, ..Settings::default() };
        let after = after_failure(&settings, None, &Habits::default(), Trouble::Hopeless, 7, None);
        assert_eq!(after, second.0);
    }
}
