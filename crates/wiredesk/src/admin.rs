//! The admin server: `/healthz`, `/readyz`, `/metrics`. It answers GET and HEAD only, checks the `Host` header against
//! rebinding, and listens on loopback unless `daemon.allow_remote` says otherwise.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::http::{HeaderValue, Method, Request, StatusCode, header};
use axum::response::{IntoResponse, Response};
use prometheus_client::encoding::text::encode;
use prometheus_client::registry::Registry;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use wiredesk_pipeline::publication::{Publication, Standing};
use wiredesk_store::Store;

use crate::connections::{self, Bounds};

/// Probes and scrapers are few, and ask at once.
const BOUNDS: Bounds = Bounds {
    server: "admin",
    connections: 32,
    head: Duration::from_secs(5),
    whole: Duration::from_secs(30),
    buffer: 16 << 10,
};

/// What the server shows.
pub(crate) struct Admin {
    pub(crate) registry: Registry,
    pub(crate) publication: Publication,
    pub(crate) store: Store,
    pub(crate) draining: CancellationToken,
    pub(crate) allow_remote: bool,
}

/// Serves until `end` is cancelled.
pub(crate) async fn serve(listener: TcpListener, admin: Admin, end: CancellationToken) {
    let admin = Arc::new(admin);
    let answer = move |request| {
        let admin = admin.clone();
        async move { admin.answer(&request) }
    };
    connections::serve(listener, BOUNDS, answer, end).await;
}

impl Admin {
    /// A page in a browser must not reach us by a name that it made point here; nobody changes anything.
    fn answer<B>(&self, request: &Request<B>) -> Response {
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            return (StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, "GET, HEAD")], "GET only\n").into_response();
        }
        let host = request.headers().get(header::HOST);
        if !self.allow_remote && !host.is_some_and(is_local) {
            return (StatusCode::MISDIRECTED_REQUEST, "this server answers to localhost and loopback addresses only\n")
                .into_response();
        }
        match request.uri().path() {
            "/healthz" => "ok\n".into_response(),
            "/readyz" => self.ready(),
            "/metrics" => self.metrics(),
            _ => StatusCode::NOT_FOUND.into_response(),
        }
    }

    fn ready(&self) -> Response {
        if self.draining.is_cancelled() {
            return (StatusCode::SERVICE_UNAVAILABLE, "draining\n").into_response();
        }
        if let Some(trouble) = self.store.trouble().borrow().as_ref() {
            let text = format!("waiting: the data dir cannot be written: {}\n", trouble.told());
            return (StatusCode::SERVICE_UNAVAILABLE, text).into_response();
        }
        if let Some(waited) = self.publication.stalled() {
            let text = format!("waiting: the topic has not answered for {} s\n", waited.as_secs());
            return (StatusCode::SERVICE_UNAVAILABLE, text).into_response();
        }
        let standing = self.publication.standing().borrow().clone();
        match standing {
            Standing::Ready => "ready\n".into_response(),
            Standing::Starting => {
                (StatusCode::SERVICE_UNAVAILABLE, "starting: the topic is not caught up yet\n").into_response()
            }
            Standing::Waiting(why) => (StatusCode::SERVICE_UNAVAILABLE, format!("waiting: {why}\n")).into_response(),
            Standing::Ended(_) => (StatusCode::SERVICE_UNAVAILABLE, "publishing has ended\n").into_response(),
        }
    }

    fn metrics(&self) -> Response {
        let mut text = String::new();
        match encode(&mut text, &self.registry) {
            Ok(()) => {
                const KIND: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
                ([(header::CONTENT_TYPE, KIND)], text).into_response()
            }
            Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
        }
    }
}

fn is_local(host: &HeaderValue) -> bool {
    let Ok(host) = host.to_str() else { return false };
    if let Ok(address) = host.parse::<SocketAddr>() {
        return address.ip().is_loopback();
    }
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => host,
    };
    name.eq_ignore_ascii_case("localhost")
        || name.trim_matches(['[', ']']).parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_names_are_answered() {
        for host in ["localhost", "LOCALHOST:9464", "127.0.0.1:80", "[::1]:9464", "127.9.9.9"] {
            assert!(is_local(&HeaderValue::from_static(host)), "{host}");
        }
        for host in ["evil.example", "127.0.0.1.evil.example", "10.0.0.1:80", ""] {
            assert!(!is_local(&HeaderValue::from_static(host)), "{host}");
        }
    }
}
