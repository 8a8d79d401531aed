//! Whether the clock can be believed. A machine that wakes up in 1970 or in 2099 must not make the desk forget what it
//! has published: a clock that jumped is said once, and nothing expires until it has held for a day.

use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};

use crate::columns::{Result, ms, time};

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
const WEEK: i64 = 7 * DAY;

/// The newest time the desk has seen, and since when it doubts it.
pub(crate) struct Clock {
    state: Mutex<State>,
    remark: Option<String>,
}

#[derive(Clone, Copy)]
struct State {
    newest: i64,
    doubted_since: Option<i64>,
    written: Option<(i64, Option<i64>)>,
}

impl Clock {
    /// Compares the clock with the newest time the store has seen. A minute backwards is no jump: the store writes
    /// the time down no more often than that.
    pub(crate) fn open(conn: &Connection, now: Timestamp) -> Result<Self> {
        let now = ms(now);
        let seen = number(conn, "clock_newest")?;
        let doubted = number(conn, "clock_doubted_since")?;
        let mut clock =
            Self { state: Mutex::new(State { newest: now, doubted_since: None, written: None }), remark: None };
        let Some(seen) = seen else { return Ok(clock) };
        let jumped = now < seen - MINUTE || now > seen + WEEK;
        let state = clock.state.get_mut().unwrap_or_else(PoisonError::into_inner);
        if jumped {
            state.doubted_since = Some(now);
            let way = if now < seen { "before" } else { "more than a week after" };
            clock.remark = Some(format!(
                "the clock says {}, {way} the newest time the desk has seen, {}: nothing is forgotten until the clock has held for a day",
                time(now),
                time(seen)
            ));
        } else {
            state.newest = now.max(seen);
            state.doubted_since = doubted;
            state.written = Some((seen, doubted));
        }
        Ok(clock)
    }

    /// What the log should say about the clock at the start.
    pub(crate) fn remark(&self) -> Option<&str> {
        self.remark.as_deref()
    }

    /// Takes note of the time. A jump of more than a week while the desk runs (a machine that slept, a clock set wrong)
    /// is doubted as one at the start is, and so is the way back: else a clock that was ten years ahead for a minute would keep
    /// everything for ten years. Several callers take note of times that they read a moment ago, so the way back begins at an hour.
    pub(crate) fn see(&self, now: Timestamp) {
        let (now, mut state) = (ms(now), self.state());
        let went_back = now < state.newest - HOUR;
        if went_back || now > state.newest + WEEK {
            state.doubted_since = Some(now);
        }
        state.newest = if went_back { now } else { state.newest.max(now) };
    }

    /// The newest time seen.
    pub(crate) fn newest(&self) -> Timestamp {
        time(self.state().newest)
    }

    /// Whether anything may be forgotten for its age at this time.
    pub(crate) fn may_expire(&self, now: Timestamp) -> bool {
        self.state().doubted_since.is_none_or(|since| ms(now) >= since + DAY)
    }

    /// Writes the time down where that is due: at most once a minute, at once when a doubt came or went, and at the end.
    pub(crate) fn write(&self, conn: &Connection, at_the_end: bool) -> Result<()> {
        let mut state = self.state();
        if state.doubted_since.is_some_and(|since| state.newest >= since + DAY) {
            state.doubted_since = None;
        }
        let due = state.written.is_none_or(|(newest, doubted)| {
            doubted != state.doubted_since
                || state.newest < newest
                || state.newest >= newest + if at_the_end { 1 } else { MINUTE }
        });
        if !due {
            return Ok(());
        }
        let mut put = conn.prepare_cached("INSERT OR REPLACE INTO meta (name, value) VALUES (?1, ?2)")?;
        put.execute(params!["clock_newest", state.newest.to_string()])?;
        match state.doubted_since {
            Some(since) => put.execute(params!["clock_doubted_since", since.to_string()])?,
            None => conn.execute("DELETE FROM meta WHERE name = 'clock_doubted_since'", [])?,
        };
        state.written = Some((state.newest, state.doubted_since));
        Ok(())
    }

    /// What was written down last was taken back with its transaction.
    pub(crate) fn was_not_written(&self) {
        self.state().written = None;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn number(conn: &Connection, name: &str) -> Result<Option<i64>> {
    let text: Option<String> =
        conn.query_row("SELECT value FROM meta WHERE name = ?1", [name], |row| row.get(0)).optional()?;
    Ok(text.and_then(|text| text.parse().ok()))
}
