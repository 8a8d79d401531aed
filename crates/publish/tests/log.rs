//! The embedded log from outside: crashes, rotation, restarts, and a disk that fails.

mod start;

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use start::{opening, start};
use wiredesk_model::id::{ArticleId, DeskId, Digest, EntryKey, FeedId};
use wiredesk_model::outcome::Receipt;
use wiredesk_model::topic::{Channel, Found, Message, Positions};
use wiredesk_model::units::Size;
use wiredesk_publish::error::{CommitError, OpenError};
use wiredesk_publish::follow::{Following, From, Item, follow};
use wiredesk_publish::log::LogWriter;
use wiredesk_publish::log::disk::{Disk, DiskFile, SystemDisk};
use wiredesk_publish::settings::Settings;
use wiredesk_publish::writer::{Opened, Opening, TakeTail, Writer};

struct Desk {
    dir: tempfile::TempDir,
    settings: Settings,
    id: DeskId,
    positions: Positions,
    found: Vec<Found>,
    disk: Arc<dyn Disk>,
    rebuild: bool,
}

impl Desk {
    fn new() -> Self {
        Self {
            dir: tempfile::tempdir().expect("a folder"),
            settings: Settings::default(),
            id: DeskId { name: "a".into(), started: 1 },
            positions: Positions::default(),
            found: Vec::new(),
            disk: Arc::new(SystemDisk),
            rebuild: false,
        }
    }

    fn open(&mut self) -> Result<Opened, OpenError> {
        let secrets = BTreeMap::new();
        let usual = opening(&self.settings, self.dir.path(), &self.id, &self.positions, &secrets);
        let opening = Opening { rebuild: self.rebuild, ..usual };
        let open = |tail: &mut TakeTail<'_>| LogWriter::open_on(Arc::clone(&self.disk), &opening, tail);
        let (opened, found, positions) = start(&self.positions, open)?;
        (self.found, self.positions) = (found, positions);
        Ok(opened)
    }

    fn writer(&mut self) -> Writer {
        self.open().expect("START").writer
    }

    fn hashes(&self) -> Vec<Digest> {
        self.found.iter().map(|f| f.hash).collect()
    }

    fn batch(&self, texts: &[&str]) -> Vec<Message> {
        texts.iter().map(|text| message(Channel::Articles, text)).collect()
    }

    fn folder(&self) -> PathBuf {
        self.dir.path().join("log/articles")
    }

    fn segments(&self) -> Vec<String> {
        let mut names = SystemDisk.names(&self.folder()).expect("a folder");
        names.sort();
        names
    }

    fn seen(&self) -> Vec<Item> {
        let mut seen = Vec::new();
        let following = Following {
            settings: &self.settings,
            data_dir: self.dir.path(),
            secrets: &BTreeMap::new(),
            channel: Channel::Articles,
            from: From::Beginning,
            onwards: false,
            until: None,
            stop: &|| false,
        };
        follow(&following, &mut |item| {
            seen.push(item);
            ControlFlow::Continue(())
        })
        .expect("readable");
        seen
    }
}

fn hash(text: &str) -> Digest {
    let mut bytes = [0; 32];
    bytes[..16].copy_from_slice(ArticleId::of(text).as_bytes());
    Digest::from_bytes(bytes)
}

fn message(channel: Channel, text: &str) -> Message {
    let header = |key: &str, value: String| (key.to_owned(), value);
    Message {
        channel,
        key: hash(text).hex(),
        headers: vec![
            header("wd-entry", EntryKey::of(&FeedId::new("feed"), text).to_string()),
            header("wd-id", ArticleId::of(text).to_string()),
            header("wd-revision", "2".into()),
            header("wd-desk", "a@1".into()),
            header("ce_subject", format!("“{text}”")),
        ],
        timestamp: 5,
        value: format!("{{\"text\": \"{text}\",\n \"n\":1.50}}").into_bytes(),
    }
}

fn append(path: &Path, bytes: &[u8]) {
    let mut all = std::fs::read(path).expect("a segment");
    all.extend_from_slice(bytes);
    std::fs::write(path, all).expect("room");
}

#[test]
fn a_record_is_read_as_it_was_written() {
    let mut desk = Desk::new();
    let mut writer = desk.writer();
    let mut batch = desk.batch(&["one", "two"]);
    batch.insert(1, message(Channel::DeadLetters, "dead"));
    let receipts = writer.commit(&batch).expect("committed");
    let at = |offset| Receipt { partition: 0, offset };
    assert_eq!(receipts, [at(0), at(0), at(1)]);

    let seen = desk.seen();
    assert_eq!(seen.len(), 2);
    assert_eq!(seen[0].key, batch[0].key);
    assert_eq!(seen[0].headers, batch[0].headers);
    assert_eq!(seen[0].timestamp, 5);
    assert_eq!(seen[0].value, b"{\"text\": \"one\",  \"n\":1.50}", "the value as it was, on one line");
}

#[test]
fn the_tail_is_what_the_index_has_not_seen() {
    let mut desk = Desk::new();
    let mut writer = desk.writer();
    let before = desk.positions.clone();
    writer.commit(&desk.batch(&["one", "two"])).expect("committed");
    drop(writer);
    desk.positions = before;
    drop(desk.writer());
    assert_eq!(desk.hashes(), [hash("one"), hash("two")]);
    let joint = desk.found[1].joint.clone().expect("our headers");
    assert_eq!((joint.revision, joint.desk, joint.id), (2, desk.id.clone(), ArticleId::of("two")));
    drop(desk.writer());
    assert_eq!(desk.hashes(), []);
    assert_eq!(desk.positions.next, BTreeMap::from([(0, 2)]));
}

#[test]
fn a_torn_line_is_cut_and_its_offset_given_again() {
    let mut desk = Desk::new();
    let mut writer = desk.writer();
    writer.commit(&desk.batch(&["one"])).expect("committed");
    drop(writer);
    let segment = desk.folder().join(format!("{:020}.jsonl", 0));
    for torn in [&b"{\"offset\":1,\"times"[..], b"\0\0\0\0\0\0", b"\0\0\0\n{\"offset\":2}\n"] {
        append(&segment, torn);
        let opened = desk.open().expect("START");
        assert_eq!(opened.warnings.len(), 1, "{:?}", opened.warnings);
    }
    let receipts = desk.writer().commit(&desk.batch(&["two"])).expect("committed");
    assert_eq!(receipts[0].offset, 1);
    assert_eq!(desk.seen().len(), 2);
}

#[test]
fn a_full_segment_is_closed_and_read_through() {
    let mut desk = Desk::new();
    desk.settings.log.rotate = Size(900);
    let mut writer = desk.writer();
    for n in 0..9 {
        writer.commit(&desk.batch(&[&format!("n{n}")])).expect("committed");
    }
    drop(writer);
    let segments = desk.segments();
    assert!(segments.len() > 2 && segments[0] == format!("{:020}.jsonl", 0), "{segments:?}");
    assert_eq!(desk.seen().iter().map(|i| i.receipt.offset).collect::<Vec<_>>(), (0..9).collect::<Vec<_>>());
    desk.positions.next.insert(0, 4);
    drop(desk.writer());
    assert_eq!(desk.found.iter().map(|f| f.receipt.offset).collect::<Vec<_>>(), [4, 5, 6, 7, 8]);

    // An operator may delete old segments; a damaged one among the rest is not passed over.
    std::fs::remove_file(desk.folder().join(&segments[0])).expect("there");
    desk.positions.next.insert(0, 0);
    let opened = desk.open().expect("START");
    assert_eq!(opened.warnings.len(), 1, "{:?}", opened.warnings);
    append(&desk.folder().join(&segments[1]), b"what is this\n");
    desk.positions.next.insert(0, 0);
    let damaged = desk.open().expect_err("damaged");
    assert!(matches!(damaged, OpenError::Corrupt { .. }), "{damaged:?}");
}

#[test]
fn lost_data_and_another_log_are_refused() {
    let mut desk = Desk::new();
    desk.writer().commit(&desk.batch(&["one"])).expect("committed");
    let good = desk.positions.clone();
    desk.positions.next.insert(0, 7);
    let lost = desk.open().expect_err("beyond the end");
    assert!(matches!(lost, OpenError::Lost { next: 7, end: 1, .. }), "{lost:?}");

    desk.positions = good;
    std::fs::remove_dir_all(desk.dir.path().join("log")).expect("there");
    desk.id.started = 2;
    let other = desk.open().expect_err("a fresh log");
    assert!(matches!(other, OpenError::OtherTopic { .. }), "{other:?}");
    desk.rebuild = true;
    desk.open().expect("rebuilt");
}

#[test]
fn what_is_no_json_is_refused_and_leaves_nothing() {
    let mut desk = Desk::new();
    let mut writer = desk.writer();
    let mut batch = desk.batch(&["one", "two"]);
    batch[1].value = b"no json".to_vec();
    let refused = writer.commit(&batch).expect_err("refused").why;
    assert!(matches!(refused, CommitError::Refused { size: false, .. }), "{refused:?}");
    assert_eq!(desk.seen(), []);
    assert_eq!(writer.commit(&batch[..1]).expect("the other")[0].offset, 0);
}

/// A disk whose files fail: the nth write comes to half, the nth sync to nothing.
#[derive(Clone, Debug, Default)]
struct Failing {
    writes: Arc<AtomicU32>,
    syncs: Arc<AtomicU32>,
}

#[derive(Debug)]
struct FailingFile(Box<dyn DiskFile>, Failing);

/// Counts down; true at the one.
fn now(counter: &AtomicU32) -> bool {
    counter.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_sub(1)) == Ok(1)
}

impl Disk for Failing {
    fn make_folder(&self, path: &Path) -> io::Result<()> {
        SystemDisk.make_folder(path)
    }
    fn names(&self, folder: &Path) -> io::Result<Vec<String>> {
        SystemDisk.names(folder)
    }
    fn read(&self, path: &Path, from: u64) -> io::Result<Box<dyn Read + Send>> {
        SystemDisk.read(path, from)
    }
    fn write(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        Ok(Box::new(FailingFile(SystemDisk.write(path)?, self.clone())))
    }
    fn sync_folder(&self, path: &Path) -> io::Result<()> {
        SystemDisk.sync_folder(path)
    }
}

impl DiskFile for FailingFile {
    fn length(&self) -> io::Result<u64> {
        self.0.length()
    }
    fn write_at(&mut self, at: u64, bytes: &[u8]) -> io::Result<()> {
        if now(&self.1.writes) {
            self.0.write_at(at, &bytes[..bytes.len() / 2])?;
            return Err(io::Error::from(io::ErrorKind::StorageFull));
        }
        self.0.write_at(at, bytes)
    }
    fn cut(&mut self, length: u64) -> io::Result<()> {
        self.0.cut(length)
    }
    fn sync(&mut self) -> io::Result<()> {
        if now(&self.1.syncs) { Err(io::Error::other("the disk said no")) } else { self.0.sync() }
    }
}

#[test]
fn a_full_disk_takes_the_batch_back_and_waits() {
    let mut desk = Desk::new();
    let failing = Failing::default();
    desk.disk = Arc::new(failing.clone());
    let mut writer = desk.writer();
    writer.commit(&desk.batch(&["one"])).expect("committed");
    failing.writes.store(1, Ordering::SeqCst);
    let refused = writer.commit(&desk.batch(&["two", "three"])).expect_err("full").why;
    assert!(matches!(refused, CommitError::Wait { .. }), "{refused:?}");
    assert_eq!(desk.seen().len(), 1);
    let receipts = writer.commit(&desk.batch(&["two", "three"])).expect("room again");
    assert_eq!(receipts.iter().map(|r| r.offset).collect::<Vec<_>>(), [1, 2]);
}

#[test]
fn after_a_failed_sync_only_start_knows() {
    let mut desk = Desk::new();
    let failing = Failing::default();
    desk.disk = Arc::new(failing.clone());
    let mut writer = desk.writer();
    failing.syncs.store(1, Ordering::SeqCst);
    let refused = writer.commit(&desk.batch(&["one"])).expect_err("no sync").why;
    assert!(matches!(refused, CommitError::Uncertain { .. }), "{refused:?}");
    drop(writer);
    let mut writer = desk.writer();
    let known = desk.hashes();
    let receipts = writer.commit(&desk.batch(&["two"])).expect("committed");
    assert_eq!(receipts[0].offset, i64::try_from(known.len()).expect("few"));
}

#[test]
fn following_sees_what_comes_across_segments() {
    let mut desk = Desk::new();
    desk.settings.log.rotate = Size(900);
    let mut writer = desk.writer();
    writer.commit(&desk.batch(&["first"])).expect("committed");
    let (tell, told) = std::sync::mpsc::channel();
    let (settings, dir) = (desk.settings.clone(), desk.dir.path().to_owned());
    let follower = std::thread::spawn(move || {
        let following = Following {
            settings: &settings,
            data_dir: &dir,
            secrets: &BTreeMap::new(),
            channel: Channel::Articles,
            from: From::Beginning,
            onwards: true,
            until: None,
            stop: &|| false,
        };
        follow(&following, &mut |item| {
            let last = item.receipt.offset == 8;
            tell.send(item.receipt.offset).expect("somebody listens");
            if last { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })
    });
    assert_eq!(told.recv(), Ok(0));
    for n in 1..9 {
        writer.commit(&desk.batch(&[&format!("n{n}")])).expect("committed");
        assert_eq!(told.recv(), Ok(n));
    }
    follower.join().expect("no panic").expect("no error");
}
