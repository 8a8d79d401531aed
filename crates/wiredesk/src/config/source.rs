//! The files as text. `wiredesk.toml` comes first, then `feeds.d/*.toml` and `rules.d/*.toml` by name; each is parsed into a
//! document that remembers where everything stands.

use std::ops::Range;
use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::fault::Fault;
use super::plain_file;

/// The place of the main file among the sources.
pub(crate) const MAIN: usize = 0;

/// The most that one file may hold, in bytes: some hundred thousand feeds.
const LARGEST: u64 = 64 << 20;

/// Syntax errors told per file.
const SYNTAX_ERRORS: usize = 10;

/// What a file may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Holds {
    /// The main file.
    All,
    /// A file of `feeds.d`.
    Feeds,
    /// A file of `rules.d`.
    Rules,
}

impl Holds {
    /// The folder beside the main file, and the list that its files hold.
    fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::All => ("", ""),
            Self::Feeds => ("feeds.d", "feeds"),
            Self::Rules => ("rules.d", "rules"),
        }
    }
}

/// One file.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    /// What it may hold.
    pub holds: Holds,
    /// As the operator would write it.
    pub path: PathBuf,
    /// What stands in it.
    pub text: String,
    /// Whether it could be read at all.
    pub readable: bool,
}

/// A parsed file.
pub(crate) struct Document<'a> {
    /// Its place among the sources.
    pub file: usize,
    /// What stands in it, with places.
    pub root: DeTable<'a>,
}

/// The folder that relative paths start from.
pub(crate) fn folder_of(path: &Path) -> PathBuf {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned())
}

/// The folder of further feeds, beside the main file.
pub(crate) fn feeds_folder(path: &Path) -> PathBuf {
    path.with_file_name("feeds.d")
}

/// The folder of rules for sites, beside the main file.
pub(crate) fn rules_folder(path: &Path) -> PathBuf {
    path.with_file_name("rules.d")
}

/// Reads the main file and all of `feeds.d` and `rules.d`. What cannot be read is a fault and an empty source.
pub(crate) fn read_all(path: &Path) -> (Vec<Source>, Vec<Fault>) {
    let mut faults = Vec::new();
    let mut paths = vec![(Holds::All, path.to_owned())];
    for (holds, folder) in [(Holds::Feeds, feeds_folder(path)), (Holds::Rules, rules_folder(path))] {
        match further_files(&folder) {
            Ok(further) => paths.extend(further.into_iter().map(|path| (holds, path))),
            Err(error) => {
                let problem = format!("cannot list {}: {error}", holds.names().0);
                faults.push(Fault::error(MAIN, 0..0, problem));
            }
        }
    }
    let read = |(file, (holds, path)): (usize, (Holds, PathBuf))| {
        let text = plain_file::read(&path, LARGEST)
            .map_err(|error| format!("cannot read the file: {error}"))
            .and_then(text_of);
        match text {
            Ok(text) => Source { holds, path, text, readable: true },
            Err(problem) => {
                faults.push(Fault::error(file, 0..0, problem));
                Source { holds, path, text: String::new(), readable: false }
            }
        }
    };
    let sources = paths.into_iter().enumerate().map(read).collect();
    (sources, faults)
}

fn text_of(bytes: Vec<u8>) -> Result<String, String> {
    String::from_utf8(bytes).map_err(|error| {
        let good = error.utf8_error().valid_up_to();
        let line = error.as_bytes()[..good].iter().filter(|byte| **byte == b'\n').count() + 1;
        format!("line {line} is not UTF-8: save the file as UTF-8")
    })
}

fn further_files(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut files = Vec::new();
    for entry in entries {
        let path = entry?.path();
        let hidden = path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
        if !hidden && path.extension().is_some_and(|extension| extension == "toml") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// Parses one file; `None` where it could not be read or its syntax is broken, every error of which is then a fault.
pub(crate) fn parse<'a>(file: usize, source: &'a Source, faults: &mut Vec<Fault>) -> Option<Document<'a>> {
    if !source.readable {
        return None;
    }
    let (root, errors) = DeTable::parse_recoverable(&source.text);
    let Some(first) = foremost(errors) else { return Some(Document { file, root: root.into_inner() }) };
    syntax_errors(file, &source.text, first, faults);
    None
}

/// The parser tells the errors of its stages one after the other, so the first told need not be the first in the text.
fn foremost(errors: Vec<toml::de::Error>) -> Option<toml::de::Error> {
    errors.into_iter().min_by_key(|error| error.span().map_or(usize::MAX, |span| span.start))
}

/// One slip makes a parser stumble over all that follows. So after each error the text is taken up again at the next line that
/// looks like a beginning, and what stood before it is overwritten, so that places keep their numbers.
fn syntax_errors(file: usize, text: &str, first: toml::de::Error, faults: &mut Vec<Fault>) {
    let mut error = first;
    let mut from = 0;
    for _ in 0..SYNTAX_ERRORS {
        let span = error.span().unwrap_or(from..from);
        // "…, expected …": what is wrong, and what is allowed.
        let missing = error.message().starts_with("string values must be quoted")
            && text.get(span.clone()).is_some_and(|value| value.trim().is_empty());
        let message = if missing { "a value is missing" } else { error.message() };
        faults.push(match message.split_once(", expected ") {
            Some((wrong, expected)) => Fault::error(file, span.clone(), format!("this is not TOML: {wrong}"))
                .help(format!("expected {expected}")),
            None => Fault::error(file, span.clone(), format!("this is not TOML: {message}")),
        });
        let stumbled = span.start.max(from);
        // A line at whose very start the parser stumbled may be sound: the slip is before it.
        let starts_line = stumbled > from && text.as_bytes().get(stumbled - 1) == Some(&b'\n');
        let behind = if starts_line { stumbled - 1 } else { stumbled };
        let Some(next) = next_beginning(text, behind) else { return };
        from = next;
        // A heading of its own keeps what follows out of the tables before it.
        let rest = format!("[_]{}\n{}", " ".repeat(from.saturating_sub(4)), &text[from..]);
        let Some(next) = foremost(DeTable::parse_recoverable(&rest).1) else { return };
        error = next;
    }
}

/// The first line behind a place that looks like a heading or a `key =`; at least four bytes in, as a heading needs.
fn next_beginning(text: &str, behind: usize) -> Option<usize> {
    let mut at = text.get(behind..)?.find('\n')? + behind + 1;
    while at < text.len() {
        let line = text[at..].lines().next().unwrap_or_default().trim_start();
        let key = line.split('=').next().unwrap_or_default().trim();
        let plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '"' | '\'' | ' ');
        let is_key = line.contains('=') && !key.is_empty() && key.chars().all(plain);
        let heading = line.trim_start_matches('[');
        let is_heading = heading != line && heading.starts_with(char::is_alphabetic) && !line.contains(',');
        if at >= 4 && (is_key || is_heading) {
            return Some(at);
        }
        at += text[at..].find('\n').map_or(text.len() - at, |end| end + 1);
    }
    None
}

/// A file of `feeds.d` holds feeds and nothing else, one of `rules.d` rules: whatever is still in it is a fault.
pub(crate) fn refuse_all(document: &Document<'_>, holds: Holds, faults: &mut Vec<Fault>) {
    let (folder, list) = holds.names();
    for key in document.root.keys() {
        let message = format!("`{}` does not belong here", key.get_ref());
        let help = match super::sift::nearest(key.get_ref(), [list].into_iter()) {
            Some(near) => format!("did you mean `[[{near}]]`? Files in {folder} hold nothing else"),
            None => format!("files in {folder} hold `[[{list}]]` only; all else stands in the main file"),
        };
        faults.push(Fault::error(document.file, key.span(), message).help(help));
    }
}

impl Source {
    /// Whether this list may stand in the file.
    pub(crate) fn holds(&self, list: Holds) -> bool {
        self.holds == Holds::All || self.holds == list
    }
}

impl<'a> Document<'a> {
    /// Takes a key out of the document.
    pub(crate) fn take(&mut self, key: &str) -> Option<(Range<usize>, Spanned<DeValue<'a>>)> {
        let (taken, rest) = std::mem::take(&mut self.root).into_iter().partition(|(name, _)| name.get_ref() == key);
        self.root = rest;
        let taken: DeTable<'a> = taken;
        taken.into_iter().next().map(|(name, value)| (name.span(), value))
    }

    /// Where the value at this path stands; where it is not written, where its nearest section does.
    pub(crate) fn at(&self, path: &[&str]) -> Range<usize> {
        place(&self.root, path).unwrap_or(0..0)
    }

    /// Whether the path is written, rightly or wrongly.
    pub(crate) fn has(&self, path: &[&str]) -> bool {
        let Some((last, sections)) = path.split_last() else { return false };
        let mut table = &self.root;
        for section in sections {
            let Some(next) = value_of(table, section).and_then(|value| value.get_ref().as_table()) else {
                return false;
            };
            table = next;
        }
        value_of(table, last).is_some()
    }
}

fn value_of<'t, 'a>(table: &'t DeTable<'a>, key: &str) -> Option<&'t Spanned<DeValue<'a>>> {
    table.iter().find(|(name, _)| name.get_ref() == key).map(|(_, value)| value)
}

/// Where the value at this path of a table stands, or the last part of the path that does.
pub(crate) fn place(table: &DeTable<'_>, path: &[&str]) -> Option<Range<usize>> {
    let (first, rest) = path.split_first()?;
    let (key, value) = table.iter().find(|(name, _)| name.get_ref() == *first)?;
    match value.get_ref() {
        DeValue::Table(inner) if !rest.is_empty() => Some(place(inner, rest).unwrap_or_else(|| key.span())),
        DeValue::Table(_) => Some(key.span()),
        _ => Some(value.span()),
    }
}

/// Where the *name* of the last key of this path stands.
pub(crate) fn key_place(table: &DeTable<'_>, path: &[&str]) -> Option<Range<usize>> {
    let (first, rest) = path.split_first()?;
    let (key, value) = table.iter().find(|(name, _)| name.get_ref() == *first)?;
    if rest.is_empty() { Some(key.span()) } else { key_place(value.get_ref().as_table()?, rest) }
}
