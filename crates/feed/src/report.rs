//! What the feed reader saw, as one JSON line per feed: the bulk form of `feed --jsonl`.

use serde_json::{Value, json};
use wiredesk_model::date::Claimed;

use crate::parsed::{Item, Parsed, Unreadable};

/// One line of the bulk form: `{"id", "ok", "error"?, "kind"?, …, "entries": […]}`, entries as listed, repeats included.
pub fn report(id: &str, result: &Result<Parsed, Unreadable>) -> Value {
    match result {
        Ok(feed) => json!({
            "id": id,
            "ok": true,
            "kind": feed.kind,
            "title": feed.title,
            "language": feed.language,
            "site": feed.site,
            "method": feed.method,
            "whole": feed.whole,
            "identity": feed.identity,
            "entries": feed.items.iter().map(entry).collect::<Vec<_>>(),
        }),
        Err(why) => {
            let mut line =
                json!({"id": id, "ok": false, "error": why.to_string(), "reason": why.reason(), "entries": []});
            if let Unreadable::Html { feeds } = why {
                line["feeds"] = json!(feeds);
            }
            line
        }
    }
}

/// One entry of the bulk form.
fn entry(item: &Item) -> Value {
    let listing = &item.listing;
    let date = |date: Option<Claimed>| date.map(|date| date.rfc3339());
    json!({
        "title": listing.title,
        "link": listing.link,
        "id": item.guid_url.as_ref().or(item.guid.as_ref()),
        "identity": listing.identity,
        "published": date(listing.published.or(item.claimed)),
        "updated": date(listing.updated),
        "content": listing.content,
        "summary": listing.summary,
        "authors": listing.authors,
        "categories": listing.categories,
        "enclosures": listing.enclosures,
        "language": listing.language,
    })
}
