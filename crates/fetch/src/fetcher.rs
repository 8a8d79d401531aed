//! What may be asked: a feed, a page, whether robots.txt allows a page, and a hub for its pushes, which are read here too.
//!
//! # Memory
//! Bodies draw on `fetch.memory`. Besides it, each request under way may hold what its connection has read ahead (at most about
//! 400 KiB with HTTP/1, 512 KiB with HTTP/2), 64 KiB of headers, and the window of a decoder (32 KiB for gzip, up to 16 MiB for brotli
//! and 8 MiB for zstd). robots.txt rules are kept up to 32 MiB in all.

use std::sync::{Arc, Mutex};

use bytes::Buf;
use futures_util::Stream;
use futures_util::future::BoxFuture;
use jiff::Timestamp;
use reqwest::header::CONTENT_TYPE;
use reqwest::{Client, StatusCode};
use tokio::time::Instant;
use tracing::debug;
use url::Url;
use wiredesk_model::fault::{AsFault, Fault};
use wiredesk_model::feed::{Feed, Validators};
use wiredesk_model::reminder::Reminder;
use wiredesk_model::units::Size;

use crate::answer::{FeedAnswer, Pace, Page, PageAnswer, RobotsVerdict};
use crate::body::{self, Body, Over, Reading};
use crate::budget::Budget;
use crate::client;
use crate::coding::{Coding, Pieces};
use crate::door::{Door, Way};
use crate::error::{FetchError, SetupError};
use crate::exchange::{Confidential, Head, Lines, Question, bare};
use crate::gate::Gate;
use crate::headers;
use crate::links;
use crate::resolver::{self, Lookup};
use crate::robots::{self, Robots};
use crate::robots_cache::{Known, RobotsCache};
use crate::settings::{Robots as RobotsSetting, Settings};

const ACCEPT_FEED: &str = "application/rss+xml, application/atom+xml, application/feed+json, application/rdf+xml;q=0.9, \
    application/xml;q=0.9, text/xml;q=0.9, application/json;q=0.8, */*;q=0.1";
const ACCEPT_PAGE: &str = "text/html, application/xhtml+xml, application/xml;q=0.8, text/plain;q=0.8, */*;q=0.1";
const ACCEPT_HUB: &str = "text/plain, */*;q=0.1";
const ACCEPT_ROBOTS: &str = "text/plain, */*;q=0.1";

/// Asks other people's servers. Cheap to clone; all clones share connections, the byte budget and what is known of robots.txt.
#[derive(Clone)]
pub struct Fetcher {
    inner: Arc<Inner>,
}

struct Inner {
    settings: Settings,
    door: Arc<Door>,
    public: Client,
    inside: Client,
    budget: Arc<Budget>,
    gate: Gate,
    /// What this machine refuses us concerns every feed: it is said once for all of them.
    starved: Mutex<Reminder>,
    robots: RobotsCache,
}

impl Fetcher {
    /// A fetcher that does as the settings say. Opens no connection.
    pub fn new(settings: &Settings) -> Result<Self, SetupError> {
        Self::with_lookup(settings, resolver::system())
    }

    /// The same, with somebody else to ask for the addresses of names. What is said is checked as the system's word is.
    pub fn with_lookup(settings: &Settings, lookup: Lookup) -> Result<Self, SetupError> {
        if settings.timeout.0.is_zero() {
            return Err(SetupError::NoTime);
        }
        if settings.per_host.delay >= settings.timeout {
            return Err(SetupError::DelayTooLong);
        }
        let largest = settings.page_limit.max(settings.feed_limit).max(Size(robots::LIMIT as u64));
        if settings.memory < largest {
            return Err(SetupError::MemoryTooSmall { memory: settings.memory.0, largest: largest.0 });
        }
        let proxy = client::proxy_url(settings)?;
        let proxy_host = proxy.as_ref().and_then(Url::host).map(|host| host.to_owned());
        let door = Door::new(&settings.allow_networks, &settings.allow_ports, proxy_host);
        Ok(Self {
            inner: Arc::new(Inner {
                public: client::build(settings, &lookup, &door, Way::Public, proxy.as_ref())?,
                inside: client::build(settings, &lookup, &door, Way::Inside, proxy.as_ref())?,
                budget: Budget::new(settings.memory, largest),
                gate: Gate::new(settings.per_host.delay.0),
                starved: Mutex::default(),
                robots: RobotsCache::default(),
                door,
                settings: settings.clone(),
            }),
        })
    }

    /// The feed, or that it has not changed since `validators` were given. Its own headers and credentials go to its own
    /// origin (scheme, host and port) only.
    ///
    /// Cancel-safe: nothing is kept of a fetch that is dropped.
    pub async fn feed(&self, feed: &Feed, validators: &Validators) -> Result<FeedAnswer, FetchError> {
        self.feed_at(feed, &feed.url, validators).await
    }

    /// The same, asked at `url`, where the feed has moved to. What it keeps for its own origin stays with the configured one.
    ///
    /// Cancel-safe: nothing is kept of a fetch that is dropped.
    pub async fn feed_at(&self, feed: &Feed, url: &Url, validators: &Validators) -> Result<FeedAnswer, FetchError> {
        let mut question = self.question(url, ACCEPT_FEED);
        question.validators = Some(validators);
        question.confidential = Some(Confidential::of(feed)?);
        question.obeys = self.inner.settings.feed_robots;
        let head = self.ask(&question).await?;
        let pace = Pace {
            max_age: headers::max_age(head.response.headers(), Timestamp::now()),
            moved_permanently: head.moved_permanently.clone(),
            hub: links::target(head.response.headers(), "hub", &head.url),
            self_url: links::target(head.response.headers(), "self", &head.url),
        };
        let asked_again = validators.etag.is_some() || validators.last_modified.is_some();
        if head.response.status() == StatusCode::NOT_MODIFIED && asked_again {
            let validators = headers::refreshed(validators, head.response.headers());
            return Ok(FeedAnswer::NotModified { validators, pace });
        }
        head.judge()?;
        let validators = headers::validators(head.response.headers());
        let page = self.read(&question, head, self.inner.settings.feed_limit, Over::Refuse, true).await?;
        Ok(FeedAnswer::Fresh { page, validators, pace })
    }

    /// The page, for a person who asks for it. robots.txt is not asked. What is plainly no text (a PDF, a video) is refused by its
    /// first bytes.
    ///
    /// Cancel-safe: nothing is kept of a fetch that is dropped.
    pub async fn page(&self, url: &Url) -> Result<Page, FetchError> {
        match self.page_under(url, &Validators::default(), RobotsSetting::Ignore).await? {
            PageAnswer::Fresh(page) => Ok(page),
            PageAnswer::NotModified => Err(FetchError::OddStatus { url: bare(url), status: 304 }),
        }
    }

    /// The page, or that it has not changed since `validators` were given. A redirect is followed only where robots.txt allows what it
    /// leads to.
    ///
    /// Cancel-safe: nothing is kept of a fetch that is dropped.
    pub async fn page_again(&self, url: &Url, validators: &Validators) -> Result<PageAnswer, FetchError> {
        self.page_under(url, validators, self.inner.settings.robots).await
    }

    async fn page_under(
        &self,
        url: &Url,
        validators: &Validators,
        obeys: RobotsSetting,
    ) -> Result<PageAnswer, FetchError> {
        let mut question = self.question(url, ACCEPT_PAGE);
        question.validators = Some(validators);
        question.obeys = obeys;
        let head = self.ask(&question).await?;
        let asked_again = validators.etag.is_some() || validators.last_modified.is_some();
        if head.response.status() == StatusCode::NOT_MODIFIED && asked_again {
            return Ok(PageAnswer::NotModified);
        }
        head.judge()?;
        self.read(&question, head, self.inner.settings.page_limit, Over::Refuse, true).await.map(PageAnswer::Fresh)
    }

    /// Asks a WebSub hub for something: a form is sent, and the hub answers that it will see to it (any 2xx, W3C WebSub §5.1). Only
    /// redirects that repeat the request (307, 308) are followed, and never from https to http: the form holds a secret.
    ///
    /// Cancel-safe: the hub may have heard the request.
    pub async fn ask_hub(&self, hub: &Url, form: String) -> Result<(), FetchError> {
        let mut question = self.question(hub, ACCEPT_HUB);
        question.form = Some(form);
        let head = self.ask(&question).await?;
        if head.response.status().is_success() { Ok(()) } else { head.judge() }
    }

    /// Reads what a hub sends of its own accord, under the limit, the deadline and the budget of a feed that was asked for. `topic` is for
    /// the error.
    ///
    /// Cancel-safe: nothing is kept of a body that is dropped.
    pub async fn receive<S, B, E>(&self, topic: &Url, pieces: S) -> Result<Body, FetchError>
    where
        S: Stream<Item = Result<B, E>> + Send + 'static,
        B: Buf + Send + 'static,
        E: std::error::Error + Send + Sync + 'static,
    {
        let timeout = self.inner.settings.timeout.0;
        let reading = Reading {
            limit: self.inner.settings.feed_limit.as_usize(),
            coding: Coding::Identity,
            over: Over::Refuse,
            text_only: false,
            deadline: Instant::now() + timeout,
            timeout,
        };
        body::gather(Pieces::sent(pieces), &bare(topic), None, reading, &self.inner.budget).await
    }

    /// Whether robots.txt allows us to poll the feed. Always, where `fetch.feed_robots` is `"ignore"`.
    pub async fn feed_allowed_by_robots(&self, url: &Url) -> Result<RobotsVerdict, FetchError> {
        self.verdict(url, self.inner.settings.feed_robots).await
    }

    /// Whether [`Self::allowed_by_robots`] has its answer without asking anybody.
    pub fn knows_robots(&self, url: &Url) -> bool {
        self.is_known(url, self.inner.settings.robots)
    }

    /// Whether [`Self::feed_allowed_by_robots`] has its answer without asking anybody.
    pub fn knows_feed_robots(&self, url: &Url) -> bool {
        self.is_known(url, self.inner.settings.feed_robots)
    }

    fn is_known(&self, url: &Url, setting: RobotsSetting) -> bool {
        if setting == RobotsSetting::Ignore {
            return true;
        }
        let slot = self.inner.robots.slot(&url.origin().ascii_serialization());
        slot.try_lock().is_ok_and(|place| place.as_ref().is_some_and(Known::stands))
    }

    /// Whether robots.txt of the page's origin (scheme, host and port) allows us the page. Always, where `fetch.robots` is
    /// `"ignore"`.
    ///
    /// What is learned is kept for as long as its `Cache-Control` says, between five minutes and a day. No robots.txt (any 4xx but
    /// 429) allows everything; one that cannot be read now (5xx, 429, no connection) is [`FetchError::NoRobots`], to be tried again. Of
    /// several who ask at once for one origin, one fetches it.
    pub async fn allowed_by_robots(&self, url: &Url) -> Result<RobotsVerdict, FetchError> {
        self.verdict(url, self.inner.settings.robots).await
    }

    /// [`Self::allowed_by_robots`] in the middle of an exchange. Boxed, for robots.txt is asked for by an exchange of its own, which asks
    /// no further.
    pub(crate) fn allowed_beyond<'a>(&'a self, url: &'a Url) -> BoxFuture<'a, Result<RobotsVerdict, FetchError>> {
        Box::pin(self.verdict(url, RobotsSetting::Obey))
    }

    async fn verdict(&self, url: &Url, setting: RobotsSetting) -> Result<RobotsVerdict, FetchError> {
        if setting == RobotsSetting::Ignore {
            return Ok(RobotsVerdict::Allowed { crawl_delay: None });
        }
        let url = bare(url);
        self.inner.door.check(&url)?;
        let origin = url.origin().ascii_serialization();
        let slot = self.inner.robots.slot(&origin);
        let mut place = slot.lock().await;
        let known = match place.take().filter(Known::stands) {
            Some(known) => known,
            None => {
                let known = self.read_robots(&url).await?;
                self.inner.robots.weigh(&origin, &known);
                known
            }
        };
        *place = Some(known.clone());
        drop(place);
        match known {
            Known::Rules { rules, .. } => {
                let takes_long = rules.takes_long(&url[url::Position::BeforePath..url::Position::AfterQuery]);
                let crawl_delay = rules.crawl_delay();
                let allows = move |url: &Url| rules.allows(&url[url::Position::BeforePath..url::Position::AfterQuery]);
                let allowed = if takes_long {
                    // Where the thread is gone, so is all else.
                    let url = url.clone();
                    tokio::task::spawn_blocking(move || allows(&url)).await.unwrap_or(false)
                } else {
                    allows(&url)
                };
                Ok(match allowed {
                    true => RobotsVerdict::Allowed { crawl_delay },
                    false => RobotsVerdict::Disallowed,
                })
            }
            Known::Failed { source, until } => {
                let after = until.saturating_duration_since(Instant::now());
                Err(FetchError::NoRobots { url, after, source })
            }
        }
    }

    /// What all bodies under way and kept hold of `fetch.memory` now; for a gauge.
    pub fn memory_in_use(&self) -> Size {
        self.inner.budget.in_use()
    }

    /// Fetches robots.txt and says what to make of it. An error where the origin itself can never be asked, or
    /// where the trouble is ours.
    async fn read_robots(&self, page: &Url) -> Result<Known, FetchError> {
        let Ok(url) = page.join("/robots.txt") else {
            return Err(FetchError::BadUrl { url: page.clone(), why: "it has no host" });
        };
        let question = self.question(&url, ACCEPT_ROBOTS);
        let turn = self.inner.settings.per_host.delay.0.max(self.inner.settings.per_host.longest_delay.0);
        match self.ask_robots(&question).await {
            Ok((page, max_age)) => {
                let rules = Robots::parse(&page.body).rules(&self.inner.settings.user_agent);
                Ok(Known::rules(rules, max_age, turn))
            }
            Err(e @ (FetchError::ForbiddenAddress { .. } | FetchError::ForbiddenPort { .. }))
                if e.url().origin() == url.origin() =>
            {
                Err(e)
            }
            // RFC 9309 §2.3.1.2 and 2.3.1.3: too many redirects, or any 4xx, mean that there is no robots.txt.
            Err(FetchError::RedirectLoop { .. } | FetchError::Gone { .. } | FetchError::Refused { .. }) => {
                Ok(Known::rules(Robots::default().rules(""), None, turn))
            }
            // That says nothing about this origin.
            Err(e) if e.is_ours() => Err(e),
            Err(e) if e.fault() == Fault::Reject => Ok(Known::rules(Robots::default().rules(""), None, turn)),
            Err(e) => Ok(Known::failed(e)),
        }
    }

    async fn ask_robots(&self, question: &Question<'_>) -> Result<(Page, Option<std::time::Duration>), FetchError> {
        let head = self.ask(question).await?;
        head.judge()?;
        let max_age = headers::max_age(head.response.headers(), Timestamp::now());
        let page = self.read(question, head, Size(robots::LIMIT as u64), Over::Cut, false).await?;
        Ok((page, max_age))
    }

    fn question(&self, url: &Url, accept: &'static str) -> Question<'static> {
        let timeout = self.inner.settings.timeout.0;
        Question {
            url: bare(url),
            accept,
            form: None,
            validators: None,
            confidential: None,
            obeys: RobotsSetting::Ignore,
            deadline: Instant::now() + timeout,
            timeout,
        }
    }

    async fn ask(&self, question: &Question<'_>) -> Result<Head, FetchError> {
        let Inner { door, gate, starved, public, inside, .. } = &*self.inner;
        Lines { fetcher: self, door, gate, starved, public, inside }.ask(question).await
    }

    async fn read(
        &self,
        question: &Question<'_>,
        head: Head,
        limit: Size,
        over: Over,
        text_only: bool,
    ) -> Result<Page, FetchError> {
        let coding = head.coding()?;
        let Head { response, url, .. } = head;
        let status = response.status().as_u16();
        let content_type = headers::text(response.headers(), CONTENT_TYPE);
        let validators = headers::validators(response.headers());
        let reading = Reading {
            limit: limit.as_usize(),
            coding,
            over,
            text_only,
            deadline: question.deadline,
            timeout: question.timeout,
        };
        let started = Instant::now();
        let body = body::read(response, &url, content_type.as_deref(), reading, &self.inner.budget).await?;
        debug!(url = %url, status, bytes = body.len(), ms = started.elapsed().as_millis(), "read");
        Ok(Page { requested: question.url.clone(), url, status, content_type, validators, body })
    }
}

/// Whether an address may be asked at all under these settings, as far as can be said before its name is resolved: its scheme, its port,
/// and that it is no literal of a network that is not public.
///
/// # Errors
/// Which of them forbids it, with the key that would allow it.
pub fn reachable(url: &Url, settings: &Settings) -> Result<(), FetchError> {
    Door::new(&settings.allow_networks, &settings.allow_ports, None).check(url).map(|_| ())
}

impl std::fmt::Debug for Fetcher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Fetcher").field("memory_in_use", &self.memory_in_use()).finish_non_exhaustive()
    }
}
