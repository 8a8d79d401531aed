//! The desk: what every poll and every read works with.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use wiredesk_extract::site::SiteRules;
use wiredesk_fetch::fetcher::Fetcher;
use wiredesk_model::feed::Feed;
use wiredesk_model::id::{EntryKey, FeedId};
use wiredesk_model::outcome::Outcome;
use wiredesk_schedule::queue::{FeedIndex, Politeness};
use wiredesk_store::Store;

use crate::clock::Clock;
use crate::cpu::Cpu;
use crate::meter::Meter;
use crate::misfits::Misfits;
use crate::publication::Publication;
use crate::push::Push;
use crate::settings::Settings;

/// Something worth knowing, as it happens: for progress bars and the demo. The log is written beside it, not by it.
#[derive(Clone, Debug)]
pub enum Event {
    /// A feed was read, or found unchanged.
    Polled {
        /// Which.
        feed: FeedId,
        /// Entries to be read because of it.
        new: usize,
    },
    /// A hub pushed what is new in a feed.
    Pushed {
        /// Which.
        feed: FeedId,
        /// Entries to be read because of it.
        new: usize,
    },
    /// A feed could not be read.
    PollFailed {
        /// Which.
        feed: FeedId,
        /// Why.
        error: String,
    },
    /// An entry was settled.
    Settled {
        /// Which.
        entry: EntryKey,
        /// Of which feed.
        feed: FeedId,
        /// Its address.
        url: Option<String>,
        /// Its headline.
        title: Option<String>,
        /// How.
        outcome: Outcome,
    },
    /// An entry will be tried again.
    Retried {
        /// Which.
        entry: EntryKey,
        /// Why it failed.
        error: String,
        /// When.
        due: Timestamp,
    },
}

/// Told of every [`Event`]; called from many tasks, must not wait.
pub type Watcher = Arc<dyn Fn(&Event) + Send + Sync>;

/// The parts of a desk, put together by the program.
pub struct Desk {
    /// `[pipeline]`.
    pub settings: Settings,
    /// `[schedule]`.
    pub schedule: wiredesk_schedule::settings::Settings,
    /// How gently a host is treated.
    pub politeness: Politeness,
    /// `extract.min_words`.
    pub min_words: u32,
    /// `rules.d`: how single sites are read.
    pub rules: Arc<SiteRules>,
    /// Which of them did not fit, as far as it was told.
    pub misfits: Misfits,
    /// `dedup.window`.
    pub window: Duration,
    /// `publish.in_flight.records`: the most entries between admission and receipt.
    pub in_flight: u32,
    /// The way to other people's servers.
    pub fetcher: Fetcher,
    /// The journal and the index.
    pub store: Store,
    /// The door to the topic.
    pub publication: Publication,
    /// What time it is.
    pub clock: Clock,
    /// The processor.
    pub cpu: Cpu,
    /// What is counted.
    pub meter: Meter,
    /// Told of events.
    pub watcher: Watcher,
    /// What hubs push, where they may.
    pub push: Option<Push>,
    /// The feeds to poll.
    pub feeds: Feeds,
}

/// The configured feeds, by place and by name.
#[derive(Clone, Debug, Default)]
pub struct Feeds {
    list: Vec<Arc<Feed>>,
    places: HashMap<FeedId, usize>,
}

impl Feeds {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// The feed at this place of the list.
    pub(crate) fn at(&self, index: FeedIndex) -> &Arc<Feed> {
        &self.list[index as usize]
    }

    /// The feed of this name.
    pub(crate) fn named(&self, id: &FeedId) -> Option<&Arc<Feed>> {
        self.places.get(id).map(|place| &self.list[*place])
    }

    /// All feeds, in the order of their places.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Arc<Feed>> {
        self.list.iter()
    }
}

impl FromIterator<Feed> for Feeds {
    fn from_iter<T: IntoIterator<Item = Feed>>(feeds: T) -> Self {
        let list: Vec<_> = feeds.into_iter().map(Arc::new).collect();
        let places = list.iter().enumerate().map(|(place, feed)| (feed.id.clone(), place)).collect();
        Self { list, places }
    }
}

impl Desk {
    pub(crate) fn tell(&self, event: &Event) {
        (self.watcher)(event);
    }
}

/// The wait before another attempt: `first`, doubled for each failure, at most `max`, never sooner than was asked for.
pub(crate) fn back_off(settings: &Settings, attempts: u32, after: Option<Duration>) -> Duration {
    let wait = settings.retry.first.0.saturating_mul(1 << attempts.saturating_sub(1).min(20)).min(settings.retry.max.0);
    wait.max(after.unwrap_or_default())
}
