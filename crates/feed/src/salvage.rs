//! Items cut out of a document that hides them from the reader, each read alone.
//!
//! An unclosed comment or CDATA section swallows what comes behind it. Cut out by its own tags, each item stands before
//! such a fault or holds it, and only the one that holds it can be lost.

use url::Url;

use crate::MOST_ITEMS;
use crate::limits::Allowance;
use crate::parsed::Item;
use crate::reader::{self, Found};

/// How many tags in the bytes look like the start of an item, wherever they stand.
pub(crate) fn expected(document: &str) -> usize {
    starts(document).take(MOST_ITEMS + 1).count()
}

/// The places where an item's tag may start, with the length of the name behind the `<`.
fn starts(document: &str) -> impl Iterator<Item = (usize, usize)> + '_ {
    let bytes = document.as_bytes();
    document.match_indices('<').filter_map(move |(at, _)| {
        let rest = &bytes[at + 1..];
        let length =
            rest.iter().take(24).position(|b| !(b.is_ascii_alphanumeric() || matches!(b, b':' | b'_' | b'-')))?;
        let ends = matches!(rest[length], b' ' | b'>' | b'\n' | b'\r' | b'\t' | b'/');
        let local = rest[..length].rsplit(|b| *b == b':').next()?;
        let is_item = ends && (local.eq_ignore_ascii_case(b"item") || local.eq_ignore_ascii_case(b"entry"));
        is_item.then_some((at, length))
    })
}

/// What was won back.
pub(crate) struct Salvaged {
    pub(crate) items: Vec<Item>,
    /// Items for which the allowance did not last.
    pub(crate) left_out: usize,
    /// Whether each place where an item starts gave one.
    pub(crate) none_lost: bool,
}

/// Reads each item alone, with the bindings and the base of the whole.
pub(crate) fn items(document: &str, whole: &Found<'_>, feed_base: &Url) -> Salvaged {
    let base = whole.base.as_ref().unwrap_or(feed_base);
    let starts: Vec<(usize, usize)> = starts(document).take(MOST_ITEMS).collect();
    let mut items = Vec::with_capacity(starts.len());
    let (mut allowance, mut left_out) = (Allowance::of(document), 0);
    for (i, (start, length)) in starts.iter().enumerate() {
        let limit = starts.get(i + 1).map(|(next, _)| *next);
        let piece = &document[*start..limit.unwrap_or(document.len())];
        let end_tag = format!("</{}", &document[start + 1..start + 1 + length]);
        let piece = match piece.find(&end_tag) {
            Some(end) => &piece[..end],
            // The last one is cut off: its whole is not here.
            None if limit.is_none() => continue,
            None => piece,
        };
        // Sections that this piece does not close are closed, or the end would hide what they hold.
        let mut piece = piece.to_owned();
        if piece.rfind("<![CDATA[") > piece.rfind("]]>") {
            piece.push_str("]]>");
        }
        if piece.rfind("<!--") > piece.rfind("-->") {
            piece.push_str("-->");
        }
        piece.push_str(&end_tag);
        piece.push('>');
        let read = reader::read_piece(&piece, base, whole.bindings.clone(), allowance);
        items.extend(read.items.into_iter().filter(says_something));
        left_out += read.left_out;
        allowance = read.allowance;
    }
    let none_lost = items.len() >= starts.len();
    Salvaged { items, left_out, none_lost }
}

/// Whether an item is worth keeping: an address or a headline.
fn says_something(item: &Item) -> bool {
    item.listing.link.is_some() || item.listing.title.is_some()
}
