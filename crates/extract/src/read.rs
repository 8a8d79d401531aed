//! From a page to its ledger: parse, cut, weigh, judge, settle.

use memchr::memmem;
use scraper::Html;
use url::Url;
use wiredesk_model::block::{Block, Evidence, Hints, Judged, Ledger, PageKind, Verdict};

use crate::container::{self, Container};
use crate::forest::Forest;
use crate::guard::{self, Caps, Parsed};
use crate::learned::{self, Opinion};
use crate::metadata::facts::Facts;
use crate::metadata::{self, Claims};
use crate::outline::{Found, KnotId, Outline};
use crate::several::{self, Meant};
use crate::site::{MISSED, Selected, SiteRule};
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
    ledger(guard::document(html, Caps::default()), html.len(), hints, Make::Page(Some(learned::shipped())))
}

/// Reads a page as [`read`] does, its blocks judged by another model, or by the rules alone: for those who train one.
///
/// # Errors
/// As for [`read`].
pub fn read_with(model: Option<&Forest>, html: &str, hints: &Hints) -> Result<Ledger, TooCostly> {
    ledger(guard::document(html, Caps::default()), html.len(), hints, Make::Page(model))
}

/// Reads a page by its site's rule. Where the rule finds nothing, the page is read as if there were none, and flagged.
///
/// # Errors
/// [`TooCostly`] as for [`read`].
pub fn read_by(rule: &SiteRule, html: &str, hints: &Hints) -> Result<Ledger, TooCostly> {
    let mut parsed = guard::whole(html, Caps::default());
    if let Some(selected) = rule.select(&mut parsed.html) {
        let by_rule = ledger(parsed, html.len(), hints, Make::Selected(&selected))?;
        if by_rule.rule.is_some() {
            return Ok(by_rule);
        }
    }
    let mut ledger = read(html, hints)?;
    if rule.expects_something() {
        ledger.flags.push(MISSED.to_owned());
    }
    Ok(ledger)
}

/// Reads an HTML fragment as a feed carries it (`content:encoded`): no furniture is expected around it, so nothing is
/// outside a container and only what is plainly no text of the article is left out.
///
/// # Errors
/// [`TooCostly`] as for [`read`].
pub fn fragment(html: &str, hints: &Hints) -> Result<Ledger, TooCostly> {
    ledger(guard::fragment(html, Caps::default()), html.len(), hints, Make::Fragment)
}

/// What is read.
#[derive(Clone, Copy)]
enum Make<'s> {
    /// A page with all that stands around an article, and the model that judges its blocks after the rules.
    Page(Option<&'s Forest>),
    /// A page of which a site's rule says what is what; the rest is judged as on any page.
    Selected(&'s Selected<'s>),
    /// A piece that a feed carries.
    Fragment,
}

fn ledger(parsed: Parsed, size: usize, hints: &Hints, make: Make<'_>) -> Result<Ledger, TooCostly> {
    let is_fragment = matches!(make, Make::Fragment);
    let mut outline = walk::blocks(&parsed.html);
    let mut claims = Claims::of(Facts::of(&parsed.html), &outline, hints);
    if let Make::Page(_) = make {
        let shown = outline.blocks.iter().map(Found::running).sum();
        if let Some((html, method)) = spare::text(&parsed.html, &claims, shown) {
            return Ok(spare_ledger(&guard::fragment(&html, Caps::default()), &mut claims, hints, method));
        }
    }
    if let Make::Selected(selected) = make {
        claims.overrule(&selected.pointed);
    }
    let mut container = prepare(&parsed.html, &mut outline, &mut claims, hints, is_fragment);
    let marked = match make {
        Make::Selected(selected) => Some(selected.mark(&outline)).filter(|marked| !marked.misses(&outline)),
        _ => None,
    };
    let within = marked.as_ref().and_then(|marked| marked.container(&outline));
    if let Some(within) = within {
        measure(&mut outline, within.knot);
        container = Some(within);
    }
    let mut verdicts = verdicts::judge(&outline, container, &claims);
    let mut by_rule = None;
    if let (Some(marked), Make::Selected(selected)) = (&marked, make) {
        let (judged, decided) = marked.judge(&outline, verdicts);
        verdicts = judged;
        by_rule = decided.then(|| selected.rule_id().to_owned());
    }
    // Where a site's rule says where the body is, nobody else is asked.
    let model = match make {
        Make::Page(model) => model,
        Make::Selected(_) => Some(learned::shipped()).filter(|_| within.is_none()),
        Make::Fragment => None,
    };
    let opinions =
        model.map(|model| learned::judge(model, &outline, &claims, container, &mut verdicts)).unwrap_or_default();
    if parsed.partial && !verdicts.iter().any(Verdict::is_body) {
        return Err(TooCostly { read: parsed.read, size });
    }
    let mut metadata = metadata::settle(&claims, &outline, &verdicts, hints);
    if let (true, Make::Selected(selected)) = (by_rule.is_some(), make) {
        metadata::ruled::overrule(&mut metadata, &selected.pointed, &claims, hints);
    }
    let page = if is_fragment { PageKind::Article } else { page::kind(&outline, &verdicts, &claims) };
    let mut flags = page::flags(&outline, &claims);
    if parsed.partial {
        flags.insert(0, "partial_parse".to_owned());
    }
    let method = if is_fragment { "feed" } else { "blocks" }.to_owned();
    let blocks = judged(&parsed.html, outline, verdicts, opinions);
    Ok(Ledger { blocks, metadata, page, method, rule: by_rule, flags })
}

/// The ledger of a text that waited beside an empty page, with what the page claims of it.
fn spare_ledger(parsed: &Parsed, claims: &mut Claims, hints: &Hints, method: &str) -> Ledger {
    let mut outline = walk::blocks(&parsed.html);
    let container = prepare(&parsed.html, &mut outline, claims, hints, true);
    let verdicts = verdicts::judge(&outline, container, claims);
    let metadata = metadata::settle(claims, &outline, &verdicts, hints);
    let page = page::kind(&outline, &verdicts, claims);
    let flags = if parsed.partial { vec!["partial_parse".to_owned()] } else { Vec::new() };
    let blocks = judged(&parsed.html, outline, verdicts, Vec::new());
    Ledger { blocks, metadata, page, method: method.to_owned(), rule: None, flags }
}

/// Each block with its evidence and its verdict.
fn judged(html: &Html, outline: Outline, verdicts: Vec<Verdict>, mut opinions: Vec<Opinion>) -> Vec<Judged> {
    opinions.resize_with(verdicts.len(), Opinion::default);
    let mut paths = Paths::of(html, &outline);
    outline
        .blocks
        .into_iter()
        .zip(verdicts)
        .zip(opinions)
        .map(|((found, verdict), opinion)| Judged {
            block: Block { kind: found.kind, text: found.text, level: found.level },
            evidence: Evidence {
                path: paths.path(found.knot),
                link_density: found.features.link_density(),
                score: opinion.score,
                reasons: opinion.reasons,
            },
            verdict,
        })
        .collect()
}

/// Reads a page up to the rules' verdicts, for those who look at it there.
pub(crate) fn before_model<T>(
    html: &str,
    hints: &Hints,
    look: impl FnOnce(&Outline, &Claims, Option<Container>, &[Verdict]) -> T,
) -> T {
    let parsed = guard::document(html, Caps::default());
    let mut outline = walk::blocks(&parsed.html);
    let mut claims = Claims::of(Facts::of(&parsed.html), &outline, hints);
    let container = prepare(&parsed.html, &mut outline, &mut claims, hints, false);
    let verdicts = verdicts::judge(&outline, container, &claims);
    look(&outline, &claims, container, &verdicts)
}

/// Everything about an outline that verdicts ask for.
fn prepare(
    html: &Html,
    outline: &mut Outline,
    claims: &mut Claims,
    hints: &Hints,
    is_fragment: bool,
) -> Option<Container> {
    outline.sum();
    container::reveal(outline);
    place(outline, claims);
    let title = claims.title_block(outline);
    let container = if is_fragment {
        whole(outline)
    } else {
        // Links are read from where the page came from in the end.
        let addresses = [&hints.final_url, &hints.requested_url];
        let addresses = addresses.iter().filter_map(|address| Url::parse(address).ok()).collect();
        container::find(outline, title, &Meant { html, claims, addresses })
    };
    if let Some(container) = container {
        measure(outline, container.knot);
        // The page bears the name of all its articles together.
        let headline = several::headline(outline, container.knot).filter(|_| container.chosen);
        if let Some(headline) = headline.map(|at| outline.blocks[at].text.clone())
            && !claims.is_title(&headline)
        {
            claims.take_title(headline, "html");
        }
    }
    container
}

/// A fragment is its own container.
fn whole(outline: &Outline) -> Option<Container> {
    outline.knots.first().map(|_| Container { knot: 0, chosen: false })
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
    let described = memmem::Finder::new(&claims.description);
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
            && (is_in(&said, &claims.description)
                || claims.description.len() > 40 && described.find(said.as_bytes()).is_some());
        features.anchored = said.len() > 30 && is_in(&said, &claims.anchor);
    }
}

fn is_in(part: &str, whole: &str) -> bool {
    part.len() <= whole.len() && memmem::find(whole.as_bytes(), part.as_bytes()).is_some()
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
        let around = outline.around(knot, container);
        let inside = around == container;
        let distance = if inside {
            outline.knot(knot).depth.saturating_sub(depth)
        } else {
            depth.saturating_sub(outline.knot(around).depth)
        };
        let features = &mut outline.blocks[at].features;
        features.inside = inside;
        features.distance = distance;
    }
}

/// The paths of elements, `main.story>div#body>p`, each written once, from that of the element around it.
struct Paths {
    paths: Vec<String>,
    written: usize,
}

/// A path names no more elements than this.
const LONG_PATH: u16 = 40;

/// Bytes of all paths of a page together. Beyond it they name the last element alone: forty long names around a hundred thousand
/// paragraphs of a letter each would be a gigabyte. Pages that people read stay far below.
const ALL_PATHS: usize = 4 << 20;

impl Paths {
    fn of(html: &Html, outline: &Outline) -> Self {
        let knots = &outline.knots;
        let mut wanted = vec![false; knots.len()];
        for block in &outline.blocks {
            wanted[block.knot as usize] = true;
        }
        // Parents come before their children.
        for at in (1..knots.len()).rev() {
            if wanted[at] {
                wanted[knots[at].parent as usize] = true;
            }
        }
        let own = |at: usize| {
            let node = html.tree.get(knots[at].node);
            let own = node.and_then(|n| n.value().as_element()).map_or_else(String::new, step);
            if matches!(own.as_str(), "html" | "body") { String::new() } else { own }
        };
        let mut paths: Vec<String> = Vec::with_capacity(knots.len());
        let mut written = 0;
        for (at, wanted) in wanted.into_iter().enumerate() {
            let path = if !wanted {
                String::new()
            } else if written > ALL_PATHS {
                own(at)
            } else if at == 0 || knots[at].depth < LONG_PATH {
                let above = if at == 0 { "" } else { paths[knots[at].parent as usize].as_str() };
                joined(above, &own(at))
            } else {
                let chain: Vec<usize> = std::iter::successors(Some(at), |up| Some(knots[*up].parent as usize))
                    .take(usize::from(LONG_PATH))
                    .collect();
                chain.into_iter().rev().fold(String::new(), |path, up| joined(&path, &own(up)))
            };
            written += path.len();
            paths.push(path);
        }
        Self { paths, written }
    }

    fn path(&mut self, knot: KnotId) -> String {
        let path = self.paths.get(knot as usize).map_or("", String::as_str);
        let path = if self.written > ALL_PATHS { path.rsplit('>').next().unwrap_or(path) } else { path };
        self.written += path.len();
        path.to_owned()
    }
}

fn joined(above: &str, own: &str) -> String {
    match (above.is_empty(), own.is_empty()) {
        (true, _) => own.to_owned(),
        (_, true) => above.to_owned(),
        _ => [above, ">", own].concat(),
    }
}

fn step(element: &scraper::node::Element) -> String {
    let mut out = String::with_capacity(64);
    out.push_str(element.name());
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
