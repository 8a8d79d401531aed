//! Where this process may open no more files, that is said, and no server is blamed for it. A test file of its own: the limit is the
//! process's.

mod scripted;

use rustix::process::{Resource, getrlimit, setrlimit};
use scripted::{Server, answer, fetcher, settings};
use wiredesk_fetch::error::{FetchClass, FetchError};

#[tokio::test]
async fn a_process_without_file_handles_blames_no_server() {
    let server = Server::start(|_| answer(200, &[], b"<p>There is a page here.")).await;
    let fetcher = fetcher(&settings());
    let before = getrlimit(Resource::Nofile);
    // None above those that are open now.
    let next = std::fs::File::open("/dev/null").expect("one more");
    let least = std::os::fd::AsRawFd::as_raw_fd(&next);
    drop(next);
    let mut none = getrlimit(Resource::Nofile);
    none.current = u64::try_from(least).ok();
    setrlimit(Resource::Nofile, none).expect("less is always allowed");
    let page = fetcher.page(&server.url("/")).await;
    let robots = fetcher.allowed_by_robots(&server.url("/")).await;
    setrlimit(Resource::Nofile, before).expect("as before");

    let error = page.expect_err("there is no handle for it");
    assert_eq!((error.class(), error.is_ours()), (FetchClass::Starved, true), "{error}");
    assert!(error.to_string().contains("LimitNOFILE"), "{error}");
    assert!(matches!(robots, Err(FetchError::Starved { .. })), "{robots:?}");
    assert!(fetcher.page(&server.url("/")).await.is_ok(), "and it goes on as soon as there is one");
    assert!(fetcher.allowed_by_robots(&server.url("/")).await.is_ok(), "nothing was learned of its robots.txt");
}
