//! poll: one feed. fetch -> decode -> parse -> journal what is new or has changed, with the validators, in one transaction.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tracing::{debug, info, warn};
use url::Url;
use wiredesk_faults::{Point, reach};
use wiredesk_feed::parsed::{Parsed, Unreadable};
use wiredesk_fetch::answer::{FeedAnswer, Pace, Page, RobotsVerdict};
use wiredesk_fetch::body::Body;
use wiredesk_fetch::error::{FetchClass, FetchError};
use wiredesk_model::entry::{Entry, Listing};
use wiredesk_model::feed::{Feed, FullText, OffSite, Validators};
use wiredesk_model::habits::{Claims, Habits, HtmlAnswer};
use wiredesk_model::link;
use wiredesk_model::outcome::Dropped;
use wiredesk_schedule::rhythm::{self, News};
use wiredesk_schedule::trouble::{Trouble, after_failure};
use wiredesk_schedule::{condition, interval};
use wiredesk_store::address_key;
use wiredesk_store::entries::Pending;
use wiredesk_store::error::StoreError;
use wiredesk_store::feeds::{Failed, FeedState, Next};
use wiredesk_store::journal::{Journalled, Listed, Poll};
use wiredesk_store::subscriptions::Subscription;

use crate::desk::{Desk, Event};
use crate::lane::Permit;
use crate::meter::PollResult;
use crate::push::discovered;
use crate::run::HostSlot;

/// A feed that failed so often where it had moved to is asked at its old place again.
const PATIENCE_AFTER_A_MOVE: u32 = 3;

/// How long others of a host wait at most for a server that asked for it without naming a time.
const UNSAID: Duration = Duration::from_secs(15 * 60);

/// What a poll leaves to be scheduled.
pub(crate) struct Polled {
    /// When to poll again; never, for a feed that is gone.
    pub(crate) again: Option<Duration>,
    /// `host:port` of where it is asked the next time.
    pub(crate) host: String,
    /// How long the server asked to wait, which is not how long this feed backs off: others of its host may be meant too.
    pub(crate) asked_to_wait: Option<(String, Duration)>,
    /// Entries to be read.
    pub(crate) new: Vec<Pending>,
    /// How it went.
    pub(crate) result: PollResult,
}

/// Why a feed could not be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PollError {
    #[error(transparent)]
    Fetch(#[from] FetchError),
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    #[error(transparent)]
    Cpu(#[from] crate::cpu::CpuError),
}

/// Where a feed is asked: where it has moved to, once that is learned, else where it is configured.
pub(crate) fn asked_at(feed: &Feed, habits: &Habits) -> Url {
    place(feed, habits.learned()).into_owned()
}

/// The same, for one of which only the learned address is at hand.
pub(crate) fn place<'f>(feed: &'f Feed, learned: Option<&str>) -> Cow<'f, Url> {
    learned.and_then(|url| url.parse().ok()).map_or(Cow::Borrowed(&feed.url), Cow::Owned)
}

impl Desk {
    /// Polls one feed. `None` where its host's turn was needed for robots.txt: the feed itself is asked at the next.
    ///
    /// # Errors
    /// When the journal cannot be written: nothing of the poll is kept, and it is done again.
    pub(crate) async fn poll(
        &self,
        feed: Arc<Feed>,
        mut permit: Permit,
        slot: &HostSlot,
    ) -> Result<Option<Polled>, StoreError> {
        let Some(state) = self.store.feed_state(&feed.id).await? else {
            let host = link::host_port(&feed.url).unwrap_or_default();
            let result = PollResult::Failed;
            return Ok(Some(Polled { again: None, host, asked_to_wait: None, new: Vec::new(), result }));
        };
        let subscription = self.subscription(&feed).await?;
        let begun = self.clock.now();
        let answer = {
            let _timer = self.meter.stage("poll");
            permit.fetch(self.ask(&feed, &state, slot)).await
        };
        drop(permit);
        let answer = match answer {
            Ok(None) => return Ok(None),
            Ok(Some(answer)) => Ok(answer),
            Err(error) => Err(error),
        };
        self.meter.fetched("feed", answer.as_ref().map_or_else(FetchError::class, FeedAnswer::class).as_str());
        let polled = match answer {
            Ok(FeedAnswer::NotModified { validators, pace }) => {
                self.unchanged(&feed, &state, subscription, validators, pace).await
            }
            Ok(FeedAnswer::Fresh { page, validators, pace }) => match self.parse(page, &feed, &state).await {
                Ok(read) => self.journal(&feed, state, (subscription, begun), read, validators, pace).await,
                Err(error) => self.failed(&feed, &state, error).await,
            },
            Err(error) => self.failed(&feed, &state, error.into()).await,
        }?;
        self.meter.polled(polled.result);
        Ok(Some(polled))
    }

    /// Asks the feed's server; `None` where that went to robots.txt.
    async fn ask(&self, feed: &Feed, state: &FeedState, slot: &HostSlot) -> Result<Option<FeedAnswer>, FetchError> {
        let url = asked_at(feed, &state.habits);
        let known = self.fetcher.knows_feed_robots(&url);
        match self.fetcher.feed_allowed_by_robots(&url).await? {
            RobotsVerdict::Disallowed => return Err(FetchError::Disallowed { url: link::bare(&url) }),
            RobotsVerdict::Allowed { crawl_delay: Some(delay) } => slot.slow_down(delay),
            RobotsVerdict::Allowed { crawl_delay: None } => {}
        }
        if !known {
            return Ok(None);
        }
        self.fetcher.feed_at(feed, &url, &state.validators).await.map(Some)
    }

    async fn unchanged(
        &self,
        feed: &Feed,
        state: &FeedState,
        subscription: Option<Subscription>,
        validators: Option<Validators>,
        pace: Pace,
    ) -> Result<Polled, StoreError> {
        let now = self.clock.now();
        let mut habits = state.habits.clone();
        // A field that a 304 does not repeat stays as it was (RFC 9111 §4.3.4).
        habits.claims.max_age_s = pace.max_age.map(|age| age.as_secs()).or(habits.claims.max_age_s);
        // A 304 has no words of the feed's own: it is called as before.
        let (asked, called) = (asked_at(feed, &habits), habits.hub.as_ref().map(|hub| hub.topic.clone()));
        habits.hub = discovered(&pace, (None, called.as_deref()), &asked, &asked).or(habits.hub);
        let lease = self.lease_left(subscription.as_ref());
        let found = Found { own: own(feed), news: None, moved_to: pace.moved_permanently.map(String::from), lease };
        let next = found.next(&self.schedule, state, habits, now);
        let again = until(&next, now);
        self.store.poll_not_modified(&feed.id, now, validators, next.clone()).await?;
        self.heed_hub(feed, subscription.as_ref(), next.habits.hub.as_ref(), None).await;
        info!(feed = %feed.id, stage = "poll", again_s = again.as_secs(), "not modified");
        self.report(feed, state, &next.habits);
        self.tell(&Event::Polled { feed: feed.id.clone(), new: 0 });
        Ok(Polled {
            again: Some(again),
            host: link::host_port(&asked_at(feed, &next.habits)).unwrap_or_default(),
            asked_to_wait: None,
            new: Vec::new(),
            result: PollResult::NotModified,
        })
    }

    async fn parse(&self, page: Page, feed: &Feed, state: &FeedState) -> Result<(Url, Parsed), PollError> {
        let url = page.url.clone();
        let parsed = self.read_feed(page.body, page.content_type, page.url, feed, state).await?;
        Ok((url, parsed))
    }

    /// Bytes to what they list, under the policy that names the feed's entries.
    pub(crate) async fn read_feed(
        &self,
        body: Body,
        content_type: Option<String>,
        url: Url,
        feed: &Feed,
        state: &FeedState,
    ) -> Result<Parsed, PollError> {
        let _timer = self.meter.stage("parse");
        let identity = feed.identity.or_else(|| state.identity.as_deref().and_then(|name| name.parse().ok()));
        let parsed = self.cpu.run(move || {
            let text = wiredesk_decode::feed(&body, content_type.as_deref());
            wiredesk_feed::parse_with(&text.text, &url, identity)
        });
        Ok(parsed.await??)
    }

    async fn journal(
        &self,
        feed: &Feed,
        state: FeedState,
        (subscription, begun): (Option<Subscription>, Timestamp),
        (url, parsed): (Url, Parsed),
        validators: Validators,
        pace: Pace,
    ) -> Result<Polled, StoreError> {
        let now = self.clock.now();
        let (title, whole, identity) = (parsed.title.clone(), parsed.whole, parsed.identity);
        let mut habits = state.habits.clone();
        habits.claims = claims(&parsed, &pace);
        habits.damaged = !whole;
        let said = (parsed.hub.as_deref(), parsed.self_url.as_deref());
        let hub = discovered(&pace, said, &url, &asked_at(feed, &habits));
        // A feed that breaks off may have meant to name one.
        habits.hub = if whole { hub } else { hub.or(habits.hub) };
        let listed: Vec<_> = parsed.into_listings().into_iter().map(|listing| listed(feed, &url, listing)).collect();
        let listings = listed.len();
        let backfill = feed.backfill.unwrap_or(self.schedule.backfill).get() as usize;
        let poll = Poll {
            feed: feed.id.clone(),
            at: now,
            title,
            listed,
            validators: Some(validators),
            whole,
            identity: Some(identity.as_str().to_owned()),
            backfill: Some(backfill),
            backlog: self.settings.backlog.get(),
        };
        let (own, moved_to) = (own(feed), pace.moved_permanently.map(String::from));
        let (settings, before) = (self.schedule.clone(), state.clone());
        let lease = self.lease_left(subscription.as_ref());
        let next = move |done: &Journalled| {
            let new = (done.new.len() + done.joined).saturating_sub(done.changed) + done.left_out;
            // News that no push brought: the hub does not deliver.
            let lease = lease.filter(|_| new == 0);
            let found = Found { own, news: Some((listings, new, done.changed)), moved_to, lease };
            found.next(&settings, &before, habits, now)
        };
        let (Journalled { new, known, changed, left_out, joined }, next) = self.store.journal(poll, next).await?;
        reach(Point::Polled);
        let again = until(&next, now);
        let missed = (lease.is_some() && new.len() + joined + left_out > changed).then_some(begun);
        self.heed_hub(feed, subscription.as_ref(), next.habits.hub.as_ref(), missed).await;
        self.meter.seen(new.len() + joined, left_out);
        info!(
            feed = %feed.id, stage = "poll", new = (new.len() + joined).saturating_sub(changed), changed, known, joined,
            again_s = again.as_secs(), "polled"
        );
        if left_out > 0 {
            warn!(feed = %feed.id, stage = "poll", left_out, "the backlog is full; these entries are left for a later poll");
        }
        self.report(feed, &state, &next.habits);
        self.tell(&Event::Polled { feed: feed.id.clone(), new: new.len() + joined });
        let host = link::host_port(&asked_at(feed, &next.habits)).unwrap_or_default();
        Ok(Polled { again: Some(again), host, asked_to_wait: None, new, result: PollResult::Read })
    }

    async fn failed(&self, feed: &Feed, state: &FeedState, error: PollError) -> Result<Polled, StoreError> {
        let now = self.clock.now();
        let trouble = trouble(&error);
        let (status, wait, by_server) = match &error {
            PollError::Fetch(error) => (error.status(), error.retry_after(), error.asked_to_wait()),
            _ => (None, None, None),
        };
        let mut habits = state.habits.clone();
        habits.asked_to_wait_until = by_server.map(|wait| after(now, wait));
        let ours = trouble == Trouble::Ours;
        let failures = state.failures + u32::from(!ours);
        if !ours {
            habits.failing_since = habits.failing_since.or(Some(now));
        }
        if let PollError::Unreadable(Unreadable::Html { feeds }) = &error {
            habits.html = Some(HtmlAnswer { meant: feeds.first().map(Url::to_string) });
        }
        let moved_in_vain = (matches!(status, Some(404 | 410)) || failures >= PATIENCE_AFTER_A_MOVE)
            && condition::forget_move(&mut habits);
        // Gone where it had moved to is not gone where it was.
        let gone = status == Some(410) && !moved_in_vain;
        habits.conditions = condition::of(&habits, gone, state.last_new, now);
        let again = after_failure(&self.schedule, own(feed), &habits, trouble, failures, wait);
        let again = interval::outside_of_skipped(&habits.claims, now, interval::jittered(again, rand::random()));
        let text = link::printable(&error.to_string());
        let next = Next { due: after(now, again), interval_s: u32::try_from(again.as_secs()).ok(), habits };
        let failed = Failed { error: text.clone(), gone, elsewhere: moved_in_vain, ours };
        self.store.poll_failed(&feed.id, now, failed, next.clone()).await?;
        if state.failures == 0 {
            warn!(feed = %feed.id, stage = "poll", reason = %text, again_s = again.as_secs(), "poll failed");
        } else {
            // Said when it began, and again when it has become a condition.
            debug!(feed = %feed.id, stage = "poll", reason = %text, failures, again_s = again.as_secs(), "poll failed again");
        }
        self.report(feed, state, &next.habits);
        self.tell(&Event::PollFailed { feed: feed.id.clone(), error: text });
        Ok(Polled {
            again: (!gone).then_some(again),
            host: link::host_port(&asked_at(feed, &next.habits)).unwrap_or_default(),
            asked_to_wait: match &error {
                PollError::Fetch(error) => asked_wait(error, again.min(UNSAID)),
                _ => None,
            },
            new: Vec::new(),
            result: PollResult::Failed,
        })
    }

    /// Says and counts the conditions that have begun and ended, once each.
    fn report(&self, feed: &Feed, before: &FeedState, after: &Habits) {
        let (before, after_all) = (&before.habits.conditions, &after.conditions);
        for condition in after_all.iter().filter(|condition| !before.contains(condition)) {
            self.meter.condition(*condition, 1);
            let what = link::printable(&after.told(*condition));
            warn!(feed = %feed.id, stage = "poll", condition = condition.as_str(), "{what}");
        }
        for condition in before.iter().filter(|condition| !after_all.contains(condition)) {
            self.meter.condition(*condition, -1);
            info!(feed = %feed.id, stage = "poll", condition = condition.as_str(), "over");
        }
    }
}

/// What a good answer says about the next one.
struct Found {
    own: Option<Duration>,
    /// Listed, new and changed entries; `None` where the server said that nothing has changed.
    news: Option<(usize, usize, usize)>,
    moved_to: Option<String>,
    /// For how long a hub that delivers will go on pushing.
    lease: Option<Duration>,
}

impl Found {
    fn next(
        self,
        settings: &wiredesk_schedule::settings::Settings,
        state: &FeedState,
        mut habits: Habits,
        now: Timestamp,
    ) -> Next {
        let (listed, new, changed) = self.news.unwrap_or_default();
        let silence = state.last_new.filter(|_| was_watched(settings, state, now));
        let silence = silence.and_then(|since| now.duration_since(since).try_into().ok());
        // Where the hub was faster, a poll that finds nothing says nothing of how often there are news.
        if self.lease.is_none() {
            rhythm::heard(settings, &mut habits.rhythm, News { listed, new, silence }, !state.polled);
        }
        condition::answered(&mut habits, self.moved_to, now);
        (habits.failing_since, habits.html, habits.asked_to_wait_until) = (None, None, None);
        let last_new = if new + changed > 0 { Some(now) } else { state.last_new };
        habits.conditions = condition::of(&habits, false, last_new, now);
        let usual = interval::after_success(settings, self.own, &habits);
        let wait = self.lease.map_or(usual, |left| interval::while_pushed(settings, usual, left));
        let wait = interval::jittered(wait, rand::random());
        let wait = interval::outside_of_skipped(&habits.claims, now, wait);
        Next { due: after(now, wait), interval_s: u32::try_from(wait.as_secs()).ok(), habits }
    }
}

/// Which host (`host:port`) asks to be left alone for how long, and may mean the others of its own too: the one that answered, wherever a
/// redirect has led. `unsaid` is what a 429 means that does not say.
pub(crate) fn asked_wait(error: &FetchError, unsaid: Duration) -> Option<(String, Duration)> {
    let wait = match error.status() {
        Some(429) => Some(error.asked_to_wait().unwrap_or(unsaid)),
        Some(_) => error.asked_to_wait(),
        None => None,
    };
    Some((link::host_port(error.url())?, wait?))
}

/// Whether the feed was asked all the time since it last brought something: a gap in which nobody looked says nothing of its rhythm.
fn was_watched(settings: &wiredesk_schedule::settings::Settings, state: &FeedState, now: Timestamp) -> bool {
    let usual = state.interval_s.map_or(settings.default_interval.0, |s| Duration::from_secs(s.into()));
    let most = SignedDuration::try_from(usual.max(settings.default_interval.0) * 4).unwrap_or(SignedDuration::MAX);
    state.failures == 0 && state.last_polled.is_some_and(|at| now.duration_since(at) <= most)
}

fn own(feed: &Feed) -> Option<Duration> {
    feed.interval.map(|span| span.0)
}

/// That much later, or the end of time.
pub(crate) fn after(now: Timestamp, wait: Duration) -> Timestamp {
    let wait = SignedDuration::try_from(wait).unwrap_or(SignedDuration::MAX);
    now.saturating_add(wait).unwrap_or(Timestamp::MAX)
}

fn until(next: &Next, now: Timestamp) -> Duration {
    next.due.duration_since(now).try_into().unwrap_or_default()
}

/// What the publisher says about when to ask again, in the feed and around it.
fn claims(parsed: &Parsed, pace: &Pace) -> Claims {
    let bits = |places: &mut dyn Iterator<Item = u32>| places.fold(0, |bits, place| bits | 1u32 << place.min(31));
    Claims {
        ttl_s: parsed.ttl.max(parsed.update_period).map(|ttl| ttl.as_secs()),
        max_age_s: pace.max_age.map(|age| age.as_secs()),
        skip_hours: bits(&mut parsed.skip_hours.iter().map(|hour| u32::from(*hour))),
        skip_days: bits(&mut parsed.skip_days.iter().map(|day| u32::from(day.to_monday_zero_offset().unsigned_abs()))),
    }
}

/// Which kind of trouble it was.
fn trouble(error: &PollError) -> Trouble {
    let error = match error {
        PollError::Fetch(error) => error,
        PollError::Unreadable(_) | PollError::Cpu(_) => return Trouble::Content,
    };
    match error.class() {
        FetchClass::Timeout | FetchClass::Connect | FetchClass::Dns | FetchClass::Tls => Trouble::Network,
        FetchClass::ServerError | FetchClass::NoRobots => Trouble::Server,
        FetchClass::RateLimited => Trouble::Busy,
        FetchClass::Refused | FetchClass::Robots => Trouble::Refused,
        FetchClass::Gone => Trouble::Missing,
        FetchClass::NotText | FetchClass::BadEncoding | FetchClass::Protocol => Trouble::Content,
        FetchClass::NoMemory | FetchClass::Starved => Trouble::Ours,
        FetchClass::RedirectLoop
        | FetchClass::ClientError
        | FetchClass::TooLarge
        | FetchClass::ForbiddenAddress
        | FetchClass::BadUrl
        | FetchClass::Ok
        | FetchClass::NotModified => Trouble::Hopeless,
    }
}

/// An entry with what the journal must know of it: where it leads, what it is joined by, and whether its end is known already.
pub(crate) fn listed(feed: &Feed, site: &Url, listing: Listing) -> Listed {
    let link = listing
        .link
        .as_deref()
        .and_then(|link| Url::parse(link).ok())
        .filter(|link| matches!(link.scheme(), "http" | "https"));
    let drop = match (&link, &listing.link) {
        (None, None) => Some(Dropped::NoLink { why: "the feed gave no link".into() }),
        (None, Some(text)) => Some(Dropped::NoLink { why: format!("`{}` is no web address", link::printable(text)) }),
        (Some(link), _)
            if feed.off_site == OffSite::Drop && !link::same_site(link, site) && !link::same_site(link, &feed.url) =>
        {
            Some(Dropped::OffSite)
        }
        _ => None,
    };
    Listed {
        // Where the feed's own text is published no page is read, and nothing is said about the page.
        link_key: link.as_ref().filter(|_| feed.full_text != FullText::Feed).map(address_key),
        host: link.as_ref().and_then(link::host_port),
        entry: Entry::new(feed.id.clone(), listing),
        drop,
    }
}
