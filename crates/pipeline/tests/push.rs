//! News that hubs push (W3C WebSub): on a clock that shows what it is told, against a hub on loopback. That HTTP itself leads here is
//! tried with the daemon, in `tests/tests/push.rs`.

mod world;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::stream;
use ring::hmac;
use wiredesk_pipeline::desk::Desk;
use wiredesk_pipeline::push::intent::Intent;
use wiredesk_pipeline::push::receive::{Envelope, Pushed, Verified};
use wiredesk_store::gate::{Failure, Gate, Step};
use wiredesk_store::subscriptions::Subscription;
use wiredesk_testkit::hub::Asked;
use wiredesk_testkit::{Hub, Manner};
use world::{Server, World, page, reply, rss};

const DAY: i64 = 24 * 60;

/// A feed that names this hub, in its own words, and lists what is there at the n-th poll. Its pages are there too.
fn feed_server(hub: &str, listed: impl Fn(usize) -> Vec<&'static str> + Send + Sync + 'static) -> Server {
    let channel = format!("<atom:link xmlns:atom='http://www.w3.org/2005/Atom' rel='hub' href='{hub}'/>");
    Server::start(move |request, nth| match request.path.as_str() {
        "/feed" => reply(200, &[("ETag", &format!("\"{nth}\""))], &feed_of(&channel, &listed(nth))),
        path => reply(200, &[], &page(path.trim_start_matches('/'))),
    })
}

fn feed_of(channel: &str, names: &[&str]) -> String {
    rss(channel, &names.iter().map(|name| (*name, "")).collect::<Vec<_>>())
}

fn world(server: &Server) -> World {
    let mut world = World::new().feed("a", &server.url("/feed"));
    world.callback = Some("http://desk.example/hooks/".parse().expect("an address"));
    world
}

/// Waits until it holds: for as long as a slow machine may take.
async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let begun = Instant::now();
    while !holds().await {
        assert!(begun.elapsed() < Duration::from_secs(60), "waited in vain: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

async fn asked(hub: &Hub, times: usize) -> Asked {
    until("the hub is asked", async || hub.asked().len() >= times).await;
    hub.asked()[times - 1].clone()
}

fn token(asked: &Asked) -> &str {
    asked.callback.strip_prefix("http://desk.example/hooks/").expect("our callback")
}

/// The hub asks back whether that was meant.
async fn asks_back(desk: &Desk, asked: &Asked, lease_seconds: Option<u64>) -> Verified {
    let intent = Intent {
        mode: "subscribe".into(),
        topic: asked.topic.clone(),
        challenge: Some("c".into()),
        lease_seconds,
        reason: None,
    };
    desk.verify(token(asked), &intent).await.expect("a store")
}

fn signature(secret: &str, content: &str) -> String {
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()), content.as_bytes());
    tag.as_ref().iter().fold("sha256=".to_owned(), |text, byte| format!("{text}{byte:02x}"))
}

async fn pushes(desk: &Arc<Desk>, asked: &Asked, signature: Option<String>, content: &str) -> Pushed {
    let pieces = stream::iter([Ok::<_, std::io::Error>(Bytes::from(content.to_owned()))]);
    let envelope = Envelope { signature, ..Envelope::default() };
    desk.pushed(token(asked), envelope, pieces).await.expect("a store")
}

async fn subscription(world: &World) -> Subscription {
    world.subscription("a").await.expect("a subscription")
}

/// A subscription that the hub has confirmed, made by a desk that ran before.
async fn subscribed(world: &World, hub: &Hub) -> Asked {
    let act = async |desk: Arc<Desk>| {
        let asked = asked(hub, 1).await;
        assert_eq!(asks_back(&desk, &asked, None).await, Verified::Meant("c".into()));
        asked
    };
    world.while_running(act).await.0
}

#[tokio::test]
async fn a_lease_is_renewed_before_it_ends_under_the_same_path_and_secret() {
    let hub = Hub::start(Manner::Silent).expect("a hub");
    let server = feed_server(hub.url(), |_| vec![]);
    let world = world(&server);
    world
        .while_running(async |desk: Arc<Desk>| {
            let first = asked(&hub, 1).await;
            assert_eq!((first.mode.as_str(), first.topic.as_str()), ("subscribe", server.url("/feed").as_str()));
            assert!(first.secret.len() >= 32 && token(&first).len() == 32 && first.lease_seconds > Some(86_400));
            asks_back(&desk, &first, Some(4 * 86_400)).await;
            assert!(subscription(&world).await.is_active(world.now()));
            world.later(3 * DAY + 1);
            let second = asked(&hub, 2).await;
            assert_eq!(second, first);
            assert!(subscription(&world).await.is_active(world.now()), "the old lease runs on meanwhile");
            asks_back(&desk, &second, Some(4 * 86_400)).await;
            world.later(2 * DAY);
            assert!(subscription(&world).await.is_active(world.now()), "it would have ended by now");
        })
        .await;
    assert_eq!(server.requests("/feed").len(), 1);
}

#[tokio::test]
async fn only_what_was_asked_for_is_confirmed() {
    let hub = Hub::start(Manner::Silent).expect("a hub");
    let server = feed_server(hub.url(), |_| vec![]);
    let world = world(&server);
    world
        .while_running(async |desk: Arc<Desk>| {
            let real = asked(&hub, 1).await;
            for (name, mode, topic, challenge, token) in [
                ("another topic", "subscribe", "http://x.example/", Some("c"), token(&real)),
                ("another path", "subscribe", &*real.topic, Some("c"), "0123456789abcdef0123456789abcdef"),
                ("an end that nobody wanted", "unsubscribe", &*real.topic, Some("c"), token(&real)),
                ("nothing to give back", "subscribe", &*real.topic, None, token(&real)),
                ("a denial of another topic", "denied", "http://x.example/", None, token(&real)),
            ] {
                let challenge = challenge.map(str::to_owned);
                let intent = Intent { mode: mode.into(), topic: topic.into(), challenge, ..Intent::default() };
                assert_eq!(desk.verify(token, &intent).await.expect("a store"), Verified::NotMeant, "{name}");
                assert!(!subscription(&world).await.is_active(world.now()), "{name}");
            }
            assert_eq!(asks_back(&desk, &real, None).await, Verified::Meant("c".into()));
            let before = subscription(&world).await;
            assert_eq!(
                asks_back(&desk, &real, None).await,
                Verified::Meant("c".into()),
                "our answer may have been lost"
            );
            assert_eq!(subscription(&world).await, before);
            world.later(11);
            assert_eq!(asks_back(&desk, &real, None).await, Verified::NotMeant, "nothing is asked for any more");
        })
        .await;
}

#[tokio::test]
async fn a_hub_that_fails_is_asked_again_with_back_off_and_the_feed_is_polled_as_ever() {
    let hub = Hub::start(Manner::Refuses(500)).expect("a hub");
    let server = feed_server(hub.url(), |_| vec![]);
    let world = world(&server);
    world
        .while_running(async |desk: Arc<Desk>| {
            for (nth, minutes) in [(1, 1), (2, 2), (3, 4)] {
                asked(&hub, nth).await;
                let failed = async || subscription(&world).await.failures >= u32::try_from(nth).expect("small");
                until("the failure is written down", failed).await;
                let known = subscription(&world).await;
                assert!(known.last_error.expect("an error").contains("(500)"));
                assert_eq!(known.due.duration_since(world.now()).as_mins(), minutes);
                world.later(minutes);
            }
            hub.behave(Manner::Silent);
            let fourth = asked(&hub, 4).await;
            world.later(61);
            until("the hub is given up", async || subscription(&world).await.failures == 4).await;
            assert_eq!(asks_back(&desk, &fourth, None).await, Verified::NotMeant, "too late");
            assert!(subscription(&world).await.last_error.expect("an error").contains("has not asked back"));
        })
        .await;
    assert!((15..=17).contains(&(world.minutes_to_next("a").await + 61 + 7)), "polled as one without a hub");
}

#[tokio::test]
async fn a_lease_too_short_to_be_kept_is_a_failure_and_no_reason_to_ask_without_end() {
    let hub = Hub::start(Manner::Silent).expect("a hub");
    let server = feed_server(hub.url(), |_| vec![]);
    let world = world(&server);
    world
        .while_running(async |desk: Arc<Desk>| {
            for (nth, lease) in [(1, 0), (2, 299)] {
                let asked = asked(&hub, nth).await;
                assert_eq!(asks_back(&desk, &asked, Some(lease)).await, Verified::NotMeant);
                let known = subscription(&world).await;
                assert!(!known.is_active(world.now()) && known.last_error.expect("an error").contains("too short"));
                assert_eq!(
                    (known.failures as usize, known.due.duration_since(world.now()).as_mins()),
                    (nth, nth as i64)
                );
                assert_eq!(asks_back(&desk, &asked, None).await, Verified::NotMeant, "it is asked again later");
                world.later(nth as i64);
            }
            let third = asked(&hub, 3).await;
            assert_eq!(asks_back(&desk, &third, Some(300)).await, Verified::Meant("c".into()));
        })
        .await;
}

#[tokio::test]
async fn a_feed_with_another_name_at_each_poll_has_another_subscription_once_a_day() {
    let hub = Hub::start(Manner::Silent).expect("a hub");
    let named = hub.url().to_owned();
    let server = Server::start(move |_, nth| {
        let link = format!("<{named}>; rel=hub, </feed?{nth}>; rel=self");
        reply(200, &[("Link", &link)], &feed_of("", &[]))
    });
    let mut world = world(&server);
    world.schedule.min_interval = wiredesk_model::units::Span::millis(500);
    world.feeds[0].interval = Some(world.schedule.min_interval);
    world
        .while_running(async |_| {
            let polls = async |times| until("polls", async || server.requests("/feed").len() >= times).await;
            polls(1).await;
            until("a hub is named", async || world.subscription("a").await.is_some()).await;
            polls(6).await;
            let second = subscription(&world).await;
            assert_eq!(second.topic, server.url("/feed?1"), "one change, and no more");
            world.later(DAY + 1);
            until("it may change again", async || subscription(&world).await.topic != second.topic).await;
        })
        .await;
}

#[tokio::test]
async fn a_hub_that_denies_is_asked_again_after_a_day_and_pushes_no_more_of_our_polls_off() {
    let hub = Hub::start(Manner::Silent).expect("a hub");
    let server = feed_server(hub.url(), |_| vec!["one"]);
    let world = world(&server);
    let first = subscribed(&world, &hub).await;
    let deny = async |desk: Arc<Desk>| {
        let content = feed_of("", &["two"]);
        assert_eq!(pushes(&desk, &first, Some(signature(&first.secret, &content)), &content).await, Pushed::Taken);
        assert!(subscription(&world).await.delivers);
        let (topic, reason) = (first.topic.clone(), Some("no\u{1b}[2J room".into()));
        let intent = Intent { mode: "denied".into(), topic, reason, ..Intent::default() };
        assert_eq!(desk.verify(token(&first), &intent).await.expect("a store"), Verified::Noted);
    };
    world.while_running(deny).await;
    let known = subscription(&world).await;
    assert!(known.denied && !known.delivers && !known.is_active(world.now()));
    assert!(!known.last_error.expect("a reason").contains(char::is_control));
    assert_eq!(known.due.duration_since(world.now()).as_hours(), 24);
    world.later(DAY + 1);
    world.while_running(async |_| asked(&hub, 2).await).await;
}

#[tokio::test]
async fn a_push_goes_the_way_of_a_polls_body_and_leaves_what_polls_rely_on() {
    let hub = Hub::start(Manner::Silent).expect("a hub");
    // The poll after the push lists what was pushed.
    let server = feed_server(hub.url(), |nth| if nth == 0 { vec!["one"] } else { vec!["two", "one"] });
    let world = world(&server);
    let first = subscribed(&world, &hub).await;
    let before = world.state("a").await;
    let content = feed_of("", &["two"]);
    let push = async |desk: Arc<Desk>| {
        let signed = Some(signature(&first.secret, &content));
        assert_eq!(pushes(&desk, &first, signed.clone(), &content).await, Pushed::Taken);
        assert_eq!(pushes(&desk, &first, signed, &content).await, Pushed::Taken, "the same once more");
        until("the pushed entry is published", async || world.records().len() == 2).await;
    };
    let ((), ran) = world.while_running(push).await;
    assert!(ran.metrics.contains("wiredesk_pushes_total{result=\"taken\"} 2"), "{}", ran.metrics);
    let after = world.state("a").await;
    assert_eq!((after.validators.clone(), after.due), (before.validators, before.due));
    assert_eq!(server.requests("/feed").len(), 1, "nobody has polled");

    assert_eq!(world.once().await.entries, 0, "the poll knows the entry");
    assert_eq!(server.fields("/feed", "if-none-match")[1].as_deref(), Some("\"0\""), "as before the push");
    assert_eq!((world.records().len(), server.requests("/two").len()), (2, 1));
}

/// Holds up writes before they are durable, while it is told to.
#[derive(Clone, Default)]
struct Held {
    holds: Arc<AtomicBool>,
    waits: Arc<AtomicBool>,
}

impl Gate for Held {
    fn pass(&mut self, step: Step) -> Result<(), Failure> {
        while step == Step::Commit && self.holds.load(Ordering::SeqCst) {
            self.waits.store(true, Ordering::SeqCst);
            std::thread::sleep(Duration::from_millis(1));
        }
        Ok(())
    }
}

#[tokio::test]
async fn a_hub_that_hangs_up_while_its_push_is_written_down_leaves_no_entry_unread() {
    let hub = Hub::start(Manner::Silent).expect("a hub");
    let server = feed_server(hub.url(), |_| vec!["one"]);
    let mut world = world(&server);
    let held = Held::default();
    let first = subscribed(&world, &hub).await;
    world.gate = Box::new({
        let held = held.clone();
        move || Box::new(held.clone())
    });
    let hang_up = async |desk: Arc<Desk>| {
        until("all else is published", async || world.records().len() == 1).await;
        let content = feed_of("", &["two"]);
        held.holds.store(true, Ordering::SeqCst);
        let push = {
            let (desk, first) = (desk.clone(), first.clone());
            tokio::spawn(async move { pushes(&desk, &first, Some(signature(&first.secret, &content)), &content).await })
        };
        until("the push is being written", async || held.waits.load(Ordering::SeqCst)).await;
        push.abort();
        assert!(push.await.is_err_and(|error| error.is_cancelled()), "nobody waits for its answer any more");
        held.holds.store(false, Ordering::SeqCst);
        until("the pushed entry is published", async || world.records().len() == 2).await;
        until("the push is counted", async || subscription(&world).await.pushes == 1).await;
    };
    world.while_running(hang_up).await;
}

#[tokio::test]
async fn what_is_not_the_hubs_own_is_received_ignored_and_counted() {
    let hub = Hub::start(Manner::Silent).expect("a hub");
    let server = feed_server(hub.url(), |_| vec!["one"]);
    let mut world = world(&server);
    world.fetch.feed_limit = wiredesk_model::units::Size::kib(64);
    let first = subscribed(&world, &hub).await;
    let content = feed_of("", &["forged"]);
    let attack = async |desk: Arc<Desk>| {
        assert_eq!(pushes(&desk, &first, None, &content).await, Pushed::Ignored);
        for wrong in
            [signature("guess", &content), signature(&first.secret, "other"), "sha256=".into(), "md5=00".into()]
        {
            assert_eq!(pushes(&desk, &first, Some(wrong.clone()), &content).await, Pushed::Ignored, "{wrong}");
        }
        let page = "<!doctype html><p>Not a feed";
        assert_eq!(pushes(&desk, &first, Some(signature(&first.secret, page)), page).await, Pushed::Ignored);
        let large = "x".repeat((64 << 10) + 1);
        assert_eq!(pushes(&desk, &first, Some(signature("guess", &large)), &large).await, Pushed::TooLarge);
        let unread = stream::iter([Err::<Bytes, _>(std::io::Error::other("it was read"))]);
        let unsigned = desk.pushed(token(&first), Envelope::default(), unread).await.expect("a store");
        assert_eq!(unsigned, Pushed::Ignored, "what is not signed is not read");
        let nobody =
            Asked { callback: "http://desk.example/hooks/00000000000000000000000000000000".into(), ..first.clone() };
        assert_eq!(pushes(&desk, &nobody, None, &content).await, Pushed::Unknown);
    };
    let ((), ran) = world.while_running(attack).await;
    for counted in ["unsigned\"} 2", "wrongly_signed\"} 4", "unreadable\"} 1", "not_received\"} 1", "taken\"} 0"] {
        assert!(
            ran.metrics.contains(&format!("wiredesk_pushes_total{{result=\"{counted}")),
            "{counted}\n{}",
            ran.metrics
        );
    }
    let known = subscription(&world).await;
    assert_eq!((known.ignored, known.pushes, known.delivers), (7, 0, false));
    assert!(server.requests("/forged").is_empty());
}

#[tokio::test]
async fn a_feed_is_polled_slowly_only_while_its_hub_is_known_to_deliver() {
    let hub = Hub::start(Manner::Silent).expect("a hub");
    let server = feed_server(hub.url(), |nth| match nth {
        0..3 => vec!["one"],
        _ => vec!["missed", "one"],
    });
    let mut world = world(&server);
    world.feeds[0].interval = Some(wiredesk_model::units::Span::minutes(20));
    let first = subscribed(&world, &hub).await;
    let about = |minutes: i64, usual: i64| (usual..=usual + usual / 10 + 1).contains(&minutes);
    world.later(20);
    world.once().await;
    assert!(about(world.minutes_to_next("a").await, 20), "it has promised, and has not delivered yet");

    let content = feed_of("", &["one"]);
    let signed = Some(signature(&first.secret, &content));
    world.while_running(async |desk: Arc<Desk>| pushes(&desk, &first, signed.clone(), &content).await).await;
    world.once().await;
    assert!(about(world.minutes_to_next("a").await, 120), "it delivers");

    world.later(120);
    world.once().await;
    assert!(about(world.minutes_to_next("a").await, 20), "the poll brought what no push had");
    assert!(!subscription(&world).await.delivers);

    world.while_running(async |desk: Arc<Desk>| pushes(&desk, &first, signed, &content).await).await;
    world.once().await;
    assert!(about(world.minutes_to_next("a").await, 120), "it delivers again");
    world.later(11 * DAY);
    world.once().await;
    assert!(about(world.minutes_to_next("a").await, 20), "its lease is over");
}

#[tokio::test]
async fn the_header_names_the_hub_of_a_304_too_and_a_feed_that_names_none_any_more_is_left_to_its_polls() {
    let hub = Hub::start(Manner::Silent).expect("a hub");
    let link = format!("<{}>; rel=hub, </canonical>; rel=self", hub.url());
    let server = Server::start(move |_, nth| match nth {
        0 => reply(200, &[("ETag", "\"1\"")], &feed_of("", &[])),
        1 => reply(304, &[("Link", &link)], ""),
        _ => reply(200, &[], &feed_of("", &[])),
    });
    let world = world(&server);
    world.once().await;
    assert_eq!(world.subscription("a").await, None);
    world.once().await;
    let known = subscription(&world).await;
    assert_eq!((known.hub.as_str(), known.topic), (hub.url(), server.url("/canonical")));
    assert!(hub.asked().is_empty(), "`--once` asks no hub: nobody would be there when it asks back");
    world.once().await;
    assert_eq!(world.subscription("a").await, None);
}

#[tokio::test]
async fn a_subscription_stays_the_same_though_each_answer_says_less_or_more_of_it() {
    let hub = Hub::start(Manner::Silent).expect("a hub");
    let link = format!("<{}>; rel=hub", hub.url());
    let words = "<atom:link xmlns:atom='http://www.w3.org/2005/Atom' rel='self' href='/canonical'/>";
    let server = Server::start(move |_, nth| match nth {
        0 => reply(200, &[("ETag", "\"1\""), ("Link", &link)], &feed_of(words, &[])),
        1 => reply(304, &[("Link", &link)], ""),
        2 => reply(304, &[], ""),
        _ => reply(200, &[("Link", &link)], &feed_of(words, &[])),
    });
    let world = world(&server);
    world.once().await;
    let first = subscription(&world).await;
    assert_eq!(first.topic, server.url("/canonical"));
    for answer in ["a 304 with the hub alone", "a 304 without a word", "the same 200"] {
        world.once().await;
        assert_eq!(subscription(&world).await, first, "{answer}");
    }
}

#[tokio::test]
async fn polls_that_find_nothing_because_the_hub_was_faster_teach_no_slower_rhythm() {
    let hub = Hub::start(Manner::Silent).expect("a hub");
    let server = feed_server(hub.url(), |_| vec!["one"]);
    let world = world(&server);
    let first = subscribed(&world, &hub).await;
    let content = feed_of("", &["one"]);
    let signed = Some(signature(&first.secret, &content));
    world.while_running(async |desk: Arc<Desk>| pushes(&desk, &first, signed, &content).await).await;
    for poll in 0..4 {
        world.later(90);
        world.once().await;
        let next = world.minutes_to_next("a").await;
        assert!((90..=100).contains(&next), "poll {poll}: {next} minutes");
    }
}
