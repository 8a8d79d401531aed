//! Manners towards the pages: robots.txt, slots of the host's budget, conditional requests, and pages that need not be fetched.

mod world;

use std::time::Duration;

use world::{Server, World, page, reply, rss, story};

#[tokio::test]
async fn robots_takes_a_slot_of_its_own_in_the_hosts_budget() {
    let server = Server::start(|request, _| match request.path.as_str() {
        "/feed" => reply(200, &[], &rss("", &[("one", ""), ("two", "")])),
        "/robots.txt" => reply(200, &[], "user-agent: *\ndisallow: /private"),
        path => reply(200, &[], &page(path.trim_matches('/'))),
    });
    let mut world = World::new().feed("a", &server.url("/feed"));
    world.politeness.delay = Duration::from_millis(300);
    assert_eq!(world.once().await.published, 2);
    let asked: Vec<_> = server.all();
    let paths: Vec<_> = asked.iter().map(|request| request.path.as_str()).collect();
    assert_eq!(paths, ["/feed", "/robots.txt", "/one", "/two"], "who asked for robots.txt is first in its line");
    for pair in asked.windows(2) {
        let gap = pair[1].at.duration_since(pair[0].at);
        assert!(gap >= Duration::from_millis(200), "{} after {}: {gap:?}", pair[1].path, pair[0].path);
    }
}

#[tokio::test]
async fn a_crawl_delay_holds_from_the_first_page_on() {
    let server = Server::start(|request, _| match request.path.as_str() {
        "/feed" => reply(200, &[], &rss("", &[("one", ""), ("two", "")])),
        "/robots.txt" => reply(200, &[], "user-agent: *\ncrawl-delay: 86400"),
        path => reply(200, &[], &page(path.trim_matches('/'))),
    });
    let mut world = World::new().feed("a", &server.url("/feed"));
    world.politeness.longest_delay = Duration::from_millis(400);
    assert_eq!(world.once().await.published, 2, "a day is neither waited for nor a reason to drop the host");
    let (first, second) = (&server.requests("/one")[0], &server.requests("/two")[0]);
    assert!(second.at.duration_since(first.at) >= Duration::from_millis(300));
}

#[tokio::test]
async fn a_redirect_to_another_site_is_followed_only_where_its_robots_allow_it() {
    let other = Server::start(|request, _| match request.path.as_str() {
        "/robots.txt" => reply(200, &[], "user-agent: *\ndisallow: /closed"),
        path => reply(200, &[], &page(path.trim_matches('/'))),
    });
    let (open, closed) = (other.url("/open"), other.url("/closed"));
    let server = Server::start(move |request, _| match request.path.as_str() {
        "/feed" => reply(200, &[], &rss("", &[("one", ""), ("two", "")])),
        "/one" => reply(302, &[("Location", &open)], ""),
        "/two" => reply(302, &[("Location", &closed)], ""),
        _ => reply(404, &[], ""),
    });
    let world = World::new().feed("a", &server.url("/feed"));
    let summary = world.once().await;
    assert_eq!((summary.published, summary.dropped.get("robots")), (1, Some(&1)));
    assert!(other.requests("/closed").is_empty());
}

#[tokio::test]
async fn a_page_that_is_seen_again_is_asked_for_conditionally() {
    let server = Server::start(|request, nth| match request.path.as_str() {
        "/feed" => reply(200, &[], &rss("", &[("one", &format!("<description>Version {nth}</description>"))])),
        "/one" if request.header("if-none-match") == Some("\"p\"") => reply(304, &[], ""),
        "/one" => reply(200, &[("ETag", "\"p\""), ("Last-Modified", "then")], &page("one")),
        _ => reply(404, &[], ""),
    });
    let world = World::new().feed("a", &server.url("/feed"));
    assert_eq!(world.once().await.published, 1);
    for _ in 0..2 {
        let again = world.once().await;
        assert_eq!(
            (again.entries, again.unchanged),
            (1, 1),
            "the feed says something else of it, its page has not changed"
        );
    }
    let etags = server.fields("/one", "if-none-match");
    assert_eq!(etags, [None, Some("\"p\"".into()), Some("\"p\"".into())]);
    assert_eq!(server.fields("/one", "if-modified-since")[2].as_deref(), Some("then"));
    assert_eq!(world.records().len(), 1);
}

#[tokio::test]
async fn a_page_that_has_changed_is_read_and_its_validators_are_the_new_ones() {
    let server = Server::start(|request, nth| match request.path.as_str() {
        "/feed" => reply(200, &[], &rss("", &[("one", &format!("<description>Version {nth}</description>"))])),
        "/one" => reply(200, &[("ETag", &format!("\"{nth}\""))], &page(&format!("one in its state {nth}"))),
        _ => reply(404, &[], ""),
    });
    let world = World::new().feed("a", &server.url("/feed"));
    for _ in 0..3 {
        assert_eq!(world.once().await.published, 1);
    }
    assert_eq!(server.fields("/one", "if-none-match"), [None, Some("\"0\"".into()), Some("\"1\"".into())]);
}

/// Twenty entries, each with this in the feed, and how many pages were asked for.
async fn pages_asked(more: impl Fn(&str) -> String + Send + Sync + 'static) -> (World, usize) {
    let names: Vec<String> = (0..20).map(|n| format!("place{n}")).collect();
    let server = Server::start(move |request, _| match request.path.as_str() {
        "/feed" => {
            let bodies: Vec<(&str, String)> = names.iter().map(|name| (name.as_str(), more(name))).collect();
            let items: Vec<(&str, &str)> = bodies.iter().map(|(name, body)| (*name, body.as_str())).collect();
            reply(200, &[], &rss("", &items))
        }
        "/robots.txt" => reply(404, &[], ""),
        path => reply(200, &[], &page(path.trim_matches('/'))),
    });
    let world = World::new().feed("a", &server.url("/feed"));
    let summary = world.once().await;
    assert_eq!(summary.published, 20, "{summary:?}");
    let pages = server.all().iter().filter(|request| request.path.starts_with("/place")).count();
    (world, pages)
}

#[tokio::test]
async fn a_feed_that_carries_whole_articles_saves_their_pages_and_the_records_say_so() {
    let whole = |name: &str| format!("<content:encoded><![CDATA[{}]]></content:encoded>", story(name));
    let (world, pages) = pages_asked(whole).await;
    assert!((5..=12).contains(&pages), "five to judge by, and samples: {pages}");
    let flagged = |record: &serde_json::Value| record["extraction"]["flags"].to_string().contains("whole_in_feed");
    let records = world.records();
    let saved = records.iter().filter(|record| flagged(&record["value"]) || flagged(record)).count();
    assert_eq!(saved, 20 - pages, "{:#?}", records.first());
}

#[tokio::test]
async fn a_feed_of_teasers_saves_no_page() {
    let teaser = |name: &str| format!("<description>What the council of {name} decided.</description>");
    assert_eq!(pages_asked(teaser).await.1, 20);
    let half = |name: &str| {
        let story = story(name);
        format!("<content:encoded><![CDATA[{}]]></content:encoded>", &story[..story.len() / 4 * 3])
    };
    assert_eq!(pages_asked(half).await.1, 20);
}
