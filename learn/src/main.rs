//! What training the block model needs of the reader: `learn blocks SET` prints every block of every page with its numbers;
//! `learn read SET --model FILE` reads pages by a model that is not yet the shipped one.

use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::{Parser, Subcommand};
use serde_json::{Value, json};
use wiredesk_extract::learned;
use wiredesk_model::block::Hints;

#[derive(Parser)]
struct Line {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Prints the names of the numbers, then a line per page: its blocks, each with rule, text and numbers.
    Blocks {
        /// A folder with `manifest.jsonl` and its pages.
        set: PathBuf,
    },
    /// Prints a line per page: `id`, `text`, `content_hash`.
    Read {
        /// A folder with `manifest.jsonl` and its pages.
        set: PathBuf,
        /// The model; without one the rules judge alone.
        #[arg(long)]
        model: Option<PathBuf>,
        /// A file of ids, one to a line: only these pages.
        #[arg(long)]
        only: Option<PathBuf>,
    },
}

fn main() -> anyhow::Result<()> {
    match Line::parse().what {
        What::Blocks { set } => blocks(&set),
        What::Read { set, model, only } => read(&set, model.as_deref(), only.as_deref()),
    }
}

fn blocks(set: &Path) -> anyhow::Result<()> {
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    writeln!(out, "{}", json!(learned::names()))?;
    pages(set, |row, html, hints| {
        let blocks: Vec<Value> = learned::samples(html, hints)
            .into_iter()
            .map(|s| json!({ "text": s.text, "rule": s.rule, "open": s.open, "numbers": s.numbers }))
            .collect();
        writeln!(out, "{}", json!({ "id": row["id"], "blocks": blocks })).map_err(Into::into)
    })
}

fn read(set: &Path, model: Option<&Path>, only: Option<&Path>) -> anyhow::Result<()> {
    let model = match model {
        Some(path) => Some(learned::model(&std::fs::read_to_string(path)?)?),
        None => None,
    };
    let only = match only {
        Some(path) => Some(std::fs::read_to_string(path)?),
        None => None,
    };
    let wanted: Option<std::collections::HashSet<&str>> = only.as_ref().map(|ids| ids.lines().collect());
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    pages(set, |row, html, hints| {
        let id = row["id"].as_str().unwrap_or_default();
        if wanted.as_ref().is_some_and(|wanted| !wanted.contains(id)) {
            return Ok(());
        }
        let line = match wiredesk_extract::read_with(model.as_ref(), html, hints) {
            Ok(ledger) => {
                let text = wiredesk_clean::body(ledger, hints).article.text;
                json!({ "id": id, "content_hash": wiredesk_dedup::content_hash(&text).to_string(), "text": text })
            }
            Err(error) => json!({ "id": id, "text": "", "error": error.to_string() }),
        };
        writeln!(out, "{line}").map_err(Into::into)
    })
}

fn pages(set: &Path, mut each: impl FnMut(&Value, &str, &Hints) -> anyhow::Result<()>) -> anyhow::Result<()> {
    let manifest = set.join("manifest.jsonl");
    let rows = std::fs::read_to_string(&manifest).with_context(|| format!("{} cannot be read", manifest.display()))?;
    for row in rows.lines() {
        let row: Value = serde_json::from_str(row)?;
        let path = set.join(row["html"].as_str().unwrap_or_default());
        let mut html = Vec::new();
        let file = std::fs::File::open(&path).with_context(|| format!("{} cannot be read", path.display()))?;
        flate2::read::MultiGzDecoder::new(file).read_to_end(&mut html)?;
        let url = row["url"].as_str().unwrap_or_default().to_owned();
        let hints = Hints { requested_url: url.clone(), final_url: url, ..Hints::default() };
        each(&row, &String::from_utf8_lossy(&html), &hints)?;
    }
    Ok(())
}
