//! A body, read piece by piece. No piece is kept before the budget has given room for it, and a server that lies about the
//! length, sends for ever, or sends a byte a second gets as far as the limit, the deadline or the minimum rate.

use std::fmt;
use std::ops::Deref;
use std::time::Duration;

use reqwest::Response;
use tokio::time::{Instant, timeout_at};
use url::Url;

use crate::budget::{Budget, Share, kib};
use crate::coding::{Coding, Pieces};
use crate::error::FetchError;
use crate::sniff::{self, Kind};

/// How long a body may take before its average rate is looked at.
const GRACE: Duration = Duration::from_secs(10);
/// The least average rate after that, in decoded bytes a second.
const LEAST_RATE: u64 = 1024;
/// The first room asked for; it doubles from there up to the limit. Never a length that the server claimed.
const FIRST_ROOM: usize = 16 << 10;
/// How many bytes tell what a body is.
const SNIFFED: usize = 512;

/// The bytes of an answer, decoded. Holds its share of the byte budget (`fetch.memory`) until it is dropped.
#[derive(Default)]
pub struct Body {
    bytes: Vec<u8>,
    /// Given back when the body is dropped.
    share: Share,
}

impl Body {
    /// Bytes from elsewhere (a file, a test), which draw on no budget.
    pub fn unbudgeted(bytes: Vec<u8>) -> Self {
        Self { bytes, share: Share::default() }
    }

    /// How many bytes.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }
}

impl Deref for Body {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        &self.bytes
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Body({} bytes)", self.bytes.len())
    }
}

/// What is done with a body over the limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Over {
    /// It is an error.
    Refuse,
    /// The first bytes are enough (robots.txt).
    Cut,
}

/// How a body is to be read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reading {
    /// The most it may weigh, decoded.
    pub(crate) limit: usize,
    /// How it is packed.
    pub(crate) coding: Coding,
    /// And what if it weighs more.
    pub(crate) over: Over,
    /// Whether anything but text is refused as soon as its first bytes are seen.
    pub(crate) text_only: bool,
    /// When all must be over.
    pub(crate) deadline: Instant,
    /// From when to when, for the error.
    pub(crate) timeout: Duration,
}

/// Reads the body of `response`, which came from `url`.
pub(crate) async fn read(
    response: Response,
    url: &Url,
    content_type: Option<&str>,
    reading: Reading,
    budget: &Budget,
) -> Result<Body, FetchError> {
    let claimed = response.content_length();
    if reading.over == Over::Refuse && claimed.is_some_and(|claimed| claimed > reading.limit as u64) {
        return Err(FetchError::TooLarge { url: url.clone(), limit: reading.limit as u64 });
    }
    gather(Pieces::new(response, reading.coding), url, content_type, reading, budget).await
}

/// Puts the pieces of a body together.
pub(crate) async fn gather(
    mut pieces: Pieces,
    url: &Url,
    content_type: Option<&str>,
    reading: Reading,
    budget: &Budget,
) -> Result<Body, FetchError> {
    let Reading { limit, over, text_only, deadline, timeout, .. } = reading;
    let too_large = || FetchError::TooLarge { url: url.clone(), limit: limit as u64 };
    let mut body = Body::default();
    let mut room = 0usize;
    let mut sniffed = !text_only;
    let mut started = Instant::now();
    loop {
        let too_slow_at = started + patience(body.len());
        let chunk = match timeout_at(deadline.min(too_slow_at), pieces.next()).await {
            Ok(Ok(Some(chunk))) => chunk,
            Ok(Ok(None)) => break,
            Ok(Err(source)) => return Err(FetchError::from_body(url, source)),
            Err(_) if too_slow_at < deadline => {
                return Err(FetchError::TooSlow {
                    url: url.clone(),
                    bytes: body.len() as u64,
                    after: started.elapsed(),
                });
            }
            Err(_) => return Err(FetchError::Timeout { url: url.clone(), timeout }),
        };
        let fits = chunk.len().min(limit - body.len());
        if fits < chunk.len() && over == Over::Refuse {
            return Err(too_large());
        }
        let needed = body.len() + fits;
        if needed > room {
            let wider = (room * 2).max(FIRST_ROOM).max(needed).min(limit);
            let more = kib(wider as u64) - kib(room as u64);
            let waits = Instant::now();
            if timeout_at(deadline, budget.draw(&mut body.share, more)).await.is_err() {
                return Err(FetchError::NoMemory { url: url.clone(), timeout });
            }
            started += waits.elapsed(); // our own wait is not the server's fault
            let len = body.bytes.len();
            body.bytes.reserve_exact(wider - len);
            room = wider;
        }
        body.bytes.extend_from_slice(&chunk[..fits]);
        if !sniffed && body.len() >= SNIFFED {
            sniffed = true;
            refuse_binary(url, &body, content_type)?;
        }
        if fits < chunk.len() {
            break;
        }
    }
    if !sniffed {
        refuse_binary(url, &body, content_type)?;
    }
    body.bytes.shrink_to_fit();
    budget.settle(&mut body.share, kib(body.bytes.len() as u64));
    Ok(body)
}

/// How long after its start a body may take when this much of it is here: the grace, or longer at the least rate.
fn patience(bytes: usize) -> Duration {
    GRACE.max(Duration::from_millis(bytes as u64 * 1000 / LEAST_RATE))
}

fn refuse_binary(url: &Url, body: &[u8], content_type: Option<&str>) -> Result<(), FetchError> {
    match sniff::kind(body, content_type) {
        Kind::Html | Kind::Xml | Kind::Json | Kind::Text => Ok(()),
        kind => Err(FetchError::NotText { url: url.clone(), kind }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_has_ten_seconds_and_then_needs_a_kibibyte_a_second() {
        assert_eq!(patience(0), Duration::from_secs(10));
        assert_eq!(patience(10 << 10), Duration::from_secs(10));
        assert_eq!(patience(20 << 10), Duration::from_secs(20));
    }
}
