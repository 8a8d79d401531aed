//! The index, held against a topic that is read anew. What is read stands aside (`reread`) while it is read; at the end, bodies whose
//! place turned out to hold another one leave the index.
//!
//! With millions of bodies that takes minutes, and the desk's polls write meanwhile: so the end comes in slices. Each is right alone,
//! and until the last one the rebuild is under way: a crash anywhere in it has the next START read the topic anew, before anything
//! is published.

use jiff::Timestamp;
use rusqlite::{Connection, Transaction, params};

use crate::columns::{Result, ms};
use crate::slice::{LOOKED_AT, work_off};
use crate::topic::{Blocking, meta};

/// So many rows of what was read are forgotten in one transaction: they lie in a row.
const SLICE: usize = 2_000;
/// What `rebuilding` says in `meta` while the topic is read, and once bodies have left the index.
const READING: &str = "1";
const DISPLACED: &str = "displaced";

type Hash = [u8; 32];
/// Partition and offset.
type Place = (i32, i64);

impl Blocking {
    /// Begins to read the topic anew: identity and positions are forgotten, the index is not. What is indexed from here to
    /// [`Self::end_rebuild`] is held against it. A rebuild that was cut short begins anew.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn begin_rebuild(&self) -> Result<()> {
        while self.store.inner.writer.write_blocking(forget_reread)? > 0 {}
        self.store.inner.writer.write_blocking(|tx| {
            tx.execute_batch("DELETE FROM position; DELETE FROM meta WHERE name = 'topic';")?;
            mark(tx, READING)
        })
    }

    /// Whether a rebuild was begun and not ended.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn rebuilding(&self) -> Result<bool> {
        self.store.inner.pool.read(|conn| Ok(meta(conn, "rebuilding")?.is_some()))
    }

    /// The topic has been read to its end: bodies whose place was found to hold another one leave the index, and all that
    /// was read is in it. Bodies whose place was not read (retention took them) stay. Returns how many left.
    ///
    /// What was read is not needed any more then, and goes with what else is forgotten ([`Store::prune`](crate::Store::prune)).
    ///
    /// # Errors
    /// What SQLite says; then the rebuild is not ended, and can be begun anew or ended by another call.
    pub fn end_rebuild(&self) -> Result<usize> {
        let gone = self.drop_displaced()?;
        // Of a body that left the index another record may have been read, which the index did not take while it had that one.
        if self.store.inner.pool.read(|conn| meta(conn, "rebuilding"))?.as_deref() == Some(DISPLACED) {
            self.take_in_reread()?;
        }
        self.store.inner.writer.write_blocking(|tx| {
            tx.execute("DELETE FROM meta WHERE name = 'rebuilding'", [])?;
            Ok(())
        })?;
        Ok(gone)
    }

    /// Drops bodies whose place holds another one.
    fn drop_displaced(&self) -> Result<usize> {
        let (mut from, mut gone) = (None, 0);
        loop {
            let (displaced, next) = self.displaced(from)?;
            gone += self.in_slices(displaced, |tx, hash| {
                mark(tx, DISPLACED)?;
                Ok(tx.prepare_cached("DELETE FROM published WHERE hash = ?1")?.execute([hash])?)
            })?;
            match next {
                Some(_) => from = next,
                None => return Ok(gone),
            }
        }
    }

    /// Looks through a part of the index, by its key, for bodies whose place holds another one. Returns them, and where to go on.
    fn displaced(&self, from: Option<Hash>) -> Result<(Vec<Hash>, Option<Hash>)> {
        self.store.inner.pool.read(|conn| {
            let mut look = conn.prepare_cached(
                "SELECT hash, EXISTS (SELECT 1 FROM reread
                     WHERE reread.partition = published.partition AND reread.place = published.place
                         AND reread.hash <> published.hash)
                 FROM published WHERE hash > coalesce(?1, x'') ORDER BY hash LIMIT ?2",
            )?;
            let mut rows = look.query(params![from, LOOKED_AT as i64])?;
            let (mut found, mut next, mut seen) = (Vec::new(), None, 0);
            while let Some(row) = rows.next()? {
                let hash = row.get(0)?;
                (next, seen) = (Some(hash), seen + 1);
                if row.get(1)? {
                    found.push(hash);
                }
            }
            Ok((found, next.filter(|_| seen == LOOKED_AT)))
        })
    }

    /// Gives all that was read its place in the index, where it has none; the first place of a body is its place.
    fn take_in_reread(&self) -> Result<()> {
        let made = self.store.newest_time();
        let mut from = (i32::MIN, i64::MIN);
        loop {
            let (missing, next) = self.missing(from)?;
            self.in_slices(missing, move |tx, place| take_in(tx, *place, made))?;
            match next {
                Some(next) => from = next,
                None => return Ok(()),
            }
        }
    }

    /// Looks through a part of what was read for bodies that are not in the index. Returns where they are, and where to go on.
    fn missing(&self, from: Place) -> Result<(Vec<Place>, Option<Place>)> {
        self.store.inner.pool.read(|conn| {
            let mut look = conn.prepare_cached(
                "SELECT partition, place, NOT EXISTS (SELECT 1 FROM published WHERE published.hash = reread.hash)
                 FROM reread WHERE (partition, place) > (?1, ?2) ORDER BY partition, place LIMIT ?3",
            )?;
            let mut rows = look.query(params![from.0, from.1, LOOKED_AT as i64])?;
            let (mut found, mut next, mut seen) = (Vec::new(), None, 0);
            while let Some(row) = rows.next()? {
                let place = (row.get(0)?, row.get(1)?);
                (next, seen) = (Some(place), seen + 1);
                if row.get(2)? {
                    found.push(place);
                }
            }
            Ok((found, next.filter(|_| seen == LOOKED_AT)))
        })
    }

    /// Hands items to the writer, a slice to a transaction, with a rest between two. Returns the sum of what they came to.
    fn in_slices<T, W>(&self, mut items: Vec<T>, each: W) -> Result<usize>
    where
        T: Send + 'static,
        W: Fn(&Transaction<'_>, &T) -> Result<usize> + Clone + Send + 'static,
    {
        let writer = &self.store.inner.writer;
        let mut sum = 0;
        while !items.is_empty() {
            writer.rest_blocking()?;
            let each = each.clone();
            let (some, left) = writer.write_blocking(move |tx| {
                let (sum, done) = work_off(&items, |item| each(tx, item))?;
                Ok((sum, items.split_off(done)))
            })?;
            (sum, items) = (sum + some, left);
        }
        Ok(sum)
    }
}

fn mark(tx: &Transaction<'_>, how_far: &'static str) -> Result<()> {
    tx.prepare_cached("INSERT OR REPLACE INTO meta (name, value) VALUES ('rebuilding', ?1)")?.execute([how_far])?;
    Ok(())
}

fn take_in(tx: &Transaction<'_>, (partition, place): Place, made: Timestamp) -> Result<usize> {
    let mut put = tx.prepare_cached(
        "INSERT OR IGNORE INTO published (hash, partition, place, entry, article, revision, made)
         SELECT hash, partition, place, entry, article, revision, ?3 FROM reread WHERE partition = ?1 AND place = ?2",
    )?;
    Ok(put.execute(params![partition, place, ms(made)])?)
}

/// Whether something is left of what an ended rebuild has read.
pub(crate) fn is_left_over(conn: &Connection) -> Result<bool> {
    let mut ask = conn.prepare_cached(
        "SELECT EXISTS (SELECT 1 FROM reread) AND NOT EXISTS (SELECT 1 FROM meta WHERE name = 'rebuilding')",
    )?;
    Ok(ask.query_row([], |row| row.get(0))?)
}

/// Forgets a slice of it, unless another rebuild was begun. Returns how many rows went.
pub(crate) fn forget_left_over(tx: &Transaction<'_>) -> Result<usize> {
    if is_left_over(tx)? { forget_reread(tx) } else { Ok(0) }
}

/// A slice of what a rebuild has read. Returns how many rows went.
fn forget_reread(tx: &Transaction<'_>) -> Result<usize> {
    let mut forget = tx.prepare_cached(
        "DELETE FROM reread WHERE (partition, place) IN
             (SELECT partition, place FROM reread ORDER BY partition, place LIMIT ?1)",
    )?;
    Ok(forget.execute([SLICE as i64])?)
}
