//! Sitemaps (sitemaps.org) that are no feeds, told apart: an index of sitemaps, and a list of pages of any age. Whoever configured one
//! meant the news sitemap beside it.

use url::Url;

use crate::draft::absolute;
use crate::elements::children;
use crate::parsed::Unreadable;

/// An index is looked at this far: its news sitemap stands among the first, or is not found.
const LOOKED_AT: usize = 256 << 10;

/// A sitemap none of whose pages is news.
pub(crate) fn without_news() -> Unreadable {
    Unreadable::NotAFeed { found: "a sitemap without news; a news sitemap (with <news:news>) would be one".into() }
}

/// What an index of sitemaps is called, with the one of them that was probably meant.
pub(crate) fn index(document: &str, base: &Url) -> Unreadable {
    let mut end = document.len().min(LOOKED_AT);
    while !document.is_char_boundary(end) {
        end -= 1;
    }
    let listed = || children(&document[..end], "loc").filter_map(|loc| absolute(&loc, base));
    let meant = listed().find(|loc| loc.to_ascii_lowercase().contains("news")).or_else(|| listed().next());
    let meant = meant.map(|loc| format!(", such as {}", loc.chars().take(200).collect::<String>())).unwrap_or_default();
    Unreadable::NotAFeed {
        found: format!("a sitemap index, which lists sitemaps and no articles: configure one of them{meant}"),
    }
}
