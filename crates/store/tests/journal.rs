//! A poll goes in: what is new, what is known, what changed, what waits.

mod desk;

use desk::{Desk, at, etag, feed, hash, item, key, next, poll, titled};
use wiredesk_model::feed::Validators;
use wiredesk_model::habits::{Condition, Habits};
use wiredesk_model::outcome::{Dropped, Outcome};
use wiredesk_store::entries::Fate;
use wiredesk_store::error::StoreError;
use wiredesk_store::feeds::{Failed, Next};

#[tokio::test]
async fn a_polls_entries_and_validators_are_committed_together() {
    let desk = Desk::new().await;
    let done = desk.poll("a", 1, vec![item("a", "1", "x"), item("a", "2", "y"), item("a", "1", "x")]).await;
    assert_eq!((done.new.len(), done.known, done.left_out), (2, 0, 0), "an entry listed twice counts once");
    let desk = desk.again(2);
    assert_eq!(desk.store.pending().await.expect("pending").len(), 2);
    let state = &desk.sync(2).await[0];
    assert_eq!(state.validators, etag("\"new\""));
    assert_eq!((state.polled, state.last_new, state.due), (true, Some(at(1)), at(2)));
}

#[tokio::test]
async fn a_poll_that_left_entries_out_stores_no_validators() {
    let desk = Desk::new().await;
    desk.poll("a", 1, vec![]).await;
    let mut full = poll("a", 2, vec![item("a", "1", "x"), item("a", "2", "y")]);
    full.backlog = 1;
    let done = desk.journal(full).await;
    assert_eq!((done.new.len(), done.left_out), (1, 1));
    assert_eq!(desk.sync(2).await[0].validators, Default::default());

    desk.poll("a", 3, vec![item("a", "1", "x"), item("a", "2", "y")]).await;
    assert_eq!(desk.sync(3).await[0].validators, etag("\"new\""));
    assert_eq!(desk.store.pending_count().await.expect("count"), 2);
}

/// A listing that was not taken whole once took the validators away, and the next request was unconditional; those of the last whole
/// listing bring the new one as well, and cost nothing where it was taken back.
#[tokio::test]
async fn a_listing_not_taken_whole_leaves_the_validators_of_the_last_whole_one() {
    let desk = Desk::new().await;
    desk.poll("a", 1, vec![item("a", "1", "x")]).await;
    let mut cut = poll("a", 2, vec![item("a", "2", "y")]);
    (cut.whole, cut.validators) = (false, Some(etag("\"cut\"")));
    desk.journal(cut).await;
    assert_eq!(desk.sync(2).await[0].validators, etag("\"new\""));
    let both = Validators { etag: Some("\"new\"".into()), last_modified: Some("then".into()) };
    let mut full = poll("a", 3, vec![item("a", "2", "y"), item("a", "3", "z")]);
    (full.backlog, full.validators) = (1, Some(both));
    desk.journal(full).await;
    assert_eq!(desk.sync(3).await[0].validators, Validators::default(), "the server calls both the same");
}

#[tokio::test]
async fn what_was_learned_of_a_feed_is_kept_until_its_address_changes() {
    let desk = Desk::new().await;
    let mut habits = Habits::default();
    habits.claims.ttl_s = Some(3600);
    habits.conditions = vec![Condition::Quiet];
    let learned = Next { habits: habits.clone(), ..next(1) };
    desk.store.journal(poll("a", 1, vec![]), |_| learned).await.expect("a poll");
    desk.store.compared(&feed("a"), true).await.expect("noted");
    let desk = desk.again(2);
    let state = desk.sync(2).await.remove(0);
    assert_eq!((state.habits, state.whole), (habits, 1));
    desk.store.compared(&feed("a"), false).await.expect("noted");
    assert_eq!(desk.sync(2).await[0].whole, 0);
    let moved = [(feed("a"), "http://a.example/elsewhere".to_owned())];
    let state = desk.store.sync_feeds(moved.to_vec(), at(5), |state| state).await.expect("feeds").remove(0);
    assert_eq!(state.habits, Habits::default());
}

#[tokio::test]
async fn a_failure_of_ours_is_not_counted() {
    let desk = Desk::new().await;
    let ours = Failed { error: "no room".into(), ours: true, ..Failed::default() };
    desk.store.poll_failed(&feed("a"), at(1), ours, next(1)).await.expect("noted");
    assert_eq!(desk.sync(1).await[0].failures, 0);
}

#[tokio::test]
async fn a_cut_listing_marks_nothing_as_left_and_stores_no_validators() {
    let desk = Desk::new().await;
    desk.poll("a", 1, vec![item("a", "1", "x")]).await;
    let mut cut = poll("a", 2, vec![item("a", "2", "y")]);
    cut.whole = false;
    desk.journal(cut).await;
    assert_eq!(desk.trace("x").await[0].left_at, None);
    assert_eq!(desk.sync(2).await[0].validators, Default::default());
    desk.poll("a", 3, vec![item("a", "2", "y")]).await;
    assert_eq!(desk.trace("x").await[0].left_at, Some(at(3)));
    desk.poll("a", 4, vec![item("a", "1", "x"), item("a", "2", "y")]).await;
    assert_eq!(desk.trace("x").await[0].left_at, None, "it came back");
}

#[tokio::test]
async fn a_title_edit_reopens_the_entry() {
    let desk = Desk::new().await;
    desk.poll("a", 1, vec![item("a", "1", "x")]).await;
    desk.publish(key("a", "1"), "x", hash(1), 0).await;
    assert_eq!(desk.poll("a", 2, vec![item("a", "1", "x")]).await.known, 1);
    assert_eq!(desk.state("x").await, "published");

    let done = desk.poll("a", 3, vec![titled("a", "1", "x", "corrected")]).await;
    assert_eq!((done.changed, done.new.len(), done.new[0].fated), (1, 1, false));
    let admitted = desk.admit(key("a", "1")).await;
    assert_eq!((admitted.attempts, admitted.revisit, admitted.first_seen), (1, true, at(1)));
    assert_eq!(admitted.entry.listing.title.as_deref(), Some("corrected"));
}

#[tokio::test]
async fn a_pending_entry_takes_over_the_listing_but_not_a_new_due_time() {
    let desk = Desk::new().await;
    desk.poll("a", 1, vec![item("a", "1", "x")]).await;
    desk.admit(key("a", "1")).await;
    desk.store.put_back(key("a", "1"), at(5), "503", false, at(1)).await.expect("put back");
    let done = desk.poll("a", 2, vec![titled("a", "1", "x", "corrected")]).await;
    assert_eq!((done.known, done.changed), (1, 0));
    assert_eq!(desk.store.pending().await.expect("pending")[0].due, at(5));
    let admitted = desk.admit(key("a", "1")).await;
    assert_eq!((admitted.attempts, admitted.entry.listing.title.as_deref()), (2, Some("corrected")));
}

#[tokio::test]
async fn an_edit_during_an_attempt_is_noticed_after_it() {
    let desk = Desk::new().await;
    desk.poll("a", 1, vec![item("a", "1", "x")]).await;
    desk.admit(key("a", "1")).await;
    desk.poll("a", 2, vec![titled("a", "1", "x", "corrected")]).await;
    desk.settle(key("a", "1"), Outcome::Dropped(Dropped::TooCostly)).await;
    assert_eq!(desk.poll("a", 3, vec![titled("a", "1", "x", "corrected")]).await.changed, 1);
}

#[tokio::test]
async fn the_rest_of_a_first_poll_is_dropped_as_backfill_and_stays_so() {
    let desk = Desk::new().await;
    let three = |title: &str| ["1", "2", "3"].map(|id| titled("a", id, id, title)).to_vec();
    let first = |listed, backlog| {
        let mut first = poll("a", 1, listed);
        (first.backfill, first.backlog) = (Some(1), backlog);
        first
    };
    let done = desk.journal(first(three("t"), 2)).await;
    assert_eq!((done.new.iter().filter(|p| p.fated).count(), done.left_out), (1, 1));
    let done = desk.journal(first(three("t"), 10)).await;
    assert!(done.new[0].fated, "what the first poll left out is still behind the backfill");
    for id in ["2", "3"] {
        assert_eq!(desk.admit(key("a", id)).await.fate, Some(Fate::Drop(Dropped::Backfill)));
        desk.settle(key("a", id), Outcome::Dropped(Dropped::Backfill)).await;
    }
    let done = desk.journal(first(three("edited"), 10)).await;
    assert_eq!((done.changed, done.known), (0, 3));
    let later = [three("t"), vec![item("a", "4", "4")]].concat();
    assert!(!desk.journal(first(later, 10)).await.new[0].fated, "the first poll is behind it");
}

#[tokio::test]
async fn an_entry_that_waits_takes_the_leaders_fate() {
    let desk = Desk::new().await;
    desk.poll("a", 1, vec![item("a", "1", "x?utm_source=a"), item("a", "2", "y")]).await;
    let done = desk.poll("b", 1, vec![item("b", "1", "x"), item("b", "2", "y")]).await;
    assert_eq!((done.new.len(), done.joined), (0, 2));
    assert_eq!(desk.store.pending().await.expect("pending").len(), 2);
    assert!(desk.store.admit(key("b", "1"), at(1)).await.expect("a store").is_none(), "it waits");

    desk.admit(key("a", "1")).await;
    let id = desk.sight(key("a", "1"), "x", hash(1)).await.id;
    let freed = desk.found(&[desk::found(key("a", "1"), id, 1, hash(1), 0)]);
    assert_eq!((freed.len(), freed[0].key, freed[0].fated), (1, key("b", "1"), true));
    assert_eq!(desk.admit(key("b", "1")).await.fate, Some(Fate::Duplicate(hash(1))));
    desk.settle(key("b", "1"), Outcome::Duplicate { of: hash(1) }).await;
    assert_eq!(desk.trace("x").await[1].article, Some(id), "one link, one article");

    let freed = desk.settle(key("a", "2"), Outcome::Dropped(Dropped::Robots)).await;
    assert_eq!(freed[0].key, key("b", "2"));
    assert_eq!(desk.admit(key("b", "2")).await.fate, Some(Fate::Drop(Dropped::Robots)));
}

#[tokio::test]
async fn a_link_that_was_published_is_a_duplicate_before_the_fetch() {
    let desk = Desk::new().await;
    desk.poll("a", 1, vec![item("a", "1", "x")]).await;
    desk.publish(key("a", "1"), "x", hash(1), 0).await;
    let done = desk.poll("b", 2, vec![item("b", "1", "x")]).await;
    assert!(done.new[0].fated);
    assert_eq!(desk.admit(key("b", "1")).await.fate, Some(Fate::Duplicate(hash(1))));
}

#[tokio::test]
async fn a_backfilled_entry_of_one_feed_does_not_drop_the_same_link_of_another() {
    let desk = Desk::new().await;
    let mut first = poll("a", 1, vec![item("a", "1", "x")]);
    first.backfill = Some(0);
    desk.journal(first).await;
    let done = desk.poll("b", 1, vec![item("b", "1", "x")]).await;
    assert_eq!((done.joined, done.new.len(), done.new[0].fated), (0, 1, false));
}

#[tokio::test]
async fn a_feed_moves_and_fails_and_is_not_forgotten() {
    let desk = Desk::new().await;
    desk.poll("a", 1, vec![]).await;
    let gone = Failed { error: "410 Gone".into(), gone: true, ..Failed::default() };
    desk.store.poll_failed(&feed("a"), at(2), gone, next(2)).await.expect("noted");
    let state = &desk.sync(2).await[0];
    assert_eq!((state.failures, state.gone, state.last_error.as_deref()), (1, true, Some("410 Gone")));
    assert_eq!(state.validators, etag("\"new\""), "a failed poll takes no validators away");
    desk.store.poll_not_modified(&feed("a"), at(3), Some(etag("\"two\"")), next(3)).await.expect("noted");
    let state = &desk.sync(3).await[0];
    assert_eq!((state.failures, state.gone, &state.validators), (0, false, &etag("\"two\"")));
    let moved = [(feed("a"), "http://a.example/elsewhere".to_owned())];
    let state = &desk.store.sync_feeds(moved.to_vec(), at(5), |state| state).await.expect("feeds")[0];
    assert_eq!((&state.validators, state.due), (&Default::default(), at(5)));
    let unknown = desk.store.poll_failed(&feed("z"), at(2), Failed::default(), next(2)).await;
    assert!(matches!(unknown, Err(StoreError::UnknownFeed { .. })));
}

#[tokio::test]
async fn a_poll_of_a_thousand_known_entries_knows_them_all() {
    let desk = Desk::new().await;
    let all: Vec<_> = (0..1000).map(|n| item("a", &n.to_string(), &n.to_string())).collect();
    desk.poll("a", 1, all.clone()).await;
    for n in (0..1000).step_by(50) {
        desk.settle(key("a", &n.to_string()), Outcome::Dropped(Dropped::TooCostly)).await;
    }
    assert_eq!(desk.poll("a", 2, all).await.known, 1000);
}
