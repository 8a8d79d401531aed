//! The text of a feed to what it lists.
//!
//! What the world publishes as feeds is older, broken and more mixed than any standard, and the costliest fault of a reader
//! is not an error but silence: a feed that parses well and lists nothing. So this crate reads leniently by construction,
//! counts what it should have found, tries again where that does not add up, and names its reason where it gives up. It is
//! pure: no clock, no network, the same listing for the same text.
//!
//! # Architecture
//! In the order in which a text passes:
//! - `scan`: text to tags, whatever shape it is in; `names`: prefixes to vocabularies.
//! - `reader`: the flow of a document; `elements`: what each element of an item says; `draft`: the best of all claims.
//! - `text`, `dates`, `person`: characters, moments and names out of the ways feeds write them.
//! - `limits`: how much of what a feed says once may be in each of its items.
//! - `json`: JSON Feed, on a path of its own; `outline`: its document without a tree of the whole.
//! - `repair`: wrapped and escaped documents; `salvage`: items cut out and read alone; `opinion`: feed-rs, asked when
//!   all that found nothing.
//! - `autodiscovery`: the feed that was meant, where a page came instead; `sitemap`: the news sitemap that was.
//! - `identity`: what makes an item the same item the next time.
//! - [`parsed`]: what all this ends in; `report`: the same as a JSON line.

pub mod parsed;

mod autodiscovery;
mod dates;
mod draft;
mod elements;
mod identity;
mod json;
mod limits;
mod names;
mod opinion;
mod outline;
mod person;
mod reader;
mod repair;
mod report;
mod salvage;
mod scan;
mod sitemap;
mod text;

use url::Url;
use wiredesk_model::feed::IdentityPolicy;

pub use crate::parsed::{FeedKind, Item, Method, Parsed, Unreadable};
pub use crate::report::report;

use crate::reader::Found;
use crate::salvage::Salvaged;

/// Items taken from one listing; what stands beyond is counted in [`Parsed::left_out`].
pub const MOST_ITEMS: usize = 20_000;

/// Reads a feed, its identity policy chosen from how it behaves. `base` is the address it came from.
///
/// # Errors
/// When there is no feed in the text, or no item could be read though some are there.
pub fn parse(text: &str, base: &Url) -> Result<Parsed, Unreadable> {
    parse_with(text, base, None)
}

/// Reads a feed under a policy that was stored or configured.
///
/// # Errors
/// As [`parse`].
pub fn parse_with(text: &str, base: &Url, policy: Option<IdentityPolicy>) -> Result<Parsed, Unreadable> {
    let mut parsed = read(text, base)?;
    parsed.identity = identity::assign(&mut parsed.items, policy);
    Ok(parsed)
}

fn read(text: &str, base: &Url) -> Result<Parsed, Unreadable> {
    let text = text.trim_start_matches(['\u{feff}', ' ', '\n', '\r', '\t']);
    if text.trim_end().is_empty() {
        return Err(Unreadable::Empty);
    }
    if text.starts_with('{') || text.starts_with('[') {
        return json::read(text, base);
    }
    let found = reader::read(text, base);
    if let Some(kind) =
        found.kind.filter(|kind| !found.items.is_empty() && is_complete(text, &found) && is_feed(*kind, &found))
    {
        let method = if found.hurt { Method::Repaired } else { Method::Direct };
        return Ok(assembled(kind, found, method));
    }
    second_try(text, found, base)
}

/// Whether the reader found what the document seems to hold: cheap where nothing was hurt.
fn is_complete(text: &str, found: &Found<'_>) -> bool {
    !found.hurt && !found.cut || salvage::expected(text) <= found.items.len() + found.left_out + usize::from(found.cut)
}

/// Whether the first element has this name, whatever its prefix.
fn is_named(root: Option<&str>, name: &str) -> bool {
    root.and_then(|root| root.rsplit(':').next()).is_some_and(|root| root.eq_ignore_ascii_case(name))
}

/// A sitemap is a feed only when it carries news.
fn is_feed(kind: FeedKind, found: &Found<'_>) -> bool {
    kind != FeedKind::Sitemap || found.has_news
}

/// What is done with a document of which the reader found nothing, or less than it seems to hold.
fn second_try(text: &str, found: Found<'_>, base: &Url) -> Result<Parsed, Unreadable> {
    let expected = salvage::expected(text);
    let repaired = if found.items.is_empty() { repair::unwrapped(text) } else { None };
    if let Some(repaired) = &repaired {
        let again = reader::read(repaired, base);
        if let Some(kind) = again.kind.filter(|kind| !again.items.is_empty() && is_feed(*kind, &again)) {
            return Ok(assembled(kind, again, Method::Repaired));
        }
    }
    if expected > found.items.len() {
        let Salvaged { items, left_out, none_lost } = salvage::items(text, &found, base);
        if items.len() > found.items.len() {
            let kind = found.kind.unwrap_or(if text.contains("<entry") { FeedKind::Atom } else { FeedKind::Rss });
            let whole = none_lost && !found.cut;
            let left_out = left_out.max(found.left_out);
            return Ok(Parsed { whole, ..assembled(kind, Found { items, left_out, ..found }, Method::Salvaged) });
        }
    }
    match found.kind {
        Some(kind) if !is_feed(kind, &found) => Err(sitemap::without_news()),
        Some(kind) if !found.items.is_empty() => {
            // Items that nothing could win back.
            let whole = !found.cut && found.items.len() + found.left_out >= expected;
            let parsed = assembled(kind, found, Method::Repaired);
            Ok(Parsed { whole: whole && parsed.whole, ..parsed })
        }
        Some(_) if expected > 0 => match opinion::ask(text, base) {
            Ok((kind, items)) if !items.is_empty() => {
                Ok(Parsed { whole: false, ..assembled(kind, Found { items, ..found }, Method::Salvaged) })
            }
            Ok(_) => Err(Unreadable::Broken { reason: format!("none of its {expected} items could be read") }),
            Err(error) => {
                Err(Unreadable::Broken { reason: format!("none of its {expected} items could be read: {error}") })
            }
        },
        Some(_) if found.cut && found.title.is_none() => {
            Err(Unreadable::Broken { reason: "it ends before its first item".into() })
        }
        Some(kind) => Ok(assembled(kind, found, Method::Direct)),
        None if found.root.is_none() && found.cut && text.starts_with('<') => {
            Err(Unreadable::Broken { reason: "it ends before its first item".into() })
        }
        None if is_named(found.root, "sitemapindex") => Err(sitemap::index(text, base)),
        None if autodiscovery::is_html(text, found.root) => {
            Err(Unreadable::Html { feeds: autodiscovery::feeds(text, base) })
        }
        None => match opinion::ask(text, base) {
            Ok((kind, items)) if !items.is_empty() => {
                Ok(Parsed { whole: false, ..assembled(kind, Found { items, ..found }, Method::Salvaged) })
            }
            _ => Err(Unreadable::NotAFeed {
                found: found.root.map_or_else(
                    || "text without markup".into(),
                    |root| format!("a <{}> document", root.chars().take(40).collect::<String>()),
                ),
            }),
        },
    }
}

fn assembled(kind: FeedKind, found: Found<'_>, method: Method) -> Parsed {
    Parsed {
        kind,
        title: found.title,
        language: found.language,
        site: found.site,
        ttl: found.ttl,
        update_period: found.update_period,
        skip_hours: found.skip_hours,
        skip_days: found.skip_days,
        hub: found.hub,
        self_url: found.self_url,
        whole: !found.cut && found.left_out == 0,
        method,
        left_out: found.left_out,
        identity: IdentityPolicy::default(),
        items: found.items,
    }
}
