//! A store that cannot be written: whichever write of a desk's work it is, the desk goes on by itself, everything is in the topic
//! once, and no entry pays for it with an attempt.

mod world;

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use wiredesk_pipeline::run::{End, Mode, Stop};
use wiredesk_store::gate::{Failure, Gate, Step};
use world::{Ran, Server, World, page, reply, rss};

/// Fails passages of one kind, as their number has it.
struct Failing<F> {
    step: Step,
    passed: Arc<AtomicUsize>,
    fails: F,
}

impl<F: Fn(usize) -> bool + Send> Gate for Failing<F> {
    fn pass(&mut self, step: Step) -> Result<(), Failure> {
        let fails = step == self.step && (self.fails)(self.passed.fetch_add(1, Ordering::SeqCst) + 1);
        if fails { Err(Failure::Full) } else { Ok(()) }
    }
}

/// Two feeds that share a story; a brief; a page that fails `at_first`. Every page is another one at each fetch, outside its body.
fn paper(at_first: usize) -> Server {
    Server::start(move |request, nth| match request.path.as_str() {
        "/one.xml" => reply(200, &[], &rss("", &["a", "b", "brief"].map(|name| (name, "")))),
        "/two.xml" => reply(200, &[], &rss("", &["copy-of-a", "c", "late"].map(|name| (name, "")))),
        "/brief" => reply(200, &[], "<article><h1>Brief</h1><p>Only a few words.</p></article>"),
        "/late" if nth < at_first => reply(503, &[], ""),
        "/copy-of-a" => reply(200, &[], &page("a").replace("</footer>", &format!("<p>visit {nth}</p></footer>"))),
        "/a" | "/b" | "/c" | "/late" => {
            let name = request.path.trim_start_matches('/');
            reply(200, &[], &page(name).replace("</footer>", &format!("<p>visit {nth}</p></footer>")))
        }
        _ => reply(404, &[], ""),
    })
}

fn world(server: &Server) -> World {
    let mut world = World::new().feed("one", &server.url("/one.xml")).feed("two", &server.url("/two.xml"));
    world.pipeline.retry.first = wiredesk_model::units::Span::millis(100);
    world
}

async fn patiently(world: &World) -> Ran {
    let wait = Duration::from_secs(120);
    let ran = world.run(Mode::Once { wait, connect_timeout: wait }, Stop::default()).await;
    assert!(matches!(ran.end, End::Drained), "{:?}", ran.end);
    ran
}

/// Every story is in the topic once, every entry has its end, and none had more attempts than its page made necessary.
async fn assert_in_order(world: &World, ran: &Ran, what: &str) {
    let mut titles: Vec<_> = world.records().iter().map(|record| record["value"]["title"].to_string()).collect();
    titles.sort();
    assert_eq!(titles, ["\"About a\"", "\"About b\"", "\"About c\"", "\"About late\""], "{what}");
    let counts = world.reader().counts().await.expect("counts");
    let ends: BTreeMap<_, _> = counts.settled.into_iter().map(|end| (end.outcome, end.entries)).collect();
    let wanted = [("dropped", 1), ("duplicate", 1), ("published", 4)].map(|(name, count)| (name.to_owned(), count));
    assert_eq!((counts.pending + counts.waiting, ends), (0, wanted.into()), "{what}");
    assert_eq!((ran.summary.feeds_read, ran.summary.feeds_failed), (2, 0), "{what}");
    for (name, most) in [("a", 1), ("b", 1), ("c", 1), ("brief", 1), ("copy-of-a", 1), ("late", 2)] {
        let traces = world.reader().trace(name).await.expect("a trace");
        assert!(traces.len() == 1 && traces[0].attempts <= most, "{what}: {traces:?}");
    }
}

#[tokio::test]
async fn whichever_write_loses_its_transaction_everything_is_in_the_topic_once_and_no_attempt_is_counted_twice() {
    let server = paper(1);
    let passed = Arc::new(AtomicUsize::new(0));
    let counting = passed.clone();
    let mut quiet = world(&server);
    quiet.gate = Box::new(move || Box::new(Failing { step: Step::Lost, passed: counting.clone(), fails: |_| false }));
    let ran = patiently(&quiet).await;
    assert_in_order(&quiet, &ran, "nothing failed").await;
    let writes = passed.load(Ordering::SeqCst);
    assert!(writes > 20, "{writes}");

    // How often robots.txt is asked for, and with it the number of writes, differs a little from run to run.
    stream::iter(1..=writes + 3)
        .map(async |nth| {
            let server = paper(1);
            let mut world = world(&server);
            world.gate = Box::new(move || {
                Box::new(Failing { step: Step::Lost, passed: Arc::default(), fails: move |at| at == nth })
            });
            let ran = patiently(&world).await;
            assert_in_order(&world, &ran, &format!("write {nth} of {writes} failed")).await;
        })
        .buffer_unordered(16)
        .collect::<Vec<()>>()
        .await;
}

#[tokio::test]
async fn a_disk_that_fails_again_and_again_costs_no_entry_its_attempts() {
    let server = paper(0);
    let mut world = world(&server);
    world.pipeline.retry.attempts = NonZeroU32::MIN;
    // Two of three writes fail, thirty times.
    world.gate = Box::new(|| {
        Box::new(Failing { step: Step::Made, passed: Arc::default(), fails: |at| at > 10 && at < 40 && at % 3 != 0 })
    });
    let ran = patiently(&world).await;
    assert_in_order(&world, &ran, "a bad hour").await;
}

#[tokio::test]
async fn a_run_once_that_waits_for_little_is_not_drained_by_a_full_disk() {
    stream::iter(2..=6)
        .map(async |last| {
            let server = paper(1);
            let mut world = world(&server);
            world.gate = Box::new(move || {
                Box::new(Failing { step: Step::Commit, passed: Arc::default(), fails: move |at| at > last })
            });
            let (wait, connect_timeout) = (Duration::from_secs(1), Duration::from_secs(60));
            let ran = world.run(Mode::Once { wait, connect_timeout }, Stop::default()).await;
            assert!(matches!(ran.end, End::Store(_)), "{last} commits: {:?}", ran.end);
        })
        .buffer_unordered(5)
        .collect::<Vec<()>>()
        .await;
}

#[tokio::test]
async fn nothing_new_is_begun_while_the_disk_is_full_and_a_run_once_ends_and_says_why() {
    let server = paper(1);
    let mut world = world(&server);
    // The feeds are known, and then the disk is full for good.
    world.gate = Box::new(|| Box::new(Failing { step: Step::Commit, passed: Arc::default(), fails: |at| at > 1 }));
    let wait = Duration::from_secs(5);
    let ran = world.run(Mode::Once { wait, connect_timeout: Duration::from_secs(60) }, Stop::default()).await;
    assert!(matches!(&ran.end, End::Store(error) if error.told().contains("full")), "{:?}", ran.end);
    for feed in ["/one.xml", "/two.xml"] {
        assert!(server.requests(feed).len() <= 2, "{} requests: nobody is asked for what cannot be noted down", feed);
    }
    assert!(world.records().is_empty());

    world.gate = Box::new(|| Box::new(wiredesk_store::gate::Open));
    let ran = patiently(&world).await;
    assert_in_order(&world, &ran, "the next run").await;
}
