//! A set in the benchmarks' normal form: a manifest and pages packed with gzip.

use std::io::Read;
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;
use serde::Deserialize;
use wiredesk_model::block::Hints;
use wiredesk_pipeline::article;

/// Where the sets are, or `None`, said, where there are none.
pub(crate) fn folder() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/bench/extraction");
    let folder = std::env::var_os("WIREDESK_BENCH").map_or(beside, PathBuf::from);
    if folder.is_dir() {
        return Some(folder);
    }
    println!("skipped: no sets of pages at {} (WIREDESK_BENCH names another place)", folder.display());
    None
}

/// What is known to be true of a page.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Truth {
    /// The whole body, or nothing where only snippets are known.
    #[serde(default)]
    pub(crate) text: String,
    /// Snippets that must be there.
    #[serde(default)]
    pub(crate) with: Vec<String>,
    /// Snippets that must not.
    #[serde(default)]
    pub(crate) without: Vec<String>,
}

#[derive(Deserialize)]
struct Row {
    id: String,
    html: String,
    #[serde(default)]
    url: Option<String>,
    #[serde(flatten)]
    truth: Truth,
}

/// A page of a set.
pub(crate) struct Page {
    pub(crate) id: String,
    path: PathBuf,
    pub(crate) url: String,
    pub(crate) truth: Truth,
}

impl Page {
    /// The page as it was sent.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let file = std::fs::File::open(&self.path).expect("a page");
        MultiGzDecoder::new(file).read_to_end(&mut bytes).expect("gzip");
        bytes
    }

    /// The text that the desk reads from the page; none where it costs too much.
    pub(crate) fn read(&self) -> String {
        let bytes = self.bytes();
        let hints = Hints { requested_url: self.url.clone(), final_url: self.url.clone(), ..Hints::default() };
        article::read(&bytes, None, &hints, &Default::default()).map(|cleaned| cleaned.article.text).unwrap_or_default()
    }
}

/// A set.
pub(crate) struct Set {
    pub(crate) name: String,
    pub(crate) pages: Vec<Page>,
}

impl Set {
    pub(crate) fn open(folder: &Path, name: &str) -> Self {
        let folder = folder.join(name);
        let manifest = std::fs::read_to_string(folder.join("manifest.jsonl")).expect("manifest.jsonl");
        let page = |line: &str| {
            let row: Row = serde_json::from_str(line).expect("a row");
            Page { id: row.id, path: folder.join(row.html), url: row.url.unwrap_or_default(), truth: row.truth }
        };
        Self { name: name.to_owned(), pages: manifest.lines().map(page).collect() }
    }
}
