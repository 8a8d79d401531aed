//! Reads a manifest of feeds (`{"id","feed","url"}` a line, paths relative to it) and prints one report line for each.
//! `bulk MANIFEST speed` compares the time of this crate with that of feed-rs on the same texts instead.

use std::io::Write;
use std::path::Path;
use std::time::Instant;

use serde_json::Value;
use url::Url;

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let mut arguments = std::env::args().skip(1);
    let manifest = arguments.next().ok_or("which manifest?")?;
    let folder = Path::new(&manifest).parent().unwrap_or(Path::new("."));
    let mut feeds = Vec::new();
    for line in std::fs::read_to_string(&manifest)?.lines() {
        let row: Value = serde_json::from_str(line)?;
        let field = |name: &str| row[name].as_str().ok_or_else(|| format!("a row without {name}"));
        let bytes = std::fs::read(folder.join(field("feed")?))?;
        feeds.push((field("id")?.to_owned(), field("url")?.parse::<Url>()?, bytes));
    }
    if arguments.next().as_deref() == Some("speed") {
        return speed(&feeds);
    }
    let mut out = std::io::stdout().lock();
    for (id, url, bytes) in &feeds {
        let decoded = wiredesk_decode::feed(bytes, None);
        let line = wiredesk_feed::report(id, &wiredesk_feed::parse(&decoded.text, url));
        writeln!(out, "{line}")?;
    }
    Ok(())
}

fn speed(feeds: &[(String, Url, Vec<u8>)]) -> Result<(), Failure> {
    let clean = |bytes: &[u8]| {
        std::str::from_utf8(bytes).is_ok() && feed_rs::parser::parse(bytes).is_ok_and(|f| !f.entries.is_empty())
    };
    let clean: Vec<_> = feeds.iter().filter(|(_, _, bytes)| clean(bytes)).collect();
    let total: usize = clean.iter().map(|(_, _, bytes)| bytes.len()).sum();
    for _ in 0..3 {
        let start = Instant::now();
        for (_, url, bytes) in &clean {
            let decoded = wiredesk_decode::feed(bytes, None);
            std::hint::black_box(wiredesk_feed::parse(&decoded.text, url)).map_err(|why| why.to_string())?;
        }
        let ours = start.elapsed();
        let start = Instant::now();
        for (_, _, bytes) in &clean {
            std::hint::black_box(feed_rs::parser::parse(bytes.as_slice()))?;
        }
        let theirs = start.elapsed();
        println!(
            "{} feeds, {total} bytes: {ours:?}, feed-rs {theirs:?}: {:.2}x its speed",
            clean.len(),
            theirs.as_secs_f64() / ours.as_secs_f64()
        );
    }
    Ok(())
}
