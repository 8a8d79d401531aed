//! Words, counted as the record's contract says: UAX #29 words with a letter or digit, an ideograph counts one.

use unicode_segmentation::UnicodeSegmentation;

/// The number of words in a text.
pub fn count(text: &str) -> u32 {
    let words = if text.is_ascii() { ascii(text.as_bytes()) } else { mixed(text) };
    u32::try_from(words).unwrap_or(u32::MAX)
}

/// Text that is nearly all ASCII, piece by piece: white space always ends a word, so the pieces can be counted apart.
fn mixed(text: &str) -> usize {
    text.split_ascii_whitespace()
        .map(|piece| match piece.is_ascii() {
            true => ascii(piece.as_bytes()),
            false => western(piece).unwrap_or_else(|| piece.unicode_words().count()),
        })
        .sum()
}

/// The words of a piece whose other signs are Latin letters, quotes and dashes: each is read as an ASCII sign that the rules
/// treat alike. Nothing where there is more in it.
fn western(piece: &str) -> Option<usize> {
    let mut alike = [0; 48];
    let mut length = 0;
    for c in piece.chars() {
        *alike.get_mut(length)? = match c {
            c if c.is_ascii() => c as u8,
            '’' | '‘' => b'\'',
            '“' | '”' | '„' | '«' | '»' | '–' | '—' | '€' | '£' => b' ',
            '\u{c0}'..='\u{24f}' if c.is_alphabetic() => b'a',
            _ => return None,
        };
        length += 1;
    }
    Some(ascii(&alike[..length]))
}

/// The rules of UAX #29 for ASCII: letters, digits and `_` hold together; `.`, `'` and `:` join letters (WB6, WB7), `.`, `'`,
/// `,` and `;` join digits (WB11, WB12).
fn ascii(bytes: &[u8]) -> usize {
    let (mut words, mut at) = (0, 0);
    while at < bytes.len() {
        if !holds(bytes[at]) {
            at += 1;
            continue;
        }
        let mut counts = false;
        loop {
            counts |= bytes[at].is_ascii_alphanumeric();
            let next = bytes.get(at + 1).copied().unwrap_or(b' ');
            let after = bytes.get(at + 2).copied().unwrap_or(b' ');
            let letters = bytes[at].is_ascii_alphabetic() && after.is_ascii_alphabetic();
            let digits = bytes[at].is_ascii_digit() && after.is_ascii_digit();
            let joined = (letters && matches!(next, b'.' | b'\'' | b':'))
                || (digits && matches!(next, b'.' | b'\'' | b',' | b';'));
            if holds(next) {
                at += 1;
            } else if joined {
                at += 2;
            } else {
                break;
            }
        }
        words += usize::from(counts);
        at += 1;
    }
    words
}

fn holds(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_counted_as_the_contract_says() {
        for (text, words) in [
            ("", 0),
            ("one two", 2),
            ("don't stop", 2),
            ("don’t stop", 2),
            ("U.S. $1,000.50 — 5-1/2", 5),
            ("well-known", 2),
            ("新华社北京", 5),
            ("안녕하세요 여러분", 2),
            ("… — !", 0),
        ] {
            assert_eq!(count(text), words, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn the_short_way_counts_the_same(text in "[ -~\\n\\t]{0,80}") {
            proptest::prop_assert_eq!(ascii(text.as_bytes()), text.unicode_words().count());
        }

        #[test]
        fn pieces_count_the_same(text in "[a-c1.,'’‘“—«€:; éßÅȟ日_\\n]{0,80}") {
            proptest::prop_assert_eq!(mixed(&text), text.unicode_words().count());
        }
    }
}
