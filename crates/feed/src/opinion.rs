//! A second opinion: another reader, asked where our own finds nothing in a document that seems to hold items.
//!
//! feed-rs is strict where ours is lenient, and knows dialects that ours may not. It gets the document repaired for strict
//! readers. It has panicked on real input before: a panic ends this one reading and nothing else.

use std::panic::{AssertUnwindSafe, catch_unwind};

use feed_rs::model::{Entry, Feed, FeedType};
use jiff::Timestamp;
use url::Url;
use wiredesk_model::date::Claimed;

use crate::MOST_ITEMS;
use crate::draft::{Draft, Inherited, Link};
use crate::limits::{Allowance, Pot};
use crate::parsed::{FeedKind, Item};
use crate::{repair, text};

/// A base that feed-rs may join to each address it reads is no longer, in bytes: it counts nothing of what it makes.
const LONGEST_BASE: usize = 256;

/// What feed-rs makes of a document: its kind and items; the reason where it makes nothing of it.
pub(crate) fn ask(document: &str, base: &Url) -> Result<(FeedKind, Vec<Item>), String> {
    if has_long_base(document) {
        return Err("an `xml:base` of it is too long".into());
    }
    let repaired = repair::for_strict_readers(document);
    let read = catch_unwind(AssertUnwindSafe(|| {
        feed_rs::parser::Builder::new()
            .base_uri(Some(base.as_str()).filter(|base| base.len() <= LONGEST_BASE))
            // An id that was drawn or hashed is none.
            .id_generator(|_, _, _| String::new())
            .build()
            .parse(repaired.as_bytes())
    }));
    match read {
        Ok(Ok(feed)) => {
            let (kind, mut allowance) = (kind(&feed), Allowance::of(document).items);
            let entries = feed.entries.into_iter().take(MOST_ITEMS);
            Ok((kind, entries.map_while(|entry| item(entry, base, &mut allowance)).collect()))
        }
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err("the reader panicked".into()),
    }
}

/// Whether some tag goes on for long behind an `xml:base`.
fn has_long_base(document: &str) -> bool {
    let bytes = document.as_bytes();
    document.match_indices("xml:base").any(|(at, _)| !bytes[at..].iter().take(LONGEST_BASE).any(|byte| *byte == b'>'))
}

fn kind(feed: &Feed) -> FeedKind {
    match feed.feed_type {
        FeedType::Atom => FeedKind::Atom,
        FeedType::JSON => FeedKind::Json,
        FeedType::RSS1 => FeedKind::Rdf,
        FeedType::RSS0 | FeedType::RSS2 => FeedKind::Rss,
    }
}

fn item(entry: Entry, base: &Url, allowance: &mut Pot) -> Option<Item> {
    let mut draft = Draft::default();
    let claimed = |date: Option<i64>| date.and_then(|second| Timestamp::from_second(second).ok()).map(Claimed::utc);
    draft.guid.offer(0, Some(entry.id).filter(|id| !id.is_empty()));
    draft.title.offer(0, entry.title.and_then(|title| text::headline(&title.content)));
    draft.content.offer(0, entry.content.and_then(|content| content.body));
    draft.summary.offer(0, entry.summary.map(|summary| summary.content));
    draft.published.offer(0, claimed(entry.published.map(|date| date.timestamp())));
    draft.updated.offer(0, claimed(entry.updated.map(|date| date.timestamp())));
    draft.language.offer(0, entry.language);
    draft.links =
        entry.links.into_iter().map(|l| Link { href: l.href, rel: l.rel, kind: l.media_type, base: None }).collect();
    entry.authors.into_iter().for_each(|author| draft.author(author.name));
    entry.categories.into_iter().for_each(|category| draft.category(category.label.or(Some(category.term))));
    let media = entry.media.into_iter().flat_map(|media| media.content).filter_map(|content| content.url);
    media.for_each(|url| draft.enclosure(Some(url.into())));
    draft.finish(base, &Inherited::default(), allowance)
}
