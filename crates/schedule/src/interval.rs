//! When a feed is polled again: never sooner than its publisher, its operator and the desk's own limits allow.

use std::time::Duration;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use wiredesk_model::habits::{Claims, Habits};

use crate::settings::Settings;

/// The time to the next poll, before jitter: the longest of the publisher's claims and the operator's interval, or the one that the
/// feed's own news ask for where the operator set none, clamped to the configured limits. A 16-year max-age has been seen.
pub fn after_success(settings: &Settings, own: Option<Duration>, habits: &Habits) -> Duration {
    let found = habits.rhythm.interval_s.map(Duration::from_secs);
    let base = own.or(found).unwrap_or(settings.default_interval.0);
    let (least, most) = limits(settings);
    base.max(habits.claims.longest().unwrap_or_default()).clamp(least, most)
}

/// The shortest and the longest interval there is.
pub(crate) fn limits(settings: &Settings) -> (Duration, Duration) {
    (settings.min_interval.0.min(settings.max_interval.0), settings.max_interval.0)
}

/// A feed whose hub is known to deliver is polled this much more seldom: often enough to notice a hub that has fallen silent.
const PUSHED: u32 = 6;

/// The time to the next poll of a feed whose news are pushed, where it would be `usual` otherwise and the hub's lease ends in `left`: a
/// multiple, within `schedule.max_interval`, and not beyond the end of the lease. Never sooner than usual, and never never.
pub fn while_pushed(settings: &Settings, usual: Duration, left: Duration) -> Duration {
    usual.saturating_mul(PUSHED).min(limits(settings).1).min(left).max(usual)
}

/// Spreads polls that would fall together: up to a tenth later, never sooner. `random` is between 0 and 1.
pub fn jittered(interval: Duration, random: f64) -> Duration {
    interval + interval.mul_f64(0.1 * random.clamp(0.0, 1.0))
}

/// The first moment after `wait` at which the publisher has something to fetch: `skipHours` and `skipDays` (RSS 2.0, in UTC) are
/// waited for, up to a week. Who skips every hour or every day is not believed.
pub fn outside_of_skipped(claims: &Claims, now: Timestamp, wait: Duration) -> Duration {
    const ALL_HOURS: u32 = (1 << 24) - 1;
    const ALL_DAYS: u32 = (1 << 7) - 1;
    let hours = Some(claims.skip_hours & ALL_HOURS).filter(|hours| *hours != ALL_HOURS).unwrap_or_default();
    let days = Some(claims.skip_days & ALL_DAYS).filter(|days| *days != ALL_DAYS).unwrap_or_default();
    let due = SignedDuration::try_from(wait).ok().and_then(|wait| now.checked_add(wait).ok());
    let Some(due) = due.filter(|_| hours != 0 || days != 0) else { return wait };
    // The start of each hour from the one that is due, within eight days.
    let start = due.as_second() - due.as_second().rem_euclid(3600);
    for hour in 0..8 * 24 {
        let Ok(at) = Timestamp::from_second(start + hour * 3600) else { return wait };
        let then = at.to_zoned(TimeZone::UTC);
        let day = then.weekday().to_monday_zero_offset();
        if hours & (1 << then.hour()) == 0 && days & (1 << day) == 0 {
            return Duration::try_from(at.max(due).duration_since(now)).unwrap_or(wait);
        }
    }
    wait
}

#[cfg(test)]
mod tests {
    use wiredesk_model::habits::Rhythm;

    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    #[test]
    fn the_longest_claim_wins_within_the_limits() {
        let settings = Settings::default();
        for (own, found, ttl, age, minutes) in [
            (None, None, None, None, 15),
            (Some(7), None, None, None, 7),
            (Some(1), None, None, None, 5),
            (None, Some(40), None, None, 40),
            (Some(7), Some(40), None, None, 7),
            (None, None, Some(60), Some(30), 60),
            (None, None, Some(30), Some(60), 60),
            (None, None, Some(1), Some(2), 15),
            (Some(10), None, Some(60), None, 60),
            (None, None, None, Some(8_000_000), 1440),
            (None, None, None, Some(u64::MAX / 60), 1440),
        ] {
            let habits = Habits {
                claims: Claims { ttl_s: ttl.map(|m| m * 60), max_age_s: age.map(|m| m * 60), ..Claims::default() },
                rhythm: Rhythm { interval_s: found.map(|m: u64| m * 60), ..Rhythm::default() },
                ..Habits::default()
            };
            let own = own.map(|minutes: u32| MINUTE * minutes);
            assert_eq!(after_success(&settings, own, &habits), MINUTE * minutes, "{habits:?}");
        }
    }

    #[test]
    fn a_feed_that_is_pushed_is_polled_slowly_and_never_not_at_all() {
        let settings = Settings::default();
        let minutes = |usual: u32, left: u32| while_pushed(&settings, MINUTE * usual, MINUTE * left).as_secs() / 60;
        assert_eq!(minutes(15, 10_000), 90);
        assert_eq!(minutes(600, 100_000), 1440, "no longer than the configured longest");
        assert_eq!(minutes(15, 40), 40, "it is looked at when the lease ends");
        assert_eq!(minutes(15, 3), 15, "never sooner than without a hub");
        assert_eq!(minutes(1440, 100_000), 1440);
    }

    #[test]
    fn jitter_is_never_sooner() {
        assert_eq!(jittered(MINUTE, 0.0), MINUTE);
        assert_eq!(jittered(MINUTE, 1.0), Duration::from_secs(66));
    }

    #[test]
    fn hours_and_days_that_are_to_be_skipped_are_waited_for() {
        let friday: Timestamp = "2026-11-27T21:50:00Z".parse().expect("a time");
        let night = (22..24).chain(0..6).fold(0u32, |bits, hour| bits | 1 << hour);
        let weekend = 1 << 5 | 1 << 6;
        let after = |skip_hours, skip_days, minutes: u32| {
            let claims = Claims { skip_hours, skip_days, ..Claims::default() };
            let wait = outside_of_skipped(&claims, friday, MINUTE * minutes);
            (friday + SignedDuration::try_from(wait).expect("a span")).to_string()
        };
        assert_eq!(after(0, 0, 15), "2026-11-27T22:05:00Z");
        assert_eq!(after(night, 0, 5), "2026-11-27T21:55:00Z");
        assert_eq!(after(night, 0, 15), "2026-11-28T06:00:00Z");
        assert_eq!(after(0, weekend, 180), "2026-11-30T00:00:00Z");
        assert_eq!(after(night, weekend, 15), "2026-11-30T06:00:00Z");
        assert_eq!(after(u32::MAX, 0, 15), "2026-11-27T22:05:00Z", "who skips all skips none");
        assert_eq!(after(0, u32::MAX, 15), "2026-11-27T22:05:00Z");
    }
}
