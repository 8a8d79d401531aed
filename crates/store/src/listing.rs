//! A listing becomes an open entry: pending, or waiting for another entry with the same link, or with its fate known from
//! one that is settled. Entries of any feed are joined here by their cleaned link, before anything is fetched.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};
use wiredesk_model::id::{ArticleId, Digest, EntryKey, Fingerprint};
use wiredesk_model::outcome::Dropped;

use crate::columns::{Result, fate_columns, json, ms};
use crate::entries::{Fate, Pending};
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
    let mut fate = drop.map(Fate::Drop);
    let mut article = None;
    let leader = if fate.is_none() { leader(tx, listed.entry.key, listed.link_key)? } else { None };
    if fate.is_none()
        && leader.is_none()
        && let Some((hash, of)) = twin(tx, feed, listed)?
    {
        (fate, article) = (Some(Fate::Duplicate(hash)), of);
    }
    let (fate_name, fate_value) = fate_columns(fate.as_ref())?;
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
        if leader.is_some() { "waiting" } else { "pending" },
        leader.as_ref().map(EntryKey::as_bytes),
        fate_name,
        fate_value,
        article.as_ref().map(ArticleId::as_bytes),
    ])?;
    keep_listing(tx, listed)?;
    schedule(listed, at, leader.is_some(), fate.is_some(), done);
    Ok(())
}

/// A settled entry of which the feed says something else now.
pub(crate) fn reopen(
    tx: &Connection,
    listed: &Listed,
    fingerprint: Fingerprint,
    at: Timestamp,
    done: &mut Journalled,
) -> Result<()> {
    let fate = listed.drop.clone().map(Fate::Drop);
    let leader = if fate.is_none() { leader(tx, listed.entry.key, listed.link_key)? } else { None };
    let (fate_name, fate_value) = fate_columns(fate.as_ref())?;
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
        if leader.is_some() { "waiting" } else { "pending" },
        leader.as_ref().map(EntryKey::as_bytes),
        fate_name,
        fate_value,
    ])?;
    keep_listing(tx, listed)?;
    schedule(listed, at, leader.is_some(), fate.is_some(), done);
    Ok(())
}

fn schedule(listed: &Listed, due: Timestamp, waits: bool, fated: bool, done: &mut Journalled) {
    if waits {
        done.joined += 1;
    } else {
        done.new.push(Pending { key: listed.entry.key, host: listed.host.clone(), due, crashed: false, fated });
    }
}

/// A pending entry takes over what the feed says now.
pub(crate) fn refresh(tx: &Connection, listed: &Listed, fingerprint: Fingerprint) -> Result<()> {
    let (key, listing) = (&listed.entry.key, &listed.entry.listing);
    let text = json("an entry", listing)?;
    let changed = tx
        .prepare_cached("UPDATE listing SET json = ?2 WHERE key = ?1 AND json <> ?2")?
        .execute(params![key.as_bytes(), text])?;
    if changed > 0 {
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
    }
    Ok(())
}

fn keep_listing(tx: &Connection, listed: &Listed) -> Result<()> {
    tx.prepare_cached("INSERT OR REPLACE INTO listing (key, json) VALUES (?1, ?2)")?
        .execute(params![listed.entry.key.as_bytes(), json("an entry", &listed.entry.listing)?])?;
    Ok(())
}

/// The pending entry with the same link whose end this one may await: one that does not wait itself, and will not be
/// dropped for a reason that is its feed's own affair.
pub(crate) fn leader(tx: &Connection, key: EntryKey, link: Option<Fingerprint>) -> Result<Option<EntryKey>> {
    let Some(link) = link else { return Ok(None) };
    let found = tx
        .prepare_cached(
            "SELECT key FROM entry WHERE link_key = ?1 AND state = 'pending' AND key <> ?2
                 AND (fate IS NULL OR fate NOT IN ('backfill', 'off_site', 'no_link'))
             ORDER BY first_seen LIMIT 1",
        )?
        .query_row(params![link.as_bytes(), key.as_bytes()], |row| row.get(0).map(EntryKey::from_bytes))
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
