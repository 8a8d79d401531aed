//! Many phrases looked for in one text at once. Nearly every phrase holds a plain word, and a text holds few words that any phrase
//! does: so each is looked up by its longest plain word, and held against the text only where that word stands.

use aho_corasick::{AhoCorasick, BuildError};
use memchr::memmem::Finder;

use crate::form::is_dense;

/// A phrase, folded, with what must hold where it ends. Where it begins with a plain letter or digit, a word must begin there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Phrase {
    pub(crate) literal: String,
    /// A word must end where it ends.
    pub(crate) bounded: bool,
}

/// A phrase that stands in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    /// Its number, in the order in which the phrases were given.
    pub(crate) phrase: usize,
    /// Where it ends, in bytes.
    pub(crate) end: usize,
}

/// Phrases, ready to be looked for.
pub(crate) struct Phrases {
    all: Vec<Phrase>,
    /// By the hash of its longest plain word: the phrase, and where in it the word begins.
    by_word: Vec<Vec<(usize, usize)>>,
    /// A bit for each place of `by_word` that is not empty: small enough to be at hand at every word.
    known: Vec<u64>,
    /// Phrases without a plain word: signs alone, and those of other scripts.
    signs: Vec<(usize, Finder<'static>)>,
    scripts: AhoCorasick,
    of_scripts: Vec<usize>,
}

impl Phrases {
    /// These phrases, ready.
    ///
    /// # Errors
    /// When they are too many for one automaton.
    pub(crate) fn new(all: Vec<Phrase>) -> Result<Self, BuildError> {
        let mut by_word = vec![Vec::new(); 1 << HASH_BITS];
        let mut known = vec![0; (1 << HASH_BITS) / 64];
        let (mut signs, mut of_scripts, mut scripts) = (Vec::new(), Vec::new(), Vec::new());
        for (number, phrase) in all.iter().enumerate() {
            let literal = phrase.literal.as_str();
            let whole = |(at, word): &(usize, &[u8])| at + word.len() < literal.len() || phrase.bounded;
            match words(literal).filter(whole).max_by_key(|(_, word)| word.len()) {
                Some((at, word)) => {
                    let place = hash(word);
                    by_word[place].push((number, at));
                    known[place / 64] |= 1 << (place % 64);
                }
                None if literal.is_ascii() => signs.push((number, Finder::new(literal).into_owned())),
                None => {
                    scripts.push(literal);
                    of_scripts.push(number);
                }
            }
        }
        let scripts = AhoCorasick::new(&scripts)?;
        Ok(Self { by_word, known, signs, scripts, of_scripts, all })
    }

    /// The phrases that stand in a folded text, in no order; one may stand there twice.
    pub(crate) fn found_in(&self, text: &str) -> Vec<Found> {
        let mut found = Vec::new();
        for (at, word) in words(text) {
            let place = hash(word);
            if self.known[place / 64] & 1 << (place % 64) == 0 {
                continue;
            }
            for (phrase, offset) in &self.by_word[place] {
                let start = at.checked_sub(*offset).filter(|start| text.is_char_boundary(*start));
                found.extend(start.and_then(|start| self.stands(*phrase, text, start)));
            }
        }
        for (phrase, finder) in &self.signs {
            let places = finder.find_iter(text.as_bytes());
            found.extend(places.filter_map(|start| self.stands(*phrase, text, start)));
        }
        if !text.is_ascii() {
            let places = self.scripts.find_overlapping_iter(text);
            let stands = |place: aho_corasick::Match| {
                self.stands(self.of_scripts[place.pattern().as_usize()], text, place.start())
            };
            found.extend(places.filter_map(stands));
        }
        found
    }

    /// The phrase, if it stands in the text at this place.
    fn stands(&self, number: usize, text: &str, start: usize) -> Option<Found> {
        let phrase = &self.all[number];
        let rest = text[start..].strip_prefix(phrase.literal.as_str())?;
        let begins = !phrase.literal.starts_with(|c: char| c.is_ascii_alphanumeric())
            || !text[..start].ends_with(|c: char| c.is_alphanumeric() && !is_dense(c));
        let ends = !phrase.bounded || !rest.starts_with(|c: char| c.is_alphanumeric());
        (begins && ends).then_some(Found { phrase: number, end: text.len() - rest.len() })
    }
}

/// The plain words of a text, with where they begin: longest runs of ASCII letters and digits.
fn words(text: &str) -> impl Iterator<Item = (usize, &[u8])> {
    let bytes = text.as_bytes();
    let mut at = 0;
    std::iter::from_fn(move || {
        let start = at + bytes[at..].iter().position(u8::is_ascii_alphanumeric)?;
        let length = bytes[start..].iter().position(|b| !b.is_ascii_alphanumeric()).unwrap_or(bytes.len() - start);
        at = start + length;
        Some((start, &bytes[start..at]))
    })
}

/// Some thousand phrases leave most of the places empty.
const HASH_BITS: u32 = 13;

/// A place for a word, by its first eight bytes and its length. Words that share one are told apart by the text.
fn hash(word: &[u8]) -> usize {
    let first = word.iter().take(8).fold(0, |sum, byte| sum << 8 | u64::from(*byte));
    let mixed = (first ^ (word.len() as u64) << 59).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed >> (u64::BITS - HASH_BITS)) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    fn phrases(written: &[(&str, bool)]) -> Phrases {
        let all = written.iter().map(|(literal, bounded)| Phrase { literal: (*literal).to_owned(), bounded: *bounded });
        Phrases::new(all.collect()).expect("few phrases")
    }

    fn found(phrases: &Phrases, text: &str) -> Vec<(usize, usize)> {
        let mut found: Vec<_> = phrases.found_in(text).iter().map(|f| (f.phrase, f.end)).collect();
        found.sort_unstable();
        found
    }

    #[test]
    fn a_phrase_is_found_where_its_words_are_whole() {
        let known =
            phrases(&[("sign up", true), ("publié", false), (". photo:", false), ("@", false), ("版权", false)]);
        assert_eq!(found(&known, "sign up, and sign up again"), [(0, 7), (0, 20)]);
        assert_eq!(found(&known, "design up or sign upwards"), []);
        assert_eq!(found(&known, "les textes publiés ici"), [(1, 18)]);
        assert_eq!(found(&known, "the end. photo: a. b"), [(2, 15)]);
        assert_eq!(found(&known, "write to a@b"), [(3, 11)]);
        assert_eq!(found(&known, "本网版权所有"), [(4, 12)]);
        assert_eq!(found(&known, ""), []);
    }

    proptest::proptest! {
        #[test]
        fn they_are_found_as_a_plain_search_finds_them(text in "[ab1é版 .@]{0,40}") {
            let written = [("ab a", true), ("a", true), ("b1", false), (" é", false), ("éa", true), ("版b", true), ("@", false), ("版", false)];
            let mut plain = Vec::new();
            for (number, (literal, bounded)) in written.iter().enumerate() {
                for start in (0..=text.len()).filter(|at| text.is_char_boundary(*at)) {
                    let Some(rest) = text[start..].strip_prefix(literal) else { continue };
                    let word = |c: char| c.is_alphanumeric();
                    let before = |c: char| c.is_alphanumeric() && !is_dense(c);
                    let begins = !literal.starts_with(|c: char| c.is_ascii_alphanumeric()) || !text[..start].ends_with(before);
                    if begins && (!bounded || !rest.starts_with(word)) {
                        plain.push((number, start + literal.len()));
                    }
                }
            }
            plain.sort_unstable();
            proptest::prop_assert_eq!(found(&phrases(&written), &text), plain);
        }
    }
}
