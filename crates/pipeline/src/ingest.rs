//! ingest: one entry. fetch page -> decode -> extract -> clean -> offer -> settle. Each step's answer is its return value, and
//! nothing but [`Desk::settle`] ends an entry.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tracing::{debug, info, warn};
use url::Url;
use wiredesk_clean::Cleaned;
use wiredesk_faults::{Point, reach};
use wiredesk_fetch::answer::{Page, PageAnswer, RobotsVerdict};
use wiredesk_fetch::body::Body;
use wiredesk_fetch::error::FetchError;
use wiredesk_model::block::{Hints, PageKind};
use wiredesk_model::entry::Entry;
use wiredesk_model::fault::{AsFault, Fault};
use wiredesk_model::feed::{Feed, FullText, Validators};
use wiredesk_model::id::Digest;
use wiredesk_model::link;
use wiredesk_model::outcome::{Dropped, Outcome};
use wiredesk_model::record::{Candidate, Copy, DeadLetter, FeedRef};
use wiredesk_schedule::queue::Asker;
use wiredesk_store::address_key;
use wiredesk_store::articles::{Sight, Sighting};
use wiredesk_store::entries::{Admitted, Fate, Pending};
use wiredesk_store::error::StoreError;
use wiredesk_store::topic::Placed;

use crate::article;
use crate::cpu::CpuError;
use crate::desk::{Desk, Event, back_off};
use crate::poll::{self, asked_wait};
use crate::publication::{OfferError, Offered};
use crate::run::Seat;
use crate::whole;

/// The least wait after a trouble of ours: it is said once a minute, and nobody's server is asked meanwhile.
const OURS: Duration = Duration::from_secs(60);
/// 404 and 410 must be seen this often, over this time, before they are believed: many systems list before they publish.
const GONE_TIMES: u32 = 3;
const GONE_OVER: Duration = Duration::from_secs(3600);

/// What a 429 means that does not say for how long.
const BUSY: Duration = Duration::from_secs(300);

/// What an ingest leaves to be scheduled.
pub(crate) enum Ingested {
    /// The entry is settled; these may go on because of it.
    Settled { outcome: Outcome, released: Vec<Pending> },
    /// The entry is to be tried again.
    Again { host: Option<String>, after: Duration },
    /// Its host's turn was needed for robots.txt: the entry is read at the next one.
    NextTurn { host: Option<String> },
    /// Somebody else settled it.
    Nothing,
}

/// Why an ingest ended without an answer: the entry stays pending.
#[derive(Debug, thiserror::Error)]
pub(crate) enum IngestError {
    /// Its attempt was never begun.
    #[error(transparent)]
    NotAdmitted(StoreError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Closed(#[from] crate::publication::Closed),
}

impl From<OfferError> for IngestError {
    fn from(error: OfferError) -> Self {
        match error {
            OfferError::Store(error) => Self::Store(error),
            OfferError::Closed(error) => Self::Closed(error),
        }
    }
}

/// What reading an entry came to.
enum Reading {
    /// An article worth publishing, when its page was fetched, the page's share of the byte budget, and what to ask for it again with.
    Article(Box<Cleaned>, Timestamp, Body, Validators),
    /// It may go well later.
    Later { why: String, after: Option<Duration>, gone: bool },
    /// Not now, for a reason of ours: the attempt does not count.
    Ours { why: String },
    /// Its page has not changed since the body was read that the entry was settled with.
    Unchanged,
    /// Not yet: its host's turn was needed for robots.txt.
    NextTurn,
    /// It will never go well.
    Never(Dropped),
}

/// What fetching a page came to.
enum Fetched {
    Page(Box<Page>),
    Unchanged,
    Disallowed,
    OnlyRobots,
}

impl Desk {
    /// Reads one entry, from its admission to its end or its next try. `again` says that the store cut the last attempt short.
    pub(crate) async fn ingest(
        &self,
        entry: wiredesk_model::id::EntryKey,
        again: bool,
        seat: Option<Seat>,
    ) -> Result<Ingested, IngestError> {
        let now = self.clock.now();
        let admitted = if again { self.store.readmit(entry, now).await } else { self.store.admit(entry, now).await };
        let Some(admitted) = admitted.map_err(IngestError::NotAdmitted)? else { return Ok(Ingested::Nothing) };
        reach(Point::Admitted);
        let feed = self.feed_of(&admitted);
        let hints = hints(&admitted.entry);
        if let Some(fate) = &admitted.fate {
            let fate = fate.clone();
            return self.fulfil(&admitted, &feed, hints, fate).await;
        }
        let reading = if admitted.crashed && admitted.attempts > self.settings.retry.attempts.get() {
            Reading::Never(Dropped::Exhausted {
                attempts: admitted.attempts - 1,
                last: "the desk ended while it was being read".into(),
            })
        } else {
            self.read(&admitted, &feed, &hints, seat).await
        };
        let reading = self.or_from_feed(&admitted, &feed, hints.clone(), reading).await;
        match self.ended(&admitted, &feed, reading).await? {
            Some(ingested) => Ok(ingested),
            // A wall is an unusable page like any other.
            None => self.dropped_or_from_feed(&admitted, &feed, hints, Dropped::Wall).await,
        }
    }

    /// An entry whose page is known to be unusable: the feed's own text may do, save where that is a wall.
    async fn dropped_or_from_feed(
        &self,
        admitted: &Admitted,
        feed: &Feed,
        hints: Hints,
        dropped: Dropped,
    ) -> Result<Ingested, IngestError> {
        let reading = self.or_from_feed(admitted, feed, hints, Reading::Never(dropped.clone())).await;
        match self.ended(admitted, feed, reading).await? {
            Some(ingested) => Ok(ingested),
            None => self.drop_entry(admitted, dropped).await,
        }
    }

    /// What a reading comes to; `None` where the body turned out to be a wall.
    async fn ended(&self, admitted: &Admitted, feed: &Feed, reading: Reading) -> Result<Option<Ingested>, IngestError> {
        match reading {
            Reading::Article(cleaned, fetched, page, validators) => {
                self.publish(admitted, feed, *cleaned, fetched, page, validators).await
            }
            Reading::Later { why, after, gone } => self.put_back(admitted, &why, after, gone).await.map(Some),
            Reading::Ours { why } => {
                self.store.take_back(admitted.entry.key).await?;
                let wait = back_off(&self.settings, admitted.attempts, None).max(OURS);
                debug!(
                    feed = %admitted.entry.feed, url = admitted.entry.listing.link, stage = "fetch", reason = link::printable(&why),
                    again_s = wait.as_secs(), "not asked; this attempt does not count"
                );
                Ok(Some(Ingested::Again { host: host_of(&admitted.entry), after: wait }))
            }
            Reading::Unchanged => self.settle(admitted, Outcome::Unchanged).await.map(Some),
            Reading::NextTurn => {
                self.store.take_back(admitted.entry.key).await?;
                Ok(Some(Ingested::NextTurn { host: host_of(&admitted.entry) }))
            }
            Reading::Never(dropped) => self.drop_entry(admitted, dropped).await.map(Some),
        }
    }

    /// The entry's page, read.
    async fn read(&self, admitted: &Admitted, feed: &Feed, hints: &Hints, seat: Option<Seat>) -> Reading {
        let url = match Url::parse(&hints.requested_url) {
            Ok(url) => url,
            Err(error) => return Reading::Never(Dropped::NoLink { why: format!("the link cannot be read: {error}") }),
        };
        if feed.full_text == FullText::Feed {
            drop(seat);
            return self.feeds_own_text(hints.clone(), None).await;
        }
        if whole::is_enough(admitted, feed)
            && let read @ Reading::Article(..) = self.feeds_own_text(hints.clone(), Some(whole::FLAG)).await
        {
            self.meter.page_saved();
            return read;
        }
        let page = match self.page(&url, admitted, seat).await {
            Ok(Fetched::Page(page)) => page,
            Ok(Fetched::Unchanged) => return Reading::Unchanged,
            Ok(Fetched::Disallowed) => return Reading::Never(Dropped::Robots),
            Ok(Fetched::OnlyRobots) => return Reading::NextTurn,
            Err(error) => return self.sorted(admitted, &error),
        };
        let fetched = self.clock.now();
        let mut hints = hints.clone();
        hints.final_url = page.url.to_string();
        hints.fetched = Some(fetched);
        let _timer = self.meter.stage("extract");
        let compares = whole::is_worth_comparing(admitted, feed, &hints);
        let (rules, misfits, meter) = (Arc::clone(&self.rules), self.misfits.clone(), self.meter.clone());
        let job = move || {
            let read = article::read(&page.body, page.content_type.as_deref(), &hints, &rules);
            let no_more = match &read {
                Ok(cleaned) => {
                    misfits.note(cleaned, &hints, &rules, &meter);
                    if compares { whole::says_no_more(cleaned, &hints) } else { None }
                }
                Err(_) => None,
            };
            (read, no_more, page.body, page.validators)
        };
        match self.cpu.run(job).await {
            Ok((Ok(cleaned), no_more, page, validators)) => match article::objection(&cleaned, self.min_words) {
                None => {
                    if let Some(no_more) = no_more
                        && let Err(error) = self.store.compared(&feed.id, no_more).await
                    {
                        // Only a saving is lost.
                        warn!(feed = %feed.id, stage = "store", "what the feed carries could not be noted: {error}");
                    }
                    Reading::Article(Box::new(cleaned), fetched, page, validators)
                }
                Some(objection) => Reading::Never(objection),
            },
            Ok((Err(_), ..)) | Err(CpuError::Overdue) => Reading::Never(Dropped::TooCostly),
            Err(busy @ CpuError::Busy) => Reading::Ours { why: busy.to_string() },
            Err(panicked) => self.again_or_exhausted(admitted, &panicked),
        }
    }

    /// Fetches a page politely. The seat is given back once the page is read. Where robots.txt had to be asked for first, that was the
    /// one request that the seat stands for.
    async fn page(&self, url: &Url, admitted: &Admitted, seat: Option<Seat>) -> Result<Fetched, FetchError> {
        let _timer = self.meter.stage("fetch");
        let mut seat = seat;
        let slot = seat.as_ref().and_then(|seat| seat.slot.clone());
        let fetch = async {
            let known = self.fetcher.knows_robots(url);
            match self.fetcher.allowed_by_robots(url).await? {
                RobotsVerdict::Disallowed => return Ok(Fetched::Disallowed),
                RobotsVerdict::Allowed { crawl_delay } => {
                    if let (Some(slot), Some(delay)) = (&slot, crawl_delay) {
                        slot.slow_down(delay);
                    }
                }
            }
            // Suspects are read alone and hold no slot: nobody is hurried by them.
            if !known && slot.is_some() {
                return Ok(Fetched::OnlyRobots);
            }
            Ok(match self.fetcher.page_again(url, &admitted.page).await? {
                PageAnswer::Fresh(page) => Fetched::Page(Box::new(page)),
                PageAnswer::NotModified => Fetched::Unchanged,
            })
        };
        let answer: Result<Fetched, FetchError> = match &mut seat {
            Some(seat) => seat.permit.fetch(fetch).await,
            None => fetch.await,
        };
        match &answer {
            Ok(Fetched::Page(_)) => self.meter.fetched("page", "ok"),
            Ok(Fetched::Unchanged) => self.meter.fetched("page", "not_modified"),
            Ok(Fetched::Disallowed) => self.meter.fetched("page", "robots"),
            Ok(Fetched::OnlyRobots) => {}
            Err(error) => {
                self.meter.fetched("page", error.class().as_str());
                if let (Some(slot), Some((host, wait))) = (&slot, asked_wait(error, BUSY)) {
                    slot.asked_to_wait(host, Asker::Entry(admitted.entry.key), wait);
                }
            }
        }
        answer
    }

    /// What a failed fetch means for the entry.
    fn sorted(&self, admitted: &Admitted, error: &FetchError) -> Reading {
        match error {
            FetchError::Gone { status, .. } => {
                let status = *status;
                let since = admitted.gone_since.unwrap_or_else(|| self.clock.now());
                let long = self.clock.now().duration_since(since)
                    >= jiff::SignedDuration::from_secs(GONE_OVER.as_secs() as i64);
                if admitted.gone_seen + 1 >= GONE_TIMES && long {
                    return Reading::Never(Dropped::Gone { status });
                }
                let after = Some(GONE_OVER / (GONE_TIMES - 1));
                Reading::Later { why: error.to_string(), after, gone: true }
            }
            FetchError::Disallowed { .. } => Reading::Never(Dropped::Robots),
            FetchError::TooLarge { .. } => Reading::Never(Dropped::TooLarge { what: error.to_string() }),
            FetchError::NotText { .. } => Reading::Never(Dropped::NotArticle { page: PageKind::Binary }),
            FetchError::ForbiddenAddress { .. } | FetchError::ForbiddenPort { .. } | FetchError::BadUrl { .. } => {
                Reading::Never(Dropped::NoLink { why: error.to_string() })
            }
            _ if error.is_ours() => Reading::Ours { why: error.to_string() },
            _ => match error.fault() {
                Fault::Reject => {
                    Reading::Never(Dropped::Exhausted { attempts: admitted.attempts, last: error.to_string() })
                }
                _ => self.again_or_exhausted(admitted, error),
            },
        }
    }

    fn again_or_exhausted(&self, admitted: &Admitted, error: &(impl std::error::Error + MaybeAfter)) -> Reading {
        if admitted.attempts >= self.settings.retry.attempts.get() {
            return Reading::Never(Dropped::Exhausted { attempts: admitted.attempts, last: error.to_string() });
        }
        Reading::Later { why: error.to_string(), after: error.after(), gone: false }
    }

    /// Where the page is unusable for good but the feed carries enough of the article, that is published instead, and says so.
    async fn or_from_feed(&self, admitted: &Admitted, feed: &Feed, hints: Hints, reading: Reading) -> Reading {
        let Reading::Never(dropped) = &reading else { return reading };
        // What may have killed the process is not tried in another way.
        if feed.full_text != FullText::Auto || admitted.crashed || !whole::may_speak_for(feed, &hints.requested_url) {
            return reading;
        }
        match self.feeds_own_text(hints, Some(dropped.reason())).await {
            read @ (Reading::Article(..) | Reading::Ours { .. }) => read,
            _ => reading,
        }
    }

    /// The article as the feed carries it.
    async fn feeds_own_text(&self, hints: Hints, flag: Option<&'static str>) -> Reading {
        let mut cleaned = match self.cpu.run(move || article::from_feed(&hints)).await {
            Ok(Ok(Some(cleaned))) => Box::new(cleaned),
            Ok(Ok(None)) => return Reading::Never(Dropped::TooShort { words: 0 }),
            Err(busy @ CpuError::Busy) => return Reading::Ours { why: busy.to_string() },
            Ok(Err(_)) | Err(_) => return Reading::Never(Dropped::TooCostly),
        };
        if let Some(objection) = article::objection(&cleaned, self.min_words.max(1)) {
            return Reading::Never(objection);
        }
        cleaned.article.extraction.flags.extend(flag.map(str::to_owned));
        Reading::Article(cleaned, self.clock.now(), Body::default(), Validators::default())
    }

    async fn publish(
        &self,
        admitted: &Admitted,
        feed: &Feed,
        cleaned: Cleaned,
        fetched: Timestamp,
        page: Body,
        validators: Validators,
    ) -> Result<Option<Ingested>, IngestError> {
        let entry = &admitted.entry;
        let article = cleaned.article;
        let hash = article.content_hash;
        let link_key = Url::parse(&article.requested_url).ok().as_ref().map(address_key);
        let host = Url::parse(&article.url).ok().and_then(|url| link::host_port(&url)).unwrap_or_default();
        let sight = Sight {
            key: entry.key,
            link_key,
            url: article.url.clone(),
            title: article.title.clone(),
            host,
            hash,
            page: validators,
        };
        let sighting = self.store.sight(sight, self.clock.now()).await?;
        reach(Point::Sighted);
        if sighting.wall {
            return Ok(None);
        }
        let (url, title, domain, words) =
            (article.url.clone(), article.title.clone(), article.domain.clone(), article.word_count);
        let removed = article.extraction.blocks_removed;
        let candidate = Candidate {
            entry: entry.key,
            id: sighting.id,
            article,
            date_first_seen: admitted.first_seen,
            date_fetched: fetched,
            feed: feed_ref(feed, admitted),
        };
        let offered = {
            let _timer = self.meter.stage("publish");
            self.publication.offer(candidate, &sighting, page).await?
        };
        let ingested = match offered {
            Offered::Published(receipt, event) => {
                info!(
                    feed = %entry.feed, url, stage = "publish", at = %receipt, words, left_out = removed, event = ?event,
                    revision = sighting.revision, "published"
                );
                // The writer's thread settled it with its batch, and released those that waited for it.
                Ok(self.told(admitted, Outcome::Published { receipt }, Vec::new()))
            }
            Offered::InTopic(placed) => {
                let outcome = looked_at(admitted, &sighting, hash, &placed);
                if outcome == (Outcome::Duplicate { of: hash }) {
                    self.copy(entry, hash, url, title, domain).await?;
                }
                self.settle(admitted, outcome).await
            }
            Offered::Refused(dropped) => self.drop_entry(admitted, dropped).await,
        };
        ingested.map(Some)
    }

    async fn copy(
        &self,
        entry: &Entry,
        hash: Digest,
        url: String,
        title: String,
        domain: String,
    ) -> Result<(), IngestError> {
        let copy = Copy {
            content_hash: hash,
            entry: entry.key,
            url,
            domain,
            title,
            feed: entry.feed.clone(),
            date_seen: self.clock.now(),
        };
        self.publication.copy(&copy).await?;
        reach(Point::Copied);
        Ok(())
    }

    /// Ends an entry whose end was known before its page was looked at.
    async fn fulfil(
        &self,
        admitted: &Admitted,
        feed: &Feed,
        hints: Hints,
        fate: Fate,
    ) -> Result<Ingested, IngestError> {
        let entry = &admitted.entry;
        match fate {
            // Another feed's entry found the page so; this one's feed may carry more of it.
            Fate::Drop(dropped) if dropped.is_of_the_page() => {
                self.dropped_or_from_feed(admitted, feed, hints, dropped).await
            }
            Fate::Drop(dropped) => self.drop_entry(admitted, dropped).await,
            Fate::Duplicate(of) => {
                let link = entry.listing.link.as_deref().and_then(cleaned_link);
                let domain = link.as_ref().and_then(Url::host_str).map(link::registrable_domain).unwrap_or_default();
                let title = entry.listing.title.clone().unwrap_or_default();
                self.copy(entry, of, link.map(String::from).unwrap_or_default(), title, domain).await?;
                self.settle(admitted, Outcome::Duplicate { of }).await
            }
        }
    }

    async fn put_back(
        &self,
        admitted: &Admitted,
        why: &str,
        after: Option<Duration>,
        gone: bool,
    ) -> Result<Ingested, IngestError> {
        let entry = &admitted.entry;
        let wait = if gone { after.unwrap_or(GONE_OVER) } else { back_off(&self.settings, admitted.attempts, after) };
        let (now, why) = (self.clock.now(), link::printable(why));
        let due = poll::after(now, wait);
        self.store.put_back(entry.key, due, &why, gone, now).await?;
        self.meter.retried();
        info!(
            feed = %entry.feed, url = entry.listing.link, stage = "fetch", reason = why, attempt = admitted.attempts, again_s = wait.as_secs(),
            "failed; tried again later"
        );
        self.tell(&Event::Retried { entry: entry.key, error: why, due });
        Ok(Ingested::Again { host: host_of(entry), after: wait })
    }

    /// Drops an entry: a dead letter first, then its end. A crash between the two repeats the letter, never loses it.
    async fn drop_entry(&self, admitted: &Admitted, dropped: Dropped) -> Result<Ingested, IngestError> {
        let entry = &admitted.entry;
        let letter = DeadLetter {
            entry: entry.key,
            url: entry.listing.link.clone(),
            title: entry.listing.title.clone(),
            feed: entry.feed.clone(),
            reason: dropped.reason().into(),
            detail: dropped.detail(),
            attempts: admitted.attempts,
        };
        self.publication.dead_letter(&letter).await?;
        reach(Point::Lettered);
        if matches!(dropped, Dropped::Wall) {
            warn!(feed = %entry.feed, url = letter.url, stage = "dedup", "one text under several titles on this host: a wall, not an article");
        }
        info!(feed = %entry.feed, url = letter.url, stage = "settle", reason = letter.reason, detail = link::printable(&letter.detail), "dropped");
        self.settle(admitted, Outcome::Dropped(dropped)).await
    }

    async fn settle(&self, admitted: &Admitted, outcome: Outcome) -> Result<Ingested, IngestError> {
        let released = self.store.settle(admitted.entry.key, outcome.clone(), self.clock.now()).await?;
        Ok(released.map_or(Ingested::Nothing, |released| self.told(admitted, outcome, released)))
    }

    /// Counts an end, and says it.
    fn told(&self, admitted: &Admitted, outcome: Outcome, released: Vec<Pending>) -> Ingested {
        let entry = &admitted.entry;
        self.meter.ended(&outcome);
        if matches!(outcome, Outcome::Duplicate { .. } | Outcome::Unchanged | Outcome::Reverted) {
            info!(feed = %entry.feed, url = entry.listing.link, stage = "settle", "{}", outcome.name());
        }
        self.tell(&Event::Settled {
            entry: entry.key,
            feed: entry.feed.clone(),
            url: entry.listing.link.clone(),
            title: entry.listing.title.clone(),
            outcome: outcome.clone(),
        });
        Ingested::Settled { outcome, released }
    }

    /// The entry's feed; one that is configured no more is read to the end of its entries all the same.
    fn feed_of(&self, admitted: &Admitted) -> Arc<Feed> {
        let id = &admitted.entry.feed;
        self.feeds.named(id).cloned().unwrap_or_else(|| {
            let url =
                Url::parse(&admitted.feed_url).or_else(|_| Url::parse("about:blank")).expect("a constant address");
            Arc::new(Feed::plain(id.clone(), url))
        })
    }
}

fn feed_ref(feed: &Feed, admitted: &Admitted) -> FeedRef {
    let listing = &admitted.entry.listing;
    FeedRef {
        id: feed.id.clone(),
        url: link::bare(&feed.url).into(),
        title: admitted.feed_title.clone(),
        entry_id: listing.identity.clone(),
        entry_published: listing.published.or(listing.updated).map(|date| date.rfc3339()),
        tags: feed.tags.clone(),
    }
}

/// How an entry ends whose body is in the topic already.
fn looked_at(admitted: &Admitted, sighting: &Sighting, hash: Digest, placed: &Placed) -> Outcome {
    if !admitted.revisit && placed.entry == Some(admitted.entry.key) {
        // Its own record, which an earlier run put there: published, not a duplicate of itself.
        Outcome::Published { receipt: placed.receipt }
    } else if admitted.revisit && sighting.last_before == Some(hash) {
        Outcome::Unchanged
    } else if admitted.revisit && sighting.known_body {
        Outcome::Reverted
    } else {
        Outcome::Duplicate { of: hash }
    }
}

/// `host:port` of the entry's link.
fn host_of(entry: &Entry) -> Option<String> {
    entry.listing.link.as_deref().and_then(|link| Url::parse(link).ok()).as_ref().and_then(link::host_port)
}

fn cleaned_link(link: &str) -> Option<Url> {
    Url::parse(link).ok().map(|link| link::cleaned(&link))
}

fn hints(entry: &Entry) -> Hints {
    let listing = &entry.listing;
    let link = listing.link.clone().unwrap_or_default();
    Hints {
        requested_url: link.clone(),
        final_url: link,
        fetched: None,
        title: listing.title.clone(),
        summary: listing.summary.clone(),
        content: listing.content.clone(),
        authors: listing.authors.clone(),
        categories: listing.categories.clone(),
        published: listing.published,
        updated: listing.updated,
        language: listing.language.clone(),
    }
}

/// Errors that may name a least wait.
trait MaybeAfter {
    fn after(&self) -> Option<Duration>;
}

impl MaybeAfter for FetchError {
    fn after(&self) -> Option<Duration> {
        match self.fault() {
            Fault::Retry { after } => after,
            _ => None,
        }
    }
}

impl MaybeAfter for CpuError {
    fn after(&self) -> Option<Duration> {
        None
    }
}
