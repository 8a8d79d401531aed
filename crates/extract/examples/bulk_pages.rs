//! Reads a set of pages (`manifest.jsonl` beside `html/*.html.gz`) and prints one line per page from the ledger's body blocks
//! alone; says on stderr what it cost over the bare parse.
//!
//! `cargo run --release -p wiredesk-extract --example bulk_pages -- SET > pred.jsonl`; with a second argument, an id or a part of
//! one, it prints that page's ledger.

use std::io::Read as _;
use std::path::Path;
use std::time::{Duration, Instant};

use wiredesk_model::block::{Hints, Judged, join};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let set = arguments.next().ok_or("which set?")?;
    let wanted = arguments.next();
    let set = Path::new(&set);
    let (mut parse, mut whole, mut bytes) = (Duration::ZERO, Duration::ZERO, 0);
    for line in std::fs::read_to_string(set.join("manifest.jsonl"))?.lines() {
        let row: serde_json::Value = serde_json::from_str(line)?;
        let text = |key: &str| row[key].as_str().unwrap_or_default().to_owned();
        if wanted.as_ref().is_some_and(|wanted| !text("id").contains(wanted)) {
            continue;
        }
        let mut raw = Vec::new();
        flate2::read::MultiGzDecoder::new(std::fs::File::open(set.join(text("html")))?).read_to_end(&mut raw)?;
        let html = String::from_utf8_lossy(&raw);
        let hints = Hints { requested_url: text("url"), final_url: text("url"), ..Hints::default() };
        bytes += html.len();
        let begin = Instant::now();
        drop(std::hint::black_box(scraper::Html::parse_document(&html)));
        parse += begin.elapsed();
        let begin = Instant::now();
        let ledger = std::hint::black_box(wiredesk_extract::read(&html, &hints));
        whole += begin.elapsed();
        let ledger = match ledger {
            Ok(ledger) => ledger,
            Err(error) => {
                eprintln!("{}: {error}", text("id"));
                continue;
            }
        };
        if wanted.is_some() {
            println!("{:?} {:?}\n{:#?}", ledger.page, ledger.flags, ledger.metadata);
            for Judged { block, evidence, verdict } in &ledger.blocks {
                let mark = if verdict.is_body() { '+' } else { '-' };
                let short: String = block.text.chars().take(90).collect();
                println!(
                    "{mark} {:24} {:.2} {:?} {short}   [{}]",
                    verdict.rule(),
                    evidence.link_density,
                    block.kind,
                    evidence.path
                );
            }
            continue;
        }
        let body = join(ledger.blocks.iter().filter(|b| b.verdict.is_body()).map(|b| &b.block));
        let metadata = ledger.metadata;
        let authors = metadata.authors.map(|a| a.value).unwrap_or_default();
        println!(
            "{}",
            serde_json::json!({
                "id": row["id"], "text": body, "page": ledger.page.as_str(), "flags": ledger.flags,
                "title": metadata.title.map(|t| t.value), "date_published": metadata.published.map(|d| d.value.rfc3339()),
                "authors": authors,
            })
        );
    }
    eprintln!(
        "{:.1} MB; parse {parse:?}, all {whole:?}: {:.2}x",
        bytes as f64 / 1e6,
        whole.as_secs_f64() / parse.as_secs_f64()
    );
    Ok(())
}
