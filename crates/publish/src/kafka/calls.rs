//! librdkafka's blocking calls, made so that they can be given up: each runs on a thread of its own while the caller's
//! thread asks ten times a second whether to go on.
//!
//! A call that is given up is still waited for, since its client lives as long as it does: when the process ends, OpenSSL is
//! taken down, and a client that is still at work with it crashes. So calls that nobody may ever answer are made in short steps.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;
use std::time::{Duration, Instant};

use crate::error::OpenError;

/// How often `stop` is asked.
pub(crate) const LOOK: Duration = Duration::from_millis(50);

/// Runs `work`, which must end by itself and soon, and asks `go_on` meanwhile.
///
/// # Errors
/// What `go_on` said; `work` has ended then, unheard.
pub(crate) fn call<T: Send + 'static>(
    go_on: &dyn Fn() -> Result<(), OpenError>,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, OpenError> {
    let (done, result) = sync_channel(1);
    std::thread::Builder::new()
        .name("kafka-call".into())
        .spawn(move || {
            // The caller waits for it.
            let _ = done.send(work());
        })
        .map_err(|e| OpenError::Config { why: format!("no thread can be started: {e}") })?;
    let mut given_up = None;
    loop {
        match result.recv_timeout(LOOK) {
            Ok(value) => return given_up.map_or(Ok(value), Err),
            Err(RecvTimeoutError::Timeout) if given_up.is_none() => given_up = go_on().err(),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => {
                return Err(OpenError::Config { why: "a call into librdkafka died".into() });
            }
        }
    }
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Waits for a future on this thread, which needs no runtime; `None` after `limit`.
pub(crate) fn wait<T>(
    limit: Duration,
    go_on: &dyn Fn() -> Result<(), OpenError>,
    future: impl Future<Output = T>,
) -> Result<Option<T>, OpenError> {
    let mut future = pin!(future);
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let begun = Instant::now();
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return Ok(Some(value));
        }
        if begun.elapsed() > limit {
            return Ok(None);
        }
        go_on()?;
        std::thread::park_timeout(LOOK);
    }
}
