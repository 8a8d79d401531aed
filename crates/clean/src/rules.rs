//! The rules, read once and made ready to be asked all at once: whole lines and beginnings in tables, inner
//! phrases by their words, patterns by how they begin. Constant data, so this is the one thing the crate keeps.

use std::collections::HashMap;
use std::sync::LazyLock;

use wiredesk_model::block::Verdict;

use crate::form::{Form, fold};
use crate::patterns::{Pattern, Patterns};
use crate::phrases::{Phrase, Phrases};
use crate::written::{FILES, Family, Gives, Unreadable, Written, filled, terms};

/// One rule, ready.
pub(crate) struct Rule {
    /// As written, its literals folded.
    pub(crate) written: Written,
    /// The verdict that it gives.
    pub(crate) gives: Gives,
    /// Its family, counted in the order of the files.
    pub(crate) family: usize,
    /// The numbers, among all phrases, of those of which a block must hold one, and of those of which a long block must.
    pub(crate) with: Vec<usize>,
    pub(crate) long_with: Vec<usize>,
}

impl Rule {
    pub(crate) fn verdict(&self) -> Verdict {
        match &self.gives {
            Gives::Dropped => Verdict::dropped(&self.written.id),
            Gives::Notice(kind) => Verdict::notice(*kind, &self.written.id),
            Gives::Field(name) => Verdict::field(name, &self.written.id),
        }
    }
}

/// A whole-line literal: its rule, and whether it holds anywhere.
#[derive(Clone, Copy)]
pub(crate) struct Line {
    pub(crate) rule: usize,
    pub(crate) loud: bool,
}

/// Beginnings are looked up by so many of their first bytes; none is shorter.
pub(crate) const HEAD: usize = 3;

/// A literal that a block begins with.
pub(crate) struct Beginning {
    pub(crate) literal: String,
    pub(crate) rule: usize,
    /// A word must end where it ends.
    pub(crate) bounded: bool,
}

/// The first bytes of a text, where it has as many.
pub(crate) fn head(text: &str) -> Option<[u8; HEAD]> {
    text.as_bytes().first_chunk().copied()
}

/// All rules.
pub(crate) struct Rules {
    pub(crate) rules: Vec<Rule>,
    /// By the folded line; a line may belong to several rules.
    pub(crate) lines: HashMap<String, Vec<Line>>,
    /// Beginnings, by their first bytes.
    pub(crate) starts: HashMap<[u8; HEAD], Vec<Beginning>>,
    /// The phrases that rules have, and behind them those that rules require beside something else.
    pub(crate) phrases: Phrases,
    /// Which rule has a phrase.
    pub(crate) has_of: Vec<usize>,
    pub(crate) patterns: Patterns,
    /// No pattern matches a block of more words.
    pub(crate) pattern_words: usize,
    /// No phrase counts in a block of more words.
    pub(crate) has_words: usize,
    /// No rule knows a block of more words by anything but tails.
    pub(crate) most_words: usize,
    /// Ends of paragraphs that are cut off.
    pub(crate) tails: Vec<Pattern>,
}

static RULES: LazyLock<Rules> =
    LazyLock::new(|| Rules::read().expect("the rules are part of the program, and a test reads them"));

/// The rules of this build.
pub(crate) fn rules() -> &'static Rules {
    &RULES
}

/// A rule, for people who ask which there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Described {
    /// `family/name`.
    pub id: &'static str,
    /// What it takes out.
    pub doc: &'static str,
    /// `dropped`, `notice:KIND` or `field:NAME`.
    pub gives: &'static str,
}

/// All rules that are written as data, in the order in which they are asked.
pub fn described() -> impl Iterator<Item = Described> {
    rules().rules.iter().map(|r| Described { id: &r.written.id, doc: &r.written.doc, gives: &r.written.gives })
}

/// Whether a literal must end where a word ends: it does unless it ends in a sign, a space or an ideograph.
fn bounded(literal: &str) -> bool {
    literal.chars().next_back().is_some_and(|c| c.is_alphanumeric() && !is_unspaced(c))
}

fn is_unspaced(c: char) -> bool {
    crate::form::is_dense(c) || matches!(c, '\u{ac00}'..='\u{d7af}')
}

/// How many words the longest line of a rule has, which is known whatever its length.
fn longest_line(rule: &Written) -> Option<usize> {
    rule.lines.iter().map(|line| Form::of(line).words).max()
}

impl Rules {
    pub(crate) fn read() -> Result<Self, Unreadable> {
        let terms = terms()?;
        let mut rules = Vec::new();
        for (number, (family, text)) in FILES.iter().enumerate() {
            let file: Family =
                toml::from_str(text).map_err(|source| Unreadable::Toml { family: (*family).to_owned(), source })?;
            for mut written in file.rule {
                let gives = written.gives()?;
                written.topic.extend(file.topic.iter().cloned());
                for words in [
                    &mut written.topic,
                    &mut written.with,
                    &mut written.long_with,
                    &mut written.starts,
                    &mut written.has,
                ] {
                    words.iter_mut().for_each(|w| *w = fold(w));
                }
                for pattern in written.regex.iter_mut().chain(&mut written.tails) {
                    *pattern = filled(pattern, &terms);
                }
                rules.push(Rule { written, gives, family: number, with: Vec::new(), long_with: Vec::new() });
            }
        }
        Self::ready(rules)
    }

    fn ready(mut rules: Vec<Rule>) -> Result<Self, Unreadable> {
        let (mut phrases, mut has_of) = (Vec::new(), Vec::new());
        for (index, rule) in rules.iter().enumerate() {
            for literal in &rule.written.has {
                phrases.push(Phrase { literal: literal.clone(), bounded: bounded(literal) });
                has_of.push(index);
            }
        }
        // A required word may be a stem where its script has endings that are not listed.
        let mut required: HashMap<String, usize> = HashMap::new();
        let mut number = |literal: &String| {
            *required.entry(literal.clone()).or_insert_with(|| {
                let bounded = literal.ends_with(|c: char| c.is_ascii_alphabetic());
                phrases.push(Phrase { literal: literal.clone(), bounded });
                phrases.len() - 1
            })
        };
        for rule in &mut rules {
            rule.with = rule.written.with.iter().map(&mut number).collect();
            rule.long_with = rule.written.long_with.iter().map(&mut number).collect();
        }
        let mut lines: HashMap<String, Vec<Line>> = HashMap::new();
        let mut starts: HashMap<_, Vec<Beginning>> = HashMap::new();
        let mut patterns = Vec::new();
        let mut tails = Vec::new();
        for (index, rule) in rules.iter().enumerate() {
            let written = &rule.written;
            let loud: Vec<String> = written.loud.iter().map(|l| Form::of(l).text).collect();
            for line in &written.lines {
                let line = Form::of(line).text;
                let entry = Line { rule: index, loud: loud.contains(&line) || written.zone == Default::default() };
                let known = lines.entry(line).or_default();
                if !known.iter().any(|l| l.rule == index) {
                    known.push(entry);
                }
            }
            for literal in &written.starts {
                let head = head(literal)
                    .ok_or_else(|| Unreadable::Short { rule: written.id.clone(), literal: literal.clone() })?;
                let beginning = Beginning { literal: literal.clone(), rule: index, bounded: bounded(literal) };
                starts.entry(head).or_default().push(beginning);
            }
            patterns.extend(written.regex.iter().map(|pattern| Pattern::whole(pattern, index)));
            tails.extend(written.tails.iter().map(|tail| Pattern::piece(tail, index)));
        }
        let most = |picks: fn(&Written) -> bool| {
            rules.iter().filter(|r| picks(&r.written)).map(|r| r.written.max_words).max().unwrap_or(0)
        };
        Ok(Self {
            lines,
            starts,
            phrases: Phrases::new(phrases)?,
            has_of,
            patterns: Patterns::new(patterns),
            pattern_words: most(|w| !w.regex.is_empty()),
            has_words: most(|w| !w.has.is_empty()),
            most_words: rules
                .iter()
                .flat_map(|rule| {
                    [Some(rule.written.max_words), rule.written.sentence_words, longest_line(&rule.written)]
                })
                .flatten()
                .max()
                .unwrap_or(0),
            tails,
            rules,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn the_rules_can_be_read_and_say_what_they_are_for() {
        let rules = Rules::read().expect("rules/*.toml");
        let mut seen = HashSet::new();
        for rule in &rules.rules {
            let (family, _) = FILES[rule.family];
            assert!(rule.written.id.starts_with(&format!("{family}/")), "{} is in {family}.toml", rule.written.id);
            assert!(seen.insert(&rule.written.id), "{} is there twice", rule.written.id);
            assert!(rule.written.doc.ends_with('.'), "{} has no reason", rule.written.id);
            for line in &rule.written.loud {
                let line = Form::of(line).text;
                assert!(
                    rules.lines.get(&line).is_some_and(|l| l.iter().any(|l| l.loud)),
                    "`{line}` of {} is loud but no line",
                    rule.written.id
                );
            }
        }
        assert!(rules.rules.len() > 40);
    }

    #[test]
    fn every_pattern_can_be_compiled() {
        let rules = rules();
        for pattern in rules.patterns.all().iter().chain(&rules.tails) {
            let written = &rules.rules[pattern.rule].written.id;
            pattern.check().unwrap_or_else(|error| panic!("{written}: {error}"));
        }
    }

    #[test]
    fn no_line_is_empty() {
        assert!(!rules().lines.contains_key(""));
    }
}
