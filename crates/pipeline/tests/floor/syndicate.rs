//! The syndicated web: the same bodies carried by many real pages' furniture, made from sets of pages with their true text. Of
//! each page whose true body can be found block by block, the body is taken out and another article's put in; a perfect desk
//! gives all copies of a body one hash. Made as the published generator makes it, in the same order.

use std::collections::{BTreeMap, HashMap, HashSet};

use ego_tree::{NodeId, NodeRef};
use scraper::node::{Element, Text};
use scraper::{Html, Node};
use url::Url;
use wiredesk_model::block::Hints;
use wiredesk_pipeline::article;

use crate::sets::Set;

const SITES: usize = 60;
const BODIES: usize = 12;
const BLOCKS: [&str; 9] = ["p", "h2", "h3", "h4", "li", "blockquote", "div", "span", "section"];
const INNER: [&str; 14] =
    ["p", "div", "ul", "ol", "table", "section", "article", "h1", "h2", "h3", "h4", "blockquote", "figure", "li"];

/// A page that lends its furniture.
struct Site {
    id: String,
    html: String,
    truth: String,
    title: String,
}

/// An article that all of them carry.
struct Body {
    id: String,
    title: String,
    paragraphs: Vec<String>,
}

/// The share of pages that fall on their body's most common hash.
pub(crate) fn collapse(sets: &[Set]) -> f64 {
    let (sites, bodies) = parts(sets);
    let mut hashes: BTreeMap<usize, HashMap<String, usize>> = BTreeMap::new();
    let mut pages = 0;
    for (host, site) in sites.iter().enumerate() {
        for (number, body) in bodies.iter().enumerate().filter(|(_, body)| body.id != site.id) {
            let url = format!("http://site{host:02}.test/body{number:02}.html");
            let html = carry(site, body, &url);
            let hints = Hints { requested_url: url.clone(), final_url: url, ..Hints::default() };
            let read = article::read(html.as_bytes(), None, &hints, &Default::default()).map(|cleaned| cleaned.article);
            pages += 1;
            if let Ok(article) = read.as_ref()
                && !article.text.is_empty()
            {
                let hash = serde_json::to_string(&article.content_hash).expect("a hash");
                *hashes.entry(number).or_default().entry(hash).or_default() += 1;
            }
        }
    }
    let modal: usize = hashes.values().map(|counts| counts.values().max().copied().unwrap_or(0)).sum();
    modal as f64 / pages.max(1) as f64
}

fn parts(sets: &[Set]) -> (Vec<Site>, Vec<Body>) {
    let (mut sites, mut bodies, mut seen) = (Vec::new(), Vec::new(), HashSet::new());
    for page in sets.iter().flat_map(|set| &set.pages) {
        let truth = page.truth.text.as_str();
        if truth.is_empty() {
            continue;
        }
        let source = String::from_utf8_lossy(&page.bytes()).into_owned();
        let html = Html::parse_document(&source);
        let (slots, cover) = slots(&html, truth);
        let paragraphs: Vec<String> = truth.split('\n').map(folded).filter(|line| !line.is_empty()).collect();
        let first_title = html.tree.root().descendants().find(|node| is(*node, &["title"]));
        let title = first_title.map(|node| folded(&content(node))).unwrap_or_default();
        let host = Url::parse(&page.url).ok().and_then(|url| url.host_str().map(str::to_owned));
        let host = host.unwrap_or_else(|| page.id.clone());
        let length = truth.chars().count();
        let distinct: HashSet<&String> = paragraphs.iter().collect();
        if (6..=30).contains(&paragraphs.len())
            && (1_500..=8_000).contains(&length)
            && paragraphs.iter().all(|p| p.chars().count() >= 25)
            && distinct.len() == paragraphs.len()
        {
            bodies.push(Body { id: page.id.clone(), title: title.clone(), paragraphs });
        }
        if cover >= 0.995 && slots.len() >= 5 && seen.insert(host) {
            sites.push(Site { id: page.id.clone(), html: source, truth: truth.to_owned(), title });
        }
    }
    bodies.sort_by(|a, b| (&a.id, &a.title, &a.paragraphs).cmp(&(&b.id, &b.title, &b.paragraphs)));
    sites.truncate(SITES);
    bodies.truncate(BODIES);
    (sites, bodies)
}

fn folded(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn is(node: NodeRef<'_, Node>, names: &[&str]) -> bool {
    node.value().as_element().is_some_and(|element| names.contains(&element.name()))
}

fn content(node: NodeRef<'_, Node>) -> String {
    node.descendants().filter_map(|n| n.value().as_text().map(|text| text.to_string())).collect()
}

/// Elements, in order, whose whole text is one paragraph of the true body, and the share of the body that they cover.
fn slots(html: &Html, truth: &str) -> (Vec<NodeId>, f64) {
    let mut wanted: HashMap<String, usize> = HashMap::new();
    let mut whole = 0;
    for line in truth.split('\n').map(folded).filter(|line| !line.is_empty()) {
        whole += line.chars().count();
        *wanted.entry(line).or_default() += 1;
    }
    let (mut slots, mut found) = (Vec::new(), 0);
    for node in html.tree.root().descendants().filter(|node| is(*node, &BLOCKS)) {
        if node.descendants().skip(1).any(|inner| is(inner, &INNER)) {
            continue;
        }
        let text = folded(&content(node));
        if let Some(left) = wanted.get_mut(&text).filter(|left| **left > 0) {
            *left -= 1;
            found += text.chars().count();
            slots.push(node.id());
        }
    }
    (slots, found as f64 / whole.max(1) as f64)
}

/// Puts a text in the place of all that an element holds.
fn put(html: &mut Html, id: NodeId, text: &str) {
    let children: Vec<NodeId> =
        html.tree.get(id).map(|node| node.children().map(|child| child.id()).collect()).unwrap_or_default();
    for child in children {
        if let Some(mut child) = html.tree.get_mut(child) {
            child.detach();
        }
    }
    if let Some(mut node) = html.tree.get_mut(id) {
        node.append(Node::Text(Text { text: text.into() }));
    }
}

/// The body as the site would have carried it.
fn carry(site: &Site, body: &Body, url: &str) -> String {
    let mut html = Html::parse_document(&site.html);
    let (slots, _) = slots(&html, &site.truth);
    let mut last = slots[0];
    for (at, slot) in slots.iter().enumerate() {
        match body.paragraphs.get(at) {
            Some(text) => {
                put(&mut html, *slot, text);
                last = *slot;
            }
            None => html.tree.get_mut(*slot).expect("a slot").detach(),
        }
    }
    for text in body.paragraphs.iter().skip(slots.len()) {
        let mut node = html.tree.get_mut(last).expect("the last slot");
        let copy = node.value().clone();
        last = node.insert_after(copy).id();
        put(&mut html, last, text);
    }
    let separators = [" | ", " - ", " – ", " — "];
    let head =
        separators.iter().filter_map(|s| body.title.find(s)).min().map_or(body.title.as_str(), |at| &body.title[..at]);
    let head = if head.is_empty() { body.title.as_str() } else { head };
    let all: Vec<NodeId> = html.tree.root().descendants().map(|node| node.id()).collect();
    for id in all {
        relabel(&mut html, id, site, body, head, url);
    }
    html.html()
}

/// What the page says of itself is said of the other article.
fn relabel(html: &mut Html, id: NodeId, site: &Site, body: &Body, head: &str, url: &str) {
    let Some(node) = html.tree.get(id) else { return };
    let Some(element) = node.value().as_element() else { return };
    let attribute = |name: &str| element.attr(name).unwrap_or_default().to_lowercase();
    match element.name() {
        "title" => put(html, id, head),
        "h1" => {
            let text = folded(&content(node));
            let start: String = text.chars().take(40).collect();
            if !text.is_empty() && (site.title.contains(&text) || site.title.starts_with(&start)) {
                put(html, id, head);
            }
        }
        "meta" => {
            let key = Some(attribute("property")).filter(|p| !p.is_empty()).unwrap_or_else(|| attribute("name"));
            if key.ends_with("title") {
                set(html, id, "content", head);
            } else if key.ends_with("description") {
                set(html, id, "content", &body.paragraphs[0].chars().take(160).collect::<String>());
            } else if key == "og:url" {
                set(html, id, "content", url);
            }
        }
        "link" if matches!(attribute("rel").as_str(), "canonical" | "amphtml") => set(html, id, "href", url),
        "script" if attribute("type").contains("json") => {
            if let Some(mut node) = html.tree.get_mut(id) {
                node.detach();
            }
        }
        _ => {}
    }
}

fn set(html: &mut Html, id: NodeId, name: &str, value: &str) {
    let Some(mut node) = html.tree.get_mut(id) else { return };
    let Node::Element(Element { attrs, .. }) = node.value() else { return };
    if let Some((_, old)) = attrs.iter_mut().find(|(key, _)| &*key.local == name) {
        *old = value.into();
    }
}
