//! Which element holds the article: the deepest that still holds most of the running text, once furniture is told and set
//! aside. Furniture is told by names, and names lie: an element that holds the headline or most of the text is none.

use crate::outline::{KnotId, Outline, Tag};
use crate::words::Words;

/// Where the article is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Container {
    /// The element.
    pub(crate) knot: KnotId,
}

/// A child must hold this share of what its parent holds to be the container in its place.
const MOST: f32 = 0.80;

/// Finds the container. `title` is the block with the headline, where one was found.
pub(crate) fn find(outline: &mut Outline, title: Option<usize>) -> Option<Container> {
    if outline.knots.is_empty() {
        return None;
    }
    mark_furniture(outline, title);
    weigh(outline, true);
    if outline.knots[0].mass < 25.0 {
        let kept = outline.knots[0].mass;
        weigh(outline, false);
        if outline.knots[0].mass < 25.0_f32.max(kept * 2.0) {
            weigh(outline, true);
        }
    }
    let best = heaviest_children(outline);
    let mut at: KnotId = 0;
    loop {
        let here = outline.knot(at);
        let child = best[at as usize];
        if child == 0 || here.mass <= 0.0 {
            break;
        }
        let below = outline.knot(child);
        let needed = if below.words.has(Words::BODY) && !here.words.has(Words::BODY) { 0.6 } else { MOST };
        if below.mass < here.mass * needed || !may_hold(below.tag) {
            break;
        }
        at = child;
    }
    at = one_of_several(outline, at, title);
    Some(Container { knot: at })
}

/// Paragraphs, items and what stands inside a line hold no article by themselves, unless all of it is there.
fn may_hold(tag: Tag) -> bool {
    !matches!(tag, Tag::Paragraph | Tag::Item | Tag::Heading | Tag::Link | Tag::Time | Tag::List)
}

fn mark_furniture(outline: &mut Outline, title: Option<usize>) {
    let total = outline.knots[0].raw.max(1.0);
    let mut holds_body = vec![false; outline.knots.len()];
    for at in (1..outline.knots.len()).rev() {
        let knot = &outline.knots[at];
        let is_body = knot.words.has(Words::BODY) && !knot.words.has(Words::COMMENTS) && knot.raw > total * 0.25;
        holds_body[at] |= is_body;
        if holds_body[at] {
            holds_body[knot.parent as usize] = true;
        }
    }
    for (at, holds_body) in holds_body.into_iter().enumerate() {
        let knot = &outline.knots[at];
        let above = if at == 0 { Words::default() } else { outline.knots[knot.parent as usize].chrome };
        let mut own = knot.words.chrome();
        let share = knot.raw / total;
        if knot.words.has(Words::BODY) && share > 0.25 && !own.has(Words::COMMENTS) {
            own = Words::default();
        }
        if knot.words.has(Words::FORM) && share < 0.25 && knot.tag != Tag::Root {
            own = own.or(Words::FORM);
        }
        let holds_title = title.is_some_and(|t| (knot.first as usize) <= t && t < knot.last as usize);
        let protected = matches!(knot.tag, Tag::Root | Tag::Main)
            || share > if own.has(Words::COMMENTS) { 0.97 } else { 0.45 }
            || (holds_body && !own.has(Words::COMMENTS))
            || (holds_title && share > 0.15);
        let chrome = if own.0 != 0 && !protected { above.or(own) } else { above };
        outline.knots[at].chrome = chrome;
    }
}

fn weigh(outline: &mut Outline, without_furniture: bool) {
    for knot in &mut outline.knots {
        knot.mass = 0.0;
    }
    for at in 0..outline.blocks.len() {
        let block = &outline.blocks[at];
        let knot = &outline.knots[block.knot as usize];
        let inner = &outline.knots[block.inner as usize];
        if knot.hidden || (without_furniture && (knot.chrome.0 != 0 || inner.chrome.0 != 0)) {
            continue;
        }
        let weight = if block.features.anchored { 2.0 } else { 1.0 };
        let running = block.running() * weight;
        let id = block.knot as usize;
        outline.knots[id].mass += running;
    }
    for at in (1..outline.knots.len()).rev() {
        let (parent, mass) = (outline.knots[at].parent as usize, outline.knots[at].mass);
        outline.knots[parent].mass += mass;
    }
}

fn heaviest_children(outline: &Outline) -> Vec<KnotId> {
    let mut best: Vec<KnotId> = vec![0; outline.knots.len()];
    for at in 1..outline.knots.len() {
        let parent = outline.knots[at].parent as usize;
        let now = best[parent];
        if now == 0 || outline.knots[at].mass > outline.knots[now as usize].mass {
            best[parent] = KnotId::try_from(at).unwrap_or(0);
        }
    }
    best
}

/// A page may hold several articles, one after another: then it is the one with the headline.
fn one_of_several(outline: &Outline, at: KnotId, title: Option<usize>) -> KnotId {
    let Some(title) = title else { return at };
    let mass = outline.knot(at).mass;
    let holds = |id: KnotId| {
        let k = outline.knot(id);
        (k.first as usize) <= title && title < k.last as usize
    };
    let children = (1..outline.knots.len())
        .filter_map(|id| KnotId::try_from(id).ok())
        .filter(|id| outline.knot(*id).parent == at && outline.knot(*id).tag == Tag::Article);
    let heavy: Vec<KnotId> = children.filter(|id| outline.knot(*id).mass > mass * 0.1).collect();
    match heavy.iter().find(|id| holds(**id)) {
        Some(found) if heavy.len() > 1 && outline.knot(*found).mass > 60.0 => *found,
        _ => at,
    }
}
