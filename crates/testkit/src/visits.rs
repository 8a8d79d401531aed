//! What a site was asked for, when, and how many requests it had open at once: the evidence for politeness and for "nothing is
//! fetched twice".

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::watch;

/// One request as it arrived.
#[derive(Clone, Debug)]
pub struct Seen {
    /// `GET`, `HEAD`, …
    pub method: String,
    /// Without the leading slash, with the query: `a/1?page=2`.
    pub path: String,
    /// In the order sent, names in lower case.
    pub headers: Vec<(String, String)>,
    /// When it arrived.
    pub at: Instant,
}

impl Seen {
    /// The first header of this name, whatever its case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.as_str())
    }

    /// Whether the request could be answered with 304.
    pub fn is_conditional(&self) -> bool {
        self.header("if-none-match").is_some() || self.header("if-modified-since").is_some()
    }
}

/// How many requests are open, and how many ever were at once.
#[derive(Debug, Default)]
pub(crate) struct Gauge {
    now: AtomicUsize,
    peak: AtomicUsize,
}

impl Gauge {
    fn enter(&self) {
        let now = self.now.fetch_add(1, Ordering::SeqCst) + 1;
        self.peak.fetch_max(now, Ordering::SeqCst);
    }

    pub(crate) fn peak(&self) -> usize {
        self.peak.load(Ordering::SeqCst)
    }

    pub(crate) fn now(&self) -> usize {
        self.now.load(Ordering::SeqCst)
    }
}

/// A request being answered. Dropped when its last byte is handed to the socket, or when the client goes away.
pub(crate) struct Visit {
    site: Arc<Gauge>,
    web: Arc<Gauge>,
}

impl Drop for Visit {
    fn drop(&mut self) {
        self.site.now.fetch_sub(1, Ordering::SeqCst);
        self.web.now.fetch_sub(1, Ordering::SeqCst);
    }
}

#[derive(Default)]
struct Book {
    seen: Vec<Seen>,
    counts: HashMap<String, u64>,
}

/// A site's visitors' book.
pub(crate) struct Visits {
    book: Mutex<Book>,
    pub(crate) gauge: Arc<Gauge>,
    web: Arc<Gauge>,
    tick: watch::Sender<u64>,
}

impl Visits {
    pub(crate) fn new(web: Arc<Gauge>) -> Self {
        Self { book: Mutex::default(), gauge: Arc::default(), web, tick: watch::Sender::new(0) }
    }

    fn book(&self) -> std::sync::MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes the request down; gives the guard that holds it open and how many there were of its path, this one included.
    pub(crate) fn begin(&self, seen: Seen) -> (Visit, u64) {
        self.gauge.enter();
        self.web.enter();
        let visit = Visit { site: Arc::clone(&self.gauge), web: Arc::clone(&self.web) };
        let mut book = self.book();
        let bare = seen.path.split('?').next().unwrap_or_default().to_owned();
        if bare != seen.path {
            *book.counts.entry(bare).or_default() += 1;
        }
        let count = book.counts.entry(seen.path.clone()).or_default();
        *count += 1;
        let count = *count;
        book.seen.push(seen);
        drop(book);
        self.tick.send_modify(|n| *n += 1);
        (visit, count)
    }

    pub(crate) fn all(&self) -> Vec<Seen> {
        self.book().seen.clone()
    }

    pub(crate) fn total(&self) -> u64 {
        self.book().seen.len() as u64
    }

    pub(crate) fn count(&self, path: &str) -> u64 {
        self.book().counts.get(path).copied().unwrap_or_default()
    }

    pub(crate) fn gaps(&self) -> Vec<Duration> {
        self.book().seen.windows(2).map(|pair| pair[1].at.saturating_duration_since(pair[0].at)).collect()
    }

    pub(crate) async fn reach(&self, path: &str, count: u64) {
        let mut tick = self.tick.subscribe();
        while self.count(path) < count {
            // The sender lives as long as `self`.
            let _ = tick.changed().await;
        }
    }
}
