//! What the tests from outside share: a desk as a process, its configuration, real Kafka, and an independent reader of the topic.
//!
//! Nothing here knows the daemon's insides: it is started, asked over HTTP, stopped and killed as an operator would, and what it
//! published is read back with a plain consumer.

pub mod bench;
pub mod desk;
pub mod kafka;

pub use desk::{Desk, Running};
pub use kafka::{Kafka, Record};
