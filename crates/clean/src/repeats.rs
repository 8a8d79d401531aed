//! What a page says twice it means once. Whole copies of a document, paragraphs given again by a fallback, pull quotes and
//! cut-off teasers go; refrains stay: short lines come back in poems, songs and interviews.

use std::collections::HashMap;

use wiredesk_model::block::{BlockKind, Judged, Verdict};

use crate::form::Form;
use crate::work::Work;

/// From so many words on, a block that comes back is a copy and not a refrain.
const COPY_WORDS: usize = 12;

/// The verdicts on repeated blocks of a body; `body[n]` is the place in `blocks` of the block whose form is `forms[n]`.
pub(crate) fn judge(blocks: &mut [Judged], body: &[usize], forms: &[Form]) {
    let earlier = earlier(blocks, body, forms);
    let mut gone: Vec<Option<&str>> = vec![None; body.len()];
    for at in 0..body.len() {
        if let Some(first) = earlier[at] {
            // An interviewer may ask everybody the same.
            let question = forms[at].text.ends_with(['?', '？', '؟']);
            if forms[at].words >= COPY_WORDS && !question {
                gone[at] = Some("repeat/paragraph");
            } else if first + 1 == at && forms[at].words >= 3 && prose(blocks[body[at]].block.kind) {
                gone[at] = Some("repeat/adjacent");
            }
        }
    }
    // Short lines between repeated paragraphs belong to the copy.
    for at in 1..body.len() {
        joins(&earlier, &mut gone, at, at - 1);
    }
    for at in (0..body.len().saturating_sub(1)).rev() {
        joins(&earlier, &mut gone, at, at + 1);
    }
    parts(blocks, body, forms, &mut gone);
    for (at, rule) in gone.iter().enumerate() {
        if let Some(rule) = rule {
            blocks[body[at]].verdict = Verdict::dropped(rule);
        }
    }
}

fn prose(kind: BlockKind) -> bool {
    !matches!(kind, BlockKind::Code | BlockKind::Table)
}

/// For each block, the first block of the same words, where there is one before it.
fn earlier(blocks: &[Judged], body: &[usize], forms: &[Form]) -> Vec<Option<usize>> {
    let mut first: HashMap<&str, usize> = HashMap::with_capacity(body.len());
    let mut out = Vec::with_capacity(body.len());
    for (at, form) in forms.iter().enumerate() {
        if form.text.is_empty() || !prose(blocks[body[at]].block.kind) {
            out.push(None);
            continue;
        }
        let known = *first.entry(&form.text).or_insert(at);
        out.push((known != at).then_some(known));
    }
    out
}

/// Drops `at` where it is a repeat that keeps step with its neighbour, which has been dropped as one.
fn joins(earlier: &[Option<usize>], gone: &mut [Option<&str>], at: usize, neighbour: usize) {
    if gone[at].is_some() || gone[neighbour].is_none() {
        return;
    }
    let (Some(mine), Some(theirs)) = (earlier[at], earlier[neighbour]) else { return };
    if mine as i64 - theirs as i64 == at as i64 - neighbour as i64 {
        gone[at] = Some("repeat/run");
    }
}

/// Pull quotes, and teasers that break off: their words stand whole in another paragraph. Those for which the work does not last stay.
fn parts(blocks: &[Judged], body: &[usize], forms: &[Form], gone: &mut [Option<&str>]) {
    let mut work = Work::default();
    for at in 0..body.len() {
        if !work.affords(0) {
            break;
        }
        let judged = &blocks[body[at]];
        let form = &forms[at];
        if gone[at].is_some() || form.words < 5 {
            continue;
        }
        let text = judged.block.text.trim_end_matches([']', ')', ' ']);
        let cut_off = text.ends_with('…') || text.ends_with("...");
        let quote = judged.block.kind == BlockKind::Quote;
        if !cut_off && !quote {
            continue;
        }
        let words = form.text.trim_matches(|c: char| !c.is_alphanumeric());
        let whole = |other: usize| {
            let text = &forms[other].text;
            if !work.affords(0) || other == at || gone[other].is_some() || text.len() <= form.text.len() {
                return false;
            }
            if cut_off {
                return text.trim_start_matches('"').starts_with(words);
            }
            blocks[body[other]].block.kind == BlockKind::Paragraph && work.affords(text.len()) && text.contains(words)
        };
        if (0..body.len()).any(whole) {
            gone[at] = Some(if cut_off { "repeat/cut_off" } else { "repeat/pull_quote" });
        }
    }
}
