//! From what stands between tags to text and to HTML.

use std::borrow::Cow;

use crate::scan::{Scanner, Token};

/// Text with its character references decoded; what is no reference stands as it is.
///
/// Knows the predefined and the HTML entities and nothing a document declares: nothing can grow. References to the C1
/// controls mean windows-1252 (`&#146;` is a quotation mark), as browsers have it. Control characters go.
pub(crate) fn unescaped(raw: &str) -> Cow<'_, str> {
    let bad = |b: &u8| *b < 0x20 && !matches!(b, b'\t' | b'\n' | b'\r') || *b == 0x7f;
    if !raw.contains('&') {
        if raw.as_bytes().iter().any(bad) {
            return Cow::Owned(raw.chars().filter(|c| !c.is_ascii() || !bad(&(*c as u8))).collect());
        }
        return Cow::Borrowed(raw);
    }
    let mut out = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let (decoded, length) = reference(rest);
        match decoded {
            Some(Decoded::Char(c)) => out.push(c),
            Some(Decoded::Text(text)) => out.push_str(text),
            Some(Decoded::Nothing) => {}
            None => out.push('&'),
        }
        rest = &rest[length..];
    }
    out.push_str(rest);
    if out.as_bytes().iter().any(bad) {
        out.retain(|c| !c.is_ascii() || !bad(&(c as u8)));
    }
    Cow::Owned(out)
}

enum Decoded {
    Char(char),
    Text(&'static str),
    /// A reference to a character that no text can hold.
    Nothing,
}

/// Reads the reference that `text` starts with, and its length; a bare `&` has length 1.
fn reference(text: &str) -> (Option<Decoded>, usize) {
    const LONGEST: usize = 34;
    let bytes = text.as_bytes();
    if bytes.get(1) == Some(&b'#') {
        let (digits, radix) = match bytes.get(2) {
            Some(b'x' | b'X') => (3, 16),
            _ => (2, 10),
        };
        let length = bytes[digits..].iter().take(12).take_while(|b| char::from(**b).is_digit(radix)).count();
        let end = digits + length;
        let Some(code) = u32::from_str_radix(&text[digits..end], radix).ok() else { return (None, 1) };
        let end = end + usize::from(bytes.get(end) == Some(&b';'));
        return (Some(character(code)), end);
    }
    let Some(end) = bytes.iter().take(LONGEST).position(|b| *b == b';') else { return (None, 1) };
    let name = &text[1..end];
    if name.is_empty() || !name.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return (None, 1);
    }
    match quick_xml::escape::resolve_html5_entity(name) {
        Some(text) => (Some(Decoded::Text(text)), end + 1),
        None => (None, 1),
    }
}

fn character(code: u32) -> Decoded {
    match code {
        0x80..=0x9f => {
            let byte = [u8::try_from(code).unwrap_or(b' ')];
            let (text, _) = encoding_rs::WINDOWS_1252.decode_without_bom_handling(&byte);
            text.chars().next().filter(|c| !c.is_control()).map_or(Decoded::Nothing, Decoded::Char)
        }
        9 | 10 | 13 => Decoded::Char(char::from(u8::try_from(code).unwrap_or(b' '))),
        0..0x20 | 0x7f | 0xfffe | 0xffff => Decoded::Nothing,
        _ => char::from_u32(code).map_or(Decoded::Char(char::REPLACEMENT_CHARACTER), Decoded::Char),
    }
}

/// What an element holds, as it stands in the document.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Inside<'a> {
    pub(crate) raw: &'a str,
    /// Whether there are elements in it.
    pub(crate) has_elements: bool,
    /// Whether there are CDATA sections, comments or a stray `<` in it.
    pub(crate) has_sections: bool,
}

impl<'a> Inside<'a> {
    /// The characters it stands for, tags left out.
    pub(crate) fn characters(&self) -> Cow<'a, str> {
        if !self.has_elements && !self.has_sections {
            return unescaped(self.raw);
        }
        let mut out = String::with_capacity(self.raw.len());
        let mut scanner = Scanner::new(self.raw);
        while let Some(token) = scanner.next() {
            match token {
                Token::Text(text) => out.push_str(&unescaped(text)),
                Token::CData(text) => out.push_str(text),
                Token::Start(_) | Token::End(_) => {}
            }
        }
        Cow::Owned(out)
    }

    /// One line without white space at its ends, for links, dates and names.
    pub(crate) fn line(&self) -> Option<String> {
        folded(&self.characters())
    }

    /// Its markup as it stands, CDATA sections made plain text.
    pub(crate) fn markup(&self) -> Cow<'a, str> {
        if !self.raw.contains("<![CDATA[") {
            return Cow::Borrowed(self.raw);
        }
        let mut out = String::with_capacity(self.raw.len());
        let mut rest = self.raw;
        while let Some(at) = rest.find("<![CDATA[") {
            out.push_str(&rest[..at]);
            let inside = &rest[at + 9..];
            let end = inside.find("]]>").unwrap_or(inside.len());
            // In a feed a section beside elements is markup that was wrapped a second time, not literal text.
            out.push_str(&inside[..end]);
            rest = inside.get(end + 3..).unwrap_or_default();
        }
        out.push_str(rest);
        Cow::Owned(out)
    }

    /// The HTML it carries where it is meant as HTML: decoded, or as it stands where it was not escaped.
    pub(crate) fn html(&self) -> Option<String> {
        if self.has_elements {
            return kept(&self.markup());
        }
        let decoded = self.characters();
        if !decoded.contains('<') && looks_escaped(&decoded) {
            return kept(&unescaped(&decoded));
        }
        kept(&decoded)
    }

    /// The HTML for what is meant as plain text, unless the text is plainly HTML.
    pub(crate) fn html_of_text(&self) -> Option<String> {
        if self.has_elements {
            return kept(&self.markup());
        }
        let text = self.characters();
        if looks_like_html(&text) { kept(&text) } else { kept(&html_of_text(&text)) }
    }
}

fn kept(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// Plain text as HTML: escaped, a paragraph to each blank line.
pub(crate) fn html_of_text(text: &str) -> String {
    let escaped = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let escaped = escaped.trim().replace("\r\n", "\n");
    if !escaped.contains("\n\n") {
        return escaped;
    }
    escaped.split("\n\n").map(str::trim).filter(|p| !p.is_empty()).map(|p| format!("<p>{p}</p>")).collect()
}

fn looks_like_html(text: &str) -> bool {
    text.contains('<')
        && ["</p>", "<br", "</a>", "</div>", "</b>", "</i>", "</li>", "</em>", "</strong>", "<img", "</span>"]
            .iter()
            .any(|tag| text.contains(tag))
}

fn looks_escaped(text: &str) -> bool {
    text.contains("&lt;")
        && ["&lt;p", "&lt;/", "&lt;br", "&lt;a ", "&lt;div", "&lt;img"].iter().any(|t| text.contains(t))
}

/// White space folded to single blanks; `None` where nothing is left.
pub(crate) fn folded(text: &str) -> Option<String> {
    let text = text.trim();
    if text.is_empty() {
        return None;
    }
    let clean = |b: u8, next: u8| b > b' ' || b == b' ' && next != b' ';
    let bytes = text.as_bytes();
    if text.is_ascii() && bytes.windows(2).all(|w| clean(w[0], w[1])) {
        return Some(text.to_owned());
    }
    let mut out = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
    }
    Some(out)
}

const FORMATTING: &[&str] = &[
    "a", "abbr", "b", "big", "bdi", "bdo", "br", "cite", "code", "del", "div", "em", "font", "h1", "h2", "h3", "h4",
    "h5", "h6", "hr", "i", "img", "ins", "kbd", "li", "mark", "nobr", "ol", "p", "q", "s", "small", "span", "strike",
    "strong", "sub", "sup", "tt", "u", "ul", "wbr",
];

/// A formatting tag in a headline is not longer; looking further for its end would cost the square of the length.
const LONGEST_TAG: usize = 1024;

/// A headline as plain text: formatting tags taken off (others may be what the headline is about), references that
/// were escaped a second time decoded, white space folded.
pub(crate) fn headline(text: &str) -> Option<String> {
    if !text.contains(['<', '&']) {
        return folded(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('<') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let next = rest.bytes().take(LONGEST_TAG).skip(1).position(|b| matches!(b, b'<' | b'>')).map(|at| at + 1);
        let end = next.filter(|end| rest.as_bytes()[*end] == b'>').filter(|end| {
            let name = rest[1..*end].trim_start_matches('/');
            let name = &name[..name.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(name.len())];
            FORMATTING.iter().any(|tag| tag.eq_ignore_ascii_case(name))
        });
        match end {
            Some(end) => {
                let tag = rest[1..end].trim_start_matches('/').to_ascii_lowercase();
                if tag.starts_with("br") || tag.starts_with('p') || tag.starts_with("div") || tag.starts_with("li") {
                    out.push(' ');
                }
                rest = &rest[end + 1..];
            }
            None => {
                out.push('<');
                rest = &rest[1..];
            }
        }
    }
    out.push_str(rest);
    folded(&unescaped(&out))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references() {
        for (raw, text) in [
            ("AT&T &amp; Sons &copy; &nosuch; &", "AT&T & Sons © &nosuch; &"),
            ("&#146;&#x93;q&#X94;&#0;&#xffffffff;", "’“q”\u{fffd}"),
            ("caf&eacute;&nbsp;x&hellip; &#233 &#;", "café\u{a0}x… é &#;"),
            ("a\u{0}b\u{1b}c", "abc"),
            ("?a=1&copy=2&amp;b", "?a=1&copy=2&b"),
        ] {
            assert_eq!(unescaped(raw), text, "{raw}");
        }
    }

    #[test]
    fn headlines() {
        for (raw, text) in [
            ("  Two\n lines ", Some("Two lines")),
            ("<b>Bold</b> &amp; <i>sly</i>", Some("Bold & sly")),
            ("The <video> element", Some("The <video> element")),
            ("a < b", Some("a < b")),
            ("One<br/>two", Some("One two")),
            ("<p></p>", None),
        ] {
            assert_eq!(headline(raw).as_deref(), text, "{raw}");
        }
    }
}
