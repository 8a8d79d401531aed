//! Rules about neighbours: lists of links, grids of cards, headings over nothing, text that was said before.

use std::collections::HashMap;

use wiredesk_model::block::{BlockKind, Verdict};

use crate::outline::{KnotId, Outline, Tag};
use crate::text::letters;
use crate::words::Words;

/// Judges blocks of the container that no rule has judged yet.
pub(crate) fn judge(outline: &Outline, container: KnotId, verdicts: &mut [Option<Verdict>]) {
    numbered_gallery(outline, container, verdicts);
    cards(outline, container, verdicts);
    links(outline, verdicts);
    trailing(outline, verdicts);
    repeated(outline, verdicts);
    headings(outline, verdicts);
}

fn drop(verdicts: &mut [Option<Verdict>], at: usize, rule: &str) {
    if verdicts[at].is_none() {
        verdicts[at] = Some(Verdict::dropped(rule));
    }
}

/// Three or more elements of one make side by side, each with a link and little else: teasers of other articles.
fn cards(outline: &Outline, container: KnotId, verdicts: &mut [Option<Verdict>]) {
    let mut groups: HashMap<(KnotId, u64), Vec<usize>> = HashMap::new();
    for (at, knot) in outline.knots.iter().enumerate().skip(container as usize + 1) {
        if matches!(
            knot.tag,
            Tag::Div | Tag::Article | Tag::Section | Tag::Item | Tag::Other | Tag::Link | Tag::Cell | Tag::Inline
        ) {
            groups.entry((knot.parent, knot.signature)).or_default().push(at);
        }
    }
    let mut grids: Vec<usize> = Vec::new();
    let whole = outline.knot(container).raw;
    for group in groups.values() {
        // Sections of a listicle have a linked heading each, and the article in them.
        let text: f32 = group.iter().map(|at| outline.knots[*at].raw).sum();
        let broken = group.iter().filter(|at| breaks_off(outline, **at)).count();
        if text > whole * 0.4 && text > 40.0 * group.len() as f32 && broken * 2 < group.len() {
            continue;
        }
        let named = group.iter().all(|at| outline.knots[*at].words.has(Words::CARD));
        if group.len() < if named { 2 } else { 3 } {
            continue;
        }
        if group.first().is_some_and(|at| is_announced(outline, outline.knots[*at].first as usize)) {
            continue;
        }
        let linked = group.iter().filter(|at| is_teaser(outline, **at)).count();
        if linked * 3 >= group.len() * 2 {
            grids.extend(group);
        }
    }
    grids.sort_unstable();
    for at in grids {
        let id = number_of(at);
        if !outline.within(id, container) {
            continue;
        }
        for block in outline.inside(id) {
            drop(verdicts, block, "cards/grid");
        }
    }
}

fn number_of(at: usize) -> KnotId {
    KnotId::try_from(at).unwrap_or(0)
}

/// Whether an element's longest paragraph is the beginning of one.
fn breaks_off(outline: &Outline, at: usize) -> bool {
    let blocks = &outline.blocks[outline.inside(number_of(at))];
    let longest = blocks.iter().max_by_key(|block| block.features.words);
    longest.is_some_and(|block| {
        let dots = block.text.trim_end().ends_with(['…', ']']) || block.text.trim_end().ends_with("...");
        block.kind != BlockKind::Heading && block.features.words >= 15 && (dots || !block.features.terminal)
    })
}

/// Captions of a gallery, "3/50 The ferry at dawn", beside an article that is told without them.
fn numbered_gallery(outline: &Outline, container: KnotId, verdicts: &mut [Option<Verdict>]) {
    let mut runs: HashMap<u32, Vec<(u32, KnotId)>> = HashMap::new();
    for block in &outline.blocks {
        if let Some((number, of)) = place_in_gallery(&block.text)
            && outline.within(block.knot, container)
        {
            runs.entry(of).or_default().push((number, block.knot));
        }
    }
    for run in runs.into_values().filter(|run| run.len() >= 3 && run.windows(2).all(|pair| pair[0].0 < pair[1].0)) {
        let Some(around) = run.iter().map(|(_, knot)| *knot).reduce(|a, b| outline.around(a, b)) else { continue };
        let beside = outline.knot(container).raw - outline.knot(around).raw;
        let called = |mut at: KnotId| {
            while at > container && !outline.knot(at).words.has(Words::GALLERY) {
                at = outline.knot(at).parent;
            }
            at > container
        };
        // Steps of a recipe, posts of a thread and marks for players are numbered too.
        if around == container || beside < 150.0 || !called(around) {
            continue;
        }
        for at in outline.inside(around) {
            drop(verdicts, at, "gallery/numbered");
        }
    }
}

/// The number of a picture and of how many it is one, where a text begins with them.
fn place_in_gallery(text: &str) -> Option<(u32, u32)> {
    let slash = text.bytes().take(6).position(|byte| byte == b'/')?;
    let (number, rest) = (&text[..slash], &text[slash + 1..]);
    let number: u32 = number.trim().parse().ok()?;
    let digits = rest.trim_start().split(|c: char| !c.is_ascii_digit()).next()?;
    let of: u32 = digits.parse().ok()?;
    let dated = rest.trim_start().strip_prefix(digits)?.starts_with(['/', '.', '-']);
    ((1..=of).contains(&number) && (3..=500).contains(&of) && !dated).then_some((number, of))
}

fn is_teaser(outline: &Outline, at: usize) -> bool {
    let knot = &outline.knots[at];
    let density = if knot.chars == 0 { 0.0 } else { knot.link_chars as f32 / knot.chars as f32 };
    let linked_heading = outline.blocks[outline.inside(number_of(at))]
        .iter()
        .any(|block| block.kind == BlockKind::Heading && block.features.link_density() > 0.8);
    let most = if knot.words.has(Words::CARD) { 2_500 } else { 700 };
    (density > 0.6 && knot.chars < 600) || (linked_heading && knot.chars < most)
}

/// A heading that is a link and all that its list item holds.
fn is_linked_item(outline: &Outline, at: usize) -> bool {
    let block = &outline.blocks[at];
    let parent = outline.knot(outline.knot(block.knot).parent);
    block.kind == BlockKind::Heading
        && block.features.link_density() > 0.9
        && parent.tag == Tag::Item
        && parent.last == parent.first + 1
}

/// Lines that are nothing but a link: dropped in runs, and alone where they are no sentence.
fn links(outline: &Outline, verdicts: &mut [Option<Verdict>]) {
    let is_link = |at: usize| {
        let block = &outline.blocks[at];
        let f = &block.features;
        if is_linked_item(outline, at) {
            return true;
        }
        block.kind != BlockKind::Heading
            && block.kind != BlockKind::Table
            && (f.link_density() > 0.75 || (f.link_density() > 0.5 && f.words < 10))
            && (f.words < 40 || f.link_density() > 0.95)
    };
    let mut at = 0;
    while at < outline.blocks.len() {
        if verdicts[at].is_some() || !is_link(at) {
            at += 1;
            continue;
        }
        let start = at;
        while at < outline.blocks.len() && verdicts[at].is_none() && is_link(at) {
            at += 1;
        }
        let many = at - start >= 2;
        if is_announced(outline, start) {
            continue;
        }
        for link in start..at {
            let block = &outline.blocks[link];
            if many {
                drop(verdicts, link, "links/list");
            } else if block.kind != BlockKind::ListItem && !(block.features.terminal && block.features.words > 5) {
                drop(verdicts, link, "links/lone");
            }
        }
    }
}

/// Whether a list begins here that the text announces: then it is part of the text.
fn is_announced(outline: &Outline, start: usize) -> bool {
    outline.blocks.get(start).is_some_and(|block| block.kind == BlockKind::ListItem)
        && start.checked_sub(1).is_some_and(|before| {
            let block = &outline.blocks[before];
            block.kind == BlockKind::Paragraph && block.features.words >= 6 && block.text.ends_with(':')
        })
}

/// Linked headings with a line or two each, after the last paragraph: teasers that no grid holds.
fn trailing(outline: &Outline, verdicts: &mut [Option<Verdict>]) {
    let open: Vec<usize> = (0..outline.blocks.len()).filter(|at| verdicts[*at].is_none()).collect();
    let is_linked = |at: usize| {
        let block = &outline.blocks[at];
        block.kind == BlockKind::Heading && block.features.link_density() > 0.9
    };
    let mut end = open.len();
    while let Some(heading) = (0..end).rev().find(|n| is_linked(open[*n])) {
        let words: u32 = open[heading + 1..end].iter().map(|at| outline.blocks[*at].features.words).sum();
        let short = open[heading + 1..end].iter().all(|at| outline.blocks[*at].features.words <= 45);
        if words > 60 || !short {
            break;
        }
        for at in &open[heading..end] {
            drop(verdicts, *at, "cards/trailing");
        }
        end = heading;
    }
}

/// What the page says twice it means once.
fn repeated(outline: &Outline, verdicts: &mut [Option<Verdict>]) {
    let mut seen: HashMap<String, usize> = HashMap::new();
    for (at, block) in outline.blocks.iter().enumerate() {
        let keeps = verdicts[at].as_ref().is_none_or(Verdict::is_body);
        if !keeps || block.features.words < 10 || matches!(block.kind, BlockKind::Table | BlockKind::Code) {
            continue;
        }
        match seen.entry(letters(&block.text)) {
            std::collections::hash_map::Entry::Occupied(_) => verdicts[at] = Some(Verdict::dropped("repeated/text")),
            std::collections::hash_map::Entry::Vacant(place) => {
                place.insert(at);
            }
        }
    }
}

/// A heading with no text of the body after it, before the next heading of its rank or a higher one.
fn headings(outline: &Outline, verdicts: &mut [Option<Verdict>]) {
    // From the end: what follows each heading.
    let mut text_follows = false;
    let mut text_seen = false;
    let mut held: Option<u8> = None;
    for at in (0..outline.blocks.len()).rev() {
        if !verdicts[at].as_ref().is_none_or(Verdict::is_body) {
            continue;
        }
        let block = &outline.blocks[at];
        if block.kind != BlockKind::Heading {
            text_follows = true;
            text_seen = true;
            held = None;
            continue;
        }
        let level = block.level.unwrap_or(2);
        // A heading over a kept heading of lower rank holds that one's text.
        let over_links = verdicts
            .get(at + 1)
            .and_then(Option::as_ref)
            .is_some_and(|next| matches!(next.rule(), "links/list" | "cards/grid" | "chrome/related"));
        // Its text is a picture's.
        let over_picture = text_seen
            && verdicts.get(at + 1).and_then(Option::as_ref).is_some_and(|next| next.rule().starts_with("images/"));
        let holds = over_picture || text_follows && !over_links || held.is_some_and(|below| below > level);
        if holds {
            held = Some(level);
        } else {
            drop(verdicts, at, "heading/empty");
        }
        text_follows = false;
    }
}

#[cfg(test)]
mod tests {
    use wiredesk_model::block::{Hints, join};

    fn body(html: &str) -> String {
        // By the rules alone: what they find is what the model is asked about.
        let ledger = crate::read_with(None, html, &Hints::default()).expect("read");
        let kept: Vec<_> = ledger.blocks.iter().filter(|b| b.verdict.is_body()).map(|b| b.block.clone()).collect();
        join(&kept)
    }

    const P: &str =
        "<p>The river rose by two metres in the night, and the bridge at the mill was closed to all traffic.</p>";
    const Q: &str =
        "<p>By noon the water had begun to fall, said the keeper, who has watched it for thirty years, and more.</p>";

    #[test]
    fn lists_of_links_cards_and_empty_headings_go() {
        let html = format!(
            "<main>{P}<h3>Links</h3><ul><li><a href=a>One other story of today</a><li><a href=b>Another story of today</a></ul>\
             {Q}<h2>What comes</h2><p>More rain is expected by the end of the week, the weather office says.</p>\
             <h2>More</h2><div class=x><h3><a href=c>A teaser</a></h3><p>Its text is short.</p></div>\
             <div class=x><h3><a href=d>A teaser more</a></h3><p>Its text is short too.</p></div>\
             <div class=x><h3><a href=e>The third teaser</a></h3><p>Its text is short as well.</p></div></main>"
        );
        let text = body(&html);
        assert!(text.contains("What comes"));
        for gone in ["teaser", "Another", "Links", "More\n", "short"] {
            assert!(!text.contains(gone), "{gone}: {text}");
        }
    }

    #[test]
    fn a_numbered_gallery_beside_an_article_is_none_of_it() {
        let pictures: String = (1..=5).map(|n| format!("<li><h2>{n}/50 The mill at dawn {n}</h2><p>The keeper of the mill, who is called number {n}, stands at the lower bridge in the rain.</p></li>")).collect();
        let days: String = (1..=12).map(|n| format!("<p>On day {n} the river rose by two metres, and the keeper of the mill closed the lower bridge.</p>")).collect();
        let text =
            body(&format!("<main><div>{days}</div><div class=photo-gallery><ul>{pictures}</ul></div>{Q}</main>"));
        assert!(text.contains("On day 12") && text.contains("By noon") && !text.contains("who is called"), "{text}");
        let alone = body(&format!(
            "<main><h1>The mill in pictures</h1><div class=photo-gallery><ul>{pictures}</ul></div></main>"
        ));
        assert!(alone.contains("who is called number 3"), "{alone}");
        let steps = body(&format!("<main><div>{days}</div><div class=steps><ul>{pictures}</ul></div>{Q}</main>"));
        assert!(steps.contains("who is called number 3"), "{steps}");
    }

    #[test]
    fn beginnings_of_other_stories_are_teasers_however_much_they_say() {
        let teasers: String = (1..=6).map(|n| format!("<li class=s><h3><a href=/{n}>Story {n} of the day</a></h3><p>Number {n} of the stories that this page has to offer begins with so many words that it looks like one of its own, and it goes on for a while, as they do, until it</p><p>The Mill News</p></li>")).collect();
        let text = body(&format!("<main>{P}{Q}<ul>{teasers}</ul></main>"));
        assert!(text.contains("two metres") && !text.contains("has to offer"), "{text}");
    }

    #[test]
    fn what_is_said_twice_is_meant_once() {
        let text = body(&format!("<main>{P}{Q}{P}</main>"));
        assert_eq!(text.matches("two metres").count(), 1);
    }
}
