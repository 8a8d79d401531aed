//! Which feed was probably meant, where a page stands in its place.

use url::Url;
use wiredesk_model::link::may_be_asked;

use crate::scan::{Scanner, Token};

/// Links to a page's feeds stand in its head: no more than this is looked at.
const LOOKED_AT: usize = 256 << 10;
const MOST: usize = 20;

/// Whether a document is an HTML page, judged by its first element or doctype.
pub(crate) fn is_html(document: &str, root: Option<&str>) -> bool {
    let start = document.trim_start_matches(['\u{feff}', ' ', '\n', '\r', '\t']);
    let doctype = start.get(..14).is_some_and(|start| start.eq_ignore_ascii_case("<!doctype html"));
    let roots = ["html", "head", "body", "meta", "script", "div", "title", "p", "h1", "link", "center"];
    doctype || root.is_some_and(|root| roots.iter().any(|html| root.eq_ignore_ascii_case(html)))
}

/// The feeds that a page names in `<link rel="alternate">`, in its order, comments' feeds last.
pub(crate) fn feeds(document: &str, base: &Url) -> Vec<Url> {
    let mut end = document.len().min(LOOKED_AT);
    while !document.is_char_boundary(end) {
        end -= 1;
    }
    let mut scanner = Scanner::new(&document[..end]);
    let mut base = base.clone();
    let mut found: Vec<Url> = Vec::new();
    while let Some(token) = scanner.next() {
        let Token::Start(tag) = token else { continue };
        if tag.name.eq_ignore_ascii_case("base") {
            base = tag.attribute("href").and_then(|href| base.join(&href).ok()).unwrap_or(base);
        }
        if !tag.name.eq_ignore_ascii_case("link") || found.len() >= MOST {
            continue;
        }
        let says = |name: &str, words: &[&str]| {
            let value = tag.attribute(name).unwrap_or_default().to_ascii_lowercase();
            words.iter().any(|word| value.contains(word))
        };
        let kinds =
            ["application/rss+xml", "application/atom+xml", "application/feed+json", "application/rdf+xml", "text/xml"];
        if says("rel", &["alternate", "feed"]) && says("type", &kinds) {
            let url = tag.attribute("href").and_then(|href| base.join(&href).ok());
            let url = url.filter(|url| matches!(url.scheme(), "http" | "https") && may_be_asked(url));
            found.extend(url.filter(|url| !found.contains(url)));
        }
    }
    found.sort_by_key(|url| url.path().contains("comments"));
    found
}
