//! How the desk's values stand in columns: keys as blobs, times as whole milliseconds, lists of reasons as JSON.

use std::sync::Arc;

use jiff::Timestamp;
use rusqlite::Row;
use serde::Serialize;
use serde::de::DeserializeOwned;
use wiredesk_model::id::{ArticleId, Digest, EntryKey, FeedId};
use wiredesk_model::outcome::{Dropped, Outcome, Receipt};

use crate::entries::Fate;
use crate::error::StoreError;

pub(crate) type Result<T> = std::result::Result<T, StoreError>;

/// A time, as it stands in a column.
pub(crate) fn ms(time: Timestamp) -> i64 {
    time.as_millisecond()
}

/// A time out of a column; what is out of range becomes the nearest time there is.
pub(crate) fn time(ms: i64) -> Timestamp {
    Timestamp::from_millisecond(ms).unwrap_or(if ms < 0 { Timestamp::MIN } else { Timestamp::MAX })
}

pub(crate) fn json<T: Serialize>(what: &'static str, value: &T) -> Result<String> {
    serde_json::to_string(value).map_err(|e| StoreError::Unwritable { what, source: Arc::new(e) })
}

pub(crate) fn unjson<T: DeserializeOwned>(what: &'static str, text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(|e| StoreError::Unreadable { what, source: Arc::new(e) })
}

/// A number that is never negative, out of a column that could hold a negative one.
pub(crate) fn count<T: TryFrom<i64> + Default>(value: i64) -> T {
    T::try_from(value).unwrap_or_default()
}

pub(crate) fn entry_key(row: &Row<'_>, column: &str) -> rusqlite::Result<EntryKey> {
    row.get(column).map(EntryKey::from_bytes)
}

pub(crate) fn maybe_entry_key(row: &Row<'_>, column: &str) -> rusqlite::Result<Option<EntryKey>> {
    Ok(row.get::<_, Option<_>>(column)?.map(EntryKey::from_bytes))
}

pub(crate) fn maybe_article(row: &Row<'_>, column: &str) -> rusqlite::Result<Option<ArticleId>> {
    Ok(row.get::<_, Option<_>>(column)?.map(ArticleId::from_bytes))
}

pub(crate) fn maybe_digest(row: &Row<'_>, column: &str) -> rusqlite::Result<Option<Digest>> {
    Ok(row.get::<_, Option<_>>(column)?.map(Digest::from_bytes))
}

pub(crate) fn maybe_time(row: &Row<'_>, column: &str) -> rusqlite::Result<Option<Timestamp>> {
    Ok(row.get::<_, Option<i64>>(column)?.map(time))
}

pub(crate) fn feed_id(row: &Row<'_>, column: &str) -> rusqlite::Result<FeedId> {
    row.get::<_, String>(column).map(FeedId::new)
}

/// A fate as it stands in the columns `fate` and `fate_value`.
pub(crate) fn fate_columns(fate: Option<&Fate>) -> Result<(Option<&'static str>, Option<String>)> {
    Ok(match fate {
        None => (None, None),
        Some(Fate::Duplicate(hash)) => (Some("duplicate"), Some(hash.to_string())),
        Some(Fate::Drop(why)) => (Some(why.reason()), Some(json("a reason", why)?)),
    })
}

/// A fate out of the columns `fate` and `fate_value`.
pub(crate) fn fate(row: &Row<'_>) -> Result<Option<Fate>> {
    let (name, value): (Option<String>, Option<String>) = (row.get("fate")?, row.get("fate_value")?);
    let (Some(name), Some(value)) = (name, value) else { return Ok(None) };
    if name == "duplicate" {
        return Ok(value.parse().ok().map(Fate::Duplicate));
    }
    unjson("a reason", &value).map(|why| Some(Fate::Drop(why)))
}

/// An outcome out of the columns `state`, `hash`, `detail`, `partition` and `place`; `None` while the entry is open.
pub(crate) fn outcome(row: &Row<'_>) -> Result<Option<Outcome>> {
    let state: String = row.get("state")?;
    Ok(Some(match state.as_str() {
        "published" => {
            let (partition, offset) = (row.get::<_, Option<i32>>("partition")?, row.get::<_, Option<i64>>("place")?);
            Outcome::Published {
                receipt: Receipt { partition: partition.unwrap_or_default(), offset: offset.unwrap_or_default() },
            }
        }
        "duplicate" => Outcome::Duplicate { of: maybe_digest(row, "hash")?.unwrap_or_default() },
        "unchanged" => Outcome::Unchanged,
        "reverted" => Outcome::Reverted,
        "dropped" => {
            let detail: Option<String> = row.get("detail")?;
            Outcome::Dropped(unjson::<Dropped>("a reason", &detail.unwrap_or_default())?)
        }
        _ => return Ok(None),
    }))
}
