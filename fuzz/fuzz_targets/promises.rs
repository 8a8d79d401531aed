//! What holds for the article of any bytes at all.

use wiredesk_clean::Cleaned;
use wiredesk_model::block::{Hints, join};

/// Hints as an entry has them.
pub fn hints() -> Hints {
    let url = "https://paper.example/2031/ferry".to_owned();
    Hints { requested_url: url.clone(), final_url: url, title: Some("Ferry to run again".into()), ..Hints::default() }
}

/// Joined blocks are the text, no block is empty, nothing that cannot be shown is in it, and it can be hashed.
pub fn hold(cleaned: &Cleaned) {
    let article = &cleaned.article;
    assert_eq!(join(&article.blocks), article.text);
    assert!(article.blocks.iter().all(|block| !block.text.trim().is_empty()));
    assert!(!article.text.chars().any(|c| c == '\0'));
    assert_eq!(article.extraction.blocks_kept as usize, article.blocks.len());
    wiredesk_dedup::content_hash(&article.text);
}
