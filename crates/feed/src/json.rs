//! JSON Feed 1.0 and 1.1, leniently: ids that are numbers, one author or several, and documents that were cut off.

use serde::de::IgnoredAny;
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use url::Url;
use wiredesk_model::feed::IdentityPolicy;

use crate::MOST_ITEMS;
use crate::draft::{Draft, Inherited, Link, absolute};
use crate::limits::{self, Allowance, FEEDS_OWN_AUTHORS};
use crate::outline::{Outline, Slices};
use crate::parsed::{FeedKind, Item, Method, Parsed, Unreadable};
use crate::{outline, person, text};

/// Reads a JSON Feed.
pub(crate) fn read(document: &str, base: &Url) -> Result<Parsed, Unreadable> {
    if document.starts_with('[') && serde_json::from_str::<IgnoredAny>(document).is_ok() {
        return Err(Unreadable::NotAFeed { found: "JSON that is no object".into() });
    }
    let (feed, Slices { slices, mut left_out }, cut) = match serde_json::from_str::<Outline<'_>>(document) {
        Ok(Outline { fields, items }) => match items.and_then(|items| serde_json::from_str(items.get()).ok()) {
            Some(slices) => (fields, slices, false),
            None if is_feed(&fields) => (fields, Slices::default(), false),
            None => return Err(Unreadable::NotAFeed { found: "JSON without items".into() }),
        },
        Err(error) => {
            let (fields, slices) = salvaged(document);
            if slices.slices.is_empty() {
                return Err(Unreadable::Broken { reason: format!("not well-formed JSON: {error}") });
            }
            (fields, slices, true)
        }
    };
    let site = limits::address(string(&feed, "home_page_url").and_then(|href| absolute(&href, base)));
    let item_base = site.as_deref().and_then(|site| Url::parse(site).ok()).unwrap_or_else(|| base.clone());
    let mut names = authors(&feed);
    names.retain(|name| limits::feeds_own_name(name));
    let inherited = Inherited { authors: names, language: limits::language(string(&feed, "language")), address: None };
    let (mut items, mut like_a_feed, mut lost): (Vec<Item>, _, _) = (Vec::new(), is_feed(&feed), false);
    let mut allowance = Allowance::of(document).items;
    // One at a time: what it is read from is gone before the next.
    for slice in slices {
        match outline::read(slice) {
            Some(Value::Object(fields)) => {
                like_a_feed |= fields.contains_key("url") || fields.contains_key("content_html");
                match item(&fields).finish(&item_base, &inherited, &mut allowance) {
                    Some(item) => items.push(item),
                    None => left_out += 1,
                }
            }
            Some(_) => {}
            None => lost = true,
        }
    }
    if !like_a_feed {
        return Err(Unreadable::NotAFeed { found: "JSON without a feed's version".into() });
    }
    let hub = feed.get("hubs").and_then(Value::as_array).and_then(|hubs| hubs.first());
    Ok(Parsed {
        kind: FeedKind::Json,
        title: limits::headline(string(&feed, "title").and_then(|title| text::folded(&title))),
        language: inherited.language,
        site,
        ttl: None,
        update_period: None,
        skip_hours: Vec::new(),
        skip_days: Vec::new(),
        hub: limits::address(hub.and_then(|hub| Some(hub.get("url")?.as_str()?.to_owned()))),
        self_url: limits::address(string(&feed, "feed_url")),
        whole: !cut && !lost && left_out == 0,
        method: if cut { Method::Salvaged } else { Method::Direct },
        left_out,
        identity: IdentityPolicy::default(),
        items,
    })
}

fn is_feed(feed: &Map<String, Value>) -> bool {
    feed.get("version").and_then(Value::as_str).is_some_and(|version| version.contains("jsonfeed"))
}

fn string(object: &Map<String, Value>, key: &str) -> Option<String> {
    match object.get(key)? {
        Value::String(text) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn authors(object: &Map<String, Value>) -> Vec<String> {
    let several = object.get("authors").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    several.iter().chain(object.get("author")).filter_map(author).take(FEEDS_OWN_AUTHORS).collect()
}

fn author(value: &Value) -> Option<String> {
    person::name(value.as_str().or_else(|| value.get("name")?.as_str())?)
}

fn item(value: &Map<String, Value>) -> Draft {
    let mut draft = Draft::default();
    draft.guid.offer(0, string(value, "id"));
    // Some ids are the only address given.
    draft.guid_is_link = true;
    draft.guid_may_be_relative = false;
    for (rank, key) in ["url", "external_url"].into_iter().enumerate() {
        draft.link.offer(u8::try_from(rank).unwrap_or(u8::MAX), string(value, key));
    }
    draft.title.offer(0, string(value, "title").and_then(|title| text::headline(&title)));
    draft.content.offer(0, string(value, "content_html"));
    draft.content.offer(1, string(value, "content_text").map(|text| text::html_of_text(&text)));
    draft.summary.offer(0, string(value, "summary").map(|text| text::html_of_text(&text)));
    draft.published(0, string(value, "date_published").as_deref());
    draft.updated(0, string(value, "date_modified").as_deref());
    draft.language.offer(0, string(value, "language"));
    draft.authors = authors(value);
    for tag in value.get("tags").and_then(Value::as_array).into_iter().flatten() {
        draft.category(tag.as_str().and_then(text::folded));
    }
    for attachment in value.get("attachments").and_then(Value::as_array).into_iter().flatten() {
        draft.enclosure(attachment.get("url").and_then(Value::as_str).map(str::to_owned));
    }
    for key in ["image", "banner_image"] {
        draft.enclosure(string(value, key));
    }
    draft.links.extend(string(value, "link").map(|href| Link { href, ..Link::default() }));
    draft
}

/// What is whole in a document that is not: the fields in front of the items, and the items up to the fault.
fn salvaged(document: &str) -> (Map<String, Value>, Slices<'_>) {
    let Some(start) = document.find("\"items\"") else { return Default::default() };
    let Some(open) = document[start..].find('[') else { return Default::default() };
    let mut at = start + open + 1;
    let mut found = Slices::default();
    while found.slices.len() < MOST_ITEMS {
        let rest = document[at..].trim_start_matches([',', ' ', '\n', '\r', '\t']);
        let from = document.len() - rest.len();
        let mut stream = serde_json::Deserializer::from_str(rest).into_iter::<&RawValue>();
        let Some(Ok(slice)) = stream.next() else { break };
        at = from + stream.byte_offset();
        found.slices.push(slice);
    }
    let head = format!("{}}}", document[..start].trim_end().trim_end_matches(','));
    let fields = serde_json::from_str(&head).map(|Outline { fields, .. }| fields).unwrap_or_default();
    (fields, found)
}
