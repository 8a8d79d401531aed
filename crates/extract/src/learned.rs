//! The second judgement: what the rules about structure leave open, a learned model of blocks decides. The model is a forest of
//! small trees, written as text and checked in; `learn/` has how it is made.

use std::collections::HashMap;
use std::sync::LazyLock;

use wiredesk_model::block::{BlockKind, Hints, Verdict};

use crate::container::Container;
use crate::forest::{Forest, Unreadable};
use crate::metadata::Claims;
use crate::outline::{KnotId, Outline};
use crate::vector::{self, Vector, View};

/// From this probability on a block stays body, and from this on one is that the rules had left out: to bring back asks for more
/// than to keep, for what stands outside is mostly furniture of a kind not seen before.
const BODY: f32 = 0.5;
const BACK: f32 = 0.7;

/// From this probability on a paragraph stays among its like.
const UNSURE: f32 = 0.3;

/// A page of more blocks is judged by the rules alone: it is twice the largest of a thousand real ones, and most likely made to cost.
const BLOCKS: usize = 4_000;

/// With fewer words than this left of a page, its body was thrown away.
const LEFT: u32 = 12;

/// So many reasons are told.
const REASONS: usize = 4;

/// What no model brings back: of thousands of such blocks hardly one was body.
const SURE: [&str; 16] = [
    "chrome/hidden",
    "chrome/nav",
    "chrome/footer",
    "chrome/breadcrumb",
    "chrome/comments",
    "chrome/consent",
    "chrome/dialog",
    "chrome/newsletter",
    "chrome/share",
    "chrome/form",
    "chrome/player",
    "chrome/sidebar",
    "gallery/numbered",
    "outside/article",
    "repeated/text",
    "title/above",
];

static SHIPPED: LazyLock<Forest> = LazyLock::new(|| {
    model(include_str!("../model/blocks.forest")).expect("the model is part of the program, and a test reads it")
});

/// The model that every build carries.
pub(crate) fn shipped() -> &'static Forest {
    &SHIPPED
}

/// Reads a model.
///
/// # Errors
/// [`Unreadable`] with the line that is wrong.
pub fn model(text: &str) -> Result<Forest, Unreadable> {
    Forest::read(text, vector::names())
}

/// The names of the numbers in a sample.
pub fn names() -> Vec<&'static str> {
    vector::names().collect()
}

/// A block as a model sees it.
#[derive(Clone, Debug)]
pub struct Sample {
    /// Its text.
    pub text: String,
    /// The rule that judged it.
    pub rule: String,
    /// Whether a model may overrule the rule.
    pub open: bool,
    /// What is known of it, in the order of [`names`].
    pub numbers: Vec<f32>,
}

/// All blocks of a page as a model sees them: with the verdicts of the rules, before any model was asked.
pub fn samples(html: &str, hints: &Hints) -> Vec<Sample> {
    crate::read::before_model(html, hints, |outline, claims, container, verdicts| {
        let view = View::new(outline, claims, verdicts, container);
        let sample = |(at, verdict): (usize, &Verdict)| Sample {
            text: outline.blocks[at].text.clone(),
            rule: verdict.rule().to_owned(),
            open: is_open(verdict),
            numbers: view.vector(at),
        };
        verdicts.iter().enumerate().map(sample).collect()
    })
}

/// Whether the model is asked: not of what is furniture, said before, or another field's for certain, nor of what a site's own
/// rule has decided.
fn is_open(verdict: &Verdict) -> bool {
    let rule = verdict.rule();
    match verdict {
        _ if rule.starts_with("site/") => false,
        Verdict::Body { .. } => true,
        Verdict::Dropped { .. } => !SURE.contains(&rule),
        Verdict::Field { .. } => matches!(rule, "images/beside" | "subtitle/heading"),
        Verdict::Notice { .. } => false,
    }
}

/// What the model said of a block.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Opinion {
    /// How likely it is body, 0 to 1.
    pub(crate) score: f32,
    /// Why, where it overruled the rules.
    pub(crate) reasons: Vec<String>,
}

/// Judges again what is open. The result is as long as the outline has blocks.
pub(crate) fn judge(
    model: &Forest,
    outline: &Outline,
    claims: &Claims,
    container: Option<Container>,
    verdicts: &mut [Verdict],
) -> Vec<Opinion> {
    let mut opinions = vec![Opinion::default(); verdicts.len()];
    if verdicts.len() > BLOCKS {
        return opinions;
    }
    let rules = verdicts.to_vec();
    let view = View::new(outline, claims, &rules, container);
    let open: Vec<usize> = (0..rules.len()).filter(|at| is_open(&rules[*at])).collect();
    let numbers: Vec<Vector> = open.iter().map(|at| view.vector(*at)).collect();
    for ((at, numbers), score) in open.into_iter().zip(&numbers).zip(model.probabilities(&numbers)) {
        let (verdict, opinion) = (&mut verdicts[at], &mut opinions[at]);
        opinion.score = score;
        let is_body = score >= if verdict.is_body() { BODY } else { BACK };
        if is_body != verdict.is_body() {
            *verdict = if is_body { Verdict::body("model/body") } else { Verdict::dropped("model/other") };
            let reason = |(name, value, moved)| format!("{name} {value:.2} ({moved:+.2})");
            opinion.reasons = model.reasons(numbers).into_iter().take(REASONS).map(reason).collect();
        }
    }
    give_back_paragraphs(outline, &rules, verdicts, &mut opinions);
    give_back_headings(outline, &rules, verdicts, &mut opinions);
    // A page of which nothing would be left is as the rules saw it.
    let blocks = outline.blocks.iter().zip(verdicts.iter());
    let words: u32 = blocks.filter(|(_, verdict)| verdict.is_body()).map(|(block, _)| block.features.words).sum();
    if words < LEFT {
        verdicts.clone_from_slice(&rules);
        opinions.iter_mut().for_each(|opinion| opinion.reasons.clear());
    }
    opinions
}

/// A paragraph of which the model is not sure, among its like of which most stay, stays with them.
fn give_back_paragraphs(outline: &Outline, rules: &[Verdict], verdicts: &mut [Verdict], opinions: &mut [Opinion]) {
    let make = |at: usize| {
        let knot = outline.knot(outline.blocks[at].knot);
        (knot.parent, knot.signature)
    };
    let is_paragraph = |at: usize| {
        let block = &outline.blocks[at];
        block.kind == BlockKind::Paragraph && block.features.words >= 20 && block.features.link_density() < 0.3
    };
    // Words of each make that stay, less those that go.
    let mut stays: HashMap<(KnotId, u64), i64> = HashMap::new();
    for at in (0..verdicts.len()).filter(|at| rules[*at].is_body() && is_paragraph(*at)) {
        let words = i64::from(outline.blocks[at].features.words);
        *stays.entry(make(at)).or_default() += if verdicts[at].is_body() { words } else { -words };
    }
    for at in 0..verdicts.len() {
        let unsure = rules[at].is_body() && !verdicts[at].is_body() && opinions[at].score >= UNSURE;
        if unsure && is_paragraph(at) && stays.get(&make(at)).is_some_and(|words| *words > 0) {
            verdicts[at] = rules[at].clone();
            opinions[at].reasons.clear();
        }
    }
}

/// A heading over text that stays, of one make with headings that stay, stays with them.
fn give_back_headings(outline: &Outline, rules: &[Verdict], verdicts: &mut [Verdict], opinions: &mut [Opinion]) {
    let is_heading = |at: usize| outline.blocks[at].kind == BlockKind::Heading;
    let make = |at: usize| outline.knot(outline.blocks[at].knot).signature;
    let kept: Vec<u64> =
        (0..verdicts.len()).filter(|at| is_heading(*at) && verdicts[*at].is_body()).map(make).collect();
    for at in 0..verdicts.len() {
        // A picture may stand between.
        let next = (at + 1..verdicts.len()).find(|next| !matches!(verdicts[*next], Verdict::Field { .. }));
        let over_text = next.is_some_and(|next| verdicts[next].is_body() && !is_heading(next));
        let left_out = rules[at].is_body() && !verdicts[at].is_body();
        if left_out && is_heading(at) && over_text && kept.contains(&make(at)) {
            verdicts[at] = rules[at].clone();
            opinions[at].reasons.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_model_can_be_read_and_asks_for_numbers_that_are_there() {
        model(include_str!("../model/blocks.forest")).expect("the checked-in model");
    }

    #[test]
    fn a_paragraph_in_doubt_stays_with_its_like() {
        let said = |n: usize| format!("<p>On day {n} {}.</p>", "the river rose again ".repeat(6).trim_end());
        let longer = format!("<p>The keeper said {}.</p>", "that the river would rise again ".repeat(6).trim_end());
        let model = model("base 0\ntree\n  words <= 5.5 (0)\n    +2\n    -0.5\n").expect("a model");
        let kept = |html: &str| {
            let ledger = crate::read_with(Some(&model), html, &Hints::default()).expect("read");
            ledger.blocks.iter().any(|b| b.block.text.contains("keeper") && b.verdict.is_body())
        };
        assert!(kept(&format!("<main>{}{longer}{}</main>", said(1), said(2))));
        assert!(!kept(&format!("<main>{}{}<div>{longer}</div></main>", said(1), said(2))));
    }

    #[test]
    fn a_model_overrules_what_is_open_with_reasons_and_nothing_else() {
        let paragraph =
            "<p>The river rose by two metres in the night, and the keeper of the mill closed the lower bridge.</p>";
        let short: String =
            ["fell", "came", "went", "rose"].map(|did| format!("<p>The river {did} again.</p>")).concat();
        let html = format!("<nav><p>Home of the mill</p></nav><main><h1>Rain</h1>{paragraph}{short}</main>");
        let of_short = model("base 0\ntree\n  words <= 3 (0)\n    +2\n    -2\n").expect("a model");
        let ledger = crate::read_with(Some(&of_short), &html, &Hints::default()).expect("read");
        let judged = |text: &str| ledger.blocks.iter().find(|b| b.block.text.contains(text)).expect("a block");
        let river = judged("two metres");
        assert_eq!(river.verdict.rule(), "model/other");
        assert_eq!(river.evidence.reasons[0], "words 4.36 (-2.00)");
        assert!(river.evidence.score < 0.2);
        assert_eq!(judged("Home").verdict.rule(), "chrome/nav");
        assert!(judged("Home").evidence.reasons.is_empty());
    }
}
