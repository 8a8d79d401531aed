//! The store of another version: an older one is brought up to date (see the store's own tests), a newer one is refused.

use std::io::{Seek, SeekFrom, Write};

use wiredesk_testkit::template::article;
use wiredesk_testkit::{Web, rss, site};
use wiredesk_tests::Desk;

/// SQLite's `user_version` stands at this place of the file, big-endian (the file format, 1.3).
const USER_VERSION: u64 = 60;

#[test]
fn a_store_of_a_newer_version_is_refused_with_a_word_and_is_not_touched() {
    let web = Web::start([site("s").feed(rss("feed.xml").entries(["a"])).page("a", article(1))]).expect("a web");
    let desk = Desk::new("[publish]\nkind = \"log\"\n", [("s", web.url("s", "feed.xml"))]).expect("a desk");
    assert_eq!(desk.once().expect("it runs").status.code(), Some(0));
    let file = desk.data().join("desk.sqlite");
    let mut store = std::fs::OpenOptions::new().write(true).open(&file).expect("the store");
    store.seek(SeekFrom::Start(USER_VERSION)).expect("that far");
    store.write_all(&4711u32.to_be_bytes()).expect("room");
    drop(store);
    let before = std::fs::read(&file).expect("bytes");

    for (arguments, code) in [(&["run", "--once"][..], 78), (&["dlq", "retry", "--all"], 78), (&["status"], 74)] {
        let output = desk.command(arguments).expect("it runs");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(said.contains("4711") && said.contains("use the newer program"), "{arguments:?}: {said}");
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
    }
    assert_eq!(std::fs::read(&file).expect("bytes"), before);
}
