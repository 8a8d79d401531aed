//! push: news that come before they are asked for (W3C WebSub). A feed names its hub; the hub is asked for its pushes, asks back whether
//! that was meant, and from then on sends what is new. What it sends goes the way of a poll's body: decode, parse, journal.
//!
//! A push is a shortcut and never the only way. It changes nothing that a poll relies on, and the feed is polled on: more seldom while the
//! hub is known to deliver, as ever as soon as a poll brings something that no push had.
//!
//! # Architecture
//! - [`settings`]: the `[websub]` section.
//! - `discovery`: where a feed's hub is, by its headers and by itself.
//! - `subscribe`: the side of us that asks hubs: for a subscription, and again before a lease ends.
//! - [`receive`]: the side that hubs speak to. [`intent`]: what a hub asks back; `signature`: whether a push is its own; `room`: how much
//!   may be pushed at once.

mod discovery;
pub mod intent;
pub mod receive;
mod room;
pub mod settings;
mod signature;
mod subscribe;

pub(crate) use discovery::discovered;

use std::collections::HashMap;
use std::sync::Mutex;

use jiff::Timestamp;
use room::Room;
use tokio::sync::Notify;
use tokio::sync::mpsc::UnboundedSender;
use url::Url;
use wiredesk_fetch::settings::Settings;
use wiredesk_model::id::FeedId;
use wiredesk_store::entries::Pending;

/// What a desk that is pushed works with.
#[derive(Debug)]
pub struct Push {
    /// What hubs are told, without the last part of its path: no slash at its end.
    base: String,
    /// Where entries go that are to be read: to the loop that admits.
    released: UnboundedSender<Vec<Pending>>,
    /// Something is to be asked of a hub now.
    wake: Notify,
    room: Room,
    /// What was confirmed to hubs, and when, by the end of its path.
    confirmed: Recent<String>,
    /// Which feeds took another hub or name of the hub's, and when.
    changed: Recent<FeedId>,
}

/// What happened lately, and when. It is not kept over a restart.
type Recent<T> = Mutex<HashMap<T, Timestamp>>;

impl Push {
    /// A desk that hubs reach under `callback`, where bodies weigh what `fetch` allows; entries that hubs bring go to `released`, as those
    /// do that the publication released.
    pub fn new(callback: &Url, fetch: &Settings, released: UnboundedSender<Vec<Pending>>) -> Self {
        let base = callback.as_str().trim_end_matches('/').to_owned();
        let (confirmed, changed) = (Recent::default(), Recent::default());
        Self { base, released, wake: Notify::new(), room: Room::new(fetch), confirmed, changed }
    }
}
