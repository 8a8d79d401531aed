//! The side that hubs speak to. The server in front of it knows HTTP; what an answer means is decided here.
//!
//! Whoever knows the path is the hub or was told by it; whoever signs with the secret is the hub. So a question is answered on the first,
//! and content is taken on the second.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::Stream;
use rand::random;
use tracing::{debug, info, warn};
use url::Url;
use wiredesk_fetch::body::Body;
use wiredesk_fetch::error::{FetchClass, FetchError};
use wiredesk_model::feed::Feed;
use wiredesk_model::link;
use wiredesk_schedule::lease;
use wiredesk_store::error::StoreError;
use wiredesk_store::journal::{Journalled, Push as Journal};
use wiredesk_store::subscriptions::Subscription;

use super::intent::Intent;
use super::signature;
use super::subscribe::later;
use crate::desk::{Desk, Event};
use crate::meter::PushResult;
use crate::poll::{asked_at, listed};

/// What is to be said to a hub that asks back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verified {
    /// It was meant: the challenge is given back.
    Meant(String),
    /// It is understood; nothing is to be given back.
    Noted,
    /// Nobody here meant that.
    NotMeant,
}

/// What a push says about itself, in its header fields.
#[derive(Clone, Debug, Default)]
pub struct Envelope {
    /// `X-Hub-Signature`
    pub signature: Option<String>,
    /// `Content-Type`
    pub content_type: Option<String>,
    /// `Content-Encoding`; what a hub packs is not unpacked.
    pub coding: Option<String>,
}

/// What became of a push.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pushed {
    /// It is journalled.
    Taken,
    /// It was received and is not used: who sent it is told no more than that.
    Ignored,
    /// Nobody is subscribed here: the hub may forget it.
    Unknown,
    /// It weighs more than `fetch.feed_limit`.
    TooLarge,
    /// Not now: too many at once, no room, or it came too slowly.
    NotNow,
}

impl Desk {
    /// Answers a hub that asks whether a subscription was meant, or that says it will not push. Only what we have asked for is confirmed:
    /// the path, the topic and a request that is still out must agree.
    ///
    /// # Errors
    /// When the store cannot be read or written: the hub is to ask again.
    pub async fn verify(&self, token: &str, intent: &Intent) -> Result<Verified, StoreError> {
        let Some((subscription, feed)) = self.subscribed(token).await? else { return Ok(Verified::NotMeant) };
        if intent.topic != subscription.topic {
            return Ok(Verified::NotMeant);
        }
        let now = self.clock.now();
        match (intent.mode.as_str(), &intent.challenge) {
            ("subscribe", Some(challenge)) => {
                let granted = lease::granted(intent.lease_seconds);
                let due = later(now, lease::renewal(granted, random()));
                if !self.store.hub_verified(&subscription.token, later(now, granted), due).await? {
                    return Ok(Verified::NotMeant);
                }
                let (hub, lease_s) = (link::printable(&subscription.hub), granted.as_secs());
                info!(feed = %feed.id, stage = "push", hub = %hub, lease_s, "subscribed");
                Ok(Verified::Meant(challenge.clone()))
            }
            ("denied", _) => {
                let why = link::printable(intent.reason.as_deref().unwrap_or("the hub denies it and says not why"));
                let again = lease::after_denial(subscription.failures.saturating_add(1));
                if !subscription.denied {
                    warn!(feed = %feed.id, stage = "push", reason = %why, again_s = again.as_secs(), "denied, and polled on");
                }
                self.store.hub_denied(&subscription.token, &why, later(now, again)).await?;
                Ok(Verified::Noted)
            }
            _ => Ok(Verified::NotMeant),
        }
    }

    /// Takes what a hub sends. Answered once it is journalled; what is not the hub's own is received and ignored (W3C WebSub §7.1).
    ///
    /// Cancel-safe: a hub may hang up at any time, and what is written of its push by then must reach the loop that reads all the same.
    /// So what follows the body is done whether or not its end is awaited.
    ///
    /// # Errors
    /// When the store cannot be read or written: the hub is to send it again.
    pub async fn pushed<E: Error + Send + Sync + 'static>(
        self: &Arc<Self>,
        token: &str,
        envelope: Envelope,
        pieces: impl Stream<Item = Result<Bytes, E>> + Send + 'static,
    ) -> Result<Pushed, StoreError> {
        let Some(push) = &self.push else { return Ok(Pushed::Unknown) };
        let Ok(room) = push.room.clone().try_acquire_owned() else { return Ok(Pushed::NotNow) };
        let Some((subscription, feed)) = self.subscribed(token).await? else { return Ok(Pushed::Unknown) };
        let topic = subscription.topic.parse().unwrap_or_else(|_| feed.url.clone());
        let body = match self.fetcher.receive(&topic, pieces).await {
            Ok(body) => body,
            Err(error) => return Ok(self.not_received(&feed, &error)),
        };
        let desk = self.clone();
        let received = tokio::spawn(async move {
            let _room = room;
            desk.received(&subscription, &feed, envelope, body).await
        });
        received.await.unwrap_or_else(|error| Err(StoreError::Panicked { message: error.to_string() }))
    }

    /// Takes a push whose body is here, and says what became of it.
    async fn received(
        &self,
        subscription: &Subscription,
        feed: &Feed,
        envelope: Envelope,
        body: Body,
    ) -> Result<Pushed, StoreError> {
        let result = match self.take(subscription, feed, envelope, body).await? {
            Ok(done) => {
                info!(
                    feed = %feed.id, stage = "push", new = (done.new.len() + done.joined).saturating_sub(done.changed),
                    changed = done.changed, known = done.known, "pushed"
                );
                self.meter.seen(done.new.len() + done.joined, done.left_out);
                self.tell(&Event::Pushed { feed: feed.id.clone(), new: done.new.len() + done.joined });
                if let Some(push) = &self.push {
                    // Nobody listens any more when the desk is going down: the entries are pending, and read at the next start.
                    let _ = push.released.send(done.new);
                }
                self.store.push_taken(&subscription.token, self.clock.now()).await?;
                PushResult::Taken
            }
            Err(result) => {
                self.store.push_ignored(&subscription.token).await?;
                if subscription.ignored == 0 {
                    warn!(feed = %feed.id, stage = "push", reason = result.as_str(), "a push is ignored");
                } else {
                    debug!(feed = %feed.id, stage = "push", reason = result.as_str(), "a push is ignored");
                }
                result
            }
        };
        self.meter.pushed(result);
        Ok(if result == PushResult::Taken { Pushed::Taken } else { Pushed::Ignored })
    }

    /// The subscription whose callback ends so, with its feed; `None` where nobody here asked for one.
    async fn subscribed(&self, token: &str) -> Result<Option<(Subscription, Arc<Feed>)>, StoreError> {
        if self.push.is_none() {
            return Ok(None);
        }
        let found = self.store.subscription_at(token).await?;
        Ok(found.and_then(|found| self.feeds.named(&found.feed).map(|feed| (found, feed.clone()))))
    }

    /// From the body to the journal, by the way of a poll's body; or why it is ignored.
    async fn take(
        &self,
        subscription: &Subscription,
        feed: &Feed,
        envelope: Envelope,
        body: Body,
    ) -> Result<Result<Journalled, PushResult>, StoreError> {
        let Some(signature) = envelope.signature else { return Ok(Err(PushResult::Unsigned)) };
        if !signature::is_right(&signature, &subscription.secret, &body) {
            return Ok(Err(PushResult::WronglySigned));
        }
        if envelope.coding.is_some_and(|coding| !coding.trim().eq_ignore_ascii_case("identity")) {
            return Ok(Err(PushResult::Unreadable));
        }
        let Some(state) = self.store.feed_state(&feed.id).await? else { return Ok(Err(PushResult::Unreadable)) };
        // What names its entries is found in a whole listing, and links hang on the address that it came from.
        if !state.polled {
            return Ok(Err(PushResult::TooEarly));
        }
        let url: Url = link::bare(&asked_at(feed, &state.habits));
        let parsed = match self.read_feed(body, envelope.content_type, url.clone(), feed, &state).await {
            Ok(parsed) => parsed,
            Err(_) => return Ok(Err(PushResult::Unreadable)),
        };
        let listed = parsed.into_listings().into_iter().map(|listing| listed(feed, &url, listing)).collect();
        let (at, backlog) = (self.clock.now(), self.settings.backlog.get());
        self.store.journal_push(Journal { feed: feed.id.clone(), at, listed, backlog }).await.map(Ok)
    }

    /// What is said to a hub whose push could not be received whole.
    fn not_received(&self, feed: &Feed, error: &FetchError) -> Pushed {
        debug!(feed = %feed.id, stage = "push", reason = %error, "a push was not received");
        self.meter.pushed(PushResult::NotReceived);
        if error.class() == FetchClass::TooLarge { Pushed::TooLarge } else { Pushed::NotNow }
    }

    /// How long the hub's promise lasts, where it is known to keep it.
    pub(crate) fn lease_left(&self, subscription: Option<&Subscription>) -> Option<Duration> {
        let end = subscription.filter(|subscription| subscription.delivers)?.expires?;
        end.duration_since(self.clock.now()).try_into().ok().filter(|left: &Duration| !left.is_zero())
    }
}
