//! Captions go with their pictures: figures' captions, paragraphs that say a picture's caption again, and in flattened text
//! the line above a picture's credit.

use wiredesk_model::article::Image;
use wiredesk_model::block::{BlockKind, Judged, Verdict};

use crate::form::Form;

/// The rules that know a picture's credit.
pub(crate) const CREDITS: &[&str] = &["caption/credit", "caption/agency"];

/// Whether a block is of a flattened page, which tells lines that stand together from those apart.
pub(crate) fn is_in_group(path: &str) -> bool {
    path.contains("group[")
}

/// Lifts captions of figures, and paragraphs that repeat the caption of a picture that is known already.
pub(crate) fn figures(blocks: &mut [Judged], images: &[Image]) {
    let known: Vec<String> = images
        .iter()
        .filter_map(|i| i.caption.as_deref())
        .map(|c| Form::of(c).text)
        .filter(|c| !c.is_empty())
        .collect();
    // A sign of three bytes may fold to one.
    let longest = known.iter().map(|caption| caption.len() * 3 + 12).max().unwrap_or(0);
    for judged in blocks.iter_mut().filter(|b| b.verdict.is_body()) {
        if judged.block.kind == BlockKind::Caption {
            if !of_table(&judged.evidence.path) {
                judged.verdict = Verdict::field("images", "caption/figure");
            }
        } else if judged.block.text.len() <= longest && known.contains(&Form::of(&judged.block.text).text) {
            judged.verdict = Verdict::field("images", "caption/repeated");
        }
    }
}

fn of_table(path: &str) -> bool {
    path.rsplit('>').take(2).any(|e| matches!(e.split(['.', '#', '[']).next(), Some("table" | "caption")))
}

/// In flattened text, the line right above a picture's credit is its caption: the two stand together without a blank line.
pub(crate) fn above_credits(blocks: &mut [Judged]) {
    for at in 1..blocks.len() {
        let (before, after) = blocks.split_at_mut(at);
        let (above, credit) = (&mut before[at - 1], &after[0]);
        let lifted = matches!(&credit.verdict, Verdict::Field { field, rule }
            if field == "images" && CREDITS.contains(&rule.as_str()));
        let together = above.evidence.path == credit.evidence.path && is_in_group(&above.evidence.path);
        if lifted && together && above.verdict.is_body() && above.block.kind == BlockKind::Paragraph {
            above.verdict = Verdict::field("images", "caption/above_credit");
        }
    }
}

/// The pictures that only the text tells of: captions and credits, in the order of the page. Their addresses are unknown.
pub(crate) fn lifted(blocks: &[Judged], known: &[Image]) -> Vec<Image> {
    let mut images: Vec<Image> = Vec::new();
    let mut above = false;
    for judged in blocks {
        let Verdict::Field { field, rule } = &judged.verdict else {
            above = false;
            continue;
        };
        if field != "images" || rule == "caption/repeated" {
            above = false;
            continue;
        }
        let text = judged.block.text.clone();
        let folded = Form::of(&text).text;
        let is = |side: &Option<String>| side.as_ref().is_some_and(|c| Form::of(c).text == folded);
        let holds = |i: &Image| i.caption.as_ref().is_some_and(|c| c.len() > 20 && folded.contains(&Form::of(c).text));
        if known.iter().chain(&images).any(|i| is(&i.caption) || is(&i.credit) || holds(i)) {
            continue;
        }
        let credit = CREDITS.contains(&rule.as_str());
        match images.last_mut().filter(|i| above && credit && i.credit.is_none()) {
            Some(image) => image.credit = Some(text),
            None if credit => images.push(Image { credit: Some(text), ..Image::default() }),
            None => images.push(Image { caption: Some(text), ..Image::default() }),
        }
        above = !credit;
    }
    images
}
