//! Captions go with their pictures: figures' captions, paragraphs that say a picture's caption again, and in flattened text
//! the line above a picture's credit.

use std::collections::HashSet;

use wiredesk_model::article::Image;
use wiredesk_model::block::{BlockKind, Judged, Verdict};

use crate::form::Form;
use crate::work::Work;

/// The rules that know a picture's credit.
pub(crate) const CREDITS: &[&str] = &["caption/credit", "caption/agency"];

/// Whether a block is of a flattened page, which tells lines that stand together from those apart.
pub(crate) fn is_in_group(path: &str) -> bool {
    path.contains("group[")
}

/// Lifts captions of figures, and paragraphs that repeat the caption of a picture that is known already.
pub(crate) fn figures(blocks: &mut [Judged], images: &[Image]) {
    let known: HashSet<String> = images
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

/// More pictures than this are taken from no text.
const MOST_LIFTED: usize = 1000;

/// From so many bytes on, a caption within a longer text is that picture's.
const TELLING: usize = 20;

/// What is known of pictures, folded once each.
#[derive(Default)]
struct Told {
    /// Captions and credits.
    lines: HashSet<String>,
    /// Captions that are told from chance when they stand within a text.
    captions: Vec<String>,
    work: Work,
}

impl Told {
    fn note(&mut self, caption: Option<&str>, credit: Option<&str>) {
        if let Some(caption) = caption {
            let folded = Form::of(caption).text;
            if caption.len() > TELLING {
                self.captions.push(folded.clone());
            }
            self.lines.insert(folded);
        }
        self.lines.extend(credit.map(|credit| Form::of(credit).text));
    }

    fn has(&mut self, folded: &str) -> bool {
        let Self { lines, captions, work } = self;
        lines.contains(folded)
            || work.affords(0) && captions.iter().any(|caption| work.affords(folded.len()) && folded.contains(caption))
    }
}

/// The pictures that only the text tells of: captions and credits, in the order of the page. Their addresses are unknown.
pub(crate) fn lifted(blocks: &[Judged], known: &[Image]) -> Vec<Image> {
    let mut told = Told::default();
    known.iter().for_each(|image| told.note(image.caption.as_deref(), image.credit.as_deref()));
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
        let text = judged.block.text.as_str();
        if told.has(&Form::of(text).text) {
            continue;
        }
        if images.len() == MOST_LIFTED {
            break;
        }
        let credit = CREDITS.contains(&rule.as_str());
        if credit {
            told.note(None, Some(text));
        } else {
            told.note(Some(text), None);
        }
        let text = Some(text.to_owned());
        match images.last_mut().filter(|i| above && credit && i.credit.is_none()) {
            Some(image) => image.credit = text,
            None if credit => images.push(Image { credit: text, ..Image::default() }),
            None => images.push(Image { caption: text, ..Image::default() }),
        }
        above = !credit;
    }
    images
}
