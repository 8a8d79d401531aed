//! Feeds carried in and out.

use std::collections::HashMap;
use std::path::Path;

use tempfile::TempDir;

use super::{add, export, import};
use crate::config::{self, Written};

fn desk(main: &str) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("wiredesk.toml"), main).expect("written");
    folder
}

fn written(folder: &TempDir) -> Written {
    config::read(&folder.path().join("wiredesk.toml")).expect("no fault")
}

fn opml(folder: &TempDir, outlines: &str) -> std::path::PathBuf {
    let path = folder.path().join("My Feeds.opml");
    let text = format!("<opml version=\"2.0\"><head/><body>{outlines}</body></opml>");
    std::fs::write(&path, text).expect("written");
    path
}

#[test]
fn an_import_takes_what_is_new_and_names_what_it_skips() {
    let folder = desk("[[feeds]]\nid = \"old\"\nurl = \"https://old.example/feed\"\n");
    let file = opml(
        &folder,
        r#"<outline text="Wires"><outline text="Fresh Copy" xmlUrl="https://fresh.example/feed"/></outline>
           <outline text="Old" xmlUrl="http://www.old.example/feed/"/>
           <outline text="Again" xmlUrl="https://fresh.example/feed#x"/>
           <outline text="Gopher&#x1b;[31m" xmlUrl="gopher://g.example/"/>
           <outline text="Broken" xmlUrl="not an address"/>
           <outline text="Fresh copy" xmlUrl="https://other.example/feed"/>"#,
    );
    let imported = import::import(&written(&folder), &file).expect("an import");
    assert_eq!(imported.added, ["fresh-copy", "fresh-copy-2"]);
    let reasons: Vec<&str> = imported.skipped.iter().map(|skipped| skipped.reason.as_str()).collect();
    assert_eq!(
        reasons,
        [
            "configured already as \"old\"",
            "in the file already, as \"fresh-copy\"",
            "only http and https are read, not gopher",
            "not an address: relative URL without a base",
        ]
    );
    assert!(imported.skipped.iter().all(|skipped| !skipped.title.contains('\u{1b}')));
    assert_eq!(imported.file.strip_prefix(folder.path()), Ok(Path::new("feeds.d/imported-my-feeds.toml")));
    let now = written(&folder);
    assert_eq!(now.config.feeds.len(), 3);
    assert_eq!(now.config.feeds[1].tags, ["Wires"]);
    // The same file again: nothing new.
    assert_eq!(import::import(&now, &file).expect("an import").added, [""; 0]);
}

#[test]
fn ten_thousand_feeds_are_imported_in_a_breath() {
    let folder = desk("");
    let outlines: String =
        (0..10_000).map(|n| format!("<outline text=\"News\" xmlUrl=\"https://f{n}.example/feed\"/>")).collect();
    let file = opml(&folder, &outlines);
    let began = std::time::Instant::now();
    assert_eq!(import::import(&written(&folder), &file).expect("an import").added.len(), 10_000);
    assert_eq!(written(&folder).config.feeds.len(), 10_000);
    assert!(began.elapsed().as_secs() < 5, "{:?}", began.elapsed());
}

#[test]
fn an_oversized_file_is_refused_unread() {
    let folder = desk("");
    let path = folder.path().join("big.opml");
    std::fs::File::create(&path).and_then(|file| file.set_len(super::outlines::LARGEST + 1)).expect("a large file");
    let error = import::import(&written(&folder), &path).expect_err("too large");
    assert!(error.to_string().contains("more than"), "{error}");
}

#[test]
fn an_added_feed_keeps_what_a_person_wrote() {
    let folder = desk("");
    let first = add::add(&written(&folder), "https://www.one.example/feed", None, None).expect("added");
    assert_eq!(first.id.as_str(), "one-example");
    let file = folder.path().join("feeds.d/added.toml");
    let before = std::fs::read_to_string(&file).expect("the file") + "# mine";
    std::fs::write(&file, &before).expect("written");
    let interval = "20m".parse().expect("a span");
    add::add(&written(&folder), "https://two.example/feed", Some("two"), Some(interval)).expect("added");
    let after = std::fs::read_to_string(&file).expect("the file");
    assert!(after.starts_with(&before), "{after}");
    let now = written(&folder);
    assert_eq!(now.config.feeds[1].interval, Some(interval));
    for (url, id, wrong) in [
        ("http://two.example/feed/", None, "configured already, as \"two\""),
        ("https://three.example/", Some("two"), "another feed has the id"),
        ("https://three.example/", Some("Drei"), "cannot be a feed's id"),
        ("file:///etc/passwd", None, "only http and https"),
    ] {
        let error = add::add(&now, url, id, None).expect_err(wrong).to_string();
        assert!(error.contains(wrong), "{error}");
    }
    let short = "1s".parse().expect("a span");
    assert!(add::add(&now, "https://three.example/", None, Some(short)).is_err());
}

#[test]
fn what_is_exported_can_be_imported() {
    let folder = desk(
        "[[feeds]]\nid = \"a\"\nurl = \"https://user:pass@a.example/f?x=1&y=%3C\"\ntags = [\"uk\", \"a & b\"]\n\
         [[feeds]]\nid = \"b\"\nurl = \"https://b.example/\"\n",
    );
    let titles = HashMap::from([("a".to_owned(), "A <\"Paper\"> & Co\u{7}".to_owned())]);
    let text = export::export(&written(&folder).config.feeds, &titles).expect("an export");
    assert!(!text.contains("pass"), "{text}");
    let outlines = super::outlines::read(&text).expect("what was written");
    assert_eq!(outlines[0].title, "A <\"Paper\"> & Co");
    assert_eq!(outlines[0].url, "https://a.example/f?x=1&y=%3C");
    assert_eq!(outlines[0].tags, ["uk", "a & b"]);
    assert_eq!(outlines[1].title, "b");
    assert!(opml::OPML::from_str(&text).is_ok());
}
