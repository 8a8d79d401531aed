//! The headline and the standfirst, where the body repeats them: they have fields of their own.

use std::collections::HashMap;

use wiredesk_model::block::{BlockKind, Hints, Judged, Metadata, Verdict};

use crate::form::{Form, tokens};
use crate::tidy;
use crate::zones::Zones;

/// Two lines say the same headline when they share this share of their words (Dice).
const SAME: f32 = 0.7;

/// What is known of the headline before the body is read.
pub(crate) struct Known {
    titles: Vec<Form>,
    subtitle: Option<Form>,
    summaries: Vec<Form>,
}

impl Known {
    pub(crate) fn new(metadata: &Metadata, hints: &Hints, blocks: &[Judged]) -> Self {
        let lifted = blocks
            .iter()
            .filter(|b| matches!(&b.verdict, Verdict::Field { field, .. } if field == "title"))
            .map(|b| b.block.text.as_str());
        let titles = metadata.title.iter().map(|t| t.value.as_str()).chain(hints.title.as_deref()).chain(lifted);
        let form = |text: &str| Form::of(&tidy::line(text));
        Self {
            titles: titles.map(form).filter(|f| f.words > 0).collect(),
            subtitle: metadata.subtitle.as_ref().map(|s| form(&s.value)),
            summaries: metadata
                .description
                .iter()
                .map(|d| d.value.as_str())
                .chain(hints.summary.as_deref().filter(|s| !s.contains('<')))
                .map(form)
                .filter(|f| f.words > 0)
                .collect(),
        }
    }

    /// The words of the headline, for asking what the article is about.
    pub(crate) fn title(&self) -> &str {
        self.titles.first().map_or("", |t| t.text.as_str())
    }
}

/// The verdict on a block that repeats the headline or is the standfirst. A standfirst that is a sentence was judged by what
/// stands around it: here only headings and lines that are none are looked at.
pub(crate) fn verdict(known: &Known, block: &Judged, form: &Form, at: usize, zones: &Zones) -> Option<Verdict> {
    let running = zones.running[at];
    if !running || at <= zones.first() {
        // A short headline may come back as a refrain.
        let headline = form.words >= 5 || (zones.has_running() && at < zones.first());
        if !running && headline && known.titles.iter().any(|t| t.text == form.text) {
            return Some(Verdict::field("title", "headline/repeated"));
        }
        let near = at < zones.first() && form.words <= 40 && zones.has_running();
        if near && !running && known.titles.iter().any(|t| similar(&t.text, &form.text)) {
            return Some(Verdict::field("title", "headline/variant"));
        }
    }
    if at > zones.first() || zones.running_after(at) == 0 {
        return None;
    }
    let heading = block.block.kind == BlockKind::Heading;
    let apart = heading || (!form.sentence && form.words < 20);
    if (apart || form.words < 20) && known.subtitle.as_ref().is_some_and(|s| s.text == form.text) {
        return Some(Verdict::field("subtitle", "standfirst/claimed"));
    }
    if apart && known.summaries.iter().any(|s| same_summary(&s.text, &form.text)) {
        return Some(Verdict::field("subtitle", "standfirst/summary"));
    }
    None
}

fn same_summary(summary: &str, text: &str) -> bool {
    summary == text || summary.len() > 40 && text.starts_with(summary.trim_end_matches(['.', ' ', ']', '[']))
}

/// Whether two folded lines are one headline: nearly the same words in any order.
pub(crate) fn similar(a: &str, b: &str) -> bool {
    let mut counts: HashMap<&str, i32> = HashMap::new();
    let (mut first, mut second, mut shared) = (0, 0, 0);
    for word in tokens(a) {
        *counts.entry(word).or_default() += 1;
        first += 1;
    }
    for word in tokens(b) {
        second += 1;
        if let Some(left) = counts.get_mut(word).filter(|n| **n > 0) {
            *left -= 1;
            shared += 1;
        }
    }
    first >= 4 && second >= 4 && 2.0 * shared as f32 >= SAME * (first + second) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_headline_is_the_same_headline() {
        assert!(similar(
            "minister: ferry deal \"work in progress\"",
            "minister: island ferry deal \"a work in progress\""
        ));
        assert!(!similar("ferry deal signed in port sample", "the ferry deal was signed after nine hours of talks"));
        assert!(!similar("ferry deal", "ferry deal"));
    }
}
