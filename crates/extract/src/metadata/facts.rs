//! What the page's markup says outside its text: one pass over the nodes, in the order in which they were made, gathers
//! `meta`, `link`, JSON-LD, `time`, microdata and the links to authors.

use ego_tree::NodeRef;
use html5ever::local_name;
use scraper::node::Element;
use scraper::{Html, Node};

use crate::text::{Folded, line};
use crate::walk::attribute;

/// A `time` element.
#[derive(Clone, Debug, Default)]
pub(crate) struct Time {
    /// `datetime`, or the text where there is none.
    pub(crate) value: String,
    /// What readers see.
    pub(crate) text: String,
    /// It has the attribute `pubdate`.
    pub(crate) pubdate: bool,
    /// It says that it is a date of change.
    pub(crate) modified: bool,
    /// It says that it is the date of publication.
    pub(crate) published: bool,
    /// After the first `h1`.
    pub(crate) after_headline: bool,
}

/// What the markup says.
#[derive(Clone, Debug, Default)]
pub(crate) struct Facts {
    /// `name`, `property`, `http-equiv` or `itemprop` in small letters, and the content.
    pub(crate) meta: Vec<(String, String)>,
    /// The text of `title`.
    pub(crate) title: String,
    /// `rel=canonical`.
    pub(crate) canonical: Option<String>,
    /// `rel=license`, of the page or of a line in it.
    pub(crate) license: Option<String>,
    /// `lang` of `html`.
    pub(crate) lang: Option<String>,
    /// JSON-LD scripts.
    pub(crate) scripts: Vec<String>,
    pub(crate) times: Vec<Time>,
    /// Microdata that is not in `meta`: the property and its text.
    pub(crate) properties: Vec<(String, String)>,
    /// Links to pages of authors: text and address, whether marked `rel=author`.
    pub(crate) authors: Vec<(String, String, bool)>,
    /// Password fields.
    pub(crate) passwords: usize,
    /// Players: `video`, `audio` or an embedded frame of one.
    pub(crate) players: usize,
}

/// Parts of addresses of pages about authors.
const AUTHORS: [&str; 16] = [
    "/author/",
    "/authors/",
    "/autor/",
    "/autoren/",
    "/autore/",
    "/autori/",
    "/auteur/",
    "/auteurs/",
    "/journalist/",
    "/journalists/",
    "/byline/",
    "/staff/",
    "/contributor/",
    "/contributors/",
    "/redaktion/",
    "/columnists/",
];

/// More of a kind than this is not looked at.
const ENOUGH: usize = 200;

impl Facts {
    /// Gathers the facts of a page.
    pub(crate) fn of(html: &Html) -> Self {
        let mut facts = Self::default();
        let mut headline = false;
        for node in html.tree.nodes() {
            let Node::Element(element) = node.value() else { continue };
            facts.element(node, element, &mut headline);
        }
        facts
    }

    /// The first of these `meta` keys that has a value.
    pub(crate) fn first(&self, keys: &[&str]) -> Option<&str> {
        keys.iter().find_map(|key| self.all(key).next())
    }

    /// All values of a `meta` key.
    pub(crate) fn all<'a>(&'a self, key: &str) -> impl Iterator<Item = &'a str> {
        let key = key.to_owned();
        self.meta.iter().filter(move |(k, v)| *k == key && !v.is_empty()).map(|(_, v)| v.as_str())
    }

    /// The first text of a microdata property.
    pub(crate) fn property(&self, name: &str) -> Option<&str> {
        self.properties.iter().find(|(n, v)| n == name && !v.is_empty()).map(|(_, v)| v.as_str())
    }

    fn element(&mut self, node: NodeRef<'_, Node>, element: &Element, headline: &mut bool) {
        match element.name.local {
            local_name!("meta") => self.meta(element),
            local_name!("link") => {
                if self.canonical.is_none()
                    && attribute(element, "rel").is_some_and(|rel| rel.eq_ignore_ascii_case("canonical"))
                {
                    self.canonical =
                        attribute(element, "href").map(str::to_owned).filter(|href| !href.trim().is_empty());
                }
                self.license(element);
            }
            local_name!("title") if self.title.is_empty() && !inside_svg(node) => self.title = text_of(node, 500),
            local_name!("html") => {
                self.lang = self.lang.take().or(attribute(element, "lang").map(str::to_owned));
            }
            local_name!("script") if self.scripts.len() < 40 => {
                if attribute(element, "type").is_some_and(|kind| kind.contains("ld+json")) {
                    self.scripts.extend(node.first_child().and_then(|c| c.value().as_text().map(|t| t.to_string())));
                }
            }
            local_name!("h1") => *headline = true,
            local_name!("time") => self.time(node, element, *headline),
            local_name!("input") if attribute(element, "type") == Some("password") => self.passwords += 1,
            local_name!("video") | local_name!("audio") => self.players += 1,
            local_name!("a") => {
                self.license(element);
                self.author(node, element);
            }
            _ => {}
        }
        // Asked of every element, so by the name's number and not by its letters.
        let property = element.attrs.iter().find(|(name, _)| name.local == local_name!("itemprop"));
        if let Some(property) = property.map(|(_, value)| &**value)
            && element.name.local != local_name!("meta")
            && self.properties.len() < ENOUGH
            && matches!(
                property,
                "headline"
                    | "datePublished"
                    | "dateModified"
                    | "author"
                    | "creator"
                    | "articleSection"
                    | "alternativeHeadline"
                    | "description"
            )
        {
            let value = attribute(element, "datetime")
                .or_else(|| attribute(element, "content"))
                .map_or_else(|| text_of(node, 300), line);
            self.properties.push((property.to_owned(), value));
        }
    }

    fn meta(&mut self, element: &Element) {
        let Some(content) = attribute(element, "content") else { return };
        if self.meta.len() >= ENOUGH * 4 || content.len() > 4_000 {
            return;
        }
        for name in ["property", "name", "itemprop", "http-equiv"] {
            if let Some(key) = attribute(element, name) {
                self.meta.push((key.trim().to_ascii_lowercase(), line(content)));
            }
        }
    }

    fn time(&mut self, node: NodeRef<'_, Node>, element: &Element, after_headline: bool) {
        if self.times.len() >= ENOUGH {
            return;
        }
        let names: String = [Some(node), node.parent()]
            .into_iter()
            .flatten()
            .filter_map(|n| n.value().as_element())
            .flat_map(|e| ["class", "itemprop"].into_iter().filter_map(|name| attribute(e, name)))
            .collect::<Vec<_>>()
            .join(" ")
            .to_ascii_lowercase();
        let text = text_of(node, 120);
        let value = attribute(element, "datetime").filter(|v| !v.trim().is_empty()).map_or_else(|| text.clone(), line);
        self.times.push(Time {
            value,
            text,
            pubdate: attribute(element, "pubdate").is_some(),
            modified: names.contains("updated") && !names.contains("published") || names.contains("modified"),
            published: names.contains("publish") || names.contains("posted"),
            after_headline,
        });
    }

    fn license(&mut self, element: &Element) {
        let says = |rel: &str| rel.split_ascii_whitespace().any(|word| word.eq_ignore_ascii_case("license"));
        if self.license.is_none() && attribute(element, "rel").is_some_and(says) {
            self.license = attribute(element, "href").map(line).filter(|href| !href.is_empty());
        }
    }

    fn author(&mut self, node: NodeRef<'_, Node>, element: &Element) {
        if self.authors.len() >= 12 {
            return;
        }
        let marked = attribute(element, "rel").is_some_and(|rel| rel.split_ascii_whitespace().any(|r| r == "author"));
        let href = attribute(element, "href").unwrap_or_default();
        let path = href.split(['?', '#']).next().unwrap_or_default();
        let of_author = AUTHORS.iter().any(|part| path.contains(part))
            || attribute(element, "class").is_some_and(|names| names.contains("author") || names.contains("byline"));
        if marked || of_author {
            let name = text_of(node, 120);
            if !name.is_empty() && !self.authors.iter().any(|(known, ..)| *known == name) {
                self.authors.push((name, href.to_owned(), marked));
            }
        }
    }
}

fn inside_svg(node: NodeRef<'_, Node>) -> bool {
    node.parent().and_then(|p| p.value().as_element()).is_some_and(|p| p.name() == "svg" || p.name() == "g")
}

fn text_of(node: NodeRef<'_, Node>, most: usize) -> String {
    let mut out = Folded::default();
    let mut length = 0;
    for inner in node.descendants().take(400) {
        match inner.value() {
            Node::Text(text) => {
                length += text.len();
                out.push(text);
            }
            Node::Element(element) if matches!(element.name(), "br" | "p" | "div" | "li" | "span") => out.space(),
            _ => {}
        }
        if length > most {
            break;
        }
    }
    let text = out.take();
    match text.char_indices().nth(most) {
        Some((end, _)) => text[..end].to_owned(),
        None => text,
    }
}
