//! A body that goes out as scripted: at once, drop by drop, or broken off. It holds its [`Visit`] until the last byte is handed
//! over, so that "how many at once" counts answers that are still being read.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::time::Sleep;

use crate::site::Drip;
use crate::visits::Visit;

/// How long a body that breaks off stays silent first, so that what came before is on its way.
const FLUSH: Duration = Duration::from_millis(5);

pub(crate) struct Reply {
    chunks: VecDeque<Bytes>,
    pause: Duration,
    sleep: Option<Pin<Box<Sleep>>>,
    breaks: bool,
    flushed: bool,
    left: u64,
    visit: Option<Visit>,
}

impl Reply {
    pub(crate) fn new(bytes: Bytes, drip: Option<Drip>, cut: Option<usize>, visit: Visit) -> Self {
        let whole = bytes.len();
        let sent = bytes.slice(..cut.unwrap_or(whole).min(whole));
        let mut chunks = VecDeque::new();
        let size = drip.map_or(sent.len().max(1), |drip| drip.bytes);
        let mut from = 0;
        while from < sent.len() {
            let to = (from + size).min(sent.len());
            chunks.push_back(sent.slice(from..to));
            from = to;
        }
        let breaks = cut.is_some_and(|cut| cut < whole);
        let pause = drip.map_or(Duration::ZERO, |drip| drip.pause);
        let visit = (breaks || !chunks.is_empty()).then_some(visit);
        Self { chunks, pause, sleep: None, breaks, flushed: false, left: whole as u64, visit }
    }
}

impl Body for Reply {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        if let Some(sleep) = &mut self.sleep {
            if sleep.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
            self.sleep = None;
        }
        let Some(chunk) = self.chunks.pop_front() else {
            if self.breaks && !self.flushed {
                // The server sends what it holds only when the body has nothing more to say for a while.
                self.flushed = true;
                let mut sleep = Box::pin(tokio::time::sleep(FLUSH));
                if sleep.as_mut().poll(cx).is_pending() {
                    self.sleep = Some(sleep);
                    return Poll::Pending;
                }
            }
            self.visit = None;
            if std::mem::take(&mut self.breaks) {
                return Poll::Ready(Some(Err(io::Error::other("broken off as scripted"))));
            }
            return Poll::Ready(None);
        };
        self.left = self.left.saturating_sub(chunk.len() as u64);
        if self.chunks.is_empty() && !self.breaks {
            self.visit = None;
        } else if !self.pause.is_zero() {
            self.sleep = Some(Box::pin(tokio::time::sleep(self.pause)));
        }
        Poll::Ready(Some(Ok(Frame::data(chunk))))
    }

    fn is_end_stream(&self) -> bool {
        self.chunks.is_empty() && !self.breaks
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}
