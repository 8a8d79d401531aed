//! The rules' patterns. Compiling one costs more than reading a page, so each is compiled when the first text comes that begins
//! as it begins; how a pattern may begin, and what it must hold, is read off its syntax.

use std::sync::OnceLock;

use regex::{Regex, RegexBuilder};
use regex_syntax::hir::literal::Extractor;

use crate::bytes::Bytes;
use crate::form::Form;

/// A pattern of one rule.
pub(crate) struct Pattern {
    text: String,
    folded: bool,
    /// Which rule.
    pub(crate) rule: usize,
    ready: OnceLock<Regex>,
}

impl Pattern {
    /// A pattern for a whole folded text.
    pub(crate) fn whole(pattern: &str, rule: usize) -> Self {
        Self { text: format!("^(?:{})$", plain_digits(pattern)), folded: true, rule, ready: OnceLock::new() }
    }

    /// A pattern for a piece of text as it is printed.
    pub(crate) fn piece(pattern: &str, rule: usize) -> Self {
        Self { text: plain_digits(pattern), folded: false, rule, ready: OnceLock::new() }
    }

    /// The expression, compiled at its first use.
    pub(crate) fn expression(&self) -> &Regex {
        self.ready.get_or_init(|| {
            let built = RegexBuilder::new(&self.text).case_insensitive(!self.folded).build();
            built.expect("the patterns are part of the program, and a test compiles each")
        })
    }

    /// Whether it can be compiled.
    #[cfg(test)]
    pub(crate) fn check(&self) -> Result<(), regex::Error> {
        Regex::new(&self.text).map(|_| ())
    }

    /// The first bytes of all texts that it could match; nothing where they are too many to tell.
    fn beginnings(&self) -> Option<Vec<Vec<u8>>> {
        let syntax = regex_syntax::parse(&self.text).ok()?;
        let found = Extractor::new().limit_class(16).limit_literal_len(4).limit_total(1_500).extract(&syntax);
        let literals: Vec<Vec<u8>> = found.literals()?.iter().map(|l| l.as_bytes().to_vec()).collect();
        literals.iter().all(|l| !l.is_empty()).then_some(literals)
    }

    /// Bytes of which every text that it matches holds one; nothing where they are too common to tell.
    fn needed(&self) -> Option<Bytes> {
        Bytes::needed(&regex_syntax::parse(&self.text).ok()?).filter(Bytes::tell)
    }
}

/// Digits of other scripts make automata large and dates no better.
fn plain_digits(pattern: &str) -> String {
    pattern.replace("\\d", "[0-9]")
}

/// All patterns, by the first byte of what they could match.
pub(crate) struct Patterns {
    all: Vec<Pattern>,
    by_first: Vec<Vec<(Vec<u8>, usize)>>,
    /// Those that may begin with anything, with the bytes that they need.
    any: Vec<(Option<Bytes>, usize)>,
}

impl Patterns {
    pub(crate) fn new(all: Vec<Pattern>) -> Self {
        let mut by_first = vec![Vec::new(); 256];
        let mut any = Vec::new();
        for (at, pattern) in all.iter().enumerate() {
            match pattern.beginnings() {
                Some(literals) => {
                    for literal in literals {
                        by_first[usize::from(literal[0])].push((literal, at));
                    }
                }
                None => any.push((pattern.needed(), at)),
            }
        }
        Self { all, by_first, any }
    }

    /// The rules of the patterns that match a text, of those that may.
    pub(crate) fn matches(&self, form: &Form, may: impl Fn(usize) -> bool) -> Vec<usize> {
        let text = form.text.as_bytes();
        let Some(first) = text.first() else { return Vec::new() };
        let begun = self.by_first[usize::from(*first)].iter().filter(|(l, _)| text.starts_with(l)).map(|(_, at)| *at);
        let held = Bytes::of(text);
        let possible = self.any.iter().filter(|(needed, _)| needed.as_ref().is_none_or(|n| n.meets(&held)));
        let mut candidates: Vec<usize> = begun.chain(possible.map(|(_, at)| *at)).collect();
        candidates.sort_unstable();
        candidates.dedup();
        candidates.retain(|at| may(self.all[*at].rule) && self.all[*at].expression().is_match(&form.text));
        candidates.into_iter().map(|at| self.all[at].rule).collect()
    }

    /// Every pattern, for tests.
    #[cfg(test)]
    pub(crate) fn all(&self) -> &[Pattern] {
        &self.all
    }
}
