//! Subscriptions to hubs, and what hubs push.

mod desk;

use desk::{Desk, at, etag, feed, item, next, poll, titled};
use wiredesk_model::secret::Secret;
use wiredesk_store::journal::{Journalled, Push};
use wiredesk_store::subscriptions::{Subscription, Wanted};

fn wanted(of: &str, hub: &str) -> Wanted {
    Wanted {
        feed: feed(of),
        hub: format!("http://{hub}/"),
        topic: format!("http://{of}.example/feed"),
        token: Secret::new(format!("token-{of}-{hub}")),
        secret: Secret::new("secret"),
    }
}

async fn of(desk: &Desk, id: &str) -> Subscription {
    desk.store.subscription(&feed(id)).await.expect("read").expect("a subscription")
}

async fn pushed(desk: &Desk, hours: i64, listed: Vec<wiredesk_store::journal::Listed>) -> Journalled {
    let push = Push { feed: feed("a"), at: at(hours), listed, backlog: 1000 };
    desk.store.journal_push(push).await.expect("journalled")
}

#[tokio::test]
async fn a_hub_is_believed_only_when_it_was_asked() {
    let desk = Desk::new().await;
    let store = &desk.store;
    store.subscribe(wanted("a", "hub"), at(0)).await.expect("made");
    let token = of(&desk, "a").await.token;
    assert!(!store.hub_verified(&token, at(100), at(50)).await.expect("written"), "nobody has asked yet");
    assert!(!of(&desk, "a").await.is_active(at(0)));

    store.hub_asked(&token, "http://us/", at(1), at(2)).await.expect("written");
    assert!(store.hub_verified(&token, at(100), at(50)).await.expect("written"));
    let verified = of(&desk, "a").await;
    assert!(verified.is_active(at(99)) && !verified.is_active(at(100)));
    assert!(!store.hub_verified(&token, at(999), at(50)).await.expect("written"), "it was asked once");

    // The answer to the request comes late, as an error: the hub has asked back all the same.
    store.hub_failed(&token, at(1), "late", at(3)).await.expect("written");
    assert_eq!(of(&desk, "a").await, verified);
}

#[tokio::test]
async fn a_failed_renewal_keeps_the_lease_and_a_denial_ends_it() {
    let desk = Desk::new().await;
    let store = &desk.store;
    store.subscribe(wanted("a", "hub"), at(0)).await.expect("made");
    let token = of(&desk, "a").await.token;
    store.hub_asked(&token, "http://us/", at(0), at(1)).await.expect("written");
    store.hub_verified(&token, at(100), at(50)).await.expect("written");
    assert!(store.subscriptions_due(at(49), 9).await.expect("read").is_empty());
    assert_eq!(store.subscriptions_due(at(50), 9).await.expect("read").len(), 1);
    store.hub_asked(&token, "http://us/", at(50), at(51)).await.expect("written");
    store.hub_failed(&token, at(50), "no connection", at(52)).await.expect("written");
    let failed = of(&desk, "a").await;
    assert!(failed.is_active(at(60)));
    assert_eq!((failed.failures, failed.last_error.as_deref(), failed.due), (1, Some("no connection"), at(52)));
    store.push_taken(&token, at(55)).await.expect("written");
    store.hub_denied(&token, "not you", at(80)).await.expect("written");
    let denied = of(&desk, "a").await;
    assert!(denied.denied && !denied.delivers && !denied.is_active(at(60)));
    assert_eq!((denied.pushes, store.active_subscriptions(at(60)).await.expect("read")), (1, 0));
}

#[tokio::test]
async fn a_poll_that_brings_news_says_nothing_of_the_pushes_that_came_after_it_was_begun() {
    let desk = Desk::new().await;
    let store = &desk.store;
    store.subscribe(wanted("a", "hub"), at(0)).await.expect("made");
    let token = of(&desk, "a").await.token;
    store.push_taken(&token, at(5)).await.expect("written");
    store.push_missed(&feed("a"), at(4)).await.expect("written");
    assert!(of(&desk, "a").await.delivers, "the push came while the poll was under way");
    store.push_missed(&feed("a"), at(6)).await.expect("written");
    assert!(!of(&desk, "a").await.delivers);
}

#[tokio::test]
async fn subscriptions_outlive_a_restart_and_go_with_their_feeds_address() {
    let desk = Desk::new().await;
    desk.store.subscribe(wanted("a", "hub"), at(0)).await.expect("made");
    let token = of(&desk, "a").await.token;
    desk.store.hub_asked(&token, "http://us/", at(0), at(1)).await.expect("written");
    desk.store.hub_verified(&token, at(100), at(50)).await.expect("written");
    let desk = desk.again(1);
    assert!(of(&desk, "a").await.is_active(at(2)));
    desk.store.called_back_at("http://us/", at(2)).await.expect("written");
    assert!(of(&desk, "a").await.is_active(at(2)), "it is the address that the hub knows");
    desk.store.called_back_at("http://elsewhere/", at(2)).await.expect("written");
    let recalled = of(&desk, "a").await;
    assert!(!recalled.is_active(at(2)) && recalled.due == at(2));

    desk.store.subscribe(wanted("a", "other"), at(3)).await.expect("replaced");
    assert_ne!(of(&desk, "a").await.token, token);
    assert_eq!(desk.store.subscription_at(token.reveal()).await.expect("read"), None);
    desk.store.sync_feeds(vec![(feed("a"), "http://a.example/moved".into())], at(4), |_| ()).await.expect("feeds");
    assert_eq!(desk.store.subscription(&feed("a")).await.expect("read"), None);
}

#[tokio::test]
async fn nothing_that_is_written_out_shows_a_subscriptions_secret_or_path() {
    let desk = Desk::new().await;
    desk.store.subscribe(wanted("a", "hub"), at(0)).await.expect("made");
    let found = of(&desk, "a").await;
    let shown = format!("{found:?}{}", serde_json::to_string(&found).expect("json"));
    assert!(!shown.contains("token-a") && !shown.contains("\"secret\""), "{shown}");
}

#[tokio::test]
async fn a_push_brings_entries_and_touches_nothing_else_of_its_feed() {
    let desk = Desk::new().await;
    desk.poll("a", 0, vec![item("a", "1", "1"), item("a", "2", "2")]).await;
    let before = desk.store.feed_state(&feed("a")).await.expect("read").expect("a feed");
    let done = pushed(&desk, 1, vec![item("a", "3", "3"), item("a", "2", "2")]).await;
    assert_eq!((done.new.len(), done.known), (1, 1));
    let after = desk.store.feed_state(&feed("a")).await.expect("read").expect("a feed");
    assert_eq!(after, wiredesk_store::feeds::FeedState { last_new: Some(at(1)), ..before });
    // The first entry was not in the push, and is listed all the same.
    let traces = desk.store.reader().trace("http://news.example/1").await.expect("a trace");
    assert_eq!(traces[0].left_at, None);

    let polled = desk.poll("a", 2, vec![item("a", "3", "3"), item("a", "2", "2"), item("a", "1", "1")]).await;
    assert_eq!((polled.new.len(), polled.known), (0, 3), "an entry is one, whichever way it comes");
    let pushed_again = pushed(&desk, 3, vec![titled("a", "3", "3", "Edited")]).await;
    assert_eq!((pushed_again.new.len(), pushed_again.known), (0, 1), "pending: it takes over what is said now");
}

#[tokio::test]
async fn what_a_push_leaves_out_the_next_poll_brings() {
    let desk = Desk::new().await;
    desk.store.journal(poll("a", 0, vec![item("a", "1", "1")]), |_| next(0)).await.expect("journalled");
    let push = Push { feed: feed("a"), at: at(1), listed: vec![item("a", "2", "2")], backlog: 1 };
    assert_eq!(desk.store.journal_push(push).await.expect("journalled").left_out, 1);
    let state = desk.store.feed_state(&feed("a")).await.expect("read").expect("a feed");
    assert_eq!(state.validators, etag("\"new\""), "they are of before: a poll with them brings the entry");
    let unknown = Push { feed: feed("nobody"), at: at(1), listed: Vec::new(), backlog: 1 };
    assert!(desk.store.journal_push(unknown).await.is_err());
}
