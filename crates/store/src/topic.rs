//! What the topic holds, as far as the desk has read it; and what follows from it for the journal.
//!
//! The topic is the truth (law 3). So the journal's side ([`Blocking::settle_found`]) and the index's side
//! ([`Blocking::index`]) are two transactions, in this order: a crash between them leaves the record to be read once more
//! from the topic, and settling what is settled does nothing. Were it the other way round, an entry could be pending while
//! its own body stands in the index, and would end as a duplicate of itself.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Transaction, params};
use wiredesk_faults::{Point, reach};
use wiredesk_model::id::{ArticleId, Digest, EntryKey};
use wiredesk_model::outcome::{Outcome, Receipt};
use wiredesk_model::topic::{Found, Joint, Positions, TopicIdentity};

use crate::Store;
use crate::articles::{add_body, ensure};
use crate::columns::{Result, count, json, maybe_article, maybe_entry_key, ms, unjson};
use crate::entries::{Pending, settle};
use crate::read::open_entries;

/// Where a body is in the topic, and for which entry it went there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placed {
    /// Where.
    pub receipt: Receipt,
    /// The entry it was read for; `None` where another program wrote the record.
    pub entry: Option<EntryKey>,
    /// Its article.
    pub id: Option<ArticleId>,
    /// Its number among the article's bodies.
    pub revision: Option<u32>,
}

/// What became of the journal's side of records that are in the topic.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settled {
    /// How many entries were settled as published.
    pub entries: u64,
    /// Those that waited for them, to be worked on now.
    pub released: Vec<Pending>,
}

/// The store as the publisher's own thread sees it: each call returns when it is done, without the async floor.
#[derive(Clone, Debug)]
pub struct Blocking {
    pub(crate) store: Store,
}

impl Store {
    /// The store for a thread of its own. Not to be called on the async floor, which it would hold up.
    pub fn blocking(&self) -> Blocking {
        Blocking { store: self.clone() }
    }

    /// Whether this body is in the topic, and where.
    ///
    /// # Errors
    /// What SQLite says.
    pub async fn lookup(&self, hash: Digest) -> Result<Option<Placed>> {
        // One probe of an index, mostly from memory: a thread of its own would cost more than the answer.
        self.inner.pool.read(|conn| placed(conn, hash))
    }
}

impl Blocking {
    /// How far the topic has been read.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn positions(&self) -> Result<Positions> {
        self.store.inner.pool.read(|conn| {
            let identity = meta(conn, "topic")?.map(|text| unjson("the topic's identity", &text)).transpose()?;
            let mut all = conn.prepare_cached("SELECT partition, next FROM position")?;
            let next = all.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<rusqlite::Result<_>>()?;
            Ok(Positions { identity, next })
        })
    }

    /// Which topic the index belongs to from now on, and where to begin to read it. What is in the index stays.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn set_identity(&self, identity: &TopicIdentity, next: &BTreeMap<i32, i64>) -> Result<()> {
        let (identity, next) = (json("the topic's identity", identity)?, next.clone());
        let work = move |tx: &Transaction<'_>| {
            tx.execute("INSERT OR REPLACE INTO meta (name, value) VALUES ('topic', ?1)", [identity])?;
            tx.execute("DELETE FROM position", [])?;
            for (partition, next) in next {
                advance(tx, partition, next)?;
            }
            Ok(())
        };
        self.store.inner.writer.write_blocking(work)
    }

    /// As [`Store::pending_count`].
    ///
    /// # Errors
    /// What SQLite says.
    pub fn pending_count(&self) -> Result<u64> {
        self.store.inner.pool.read(open_entries)
    }

    /// As [`Store::lookup`].
    ///
    /// # Errors
    /// What SQLite says.
    pub fn lookup(&self, hash: Digest) -> Result<Option<Placed>> {
        self.store.inner.pool.read(|conn| placed(conn, hash))
    }

    /// When the last desk that caught up with the topic on this data dir was started, in milliseconds since 1970.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn last_life(&self) -> Result<Option<i64>> {
        self.store.inner.pool.read(|conn| Ok(meta(conn, "life")?.and_then(|text| text.parse().ok())))
    }

    /// Notes when the desk was started that has caught up now; to be told before it publishes.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn begin_life(&self, started: i64) -> Result<()> {
        self.store.inner.writer.write_blocking(move |tx| {
            tx.execute("INSERT OR REPLACE INTO meta (name, value) VALUES ('life', ?1)", [started.to_string()])?;
            Ok(())
        })
    }

    /// The journal's side of records that are in the topic: their articles learn of their bodies, and their entries, where
    /// they are open, are settled as published.
    ///
    /// An entry that was opened again since (the feed says something else of it now) stays open: the record is its older
    /// body. Records without headers of ours change nothing here.
    ///
    /// # Errors
    /// What SQLite says; then nothing was settled.
    pub fn settle_found(&self, found: &[Found], now: Timestamp) -> Result<Settled> {
        let found = found.to_vec();
        self.store.inner.clock.see(now);
        let work = move |tx: &Transaction<'_>| {
            let mut settled = Settled::default();
            for record in &found {
                if let Some(joint) = &record.joint
                    && let Some(released) = settle_one(tx, record, joint, now)?
                {
                    settled.entries += 1;
                    settled.released.extend(released);
                }
            }
            reach(Point::Settling);
            Ok(settled)
        };
        self.store.inner.writer.write_blocking(work)
    }

    /// The index's side, after [`Self::settle_found`]: bodies get their place (the first one read stays), positions move
    /// forward, never back.
    ///
    /// # Errors
    /// What SQLite says; then neither the bodies nor the positions were taken over.
    pub fn index(&self, found: &[Found], next: &[(i32, i64)]) -> Result<()> {
        let (found, next) = (found.to_vec(), next.to_vec());
        let made = self.store.newest_time();
        let work = move |tx: &Transaction<'_>| {
            let rebuilding = meta(tx, "rebuilding")?.is_some();
            for record in &found {
                if rebuilding {
                    put(
                        tx,
                        "INSERT OR REPLACE INTO reread (hash, partition, place, entry, article, revision)
                             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                        record,
                        None,
                    )?;
                }
                put(
                    tx,
                    "INSERT OR IGNORE INTO published (hash, partition, place, entry, article, revision, made)
                         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                    record,
                    Some(made),
                )?;
            }
            next.into_iter().try_for_each(|(partition, next)| advance(tx, partition, next))?;
            reach(Point::Indexing);
            Ok(())
        };
        self.store.inner.writer.write_blocking(work)
    }
}

fn settle_one(tx: &Connection, record: &Found, joint: &Joint, now: Timestamp) -> Result<Option<Vec<Pending>>> {
    ensure(tx, joint.id, now)?;
    let revision = i64::from(joint.revision);
    let newest: Option<i64> = tx
        .prepare_cached("SELECT max(revision) FROM body WHERE article = ?1")?
        .query_row([joint.id.as_bytes()], |row| row.get(0))?;
    let previous: Option<[u8; 32]> = tx
        .prepare_cached("SELECT hash FROM body WHERE article = ?1 AND revision < ?2 ORDER BY revision DESC LIMIT 1")?
        .query_row(params![joint.id.as_bytes(), revision], |row| row.get(0))
        .optional()?;
    add_body(tx, joint.id, record.hash, revision, previous.map(Digest::from_bytes))?;
    if newest.is_none_or(|newest| newest < revision) {
        tx.prepare_cached("UPDATE article SET last = ?2 WHERE id = ?1")?
            .execute(params![joint.id.as_bytes(), record.hash.as_bytes()])?;
    }
    // The entry may have been opened again before the tail was read: then the record is what it had, not what it waits for.
    let mine = tx
        .prepare_cached(
            "UPDATE entry SET article = coalesce(article, ?2), hash = ?3
             WHERE key = ?1 AND settled_at IS NULL AND (hash IS NULL OR (sighted AND hash = ?3))",
        )?
        .execute(params![joint.entry.as_bytes(), joint.id.as_bytes(), record.hash.as_bytes()])?;
    if mine == 0 {
        return Ok(None);
    }
    settle(tx, joint.entry, &Outcome::Published { receipt: record.receipt }, now)
}

fn put(tx: &Connection, sql: &str, record: &Found, made: Option<Timestamp>) -> Result<()> {
    let joint = record.joint.as_ref();
    let (entry, id) = (joint.map(|j| *j.entry.as_bytes()), joint.map(|j| *j.id.as_bytes()));
    let revision = joint.map(|j| j.revision);
    let (hash, place) = (record.hash.as_bytes(), record.receipt);
    let mut put = tx.prepare_cached(sql)?;
    match made {
        Some(made) => put.execute(params![hash, place.partition, place.offset, entry, id, revision, ms(made)])?,
        None => put.execute(params![hash, place.partition, place.offset, entry, id, revision])?,
    };
    Ok(())
}

fn advance(tx: &Connection, partition: i32, next: i64) -> Result<()> {
    tx.prepare_cached(
        "INSERT INTO position (partition, next) VALUES (?1, ?2)
         ON CONFLICT (partition) DO UPDATE SET next = max(next, excluded.next)",
    )?
    .execute(params![partition, next])?;
    Ok(())
}

pub(crate) fn placed(conn: &Connection, hash: Digest) -> Result<Option<Placed>> {
    let found = conn
        .prepare_cached("SELECT partition, place, entry, article, revision FROM published WHERE hash = ?1")?
        .query_row([hash.as_bytes()], |row| {
            Ok(Placed {
                receipt: Receipt { partition: row.get("partition")?, offset: row.get("place")? },
                entry: maybe_entry_key(row, "entry")?,
                id: maybe_article(row, "article")?,
                revision: row.get::<_, Option<i64>>("revision")?.map(count),
            })
        })
        .optional()?;
    Ok(found)
}

pub(crate) fn meta(conn: &Connection, name: &str) -> Result<Option<String>> {
    let mut find = conn.prepare_cached("SELECT value FROM meta WHERE name = ?1")?;
    Ok(find.query_row([name], |row| row.get(0)).optional()?)
}
