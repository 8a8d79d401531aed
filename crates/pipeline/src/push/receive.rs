//! The side that hubs speak to. The server in front of it knows HTTP; what an answer means is decided here.
//!
//! Whoever knows the path is the hub or was told by it; whoever signs with the secret is the hub. So a question is answered on the first,
//! and content is taken on the second.

use std::error::Error;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use futures_util::{Stream, StreamExt as _};
use jiff::Timestamp;
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

use super::Push;
use super::intent::Intent;
use super::signature::Signature;
use crate::desk::{Desk, Event};
use crate::meter::PushResult;
use crate::poll::{after, asked_at, listed};

/// For so long after a confirmation the same question is answered in the same way.
const AGAIN: Duration = Duration::from_secs(600);

/// So many bytes of a body that is not read are let pass by.
const PASSED: usize = 256 << 10;

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
    /// `Content-Length`
    pub length: Option<u64>,
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
    /// Not now: too many at once, no room (for some of its entries perhaps), or it came too slowly.
    NotNow,
}

/// Lets a body that nobody wants pass by, a little of it and for a moment: an answer on a connection that is closed over unread bytes may
/// be lost.
async fn pass_by<E>(pieces: impl Stream<Item = Result<Bytes, E>>) {
    let mut pieces = std::pin::pin!(pieces);
    let passing = async {
        let mut passed = 0;
        while let Some(Ok(piece)) = pieces.next().await
            && passed < PASSED
        {
            passed += piece.len();
        }
    };
    // Whoever sends no more is not waited for.
    let _ = tokio::time::timeout(Duration::from_secs(1), passing).await;
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
                if self.was_confirmed(token, &subscription, now) {
                    return Ok(Verified::Meant(challenge.clone()));
                }
                let granted = lease::granted(intent.lease_seconds);
                if granted < lease::SHORTEST {
                    self.refuse_lease(&feed, &subscription, granted).await?;
                    return Ok(Verified::NotMeant);
                }
                let due = after(now, lease::renewal(granted, random()));
                if !self.store.hub_verified(&subscription.token, after(now, granted), due).await? {
                    return Ok(Verified::NotMeant);
                }
                if let Some(push) = &self.push {
                    push.confirmed.lock().unwrap_or_else(PoisonError::into_inner).insert(token.to_owned(), now);
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
                self.store.hub_denied(&subscription.token, &why, after(now, again)).await?;
                Ok(Verified::Noted)
            }
            _ => Ok(Verified::NotMeant),
        }
    }

    /// Whether just this was confirmed a little while ago, and holds: a hub may ask twice, as where our first answer was lost.
    fn was_confirmed(&self, token: &str, subscription: &Subscription, now: Timestamp) -> bool {
        let Some(Push { confirmed, .. }) = &self.push else { return false };
        let mut confirmed = confirmed.lock().unwrap_or_else(PoisonError::into_inner);
        confirmed.retain(|_, at| now < after(*at, AGAIN));
        subscription.asked.is_none() && subscription.is_active(now) && confirmed.contains_key(token)
    }

    /// A lease that would be asked for again at once is none: the hub is asked later, as after any failure.
    async fn refuse_lease(
        &self,
        feed: &Feed,
        subscription: &Subscription,
        granted: Duration,
    ) -> Result<(), StoreError> {
        let Some(asked) = subscription.asked else { return Ok(()) };
        let why = format!("the hub grants a lease of {} seconds, which is too short", granted.as_secs());
        self.hub_failed(feed, subscription, asked, &why, None).await
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
        let Some((subscription, feed)) = self.subscribed(token).await? else { return Ok(Pushed::Unknown) };
        // Before its body is read, which costs room.
        let signature = match &envelope.signature {
            None => Err(PushResult::Unsigned),
            Some(signature) => Signature::read(signature).ok_or(PushResult::WronglySigned),
        };
        let signature = match signature {
            Ok(signature) => signature,
            Err(result) => {
                self.ignored(&subscription, &feed, result).await?;
                pass_by(pieces).await;
                return Ok(Pushed::Ignored);
            }
        };
        let Some(place) = push.room.enter(token, envelope.length) else { return Ok(Pushed::NotNow) };
        let topic = subscription.topic.parse().unwrap_or_else(|_| feed.url.clone());
        let body = match self.fetcher.receive(&topic, pieces).await {
            Ok(body) => body,
            Err(error) => return Ok(self.not_received(&feed, &error)),
        };
        let desk = self.clone();
        let received = tokio::spawn(async move {
            let _place = place;
            desk.received(&subscription, &feed, (signature, envelope), body).await
        });
        received.await.unwrap_or_else(|error| Err(StoreError::Panicked { message: error.to_string() }))
    }

    /// Takes a push whose body is here, and says what became of it.
    async fn received(
        &self,
        subscription: &Subscription,
        feed: &Feed,
        head: (Signature, Envelope),
        body: Body,
    ) -> Result<Pushed, StoreError> {
        match self.take(subscription, feed, head, body).await? {
            Ok(done) => {
                info!(
                    feed = %feed.id, stage = "push", new = (done.new.len() + done.joined).saturating_sub(done.changed),
                    changed = done.changed, known = done.known, "pushed"
                );
                self.meter.seen(done.new.len() + done.joined, done.left_out);
                self.tell(&Event::Pushed { feed: feed.id.clone(), new: done.new.len() + done.joined });
                let left_out = done.left_out;
                if let Some(push) = &self.push {
                    // Nobody listens any more when the desk is going down: the entries are pending, and read at the next start.
                    let _ = push.released.send(done.new.into_iter().chain(done.released).collect());
                }
                self.store.push_taken(&subscription.token, self.clock.now()).await?;
                self.meter.pushed(PushResult::Taken);
                // What found no room may come again, if the hub is quicker than the next poll.
                Ok(if left_out > 0 { Pushed::NotNow } else { Pushed::Taken })
            }
            Err(result) => {
                self.ignored(subscription, feed, result).await?;
                Ok(Pushed::Ignored)
            }
        }
    }

    /// Counts a push that is not used, and says so the first time.
    async fn ignored(&self, subscription: &Subscription, feed: &Feed, result: PushResult) -> Result<(), StoreError> {
        self.store.push_ignored(&subscription.token).await?;
        if subscription.ignored == 0 {
            warn!(feed = %feed.id, stage = "push", reason = result.as_str(), "a push is ignored");
        } else {
            debug!(feed = %feed.id, stage = "push", reason = result.as_str(), "a push is ignored");
        }
        self.meter.pushed(result);
        Ok(())
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
        (signature, envelope): (Signature, Envelope),
        body: Body,
    ) -> Result<Result<Journalled, PushResult>, StoreError> {
        if !signature.is_right(&subscription.secret, &body) {
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
