//! START: reach the cluster, find the topics, fence, take the end marks, read the tail.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rdkafka::message::Message as _;
use rdkafka::producer::Producer as _;
use wiredesk_faults::{Point, Protection, reach, without};
use wiredesk_model::topic::Found;

use crate::error::OpenError;
use crate::kafka::calls::{LOOK, call};
use crate::kafka::client::{Clients, Consumer, Producer};
use crate::kafka::errors::{code, opening};
use crate::kafka::reader::{Reader, found};
use crate::kafka::run::KafkaWriter;
use crate::kafka::topics::{Cluster, ready};
use crate::settings::Delivery;
use crate::writer::{Opened, Opening, Tail, TakeTail, Writer, known, slice_size};

/// A foreign transaction is named when it holds the tail back for longer than this.
const NAMED_AFTER: Duration = Duration::from_secs(3);
/// And again this often.
const NAMED_AGAIN_AFTER: Duration = Duration::from_secs(60);
/// How long one call of `init_transactions` waits before it is made again.
const FENCE_STEP: Duration = Duration::from_secs(2);
/// How long the fence may take in all: coordinators load, open transactions are aborted.
const FENCE_TIMEOUT: Duration = Duration::from_secs(60);

/// What is to be read, by partition: from the first offset to (without) the second.
type Spans = BTreeMap<i32, (i64, i64)>;

pub(crate) fn open(opening: &Opening<'_>, tail: &mut TakeTail<'_>) -> Result<Opened, OpenError> {
    let settings = opening.settings;
    let clients = Clients { settings, properties: opening.secrets };
    let cluster = Cluster::new(clients, None, opening.stop)?;
    let identity = ready(&cluster)?;
    let positions = known(opening, &identity)?;
    let mut warnings = Vec::new();
    let begin = Begin { cluster: &cluster, opening, partitions: identity.partitions, positions };
    let reading = clients.reading()?;

    if opening.again {
        // Whoever started after us keeps the topic: look before the fence would throw them out.
        let seen = begin.spans(&reading, &mut Vec::new())?;
        begin.reader(&reading).read(&seen, &mut |message| match found(message) {
            Some(found) => begin.not_taken_over(&found),
            None => Ok(()),
        })?;
    }
    let producer = Arc::new(clients.producer()?);
    if settings.kafka.delivery == Delivery::ExactlyOnce {
        fence(&cluster, &producer)?;
        reach(Point::Fenced);
    }
    // From here on nobody else writes under our name, and what the marks say is all there is of it.
    let spans = if without(Protection::Fence) {
        begin.spans(&reading, &mut warnings)? // up to what an open transaction of our own holds back
    } else {
        let spans = begin.spans(&cluster.asking, &mut warnings)?;
        begin.wait_for_strangers(&reading, &spans)?;
        spans
    };
    begin.read_tail(&reading, &spans, tail, &mut warnings)?;
    let writer = Writer::Kafka(KafkaWriter::new(producer, settings));
    Ok(Opened { writer, identity, warnings })
}

/// Takes the transactional id: whoever held it can commit nothing more, and what they left open is aborted.
fn fence(cluster: &Cluster<'_>, producer: &Arc<Producer>) -> Result<(), OpenError> {
    let begun = Instant::now();
    loop {
        let worker = Arc::clone(producer);
        let go_on = || {
            producer.poll(Duration::ZERO);
            cluster.go_on()
        };
        let error = match call(&go_on, move || worker.init_transactions(FENCE_STEP))? {
            Ok(()) => return Ok(()),
            Err(error) => error,
        };
        let again = matches!(&error, rdkafka::error::KafkaError::Transaction(e) if e.is_retriable());
        tracing::debug!(stage = "publish", code = ?code(&error), "taking the transactional id: {error}");
        if !again || begun.elapsed() > FENCE_TIMEOUT {
            return Err(opening("taking the transactional id", cluster.brokers(), &error));
        }
    }
}

struct Begin<'a> {
    cluster: &'a Cluster<'a>,
    opening: &'a Opening<'a>,
    partitions: i32,
    positions: Option<&'a BTreeMap<i32, i64>>,
}

impl<'a> Begin<'a> {
    fn topic(&self) -> &'a str {
        &self.opening.settings.kafka.topic
    }

    fn reader(&self, client: &Arc<Consumer>) -> Reader<'a> {
        Reader {
            client: Arc::clone(client),
            topic: self.topic(),
            brokers: self.cluster.brokers(),
            stop: self.opening.stop,
        }
    }

    /// From where the index has read to the end marks as `client` sees them.
    fn spans(&self, client: &Arc<Consumer>, warnings: &mut Vec<String>) -> Result<Spans, OpenError> {
        let mut spans = Spans::new();
        for partition in 0..self.partitions {
            let (low, end) = self.cluster.marks_by(client, self.topic(), partition)?;
            let next = self.positions.and_then(|p| p.get(&partition)).copied();
            // Only the true end tells whether data was lost; a client that reads what is committed may see less.
            if next.is_some_and(|next| next > end) {
                let (_, end) = self.cluster.marks(self.topic(), partition)?;
                if let Some(next) = next.filter(|next| *next > end) {
                    return Err(OpenError::Lost { topic: self.topic().to_owned(), partition, next, end });
                }
            }
            if let Some(next) = next.filter(|next| *next < low) {
                warnings.push(format!(
                    "partition {partition} of {} begins at offset {low}, but was read only up to {next}: \
                     retention passed the index, and {} offsets were never seen",
                    self.topic(),
                    low - next
                ));
            }
            spans.insert(partition, (next.unwrap_or(low).max(low), end));
        }
        Ok(spans)
    }

    /// Waits until nothing before the end marks can still be committed or aborted by somebody else, and says whom it waits for.
    fn wait_for_strangers(&self, reading: &Arc<Consumer>, spans: &Spans) -> Result<(), OpenError> {
        let begun = Instant::now();
        for (partition, (_, end)) in spans {
            let mut named: Option<Instant> = None;
            loop {
                let (_, stable) = self.cluster.marks_by(reading, self.topic(), *partition)?;
                if stable >= *end {
                    break;
                }
                if begun.elapsed() > NAMED_AFTER && named.is_none_or(|at| at.elapsed() > NAMED_AGAIN_AFTER) {
                    named = Some(Instant::now());
                    (self.opening.waiting)(&format!(
                        "another program's open transaction holds {} back at offset {stable} of partition {partition}",
                        self.topic()
                    ));
                }
                let look_again = Instant::now() + 2 * LOOK;
                while Instant::now() < look_again {
                    self.cluster.go_on()?;
                    std::thread::sleep(LOOK);
                }
            }
        }
        Ok(())
    }

    fn not_taken_over(&self, found: &Found) -> Result<(), OpenError> {
        match &found.joint {
            Some(joint) if self.opening.again && self.opening.desk.was_taken_over_by(&joint.desk) => {
                Err(OpenError::TakenOver { by: joint.desk.clone() })
            }
            _ => Ok(()),
        }
    }

    fn read_tail(
        &self,
        reading: &Arc<Consumer>,
        spans: &Spans,
        tail: &mut TakeTail<'_>,
        warnings: &mut Vec<String>,
    ) -> Result<(), OpenError> {
        let mut slice: Vec<Found> = Vec::new();
        let mut next: BTreeMap<i32, i64> = BTreeMap::new();
        let (mut keyless, mut foreign) = (0u64, 0u64);
        let mut hand_on = |slice: &mut Vec<Found>, next: &BTreeMap<i32, i64>| {
            let next: Vec<(i32, i64)> = next.iter().map(|(p, n)| (*p, *n)).collect();
            tail(Tail { found: slice, next: &next }).map_err(|source| OpenError::Tail { source })?;
            reach(Point::CaughtUp);
            slice.clear();
            Ok(())
        };
        self.reader(reading).read(spans, &mut |message| {
            match found(message) {
                Some(found) => {
                    self.not_taken_over(&found)?;
                    let ours = found.joint.as_ref().is_some_and(|j| j.desk.name == self.opening.desk.name);
                    foreign += u64::from(!ours);
                    slice.push(found);
                }
                None => keyless += 1,
            }
            next.insert(message.partition(), message.offset() + 1);
            if slice.len() >= slice_size() { hand_on(&mut slice, &next) } else { Ok(()) }
        })?;
        for (partition, (from, end)) in spans {
            let read = next.entry(*partition).or_insert(*from);
            *read = (*read).max(*end);
        }
        hand_on(&mut slice, &next)?;
        if keyless > 0 {
            warnings.push(format!("{keyless} records in {} have a key that is no content hash; skipped", self.topic()));
        }
        if foreign > 0 {
            warnings.push(format!("{foreign} records in {} were written by another desk or program", self.topic()));
        }
        Ok(())
    }
}
