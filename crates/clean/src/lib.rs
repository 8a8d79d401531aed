//! From judged blocks, or from a page's bare text, to the article and nothing else.
//!
//! Structure tells an extractor where the body is; words tell what in it is not the story: the prompt of a comment form,
//! a sign-up box, a line that another paper's copy does not have. Those words are data (`rules/*.toml`), each rule with a
//! name that stands in the ledger beside what it took out. What is a claim or a right is lifted into the notices, not
//! thrown away. Everything here is a pure function (law 4).
//!
//! # Architecture
//! - [`text()`]: a flattened page, lines into blocks.
//! - [`body()`]: the verdicts, then the article.
//! - `rules`, `written`, `patterns`, `matching`: the data, how it is written, and how a block is held against all of it at once.
//! - `form`, `tidy`, `words`: a block's text as rules read it, as the record holds it, and counted.
//! - `zones`: where in the page a block stands; most rules only hold at its edges.
//! - `repeats`, `headline`, `composed`, `captions`, `tails`, `cuts`, `judge`: the passes over the ledger, in the order of `judge`.
//! - `work`: how much those of them may do that hold blocks against blocks.
//! - `assemble`, `address`, `language`, `people`: the article made of what is left and what was claimed.

mod address;
mod assemble;
mod bytes;
mod captions;
mod composed;
mod cuts;
mod form;
mod headline;
mod judge;
mod language;
mod lines;
mod matching;
mod patterns;
mod people;
mod phrases;
mod repeats;
mod rules;
mod tails;
mod tidy;
mod words;
mod work;
mod written;
mod zones;

use wiredesk_model::article::Article;
use wiredesk_model::block::{Hints, Ledger};

pub use rules::{Described, described};
pub use words::count as word_count;

/// A page, cleaned.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Cleaned {
    /// The article. Its `content_hash` is left at the default: whoever hashes fills it.
    pub article: Article,
    /// Every block with its last verdict, for those who ask why.
    pub ledger: Ledger,
}

/// Cuts plain text (a page that some earlier ingest flattened) into blocks: paragraphs, list items, headings; a sentence
/// that was broken over two lines is one again. The first line that is no chrome is the headline where it looks like one.
///
/// All other blocks are left in the body, for [`body`] to judge.
pub fn text(text: &str, hints: &Hints) -> Ledger {
    lines::ledger(text, hints)
}

/// Judges every block that structure left in the body, lifts notices from near it, and makes the article of the rest.
pub fn body(mut ledger: Ledger, hints: &Hints) -> Cleaned {
    judge::judge(&mut ledger, hints);
    let article = assemble::article(&ledger, hints);
    Cleaned { article, ledger }
}
