//! The figures of the published leaderboards: shingle F1, the share of pages exact to the word, leaked words, snippets found.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::LazyLock;

use regex::Regex;
use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

use crate::sets::Truth;

/// A run of letters, digits and underscores, as Python's `\w+` has it: marks part words.
static WORD: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"[\p{L}\p{N}_]+").expect("a pattern"));

fn words(text: &str) -> Vec<&str> {
    WORD.find_iter(text).map(|word| word.as_str()).collect()
}

/// What a set scored. Those that do not apply are absent.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Figures {
    /// F1 of the mean precision and the mean recall over four-word shingles.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) shingle_f1: Option<f64>,
    /// Pages whose words are exactly the true ones.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) exact: Option<f64>,
    /// Words given in lines that are not of the body.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) leaked: Option<f64>,
    /// F1 over snippets that must and must not be there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) snippet_f1: Option<f64>,
    /// Of a web of copies, those that fall on their body's most common hash.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) collapse: Option<f64>,
    /// Pages that gave no text.
    #[serde(default)]
    pub(crate) empty: usize,
}

/// Four places.
fn places(value: f64) -> f64 {
    (value * 10_000.0).round() / 10_000.0
}

impl Figures {
    /// The figures of a web of copies.
    pub(crate) fn of_copies(collapse: f64) -> Self {
        Self { collapse: Some(places(collapse)), ..Self::default() }
    }

    /// In words, what is worse than pinned.
    pub(crate) fn below(&self, pin: &Self) -> Vec<String> {
        let mut faults = Vec::new();
        let mut falls = |name: &str, is: Option<f64>, should: Option<f64>, sign: f64| {
            let Some(should) = should else { return };
            if is.is_none_or(|is| sign * is < sign * should) {
                faults.push(format!("{name} is {is:?}, pinned at {should}"));
            }
        };
        falls("shingle_f1", self.shingle_f1, pin.shingle_f1, 1.0);
        falls("exact", self.exact, pin.exact, 1.0);
        falls("leaked", self.leaked, pin.leaked, -1.0);
        falls("snippet_f1", self.snippet_f1, pin.snippet_f1, 1.0);
        falls("collapse", self.collapse, pin.collapse, 1.0);
        if self.empty > pin.empty {
            faults.push(format!("{} pages are empty, pinned at {}", self.empty, pin.empty));
        }
        faults
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let figures = [
            ("shingle F1", self.shingle_f1),
            ("exact", self.exact),
            ("leaked", self.leaked),
            ("snippet F1", self.snippet_f1),
            ("collapse", self.collapse),
        ];
        for (name, figure) in figures {
            if let Some(figure) = figure {
                write!(f, "{name} {figure:.4}  ")?;
            }
        }
        write!(f, "empty {}", self.empty)
    }
}

/// What has been scored so far.
#[derive(Default)]
pub(crate) struct Scores {
    pages: usize,
    empty: usize,
    exact: usize,
    precisions: Vec<f64>,
    recalls: Vec<f64>,
    given: usize,
    leaked: usize,
    /// Snippets: found of those that must be there, and of those that must not.
    with: (usize, usize),
    without: (usize, usize),
}

impl Scores {
    /// Scores one page.
    pub(crate) fn add(&mut self, truth: &Truth, given: &str) {
        let (true_words, given_words) = (words(&truth.text), words(given));
        self.pages += 1;
        self.empty += usize::from(given_words.is_empty());
        self.exact += usize::from(true_words == given_words);
        self.shingles(&true_words, &given_words);
        self.leaks(&truth.text, given);
        let spaced = |text: &str| text.nfkc().collect::<String>().split_whitespace().collect::<Vec<_>>().join(" ");
        let found = spaced(given);
        let count = |snippets: &[String]| {
            let snippets = snippets.iter().filter(|s| !s.is_empty());
            snippets.fold((0, 0), |(hits, all), s| (hits + usize::from(found.contains(&spaced(s))), all + 1))
        };
        let (with, without) = (count(&truth.with), count(&truth.without));
        self.with = (self.with.0 + with.0, self.with.1 + with.1);
        self.without = (self.without.0 + without.0, self.without.1 + without.1);
    }

    fn shingles(&mut self, truth: &[&str], given: &[&str]) {
        let mut counts: HashMap<&[&str], (usize, usize)> = HashMap::new();
        shingles(truth).for_each(|s| counts.entry(s).or_default().0 += 1);
        shingles(given).for_each(|s| counts.entry(s).or_default().1 += 1);
        let (mut both, mut extra, mut missing) = (0, 0, 0);
        for (truth, given) in counts.values() {
            both += truth.min(given);
            extra += given.saturating_sub(*truth);
            missing += truth.saturating_sub(*given);
        }
        let share = |wrong: usize| if wrong == 0 { 1.0 } else { both as f64 / (both + wrong) as f64 };
        if both + extra > 0 {
            self.precisions.push(if extra == 0 && missing == 0 { 1.0 } else { share(extra) });
        }
        if both + missing > 0 {
            self.recalls.push(if extra == 0 && missing == 0 { 1.0 } else { share(missing) });
        }
    }

    /// A line leaks when neither its words stand in the truth as a run nor half of its shingles do.
    fn leaks(&mut self, truth: &str, given: &str) {
        let folded = |text: &str| text.nfkc().collect::<String>().to_lowercase();
        let truth = folded(truth);
        let truth_words = words(&truth);
        let run = format!(" {} ", truth_words.join(" "));
        let known: HashSet<&[&str]> = truth_words.windows(4).collect();
        for line in given.split('\n') {
            let line = folded(line);
            let line = words(&line);
            self.given += line.len();
            if line.is_empty() || run.contains(&format!(" {} ", line.join(" "))) {
                continue;
            }
            let hits = line.windows(4).filter(|s| known.contains(s)).count();
            if line.len() < 4 || hits * 2 < line.len() - 3 {
                self.leaked += line.len();
            }
        }
    }

    /// The figures, to four places, each rounded so that the same result passes its own pin.
    pub(crate) fn figures(&self) -> Figures {
        let mean = |of: &[f64]| if of.is_empty() { 0.0 } else { of.iter().sum::<f64>() / of.len() as f64 };
        let f1 = |p: f64, r: f64| if p + r > 0.0 { 2.0 * p * r / (p + r) } else { 0.0 };
        let whole = !self.recalls.is_empty();
        let share = |part: usize, all: usize| part as f64 / all.max(1) as f64;
        let ((tp, with), (fp, _)) = (self.with, self.without);
        Figures {
            shingle_f1: whole.then(|| places(f1(mean(&self.precisions), mean(&self.recalls)))),
            exact: whole.then(|| places(share(self.exact, self.pages))),
            leaked: whole.then(|| places(share(self.leaked, self.given))),
            snippet_f1: (with > 0).then(|| places(f1(share(tp, tp + fp), share(tp, with)))),
            collapse: None,
            empty: self.empty,
        }
    }
}

/// Runs of four words; of fewer words, the one run there is.
fn shingles<'a>(words: &'a [&'a str]) -> impl Iterator<Item = &'a [&'a str]> {
    let size = words.len().clamp(1, 4);
    words.windows(size)
}

#[test]
fn figures_are_those_of_the_published_scorer() {
    let mut scores = Scores::default();
    let truth = Truth { text: "One two three four five six.\nSeven eight nine ten.".into(), ..Truth::default() };
    scores.add(&truth, "One two three four five six.\nAn own line that leaks.\nSeven eight nine ten.");
    let figures = scores.figures();
    // Seven true runs of four words, of which four are given; twelve are given.
    assert_eq!(figures.shingle_f1, Some(0.4211));
    assert_eq!((figures.exact, figures.leaked, figures.empty), (Some(0.0), Some(0.3333), 0));
}
