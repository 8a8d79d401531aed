//! The shared words of the desk: what passes from one stage to the next, and nothing else.
//!
//! Every other crate speaks these types; this one does no I/O and knows nothing of ours. What crosses the three seams
//! along which the desk can be split over machines ([`entry::Entry`], [`record::Candidate`], [`outcome::Receipt`]) is
//! serialisable.
//!
//! # Architecture
//! - [`id`]: the names of things: content digests, articles, entries, desks.
//! - [`feed`], [`entry`]: what was configured, and what a feed listed. [`habits`]: what was learned of a feed.
//! - [`block`]: a page cut into judged blocks, the ledger that nothing vanishes from.
//! - [`article`], [`record`]: clean copy, and the envelope in which it goes to the topic.
//! - [`topic`]: what goes to a topic and what is found there.
//! - [`message`]: records, dead letters and copies as CloudEvents.
//! - [`outcome`]: how an entry can end. The list is closed.
//! - [`fault`]: the one question asked of every error.
//! - [`reminder`]: what lasts, said once a minute.
//! - [`link`], [`date`], [`units`], [`secret`]: links compared, dates as claimed, sizes and spans, things not to be shown.

pub mod article;
pub mod block;
pub mod date;
pub mod entry;
pub mod fault;
pub mod feed;
pub mod habits;
pub mod id;
pub mod link;
pub mod message;
pub mod outcome;
pub mod record;
pub mod reminder;
pub mod secret;
pub mod topic;
pub mod units;
