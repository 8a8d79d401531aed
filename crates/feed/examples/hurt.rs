//! Hurts feeds at random and reads them, for a time: `hurt MANIFEST SECONDS [SEED]`. Prints the slowest reading; a panic ends it.

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::Value;
use url::Url;

/// Pieces of markup that do harm where they do not belong.
const HARM: [&str; 20] = [
    "<",
    ">",
    "&",
    "\"",
    "]]>",
    "<![CDATA[",
    "<!--",
    "-->",
    "<item>",
    "</item>",
    "<entry>",
    "</title>",
    "<!DOCTYPE [",
    "&#",
    "\u{0}",
    "é",
    "\u{feff}",
    "<a b='",
    "</",
    "/>",
];

/// A generator of numbers that is the same in each run (xorshift).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 16).unwrap_or(0) % sides.max(1)
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let manifest = arguments.next().ok_or("which manifest?")?;
    let time = Duration::from_secs(arguments.next().ok_or("how many seconds?")?.parse()?);
    let mut dice = Dice(arguments.next().map_or(Ok(0x9e37_79b9_7f4a_7c15), |seed| seed.parse())?);
    let folder = Path::new(&manifest).parent().unwrap_or(Path::new("."));
    let mut feeds = Vec::new();
    for line in std::fs::read_to_string(&manifest)?.lines() {
        let row: Value = serde_json::from_str(line)?;
        let bytes = std::fs::read(folder.join(row["feed"].as_str().ok_or("a row without feed")?))?;
        feeds.push((row["id"].as_str().unwrap_or_default().to_owned(), bytes));
    }
    let base: Url = "https://paper.example/feed".parse()?;
    let (start, mut readings, mut slowest) = (Instant::now(), 0u64, (Duration::ZERO, String::new()));
    while start.elapsed() < time {
        let (id, bytes) = &feeds[dice.roll(feeds.len())];
        let mut bytes = bytes.clone();
        bytes.truncate(200_000);
        for _ in 0..=dice.roll(12) {
            let at = dice.roll(bytes.len());
            let end = at + dice.roll(40).min(bytes.len() - at);
            match dice.roll(4) {
                0 => drop(bytes.drain(at..end)),
                1 => bytes.truncate(at.max(bytes.len() / 2)),
                2 => drop(bytes.splice(at..at, HARM[dice.roll(HARM.len())].bytes())),
                _ => bytes.iter_mut().skip(at).take(1).for_each(|b| *b = b.wrapping_add(1)),
            }
        }
        let began = Instant::now();
        let decoded = wiredesk_decode::feed(&bytes, None);
        let _ = std::hint::black_box(wiredesk_feed::parse(&decoded.text, &base));
        readings += 1;
        if began.elapsed() > slowest.0 {
            slowest = (began.elapsed(), id.clone());
        }
    }
    println!("{readings} readings, the slowest {:?} ({})", slowest.0, slowest.1);
    Ok(())
}
