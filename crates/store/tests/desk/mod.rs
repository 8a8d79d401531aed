//! A desk in a folder of its own, with feeds that list what a test says.
#![allow(dead_code, reason = "each test file uses its part")]

use jiff::{SignedDuration, Timestamp};
use tempfile::TempDir;
use wiredesk_model::entry::{Entry, Listing};
use wiredesk_model::feed::Validators;
use wiredesk_model::habits::Habits;
use wiredesk_model::id::{ArticleId, DeskId, Digest, EntryKey, FeedId};
use wiredesk_model::outcome::{Outcome, Receipt};
use wiredesk_model::topic::{Found, Joint};
use wiredesk_store::articles::Sight;
use wiredesk_store::feeds::Next;
use wiredesk_store::journal::{Journalled, Listed, Poll};
use wiredesk_store::read::Trace;
use wiredesk_store::{Store, address_key};

pub(crate) fn at(hours: i64) -> Timestamp {
    "2026-01-01T00:00:00Z".parse::<Timestamp>().expect("a time") + SignedDuration::from_hours(hours)
}

pub(crate) fn feed(id: &str) -> FeedId {
    FeedId::new(id)
}

pub(crate) fn key(feed: &str, identity: &str) -> EntryKey {
    EntryKey::of(&FeedId::new(feed), identity)
}

pub(crate) fn hash(byte: u8) -> Digest {
    Digest::from_bytes([byte; 32])
}

pub(crate) fn etag(text: &str) -> Validators {
    Validators { etag: Some(text.into()), last_modified: None }
}

/// An item that its feed calls `identity`, at `http://news.example/LINK`.
pub(crate) fn item(feed: &str, identity: &str, link: &str) -> Listed {
    titled(feed, identity, link, identity)
}

pub(crate) fn titled(feed: &str, identity: &str, link: &str, title: &str) -> Listed {
    let link = format!("http://news.example/{link}");
    let url = link.parse().expect("a link");
    let listing =
        Listing { identity: identity.into(), link: Some(link), title: Some(title.into()), ..Listing::default() };
    Listed {
        entry: Entry::new(FeedId::new(feed), listing),
        link_key: Some(address_key(&url)),
        host: Some("news.example:80".into()),
        drop: None,
    }
}

pub(crate) fn poll(feed: &str, hours: i64, listed: Vec<Listed>) -> Poll {
    Poll {
        feed: FeedId::new(feed),
        at: at(hours),
        title: None,
        listed,
        validators: Some(etag("\"new\"")),
        whole: true,
        backfill: None,
        identity: None,
        backlog: 10_000,
    }
}

/// To be asked again an hour after `hours`.
pub(crate) fn next(hours: i64) -> Next {
    Next { due: at(hours + 1), interval_s: Some(3600), habits: Habits::default() }
}

pub(crate) struct Desk {
    pub(crate) dir: TempDir,
    pub(crate) store: Store,
}

impl Desk {
    /// A new desk that reads the feeds `a` and `b`.
    pub(crate) async fn new() -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let store = Store::open(&dir.path().join("data"), at(0)).expect("a store");
        let desk = Self { dir, store };
        desk.sync(0).await;
        desk
    }

    pub(crate) async fn sync(&self, hours: i64) -> Vec<wiredesk_store::feeds::FeedState> {
        let feeds = ["a", "b"].map(|id| (feed(id), format!("http://{id}.example/feed")));
        self.store.sync_feeds(feeds.to_vec(), at(hours), |state| state).await.expect("feeds")
    }

    /// The same data dir, after a stop.
    pub(crate) fn again(self, hours: i64) -> Self {
        let Self { dir, store } = self;
        drop(store);
        let store = Store::open(&dir.path().join("data"), at(hours)).expect("a store");
        Self { dir, store }
    }

    pub(crate) async fn poll(&self, feed: &str, hours: i64, listed: Vec<Listed>) -> Journalled {
        self.journal(poll(feed, hours, listed)).await
    }

    /// A poll with all it says, to be done again an hour later.
    pub(crate) async fn journal(&self, poll: Poll) -> Journalled {
        let next =
            Next { due: poll.at + SignedDuration::from_hours(1), interval_s: Some(3600), habits: Habits::default() };
        self.store.journal(poll, |_| next).await.expect("a poll").0
    }

    pub(crate) async fn admit(&self, key: EntryKey) -> wiredesk_store::entries::Admitted {
        self.store.admit(key, at(1)).await.expect("a store").expect("an open entry")
    }

    pub(crate) async fn sight(&self, key: EntryKey, url: &str, body: Digest) -> wiredesk_store::articles::Sighting {
        let url = format!("http://news.example/{url}");
        let link = Some(address_key(&url.parse().expect("a url")));
        let seen = Sight {
            key,
            link_key: link,
            title: url.clone(),
            url,
            host: "news.example".into(),
            hash: body,
            page: etag("\"page\""),
        };
        self.store.sight(seen, at(1)).await.expect("a sighting")
    }

    /// Reads the entry and publishes its body, as the pipeline does when nothing goes wrong.
    pub(crate) async fn publish(&self, key: EntryKey, url: &str, body: Digest, offset: i64) {
        self.admit(key).await;
        let sighting = self.sight(key, url, body).await;
        let found = found(key, sighting.id, sighting.revision, body, offset);
        self.found(std::slice::from_ref(&found));
        self.store.blocking().index(&[found], &[(0, offset + 1)]).expect("indexed");
    }

    pub(crate) fn found(&self, found: &[Found]) -> Vec<wiredesk_store::entries::Pending> {
        self.store.blocking().settle_found(found, at(1)).expect("settled").released
    }

    pub(crate) async fn settle(&self, key: EntryKey, outcome: Outcome) -> Vec<wiredesk_store::entries::Pending> {
        // What is settled is under way: an entry that is not, is not the task's any more.
        self.store.admit(key, at(1)).await.expect("admitted");
        self.store.settle(key, outcome, at(1)).await.expect("settled").unwrap_or_default()
    }

    pub(crate) async fn trace(&self, link: &str) -> Vec<Trace> {
        self.store.reader().trace(&format!("http://news.example/{link}")).await.expect("a trace")
    }

    pub(crate) async fn state(&self, link: &str) -> String {
        self.trace(link).await.iter().map(|trace| trace.state.as_str()).collect::<Vec<_>>().join(" ")
    }
}

pub(crate) fn found(entry: EntryKey, id: ArticleId, revision: u32, hash: Digest, offset: i64) -> Found {
    let desk = DeskId { name: "0123456789abcdef".into(), started: 1 };
    let joint = Some(Joint { entry, id, revision, desk });
    Found { receipt: Receipt { partition: 0, offset }, hash, joint }
}
