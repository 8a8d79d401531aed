//! Which article a body belongs to. Entries of any feed are one article when they lead to one address; its distinct bodies
//! are numbered as the desk sees them, before any of them is published, so that a crash cannot number one twice.

use std::collections::HashSet;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};
use wiredesk_model::feed::Validators;
use wiredesk_model::id::{ArticleId, Digest, EntryKey, Fingerprint};

use crate::Store;
use crate::columns::{Result, count, ms};

/// So many addresses and titles with one body on one host are a wall.
const WALL: usize = 3;
/// So many entries with one body are looked at to find that out.
const LOOKED_AT: i64 = 2_000;

/// A body, seen: what is fixed about it before it is published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sighting {
    /// The article through all its revisions.
    pub id: ArticleId,
    /// The number of this body among those seen of the article, from 1.
    pub revision: u32,
    /// The body seen before this one was first seen.
    pub previous: Option<Digest>,
    /// The body of this article that was seen last, before now.
    pub last_before: Option<Digest>,
    /// Whether this article had this body before now.
    pub known_body: bool,
    /// Whether this body stands on this host under three addresses with three titles: no article, but a consent or
    /// paywall page.
    pub wall: bool,
}

/// What an entry's page turned out to be.
#[derive(Clone, Debug)]
pub struct Sight {
    /// Which entry.
    pub key: EntryKey,
    /// The fingerprint of its cleaned link.
    pub link_key: Option<Fingerprint>,
    /// Our address of the page, cleaned, after the fetch.
    pub url: String,
    /// Its headline.
    pub title: String,
    /// Where the page came from.
    pub host: String,
    /// Its body.
    pub hash: Digest,
    /// What to ask the page with again; nothing where the body came from the feed.
    pub page: Validators,
}

impl Store {
    /// A body was read for an entry: finds its article and its revision, and notes what the entry is now.
    ///
    /// The article is the entry's own if it had one, else the one known at `url`, else the one known at the link, else
    /// a new one. The same body gives the same revision however often it is seen.
    ///
    /// # Errors
    /// What SQLite says.
    pub async fn sight(&self, seen: Sight, now: Timestamp) -> Result<Sighting> {
        self.inner.clock.see(now);
        self.inner.writer.write(move |tx| sight(tx, &seen, now)).await
    }
}

fn sight(tx: &Connection, seen: &Sight, now: Timestamp) -> Result<Sighting> {
    let url_key = Fingerprint::of(&[&seen.url]);
    let id = article_of(tx, seen, &url_key)?;
    ensure(tx, id, now)?;
    let mut name = tx.prepare_cached("INSERT OR IGNORE INTO address (key, article) VALUES (?1, ?2)")?;
    for address in [Some(url_key), seen.link_key].into_iter().flatten() {
        name.execute(params![address.as_bytes(), id.as_bytes()])?;
    }
    let last_before = tx
        .prepare_cached("SELECT last FROM article WHERE id = ?1")?
        .query_row([id.as_bytes()], |row| row.get::<_, Option<_>>(0))?
        .map(Digest::from_bytes);
    let known: Option<(i64, Option<[u8; 32]>)> = tx
        .prepare_cached("SELECT revision, previous FROM body WHERE article = ?1 AND hash = ?2")?
        .query_row(params![id.as_bytes(), seen.hash.as_bytes()], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let (revision, previous) = match known {
        Some((revision, previous)) => (revision, previous.map(Digest::from_bytes)),
        None => {
            let revision: i64 = tx
                .prepare_cached("SELECT coalesce(max(revision), 0) + 1 FROM body WHERE article = ?1")?
                .query_row([id.as_bytes()], |row| row.get(0))?;
            add_body(tx, id, seen.hash, revision, last_before)?;
            (revision, last_before)
        }
    };
    tx.prepare_cached("UPDATE article SET last = ?2, touched = max(touched, ?3) WHERE id = ?1")?.execute(params![
        id.as_bytes(),
        seen.hash.as_bytes(),
        ms(now)
    ])?;
    tx.prepare_cached(
        "UPDATE entry SET article = ?2, hash = ?3, url = ?4, title = ?5, page_host = ?6, sighted = 1, page_etag = ?7,
             page_modified = ?8 WHERE key = ?1",
    )?
    .execute(params![
        seen.key.as_bytes(),
        id.as_bytes(),
        seen.hash.as_bytes(),
        seen.url,
        seen.title,
        seen.host,
        seen.page.etag,
        seen.page.last_modified
    ])?;
    let wall = is_wall(tx, seen)?;
    Ok(Sighting { id, revision: count(revision), previous, last_before, known_body: known.is_some(), wall })
}

fn article_of(tx: &Connection, seen: &Sight, url_key: &Fingerprint) -> Result<ArticleId> {
    let own: Option<Option<[u8; 16]>> = tx
        .prepare_cached("SELECT article FROM entry WHERE key = ?1")?
        .query_row([seen.key.as_bytes()], |row| row.get(0))
        .optional()?;
    if let Some(id) = own.flatten() {
        return Ok(ArticleId::from_bytes(id));
    }
    let mut at = tx.prepare_cached("SELECT article FROM address WHERE key = ?1")?;
    for address in [Some(*url_key), seen.link_key].into_iter().flatten() {
        if let Some(id) = at.query_row([address.as_bytes()], |row| row.get(0)).optional()? {
            return Ok(ArticleId::from_bytes(id));
        }
    }
    Ok(ArticleId::of(&seen.url))
}

/// The article's row.
pub(crate) fn ensure(tx: &Connection, id: ArticleId, now: Timestamp) -> Result<()> {
    tx.prepare_cached("INSERT OR IGNORE INTO article (id, touched) VALUES (?1, ?2)")?
        .execute(params![id.as_bytes(), ms(now)])?;
    Ok(())
}

/// A body under its number; one that is known keeps its own.
pub(crate) fn add_body(
    tx: &Connection,
    article: ArticleId,
    hash: Digest,
    revision: i64,
    previous: Option<Digest>,
) -> Result<()> {
    tx.prepare_cached("INSERT OR IGNORE INTO body (article, hash, revision, previous) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![article.as_bytes(), hash.as_bytes(), revision, previous.as_ref().map(Digest::as_bytes)])?;
    Ok(())
}

fn is_wall(tx: &Connection, seen: &Sight) -> Result<bool> {
    let mut same = tx.prepare_cached(
        "SELECT url, title FROM entry WHERE hash = ?1 AND page_host = ?2 AND url IS NOT NULL LIMIT ?3",
    )?;
    let mut rows = same.query(params![seen.hash.as_bytes(), seen.host, LOOKED_AT])?;
    let (mut urls, mut titles) = (HashSet::new(), HashSet::new());
    while let Some(row) = rows.next()? {
        urls.insert(row.get::<_, String>(0)?);
        titles.insert(folded(&row.get::<_, Option<String>>(1)?.unwrap_or_default()));
        if urls.len() >= WALL && titles.len() >= WALL {
            return Ok(true);
        }
    }
    Ok(false)
}

/// A title without case, spacing and punctuation.
fn folded(title: &str) -> String {
    title.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}
