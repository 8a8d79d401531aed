//! Polling manners: asked again with what was given, waits honoured, nothing told to those it was not meant for.

mod scripted;

use std::time::Duration;

use scripted::{Server, answer, feed, fetcher, no_validators, raw, redirect, settings};
use wiredesk_fetch::answer::{FeedAnswer, PageAnswer};
use wiredesk_fetch::error::{FetchClass, FetchError, SetupError};
use wiredesk_fetch::fetcher::Fetcher;
use wiredesk_fetch::settings::{PerHost, Settings};
use wiredesk_fetch::sniff::Kind;
use wiredesk_model::fault::{AsFault, Fault};
use wiredesk_model::feed::Validators;
use wiredesk_model::units::{Size, Span};

const RSS: &[u8] = b"<?xml version='1.0'?><rss version='2.0'><channel/></rss>";

fn field<'a>(request: &'a str, name: &str) -> Option<&'a str> {
    request.lines().find_map(|line| {
        let (key, value) = line.split_once(": ")?;
        key.eq_ignore_ascii_case(name).then_some(value)
    })
}

#[tokio::test]
async fn a_request_says_who_we_are_and_nothing_else_about_us() {
    let server = Server::start(|path| match path {
        "/" => answer(302, &[("Location", "/next"), ("Set-Cookie", "a=b; Path=/")], b""),
        _ => answer(200, &[], b"<p>x"),
    })
    .await;
    fetcher(&settings()).page(&server.url("/")).await.expect("a page");
    for request in server.requests() {
        assert_eq!(field(&request, "user-agent"), Some("Testdesk/1.0 (+https://desk.example/)"));
        assert!(
            ["gzip", "br", "zstd"].iter().all(|c| field(&request, "accept-encoding").unwrap_or_default().contains(c))
        );
        for name in ["cookie", "referer", "authorization", "if-none-match", "if-modified-since"] {
            assert_eq!(field(&request, name), None, "{request}");
        }
    }
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn a_feed_comes_with_its_validators_and_its_pace() {
    let server = Server::start(|_| {
        let fields = "ETag: W/\"a b\"\r\nLast-Modified: yesterday-ish\r\nCache-Control: max-age=600\r\nContent-Type: text/xml\r\n";
        raw(200, fields, RSS)
    })
    .await;
    let answer = fetcher(&settings()).feed(&feed(server.url("/f"), &[]), &no_validators()).await.expect("a feed");
    let FeedAnswer::Fresh { page, validators, pace } = answer else { panic!("it is new") };
    assert_eq!(&page.body[..], RSS);
    assert_eq!((page.kind(), page.status, page.content_type.as_deref()), (Kind::Xml, 200, Some("text/xml")));
    assert_eq!(page.validators.last_modified.as_deref(), Some("yesterday-ish"));
    assert_eq!(validators.etag.as_deref(), Some("W/\"a b\""));
    assert_eq!(validators.last_modified.as_deref(), Some("yesterday-ish"));
    assert_eq!((pace.max_age, pace.moved_permanently), (Some(Duration::from_secs(600)), None));
}

#[tokio::test]
async fn validators_go_back_byte_for_byte() {
    let server = Server::start(|_| raw(304, "", b"")).await;
    let stored = Validators {
        etag: Some("unquoted, \"odd\" ä;-gzip".into()),
        last_modified: Some("Thu, 1 Jan 1970 00:00:00 +0000".into()),
    };
    let answer = fetcher(&settings()).feed(&feed(server.url("/"), &[]), &stored).await.expect("not modified");
    assert!(matches!(answer, FeedAnswer::NotModified { validators: None, .. }));
    let request = &server.requests()[0];
    assert_eq!(field(request, "if-none-match"), Some("unquoted, \"odd\" ä;-gzip"));
    assert_eq!(field(request, "if-modified-since"), Some("Thu, 1 Jan 1970 00:00:00 +0000"));
}

#[tokio::test]
async fn a_304_may_bring_new_validators() {
    let server = Server::start(|_| raw(304, "ETag: \"2\"\r\nCache-Control: max-age=60\r\n", b"")).await;
    let stored = Validators { etag: Some("\"1\"".into()), last_modified: Some("then".into()) };
    let answer = fetcher(&settings()).feed(&feed(server.url("/"), &[]), &stored).await.expect("not modified");
    let FeedAnswer::NotModified { validators, pace } = answer else { panic!("not modified") };
    assert_eq!(validators, Some(Validators { etag: Some("\"2\"".into()), last_modified: Some("then".into()) }));
    assert_eq!(pace.max_age, Some(Duration::from_secs(60)));

    let error =
        fetcher(&settings()).feed(&feed(server.url("/"), &[]), &no_validators()).await.expect_err("nobody asked");
    assert_eq!(error.class(), FetchClass::Protocol);
}

#[tokio::test]
async fn a_feeds_own_headers_and_credentials_go_to_its_own_origin_only() {
    let other = Server::start(|_| answer(200, &[], RSS)).await;
    let elsewhere = other.url("/feed").to_string();
    let own = Server::start(move |path| match path {
        "/here" => redirect(302, "/there"),
        _ => redirect(302, &elsewhere),
    })
    .await;
    let mut url = own.url("/here");
    url.set_username("reader").expect("it has a host");
    url.set_password(Some("p%40ss")).expect("it has a host");
    let feed = feed(url, &[("X-Api-Key", "secret-key"), ("Cookie", "session=secret")]);
    let answer = fetcher(&settings()).feed(&feed, &no_validators()).await.expect("a feed");
    let FeedAnswer::Fresh { page, .. } = answer else { panic!("it is new") };
    for request in own.requests() {
        assert_eq!(field(&request, "x-api-key"), Some("secret-key"));
        assert_eq!(field(&request, "cookie"), Some("session=secret"));
        assert_eq!(field(&request, "authorization"), Some("Basic cmVhZGVyOnBAc3M="));
    }
    assert_eq!(own.requests().len(), 2);
    let told = &other.requests()[0];
    for secret in ["secret", "cmVhZGVy", "reader"] {
        assert!(!told.contains(secret), "{told}");
        assert!(!format!("{page:?}").contains(secret));
    }
    assert_eq!((page.requested, page.url), (own.url("/here"), other.url("/feed")));
}

#[tokio::test]
async fn a_feed_that_has_moved_is_asked_at_its_new_place_without_what_was_for_the_old_one() {
    let new = Server::start(|_| answer(200, &[], RSS)).await;
    let old = Server::start(|_| answer(500, &[], b"")).await;
    let mut url = old.url("/feed");
    url.set_username("reader").expect("it has a host");
    let feed = feed(url, &[("X-Api-Key", "secret-key")]);
    let stored = Validators { etag: Some("\"1\"".into()), last_modified: None };
    let answer = fetcher(&settings()).feed_at(&feed, &new.url("/moved"), &stored).await.expect("a feed");
    assert_eq!(answer.pace().moved_permanently, None);
    assert!(old.requests().is_empty());
    let request = &new.requests()[0];
    assert!(request.starts_with("GET /moved "));
    assert_eq!(field(request, "if-none-match"), Some("\"1\""));
    assert_eq!((field(request, "x-api-key"), field(request, "authorization")), (None, None));
}

#[tokio::test]
async fn a_page_that_was_had_before_is_asked_for_with_its_validators() {
    let server = Server::start(|path| match path {
        "/same" => raw(304, "", b""),
        _ => answer(200, &[("ETag", "\"2\"")], b"<p>new"),
    })
    .await;
    let stored = Validators { etag: Some("\"1\"".into()), last_modified: Some("then".into()) };
    let fetcher = fetcher(&settings());
    let same = fetcher.page_again(&server.url("/same"), &stored).await.expect("an answer");
    assert!(matches!(same, PageAnswer::NotModified));
    let PageAnswer::Fresh(page) = fetcher.page_again(&server.url("/new"), &stored).await.expect("an answer") else {
        panic!("it is new")
    };
    assert_eq!(page.validators, Validators { etag: Some("\"2\"".into()), last_modified: None });
    for request in server.requests() {
        assert_eq!(field(&request, "if-none-match"), Some("\"1\""));
        assert_eq!(field(&request, "if-modified-since"), Some("then"));
    }
    let error = fetcher.page(&server.url("/same")).await.expect_err("nobody asked for a 304");
    assert_eq!(error.class(), FetchClass::Protocol);
}

#[tokio::test]
async fn no_error_shows_credentials() {
    let server = Server::start(|_| answer(500, &[], b"")).await;
    let mut url = server.url("/");
    url.set_username("reader").expect("it has a host");
    url.set_password(Some("hunter2")).expect("it has a host");
    let fetcher = fetcher(&settings());
    let feed = feed(url.clone(), &[("X-Key", "hunter2")]);
    let failed = fetcher.feed(&feed, &no_validators()).await.expect_err("500");
    let refused = fetcher.page(&"http://reader:hunter2@10.0.0.1/".parse().expect("a url")).await.expect_err("closed");
    let unreadable = scripted::feed(url, &[("X Key", "hunter2")]);
    let unsendable = fetcher.feed(&unreadable, &no_validators()).await.expect_err("no header's name");
    assert!(matches!(unsendable, FetchError::BadHeader { .. }));
    for error in [failed, refused, unsendable] {
        assert!(!format!("{error} {error:?}").contains("hunter2"), "{error:?}");
    }
}

#[tokio::test]
async fn headers_that_would_change_what_a_fetch_promises_are_refused() {
    let server = Server::start(|_| answer(200, &[], RSS)).await;
    for name in ["Host", "accept-encoding", "Content-Length", "If-None-Match", "b\u{fc}"] {
        let feed = feed(server.url("/"), &[(name, "x")]);
        let error = fetcher(&settings()).feed(&feed, &no_validators()).await.expect_err(name);
        assert!(matches!(error, FetchError::BadHeader { .. }), "{error}");
    }
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn only_redirects_that_are_permanent_from_the_first_on_say_that_a_feed_has_moved() {
    let server = Server::start(|path| match path {
        "/a" => redirect(301, "/b"),
        "/b" => redirect(308, "/c"),
        "/c" => redirect(302, "/d"),
        "/d" => redirect(301, "/e"),
        _ => answer(200, &[], RSS),
    })
    .await;
    let fetcher = fetcher(&settings());
    for (from, to) in [("/a", Some("/c")), ("/b", Some("/c")), ("/c", None), ("/d", Some("/e")), ("/e", None)] {
        let answer = fetcher.feed(&feed(server.url(from), &[]), &no_validators()).await.expect("a feed");
        assert_eq!(answer.pace().moved_permanently, to.map(|path| server.url(path)), "{from}");
    }
}

#[tokio::test]
async fn a_hub_is_asked_with_a_form_under_all_the_checks_and_told_nothing_twice_that_it_should_not_hear() {
    let elsewhere = Server::start(|_| answer(202, &[], b"")).await;
    let there = elsewhere.url("/").to_string();
    let hub = Server::start(move |path| match path {
        "/accepts" => answer(202, &[], b""),
        "/here" => redirect(308, "/accepts"),
        "/there" => redirect(307, &there),
        "/page" => redirect(302, "/accepts"),
        "/inside" => redirect(307, "http://10.0.0.1/"),
        "/busy" => answer(429, &[("Retry-After", "120")], b""),
        _ => answer(400, &[], b"no such topic"),
    })
    .await;
    let fetcher = fetcher(&settings());
    let ask = async |path: &str| fetcher.ask_hub(&hub.url(path), "hub.mode=subscribe".into()).await;
    for path in ["/accepts", "/here", "/there"] {
        ask(path).await.expect(path);
    }
    assert_eq!((hub.requests().len(), elsewhere.requests().len()), (4, 1));
    for request in hub.requests().iter().chain(&elsewhere.requests()) {
        assert!(request.starts_with("POST "), "{request}");
        assert_eq!(field(request, "content-type"), Some("application/x-www-form-urlencoded"));
        assert_eq!(field(request, "content-length"), Some("18"));
    }
    for (path, class) in [
        ("/page", FetchClass::Protocol),
        ("/inside", FetchClass::ForbiddenAddress),
        ("/busy", FetchClass::RateLimited),
        ("/no", FetchClass::ClientError),
    ] {
        assert_eq!(ask(path).await.expect_err(path).class(), class, "{path}");
    }
    let closed = fetcher.ask_hub(&"http://[::1]/".parse().expect("a url"), String::new()).await.expect_err("closed");
    assert_eq!(closed.class(), FetchClass::ForbiddenAddress);
}

#[tokio::test]
async fn the_link_header_says_where_a_feeds_hub_is() {
    let server =
        Server::start(|_| raw(200, "Link: </hub>; rel=hub, <https://a.example/self>; rel=self\r\n", RSS)).await;
    let answer = fetcher(&settings()).feed(&feed(server.url("/f"), &[]), &no_validators()).await.expect("a feed");
    assert_eq!(answer.pace().hub, Some(server.url("/hub")));
    assert_eq!(answer.pace().self_url.as_ref().map(url::Url::as_str), Some("https://a.example/self"));
}

#[tokio::test]
async fn each_status_has_its_class_and_its_consequence() {
    let retry = |seconds: Option<u64>| Fault::Retry { after: seconds.map(Duration::from_secs) };
    for (status, wait, class, fault) in [
        (404, None, FetchClass::Gone, retry(None)),
        (410, None, FetchClass::Gone, retry(None)),
        (401, None, FetchClass::Refused, retry(None)),
        (403, Some("120"), FetchClass::Refused, retry(Some(120))),
        (451, None, FetchClass::Refused, retry(None)),
        (400, None, FetchClass::ClientError, Fault::Reject),
        (406, None, FetchClass::ClientError, Fault::Reject),
        (408, None, FetchClass::ClientError, retry(None)),
        (429, None, FetchClass::RateLimited, retry(None)),
        (429, Some("1"), FetchClass::RateLimited, retry(Some(60))),
        (429, Some("Fri, 31 Dec 9999 23:59:59 GMT"), FetchClass::RateLimited, retry(Some(86_400))),
        (503, Some("3600"), FetchClass::ServerError, retry(Some(3600))),
        (500, None, FetchClass::ServerError, retry(None)),
        (204, None, FetchClass::Protocol, retry(None)),
        (206, None, FetchClass::Protocol, retry(None)),
        (304, None, FetchClass::Protocol, retry(None)),
        (301, None, FetchClass::Protocol, retry(None)),
    ] {
        let server = Server::start(move |_| {
            let fields: Vec<(&str, &str)> = wait.map(|wait| ("Retry-After", wait)).into_iter().collect();
            answer(status, &fields, b"")
        })
        .await;
        let error = fetcher(&settings()).page(&server.url("/")).await.expect_err("no page");
        assert_eq!((error.class(), error.fault()), (class, fault), "{status}: {error}");
        assert_eq!(error.status(), Some(status));
        assert_eq!(error.url(), &server.url("/"));
    }
}

#[tokio::test]
async fn settings_no_fetcher_can_be_made_of_are_named() {
    let refuse = |settings: Settings| Fetcher::new(&settings).expect_err("refused").to_string();
    assert!(refuse(Settings { user_agent: "a\r\nb: c".into(), ..settings() }).contains("user_agent"));
    assert!(refuse(Settings { user_agent: " ".into(), ..settings() }).contains("user_agent"));
    assert!(refuse(Settings { timeout: Span::seconds(0), ..settings() }).contains("timeout"));
    assert!(refuse(Settings { memory: Size::kib(900), ..settings() }).contains("memory"));
    for proxy in ["nonsense", "ftp://a.example:1", "http://"] {
        let error = Fetcher::new(&Settings { proxy: Some(proxy.into()), ..settings() }).expect_err(proxy);
        assert!(matches!(error, SetupError::BadProxy), "{proxy}");
    }
    for proxy in ["http://a.example:3128", "socks5h://u:p@127.0.0.1:1080"] {
        assert!(Fetcher::new(&Settings { proxy: Some(proxy.into()), ..settings() }).is_ok(), "{proxy}");
    }
    assert!(Fetcher::new(&Settings::default()).is_ok());
}

#[tokio::test]
async fn redirects_and_robots_keep_the_hosts_delay_like_every_request() {
    let other = Server::start(|path| match path {
        "/robots.txt" => answer(404, &[], b""),
        _ => answer(200, &[], b"<p>x"),
    })
    .await;
    let there = other.url("/page").to_string();
    let server = Server::start(move |path| match path {
        "/robots.txt" => answer(404, &[], b""),
        "/one" => redirect(302, "/two"),
        _ => redirect(302, &there),
    })
    .await;
    let delay = Duration::from_millis(250);
    let per_host = PerHost { delay: Span(delay), ..PerHost::default() };
    let fetcher = fetcher(&Settings { per_host, ..settings() });
    let began = std::time::Instant::now();
    fetcher.page_again(&server.url("/one"), &Validators::default()).await.expect("a page");
    // Three requests here, and two there: robots.txt and what was asked for.
    assert!(began.elapsed() >= delay * 3, "{:?}", began.elapsed());
    fetcher.page(&other.url("/page")).await.expect("a page");
    assert!(began.elapsed() >= delay * 4, "{:?}", began.elapsed());
}
