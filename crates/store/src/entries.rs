//! An entry's way from pending to settled. Attempts are written down before anything is parsed, so that a page that kills
//! the process is known by its unsettled attempt at the next start; what is settled stays settled.

use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};
use serde::Serialize;
use wiredesk_model::entry::Entry;
use wiredesk_model::feed::Validators;
use wiredesk_model::id::{ArticleId, Digest, EntryKey};
use wiredesk_model::outcome::{Dropped, Outcome};

use crate::Store;
use crate::columns::{
    Result, count, entry_key, fate, fate_columns, feed_id, json, maybe_article, maybe_digest, maybe_time, ms, time,
    unjson,
};
use crate::feeds::short;
use crate::listing::is_the_feeds_own;
use crate::read::open_entries;

/// How an entry will end without its page being fetched.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// It will be dropped.
    Drop(Dropped),
    /// Another entry with the same link brought this body.
    Duplicate(Digest),
}

/// An entry that may be worked on when its time has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pending {
    /// Which entry.
    pub key: EntryKey,
    /// `host:port` of its link.
    pub host: Option<String>,
    /// Not before.
    pub due: Timestamp,
    /// An attempt was begun by a process that did not live to end it.
    pub crashed: bool,
    /// It will end without its page being fetched.
    pub fated: bool,
}

/// An entry whose attempt has begun.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Admitted {
    /// What the feed says.
    pub entry: Entry,
    /// Its feed's own title.
    pub feed_title: Option<String>,
    /// Where its feed is.
    pub feed_url: String,
    /// When the desk first saw it.
    pub first_seen: Timestamp,
    /// Attempts since it was opened, with this one.
    pub attempts: u32,
    /// How it will end without its page being fetched.
    pub fate: Option<Fate>,
    /// It had a body before: the feed says something else of it now, or an earlier attempt came that far.
    pub revisit: bool,
    /// The attempt before this one was not ended.
    pub crashed: bool,
    /// How many times in a row its page was gone.
    pub gone_seen: u32,
    /// Since when.
    pub gone_since: Option<Timestamp>,
    /// What to ask its page with again: a page that has not changed has the body that the entry was settled with.
    pub page: Validators,
    /// Pages of its feed in a row that said no more than the feed did.
    pub whole: u32,
}

impl Store {
    /// All entries that may be worked on, the first due first, for the start. No due time is more than a day off: those
    /// may come from a clock that was wrong.
    ///
    /// # Errors
    /// What SQLite says.
    pub async fn pending(&self) -> Result<Vec<Pending>> {
        let latest = self.newest_time().saturating_add(SignedDuration::from_hours(24)).unwrap_or(Timestamp::MAX);
        self.inner
            .pool
            .ask(move |conn| {
                let mut all = conn.prepare_cached(
                    "SELECT key, host, due, under_way AND NOT sighted AS crashed,
                        fate IS NOT NULL AS fated FROM entry WHERE state = 'pending' ORDER BY due",
                )?;
                let found = all.query_map([], |row| pending(row, latest))?.collect::<rusqlite::Result<_>>()?;
                Ok(found)
            })
            .await
    }

    /// How many entries are open: pending, under way or waiting. Costs a few rows, whatever the number.
    ///
    /// # Errors
    /// What SQLite says.
    pub async fn pending_count(&self) -> Result<u64> {
        self.inner.pool.ask(open_entries).await
    }

    /// Begins an attempt; it is written down when this returns. `None` where there is nothing to do: the entry is settled,
    /// forgotten, or waits for another.
    ///
    /// # Errors
    /// What SQLite says; then no attempt was begun.
    pub async fn admit(&self, key: EntryKey, now: Timestamp) -> Result<Option<Admitted>> {
        self.inner.clock.see(now);
        self.inner.writer.write(move |tx| admit(tx, key, false)).await
    }

    /// As [`Self::admit`], where this process began an attempt that the store itself cut short: that attempt goes on. It is not
    /// counted twice, and nothing crashed.
    ///
    /// # Errors
    /// What SQLite says.
    pub async fn readmit(&self, key: EntryKey, now: Timestamp) -> Result<Option<Admitted>> {
        self.inner.clock.see(now);
        self.inner.writer.write(move |tx| admit(tx, key, true)).await
    }

    /// Ends an attempt without an outcome: the entry is tried again at `due`. `gone` says that the page answered 404 or
    /// 410; it is counted as long as nothing else happens in between.
    ///
    /// # Errors
    /// What SQLite says.
    pub async fn put_back(&self, key: EntryKey, due: Timestamp, why: &str, gone: bool, now: Timestamp) -> Result<()> {
        let why = short(why);
        self.inner.clock.see(now);
        let work = move |tx: &Transaction<'_>| {
            tx.prepare_cached(
                "UPDATE entry SET under_way = 0, due = ?2, last_error = ?3, gone_seen = iif(?4, gone_seen + 1, 0),
                     gone_since = iif(?4, coalesce(gone_since, ?5), NULL)
                 WHERE key = ?1 AND state = 'pending'",
            )?
            .execute(params![key.as_bytes(), ms(due), why, gone, ms(now)])?;
            Ok(())
        };
        self.inner.writer.write(work).await
    }

    /// Takes an attempt back that came to nothing for a reason of ours: it does not count, and the entry is due as before.
    ///
    /// # Errors
    /// What SQLite says.
    pub async fn take_back(&self, key: EntryKey) -> Result<()> {
        let work = move |tx: &Transaction<'_>| {
            tx.prepare_cached(
                "UPDATE entry SET under_way = 0, attempts = max(attempts - 1, 0) WHERE key = ?1 AND state = 'pending'",
            )?
            .execute([key.as_bytes()])?;
            Ok(())
        };
        self.inner.writer.write(work).await
    }

    /// Takes back the attempts of this process that a clean stop cut short: they do not count, and their entries are due as before.
    /// What an earlier process left under way when it crashed is not among them, and stays marked.
    ///
    /// # Errors
    /// What SQLite says.
    pub async fn release(&self, cut_short: Vec<EntryKey>) -> Result<()> {
        let work = move |tx: &Transaction<'_>| {
            let mut release = tx.prepare_cached(
                "UPDATE entry SET under_way = 0, attempts = max(attempts - 1, 0)
                 WHERE key = ?1 AND state = 'pending' AND under_way",
            )?;
            for key in &cut_short {
                release.execute([key.as_bytes()])?;
            }
            Ok(())
        };
        self.inner.writer.write(work).await
    }

    /// Ends an entry whose attempt is under way. The entries that waited for it are returned, to be worked on now: they take
    /// its fate. An entry that is settled already stays as it is, and so does one that was opened again meanwhile: then `None`.
    ///
    /// # Errors
    /// What SQLite says; then the entry is pending still.
    pub async fn settle(&self, key: EntryKey, outcome: Outcome, now: Timestamp) -> Result<Option<Vec<Pending>>> {
        self.inner.clock.see(now);
        let work = move |tx: &Transaction<'_>| {
            let mut find = tx.prepare_cached("SELECT under_way FROM entry WHERE key = ?1")?;
            let under_way = find.query_row([key.as_bytes()], |row| row.get(0)).optional()?;
            if under_way == Some(true) { settle(tx, key, &outcome, now) } else { Ok(None) }
        };
        self.inner.writer.write(work).await
    }
}

pub(crate) fn pending(row: &Row<'_>, latest: Timestamp) -> rusqlite::Result<Pending> {
    Ok(Pending {
        key: entry_key(row, "key")?,
        host: row.get("host")?,
        due: time(row.get("due")?).min(latest),
        crashed: row.get("crashed")?,
        fated: row.get("fated")?,
    })
}

fn admit(tx: &Connection, key: EntryKey, again: bool) -> Result<Option<Admitted>> {
    let mut find = tx.prepare_cached(
        "SELECT feed.id AS feed_id, feed.title AS feed_title, feed.url AS feed_url, listing.json, first_seen, attempts, under_way, fate, fate_value,
                revisit, gone_seen, gone_since, feed.whole AS whole, iif(revisit AND NOT sighted, page_etag, NULL) AS page_etag,
                iif(revisit AND NOT sighted, page_modified, NULL) AS page_modified
         FROM entry JOIN feed ON feed.no = entry.feed JOIN listing ON listing.key = entry.key
         WHERE entry.key = ?1 AND state = 'pending'",
    )?;
    let mut rows = find.query([key.as_bytes()])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let listing = unjson("an entry", &row.get::<_, String>("json")?)?;
    let under_way: bool = row.get("under_way")?;
    let goes_on = again && under_way;
    let admitted = Admitted {
        entry: Entry { key, feed: feed_id(row, "feed_id")?, listing },
        feed_title: row.get("feed_title")?,
        feed_url: row.get("feed_url")?,
        first_seen: time(row.get("first_seen")?),
        attempts: count::<u32>(row.get("attempts")?).saturating_add(u32::from(!goes_on)),
        fate: fate(row)?,
        revisit: row.get("revisit")?,
        crashed: under_way && !goes_on,
        gone_seen: count(row.get("gone_seen")?),
        gone_since: maybe_time(row, "gone_since")?,
        page: Validators { etag: row.get("page_etag")?, last_modified: row.get("page_modified")? },
        whole: count(row.get("whole")?),
    };
    drop(rows);
    if goes_on {
        return Ok(Some(admitted));
    }
    tx.prepare_cached("UPDATE entry SET attempts = attempts + 1, under_way = 1 WHERE key = ?1")?
        .execute([key.as_bytes()])?;
    Ok(Some(admitted))
}

/// Settles one entry, and lets those that waited for it go; `None` where it is not open.
pub(crate) fn settle(
    tx: &Connection,
    key: EntryKey,
    outcome: &Outcome,
    now: Timestamp,
) -> Result<Option<Vec<Pending>>> {
    let (mut hash, mut detail, mut receipt) = (None, None, None);
    match outcome {
        Outcome::Published { receipt: at } => receipt = Some(*at),
        Outcome::Duplicate { of } => hash = Some(*of),
        Outcome::Unchanged | Outcome::Reverted => {}
        Outcome::Dropped(why) => detail = Some(json("a reason", why)?),
    }
    let reason = if let Outcome::Dropped(why) = outcome { Some(why.reason()) } else { None };
    let settled = tx
        .prepare_cached(
            "UPDATE entry SET state = ?2, reason = ?3, detail = ?4, partition = ?5, place = ?6, hash = coalesce(?7, hash),
                 settled_at = ?8, due = NULL, under_way = 0, waits_for = NULL, fate = NULL, fate_value = NULL,
                 last_error = iif(?3 IS NULL, NULL, last_error)
             WHERE key = ?1 AND settled_at IS NULL RETURNING hash, article",
        )?
        .query_row(
            params![
                key.as_bytes(),
                outcome.name(),
                reason,
                detail,
                receipt.map(|r| r.partition),
                receipt.map(|r| r.offset),
                hash.as_ref().map(Digest::as_bytes),
                ms(now)
            ],
            |row| Ok((maybe_digest(row, "hash")?, maybe_article(row, "article")?)),
        )
        .optional()?;
    let Some((hash, article)) = settled else { return Ok(None) };
    // Of what was dropped the desk's way it is kept, for the operator may want it tried again.
    if reason.is_none_or(is_the_feeds_own) {
        tx.prepare_cached("DELETE FROM listing WHERE key = ?1")?.execute([key.as_bytes()])?;
    }
    let fate = match outcome {
        Outcome::Dropped(why) if is_the_feeds_own(why.reason()) => None,
        Outcome::Dropped(why) => Some(Fate::Drop(why.clone())),
        _ => hash.map(Fate::Duplicate),
    };
    let article = article.filter(|_| matches!(fate, Some(Fate::Duplicate(_))));
    let_go(tx, key, fate.as_ref(), article, now).map(Some)
}

/// The entries that waited for `leader` take its fate, due now. Without one they are read for themselves.
pub(crate) fn let_go(
    tx: &Connection,
    leader: EntryKey,
    fate: Option<&Fate>,
    article: Option<ArticleId>,
    now: Timestamp,
) -> Result<Vec<Pending>> {
    let mut find = tx.prepare_cached("SELECT key FROM entry WHERE waits_for = ?1 ORDER BY first_seen")?;
    let waiting: Vec<[u8; 16]> =
        find.query_map([leader.as_bytes()], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    let (name, value) = fate_columns(fate)?;
    let mut free = tx.prepare_cached(
        "UPDATE entry SET state = 'pending', waits_for = NULL, due = ?2, fate = ?3, fate_value = ?4,
             article = coalesce(article, ?5)
         WHERE key = ?1 RETURNING key, host, due, under_way AS crashed, fate IS NOT NULL AS fated",
    )?;
    let mut freed = Vec::with_capacity(waiting.len());
    for key in waiting {
        let article = article.as_ref().map(ArticleId::as_bytes);
        freed.push(free.query_row(params![key, ms(now), name, value, article], |row| pending(row, Timestamp::MAX))?);
    }
    if fate.is_none() {
        gather(tx, &mut freed)?;
    }
    Ok(freed)
}

/// Of entries let go without a fate, all but the first wait for the first: they still have one link.
fn gather(tx: &Connection, freed: &mut Vec<Pending>) -> Result<()> {
    let Some(first) = freed.first().map(|pending| pending.key) else { return Ok(()) };
    let mut wait = tx.prepare_cached("UPDATE entry SET state = 'waiting', waits_for = ?2 WHERE key = ?1")?;
    for pending in freed.drain(1..) {
        wait.execute([pending.key.as_bytes(), first.as_bytes()])?;
    }
    Ok(())
}
