//! A poll goes into the journal, whole: its new entries and its feed's new validators are committed together (law 1), so
//! that no crash can keep the one and forget the other.

use std::collections::HashSet;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};
use wiredesk_faults::{Point, reach};
use wiredesk_model::entry::Entry;
use wiredesk_model::feed::Validators;
use wiredesk_model::id::{EntryKey, FeedId, Fingerprint};
use wiredesk_model::outcome::Dropped;

use crate::Store;
use crate::columns::{Result, ms};
use crate::entries::Pending;
use crate::error::StoreError;
use crate::feeds::{Next, learned};
use crate::listing::{add, is_the_feeds_own, refresh, reopen, says_otherwise};
use crate::read::open_entries;

/// One listing of a poll, with what was found out about its link.
#[derive(Clone, Debug)]
pub struct Listed {
    /// What the feed says.
    pub entry: Entry,
    /// The fingerprint of the cleaned link ([`address_key`](crate::address_key)); entries of any feed are joined by it.
    pub link_key: Option<Fingerprint>,
    /// `host:port` of the link.
    pub host: Option<String>,
    /// How it will end, where that is known at the poll.
    pub drop: Option<Dropped>,
}

/// What a poll brought.
#[derive(Clone, Debug)]
pub struct Poll {
    /// Which feed.
    pub feed: FeedId,
    /// When it was asked.
    pub at: Timestamp,
    /// Its own title.
    pub title: Option<String>,
    /// What it lists, newest first.
    pub listed: Vec<Listed>,
    /// What it gave to ask again with.
    pub validators: Option<Validators>,
    /// Whether the listing is all of it. A listing that was cut off says nothing about what it goes without, and its
    /// validators are not kept.
    pub whole: bool,
    /// What names its entries, so that the next poll calls them the same.
    pub identity: Option<String>,
    /// How many entries of a *first* poll are read; the rest is dropped as `backfill`.
    pub backfill: Option<usize>,
    /// How many entries may be pending in all; new ones beyond are left out, for a later poll to find again.
    pub backlog: u64,
}

/// What a hub pushed: some entries of a feed, which say nothing of those that are not among them.
#[derive(Clone, Debug)]
pub struct Push {
    /// Which feed.
    pub feed: FeedId,
    /// When it came.
    pub at: Timestamp,
    /// What it lists.
    pub listed: Vec<Listed>,
    /// How many entries may be pending in all; new ones beyond are left out, and the next poll finds them.
    pub backlog: u64,
}

/// What the journal made of a poll.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Journalled {
    /// Entries to be worked on: new ones and changed ones.
    pub new: Vec<Pending>,
    /// Entries that were known, and as they were.
    pub known: usize,
    /// Entries that were settled and are open again, because the feed says something else of them now.
    pub changed: usize,
    /// New entries that did not fit into the backlog, or into the feed's share of one that is more than half full.
    pub left_out: usize,
    /// New or changed entries that wait for another one with the same link.
    pub joined: usize,
    /// Entries that waited for another one, and have to wait no more: the link of one of them was corrected.
    pub released: Vec<Pending>,
}

impl Store {
    /// Commits what a poll brought. See [`Poll`] and [`Journalled`].
    ///
    /// An entry that is known and pending takes over what the feed says now (unless an attempt is under way), but neither
    /// its due time nor its attempts change. An entry that is settled is opened again when its fingerprint changed, save
    /// where it was dropped as `backfill`, `off_site` or `no_link`.
    ///
    /// `next` says when to ask again, from what the poll came to; it is committed with the poll.
    ///
    /// A listing that was cut off or left out does not give its validators: the ones before stay, for they stand for the last
    /// listing that was taken whole, unless the server gave the same ones with this.
    ///
    /// # Errors
    /// [`StoreError::UnknownFeed`], or what SQLite says; then nothing of the poll is kept.
    pub async fn journal(
        &self,
        poll: Poll,
        next: impl FnOnce(&Journalled) -> Next + Send + 'static,
    ) -> Result<(Journalled, Next)> {
        self.inner.clock.see(poll.at);
        // What leaves a listing while the clock is doubted is noted by a later poll: its age would be made up.
        let sure = self.inner.clock.may_expire(poll.at);
        self.inner.writer.write(move |tx| journal(tx, &poll, sure, next)).await
    }
}

impl Store {
    /// Commits what a hub pushed: its entries go in as those of a poll do, and each is the same entry whichever way it comes. Nothing else
    /// of the feed is changed: neither its validators (they stand for what *its server* gave), nor when it is polled, nor what is known of
    /// its health, nor which entries it lists no more.
    ///
    /// # Errors
    /// [`StoreError::UnknownFeed`], or what SQLite says; then nothing of the push is kept.
    pub async fn journal_push(&self, push: Push) -> Result<Journalled> {
        self.inner.clock.see(push.at);
        let work = move |tx: &rusqlite::Transaction<'_>| {
            let (feed, _) = row_of(tx, &push.feed)?;
            let Taken { done, news, .. } = take_in(tx, feed, &push.listed, push.at, None, push.backlog)?;
            if news {
                tx.prepare_cached("UPDATE feed SET last_new = ?2 WHERE no = ?1")?
                    .execute(params![feed, ms(push.at)])?;
            }
            Ok(done)
        };
        self.inner.writer.write(work).await
    }
}

struct Known {
    open: bool,
    /// It is being read, or its body has been and may be in the topic by now.
    is_read: bool,
    fingerprint: Fingerprint,
    left: bool,
    reason: Option<String>,
}

fn journal(
    tx: &Connection,
    poll: &Poll,
    sure: bool,
    next: impl FnOnce(&Journalled) -> Next,
) -> Result<(Journalled, Next)> {
    let (feed, opened) = row_of(tx, &poll.feed)?;
    let backfill = if opened { None } else { poll.backfill };
    let Taken { done, keys, news, deferred } = take_in(tx, feed, &poll.listed, poll.at, backfill, poll.backlog)?;
    if poll.whole && sure {
        mark_left(tx, feed, &keys, poll.at)?;
    }
    let next = next(&done);
    close_poll(tx, feed, poll, &done, &next, Close { news, deferred })?;
    reach(Point::Polling);
    Ok((done, next))
}

/// The feed's number, and whether its first poll is behind it.
fn row_of(tx: &Connection, feed: &FeedId) -> Result<(i64, bool)> {
    let found = tx
        .prepare_cached("SELECT no, opened FROM feed WHERE id = ?1")?
        .query_row([feed.as_str()], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    found.ok_or_else(|| StoreError::UnknownFeed { feed: feed.clone() })
}

/// What became of the entries of a listing.
struct Taken {
    done: Journalled,
    /// All that it lists.
    keys: HashSet<EntryKey>,
    /// Some were new, or had changed.
    news: bool,
    /// Something it says could not be taken in yet.
    deferred: bool,
}

/// Takes the entries of a listing in: of a feed's first poll (`backfill`), the older ones with their end known.
fn take_in(
    tx: &Connection,
    feed: i64,
    listed: &[Listed],
    at: Timestamp,
    backfill: Option<usize>,
    backlog: u64,
) -> Result<Taken> {
    let mut done = Journalled::default();
    let mut keys = HashSet::with_capacity(listed.len());
    let mut open = open_entries(tx)?;
    let (held, mut added) = (if open * 2 > backlog { open_of(tx, feed, share(backlog))? } else { 0 }, 0);
    // An entry is being read while its feed says something else of it: to be noticed at the next poll, which must bring the body.
    let mut deferred = false;
    for listed in listed {
        if !keys.insert(listed.entry.key) {
            continue;
        }
        let Some(known) = known(tx, &listed.entry.key)? else {
            if open >= backlog || open * 2 > backlog && held + added >= share(backlog) {
                done.left_out += 1;
                continue;
            }
            let beyond = backfill.is_some_and(|most| keys.len() > most);
            let drop = if beyond { Some(Dropped::Backfill) } else { listed.drop.clone() };
            add(tx, feed, listed, drop, at, &mut done)?;
            (open, added) = (open + 1, added + 1);
            continue;
        };
        if known.left {
            tx.prepare_cached("UPDATE entry SET left_at = NULL WHERE key = ?1")?
                .execute([listed.entry.key.as_bytes()])?;
        }
        let fingerprint = listed.entry.listing.fingerprint();
        if known.open {
            done.known += 1;
            if !known.is_read {
                refresh(tx, feed, listed, fingerprint, at, &mut done)?;
            } else if says_otherwise(tx, listed)? {
                deferred = true;
            }
        } else if known.fingerprint == fingerprint {
            done.known += 1;
        } else if known.reason.as_deref().is_some_and(is_the_feeds_own) {
            done.known += 1;
            tx.prepare_cached("UPDATE entry SET fingerprint = ?2 WHERE key = ?1")?
                .execute(params![listed.entry.key.as_bytes(), fingerprint.as_bytes()])?;
        } else {
            done.changed += 1;
            reopen(tx, listed, feed, fingerprint, at, &mut done)?;
        }
    }
    let news = added > 0 || done.changed > 0;
    Ok(Taken { done, keys, news, deferred })
}

/// What one feed may hold of a backlog that is more than half full: one that makes up new entries for ever leaves room for the others.
fn share(backlog: u64) -> u64 {
    (backlog / 10).max(1)
}

/// How many entries of a feed are open; no more than `most` are counted.
fn open_of(tx: &Connection, feed: i64, most: u64) -> Result<u64> {
    let counted: i64 = tx
        .prepare_cached("SELECT count(*) FROM (SELECT 1 FROM entry WHERE feed = ?1 AND settled_at IS NULL LIMIT ?2)")?
        .query_row(params![feed, i64::try_from(most).unwrap_or(i64::MAX)], |row| row.get(0))?;
    Ok(counted.unsigned_abs())
}

fn known(tx: &Connection, key: &EntryKey) -> Result<Option<Known>> {
    let found = tx
        .prepare_cached(
            "SELECT settled_at IS NULL, under_way OR sighted, fingerprint, left_at IS NOT NULL, reason FROM entry WHERE key = ?1",
        )?
        .query_row([key.as_bytes()], |row| {
            Ok(Known {
                open: row.get(0)?,
                is_read: row.get(1)?,
                fingerprint: Fingerprint::from_bytes(row.get(2)?),
                left: row.get(3)?,
                reason: row.get(4)?,
            })
        })
        .optional()?;
    Ok(found)
}

fn mark_left(tx: &Connection, feed: i64, listed: &HashSet<EntryKey>, at: Timestamp) -> Result<()> {
    let mut left = Vec::new();
    let mut before = tx.prepare_cached("SELECT key FROM entry WHERE feed = ?1 AND left_at IS NULL")?;
    let mut rows = before.query([feed])?;
    while let Some(row) = rows.next()? {
        let key = EntryKey::from_bytes(row.get(0)?);
        if !listed.contains(&key) {
            left.push(key);
        }
    }
    let mut mark = tx.prepare_cached("UPDATE entry SET left_at = ?2 WHERE key = ?1")?;
    for key in left {
        mark.execute(params![key.as_bytes(), ms(at)])?;
    }
    Ok(())
}

/// What else is to be known when a poll is closed.
struct Close {
    /// It brought something.
    news: bool,
    /// Something it says could not be taken in yet.
    deferred: bool,
}

/// The feed's own row. New validators are kept only where nothing was cut off or left out: otherwise the next poll must bring the
/// body again. Those from before still stand for a listing that was taken whole; only what the server says of both is no use.
fn close_poll(tx: &Connection, feed: i64, poll: &Poll, done: &Journalled, next: &Next, close: Close) -> Result<()> {
    let complete = poll.whole && done.left_out == 0 && !close.deferred;
    let given = poll.validators.clone().unwrap_or_default();
    tx.prepare_cached(
        "UPDATE feed SET etag = iif(?11, ?2, nullif(etag, coalesce(?2, ''))),
             last_modified = iif(?11, ?3, nullif(last_modified, coalesce(?3, ''))),
             due = ?4, interval_s = ?5, title = coalesce(?6, title),
             last_polled = ?7, last_new = iif(?8, ?7, last_new), polled = 1, opened = opened OR ?9, failures = 0,
             last_error = NULL, gone = 0, identity = coalesce(?10, identity), habits = ?12
         WHERE no = ?1",
    )?
    .execute(params![
        feed,
        given.etag,
        given.last_modified,
        ms(next.due),
        next.interval_s,
        poll.title,
        ms(poll.at),
        close.news,
        done.left_out == 0,
        poll.identity,
        complete,
        learned(&next.habits)?,
    ])?;
    Ok(())
}
