//! What must not be forgotten although it looks old, and what must be although nobody says that it left.

mod desk;

use std::time::Duration;

use desk::{Desk, at, feed, hash, item, key, poll, titled};
use wiredesk_model::outcome::Outcome;

const DAY: i64 = 24;
const WINDOW: Duration = Duration::from_secs(90 * 86_400);

/// Every few days somebody looks at the time, or the clock would be doubted.
async fn days_pass(desk: &Desk, from: i64, to: i64) {
    for day in (from..=to).step_by(5) {
        let next = desk::next(day * DAY);
        desk.store.poll_not_modified(&feed("b"), at(day * DAY), None, next).await.expect("a poll");
    }
}

async fn forget(desk: &Desk, day: i64) -> usize {
    let mut gone = 0;
    loop {
        match desk.store.prune(at(day * DAY), WINDOW, 100).await.expect("pruned") {
            0 => return gone,
            some => gone += some,
        }
    }
}

/// One paper's story was another's duplicate; when the first one was forgotten and the second edited, its first body was forgotten
/// too, and published again when the edit was taken back.
#[tokio::test]
async fn a_body_is_kept_while_any_article_has_it_whoever_published_it() {
    let desk = Desk::new().await;
    desk.poll("a", 1, vec![item("a", "1", "x")]).await;
    desk.publish(key("a", "1"), "x", hash(1), 0).await;
    desk.poll("b", 1, vec![item("b", "1", "z")]).await;
    desk.admit(key("b", "1")).await;
    desk.sight(key("b", "1"), "z", hash(1)).await;
    desk.settle(key("b", "1"), Outcome::Duplicate { of: hash(1) }).await;
    desk.poll("a", DAY, vec![]).await;
    days_pass(&desk, 5, 100).await;
    assert!(forget(&desk, 100).await > 0, "the first paper's entry is forgotten");
    desk.poll("b", 100 * DAY, vec![titled("b", "1", "z", "corrected")]).await;
    desk.publish(key("b", "1"), "z", hash(2), 1).await;
    // Until the clock has held for a day again: the desk's helpers live at its beginning.
    days_pass(&desk, 101, 111).await;
    forget(&desk, 111).await;
    assert!(desk.store.lookup(hash(1)).await.expect("a store").is_some());
}

/// What was missing from its feed while the clock said 1972 had left it long ago a day after the clock was right again.
#[tokio::test]
async fn what_is_missing_while_the_clock_is_doubted_has_not_left_yet() {
    let desk = Desk::new().await;
    desk.poll("a", 1, vec![item("a", "1", "x")]).await;
    desk.publish(key("a", "1"), "x", hash(1), 0).await;
    let long_ago = -50 * 365 * DAY;
    let desk = desk.again(long_ago);
    desk.poll("a", long_ago, vec![]).await;
    let desk = desk.again(2 * DAY);
    desk.poll("a", 2 * DAY, vec![]).await;
    days_pass(&desk, 2, 7).await;
    desk.poll("a", 7 * DAY, vec![]).await;
    forget(&desk, 7).await;
    assert_eq!(desk.state("x").await, "published");
    days_pass(&desk, 10, 100).await;
    forget(&desk, 100).await;
    assert_eq!(desk.state("x").await, "", "and from then on its time runs");
}

#[tokio::test]
async fn what_a_feed_listed_that_is_configured_no_more_is_forgotten_after_the_window() {
    let desk = Desk::new().await;
    desk.poll("a", 1, vec![item("a", "1", "x")]).await;
    desk.publish(key("a", "1"), "x", hash(1), 0).await;
    let only_b = || vec![(feed("b"), "http://b.example/feed".to_owned())];
    desk.store.sync_feeds(only_b(), at(DAY), |state| state).await.expect("feeds");
    let state = desk.store.feed_state(&feed("a")).await.expect("a store").expect("known");
    assert_eq!(state.validators.etag, None, "whoever lists it again lists it anew");
    days_pass(&desk, 2, 80).await;
    forget(&desk, 80).await;
    assert_eq!(desk.state("x").await, "published");
    days_pass(&desk, 85, 100).await;
    forget(&desk, 100).await;
    assert_eq!(desk.state("x").await, "");
    assert!(desk.store.lookup(hash(1)).await.expect("a store").is_none());
}

/// A feed that makes up new entries at every fetch filled the backlog, and no other feed's entries were taken.
#[tokio::test]
async fn of_a_backlog_that_is_more_than_half_full_no_feed_has_more_than_a_tenth() {
    let desk = Desk::new().await;
    let made_up = |from: u32| {
        let mut poll = poll("a", 1, (from..from + 40).map(|n| item("a", &n.to_string(), &format!("a{n}"))).collect());
        poll.backlog = 100;
        poll
    };
    for from in [0, 40, 80, 120] {
        desk.journal(made_up(from)).await;
    }
    let open = desk.store.pending_count().await.expect("a count");
    assert!(open < 80, "{open} of 100");
    let mut news = poll("b", 2, vec![item("b", "1", "b1"), item("b", "2", "b2")]);
    news.backlog = 100;
    let done = desk.journal(news).await;
    assert_eq!((done.new.len(), done.left_out), (2, 0));
}
