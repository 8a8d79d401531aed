//! Servers on loopback that say exactly what the script tells them, true or not.
#![allow(dead_code, unreachable_pub, reason = "each test file uses its part")]

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use url::Url;
use wiredesk_fetch::fetcher::Fetcher;
use wiredesk_fetch::settings::{PerHost, Settings};
use wiredesk_model::feed::{Feed, FullText, OffSite, Validators};
use wiredesk_model::id::FeedId;
use wiredesk_model::secret::Secret;
use wiredesk_model::units::{Size, Span};

/// What a connection gets once it has asked.
pub enum Reply {
    /// These bytes, then the end.
    Say(Vec<u8>),
    /// These bytes, then nothing, and no end.
    Hang(Vec<u8>),
    /// These bytes, then the others one at a time, a second apart.
    Trickle(Vec<u8>, Vec<u8>),
    /// These bytes, then the others again and again for as long as somebody reads.
    Endless(Vec<u8>, Vec<u8>),
}

/// A server that answers by a script.
pub struct Server {
    pub address: SocketAddr,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// `script` is given the request's target and makes the reply.
    pub async fn start(script: impl Fn(&str) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let requests: Arc<Mutex<Vec<String>>> = Arc::default();
        let (seen, script) = (requests.clone(), Arc::new(script));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, seen.clone(), script.clone()));
            }
        });
        Self { address, requests }
    }

    pub fn url(&self, path: &str) -> Url {
        format!("http://{}{path}", self.address).parse().expect(path)
    }

    /// The requests so far, heads as they came.
    pub fn requests(&self) -> Vec<String> {
        self.requests.lock().expect("no panic").clone()
    }
}

async fn serve(
    mut stream: TcpStream,
    seen: Arc<Mutex<Vec<String>>>,
    script: Arc<impl Fn(&str) -> Reply + Send + Sync + 'static>,
) {
    let mut head = Vec::new();
    let mut piece = [0u8; 1024];
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        match stream.read(&mut piece).await {
            Ok(n) if n > 0 => head.extend_from_slice(&piece[..n]),
            _ => return,
        }
        if !head.starts_with(b"GET ") && !head.starts_with(b"POST ") {
            break; // not HTTP, as in a TLS greeting
        }
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let target = head.split(' ').nth(1).unwrap_or_default().to_owned();
    seen.lock().expect("no panic").push(head);
    match script(&target) {
        Reply::Say(bytes) => {
            let _ = stream.write_all(&bytes).await;
            let _ = stream.shutdown().await;
        }
        Reply::Hang(bytes) => {
            let _ = stream.write_all(&bytes).await;
            let _ = stream.read(&mut piece).await; // until the other side gives up
        }
        Reply::Trickle(bytes, slowly) => {
            let _ = stream.write_all(&bytes).await;
            for byte in slowly {
                if stream.write_all(&[byte]).await.is_err() {
                    break;
                }
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
        Reply::Endless(bytes, again) => {
            let _ = stream.write_all(&bytes).await;
            while stream.write_all(&again).await.is_ok() {}
        }
    }
}

/// A whole answer.
pub fn answer(status: u16, headers: &[(&str, &str)], body: &[u8]) -> Reply {
    let mut fields = format!("Content-Length: {}\r\n", body.len());
    for (name, value) in headers {
        fields.push_str(&format!("{name}: {value}\r\n"));
    }
    raw(status, &fields, body)
}

/// An answer whose header fields are written out.
pub fn raw(status: u16, fields: &str, body: &[u8]) -> Reply {
    Reply::Say([head(status, fields).as_slice(), body].concat())
}

pub fn head(status: u16, fields: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status} Word\r\nConnection: close\r\n{fields}\r\n").into_bytes()
}

/// An answer that leads elsewhere.
pub fn redirect(status: u16, to: &str) -> Reply {
    answer(status, &[("Location", to)], b"")
}

/// Settings under which loopback may be reached, with little patience and little memory.
pub fn settings() -> Settings {
    Settings {
        user_agent: "Testdesk/1.0 (+https://desk.example/)".into(),
        timeout: Span::seconds(20),
        page_limit: Size::mib(1),
        feed_limit: Size::mib(1),
        memory: Size::mib(8),
        per_host: PerHost { delay: Span::millis(0), ..PerHost::default() },
        allow_networks: vec!["127.0.0.1/32".parse().expect("a network")],
        ..Settings::default()
    }
}

pub fn hasty() -> Settings {
    Settings { timeout: Span::millis(300), ..settings() }
}

pub fn fetcher(settings: &Settings) -> Fetcher {
    Fetcher::new(settings).expect("the settings are sound")
}

pub fn feed(url: Url, headers: &[(&str, &str)]) -> Feed {
    Feed {
        id: FeedId::new("a"),
        url,
        interval: None,
        full_text: FullText::Auto,
        off_site: OffSite::Keep,
        tags: Vec::new(),
        headers: headers.iter().map(|(n, v)| ((*n).to_owned(), Secret::new(*v))).collect(),
        backfill: None,
        identity: None,
    }
}

pub fn no_validators() -> Validators {
    Validators::default()
}
