//! Flattened pages written by hand, of the makes that are met: each with the text, title and notices that it must give. Every
//! document is cleaned several times, in several orders: what was cleaned before may not show (law 4).

use std::path::{Path, PathBuf};

use serde::Deserialize;
use wiredesk_clean::{Cleaned, body, text};
use wiredesk_model::article::Notice;
use wiredesk_model::block::Hints;

/// `facts.toml`: what the fields must hold beside the text.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Facts {
    title: String,
    #[serde(default)]
    subtitle: Option<String>,
    #[serde(default)]
    language: Option<String>,
    #[serde(default)]
    byline: Option<String>,
    #[serde(default)]
    headings: Vec<String>,
    #[serde(default)]
    captions: Vec<String>,
    #[serde(default)]
    notices: Vec<Notice>,
    #[serde(default)]
    flags: Vec<String>,
}

struct Golden {
    folder: PathBuf,
    source: String,
}

fn goldens() -> Vec<Golden> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let mut folders: Vec<PathBuf> = std::fs::read_dir(root)
        .expect("tests/golden")
        .map(|f| f.expect("an entry").path())
        .filter(|p| p.is_dir())
        .collect();
    folders.sort();
    folders
        .into_iter()
        .map(|folder| Golden {
            source: std::fs::read_to_string(folder.join("source.txt")).expect("source.txt"),
            folder,
        })
        .collect()
}

fn cleaned(source: &str) -> Cleaned {
    let hints = Hints { final_url: "https://paper.example/ferry".into(), ..Hints::default() };
    body(text(source, &hints), &hints)
}

fn explained(cleaned: &Cleaned) -> String {
    cleaned.ledger.blocks.iter().map(|b| format!("{:32} {}\n", b.verdict.rule(), b.block.text)).collect()
}

#[test]
fn each_document_gives_what_stands_beside_it() {
    for golden in goldens() {
        let read = |name: &str| std::fs::read_to_string(golden.folder.join(name)).expect(name);
        let facts: Facts = toml::from_str(&read("facts.toml")).expect("facts.toml");
        let got = cleaned(&golden.source);
        let (article, why) = (&got.article, explained(&got));
        let name = golden.folder.display();
        assert_eq!(article.text, read("expected.txt").trim_end(), "{name}\n{why}");
        assert_eq!(article.title, facts.title, "{name}\n{why}");
        assert_eq!(article.subtitle, facts.subtitle, "{name}\n{why}");
        assert_eq!(article.byline, facts.byline, "{name}\n{why}");
        assert_eq!(article.notices, facts.notices, "{name}\n{why}");
        let captions: Vec<&str> = article.images.iter().filter_map(|i| i.caption.as_deref()).collect();
        assert_eq!(captions, facts.captions, "{name}\n{why}");
        let heading = |b: &&wiredesk_model::block::Block| b.kind == wiredesk_model::block::BlockKind::Heading;
        let headings: Vec<&str> = article.blocks.iter().filter(heading).map(|b| b.text.as_str()).collect();
        assert_eq!(headings, facts.headings, "{name}\n{why}");
        assert_eq!(article.extraction.flags, facts.flags, "{name}\n{why}");
        if facts.language.is_some() {
            assert_eq!(article.language, facts.language, "{name}");
        }
    }
}

#[test]
fn the_fourth_time_gives_the_same_as_the_first() {
    let goldens = goldens();
    let first: Vec<Cleaned> = goldens.iter().map(|g| cleaned(&g.source)).collect();
    let mut order: Vec<usize> = (0..goldens.len()).collect();
    for turn in 0..3 {
        if turn % 2 == 0 {
            order.reverse();
        } else {
            let by = order.len() / 2;
            order.rotate_left(by);
        }
        for at in &order {
            assert_eq!(cleaned(&goldens[*at].source), first[*at], "{}", goldens[*at].folder.display());
        }
    }
}
