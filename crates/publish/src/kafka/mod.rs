//! Transactions on Apache Kafka: START fences whoever wrote before and reads the tail, RUN commits batches.
//!
//! The protocol rests on one order of things: first the fence, then the end marks, then the tail, then the first record.
//! An idempotent producer that reads the tail without the fence repeats records: a dead writer's delayed request lands
//! after the tail was read.
//!
//! # Architecture
//! - `client`: the librdkafka settings of each client.
//! - `ears`: what librdkafka says while it works: logs, errors, delivery reports.
//! - `reasons`: why a broker cannot be talked to, in the operator's words.
//! - `calls`: blocking calls that can be given up.
//! - `errors`: Kafka's errors sorted into send again, wait, refused.
//! - `topics`: the topics found or created, and which cluster they are on.
//! - `reader`: committed records from one offset to another.
//! - `start`: START. `run`: RUN.

pub(crate) mod calls;
pub(crate) mod client;
pub(crate) mod ears;
pub(crate) mod errors;
pub(crate) mod reader;
pub(crate) mod reasons;
mod run;
mod start;
pub(crate) mod topics;

pub use run::KafkaWriter;
pub(crate) use start::open;
