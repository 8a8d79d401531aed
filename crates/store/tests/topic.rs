//! What the topic holds, and what is forgotten of it.

mod desk;

use std::collections::BTreeMap;
use std::time::Duration;

use desk::{Desk, at, found, hash, item, key, titled};
use wiredesk_model::id::ArticleId;
use wiredesk_model::outcome::{Outcome, Receipt};
use wiredesk_model::topic::{Found, TopicIdentity};

const WINDOW: Duration = Duration::from_secs(90 * 86_400);
const DAY: i64 = 24;

fn identity() -> TopicIdentity {
    TopicIdentity { kind: "log".into(), cluster: "here".into(), topic: "articles".into(), partitions: 1 }
}

fn article(n: u8) -> ArticleId {
    ArticleId::from_bytes([n; 16])
}

#[tokio::test]
async fn what_the_topic_holds_is_settled_published_not_duplicate_of_itself() {
    let desk = Desk::new().await;
    desk.poll("a", 1, vec![item("a", "1", "x")]).await;
    desk.admit(key("a", "1")).await;
    let seen = desk.sight(key("a", "1"), "x", hash(1)).await;
    let desk = desk.again(2);
    let tail = [found(key("a", "1"), seen.id, seen.revision, hash(1), 4)];
    desk.found(&tail);
    assert_eq!(desk.store.lookup(hash(1)).await.expect("a store"), None, "the index comes after");
    desk.store.blocking().index(&tail, &[(0, 5)]).expect("indexed");
    desk.found(&tail);
    let receipt = Receipt { partition: 0, offset: 4 };
    assert_eq!(desk.trace("x").await[0].outcome, Some(Outcome::Published { receipt }));
    assert_eq!(desk.trace("x").await[0].placed, Some(receipt));
    let placed = desk.store.blocking().lookup(hash(1)).expect("a store").expect("it is there");
    assert_eq!(
        (placed.receipt, placed.entry, placed.id, placed.revision),
        (receipt, Some(key("a", "1")), Some(seen.id), Some(1))
    );
}

#[tokio::test]
async fn a_lost_store_learns_from_the_topic_what_it_published() {
    let desk = Desk::new().await;
    desk.poll("a", 1, vec![item("a", "1", "x")]).await;
    let id = ArticleId::of("http://news.example/x");
    desk.found(&[found(key("a", "1"), id, 3, hash(3), 9), found(key("a", "9"), article(9), 1, hash(9), 10)]);
    assert_eq!(desk.state("x").await, "published");
    assert!(desk.poll("a", 2, vec![titled("a", "1", "x", "edited")]).await.changed == 1);
    let next = desk.sight(key("a", "1"), "x", hash(4)).await;
    assert_eq!((next.id, next.revision, next.previous), (id, 4, Some(hash(3))));
}

#[tokio::test]
async fn an_old_record_does_not_settle_an_entry_that_was_opened_again() {
    let desk = Desk::new().await;
    desk.poll("a", 1, vec![item("a", "1", "x")]).await;
    desk.publish(key("a", "1"), "x", hash(1), 0).await;
    desk.poll("a", 2, vec![titled("a", "1", "x", "edited")]).await;
    let id = desk.trace("x").await[0].article.expect("an article");
    desk.found(&[found(key("a", "1"), id, 1, hash(1), 0)]);
    assert_eq!(desk.state("x").await, "pending", "the edit is still to be read");
}

#[tokio::test]
async fn offsets_move_forward_only_and_the_first_place_of_a_body_stays() {
    let desk = Desk::new().await;
    let topic = desk.store.blocking();
    assert_eq!(topic.positions().expect("positions").identity, None);
    topic.set_identity(&identity(), &BTreeMap::from([(0, 3)])).expect("set");
    let foreign = |byte, offset| Found { receipt: Receipt { partition: 0, offset }, hash: hash(byte), joint: None };
    topic.index(&[foreign(1, 3)], &[(0, 4)]).expect("indexed");
    topic.index(&[foreign(1, 2)], &[(0, 2), (1, 7)]).expect("indexed");
    let positions = topic.positions().expect("positions");
    assert_eq!((positions.identity, positions.next), (Some(identity()), BTreeMap::from([(0, 4), (1, 7)])));
    assert_eq!(topic.lookup(hash(1)).expect("a store").expect("there").receipt.offset, 3);
}

#[tokio::test]
async fn a_rebuild_adds_keys_and_drops_those_whose_place_holds_another() {
    let desk = Desk::new().await;
    let topic = desk.store.blocking();
    topic.set_identity(&identity(), &BTreeMap::new()).expect("set");
    let at = |byte, offset| found(key("a", "x"), article(byte), 1, hash(byte), offset);
    topic.index(&[at(1, 10), at(2, 11), at(3, 0)], &[(0, 12)]).expect("indexed");

    topic.begin_rebuild().expect("begun");
    assert_eq!(topic.positions().expect("positions"), Default::default());
    assert!(topic.rebuilding().expect("a store"));
    topic.set_identity(&identity(), &BTreeMap::from([(0, 10)])).expect("set");
    topic.index(&[at(4, 10), at(1, 11)], &[(0, 12)]).expect("indexed");
    assert_eq!(topic.end_rebuild().expect("ended"), 2);

    let place = |byte| topic.lookup(hash(byte)).expect("a store").map(|placed| placed.receipt.offset);
    assert_eq!([place(1), place(2), place(3), place(4)], [Some(11), None, Some(0), Some(10)]);
    assert!(!topic.rebuilding().expect("a store"));
}

#[tokio::test]
async fn left_entries_are_forgotten_after_the_window_and_listed_ones_never() {
    let desk = Desk::new().await;
    desk.poll("a", 1, vec![item("a", "1", "x"), item("a", "2", "y"), item("a", "3", "z")]).await;
    desk.publish(key("a", "1"), "x", hash(1), 0).await;
    desk.publish(key("a", "2"), "y", hash(2), 1).await;
    desk.poll("a", 2, vec![item("a", "2", "y")]).await;
    for day in 1..=90 {
        desk.sync(day * DAY).await;
    }
    let all = async |hours| {
        let mut gone = 0;
        while let n @ 1.. = desk.store.prune(at(hours), WINDOW, 2).await.expect("pruned") {
            gone += n;
        }
        gone
    };
    assert_eq!(all(90 * DAY + 2).await, 0, "not before the window is over");
    assert!(all(90 * DAY + 3).await > 0);
    assert_eq!((desk.state("x").await, desk.state("y").await), (String::new(), "published".into()));
    assert_eq!(desk.state("z").await, "pending", "what is not settled is never forgotten");
    let topic = desk.store.blocking();
    assert_eq!(topic.lookup(hash(1)).expect("a store"), None);
    assert!(topic.lookup(hash(2)).expect("a store").is_some(), "a hash is kept while an entry names it");
    assert_eq!(all(90 * DAY + 3).await, 0, "done");
}

#[tokio::test]
async fn an_articles_older_bodies_are_kept_as_long_as_the_article() {
    let desk = Desk::new().await;
    desk.poll("a", 1, vec![item("a", "1", "x")]).await;
    desk.publish(key("a", "1"), "x", hash(1), 0).await;
    desk.poll("a", 2, vec![titled("a", "1", "x", "edited")]).await;
    desk.publish(key("a", "1"), "x", hash(2), 1).await;
    for day in 1..=200 {
        desk.sync(day * DAY).await;
    }
    assert_eq!(desk.store.prune(at(200 * DAY), WINDOW, 100).await.expect("pruned"), 0);
    assert!(desk.store.lookup(hash(1)).await.expect("a store").is_some(), "a body in the topic is never sent again");
}
