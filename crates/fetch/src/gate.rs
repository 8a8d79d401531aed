//! The delay between two requests to one host, held for every request whoever makes it.
//!
//! The schedule starts polls and reads far enough apart. But a request may lead where nobody planned to go: a redirect goes on to another
//! host, or to the same one again, and robots.txt of that host is asked on the way. Here those wait for their turn like all others.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;
use url::Url;
use wiredesk_model::link::host_port;

/// So many hosts are remembered before those that are free again are forgotten.
const MANY: usize = 4096;

/// When each host may be asked next.
#[derive(Debug)]
pub(crate) struct Gate {
    delay: Duration,
    free_at: Mutex<HashMap<String, Instant>>,
}

impl Gate {
    pub(crate) fn new(delay: Duration) -> Self {
        Self { delay, free_at: Mutex::default() }
    }

    /// Waits until the host of `url` may be asked; the turn is taken when the wait begins, and is lost if the wait is given up. `false`
    /// where it would not come before `deadline`: then no turn is taken.
    pub(crate) async fn pass(&self, url: &Url, deadline: Instant) -> bool {
        let Some(host) = host_port(url).filter(|_| !self.delay.is_zero()) else { return true };
        let turn = {
            let now = Instant::now();
            let mut free_at = self.free_at.lock().unwrap_or_else(PoisonError::into_inner);
            if free_at.len() >= MANY {
                free_at.retain(|_, at| *at > now);
            }
            let turn = free_at.get(&host).copied().unwrap_or(now).max(now);
            if turn >= deadline {
                return false;
            }
            free_at.insert(host, turn + self.delay);
            turn
        };
        tokio::time::sleep_until(turn).await;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn requests_to_one_host_pass_a_delay_apart_and_those_to_another_at_once() {
        let delay = Duration::from_millis(40);
        let gate = Gate::new(delay);
        let (one, other) = ("http://a.example/1".parse().expect("a url"), "http://b.example/".parse().expect("a url"));
        let began = Instant::now();
        let deadline = began + Duration::from_secs(30);
        for turn in 0..3 {
            assert!(gate.pass(&one, deadline).await);
            assert!(began.elapsed() >= delay * turn, "turn {turn}");
        }
        assert!(gate.pass(&other, Instant::now() + delay / 4).await, "another host has waited for nobody");
        assert!(!gate.pass(&one, began + delay * 2).await, "its turn would come too late");
        let taken = gate.free_at.lock().expect("no panic").get("a.example:80").copied();
        assert!(!gate.pass(&one, began).await);
        assert_eq!(
            gate.free_at.lock().expect("no panic").get("a.example:80").copied(),
            taken,
            "who goes away takes no turn"
        );
    }
}
