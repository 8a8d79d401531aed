//! The list of feeds as people carry it about: OPML in and out, and feeds added from the command line.
//!
//! What these commands write goes to files of their own under `feeds.d`, so the file that a person wrote keeps its comments and
//! its order. An OPML file comes from outside and is trusted with nothing: not its size, its depth or its addresses.
//!
//! # Architecture
//! - [`outlines`]: OPML read without recursion.
//! - [`import`], [`add`]: new feeds into `feeds.d`.
//! - [`export`]: the configured feeds as OPML 2.0.
//! - [`name`]: ids made from titles.
//! - [`append`]: `[[feeds]]` put behind what a file holds.

pub(crate) mod add;
pub(crate) mod append;
pub(crate) mod export;
pub(crate) mod import;
pub(crate) mod name;
pub(crate) mod outlines;
#[cfg(test)]
mod tests;
