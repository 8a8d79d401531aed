//! The side that asks hubs. A subscription is wanted while its feed names the hub; it is asked for again before its lease ends, after a
//! failure with back-off, and after a denial days later.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::task::{Id, JoinError, JoinSet};
use tracing::{debug, info, warn};
use url::{Url, form_urlencoded};
use wiredesk_fetch::error::FetchClass;
use wiredesk_model::feed::Feed;
use wiredesk_model::habits::Hub;
use wiredesk_model::link;
use wiredesk_model::secret::Secret;
use wiredesk_schedule::lease;
use wiredesk_store::error::StoreError;
use wiredesk_store::subscriptions::{Subscription, Wanted};

use super::Push;
use crate::desk::Desk;
use crate::poll::after;

/// How often is looked whether a hub is to be asked, where nothing says so sooner.
const TICK: Duration = Duration::from_secs(1);
/// The wait after the store could not be read or written.
const PAUSE: Duration = Duration::from_secs(5);
/// How often a feed may take another hub, or another name with it.
const CHANGE: Duration = Duration::from_secs(24 * 3600);
/// The most hubs that are asked at once.
const HUBS: u32 = 64;

/// What is being asked, and of whom.
#[derive(Default)]
struct Asking {
    tasks: JoinSet<Result<(), StoreError>>,
    hubs: HashMap<Id, String>,
}

impl Asking {
    /// One has ended: its hub may be asked again. What came of it stands in the store; `false` where it does not.
    fn end(&mut self, ended: Result<(Id, Result<(), StoreError>), JoinError>) -> bool {
        let (id, error) = match ended {
            Ok((id, result)) => (id, result.err().map(|error| error.to_string())),
            Err(error) => (error.id(), Some(error.to_string())),
        };
        self.hubs.remove(&id);
        if let Some(error) = &error {
            warn!(stage = "push", "a subscription cannot be kept: {error}");
        }
        error.is_none()
    }
}

impl Desk {
    /// The feed's subscription, where this desk is pushed at all.
    pub(crate) async fn subscription(&self, feed: &Feed) -> Result<Option<Subscription>, StoreError> {
        match &self.push {
            Some(_) => self.store.subscription(&feed.id).await,
            None => Ok(None),
        }
    }

    /// Takes up what a poll says of the feed's hub: a new one is asked for its pushes, one that is named no more is forgotten, and one
    /// that had `missed` news when a poll was begun at that time is not relied on. Where that cannot be written the next poll says it
    /// again: what the poll has brought is journalled by now, and must not be held up.
    pub(crate) async fn heed_hub(
        &self,
        feed: &Feed,
        known: Option<&Subscription>,
        hub: Option<&Hub>,
        missed: Option<Timestamp>,
    ) {
        let heeded = async {
            if let Some(begun) = missed {
                self.store.push_missed(&feed.id, begun).await?;
            }
            self.follow_hub(feed, known, hub).await
        };
        if let Err(error) = heeded.await {
            warn!(feed = %feed.id, stage = "push", "what is known of its hub cannot be kept: {error}");
        }
    }

    async fn follow_hub(&self, feed: &Feed, known: Option<&Subscription>, hub: Option<&Hub>) -> Result<(), StoreError> {
        let Some(push) = &self.push else { return Ok(()) };
        match (known, hub) {
            (Some(known), Some(hub)) if known.hub == hub.url && known.topic == hub.topic => Ok(()),
            (Some(_), Some(_)) if !self.may_change_hub(push, feed) => Ok(()),
            (_, Some(hub)) => {
                let wanted = Wanted {
                    feed: feed.id.clone(),
                    hub: hub.url.clone(),
                    topic: hub.topic.clone(),
                    token: Secret::new(format!("{:032x}", rand::random::<u128>())),
                    secret: Secret::new(format!("{:032x}{:032x}", rand::random::<u128>(), rand::random::<u128>())),
                };
                self.store.subscribe(wanted, self.clock.now()).await?;
                debug!(feed = %feed.id, stage = "push", hub = %link::printable(&hub.url), "a hub is named");
                push.wake.notify_one();
                Ok(())
            }
            (Some(_), None) => {
                info!(feed = %feed.id, stage = "push", "the feed names no hub any more");
                self.store.unsubscribe(&feed.id).await
            }
            (None, None) => Ok(()),
        }
    }

    /// Whether a feed may have another subscription: once a day, for one that calls itself by another name at each poll would have its hub
    /// asked each time. The one that it has runs on meanwhile.
    fn may_change_hub(&self, push: &Push, feed: &Feed) -> bool {
        let now = self.clock.now();
        let mut changed = push.changed.lock().unwrap_or_else(PoisonError::into_inner);
        changed.retain(|_, at| now < after(*at, CHANGE));
        if changed.contains_key(&feed.id) {
            return false;
        }
        changed.insert(feed.id.clone(), now);
        true
    }

    /// Asks hubs as long as it is awaited, each one thing at a time, so that one that hangs holds up itself alone. What was asked stands in
    /// the store before, so it may be dropped at any time.
    pub(crate) async fn keep_subscriptions(self: Arc<Self>) {
        let Some(push) = &self.push else { return };
        let mut asking = Asking::default();
        let mut recalled = false;
        loop {
            let round = async {
                // A request must be noted down before it goes out.
                if self.store.trouble().borrow().is_some() {
                    return Ok(());
                }
                if !recalled {
                    self.store.called_back_at(&push.base, self.clock.now()).await?;
                    recalled = true;
                }
                self.ask_hubs(&mut asking).await
            };
            let rest = match round.await {
                Ok(()) => TICK,
                Err(error) => {
                    warn!(stage = "push", "subscriptions cannot be kept: {error}");
                    PAUSE
                }
            };
            tokio::select! {
                Some(ended) = asking.tasks.join_next_with_id() => {
                    // Its row is still due: at once it would be begun again, and fail again.
                    if !asking.end(ended) {
                        tokio::time::sleep(PAUSE).await;
                    }
                }
                // A word that came meanwhile is kept.
                () = push.wake.notified() => {}
                () = tokio::time::sleep(rest) => {}
            }
        }
    }

    /// Starts what is due with each hub that nothing is being asked of.
    async fn ask_hubs(self: &Arc<Self>, asking: &mut Asking) -> Result<(), StoreError> {
        for subscription in self.store.subscriptions_due(self.clock.now(), HUBS).await? {
            let Some(feed) = self.feeds.named(&subscription.feed).cloned() else {
                self.store.unsubscribe(&subscription.feed).await?;
                continue;
            };
            if asking.hubs.values().any(|hub| *hub == subscription.hub) {
                continue;
            }
            let (desk, hub) = (self.clone(), subscription.hub.clone());
            let task = asking.tasks.spawn(async move { desk.see_to(&feed, subscription).await });
            asking.hubs.insert(task.id(), hub);
        }
        Ok(())
    }

    /// What is due with one subscription: to give its hub up for now, or to ask it.
    async fn see_to(&self, feed: &Feed, subscription: Subscription) -> Result<(), StoreError> {
        let Some(push) = &self.push else { return Ok(()) };
        if let Some(asked) = subscription.asked {
            return self.hub_failed(feed, &subscription, asked, "the hub has not asked back", None).await;
        }
        let asked = self.clock.now();
        self.store.hub_asked(&subscription.token, &push.base, asked, after(asked, lease::PATIENCE)).await?;
        let Ok(hub) = subscription.hub.parse::<Url>() else {
            return self.hub_failed(feed, &subscription, asked, "the hub's address is none", None).await;
        };
        let answer = self.fetcher.ask_hub(&hub, form(push, &subscription)).await;
        let class = answer.as_ref().map_or_else(|error| error.class(), |()| FetchClass::Ok);
        self.meter.fetched("hub", class.as_str());
        match answer {
            Ok(()) => {
                debug!(feed = %feed.id, stage = "push", hub = %hub, "the hub was asked for its pushes");
                Ok(())
            }
            Err(error) => self.hub_failed(feed, &subscription, asked, &error.to_string(), error.retry_after()).await,
        }
    }

    /// Says that a hub failed, once, and puts off the next try.
    pub(super) async fn hub_failed(
        &self,
        feed: &Feed,
        subscription: &Subscription,
        asked: Timestamp,
        why: &str,
        retry_after: Option<Duration>,
    ) -> Result<(), StoreError> {
        let why = link::printable(why);
        let again = lease::after_failure(subscription.failures.saturating_add(1), retry_after);
        if subscription.failures == 0 {
            warn!(feed = %feed.id, stage = "push", reason = %why, again_s = again.as_secs(), "not pushed, and polled on");
        } else {
            debug!(feed = %feed.id, stage = "push", reason = %why, again_s = again.as_secs(), "still not pushed");
        }
        self.store.hub_failed(&subscription.token, asked, &why, after(self.clock.now(), again)).await
    }
}

/// The request for a subscription (W3C WebSub §5.1).
fn form(push: &Push, subscription: &Subscription) -> String {
    form_urlencoded::Serializer::new(String::new())
        .append_pair("hub.mode", "subscribe")
        .append_pair("hub.topic", &subscription.topic)
        .append_pair("hub.callback", &format!("{}/{}", push.base, subscription.token.reveal()))
        .append_pair("hub.secret", subscription.secret.reveal())
        .append_pair("hub.lease_seconds", &lease::WANTED.as_secs().to_string())
        // Hubs of the time before WebSub ask how they may ask back.
        .append_pair("hub.verify", "async")
        .finish()
}
