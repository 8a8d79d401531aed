//! Credits that a newsroom appended to the last paragraph instead of giving them one of their own.

use wiredesk_model::block::{Block, Judged};

use crate::rules::Rules;

/// How many of the last paragraphs may carry one.
const LOOKED_AT: usize = 3;

/// Words without which no tail matches: asked first, because they are cheap to find.
const SIGNS: &[&str] = &["porting by", "riting by", "diting by", "iles from", "nputs from", "nput from", "ontributed"];

/// Cuts such tails off and puts each behind its paragraph as a block of its own, with its verdict.
pub(crate) fn split(blocks: &mut Vec<Judged>, rules: &Rules) {
    let last: Vec<usize> = (0..blocks.len()).rev().filter(|n| blocks[*n].verdict.is_body()).take(LOOKED_AT).collect();
    for at in last {
        let text = &blocks[at].block.text;
        if !SIGNS.iter().any(|s| text.contains(s)) {
            continue;
        }
        let found =
            rules.tails.iter().find_map(|tail| Some((tail.expression().captures(text)?.get(1)?.start(), tail.rule)));
        let Some((start, rule)) = found else { continue };
        let tail = text[start..].to_owned();
        blocks[at].block.text.truncate(start);
        let kept = blocks[at].block.text.trim_end().len();
        blocks[at].block.text.truncate(kept);
        let piece = Judged {
            block: Block::new(blocks[at].block.kind, tail),
            evidence: blocks[at].evidence.clone(),
            verdict: rules.rules[rule].verdict(),
        };
        blocks.insert(at + 1, piece);
    }
}
