//! When a hub is asked: for a subscription, for another lease before one ends, and again after a failure (W3C WebSub §5). A hub's word on
//! time is believed within limits, as everybody's is.

use std::time::Duration;

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);

/// The lease that is asked for.
pub const WANTED: Duration = Duration::from_secs(10 * 24 * 3600);
/// No lease is believed for longer: a subscription is renewed now and then, however eternal.
const LONGEST: Duration = Duration::from_secs(30 * 24 * 3600);
/// A shorter one is of no use: it would be over before it is renewed, or renewed without end.
pub const SHORTEST: Duration = Duration::from_secs(300);
/// How long a hub may take from the request to its question whether it was meant.
pub const PATIENCE: Duration = HOUR;

/// The lease that a hub grants: what it says, in seconds, or what was asked for where it says nothing.
pub fn granted(said: Option<u64>) -> Duration {
    said.map_or(WANTED, Duration::from_secs).min(LONGEST)
}

/// When to ask for another lease, from the start of this one: after three quarters of it, up to a tenth sooner, so that there is time to
/// fail; but a minute at least lies between two requests. `random` is between 0 and 1.
pub fn renewal(lease: Duration, random: f64) -> Duration {
    lease.mul_f64(0.75 - 0.1 * random.clamp(0.0, 1.0)).max(MINUTE)
}

/// When to ask again after `failures` failures in a row: a minute, doubled each time up to six hours, and never sooner than the hub asked
/// for.
pub fn after_failure(failures: u32, retry_after: Option<Duration>) -> Duration {
    let backed_off = MINUTE.saturating_mul(1 << failures.saturating_sub(1).min(16)).min(HOUR * 6);
    backed_off.max(retry_after.unwrap_or_default())
}

/// When to ask again after the hub denied `denials` times in a row, the subscription or its going on: a day, doubled up to a week.
pub fn after_denial(denials: u32) -> Duration {
    DAY.saturating_mul(1 << denials.saturating_sub(1).min(3)).min(DAY * 7)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hubs_lease_is_believed_within_limits() {
        assert_eq!(granted(None), DAY * 10);
        assert_eq!(granted(Some(300)), MINUTE * 5);
        assert_eq!(granted(Some(0)), Duration::ZERO);
        assert_eq!(granted(Some(u64::MAX)), DAY * 30);
    }

    #[test]
    fn a_lease_is_renewed_before_it_ends_and_never_in_a_hurry() {
        for lease in [MINUTE * 2, DAY, DAY * 30] {
            for random in [0.0, 0.5, 1.0, 7.0] {
                let after = renewal(lease, random);
                assert!(after < lease && after >= lease / 2, "{lease:?} {random}");
            }
        }
        assert_eq!(renewal(Duration::ZERO, 0.0), MINUTE);
    }

    #[test]
    fn failures_back_off_up_to_six_hours_and_denials_up_to_a_week() {
        assert_eq!([1, 2, 3, 9, 99].map(|n| after_failure(n, None).as_secs() / 60), [1, 2, 4, 256, 360]);
        assert_eq!(after_failure(1, Some(HOUR)), HOUR);
        assert_eq!(after_failure(99, Some(HOUR)), HOUR * 6);
        assert_eq!([0, 1, 2, 3, 99].map(|n| after_denial(n).as_secs() / 86_400), [1, 1, 2, 4, 7]);
    }
}
