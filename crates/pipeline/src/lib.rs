//! The flow: run, poll (or push), ingest, offer. Read top to bottom it is what the desk does; every stage it calls is a function, and an
//! acknowledgement is that function's return value (law 8).
//!
//! # Architecture
//! - [`run`]: which feed, which entry may start now; a task for each; stop.
//! - [`poll`](crate): one feed: fetch, decode, parse, journal.
//! - [`push`]: the same feed, brought by its hub before it is polled.
//! - [`ingest`](crate): one entry: fetch, read, offer, settle.
//! - [`whole`]: whether a feed carries the whole of its articles.
//! - [`article`]: bytes in, article out: the pure part of ingest.
//! - [`publication`]: one body, one record; claims, batches, and the writer's thread with START and RUN.
//! - [`cpu`], [`lane`](crate): where processor work runs; permits, and the slow lane.
//! - [`desk`]: the parts a run works with. [`clock`]: what time it is. [`misfits`]: rules for sites that have changed, told once.
//! - [`meter`], [`summary`]: what is counted.

pub mod article;
pub mod clock;
pub mod cpu;
pub mod desk;
mod ingest;
mod lane;
pub mod meter;
pub mod misfits;
mod poll;
pub mod publication;
pub mod push;
pub mod run;
pub mod settings;
pub mod summary;
pub mod whole;
