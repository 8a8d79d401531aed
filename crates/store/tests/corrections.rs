//! What a feed corrects of an entry that is not settled yet, and what that does to those that wait with it.

mod desk;

use desk::{Desk, feed, found, hash, item, key, titled};
use wiredesk_model::feed::Validators;
use wiredesk_model::id::EntryKey;
use wiredesk_model::outcome::{Dropped, Outcome};
use wiredesk_store::entries::Pending;

fn keys(pending: &[Pending]) -> Vec<EntryKey> {
    pending.iter().map(|pending| pending.key).collect()
}

/// It ended as a duplicate of an article that it did not link to, and its own was never read.
#[tokio::test]
async fn who_waits_for_an_entry_waits_no_more_when_that_one_leads_elsewhere() {
    let desk = Desk::new().await;
    desk.poll("a", 1, vec![item("a", "1", "x")]).await;
    assert_eq!(desk.poll("b", 1, vec![item("b", "1", "x")]).await.joined, 1);
    assert_eq!(desk.poll("b", 2, vec![item("b", "2", "x"), item("b", "1", "x")]).await.joined, 1);
    let done = desk.poll("a", 3, vec![item("a", "1", "y")]).await;
    assert_eq!(keys(&done.released), [key("b", "1")], "and the other waits for it");
    desk.publish(key("a", "1"), "y", hash(1), 0).await;
    assert!(desk.admit(key("b", "1")).await.fate.is_none());
    let freed = desk.settle(key("b", "1"), Outcome::Duplicate { of: hash(2) }).await;
    assert_eq!(keys(&freed), [key("b", "2")]);
}

#[tokio::test]
async fn an_entry_that_waits_and_leads_elsewhere_now_goes_there_by_itself() {
    let desk = Desk::new().await;
    desk.poll("a", 1, vec![item("a", "1", "x")]).await;
    desk.poll("b", 1, vec![item("b", "1", "x")]).await;
    let done = desk.poll("b", 2, vec![item("b", "1", "y")]).await;
    assert_eq!(keys(&done.released), [key("b", "1")]);
    desk.publish(key("a", "1"), "x", hash(1), 0).await;
    assert_eq!(desk.state("y").await, "pending");
    assert!(desk.admit(key("b", "1")).await.fate.is_none());
}

#[tokio::test]
async fn an_entry_that_leads_to_anothers_article_now_waits_for_that_one() {
    let desk = Desk::new().await;
    desk.poll("a", 1, vec![item("a", "1", "x"), item("a", "2", "y")]).await;
    let done = desk.poll("a", 2, vec![item("a", "1", "y"), item("a", "2", "y")]).await;
    assert_eq!((done.new.len(), done.released.len()), (0, 0));
    assert!(desk.store.admit(key("a", "1"), desk::at(2)).await.expect("a store").is_none(), "it waits");
    desk.admit(key("a", "2")).await;
    desk.sight(key("a", "2"), "y", hash(1)).await;
    let freed = desk.settle(key("a", "2"), Outcome::Duplicate { of: hash(1) }).await;
    assert_eq!(keys(&freed), [key("a", "1")]);
}

/// A page that was asked for before the correction says what was before.
#[tokio::test]
async fn an_entry_that_is_opened_again_waits_for_no_reading_that_began_before() {
    let desk = Desk::new().await;
    desk.poll("a", 1, vec![item("a", "1", "x")]).await;
    desk.settle(key("a", "1"), Outcome::Dropped(Dropped::TooShort { words: 1 })).await;
    desk.poll("b", 1, vec![item("b", "1", "x")]).await;
    desk.admit(key("b", "1")).await;
    let done = desk.poll("a", 2, vec![titled("a", "1", "x", "corrected")]).await;
    assert_eq!((keys(&done.new), done.joined), (vec![key("a", "1")], 0));
}

/// Eight times the dead link was asked, while the feed listed the good one.
#[tokio::test]
async fn a_link_that_is_corrected_while_its_entry_is_read_is_taken_over_afterwards() {
    let desk = Desk::new().await;
    desk.poll("a", 1, vec![item("a", "1", "dead")]).await;
    desk.admit(key("a", "1")).await;
    desk.poll("a", 2, vec![item("a", "1", "good")]).await;
    let state = desk.store.feed_state(&feed("a")).await.expect("a store").expect("known");
    assert_eq!(state.validators, Validators::default(), "the listing is to come again");
    desk.store.put_back(key("a", "1"), desk::at(2), "404", false, desk::at(2)).await.expect("put back");
    desk.poll("a", 3, vec![item("a", "1", "good")]).await;
    let link = desk.admit(key("a", "1")).await.entry.listing.link;
    assert_eq!(link.as_deref(), Some("http://news.example/good"));
}

/// The next process polls while it still reads the topic: the entry looked idle, took the edit over, and was then settled with the body
/// from before it.
#[tokio::test]
async fn an_edit_of_an_entry_whose_record_may_be_in_the_topic_is_not_taken_over_before_that_is_known() {
    let desk = Desk::new().await;
    desk.poll("a", 1, vec![item("a", "1", "x")]).await;
    desk.admit(key("a", "1")).await;
    let sighting = desk.sight(key("a", "1"), "x", hash(1)).await;
    desk.store.release(vec![key("a", "1")]).await.expect("a clean stop");
    let edit = || vec![titled("a", "1", "x", "corrected")];
    desk.poll("a", 2, edit()).await;
    desk.found(&[found(key("a", "1"), sighting.id, 1, hash(1), 0)]);
    assert_eq!(desk.state("x").await, "published");
    let done = desk.poll("a", 3, edit()).await;
    assert_eq!((done.changed, keys(&done.new)), (1, vec![key("a", "1")]));
}

/// A stop before the suspects had their turn made them entries like any other, again and again.
#[tokio::test]
async fn a_clean_stop_leaves_the_marks_of_a_crash_before_it() {
    let desk = Desk::new().await;
    desk.poll("a", 1, vec![item("a", "1", "x"), item("a", "2", "y")]).await;
    desk.admit(key("a", "1")).await;
    let desk = desk.again(2);
    desk.admit(key("a", "2")).await;
    desk.store.release(vec![key("a", "2")]).await.expect("a clean stop");
    let pending = desk.store.pending().await.expect("pending");
    let crashed: Vec<_> = pending.into_iter().filter(|pending| pending.crashed).collect();
    assert_eq!(keys(&crashed), [key("a", "1")]);
}

/// After two 404s of a dead link the first 404 of the good one dropped the entry.
#[tokio::test]
async fn a_corrected_link_is_tried_as_a_new_one_is() {
    let desk = Desk::new().await;
    desk.poll("a", 1, vec![item("a", "1", "dead")]).await;
    for hours in [1, 2] {
        desk.admit(key("a", "1")).await;
        desk.store.put_back(key("a", "1"), desk::at(2), "404", true, desk::at(hours)).await.expect("put back");
    }
    desk.poll("a", 3, vec![item("a", "1", "good")]).await;
    let admitted = desk.admit(key("a", "1")).await;
    assert_eq!((admitted.attempts, admitted.gone_seen, admitted.gone_since), (1, 0, None));
}

#[tokio::test]
async fn an_entry_that_is_opened_again_and_then_led_elsewhere_is_not_given_the_body_that_is_known_there() {
    let desk = Desk::new().await;
    desk.poll("a", 1, vec![item("a", "1", "x")]).await;
    desk.publish(key("a", "1"), "x", hash(1), 0).await;
    desk.poll("b", 1, vec![item("b", "1", "y")]).await;
    desk.publish(key("b", "1"), "y", hash(2), 1).await;
    assert_eq!(desk.poll("a", 2, vec![titled("a", "1", "x", "corrected")]).await.changed, 1);
    desk.poll("a", 3, vec![titled("a", "1", "y", "corrected")]).await;
    assert!(desk.admit(key("a", "1")).await.fate.is_none(), "it is read for itself");
}
