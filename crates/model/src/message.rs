//! Records, dead letters and copies as messages: CloudEvents 1.0 in Kafka's binary mode, and the `wd-` headers of law 3.

use jiff::Timestamp;
use serde::Serialize;

use crate::id::{DeskId, FeedId};
use crate::link::printable;
use crate::record::{Copy, DeadLetter, Event, Record};
use crate::topic::{Channel, Joint, Message};

/// Header names of law 3.
pub mod header {
    /// The entry the record was read for.
    pub const ENTRY: &str = "wd-entry";
    /// The article's id.
    pub const ID: &str = "wd-id";
    /// The article's revision.
    pub const REVISION: &str = "wd-revision";
    /// The desk that wrote it.
    pub const DESK: &str = "wd-desk";
}

/// The headers common to all CloudEvents; `id` is the same each time the same thing is said again.
fn cloud_event(id: String, kind: &str, feed: &FeedId, at: Timestamp, subject: Option<&str>) -> Vec<(String, String)> {
    let mut headers = vec![
        ("ce_specversion".into(), "1.0".into()),
        ("ce_id".into(), id),
        ("ce_type".into(), kind.into()),
        ("ce_source".into(), format!("/wiredesk/feeds/{feed}")),
        ("ce_time".into(), at.to_string()),
        ("content-type".into(), "application/json".into()),
    ];
    if let Some(subject) = subject {
        headers.push(("ce_subject".into(), subject.to_owned()));
    }
    headers
}

fn json(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).expect("plain data with text keys always serialises")
}

impl Message {
    /// A clean record for the articles' topic.
    pub fn record(record: &Record, joint: &Joint, now: Timestamp) -> Self {
        let kind = match record.event {
            Event::Published => "wiredesk.article.published",
            Event::Revised => "wiredesk.article.revised",
        };
        let id = format!("{}:{}", record.id, record.revision);
        let mut headers = cloud_event(id, kind, &record.feed.id, now, Some(&record.article.url));
        headers.extend([
            (header::ENTRY.into(), joint.entry.hex()),
            (header::ID.into(), joint.id.hex()),
            (header::REVISION.into(), joint.revision.to_string()),
            (header::DESK.into(), joint.desk.to_string()),
        ]);
        Self {
            channel: Channel::Articles,
            key: record.article.content_hash.hex(),
            headers,
            timestamp: now.as_millisecond(),
            value: json(record),
        }
    }

    /// A dropped entry for `<topic>.dlq`, with the error headers of Kafka Connect's dead letter queues.
    pub fn dead_letter(letter: &DeadLetter, desk: &DeskId, now: Timestamp) -> Self {
        let id = format!("{}:{}", letter.entry, letter.reason);
        let mut headers = cloud_event(id, "wiredesk.entry.dropped", &letter.feed, now, letter.url.as_deref());
        headers.extend([
            ("__connect.errors.connector.name".into(), "wiredesk".into()),
            ("__connect.errors.exception.class.name".into(), letter.reason.clone()),
            ("__connect.errors.exception.message".into(), printable(&letter.detail)),
            (header::ENTRY.into(), letter.entry.hex()),
            (header::DESK.into(), desk.to_string()),
        ]);
        Self {
            channel: Channel::DeadLetters,
            key: letter.entry.hex(),
            headers,
            timestamp: now.as_millisecond(),
            value: json(letter),
        }
    }

    /// A further sighting of a published body, for `<topic>.copies`.
    pub fn copy(copy: &Copy, desk: &DeskId, now: Timestamp) -> Self {
        let id = format!("{}:{}", copy.entry, copy.content_hash.hex());
        let mut headers = cloud_event(id, "wiredesk.article.copied", &copy.feed, now, Some(&copy.url));
        headers.extend([(header::ENTRY.into(), copy.entry.hex()), (header::DESK.into(), desk.to_string())]);
        Self {
            channel: Channel::Copies,
            key: copy.content_hash.hex(),
            headers,
            timestamp: now.as_millisecond(),
            value: json(copy),
        }
    }

    /// What the message weighs against `publish.in_flight.bytes`.
    pub fn weight(&self) -> usize {
        self.key.len() + self.value.len() + self.headers.iter().map(|(k, v)| k.len() + v.len()).sum::<usize>()
    }
}
