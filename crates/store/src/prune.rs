//! What is forgotten, and when: an entry when its feed has not listed it for the whole window, never for its age; a body's
//! place in the topic when no entry and no article (as one of its bodies, whoever published it) names it any more. Feeds that list three years of entries would be
//! published again every window, were it otherwise.

use std::sync::PoisonError;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, Transaction, params};

use crate::Store;
use crate::columns::{Result, ms};
use crate::pool::Pool;
use crate::rebuild::{forget_left_over, is_left_over};
use crate::slice::{LOOKED_AT, work_off};

/// The most rows that the desk forgets in one transaction.
pub const SLICE: usize = 500;
/// How far the two searches without an index have come; `None` at the start of the next round.
#[derive(Default)]
pub(crate) struct Cursors {
    articles: Option<[u8; 16]>,
    published: Option<[u8; 32]>,
}

/// That a body's place is named by nobody: looked for beside the writer, and asked again by it, for an entry may have come to name the
/// body since.
macro_rules! unnamed {
    () => {
        "NOT EXISTS (SELECT 1 FROM entry WHERE entry.hash = published.hash)
             AND NOT EXISTS (SELECT 1 FROM article WHERE article.id = published.article)
             AND NOT EXISTS (SELECT 1 FROM body WHERE body.hash = published.hash)"
    };
}

impl Store {
    /// Forgets one slice, of at most `limit` rows, of what is older than `window`; returns how many rows went, 0 when there
    /// is nothing left to forget. Call it until then, and again in an hour.
    ///
    /// Nothing goes while the clock is doubted. Articles and places are searched beside the writer, which only deletes. It waits until
    /// what the slice before it wrote is folded into the file, so that what others write finds the disk at rest.
    ///
    /// # Errors
    /// What SQLite says; what went before that is gone.
    pub async fn prune(&self, now: Timestamp, window: Duration, limit: usize) -> Result<usize> {
        self.inner.clock.see(now);
        self.inner.writer.rest().await?;
        if self.inner.pool.ask(is_left_over).await? {
            return self.inner.writer.write(forget_left_over).await;
        }
        let window = SignedDuration::try_from(window).unwrap_or(SignedDuration::MAX);
        let Ok(before) = now.saturating_sub(window) else { return Ok(0) };
        if !self.inner.clock.may_expire(now) || limit == 0 {
            return Ok(0);
        }
        let gone = self.inner.writer.write(move |tx| entries(tx, before, limit)).await?;
        if gone > 0 {
            return Ok(gone);
        }
        let gone = self.prune_articles(before, limit).await?;
        if gone > 0 {
            return Ok(gone);
        }
        self.prune_published(before, limit).await
    }

    async fn prune_articles(&self, before: Timestamp, limit: usize) -> Result<usize> {
        let from = self.cursors(|cursors| cursors.articles.take());
        let question = "SELECT id, touched < ?3 AND NOT EXISTS (SELECT 1 FROM entry WHERE entry.article = article.id)
                        FROM article WHERE id > coalesce(?1, x'') ORDER BY id LIMIT ?2";
        let (unnamed, next) = search(&self.inner.pool, question, from, before, limit).await?;
        self.cursors(|cursors| cursors.articles = next);
        if unnamed.is_empty() {
            return Ok(0);
        }
        let work = move |tx: &Transaction<'_>| slice(&unnamed, |id| forget_article(tx, id, before));
        let (gone, left) = self.inner.writer.write(work).await?;
        if left.is_some() {
            self.cursors(|cursors| cursors.articles = left);
        }
        Ok(gone)
    }

    async fn prune_published(&self, before: Timestamp, limit: usize) -> Result<usize> {
        let from = self.cursors(|cursors| cursors.published.take());
        let question = concat!(
            "SELECT hash, made < ?3 AND ",
            unnamed!(),
            " FROM published WHERE hash > coalesce(?1, x'') ORDER BY hash LIMIT ?2"
        );
        let (unnamed, next) = search(&self.inner.pool, question, from, before, limit).await?;
        self.cursors(|cursors| cursors.published = next);
        if unnamed.is_empty() {
            return Ok(0);
        }
        let work = move |tx: &Transaction<'_>| {
            let mut forget =
                tx.prepare_cached(concat!("DELETE FROM published WHERE hash = ?1 AND made < ?2 AND ", unnamed!()))?;
            slice(&unnamed, |hash| Ok(forget.execute(params![hash, ms(before)])?))
        };
        let (gone, left) = self.inner.writer.write(work).await?;
        if left.is_some() {
            self.cursors(|cursors| cursors.published = left);
        }
        Ok(gone)
    }

    fn cursors<T>(&self, change: impl FnOnce(&mut Cursors) -> T) -> T {
        change(&mut self.inner.cursors.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Forgets one key after the other, until the slice's work is done. Returns the rows that went, and where to go on when some are left.
fn slice<const N: usize>(
    keys: &[[u8; N]],
    forget: impl FnMut(&[u8; N]) -> Result<usize>,
) -> Result<(usize, Option<[u8; N]>)> {
    let (gone, done) = work_off(keys, forget)?;
    Ok((gone, keys[..done].last().copied().filter(|_| done < keys.len())))
}

/// Settled entries that left their feed's listing before then, and the articles that nobody names without them.
fn entries(tx: &Connection, before: Timestamp, limit: usize) -> Result<usize> {
    let mut forget = tx.prepare_cached("DELETE FROM entry WHERE key = ?1 RETURNING article")?;
    let mut find = tx.prepare_cached(
        "SELECT key FROM entry WHERE left_at < ?1 AND left_at IS NOT NULL AND settled_at IS NOT NULL LIMIT ?2",
    )?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let keys: Vec<[u8; 16]> =
        find.query_map(params![ms(before), limit], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    let mut unsay = tx.prepare_cached("DELETE FROM listing WHERE key = ?1")?;
    let forget_one = |key: &[u8; 16]| {
        let article: Option<[u8; 16]> = forget.query_row([key], |row| row.get(0))?;
        unsay.execute([key])?;
        Ok(1 + article.map_or(Ok(0), |id| forget_article(tx, &id, before))?)
    };
    // What is left is found again by the next slice.
    slice(&keys, forget_one).map(|(gone, _)| gone)
}

fn forget_article(tx: &Connection, id: &[u8; 16], before: Timestamp) -> Result<usize> {
    let gone = tx
        .prepare_cached(
            "DELETE FROM article WHERE id = ?1 AND touched < ?2
                 AND NOT EXISTS (SELECT 1 FROM entry WHERE entry.article = article.id)",
        )?
        .execute(params![id, ms(before)])?;
    if gone == 0 {
        return Ok(0);
    }
    let bodies = tx.prepare_cached("DELETE FROM body WHERE article = ?1")?.execute([id])?;
    let addresses = tx.prepare_cached("DELETE FROM address WHERE article = ?1")?.execute([id])?;
    Ok(gone + bodies + addresses)
}

/// Looks through a table by its key, a slice at a time, for at most `limit` rows to forget. Returns them, and where to go
/// on; `None` at the table's end.
async fn search<const N: usize>(
    pool: &Pool,
    question: &'static str,
    mut from: Option<[u8; N]>,
    before: Timestamp,
    limit: usize,
) -> Result<(Vec<[u8; N]>, Option<[u8; N]>)> {
    loop {
        let (found, next, ended) = pool
            .ask(move |conn| {
                let mut slice = conn.prepare_cached(question)?;
                let mut rows = slice.query(params![from, LOOKED_AT as i64, ms(before)])?;
                let (mut found, mut next, mut seen) = (Vec::new(), from, 0);
                while found.len() < limit {
                    let Some(row) = rows.next()? else { return Ok((found, next, seen < LOOKED_AT)) };
                    let key = row.get(0)?;
                    (next, seen) = (Some(key), seen + 1);
                    if row.get(1)? {
                        found.push(key);
                    }
                }
                Ok((found, next, false))
            })
            .await?;
        if ended || !found.is_empty() {
            return Ok((found, if ended { None } else { next }));
        }
        from = next;
    }
}
