//! Who may publish a body. A claim is an exclusive right to one hash: whoever reads the same body at the same time waits, and
//! takes over when the claim is dropped before its record is in the topic (law 2).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Mutex as Gate, OwnedMutexGuard};
use wiredesk_model::id::Digest;

type Gates = Mutex<HashMap<Digest, Arc<Gate<()>>>>;

/// All hashes that are claimed now.
#[derive(Clone, Default)]
pub(super) struct Claims {
    gates: Arc<Gates>,
}

/// The right to publish one body. Dropped, it frees the hash, and the next in line takes over.
pub(super) struct Claim {
    hash: Digest,
    held: Option<OwnedMutexGuard<()>>,
    gates: Arc<Gates>,
}

fn lock(gates: &Gates) -> MutexGuard<'_, HashMap<Digest, Arc<Gate<()>>>> {
    gates.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Claims {
    /// Waits for the right to publish `hash`. Cancel-safe: a waiter that is dropped leaves the line.
    pub(super) async fn claim(&self, hash: Digest) -> Claim {
        let gate = lock(&self.gates).entry(hash).or_default().clone();
        let mut claim = Claim { hash, held: None, gates: self.gates.clone() };
        claim.held = Some(gate.lock_owned().await);
        claim
    }
}

impl Claim {
    /// The body that may be published.
    pub(super) fn hash(&self) -> Digest {
        self.hash
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        let mut gates = lock(&self.gates);
        self.held = None;
        // One owner left is the map itself: nobody waits.
        if gates.get(&self.hash).is_some_and(|gate| Arc::strong_count(gate) == 1) {
            gates.remove(&self.hash);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_waiting_twin_takes_over_when_a_claim_is_dropped() {
        let claims = Claims::default();
        let hash = Digest::from_bytes([1; 32]);
        let first = claims.claim(hash).await;
        let twin = tokio::spawn({
            let claims = claims.clone();
            async move { claims.claim(hash).await }
        });
        tokio::task::yield_now().await;
        assert!(!twin.is_finished());
        drop(first);
        drop(twin.await.expect("the twin has the claim now"));
        assert!(lock(&claims.gates).is_empty(), "nothing is kept for hashes that nobody claims");
    }
}
