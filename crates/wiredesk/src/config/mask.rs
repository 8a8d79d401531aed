//! Secrets stand in configurations, and faults are pasted into tickets: what may be a secret is shown as asterisks.
//!
//! Two nets: the document knows which values are secret by their key; lines that look like secrets are masked whatever the
//! document says, for in a file with broken syntax there is no document.

use std::ops::Range;

use toml::de::{DeTable, DeValue};

use super::source::Source;

/// Keys whose values, or whose tables' values, may be secrets.
const SECRET_TABLES: [&str; 4] = ["headers", "properties", "cookies", "basic_auth"];

/// Parts of a key's name, or of a table's, that say its value may be a secret.
const SECRET_WORDS: [&str; 9] =
    ["header", "propert", "password", "passwd", "secret", "token", "auth", "credential", "cookie"];

/// Where a document holds values that must not be shown. Documents are no deeper than TOML's parser allows.
pub(crate) fn secret_spans(root: &DeTable<'_>) -> Vec<Range<usize>> {
    let mut spans = Vec::new();
    in_table(root, false, &mut spans);
    spans
}

fn in_table(table: &DeTable<'_>, secret: bool, spans: &mut Vec<Range<usize>>) {
    for (key, value) in table {
        let key = key.get_ref().as_ref();
        // Where a secret is kept is no secret.
        if !(secret && matches!(key, "env" | "file")) {
            in_value(value.get_ref(), value.span(), secret || SECRET_TABLES.contains(&key), spans);
        }
    }
}

fn in_value(value: &DeValue<'_>, span: Range<usize>, secret: bool, spans: &mut Vec<Range<usize>>) {
    match value {
        DeValue::Table(table) => in_table(table, secret, spans),
        DeValue::Array(array) => array.iter().for_each(|item| in_value(item.get_ref(), item.span(), secret, spans)),
        _ if secret => spans.push(span),
        _ => {}
    }
}

/// The sources with everything that may be a secret overwritten, byte for byte, so that places keep their numbers.
pub(crate) fn masked(mut sources: Vec<Source>, hidden: &[(usize, Range<usize>)]) -> Vec<Source> {
    for (file, source) in sources.iter_mut().enumerate() {
        let mut bytes = std::mem::take(&mut source.text).into_bytes();
        for span in hidden.iter().filter(|(in_file, _)| *in_file == file).map(|(_, span)| span.clone()) {
            cover(&mut bytes, span);
        }
        cover_suspicious_lines(&mut bytes);
        cover_user_info(&mut bytes);
        // Whole characters were overwritten with ASCII, so nothing is lost here.
        source.text = String::from_utf8_lossy(&bytes).into_owned();
    }
    sources
}

fn cover(bytes: &mut [u8], span: Range<usize>) {
    let end = span.end.min(bytes.len());
    for byte in &mut bytes[span.start.min(end)..end] {
        if !matches!(byte, b'\n' | b'\r' | b'"' | b'\'' | b' ') {
            *byte = b'*';
        }
    }
}

fn cover_suspicious_lines(bytes: &mut [u8]) {
    let mut in_secret_table = false;
    let mut start = 0;
    while start < bytes.len() {
        let end = bytes[start..].iter().position(|byte| *byte == b'\n').map_or(bytes.len(), |at| start + at);
        let line = String::from_utf8_lossy(&bytes[start..end]).to_lowercase();
        let heading = line.trim_start().starts_with('[');
        let suspicious = SECRET_WORDS.iter().any(|word| line.contains(word));
        if heading {
            in_secret_table = suspicious;
        } else if suspicious || in_secret_table {
            cover_quoted_values(bytes, start..end);
        }
        start = end + 1;
    }
}

/// Overwrites what stands in quotes behind the first `=`, save what says where a secret is kept.
fn cover_quoted_values(bytes: &mut [u8], line: Range<usize>) {
    let Some(equals) = bytes[line.clone()].iter().position(|byte| *byte == b'=') else { return };
    let mut at = line.start + equals;
    while at < line.end {
        let quote = bytes[at];
        if !matches!(quote, b'"' | b'\'') {
            at += 1;
            continue;
        }
        let close = bytes[at + 1..line.end].iter().position(|byte| *byte == quote);
        let end = close.map_or(line.end, |length| at + 1 + length);
        let before =
            String::from_utf8_lossy(&bytes[line.start..at]).trim_end().trim_end_matches('=').trim_end().to_owned();
        let keeps = ["{ env", "{env", "{ file", "{file"].iter().any(|place| before.ends_with(place));
        let is_key = bytes[end..line.end].iter().skip(1).find(|byte| **byte != b' ') == Some(&b'=');
        if !keeps && !is_key {
            cover(bytes, at + 1..end);
        }
        at = end + 1;
    }
}

/// Overwrites the password of `scheme://user:password@host`.
fn cover_user_info(bytes: &mut [u8]) {
    let mut at = 0;
    while let Some(found) = bytes[at..].windows(3).position(|part| part == b"://") {
        let start = at + found + 3;
        let ends = |byte: &u8| matches!(byte, b'/' | b'"' | b'\'' | b'?' | b'#' | b'\n' | b' ');
        let end = bytes[start..].iter().position(ends).map_or(bytes.len(), |length| start + length);
        if let Some(host) = bytes[start..end].iter().rposition(|byte| *byte == b'@') {
            cover(bytes, start..start + host);
        }
        at = end;
    }
}
