//! The writers: records go out to Kafka, to the embedded log or to standard output, and what is there already is read back.
//!
//! Exactly once is a conversation of two: the writer knows what is in the topic, the pipeline knows what was meant to be.
//! This crate is the writer's half. It opens (fences whoever wrote before, reads the tail it has not seen) and commits
//! batches (all or none, with receipts); claims and the index of what was published stay with the pipeline. All of it is
//! synchronous and meant to be driven from one thread of its own.
//!
//! # Architecture
//! - [`settings`]: the `[publish]` section.
//! - [`writer`]: what all writers have in common: opening, tail, commit.
//! - [`error`]: how opening and committing can fail, and what is to be done then.
//! - [`properties`]: which librdkafka properties the operator may set.
//! - [`kafka`]: transactions on Apache Kafka.
//! - [`log`]: the append-only JSONL log in the data dir, with the same contract.
//! - [`stdout`]: for trying things.
//! - [`follow`]: the reader's side: committed records, from the start or as they come.
//! - [`probe`]: what a cluster says of itself and our topics, for `check --connect`.

pub mod error;
pub mod follow;
pub mod kafka;
pub mod log;
pub mod probe;
pub mod properties;
pub mod settings;
pub mod stdout;
pub mod writer;
