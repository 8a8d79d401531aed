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
//! - [`receive`]: the side that hubs speak to. [`intent`]: what a hub asks back; `signature`: whether a push is its own.

mod discovery;
pub mod intent;
pub mod receive;
pub mod settings;
mod signature;
mod subscribe;

pub(crate) use discovery::discovered;

use std::sync::Arc;

use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::{Notify, Semaphore};
use url::Url;
use wiredesk_store::entries::Pending;

/// Pushes being read at once; who comes beyond is asked to come again.
const AT_ONCE: usize = 16;

/// What a desk that is pushed works with.
#[derive(Debug)]
pub struct Push {
    /// What hubs are told, without the last part of its path: no slash at its end.
    base: String,
    /// Where entries go that are to be read: to the loop that admits.
    released: UnboundedSender<Vec<Pending>>,
    /// Something is to be asked of a hub now.
    wake: Notify,
    room: Arc<Semaphore>,
}

impl Push {
    /// A desk that hubs reach under `callback`; entries that they bring go to `released`, as those do that the publication released.
    pub fn new(callback: &Url, released: UnboundedSender<Vec<Pending>>) -> Self {
        let base = callback.as_str().trim_end_matches('/').to_owned();
        Self { base, released, wake: Notify::new(), room: Arc::new(Semaphore::new(AT_ONCE)) }
    }
}
