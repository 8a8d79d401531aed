//! The server that hubs speak to (W3C WebSub): it answers GET and POST below the callback's path, and nothing else. It stands on a port of
//! its own, for it is meant for strangers: what the admin server shows is nobody's business out there.
//!
//! What a connection may cost is bounded here (how many, how long, how much before its body), what a body may cost in `fetch`, and what
//! an answer means is decided in `pipeline::push`.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use axum::response::{IntoResponse, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tracing::{error, warn};
use url::Url;
use wiredesk_pipeline::desk::Desk;
use wiredesk_pipeline::push::intent::Intent;
use wiredesk_pipeline::push::receive::{Envelope, Pushed, Verified};
use wiredesk_store::error::StoreError;

/// Connections at once; who comes beyond waits to be accepted.
const CONNECTIONS: usize = 64;
/// How long a request's head may take, and how long all of a connection.
const HEAD: Duration = Duration::from_secs(10);
const CONNECTION: Duration = Duration::from_secs(120);
/// What a connection may read ahead, its request's head included.
const BUFFER: usize = 32 << 10;
/// Seconds after which a hub that could not be heard may come again.
const LATER: &str = "60";

/// The desk, and the path that hubs were told, without a slash at its end.
struct Hooks {
    desk: Arc<Desk>,
    path: String,
}

/// Serves until `end` is cancelled.
pub(crate) async fn serve(listener: TcpListener, desk: Arc<Desk>, callback: &Url, end: CancellationToken) {
    let hooks = Arc::new(Hooks { desk, path: callback.path().trim_end_matches('/').to_owned() });
    let room = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        let accept = async {
            let held = room.clone().acquire_owned().await.ok()?;
            Some((held, listener.accept().await))
        };
        let accepted = tokio::select! {
            () = end.cancelled() => return,
            accepted = accept => accepted,
        };
        let Some((held, accepted)) = accepted else { return };
        match accepted {
            Ok((stream, _)) => {
                let hooks = hooks.clone();
                tokio::spawn(async move {
                    converse(stream, hooks).await;
                    drop(held);
                });
            }
            Err(error) => {
                warn!(stage = "push", "a hub's connection could not be accepted: {error}");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

/// One request on one connection. How it ends is the other side's affair.
async fn converse(stream: TcpStream, hooks: Arc<Hooks>) {
    let service = service_fn(move |request: Request<Incoming>| {
        let hooks = hooks.clone();
        async move { Ok::<_, Infallible>(hooks.answer(request).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .max_buf_size(BUFFER)
        .keep_alive(false)
        .serve_connection(TokioIo::new(stream), service);
    let _ = tokio::time::timeout(CONNECTION, connection).await;
}

impl Hooks {
    async fn answer(&self, request: Request<Incoming>) -> Response {
        let Some(token) = self.token(request.uri().path()) else { return StatusCode::NOT_FOUND.into_response() };
        match *request.method() {
            Method::GET => self.verify(&token, request.uri().query().unwrap_or_default()).await,
            Method::POST => self.receive(&token, request).await,
            _ => (StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, "GET, POST")]).into_response(),
        }
    }

    /// The end of the callback's path: 32 hexadecimal digits.
    fn token(&self, path: &str) -> Option<String> {
        let token = path.strip_prefix(&self.path)?.strip_prefix('/')?;
        let is_one = token.len() == 32 && token.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        is_one.then(|| token.to_owned())
    }

    async fn verify(&self, token: &str, query: &str) -> Response {
        let Some(intent) = Intent::read(query) else { return StatusCode::NOT_FOUND.into_response() };
        match self.desk.verify(token, &intent).await {
            Ok(Verified::Meant(challenge)) => {
                let plain =
                    [(header::CONTENT_TYPE, "text/plain; charset=utf-8"), (header::X_CONTENT_TYPE_OPTIONS, "nosniff")];
                (plain, challenge).into_response()
            }
            Ok(Verified::Noted) => StatusCode::OK.into_response(),
            Ok(Verified::NotMeant) => StatusCode::NOT_FOUND.into_response(),
            Err(error) => self.not_now(&error),
        }
    }

    /// The store is at fault: the hub is to come again. What its disk does the store says itself, once for all that fails for it.
    fn not_now(&self, error: &StoreError) -> Response {
        if !error.is_the_disks() || self.desk.store.trouble().borrow().is_none() {
            error!(stage = "push", "a hub could not be answered: {}", error.told());
        }
        later()
    }

    async fn receive(&self, token: &str, request: Request<Incoming>) -> Response {
        let (head, body) = request.into_parts();
        let envelope = Envelope {
            signature: text(&head.headers, "x-hub-signature"),
            content_type: text(&head.headers, "content-type"),
            coding: text(&head.headers, "content-encoding"),
            length: text(&head.headers, "content-length").and_then(|length| length.parse().ok()),
        };
        match self.desk.pushed(token, envelope, Body::new(body).into_data_stream()).await {
            Ok(Pushed::Taken | Pushed::Ignored) => StatusCode::ACCEPTED.into_response(),
            Ok(Pushed::Unknown) => StatusCode::GONE.into_response(),
            Ok(Pushed::TooLarge) => StatusCode::PAYLOAD_TOO_LARGE.into_response(),
            Ok(Pushed::NotNow) => later(),
            Err(error) => self.not_now(&error),
        }
    }
}

fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    Some(String::from_utf8_lossy(headers.get(name)?.as_bytes()).into_owned())
}

fn later() -> Response {
    (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, LATER)]).into_response()
}
