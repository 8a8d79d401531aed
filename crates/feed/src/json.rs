//! JSON Feed 1.0 and 1.1, leniently: ids that are numbers, one author or several, and documents that were cut off.

use serde_json::{Map, Value};
use url::Url;
use wiredesk_model::feed::IdentityPolicy;

use crate::MOST_ITEMS;
use crate::draft::{Draft, Inherited, Link, absolute};
use crate::parsed::{FeedKind, Item, Method, Parsed, Unreadable};
use crate::{person, text};

/// Reads a JSON Feed.
pub(crate) fn read(document: &str, base: &Url) -> Result<Parsed, Unreadable> {
    let (feed, values, cut) = match serde_json::from_str::<Value>(document) {
        Ok(Value::Object(mut feed)) => {
            let values = match feed.remove("items") {
                Some(Value::Array(values)) => values,
                _ if is_feed(&feed) => Vec::new(),
                _ => return Err(Unreadable::NotAFeed { found: "JSON without items".into() }),
            };
            (feed, values, false)
        }
        Ok(_) => return Err(Unreadable::NotAFeed { found: "JSON that is no object".into() }),
        Err(error) => {
            let (feed, values) = salvaged(document);
            if values.is_empty() {
                return Err(Unreadable::Broken { reason: format!("not well-formed JSON: {error}") });
            }
            (feed, values, true)
        }
    };
    if !is_feed(&feed) && !values.iter().any(|item| item.get("url").is_some() || item.get("content_html").is_some()) {
        return Err(Unreadable::NotAFeed { found: "JSON without a feed's version".into() });
    }
    let site = string(&feed, "home_page_url").and_then(|href| absolute(&href, base));
    let item_base = site.as_deref().and_then(|site| Url::parse(site).ok()).unwrap_or_else(|| base.clone());
    let inherited = Inherited { authors: authors(&feed), language: string(&feed, "language"), address: None };
    let left_out = values.len().saturating_sub(MOST_ITEMS);
    let items: Vec<Item> = values
        .into_iter()
        .take(MOST_ITEMS)
        .filter_map(|value| if let Value::Object(item) = value { Some(item) } else { None })
        .map(|value| item(&value).finish(&item_base, &inherited))
        .collect();
    let hub = feed.get("hubs").and_then(Value::as_array).and_then(|hubs| hubs.first());
    Ok(Parsed {
        kind: FeedKind::Json,
        title: string(&feed, "title").and_then(|title| text::folded(&title)),
        language: inherited.language,
        site,
        ttl: None,
        update_period: None,
        skip_hours: Vec::new(),
        skip_days: Vec::new(),
        hub: hub.and_then(|hub| Some(hub.get("url")?.as_str()?.to_owned())),
        self_url: string(&feed, "feed_url"),
        whole: !cut && left_out == 0,
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
    several.iter().chain(object.get("author")).filter_map(author).take(20).collect()
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
fn salvaged(document: &str) -> (Map<String, Value>, Vec<Value>) {
    let Some(start) = document.find("\"items\"") else { return Default::default() };
    let Some(open) = document[start..].find('[') else { return Default::default() };
    let mut at = start + open + 1;
    let mut values = Vec::new();
    while values.len() <= MOST_ITEMS {
        let rest = document[at..].trim_start_matches([',', ' ', '\n', '\r', '\t']);
        let from = document.len() - rest.len();
        let mut stream = serde_json::Deserializer::from_str(rest).into_iter::<Value>();
        let Some(Ok(value)) = stream.next() else { break };
        at = from + stream.byte_offset();
        values.push(value);
    }
    let head = format!("{}}}", document[..start].trim_end().trim_end_matches(','));
    let feed = serde_json::from_str(&head).unwrap_or_default();
    (feed, values)
}
