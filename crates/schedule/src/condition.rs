//! What a poll says of its feed beyond its entries: where it has moved, and what is the matter with it. Conditions begin and end;
//! only that is said, not that they last.

use jiff::{SignedDuration, Timestamp};
use wiredesk_model::habits::{Condition, Habits, Moved};

use crate::rhythm::is_quiet;

/// A permanent redirect is believed after so many good answers through it.
const TIMES: u32 = 5;
/// And over so long a time: a redirect is a mistake, a captive portal or a test more often than a move.
const OVER: SignedDuration = SignedDuration::from_hours(72);
/// A feed that has failed for so long is a condition.
const FAILING: SignedDuration = SignedDuration::from_hours(48);

/// A feed gave a good answer, directly or through permanent redirects that lead to `to`.
///
/// Each answer that says the same adds to the evidence; one that says something else takes it away. Where the move is learned
/// already the feed is asked at its new place, and an answer from there confirms it; a further move from there is learned in the
/// same way.
pub fn answered(habits: &mut Habits, to: Option<String>, at: Timestamp) {
    let learned = habits.learned().is_some();
    match (&mut habits.moved, to) {
        (Some(moved), Some(to)) if moved.to == to => {
            moved.times = moved.times.saturating_add(1);
            moved.learned |= moved.times >= TIMES && at.duration_since(moved.since) >= OVER;
        }
        // Asked at its new place, and answered there.
        (Some(_), None) if learned => {}
        // It moves on: what was learned holds until the next place is.
        (Some(moved), Some(to)) if learned => match &mut moved.onward {
            Some(onward) if onward.to == to => {
                onward.times = onward.times.saturating_add(1);
                if onward.times >= TIMES && at.duration_since(onward.since) >= OVER {
                    let (times, since) = (onward.times, onward.since);
                    *moved = Moved { to, times, since, learned: true, onward: None };
                }
            }
            onward => *onward = Some(Box::new(Moved { to, times: 1, since: at, learned: false, onward: None })),
        },
        (moved, Some(to)) => *moved = Some(Moved { to, times: 1, since: at, learned: false, onward: None }),
        (moved, None) => *moved = None,
    }
}

/// A feed that was asked at a place it had moved to does not answer there. What was learned is forgotten, and it is asked again where it
/// is configured. Returns whether that is so.
pub fn forget_move(habits: &mut Habits) -> bool {
    habits.moved.take_if(|moved| moved.learned).is_some()
}

/// What is the matter with a feed, the gravest first. `silent_since` is when it last brought something.
pub fn of(habits: &Habits, gone: bool, silent_since: Option<Timestamp>, now: Timestamp) -> Vec<Condition> {
    let silence = silent_since.and_then(|since| now.duration_since(since).try_into().ok());
    let holds = |condition: &Condition| match condition {
        Condition::Gone => gone,
        Condition::Failing => habits.failing_since.is_some_and(|since| now.duration_since(since) >= FAILING),
        Condition::Html => habits.html.is_some(),
        Condition::Damaged => habits.damaged,
        Condition::Moved => habits.learned().is_some(),
        Condition::Quiet => {
            habits.failing_since.is_none() && silence.is_some_and(|silence| is_quiet(&habits.rhythm, silence))
        }
    };
    Condition::ALL.into_iter().filter(holds).collect()
}

#[cfg(test)]
mod tests {
    use wiredesk_model::habits::{HtmlAnswer, Rhythm};

    use super::*;

    const NEW: &str = "http://a.example/new";

    fn at(hours: i64) -> Timestamp {
        "2026-01-01T00:00:00Z".parse::<Timestamp>().expect("a time") + SignedDuration::from_hours(hours)
    }

    fn after(answers: &[(i64, Option<&str>)]) -> Habits {
        let mut habits = Habits::default();
        for (hours, to) in answers {
            answered(&mut habits, to.map(str::to_owned), at(*hours));
        }
        habits
    }

    #[test]
    fn a_permanent_redirect_is_learned_after_several_answers_over_days() {
        let new = Some(NEW);
        for (name, answers, learned) in [
            ("once", vec![(0, new)], false),
            ("many times in an hour", (0..20).map(|_| (1, new)).collect(), false),
            ("twice in a month", vec![(0, new), (720, new)], false),
            ("five times in four days", vec![(0, new), (24, new), (48, new), (72, new), (96, new)], true),
            ("with an answer from home between", vec![(0, new), (24, new), (48, None), (72, new), (96, new)], false),
            ("to two places in turn", vec![(0, new), (24, Some("b")), (48, new), (72, Some("b")), (96, new)], false),
        ] {
            let habits = after(&answers);
            assert_eq!(habits.learned(), learned.then_some(NEW), "{name}");
            assert_eq!(of(&habits, false, None, at(99)).contains(&Condition::Moved), learned, "{name}");
        }
    }

    #[test]
    fn what_was_learned_holds_while_the_new_place_answers_and_is_forgotten_when_it_does_not() {
        let mut habits = after(&[(0, Some(NEW)), (24, Some(NEW)), (48, Some(NEW)), (72, Some(NEW)), (96, Some(NEW))]);
        answered(&mut habits, None, at(120));
        assert_eq!(habits.learned(), Some(NEW));
        for day in 6..11 {
            assert_eq!(habits.learned(), Some(NEW), "until the next place is learned too");
            answered(&mut habits, Some("http://b.example/".into()), at(day * 24));
        }
        assert_eq!(habits.learned(), Some("http://b.example/"));
        assert!(forget_move(&mut habits));
        assert!(!forget_move(&mut habits));
        assert_eq!(habits.learned(), None);
    }

    #[test]
    fn each_condition_has_its_evidence() {
        let with = |habits: Habits, gone, silent: Option<i64>| of(&habits, gone, silent.map(at), at(1000));
        let rhythm = Rhythm { gap_s: 3600, longest_s: 7200, gaps: 9, ..Rhythm::default() };
        assert_eq!(with(Habits::default(), true, None), [Condition::Gone]);
        let failing = |hours| Habits { failing_since: Some(at(hours)), ..Habits::default() };
        assert_eq!(with(failing(953), false, None), []);
        assert_eq!(with(failing(952), false, None), [Condition::Failing]);
        let html = Habits { html: Some(HtmlAnswer { meant: None }), damaged: true, ..Habits::default() };
        assert_eq!(with(html, false, None), [Condition::Html, Condition::Damaged]);
        let quiet = Habits { rhythm, ..Habits::default() };
        assert_eq!(with(quiet.clone(), false, Some(930)), []);
        assert_eq!(with(quiet.clone(), false, Some(900)), [Condition::Quiet]);
        let failing = Habits { failing_since: Some(at(999)), ..quiet };
        assert_eq!(with(failing, false, Some(900)), [], "a feed that cannot be read is not called quiet");
    }
}
