//! What librdkafka says while it works. Its log is ours at debug; its errors are kept, so that a timeout can say what was
//! tried, and said at most once a minute each; its delivery reports become receipts.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::ConsumerContext;
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};
use rdkafka::message::{DeliveryResult, Message as _};
use rdkafka::producer::ProducerContext;
use rdkafka::statistics::Statistics;
use wiredesk_model::outcome::Receipt;

use crate::kafka::errors::code;
use crate::kafka::reasons::told;

/// How many different reasons are kept.
const KEPT: usize = 4;
const SAID_AGAIN_AFTER: Duration = Duration::from_secs(60);

/// Listens to one client.
#[derive(Debug, Default)]
pub(crate) struct Ears {
    heard: Mutex<Heard>,
    reports: Mutex<Reports>,
}

#[derive(Debug, Default)]
struct Heard {
    reasons: VecDeque<String>,
    denied: Option<String>,
    said: BTreeMap<i32, Instant>,
}

/// Delivery reports of the batch under way.
#[derive(Debug, Default)]
pub(crate) struct Reports {
    batch: u32,
    receipts: Vec<Option<Receipt>>,
    /// Why records failed, in the order in which it was reported.
    pub(crate) failed: Vec<Code>,
}

impl Reports {
    /// The receipts, if every record has one.
    pub(crate) fn complete(&self) -> Option<Vec<Receipt>> {
        self.receipts.iter().copied().collect()
    }

    /// The receipts of those that have one.
    pub(crate) fn take(&mut self) -> Vec<Option<Receipt>> {
        std::mem::take(&mut self.receipts)
    }
}

fn held<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Text from outside, without control characters.
pub(crate) fn clean(text: &str) -> String {
    text.trim().chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

impl Ears {
    /// Makes ready for the reports of a batch of `len` records; returns the batch's number.
    pub(crate) fn expect(&self, len: usize) -> u32 {
        let mut reports = held(&self.reports);
        let batch = reports.batch.wrapping_add(1);
        *reports = Reports { batch, receipts: vec![None; len], failed: Vec::new() };
        batch
    }

    /// The reports so far.
    pub(crate) fn reports(&self) -> MutexGuard<'_, Reports> {
        held(&self.reports)
    }

    /// The last different reasons the client gave, or `otherwise`.
    pub(crate) fn reasons(&self, otherwise: &str) -> String {
        let heard = held(&self.heard);
        if heard.reasons.is_empty() {
            return otherwise.to_owned();
        }
        heard.reasons.iter().cloned().collect::<Vec<_>>().join("; ")
    }

    fn keep(&self, reason: String) {
        let mut heard = held(&self.heard);
        if !heard.reasons.contains(&reason) {
            if heard.reasons.len() == KEPT {
                heard.reasons.pop_front();
            }
            heard.reasons.push_back(reason);
        }
    }

    /// Whether the cluster refused us: more patience is of no use.
    pub(crate) fn denied(&self) -> Option<String> {
        held(&self.heard).denied.clone()
    }
}

impl ClientContext for Ears {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        let message = clean(message);
        tracing::debug!(target: "librdkafka", ?level, facility, "{message}");
        // A broker that hangs up is an error to librdkafka only where it has answered before; why it may have is said here.
        if facility == "FAIL" && (level as i32) <= RDKafkaLogLevel::Info as i32 {
            let reason = message.split_once("]: ").map_or(message.as_str(), |(_thread, reason)| reason);
            self.keep(told(reason));
        }
    }

    fn stats(&self, _: Statistics) {}

    fn error(&self, error: KafkaError, reason: &str) {
        let code = code(&error);
        // An end of partition and the group we never join are no news.
        if matches!(code, Code::PartitionEOF | Code::GroupAuthorizationFailed) {
            return;
        }
        let reason = clean(reason);
        if code != Code::AllBrokersDown {
            self.keep(told(&reason));
        }
        let mut heard = held(&self.heard);
        if matches!(code, Code::Authentication | Code::SaslAuthenticationFailed) {
            heard.denied = Some(told(&reason));
        }
        let now = Instant::now();
        let said = heard.said.get(&(code as i32)).is_some_and(|at| now.duration_since(*at) < SAID_AGAIN_AFTER);
        if !said {
            heard.said.insert(code as i32, now);
            // What matters of it is in the error that comes of it, and that is said once a minute.
            tracing::debug!(stage = "publish", %reason, "Kafka client");
        }
    }
}

impl ConsumerContext for Ears {}

/// Which record of which batch a report is about.
pub(crate) fn ticket(batch: u32, index: usize) -> usize {
    ((batch as usize) << 32) | index
}

impl ProducerContext for Ears {
    type DeliveryOpaque = usize;

    fn delivery(&self, result: &DeliveryResult<'_>, ticket: usize) {
        let mut reports = held(&self.reports);
        if ticket >> 32 != reports.batch as usize {
            return;
        }
        match result {
            // A broker that has seen the record before may not say where it is: then there is no receipt.
            Ok(message) if message.offset() >= 0 => {
                let receipt = Receipt { partition: message.partition(), offset: message.offset() };
                if let Some(slot) = reports.receipts.get_mut(ticket & 0xffff_ffff) {
                    *slot = Some(receipt);
                }
            }
            Ok(_) => {}
            Err((error, _)) => {
                let code = code(error);
                if !reports.failed.contains(&code) {
                    reports.failed.push(code);
                }
            }
        }
    }
}
