//! What is known of each origin's robots.txt, for up to a day. One asks while the others wait for what it learns.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::error::FetchError;
use crate::robots::Rules;

/// The most origins remembered, and the most bytes their rules may weigh together.
const MOST_ORIGINS: usize = 10_000;
const MOST_BYTES: usize = 32 << 20;
/// The least and the most time that rules are kept (RFC 9309 §2.4: no longer than a day).
const KEPT: (Duration, Duration) = (Duration::from_secs(300), Duration::from_secs(24 * 3600));
/// How long a failure stands before it is tried again, where the server does not say.
pub(crate) const FAILED: Duration = Duration::from_secs(60);

/// What is known of one origin.
#[derive(Clone, Debug)]
pub(crate) enum Known {
    /// Its rules.
    Rules { rules: Arc<Rules>, until: Instant },
    /// They could not be read.
    Failed { source: Arc<FetchError>, until: Instant },
}

impl Known {
    /// Rules that may be kept for `max_age`, within bounds: until the host's next turn has come, `turn` after this one, or they would be
    /// asked for at every turn and nothing else.
    pub(crate) fn rules(rules: Rules, max_age: Option<Duration>, turn: Duration) -> Self {
        let least = KEPT.0.max(turn * 2).min(KEPT.1);
        Self::Rules { rules: Arc::new(rules), until: Instant::now() + max_age.unwrap_or(KEPT.1).clamp(least, KEPT.1) }
    }

    /// A failure, for as long as the server asks us to stay away.
    pub(crate) fn failed(source: FetchError) -> Self {
        let until = Instant::now() + source.retry_after().unwrap_or(FAILED);
        Self::Failed { source: Arc::new(source), until }
    }

    /// Whether it still stands.
    pub(crate) fn stands(&self) -> bool {
        let (Self::Rules { until, .. } | Self::Failed { until, .. }) = self;
        Instant::now() < *until
    }

    fn weight(&self) -> usize {
        match self {
            Self::Rules { rules, .. } => rules.weight(),
            Self::Failed { .. } => 0,
        }
    }
}

/// The place of one origin. Whoever holds its lock is the one who asks; when they are cancelled the next takes over.
pub(crate) type Slot = Arc<tokio::sync::Mutex<Option<Known>>>;

/// All origins, the oldest forgotten first.
#[derive(Debug, Default)]
pub(crate) struct RobotsCache {
    origins: Mutex<Origins>,
}

#[derive(Debug, Default)]
struct Origins {
    slots: HashMap<String, (Slot, usize)>,
    /// In the order they came.
    order: VecDeque<String>,
    weight: usize,
}

impl RobotsCache {
    /// The origin's place, made where it has none.
    pub(crate) fn slot(&self, origin: &str) -> Slot {
        let mut origins = self.lock();
        if let Some((slot, _)) = origins.slots.get(origin) {
            return slot.clone();
        }
        let slot = Slot::default();
        origins.slots.insert(origin.to_owned(), (slot.clone(), 0));
        origins.order.push_back(origin.to_owned());
        origins.trim(MOST_ORIGINS, MOST_BYTES);
        slot
    }

    /// Notes what the origin's rules weigh now.
    pub(crate) fn weigh(&self, origin: &str, known: &Known) {
        let mut origins = self.lock();
        let weight = known.weight();
        let Some((_, old)) = origins.slots.get_mut(origin) else { return };
        let before = std::mem::replace(old, weight);
        origins.weight = origins.weight + weight - before;
        origins.trim(MOST_ORIGINS, MOST_BYTES);
    }

    fn lock(&self) -> MutexGuard<'_, Origins> {
        self.origins.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Origins {
    fn trim(&mut self, most: usize, bytes: usize) {
        while self.order.len() > most || self.weight > bytes {
            let Some(oldest) = self.order.pop_front() else { break };
            if let Some((_, weight)) = self.slots.remove(&oldest) {
                self.weight -= weight;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::robots::Robots;

    #[tokio::test]
    async fn the_oldest_origins_are_forgotten_first() {
        let cache = RobotsCache::default();
        for n in 0..5 {
            let origin = n.to_string();
            let known = Known::rules(Robots::parse(b"user-agent: *\ndisallow: /x").rules("a"), None, Duration::ZERO);
            *cache.slot(&origin).lock().await = Some(known.clone());
            cache.weigh(&origin, &known);
            cache.weigh(&origin, &known);
        }
        let mut origins = cache.lock();
        let each = origins.weight / 5;
        assert!(each > 0);
        origins.trim(3, usize::MAX);
        assert_eq!(origins.order, ["2", "3", "4"]);
        origins.trim(3, each);
        assert_eq!((origins.slots.len(), origins.weight), (1, each));
    }
}
