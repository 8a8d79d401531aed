//! White space folded, invisible characters gone, NFC: what every block's text goes through.

use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

/// A text that grows piece by piece, its white space folded across the pieces.
#[derive(Default)]
pub(crate) struct Folded {
    text: String,
    gap: bool,
}

impl Folded {
    /// Adds a piece; gives the number of bytes that it added.
    pub(crate) fn push(&mut self, piece: &str) -> usize {
        let before = self.text.len();
        if before == 0 {
            self.text.reserve(piece.len());
        }
        let mut rest = piece;
        while !rest.is_empty() {
            // Runs of plain ASCII are copied word by word.
            let word = rest.bytes().take_while(|b| b.is_ascii_graphic()).count();
            if word > 0 {
                self.close_gap();
                self.text.push_str(&rest[..word]);
                rest = &rest[word..];
                continue;
            }
            let Some(c) = rest.chars().next() else { break };
            rest = &rest[c.len_utf8()..];
            if c.is_whitespace() || c.is_control() {
                self.gap = true;
            } else if !is_invisible(c) {
                self.close_gap();
                self.text.push(c);
            }
        }
        self.text.len() - before
    }

    fn close_gap(&mut self) {
        if self.gap {
            if !self.text.is_empty() && !self.text.ends_with(['\n', '\t']) {
                self.text.push(' ');
            }
            self.gap = false;
        }
    }

    /// A space, unless there is one.
    pub(crate) fn space(&mut self) {
        self.gap = true;
    }

    /// A mark that stays: a line end or a tab.
    pub(crate) fn mark(&mut self, mark: char) {
        self.gap = false;
        self.text.push(mark);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Whether the last thing pushed ends in a letter or digit, with no space after it.
    pub(crate) fn ends_in_word(&self) -> bool {
        !self.gap && self.text.chars().next_back().is_some_and(char::is_alphanumeric)
    }

    /// The text so far, in NFC; the folder is empty again.
    pub(crate) fn take(&mut self) -> String {
        self.gap = false;
        let text = std::mem::take(&mut self.text);
        nfc(text)
    }
}

/// Zero-width characters, soft hyphens, direction marks, byte order marks and what was no character.
pub(crate) fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{AD}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2064}' | '\u{FEFF}' | '\u{FFFC}'
    )
}

pub(crate) fn nfc(text: String) -> String {
    if text.is_ascii() || is_nfc_quick(text.chars()) == IsNormalized::Yes { text } else { text.nfc().collect() }
}

/// One line of text, folded: for attributes and claims.
pub(crate) fn line(text: &str) -> String {
    let mut folded = Folded::default();
    folded.push(text);
    folded.take()
}

/// Only letters and digits, in small letters: for comparing.
pub(crate) fn letters(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        // Runs of plain letters are copied whole, and made small at the end.
        let plain = rest.bytes().take_while(u8::is_ascii_alphanumeric).count();
        if plain > 0 {
            out.push_str(&rest[..plain]);
            rest = &rest[plain..];
            continue;
        }
        rest = &rest[c.len_utf8()..];
        if !c.is_ascii() && c.is_alphanumeric() {
            out.extend(c.to_lowercase());
        }
    }
    out.make_ascii_lowercase();
    out
}

/// HTML without its tags, for short claims that come as HTML.
pub(crate) fn without_tags(html: &str) -> String {
    if !html.contains(['<', '&']) {
        return line(html);
    }
    let parsed = crate::guard::fragment(html, crate::guard::Caps { nodes: 5_000, depth: 128, steps: 1_000_000 });
    let mut folded = Folded::default();
    for node in parsed.html.tree.root().descendants() {
        match node.value() {
            scraper::Node::Text(text) => {
                folded.push(text);
            }
            scraper::Node::Element(_) => folded.space(),
            _ => {}
        }
    }
    folded.take()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_space_folds_and_the_invisible_goes() {
        let mut text = Folded::default();
        text.push("  a\u{a0}\n b");
        text.push("c ");
        text.push(" d\u{200b}e\u{ad}f e\u{301}");
        assert_eq!(text.take(), "a bc def é");
        assert_eq!(without_tags("<p>one<br>two &amp; <b>th</b>ree"), "one two & three");
        assert_eq!(letters("“Ünder-Score” 1.5"), "ünderscore15");
    }
}
