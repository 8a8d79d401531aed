//! Reads a page: HTML in, a ledger of judged blocks and the page's own claims out.
//!
//! A pure function (law 4): the same page and the same hints give the same ledger, whatever was read before and however
//! busy the machine is. The page is parsed once, through a guard that counts work, and walked once into blocks with a
//! vector of features each; what follows judges blocks, not the document, so that every line that is left out has a verdict and
//! a rule (law 5).
//!
//! # Architecture
//! - `guard`: the parse, with caps on nodes, depth and steps; `sink` is where they are counted.
//! - `walk`: the DOM, once, into blocks in document order; `words` reads class and id names, `text` folds white
//!   space, `table` tells data from layout.
//! - `outline`: the elements that hold text, with what each holds: what containers are found by.
//! - `features`: what is known about each block, as numbers.
//! - `container`: which element holds the article.
//! - `verdicts`: what becomes of each block, and why; `structure` has the rules about neighbours.
//! - `metadata`: what the page claims about itself, each claim with its source.
//! - `page`: what kind of page it is, `walls`: what pages say that are none; `spare`: where the text is when the page shows none.
//! - [`settings`]: the `[extract]` section.

mod container;
mod features;
mod guard;
mod metadata;
mod outline;
mod page;
mod read;
pub mod settings;
mod sink;
mod spare;
mod structure;
mod table;
mod text;
mod verdicts;
mod walk;
mod walls;
mod words;

pub use read::{TooCostly, fragment, read};
