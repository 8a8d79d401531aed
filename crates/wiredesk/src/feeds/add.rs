//! `wiredesk feeds add`: one feed into `feeds.d/added.toml`.

use std::path::PathBuf;

use anyhow::{anyhow, bail};
use serde::Serialize;
use wiredesk_model::id::FeedId;
use wiredesk_model::units::Span;

use super::append::append;
use super::import::{address, feed};
use super::name::Names;
use crate::config::Written;
use crate::config::feeds::{legal_id, same_feed_key};

/// What was added.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Added {
    /// The file it was written to.
    pub file: PathBuf,
    /// Its id.
    pub id: FeedId,
}

/// Adds a feed; without an id it gets one from its host.
///
/// # Errors
/// When the address or the id is unfit or taken, the interval out of bounds, or the file cannot be written.
pub(crate) fn add(written: &Written, url: &str, id: Option<&str>, interval: Option<Span>) -> anyhow::Result<Added> {
    let config = &written.config;
    let url = address(url).map_err(|problem| anyhow!("cannot add this feed: {problem}"))?;
    let key = same_feed_key(&url);
    if let Some(same) = config.feeds.iter().find(|feed| same_feed_key(&feed.url) == key) {
        bail!("this feed is configured already, as {:?}", same.id.as_str());
    }
    let id = match id {
        Some(id) => {
            legal_id(id).map_err(|help| anyhow!("{id:?} cannot be a feed's id: {help}"))?;
            if config.feeds.iter().any(|feed| feed.id.as_str() == id) {
                bail!("another feed has the id {id:?}");
            }
            id.to_owned()
        }
        None => Names::beside(config.feeds.iter().map(|feed| feed.id.as_str())).give("", &url),
    };
    let (min, max) = (config.schedule.min_interval, config.schedule.max_interval);
    if interval.is_some_and(|interval| interval < min || interval > max) {
        bail!("an interval must be from {min} (schedule.min_interval) to {max} (schedule.max_interval)");
    }
    let mut feed = feed(id, url, Vec::new());
    feed.interval = interval;
    let file = written.folder.join("feeds.d").join("added.toml");
    append(&file, "Feeds added with `wiredesk feeds add`.", std::slice::from_ref(&feed))?;
    Ok(Added { file, id: feed.id })
}
