//! A feed's own rhythm: how often it is worth asking, and when its silence is no longer its usual one.
//!
//! Only the desk's own clock counts here. What publishers date their entries is a claim, and a feed that dates everything today
//! would never be quiet.

use std::time::Duration;

use wiredesk_model::habits::Rhythm;

use crate::interval::limits;
use crate::settings::Settings;

/// What one good poll brought.
#[derive(Clone, Copy, Debug, Default)]
pub struct News {
    /// Entries that the feed lists; 0 where it said that nothing has changed.
    pub listed: usize,
    /// Those of them that were not known.
    pub new: usize,
    /// Since when there had been nothing new, at this poll; `None` before the first news.
    pub silence: Option<Duration>,
}

/// How many gaps must be known before a silence is judged by them.
const ENOUGH: u32 = 5;
/// The least silence that is called one: weekends and nights are none.
const LEAST_SILENCE: Duration = Duration::from_secs(3 * 24 * 3600);

/// Takes in what a poll brought.
///
/// The interval follows the share of known entries: a listing of which half is new rolls over too fast for it, and it is halved; one
/// of which a quarter is new is asked a third sooner; a little new leaves it as it is; nothing new makes it half as long again, up to
/// a quarter of the feed's usual gap, or four default intervals. The first poll, when all is new, says nothing.
pub fn heard(settings: &Settings, rhythm: &mut Rhythm, news: News, first: bool) {
    if first {
        return;
    }
    let (least, most) = limits(settings);
    let usual = settings.default_interval.0;
    let now = rhythm.interval_s.map_or(usual, Duration::from_secs);
    let next = if news.new == 0 {
        let quarter = Duration::from_secs(rhythm.gap_s / 4);
        let ceiling = if rhythm.gaps == 0 { usual * 4 } else { usual.max(quarter) };
        now.max((now * 3 / 2).min(ceiling))
    } else if news.new * 2 >= news.listed {
        now / 2
    } else if news.new * 4 >= news.listed {
        now * 2 / 3
    } else {
        now
    };
    rhythm.interval_s = Some(next.clamp(least, most).as_secs().max(1));
    if let (Some(silence), true) = (news.silence, news.new > 0) {
        let gap = silence.as_secs();
        rhythm.gap_s = if rhythm.gaps == 0 { gap } else { (rhythm.gap_s * 3 + gap) / 4 };
        rhythm.longest_s = gap.max(rhythm.longest_s * 9 / 10);
        rhythm.gaps = rhythm.gaps.saturating_add(1);
    }
}

/// Whether a silence is far out of the feed's own rhythm: six times its usual gap, and twice the longest it has had.
pub fn is_quiet(rhythm: &Rhythm, silence: Duration) -> bool {
    let usual = Duration::from_secs(rhythm.gap_s.saturating_mul(6).max(rhythm.longest_s.saturating_mul(2)));
    rhythm.gaps >= ENOUGH && silence > usual.max(LEAST_SILENCE)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: u64 = 3600;

    fn news(listed: usize, new: usize) -> News {
        News { listed, new, silence: None }
    }

    #[test]
    fn the_interval_follows_the_share_of_known_entries() {
        let settings = Settings::default();
        for (name, polls, minutes) in [
            ("half of it new", vec![news(20, 10)], 7),
            ("all of it new, again and again", vec![news(20, 20); 9], 5),
            ("a quarter new", vec![news(20, 5)], 10),
            ("a little new", vec![news(20, 1); 9], 15),
            ("nothing new", vec![news(20, 0)], 22),
            ("nothing for long", vec![news(0, 0); 50], 60),
            ("nothing for long, then much", [vec![news(20, 0); 50], vec![news(20, 20)]].concat(), 30),
        ] {
            let mut rhythm = Rhythm::default();
            for poll in polls {
                heard(&settings, &mut rhythm, poll, false);
            }
            assert_eq!(rhythm.interval_s.map(|s| s / 60), Some(minutes), "{name}");
        }
    }

    #[test]
    fn the_first_poll_when_all_is_new_says_nothing() {
        let mut rhythm = Rhythm::default();
        heard(&Settings::default(), &mut rhythm, news(20, 20), true);
        assert_eq!(rhythm, Rhythm::default());
    }

    #[test]
    fn a_feed_that_brings_something_once_a_day_is_asked_every_six_hours() {
        let mut rhythm = Rhythm::default();
        let day = News { listed: 20, new: 1, silence: Some(Duration::from_secs(24 * HOUR)) };
        for _ in 0..10 {
            heard(&Settings::default(), &mut rhythm, day, false);
            for _ in 0..20 {
                heard(&Settings::default(), &mut rhythm, news(20, 0), false);
            }
        }
        assert_eq!(rhythm.interval_s, Some(6 * HOUR));
    }

    #[test]
    fn a_silence_is_judged_by_the_feeds_own_gaps() {
        let of = |gaps: &[u64]| {
            let mut rhythm = Rhythm::default();
            for gap in gaps {
                let silence = Some(Duration::from_secs(gap * HOUR));
                heard(&Settings::default(), &mut rhythm, News { listed: 20, new: 1, silence }, false);
            }
            rhythm
        };
        for (gaps, hours, quiet) in [
            (&[1, 1, 1, 1, 1, 1][..], 71, false),
            (&[1, 1, 1, 1, 1, 1], 73, true),
            (&[1, 1, 1], 1000, false),
            (&[24, 24, 24, 24, 24, 24], 6 * 24, false),
            (&[24, 24, 24, 24, 24, 24], 6 * 24 + 1, true),
            // A holiday before: as long a one is nothing new.
            (&[2, 2, 240, 2, 2, 2, 2], 300, false),
        ] {
            assert_eq!(is_quiet(&of(gaps), Duration::from_secs(hours * HOUR)), quiet, "{gaps:?} {hours}");
        }
    }
}
