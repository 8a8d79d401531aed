//! The words a site's behaviour is written in.
//!
//! A site is a map of paths to routes: what is there, and what goes wrong on the way to it. The same words serve before the start
//! and, through [`crate::Web::change`], while the site is running.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::watch;

use crate::feed::Feed;

/// How often something happens before it stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Times(u64);

/// This many times.
pub fn times(n: u64) -> Times {
    Times(n)
}

/// Always.
pub fn forever() -> Times {
    Times(u64::MAX)
}

/// What is served at a path.
#[derive(Clone)]
pub(crate) enum Content {
    /// The same bytes each time.
    Fixed(Bytes),
    /// The text for the n-th request, from 1.
    Each(Arc<dyn Fn(u64) -> String + Send + Sync>),
    /// A feed.
    Feed(Box<Feed>),
    /// An article made from the path, where only behaviour was given.
    Made,
    /// Nothing, with a `Location`.
    Redirect(String),
}

/// A failure that is answered some times.
#[derive(Clone, Copy)]
struct Failure {
    status: u16,
    left: u64,
}

/// Bodies that come piece by piece.
#[derive(Clone, Copy)]
pub(crate) struct Drip {
    pub(crate) bytes: usize,
    pub(crate) pause: Duration,
}

/// A path: what is there and how it is served.
#[derive(Clone)]
pub(crate) struct Route {
    pub(crate) content: Content,
    pub(crate) status: u16,
    pub(crate) content_type: Option<String>,
    failures: VecDeque<Failure>,
    pub(crate) retry_after: Option<String>,
    pub(crate) first_byte: Duration,
    pub(crate) drip: Option<Drip>,
    pub(crate) cut: Option<usize>,
    pub(crate) gzip: bool,
    pub(crate) validators: bool,
    pub(crate) headers: Vec<(String, String)>,
    /// Counts the changes of the content; `Last-Modified` moves one second with each.
    pub(crate) version: i64,
    pub(crate) held: Option<watch::Sender<bool>>,
}

impl Route {
    fn new(content: Content) -> Self {
        Self {
            content,
            status: 200,
            content_type: None,
            failures: VecDeque::new(),
            retry_after: None,
            first_byte: Duration::ZERO,
            drip: None,
            cut: None,
            gzip: false,
            validators: true,
            headers: Vec::new(),
            version: 0,
            held: None,
        }
    }

    /// The status of the failure that is due now, if one is; uses it up.
    pub(crate) fn fail(&mut self) -> Option<u16> {
        take(&mut self.failures)
    }
}

fn take(failures: &mut VecDeque<Failure>) -> Option<u16> {
    let failure = failures.front_mut()?;
    let status = failure.status;
    failure.left = if failure.left == u64::MAX { u64::MAX } else { failure.left.saturating_sub(1) };
    if failure.left == 0 {
        failures.pop_front();
    }
    Some(status)
}

/// A site: a name, paths, and what happens at each.
#[derive(Clone)]
pub struct Site {
    pub(crate) name: String,
    pub(crate) routes: BTreeMap<String, Route>,
    pub(crate) latency: Duration,
    outage: VecDeque<Failure>,
}

/// A site of this name, with nothing on it: every path is a 404.
pub fn site(name: impl Into<String>) -> Site {
    Site { name: name.into(), routes: BTreeMap::new(), latency: Duration::ZERO, outage: VecDeque::new() }
}

impl Site {
    fn route(&mut self, path: &str) -> &mut Route {
        self.routes.entry(trim(path)).or_insert_with(|| Route::new(Content::Made))
    }

    fn serve(mut self, path: &str, content: Content, content_type: Option<String>) -> Self {
        let route = self.route(path);
        route.content = content;
        route.content_type = content_type;
        route.status = 200;
        route.version += 1;
        self
    }

    fn with(mut self, path: &str, set: impl FnOnce(&mut Route)) -> Self {
        set(self.route(path));
        self
    }

    pub(crate) fn fail(&mut self) -> Option<u16> {
        take(&mut self.outage)
    }

    /// An HTML page, UTF-8. Said of a path that is there already, it changes the content and keeps the behaviour.
    pub fn page(self, path: &str, html: impl Into<String>) -> Self {
        let html = Bytes::from(html.into());
        let feed_type = match self.routes.get(&trim(path)).map(|route| &route.content) {
            Some(Content::Feed(feed)) => Some(feed.content_type()),
            _ => None,
        };
        self.serve(path, Content::Fixed(html), feed_type)
    }

    /// An HTML page that may be another at every fetch: it is given how often the path was asked for, from 1. It has an `ETag`
    /// of its own each time and no `Last-Modified`.
    pub fn page_fn(self, path: &str, html: impl Fn(u64) -> String + Send + Sync + 'static) -> Self {
        self.serve(path, Content::Each(Arc::new(html)), None)
    }

    /// Any bytes under any `Content-Type`.
    pub fn typed(self, path: &str, content_type: &str, bytes: impl Into<Vec<u8>>) -> Self {
        self.serve(path, Content::Fixed(Bytes::from(bytes.into())), Some(content_type.to_owned()))
    }

    /// An HTML page of (about) this many bytes, one short article and filler.
    pub fn large(self, path: &str, bytes: usize) -> Self {
        let mut html = crate::template::plain(&trim(path), &crate::prose::story_for(path).paragraphs);
        let filler = "<p>and so on and so on, ";
        html.push_str(&filler.repeat(bytes.saturating_sub(html.len()) / filler.len() + 1));
        html.truncate(bytes.max(1));
        self.page(path, html)
    }

    /// A feed, at the path it names.
    pub fn feed(self, feed: Feed) -> Self {
        let path = feed.path.clone();
        self.serve(&path, Content::Feed(Box::new(feed)), None)
    }

    /// Changes a feed that is there; does nothing where there is none.
    pub fn edit_feed(mut self, path: &str, edit: impl FnOnce(Feed) -> Feed) -> Self {
        if let Some(route) = self.routes.get_mut(&trim(path))
            && let Content::Feed(feed) = &route.content
        {
            route.content = Content::Feed(Box::new(edit(feed.as_ref().clone())));
            route.version += 1;
        }
        self
    }

    /// `robots.txt`. Without it, that path is a 404 as any other.
    pub fn robots(self, text: &str) -> Self {
        let text = text.as_bytes().to_vec();
        self.typed("robots.txt", "text/plain; charset=utf-8", text)
    }

    /// Answers `status` this often, then what is there. Said again, a further row of failures follows the first.
    pub fn page_fails(self, path: &str, status: u16, how_often: Times) -> Self {
        self.with(path, |route| {
            if how_often.0 > 0 {
                route.failures.push_back(Failure { status, left: how_often.0 });
            }
        })
    }

    /// `Retry-After` on this path's failures: seconds, or an HTTP date.
    pub fn retry_after(self, path: &str, value: &str) -> Self {
        self.with(path, |route| route.retry_after = Some(value.to_owned()))
    }

    /// Every path answers `status` this often, feeds and `robots.txt` too.
    pub fn fails(mut self, status: u16, how_often: Times) -> Self {
        if how_often.0 > 0 {
            self.outage.push_back(Failure { status, left: how_often.0 });
        }
        self
    }

    /// Failures of the path and of the site that have not happened yet will not.
    pub fn recovers(mut self, path: &str) -> Self {
        self.outage.clear();
        self.with(path, |route| route.failures.clear())
    }

    /// This long before the first byte.
    pub fn slow(self, path: &str, first_byte: Duration) -> Self {
        self.with(path, |route| route.first_byte = first_byte)
    }

    /// This long before the first byte of every path.
    pub fn latency(mut self, first_byte: Duration) -> Self {
        self.latency = first_byte;
        self
    }

    /// The body in pieces of this many bytes with a pause between any two.
    pub fn drip(self, path: &str, bytes: usize, pause: Duration) -> Self {
        self.with(path, |route| route.drip = Some(Drip { bytes: bytes.max(1), pause }))
    }

    /// The connection breaks after this many bytes of the body.
    pub fn cut(self, path: &str, bytes: usize) -> Self {
        self.with(path, |route| route.cut = Some(bytes))
    }

    /// No answer until [`crate::Web::release`]: a slow page without a clock.
    pub fn held(self, path: &str) -> Self {
        self.with(path, |route| route.held = Some(watch::Sender::new(false)))
    }

    /// Points elsewhere: a path of this site, or an address (`{{base:NAME}}/…`).
    pub fn redirect(mut self, path: &str, status: u16, to: &str) -> Self {
        let to = if to.contains("://") || to.starts_with("{{") { to.to_owned() } else { format!("/{}", trim(to)) };
        self = self.serve(path, Content::Redirect(to), None);
        self.with(path, |route| route.status = status)
    }

    /// Content under another status than 200: a soft error page, a 410 with a text.
    pub fn status(self, path: &str, status: u16) -> Self {
        self.with(path, |route| route.status = status)
    }

    /// Packed with gzip where the client accepts it.
    pub fn gzip(self, path: &str) -> Self {
        self.with(path, |route| route.gzip = true)
    }

    /// A further header on every answer of the path.
    pub fn header(self, path: &str, name: &str, value: &str) -> Self {
        self.with(path, |route| route.headers.push((name.to_owned(), value.to_owned())))
    }

    /// Neither `ETag` nor `Last-Modified`, and never 304.
    pub fn without_validators(self, path: &str) -> Self {
        self.with(path, |route| route.validators = false)
    }

    /// The path is a 404 from now on.
    pub fn remove(mut self, path: &str) -> Self {
        self.routes.remove(&trim(path));
        self
    }
}

/// A path as it is kept: no leading slash.
pub(crate) fn trim(path: &str) -> String {
    path.trim_start_matches('/').to_owned()
}
