//! A block's text as the record holds it: NFC, white space folded, nothing invisible at its edges.

use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};
use wiredesk_model::block::{Block, BlockKind};

/// Whether a text is NFC for sure. Letters below the combining marks and plain punctuation are asked without the tables.
fn is_composed(text: &str) -> bool {
    text.chars().all(|c| c < '\u{300}' || matches!(c, '\u{2010}'..='\u{2027}'))
        || is_nfc_quick(text.chars()) == IsNormalized::Yes
}

/// Puts a block's text in order; line ends stay in tables and code only.
pub(crate) fn block(block: &mut Block) {
    match block.kind {
        BlockKind::Table | BlockKind::Code => {
            if !is_composed(&block.text) {
                block.text = block.text.nfc().collect();
            }
            let trimmed = block.text.trim_matches(['\n', '\r']).trim_end();
            if trimmed.len() != block.text.len() {
                block.text = trimmed.to_owned();
            }
        }
        _ => {
            if !is_tidy(&block.text) {
                block.text = line(&block.text);
            }
        }
    }
}

/// One line of text: NFC, every run of white space one space, control and zero-width characters that mean nothing gone.
pub(crate) fn line(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut gap = false;
    for c in text.nfc() {
        if c.is_whitespace() {
            gap = !out.is_empty();
        } else if !c.is_control() && !matches!(c, '\u{ad}' | '\u{200b}' | '\u{2060}' | '\u{feff}') {
            if gap {
                out.push(' ');
                gap = false;
            }
            out.push(c);
        }
    }
    out
}

fn is_tidy(text: &str) -> bool {
    if text.bytes().all(|b| b.is_ascii_graphic() || b == b' ') {
        return !text.starts_with(' ') && !text.ends_with(' ') && !text.contains("  ") && !text.is_empty();
    }
    let mut before = ' ';
    for c in text.chars() {
        let plain = c == ' ' && before != ' '
            || !(c.is_whitespace() || c.is_control() || matches!(c, '\u{ad}' | '\u{200b}' | '\u{2060}' | '\u{feff}'));
        if !plain {
            return false;
        }
        before = c;
    }
    before != ' ' && is_composed(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_space_folds_and_letters_compose() {
        assert_eq!(line("  a\u{a0}b \t\r\n c\u{ad}d\u{200b} e\u{301} \u{0} "), "a b cd é");
        let mut code = Block::new(BlockKind::Code, "\n  a\n    b\n");
        block(&mut code);
        assert_eq!(code.text, "  a\n    b");
    }

    proptest::proptest! {
        #[test]
        fn tidying_twice_is_tidying_once(text in "\\PC{0,80}") {
            let once = line(&text);
            proptest::prop_assert_eq!(line(&once), once.clone());
            proptest::prop_assert!(once.is_empty() || is_tidy(&once) || !is_composed(&once));
        }
    }
}
