//! The lines in print around the headline: where a page tells its readers who wrote it and when.

use wiredesk_model::block::{BlockKind, Verdict};

use crate::outline::{Found, Outline};
use crate::words::Words;

/// So many lines before the headline are looked at, and after it.
const BEFORE: usize = 4;
const AFTER: usize = 24;
/// A line of more words is text.
const WORDS: u32 = 16;

/// Furniture whose dates and names are not those of the article.
const ELSEWHERE: [&str; 10] = [
    "chrome/nav",
    "chrome/related",
    "chrome/comments",
    "chrome/newsletter",
    "chrome/consent",
    "chrome/breadcrumb",
    "chrome/contents",
    "chrome/hidden",
    "chrome/form",
    "cards/grid",
];

/// A short line near the headline.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line<'a> {
    pub(super) text: &'a str,
    /// What the names of the elements close around it mean.
    pub(super) words: Words,
    /// It stands above the headline.
    pub(super) above: bool,
}

/// The short lines around the headline, in the order of the page, up to where the text has begun.
pub(super) fn around_headline<'a>(outline: &'a Outline, verdicts: &[Verdict]) -> Vec<Line<'a>> {
    let Some(title) = headline(outline, verdicts) else { return Vec::new() };
    let mut out = Vec::new();
    let near = outline.blocks.iter().zip(verdicts).enumerate();
    for (at, (block, verdict)) in near.take(title + AFTER).skip(title.saturating_sub(BEFORE)) {
        if at > title && is_text(block, verdict) {
            break;
        }
        let is_field = |name: &str| matches!(verdict, Verdict::Field { field, .. } if field == name);
        let fits = block.features.words <= WORDS
            && !block.features.terminal
            && !is_field("title")
            && (!is_field("images") || verdict.rule() == "images/beside")
            && !ELSEWHERE.contains(&verdict.rule());
        if fits {
            let words = names(outline, block);
            out.push(Line { text: &block.text, words, above: at < title });
        }
    }
    out
}

/// A line anywhere on the page that signs the article: "This post was written by Ada Brook, keeper of the mill."
pub(super) fn signature<'a>(outline: &'a Outline, verdicts: &[Verdict]) -> Option<&'a str> {
    const SIGNS: [&str; 7] = [
        "written by ",
        "this post was written by ",
        "this article was written by ",
        "this story was written by ",
        "article by ",
        "story by ",
        "words by ",
    ];
    let blocks = outline.blocks.iter().zip(verdicts);
    let shown = blocks.filter(|(block, verdict)| block.features.words <= 30 && !ELSEWHERE.contains(&verdict.rule()));
    shown.map(|(block, _)| block.text.as_str()).find_map(|text| {
        let sign =
            SIGNS.iter().find(|sign| text.get(..sign.len()).is_some_and(|start| start.eq_ignore_ascii_case(sign)))?;
        text[sign.len()..].split([',', '.', '|']).next().map(str::trim)
    })
}

/// Where the headline stands: at best as a heading of the first rank.
fn headline(outline: &Outline, verdicts: &[Verdict]) -> Option<usize> {
    let is_title = |at: &usize| matches!(&verdicts[*at], Verdict::Field { field, .. } if field == "title");
    let all = || (0..outline.blocks.len()).filter(is_title);
    let heading = |at: &usize| outline.blocks[*at].kind == BlockKind::Heading;
    all()
        .find(|at| heading(at) && outline.blocks[*at].level == Some(1))
        .or_else(|| all().find(heading))
        .or_else(|| all().next())
}

/// A paragraph of the body; what leads in to it may stand above the small print.
fn is_text(block: &Found, verdict: &Verdict) -> bool {
    verdict.is_body() && block.features.words >= 20 && verdict.rule() != "lead/before"
}

/// What the names of a line's own elements mean, and of two boxes around it.
fn names(outline: &Outline, block: &Found) -> Words {
    let mut words = outline.own_words(block);
    let mut at = block.knot;
    for _ in 0..2 {
        at = outline.knot(at).parent;
        let knot = outline.knot(at);
        if at == 0 || knot.last.saturating_sub(knot.first) > 6 {
            break;
        }
        words = words.or(knot.words);
    }
    words
}
