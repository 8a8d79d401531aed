//! Reads a page: HTML in, a ledger of judged blocks and the page's own claims out.
//!
//! A pure function (law 4): the same page, the same hints and the same site's rule give the same ledger, whatever was read before and however
//! busy the machine is. The page is parsed once, through a guard that counts work, and walked once into blocks with a
//! vector of features each; what follows judges blocks, not the document, so that every line that is left out has a verdict and
//! a rule (law 5).
//!
//! # Architecture
//! - `guard`: the parse, with caps on nodes, depth and steps; `sink` is where they are counted.
//! - `reader`: the page, a piece of markup at a time, into html5ever's tree builder: what is plain by `quick` and `references`, raw text by
//!   `raw`, all else by html5ever's tokenizer, with `gate` between it and the builder.
//! - `walk`: the DOM, once, into blocks in document order; `words` reads class and id names, `text` folds white
//!   space, `table` tells data from layout.
//! - `outline`: the elements that hold text, with what each holds: what containers are found by.
//! - `features`: what is known about each block, as numbers.
//! - `container`: which element holds the article.
//! - `verdicts`: what becomes of each block, and why; `structure` has the rules about neighbours.
//! - [`learned`]: what the rules leave open, judged by a model; `vector` is what it reads, `forest` what it is.
//! - `metadata`: what the page claims about itself, each claim with its source.
//! - `page`: what kind of page it is, `walls`: what pages say that are none; `spare`: where the text is when the page shows none.
//! - [`site`]: rules for single sites, where a user has written some.
//! - [`settings`]: the `[extract]` section.

mod container;
mod features;
mod forest;
mod gate;
mod guard;
pub mod learned;
mod metadata;
mod outline;
mod page;
mod quick;
mod raw;
mod read;
mod reader;
mod references;
pub mod settings;
mod several;
mod sink;
pub mod site;
mod spare;
mod structure;
mod table;
mod text;
mod vector;
mod verdicts;
mod walk;
mod walls;
mod words;

pub use forest::{Forest, Unreadable};
pub use read::{TooCostly, fragment, read, read_by, read_with};
