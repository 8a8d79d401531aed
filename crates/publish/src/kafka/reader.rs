//! Committed records, from one offset to another.
//!
//! Offsets have gaps: the marks that end transactions, and what was aborted, take offsets and are never delivered. So a
//! partition has been read when the client says it stands at the partition's end, or delivers something beyond.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rdkafka::consumer::Consumer as _;
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};
use rdkafka::message::{BorrowedMessage, Headers as _, Message as _};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use wiredesk_model::id::Digest;
use wiredesk_model::outcome::Receipt;
use wiredesk_model::topic::{Found, Joint};

use crate::error::OpenError;
use crate::kafka::calls::LOOK;
use crate::kafka::client::Consumer;
use crate::kafka::errors::{code, opening};

/// A read that moves nothing for this long is given up.
const STALLED: Duration = Duration::from_secs(30);

/// What came next.
pub(crate) enum Next<'a> {
    /// A committed record.
    Record(BorrowedMessage<'a>),
    /// The client stands at the end of this partition, for now.
    End(i32),
    /// Nothing yet.
    Nothing,
}

/// Reads assigned partitions of one topic.
pub(crate) struct Reader<'a> {
    pub(crate) client: Arc<Consumer>,
    pub(crate) topic: &'a str,
    pub(crate) brokers: &'a str,
    pub(crate) stop: &'a dyn Fn() -> bool,
}

impl Reader<'_> {
    /// Begins reading at these offsets.
    pub(crate) fn assign(&self, from: impl IntoIterator<Item = (i32, i64)>) -> Result<(), OpenError> {
        let mut list = TopicPartitionList::new();
        let failed = |e: KafkaError| opening("reading the topic", self.brokers, &e);
        for (partition, offset) in from {
            list.add_partition_offset(self.topic, partition, Offset::Offset(offset)).map_err(failed)?;
        }
        self.client.assign(&list).map_err(failed)
    }

    /// The next record; waits a moment for it.
    pub(crate) fn next(&self) -> Result<Next<'_>, OpenError> {
        if (self.stop)() {
            return Err(OpenError::Stopped);
        }
        let error = match self.client.poll(LOOK) {
            None => return Ok(Next::Nothing),
            Some(Ok(message)) => return Ok(Next::Record(message)),
            Some(Err(KafkaError::PartitionEOF(partition))) => return Ok(Next::End(partition)),
            Some(Err(error)) => error,
        };
        match code(&error) {
            // The group is never joined; what it may not do does not matter.
            Code::GroupAuthorizationFailed => Ok(Next::Nothing),
            Code::TopicAuthorizationFailed
            | Code::SaslAuthenticationFailed
            | Code::Authentication
            | Code::UnknownTopicOrPartition
            | Code::UnknownTopic
            | Code::UnknownPartition
            | Code::AutoOffsetReset
            | Code::OffsetOutOfRange => Err(opening("reading the topic", self.brokers, &error)),
            // Lost connections and moved leaders heal by themselves; the caller's patience bounds the rest.
            _ => Ok(Next::Nothing),
        }
    }

    /// Reads every partition from its first to (without) its second offset.
    pub(crate) fn read(
        &self,
        spans: &BTreeMap<i32, (i64, i64)>,
        take: &mut dyn FnMut(&BorrowedMessage<'_>) -> Result<(), OpenError>,
    ) -> Result<(), OpenError> {
        let mut open: BTreeMap<i32, (i64, i64)> =
            spans.iter().filter(|(_, (a, b))| a < b).map(|(p, s)| (*p, *s)).collect();
        if open.is_empty() {
            return Ok(());
        }
        self.assign(open.iter().map(|(partition, (from, _))| (*partition, *from)))?;
        let mut moved = Instant::now();
        while let Some((partition, (_, end))) = open.first_key_value() {
            match self.next()? {
                Next::Record(message) => {
                    take(&message)?;
                    let beyond = |(_, end): &(i64, i64)| message.offset() + 1 >= *end;
                    if open.get(&message.partition()).is_some_and(beyond) {
                        open.remove(&message.partition());
                    }
                    moved = Instant::now();
                }
                Next::End(partition) => {
                    open.remove(&partition);
                    moved = Instant::now();
                }
                Next::Nothing if moved.elapsed() > STALLED => {
                    return Err(OpenError::Broken {
                        doing: format!("reading partition {partition} of {} up to offset {end}", self.topic),
                        brokers: self.brokers.to_owned(),
                        why: self.client.context().reasons("nothing came for 30 s"),
                    });
                }
                Next::Nothing => {}
            }
        }
        Ok(())
    }
}

/// Where a record is.
pub(crate) fn receipt(message: &BorrowedMessage<'_>) -> Receipt {
    Receipt { partition: message.partition(), offset: message.offset() }
}

/// The record as the index wants it; `None` where its key is no content hash.
pub(crate) fn found(message: &BorrowedMessage<'_>) -> Option<Found> {
    let hash = Digest::from_hex(std::str::from_utf8(message.key()?).ok()?).ok()?;
    Some(Found { receipt: receipt(message), hash, joint: joint(&headers(message)) })
}

/// The record's headers that are text.
pub(crate) fn headers(message: &BorrowedMessage<'_>) -> Vec<(String, String)> {
    let text = |value: Option<&[u8]>| std::str::from_utf8(value?).ok().map(str::to_owned);
    let headers = message.headers();
    headers.iter().flat_map(|all| all.iter()).filter_map(|h| Some((h.key.to_owned(), text(h.value)?))).collect()
}

/// The `wd-` headers; `None` where one is missing or malformed.
pub(crate) fn joint(headers: &[(String, String)]) -> Option<Joint> {
    let named = |name: &str| headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    Some(Joint {
        entry: named("wd-entry")?.parse().ok()?,
        id: named("wd-id")?.parse().ok()?,
        revision: named("wd-revision")?.parse().ok()?,
        desk: named("wd-desk")?.parse().ok()?,
    })
}
