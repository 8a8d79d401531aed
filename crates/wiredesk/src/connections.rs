//! The connections of a server of ours, bounded: so many at once, so long for a request's head, so long in all, one request each. What
//! anybody may open costs file handles, and those are the desk's too.
//!
//! Where all are taken, the one that has waited longest for its head makes room: who opens connections and says nothing keeps
//! nobody out.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::http::Request;
use axum::response::Response;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::warn;

/// What the connections of one server may cost.
#[derive(Clone, Copy)]
pub(crate) struct Bounds {
    /// Whose they are, for the log.
    pub(crate) server: &'static str,
    /// How many at once.
    pub(crate) connections: usize,
    /// How long a request's head may take.
    pub(crate) head: Duration,
    /// How long all of a connection may take.
    pub(crate) whole: Duration,
    /// What a connection may read ahead, its request's head included.
    pub(crate) buffer: usize,
}

/// Answers requests until `end` is cancelled. Dropping it ends its connections.
pub(crate) async fn serve<F>(
    listener: TcpListener,
    bounds: Bounds,
    answer: impl Fn(Request<Incoming>) -> F + Clone + Send + Sync + 'static,
    end: CancellationToken,
) where
    F: Future<Output = Response> + Send + 'static,
{
    let room = Arc::new(Semaphore::new(bounds.connections));
    let heads = Arc::new(Heads::default());
    let mut open = JoinSet::new();
    let mut failing = false;
    loop {
        let accepted = tokio::select! {
            () = end.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        while open.try_join_next().is_some() {}
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) => {
                if !std::mem::replace(&mut failing, true) {
                    warn!(server = bounds.server, "a connection could not be accepted: {error}; tried again");
                }
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        failing = false;
        if room.available_permits() == 0 {
            heads.close_oldest();
        }
        let held = tokio::select! {
            () = end.cancelled() => return,
            held = room.clone().acquire_owned() => held,
        };
        let Ok(held) = held else { return };
        // Its place in the order is that of its coming.
        let (answer, awaited) = (answer.clone(), Awaited::head(&heads));
        open.spawn(async move {
            converse(stream, bounds, answer, awaited).await;
            drop(held);
        });
    }
}

/// One request on one connection. How it ends is the other side's affair.
async fn converse<F>(stream: TcpStream, bounds: Bounds, answer: impl Fn(Request<Incoming>) -> F, awaited: Awaited)
where
    F: Future<Output = Response>,
{
    let awaited = Arc::new(awaited);
    let heard = awaited.clone();
    let service = service_fn(move |request| {
        heard.is_here();
        let answering = answer(request);
        async move { Ok::<_, Infallible>(answering.await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(bounds.head)
        .max_buf_size(bounds.buffer)
        .keep_alive(false)
        .serve_connection(TokioIo::new(stream), service);
    tokio::select! {
        () = awaited.closed.cancelled() => {}
        _ = tokio::time::timeout(bounds.whole, connection) => {}
    }
}

/// The connections whose heads are not complete, in the order they came.
#[derive(Default)]
struct Heads {
    awaited: Mutex<(u64, BTreeMap<u64, CancellationToken>)>,
}

impl Heads {
    /// Ends the connection that has waited longest, if any does.
    fn close_oldest(&self) {
        if let Some((_, closed)) = self.lock().1.pop_first() {
            closed.cancel();
        }
    }

    fn lock(&self) -> MutexGuard<'_, (u64, BTreeMap<u64, CancellationToken>)> {
        self.awaited.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A head that is not complete. Dropped, it is awaited no more.
struct Awaited {
    heads: Arc<Heads>,
    place: u64,
    /// Cancelled when its connection has to make room.
    closed: CancellationToken,
}

impl Awaited {
    fn head(heads: &Arc<Heads>) -> Self {
        let closed = CancellationToken::new();
        let mut awaited = heads.lock();
        let place = awaited.0;
        awaited.0 += 1;
        awaited.1.insert(place, closed.clone());
        Self { heads: heads.clone(), place, closed }
    }

    fn is_here(&self) {
        self.heads.lock().1.remove(&self.place);
    }
}

impl Drop for Awaited {
    fn drop(&mut self) {
        self.is_here();
    }
}

#[cfg(test)]
mod tests {
    use axum::response::IntoResponse;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    const AGES: Duration = Duration::from_secs(3600);
    const BOUNDS: Bounds = Bounds { server: "test", connections: 4, head: AGES, whole: AGES, buffer: 32 << 10 };
    const PATIENCE: Duration = Duration::from_secs(30);

    async fn server(bounds: Bounds) -> std::net::SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let answer = |_| async { "heard\n".into_response() };
        tokio::spawn(serve(listener, bounds, answer, CancellationToken::new()));
        address
    }

    /// A connection with half a head.
    async fn mumble(server: std::net::SocketAddr) -> TcpStream {
        let mut stream = TcpStream::connect(server).await.expect("a connection");
        stream.write_all(b"GET / HTTP/1.1\r\nX: ").await.expect("sent");
        stream
    }

    /// What is read until the other side ends; `None` where it does not.
    async fn heard(stream: &mut TcpStream) -> Option<String> {
        let mut bytes = Vec::new();
        // Those that are closed may be reset: what came before counts.
        let _ = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut bytes)).await.ok()?;
        Some(String::from_utf8_lossy(&bytes).into_owned())
    }

    #[tokio::test]
    async fn connections_that_say_nothing_keep_nobody_out() {
        let server = server(BOUNDS).await;
        let mut idle = Vec::new();
        for _ in 0..3 * BOUNDS.connections {
            idle.push(mumble(server).await);
        }
        let mut one = TcpStream::connect(server).await.expect("a connection");
        one.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await.expect("sent");
        assert!(heard(&mut one).await.is_some_and(|answer| answer.ends_with("heard\n")));
        for mut early in idle.into_iter().take(2 * BOUNDS.connections) {
            assert_eq!(heard(&mut early).await.as_deref(), Some(""), "it had to make room");
        }
    }

    #[tokio::test]
    async fn a_head_that_does_not_end_ends_its_connection() {
        let server = server(Bounds { head: Duration::from_millis(50), ..BOUNDS }).await;
        assert!(heard(&mut mumble(server).await).await.is_some());
    }

    #[tokio::test]
    async fn a_body_that_does_not_end_ends_its_connection() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let bounds = Bounds { whole: Duration::from_millis(50), ..BOUNDS };
        tokio::spawn(serve(listener, bounds, |_| std::future::pending(), CancellationToken::new()));
        let mut stream = TcpStream::connect(address).await.expect("a connection");
        stream.write_all(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nx").await.expect("sent");
        assert_eq!(heard(&mut stream).await.as_deref(), Some(""));
    }
}
