//! Nothing from outside is trusted (law 6): not its size, its time, its encoding, nor where it leads.

mod scripted;

use std::io::Write;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::FutureExt;
use scripted::{Reply, Server, answer, feed, fetcher, hasty, head, no_validators, raw, redirect, settings};
use wiredesk_fetch::error::{FetchClass, FetchError};
use wiredesk_fetch::fetcher::Fetcher;
use wiredesk_fetch::resolver::Lookup;
use wiredesk_fetch::settings::Settings;
use wiredesk_model::fault::{AsFault, Fault};
use wiredesk_model::units::{Size, Span};

const RETRY: Fault = Fault::Retry { after: None };

async fn page_error(server: &Server, settings: &Settings) -> FetchError {
    let fetcher = fetcher(settings);
    let error = fetcher.page(&server.url("/")).await.expect_err("it is refused");
    assert_eq!(fetcher.memory_in_use(), Size(0), "the budget is whole again");
    error
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).expect("memory takes all");
    encoder.finish().expect("memory takes all")
}

#[tokio::test]
async fn a_redirect_to_a_closed_address_is_not_followed() {
    for target in [
        "http://127.0.0.2/",
        "http://2130706434/",
        "http://0x7f.2/",
        "http://[::1]/",
        "http://[::ffff:127.0.0.2]/",
        "http://169.254.169.254/latest/meta-data/",
        "//10.0.0.1/",
    ] {
        let server = Server::start(move |_| redirect(302, target)).await;
        let error = page_error(&server, &settings()).await;
        assert_eq!((error.class(), error.fault()), (FetchClass::ForbiddenAddress, Fault::Reject), "{target}: {error}");
    }
    for target in ["file:///etc/passwd", "ftp://a.example/", "http://", "http://a b/"] {
        let server = Server::start(move |_| redirect(302, target)).await;
        assert_eq!(page_error(&server, &settings()).await.class(), FetchClass::BadUrl, "{target}");
    }
}

#[tokio::test]
async fn a_name_that_leads_to_a_closed_address_is_refused_with_the_key_that_would_open_it() {
    let closed = fetcher(&Settings::default());
    let error = closed.page(&"http://localhost/".parse().expect("a url")).await.expect_err("closed");
    let FetchError::ForbiddenAddress { address: Some(address), .. } = &error else { panic!("{error}") };
    assert!(address.is_loopback());
    assert!(error.to_string().contains("localhost") && error.to_string().contains("fetch.allow_networks"), "{error}");
}

#[tokio::test]
async fn a_name_may_be_asked_on_any_port_only_inside_an_allowed_network() {
    let server = Server::start(|_| answer(200, &[], b"<p>inside")).await;
    let url = format!("http://localhost:{}/", server.address.port()).parse().expect("a url");
    let page = fetcher(&settings()).page(&url).await.expect("inside an allowed network");
    assert_eq!(&page.body[..], b"<p>inside");

    let elsewhere = Settings { allow_networks: vec!["10.0.0.0/8".parse().expect("a network")], ..settings() };
    let error = fetcher(&elsewhere).page(&url).await.expect_err("not inside");
    assert!(matches!(error, FetchError::ForbiddenPort { .. }), "{error}");

    let port_only = Settings { allow_networks: vec![], allow_ports: vec![server.address.port()], ..settings() };
    let error = fetcher(&port_only).page(&url).await.expect_err("the address is closed all the same");
    assert!(matches!(error, FetchError::ForbiddenAddress { .. }), "{error}");
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn decoded_bytes_count_against_the_limit() {
    let bomb = gzip(&vec![b' '; 64 << 20]);
    assert!(bomb.len() < 100_000);
    let server = Server::start(move |_| answer(200, &[("Content-Encoding", "gzip")], &bomb)).await;
    let error = page_error(&server, &settings()).await;
    assert_eq!((error.class(), error.fault()), (FetchClass::TooLarge, Fault::Reject), "{error}");

    let endless = Server::start(|_| Reply::Endless(head(200, ""), vec![b' '; 4096])).await;
    assert_eq!(page_error(&endless, &settings()).await.class(), FetchClass::TooLarge);
}

#[tokio::test]
async fn a_body_of_exactly_the_limit_is_read_and_a_byte_more_is_not() {
    let server = Server::start(|path| match path {
        "/full" => answer(200, &[], &vec![b'x'; 1 << 20]),
        _ => raw(200, "", &vec![b'x'; (1 << 20) + 1]),
    })
    .await;
    let fetcher = fetcher(&settings());
    let page = fetcher.page(&server.url("/full")).await.expect("just fits");
    assert_eq!(page.body.len(), 1 << 20);
    let error = fetcher.page(&server.url("/over")).await.expect_err("a byte too many");
    assert_eq!(error.class(), FetchClass::TooLarge);
}

#[tokio::test]
async fn the_three_codings_are_undone_and_others_or_several_are_refused() {
    let zstd = b"\x28\xb5\x2f\xfd\x20\x05\x29\x00\x00hello";
    let brotli = b"\x0b\x02\x80hello\x03";
    for (coding, body) in
        [("gzip", gzip(b"hello")), ("zstd", zstd.to_vec()), ("br", brotli.to_vec()), ("identity", b"hello".to_vec())]
    {
        let server = Server::start(move |_| answer(200, &[("Content-Encoding", coding)], &body)).await;
        let page = fetcher(&settings()).page(&server.url("/")).await.expect(coding);
        assert_eq!(&page.body[..], b"hello", "{coding}");
    }
    let twice = gzip(&gzip(b"<p>hello"));
    for fields in [
        "Content-Encoding: gzip, gzip\r\n",
        "Content-Encoding: br, gzip\r\n",
        "Content-Encoding: compress\r\n",
        "Content-Encoding: br\r\nContent-Encoding: gzip\r\n",
        "Content-Encoding: gzip\r\nContent-Encoding: gzip\r\n",
        "Content-Encoding: \u{9b}2Jx\r\n",
    ] {
        let body = twice.clone();
        let server = Server::start(move |_| raw(200, fields, &body)).await;
        let error = page_error(&server, &settings()).await;
        assert_eq!(error.class(), FetchClass::BadEncoding, "{fields}: {error}");
        assert!(!error.to_string().contains(char::is_control), "{fields}: {error}");
    }
}

#[tokio::test]
async fn a_body_that_is_not_what_its_coding_says_is_tried_again() {
    let mut cut = gzip(&[b"<p>".as_slice(), &vec![b'x'; 9000]].concat());
    cut.truncate(cut.len() - 12);
    for body in [cut, b"<p>not compressed at all".to_vec()] {
        let server = Server::start(move |_| answer(200, &[("Content-Encoding", "gzip")], &body)).await;
        let error = page_error(&server, &settings()).await;
        assert_eq!((error.class(), error.fault()), (FetchClass::BadEncoding, RETRY), "{error}");
    }
}

#[tokio::test]
async fn a_content_length_is_never_believed() {
    let huge = Server::start(|_| Reply::Hang(head(200, "Content-Length: 18446744073709551615\r\n"))).await;
    assert!(matches!(page_error(&huge, &settings()).await.class(), FetchClass::TooLarge | FetchClass::Protocol));
    let over = Server::start(|_| Reply::Hang(head(200, "Content-Length: 1048577\r\n"))).await;
    assert_eq!(page_error(&over, &settings()).await.class(), FetchClass::TooLarge, "at once, not at the deadline");
    let short = Server::start(|_| raw(200, "Content-Length: 1000000\r\n", b"<p>that is all")).await;
    let error = page_error(&short, &settings()).await;
    assert_eq!((error.class(), error.fault()), (FetchClass::Connect, RETRY), "{error}");
}

#[tokio::test]
async fn whoever_never_comes_to_an_end_meets_the_deadline() {
    for reply in [
        (|| Reply::Hang(Vec::new())) as fn() -> Reply,
        || Reply::Hang(b"HTTP/1.1 200 OK\r\nX-Slow: ".to_vec()),
        || Reply::Hang(head(200, "")),
        || Reply::Hang([head(200, ""), b"<".to_vec()].concat()),
        || Reply::Hang([head(200, "Content-Length: 100\r\n"), b"<p>one by".to_vec()].concat()),
        || Reply::Hang([head(200, "Content-Encoding: gzip\r\n"), b"\x1f\x8b".to_vec()].concat()),
    ] {
        let server = Server::start(move |_| reply()).await;
        let error = page_error(&server, &hasty()).await;
        assert_eq!((error.class(), error.fault()), (FetchClass::Timeout, RETRY), "{error}");
    }
}

#[tokio::test]
async fn endless_headers_end_the_exchange() {
    let fields =
        Server::start(|_| Reply::Endless(b"HTTP/1.1 200 OK\r\n".to_vec(), b"X-More: and more\r\n".to_vec())).await;
    let error = page_error(&fields, &settings()).await;
    assert_eq!(error.class(), FetchClass::Protocol, "{error}");
    let line = Server::start(|_| Reply::Endless(b"HTTP/1.1 200 OK\r\nX: ".to_vec(), vec![b'x'; 4096])).await;
    let error = page_error(&line, &settings()).await;
    assert_eq!(error.class(), FetchClass::Protocol, "{error}");
    let heavy = Server::start(|_| answer(200, &[("X", &"x".repeat(65 << 10))], b"<p>")).await;
    let error = page_error(&heavy, &settings()).await;
    assert!(matches!(error, FetchError::HeadersTooLarge { .. }), "{error}");
}

#[tokio::test]
async fn redirects_end_after_five_and_a_circle_is_named() {
    let circle = Server::start(|path| redirect(302, if path == "/" { "/b" } else { "/" })).await;
    let error = page_error(&circle, &settings()).await;
    assert_eq!(error.class(), FetchClass::RedirectLoop);
    assert!(error.to_string().contains(&circle.url("/").to_string()), "{error}");
    assert_eq!(circle.requests().len(), 2, "the same address is not asked twice");

    let chain = Server::start(|path| redirect(301, &format!("{path}x"))).await;
    assert_eq!(page_error(&chain, &settings()).await.class(), FetchClass::RedirectLoop);
    assert_eq!(chain.requests().len(), 6, "one request and five redirects");

    let five = Server::start(|path| match path.len() {
        6 => answer(200, &[], b"<p>there"),
        _ => redirect(307, &format!("{path}x")),
    })
    .await;
    let page = fetcher(&settings()).page(&five.url("/")).await.expect("five are followed");
    assert_eq!((page.requested, page.url), (five.url("/"), five.url("/xxxxx")));
}

/// What hangs on such an address is as long: every link of a feed, every line of the log.
#[tokio::test]
async fn a_redirect_to_an_address_that_is_too_long_is_not_followed_and_errors_show_its_beginning() {
    let server = Server::start(|path| match path.len() {
        ..4000 => redirect(302, &format!("/{}", "x".repeat(8000))),
        _ => redirect(302, &format!("/{}", "x".repeat(9000))),
    })
    .await;
    let error = page_error(&server, &settings()).await;
    assert_eq!((error.class(), error.fault()), (FetchClass::BadUrl, Fault::Reject), "{error}");
    assert!(error.url().as_str().len() > 8000, "{error}");
    let shown = error.to_string();
    assert!(shown.len() < 1200 && shown.ends_with("it redirects to an address of more than 8 KiB"), "{shown}");
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn what_is_no_text_is_known_by_its_first_bytes_however_long_it_is() {
    for start in [&b"%PDF-1.7 "[..], b"\x89PNG\r\n\x1a\n", b"\x00\x00\x00\x18ftypmp42", b"PK\x03\x04"] {
        let start = start.to_vec();
        let server = Server::start(move |_| {
            Reply::Endless([head(200, "Content-Type: text/html\r\n"), start.clone()].concat(), vec![b'x'; 512])
        })
        .await;
        let error = page_error(&server, &settings()).await;
        assert_eq!((error.class(), error.fault()), (FetchClass::NotText, Fault::Reject), "{error}");
    }
}

#[tokio::test]
async fn what_does_not_speak_http_is_named() {
    let ssh = Server::start(|_| Reply::Say(b"SSH-2.0-OpenSSH_9\r\n".to_vec())).await;
    assert_eq!(page_error(&ssh, &settings()).await.class(), FetchClass::Protocol);
    let mute = Server::start(|_| Reply::Say(Vec::new())).await;
    assert_eq!(page_error(&mute, &settings()).await.fault(), RETRY);

    let plain = Server::start(|_| Reply::Say(b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec())).await;
    let url = format!("https://{}/", plain.address).parse().expect("a url");
    let error = fetcher(&settings()).page(&url).await.expect_err("no TLS there");
    assert_eq!((error.class(), error.fault()), (FetchClass::Tls, RETRY), "{error:?}");

    let nobody = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port").local_addr().expect("an address");
    let error =
        fetcher(&settings()).page(&format!("http://{nobody}/").parse().expect("a url")).await.expect_err("nobody");
    assert_eq!((error.class(), error.fault()), (FetchClass::Connect, RETRY), "{error:?}");
    // A label over 63 letters is refused by the resolver itself: no name server is asked.
    let nowhere = format!("http://{}.invalid/", "a".repeat(64)).parse().expect("a url");
    let error = fetcher(&settings()).page(&nowhere).await.expect_err("no such name");
    assert_eq!((error.class(), error.fault()), (FetchClass::Dns, RETRY), "{error:?}");
}

#[tokio::test]
async fn a_body_holds_its_share_of_the_budget_until_it_is_dropped() {
    let server = Server::start(|_| answer(200, &[], &vec![b'x'; 100_000])).await;
    let fetcher = fetcher(&settings());
    let first = fetcher.page(&server.url("/")).await.expect("there is room");
    let second = fetcher.page(&server.url("/")).await.expect("there is room");
    assert_eq!(fetcher.memory_in_use(), Size::kib(2 * 98), "whole KiB of what the bodies weigh, no more");
    drop(first);
    assert_eq!(fetcher.memory_in_use(), Size::kib(98));
    drop(second);
    assert_eq!(fetcher.memory_in_use(), Size(0));
}

#[tokio::test]
async fn without_room_for_a_body_the_fetch_is_tried_again_later() {
    let server = Server::start(|_| answer(200, &[], &vec![b'x'; 100_000])).await;
    let tight = Settings {
        timeout: Span::millis(300),
        page_limit: Size::kib(500),
        feed_limit: Size::kib(500),
        memory: Size::kib(500),
        ..settings()
    };
    let fetcher = fetcher(&tight);
    let held = fetcher.page(&server.url("/")).await.expect("there is room for one");
    let error = fetcher.page(&server.url("/")).await.expect_err("and for no other");
    assert_eq!((error.class(), error.fault()), (FetchClass::NoMemory, RETRY), "{error}");
    drop(held);
    assert!(fetcher.page(&server.url("/")).await.is_ok());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_bodies_and_little_memory_end_well_one_after_the_other() {
    let server = Server::start(|_| answer(200, &[], &vec![b'x'; 400_000])).await;
    let tight =
        Settings { page_limit: Size::kib(500), feed_limit: Size::kib(500), memory: Size::kib(700), ..settings() };
    let fetcher = fetcher(&tight);
    let fetches = (0..24).map(|_| {
        let (fetcher, url) = (fetcher.clone(), server.url("/"));
        tokio::spawn(async move { fetcher.page(&url).await.map(|page| page.body.len()) })
    });
    for fetch in futures_util::future::join_all(fetches).await {
        assert_eq!(fetch.expect("no panic").expect("nobody starves"), 400_000);
    }
    assert_eq!(fetcher.memory_in_use(), Size(0));
}

#[tokio::test]
async fn a_proxy_is_used_where_it_is_configured_and_literals_are_still_checked() {
    let proxy = Server::start(|_| answer(200, &[], b"<p>by proxy")).await;
    let settings = Settings { proxy: Some(format!("http://{}", proxy.address)), allow_networks: vec![], ..settings() };
    let fetcher = fetcher(&settings);
    let page = fetcher.page(&"http://a.example/x".parse().expect("a url")).await.expect("by proxy");
    assert_eq!(&page.body[..], b"<p>by proxy");
    assert!(proxy.requests()[0].starts_with("GET http://a.example/x HTTP/1.1\r\n"));
    let error = fetcher.page(&"http://192.168.0.1/".parse().expect("a url")).await.expect_err("closed");
    assert_eq!(error.class(), FetchClass::ForbiddenAddress);
    assert_eq!(proxy.requests().len(), 1);
}

#[tokio::test]
async fn a_byte_a_second_is_too_slow_long_before_the_deadline() {
    let patient = Settings { timeout: Span::seconds(600), ..settings() };
    let server = Server::start(|_| Reply::Trickle(head(200, "Content-Length: 500\r\n"), b"<rss>".repeat(100))).await;
    let error = page_error(&server, &patient).await;
    assert!(matches!(error, FetchError::TooSlow { bytes: 1..500, .. }), "{error}");
    assert_eq!((error.class(), error.fault()), (FetchClass::Timeout, RETRY));
}

async fn packed(coding: &str, bytes: &[u8]) -> Vec<u8> {
    use async_compression::Level::Fastest;
    use async_compression::tokio::write::{BrotliEncoder, ZstdEncoder};
    use tokio::io::AsyncWriteExt;
    if coding == "br" {
        let mut encoder = BrotliEncoder::with_quality(Vec::new(), Fastest);
        encoder.write_all(bytes).await.expect("memory takes all");
        encoder.shutdown().await.expect("memory takes all");
        return encoder.into_inner();
    }
    let mut encoder = ZstdEncoder::with_quality(Vec::new(), Fastest);
    encoder.write_all(bytes).await.expect("memory takes all");
    encoder.shutdown().await.expect("memory takes all");
    encoder.into_inner()
}

#[tokio::test]
async fn a_bomb_of_any_coding_is_met_at_the_limit() {
    for coding in ["br", "zstd"] {
        let bomb = packed(coding, &vec![b' '; 64 << 20]).await;
        assert!(bomb.len() < 100_000, "{coding}: {}", bomb.len());
        let server = Server::start(move |_| answer(200, &[("Content-Encoding", coding)], &bomb)).await;
        let error = page_error(&server, &settings()).await;
        assert_eq!((error.class(), error.fault()), (FetchClass::TooLarge, Fault::Reject), "{coding}: {error}");
    }
    // A frame that asks for a window of 128 MiB, of which nothing is ever used.
    let greedy = b"\x28\xb5\x2f\xfd\x00\x88\x29\x00\x00hello";
    let server = Server::start(move |_| answer(200, &[("Content-Encoding", "zstd")], greedy)).await;
    let error = page_error(&server, &settings()).await;
    assert!(matches!(error, FetchError::Undecodable { .. }), "{error}");
}

#[tokio::test]
async fn a_name_that_leads_elsewhere_the_next_time_is_checked_the_next_time() {
    let open = Server::start(|_| answer(200, &[], b"<p>open")).await;
    let port = open.address.port();
    let closed = tokio::net::TcpListener::bind(("127.0.0.2", port)).await.expect("the same port on another address");
    let addresses =
        |texts: &[&str]| -> Vec<IpAddr> { texts.iter().map(|text| text.parse().expect("an address")).collect() };
    let script = [
        addresses(&["127.0.0.1"]),
        addresses(&["127.0.0.2"]),
        addresses(&["169.254.169.254", "::1"]),
        addresses(&["127.0.0.2", "127.0.0.1"]),
        addresses(&[]),
    ];
    let asked = Arc::new(AtomicUsize::new(0));
    let nth = asked.clone();
    let lookup: Lookup = Arc::new(move |_| {
        let found = script[nth.fetch_add(1, Ordering::SeqCst)].clone();
        Box::pin(async move { Ok(found) })
    });
    let fetcher = Fetcher::with_lookup(&settings(), lookup).expect("a fetcher");
    let url = format!("http://rebinding.example:{port}/").parse().expect("a url");
    for (turn, expected) in
        [Ok(()), Err("127.0.0.2"), Err("169.254.169.254"), Ok(()), Err("cannot be resolved")].into_iter().enumerate()
    {
        let page = fetcher.page(&url).await;
        match (page, expected) {
            (Ok(page), Ok(())) => assert_eq!(&page.body[..], b"<p>open", "{turn}"),
            // The port is no usual one, so what is said is that it is closed for such addresses.
            (Err(error), Err("cannot be resolved")) => assert_eq!(error.class(), FetchClass::Dns, "{turn}: {error}"),
            (Err(error), Err(_)) => assert_eq!(error.class(), FetchClass::ForbiddenAddress, "{turn}: {error}"),
            (page, _) => panic!("{turn}: {page:?}"),
        }
        assert_eq!(asked.load(Ordering::SeqCst), turn + 1, "asked once, and used as it was checked");
    }
    assert_eq!(open.requests().len(), 2);
    assert!(closed.accept().now_or_never().is_none(), "nobody knocked at the closed address");
}

#[tokio::test]
async fn a_feed_is_guarded_like_a_page() {
    let server = Server::start(|_| Reply::Endless(head(200, ""), b"<rss>  ".to_vec())).await;
    let error = fetcher(&settings()).feed(&feed(server.url("/"), &[]), &no_validators()).await.expect_err("endless");
    assert_eq!(error.class(), FetchClass::TooLarge);
}
