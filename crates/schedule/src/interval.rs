//! When a feed is polled again: never sooner than its publisher, its operator and the desk's own limits allow.

use std::time::Duration;

use crate::settings::Settings;

/// What is known about a feed's pace after a poll.
#[derive(Clone, Copy, Debug, Default)]
pub struct Pace {
    /// The operator's own setting for this feed.
    pub own: Option<Duration>,
    /// RSS `ttl`, or `sy:updatePeriod`.
    pub ttl: Option<Duration>,
    /// `Cache-Control: max-age` or `Expires`.
    pub max_age: Option<Duration>,
}

/// The time to the next poll, before jitter: the longest of the claims (the operator's in place of the default), clamped to
/// the configured limits. A 16-year max-age has been seen.
pub fn after_success(settings: &Settings, pace: Pace) -> Duration {
    let base = pace.own.unwrap_or(settings.default_interval.0);
    [pace.ttl, pace.max_age]
        .into_iter()
        .flatten()
        .fold(base, Duration::max)
        .clamp(settings.min_interval.0.min(settings.max_interval.0), settings.max_interval.0)
}

/// The time to the next poll after `failures` failures in a row: the usual one, doubled for each, within the limits, and
/// never sooner than the server asked for.
pub fn after_failure(settings: &Settings, pace: Pace, failures: u32, retry_after: Option<Duration>) -> Duration {
    let usual = after_success(settings, pace);
    let backed_off =
        usual.saturating_mul(1 << failures.saturating_sub(1).min(16)).min(settings.max_interval.0.max(usual));
    backed_off.max(retry_after.unwrap_or_default())
}

/// Spreads polls that would fall together: up to a tenth later, never sooner. `random` is between 0 and 1.
pub fn jittered(interval: Duration, random: f64) -> Duration {
    interval + interval.mul_f64(0.1 * random.clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    #[test]
    fn the_longest_claim_wins_within_the_limits() {
        let settings = Settings::default();
        let pace = |own: Option<u32>, ttl: Option<u32>, age: Option<u32>| Pace {
            own: own.map(|m| MINUTE * m),
            ttl: ttl.map(|m| MINUTE * m),
            max_age: age.map(|m| MINUTE * m),
        };
        for (claims, minutes) in [
            (pace(None, None, None), 15),
            (pace(Some(7), None, None), 7),
            (pace(Some(1), None, None), 5),
            (pace(None, Some(60), Some(30)), 60),
            (pace(None, Some(1), Some(2)), 15),
            (pace(None, None, Some(8_000_000)), 1440),
        ] {
            assert_eq!(after_success(&settings, claims), MINUTE * minutes, "{claims:?}");
        }
    }

    #[test]
    fn failures_back_off_and_a_wait_that_was_asked_for_is_kept() {
        let settings = Settings::default();
        let after =
            |failures, wait: Option<u32>| after_failure(&settings, Pace::default(), failures, wait.map(|m| MINUTE * m));
        assert_eq!(after(1, None), MINUTE * 15);
        assert_eq!(after(3, None), MINUTE * 60);
        assert_eq!(after(60, None), MINUTE * 1440);
        assert_eq!(after(1, Some(120)), MINUTE * 120);
    }

    #[test]
    fn jitter_is_never_sooner() {
        assert_eq!(jittered(MINUTE, 0.0), MINUTE);
        assert_eq!(jittered(MINUTE, 1.0), Duration::from_secs(66));
    }
}
