//! Where each feed stands: what to ask it with, when, and how the last polls went.

use std::collections::HashMap;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};
use serde::Serialize;
use wiredesk_model::feed::Validators;
use wiredesk_model::habits::Habits;
use wiredesk_model::id::FeedId;

use crate::Store;
use crate::columns::{Result, count, json, ms, time};
use crate::error::StoreError;

/// The longest wait that a stored due time is believed for, in milliseconds: a day, or the feed's own interval.
const LONGEST_WAIT: i64 = 24 * 3_600_000;

/// Where a feed stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FeedState {
    /// Its name in the configuration.
    pub id: FeedId,
    /// Where it is.
    pub url: String,
    /// What to ask it with; empty where the body is wanted whatever it is.
    pub validators: Validators,
    /// Not to be asked before.
    pub due: Timestamp,
    /// Its own title.
    pub title: Option<String>,
    /// Whether it was ever read well.
    pub polled: bool,
    /// The last poll, however it ended.
    pub last_polled: Option<Timestamp>,
    /// The last poll that brought something new.
    pub last_new: Option<Timestamp>,
    /// Polls that failed since the last good one.
    pub failures: u32,
    /// Why the last poll failed, while it did.
    pub last_error: Option<String>,
    /// It answered 410.
    pub gone: bool,
    /// The interval that was last found fit for it, in seconds.
    pub interval_s: Option<u32>,
    /// What names its entries, as the parser found at its first poll; kept, for another would make all entries new.
    pub identity: Option<String>,
    /// What was learned of it.
    pub habits: Habits,
    /// Pages in a row that said no more than the feed did.
    pub whole: u32,
}

/// What a poll leaves for the next one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Next {
    /// When to ask again.
    pub due: Timestamp,
    /// The wait found fit, in seconds.
    pub interval_s: Option<u32>,
    /// What is known of the feed now.
    pub habits: Habits,
}

/// How a poll failed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Failed {
    /// Why, in the operator's words.
    pub error: String,
    /// It answered 410.
    pub gone: bool,
    /// It is to be asked elsewhere from now on, where its validators mean nothing.
    pub elsewhere: bool,
    /// It is no fault of the feed's: it is not counted.
    pub ours: bool,
}

impl Store {
    /// Tells the store of the configured feeds, and hears where each stands: `look` is shown every state and keeps of it what it needs, for
    /// there may be a million. Given back in the order of the feeds.
    ///
    /// A new feed is due now. One whose URL changed is due now, without validators and not gone. The states of feeds that
    /// are not named stay as they are; their entries are listed by nobody from now on, and forgotten when the window is over. Due times
    /// further off than a day (or the feed's interval) are brought nearer: they may come from a clock that was wrong.
    ///
    /// # Errors
    /// What SQLite says.
    pub async fn sync_feeds<T, L>(&self, feeds: Vec<(FeedId, String)>, now: Timestamp, look: L) -> Result<Vec<T>>
    where
        T: Send + 'static,
        L: FnMut(FeedState) -> T + Send + 'static,
    {
        self.inner.clock.see(now);
        let sure = self.inner.clock.may_expire(now);
        self.inner.writer.write(move |tx| sync(tx, &feeds, now, sure, look)).await
    }

    /// Where one feed stands; `None` for one that was never configured.
    ///
    /// # Errors
    /// What SQLite says.
    pub async fn feed_state(&self, feed: &FeedId) -> Result<Option<FeedState>> {
        let feed = feed.clone();
        self.inner
            .pool
            .ask(move |conn| {
                let mut find = conn.prepare_cached(&format!("SELECT {STATE} FROM feed WHERE id = ?1"))?;
                Ok(find.query_row([feed.as_str()], state).optional()?)
            })
            .await
    }

    /// A poll failed, or its answer could not be read. Its validators stay what they were.
    ///
    /// # Errors
    /// [`StoreError::UnknownFeed`], or what SQLite says.
    pub async fn poll_failed(&self, feed: &FeedId, at: Timestamp, failed: Failed, next: Next) -> Result<()> {
        let (feed, error, habits) = (feed.clone(), short(&failed.error), learned(&next.habits)?);
        self.inner.clock.see(at);
        let sure = self.inner.clock.may_expire(at);
        let work = move |tx: &Transaction<'_>| {
            let changed = tx
                .prepare_cached(
                    "UPDATE feed SET last_polled = ?2, due = ?3, last_error = ?4, gone = ?5, etag = iif(?6, NULL, etag),
                         last_modified = iif(?6, NULL, last_modified), failures = failures + iif(?7, 0, 1), interval_s = coalesce(?8, interval_s), habits = ?9
                     WHERE id = ?1",
                )?
                .execute(params![
                    feed.as_str(),
                    ms(at),
                    ms(next.due),
                    error,
                    failed.gone,
                    failed.elsewhere,
                    failed.ours,
                    next.interval_s,
                    habits
                ])?;
            if failed.gone && sure {
                let no = tx
                    .prepare_cached("SELECT no FROM feed WHERE id = ?1")?
                    .query_row([feed.as_str()], |row| row.get(0))
                    .optional()?;
                no.map_or(Ok(()), |no| leave_all(tx, no, at))?;
            }
            known(changed, feed)
        };
        self.inner.writer.write(work).await
    }

    /// The feed answered that nothing changed (304). `Some` replaces its validators.
    ///
    /// # Errors
    /// [`StoreError::UnknownFeed`], or what SQLite says.
    pub async fn poll_not_modified(
        &self,
        feed: &FeedId,
        at: Timestamp,
        validators: Option<Validators>,
        next: Next,
    ) -> Result<()> {
        let (feed, habits) = (feed.clone(), learned(&next.habits)?);
        self.inner.clock.see(at);
        let work =
            move |tx: &Transaction<'_>| {
                let changed = tx
                    .prepare_cached(
                        "UPDATE feed SET last_polled = ?2, due = ?3, last_error = NULL, gone = 0, failures = 0,
                         interval_s = coalesce(?4, interval_s), habits = ?5
                     WHERE id = ?1",
                    )?
                    .execute(params![feed.as_str(), ms(at), ms(next.due), next.interval_s, habits])?;
                if let Some(new) = validators {
                    tx.prepare_cached("UPDATE feed SET etag = ?2, last_modified = ?3 WHERE id = ?1")?
                        .execute(params![feed.as_str(), new.etag, new.last_modified])?;
                }
                known(changed, feed)
            };
        self.inner.writer.write(work).await
    }

    /// A page of the feed was read and compared with what the feed itself carries: it said no more, or it did.
    ///
    /// # Errors
    /// What SQLite says.
    pub async fn compared(&self, feed: &FeedId, no_more: bool) -> Result<()> {
        let feed = feed.clone();
        let work = move |tx: &Transaction<'_>| {
            tx.prepare_cached("UPDATE feed SET whole = iif(?2, whole + 1, 0) WHERE id = ?1")?
                .execute(params![feed.as_str(), no_more])?;
            Ok(())
        };
        self.inner.writer.write(work).await
    }
}

fn known(changed: usize, feed: FeedId) -> Result<()> {
    if changed == 0 { Err(StoreError::UnknownFeed { feed }) } else { Ok(()) }
}

/// Habits as they stand in a column.
pub(crate) fn learned(habits: &Habits) -> Result<Option<String>> {
    if *habits == Habits::default() { Ok(None) } else { json("a feed's habits", habits).map(Some) }
}

/// An error's text, of a length fit for a column and a screen.
pub(crate) fn short(text: &str) -> String {
    text.chars().take(500).collect()
}

/// Writes only what is new or was configured otherwise: at most starts nothing is.
fn sync<T>(
    tx: &Connection,
    feeds: &[(FeedId, String)],
    now: Timestamp,
    sure: bool,
    mut look: impl FnMut(FeedState) -> T,
) -> Result<Vec<T>> {
    let places: HashMap<&str, usize> = feeds.iter().enumerate().map(|(at, (id, _))| (id.as_str(), at)).collect();
    let mut stands = vec![false; feeds.len()];
    let mut find = tx.prepare("SELECT id, url, no FROM feed")?;
    let mut rows = find.query([])?;
    let mut unnamed = Vec::new();
    while let Some(row) = rows.next()? {
        let (id, url) = (row.get_ref(0)?.as_str().unwrap_or_default(), row.get_ref(1)?.as_str().unwrap_or_default());
        match places.get(id) {
            Some(at) => stands[*at] = feeds[*at].1 == url,
            None if sure => unnamed.push(row.get(2)?),
            None => {}
        }
    }
    unnamed.into_iter().try_for_each(|no| leave_all(tx, no, now))?;
    let mut write = tx.prepare(
        "INSERT INTO feed (id, url, due) VALUES (?1, ?2, ?3)
         ON CONFLICT (id) DO UPDATE SET url = excluded.url, etag = NULL, last_modified = NULL, identity = NULL, gone = 0,
             failures = 0, last_error = NULL, habits = NULL, whole = 0, due = excluded.due",
    )?;
    for (id, url) in feeds.iter().zip(&stands).filter(|(_, stands)| !**stands).map(|(feed, _)| feed) {
        write.execute(params![id.as_str(), url, ms(now)])?;
    }
    tx.execute(
        "UPDATE feed SET due = ?1 + max(?2, coalesce(interval_s, 0) * 1000)
         WHERE due > ?1 + max(?2, coalesce(interval_s, 0) * 1000)",
        params![ms(now), LONGEST_WAIT],
    )?;
    let mut found: Vec<Option<T>> = Vec::new();
    found.resize_with(feeds.len(), || None);
    let mut all = tx.prepare(&format!("SELECT {STATE} FROM feed"))?;
    let mut rows = all.query([])?;
    while let Some(row) = rows.next()? {
        if let Some(at) = places.get(row.get_ref(0)?.as_str().unwrap_or_default()) {
            found[*at] = Some(look(state(row)?));
        }
    }
    let unknown = |(found, (id, _)): (Option<T>, &(FeedId, String))| {
        found.ok_or_else(|| StoreError::UnknownFeed { feed: id.clone() })
    };
    found.into_iter().zip(feeds).map(unknown).collect()
}

/// What a feed listed is listed by nobody now. Whoever lists it again lists it anew: a 304 would say nothing of it.
fn leave_all(tx: &Connection, feed: i64, now: Timestamp) -> Result<()> {
    let left = tx
        .prepare_cached("UPDATE entry SET left_at = ?2 WHERE feed = ?1 AND left_at IS NULL")?
        .execute(params![feed, ms(now)])?;
    if left > 0 {
        tx.prepare_cached("UPDATE feed SET etag = NULL, last_modified = NULL WHERE no = ?1")?.execute([feed])?;
    }
    Ok(())
}

/// The columns that [`state`] reads, in its order.
pub(crate) const STATE: &str = "id, url, etag, last_modified, due, title, polled, last_polled, last_new, failures, last_error, gone, \
    interval_s, identity, habits, whole";

/// A row of the table `feed`, asked for as [`STATE`].
pub(crate) fn state(row: &Row<'_>) -> rusqlite::Result<FeedState> {
    Ok(FeedState {
        id: FeedId::new(row.get::<_, String>(0)?),
        url: row.get(1)?,
        validators: Validators { etag: row.get(2)?, last_modified: row.get(3)? },
        due: time(row.get(4)?),
        title: row.get(5)?,
        polled: row.get(6)?,
        last_polled: row.get::<_, Option<i64>>(7)?.map(time),
        last_new: row.get::<_, Option<i64>>(8)?.map(time),
        failures: count(row.get(9)?),
        last_error: row.get(10)?,
        gone: row.get(11)?,
        interval_s: row.get::<_, Option<i64>>(12)?.map(count),
        identity: row.get(13)?,
        // What cannot be read was learned by a later desk, or by none: it is learned anew.
        habits: row.get::<_, Option<String>>(14)?.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default(),
        whole: count(row.get(15)?),
    })
}
