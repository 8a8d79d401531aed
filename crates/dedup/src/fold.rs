//! Folding: what is left of a text when typography, spacing, punctuation and case are taken away.
//!
//! The order of operations, each on what the one before it left:
//! 1. zero-width characters go: soft hyphens, joiners, direction marks, variation selectors, byte order marks;
//! 2. NFKC: ligatures, full-width forms, superscripts, composed and decomposed letters become one spelling;
//! 3. full case folding (Unicode's default, not Turkish: `I` is `i`, `ı` stays `ı`, `ß` is `ss`);
//! 4. only letters, the marks that stand on them, and digits stay. A mark on nothing is a spacing accent that somebody
//!    used as an apostrophe (`it´s`), and goes;
//! 5. where something went between two digits, one [`GAP`] stands for all of it: `1.5` is not `15`, while `1,000`,
//!    `1 000` and `1.000` are one. Zero-width characters leave no gap.
//!
//! ASCII needs only 4 and 5 and takes a table; other text is normalised in runs.

use caseless::Caseless;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// What stands for a gap between two digits.
pub const GAP: u8 = b'.';

/// Where folded letters go.
pub(crate) trait Sink {
    /// Takes one ASCII letter or digit, lower case.
    fn ascii(&mut self, letter: u8);
    /// Takes one character.
    fn char(&mut self, letter: char);
}

impl Sink for String {
    fn ascii(&mut self, letter: u8) {
        self.push(char::from(letter));
    }
    fn char(&mut self, letter: char) {
        self.push(letter);
    }
}

/// The folded letters of a text, as they are hashed. Folding them again changes nothing.
///
/// Also good for comparing titles and lines: two texts that fold alike read alike.
pub fn folded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    fold(text, &mut out);
    out
}

/// What the letters seen so far mean for the next one.
#[derive(Default)]
struct State {
    /// The last letter that was kept is a digit.
    after_digit: bool,
    /// Something went since the last letter that was kept, or nothing was kept yet: a mark here stands on nothing.
    gap: bool,
}

impl State {
    fn digit(&mut self, sink: &mut impl Sink) {
        if self.gap && self.after_digit {
            sink.ascii(GAP);
        }
        *self = Self { after_digit: true, gap: false };
    }

    fn letter(&mut self) {
        *self = Self::default();
    }

    /// One character that has been normalised and case folded.
    fn take(&mut self, c: char, sink: &mut impl Sink) {
        if c.is_ascii() {
            // In range: `c` is ASCII.
            self.take_ascii(c as u8, sink);
        } else if is_combining_mark(c) {
            if !self.gap {
                sink.char(c);
            }
        } else if c.is_numeric() {
            self.digit(sink);
            sink.char(c);
        } else if c.is_alphabetic() && !is_letter_emoji(c) {
            self.letter();
            sink.char(c);
        } else {
            self.gap = true;
        }
    }

    fn take_ascii(&mut self, byte: u8, sink: &mut impl Sink) {
        match ASCII[usize::from(byte)] {
            0 => self.gap = true,
            folded if folded.is_ascii_digit() => {
                self.digit(sink);
                sink.ascii(folded);
            }
            folded => {
                self.letter();
                sink.ascii(folded);
            }
        }
    }
}

/// The lower-case letter or digit of an ASCII byte; 0 for what goes.
const ASCII: [u8; 128] = {
    let mut table = [0; 128];
    let mut byte = 0u8;
    while byte < 128 {
        if byte.is_ascii_alphanumeric() {
            table[byte as usize] = byte.to_ascii_lowercase();
        }
        byte += 1;
    }
    table
};

pub(crate) fn fold(text: &str, sink: &mut impl Sink) {
    let mut state = State { after_digit: false, gap: true };
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let ascii = bytes[at..].iter().position(|b| !b.is_ascii()).unwrap_or(bytes.len() - at);
        let mut stop = at + ascii;
        // The last ASCII letter may be the base of a mark that follows: it belongs to the run that is normalised.
        let other = text[stop..].chars().next();
        if ascii > 0 && other.is_some_and(|c| !is_plain_punctuation(c)) {
            stop -= 1;
        }
        for byte in &bytes[at..stop] {
            state.take_ascii(*byte, sink);
        }
        at = stop;
        let Some(first) = other else { break };
        if is_plain_punctuation(first) {
            state.gap = true;
            at += first.len_utf8();
            continue;
        }
        let base = usize::from(bytes[at].is_ascii());
        let run = text[at + base..]
            .char_indices()
            .find(|(_, c)| c.is_ascii() || is_plain_punctuation(*c))
            .map_or(bytes.len(), |(i, _)| at + base + i);
        for c in text[at..run].chars().filter(|c| !is_zero_width(*c)).nfkc().default_case_fold() {
            state.take(c, sink);
        }
        at = run;
    }
}

/// Quotes, dashes and the bullet: never kept, never part of a normalisation, and nearly all that is not ASCII in English.
fn is_plain_punctuation(c: char) -> bool {
    matches!(c, '\u{2012}'..='\u{2015}' | '\u{2018}'..='\u{201f}' | '\u{2022}')
}

/// Characters without width or shape of their own (Unicode's default ignorables that occur in copy).
fn is_zero_width(c: char) -> bool {
    matches!(
        c,
        '\u{ad}'
            | '\u{34f}'
            | '\u{61c}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

/// Letters in boxes that are drawn as pictures; Unicode calls them alphabetic symbols, not letters.
fn is_letter_emoji(c: char) -> bool {
    matches!(c, '\u{1f130}'..='\u{1f189}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_contract_letter_by_letter() {
        for (text, want) in [
            ("", ""),
            ("Hello, World!", "helloworld"),
            ("“It’s ‘fine’,” — she said…", "itsfineshesaid"),
            ("\"It's 'fine',\" - she said...", "itsfineshesaid"),
            ("it´s", "its"),
            ("non\u{a0}breaking\u{2009}and\u{3000}wide spaces\r\n\r\n", "nonbreakingandwidespaces"),
            ("oﬃce ﬁre", "officefire"),
            ("ＦＵＬＬ ｗｉｄｔｈ １２", "fullwidth12"),
            ("soft\u{ad}hyphen zero\u{200b}width \u{feff}mark", "softhyphenzerowidthmark"),
            ("cafe\u{301} CAFÉ", "cafécafé"),
            ("Straße STRASSE", "strassestrasse"),
            ("Σίσυφος ΣΊΣΥΦΟΣ", "σίσυφοσσίσυφοσ"),
            ("DIYARBAKIR", "diyarbakir"),
            ("Diyarbakır", "diyarbakır"),
            ("İzmir", "i\u{307}zmir"),
            ("日本語、テスト。ﾃｽﾄ", "日本語テストテスト"),
            ("한국어 테스트", "한국어테스트"),
            ("हिन्दी", "हिन्दी"),
            ("القاهرة، مصر", "القاهرةمصر"),
            ("m² and H₂O and ½", "m2andh2oand1.2"),
            ("🙂 ok 👍🏽 ☃️", "ok"),
        ] {
            assert_eq!(folded(text), want, "{text}");
        }
    }

    #[test]
    fn a_gap_between_digits_is_one_mark() {
        for (text, want) in [
            ("1.5", "1.5"),
            ("15", "15"),
            ("1,000", "1.000"),
            ("1 000", "1.000"),
            ("1\u{202f}000", "1.000"),
            ("1.000", "1.000"),
            ("1 – – 2", "1.2"),
            ("2019\n\n2020", "2019.2020"),
            ("1\u{200b}5", "15"),
            ("1\u{ad}5", "15"),
            ("1´5", "1.5"),
            (".5 5.", "5.5"),
            ("5-1/2", "5.1.2"),
            ("a1 b2", "a1b2"),
            ("1 a 2", "1a2"),
            ("１．５", "1.5"),
            ("١٬٠٠٠", "١.٠٠٠"),
        ] {
            assert_eq!(folded(text), want, "{text}");
        }
    }

    #[test]
    fn what_reads_differently_stays_different() {
        for (a, b) in [("1.5", "15"), ("resume", "résumé"), ("kisi", "kişi"), ("ist", "işt"), ("が", "か")] {
            assert_ne!(folded(a), folded(b));
        }
    }

    /// The same folding said plainly, character by character and without a fast path.
    fn said_plainly(text: &str) -> String {
        let mut out = String::new();
        let mut state = State { after_digit: false, gap: true };
        for c in text.chars().filter(|c| !is_zero_width(*c)).nfkc().default_case_fold() {
            state.take(c, &mut out);
        }
        out
    }

    proptest::proptest! {
        #[test]
        fn the_fast_path_says_the_same(text in "[a-zA-Z0-9 .,’“—é\u{301}ﬁ½\u{ad}\u{200b}İßΐ가日\u{1100}\u{1161}´]{0,60}") {
            proptest::prop_assert_eq!(folded(&text), said_plainly(&text));
        }

        #[test]
        fn any_text_says_the_same(text in "\\PC{0,200}") {
            proptest::prop_assert_eq!(folded(&text), said_plainly(&text));
        }

        #[test]
        fn folding_twice_is_folding_once(text in "\\PC{0,200}") {
            // Conjoining Hangul jamo that stood apart close up when what stood between them is gone.
            proptest::prop_assume!(!text.nfkc().any(|c| matches!(c, '\u{1100}'..='\u{11ff}')));
            let once = folded(&text);
            proptest::prop_assert_eq!(folded(&once), once);
        }

        #[test]
        fn spacing_and_punctuation_do_not_matter(words in proptest::collection::vec("[a-zé日я]{1,8}", 0..20)) {
            proptest::prop_assert_eq!(folded(&words.join(" ")), folded(&words.join("—\u{a0}”, \r\n")));
        }
    }
}
