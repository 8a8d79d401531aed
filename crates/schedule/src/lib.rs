//! Which feed may be polled and which entry may be read now: due times, and one budget of politeness per host over both.
//!
//! Everything here is plain data on a steady clock that the caller passes in, so a day of a million feeds can be played
//! in a test in a second. Nothing waits, nothing is stored: due times live in the store, and what is lent out here is a
//! lease in memory. The data dir's lock makes that enough.
//!
//! # Architecture
//! - [`queue`]: feeds and entries by host, and the next of each that may start.
//! - [`interval`]: when a feed is to be polled again, from what its publisher says and what was found. [`trouble`]: and after a
//!   failure. [`rhythm`]: what its news and its silences say. [`lease`]: when the hub of a feed is asked for its pushes.
//! - [`condition`]: where a feed has moved, and what is the matter with it.
//! - [`settings`]: the `[schedule]` section.

pub mod condition;
pub mod interval;
pub mod lease;
pub mod queue;
pub mod rhythm;
pub mod settings;
pub mod trouble;
