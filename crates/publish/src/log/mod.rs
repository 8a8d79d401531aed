//! The embedded log: an append-only, rotated JSONL log in the data dir, with Kafka's contract and no broker.
//!
//! A folder per channel, segments named by their first offset, one record a line. START cuts the torn line a crash left,
//! makes what remains durable, and only then reads the tail; RUN writes, makes durable, gives receipts.
//!
//! # Architecture
//! - [`disk`]: every file operation, behind one door.
//! - [`mod@line`]: one record as a line.
//! - `segments`: one channel's folder: where it begins and ends, its last segment, reading.
//! - `follower`: the lines as they come, and what to do when some of them go again.
//! - `writer`: START and RUN over the three channels.

pub mod disk;
pub(crate) mod follower;
pub mod line;
pub(crate) mod segments;
mod writer;

pub use writer::LogWriter;
