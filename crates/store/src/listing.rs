//! A listing becomes an open entry: pending, or waiting for another entry with the same link, or with its fate known from
//! one that is settled. Entries of any feed are joined here by their cleaned link, before anything is fetched.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};
use wiredesk_model::id::{ArticleId, Digest, EntryKey, Fingerprint};
use wiredesk_model::outcome::Dropped;

use crate::columns::{Result, fate_columns, json, ms};
use crate::entries::{Fate, Pending, let_go, pending};
use crate::journal::{Journalled, Listed};

/// The reasons that are a feed's own affair: an entry that ended so says nothing about the same link elsewhere.
pub(crate) fn is_the_feeds_own(reason: &str) -> bool {
    matches!(reason, "backfill" | "off_site" | "no_link")
}

/// A new entry: pending, or waiting for one with the same link, or with its fate known.
pub(crate) fn add(
    tx: &Connection,
    feed: i64,
    listed: &Listed,
    drop: Option<Dropped>,
    at: Timestamp,
    done: &mut Journalled,
) -> Result<()> {
    let key = &listed.entry.key;
    let place = place(tx, feed, listed, drop, Since::Before)?;
    let (fate_name, fate_value) = fate_columns(place.fate.as_ref())?;
    let listing = &listed.entry.listing;
    tx.prepare_cached(
        "INSERT INTO entry (key, feed, identity, link, host, link_key, fingerprint, title, first_seen, state, waits_for,
                            due, fate, fate_value, article)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?9, ?12, ?13, ?14)",
    )?
    .execute(params![
        key.as_bytes(),
        feed,
        listing.identity,
        listing.link,
        listed.host,
        blob(&listed.link_key),
        listing.fingerprint().as_bytes(),
        listing.title,
        ms(at),
        place.state(),
        place.leader.as_ref().map(EntryKey::as_bytes),
        fate_name,
        fate_value,
        place.article.as_ref().map(ArticleId::as_bytes),
    ])?;
    keep_listing(tx, listed)?;
    schedule(listed, at, &place, done);
    Ok(())
}

/// Where an entry stands among those with its link.
struct Place {
    fate: Option<Fate>,
    /// The one that it waits for.
    leader: Option<EntryKey>,
    article: Option<ArticleId>,
}

impl Place {
    /// As a column has it.
    fn state(&self) -> &'static str {
        if self.leader.is_some() { "waiting" } else { "pending" }
    }
}

fn place(tx: &Connection, feed: i64, listed: &Listed, drop: Option<Dropped>, since: Since) -> Result<Place> {
    if let Some(drop) = drop {
        return Ok(Place { fate: Some(Fate::Drop(drop)), leader: None, article: None });
    }
    if let Some(leader) = leader(tx, listed.entry.key, listed.link_key, since)? {
        return Ok(Place { fate: None, leader: Some(leader), article: None });
    }
    // A body from before is none of what is said to have changed.
    let twin = if since == Since::Before { twin(tx, feed, listed)? } else { None };
    let (hash, article) = twin.unzip();
    Ok(Place { fate: hash.map(Fate::Duplicate), leader: None, article: article.flatten() })
}

/// A settled entry of which the feed says something else now.
pub(crate) fn reopen(
    tx: &Connection,
    listed: &Listed,
    feed: i64,
    fingerprint: Fingerprint,
    at: Timestamp,
    done: &mut Journalled,
) -> Result<()> {
    let place = place(tx, feed, listed, listed.drop.clone(), Since::Now)?;
    let (fate_name, fate_value) = fate_columns(place.fate.as_ref())?;
    let listing = &listed.entry.listing;
    tx.prepare_cached(
        "UPDATE entry SET link = ?2, host = ?3, link_key = ?4, fingerprint = ?5, title = ?6, due = ?7, state = ?8,
             waits_for = ?9, fate = ?10, fate_value = ?11, attempts = 0, under_way = 0, last_error = NULL, gone_seen = 0,
             gone_since = NULL, revisit = hash IS NOT NULL, sighted = 0,
             page_etag = iif(state = 'dropped' OR link IS NOT ?2, NULL, page_etag),
             page_modified = iif(state = 'dropped' OR link IS NOT ?2, NULL, page_modified), settled_at = NULL, reason = NULL, detail = NULL, partition = NULL, place = NULL
         WHERE key = ?1",
    )?
    .execute(params![
        listed.entry.key.as_bytes(),
        listing.link,
        listed.host,
        blob(&listed.link_key),
        fingerprint.as_bytes(),
        listing.title,
        ms(at),
        place.state(),
        place.leader.as_ref().map(EntryKey::as_bytes),
        fate_name,
        fate_value,
    ])?;
    keep_listing(tx, listed)?;
    schedule(listed, at, &place, done);
    Ok(())
}

fn schedule(listed: &Listed, due: Timestamp, place: &Place, done: &mut Journalled) {
    if place.leader.is_some() {
        done.joined += 1;
    } else {
        let fated = place.fate.is_some();
        done.new.push(Pending { key: listed.entry.key, host: listed.host.clone(), due, crashed: false, fated });
    }
}

/// A pending entry takes over what the feed says now; with another link it has other company.
pub(crate) fn refresh(
    tx: &Connection,
    feed: i64,
    listed: &Listed,
    fingerprint: Fingerprint,
    at: Timestamp,
    done: &mut Journalled,
) -> Result<()> {
    if !says_otherwise(tx, listed)? {
        return Ok(());
    }
    keep_listing(tx, listed)?;
    let (key, listing) = (&listed.entry.key, &listed.entry.listing);
    let link_before: Option<[u8; 16]> = tx
        .prepare_cached("SELECT link_key FROM entry WHERE key = ?1")?
        .query_row([key.as_bytes()], |row| row.get(0))?;
    tx.prepare_cached(
        "UPDATE entry SET link = ?2, host = ?3, link_key = ?4, fingerprint = ?5, title = ?6,
             page_etag = iif(link IS NOT ?2, NULL, page_etag), page_modified = iif(link IS NOT ?2, NULL, page_modified)
         WHERE key = ?1",
    )?
    .execute(params![
        key.as_bytes(),
        listing.link,
        listed.host,
        blob(&listed.link_key),
        fingerprint.as_bytes(),
        listing.title
    ])?;
    if link_before != listed.link_key.map(|key| *key.as_bytes()) {
        rejoin(tx, feed, listed, at, done)?;
    }
    Ok(())
}

/// Whether the feed says of an open entry anything else than is kept of it.
pub(crate) fn says_otherwise(tx: &Connection, listed: &Listed) -> Result<bool> {
    let kept: Option<String> = tx
        .prepare_cached("SELECT json FROM listing WHERE key = ?1")?
        .query_row([listed.entry.key.as_bytes()], |row| row.get(0))
        .optional()?;
    Ok(kept.as_deref() != Some(&json("an entry", &listed.entry.listing)?))
}

/// A pending or waiting entry leads elsewhere now. Those that waited for it wait for another article than its own: they go on without it.
/// It waits for who has its new link, or for nobody; what was known of its end, and how often it was tried in vain, was said of another link.
fn rejoin(tx: &Connection, feed: i64, listed: &Listed, at: Timestamp, done: &mut Journalled) -> Result<()> {
    let key = listed.entry.key;
    let (waited, revisit, is_old): (bool, bool, bool) = tx
        .prepare_cached("SELECT state = 'waiting', revisit, fate IS 'backfill' FROM entry WHERE key = ?1")?
        .query_row([key.as_bytes()], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    done.released.extend(let_go(tx, key, None, None, at)?);
    if is_old {
        return Ok(());
    }
    let since = if revisit { Since::Now } else { Since::Before };
    let place = place(tx, feed, listed, listed.drop.clone(), since)?;
    let (fate_name, fate_value) = fate_columns(place.fate.as_ref())?;
    let moved = tx
        .prepare_cached(
            "UPDATE entry SET state = ?2, waits_for = ?3, fate = ?4, fate_value = ?5, article = iif(hash IS NULL, ?6, article),
                 attempts = 0, gone_seen = 0, gone_since = NULL, last_error = NULL
             WHERE key = ?1 RETURNING key, host, due, under_way AS crashed, fate IS NOT NULL AS fated",
        )?
        .query_row(
            params![
                key.as_bytes(),
                place.state(),
                place.leader.as_ref().map(EntryKey::as_bytes),
                fate_name,
                fate_value,
                place.article.as_ref().map(ArticleId::as_bytes),
            ],
            |row| pending(row, Timestamp::MAX),
        )?;
    // One that was pending is in its line already.
    if waited && place.leader.is_none() {
        done.released.push(moved);
    }
    Ok(())
}

fn keep_listing(tx: &Connection, listed: &Listed) -> Result<()> {
    tx.prepare_cached("INSERT OR REPLACE INTO listing (key, json) VALUES (?1, ?2)")?
        .execute(params![listed.entry.key.as_bytes(), json("an entry", &listed.entry.listing)?])?;
    Ok(())
}

/// Whose reading of a page will do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Since {
    /// One that begins from now on: something is said to have changed, and what was read before is what was before.
    Now,
    /// One that is under way as well.
    Before,
}

/// The pending entry with the same link whose end this one may await: one that does not wait itself, and will not be
/// dropped for a reason that is its feed's own affair.
pub(crate) fn leader(
    tx: &Connection,
    key: EntryKey,
    link: Option<Fingerprint>,
    since: Since,
) -> Result<Option<EntryKey>> {
    let Some(link) = link else { return Ok(None) };
    let found = tx
        .prepare_cached(
            "SELECT key FROM entry WHERE link_key = ?1 AND state = 'pending' AND key <> ?2
                 AND (fate IS NULL OR fate NOT IN ('backfill', 'off_site', 'no_link'))
                 AND (?3 OR fate IS NULL AND NOT under_way AND NOT sighted)
             ORDER BY first_seen LIMIT 1",
        )?
        .query_row(params![link.as_bytes(), key.as_bytes(), since == Since::Before], |row| {
            row.get(0).map(EntryKey::from_bytes)
        })
        .optional()?;
    Ok(found)
}

/// The body (and article) of a settled entry of *another* feed with the same link. A feed that lists one link anew says that
/// there is something new behind it.
fn twin(tx: &Connection, feed: i64, listed: &Listed) -> Result<Option<(Digest, Option<ArticleId>)>> {
    let Some(link) = &listed.link_key else { return Ok(None) };
    let found = tx
        .prepare_cached(
            "SELECT hash, article FROM entry WHERE link_key = ?1 AND feed <> ?2 AND hash IS NOT NULL
                 AND state IN ('published', 'duplicate', 'unchanged', 'reverted')
             ORDER BY settled_at DESC LIMIT 1",
        )?
        .query_row(params![link.as_bytes(), feed], |row| {
            Ok((Digest::from_bytes(row.get(0)?), row.get::<_, Option<_>>(1)?.map(ArticleId::from_bytes)))
        })
        .optional()?;
    Ok(found)
}

fn blob(key: &Option<Fingerprint>) -> Option<&[u8; 16]> {
    key.as_ref().map(Fingerprint::as_bytes)
}
