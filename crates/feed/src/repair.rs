//! Whole documents that are not quite feeds: wrapped, escaped, or in an age that strict readers do not know.

use std::borrow::Cow;

use crate::text;

/// How a feed's root may start, for finding it behind junk or inside of a wrapping.
const ROOTS: &[&str] = &["<rss", "<feed", "<rdf:RDF", "<RDF", "<atom:feed", "<urlset", "<RSS"];

/// A document whose root stands behind junk or in a wrapping: from its root on. `None` where there is no root to find.
pub(crate) fn unwrapped(document: &str) -> Option<Cow<'_, str>> {
    let root = |text: &str| ROOTS.iter().filter_map(|root| text.find(root)).min();
    if let Some(at) = root(document) {
        return (at > 0).then(|| Cow::Borrowed(&document[at..]));
    }
    // The whole of it was escaped, as when a feed is shown in a page.
    let escaped = ROOTS.iter().any(|root| document.contains(&root.replace('<', "&lt;")));
    let decoded = escaped.then(|| text::unescaped(document).into_owned())?;
    let at = root(&decoded)?;
    Some(Cow::Owned(decoded[at..].to_owned()))
}

/// Rewrites a document so that a strict reader of today's feeds can read it: no declaration, today's namespaces and
/// versions, references decoded to characters, bare ampersands escaped, no control characters.
pub(crate) fn for_strict_readers(document: &str) -> String {
    let body = match document.find("?>") {
        Some(end) if document.trim_start_matches('\u{feff}').trim_start().starts_with("<?xml") => &document[end + 2..],
        _ => document,
    };
    let start = ROOTS.iter().filter_map(|root| body.find(root)).min().unwrap_or(0);
    let body = &body[start..];
    let (root, rest) = body.split_at(body.find('>').map_or(0, |end| end + 1));
    let mut out = modern(root);
    let mut in_section = false;
    for (i, part) in rest.split("<![CDATA[").enumerate() {
        if i > 0 {
            out.push_str("<![CDATA[");
            in_section = true;
        }
        let (section, text) =
            if in_section { part.split_at(part.find("]]>").unwrap_or(part.len())) } else { ("", part) };
        in_section = false;
        out.extend(section.chars().filter(|c| !is_control(*c)));
        escape_ampersands(text, &mut out);
    }
    out
}

fn is_control(c: char) -> bool {
    c.is_control() && !matches!(c, '\n' | '\r' | '\t')
}

fn modern(root: &str) -> String {
    let mut root = root.replace("http://purl.org/atom/ns#", "http://www.w3.org/2005/Atom");
    for old in ["http://my.netscape.com/rdf/simple/0.9/", "http://channel.netscape.com/rdf/simple/0.9/"] {
        root = root.replace(old, "http://purl.org/rss/1.0/");
    }
    for old in [
        "http://backend.userland.com/rss2",
        "http://blogs.law.harvard.edu/tech/rss",
        "http://backend.userland.com/RSS2",
    ] {
        root = root.replace(&format!("xmlns=\"{old}\""), "");
    }
    if root.starts_with("<rss") && !root.contains("version") {
        root = root.replacen("<rss", "<rss version=\"2.0\"", 1);
    }
    root
}

/// References that XML has stay; others become their character, and an ampersand that starts none is escaped.
fn escape_ampersands(text: &str, out: &mut String) {
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.extend(rest[..at].chars().filter(|c| !is_control(*c)));
        rest = &rest[at..];
        let end = rest.bytes().take(34).position(|b| b == b';').map(|end| end + 1);
        let reference = end.and_then(|end| rest.get(..end));
        match reference {
            Some(
                xml @ ("&amp;" | "&lt;" | "&gt;" | "&quot;" | "&apos;" | "&#38;" | "&#60;" | "&#x26;" | "&#x3c;"
                | "&#x3C;"),
            ) => {
                out.push_str(xml);
                rest = &rest[xml.len()..];
            }
            Some(other) if text::unescaped(other) != other => {
                out.push_str(&text::unescaped(other));
                rest = &rest[other.len()..];
            }
            _ => {
                out.push_str("&amp;");
                rest = &rest[1..];
            }
        }
    }
    out.extend(rest.chars().filter(|c| !is_control(*c)));
}
