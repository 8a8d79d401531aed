//! A disk that fails: whichever write it is, nothing is broken, nothing is half done, and the same call leads on when the disk is
//! well again.

mod desk;

use std::collections::BTreeSet;
use std::future::Future;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use desk::{Desk, at, feed, found, hash, item, key, next, poll, titled};
use jiff::Timestamp;
use rusqlite::Connection;
use rusqlite::types::Value;
use wiredesk_model::outcome::{Dropped, Outcome};
use wiredesk_model::topic::TopicIdentity;
use wiredesk_store::Store;
use wiredesk_store::articles::Sight;
use wiredesk_store::error::StoreError;
use wiredesk_store::feeds::Failed;
use wiredesk_store::gate::{Failure, Gate, Step};
use wiredesk_store::journal::Poll;

/// Fails the nth passage of one kind, and that one only.
struct Nth {
    step: Step,
    left: Arc<AtomicUsize>,
}

impl Gate for Nth {
    fn pass(&mut self, step: Step) -> Result<(), Failure> {
        if step != self.step {
            return Ok(());
        }
        let counted = self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        if counted == Ok(1) { Err(Failure::Full) } else { Ok(()) }
    }
}

/// Asks again until it goes well, as the desk does.
async fn insist<T, F: Future<Output = Result<T, StoreError>>>(mut ask: impl FnMut() -> F) -> T {
    for _ in 0..3 {
        match ask().await {
            Ok(done) => return done,
            Err(error) => assert!(error.is_the_disks(), "{error:?}"),
        }
    }
    panic!("one failure, and three attempts failed");
}

/// As [`insist`], for the publisher's thread.
fn insist_now<T>(mut ask: impl FnMut() -> Result<T, StoreError>) -> T {
    (0..3).find_map(|_| ask().ok()).expect("one failure, and three attempts failed")
}

/// Everything a desk does with its store, once: polls, attempts, sightings, settlements, the index, a rebuild, expiry.
async fn a_pass(store: &Store) {
    let (a, b) = (feed("a"), feed("b"));
    let feeds = ["a", "b"].map(|id| (feed(id), format!("http://{id}.example/feed")));
    insist(|| store.sync_feeds(feeds.to_vec(), at(0), |_| ())).await;
    let listed = || (1..=5).map(|n| item("a", &n.to_string(), &format!("a{n}"))).collect::<Vec<_>>();
    insist(|| store.journal(poll("a", 0, listed()), |_| next(0))).await;
    // One link through two feeds: the second waits for the first.
    insist(|| store.journal(poll("b", 0, vec![item("b", "1", "a1"), item("b", "2", "b2")]), |_| next(0))).await;

    let index = store.blocking();
    let identity = TopicIdentity { kind: "log".into(), cluster: "x".into(), topic: "articles".into(), partitions: 1 };
    insist_now(|| index.set_identity(&identity, &[(0, 0)].into()));
    for (entry, body) in [(key("a", "1"), 1), (key("a", "2"), 2)] {
        let sighting = read(store, entry, body).await;
        let record = found(entry, sighting.id, sighting.revision, hash(body), i64::from(body) - 1);
        insist_now(|| index.settle_found(std::slice::from_ref(&record), at(1)));
        insist_now(|| index.index(std::slice::from_ref(&record), &[(0, i64::from(body))]));
    }
    insist(|| store.admit(key("a", "3"), at(1))).await;
    insist(|| store.put_back(key("a", "3"), at(2), "503", true, at(1))).await;
    insist(|| store.admit(key("a", "3"), at(2))).await;
    insist(|| store.take_back(key("a", "3"))).await;
    read(store, key("a", "3"), 1).await;
    insist(|| store.settle(key("a", "3"), Outcome::Duplicate { of: hash(1) }, at(2))).await;
    insist(|| store.admit(key("a", "4"), at(2))).await;
    insist(|| store.settle(key("a", "4"), Outcome::Dropped(Dropped::Wall), at(2))).await;
    insist(|| store.admit(key("a", "5"), at(2))).await;
    insist(|| store.release(vec![key("a", "5")])).await;

    insist(|| store.poll_failed(&b, at(2), Failed { error: "503".into(), ..Failed::default() }, next(2))).await;
    insist(|| store.poll_not_modified(&b, at(3), None, next(3))).await;
    insist(|| store.compared(&a, true)).await;
    // One is changed, one is gone from the list.
    insist(|| store.journal(poll("a", 3, vec![titled("a", "1", "a1", "changed"), item("a", "2", "a2")]), |_| next(3)))
        .await;

    insist_now(|| index.begin_rebuild());
    insist_now(|| index.index(&[found(key("a", "2"), desk_article(), 1, hash(9), 1)], &[(0, 2)]));
    insist_now(|| index.end_rebuild());
    let months = 100 * 24;
    insist(|| store.poll_not_modified(&b, at(months), None, next(months))).await;
    let (now, window) = (at(months + 24), Duration::from_secs(90 * 86_400));
    while insist(|| store.prune(now, window, 2)).await > 0 {}
}

fn desk_article() -> wiredesk_model::id::ArticleId {
    wiredesk_model::id::ArticleId::of("http://news.example/a2")
}

async fn read(store: &Store, entry: wiredesk_model::id::EntryKey, body: u8) -> wiredesk_store::articles::Sighting {
    insist(|| store.admit(entry, at(1))).await;
    let url = format!("http://news.example/{entry}");
    let seen = Sight {
        key: entry,
        link_key: None,
        title: url.clone(),
        url,
        host: "news.example".into(),
        hash: hash(body),
        page: desk::etag("\"page\""),
    };
    insist(|| store.sight(seen.clone(), at(1))).await
}

/// All rows of all tables, save the desk's name, which is drawn.
fn all(data: &Path) -> Vec<String> {
    let conn = Connection::open(data.join("desk.sqlite")).expect("the file");
    let sound: String = conn.query_row("PRAGMA integrity_check", [], |row| row.get(0)).expect("a check");
    assert_eq!(sound, "ok");
    let mut names = conn.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name").expect("sql");
    let names: Vec<String> =
        names.query_map([], |row| row.get(0)).expect("rows").map(|row| row.expect("a name")).collect();
    let mut lines = Vec::new();
    for name in names {
        let mut rows = conn.prepare(&format!("SELECT * FROM {name} ORDER BY 1, 2")).expect("sql");
        let columns = rows.column_count();
        let mut rows = rows.query([]).expect("rows");
        while let Some(row) = rows.next().expect("a row") {
            let values: Vec<Value> = (0..columns).map(|at| row.get(at).expect("a value")).collect();
            if values[0] != Value::Text("desk".into()) {
                lines.push(format!("{name}: {values:?}"));
            }
        }
    }
    lines
}

fn same(is: &[String], wanted: &[String], what: &str) {
    let first = is.iter().zip(wanted).find(|(is, wanted)| is != wanted);
    assert!(is == wanted, "{what}: the first row that differs: {first:#?}");
}

async fn every_nth_fails(step: Step) {
    let quiet = tempfile::tempdir().expect("a folder");
    let store = Store::open(quiet.path(), at(0)).expect("a store");
    a_pass(&store).await;
    store.close().await;
    let wanted = all(quiet.path());
    assert!(wanted.len() > 10, "{wanted:#?}");

    for nth in 1.. {
        let dir = tempfile::tempdir().expect("a folder");
        let left = Arc::new(AtomicUsize::new(nth));
        let gate = Box::new(Nth { step, left: left.clone() });
        let store = Store::open_behind(gate, dir.path(), at(0)).expect("a store");
        a_pass(&store).await;
        store.close().await;
        same(&all(dir.path()), &wanted, &format!("{step:?} {nth} failed"));
        if left.load(Ordering::SeqCst) > 0 {
            assert!(nth > 20, "so many writes make a pass: {nth}");
            return;
        }
    }
}

#[tokio::test]
async fn whichever_write_fails_before_it_is_made_the_same_call_again_leads_to_the_same_state() {
    every_nth_fails(Step::Begin).await;
}

#[tokio::test]
async fn whichever_write_fails_after_it_is_made_the_same_call_again_leads_to_the_same_state() {
    every_nth_fails(Step::Made).await;
}

#[tokio::test]
async fn whichever_write_loses_its_whole_transaction_the_same_call_again_leads_to_the_same_state() {
    every_nth_fails(Step::Lost).await;
}

#[tokio::test]
async fn whichever_commit_fails_the_same_call_again_leads_to_the_same_state() {
    every_nth_fails(Step::Commit).await;
}

/// A disk that is full while it is said to be.
struct Full(Arc<AtomicBool>);

impl Gate for Full {
    fn pass(&mut self, step: Step) -> Result<(), Failure> {
        if step == Step::Made && self.0.load(Ordering::SeqCst) { Err(Failure::Full) } else { Ok(()) }
    }
}

#[tokio::test]
async fn a_full_disk_is_told_and_when_there_is_room_again_the_store_finds_out_by_itself() {
    let full = Arc::new(AtomicBool::new(false));
    let dir = tempfile::tempdir().expect("a folder");
    let store = Store::open_behind(Box::new(Full(full.clone())), dir.path(), at(0)).expect("a store");
    let mut trouble = store.trouble();
    store.sync_feeds(vec![(feed("a"), "http://a.example/feed".into())], at(0), |_| ()).await.expect("room");
    assert!(trouble.borrow().is_none());

    full.store(true, Ordering::SeqCst);
    let error = store.compared(&feed("a"), true).await.expect_err("no room");
    assert!(matches!(error, StoreError::Full { .. }));
    assert!(trouble.borrow().as_ref().is_some_and(|said| said.told().contains("full")));
    full.store(false, Ordering::SeqCst);
    let over = tokio::time::timeout(Duration::from_secs(60), trouble.wait_for(Option::is_none));
    over.await.expect("by itself").expect("the writer lives");
    store.compared(&feed("a"), true).await.expect("room again");
}

#[tokio::test]
async fn writes_that_shared_a_commit_with_one_that_lost_it_are_told_so_and_may_ask_again() {
    let left = Arc::new(AtomicUsize::new(0));
    let dir = tempfile::tempdir().expect("a folder");
    let gate = Box::new(Nth { step: Step::Lost, left: left.clone() });
    let store = Store::open_behind(gate, dir.path(), at(0)).expect("a store");
    store.sync_feeds(vec![(feed("a"), "http://a.example/feed".into())], at(0), |_| ()).await.expect("room");
    left.store(7, Ordering::SeqCst);
    let a = feed("a");
    let ends = futures(&store, &a).await;
    let failed = ends.iter().filter(|end| end.is_err()).count();
    let counted = store.feed_state(&a).await.expect("readable").expect("a feed").whole as usize;
    assert!(failed >= 1, "the seventh lost its transaction");
    assert_eq!(counted, ends.len() - failed, "what was said to be written is, and nothing else");
}

/// Ten writes at once, each of which counts one.
async fn futures(store: &Store, a: &wiredesk_model::id::FeedId) -> Vec<Result<(), StoreError>> {
    let asked: Vec<_> = (0..10)
        .map(|_| {
            let (store, a) = (store.clone(), a.clone());
            tokio::spawn(async move { store.compared(&a, true).await })
        })
        .collect();
    let mut ends = Vec::new();
    for one in asked {
        ends.push(one.await.expect("no panic"));
    }
    ends
}

#[tokio::test]
async fn an_attempt_that_the_store_cut_short_goes_on_uncounted_and_is_no_crash() {
    let desk = Desk::new().await;
    desk.poll("a", 0, vec![item("a", "1", "x")]).await;
    desk.admit(key("a", "1")).await;
    for _ in 0..20 {
        // The attempt could not be ended: the disk was full.
        let again = desk.store.readmit(key("a", "1"), at(1)).await.expect("a store").expect("it is open");
        assert_eq!((again.attempts, again.crashed), (1, false));
    }
    let other = desk.store.admit(key("a", "1"), at(1)).await.expect("a store").expect("it is open");
    assert_eq!((other.attempts, other.crashed), (2, true), "what another process left is a crash");
}

#[tokio::test]
async fn a_time_that_was_taken_back_with_its_transaction_is_written_with_the_next() {
    let left = Arc::new(AtomicUsize::new(0));
    let dir = tempfile::tempdir().expect("a folder");
    let gate = Box::new(Nth { step: Step::Commit, left: left.clone() });
    let store = Store::open_behind(gate, dir.path(), at(0)).expect("a store");
    let feeds = [(feed("a"), "http://a.example/feed".to_owned())];
    store.sync_feeds(feeds.to_vec(), at(0), |_| ()).await.expect("room");
    left.store(1, Ordering::SeqCst);
    // Two weeks ahead: a jump that is doubted, noted in the very transaction that fails.
    store.sync_feeds(feeds.to_vec(), at(14 * 24), |_| ()).await.expect_err("no room");
    store.sync_feeds(feeds.to_vec(), at(14 * 24), |_| ()).await.expect("room");
    let conn = Connection::open(dir.path().join("desk.sqlite")).expect("the file");
    let doubted: Option<String> = conn
        .query_row("SELECT max(value) FROM meta WHERE name = 'clock_doubted_since'", [], |row| row.get(0))
        .expect("sql");
    let since: Timestamp = at(14 * 24);
    assert_eq!(doubted, Some(since.as_millisecond().to_string()), "a crash now must not forget the doubt");
}

/// A disk on which the log cannot be folded into the file while it is said so; notes which threads fold it.
#[derive(Clone, Default)]
struct Unfoldable {
    full: Arc<AtomicBool>,
    by: Arc<Mutex<BTreeSet<String>>>,
}

impl Gate for Unfoldable {
    fn pass(&mut self, step: Step) -> Result<(), Failure> {
        if step != Step::Fold {
            return Ok(());
        }
        self.by.lock().expect("no panic").insert(std::thread::current().name().unwrap_or_default().to_owned());
        if self.full.load(Ordering::SeqCst) { Err(Failure::Full) } else { Ok(()) }
    }
}

/// A poll that takes some megabytes of the log.
fn long() -> Poll {
    let listed = (0..4000).map(|n| item("a", &n.to_string(), &format!("a{n}"))).collect();
    Poll { backlog: 10_000, ..poll("a", 0, listed) }
}

/// Pages in the log that are not in the file.
fn left_in_the_log(data: &Path) -> i64 {
    let conn = Connection::open(data.join("desk.sqlite")).expect("the file");
    conn.query_row("PRAGMA wal_checkpoint(NOOP)", [], |row| Ok(row.get::<_, i64>(1)? - row.get::<_, i64>(2)?))
        .expect("an answer")
}

async fn until(what: &str, mut is: impl FnMut() -> bool) {
    for _ in 0..6_000 {
        if is() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("never: {what}");
}

#[tokio::test]
async fn the_log_is_folded_beside_the_writer() {
    let (gate, dir) = (Unfoldable::default(), tempfile::tempdir().expect("a folder"));
    let store = Store::open_behind(Box::new(gate.clone()), dir.path(), at(0)).expect("a store");
    store.sync_feeds(vec![(feed("a"), "http://a.example/feed".into())], at(0), |_| ()).await.expect("room");
    store.journal(long(), |_| next(0)).await.expect("room");
    until("folded", || left_in_the_log(dir.path()) == 0).await;
    assert_eq!(*gate.by.lock().expect("no panic"), BTreeSet::from(["fold".to_owned()]));
}

#[tokio::test]
async fn a_log_that_cannot_be_folded_is_told_loses_nothing_and_is_folded_by_itself_when_there_is_room() {
    let (gate, dir) = (Unfoldable::default(), tempfile::tempdir().expect("a folder"));
    let store = Store::open_behind(Box::new(gate.clone()), dir.path(), at(0)).expect("a store");
    let mut trouble = store.trouble();
    store.sync_feeds(vec![(feed("a"), "http://a.example/feed".into())], at(0), |_| ()).await.expect("room");
    gate.full.store(true, Ordering::SeqCst);
    store.journal(long(), |_| next(0)).await.expect("the log has room");
    let told = tokio::time::timeout(Duration::from_secs(60), trouble.wait_for(Option::is_some)).await;
    assert!(told.expect("told").expect("the writer lives").as_ref().is_some_and(|said| said.told().contains("full")));
    // The disk is tried meanwhile: that the log can be written is not enough.
    let is_over = tokio::time::timeout(Duration::from_secs(3), trouble.wait_for(Option::is_none)).await.is_ok();
    assert!(!is_over, "the file cannot be written yet");
    assert_eq!(store.pending_count().await.expect("readable"), 4000);
    assert!(left_in_the_log(dir.path()) > 0);

    gate.full.store(false, Ordering::SeqCst);
    let over = tokio::time::timeout(Duration::from_secs(60), trouble.wait_for(Option::is_none)).await;
    over.expect("by itself").expect("the writer lives");
    until("folded", || left_in_the_log(dir.path()) == 0).await;
    assert_eq!(store.pending_count().await.expect("readable"), 4000);
}
