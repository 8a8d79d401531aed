//! Bytes in, article out: the pure heart of the desk (law 4). Same bytes, same hints, same rules for sites, same article, byte
//! for byte.

use wiredesk_clean::Cleaned;
use wiredesk_extract::TooCostly;
use wiredesk_extract::site::SiteRules;
use wiredesk_model::block::{Hints, Ledger, PageKind};
use wiredesk_model::outcome::Dropped;

/// Reads a page: decode, extract (by the rule for its site where there is one), clean, hash.
///
/// # Errors
/// When the page costs more work than any article does.
pub fn read(bytes: &[u8], content_type: Option<&str>, hints: &Hints, rules: &SiteRules) -> Result<Cleaned, TooCostly> {
    wiredesk_faults::meet(bytes);
    // What says nothing of itself is taken for a page: the charset may be one that looks binary.
    if !wiredesk_fetch::sniff::kind(bytes, content_type.or(Some("text/html"))).is_text() {
        return Ok(finished(binary(), hints));
    }
    let page = wiredesk_decode::page(bytes, content_type);
    let ledger = if is_noise(&page.text) {
        binary()
    } else if is_plain(content_type, &page.text) {
        wiredesk_clean::text(&page.text, hints)
    } else {
        match rules.choose(hints.address(), hints.fetched) {
            Some(rule) => wiredesk_extract::read_by(rule, &page.text, hints)?,
            None => wiredesk_extract::read(&page.text, hints)?,
        }
    };
    Ok(finished(ledger, hints))
}

/// Reads what the feed itself carries of the article, or `None` where it carries nothing.
///
/// # Errors
/// When the text costs more work than any article does.
pub fn from_feed(hints: &Hints) -> Result<Option<Cleaned>, TooCostly> {
    let Some(html) = hints.content.as_ref().or(hints.summary.as_ref()) else { return Ok(None) };
    let mut cleaned = finished(wiredesk_extract::fragment(html, hints)?, hints);
    cleaned.article.completeness = wiredesk_model::article::Completeness::FeedOnly;
    Ok(Some(cleaned))
}

/// Why the desk would not publish the article, if so.
pub fn objection(cleaned: &Cleaned, min_words: u32) -> Option<Dropped> {
    if cleaned.ledger.page != PageKind::Article {
        Some(Dropped::NotArticle { page: cleaned.ledger.page })
    } else if cleaned.article.word_count < min_words {
        Some(Dropped::TooShort { words: cleaned.article.word_count })
    } else {
        None
    }
}

fn finished(ledger: Ledger, hints: &Hints) -> Cleaned {
    let mut cleaned = wiredesk_clean::body(ledger, hints);
    cleaned.article.content_hash = wiredesk_dedup::content_hash(&cleaned.article.text);
    cleaned
}

/// A page that is no text at all, whatever its headers say.
fn binary() -> Ledger {
    Ledger { page: PageKind::Binary, method: "blocks".into(), ..Ledger::default() }
}

/// Whether what was decoded as text is noise: one character in ten of its beginning is a control or was no character.
fn is_noise(text: &str) -> bool {
    let head = text.chars().take(4096);
    let (mut all, mut odd) = (0usize, 0usize);
    for c in head {
        all += 1;
        odd += usize::from(c == '\u{fffd}' || (c.is_control() && !c.is_whitespace()));
    }
    odd * 10 > all
}

/// Text without markup: said to be, or without a single tag in its first lines.
fn is_plain(content_type: Option<&str>, text: &str) -> bool {
    let head: String = text.chars().take(2048).collect();
    let has_tag = head.char_indices().any(|(at, c)| {
        c == '<'
            && head[at + 1..].starts_with(|next: char| next.is_ascii_alphabetic() || matches!(next, '!' | '/' | '?'))
    });
    let said = content_type.is_some_and(|kind| kind.trim_start().to_ascii_lowercase().starts_with("text/plain"));
    !has_tag || (said && !head.trim_start().to_ascii_lowercase().starts_with("<!doctype html"))
}
