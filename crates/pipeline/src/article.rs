//! Bytes in, article out: the pure heart of the desk (law 4). Same bytes, same hints, same article, byte for byte.

use wiredesk_clean::Cleaned;
use wiredesk_extract::TooCostly;
use wiredesk_model::block::{Hints, Ledger, PageKind};
use wiredesk_model::outcome::Dropped;

/// Reads a page: decode, extract, clean, hash.
///
/// # Errors
/// When the page costs more work than any article does.
pub fn read(bytes: &[u8], content_type: Option<&str>, hints: &Hints) -> Result<Cleaned, TooCostly> {
    let page = wiredesk_decode::page(bytes, content_type);
    let ledger = if is_plain(content_type, &page.text) {
        wiredesk_clean::text(&page.text, hints)
    } else {
        wiredesk_extract::read(&page.text, hints)?
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
