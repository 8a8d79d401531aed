//! Golden pages: what a clean record of each hand-written page says. `tests/golden/README.md` explains the files.

use std::path::{Path, PathBuf};

use serde_json::Value;
use wiredesk_clean::Cleaned;
use wiredesk_extract::site::SiteRules;
use wiredesk_model::article::Article;
use wiredesk_model::block::{BlockKind, Hints, join};
use wiredesk_pipeline::article;

struct Golden {
    name: String,
    page: Vec<u8>,
    plain: bool,
    expected: Value,
}

fn goldens() -> Vec<Golden> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let mut folders: Vec<PathBuf> = std::fs::read_dir(root)
        .expect("golden pages")
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.is_dir())
        .collect();
    folders.sort();
    let golden = |folder: PathBuf| {
        let plain = folder.join("page.txt").is_file();
        let page = folder.join(if plain { "page.txt" } else { "page.html" });
        let expected = std::fs::read_to_string(folder.join("expected.json")).expect("expected.json");
        Golden {
            name: folder.file_name().expect("a name").to_string_lossy().into_owned(),
            page: std::fs::read(page).expect("a page"),
            plain,
            expected: serde_json::from_str(&expected).expect("JSON"),
        }
    };
    folders.into_iter().map(golden).collect()
}

fn read(golden: &Golden) -> Cleaned {
    let url = ["url", "canonical_url"].iter().find_map(|key| golden.expected[*key].as_str());
    let url = url.unwrap_or("https://news.example/story").to_owned();
    let hints = Hints { requested_url: url.clone(), final_url: url, ..Hints::default() };
    article::read(&golden.page, golden.plain.then_some("text/plain"), &hints, &SiteRules::default())
        .expect("no page here is costly")
}

fn strings(value: &Value) -> Vec<&str> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

/// What differs from what is expected, in words.
fn faults(golden: &Golden, article: &Article) -> Vec<String> {
    let mut faults = Vec::new();
    let mut differs = |what: &str, is: &str, should: &str| {
        if is != should {
            faults.push(format!("{what}\n  is     {is:?}\n  should {should:?}"));
        }
    };
    let want = &golden.expected;
    differs("title", &article.title, want["title"].as_str().unwrap_or_default());
    let (is, should): (Vec<_>, Vec<_>) =
        (article.text.split("\n\n").collect(), want["text"].as_str().unwrap_or_default().split("\n\n").collect());
    for at in 0..is.len().max(should.len()) {
        differs(&format!("paragraph {at}"), is.get(at).unwrap_or(&""), should.get(at).unwrap_or(&""));
    }
    let fields = [
        ("subtitle", &article.subtitle),
        ("language", &article.language),
        ("date_published", &article.date_published),
        ("date_modified", &article.date_modified),
        ("canonical_url", &article.canonical_url),
    ];
    for (name, is) in fields {
        if let Some(should) = want[name].as_str() {
            differs(name, is.as_deref().unwrap_or_default(), should);
        }
    }
    let whole = serde_json::to_value(article).expect("JSON");
    for name in ["completeness", "is_accessible_for_free"] {
        if !want[name].is_null() {
            differs(name, &whole[name].to_string(), &want[name].to_string());
        }
    }
    for flag in strings(&want["flags"]) {
        differs("flags", if article.extraction.flags.iter().any(|f| f == flag) { flag } else { "" }, flag);
    }
    if want["authors"].is_array() {
        let is: Vec<_> = article.authors.iter().map(|author| author.name.as_str()).collect();
        differs("authors", &is.join("; "), &strings(&want["authors"]).join("; "));
    }
    let headings: Vec<_> = article
        .blocks
        .iter()
        .filter(|block| block.kind == BlockKind::Heading)
        .map(|block| block.text.as_str())
        .collect();
    if want["headings"].is_array() {
        differs("headings", &headings.join("; "), &strings(&want["headings"]).join("; "));
    }
    differs("blocks joined", &join(&article.blocks), &article.text);
    for absent in strings(&want["absent"]) {
        if article.text.contains(absent) {
            faults.push(format!("still there: {absent:?}"));
        }
    }
    for once in strings(&want["once"]) {
        if article.text.matches(once).count() != 1 {
            faults.push(format!("not once: {once:?}"));
        }
    }
    for notice in want["notices"].as_array().into_iter().flatten() {
        let pair = strings(notice);
        let found = article.notices.iter().any(|notice| {
            serde_json::to_value(notice.kind).is_ok_and(|kind| kind == pair[0]) && notice.text == pair[1]
        });
        if !found {
            faults.push(format!("no notice {pair:?} among {:?}", article.notices));
        }
    }
    for image in want["images"].as_array().into_iter().flatten() {
        let found = article.images.iter().filter_map(|image| serde_json::to_value(image).ok());
        let keys = image.as_object().expect("an object");
        if !found.into_iter().any(|found| keys.iter().all(|(key, value)| found[key] == *value)) {
            faults.push(format!("no image {image} among {:?}", article.images));
        }
    }
    faults
}

#[test]
fn every_golden_page_gives_its_record() {
    let only = std::env::var("GOLDEN").ok();
    let (mut bad, mut all) = (0, 0);
    for golden in goldens().iter().filter(|golden| only.as_ref().is_none_or(|only| golden.name == *only)) {
        all += 1;
        let faults = faults(golden, &read(golden).article);
        if !faults.is_empty() {
            bad += 1;
            println!("--- {}\n{}\n", golden.name, faults.join("\n"));
        }
    }
    assert_eq!(bad, 0, "{bad} of {all} golden pages differ");
}

/// A process-wide cache once made the same page give other text at the fourth call (trafilatura#778).
#[test]
fn the_same_bytes_give_the_same_record_however_often_and_in_whatever_order() {
    let goldens = goldens();
    let whole = |golden: &Golden| {
        let read = read(golden);
        serde_json::to_string(&(&read.article, &read.ledger)).expect("JSON")
    };
    let first: Vec<_> = goldens.iter().map(whole).collect();
    for round in 1..4 {
        for at in 0..goldens.len() {
            let at = (at * 7 + round * 5) % goldens.len();
            assert_eq!(whole(&goldens[at]), first[at], "{} in round {round}", goldens[at].name);
        }
        for (at, golden) in goldens.iter().enumerate().rev() {
            assert_eq!(whole(golden), first[at], "{} backwards", golden.name);
        }
    }
}
