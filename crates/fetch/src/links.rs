//! `Link` header fields (RFC 8288), as far as WebSub asks for them: a feed's hub, and what the feed calls itself.

use reqwest::header::{HeaderMap, LINK};
use url::Url;

/// The first target of this relation, absolute. Links that speak of another resource (`anchor`) are passed over, and so is what is no web
/// address.
pub(crate) fn target(headers: &HeaderMap, relation: &str, base: &Url) -> Option<Url> {
    let lines = headers.get_all(LINK).iter().map(|line| String::from_utf8_lossy(line.as_bytes()).into_owned());
    for line in lines.collect::<Vec<_>>() {
        let mut rest = line.as_str();
        while let Some((target, after)) = rest.split_once('<').and_then(|(_, link)| link.split_once('>')) {
            let (parameters, next) = parameters(after);
            rest = next;
            let named = |name: &str| parameters.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
            let says_it = named("rel").is_some_and(|(_, relations)| {
                relations.split_ascii_whitespace().any(|given| given.eq_ignore_ascii_case(relation))
            });
            let url = base.join(target.trim()).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
            if let (true, None, Some(url)) = (says_it, named("anchor"), url) {
                return Some(url);
            }
        }
    }
    None
}

/// The parameters behind a link's target, up to the comma that ends it, and what stands behind that.
fn parameters(text: &str) -> (Vec<(&str, String)>, &str) {
    let mut found = Vec::new();
    let mut rest = text.trim_start();
    while let Some(parameter) = rest.strip_prefix(';') {
        let parameter = parameter.trim_start();
        let end = parameter.find(['=', ';', ',']).unwrap_or(parameter.len());
        let (name, after) = parameter.split_at(end);
        let (value, after) = match after.strip_prefix('=') {
            Some(value) => value_of(value.trim_start()),
            None => (String::new(), after),
        };
        found.push((name.trim(), value));
        rest = after.trim_start();
    }
    (found, rest)
}

/// A parameter's value, quoted or not, and what stands behind it.
fn value_of(text: &str) -> (String, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        let (value, rest) = text.split_at(text.find([';', ',']).unwrap_or(text.len()));
        return (value.trim().to_owned(), rest);
    };
    let mut value = String::new();
    let mut characters = quoted.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return (value, &quoted[at + 1..]),
            '\\' => value.extend(characters.next().map(|(_, escaped)| escaped)),
            other => value.push(other),
        }
    }
    (value, "")
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;

    use super::*;

    #[test]
    fn the_first_link_of_a_relation_is_found_however_it_is_written() {
        let base: Url = "https://paper.example/feeds/all.xml".parse().expect("an address");
        for (lines, hub) in [
            (&["<https://hub.example/>; rel=hub"][..], Some("https://hub.example/")),
            (&["<https://hub.example/>;REL=\"Hub\"; type=x"], Some("https://hub.example/")),
            (&["<https://a.example/>; rel=self, <https://hub.example/>; rel=\"x hub\""], Some("https://hub.example/")),
            (&["<https://a.example/>; rel=next", "<https://hub.example/>; rel=hub"], Some("https://hub.example/")),
            (&["<https://a.example/>; title=\"a, <b>; rel=hub\"; rel=next"], None),
            (
                &["<https://a.example/>; title=\"\\\"; rel=hub\"; rel=next, </h>; rel=hub"],
                Some("https://paper.example/h"),
            ),
            (&["<hub?a,b>; rel=hub, <other>; rel=hub"], Some("https://paper.example/feeds/hub?a,b")),
            (&["<https://a.example/>; rel=hub; anchor=\"https://b.example/\""], None),
            (&["<javascript:x>; rel=hub", "<https://a.example/>; rel=github"], None),
            (&["<", "<x", "<x>; rel", "<x>; rel=", ">;rel=hub<", "<x>;;;=,;rel=\"", ""], None),
        ] {
            let fields: HeaderMap = lines.iter().map(|line| (LINK, HeaderValue::from_static(line))).collect();
            assert_eq!(target(&fields, "hub", &base).as_ref().map(Url::as_str), hub, "{lines:?}");
        }
        let odd: HeaderMap =
            [(LINK, HeaderValue::from_bytes(b"\xff<\xe4>; rel=self").expect("a value"))].into_iter().collect();
        assert!(target(&odd, "self", &base).is_some());
    }
}
