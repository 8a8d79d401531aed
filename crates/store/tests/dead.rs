//! What was dropped can be looked at, and tried again.

mod desk;

use std::time::Duration;

use desk::{Desk, at, feed, item, key};
use wiredesk_model::outcome::{Dropped, Outcome};
use wiredesk_store::dead::Which;

async fn names(desk: &Desk, which: Which) -> Vec<String> {
    let dead = desk.store.reader().dead(which).await.expect("readable");
    dead.iter().map(|dead| format!("{} {}", dead.feed, dead.reason)).collect()
}

fn exhausted() -> Outcome {
    Outcome::Dropped(Dropped::Exhausted { attempts: 8, last: "503".into() })
}

/// A desk that dropped three entries of two feeds.
async fn desk_with_letters() -> Desk {
    let desk = Desk::new().await;
    let mut said = item("a", "1", "a1");
    said.entry.listing.summary = Some("What the feed says".into());
    desk.poll("a", 0, vec![said, item("a", "2", "a2")]).await;
    desk.poll("b", 0, vec![item("b", "1", "b1")]).await;
    desk.settle(key("a", "1"), exhausted()).await;
    desk.settle(key("a", "2"), Outcome::Dropped(Dropped::Robots)).await;
    desk.settle(key("b", "1"), exhausted()).await;
    desk
}

#[tokio::test]
async fn dropped_entries_are_listed_by_feed_by_reason_and_by_name() {
    let desk = desk_with_letters().await;
    assert_eq!(names(&desk, Which::default()).await.len(), 3);
    assert_eq!(names(&desk, Which { most: Some(1), ..Which::default() }).await.len(), 1);
    let of_a = Which { feed: Some(feed("a")), reason: Some("exhausted".into()), ..Which::default() };
    assert_eq!(names(&desk, of_a).await, ["a exhausted"]);
    let named = Which { keys: Some(vec![key("b", "1")]), most: Some(1), ..Which::default() };
    assert_eq!(names(&desk, named).await, ["b exhausted"]);
    let all = desk.store.reader().dead(Which::default()).await.expect("readable");
    let one = all.iter().find(|dead| dead.entry == key("a", "1")).expect("it is there");
    assert_eq!((one.detail.as_str(), one.listed, one.attempts), ("8 attempts failed, the last with: 503", true, 1));
}

#[tokio::test]
async fn a_row_that_cannot_be_read_hides_no_other_and_can_be_tried_again() {
    let desk = desk_with_letters().await;
    let file = desk.dir.path().join("data").join("desk.sqlite");
    let other = rusqlite::Connection::open(file).expect("the file");
    other.execute("UPDATE entry SET detail = 'what is this' WHERE reason = 'robots'", []).expect("changed");
    assert_eq!(names(&desk, Which::default()).await.len(), 3);
    let robots = Which { reason: Some("robots".into()), ..Which::default() };
    assert_eq!(names(&desk, robots.clone()).await, ["a robots"]);
    assert_eq!(desk.store.retry(robots, at(5)).await.expect("written"), 1);
}

#[tokio::test]
async fn a_retried_entry_is_read_as_if_it_were_new_with_all_that_its_feed_said() {
    let desk = desk_with_letters().await;
    let again = Which { reason: Some("exhausted".into()), ..Which::default() };
    assert_eq!(desk.store.retry(again.clone(), at(5)).await.expect("written"), 2);
    assert_eq!(desk.store.retry(again, at(5)).await.expect("written"), 0, "they are pending now");
    assert_eq!(names(&desk, Which::default()).await, ["a robots"]);
    // A restart finds them.
    let desk = desk.again(5);
    let pending = desk.store.pending().await.expect("readable");
    assert!(
        pending.len() == 2 && pending.iter().all(|pending| pending.due == at(5) && !pending.crashed),
        "{pending:?}"
    );
    let admitted = desk.admit(key("a", "1")).await;
    assert_eq!((admitted.attempts, admitted.revisit, admitted.fate), (1, false, None));
    assert_eq!(admitted.entry.listing.summary.as_deref(), Some("What the feed says"));
    desk.sight(key("a", "1"), "a1", desk::hash(1)).await;
}

#[tokio::test]
async fn an_entry_whose_listing_was_not_kept_is_retried_by_its_link() {
    let desk = Desk::new().await;
    let mut first = desk::poll("a", 0, vec![item("a", "1", "a1"), item("a", "2", "a2")]);
    first.backfill = Some(1);
    desk.journal(first).await;
    desk.settle(key("a", "2"), Outcome::Dropped(Dropped::Backfill)).await;
    let all = desk.store.retry(Which::default(), at(5)).await.expect("written");
    assert_eq!(all, 1);
    let admitted = desk.admit(key("a", "2")).await;
    assert_eq!(admitted.entry.listing.link.as_deref(), Some("http://news.example/a2"));
    assert_eq!(admitted.entry.listing.identity, "2");
}

#[tokio::test]
async fn a_retried_entry_waits_for_a_pending_one_with_its_link() {
    let desk = Desk::new().await;
    desk.poll("a", 0, vec![item("a", "1", "x")]).await;
    desk.settle(key("a", "1"), exhausted()).await;
    desk.poll("b", 0, vec![item("b", "1", "x")]).await;
    assert_eq!(desk.store.retry(Which::default(), at(5)).await.expect("written"), 1);
    assert_eq!(desk.state("x").await, "waiting pending");
}

#[tokio::test]
async fn what_a_feed_said_of_a_dropped_entry_is_forgotten_with_it() {
    let desk = desk_with_letters().await;
    desk.poll("a", 1, vec![]).await;
    let (later, window) = (at(100 * 24), Duration::from_secs(90 * 86_400));
    desk.poll("b", 99 * 24, vec![item("b", "1", "b1")]).await;
    while desk.store.prune(later, window, 100).await.expect("pruned") > 0 {}
    assert_eq!(names(&desk, Which::default()).await, ["b exhausted"]);
    let file = desk.dir.path().join("data/desk.sqlite");
    let conn = rusqlite::Connection::open(file).expect("the file");
    let kept: i64 = conn.query_row("SELECT count(*) FROM listing", [], |row| row.get(0)).expect("a count");
    assert_eq!(kept, 1);
}
