//! A clock that jumps ten years and back: nothing is forgotten, nothing is published again, no feed waits for ten years.

mod world;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use world::{Server, World, page, reply, rss};

const TEN_YEARS: i64 = 10 * 365 * 24 * 60;

/// A feed that lists two stories, then only a third, and at last all four; pages that are others at each fetch.
fn paper(edition: Arc<AtomicUsize>) -> Server {
    Server::start(move |request, nth| {
        let all = [("a", ""), ("b", ""), ("c", ""), ("d", "")];
        let listed: &[_] = match edition.load(Ordering::SeqCst) {
            0 => &all[..2],
            1 => &all[2..3],
            _ => &all,
        };
        match request.path.as_str() {
            "/feed.xml" => reply(200, &[], &rss("", listed)),
            "/robots.txt" => reply(404, &[], ""),
            path => reply(200, &[], &page(path).replace("</footer>", &format!("<p>visit {nth}</p></footer>"))),
        }
    })
}

#[tokio::test]
async fn a_clock_that_jumps_ten_years_and_back_publishes_nothing_again() {
    let edition = Arc::new(AtomicUsize::new(0));
    let server = paper(edition.clone());
    let world = World::new().feed("paper", &server.url("/feed.xml"));
    assert_eq!(world.once().await.published, 2);
    world.later(60);
    edition.store(1, Ordering::SeqCst);
    assert_eq!(world.once().await.published, 1, "two have left the list, one has come");

    world.later(TEN_YEARS);
    assert_eq!((world.forget().await, world.once().await.entries), (0, 0), "ten years on");
    world.later(60);
    assert_eq!((world.forget().await, world.once().await.entries), (0, 0), "and an hour");

    world.later(-TEN_YEARS);
    edition.store(2, Ordering::SeqCst);
    assert_eq!(world.forget().await, 0, "and back");
    let back = world.once().await;
    assert_eq!((back.published, back.entries, back.pending), (1, 1, 0), "all are listed again, one is new");
    assert!(world.minutes_to_next("paper").await <= 24 * 60, "it is asked again within a day");
    world.later(25 * 60);
    assert_eq!((world.forget().await, world.once().await.entries), (0, 0));
    assert_eq!(world.records().len(), 4);
    for path in ["/a", "/b", "/c", "/d"] {
        assert_eq!(server.requests(path).len(), 1, "{path} was read once");
    }
}
