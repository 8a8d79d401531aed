//! Which element holds the article: the deepest that still holds most of the running text, once furniture is told and set
//! aside. Furniture is told by names, and names lie: an element that holds the headline or most of the text is none.

use wiredesk_model::block::BlockKind;

use crate::outline::{Found, KnotId, Outline, Tag};
use crate::several::{self, Meant};
use crate::words::Words;

/// Where the article is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Container {
    /// The element.
    pub(crate) knot: KnotId,
    /// It was chosen of several articles that stand side by side.
    pub(crate) chosen: bool,
}

/// A child must hold this share of what its parent holds to be the container in its place.
const MOST: f32 = 0.80;

/// Shows what is hidden only until a script has run: elements that hide, alone or side by side, most of the page's text.
pub(crate) fn reveal(outline: &mut Outline) {
    let total = outline.knots.first().map_or(0.0, |k| k.raw);
    let mut beside = vec![0.0_f32; outline.knots.len()];
    for knot in outline.knots.iter().filter(|knot| knot.hides) {
        beside[knot.parent as usize] += knot.raw;
    }
    // Or many small ones, each waiting for its own turn to be faded in.
    let outermost = |knot: &crate::outline::Knot| knot.hides && !outline.knots[knot.parent as usize].hidden;
    let hides: f32 = outline.knots.iter().filter(|knot| outermost(knot)).map(|knot| knot.raw).sum();
    let most = hides > 120.0 && hides > total * 0.75;
    for at in 0..outline.knots.len() {
        let around = at > 0 && outline.knots[outline.knots[at].parent as usize].hidden;
        let knot = &mut outline.knots[at];
        let hidden = beside[knot.parent as usize];
        // What only subscribers see is the article.
        let walled = knot.words.has(Words::PAYWALL) && knot.raw >= 30.0;
        if knot.hides && (most || walled || hidden > 120.0 && hidden > total * 0.75) {
            knot.hides = false;
        }
        knot.hidden = knot.hides || around;
    }
}

/// Finds the container. `title` is the block with the headline, where one was found.
pub(crate) fn find(outline: &mut Outline, title: Option<usize>, asked: &Meant<'_>) -> Option<Container> {
    if outline.knots.is_empty() {
        return None;
    }
    mark_furniture(outline, title, Words::default());
    let lies = names_that_lie(outline);
    if lies.0 != 0 {
        mark_furniture(outline, title, lies);
    }
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
    let one = several::meant(outline, at, asked).unwrap_or_else(|| one_of_several(outline, at, title));
    Some(Container { knot: one, chosen: one != at })
}

/// Paragraphs, items and what stands inside a line hold no article by themselves, unless all of it is there.
fn may_hold(tag: Tag) -> bool {
    !matches!(tag, Tag::Paragraph | Tag::Item | Tag::Heading | Tag::Link | Tag::Time | Tag::List)
}

/// Marks under which most of the page's text stands, piece by piece: sections named after a table of contents, paragraphs
/// named after a wall. Comments may well be longer than the article; menus and footers are what they say.
fn names_that_lie(outline: &Outline) -> Words {
    let total: f32 = outline.knots[0].raw;
    let mut lies = Words::default();
    let furniture = Words::CHROME.iter().map(|(mark, _)| *mark);
    for mark in furniture.chain([Words::GALLERY, Words::VIDEO]) {
        if mark.has(Words::COMMENTS.or(Words::NAV).or(Words::FOOTER).or(Words::BREADCRUMB)) {
            continue;
        }
        let under: f32 = outline
            .blocks
            .iter()
            .filter(|block| outline.knot(block.knot).chrome.has(mark) && !outline.knot(block.knot).hidden)
            .map(Found::running)
            .sum();
        // Prompts, players and galleries are small; where they hold more, they hold the article in pieces.
        let small = mark.has(Words::PAYWALL.or(Words::GALLERY).or(Words::VIDEO));
        let share = if small { 0.12 } else { protection(mark).max(0.5) };
        if under > total * share {
            lies = lies.or(mark);
        }
    }
    lies
}

fn mark_furniture(outline: &mut Outline, title: Option<usize>, ignore: Words) {
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
        let mut own = knot.words.chrome().without(ignore);
        let share = knot.raw / total;
        // A wall's prompt is short; what is long is what stands behind it.
        if own.has(Words::PAYWALL) && (knot.raw >= 60.0 || share > 0.2) {
            own = own.without(Words::PAYWALL);
        }
        // A paragraph's own names say how it is shown or who may read it, not that it is furniture.
        if knot.tag == Tag::Paragraph && knot.raw >= 20.0 {
            own = Words::default();
        }
        // Navigation and buttons have no running text, save where the element itself is one: a chapter may be about sharing.
        const SPEECHLESS: Words = Words::NAV.or(Words::TOC).or(Words::SHARE);
        if own.has(SPEECHLESS) && !knot.is_nav && knot.raw >= 60.0 && knot.link_chars * 3 < knot.chars {
            own = own.without(SPEECHLESS);
        }
        if knot.words.has(Words::BODY) && share > 0.25 && !own.has(Words::COMMENTS) {
            own = Words::default();
        }
        if knot.words.has(Words::FORM) && share < 0.25 && knot.tag != Tag::Root {
            own = own.or(Words::FORM);
        }
        // A gallery's own lines: its title, its summary.
        if knot.words.without(ignore).has(Words::GALLERY) && knot.raw < 60.0 && share < 0.1 && knot.tag != Tag::Root {
            own = own.or(Words::GALLERY);
        }
        // A player's own lines: its title, what it says while it loads.
        if knot.words.without(ignore).has(Words::VIDEO)
            && knot.raw < 20.0
            && share < 0.1
            && knot.chars < 400
            && knot.tag != Tag::Root
        {
            own = own.or(Words::VIDEO);
        }
        let holds_title = title.is_some_and(|t| (knot.first as usize) <= t && t < knot.last as usize);
        let protected = matches!(knot.tag, Tag::Root | Tag::Main)
            || share > protection(own)
            || (holds_body && !own.has(Words::COMMENTS))
            || (holds_title && share > 0.15);
        let chrome = if own.0 != 0 && !protected { above.or(own) } else { above };
        outline.knots[at].chrome = chrome;
    }
}

/// The share of the page's running text from which on an element is no furniture, whatever its names say. Short articles stand
/// beside long comments, footers and consent texts.
fn protection(own: Words) -> f32 {
    if own.has(Words::COMMENTS) {
        0.97
    } else if own.has(Words::FOOTER.or(Words::CONSENT).or(Words::DIALOG)) {
        0.75
    } else {
        0.45
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

/// Of several articles, where nothing in them tells, it is the one that holds the page's headline.
fn one_of_several(outline: &Outline, at: KnotId, title: Option<usize>) -> KnotId {
    let Some(title) = title else { return at };
    let mass = outline.knot(at).mass;
    let holds = |id: KnotId| {
        let k = outline.knot(id);
        (k.first as usize) <= title && title < k.last as usize
    };
    let is_article = |id: KnotId| is_article(outline, id);
    let children = (1..outline.knots.len())
        .filter_map(|id| KnotId::try_from(id).ok())
        .filter(|id| outline.knot(*id).parent == at && is_article(*id));
    let heavy: Vec<KnotId> = children.filter(|id| outline.knot(*id).mass > mass * 0.1).collect();
    match heavy.iter().find(|id| holds(**id)) {
        Some(found) if heavy.len() > 1 && outline.knot(*found).mass > 60.0 => *found,
        _ => at,
    }
}

/// Whether an element may be an article beside others.
pub(crate) fn is_article(outline: &Outline, id: KnotId) -> bool {
    outline.knot(id).tag == Tag::Article || is_headed(outline, id)
}

/// Whether an element begins with a headline of the first rank.
pub(crate) fn is_headed(outline: &Outline, id: KnotId) -> bool {
    let heading = |block: &Found| block.kind == BlockKind::Heading && block.level == Some(1);
    matches!(outline.knot(id).tag, Tag::Div | Tag::Section)
        && outline.blocks[outline.inside(id)].iter().take(3).any(heading)
}

#[cfg(test)]
mod tests {
    use wiredesk_model::block::{Hints, Ledger};

    use crate::{TooCostly, fragment};

    /// By the rules alone: what they find is what the model is asked about.
    fn read(html: &str, hints: &Hints) -> Result<Ledger, TooCostly> {
        crate::read_with(None, html, hints)
    }

    fn body(ledger: &Ledger) -> Vec<&str> {
        ledger.blocks.iter().filter(|b| b.verdict.is_body()).map(|b| b.block.text.as_str()).collect()
    }

    fn rule<'a>(ledger: &'a Ledger, text: &str) -> &'a str {
        ledger.blocks.iter().find(|b| b.block.text.contains(text)).map_or("absent", |b| b.verdict.rule())
    }

    fn story(from: usize, to: usize) -> String {
        (from..to)
            .map(|n| format!("<p>On day {n} the river rose by two metres, and the keeper of the mill closed the lower bridge.</p>"))
            .collect()
    }

    #[test]
    fn the_body_stands_and_the_furniture_goes() {
        let html = format!(
            "<body><nav><a href=/>Home</a></nav><header><h1>The river rose</h1><p class=standfirst>A week at the mill, told by those who saw it.</p>\
             <p class=byline>By Ada Brook</p></header><p>The river came in the night, and nobody at the mill had seen it come so fast.</p>\
             <div class=story-body>{}<aside class=newsletter-box><p>Get our letters every morning, it is free of charge.</p></aside>{}</div>\
             <section class=comments><p>{}</p></section><footer><p>All rights are with the mill, and so is the water in the river.</p></footer>",
            story(1, 5),
            story(5, 9),
            "I saw the river rise and said so to the keeper, who laughed. ".repeat(12)
        );
        let ledger = read(&html, &Hints::default()).expect("read");
        assert_eq!(body(&ledger).len(), 9);
        assert_eq!(rule(&ledger, "in the night"), "lead/before");
        assert_eq!(rule(&ledger, "Get our letters"), "chrome/newsletter");
        assert_eq!(rule(&ledger, "I saw"), "chrome/comments");
        assert_eq!(rule(&ledger, "A week at"), "subtitle/standfirst");
        assert_eq!(rule(&ledger, "By Ada"), "byline/marked");
        assert_eq!(rule(&ledger, "All rights"), "chrome/footer");
        let title = ledger.metadata.title.expect("a title");
        assert_eq!((title.value.as_str(), title.source.as_str()), ("The river rose", "html"));
        assert_eq!(ledger.metadata.authors.expect("authors").value[0].name, "Ada Brook");
        assert!(ledger.blocks.iter().any(|b| b.evidence.path.ends_with("div.story-body>p")));
    }

    #[test]
    fn a_body_that_waits_for_a_script_is_shown() {
        let ledger = read(
            &format!("<main><h1>Rain</h1><div style='display:none'>{}</div></main>", story(1, 12)),
            &Hints::default(),
        );
        assert_eq!(body(&ledger.expect("read")).len(), 11);
    }

    #[test]
    fn names_that_lie_do_not_empty_a_page() {
        for class in ["comments-open", "sidebar", "modal", "newsletter", "footer"] {
            let ledger = read(&format!("<div class={class}><h1>Rain</h1>{}</div>", story(1, 8)), &Hints::default());
            assert_eq!(body(&ledger.expect("read")).len(), 7, "{class}");
        }
    }

    #[test]
    fn a_mark_under_which_most_of_the_text_stands_is_no_mark() {
        let sections: String = (0..6).map(|n| format!("<div id=TOC_{n}>{}</div>", story(n * 3, n * 3 + 3))).collect();
        let ledger = read(&format!("<article><h1>Rain</h1>{sections}</article>"), &Hints::default()).expect("read");
        assert_eq!(body(&ledger).len(), 18);
    }

    #[test]
    fn a_fragment_is_its_own_container() {
        let ledger = fragment("One line of it.<br><br>Another <b>line</b> of it.<p>The third.</p>", &Hints::default())
            .expect("read");
        assert_eq!(body(&ledger), ["One line of it.", "Another line of it.", "The third."]);
        assert_eq!(ledger.method, "feed");
    }

    #[test]
    fn the_same_page_gives_the_same_ledger() {
        let html = format!("<main><h1>Rain</h1>{}</main><div class=card><a href=x>y</a></div>", story(1, 8));
        let first = read(&html, &Hints::default()).expect("read");
        for _ in 0..4 {
            read("<p>another page in between", &Hints::default()).expect("read");
            assert_eq!(read(&html, &Hints::default()).expect("read"), first);
        }
    }
}
