//! What becomes of each block of a page that a site's rule decides. The rule says which elements are the body, and the general
//! rules about furniture are silent there: they are what it was written against. What no reader sees, the caption under a picture
//! and the headline said again are no body for anybody.
//!
//! | rule | a block |
//! |---|---|
//! | `site/<id>/strip` | in an element that is not part of the body: dropped |
//! | `site/<id>/title`, `site/<id>/date`, `site/<id>/authors` | that *is* such an element: lifted into its field |
//! | `site/<id>/body` | in an element of the body |
//! | `site/<id>/outside` | elsewhere, and no furniture: dropped |

use wiredesk_model::block::{BlockKind, Verdict};

use super::selected::{AUTHORS, BODY, DATE, STRIP, Selected, TITLE};
use crate::container::Container;
use crate::outline::{Found, KnotId, Outline};

/// A page's elements, marked by a rule.
pub(crate) struct Marked<'s, 'r> {
    selected: &'s Selected<'r>,
    /// By element: what it, or an element around it, was selected as.
    marks: Vec<u8>,
    /// By element: whether it is hidden by something that the body's own element does not stand in.
    hidden: Vec<bool>,
}

impl<'r> Selected<'r> {
    /// Carries what was found over to the elements that hold text.
    pub(crate) fn mark(&self, outline: &Outline) -> Marked<'_, 'r> {
        let (mut marks, mut hidden) =
            (Vec::with_capacity(outline.knots.len()), Vec::with_capacity(outline.knots.len()));
        for knot in &outline.knots {
            let own = self.marks.get(&knot.node).copied().unwrap_or(0);
            let parent = knot.parent as usize;
            let around = marks.get(parent).copied().unwrap_or(0);
            marks.push(own | around);
            hidden.push(own & BODY == 0 && (knot.hides || hidden.get(parent).copied().unwrap_or(false)));
        }
        Marked { selected: self, marks, hidden }
    }
}

impl Marked<'_, '_> {
    fn of(&self, block: &Found) -> u8 {
        self.marks.get(block.inner as usize).copied().unwrap_or(0)
    }

    fn is_body(&self, block: &Found) -> bool {
        let marks = self.of(block);
        let hidden = self.hidden.get(block.inner as usize).copied().unwrap_or(false);
        marks & BODY != 0 && marks & STRIP == 0 && !hidden
    }

    /// Whether the rule says where the body is, and no text stands there.
    pub(crate) fn misses(&self, outline: &Outline) -> bool {
        !self.selected.rule.body.is_empty() && !outline.blocks.iter().any(|block| self.is_body(block))
    }

    /// The smallest element around the whole body; `None` where the rule leaves the body to the general rules.
    pub(crate) fn container(&self, outline: &Outline) -> Option<Container> {
        let mut knots = outline.blocks.iter().filter(|block| self.is_body(block)).map(|block| block.knot);
        let first = knots.next()?;
        let knot = knots.fold(first, |around, knot| common(outline, around, knot));
        Some(Container { knot, chosen: false })
    }

    /// The verdicts, made of those of the general rules; and whether the rule decided anything.
    pub(crate) fn judge(&self, outline: &Outline, general: Vec<Verdict>) -> (Vec<Verdict>, bool) {
        let selected = self.selected;
        let pointed = &selected.pointed;
        let mut decided = pointed.title.is_some() || !pointed.dates.is_empty() || !pointed.authors.is_empty();
        let rule = |part: &str| format!("site/{}/{part}", selected.rule.id);
        let judged = outline.blocks.iter().zip(general).map(|(block, general)| {
            let marks = self.of(block);
            let verdict = if marks & STRIP != 0 {
                Verdict::dropped(&rule("strip"))
            } else if marks & TITLE != 0 {
                Verdict::field("title", &rule("title"))
            } else if marks & DATE != 0 {
                Verdict::field("date_published", &rule("date"))
            } else if marks & AUTHORS != 0 {
                Verdict::field("byline", &rule("authors"))
            } else if selected.rule.body.is_empty() || is_no_body(block, &general) {
                return general;
            } else if self.is_body(block) {
                Verdict::body(&rule("body"))
            } else if general.is_body() || general.rule() == "outside/container" {
                Verdict::dropped(&rule("outside"))
            } else {
                return general;
            };
            decided = true;
            verdict
        });
        let judged = judged.collect();
        (judged, decided)
    }
}

/// What is no body for any rule: a picture's caption, and the headline said again.
fn is_no_body(block: &Found, general: &Verdict) -> bool {
    let Verdict::Field { field, rule } = general else { return false };
    field == "images" && block.kind == BlockKind::Caption || rule == "title/repeated"
}

/// The smallest element around both. Parents come before their children, so the climb ends.
fn common(outline: &Outline, mut one: KnotId, mut other: KnotId) -> KnotId {
    while one != other {
        if one > other {
            one = outline.knot(one).parent;
        } else {
            other = outline.knot(other).parent;
        }
    }
    one
}
