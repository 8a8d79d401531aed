//! robots.txt is asked once, obeyed, and its absence told from its being out of reach.

mod scripted;

use std::time::Duration;

use scripted::{Reply, Server, answer, fetcher, hasty, redirect, settings};
use wiredesk_fetch::answer::{FeedAnswer, RobotsVerdict};
use wiredesk_fetch::error::FetchClass;
use wiredesk_fetch::settings::{Robots, Settings};
use wiredesk_model::fault::{AsFault, Fault};
use wiredesk_model::feed::{Feed, Validators};
use wiredesk_model::id::FeedId;

const RULES: &[u8] = b"User-agent: testdesk\nDisallow: /private\nCrawl-delay: 7\n\nUser-agent: *\nDisallow: /\n";

#[tokio::test]
async fn robots_is_asked_once_for_all_who_ask_at_once_and_after() {
    let server = Server::start(|_| answer(200, &[], RULES)).await;
    let fetcher = fetcher(&settings());
    let (open, closed) = (server.url("/open?q=1#f"), server.url("/private/x"));
    let asks = (0..8).map(|n| fetcher.allowed_by_robots(if n % 2 == 0 { &open } else { &closed }));
    for (n, verdict) in futures_util::future::join_all(asks).await.into_iter().enumerate() {
        let allowed = RobotsVerdict::Allowed { crawl_delay: Some(Duration::from_secs(7)) };
        assert_eq!(verdict.expect("known"), if n % 2 == 0 { allowed } else { RobotsVerdict::Disallowed });
    }
    assert!(fetcher.clone().allowed_by_robots(&open).await.expect("known").is_allowed());
    assert_eq!(server.requests().len(), 1);
    assert!(server.requests()[0].starts_with("GET /robots.txt HTTP/1.1\r\n"));
}

#[tokio::test]
async fn no_robots_allows_all() {
    for status in [400, 401, 403, 404, 410, 451] {
        let server = Server::start(move |_| answer(status, &[], b"")).await;
        let verdict = fetcher(&settings()).allowed_by_robots(&server.url("/x")).await.expect("allowed");
        assert_eq!(verdict, RobotsVerdict::Allowed { crawl_delay: None }, "{status}");
    }
    let circle = Server::start(|_| redirect(302, "/robots.txt")).await;
    assert!(fetcher(&settings()).allowed_by_robots(&circle.url("/x")).await.expect("allowed").is_allowed());
    let away = Server::start(|_| redirect(302, "http://10.0.0.1/")).await;
    assert!(fetcher(&settings()).allowed_by_robots(&away.url("/x")).await.expect("allowed").is_allowed());
}

#[tokio::test]
async fn robots_that_cannot_be_read_now_puts_the_entry_back() {
    for (status, wait, after) in [(503, "600", 600), (500, "1", 60), (429, "120", 120)] {
        let server = Server::start(move |_| answer(status, &[("Retry-After", wait)], b"")).await;
        let fetcher = fetcher(&settings());
        for _ in 0..3 {
            let error = fetcher.allowed_by_robots(&server.url("/x")).await.expect_err("not known");
            assert_eq!(error.class(), FetchClass::NoRobots);
            let Fault::Retry { after: Some(wait) } = error.fault() else { panic!("{error} is to be tried again") };
            assert!(wait.as_secs() <= after && wait.as_secs() + 10 >= after, "{wait:?}");
        }
        assert_eq!(server.requests().len(), 1, "a server in trouble is not asked again for every entry");
    }
    let hangs = Server::start(|_| Reply::Hang(Vec::new())).await;
    let error = fetcher(&hasty()).allowed_by_robots(&hangs.url("/x")).await.expect_err("not known");
    assert_eq!(error.class(), FetchClass::NoRobots);
}

#[tokio::test]
async fn robots_is_followed_elsewhere_and_read_as_far_as_it_counts() {
    let server = Server::start(|path| match path {
        "/robots.txt" => redirect(301, "/moved.txt"),
        _ => answer(200, &[], &[RULES, &vec![b'#'; 2 << 20]].concat()),
    })
    .await;
    let verdict = fetcher(&settings()).allowed_by_robots(&server.url("/private")).await.expect("known");
    assert_eq!(verdict, RobotsVerdict::Disallowed);
}

#[tokio::test]
async fn robots_is_not_asked_where_it_is_ignored() {
    let server = Server::start(|_| answer(200, &[], RULES)).await;
    let fetcher = fetcher(&Settings { robots: Robots::Ignore, ..settings() });
    assert!(fetcher.allowed_by_robots(&server.url("/private")).await.expect("allowed").is_allowed());
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn robots_of_a_closed_address_is_not_asked() {
    let error = fetcher(&Settings::default()).allowed_by_robots(&"http://127.0.0.1/x".parse().expect("a url")).await;
    assert_eq!(error.expect_err("closed").fault(), Fault::Reject);
    let error = fetcher(&Settings::default()).allowed_by_robots(&"http://localhost/x".parse().expect("a url")).await;
    assert_eq!(error.expect_err("closed").fault(), Fault::Reject);
}

#[tokio::test]
async fn a_redirect_is_followed_only_where_robots_allow_what_it_leads_to() {
    let other = Server::start(|path| match path {
        "/robots.txt" => answer(200, &[], RULES),
        _ => answer(200, &[], b"<p>there"),
    })
    .await;
    let (open, closed) = (other.url("/open").to_string(), other.url("/private").to_string());
    let server = Server::start(move |path| match path {
        "/robots.txt" => answer(200, &[], b"User-agent: *\nDisallow: /shut\n"),
        "/open" => redirect(302, &open),
        "/onward" => redirect(302, &closed),
        "/inward" => redirect(302, "/shut"),
        _ => redirect(302, "/onward"),
    })
    .await;
    let strict = fetcher(&Settings { feed_robots: Robots::Obey, ..settings() });
    let none = Validators::default();
    strict.page_again(&server.url("/open"), &none).await.expect("allowed there");
    let error = strict.page_again(&server.url("/x"), &none).await.expect_err("not allowed there");
    assert_eq!((error.class(), error.fault()), (FetchClass::Robots, Fault::Reject));
    assert!(error.to_string().contains(&other.url("/private").to_string()), "{error}");
    assert_eq!(other.requests().len(), 2, "robots.txt once, and the page that is allowed");
    let error = strict.page_again(&server.url("/inward"), &none).await.expect_err("not allowed here");
    assert_eq!(error.url(), &server.url("/shut"));
    let feed = Feed::plain(FeedId::new("a"), server.url("/inward"));
    assert_eq!(strict.feed(&feed, &none).await.expect_err("nor for a feed").class(), FetchClass::Robots);
    assert!(server.requests().iter().all(|request| !request.contains("/shut")));
    // Feeds do not ask by default, and who reads one page by hand does not either.
    let lenient = fetcher(&settings());
    assert!(matches!(lenient.feed(&feed, &none).await, Ok(FeedAnswer::Fresh { .. })));
    lenient.page(&server.url("/inward")).await.expect("read");
}

#[tokio::test]
async fn robots_is_asked_for_feeds_where_that_is_configured() {
    let server = Server::start(|_| answer(200, &[], RULES)).await;
    let closed = server.url("/private/feed");
    let lenient = fetcher(&settings());
    assert!(lenient.knows_feed_robots(&closed));
    assert!(lenient.feed_allowed_by_robots(&closed).await.expect("known").is_allowed());
    assert!(server.requests().is_empty());
    let strict = fetcher(&Settings { feed_robots: Robots::Obey, ..settings() });
    assert!(!strict.knows_feed_robots(&closed), "it must be asked for first");
    assert_eq!(strict.feed_allowed_by_robots(&closed).await.expect("known"), RobotsVerdict::Disallowed);
    assert!(strict.knows_feed_robots(&closed) && strict.knows_robots(&closed));
    assert_eq!(server.requests().len(), 1);
}
