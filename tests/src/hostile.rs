//! Hosts that mean ill, each in its own way: what they do to whoever asks them is one table for feeds and one for pages, so that a new
//! trick is one row.
//!
//! They speak in raw bytes, for half of what they do is no HTTP.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use rustix::process::{Resource, getrlimit, setrlimit};
use std::io::Write as _;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::runtime::Runtime;

/// What who asks gets.
enum Deed {
    /// These bytes, then the end.
    Say(Vec<u8>),
    /// These bytes, then nothing, and no end.
    Hang(&'static str),
    /// These bytes, then the others one at a time, half a second apart.
    Drip(&'static str, &'static str),
    /// These bytes, then the others again and again for as long as somebody reads.
    Endless(&'static str, &'static str),
}

/// A trick, and for which reason its entry is dropped.
struct Trick {
    name: &'static str,
    deed: fn() -> Deed,
    ends: &'static str,
}

const HEAD: &str = "HTTP/1.1 200 OK\r\nConnection: close\r\n";

fn answers(fields: &str, body: &[u8]) -> Deed {
    Deed::Say([HEAD.as_bytes(), fields.as_bytes(), b"\r\n", body].concat())
}

fn page(body: &str) -> Deed {
    answers("Content-Type: text/html\r\n", format!("<!doctype html><html><body>{body}").as_bytes())
}

fn leads(to: &str) -> Deed {
    Deed::Say(format!("HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n").into_bytes())
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).and_then(|()| encoder.finish()).expect("memory")
}

/// 64 MiB of blanks, packed once: it is not our packing that is to be slow.
fn bomb() -> Deed {
    static PACKED: LazyLock<Vec<u8>> = LazyLock::new(|| gzip(&vec![b' '; 64 << 20]));
    answers("Content-Encoding: gzip\r\n", &PACKED)
}

fn billion_laughs() -> Deed {
    let mut entities = "<!ENTITY a0 \"ha\">".to_owned();
    for n in 1..30 {
        entities.push_str(&format!("<!ENTITY a{n} \"&a{0};&a{0};&a{0};&a{0};\">", n - 1));
    }
    let feed =
        format!("<?xml version=\"1.0\"?><!DOCTYPE rss [{entities}]><rss><channel><title>&a29;</title></channel></rss>");
    answers("Content-Type: application/rss+xml\r\n", feed.as_bytes())
}

fn crowd() -> Deed {
    let items: String = (0..100_000).map(|n| format!("<item><guid isPermaLink=\"false\">{n}</guid></item>")).collect();
    answers("", format!("<rss version=\"2.0\"><channel><title>Crowd</title>{items}</channel></rss>").as_bytes())
}

/// In a feed's place, one host each; all hosts beyond are silent for ever.
const FEEDS: &[fn() -> Deed] = &[
    || Deed::Hang("HTTP/1.1 200 OK\r\nX-Slow: "),
    || Deed::Hang("HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n<rss><channel>"),
    || Deed::Drip("HTTP/1.1 200 OK\r\n\r\n", "<rss><channel><title>Slowly, slowly</title>"),
    || Deed::Drip("", "HTTP/1.1 200 OK and a reason that is so long that it takes for ever\r\n"),
    || Deed::Endless("HTTP/1.1 200 OK\r\n\r\n<rss>", "<item/>          "),
    || Deed::Endless("HTTP/1.1 200 OK\r\n", "X-More: and more and more\r\n"),
    bomb,
    || leads("/feed"),
    || leads("http://169.254.169.254/latest/meta-data/"),
    || Deed::Say(Vec::new()),
    || Deed::Say(b"SSH-2.0-OpenSSH_9\r\n".to_vec()),
    billion_laughs,
    crowd,
    || Deed::Say(b"HTTP/1.1 429 Slow down\r\nRetry-After: 31536000\r\nContent-Length: 0\r\n\r\n".to_vec()),
];

/// In a page's place.
const PAGES: &[Trick] = &[
    Trick { name: "silence", deed: || Deed::Hang(""), ends: "exhausted" },
    Trick { name: "half-an-answer", deed: || Deed::Hang("HTTP/1.1 200 OK\r\n\r\n<p>And then"), ends: "exhausted" },
    Trick {
        name: "drop-by-drop",
        deed: || Deed::Drip("HTTP/1.1 200 OK\r\n\r\n", "<p>drop by drop by drop by drop by drop"),
        ends: "exhausted",
    },
    Trick { name: "no-http", deed: || Deed::Say(b"220 mail.example ESMTP\r\n".to_vec()), ends: "exhausted" },
    Trick {
        name: "endless",
        deed: || Deed::Endless("HTTP/1.1 200 OK\r\n\r\n<p>", "and so on and so on "),
        ends: "too_large",
    },
    Trick {
        name: "endless-headers",
        deed: || Deed::Endless("HTTP/1.1 200 OK\r\n", "X-More: and more\r\n"),
        ends: "exhausted",
    },
    Trick { name: "bomb", deed: bomb, ends: "too_large" },
    Trick {
        name: "packed-twice",
        deed: || answers("Content-Encoding: gzip, gzip\r\n", &gzip(&gzip(b"<p>x"))),
        ends: "exhausted",
    },
    Trick { name: "circle", deed: || leads("/page/circle/0"), ends: "exhausted" },
    Trick { name: "leads-inside", deed: || leads("http://10.0.0.1/admin"), ends: "no_link" },
    Trick { name: "leads-inside-by-number", deed: || leads("http://2852039166/"), ends: "no_link" },
    Trick { name: "leads-to-another-port", deed: || leads("http://192.0.2.1:22/"), ends: "no_link" },
    Trick { name: "leads-to-a-file", deed: || leads("file:///etc/passwd"), ends: "no_link" },
    Trick {
        name: "document",
        deed: || answers("Content-Type: text/html\r\n", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"),
        ends: "not_article",
    },
    Trick { name: "film", deed: || answers("", b"\x00\x00\x00\x18ftypmp42 and so on"), ends: "not_article" },
    Trick {
        name: "crossing-tags",
        deed: || page(&(0..3_400).map(|n| format!("<font x={n}><p>")).collect::<String>()),
        ends: "too_costly",
    },
    Trick { name: "nested", deed: || page(&"<div>".repeat(300_000)), ends: "too_costly" },
    Trick {
        name: "attributes",
        deed: || page(&format!("<p {}>", (0..64_000).map(|n| format!("a{n} ")).collect::<String>())),
        ends: "too_costly",
    },
    Trick {
        name: "brackets",
        deed: || page(&format!("<script type=application/ld+json>{}", "[".repeat(500_000))),
        ends: "not_article",
    },
    Trick { name: "nulls", deed: || page(&"\0".repeat(1_000_000)), ends: "not_article" },
    Trick { name: "nothing", deed: || answers("Content-Length: 0\r\n", b""), ends: "not_article" },
];

/// Links that lead where nobody may be led, `{port}` being one on which somebody listens.
const LINKS: &[&str] = &[
    "http://127.0.0.2:{port}/",
    "http://127.2:{port}/",
    "http://2130706434:{port}/",
    "http://0x7f.2:{port}/",
    "http://0177.0.0.2:{port}/",
    "http://[::ffff:127.0.0.2]:{port}/",
    "http://[::ffff:7f00:2]:{port}/",
    "http://[64:ff9b::127.0.0.2]:{port}/",
    "http://[2002:7f00:2::]:{port}/",
    "http://１２７.０.０.２:{port}/",
    "http://127。0。0。2:{port}/",
    "http://%31%32%37.0.0.2:{port}/",
    "http://127.0.0.2.:{port}/",
    "http://user:word@127.0.0.2:{port}/",
    "http://[::1]:{port}/",
    "http://[::]:{port}/",
    "http://[fe80::1]:{port}/",
    "http://[fd00::1]:{port}/",
    "http://0.0.0.0:{port}/",
    "http://0:{port}/",
    "http://10.1.2.3/",
    "http://172.16.0.1/",
    "http://192.168.1.1/",
    "http://100.64.0.1/",
    "http://169.254.169.254/latest/meta-data/",
    "http://224.0.0.1/",
    "http://255.255.255.255/",
    "http://192.0.2.1:22/",
    "file:///etc/passwd",
    "ftp://192.0.2.1/x",
    "gopher://192.0.2.1/x",
    "javascript:alert(1)",
    "data:text/html,<p>x",
];

/// The hosts, each at a port of its own on 127.0.0.1, and one that nobody may visit.
pub struct Hostile {
    hosts: Vec<SocketAddr>,
    closed: SocketAddr,
    book: Arc<Book>,
    _runtime: Runtime,
}

#[derive(Default)]
struct Book {
    asked: AtomicU64,
    open: AtomicUsize,
    trespasses: AtomicU64,
    edition: AtomicU64,
}

/// An exchange that is under way.
struct Open<'a>(&'a AtomicUsize);

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Hostile {
    /// Starts so many hosts. The first one's feed can be read, and lists every page and every link that means ill; the others have a
    /// trick in their feed's place.
    ///
    /// # Errors
    /// Where the system gives no port.
    pub fn start(hosts: usize) -> anyhow::Result<Self> {
        // Hosts and those beside them have a listener each, and many systems give a process a thousand files at first.
        let mut files = getrlimit(Resource::Nofile);
        files.current = files.maximum;
        setrlimit(Resource::Nofile, files)?;
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        let book = Arc::<Book>::default();
        let closed = TcpListener::bind((Ipv4Addr::new(127, 0, 0, 2), 0))?;
        let closed_at = closed.local_addr()?;
        let _inside = runtime.enter();
        closed.set_nonblocking(true)?;
        let (closed, counts) = (tokio::net::TcpListener::from_std(closed)?, Arc::clone(&book));
        runtime.spawn(async move {
            while let Ok((stream, _)) = closed.accept().await {
                counts.trespasses.fetch_add(1, Ordering::SeqCst);
                drop(stream);
            }
        });
        let mut addresses = Vec::new();
        for number in 0..hosts {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
            listener.set_nonblocking(true)?;
            addresses.push(listener.local_addr()?);
            let (listener, book) = (tokio::net::TcpListener::from_std(listener)?, Arc::clone(&book));
            let host = Host { number, closed: closed_at };
            runtime.spawn(async move {
                while let Ok((stream, _)) = listener.accept().await {
                    let book = Arc::clone(&book);
                    tokio::spawn(async move {
                        book.asked.fetch_add(1, Ordering::SeqCst);
                        book.open.fetch_add(1, Ordering::SeqCst);
                        let _open = Open(&book.open);
                        // Whoever hangs up has found us out.
                        let _ = host.serve(stream, book.edition.load(Ordering::SeqCst)).await;
                    });
                }
            });
        }
        drop(_inside);
        Ok(Self { hosts: addresses, closed: closed_at, book, _runtime: runtime })
    }

    /// The feeds, as a desk is configured with them.
    pub fn feeds(&self) -> Vec<(String, String)> {
        self.hosts.iter().enumerate().map(|(n, at)| (format!("hostile-{n}"), format!("http://{at}/feed"))).collect()
    }

    /// What the first host lists at first, and the reason for which each entry has to be dropped.
    pub fn listed(&self) -> Vec<(String, &'static str)> {
        let base = self.hosts.first().map(|at| format!("http://{at}")).unwrap_or_default();
        tricks(&base, self.closed, 0).collect()
    }

    /// Lists everything anew: the same tricks under other names.
    pub fn renew(&self) {
        self.book.edition.fetch_add(1, Ordering::SeqCst);
    }

    /// How often any of them was asked.
    pub fn asked(&self) -> u64 {
        self.book.asked.load(Ordering::SeqCst)
    }

    /// How many exchanges are under way.
    pub fn open(&self) -> usize {
        self.book.open.load(Ordering::SeqCst)
    }

    /// How often the host was visited that nobody may visit.
    pub fn trespasses(&self) -> u64 {
        self.book.trespasses.load(Ordering::SeqCst)
    }
}

/// The links that an edition lists, and for which reason each entry is dropped.
fn tricks(base: &str, closed: SocketAddr, edition: u64) -> impl Iterator<Item = (String, &'static str)> {
    let pages = PAGES.iter().map(move |trick| (format!("{base}/page/{}/{edition}", trick.name), trick.ends));
    pages.chain(LINKS.iter().map(move |link| (link.replace("{port}", &closed.port().to_string()), "no_link")))
}

#[derive(Clone, Copy)]
struct Host {
    number: usize,
    closed: SocketAddr,
}

impl Host {
    async fn serve(self, mut stream: TcpStream, edition: u64) -> std::io::Result<()> {
        let (mut head, mut piece) = (Vec::new(), [0u8; 2048]);
        while !head.windows(4).any(|end| end == b"\r\n\r\n") {
            match stream.read(&mut piece).await? {
                0 => return Ok(()),
                read => head.extend_from_slice(&piece[..read]),
            }
        }
        let head = String::from_utf8_lossy(&head).into_owned();
        match self.deed(head.split(' ').nth(1).unwrap_or_default(), edition) {
            Deed::Say(bytes) => stream.write_all(&bytes).await,
            Deed::Hang(start) => {
                stream.write_all(start.as_bytes()).await?;
                stream.read(&mut piece).await.map(drop)
            }
            Deed::Drip(start, slowly) => {
                stream.write_all(start.as_bytes()).await?;
                loop {
                    for byte in slowly.bytes() {
                        stream.write_all(&[byte]).await?;
                        tokio::time::sleep(Duration::from_millis(500)).await;
                    }
                }
            }
            Deed::Endless(start, again) => {
                stream.write_all(start.as_bytes()).await?;
                let again = again.repeat(200);
                loop {
                    stream.write_all(again.as_bytes()).await?;
                }
            }
        }
    }

    fn deed(self, path: &str, edition: u64) -> Deed {
        let name = path.strip_prefix("/page/").and_then(|rest| rest.split('/').next());
        if let Some(trick) = PAGES.iter().find(|trick| Some(trick.name) == name) {
            return (trick.deed)();
        }
        match (path, self.number.checked_sub(1)) {
            ("/feed", Some(number)) => FEEDS.get(number).map_or(Deed::Hang(""), |deed| deed()),
            ("/feed", None) => self.list(edition),
            _ => Deed::Say(b"HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n".to_vec()),
        }
    }

    fn list(self, edition: u64) -> Deed {
        let items: String = tricks("", self.closed, edition)
            .enumerate()
            .map(|(n, (link, _))| {
                let link = link.replace('&', "&amp;").replace('<', "&lt;");
                format!(
                    "<item><title>Trick {n}</title><guid isPermaLink=\"false\">{edition}-{n}</guid><link>{link}</link></item>"
                )
            })
            .collect();
        answers("", format!("<rss version=\"2.0\"><channel><title>Tricks</title>{items}</channel></rss>").as_bytes())
    }
}
