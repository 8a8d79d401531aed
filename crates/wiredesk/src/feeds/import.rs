//! `wiredesk feeds import`: the feeds of an OPML file into `feeds.d/imported-NAME.toml`.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use anyhow::Context;
use serde::Serialize;
use url::Url;
use wiredesk_model::feed::{FullText, OffSite};
use wiredesk_model::id::FeedId;
use wiredesk_model::link::printable;

use super::append::append;
use super::name::{Names, slug};
use super::outlines::{self, Outline};
use crate::config::Written;
use crate::config::feeds::same_feed_key;
use crate::config::settings::FeedSettings;
use crate::source;

/// A feed of the file that was not taken over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Skipped {
    /// What the file calls it, safe to print.
    pub title: String,
    /// Its address, safe to print.
    pub url: String,
    /// Why it was not taken.
    pub reason: String,
}

/// What an import did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Imported {
    /// The file that was written; untouched where there was nothing to add.
    pub file: PathBuf,
    /// The ids of the new feeds, in the order of the OPML file.
    pub added: Vec<String>,
    /// What was not taken over.
    pub skipped: Vec<Skipped>,
}

/// Reads an OPML file and writes what is new in it beside the configuration.
///
/// # Errors
/// When the file cannot be read, is no OPML, or is over its caps; when the new file cannot be written.
pub(crate) fn import(written: &Written, opml: &Path) -> anyhow::Result<Imported> {
    let bytes = source::plain(opml, outlines::LARGEST)?;
    // Addresses are ASCII; a title in another encoding loses its accents, not its feed.
    let found = outlines::read(&String::from_utf8_lossy(&bytes))
        .with_context(|| format!("cannot import {}", opml.display()))?;

    let stem = opml.file_stem().map(|stem| slug(&stem.to_string_lossy())).filter(|stem| !stem.is_empty());
    let name = format!("imported-{}.toml", stem.as_deref().unwrap_or("feeds"));
    let file = written.folder.join("feeds.d").join(name);
    let (feeds, skipped) = select(&written.config.feeds, found);
    if !feeds.is_empty() {
        append(&file, &format!("Feeds imported from {:?}.", opml.file_name().unwrap_or_default()), &feeds)?;
    }
    let added = feeds.into_iter().map(|feed| feed.id.to_string()).collect();
    Ok(Imported { file, added, skipped })
}

/// The outlines that are new feeds, and the others with the reason.
fn select(configured: &[FeedSettings], found: Vec<Outline>) -> (Vec<FeedSettings>, Vec<Skipped>) {
    let mut names = Names::beside(configured.iter().map(|feed| feed.id.as_str()));
    let mut known: HashMap<String, String> = configured
        .iter()
        .map(|feed| (same_feed_key(&feed.url), format!("configured already as {:?}", feed.id.as_str())))
        .collect();
    let (mut feeds, mut skipped) = (Vec::new(), Vec::new());
    for Outline { title, url, tags } in found {
        match address(&url).and_then(|url| match known.get(&same_feed_key(&url)) {
            Some(why) => Err(why.clone()),
            None => Ok(url),
        }) {
            Ok(url) => {
                let id = names.give(&title, &url);
                known.insert(same_feed_key(&url), format!("in the file already, as {id:?}"));
                feeds.push(feed(id, url, tags));
            }
            Err(reason) => skipped.push(Skipped { title: printable(&title), url: printable(&url), reason }),
        }
    }
    (feeds, skipped)
}

/// An address that can be a feed's.
pub(super) fn address(text: &str) -> Result<Url, String> {
    let url = Url::parse(text.trim()).map_err(|error| format!("not an address: {error}"))?;
    match url.scheme() {
        "http" | "https" => Ok(url),
        other => Err(format!("only http and https are read, not {other}")),
    }
}

/// A feed that says no more than it must.
pub(super) fn feed(id: String, url: Url, tags: Vec<String>) -> FeedSettings {
    FeedSettings {
        id: FeedId::new(id),
        url,
        interval: None,
        full_text: FullText::default(),
        off_site: OffSite::default(),
        tags,
        headers: BTreeMap::new(),
        basic_auth: None,
        cookies: BTreeMap::new(),
        backfill: None,
        identity: None,
    }
}
