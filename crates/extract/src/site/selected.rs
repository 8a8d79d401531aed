//! What a rule's selectors found in a page, before its tree is cut into blocks; and what has to be done to the tree so that blocks
//! begin and end where the rule wants them to.

use std::collections::{HashMap, HashSet};

use ego_tree::NodeId;
use ego_tree::iter::Edge;
use html5ever::{QualName, local_name, ns};
use scraper::node::Element;
use scraper::{ElementRef, Html, Node, Selector};

use super::SiteRule;
use crate::metadata::ruled::{Named, Pointed};
use crate::table;
use crate::text::Folded;
use crate::walk::{attribute, is_inline};

/// What an element was selected as; several may hold for one.
pub(super) const BODY: u8 = 1;
pub(super) const STRIP: u8 = 2;
pub(super) const TITLE: u8 = 4;
pub(super) const DATE: u8 = 8;
pub(super) const AUTHORS: u8 = 16;

/// The most that selectors may cost on a page: an element may be held against all its siblings and all they hold. Pages made to
/// be costly are read without the rule.
const WORK: u64 = 400_000_000;

/// The most elements that may name title, date or authors.
const CLAIMS: usize = 50;

/// A page, selected.
pub(crate) struct Selected<'r> {
    pub(super) rule: &'r SiteRule,
    pub(super) marks: HashMap<NodeId, u8>,
    /// What the page says where the rule points.
    pub(crate) pointed: Pointed,
}

impl Selected<'_> {
    /// The rule's name.
    pub(crate) fn rule_id(&self) -> &str {
        &self.rule.id
    }
}

impl SiteRule {
    /// Holds the rule against a page; `None` where it finds nothing of what it looks for. Sets apart in the tree what shall be
    /// judged apart.
    pub(crate) fn select(&self, html: &mut Html) -> Option<Selected<'_>> {
        if work(html) > WORK {
            return None;
        }
        let mut marks = HashMap::new();
        let mut mark = |found: &[ElementRef<'_>], as_what: u8| {
            for element in found {
                *marks.entry(element.id()).or_insert(0) |= as_what;
            }
        };
        let body = all(html, &self.body);
        if body.is_empty() && !self.body.is_empty() {
            return None;
        }
        mark(&body, BODY);
        let strip = all(html, &self.strip);
        mark(&strip, STRIP);
        let title = first(html, &self.title);
        mark(&title[..title.len().min(1)], TITLE);
        let date = first(html, &self.date);
        mark(&date[..date.len().min(1)], DATE);
        let authors = first(html, &self.authors);
        mark(&authors, AUTHORS);
        if body.is_empty() && title.is_empty() && date.is_empty() && authors.is_empty() && self.expects_something() {
            return None;
        }
        let pointed = Pointed {
            title: title.first().map(said).filter(|title| !title.is_empty()),
            dates: each(html, &self.date)
                .flat_map(|element| [moment(&element), Some(text(&element))])
                .flatten()
                .collect(),
            authors: authors.iter().take(CLAIMS).map(named).collect(),
        };
        let (body, strip): (Vec<NodeId>, Vec<NodeId>) =
            (body.iter().map(|e| e.id()).collect(), strip.iter().map(|e| e.id()).collect());
        open_tables(html, &body);
        for node in outermost(html, &strip).into_iter().rev() {
            set_apart(html, node);
        }
        Some(Selected { rule: self, marks, pointed })
    }
}

/// What holds the body is no table of data.
fn open_tables(html: &mut Html, body: &[NodeId]) {
    let mut seen = HashSet::new();
    let mut tables = Vec::new();
    for id in body {
        let Some(node) = html.tree.get(*id) else { continue };
        for above in node.ancestors().take_while(|above| seen.insert(above.id())) {
            if above.value().as_element().is_some_and(|element| element.name.local == local_name!("table")) {
                tables.push(above.id());
            }
        }
    }
    for table in tables {
        if let Some(mut node) = html.tree.get_mut(table)
            && let Node::Element(element) = node.value()
        {
            element.name = division();
        }
    }
}

fn division() -> QualName {
    QualName::new(None, ns!(html), local_name!("div"))
}

/// Those that stand in no other, in the order of the page.
fn outermost(html: &Html, nodes: &[NodeId]) -> Vec<NodeId> {
    let all: HashSet<NodeId> = nodes.iter().copied().collect();
    let stands_alone =
        |id: &NodeId| html.tree.get(*id).is_some_and(|node| !node.ancestors().any(|above| all.contains(&above.id())));
    let mut seen = HashSet::new();
    nodes.iter().copied().filter(|id| seen.insert(*id)).filter(stands_alone).collect()
}

/// An element inside a line, a table or code is no block of its own. It becomes one: a box right behind what it stood in, so that
/// it can be judged, and nothing vanishes silently.
fn set_apart(html: &mut Html, id: NodeId) {
    let Some(node) = html.tree.get(id) else { return };
    let name = |node: &ego_tree::NodeRef<'_, Node>| node.value().as_element().map(|element| element.name.local.clone());
    let is_whole = |node: &ego_tree::NodeRef<'_, Node>| match name(node) {
        Some(local_name!("table")) => table::holds_data(*node),
        Some(local_name!("pre") | local_name!("listing") | local_name!("xmp")) => true,
        _ => false,
    };
    let whole = node.ancestors().filter(is_whole).last();
    let in_line = node.value().as_element().is_some_and(|element| is_inline(element.name()));
    let line = || node.ancestors().find(|above| above.value().as_element().is_none_or(|e| !is_inline(e.name())));
    let Some(place) = whole.or_else(|| if in_line { line() } else { None }) else { return };
    let is_root = !matches!(name(&place), Some(name) if name != local_name!("body") && name != local_name!("html"));
    let place = place.id();
    let apart = Node::Element(Element::new(division(), Vec::new()));
    let Some(mut place) = html.tree.get_mut(place) else { return };
    let mut apart = if is_root { place.append(apart) } else { place.insert_after(apart) };
    apart.append_id(id);
}

fn each<'h>(html: &'h Html, selectors: &[Selector]) -> impl Iterator<Item = ElementRef<'h>> {
    selectors.iter().flat_map(|selector| html.root_element().select(selector).take(CLAIMS).collect::<Vec<_>>())
}

fn all<'h>(html: &'h Html, selectors: &[Selector]) -> Vec<ElementRef<'h>> {
    selectors.iter().flat_map(|selector| html.root_element().select(selector)).collect()
}

/// What the first selector finds that finds anything.
fn first<'h>(html: &'h Html, selectors: &[Selector]) -> Vec<ElementRef<'h>> {
    selectors
        .iter()
        .map(|selector| html.root_element().select(selector).collect::<Vec<_>>())
        .find(|found| !found.is_empty())
        .unwrap_or_default()
}

fn text(element: &ElementRef<'_>) -> String {
    let mut out = Folded::default();
    for node in element.descendants().take(2_000) {
        match node.value() {
            Node::Text(text) => {
                out.push(text);
            }
            Node::Element(element) if !is_inline(element.name()) => out.space(),
            _ => {}
        }
    }
    out.take()
}

/// What an element says: `content` of a `meta`, else its text.
fn said(element: &ElementRef<'_>) -> String {
    attribute(element.value(), "content").map_or_else(|| text(element), crate::text::line)
}

fn moment(element: &ElementRef<'_>) -> Option<String> {
    ["datetime", "content"].into_iter().find_map(|name| attribute(element.value(), name)).map(str::to_owned)
}

fn named(element: &ElementRef<'_>) -> Named {
    let link = (element.value().name() == "a").then(|| attribute(element.value(), "href")).flatten();
    Named { text: said(element), link: link.map(str::to_owned) }
}

/// How much the most expensive selectors may cost: for each element its children times all that it holds.
fn work(html: &Html) -> u64 {
    let mut open: Vec<(u64, u64)> = Vec::new();
    let mut sum: u64 = 0;
    for edge in html.tree.root().traverse() {
        match edge {
            Edge::Open(_) => open.push((0, 1)),
            Edge::Close(_) => {
                let Some((children, holds)) = open.pop() else { continue };
                sum = sum.saturating_add(children.saturating_mul(holds));
                if let Some((siblings, around)) = open.last_mut() {
                    *siblings += 1;
                    *around += holds;
                }
            }
        }
    }
    sum
}
