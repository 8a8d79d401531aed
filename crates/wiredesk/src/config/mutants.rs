//! What stands in a configuration is typed by people. The example, changed by dice in a thousand ways: it is taken or refused, every fault
//! has a place in the text, and no secret stands in what is said.
//!
//! `WIREDESK_MUTANTS=1000000 cargo test --release -p wiredesk mutants` tries more.

use std::path::Path;

use toml::de::{DeTable, DeValue};

use super::fault::Faults;
use super::judge;
use super::print::render;
use super::source::{Holds, Source};

/// What the secrets hold, and no message of ours.
const MARK: &str = "zq7xk";

const SECRETS: &str = r#"
[publish.kafka.properties]
"sasl.password" = "zq7xk"
"sasl.username" = { env = "A" }
[[feeds]]
id = "b"
url = "https://b.example/feed"
headers = { X-Api-Key = "zq7xk", "X Y" = 'zq7xk' }
basic_auth = "zq7xk:zq7xk"
[feeds.cookies]
session = "zq7xk"
"#;

/// What mutants are made of, beside the text's own parts.
const PIECES: [&str; 24] = [
    "[",
    "]",
    "[[",
    "]]",
    "{",
    "}",
    "=",
    "\"",
    "'",
    "\"\"\"",
    "\n",
    "\r",
    "\0",
    ",",
    ".",
    "#",
    "\\u0041",
    "\u{e9}",
    "\u{202e}",
    "0",
    "-1",
    "99999999999999999999d",
    "://a@",
    "true",
];

/// A xorshift generator (Marsaglia 2003): the same mutants each time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % most.max(1) as u64) as usize
    }

    fn place(&mut self, text: &str) -> usize {
        text.floor_char_boundary(self.below(text.len() + 1))
    }

    /// The text with some of it lost, repeated, moved or replaced.
    fn mutant(&mut self, whole: &str) -> String {
        let lines: Vec<&str> = whole.split_inclusive('\n').collect();
        let from = self.below(lines.len());
        let mut text = lines[from..(from + 1 + self.below(60)).min(lines.len())].concat();
        for _ in 0..1 + self.below(6) {
            let (start, end) = (self.place(&text), self.place(&text));
            let (start, end) = (start.min(end), start.max(end).min(text.floor_char_boundary(start.min(end) + 40)));
            match self.below(4) {
                0 => text.replace_range(start..end.max(start), ""),
                1 => text.insert_str(start, PIECES[self.below(PIECES.len())]),
                2 => text.insert_str(start, lines[self.below(lines.len())]),
                _ => {
                    let part = text[start..end.max(start)].to_owned();
                    let to = self.place(&text);
                    text.insert_str(to, &part);
                }
            }
        }
        text
    }
}

/// The example without its remarks, every key in use.
fn example() -> String {
    let path = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../config/wiredesk.toml"));
    let text = std::fs::read_to_string(path).expect("the example is there");
    let line = |line: &str| {
        let open = line.strip_prefix('#').unwrap_or(line);
        (!open.starts_with(' ')).then(|| format!("{open}\n"))
    };
    text.lines().filter_map(line).collect::<String>() + SECRETS
}

#[test]
fn whatever_is_typed_every_fault_has_a_place_and_no_secret_is_shown() {
    let tries = std::env::var("WIREDESK_MUTANTS").ok().and_then(|tries| tries.parse().ok()).unwrap_or(1_000);
    let (whole, mut dice, mut hidden) = (example(), Dice(0x9e37_79b9_7f4a_7c15), 0);
    for _ in 0..tries {
        let text = dice.mutant(&whole);
        hidden += usize::from(only_in_secrets(&text));
        // Alone, and with folders beside it that hold the same.
        for places in [&[Holds::All][..], &[Holds::All, Holds::Feeds, Holds::Rules]] {
            let file =
                |holds: &Holds| Source { holds: *holds, path: "a.toml".into(), text: text.clone(), readable: true };
            let sources = places.iter().map(file).collect();
            match judge(sources, Vec::new(), Path::new("/nowhere"), true) {
                Ok(loaded) => hold(&loaded.warnings, &text),
                Err(faults) => hold(&faults, &text),
            }
        }
    }
    assert!(hidden > 0, "no mutant kept its secrets");
}

fn hold(faults: &Faults, text: &str) {
    let lines: Vec<&str> = text.split('\n').collect();
    for row in faults.rows() {
        let line = row.line.checked_sub(1).and_then(|line| lines.get(line));
        let line = line.unwrap_or_else(|| panic!("{row:?} in {text}"));
        assert!((1..=line.chars().count() + 1).contains(&row.column), "{row:?} in {text}");
    }
    let told = [render(faults, true), render(faults, false), serde_json::to_string(faults.rows()).expect("rows")];
    assert!(
        !only_in_secrets(text) || !told.iter().any(|told| told.contains(MARK)),
        "a secret is shown:\n{}\nof\n{text}",
        told[1]
    );
}

/// Whether the mark stands in the text, and nowhere but in values that a configuration keeps secret.
fn only_in_secrets(text: &str) -> bool {
    let marks = text.matches(MARK).count();
    let (document, errors) = DeTable::parse_recoverable(text);
    marks > 0 && errors.is_empty() && marks == in_table(document.get_ref(), text, false)
}

/// How often the mark stands in the secrets of a table.
fn in_table(table: &DeTable<'_>, text: &str, secret: bool) -> usize {
    let mut marks = 0;
    for (key, value) in table {
        let key = key.get_ref().as_ref();
        let secret = secret || ["headers", "properties", "cookies", "basic_auth"].contains(&key);
        marks += match value.get_ref() {
            DeValue::Table(table) => in_table(table, text, secret),
            DeValue::Array(items) => {
                let tables = items.iter().filter_map(|item| item.get_ref().as_table());
                tables.map(|table| in_table(table, text, secret)).sum()
            }
            DeValue::String(_) if secret && !matches!(key, "env" | "file") => text[value.span()].matches(MARK).count(),
            _ => 0,
        };
    }
    marks
}
