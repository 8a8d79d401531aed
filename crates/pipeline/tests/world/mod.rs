//! A desk in this process, a clock that shows what it is told, and servers on loopback that say exactly what the script tells them.
#![allow(dead_code, unreachable_pub, reason = "each test file uses its part")]

use std::collections::{BTreeMap, HashMap};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use prometheus_client::registry::Registry;
use tempfile::TempDir;
use tokio::sync::mpsc;
use wiredesk_fetch::fetcher::Fetcher;
use wiredesk_fetch::resolver::Lookup;
use wiredesk_fetch::settings::{PerHost, Settings as FetchSettings};
use wiredesk_model::feed::Feed;
use wiredesk_model::id::{DeskId, FeedId};
use wiredesk_model::record::Pipeline;
use wiredesk_model::units::Span;
use wiredesk_pipeline::clock::Clock;
use wiredesk_pipeline::cpu::Cpu;
use wiredesk_pipeline::desk::{Desk, Watcher};
use wiredesk_pipeline::meter::Meter;
use wiredesk_pipeline::publication::{Parts, Publication};
use wiredesk_pipeline::push::Push;
use wiredesk_pipeline::run::{End, Mode, Stop};
use wiredesk_pipeline::settings::Settings as PipelineSettings;
use wiredesk_pipeline::summary::Summary;
use wiredesk_schedule::queue::Politeness;
use wiredesk_schedule::settings::Settings as ScheduleSettings;
use wiredesk_store::Store;
use wiredesk_store::entries::Pending;
use wiredesk_store::feeds::FeedState;
use wiredesk_store::gate::{Gate, Open};
use wiredesk_store::read::Reader;
use wiredesk_store::subscriptions::Subscription;

/// A data dir, feeds and a clock. Each [`World::once`] is a desk of its own: a restart.
pub struct World {
    dir: TempDir,
    now: Arc<Mutex<Timestamp>>,
    pub feeds: Vec<Feed>,
    pub fetch: FetchSettings,
    pub schedule: ScheduleSettings,
    pub politeness: Politeness,
    pub watcher: Watcher,
    /// Where hubs would reach the desk.
    pub callback: Option<url::Url>,
    pub pipeline: PipelineSettings,
    /// Who knows the addresses of names, where it is not the system.
    pub lookup: Option<Lookup>,
    /// What stands before the store's writes.
    pub gate: Box<dyn Fn() -> Box<dyn Gate> + Send + Sync>,
}

/// What a run came to.
pub struct Ran {
    pub end: End,
    pub summary: Summary,
    pub metrics: String,
}

impl World {
    pub fn new() -> Self {
        let start = "2026-03-02T09:00:00Z".parse().expect("a Monday morning");
        Self {
            dir: tempfile::tempdir().expect("a folder"),
            now: Arc::new(Mutex::new(start)),
            feeds: Vec::new(),
            fetch: FetchSettings {
                user_agent: "Testdesk/1.0 (+https://desk.example/)".into(),
                allow_networks: vec!["127.0.0.0/8".parse().expect("a network")],
                per_host: PerHost { delay: Span::millis(0), ..PerHost::default() },
                ..FetchSettings::default()
            },
            schedule: ScheduleSettings::default(),
            politeness: Politeness { concurrency: 1, delay: Duration::ZERO, longest_delay: Duration::from_secs(60) },
            watcher: Arc::new(|_| {}),
            callback: None,
            pipeline: PipelineSettings::default(),
            lookup: None,
            gate: Box::new(|| Box::new(Open)),
        }
    }

    pub fn feed(self, id: &str, url: &str) -> Self {
        self.feed_with(id, url, |_| {})
    }

    pub fn feed_with(mut self, id: &str, url: &str, set: impl FnOnce(&mut Feed)) -> Self {
        let mut feed = Feed::plain(FeedId::new(id), url.parse().expect("an address"));
        set(&mut feed);
        self.feeds.push(feed);
        self
    }

    pub fn now(&self) -> Timestamp {
        *self.now.lock().expect("no panic")
    }

    pub fn later(&self, minutes: i64) {
        *self.now.lock().expect("no panic") += SignedDuration::from_mins(minutes);
    }

    /// Polls every feed once, save those that are held, and reads every entry that is due.
    pub async fn once(&self) -> Summary {
        let ran = self
            .run(Mode::Once { wait: Duration::ZERO, connect_timeout: Duration::from_secs(10) }, Stop::default())
            .await;
        assert!(matches!(ran.end, End::Drained), "{:?}", ran.end);
        ran.summary
    }

    pub async fn run(&self, mode: Mode, stop: Stop) -> Ran {
        let (desk, registry, released) = self.desk();
        let (end, summary) = desk.run(mode, stop, released).await;
        let mut metrics = String::new();
        prometheus_client::encoding::text::encode(&mut metrics, &registry).expect("metrics");
        Ran { end, summary, metrics }
    }

    /// Runs a desk for as long as `act` takes, and stops it.
    pub async fn while_running<T>(&self, act: impl AsyncFnOnce(Arc<Desk>) -> T) -> (T, Ran) {
        let (desk, registry, released) = self.desk();
        let stop = Stop::default();
        let running = tokio::spawn(desk.clone().run(Mode::Forever, stop.clone(), released));
        let result = act(desk).await;
        stop.drain.cancel();
        let (end, summary) = running.await.expect("no panic");
        let mut metrics = String::new();
        prometheus_client::encoding::text::encode(&mut metrics, &registry).expect("metrics");
        (result, Ran { end, summary, metrics })
    }

    fn desk(&self) -> (Arc<Desk>, Registry, mpsc::UnboundedReceiver<Vec<Pending>>) {
        let data = self.dir.path().join("data");
        let store = Store::open_behind((self.gate)(), &data, self.now()).expect("a store");
        let mut registry = Registry::default();
        let meter = Meter::new(&mut registry);
        let (released_to, released) = mpsc::unbounded_channel();
        let parts = Parts {
            settings: wiredesk_publish::settings::Settings::default(),
            secrets: BTreeMap::new(),
            data_dir: data,
            rebuild: false,
            store: store.clone(),
            desk: DeskId { name: store.desk().to_owned(), started: self.now().as_millisecond() },
            pipeline: Pipeline { version: "0".into(), config_hash: "0".into() },
            released: released_to.clone(),
        };
        let now = self.now.clone();
        let desk = Desk {
            settings: self.pipeline.clone(),
            schedule: self.schedule.clone(),
            politeness: self.politeness,
            min_words: 20,
            window: Duration::from_secs(90 * 86_400),
            in_flight: 100,
            fetcher: match self.lookup.clone() {
                Some(lookup) => Fetcher::with_lookup(&self.fetch, lookup),
                None => Fetcher::new(&self.fetch),
            }
            .expect("a fetcher"),
            store,
            publication: Publication::open(parts).expect("a publication"),
            clock: Clock::showing(move || *now.lock().expect("no panic")),
            cpu: Cpu::start().expect("threads"),
            meter,
            watcher: self.watcher.clone(),
            rules: Arc::default(),
            misfits: Default::default(),
            push: self.callback.as_ref().map(|callback| Push::new(callback, &self.fetch, released_to)),
            feeds: self.feeds.iter().cloned().collect(),
        };
        (Arc::new(desk), registry, released)
    }

    /// Forgets all that may be forgotten now, as a desk that starts does; returns how many rows.
    pub async fn forget(&self) -> usize {
        let store = Store::open(&self.dir.path().join("data"), self.now()).expect("a store");
        let mut gone = 0;
        loop {
            match store.prune(self.now(), Duration::from_secs(90 * 86_400), 100).await.expect("pruned") {
                0 => return gone,
                some => gone += some,
            }
        }
    }

    /// A look into the data dir.
    pub fn reader(&self) -> Reader {
        Reader::open(&self.dir.path().join("data")).expect("a data dir")
    }

    pub async fn state(&self, id: &str) -> FeedState {
        self.reader().feeds().await.expect("feeds").into_iter().find(|state| state.id.as_str() == id).expect(id)
    }

    pub async fn subscription(&self, id: &str) -> Option<Subscription> {
        let reader = Reader::open(&self.dir.path().join("data")).expect("a data dir");
        reader.subscription(&FeedId::new(id)).await.expect("a subscription")
    }

    /// Minutes from now to the feed's next poll, rounded down.
    pub async fn minutes_to_next(&self, id: &str) -> i64 {
        self.state(id).await.due.duration_since(self.now()).as_mins()
    }

    /// The records in the embedded log.
    pub fn records(&self) -> Vec<serde_json::Value> {
        let folder = self.dir.path().join("data/log/articles");
        let files = std::fs::read_dir(folder)
            .map(|files| files.filter_map(Result::ok).collect())
            .unwrap_or_else(|_| Vec::new());
        let text: String = files.iter().filter_map(|file| std::fs::read_to_string(file.path()).ok()).collect();
        text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }
}

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Request {
    pub path: String,
    head: String,
    pub at: Instant,
}

impl Request {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (key, value) = line.split_once(": ")?;
            key.eq_ignore_ascii_case(name).then_some(value)
        })
    }
}

/// A server that answers by a script, which is given the request and how many of its path came before.
pub struct Server {
    pub address: SocketAddr,
    seen: Arc<Mutex<Vec<Request>>>,
}

impl Server {
    pub fn start(script: impl Fn(&Request, usize) -> Vec<u8> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        let seen: Arc<Mutex<Vec<Request>>> = Arc::default();
        let (book, script) = (seen.clone(), Arc::new(script));
        std::thread::spawn(move || {
            let counts: Arc<Mutex<HashMap<String, usize>>> = Arc::default();
            for stream in listener.incoming().flatten() {
                let (book, script, counts) = (book.clone(), script.clone(), counts.clone());
                std::thread::spawn(move || {
                    let Some((request, mut stream)) = read(stream) else { return };
                    book.lock().expect("no panic").push(request.clone());
                    let nth = {
                        let mut counts = counts.lock().expect("no panic");
                        let count = counts.entry(request.path.clone()).or_default();
                        *count += 1;
                        *count - 1
                    };
                    let _ = stream.write_all(&script(&request, nth));
                });
            }
        });
        Self { address, seen }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The requests for a path, in order.
    pub fn requests(&self, path: &str) -> Vec<Request> {
        self.all().into_iter().filter(|request| request.path == path).collect()
    }

    pub fn all(&self) -> Vec<Request> {
        self.seen.lock().expect("no panic").clone()
    }

    /// What each request for a path had in this field.
    pub fn fields(&self, path: &str, name: &str) -> Vec<Option<String>> {
        self.requests(path).iter().map(|request| request.header(name).map(str::to_owned)).collect()
    }
}

fn read(mut stream: TcpStream) -> Option<(Request, TcpStream)> {
    let (mut head, mut piece) = (Vec::new(), [0u8; 2048]);
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        match stream.read(&mut piece) {
            Ok(n) if n > 0 => head.extend_from_slice(&piece[..n]),
            _ => return None,
        }
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
    Some((Request { path, head, at: Instant::now() }, stream))
}

/// A whole answer.
pub fn reply(status: u16, fields: &[(&str, &str)], body: &str) -> Vec<u8> {
    let fields: String = fields.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let head = format!("HTTP/1.1 {status} Word\r\nConnection: close\r\nContent-Length: {}\r\n{fields}\r\n", body.len());
    (head + body).into_bytes()
}

/// An RSS feed; `channel` stands before its items, each of which is a name and what else is in it.
pub fn rss(channel: &str, items: &[(&str, &str)]) -> String {
    let items: String = items
        .iter()
        .map(|(name, more)| {
            format!("<item><title>About {name}</title><guid>{name}</guid><link>/{name}</link>{more}</item>")
        })
        .collect();
    format!(
        "<rss version='2.0' xmlns:sy='http://purl.org/rss/1.0/modules/syndication/' \
         xmlns:content='http://purl.org/rss/1.0/modules/content/'><channel><title>Paper</title>{channel}{items}</channel></rss>"
    )
}

/// Paragraphs of a story that no other name has.
pub fn story(name: &str) -> String {
    (1..5)
        .map(|n| {
            format!(
                "<p>Paragraph {n} of the story about {name} tells what the council of {name} decided on its day number {n}, \
                 who of the {n} members of {name} was against it, and what the mayor said when she was asked about it.</p>"
            )
        })
        .collect()
}

/// The story's page.
pub fn page(name: &str) -> String {
    format!(
        "<!doctype html><html lang=en><head><title>About {name}</title></head><body><nav><a href=/>Home</a></nav>\
         <article><h1>About {name}</h1>{}</article><footer><a href=/about>About us</a></footer></body></html>",
        story(name)
    )
}
