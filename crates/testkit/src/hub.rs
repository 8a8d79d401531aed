//! A WebSub hub on 127.0.0.1: it writes down who asks for what, asks back, denies or keeps silent, and pushes what it is given, signed as it
//! should be or not.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::State;
use axum::http::StatusCode;
use ring::hmac;
use tokio::runtime::Runtime;
use url::form_urlencoded;

/// What the hub does with a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Manner {
    /// Accepts it and asks back, granting a lease of so many seconds; `None` leaves the lease unsaid.
    Verifies(Option<u64>),
    /// Accepts it and says a moment later that it denies it.
    Denies(String),
    /// Accepts it and does nothing.
    Silent,
    /// Answers with this status and does nothing.
    Refuses(u16),
}

/// A request for a subscription, as it came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// `hub.mode`
    pub mode: String,
    /// `hub.topic`
    pub topic: String,
    /// `hub.callback`
    pub callback: String,
    /// `hub.secret`
    pub secret: String,
    /// `hub.lease_seconds`
    pub lease_seconds: Option<u64>,
}

struct Inner {
    manner: Manner,
    asked: Vec<Asked>,
    /// Questions that were answered by giving the challenge back.
    confirmed: usize,
}

/// A running hub; dropped, it is gone.
pub struct Hub {
    url: String,
    inner: Arc<Mutex<Inner>>,
    runtime: Option<Runtime>,
}

/// What is to be given back.
const CHALLENGE: &str = "a challenge & more";

impl Hub {
    /// Starts a hub. When it returns, it answers.
    ///
    /// # Errors
    /// Where the system gives no port or no thread.
    pub fn start(manner: Manner) -> io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("testkit-hub")
            .enable_all()
            .build()?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        listener.set_nonblocking(true)?;
        let url = format!("http://{}/hub", listener.local_addr()?);
        let inner = Arc::new(Mutex::new(Inner { manner, asked: Vec::new(), confirmed: 0 }));
        let app = Router::new().fallback(subscribe).with_state(Arc::clone(&inner));
        let _inside = runtime.enter();
        let listener = tokio::net::TcpListener::from_std(listener)?;
        runtime.spawn(async move { axum::serve(listener, app).await });
        Ok(Self { url, inner, runtime: Some(runtime) })
    }

    fn inner(&self) -> std::sync::MutexGuard<'_, Inner> {
        lock(&self.inner)
    }

    /// The hub's address.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Does so from now on.
    pub fn behave(&self, manner: Manner) {
        self.inner().manner = manner;
    }

    /// All requests so far.
    pub fn asked(&self) -> Vec<Asked> {
        self.inner().asked.clone()
    }

    /// How often a subscriber confirmed that it was meant.
    pub fn confirmed(&self) -> usize {
        self.inner().confirmed
    }

    /// Sends content to the last one who asked, signed with its secret by HMAC-SHA-256; gives the answer's status.
    ///
    /// # Errors
    /// When nobody has asked, or nobody answers.
    pub fn push(&self, content: &str) -> io::Result<u16> {
        let asked = self.last()?;
        let key = hmac::Key::new(hmac::HMAC_SHA256, asked.secret.as_bytes());
        let tag = hmac::sign(&key, content.as_bytes());
        let signature = tag.as_ref().iter().fold("sha256=".to_owned(), |text, byte| format!("{text}{byte:02x}"));
        self.send(&[("X-Hub-Signature", &signature)], content)
    }

    /// Sends content to the last one who asked under these header fields; gives the answer's status.
    ///
    /// # Errors
    /// When nobody has asked, or nobody answers.
    pub fn send(&self, fields: &[(&str, &str)], content: &str) -> io::Result<u16> {
        exchange("POST", &self.last()?.callback, fields, content).map(|(status, _)| status)
    }

    fn last(&self) -> io::Result<Asked> {
        self.inner().asked.last().cloned().ok_or_else(|| io::Error::other("nobody has asked yet"))
    }
}

impl Drop for Hub {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

fn lock(inner: &Mutex<Inner>) -> std::sync::MutexGuard<'_, Inner> {
    inner.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn subscribe(State(inner): State<Arc<Mutex<Inner>>>, body: Body) -> StatusCode {
    let Ok(bytes) = to_bytes(body, 64 << 10).await else { return StatusCode::BAD_REQUEST };
    let mut asked = Asked::default();
    for (name, value) in form_urlencoded::parse(&bytes) {
        let value = value.into_owned();
        match name.as_ref() {
            "hub.mode" => asked.mode = value,
            "hub.topic" => asked.topic = value,
            "hub.callback" => asked.callback = value,
            "hub.secret" => asked.secret = value,
            "hub.lease_seconds" => asked.lease_seconds = value.parse().ok(),
            _ => {}
        }
    }
    let manner = {
        let mut inner = lock(&inner);
        inner.asked.push(asked.clone());
        inner.manner.clone()
    };
    let question = match manner {
        Manner::Refuses(status) => return StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
        Manner::Silent => return StatusCode::ACCEPTED,
        Manner::Verifies(lease) => {
            let lease = lease.map(|seconds| seconds.to_string());
            question(
                &asked.mode,
                &asked.topic,
                [("hub.challenge", Some(CHALLENGE)), ("hub.lease_seconds", lease.as_deref())],
            )
        }
        Manner::Denies(why) => question("denied", &asked.topic, [("hub.reason", Some(why.as_str())), ("", None)]),
    };
    let url = format!("{}?{question}", asked.callback);
    tokio::task::spawn_blocking(move || {
        // Who does not answer has not confirmed.
        if exchange("GET", &url, &[], "").is_ok_and(|(status, body)| status == 200 && body == CHALLENGE) {
            lock(&inner).confirmed += 1;
        }
    });
    StatusCode::ACCEPTED
}

/// The query of a question to a subscriber.
fn question(mode: &str, topic: &str, more: [(&str, Option<&str>); 2]) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("hub.mode", mode).append_pair("hub.topic", topic);
    for (name, value) in more {
        if let Some(value) = value {
            query.append_pair(name, value);
        }
    }
    query.finish()
}

/// One request by hand; gives the status and the body.
///
/// # Errors
/// When nobody answers in half a minute, or with something that is no HTTP.
pub fn exchange(method: &str, url: &str, fields: &[(&str, &str)], body: &str) -> io::Result<(u16, String)> {
    let rest = url.strip_prefix("http://").ok_or_else(|| io::Error::other("not http"))?;
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let mut stream = TcpStream::connect(host)?;
    stream.set_read_timeout(Some(Duration::from_secs(30)))?;
    let fields: String = fields.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let length = body.len();
    write!(
        stream,
        "{method} /{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Length: {length}\r\n{fields}\r\n"
    )?;
    // Who refuses a body need not read it.
    let _ = stream.write_all(body.as_bytes());
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    let answer = String::from_utf8_lossy(&answer);
    let status =
        answer.split(' ').nth(1).and_then(|code| code.parse().ok()).ok_or_else(|| io::Error::other("no answer"))?;
    Ok((status, answer.split_once("\r\n\r\n").map(|(_, body)| body.to_owned()).unwrap_or_default()))
}
