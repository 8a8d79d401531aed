//! Standard output, for trying things: one record a line. It promises nothing and remembers nothing.

use std::io::Write as _;

use wiredesk_model::outcome::Receipt;
use wiredesk_model::topic::{Channel, Message, TopicIdentity};

use crate::error::{CommitError, OpenError};
use crate::writer::{Opened, Opening, Writer, known};

/// Writes clean records to standard output; dead letters and copies go to the debug log.
#[derive(Debug, Default)]
pub struct StdoutWriter {
    next: i64,
}

impl StdoutWriter {
    pub(crate) fn open(opening: &Opening<'_>) -> Result<Opened, OpenError> {
        let identity =
            TopicIdentity { kind: "stdout".into(), cluster: "-".into(), topic: "articles".into(), partitions: 1 };
        // A data dir that has served a topic is not for trying things.
        known(opening, &identity)?;
        Ok(Opened { writer: Writer::Stdout(Self::default()), identity, warnings: Vec::new() })
    }

    pub(crate) fn commit(&mut self, batch: &[Message]) -> Result<Vec<Receipt>, CommitError> {
        let mut out = std::io::stdout().lock();
        let mut receipts = Vec::with_capacity(batch.len());
        for message in batch {
            if message.channel == Channel::Articles {
                out.write_all(&message.value)
                    .and_then(|()| out.write_all(b"\n"))
                    .map_err(|e| CommitError::Wait { error: format!("standard output takes no more: {e}") })?;
            } else {
                tracing::debug!(channel = ?message.channel, value = %String::from_utf8_lossy(&message.value), "aside");
            }
            receipts.push(Receipt { partition: 0, offset: self.next });
            self.next += 1;
        }
        out.flush().map_err(|e| CommitError::Wait { error: format!("standard output takes no more: {e}") })?;
        Ok(receipts)
    }
}
