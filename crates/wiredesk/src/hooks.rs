//! The server that hubs speak to (W3C WebSub): it answers GET and POST below the callback's path, and nothing else. It stands on a port of
//! its own, for it is meant for strangers: what the admin server shows is nobody's business out there.
//!
//! What a connection may cost is bounded in [`crate::connections`], what a body may cost in `fetch`, and what an answer means is decided in
//! `pipeline::push`.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use axum::response::{IntoResponse, Response};
use hyper::body::Incoming;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tracing::error;
use url::Url;
use wiredesk_pipeline::desk::Desk;
use wiredesk_pipeline::push::intent::Intent;
use wiredesk_pipeline::push::receive::{Envelope, Pushed, Verified};
use wiredesk_store::error::StoreError;

use crate::connections::{self, Bounds};

/// Hubs push now and then, and a push may be a whole feed.
const BOUNDS: Bounds = Bounds {
    server: "websub",
    connections: 64,
    head: Duration::from_secs(10),
    whole: Duration::from_secs(120),
    buffer: 32 << 10,
};
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
    let answer = move |request| {
        let hooks = hooks.clone();
        async move { hooks.answer(request).await }
    };
    connections::serve(listener, BOUNDS, answer, end).await;
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
