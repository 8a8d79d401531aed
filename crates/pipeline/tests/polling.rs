//! Polling manners, from the feed's server to the store and back: each against a server that says exactly what the script tells it.

mod world;

use std::sync::Arc;
use std::time::Duration;

use wiredesk_model::feed::IdentityPolicy;
use wiredesk_model::habits::Condition;
use wiredesk_model::secret::Secret;
use wiredesk_model::units::Span;
use wiredesk_pipeline::desk::Event;
use wiredesk_pipeline::run::{Mode, Stop};
use world::{Request, Server, World, page, reply, rss};

const HOUR: i64 = 60;
const DAY: i64 = 24 * HOUR;

/// A server of one feed, `/feed`, whose n-th answer is this. Everything else is not there.
fn feed_server(answer: impl Fn(&Request, usize) -> Vec<u8> + Send + Sync + 'static) -> Server {
    Server::start(move |request, nth| match request.path.as_str() {
        "/feed" => answer(request, nth),
        _ => reply(404, &[], ""),
    })
}

fn empty() -> String {
    rss("", &[])
}

#[tokio::test]
async fn validators_are_those_of_the_last_200_byte_for_byte_through_every_restart() {
    let server = feed_server(|_, nth| {
        let etag = ["W/\"one, \u{e4}\"", "unquoted", "\"3\""][nth.min(2)];
        reply(200, &[("ETag", etag), ("Last-Modified", &format!("about day {nth}"))], &empty())
    });
    let world = World::new().feed("a", &server.url("/feed"));
    for _ in 0..4 {
        assert_eq!(world.once().await.feeds_read, 1);
    }
    let etags = server.fields("/feed", "if-none-match");
    assert_eq!(etags, [None, Some("W/\"one, \u{e4}\"".into()), Some("unquoted".into()), Some("\"3\"".into())]);
    let dates = server.fields("/feed", "if-modified-since");
    assert_eq!(dates, [None, Some("about day 0".into()), Some("about day 1".into()), Some("about day 2".into())]);
}

#[tokio::test]
async fn a_validator_that_a_200_goes_without_is_forgotten() {
    let server = feed_server(|_, nth| match nth {
        0 => reply(200, &[("ETag", "\"1\""), ("Last-Modified", "then")], &empty()),
        _ => reply(200, &[("Last-Modified", "now")], &empty()),
    });
    let world = World::new().feed("a", &server.url("/feed"));
    for _ in 0..3 {
        world.once().await;
    }
    assert_eq!(server.fields("/feed", "if-none-match"), [None, Some("\"1\"".into()), None]);
    assert_eq!(server.fields("/feed", "if-modified-since")[2].as_deref(), Some("now"));
}

#[tokio::test]
async fn a_304_may_bring_new_validators() {
    let server = feed_server(|_, nth| match nth {
        0 => reply(200, &[("ETag", "\"1\""), ("Last-Modified", "then")], &empty()),
        _ => reply(304, &[("ETag", "\"2\"")], ""),
    });
    let world = World::new().feed("a", &server.url("/feed"));
    for _ in 0..3 {
        world.once().await;
    }
    assert_eq!(server.fields("/feed", "if-none-match"), [None, Some("\"1\"".into()), Some("\"2\"".into())]);
    assert_eq!(
        server.fields("/feed", "if-modified-since")[2].as_deref(),
        Some("then"),
        "what it does not repeat stays"
    );
}

#[tokio::test]
async fn an_answer_that_is_no_whole_feed_gives_no_validators_and_takes_none() {
    let whole = rss("", &[("one", ""), ("two", "")]);
    let cut = rss("", &[("three", ""), ("four", "")]);
    let at = cut.find("<title>About four").expect("it stands there");
    for (name, status, body) in [
        ("cut off", 200, &cut[..at]),
        ("a page", 200, "<!doctype html><html><body><p>Down for maintenance</p></body></html>"),
        ("nothing", 200, ""),
        ("no feed", 200, "<svg xmlns='http://www.w3.org/2000/svg'/>"),
        ("an error", 500, &cut),
    ] {
        let (first, then) = (whole.clone(), body.to_owned());
        let server = feed_server(move |_, nth| match nth {
            0 => reply(200, &[("ETag", "\"whole\"")], &first),
            1 => reply(status, &[("ETag", "\"other\"")], &then),
            _ => reply(304, &[], ""),
        });
        let world = World::new().feed("a", &server.url("/feed"));
        for _ in 0..3 {
            world.once().await;
        }
        let etags = server.fields("/feed", "if-none-match");
        assert_eq!(etags, [None, Some("\"whole\"".into()), Some("\"whole\"".into())], "{name}");
        let asked = server.requests("/three").len();
        assert_eq!(
            asked,
            usize::from(name == "cut off"),
            "{name}: the whole items of a feed that was cut off are read"
        );
        assert!(server.requests("/four").is_empty());
    }
}

#[tokio::test]
async fn a_restart_polls_nothing_before_its_time() {
    let server = Server::start(|_, _| reply(200, &[("ETag", "\"1\"")], &empty()));
    let mut world = World::new().feed("old", &server.url("/old"));
    world.once().await;
    world.later(14);
    let mut world = {
        world.feeds.push(world.feeds[0].clone());
        world.feeds[1].id = wiredesk_model::id::FeedId::new("new");
        world.feeds[1].url = server.url("/new").parse().expect("an address");
        world
    };
    let stop = Stop::default();
    let drain = stop.drain.clone();
    world.watcher = Arc::new(move |event| {
        if matches!(event, Event::Polled { .. }) {
            drain.cancel();
        }
    });
    world.run(Mode::Forever, stop).await;
    assert_eq!((server.requests("/old").len(), server.requests("/new").len()), (1, 1));
}

#[tokio::test]
async fn the_next_poll_is_as_far_off_as_the_longest_claim() {
    let week = "Mon, 09 Mar 2026 09:00:00 GMT";
    for (name, own, fields, channel, minutes) in [
        ("nothing said", None, vec![], "", 15),
        ("ttl", None, vec![], "<ttl>90</ttl>", 90),
        ("max-age", None, vec![("Cache-Control", "max-age=7200")], "<ttl>90</ttl>", 120),
        (
            "Expires",
            None,
            vec![("Date", "Mon, 02 Mar 2026 09:00:00 GMT"), ("Expires", "Mon, 02 Mar 2026 10:00:00 GMT")],
            "",
            60,
        ),
        ("Expires in a week", None, vec![("Date", "Mon, 02 Mar 2026 09:00:00 GMT"), ("Expires", week)], "", DAY),
        ("sixteen years", None, vec![("Cache-Control", "max-age=504576000")], "", DAY),
        (
            "an update period",
            None,
            vec![],
            "<sy:updatePeriod>daily</sy:updatePeriod><sy:updateFrequency>4</sy:updateFrequency>",
            6 * HOUR,
        ),
        ("a short claim", None, vec![("Cache-Control", "max-age=1")], "<ttl>1</ttl>", 15),
        ("the operator's own", Some(40), vec![], "<ttl>20</ttl>", 40),
        ("the operator's own, shorter than the publisher's", Some(10), vec![], "<ttl>20</ttl>", 20),
        ("hours to be skipped", None, vec![], "<skipHours><hour>9</hour><hour>10</hour></skipHours>", 2 * HOUR),
        ("days to be skipped", None, vec![], "<skipDays><day>Monday</day><day>Tuesday</day></skipDays>", 39 * HOUR),
    ] {
        let channel = channel.to_owned();
        let server = feed_server(move |_, nth| match nth {
            0 => reply(200, &[fields.as_slice(), &[("ETag", "\"1\"")]].concat(), &rss(&channel, &[])),
            _ => reply(304, &[], ""),
        });
        let world = World::new().feed_with("a", &server.url("/feed"), |feed| feed.interval = own.map(Span::minutes));
        for answer in ["a 200", "a 304"] {
            world.once().await;
            let next = world.minutes_to_next("a").await;
            // What nothing was said of is asked more seldom when it brings nothing.
            let grown = if own.is_none() && minutes == 15 && answer == "a 304" { 22 } else { minutes };
            assert!((grown..=grown + grown / 10 + 1).contains(&next), "{name}, {answer}: {next} minutes");
        }
    }
}

#[tokio::test]
async fn the_interval_follows_the_share_of_known_entries() {
    let names: Vec<String> = (0..200).map(|n| format!("n{n}")).collect();
    let server = Server::start(move |request, nth| match request.path.as_str() {
        "/busy" => {
            let listed: Vec<_> = names[nth * 10..nth * 10 + 10].iter().map(|name| (name.as_str(), "")).collect();
            reply(200, &[], &rss("", &listed))
        }
        "/still" => reply(200, &[], &rss("", &[("same", "")])),
        _ => reply(410, &[], ""),
    });
    let world = World::new().feed("busy", &server.url("/busy")).feed("still", &server.url("/still"));
    for _ in 0..6 {
        world.once().await;
        world.later(15);
    }
    world.later(-15);
    assert!(world.minutes_to_next("busy").await <= 5, "all of it is new each time: as often as is allowed");
    assert!(world.minutes_to_next("still").await >= 60, "nothing is ever new");
}

#[tokio::test]
async fn a_wait_that_was_asked_for_is_kept_through_a_restart() {
    for (status, wait, minutes) in [
        (503, "7200", 120),
        (429, "7200", 120),
        (503, "Mon, 02 Mar 2026 12:00:00 GMT", 180),
        (429, "99999999999999999999", DAY),
        (503, "Fri, 31 Dec 9999 23:59:59 GMT", DAY),
        (503, "1", 1),
    ] {
        let server = feed_server(move |_, _| {
            reply(status, &[("Date", "Mon, 02 Mar 2026 09:00:00 GMT"), ("Retry-After", wait)], "")
        });
        let world = World::new().feed("a", &server.url("/feed"));
        assert_eq!(world.once().await.feeds_failed, 1, "{wait}");
        let next = world.minutes_to_next("a").await;
        assert!((minutes..=minutes + minutes / 10 + 16).contains(&next), "{status} {wait}: {next} minutes");
        world.later(minutes - 1);
        assert_eq!(world.once().await.feeds_held, 1, "{wait}");
        assert_eq!(server.requests("/feed").len(), 1, "{wait}");
        world.later(1);
        assert_eq!(world.once().await.feeds_failed, 1, "the wait is over, whatever our own back-off is");
    }
}

#[tokio::test]
async fn when_two_feeds_of_a_host_are_told_to_wait_the_others_are_not_asked() {
    let server = Server::start(|_, _| reply(429, &[("Retry-After", "3600")], ""));
    let mut world = World::new();
    world.politeness.concurrency = 2;
    for n in 0..6 {
        world = world.feed(&format!("f{n}"), &server.url(&format!("/{n}")));
    }
    let summary = world.once().await;
    let asked = server.all().len();
    // The third may have been on its way before the second was answered.
    assert!((2..=3).contains(&asked), "{asked}");
    assert_eq!((summary.feeds_failed, summary.feeds_held), (asked as u64, 6 - asked as u64));
    let after_a_restart = world.once().await;
    assert_eq!(
        (after_a_restart.feeds_held, server.all().len()),
        (6, asked),
        "the others are spared after a restart too"
    );
}

#[tokio::test]
async fn a_permanent_redirect_is_learned_over_days_and_a_temporary_one_never() {
    for (status, learned) in [(301, true), (308, true), (302, false), (303, false), (307, false)] {
        let server = Server::start(move |request, _| match request.path.as_str() {
            "/old" => reply(status, &[("Location", "/new")], ""),
            _ => reply(200, &[], &empty()),
        });
        let world = World::new().feed("a", &server.url("/old"));
        for _ in 0..8 {
            world.once().await;
            world.later(DAY);
        }
        let asked = server.requests("/old").len();
        assert_eq!(asked, if learned { 5 } else { 8 }, "{status}");
        assert_eq!(server.requests("/new").len(), 8, "{status}");
        let state = world.state("a").await;
        assert_eq!(state.habits.learned(), learned.then_some(server.url("/new").as_str()), "{status}");
        assert_eq!(state.habits.conditions.contains(&Condition::Moved), learned, "{status}");
        assert_eq!(state.url, server.url("/old"), "what is configured stays what it is");
    }
}

#[tokio::test]
async fn where_a_feed_has_moved_to_is_forgotten_when_nothing_is_there() {
    let server = Server::start(|request, nth| match (request.path.as_str(), nth) {
        ("/old", 0..5) => reply(301, &[("Location", "/new")], ""),
        ("/new", 0..6) | ("/old", _) => reply(200, &[], &empty()),
        _ => reply(410, &[], ""),
    });
    let world = World::new().feed("a", &server.url("/old"));
    for _ in 0..8 {
        world.once().await;
        world.later(DAY);
    }
    let state = world.state("a").await;
    assert!(!state.gone, "it is gone where it had moved to, not where it is configured");
    assert_eq!((state.habits.learned(), state.failures), (None, 0));
    assert_eq!(server.requests("/old").len(), 6, "five times redirected, and again at the end");
}

#[tokio::test]
async fn validators_of_where_a_feed_had_moved_to_are_not_sent_to_where_it_was() {
    let server = Server::start(|request, nth| match (request.path.as_str(), nth) {
        ("/old", 0..5) => reply(301, &[("Location", "/new")], ""),
        ("/new", 0..6) => reply(200, &[("ETag", "\"new\"")], &empty()),
        ("/old", _) => reply(200, &[("ETag", "\"old\"")], &empty()),
        _ => reply(404, &[], ""),
    });
    let world = World::new().feed("a", &server.url("/old"));
    for _ in 0..9 {
        world.once().await;
        world.later(DAY);
    }
    let sent: Vec<_> = server.requests("/old").iter().map(|r| r.header("if-none-match").map(str::to_owned)).collect();
    assert_eq!(sent[5..], [None, Some("\"old\"".to_owned())]);
}

#[tokio::test]
async fn a_wait_is_charged_to_the_host_that_asks_for_it() {
    let busy = Server::start(|_, _| reply(429, &[("Retry-After", "3600")], ""));
    let (one, two) = (busy.url("/one"), busy.url("/two"));
    let server = Server::start(move |request, _| match request.path.as_str() {
        "/one" => reply(302, &[("Location", &one)], ""),
        "/two" => reply(302, &[("Location", &two)], ""),
        _ => reply(200, &[], &empty()),
    });
    let world = World::new()
        .feed("one", &server.url("/one"))
        .feed("two", &server.url("/two"))
        .feed("three", &server.url("/three"))
        .feed("busy", &busy.url("/three"));
    let summary = world.once().await;
    assert_eq!((summary.feeds_failed, summary.feeds_read), (3, 1), "the host that only redirects is not made to rest");
    let paths: Vec<_> = server.all().iter().map(|request| request.path.clone()).collect();
    assert!(paths.contains(&"/three".to_owned()), "{paths:?}");
}

#[tokio::test]
async fn a_feed_that_is_gone_is_never_asked_again() {
    let server = feed_server(|_, _| reply(410, &[], ""));
    let world = World::new().feed("a", &server.url("/feed"));
    for _ in 0..3 {
        world.once().await;
        world.later(30 * DAY);
    }
    assert_eq!(server.requests("/feed").len(), 1);
    let state = world.state("a").await;
    assert_eq!((state.gone, state.habits.conditions), (true, vec![Condition::Gone]));
}

#[tokio::test]
async fn a_page_in_the_place_of_a_feed_says_which_feed_was_meant() {
    let server = feed_server(|_, nth| match nth {
        0 => reply(
            200,
            &[],
            "<!doctype html><html><head><link rel=alternate type='application/rss+xml' href='/right.xml'></head></html>",
        ),
        _ => reply(200, &[], &empty()),
    });
    let world = World::new().feed("a", &server.url("/feed"));
    world.once().await;
    let state = world.state("a").await;
    assert_eq!(state.habits.conditions, [Condition::Html]);
    assert_eq!(state.habits.html.and_then(|html| html.meant), Some(server.url("/right.xml")));
    assert!(state.last_error.expect("an error").contains("/right.xml"));
    world.once().await;
    assert_eq!(world.state("a").await.habits.conditions, [], "it is over with the first good answer");
}

/// Everything that is logged while it lives, as text.
#[derive(Clone, Default)]
struct Log(Arc<std::sync::Mutex<Vec<u8>>>);

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("no panic").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn a_feed_that_fails_for_days_is_named_once_and_counted() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(move || writer.clone()).finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let server = feed_server(|_, nth| match nth {
        0..10 => reply(500, &[], ""),
        _ => reply(200, &[], &empty()),
    });
    let world = World::new().feed("a", &server.url("/feed"));
    let mode = || Mode::Once { wait: Duration::ZERO, connect_timeout: Duration::from_secs(10) };
    let mut counted = Vec::new();
    for _ in 0..11 {
        let ran = world.run(mode(), Stop::default()).await;
        counted.push(ran.metrics.contains("wiredesk_feeds_sick{condition=\"failing\"} 1"));
        world.later(DAY / 2);
    }
    assert_eq!(counted, [false, false, false, false, true, true, true, true, true, true, false]);
    let text = String::from_utf8(log.0.lock().expect("no panic").clone()).expect("text");
    let count = |what: &str| text.lines().filter(|line| line.contains(what)).count();
    assert_eq!(count("poll failed"), 1, "{text}");
    assert_eq!(count("condition=\"failing\""), 2, "once when it begins, once when it is over\n{text}");
}

#[tokio::test]
async fn a_feed_that_goes_quiet_against_its_own_rhythm_is_named() {
    let server = feed_server(|_, nth| {
        let name = format!("n{}", nth.min(9));
        reply(200, &[], &rss("", &[(&name, ""), ("always", "")]))
    });
    let world = World::new().feed("a", &server.url("/feed"));
    for hour in 0..10 {
        world.once().await;
        assert_eq!(world.state("a").await.habits.conditions, [], "hour {hour}");
        world.later(HOUR);
    }
    let mut quiet_after = None;
    for hours in (6..200).step_by(6) {
        world.later(6 * HOUR);
        world.once().await;
        if world.state("a").await.habits.conditions == [Condition::Quiet] {
            quiet_after = Some(hours);
            break;
        }
    }
    assert_eq!(quiet_after, Some(72), "three days, where something came every hour");
}

#[tokio::test]
async fn a_damaged_feed_is_a_condition_while_it_lasts() {
    let cut = rss("", &[("one", ""), ("two", "")]).replace("</item></channel></rss>", "");
    let server = feed_server(move |_, nth| match nth {
        0 => reply(200, &[], &cut),
        _ => reply(200, &[], &empty()),
    });
    let world = World::new().feed("a", &server.url("/feed"));
    world.once().await;
    assert_eq!(world.state("a").await.habits.conditions, [Condition::Damaged]);
    world.once().await;
    assert_eq!(world.state("a").await.habits.conditions, []);
}

#[tokio::test]
async fn what_a_feed_keeps_for_its_own_host_does_not_move_with_it() {
    let new = Server::start(|_, _| reply(200, &[], &empty()));
    let to = new.url("/new");
    let old = Server::start(move |_, _| reply(301, &[("Location", &to)], ""));
    let world = World::new().feed_with("a", &old.url("/old"), |feed| {
        feed.headers.push(("Authorization".into(), Secret::new("Bearer secret")));
    });
    for _ in 0..7 {
        world.once().await;
        world.later(DAY);
    }
    assert_eq!((old.all().len(), new.all().len()), (5, 7));
    assert!(old.all().iter().all(|request| request.header("authorization").is_some()));
    assert!(new.all().iter().all(|request| request.header("authorization").is_none()));
}

#[tokio::test]
async fn the_operators_identity_policy_goes_before_the_one_found_and_publishes_nothing_twice() {
    let server = Server::start(|request, _| match request.path.as_str() {
        "/feed" => reply(200, &[], &rss("", &[("one", ""), ("two", "")])),
        path => reply(200, &[], &page(path.trim_start_matches('/'))),
    });
    let mut world = World::new().feed("a", &server.url("/feed"));
    world.once().await;
    assert_eq!((world.state("a").await.identity.as_deref(), world.records().len()), (Some("guid"), 2));
    world.feeds[0].identity = Some(IdentityPolicy::Link);
    world.once().await;
    assert_eq!(world.state("a").await.identity.as_deref(), Some("link"));
    assert_eq!(world.records().len(), 2, "the entries are new, their bodies are not");
    world.feeds[0].identity = None;
    assert_eq!(world.once().await.entries, 0, "it is kept");
}

#[tokio::test]
async fn robots_is_asked_for_a_feed_where_that_is_configured() {
    let server = Server::start(|request, _| match request.path.as_str() {
        "/robots.txt" => reply(200, &[], "user-agent: *\ndisallow: /closed"),
        _ => reply(200, &[], &empty()),
    });
    let mut world = World::new().feed("open", &server.url("/open")).feed("closed", &server.url("/closed"));
    assert_eq!(world.once().await.feeds_read, 2);
    assert!(server.requests("/robots.txt").is_empty(), "you have named it yourself");
    world.fetch.feed_robots = wiredesk_fetch::settings::Robots::Obey;
    let summary = world.once().await;
    assert_eq!((summary.feeds_read, summary.feeds_failed), (1, 1));
    assert_eq!((server.requests("/robots.txt").len(), server.requests("/closed").len()), (1, 1));
    assert!(world.state("closed").await.last_error.expect("an error").contains("robots.txt does not allow"));
}
