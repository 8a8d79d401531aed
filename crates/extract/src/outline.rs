//! The elements that hold text, parents before children, each with sums of what it holds. Containers are found and furniture is
//! told here, in arrays, without going back to the tree.

use std::ops::Range;

use ego_tree::NodeId;
use wiredesk_model::block::BlockKind;

use crate::features::Features;
use crate::words::Words;

/// Number of an element in the outline.
pub(crate) type KnotId = u32;

/// What matters about an element's tag.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Tag {
    /// `html`, `body`.
    Root,
    Main,
    Article,
    Section,
    #[default]
    Div,
    Paragraph,
    Heading,
    List,
    Item,
    Quote,
    Figure,
    Table,
    /// Cells and rows of a table that is only layout.
    Cell,
    Header,
    /// Anything inside a line.
    Inline,
    Link,
    Time,
    Other,
}

/// An element that holds text.
#[derive(Clone, Debug)]
pub(crate) struct Knot {
    /// The element around it; itself for the first.
    pub(crate) parent: KnotId,
    /// Elements with text above it.
    pub(crate) depth: u16,
    pub(crate) tag: Tag,
    /// What its own names mean.
    pub(crate) words: Words,
    /// `nav`, or its role says so.
    pub(crate) is_nav: bool,
    /// It hides what it holds.
    pub(crate) hides: bool,
    /// It is hidden, by itself or by an element around it.
    pub(crate) hidden: bool,
    pub(crate) node: NodeId,
    /// Tag and class together, as a number: what repeats with the same signature is a list.
    pub(crate) signature: u64,
    /// First block inside, and the one after the last.
    pub(crate) first: u32,
    pub(crate) last: u32,
    /// Words of running text inside, furniture or not.
    pub(crate) raw: f32,
    /// Words of running text inside that are not in furniture.
    pub(crate) mass: f32,
    /// Letters inside, and those of them in links.
    pub(crate) chars: u32,
    pub(crate) link_chars: u32,
    /// Headings inside.
    pub(crate) headings: u16,
    /// Marks of furniture that hold here, its own and those of the elements around it.
    pub(crate) chrome: Words,
}

/// A block as it was found.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    pub(crate) kind: BlockKind,
    pub(crate) level: Option<u8>,
    pub(crate) text: String,
    /// The block-level element that holds it.
    pub(crate) knot: KnotId,
    /// The innermost element that holds all of it.
    pub(crate) inner: KnotId,
    /// It stands in a small box with a picture and little else.
    pub(crate) beside_picture: bool,
    pub(crate) features: Features,
}

impl Found {
    /// How many words of running text this counts for when containers are weighed: sentences count, labels and links do not.
    pub(crate) fn running(&self) -> f32 {
        let f = &self.features;
        let density = f.link_density();
        if f.words < 4 || density > 0.5 {
            return 0.0;
        }
        let words = f.words as f32 * (1.0 - density);
        match self.kind {
            BlockKind::Heading | BlockKind::Caption => 0.0,
            BlockKind::Table => words * 0.3,
            BlockKind::Code => words * 0.5,
            BlockKind::ListItem if f.words < 12 => words * 0.3,
            _ if f.terminal => words,
            _ if f.words >= 20 => words * 0.8,
            _ => words * 0.25,
        }
    }
}

/// A picture with the blocks of its figure.
#[derive(Clone, Debug)]
pub(crate) struct Picture {
    pub(crate) src: String,
    pub(crate) first: u32,
    pub(crate) last: u32,
}

/// A page, cut.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outline {
    pub(crate) knots: Vec<Knot>,
    pub(crate) blocks: Vec<Found>,
    pub(crate) pictures: Vec<Picture>,
}

impl Outline {
    pub(crate) fn knot(&self, id: KnotId) -> &Knot {
        &self.knots[id as usize]
    }

    /// Whether `inner` is `outer` or inside it. Parents come before their children, so the climb ends.
    pub(crate) fn within(&self, inner: KnotId, outer: KnotId) -> bool {
        let mut at = inner;
        while at > outer {
            at = self.knot(at).parent;
        }
        at == outer
    }

    /// The places of the blocks that an element holds.
    pub(crate) fn inside(&self, id: KnotId) -> Range<usize> {
        let knot = self.knot(id);
        let last = (knot.last as usize).min(self.blocks.len());
        (knot.first as usize).min(last)..last
    }

    /// The innermost element that holds both.
    pub(crate) fn around(&self, a: KnotId, b: KnotId) -> KnotId {
        let (mut a, mut b) = (a, b);
        while a != b {
            // Parents come before their children: the later of the two is never around the other.
            if a > b {
                a = self.knot(a).parent;
            } else {
                b = self.knot(b).parent;
            }
        }
        a
    }

    /// What the names of a block's own elements mean, up to its block-level element.
    pub(crate) fn own_words(&self, block: &Found) -> Words {
        let mut at = block.inner;
        let mut words = self.knot(block.knot).words;
        while at > block.knot {
            words = words.or(self.knot(at).words);
            at = self.knot(at).parent;
        }
        words
    }

    /// What the names of the elements around a block mean that hold little besides it: a byline's box, a caption's frame.
    pub(crate) fn close_words(&self, block: &Found) -> Words {
        const SMALL_PRINT: Words =
            Words::BYLINE.or(Words::DATE).or(Words::CAPTION).or(Words::STANDFIRST).or(Words::CREDIT);
        let mut words = Words::default();
        let mut at = block.knot;
        for _ in 0..2 {
            at = self.knot(at).parent;
            let knot = self.knot(at);
            if at == 0 || knot.chars > (block.features.chars * 2).max(160) || knot.last.saturating_sub(knot.first) > 4 {
                break;
            }
            words = words.or(knot.words);
        }
        Words(words.0 & SMALL_PRINT.0)
    }

    /// Adds up what each element holds.
    pub(crate) fn sum(&mut self) {
        for (number, block) in self.blocks.iter().enumerate() {
            let number = u32::try_from(number).unwrap_or(u32::MAX);
            let knot = &mut self.knots[block.knot as usize];
            knot.first = knot.first.min(number);
            knot.last = knot.last.max(number + 1);
            knot.raw += block.running();
            knot.chars += block.features.chars;
            knot.link_chars += block.features.link_chars;
            knot.headings += u16::from(block.kind == BlockKind::Heading);
        }
        for at in (1..self.knots.len()).rev() {
            let (first, last, raw, chars, links, headings) = {
                let k = &self.knots[at];
                (k.first, k.last, k.raw, k.chars, k.link_chars, k.headings)
            };
            let parent = self.knots[at].parent as usize;
            let parent = &mut self.knots[parent];
            parent.first = parent.first.min(first);
            parent.last = parent.last.max(last);
            parent.raw += raw;
            parent.chars += chars;
            parent.link_chars += links;
            parent.headings = parent.headings.saturating_add(headings);
        }
    }
}
