//! Committed records, from one offset to another.
//!
//! Offsets have gaps: the marks that end transactions, and what was aborted, take offsets and are never delivered. So a
//! partition has been read when the client stands at or beyond the end that was asked for, marks counted, whatever the last
//! record was. That the client calls a place the end proves nothing: it repeats what the broker said that answered, and one
//! that has just become leader may not know yet how much was acknowledged.

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
pub(crate) enum Next<R> {
    /// A committed record.
    Record(R),
    /// A broker says that there is no more in a partition, for now.
    End {
        /// The partition.
        partition: i32,
        /// How far it was read, marks counted: the offset of the next record, if there is one.
        position: i64,
    },
    /// Nothing yet.
    Nothing,
}

/// What is still to be read, by partition: how far it was read, and (without) up to where it is to be.
type Unread = BTreeMap<i32, (i64, i64)>;

/// A partition of which nothing came for too long.
struct Stalled {
    partition: i32,
    position: i64,
    end: i64,
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
    pub(crate) fn next(&self) -> Result<Next<BorrowedMessage<'_>>, OpenError> {
        if (self.stop)() {
            return Err(OpenError::Stopped);
        }
        let error = match self.client.poll(LOOK) {
            None => return Ok(Next::Nothing),
            Some(Ok(message)) => return Ok(Next::Record(message)),
            Some(Err(KafkaError::PartitionEOF(partition))) => {
                return Ok(Next::End { partition, position: self.position(partition)? });
            }
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

    /// How far the client has read a partition; before its first record or mark that is nowhere.
    fn position(&self, partition: i32) -> Result<i64, OpenError> {
        let positions = self.client.position().map_err(|e| opening("reading the topic", self.brokers, &e))?;
        match positions.find_partition(self.topic, partition).map(|found| found.offset()) {
            Some(Offset::Offset(position)) => Ok(position),
            _ => Ok(-1),
        }
    }

    /// Reads every partition from its first to (without) its second offset.
    pub(crate) fn read(
        &self,
        spans: &BTreeMap<i32, (i64, i64)>,
        take: &mut dyn FnMut(&BorrowedMessage<'_>) -> Result<(), OpenError>,
    ) -> Result<(), OpenError> {
        let unread: Unread = spans.iter().filter(|(_, (a, b))| a < b).map(|(p, s)| (*p, *s)).collect();
        if unread.is_empty() {
            return Ok(());
        }
        self.assign(unread.iter().map(|(partition, (from, _))| (*partition, *from)))?;
        let stalled = read_all(unread, &mut || self.next(), &mut |message| {
            take(message)?;
            Ok(receipt(message))
        })?;
        let Some(Stalled { partition, position, end }) = stalled else { return Ok(()) };
        Err(OpenError::Broken {
            doing: format!("reading partition {partition} of {} from offset {position} up to {end}", self.topic),
            brokers: self.brokers.to_owned(),
            why: self.client.context().reasons("nothing came for 30 s"),
        })
    }
}

/// Takes what comes next until nothing is unread; says which partition it gave up, if one. `take` answers where the record is.
fn read_all<R>(
    mut unread: Unread,
    next: &mut dyn FnMut() -> Result<Next<R>, OpenError>,
    take: &mut dyn FnMut(&R) -> Result<Receipt, OpenError>,
) -> Result<Option<Stalled>, OpenError> {
    let mut moved = Instant::now();
    while let Some((partition, (position, end))) = unread.first_key_value() {
        let (partition, stands) = match next()? {
            Next::Record(record) => {
                let at = take(&record)?;
                (at.partition, at.offset + 1)
            }
            Next::End { partition, position } => (partition, position),
            Next::Nothing if moved.elapsed() > STALLED => {
                return Ok(Some(Stalled { partition: *partition, position: *position, end: *end }));
            }
            Next::Nothing => continue,
        };
        moved = Instant::now();
        if let Some((position, end)) = unread.get_mut(&partition) {
            *position = stands.max(*position);
            if *position >= *end {
                unread.remove(&partition);
            }
        }
    }
    Ok(None)
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads partition 0 from its beginning up to offset 5 while this comes, and nothing after it; says what was taken, and
    /// how much came that was not asked for any more.
    fn read(script: Vec<Next<i64>>) -> (Vec<i64>, usize) {
        let (mut script, mut taken) = (script.into_iter(), Vec::new());
        let done =
            read_all(BTreeMap::from([(0, (0, 5))]), &mut || script.next().ok_or(OpenError::Stopped), &mut |offset| {
                taken.push(*offset);
                Ok(Receipt { partition: 0, offset: *offset })
            });
        assert!(matches!(done, Ok(None) | Err(OpenError::Stopped)));
        (taken, script.count())
    }

    fn end(position: i64) -> Next<i64> {
        Next::End { partition: 0, position }
    }

    #[test]
    fn an_end_short_of_the_one_that_was_asked_for_is_not_believed() {
        let early = vec![Next::Record(0), Next::Record(1), end(2), Next::Nothing, Next::Record(2), Next::Record(4)];
        assert_eq!(read(early), (vec![0, 1, 2, 4], 0));
        let at_once = vec![end(-1), end(0), Next::Record(4)];
        assert_eq!(read(at_once), (vec![4], 0));
    }

    #[test]
    fn marks_and_what_was_aborted_reach_to_the_end_without_a_record() {
        // Offsets 2 to 4: a record that was aborted, and marks.
        assert_eq!(read(vec![Next::Record(0), Next::Record(1), end(5), Next::Record(5)]), (vec![0, 1], 1));
        assert_eq!(read(vec![end(6), Next::Record(6)]), (vec![], 1));
    }
}
