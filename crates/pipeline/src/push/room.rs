//! How much may be pushed at once: one push of a subscription, and of all together no more bytes than a part of what all fetches share. Who
//! finds no room is asked to come again, so nobody holds what he has while he waits for more.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use wiredesk_fetch::settings::Settings;
use wiredesk_model::units::Size;

/// Pushes take at most this part of `fetch.memory`, and room for one whole feed at least.
const PART: u64 = 4;

/// The room, shared by all pushes. Counted in KiB.
#[derive(Debug)]
pub(crate) struct Room {
    free: Arc<Semaphore>,
    /// What a body may weigh (`fetch.feed_limit`).
    largest: Size,
    busy: Arc<Mutex<HashSet<String>>>,
}

/// What a push holds of it until it is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    token: String,
    busy: Arc<Mutex<HashSet<String>>>,
    _weight: OwnedSemaphorePermit,
}

impl Room {
    pub(crate) fn new(fetch: &Settings) -> Self {
        let largest = fetch.feed_limit;
        let free = Arc::new(Semaphore::new(kib((fetch.memory.0 / PART).max(largest.0)) as usize));
        Self { free, largest, busy: Arc::default() }
    }

    /// A place for a push to the subscription of this path, of a length where it says one; `None` where there is none now.
    pub(crate) fn enter(&self, token: &str, length: Option<u64>) -> Option<Place> {
        // One that is too long is read up to the limit and refused there.
        let weight = kib(length.unwrap_or(u64::MAX).min(self.largest.0));
        let weight = self.free.clone().try_acquire_many_owned(weight).ok()?;
        let is_first = self.busy.lock().unwrap_or_else(PoisonError::into_inner).insert(token.to_owned());
        is_first.then(|| Place { token: token.to_owned(), busy: self.busy.clone(), _weight: weight })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.busy.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.token);
    }
}

/// Bytes in whole KiB, rounded up; one at least.
fn kib(bytes: u64) -> u32 {
    u32::try_from(bytes.div_ceil(1024)).unwrap_or(u32::MAX >> 3).clamp(1, u32::MAX >> 3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_push_of_a_subscription_and_no_more_bytes_than_a_quarter() {
        let fetch = Settings { memory: Size::kib(400), feed_limit: Size::kib(40), ..Settings::default() };
        let room = Room::new(&fetch);
        let first = room.enter("a", Some(60 << 10)).expect("empty: it is cut at 40 KiB");
        assert!(room.enter("a", Some(1)).is_none(), "the same once more");
        let second = room.enter("b", None).expect("40 more, for it says nothing");
        assert!(room.enter("c", None).is_none(), "20 are left");
        let third = room.enter("c", Some(20 << 10)).expect("they do");
        assert!(room.enter("d", Some(1)).is_none(), "full");
        drop((first, second, third));
        assert!(room.enter("a", None).is_some());
    }

    #[test]
    fn there_is_room_for_one_whole_feed() {
        let room = Room::new(&Settings { memory: Size::kib(40), feed_limit: Size::kib(40), ..Settings::default() });
        assert!(room.enter("a", None).is_some());
    }
}
