//! Markup cut into tokens, whatever shape it is in.
//!
//! A conforming XML reader must stop at the first fault; a desk must read on. So this scanner has no errors: a `<` that
//! opens no tag is text, an unclosed quotation ends with its tag, and what is cut off at the end is said to be so.
//! Nothing is expanded and nothing is copied: tokens are slices of the document, and each byte is looked at a bounded
//! number of times.

use quick_xml::events::attributes::Attributes;

/// One piece of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Token<'a> {
    /// `<name …>` or, where `empty`, `<name …/>`.
    Start(Tag<'a>),
    /// `</name>`.
    End(&'a str),
    /// Text with its entities as they stand.
    Text(&'a str),
    /// The inside of a CDATA section.
    CData(&'a str),
}

/// A start tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tag<'a> {
    /// The name with its prefix.
    pub(crate) name: &'a str,
    /// What stands between the name and the `>`, with the name.
    content: &'a str,
    /// Whether it ends with `/>`.
    pub(crate) empty: bool,
}

impl<'a> Tag<'a> {
    /// Names and raw values of the attributes; faulty ones are left out.
    pub(crate) fn attributes(&self) -> impl Iterator<Item = (&'a str, std::borrow::Cow<'a, str>)> + use<'a> {
        let mut attributes = Attributes::html(self.content, self.name.len());
        attributes.with_checks(false);
        // The number of attributes is bounded by their bytes; a faulty one must not make the iterator spin.
        let most = self.content.len();
        attributes.take(most).flatten().map(|a| (a.key.0, a.value))
    }

    /// The value of an attribute by its lower-case name, entities decoded.
    pub(crate) fn attribute(&self, name: &str) -> Option<String> {
        if self.content.len() == self.name.len() {
            return None;
        }
        let (_, value) = self.attributes().find(|(key, _)| key.eq_ignore_ascii_case(name))?;
        Some(crate::text::unescaped(&value).trim().to_owned())
    }

    /// Whether the attributes can hold this word: cheaper than reading them.
    pub(crate) fn mentions(&self, word: &str) -> bool {
        self.content.len() > self.name.len() && self.content.contains(word)
    }
}

/// Cuts a document into tokens, from any position.
#[derive(Clone, Debug)]
pub(crate) struct Scanner<'a> {
    text: &'a str,
    at: usize,
    /// Whether something was not as XML has it and was read all the same.
    pub(crate) hurt: bool,
    /// Whether the end came inside a tag, comment or section.
    pub(crate) cut: bool,
    /// A doctype without an end was met: looking for the end of each would cost the square of the length.
    doctype_is_open: bool,
}

/// A processing instruction is looked for this far, in bytes.
const LONGEST_INSTRUCTION: usize = 4096;

impl<'a> Scanner<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self { text, at: 0, hurt: false, cut: false, doctype_is_open: false }
    }

    /// Where the next token starts.
    pub(crate) fn position(&self) -> usize {
        self.at
    }

    /// Goes back to a place that [`Self::position`] gave.
    pub(crate) fn rewind(&mut self, at: usize) {
        self.at = at;
    }

    /// The document between two positions.
    pub(crate) fn slice(&self, from: usize, to: usize) -> &'a str {
        self.text.get(from..to).unwrap_or_default()
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn text_to(&mut self, length: usize) -> Token<'a> {
        let text = &self.text[self.at..self.at + length];
        self.at += length;
        Token::Text(text)
    }

    /// What lies before the mark, going behind it; to the end where there is none.
    fn upto(&mut self, opening: usize, mark: &str) -> &'a str {
        let body = &self.text[self.at + opening..];
        match body.find(mark) {
            Some(length) => {
                self.at += opening + length + mark.len();
                &body[..length]
            }
            None => {
                self.cut = true;
                self.at = self.text.len();
                body
            }
        }
    }

    /// The next token; `None` at the end.
    pub(crate) fn next(&mut self) -> Option<Token<'a>> {
        loop {
            let rest = self.rest();
            let bytes = rest.as_bytes();
            let first = *bytes.first()?;
            if first != b'<' {
                return Some(self.text_to(rest.find('<').unwrap_or(rest.len())));
            }
            match bytes.get(1) {
                Some(b'/') => return self.end(),
                Some(b'!') if rest.starts_with("<!--") => {
                    // A comment in a comment: the first was not closed.
                    self.hurt |= self.upto(4, "-->").contains("<!--");
                }
                Some(b'!') if rest.starts_with("<![CDATA[") => {
                    let inside = self.upto(9, "]]>");
                    self.hurt |= inside.contains("<![CDATA[");
                    return Some(Token::CData(inside));
                }
                Some(b'!') if !self.doctype_is_open => self.doctype(),
                Some(b'?') => {
                    // An instruction is short; one without its `?` ends at the `>`.
                    let near = &bytes[..bytes.len().min(LONGEST_INSTRUCTION)];
                    let length = near.windows(2).position(|w| w == b"?>").map(|at| at + 2);
                    let length = length.or_else(|| rest.find('>').map(|at| at + 1));
                    self.cut |= length.is_none();
                    self.at += length.unwrap_or(rest.len());
                }
                Some(b) if b.is_ascii_alphabetic() || *b == b'_' || *b == b':' || *b >= 0x80 => return self.start(),
                _ => {
                    self.hurt = true;
                    let length = rest[1..].find('<').map_or(rest.len(), |at| at + 1);
                    return Some(self.text_to(length));
                }
            }
        }
    }

    fn end(&mut self) -> Option<Token<'a>> {
        let body = &self.rest()[2..];
        let Some(length) = body.find(['>', '<']) else {
            self.cut = true;
            self.at = self.text.len();
            return None;
        };
        self.at += 2 + length;
        if body.as_bytes()[length] == b'>' {
            self.at += 1;
        } else {
            self.hurt = true;
        }
        Some(Token::End(body[..length].trim()))
    }

    fn start(&mut self) -> Option<Token<'a>> {
        let body = &self.rest()[1..];
        let Some(length) = tag_end(body.as_bytes()) else {
            self.cut = true;
            self.at = self.text.len();
            return None;
        };
        let closed = body.as_bytes()[length] == b'>';
        self.hurt |= !closed;
        self.at += 1 + length + usize::from(closed);
        let content = &body[..length];
        let (content, empty) = content.strip_suffix('/').map_or((content, false), |content| (content, true));
        let name = content.find(|c: char| c.is_ascii_whitespace() || c == '/').unwrap_or(content.len());
        Some(Token::Start(Tag { name: &content[..name], content, empty }))
    }

    fn doctype(&mut self) {
        let mut depth = 0usize;
        for (i, b) in self.rest().bytes().enumerate().skip(2) {
            match b {
                b'[' => depth += 1,
                b']' => depth = depth.saturating_sub(1),
                b'>' if depth == 0 => {
                    self.at += i + 1;
                    return;
                }
                _ => {}
            }
        }
        // Not closed: it is text, and so is any other like it from here on.
        self.doctype_is_open = true;
        self.hurt = true;
        self.at += 2;
    }
}

/// Where a start tag ends: at the `>` outside of quotes, or at the `<` of the next tag where its own `>` is missing.
fn tag_end(body: &[u8]) -> Option<usize> {
    let mut quote = None;
    let mut after_equals = false;
    for (i, b) in body.iter().enumerate() {
        match (quote, b) {
            (Some(q), b) if q == *b => quote = None,
            // Inside a value no `<` can stand: the quotation was not closed.
            (Some(_), b'<') => return Some(body[..i].iter().position(|b| *b == b'>').unwrap_or(i)),
            (Some(_), _) => {}
            (None, b'>') => return Some(i),
            (None, b'<') => return Some(i),
            (None, b'"' | b'\'') if after_equals => quote = Some(*b),
            (None, b'=') => after_equals = true,
            (None, b) if !b.is_ascii_whitespace() => after_equals = false,
            (None, _) => {}
        }
    }
    body.iter().position(|b| *b == b'>').filter(|_| quote.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        let mut scanner = Scanner::new(text);
        let mut out = Vec::new();
        while let Some(token) = scanner.next() {
            out.push(match token {
                Token::Start(tag) => format!("+{}{}", tag.name, if tag.empty { "/" } else { "" }),
                Token::End(name) => format!("-{name}"),
                Token::Text(text) => format!("'{text}'"),
                Token::CData(text) => format!("[{text}]"),
            });
        }
        if scanner.hurt {
            out.push("hurt".into());
        }
        if scanner.cut {
            out.push("cut".into());
        }
        out.join(" ")
    }

    #[test]
    fn whatever_shape_it_is_in() {
        for (text, tokens) in [
            ("<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b \"c>\">]><a>t</a>", "+a 't' -a"),
            ("<a b='>'/>x<!-- <c> --><d><![CDATA[<e>]]></d>", "+a/ 'x' +d [<e>] -d"),
            ("1 < 2<b>3 <4</b>", "'1 ' '< 2' +b '3 ' '<4' -b hurt"),
            ("<a b=\"c><d>e</d>", "+a +d 'e' -d"),
            ("<a <b>c</b", "+a +b 'c' hurt cut"),
            ("<a>x<![CDATA[y", "+a 'x' [y] cut"),
            ("<a", "cut"),
            ("</a x></b<c>", "-a x -b +c hurt"),
        ] {
            assert_eq!(shown(text), tokens, "{text}");
        }
    }

    #[test]
    fn attributes_quoted_or_not() {
        let Some(Token::Start(tag)) = Scanner::new("<a b=c D='e &amp; f' g h=\"\n&#105; \">").next() else {
            panic!("a tag")
        };
        assert_eq!(tag.attribute("b").as_deref(), Some("c"));
        assert_eq!(tag.attribute("d").as_deref(), Some("e & f"));
        assert_eq!(tag.attribute("h").as_deref(), Some("i"));
        assert_eq!(tag.attribute("x"), None);
    }
}
