//! Standard output for results. A reader that has seen enough ends the program quietly; output that is lost is an error.

use std::borrow::Cow;
use std::fmt::{Display, Write as _};
use std::io::Write;

use crate::exit::Exit;

/// Writes to standard output, colours stripped where it is no terminal.
pub(crate) fn print(text: impl Display) {
    let mut out = anstream::stdout().lock();
    if let Err(error) = write!(out, "{text}").and_then(|()| out.flush()) {
        end(&error);
    }
}

/// The same, and a line end.
pub(crate) fn line(text: impl Display) {
    print(format_args!("{text}\n"));
}

/// JSON as a terminal may see it. What steers a terminal or turns the order of letters around is written as a reference; JSON writers
/// do that below 0x20 only. In JSON such characters stand within texts alone, so it says the same as before.
pub(crate) fn json(text: impl Display) -> String {
    let text = text.to_string();
    match steerless(&text) {
        Cow::Borrowed(_) => text,
        Cow::Owned(text) => text,
    }
}

/// The same for text that is written already.
pub(crate) fn steerless(text: &str) -> Cow<'_, str> {
    if !text.contains(steers) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 64);
    for c in text.chars() {
        if steers(c) {
            let _ = write!(out, "\\u{:04x}", u32::from(c));
        } else {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

/// DEL and the C1 controls, and the marks, embeddings, overrides and isolates of bidirectional text (UAX #9 §2).
pub(crate) fn steers(c: char) -> bool {
    matches!(c, '\u{7f}'..='\u{9f}' | '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn end(error: &std::io::Error) -> ! {
    if error.kind() == std::io::ErrorKind::BrokenPipe {
        std::process::exit(Exit::Ok as i32);
    }
    eprintln!("error: standard output cannot be written: {error}");
    std::process::exit(Exit::Io as i32);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_steers_a_terminal_is_written_as_a_reference_that_says_the_same() {
        let steering: String = ('\0'..='\u{ffff}').filter(|c| steers(*c) || c.is_control()).collect();
        let value = serde_json::json!({ "title": format!("caf\u{e9} \u{1f600} {steering}") });
        let shown = json(&value);
        assert!(!shown.contains(|c: char| c.is_control() || steers(c)), "{shown}");
        assert!(
            shown.contains("\\u202e") && shown.contains("\\u009b") && shown.contains("caf\u{e9} \u{1f600}"),
            "{shown}"
        );
        assert_eq!(serde_json::from_str::<serde_json::Value>(&shown).expect("JSON"), value);
    }
}
