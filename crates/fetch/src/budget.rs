//! One byte budget for all bodies under way (law 7): a body draws its share before it grows, and gives it back when it is dropped.
//!
//! # Why it cannot lock up
//! If bodies only drew piece by piece from one pool, a full pool could be held by many unfinished bodies, each waiting for
//! the others. So a part as large as the largest body allowed is set aside as the *reserve*, for one body at a time. Who finds the
//! pool empty waits for the pool or the reserve, whichever comes first; the holder of the reserve can grow to its limit without
//! asking again. A finished body waits for nothing here. So at any time at least one body can be read to its end, and a body that
//! waits too long fails at its own deadline, as something to try again.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use wiredesk_model::units::Size;

/// The budget, shared by all fetches. Counted in KiB.
#[derive(Debug)]
pub(crate) struct Budget {
    pool: Arc<Semaphore>,
    pool_kib: u32,
    reserve: Arc<Semaphore>,
    reserve_kib: u32,
}

/// What one body holds of the budget, until it is dropped.
#[derive(Debug, Default)]
pub(crate) struct Share {
    pool: Option<OwnedSemaphorePermit>,
    /// With it, `reserve_kib` more are in use than `pool` says.
    reserve: Option<OwnedSemaphorePermit>,
    reserve_kib: u32,
}

impl Budget {
    /// `memory` in all, of which `largest` (at most `memory`) is the reserve.
    pub(crate) fn new(memory: Size, largest: Size) -> Arc<Self> {
        let (memory, largest) = (floor_kib(memory.0), kib(largest.0));
        let pool_kib = memory.saturating_sub(largest);
        Arc::new(Self {
            pool: Arc::new(Semaphore::new(pool_kib as usize)),
            pool_kib,
            reserve: Arc::new(Semaphore::new(1)),
            reserve_kib: largest,
        })
    }

    /// Draws `more` KiB for `share`, waiting for them if it must.
    ///
    /// Cancel-safe: what was drawn before stays with the share, a wait that is dropped leaves the queue.
    pub(crate) async fn draw(&self, share: &mut Share, more: u32) {
        if share.reserve.is_some() {
            share.reserve_kib += more;
            return;
        }
        if let Ok(permit) = self.pool.clone().try_acquire_many_owned(more) {
            share.add(permit);
            return;
        }
        tokio::select! {
            biased;
            Ok(permit) = self.pool.clone().acquire_many_owned(more), if more <= self.pool_kib => share.add(permit),
            Ok(permit) = self.reserve.clone().acquire_owned() => {
                share.reserve = Some(permit);
                share.reserve_kib = more;
            }
        }
    }

    /// The body has `total` KiB and will not grow: gives back what it does not need, and the reserve where the pool has room.
    pub(crate) fn settle(&self, share: &mut Share, total: u32) {
        let in_pool = share.pool.as_ref().map_or(0, |permit| permit.num_permits());
        let over = in_pool.saturating_sub(total as usize);
        if over > 0 {
            drop(share.pool.as_mut().and_then(|permit| permit.split(over)));
        }
        if share.reserve.is_none() {
            return;
        }
        share.reserve_kib = total.saturating_sub(u32::try_from(in_pool).unwrap_or(u32::MAX));
        if let Ok(permit) = self.pool.clone().try_acquire_many_owned(share.reserve_kib) {
            share.add(permit);
            share.reserve = None;
            share.reserve_kib = 0;
        }
    }

    /// Bytes that are drawn now; the reserve counts whole while it is held.
    pub(crate) fn in_use(&self) -> Size {
        let pool = u64::from(self.pool_kib).saturating_sub(self.pool.available_permits() as u64);
        let reserve = if self.reserve.available_permits() == 0 { u64::from(self.reserve_kib) } else { 0 };
        Size::kib(pool + reserve)
    }
}

impl Share {
    fn add(&mut self, permit: OwnedSemaphorePermit) {
        match &mut self.pool {
            Some(pool) => pool.merge(permit),
            None => self.pool = Some(permit),
        }
    }
}

/// Bytes in whole KiB, rounded up.
pub(crate) fn kib(bytes: u64) -> u32 {
    u32::try_from(bytes.div_ceil(1024)).unwrap_or(u32::MAX)
}

fn floor_kib(bytes: u64) -> u32 {
    u32::try_from(bytes / 1024).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[tokio::test]
    async fn when_all_wait_one_can_still_finish() {
        let budget = Budget::new(Size::kib(12), Size::kib(8));
        let (mut a, mut b) = (Share::default(), Share::default());
        budget.draw(&mut a, 2).await;
        budget.draw(&mut b, 2).await;
        assert_eq!(budget.in_use(), Size::kib(4), "the pool is empty");
        budget.draw(&mut a, 6).await; // takes the reserve, and may grow to its limit
        assert!(budget.draw(&mut b, 2).now_or_never().is_none(), "the other waits");
        budget.settle(&mut a, 8);
        assert!(budget.draw(&mut b, 2).now_or_never().is_none(), "for the reserve is still held");
        drop(a);
        assert!(budget.draw(&mut b, 2).now_or_never().is_some());
        drop(b);
        assert_eq!(budget.in_use(), Size(0));
    }

    #[tokio::test]
    async fn what_a_body_turns_out_not_to_need_is_given_back_at_its_end() {
        let budget = Budget::new(Size::kib(100), Size::kib(10));
        let mut share = Share::default();
        budget.draw(&mut share, 16).await;
        budget.draw(&mut share, 16).await;
        budget.settle(&mut share, 17);
        assert_eq!(budget.in_use(), Size::kib(17));
        drop(share);
        assert_eq!(budget.in_use(), Size(0));
    }

    #[tokio::test]
    async fn a_budget_of_one_body_serves_one_body_at_a_time() {
        let budget = Budget::new(Size::kib(8), Size::kib(8));
        let (mut a, mut b) = (Share::default(), Share::default());
        budget.draw(&mut a, 1).await;
        assert!(budget.draw(&mut b, 1).now_or_never().is_none());
        drop(a);
        assert!(budget.draw(&mut b, 1).now_or_never().is_some());
    }
}
