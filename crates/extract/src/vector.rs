//! What the learned model of blocks reads: one vector of numbers for each block, of its text, its place in the tree, its
//! neighbours, and what the rules said of it. Every number has a name; a tree of the model is written with these names.

use wiredesk_model::block::{BlockKind, Verdict};

use crate::container::Container;
use crate::metadata::Claims;
use crate::outline::{Found, KnotId, Outline, Tag};
use crate::words::Words;

/// Steps up a tree, or blocks along a page, further than which nothing is told apart.
const FAR: u8 = 12;

/// Meanings of names whose distance is a feature: steps up to the nearest element that is named so, [`FAR`] where none is.
const NAMED: [(&str, Words); 4] = [
    ("near_body", Words::BODY),
    ("near_article", Words::ARTICLE),
    ("near_sidebar", Words::SIDEBAR),
    ("near_notice", Words::NOTICE),
];

/// Tags whose distance is a feature.
const TAGGED: [(&str, &[Tag]); 5] = [
    ("in_main", &[Tag::Main]),
    ("in_article", &[Tag::Article]),
    ("in_section", &[Tag::Section]),
    ("in_list", &[Tag::List, Tag::Item]),
    ("in_other", &[Tag::Other]),
];

/// A block's vector.
pub(crate) type Vector = Vec<f32>;

/// How far up the nearest element of each kind is, for every element.
struct Nearness {
    named: Vec<[u8; NAMED.len()]>,
    tagged: Vec<[u8; TAGGED.len()]>,
}

impl Nearness {
    fn of(outline: &Outline) -> Self {
        let mut named: Vec<[u8; NAMED.len()]> = Vec::with_capacity(outline.knots.len());
        let mut tagged: Vec<[u8; TAGGED.len()]> = Vec::with_capacity(outline.knots.len());
        for (at, knot) in outline.knots.iter().enumerate() {
            let mut names = if at == 0 { [FAR; NAMED.len()] } else { named[knot.parent as usize] };
            let mut tags = if at == 0 { [FAR; TAGGED.len()] } else { tagged[knot.parent as usize] };
            for (steps, (_, words)) in names.iter_mut().zip(NAMED) {
                *steps = if knot.words.has(words) { 0 } else { steps.saturating_add(1).min(FAR) };
            }
            for (steps, (_, kinds)) in tags.iter_mut().zip(TAGGED) {
                *steps = if kinds.contains(&knot.tag) { 0 } else { steps.saturating_add(1).min(FAR) };
            }
            named.push(names);
            tagged.push(tags);
        }
        Self { named, tagged }
    }
}

/// The page as the vectors are read off it.
pub(crate) struct View<'a> {
    outline: &'a Outline,
    claims: &'a Claims,
    container: Option<Container>,
    nearness: Nearness,
    /// What the rules said of each block.
    opinions: Vec<f32>,
    /// Blocks that read like the article's own paragraphs, by the rules' first judgement.
    strong: Vec<bool>,
    /// Strong words before each block, and one more for the whole.
    before: Vec<f32>,
    /// The last strong block at or before, and the first at or after each block.
    previous: Vec<Option<usize>>,
    next: Vec<Option<usize>>,
    /// The last heading before each block.
    heading: Vec<Option<usize>>,
    /// Strong words, and the words of all blocks, under each block element's signature.
    signatures: std::collections::HashMap<u64, (f32, f32, f32)>,
    total: f32,
}

impl<'a> View<'a> {
    pub(crate) fn new(
        outline: &'a Outline,
        claims: &'a Claims,
        verdicts: &[Verdict],
        container: Option<Container>,
    ) -> Self {
        let blocks = &outline.blocks;
        let strong: Vec<bool> = blocks
            .iter()
            .zip(verdicts)
            .map(|(block, verdict)| {
                verdict.is_body()
                    && block.kind != BlockKind::Heading
                    && block.features.words >= 15
                    && block.features.link_density() < 0.4
                    && block.features.terminal
            })
            .collect();
        let mut before = Vec::with_capacity(blocks.len() + 1);
        let (mut sum, mut last, mut head) = (0.0, None, None);
        let (mut previous, mut heading) = (Vec::with_capacity(blocks.len()), Vec::with_capacity(blocks.len()));
        let mut signatures: std::collections::HashMap<u64, (f32, f32, f32)> = std::collections::HashMap::new();
        for (at, block) in blocks.iter().enumerate() {
            before.push(sum);
            heading.push(head);
            previous.push(last);
            let words = block.features.words as f32;
            let entry = signatures.entry(outline.knot(block.knot).signature).or_default();
            entry.1 += words;
            entry.2 += 1.0;
            if strong[at] {
                sum += words;
                entry.0 += words;
                last = Some(at);
            }
            if block.kind == BlockKind::Heading {
                head = Some(at);
            }
        }
        before.push(sum);
        let mut next = vec![None; blocks.len()];
        let mut first = None;
        for at in (0..blocks.len()).rev() {
            next[at] = first;
            if strong[at] {
                first = Some(at);
            }
        }
        Self {
            outline,
            claims,
            container,
            nearness: Nearness::of(outline),
            opinions: verdicts.iter().map(opinion).collect(),
            strong,
            before,
            previous,
            next,
            heading,
            signatures,
            total: outline.knots.first().map_or(1.0, |k| k.raw.max(1.0)),
        }
    }

    /// Steps from one block's element up to the first that also holds the other's.
    fn steps(&self, from: KnotId, to: KnotId) -> f32 {
        let around = self.outline.knot(self.outline.around(from, to));
        f32::from(self.outline.knot(from).depth.saturating_sub(around.depth).min(u16::from(FAR)))
    }

    fn up(&self, knot: KnotId, steps: u8) -> KnotId {
        (0..steps).fold(knot, |at, _| self.outline.knot(at).parent)
    }

    fn beside(&self, at: usize, offset: isize) -> Option<usize> {
        at.checked_add_signed(offset).filter(|at| *at < self.outline.blocks.len())
    }

    fn density(&self, knot: KnotId) -> f32 {
        let knot = self.outline.knot(knot);
        if knot.chars == 0 { 0.0 } else { knot.link_chars as f32 / knot.chars as f32 }
    }

    /// Strong words between two places.
    fn strong_words(&self, from: usize, to: usize) -> f32 {
        self.before[to.min(self.before.len() - 1)] - self.before[from.min(self.before.len() - 1)]
    }
}

fn number(is: bool) -> f32 {
    f32::from(u8::from(is))
}

fn root(words: f32) -> f32 {
    words.max(0.0).sqrt()
}

fn rate(part: f32, whole: f32) -> f32 {
    if whole <= 0.0 { 0.0 } else { part / whole }
}

fn kind(block: &Found) -> f32 {
    match block.kind {
        BlockKind::Paragraph => 0.0,
        BlockKind::Quote => 1.0,
        BlockKind::ListItem => 2.0,
        BlockKind::Heading => 3.0,
        BlockKind::Caption => 4.0,
        BlockKind::Table => 5.0,
        BlockKind::Code => 6.0,
    }
}

/// What the rules said, in the order of how likely it is body.
fn opinion(verdict: &Verdict) -> f32 {
    let order = [
        "body/anchored",
        "body/container",
        "body/sibling",
        "lead/before",
        "guard",
        "heading/empty",
        "images/beside",
        "subtitle/",
        "outside/container",
        "links/lone",
        "cards/trailing",
        "links/list",
        "cards/grid",
        "chrome/label",
        "chrome/gallery",
        "chrome/player",
        "chrome/paywall",
        "chrome/author",
        "chrome/contents",
        "chrome/tags",
        "chrome/advertisement",
        "chrome/related",
        "chrome/newsletter",
        "chrome/share",
        "chrome/sidebar",
        "chrome/comments",
    ];
    let rule = verdict.rule();
    order.iter().position(|name| rule.starts_with(name)).unwrap_or(order.len()) as f32
}

/// Counts of signs in a text that no rule about structure sees.
#[derive(Default)]
struct Shape {
    first: f32,
    last: f32,
    capitals: f32,
    signs: f32,
    quotes: f32,
}

impl Shape {
    fn of(text: &str) -> Self {
        let mut shape = Self::default();
        let trimmed = text.trim_start();
        shape.first = match trimmed.chars().next() {
            Some(c) if c.is_uppercase() => 0.0,
            Some(c) if c.is_lowercase() => 1.0,
            Some(c) if c.is_ascii_digit() => 2.0,
            Some('"' | '“' | '„' | '«' | '‘' | '\'') => 3.0,
            Some('-' | '–' | '—' | '•' | '*' | '>' | '»' | '·') => 4.0,
            Some('(' | '[' | '{') => 5.0,
            Some('#' | '@' | '©') => 6.0,
            Some(c) if c.is_alphabetic() => 7.0,
            _ => 8.0,
        };
        shape.last = match text.chars().next_back() {
            Some('.' | '。' | '।') => 0.0,
            Some('"' | '”' | '»' | '’' | '“' | '\'') => 1.0,
            Some('?' | '？' | '؟') => 2.0,
            Some('!' | '！') => 3.0,
            Some(':' | '：') => 4.0,
            Some(')' | ']') => 5.0,
            Some('…' | '›' | '>' | '→') => 6.0,
            Some(c) if c.is_alphabetic() => 7.0,
            Some(c) if c.is_numeric() => 8.0,
            _ => 9.0,
        };
        let (mut upper, mut letters) = (0, 0);
        for c in text.chars() {
            match c {
                '|' | '›' | '»' | '·' | '•' | '@' | '#' | '©' | '/' | '$' | '€' | '£' | '→' => {
                    shape.signs += 1.0
                }
                '"' | '“' | '”' | '„' | '«' => shape.quotes += 1.0,
                c if c.is_uppercase() => {
                    upper += 1;
                    letters += 1;
                }
                c if c.is_lowercase() => letters += 1,
                _ => {}
            }
        }
        shape.capitals = rate(upper as f32, letters as f32);
        shape
    }
}

/// What is looked at around one block before its numbers are written down.
struct Look<'a, 'b> {
    view: &'b View<'a>,
    at: usize,
    block: &'a Found,
    shape: Shape,
    parent: KnotId,
    grand: KnotId,
    container: KnotId,
}

macro_rules! vector {
    ($look:ident, $($name:ident: $value:expr),* $(,)?) => {
        /// The names of the numbers that are written one by one.
        const WRITTEN: &[&str] = &[$(stringify!($name)),*];

        fn written($look: &Look<'_, '_>, out: &mut Vector) {
            $(out.push($value);)*
        }
    };
}

vector! { look,
    words: root(look.block.features.words as f32),
    letters_per_word: rate(look.block.features.chars as f32, look.block.features.words as f32).min(30.0),
    links: look.block.features.link_density(),
    commas: rate(f32::from(look.block.features.commas), look.block.features.words as f32),
    sentences: f32::from(look.block.features.sentences).min(20.0),
    digits: rate(look.block.features.digits as f32, look.block.features.chars as f32),
    title_case: rate(look.block.features.capitals as f32, look.block.features.words as f32),
    capitals: look.shape.capitals,
    first: look.shape.first,
    last: look.shape.last,
    signs: rate(look.shape.signs, look.block.features.words as f32),
    quotes: look.shape.quotes.min(6.0),
    kind: kind(look.block),
    level: f32::from(look.block.level.unwrap_or(0)),
    in_title: look.block.features.title,
    is_description: number(look.block.features.description),
    anchored: number(look.block.features.anchored),
    page_is_anchored: number(look.view.claims.anchor.len() > 400),
    opinion: look.view.opinions[look.at],
    opinion_previous: look.opinion_of(-1),
    opinion_next: look.opinion_of(1),
    opinion_previous2: look.opinion_of(-2),
    opinion_next2: look.opinion_of(2),
    furniture: look.furniture(),
    position: look.block.features.position,
    inside: number(look.block.features.inside),
    distance: f32::from(look.block.features.distance.min(u16::from(FAR))),
    repeats: root(f32::from(look.block.features.repeats)),
    share_parent: look.share(look.parent),
    share_grand: look.share(look.grand),
    share_great: look.share(look.view.up(look.grand, 1)),
    parent_links: look.view.density(look.parent),
    grand_links: look.view.density(look.grand),
    parent_blocks: root(look.size(look.parent)),
    grand_blocks: root(look.size(look.grand)),
    parent_headings: f32::from(look.view.outline.knot(look.parent).headings.min(20)),
    parent_words: root(look.view.outline.knot(look.parent).raw),
    own_links: look.view.density(look.block.knot),
    is_strong: number(look.view.strong[look.at]),
    strong_before: look.view.before[look.at].sqrt(),
    strong_after: root(look.view.strong_words(look.at + 1, usize::MAX)),
    strong_share_before: rate(look.view.before[look.at], look.view.strong_words(0, usize::MAX)),
    strong_near_before: root(look.view.strong_words(look.at.saturating_sub(5), look.at)),
    strong_near_after: root(look.view.strong_words(look.at + 1, look.at + 6)),
    blocks_to_next: look.gap(look.view.next[look.at]),
    steps_to_previous: look.steps_to(look.view.previous[look.at]),
    steps_to_next: look.steps_to(look.view.next[look.at]),
    steps_from_previous: look.steps_from(look.view.previous[look.at]),
    steps_from_next: look.steps_from(look.view.next[look.at]),
    like_previous: look.is_like(look.view.previous[look.at]),
    like_next: look.is_like(look.view.next[look.at]),
    signature_strong: look.signature().0,
    signature_share: look.signature().1,
    signature_length: look.signature().2,
    heading_words: look.heading(|block| block.features.words as f32),
    heading_level: look.heading(|block| f32::from(block.level.unwrap_or(0))),
    heading_gap: look.gap(look.view.heading[look.at]),
    heading_opinion: look.view.heading[look.at].map_or(-1.0, |at| look.view.opinions[at]),
    previous_words: look.neighbour(-1, |block| root(block.features.words as f32)),
    previous_links: look.neighbour(-1, |block| block.features.link_density()),
    next_words: look.neighbour(1, |block| root(block.features.words as f32)),
    next_links: look.neighbour(1, |block| block.features.link_density()),
    next_steps: look.steps_to(look.view.beside(look.at, 1)),
    previous2_words: look.neighbour(-2, |block| root(block.features.words as f32)),
    next2_words: look.neighbour(2, |block| root(block.features.words as f32)),
    next2_links: look.neighbour(2, |block| block.features.link_density()),
    container_share: rate(look.view.outline.knot(look.container).raw, look.view.total),
    container_links: look.view.density(look.container),
    page_strong: root(look.view.strong_words(0, usize::MAX)),
}

impl Look<'_, '_> {
    fn opinion_of(&self, offset: isize) -> f32 {
        self.view.beside(self.at, offset).map_or(-1.0, |at| self.view.opinions[at])
    }

    /// Marks of furniture on the block's elements: none, some, on itself.
    fn furniture(&self) -> f32 {
        let knot = self.view.outline.knot(self.block.knot);
        let above = self.view.outline.knot(self.container).chrome;
        if knot.words.chrome().0 != 0 { 2.0 } else { number(knot.chrome.without(above).0 != 0) }
    }

    fn share(&self, knot: KnotId) -> f32 {
        self.view.outline.knot(knot).raw / self.view.total
    }

    fn size(&self, knot: KnotId) -> f32 {
        let knot = self.view.outline.knot(knot);
        knot.last.saturating_sub(knot.first) as f32
    }

    fn gap(&self, other: Option<usize>) -> f32 {
        other.map_or(20.0, |other| (other.abs_diff(self.at) as f32).min(20.0))
    }

    fn steps_to(&self, other: Option<usize>) -> f32 {
        other.map_or(-1.0, |other| self.view.steps(self.block.knot, self.view.outline.blocks[other].knot))
    }

    fn steps_from(&self, other: Option<usize>) -> f32 {
        other.map_or(-1.0, |other| self.view.steps(self.view.outline.blocks[other].knot, self.block.knot))
    }

    fn is_like(&self, other: Option<usize>) -> f32 {
        let knot = |block: &Found| self.view.outline.knot(block.knot);
        other.map_or(-1.0, |other| {
            let (own, other) = (knot(self.block), knot(&self.view.outline.blocks[other]));
            number(own.parent == other.parent) + number(own.signature == other.signature)
        })
    }

    /// Of the blocks with this one's signature: share of their words that is strong, their share of the page's strong words,
    /// their mean length.
    fn signature(&self) -> (f32, f32, f32) {
        let own = self.view.outline.knot(self.block.knot).signature;
        let (strong, all, count) = self.view.signatures.get(&own).copied().unwrap_or_default();
        let whole = self.view.strong_words(0, usize::MAX);
        (rate(strong, all), rate(strong, whole), root(rate(all, count)))
    }

    fn heading(&self, what: impl Fn(&Found) -> f32) -> f32 {
        self.view.heading[self.at].map_or(-1.0, |at| what(&self.view.outline.blocks[at]))
    }

    fn neighbour(&self, offset: isize, what: impl Fn(&Found) -> f32) -> f32 {
        self.view.beside(self.at, offset).map_or(-1.0, |at| what(&self.view.outline.blocks[at]))
    }
}

/// The names of a vector's numbers, in order.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    WRITTEN.iter().copied().chain(NAMED.iter().map(|(name, _)| *name)).chain(TAGGED.iter().map(|(name, _)| *name))
}

impl View<'_> {
    /// One block's vector.
    pub(crate) fn vector(&self, at: usize) -> Vector {
        let block = &self.outline.blocks[at];
        let parent = self.outline.knot(block.knot).parent;
        let look = Look {
            view: self,
            at,
            block,
            shape: Shape::of(&block.text),
            parent,
            grand: self.outline.knot(parent).parent,
            container: self.container.map_or(0, |container| container.knot),
        };
        let mut out = Vec::with_capacity(WRITTEN.len() + NAMED.len() + TAGGED.len());
        written(&look, &mut out);
        out.extend(self.nearness.named[block.inner as usize].map(f32::from));
        out.extend(self.nearness.tagged[block.knot as usize].map(f32::from));
        out
    }
}
