//! One record as a line: `{"offset":…,"timestamp":…,"key":"…","headers":{…},"value":{…}}`.

use std::fmt;

use serde::de::{Deserializer, MapAccess, Visitor};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::value::RawValue;
use wiredesk_model::id::Digest;
use wiredesk_model::outcome::Receipt;
use wiredesk_model::topic::{Found, Message};

use crate::kafka::reader::joint;

/// Headers in their order, as a JSON object.
#[derive(Debug, Default)]
pub struct InOrder(pub Vec<(String, String)>);

impl Serialize for InOrder {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_map(self.0.iter().map(|(key, value)| (key, value)))
    }
}

impl<'de> Deserialize<'de> for InOrder {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Pairs;
        impl<'de> Visitor<'de> for Pairs {
            type Value = InOrder;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of headers")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<InOrder, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(InOrder(pairs))
            }
        }
        from.deserialize_map(Pairs)
    }
}

/// A line, read.
#[derive(Debug, Serialize, Deserialize)]
pub struct Line<'a> {
    /// Where it begins in its segment, in bytes.
    #[serde(skip)]
    pub at: u64,
    /// Counts the channel's records, from 0.
    pub offset: i64,
    /// Our publishing time, milliseconds since 1970.
    pub timestamp: i64,
    /// The record's key.
    pub key: String,
    /// The record's headers.
    pub headers: InOrder,
    /// The record itself, as it was given.
    #[serde(borrow)]
    pub value: &'a RawValue,
}

/// Reads a line; `None` where it is something else.
pub(crate) fn parse(bytes: &[u8]) -> Option<Line<'_>> {
    serde_json::from_slice(bytes).ok()
}

/// Appends a message as a line.
///
/// # Errors
/// When the message's value is not JSON.
pub(crate) fn append(out: &mut Vec<u8>, offset: i64, message: &Message) -> Result<(), String> {
    // A line end outside strings is white space in JSON, and inside them it may not stand.
    let bytes: Vec<u8>;
    let value = if message.value.iter().any(|b| matches!(b, b'\n' | b'\r')) {
        bytes = message.value.iter().map(|b| if matches!(b, b'\n' | b'\r') { b' ' } else { *b }).collect();
        &bytes
    } else {
        &message.value
    };
    let value: &RawValue = serde_json::from_slice(value).map_err(|e| format!("its value is not JSON: {e}"))?;
    let headers = InOrder(message.headers.clone());
    let line = Line { at: 0, offset, timestamp: message.timestamp, key: message.key.clone(), headers, value };
    serde_json::to_writer(&mut *out, &line).map_err(|e| format!("it cannot be written as JSON: {e}"))?;
    out.push(b'\n');
    Ok(())
}

/// The line as the index wants it; `None` where its key is no content hash.
pub(crate) fn found(line: &Line<'_>) -> Option<Found> {
    let receipt = Receipt { partition: 0, offset: line.offset };
    Some(Found { receipt, hash: Digest::from_hex(&line.key).ok()?, joint: joint(&line.headers.0) })
}
