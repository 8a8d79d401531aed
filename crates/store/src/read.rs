//! What people and metrics ask of the desk's state: how much is in which state, where each feed stands, and all that is
//! known of an address. Read-only, and beside a running daemon.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rusqlite::{Connection, Row, params};
use serde::Serialize;
use url::Url;
use wiredesk_model::id::{ArticleId, Digest, EntryKey, FeedId, Fingerprint};
use wiredesk_model::outcome::{Outcome, Receipt};

use crate::address_key;
use crate::columns::{
    Result, count, entry_key, fate, feed_id, maybe_article, maybe_digest, maybe_entry_key, maybe_time, outcome, time,
};
use crate::entries::Fate;
use crate::error::StoreError;
use crate::feeds::{FeedState, STATE, state};
use crate::open;
use crate::pool::Pool;

/// A look at a data dir that changes nothing and takes no lock.
#[derive(Clone)]
pub struct Reader {
    pub(crate) pool: Pool,
}

/// How many entries are in each state.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// To be worked on, or under way.
    pub pending: u64,
    /// Waiting for another entry with the same link.
    pub waiting: u64,
    /// Settled, by outcome and reason.
    pub settled: Vec<Settled>,
}

/// How many entries ended so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Settled {
    /// The outcome's name ([`Outcome::name`]).
    pub outcome: String,
    /// The reason's name, for dropped ones.
    pub reason: Option<String>,
    /// How many.
    pub entries: u64,
}

/// All that is known of one entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Trace {
    /// Its name (`wd-entry`).
    pub key: EntryKey,
    /// The feed that lists it.
    pub feed: FeedId,
    /// What the feed calls it.
    pub identity: String,
    /// The headline: the feed's, or the page's once it was read.
    pub title: Option<String>,
    /// The link as the feed gives it.
    pub link: Option<String>,
    /// Our address of the page, once it was read.
    pub url: Option<String>,
    /// When the desk first saw it.
    pub first_seen: Timestamp,
    /// When its feed was first seen to list it no more.
    pub left_at: Option<Timestamp>,
    /// `pending`, `waiting`, or the outcome's name.
    pub state: String,
    /// Attempts since it was last opened.
    pub attempts: u32,
    /// An attempt has begun and not ended.
    pub under_way: bool,
    /// The next try, while it is open.
    pub due: Option<Timestamp>,
    /// What went wrong the last time.
    pub last_error: Option<String>,
    /// How it will end without being fetched.
    pub fate: Option<Fate>,
    /// The entry with the same link whose end it awaits.
    pub waits_for: Option<EntryKey>,
    /// How it ended.
    pub outcome: Option<Outcome>,
    /// When it ended.
    pub settled_at: Option<Timestamp>,
    /// The body seen last.
    pub hash: Option<Digest>,
    /// Its article.
    pub article: Option<ArticleId>,
    /// The number of that body among the article's.
    pub revision: Option<u32>,
    /// Where that body is in the topic, whoever brought it there.
    pub placed: Option<Receipt>,
    /// Who brought it there, where that was another entry.
    pub carrier: Option<Carrier>,
}

/// The entry whose body stands in the topic.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Carrier {
    /// Its name (`wd-entry`).
    pub entry: EntryKey,
    /// The feed that listed it; `None` where it has been forgotten since.
    pub feed: Option<FeedId>,
    /// Its address, as far as it is known.
    pub url: Option<String>,
}

impl Reader {
    /// Opens the store of a data dir for reading, whether or not a daemon runs on it.
    ///
    /// # Errors
    /// [`StoreError::Missing`], [`StoreError::Older`], [`StoreError::Newer`], or what SQLite says.
    pub fn open(dir: &Path) -> Result<Self> {
        if !Self::is_there(dir) {
            return Err(StoreError::Missing { dir: dir.to_owned() });
        }
        let pool = Pool::new(&open::database(dir));
        pool.read(open::readable)?;
        Ok(Self { pool })
    }

    /// Whether a data dir holds a store, of whatever version.
    pub fn is_there(dir: &Path) -> bool {
        open::database(dir).is_file()
    }

    pub(crate) async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&Connection) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.pool.ask(question).await
    }

    pub(crate) fn beside(pool: Pool) -> Self {
        Self { pool }
    }

    /// How many entries are in each state.
    ///
    /// # Errors
    /// What SQLite says.
    pub async fn counts(&self) -> Result<Counts> {
        self.pool.ask(counts).await
    }

    /// Where every feed stands that the store knows, by name; feeds that are no longer configured are among them.
    ///
    /// # Errors
    /// What SQLite says.
    pub async fn feeds(&self) -> Result<Vec<FeedState>> {
        self.pool
            .ask(|conn| {
                let mut all = conn.prepare_cached(&format!("SELECT {STATE} FROM feed ORDER BY id"))?;
                let found = all.query_map([], state)?.collect::<rusqlite::Result<_>>()?;
                Ok(found)
            })
            .await
    }

    /// All that is known of an address, oldest first: entries whose link it is, entries of the article that is known at
    /// it, and entries that their feed calls so. It is looked for as given and cleaned.
    ///
    /// # Errors
    /// What SQLite says.
    pub async fn trace(&self, address: &str) -> Result<Vec<Trace>> {
        let address = address.trim().to_owned();
        self.pool.ask(move |conn| trace(conn, &address)).await
    }

    /// The bytes that the store takes on disk, with its log.
    pub fn size(&self) -> u64 {
        let of = |path: PathBuf| std::fs::metadata(path).map_or(0, |about| about.len());
        let file = self.pool.file();
        let mut log = file.as_os_str().to_owned();
        log.push("-wal");
        of(file.to_owned()) + of(log.into())
    }
}

/// How many entries are open.
pub(crate) fn open_entries(conn: &Connection) -> Result<u64> {
    let mut sum =
        conn.prepare_cached("SELECT coalesce(sum(entries), 0) FROM tally WHERE state IN ('pending', 'waiting')")?;
    Ok(count(sum.query_row([], |row| row.get(0))?))
}

fn counts(conn: &Connection) -> Result<Counts> {
    let mut counts = Counts::default();
    let mut all = conn.prepare_cached("SELECT state, reason, entries FROM tally WHERE entries > 0")?;
    let mut rows = all.query([])?;
    while let Some(row) = rows.next()? {
        let (outcome, reason): (String, String) = (row.get(0)?, row.get(1)?);
        let entries = count(row.get(2)?);
        match outcome.as_str() {
            "pending" => counts.pending = entries,
            "waiting" => counts.waiting = entries,
            _ => counts.settled.push(Settled { outcome, reason: Some(reason).filter(|r| !r.is_empty()), entries }),
        }
    }
    Ok(counts)
}

fn trace(conn: &Connection, address: &str) -> Result<Vec<Trace>> {
    let mut addresses = vec![Fingerprint::of(&[address])];
    addresses.extend(address.parse::<Url>().ok().map(|url| address_key(&url)));
    let mut keys = BTreeSet::new();
    for by_address in [
        "SELECT key FROM entry WHERE link_key = ?1",
        "SELECT key FROM entry WHERE article = (SELECT article FROM address WHERE address.key = ?1)",
    ] {
        let mut find = conn.prepare_cached(by_address)?;
        for at in &addresses {
            let found = find.query_map([at.as_bytes()], |row| entry_key(row, "key"))?;
            keys.extend(found.collect::<rusqlite::Result<Vec<_>>>()?);
        }
    }
    let mut feeds = conn.prepare_cached("SELECT id FROM feed")?;
    for feed in feeds.query_map([], |row| feed_id(row, "id"))? {
        keys.insert(EntryKey::of(&feed?, address));
    }
    let mut find = conn.prepare_cached(
        "SELECT entry.*, feed.id AS feed_id, body.revision AS revision, published.partition AS placed_partition,
                published.place AS placed_offset, published.entry AS carrier, other_feed.id AS carrier_feed,
                coalesce(other.url, other.link) AS carrier_url
         FROM entry JOIN feed ON feed.no = entry.feed
         LEFT JOIN body ON body.article = entry.article AND body.hash = entry.hash
         LEFT JOIN published ON published.hash = entry.hash
         LEFT JOIN entry AS other ON other.key = published.entry
         LEFT JOIN feed AS other_feed ON other_feed.no = other.feed
         WHERE entry.key = ?1",
    )?;
    let mut traces = Vec::new();
    for key in keys {
        let mut rows = find.query(params![key.as_bytes()])?;
        if let Some(row) = rows.next()? {
            traces.push(traced(row)?);
        }
    }
    traces.sort_by_key(|trace| trace.first_seen);
    Ok(traces)
}

fn traced(row: &Row<'_>) -> Result<Trace> {
    let (partition, offset): (Option<i32>, Option<i64>) = (row.get("placed_partition")?, row.get("placed_offset")?);
    let key = entry_key(row, "key")?;
    let carrier = maybe_entry_key(row, "carrier")?.filter(|carrier| *carrier != key);
    let carrier_feed = row.get::<_, Option<String>>("carrier_feed")?.map(FeedId::new);
    let carrier_url = row.get("carrier_url")?;
    Ok(Trace {
        key,
        feed: feed_id(row, "feed_id")?,
        identity: row.get("identity")?,
        title: row.get("title")?,
        link: row.get("link")?,
        url: row.get("url")?,
        first_seen: time(row.get("first_seen")?),
        left_at: maybe_time(row, "left_at")?,
        state: row.get("state")?,
        attempts: count(row.get("attempts")?),
        under_way: row.get("under_way")?,
        due: maybe_time(row, "due")?,
        last_error: row.get("last_error")?,
        fate: fate(row)?,
        waits_for: maybe_entry_key(row, "waits_for")?,
        outcome: outcome(row)?,
        settled_at: maybe_time(row, "settled_at")?,
        hash: maybe_digest(row, "hash")?,
        article: maybe_article(row, "article")?,
        revision: row.get::<_, Option<i64>>("revision")?.map(count),
        placed: partition.zip(offset).map(|(partition, offset)| Receipt { partition, offset }),
        carrier: carrier.map(|entry| Carrier { entry, feed: carrier_feed, url: carrier_url }),
    })
}
