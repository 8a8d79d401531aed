//! poll: one feed. fetch -> decode -> parse -> journal what is new or has changed, with the validators, in one transaction.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tracing::{info, warn};
use url::Url;
use wiredesk_feed::parsed::{Parsed, Unreadable};
use wiredesk_fetch::answer::{FeedAnswer, Pace as Claimed, Page};
use wiredesk_fetch::error::FetchError;
use wiredesk_model::entry::{Entry, Listing};
use wiredesk_model::feed::{Feed, FullText, OffSite, Validators};
use wiredesk_model::link;
use wiredesk_model::outcome::Dropped;
use wiredesk_schedule::interval::{self, Pace};
use wiredesk_store::address_key;
use wiredesk_store::entries::Pending;
use wiredesk_store::error::StoreError;
use wiredesk_store::feeds::FeedState;
use wiredesk_store::journal::{Journalled, Listed, Poll};

use crate::desk::{Desk, Event};
use crate::lane::Permit;
use crate::meter::PollResult;

/// What a poll leaves to be scheduled.
pub(crate) struct Polled {
    /// When to poll again; never, for a feed that is gone.
    pub(crate) again: Option<Duration>,
    /// Entries to be read.
    pub(crate) new: Vec<Pending>,
    /// How it went.
    pub(crate) result: PollResult,
}

/// Why a feed could not be read.
#[derive(Debug, thiserror::Error)]
enum PollError {
    #[error(transparent)]
    Fetch(#[from] FetchError),
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    #[error(transparent)]
    Cpu(#[from] crate::cpu::CpuError),
}

impl Desk {
    /// Polls one feed.
    ///
    /// # Errors
    /// When the journal cannot be written: nothing of the poll is kept, and it is done again.
    pub(crate) async fn poll(&self, feed: Arc<Feed>, mut permit: Permit) -> Result<Polled, StoreError> {
        let Some(state) = self.store.feed_state(&feed.id).await? else {
            return Ok(Polled { again: None, new: Vec::new(), result: PollResult::Failed });
        };
        let answer = {
            let _timer = self.meter.stage("poll");
            permit.fetch(self.fetcher.feed(&feed, &state.validators)).await
        };
        drop(permit);
        self.meter.fetched("feed", answer.as_ref().map_or_else(FetchError::class, FeedAnswer::class).as_str());
        let polled = match answer {
            Ok(FeedAnswer::NotModified { validators, pace }) => self.unchanged(&feed, validators, &pace).await,
            Ok(FeedAnswer::Fresh { page, validators, pace }) => match self.parse(page, &state).await {
                Ok((url, parsed)) => self.journal(&feed, url, parsed, validators, &pace).await,
                Err(error) => self.failed(&feed, &state, error).await,
            },
            Err(error) => self.failed(&feed, &state, error.into()).await,
        }?;
        self.meter.polled(polled.result);
        Ok(polled)
    }

    async fn unchanged(
        &self,
        feed: &Feed,
        validators: Option<Validators>,
        pace: &Claimed,
    ) -> Result<Polled, StoreError> {
        let now = Timestamp::now();
        let again = self.pause(feed, None, pace);
        self.store.poll_not_modified(&feed.id, now, now + again, validators).await?;
        info!(feed = %feed.id, stage = "poll", again_s = again.as_secs(), "not modified");
        self.tell(&Event::Polled { feed: feed.id.clone(), new: 0 });
        Ok(Polled { again: Some(again), new: Vec::new(), result: PollResult::NotModified })
    }

    async fn parse(&self, page: Page, state: &FeedState) -> Result<(Url, Parsed), PollError> {
        let _timer = self.meter.stage("parse");
        let url = page.url.clone();
        let identity = state.identity.as_deref().and_then(|name| name.parse().ok());
        let parsed = self.cpu.run(move || {
            let text = wiredesk_decode::feed(&page.body, page.content_type.as_deref());
            wiredesk_feed::parse_with(&text.text, &page.url, identity)
        });
        Ok((url, parsed.await??))
    }

    async fn journal(
        &self,
        feed: &Feed,
        url: Url,
        parsed: Parsed,
        validators: Validators,
        pace: &Claimed,
    ) -> Result<Polled, StoreError> {
        let now = Timestamp::now();
        let again = self.pause(feed, parsed.ttl.max(parsed.update_period), pace);
        let (title, whole, identity) = (parsed.title.clone(), parsed.whole, parsed.identity);
        let listed = parsed.into_listings().into_iter().map(|listing| listed(feed, &url, listing)).collect();
        let backfill = feed.backfill.unwrap_or(self.schedule.backfill).get() as usize;
        let poll = Poll {
            feed: feed.id.clone(),
            at: now,
            title,
            listed,
            validators: Some(validators),
            whole,
            identity: Some(identity.as_str().to_owned()),
            due: now + again,
            interval_s: u32::try_from(again.as_secs()).ok(),
            backfill: Some(backfill),
            backlog: self.settings.backlog.get(),
        };
        let Journalled { new, known, changed, left_out, joined } = self.store.journal(poll).await?;
        self.meter.seen(new.len() + joined, left_out);
        info!(
            feed = %feed.id, stage = "poll", new = new.len() - changed, changed, known, joined, again_s = again.as_secs(), "polled"
        );
        if !whole {
            warn!(feed = %feed.id, stage = "poll", "the feed is damaged; its whole items were read, and it is asked for in full next time");
        }
        if left_out > 0 {
            warn!(feed = %feed.id, stage = "poll", left_out, "the backlog is full; these entries are left for a later poll");
        }
        self.tell(&Event::Polled { feed: feed.id.clone(), new: new.len() + joined });
        Ok(Polled { again: Some(again), new, result: PollResult::Read })
    }

    async fn failed(&self, feed: &Feed, state: &FeedState, error: PollError) -> Result<Polled, StoreError> {
        let now = Timestamp::now();
        let (gone, wait) = match &error {
            PollError::Fetch(error) => (error.status() == Some(410), error.retry_after()),
            _ => (false, None),
        };
        let pace = Pace { own: feed.interval.map(|span| span.0), ..Pace::default() };
        let again = interval::after_failure(&self.schedule, pace, state.failures + 1, wait);
        let again = interval::jittered(again, rand::random());
        let text = link::printable(&error.to_string());
        self.store.poll_failed(&feed.id, now, now + again, &text, gone, wait.is_some()).await?;
        if gone {
            warn!(feed = %feed.id, stage = "poll", reason = %text, "the feed is gone for good (410); not asked again");
        } else {
            warn!(feed = %feed.id, stage = "poll", reason = %text, failures = state.failures + 1, again_s = again.as_secs(), "poll failed");
        }
        self.tell(&Event::PollFailed { feed: feed.id.clone(), error: text });
        Ok(Polled { again: (!gone).then_some(again), new: Vec::new(), result: PollResult::Failed })
    }

    fn pause(&self, feed: &Feed, ttl: Option<Duration>, pace: &Claimed) -> Duration {
        let pace = Pace { own: feed.interval.map(|span| span.0), ttl, max_age: pace.max_age };
        interval::jittered(interval::after_success(&self.schedule, pace), rand::random())
    }
}

/// An entry with what the journal must know of it: where it leads, what it is joined by, and whether its end is known already.
fn listed(feed: &Feed, site: &Url, listing: Listing) -> Listed {
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
