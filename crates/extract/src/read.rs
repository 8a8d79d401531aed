//! From a page to its ledger: parse, cut, weigh, judge, settle.

use scraper::Html;
use wiredesk_model::block::{Block, Evidence, Hints, Judged, Ledger, PageKind, Verdict};

use crate::container::{self, Container};
use crate::guard::{self, Caps, Parsed};
use crate::metadata::facts::Facts;
use crate::metadata::{self, Claims};
use crate::outline::{KnotId, Outline};
use crate::text::letters;
use crate::walk::{self, attribute};
use crate::{page, spare, verdicts};

/// A page that met a cap before anything of it could be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the page costs too much to parse: stopped after {read} of {size} bytes with no text found")]
pub struct TooCostly {
    /// Bytes parsed before the cap was met.
    pub read: usize,
    /// Bytes of the page.
    pub size: usize,
}

/// Reads a page: every block with its verdict, what the page claims, what kind of page it is.
///
/// # Errors
/// [`TooCostly`] where the guard stopped the parse and no body was found until then.
pub fn read(html: &str, hints: &Hints) -> Result<Ledger, TooCostly> {
    ledger(guard::document(html, Caps::default()), html.len(), hints, false)
}

/// Reads an HTML fragment as a feed carries it (`content:encoded`): no furniture is expected around it, so nothing is
/// outside a container and only what is plainly no text of the article is left out.
///
/// # Errors
/// [`TooCostly`] as for [`read`].
pub fn fragment(html: &str, hints: &Hints) -> Result<Ledger, TooCostly> {
    ledger(guard::fragment(html, Caps::default()), html.len(), hints, true)
}

fn ledger(parsed: Parsed, size: usize, hints: &Hints, is_fragment: bool) -> Result<Ledger, TooCostly> {
    let mut outline = walk::blocks(&parsed.html);
    let claims = Claims::of(Facts::of(&parsed.html), &outline, hints);
    outline.sum();
    let shown = outline.knots.first().map_or(0.0, |knot| knot.raw);
    if !is_fragment && let Some((html, method)) = spare::text(&parsed.html, &claims, shown) {
        return Ok(spare_ledger(&guard::fragment(&html, Caps::default()), &claims, hints, method));
    }
    container::reveal(&mut outline);
    place(&mut outline, &claims);
    let title = claims.title_block(&outline);
    let container = if is_fragment { whole(&outline) } else { container::find(&mut outline, title) };
    if let Some(container) = container {
        measure(&mut outline, container.knot);
    }
    let verdicts = verdicts::judge(&outline, container, &claims);
    if parsed.partial && !verdicts.iter().any(Verdict::is_body) {
        return Err(TooCostly { read: parsed.read, size });
    }
    let metadata = metadata::settle(&claims, &outline, &verdicts, hints);
    let page = if is_fragment { PageKind::Article } else { page::kind(&outline, &verdicts, &claims) };
    let mut flags = page::flags(&outline, &claims);
    if parsed.partial {
        flags.insert(0, "partial_parse".to_owned());
    }
    let method = if is_fragment { "feed" } else { "blocks" }.to_owned();
    let blocks = judged(&parsed.html, outline, verdicts);
    Ok(Ledger { blocks, metadata, page, method, flags })
}

/// The ledger of a text that waited beside an empty page, with what the page claims of it.
fn spare_ledger(parsed: &Parsed, claims: &Claims, hints: &Hints, method: &str) -> Ledger {
    let mut outline = walk::blocks(&parsed.html);
    outline.sum();
    place(&mut outline, claims);
    let container = whole(&outline);
    if let Some(container) = container {
        measure(&mut outline, container.knot);
    }
    let verdicts = verdicts::judge(&outline, container, claims);
    let metadata = metadata::settle(claims, &outline, &verdicts, hints);
    let page = page::kind(&outline, &verdicts, claims);
    let flags = if parsed.partial { vec!["partial_parse".to_owned()] } else { Vec::new() };
    let blocks = judged(&parsed.html, outline, verdicts);
    Ledger { blocks, metadata, page, method: method.to_owned(), flags }
}

/// Each block with its evidence and its verdict.
fn judged(html: &Html, outline: Outline, verdicts: Vec<Verdict>) -> Vec<Judged> {
    let paths = Paths::of(html, &outline);
    outline
        .blocks
        .into_iter()
        .zip(verdicts)
        .map(|(found, verdict)| Judged {
            block: Block { kind: found.kind, text: found.text, level: found.level },
            evidence: Evidence {
                path: paths.path(found.knot),
                link_density: found.features.link_density(),
                score: found.features.score(),
            },
            verdict,
        })
        .collect()
}

/// A fragment is its own container.
fn whole(outline: &Outline) -> Option<Container> {
    outline.knots.first().map(|_| Container { knot: 0 })
}

/// Fills in the features that ask for the page as a whole.
fn place(outline: &mut Outline, claims: &Claims) {
    let mut repeats = std::collections::HashMap::<u64, u16>::new();
    for knot in &outline.knots {
        let count = repeats.entry(knot.signature).or_default();
        *count = count.saturating_add(1);
    }
    let total = outline.knots.first().map_or(1.0, |k| k.raw.max(1.0));
    let count = outline.blocks.len().max(1) as f32;
    let title = claims.title.as_ref().map(|t| t.value.to_lowercase()).unwrap_or_default();
    let title: Vec<&str> = title.split(|c: char| !c.is_alphanumeric()).filter(|w| w.len() > 2).collect();
    for at in 0..outline.blocks.len() {
        let block = &outline.blocks[at];
        let knot = &outline.knots[block.knot as usize];
        let up = outline.knots[outline.knots[knot.parent as usize].parent as usize].raw / total;
        let repeats = repeats.get(&knot.signature).copied().unwrap_or(1);
        let words = block.features.words;
        let overlap = if words <= 40 { shared_words(&block.text, &title) } else { 0.0 };
        let said = if words >= 6 && !(claims.anchor.is_empty() && claims.description.is_empty()) {
            letters(&block.text)
        } else {
            String::new()
        };
        let features = &mut outline.blocks[at].features;
        features.position = at as f32 / count;
        features.repeats = repeats;
        features.share = up;
        features.title = overlap;
        features.description = said.len() > 20
            && (claims.description.contains(&said)
                || said.contains(&claims.description) && claims.description.len() > 40);
        features.anchored = said.len() > 30 && claims.anchor.contains(&said);
    }
}

/// Share of a text's words that stand in the title.
fn shared_words(text: &str, title: &[&str]) -> f32 {
    let (mut all, mut shared) = (0.0, 0.0);
    for word in text.split(|c: char| !c.is_alphanumeric()).filter(|w| w.len() > 2) {
        all += 1.0;
        if title.iter().any(|other| other.eq_ignore_ascii_case(word)) {
            shared += 1.0;
        }
    }
    if all == 0.0 { 0.0 } else { shared / all }
}

/// Fills in the features that ask for the container.
fn measure(outline: &mut Outline, container: KnotId) {
    let depth = outline.knot(container).depth;
    for at in 0..outline.blocks.len() {
        let knot = outline.blocks[at].knot;
        let inside = outline.within(knot, container);
        let mut up = container;
        while !inside && up > 0 && !outline.within(knot, up) {
            up = outline.knot(up).parent;
        }
        let distance = if inside {
            outline.knot(knot).depth.saturating_sub(depth)
        } else {
            depth.saturating_sub(outline.knot(up).depth)
        };
        let features = &mut outline.blocks[at].features;
        features.inside = inside;
        features.distance = distance;
    }
}

/// The paths of elements, `main.story>div#body>p`, each written once.
struct Paths(Vec<String>);

impl Paths {
    fn of(html: &Html, outline: &Outline) -> Self {
        let mut used = vec![false; outline.knots.len()];
        for block in &outline.blocks {
            used[block.knot as usize] = true;
        }
        let steps: Vec<String> = outline
            .knots
            .iter()
            .map(|knot| html.tree.get(knot.node).and_then(|n| n.value().as_element()).map_or_else(String::new, step))
            .collect();
        let paths = used.iter().enumerate().map(|(at, used)| {
            if !used {
                return String::new();
            }
            let mut chain = vec![at];
            let mut up = at;
            while up > 0 && chain.len() < 40 {
                up = outline.knots[up].parent as usize;
                chain.push(up);
            }
            let names =
                chain.iter().rev().map(|at| steps[*at].as_str()).filter(|step| !matches!(*step, "html" | "body"));
            names.collect::<Vec<_>>().join(">")
        });
        Self(paths.collect())
    }

    fn path(&self, knot: KnotId) -> String {
        self.0.get(knot as usize).cloned().unwrap_or_default()
    }
}

fn step(element: &scraper::node::Element) -> String {
    let mut out = element.name().to_owned();
    if let Some(id) = attribute(element, "id").filter(|id| id.len() <= 40) {
        out.push('#');
        out.push_str(id.trim());
    }
    for class in
        attribute(element, "class").unwrap_or_default().split_ascii_whitespace().filter(|c| c.len() <= 40).take(3)
    {
        out.push('.');
        out.push_str(class);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_pages_end_in_a_flagged_ledger_or_a_reason() {
        let story =
            "<h1>Rain</h1><p>The river rose by two metres in the night, and the mill was closed to all who came.</p>";
        // Those that html5ever itself keeps flat are read whole.
        for (poison, stops) in [
            ("<div>", true),
            ("<font x=1><p>", true),
            ("<ul><li>", true),
            ("<table><tr><td>", true),
            ("<b><i><div>x</b></i>", true),
            ("<a><p>", false),
        ] {
            let mut html = story.to_owned();
            for n in 0..20_000 {
                html.push_str(&poison.replace("x=1", &format!("x={n}")));
            }
            match read(&html, &Hints::default()) {
                Ok(ledger) => {
                    assert_eq!(ledger.flags.iter().any(|f| f == "partial_parse"), stops, "{poison}");
                    assert!(ledger.blocks.iter().any(|b| b.block.text.contains("two metres")), "{poison}");
                }
                Err(TooCostly { read, size }) => assert!(read < size && stops, "{poison}"),
            }
        }
        assert_eq!(read("", &Hints::default()).expect("nothing is cheap").page, PageKind::Empty);
    }
}
