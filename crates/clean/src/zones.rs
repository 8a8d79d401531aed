//! Where a block stands: chrome gathers before the first paragraph and after the last, and most rules hold only there.

use wiredesk_model::block::{BlockKind, Judged};

use crate::form::Form;

/// A paragraph of so many words that ends like a sentence is running text unless a rule knows it.
pub(crate) const RUNNING_WORDS: usize = 18;

/// Whether a block reads like a paragraph of an article.
pub(crate) fn reads_like_text(block: &Judged, form: &Form) -> bool {
    let kind = matches!(block.block.kind, BlockKind::Paragraph | BlockKind::Quote | BlockKind::ListItem);
    kind && form.words >= RUNNING_WORDS && block.evidence.link_density < 0.5 && (form.sentence || form.words >= 60)
}

/// The running text of a page, by position.
pub(crate) struct Zones {
    /// Which blocks are running text.
    pub(crate) running: Vec<bool>,
    /// Running words before each block, and one more for the whole.
    before: Vec<usize>,
    /// Running paragraphs before each block, and one more for all.
    paragraphs: Vec<usize>,
    first: usize,
    second: usize,
    last: usize,
}

/// Where one block stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// In the first tenth of the running text, or before its second paragraph: the first may be a standfirst.
    pub(crate) start: bool,
    /// In the last fifth of the running text, or after it.
    pub(crate) end: bool,
    /// Before the first running paragraph or after the last.
    pub(crate) outside: bool,
}

impl Zones {
    pub(crate) fn new(running: Vec<bool>, forms: &[Form]) -> Self {
        let mut before = Vec::with_capacity(running.len() + 1);
        let mut paragraphs = Vec::with_capacity(running.len() + 1);
        let (mut sum, mut count) = (0, 0);
        before.push(0);
        paragraphs.push(0);
        for (is_running, form) in running.iter().zip(forms) {
            sum += if *is_running { form.words } else { 0 };
            count += usize::from(*is_running);
            before.push(sum);
            paragraphs.push(count);
        }
        let first = running.iter().position(|r| *r).unwrap_or(running.len());
        let second = running.iter().enumerate().filter(|(_, r)| **r).nth(1).map_or(first, |(at, _)| at);
        let last = running.iter().rposition(|r| *r).unwrap_or(0);
        Self { running, before, paragraphs, first, second, last }
    }

    pub(crate) fn place(&self, at: usize) -> Place {
        let whole = self.before[self.running.len()];
        let (before, after) = (self.before[at], whole - self.before[at + 1]);
        let nothing = !self.has_running();
        Place {
            start: nothing || at <= self.second || before * 10 <= whole,
            end: nothing || at >= self.last || after * 5 <= whole,
            outside: nothing || at < self.first || at > self.last,
        }
    }

    /// The first running paragraph; the number of blocks where there is none.
    pub(crate) fn first(&self) -> usize {
        self.first
    }

    /// Whether there is any running text.
    pub(crate) fn has_running(&self) -> bool {
        self.first < self.running.len()
    }

    /// Running paragraphs after a block.
    pub(crate) fn running_after(&self, at: usize) -> usize {
        self.paragraphs[self.running.len()] - self.paragraphs[at + 1]
    }

    /// Running paragraphs before a block.
    pub(crate) fn running_before(&self, at: usize) -> usize {
        self.paragraphs[at]
    }
}
