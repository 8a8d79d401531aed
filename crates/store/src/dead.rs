//! Entries that were dropped, to be looked at, and to be taken up again when what kept them out is mended: a rule, a limit, a
//! server that was down for a week. What the feed said of them is kept until they are forgotten, so that they can be read as they
//! would have been.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};
use serde::Serialize;
use wiredesk_model::entry::Listing;
use wiredesk_model::id::{EntryKey, FeedId, Fingerprint};
use wiredesk_model::outcome::Outcome;

use crate::Store;
use crate::columns::{Result, count, entry_key, feed_id, json, ms, outcome, time};
use crate::error::StoreError;
use crate::listing::{Since, leader};
use crate::read::Reader;

/// So many entries are taken up in one transaction.
const SLICE: usize = 200;

/// Which dropped entries are meant. What is `None` does not matter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Which {
    /// These.
    pub keys: Option<Vec<EntryKey>>,
    /// Those of this feed.
    pub feed: Option<FeedId>,
    /// Those that were dropped for this reason.
    pub reason: Option<String>,
    /// At most so many, the latest first.
    pub most: Option<usize>,
}

/// An entry that was dropped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Dead {
    /// Its name (`wd-entry`).
    pub entry: EntryKey,
    /// The feed that listed it.
    pub feed: FeedId,
    /// Its link.
    pub url: Option<String>,
    /// Its headline.
    pub title: Option<String>,
    /// The reason's name.
    pub reason: String,
    /// The reason in words.
    pub detail: String,
    /// Attempts made.
    pub attempts: u32,
    /// When the desk first saw it.
    pub first_seen: Timestamp,
    /// When it was dropped.
    pub dropped: Timestamp,
    /// Whether its feed lists it still, as far as was last seen.
    pub listed: bool,
}

impl Reader {
    /// The dropped entries that are meant, the latest first.
    ///
    /// # Errors
    /// What SQLite says.
    pub async fn dead(&self, which: Which) -> Result<Vec<Dead>> {
        self.ask(move |conn| dead(conn, &which)).await
    }
}

impl Store {
    /// Makes dropped entries pending again, due now and with all their attempts before them. Those whose link another pending
    /// entry has wait for that one. Returns how many.
    ///
    /// # Errors
    /// What SQLite says; those of earlier slices are pending then.
    pub async fn retry(&self, which: Which, now: Timestamp) -> Result<usize> {
        let keys: Vec<EntryKey> = self.reader().dead(which).await?.into_iter().map(|dead| dead.entry).collect();
        self.inner.clock.see(now);
        let mut taken_up = 0;
        for slice in keys.chunks(SLICE) {
            let slice = slice.to_vec();
            let work = move |tx: &Transaction<'_>| {
                slice.into_iter().try_fold(0, |sum, key| Ok(sum + usize::from(take_up(tx, key, now)?)))
            };
            taken_up += self.inner.writer.write(work).await?;
        }
        Ok(taken_up)
    }
}

fn dead(conn: &Connection, which: &Which) -> Result<Vec<Dead>> {
    let (feed, most) = (which.feed.as_ref().map(FeedId::as_str), which.most.unwrap_or(usize::MAX));
    let mut found = Vec::new();
    match &which.keys {
        None => {
            let mut find = conn.prepare_cached(
                "SELECT entry.*, feed.id AS feed_id FROM entry JOIN feed ON feed.no = entry.feed
                 WHERE entry.state = 'dropped' AND (?1 IS NULL OR feed.id = ?1) AND (?2 IS NULL OR entry.reason = ?2)
                 ORDER BY entry.settled_at DESC, entry.key LIMIT ?3",
            )?;
            let limit = i64::try_from(most).unwrap_or(i64::MAX);
            let mut rows = find.query(params![feed, which.reason, limit])?;
            while let Some(row) = rows.next()? {
                found.push(one(row)?);
            }
        }
        Some(keys) => {
            let mut find = conn.prepare_cached(
                "SELECT entry.*, feed.id AS feed_id FROM entry JOIN feed ON feed.no = entry.feed
                 WHERE entry.key = ?1 AND entry.state = 'dropped' AND (?2 IS NULL OR feed.id = ?2)
                   AND (?3 IS NULL OR entry.reason = ?3)",
            )?;
            for key in keys.iter().collect::<BTreeSet<_>>() {
                let mut rows = find.query(params![key.as_bytes(), feed, which.reason])?;
                while let Some(row) = rows.next()? {
                    found.push(one(row)?);
                }
            }
            found.sort_by_key(|dead| Reverse(dead.dropped));
            found.truncate(most);
        }
    }
    Ok(found)
}

/// One that is dropped. Where its detail cannot be read, its reason's name stands beside it and says enough to try it again.
fn one(row: &Row<'_>) -> Result<Dead> {
    let (reason, detail) = match outcome(row) {
        Ok(Some(Outcome::Dropped(why))) => (why.reason().into(), why.detail()),
        Ok(_) => (row.get::<_, Option<String>>("reason")?.unwrap_or_default(), String::new()),
        Err(error @ StoreError::Unreadable { .. }) => {
            (row.get::<_, Option<String>>("reason")?.unwrap_or_default(), error.told())
        }
        Err(error) => return Err(error),
    };
    Ok(Dead {
        entry: entry_key(row, "key")?,
        feed: feed_id(row, "feed_id")?,
        url: row.get("link")?,
        title: row.get("title")?,
        reason,
        detail,
        attempts: count(row.get("attempts")?),
        first_seen: time(row.get("first_seen")?),
        dropped: time(row.get::<_, Option<i64>>("settled_at")?.unwrap_or_default()),
        listed: row.get::<_, Option<i64>>("left_at")?.is_none(),
    })
}

/// One dropped entry becomes pending, or waits for the one that has its link. `false` where it is not dropped any more.
fn take_up(tx: &Connection, key: EntryKey, now: Timestamp) -> Result<bool> {
    let dropped = tx
        .prepare_cached("SELECT identity, link, title, link_key FROM entry WHERE key = ?1 AND state = 'dropped'")?
        .query_row([key.as_bytes()], |row| {
            let listing =
                Listing { identity: row.get(0)?, link: row.get(1)?, title: row.get(2)?, ..Listing::default() };
            Ok((listing, row.get::<_, Option<_>>(3)?.map(Fingerprint::from_bytes)))
        })
        .optional()?;
    let Some((listing, link_key)) = dropped else { return Ok(false) };
    // What the feed said in full, where it was kept.
    tx.prepare_cached("INSERT OR IGNORE INTO listing (key, json) VALUES (?1, ?2)")?
        .execute(params![key.as_bytes(), json("an entry", &listing)?])?;
    let leader = leader(tx, key, link_key, Since::Now)?;
    tx.prepare_cached(
        "UPDATE entry SET state = ?2, waits_for = ?3, due = ?4, fate = NULL, fate_value = NULL, attempts = 0, under_way = 0,
             last_error = NULL, gone_seen = 0, gone_since = NULL, revisit = hash IS NOT NULL, sighted = 0, page_etag = NULL,
             page_modified = NULL, settled_at = NULL, reason = NULL, detail = NULL, partition = NULL, place = NULL
         WHERE key = ?1",
    )?
    .execute(params![
        key.as_bytes(),
        if leader.is_some() { "waiting" } else { "pending" },
        leader.as_ref().map(EntryKey::as_bytes),
        ms(now)
    ])?;
    Ok(true)
}
