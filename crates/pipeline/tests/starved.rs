//! What this machine refuses us is no fault of a page.

mod world;

use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use world::{Server, World, page, reply, rss};

/// "Too many open files", as Linux counts its errors.
const EMFILE: i32 = 24;

#[tokio::test]
async fn a_machine_without_file_handles_uses_up_no_attempts_of_a_page() {
    let starving = Arc::new(AtomicBool::new(true));
    let server = Server::start(|request, _| match request.path.as_str() {
        "/feed" => {
            let host = request.header("host").unwrap_or_default().replace("127.0.0.1", "localhost");
            let link = format!("<link>http://{host}/a</link>");
            reply(200, &[], &rss("", &[("a", "")]).replace("<link>/a</link>", &link))
        }
        "/robots.txt" => reply(404, &[], ""),
        _ => reply(200, &[], &page("a")),
    });
    let mut world = World::new().feed("a", &server.url("/feed"));
    world.pipeline.retry.attempts = NonZeroU32::MIN;
    let hungry = starving.clone();
    world.lookup = Some(Arc::new(move |_| {
        let found = match hungry.load(Ordering::Relaxed) {
            true => Err(std::io::Error::from_raw_os_error(EMFILE)),
            false => Ok(vec![std::net::Ipv4Addr::LOCALHOST.into()]),
        };
        Box::pin(async { found })
    }));
    for _ in 0..3 {
        let summary = world.once().await;
        assert_eq!((summary.pending, summary.dropped.len()), (1, 0), "{summary:?}");
    }
    starving.store(false, Ordering::Relaxed);
    assert_eq!(world.once().await.published, 1);
    assert_eq!(world.records().len(), 1);
}
