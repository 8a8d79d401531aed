//! A disk without room, a real one: the desk says so, stands still, loses nothing, and goes on by itself.

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::Write;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde_json::Value;
use wiredesk_testkit::template::plain;
use wiredesk_testkit::{Web, item, rss, site};
use wiredesk_tests::{Desk, Running};

const PATIENCE: Duration = Duration::from_secs(120);
/// So many stories are listed at first.
const STORIES: u64 = 60;
/// So many come each time when the disk is full: more than any room that is left holds.
const MORE: u64 = 120;

/// A file system of its own in memory, for as long as it is held.
struct Small(PathBuf);

impl Small {
    /// `None` with a printed reason where none can be mounted: that takes root.
    fn mount(at: &Path, megabytes: u32) -> Option<Self> {
        std::fs::create_dir_all(at).expect("a folder");
        let size = format!("size={megabytes}m,mode=700");
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(at).output();
        match mounted {
            Ok(done) if done.status.success() => Some(Self(at.to_owned())),
            Ok(done) => {
                println!("skipped: no file system can be mounted: {}", String::from_utf8_lossy(&done.stderr).trim());
                None
            }
            Err(error) => {
                println!("skipped: no file system can be mounted: {error}");
                None
            }
        }
    }

    fn ballast(&self) -> PathBuf {
        self.0.join("ballast")
    }

    /// Fills it but for so many bytes.
    fn fill_but(&self, left: u64) {
        let mut file = OpenOptions::new().create(true).append(true).open(self.ballast()).expect("a file");
        while file.write_all(&[0; 4096]).is_ok() {}
        while file.write_all(&[0]).is_ok() {}
        let length = file.metadata().expect("its length").len();
        file.set_len(length.saturating_sub(left)).expect("shorter");
    }

    fn make_room(&self) {
        std::fs::remove_file(self.ballast()).expect("it is there");
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        // A daemon that died a moment ago may hold a file of it: then it goes when that does.
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

/// Pages that are others at each fetch, outside their bodies.
fn web() -> Web {
    let web = Web::start([site("s").feed(rss("feed.xml")).latency(Duration::from_millis(20))]).expect("a web");
    list(&web, 0..STORIES);
    web
}

fn list(web: &Web, numbers: Range<u64>) {
    web.change("s", |site| {
        numbers.fold(site, |site, number| {
            let (told, path) = (wiredesk_testkit::prose::story(7, number), format!("story/{number}"));
            let page = move |fetch: u64| {
                plain(&told.title, &told.paragraphs).replace("</footer>", &format!("<p>visitor {fetch}</p></footer>"))
            };
            site.edit_feed("feed.xml", |feed| feed.on_top(item(&path))).page_fn(&path, page)
        })
    });
}

fn desk(web: &Web) -> Desk {
    let desk = Desk::new("[publish]\nkind = \"log\"\n", [("s", web.url("s", "feed.xml"))]).expect("a desk");
    desk.configure("min_interval", "backfill = 1000\nmin_interval").expect("it stands there");
    desk
}

/// Records in the log, as far as its lines are whole.
fn lines(desk: &Desk) -> u64 {
    let folder = std::fs::read_dir(desk.data().join("log/articles")).expect("the log");
    let segments = folder.map(|file| std::fs::read(file.expect("a file").path()).expect("bytes"));
    segments.map(|bytes| bytes.iter().filter(|byte| **byte == b'\n').count() as u64).sum()
}

fn ready(desk: &Running) -> (u16, String) {
    desk.ask("/readyz").unwrap_or_default()
}

fn published(desk: &Desk) -> Vec<Value> {
    let tail = desk.command(&["tail", "--from-start", "--no-follow", "--output", "json"]).expect("tail");
    String::from_utf8_lossy(&tail.stdout).lines().map(|line| serde_json::from_str(line).expect("a record")).collect()
}

#[test]
fn a_full_disk_is_said_loses_nothing_and_the_desk_goes_on_by_itself_when_there_is_room() {
    let web = web();
    let desk = desk(&web);
    let Some(small) = Small::mount(&desk.data(), 12) else { return };
    let mut running = desk.start().expect("a daemon");
    running.wait_until_ready().expect("ready");
    // Full to the last byte, to a page or two, and to a batch's worth: the store fails first, or the log, or both.
    let mut listed = STORIES;
    for left in [0, 9_000, 300_000] {
        let goal = lines(&desk) + 8;
        running.wait_for("work", PATIENCE, |_| lines(&desk) >= goal.min(listed)).expect("work goes on");
        small.fill_but(left);
        list(&web, listed..listed + MORE);
        listed += MORE;
        running
            .wait_for("the word that there is no room", PATIENCE, |desk| {
                let (status, said) = ready(desk);
                status == 503 && (said.contains("full") || said.contains("No space left"))
            })
            .expect("readyz says so");
        // The daemon is asked for a while: it stands, and from the store's own word on sends no requests that it could not remember. Where
        // the log alone has no room the store can remember them.
        let mut asked = None;
        for _ in 0..40 {
            assert_eq!(running.ask("/healthz").expect("it lives").0, 200);
            if asked.is_none() && ready(&running).1.contains("the data dir cannot be written: the disk of the store") {
                asked = Some(web.total());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        let requests = asked.map_or(0, |asked| web.total() - asked);
        assert!(requests < 60, "{requests} requests with no room");
        small.make_room();
        running.wait_for("ready again", PATIENCE, |desk| ready(desk).0 == 200).expect("by itself");
    }
    running.wait_for("everything to be published", PATIENCE, |_| lines(&desk) >= listed).expect("it goes on by itself");
    assert_eq!(running.stop().expect("an end").code(), Some(0));

    let records = published(&desk);
    let mut seen: BTreeMap<&str, u32> = BTreeMap::new();
    for record in &records {
        *seen.entry(record["url"].as_str().expect("a url")).or_default() += 1;
    }
    assert_eq!((records.len() as u64, seen.len() as u64), (listed, listed), "{seen:?}");
    let log = desk.log();
    assert!(log.contains("the data dir can be written again"), "{log}");
    assert!(!log.contains("panicked") && !log.contains("exhausted"), "{log}");
    let said = log.lines().filter(|line| line.contains("nothing new is begun")).count();
    assert!(said <= 6, "{said} lines: one a minute is enough\n{log}");
}

#[test]
fn a_desk_that_starts_on_a_full_disk_waits_for_room() {
    let web = web();
    let desk = desk(&web);
    let Some(small) = Small::mount(&desk.data(), 12) else { return };
    let mut running = desk.start().expect("a daemon");
    running.wait_until_ready().expect("ready");
    assert_eq!(running.stop().expect("an end").code(), Some(0));
    // Its files are in order and take no more than they need: even to open them is too much now.
    small.fill_but(0);
    let mut running = desk.start().expect("a daemon");
    running
        .wait_for("the word that there is no room", PATIENCE, |_| desk.log().contains("until there is room"))
        .expect("the log says so");
    small.make_room();
    running
        .wait_for("everything to be published", PATIENCE, |_| lines(&desk) >= STORIES)
        .expect("it goes on by itself");
    assert_eq!(running.stop().expect("an end").code(), Some(0));
    assert_eq!(published(&desk).len() as u64, STORIES);
}
