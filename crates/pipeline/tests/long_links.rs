//! Links that are longer than any that somebody means. A feed of a few kilobytes, packed, may hold many of them, and each used to be in the
//! journal, in every error, on every line of the log, and in what a hub was asked.

mod world;

use wiredesk_model::link::LONGEST;
use wiredesk_model::outcome::{Dropped, Outcome};
use world::{Server, World, page, reply, rss};

#[tokio::test]
async fn an_entry_with_such_a_link_is_dropped_with_its_length_and_beginning_and_the_others_are_read() {
    let long = format!("/{}", "x".repeat(1 << 20));
    let items = format!(
        "<item><title>Whole</title><guid>whole</guid><link>https://paper.example{long}</link></item>\
         <item><title>Relative</title><guid>relative</guid><link>{long}</link></item>\
         <item><title>Nameless</title><link>https://paper.example{long}</link></item>"
    );
    let server = Server::start(move |request, _| match request.path.as_str() {
        "/feed" => reply(200, &[], &rss(&items, &[("one", "")])),
        path => reply(200, &[], &page(path.trim_matches('/'))),
    });
    let world = World::new().feed("a", &server.url("/feed"));
    let summary = world.once().await;
    assert_eq!((summary.published, summary.dropped.get("no_link")), (1, Some(&3)));
    for name in ["whole", "relative"] {
        let traces = world.reader().trace(name).await.expect("a trace");
        let [trace] = traces.as_slice() else { panic!("{} traces of {name}", traces.len()) };
        let Some(Outcome::Dropped(Dropped::NoLink { why })) = &trace.outcome else { panic!("{:?}", trace.outcome) };
        assert!(why.contains("bytes is longer than any") && why.contains("xxxx") && why.len() < 2000, "{why}");
        assert_eq!(trace.link, None);
    }
    let size = world.reader().size();
    assert!(size < 1 << 20, "{size} bytes for four entries");
}

/// The addresses of 20,000 items hung on it: a minute, four gigabytes, and the end of the process.
#[tokio::test]
async fn a_feed_that_redirects_to_such_an_address_is_not_followed_there() {
    let long = format!("/{}", "a".repeat(60_000));
    let server = Server::start(move |request, _| match request.path.as_str() {
        "/feed" => reply(302, &[("Location", &long)], ""),
        "/robots.txt" => reply(404, &[], ""),
        _ => reply(200, &[], &rss("", &[("one", "")])),
    });
    let world = World::new().feed("a", &server.url("/feed"));
    assert_eq!(world.once().await.feeds_failed, 1);
    let error = world.state("a").await.last_error.expect("why it failed");
    assert!(error.contains("redirects to an address of more than 8 KiB") && error.len() < 2000, "{error}");
    assert!(server.all().iter().all(|request| request.path.len() < LONGEST));
}
