//! The index held against a topic that is read anew: with many bodies that takes long, and the desk writes, stops and crashes meanwhile.

mod desk;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use desk::at;
use rusqlite::Connection;
use wiredesk_model::id::Digest;
use wiredesk_model::outcome::Receipt;
use wiredesk_model::topic::{Found, TopicIdentity};
use wiredesk_store::Store;
use wiredesk_store::gate::{Failure, Gate, Step};
use wiredesk_store::topic::Blocking;

/// Records of the topic: so many that the end of a rebuild takes several slices.
const MANY: i64 = 12_000;

/// Whose nth commit fails, and every one after it: so it is when the process is killed there.
#[derive(Clone)]
struct Killed(Arc<AtomicUsize>);

impl Gate for Killed {
    fn pass(&mut self, step: Step) -> Result<(), Failure> {
        let is_dead = |left: usize| if left > 1 { Some(left - 1) } else { None };
        if step == Step::Commit && self.0.fetch_update(Ordering::SeqCst, Ordering::SeqCst, is_dead).is_err() {
            return Err(Failure::Broken);
        }
        Ok(())
    }
}

fn body(number: i64, version: u8) -> Digest {
    let mut bytes = [version; 32];
    bytes[..8].copy_from_slice(&number.wrapping_mul(0x9E37_79B9_7F4A_7C15_u64 as i64).to_be_bytes());
    Digest::from_bytes(bytes)
}

/// What stands at an offset: in the old topic a body of its own; in the new one another, or the body of the offset before.
fn record(offset: i64, new: bool) -> Found {
    let hash = match (new, offset % 3) {
        (false, _) => body(offset, 1),
        (true, 0) => body(offset + 1, 1),
        (true, _) => body(offset, 2),
    };
    Found { receipt: Receipt { partition: 0, offset }, hash, joint: None }
}

fn read(index: &Blocking, new: bool) {
    let identity = TopicIdentity { kind: "log".into(), cluster: "x".into(), topic: "articles".into(), partitions: 1 };
    index.set_identity(&identity, &BTreeMap::new()).expect("set");
    let all: Vec<_> = (0..MANY).map(|offset| record(offset, new)).collect();
    index.index(&all, &[(0, MANY)]).expect("indexed");
}

fn open(dir: &Path, left: usize) -> (Store, Arc<AtomicUsize>) {
    let left = Arc::new(AtomicUsize::new(left));
    (Store::open_behind(Box::new(Killed(left.clone())), dir, at(0)).expect("a store"), left)
}

/// Where each body is, as the file has it.
fn places(dir: &Path) -> Vec<(Vec<u8>, i64)> {
    let conn = Connection::open(dir.join("desk.sqlite")).expect("the file");
    let mut all = conn.prepare("SELECT hash, place FROM published ORDER BY hash").expect("sql");
    let rows = all.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).expect("rows");
    rows.map(|row| row.expect("a row")).collect()
}

/// A store whose index belongs to the old topic, and that has read the new one.
fn reread(dir: &Path) -> (Store, Arc<AtomicUsize>) {
    let (store, left) = open(dir, usize::MAX);
    let index = store.blocking();
    read(&index, false);
    index.begin_rebuild().expect("begun");
    read(&index, true);
    (store, left)
}

#[tokio::test]
async fn the_end_of_a_rebuild_comes_in_slices_between_which_others_write() {
    let dir = tempfile::tempdir().expect("a folder");
    let (store, _) = reread(dir.path());
    let before = store.commits();
    let gone = store.blocking().end_rebuild().expect("ended");
    assert_eq!(gone as i64, MANY, "each place holds another body now");
    assert!(store.commits() - before > 4, "{} commits", store.commits() - before);
    let wanted: BTreeMap<_, _> = (0..MANY).rev().map(|at| (record(at, true).hash.as_bytes().to_vec(), at)).collect();
    assert!(places(dir.path()) == wanted.into_iter().collect::<Vec<_>>(), "the first place of each body is its place");
    while store.prune(at(0), Duration::from_secs(1), 500).await.expect("pruned") > 0 {}
    let conn = Connection::open(dir.path().join("desk.sqlite")).expect("the file");
    let left: i64 = conn.query_row("SELECT count(*) FROM reread", [], |row| row.get(0)).expect("sql");
    assert_eq!(left, 0, "what was read is forgotten");
}

#[test]
fn a_crash_anywhere_in_the_end_of_a_rebuild_has_the_next_start_read_the_topic_anew() {
    let dir = tempfile::tempdir().expect("a folder");
    let (store, _) = reread(dir.path());
    let begun = store.commits();
    store.blocking().end_rebuild().expect("ended");
    let commits = (store.commits() - begun) as usize;
    drop(store);
    let wanted = places(dir.path());

    // How many commits it takes is for the machine to say: a few of them, and the last ones.
    for kill in (1..commits).step_by(commits.div_ceil(6)).chain([commits - 1, commits]) {
        let dir = tempfile::tempdir().expect("a folder");
        let (store, left) = reread(dir.path());
        left.store(kill, Ordering::SeqCst);
        if store.blocking().end_rebuild().is_ok() {
            continue;
        }
        drop(store);
        let (store, _) = open(dir.path(), usize::MAX);
        let index = store.blocking();
        assert!(index.rebuilding().expect("readable"), "killed at commit {kill}");
        index.begin_rebuild().expect("begun");
        read(&index, true);
        index.end_rebuild().expect("ended");
        assert!(!index.rebuilding().expect("readable"));
        drop((index, store));
        assert!(places(dir.path()) == wanted, "killed at commit {kill}");
    }
}
