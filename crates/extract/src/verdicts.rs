//! What becomes of each block, and by which rule. The order of the rules is the order of this file: what is hidden, what is
//! furniture, what another field of the record wants, what stands outside the container, and at last, what is left, the body.
//!
//! | rule | a block |
//! |---|---|
//! | `chrome/hidden` | that no reader sees |
//! | `chrome/nav`, `chrome/footer`, `chrome/comments`, … | inside furniture, told by tag, role and names ([`crate::words`]) |
//! | `title/above` | a short line over the headline |
//! | `title/repeated`, `subtitle/standfirst`, `byline/marked`, `byline/near`, `date/marked`, `date/near`, `images/caption` | that another field wants |
//! | `images/beside` | a line in a small box with a picture |
//! | `lead/before` | a paragraph between headline and container: body |
//! | `body/sibling` | a paragraph beside the container, of the same make: body |
//! | `outside/article` | in another article beside the one that is meant |
//! | `outside/container` | elsewhere |
//! | `gallery/numbered`, `links/list`, `links/lone`, `cards/grid`, `cards/trailing`, `heading/empty`, `repeated/text` | see [`crate::structure`] |
//! | `body/container`, `body/anchored` | the article |

use wiredesk_model::block::{BlockKind, Verdict};

use crate::container::{self, Container};
use crate::metadata::Claims;
use crate::outline::{Found, KnotId, Outline, Tag};
use crate::structure;
use crate::words::Words;

/// Judges all blocks. The result is as long as the outline has blocks.
pub(crate) fn judge(outline: &Outline, container: Option<Container>, claims: &Claims) -> Vec<Verdict> {
    let Some(container) = container else {
        return outline.blocks.iter().map(|_| Verdict::dropped("outside/container")).collect();
    };
    let mut judge = Judge { outline, container, claims, verdicts: vec![None; outline.blocks.len()] };
    judge.furniture();
    judge.fields();
    judge.outside();
    structure::judge(outline, container.knot, &mut judge.verdicts);
    judge.rest()
}

struct Judge<'a> {
    outline: &'a Outline,
    container: Container,
    claims: &'a Claims,
    verdicts: Vec<Option<Verdict>>,
}

impl Judge<'_> {
    fn furniture(&mut self) {
        for (at, block) in self.outline.blocks.iter().enumerate() {
            let knot = self.outline.knot(block.knot);
            let inner = self.outline.knot(block.inner);
            if knot.hidden {
                self.verdicts[at] = Some(Verdict::dropped("chrome/hidden"));
                continue;
            }
            // What holds the container is no furniture, whatever its name.
            let above = self.outline.knot(self.container.knot).chrome;
            let own = self.outline.own_words(block);
            let mut chrome = knot.chrome.or(inner.chrome).without(above);
            // A sentence of some length is not made an advertisement by a word in its own class.
            if chrome.0 != 0 && block.features.words > 25 && knot.chrome.0 == 0 {
                chrome = Words::default();
            }
            if let Some(rule) = chrome.rule() {
                self.verdicts[at] = Some(Verdict::dropped(rule));
            } else if chrome.has(Words::FORM) || (own.has(Words::FORM) && block.features.words < 12) {
                self.verdicts[at] = Some(Verdict::dropped("chrome/form"));
            } else if chrome.has(Words::GALLERY) && block.kind != BlockKind::Caption {
                self.verdicts[at] = Some(Verdict::dropped("chrome/gallery"));
            } else if chrome.has(Words::VIDEO) {
                self.verdicts[at] = Some(Verdict::dropped("chrome/player"));
            }
        }
    }

    fn fields(&mut self) {
        let first_body = self.first_body();
        let mut title_seen = false;
        for (at, block) in self.outline.blocks.iter().enumerate() {
            let named = self.outline.own_words(block);
            let own = named.or(self.outline.close_words(block));
            let early = at <= first_body + 2;
            let is_title = block.features.words <= 60 && self.claims.is_title(&block.text);
            if is_title
                && (early || block.kind == BlockKind::Heading)
                && self.verdicts[at].as_ref().is_none_or(|_| !title_seen)
            {
                title_seen = true;
                self.verdicts[at] = Some(Verdict::field("title", "title/repeated"));
                continue;
            }
            if self.verdicts[at].is_some() {
                continue;
            }
            // A standfirst set as a paragraph may be longer than one set as a heading.
            let most = if block.kind == BlockKind::Heading { 35 } else { 45 };
            let verdict = if block.kind == BlockKind::Heading && block.level == Some(1) && !title_seen && early {
                title_seen = true;
                Some(Verdict::field("title", "title/first_heading"))
            } else if block.kind == BlockKind::Caption || (own.has(Words::CAPTION) && block.features.words < 120) {
                Some(Verdict::field("images", "images/caption"))
            } else if at <= first_body && own.has(Words::STANDFIRST) && (4..=most).contains(&block.features.words) {
                Some(Verdict::field("subtitle", "subtitle/standfirst"))
            } else if block.beside_picture && block.features.link_density() < 0.5 && self.inside(block) {
                Some(Verdict::field("images", "images/beside"))
            } else if at < first_body
                && title_seen
                && block.kind == BlockKind::Heading
                && (6..=35).contains(&block.features.words)
                && !self.is_section(at, first_body)
            {
                Some(Verdict::field("subtitle", "subtitle/heading"))
            } else if block.features.words <= 20 {
                self.small_print(block, named, own, at, first_body)
            } else {
                None
            };
            self.verdicts[at] = verdict;
        }
        self.above_headline(first_body);
    }

    /// The section's name, a rubric, a place: short lines over the headline.
    fn above_headline(&mut self, first_body: usize) {
        let is_title = |v: &Option<Verdict>| matches!(v, Some(Verdict::Field { field, .. }) if field == "title");
        let Some(title) = self.verdicts.iter().position(is_title).filter(|at| *at <= first_body) else { return };
        for (at, block) in self.outline.blocks[..title].iter().enumerate() {
            if self.verdicts[at].is_none() && block.features.words <= 12 && !block.features.terminal {
                self.verdicts[at] = Some(Verdict::dropped("title/above"));
            }
        }
    }

    fn inside(&self, block: &Found) -> bool {
        self.outline.within(block.knot, self.container.knot)
    }

    /// Whether a heading over the first paragraph is a section's: it stands beside the paragraph, and others of its rank follow.
    fn is_section(&self, at: usize, first_body: usize) -> bool {
        let blocks = &self.outline.blocks;
        let parent = |at: usize| self.outline.knot(blocks[at].knot).parent;
        let rank = |block: &Found| block.kind == BlockKind::Heading && block.level == blocks[at].level;
        first_body < blocks.len()
            && parent(at) == parent(first_body)
            && blocks[first_body..].iter().any(|block| rank(block) && self.inside(block))
    }

    /// Bylines, dates, labels: short, and named as what they are.
    fn small_print(&self, block: &Found, named: Words, own: Words, at: usize, first_body: usize) -> Option<Verdict> {
        let heading = block.kind == BlockKind::Heading;
        let near_top = at <= first_body + 1;
        if own.has(Words::BYLINE) && !heading {
            Some(Verdict::field("byline", if named.has(Words::BYLINE) { "byline/marked" } else { "byline/near" }))
        } else if own.has(Words::DATE) && !heading && block.features.words <= 14 {
            Some(Verdict::field("date_published", if named.has(Words::DATE) { "date/marked" } else { "date/near" }))
        } else if crate::metadata::dates::is_only_a_date(&block.text) {
            Some(Verdict::field("date_published", "date/alone"))
        } else if near_top && !heading && self.claims.is_byline(&block.text) {
            Some(Verdict::field("byline", "byline/names"))
        } else if own.has(Words::META) && !block.features.terminal && block.features.words <= 12 {
            Some(Verdict::dropped("chrome/label"))
        } else {
            None
        }
    }

    /// The first block of running text in the container.
    fn first_body(&self) -> usize {
        let container = self.container.knot;
        self.outline
            .inside(container)
            .find(|at| {
                let block = &self.outline.blocks[*at];
                self.verdicts[*at].is_none()
                    && block.running() >= 12.0
                    && !self.outline.own_words(block).has(Words::STANDFIRST.or(Words::CAPTION))
            })
            .unwrap_or(self.outline.knot(container).first as usize)
    }

    fn outside(&mut self) {
        let container = self.container.knot;
        let knot = self.outline.knot(container);
        let title =
            self.verdicts.iter().position(|v| matches!(v, Some(Verdict::Field { field, .. }) if field == "title"));
        // A container with a headline of its own begins with it: what stands before belongs to another article.
        let is_title = |at: usize| matches!(&self.verdicts[at], Some(Verdict::Field { field, .. }) if field == "title");
        let headed = (knot.first as usize..self.first_body()).any(is_title);
        let lead = if headed { Vec::new() } else { self.lead(knot.first as usize, title) };
        for (at, block) in self.outline.blocks.iter().enumerate() {
            if self.verdicts[at].is_some() || self.outline.within(block.knot, container) {
                continue;
            }
            self.verdicts[at] = Some(if self.container.chosen && self.is_of_another(block) {
                Verdict::dropped("outside/article")
            } else if lead.contains(&at) {
                Verdict::body("lead/before")
            } else if self.is_sibling(block, at) {
                Verdict::body("body/sibling")
            } else if block.features.anchored && block.features.words >= 12 {
                Verdict::body("body/anchored")
            } else {
                Verdict::dropped("outside/container")
            });
        }
    }

    /// Paragraphs that stand between the headline and the container.
    fn lead(&self, first: usize, title: Option<usize>) -> Vec<usize> {
        let Some(title) = title.filter(|t| *t < first) else { return Vec::new() };
        let from = title.max(first.saturating_sub(20)) + 1;
        (from..first)
            .filter(|at| {
                let block = &self.outline.blocks[*at];
                self.verdicts[*at].is_none()
                    && matches!(block.kind, BlockKind::Paragraph | BlockKind::Quote)
                    && block.features.words >= 12
                    && block.features.terminal
                    && block.features.link_density() < 0.3
            })
            .collect()
    }

    /// Whether a block stands in another article beside the one that was chosen.
    fn is_of_another(&self, block: &Found) -> bool {
        let parent = self.outline.knot(self.container.knot).parent;
        let mut up = block.knot;
        while self.outline.knot(up).parent > parent {
            up = self.outline.knot(up).parent;
        }
        let same_make = self.outline.knot(up).signature == self.outline.knot(self.container.knot).signature;
        self.outline.knot(up).parent == parent && up != parent && (same_make || container::is_article(self.outline, up))
    }

    /// A paragraph whose element stands beside the container, or inside one of the same make.
    fn is_sibling(&self, block: &Found, at: usize) -> bool {
        let container = self.outline.knot(self.container.knot);
        if at < container.first as usize || block.running() < 8.0 || self.container.knot == 0 {
            return false;
        }
        let parent = container.parent;
        let mut up: KnotId = block.knot;
        while self.outline.knot(up).parent > parent {
            up = self.outline.knot(up).parent;
        }
        let beside = self.outline.knot(up);
        beside.parent == parent
            && up != parent
            && (beside.tag == Tag::Paragraph
                || (beside.signature == container.signature
                    && beside.tag != Tag::Article
                    && !container::is_headed(self.outline, up)
                    && beside.headings <= 2
                    && (beside.link_chars as f32) < beside.chars as f32 * 0.25))
    }

    fn rest(self) -> Vec<Verdict> {
        self.verdicts
            .into_iter()
            .zip(&self.outline.blocks)
            .map(|(verdict, block)| {
                verdict.unwrap_or_else(|| {
                    Verdict::body(if block.features.anchored { "body/anchored" } else { "body/container" })
                })
            })
            .collect()
    }
}
