//! `wiredesk feeds export`: the configured feeds as OPML 2.0, for any other reader.

use std::collections::HashMap;

use anyhow::Context;
use opml::{Head, OPML, Outline};

use crate::config::settings::FeedSettings;

/// The feeds as an OPML file. `titles` holds the feeds' own titles by id, where they are known; an id stands in for the others.
/// Headers, and names and passwords in addresses, stay at home.
///
/// # Errors
/// When the file cannot be put together, which no known input brings about.
pub(crate) fn export(feeds: &[FeedSettings], titles: &HashMap<String, String>) -> anyhow::Result<String> {
    let mut file =
        OPML { head: Some(Head { title: Some("Feeds of this desk".into()), ..Head::default() }), ..OPML::default() };
    file.body.outlines = feeds.iter().map(|feed| outline(feed, titles)).collect();
    let text = file.to_string().context("cannot write the feeds as OPML")?;
    Ok(format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{text}\n"))
}

fn outline(feed: &FeedSettings, titles: &HashMap<String, String>) -> Outline {
    let title = titles.get(feed.id.as_str()).map(|title| allowed(title)).filter(|title| !title.trim().is_empty());
    let title = title.unwrap_or_else(|| feed.id.to_string());
    let mut url = feed.url.clone();
    // Neither fails on http(s).
    let _ = url.set_username("");
    let _ = url.set_password(None);
    Outline {
        text: title.clone(),
        title: Some(title),
        r#type: Some("rss".into()),
        xml_url: Some(url.into()),
        category: (!feed.tags.is_empty()).then(|| allowed(&feed.tags.join(","))),
        ..Outline::default()
    }
}

/// XML 1.0 has no control characters, not even escaped.
fn allowed(text: &str) -> String {
    wiredesk_model::link::printable(text).replace(['\u{fffe}', '\u{ffff}'], "")
}
