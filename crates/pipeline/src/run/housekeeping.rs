//! What is done now and then beside the work: gauges are read, what is old is forgotten.

use std::time::Duration;

use tokio::time::Instant;
use tracing::warn;
use wiredesk_store::error::StoreError;
use wiredesk_store::prune::SLICE;

use super::{Run, is_ready};
use crate::desk::Desk;

/// How often old entries are forgotten.
const FORGET: Duration = Duration::from_secs(3600);

impl Desk {
    async fn housekeep(&self, forget: bool) -> Result<(), StoreError> {
        let ready = is_ready(&self.publication.standing().borrow());
        if let (true, Some(waited)) = (ready, self.publication.stalled()) {
            warn!(
                stage = "publish",
                waited_s = waited.as_secs(),
                "a transaction is open and the topic does not answer"
            );
        }
        let well = self.store.trouble().borrow().is_none();
        self.meter.ready(ready && well && self.publication.stalled().is_none());
        self.meter.pending(self.store.pending_count().await?);
        self.meter.store_size(self.store.reader().size());
        if self.push.is_some() {
            self.meter.subscriptions(self.store.active_subscriptions(self.clock.now()).await?);
        }
        while forget && self.store.prune(self.clock.now(), self.window, SLICE).await? > 0 {}
        Ok(())
    }
}

impl Run {
    /// Reads the gauges, and every hour forgets what is old; in a task of its own, one at a time.
    pub(super) fn housekeep(&mut self) {
        if self.housekeeping.as_ref().is_some_and(|task| !task.is_finished()) {
            return;
        }
        let forget = self.forgot.is_none_or(|at| at.elapsed() >= FORGET);
        if forget {
            self.forgot = Some(Instant::now());
        }
        let desk = self.desk.clone();
        self.housekeeping = Some(tokio::spawn(async move {
            if let Err(error) = desk.housekeep(forget).await {
                warn!(stage = "store", "housekeeping failed: {error}");
            }
        }));
    }
}
