//! Taking a data dir, and what is refused.

mod desk;

use desk::{Desk, at, hash, item, key};
use rusqlite::Connection;
use std::time::Duration;
use wiredesk_model::fault::{AsFault, Fault};
use wiredesk_store::Store;
use wiredesk_store::error::StoreError;
use wiredesk_store::read::Reader;

const WINDOW: Duration = Duration::from_secs(90 * 86_400);

#[tokio::test]
async fn a_second_daemon_is_told_the_pid_of_the_first() {
    let desk = Desk::new().await;
    let dir = desk.dir.path().join("data");
    let error = Store::open(&dir, at(0)).expect_err("it is taken");
    assert!(matches!(error, StoreError::Locked { pid: Some(pid), .. } if pid == std::process::id()));
    assert!(error.to_string().contains(&format!("(process {})", std::process::id())), "{error}");
    assert_eq!(error.fault(), Fault::Fatal);
    drop(desk.store);
    Store::open(&dir, at(0)).expect("it is free again");
}

/// `status` asks for the lock to see whether a desk runs; one that started in that moment ended with 75, which nobody restarts.
#[tokio::test]
async fn who_only_looks_at_the_lock_keeps_no_desk_from_starting() {
    let desk = Desk::new().await;
    let data = desk.dir.path().join("data");
    drop(desk.store);
    let looks = std::fs::File::open(data.join("lock")).expect("the lock");
    looks.try_lock_shared().expect("nobody else holds it");
    let looking = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(60));
        drop(looks);
    });
    Store::open(&data, at(0)).expect("a desk may start");
    looking.join().expect("no panic");
}

#[tokio::test]
async fn a_newer_store_is_refused() {
    let Desk { dir, store } = Desk::new().await;
    drop(store);
    let data = dir.path().join("data");
    let conn = Connection::open(data.join("desk.sqlite")).expect("the file");
    conn.pragma_update(None, "user_version", 1000).expect("a newer version");
    assert!(matches!(Store::open(&data, at(0)), Err(StoreError::Newer { found: 1000, .. })));
    assert!(matches!(Reader::open(&data), Err(StoreError::Newer { found: 1000, .. })));
}

#[test]
fn what_cannot_be_written_or_read_is_named() {
    let dir = tempfile::tempdir().expect("a folder");
    let file = dir.path().join("file");
    std::fs::write(&file, "").expect("a file");
    let error = Store::open(&file.join("data"), at(0)).expect_err("a file is no folder");
    assert!(matches!(&error, StoreError::NotWritable { path, .. } if path.starts_with(&file)), "{error:?}");
    assert!(matches!(Reader::open(dir.path()), Err(StoreError::Missing { .. })));
}

#[cfg(unix)]
#[tokio::test]
async fn the_data_dir_is_its_owners_alone_and_a_looser_one_is_said() {
    use std::os::unix::fs::PermissionsExt;
    let desk = Desk::new().await;
    let data = desk.dir.path().join("data");
    assert_eq!(std::fs::metadata(&data).expect("it is there").permissions().mode() & 0o777, 0o700);
    assert_eq!(desk.store.dir_remark(), None);
    std::fs::set_permissions(&data, std::fs::Permissions::from_mode(0o755)).expect("loosened");
    assert!(desk.again(0).store.dir_remark().expect("a remark").contains("755"));
}

#[tokio::test]
async fn the_desk_keeps_its_name() {
    let desk = Desk::new().await;
    let name = desk.store.desk().to_owned();
    assert!(name.len() == 16 && name.bytes().all(|b| b.is_ascii_hexdigit()));
    assert_eq!(desk.again(1).store.desk(), name);
}

#[tokio::test]
async fn a_reader_looks_beside_a_running_daemon() {
    let desk = Desk::new().await;
    let reader = Reader::open(&desk.dir.path().join("data")).expect("no lock is taken");
    desk.poll("a", 0, vec![item("a", "1", "x")]).await;
    assert_eq!(reader.counts().await.expect("counts").pending, 1);
    assert_eq!(reader.feeds().await.expect("feeds").len(), 2);
    assert!(reader.size() > 0);
}

#[tokio::test]
async fn a_clock_that_jumped_is_said_once_and_nothing_expires_until_it_has_held_for_a_day() {
    let desk = Desk::new().await;
    assert_eq!(desk.store.clock_remark(), None, "no doubt the first time");
    desk.poll("a", 0, vec![item("a", "1", "x")]).await;
    desk.publish(key("a", "1"), "x", hash(1), 0).await;
    desk.poll("a", 1, vec![]).await;

    let year = 365 * 24;
    let desk = desk.again(year);
    assert!(desk.store.clock_remark().expect("a remark").contains("more than a week after"));
    assert_eq!(desk.store.prune(at(year), WINDOW, 100).await.expect("pruned"), 0);

    let desk = desk.again(year + 2);
    assert_eq!(desk.store.clock_remark(), None, "said once");
    assert_eq!(desk.store.prune(at(year + 23), WINDOW, 100).await.expect("pruned"), 0, "doubted still");
    assert!(desk.store.prune(at(year + 24), WINDOW, 100).await.expect("pruned") > 0, "it has held for a day");

    let desk = desk.again(5);
    assert!(desk.store.clock_remark().expect("a remark").contains("before the newest time"));
    assert_eq!(desk.again(6).store.clock_remark(), None);
}

#[tokio::test]
async fn a_clock_that_jumps_ten_years_and_back_while_the_desk_runs_makes_nothing_expire_before_its_time_or_never() {
    let desk = Desk::new().await;
    desk.poll("a", 0, vec![item("a", "1", "x")]).await;
    desk.publish(key("a", "1"), "x", hash(1), 0).await;
    desk.poll("a", 1, vec![]).await;

    let (ten_years, day) = (10 * 365 * 24, 24);
    desk.poll("b", ten_years, vec![]).await;
    assert_eq!(desk.store.prune(at(ten_years + 1), WINDOW, 100).await.expect("pruned"), 0, "ahead");
    desk.poll("b", 2, vec![]).await;
    assert_eq!(desk.store.prune(at(3), WINDOW, 100).await.expect("pruned"), 0, "and back");
    assert!(desk.store.lookup(hash(1)).await.expect("an index").is_some());
    // Again, with a restart on each side of it.
    let desk = desk.again(ten_years);
    assert_eq!(desk.store.prune(at(ten_years + 1), WINDOW, 100).await.expect("pruned"), 0);
    let desk = desk.again(4);
    assert_eq!(desk.store.prune(at(5), WINDOW, 100).await.expect("pruned"), 0);
    desk.poll("b", ten_years, vec![]).await;
    desk.poll("b", 6, vec![]).await;
    for at_day in 1..=100 {
        desk.poll("b", at_day * day, vec![]).await;
        let gone = desk.store.prune(at(at_day * day), WINDOW, 100).await.expect("pruned");
        let due = at_day > 90;
        assert!(due || gone == 0, "day {at_day}: {gone} went");
    }
    assert!(desk.store.lookup(hash(1)).await.expect("an index").is_none(), "it went when its time had come");
}

#[tokio::test]
async fn a_store_of_the_first_version_is_brought_up_to_date_with_all_it_holds() {
    let dir = tempfile::tempdir().expect("a folder");
    let data = dir.path().join("data");
    std::fs::create_dir(&data).expect("a folder");
    let old = Connection::open(data.join("desk.sqlite")).expect("a file");
    old.execute_batch(include_str!("../migrations/0001.sql")).expect("the first version");
    old.execute_batch(
        "INSERT INTO feed (id, url, etag, due, polled) VALUES ('a', 'http://a.example/feed', '\"1\"', 0, 1);
         INSERT INTO feed (id, url, due, held) VALUES ('b', 'http://b.example/feed', 1893553445678, 1);",
    )
    .expect("a feed");
    old.pragma_update(None, "user_version", 1).expect("its version");
    drop(old);
    let store = Store::open(&data, at(0)).expect("a store");
    let feeds = [(desk::feed("a"), "http://a.example/feed".to_owned())];
    let state = store.sync_feeds(feeds.to_vec(), at(0), |state| state).await.expect("feeds").remove(0);
    assert_eq!((state.validators.etag.as_deref(), state.polled, state.whole), (Some("\"1\""), true, 0));
    assert_eq!(state.habits.asked_to_wait_until, None);
    let feeds = [(desk::feed("b"), "http://b.example/feed".to_owned())];
    let state = store.sync_feeds(feeds.to_vec(), at(0), |state| state).await.expect("feeds").remove(0);
    let until = "2030-01-02T03:04:05.678Z".parse().expect("a time");
    assert_eq!(state.habits.asked_to_wait_until, Some(until), "a wait that was asked for goes on");
}
