//! What the tests from outside share: a desk as a process, its configuration, real Kafka, and an independent reader of the topic.
//!
//! Nothing here knows the daemon's insides: it is started, asked over HTTP, stopped and killed as an operator would, and what it
//! published is read back with a plain consumer.

pub mod admin;
pub mod bench;
pub mod desk;
pub mod fault;
pub mod hostile;
pub mod kafka;
pub mod proxy;
pub mod restless;
pub mod secured;
pub mod verdict;
pub mod watch;

pub use desk::{Desk, Running};
pub use fault::Fault;
pub use kafka::{Kafka, Record};
pub use secured::Secured;
