//! A page may hold several articles, one after another: a blog's front, a thread of reports. Which of them is meant is told by the address,
//! where they name their own, or else by the headline, which stands over one of them.
//!
//! Chapters of one article stand side by side in the same way, so do comments, and boxes about other stories. So nothing is told where
//! the page's own headline stands elsewhere, where what would be taken is slight beside the rest, or where the others do not bear the
//! same marks.

use std::collections::HashMap;

use scraper::Html;
use scraper::node::Element;
use url::Url;
use wiredesk_model::block::BlockKind;
use wiredesk_model::link;

use crate::metadata::Claims;
use crate::outline::{KnotId, Outline};
use crate::text::letters;
use crate::walk::attribute;
use crate::words::Words;

/// A teaser says less.
const LEAST: f32 = 60.0;
/// Nor is it an article that is so much lighter than what stands beside it.
const SHARE: f32 = 0.3;
/// Articles side by side hold so much of what there is.
const MOST: f32 = 0.8;
/// The headline is among the first so many blocks of an article.
const TOP: usize = 4;

/// What tells which article is meant.
pub(crate) struct Meant<'a> {
    pub(crate) html: &'a Html,
    pub(crate) claims: &'a Claims,
    /// The page's own addresses.
    pub(crate) addresses: Vec<Url>,
}

/// Which of the elements right in `around` is the article that is meant, where several stand there and something tells.
pub(crate) fn meant(outline: &Outline, around: KnotId, asked: &Meant<'_>) -> Option<KnotId> {
    let inside = (around + 1..u32::try_from(outline.knots.len()).unwrap_or(u32::MAX))
        .filter(|id| outline.knot(*id).parent == around);
    let (mut heaviest, whole) = (0.0_f32, outline.knot(around).mass);
    let mut makes: HashMap<u64, Vec<KnotId>> = HashMap::new();
    for id in inside {
        let knot = outline.knot(id);
        heaviest = heaviest.max(knot.mass);
        if knot.mass > LEAST && !knot.words.has(Words::COMMENTS) && headline(outline, id).is_some() {
            makes.entry(knot.signature).or_default().push(id);
        }
    }
    let hold_most = |alike: &Vec<KnotId>| alike.iter().map(|id| outline.knot(*id).mass).sum::<f32>() >= whole * MOST;
    let several: Vec<Vec<KnotId>> = makes.into_values().filter(|alike| alike.len() > 1 && hold_most(alike)).collect();
    let tells = |alike: &Vec<KnotId>| asked.by_address(outline, alike).or_else(|| asked.by_headline(outline, alike));
    only(several.iter().filter_map(tells).filter(|id| outline.knot(*id).mass >= heaviest * SHARE))
}

/// The block with an element's own headline: a heading near its top.
pub(crate) fn headline(outline: &Outline, id: KnotId) -> Option<usize> {
    outline.inside(id).take(TOP).find(|at| outline.blocks[*at].kind == BlockKind::Heading)
}

/// The one there is; nothing where there are more.
fn only<T>(mut found: impl Iterator<Item = T>) -> Option<T> {
    found.next().filter(|_| found.next().is_none())
}

/// Whether an element has a date near its top.
fn is_dated(outline: &Outline, id: KnotId) -> bool {
    outline.inside(id).take(TOP).any(|at| {
        let block = &outline.blocks[at];
        outline.own_words(block).or(outline.close_words(block)).has(Words::DATE)
    })
}

impl Meant<'_> {
    /// The one whose own address is the page's, where the others have theirs.
    fn by_address(&self, outline: &Outline, alike: &[KnotId]) -> Option<KnotId> {
        let places: Vec<[Vec<Url>; 3]> = alike.iter().map(|id| self.places(outline, *id)).collect();
        let pages: Vec<Url> = self.addresses.iter().map(link::cleaned).collect();
        let found = (0..3).find_map(|way| {
            let placed = places.iter().filter(|own| !own[way].is_empty()).count();
            let here = |at: &usize| places[*at][way].iter().any(|to| is_one_of(to, &pages));
            let one = only((0..alike.len()).filter(here))?;
            (placed > 1 && placed * 3 >= alike.len() * 2).then_some(alike[one])
        })?;
        let own = headline(outline, found).map(|at| outline.blocks[at].text.as_str()).unwrap_or_default();
        self.claims.may_be_called(own).then_some(found)
    }

    /// The one under the page's headline, where each is dated and the headline stands nowhere else.
    fn by_headline(&self, outline: &Outline, alike: &[KnotId]) -> Option<KnotId> {
        if !alike.iter().all(|id| is_dated(outline, *id)) {
            return None;
        }
        let titled = |at: usize| self.claims.is_title(&outline.blocks[at].text);
        let found = only(alike.iter().copied().filter(|id| headline(outline, *id).is_some_and(titled)))?;
        let said = letters(&outline.blocks[headline(outline, found)?].text);
        let elsewhere = outline.blocks.iter().any(|block| {
            block.kind == BlockKind::Heading
                && !outline.knot(block.knot).hidden
                && !outline.within(block.knot, found)
                && letters(&block.text) == said
        });
        (!elsewhere).then_some(found)
    }

    /// The addresses that an element gives for itself: by an attribute, by its headline, by a permanent link.
    fn places(&self, outline: &Outline, id: KnotId) -> [Vec<Url>; 3] {
        let node_of = |id: KnotId| self.html.tree.get(outline.knot(id).node);
        let Some(node) = node_of(id) else { return Default::default() };
        let named = node.value().as_element().into_iter().flat_map(|element| {
            ["data-url", "data-href", "data-permalink", "itemid"].iter().filter_map(|name| attribute(element, name))
        });
        let heading = headline(outline, id).and_then(|at| node_of(outline.blocks[at].knot));
        let over = heading.and_then(|heading| heading.parent());
        let links = over.into_iter().chain(heading.iter().flat_map(|heading| heading.descendants()));
        let links = links.filter_map(|node| node.value().as_element()).filter(|element| element.name() == "a");
        let lasting = node.descendants().filter_map(|node| node.value().as_element()).filter(|e| is_lasting(e));
        let href = |link| attribute(link, "href");
        [self.joined(named), self.joined(links.filter_map(href)), self.joined(lasting.filter_map(href))]
    }

    /// Addresses as the page means them. A fragment leads to a part: a comment, a chapter.
    fn joined<'t>(&self, places: impl Iterator<Item = &'t str>) -> Vec<Url> {
        let whole = places.filter(|to| !to.contains('#'));
        whole.filter_map(|to| self.addresses.first()?.join(to.trim()).ok()).collect()
    }
}

/// Whether an address leads to one of these pages, the way there aside. The front of a site names no article.
fn is_one_of(to: &Url, pages: &[Url]) -> bool {
    let to = link::cleaned(to);
    let place = |url: &Url| (url.host_str().map(link::without_www).map(str::to_owned), path(url).to_owned());
    pages.iter().any(|page| {
        let names_one = path(page).len() > 1 || page.query().is_some();
        names_one && place(&to) == place(page) && to.query() == page.query()
    })
}

fn path(url: &Url) -> &str {
    url.path().trim_end_matches('/')
}

/// Whether a link says that it is an article's permanent one.
fn is_lasting(element: &Element) -> bool {
    element.name() == "a"
        && ["rel", "class"]
            .iter()
            .filter_map(|name| attribute(element, name))
            .any(|names| names.split_ascii_whitespace().any(|name| matches!(name, "bookmark" | "permalink" | "u-url")))
}

#[cfg(test)]
mod tests {
    use wiredesk_model::block::{Hints, Ledger};

    fn read(html: &str) -> Ledger {
        let url = "https://www.mill.example/2031/story-3".to_owned();
        crate::read(html, &Hints { requested_url: url, ..Hints::default() }).expect("read")
    }

    fn told(ledger: &Ledger) -> Vec<usize> {
        let body: Vec<&str> =
            ledger.blocks.iter().filter(|b| b.verdict.is_body()).map(|b| b.block.text.as_str()).collect();
        (0..5).filter(|n| body.iter().any(|text| text.contains(&format!("bridge {n} ")))).collect()
    }

    fn paragraphs(story: usize) -> String {
        (0..5)
            .map(|n| format!("<p>On day {n} the river rose by two metres, and the keeper of the mill closed bridge {story} to all who came by.</p>"))
            .collect()
    }

    #[test]
    fn the_address_tells_which_of_several_articles_is_meant() {
        let headings = |n: usize| format!("<h2><a href='/2031/story-{n}'>Rain of day {n}</a></h2>");
        let footers = |n: usize| {
            format!("<p><a rel=bookmark href='https://mill.example/2031/story-{n}/?utm_source=x'>Permalink</a></p>")
        };
        let makes: [&dyn Fn(usize) -> String; 3] = [
            &|n| format!("<article>{}{}</article>", headings(n), paragraphs(n)),
            &|n| format!("<div class=post>{}<div class=entry>{}</div></div>", headings(n), paragraphs(n)),
            &|n| format!("<div class=post><h3>Rain of day {n}</h3>{}{}</div>", paragraphs(n), footers(n)),
        ];
        for make in makes {
            let all: String = (0..5).map(make).collect();
            let ledger = read(&format!("<title>The Mill</title><header><h1>The Mill</h1></header><main>{all}</main>"));
            assert_eq!(told(&ledger), [3], "{}", make(0));
            assert_eq!(ledger.metadata.title.expect("a title").value, "Rain of day 3");
        }
    }

    #[test]
    fn the_headline_tells_where_no_address_does() {
        let all: String = (0..5)
            .map(|n| {
                format!("<div class=post><h2>Rain of day {n}</h2><p class=date>3 May 2031</p>{}</div>", paragraphs(n))
            })
            .collect();
        let ledger = read(&format!(
            "<title>Rain of day 2 - The Mill</title><meta property=og:title content='Rain of day 2'><h1>The Mill</h1><main>{all}</main>"
        ));
        assert_eq!(told(&ledger), [2]);
    }

    #[test]
    fn what_the_headline_stands_over_stays_together() {
        let posts: String = (0..5)
            .map(|n| {
                let heading = if n == 0 { "Storm at the mill".to_owned() } else { format!("Hour {n}") };
                format!("<div class=post><h2>{heading}</h2><p class=date>3 May 2031</p>{}</div>", paragraphs(n))
            })
            .collect();
        let head = "<title>Storm at the mill</title><meta property=og:title content='Storm at the mill'>";
        assert_eq!(told(&read(&format!("{head}<main><h1>Storm at the mill</h1>{posts}</main>"))), [0, 1, 2, 3, 4]);
    }

    #[test]
    fn a_box_that_leads_to_its_own_page_is_not_the_article() {
        let boxed = |n: usize, to: &str| {
            format!("<div class=more><h3>Number {n}</h3>{}<a class=permalink href='{to}'>#</a></div>", paragraphs(n))
        };
        let story: String = (0..4).map(|_| paragraphs(0)).collect::<String>().replace("On day", "That day");
        let story: String =
            story.match_indices("<p>").map(|(at, _)| format!("<p>No. {at}: {}", &story[at + 3..at + 99])).collect();
        let ledger = read(&format!(
            "<title>The mill</title><main><div class=art><h1>Ten bridges</h1>{story}</div>{}{}</main>",
            boxed(1, "/2031/story-3"),
            boxed(2, "/2031/story-4")
        ));
        assert!(ledger.blocks.iter().any(|b| b.verdict.is_body() && b.block.text.contains("No. 0")));
    }

    #[test]
    fn chapters_of_one_article_stay_together() {
        let all: String = (0..5)
            .map(|n| {
                format!(
                    "<div class=chapter><h2>{}</h2>{}</div>",
                    if n == 0 { "A week of rain".into() } else { format!("Day {n}") },
                    paragraphs(n)
                )
            })
            .collect();
        let ledger = read(&format!(
            "<title>A week of rain</title><main>{all}<a rel=bookmark href='/2031/story-3'>Permalink</a></main>"
        ));
        assert_eq!(told(&ledger), [0, 1, 2, 3, 4]);
    }
}
