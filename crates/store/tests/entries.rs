//! Attempts, outcomes, articles and their revisions.

mod desk;

use desk::{Desk, at, etag, hash, item, key, titled};
use wiredesk_model::feed::Validators;
use wiredesk_model::id::ArticleId;
use wiredesk_model::outcome::{Dropped, Outcome};
use wiredesk_store::articles::Sight;

#[tokio::test]
async fn an_attempt_is_known_after_a_crash() {
    let desk = Desk::new().await;
    desk.poll("a", 1, vec![item("a", "1", "x"), item("a", "2", "y")]).await;
    desk.admit(key("a", "1")).await;
    let desk = desk.again(2);
    let crashed = desk.store.pending().await.expect("pending").into_iter().filter(|p| p.crashed).collect::<Vec<_>>();
    assert_eq!((crashed.len(), crashed[0].key), (1, key("a", "1")));
    let again = desk.admit(key("a", "1")).await;
    assert_eq!((again.attempts, again.crashed), (2, true));
}

#[tokio::test]
async fn a_clean_stop_costs_no_attempt() {
    let desk = Desk::new().await;
    desk.poll("a", 1, vec![item("a", "1", "x")]).await;
    desk.admit(key("a", "1")).await;
    desk.store.release(vec![key("a", "1")]).await.expect("released");
    desk.store.release(vec![key("a", "1")]).await.expect("released twice");
    let again = desk.admit(key("a", "1")).await;
    assert_eq!((again.attempts, again.crashed), (1, false));
}

#[tokio::test]
async fn gone_is_counted_only_in_a_row() {
    let desk = Desk::new().await;
    desk.poll("a", 1, vec![item("a", "1", "x")]).await;
    for (hours, gone) in [(2, true), (3, true)] {
        desk.store.put_back(key("a", "1"), at(4), "404", gone, at(hours)).await.expect("put back");
    }
    let admitted = desk.admit(key("a", "1")).await;
    assert_eq!((admitted.gone_seen, admitted.gone_since), (2, Some(at(2))));
    desk.store.put_back(key("a", "1"), at(4), "503", false, at(4)).await.expect("put back");
    let admitted = desk.admit(key("a", "1")).await;
    assert_eq!((admitted.gone_seen, admitted.gone_since), (0, None));
}

#[tokio::test]
async fn due_times_of_a_wrong_clock_are_brought_nearer() {
    let desk = Desk::new().await;
    desk.poll("a", 1, vec![item("a", "1", "x")]).await;
    desk.store.put_back(key("a", "1"), at(9_000), "503", false, at(1)).await.expect("put back");
    assert_eq!(desk.store.pending().await.expect("pending")[0].due, at(25));
}

#[tokio::test]
async fn what_is_settled_stays_settled() {
    let desk = Desk::new().await;
    desk.poll("a", 1, vec![item("a", "1", "x")]).await;
    desk.settle(key("a", "1"), Outcome::Dropped(Dropped::TooShort { words: 3 })).await;
    desk.settle(key("a", "1"), Outcome::Dropped(Dropped::Wall)).await;
    assert!(desk.store.admit(key("a", "1"), at(2)).await.expect("a store").is_none());
    let trace = &desk.trace("x").await[0];
    assert_eq!(trace.outcome, Some(Outcome::Dropped(Dropped::TooShort { words: 3 })));
    let counts = desk.store.reader().counts().await.expect("counts");
    assert_eq!((counts.pending, counts.settled.len()), (0, 1));
    assert_eq!((counts.settled[0].reason.as_deref(), counts.settled[0].entries), (Some("too_short"), 1));
}

#[tokio::test]
async fn revisions_number_the_distinct_bodies_of_an_article() {
    let desk = Desk::new().await;
    desk.poll("a", 1, vec![item("a", "1", "x")]).await;
    let entry = key("a", "1");
    let first = desk.sight(entry, "x", hash(1)).await;
    assert_eq!((first.id, first.revision), (ArticleId::of("http://news.example/x"), 1));
    assert_eq!((first.previous, first.last_before, first.known_body), (None, None, false));
    let again = desk.sight(entry, "x", hash(1)).await;
    assert_eq!((again.revision, again.last_before, again.known_body), (1, Some(hash(1)), true));
    let second = desk.sight(entry, "moved", hash(2)).await;
    assert_eq!(
        (second.id, second.revision, second.previous),
        (first.id, 2, Some(hash(1))),
        "kept though the url change"
    );
    let back = desk.sight(entry, "x", hash(1)).await;
    assert_eq!((back.revision, back.previous, back.last_before), (1, None, Some(hash(2))));
    let third = desk.sight(entry, "x", hash(3)).await;
    assert_eq!((third.revision, third.previous), (3, Some(hash(1))));
}

#[tokio::test]
async fn entries_of_any_feed_are_one_article_by_url_or_link() {
    let desk = Desk::new().await;
    desk.poll("a", 1, vec![item("a", "1", "short/1")]).await;
    desk.poll("b", 1, vec![item("b", "1", "long/1")]).await;
    let one = desk.sight(key("a", "1"), "long/1", hash(1)).await;
    let other = desk.sight(key("b", "1"), "long/1", hash(2)).await;
    assert_eq!((other.id, other.revision, other.previous), (one.id, 2, Some(hash(1))));
    assert_eq!(desk.trace("long/1?utm_source=x").await.len(), 2);
}

#[tokio::test]
async fn one_body_under_three_addresses_and_titles_on_one_host_is_a_wall() {
    let desk = Desk::new().await;
    let all = ["1", "2", "3"];
    desk.poll("a", 1, all.map(|id| titled("a", id, id, id)).to_vec()).await;
    let mut walls = Vec::new();
    for id in all {
        walls.push(desk.sight(key("a", id), id, hash(7)).await.wall);
    }
    assert_eq!(walls, [false, false, true]);
    let url = "http://other.example/1".to_owned();
    let elsewhere = Sight {
        key: key("a", "1"),
        link_key: None,
        title: url.clone(),
        url,
        host: "other.example".into(),
        hash: hash(7),
        page: Validators::default(),
    };
    let elsewhere = desk.store.sight(elsewhere, at(1)).await;
    assert!(!elsewhere.expect("a sighting").wall, "a copy elsewhere is a copy");
}

/// A task that had waited for its receipt once ended the entry that a poll had opened again in the meantime: the edit was never read.
#[tokio::test]
async fn the_task_that_read_an_entry_before_its_edit_does_not_end_it_after() {
    let desk = Desk::new().await;
    desk.poll("a", 1, vec![item("a", "1", "x")]).await;
    desk.publish(key("a", "1"), "x", hash(1), 0).await;
    assert_eq!(desk.poll("a", 2, vec![titled("a", "1", "x", "corrected")]).await.changed, 1);
    desk.store.settle(key("a", "1"), Outcome::Unchanged, at(2)).await.expect("nothing to settle");
    assert_eq!(desk.state("x").await, "pending");
}

/// An entry may be read for minutes while the topic is away; what its feed says meanwhile must be said again.
#[tokio::test]
async fn a_change_seen_while_an_entry_is_read_keeps_no_validators() {
    let desk = Desk::new().await;
    desk.poll("a", 1, vec![item("a", "1", "x")]).await;
    desk.admit(key("a", "1")).await;
    desk.poll("a", 2, vec![titled("a", "1", "x", "corrected")]).await;
    let state = desk.store.feed_state(&wiredesk_model::id::FeedId::new("a")).await.expect("a store").expect("known");
    assert_eq!(state.validators, wiredesk_model::feed::Validators::default());
}

/// Only a body that is known to have been settled may be called unchanged: one that was read and lost to a crash, or dropped, must be
/// read again.
#[tokio::test]
async fn a_page_is_asked_again_conditionally_only_for_a_body_that_was_settled() {
    let desk = Desk::new().await;
    desk.poll("a", 1, vec![item("a", "1", "x")]).await;
    assert_eq!(desk.admit(key("a", "1")).await.page, Validators::default(), "it was never read");
    desk.sight(key("a", "1"), "x", hash(1)).await;
    assert_eq!(desk.admit(key("a", "1")).await.page, Validators::default(), "it was read, but it is not settled");
    desk.settle(key("a", "1"), Outcome::Unchanged).await;
    desk.poll("a", 2, vec![titled("a", "1", "x", "corrected")]).await;
    assert_eq!(desk.admit(key("a", "1")).await.page, etag("\"page\""));
    desk.sight(key("a", "1"), "x", hash(2)).await;
    assert_eq!(desk.admit(key("a", "1")).await.page, Validators::default(), "another body, not settled yet");
    desk.settle(key("a", "1"), Outcome::Dropped(Dropped::Wall)).await;
    desk.poll("a", 3, vec![titled("a", "1", "x", "again")]).await;
    assert_eq!(desk.admit(key("a", "1")).await.page, Validators::default(), "what was dropped is not in the topic");
}
