//! Reads a manifest of feeds (`{"id","feed","url"}` a line, paths relative to it) and prints one report line for each.

use std::io::Write;
use std::path::Path;

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
    let mut out = std::io::stdout().lock();
    for (id, url, bytes) in &feeds {
        let decoded = wiredesk_decode::feed(bytes, None);
        let line = wiredesk_feed::report(id, &wiredesk_feed::parse(&decoded.text, url));
        writeln!(out, "{line}")?;
    }
    Ok(())
}
