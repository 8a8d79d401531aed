//! Markup that is plainly written, read without html5ever's tokenizer. That goes letter by letter and makes a name and a value of every
//! attribute, read or not; most tags of most pages need none of it. What is not plain in any way is not read here: the tokenizer does it.
//! Both ways give the same tree (a test in [`crate::reader`] holds them to it).
//! <https://html.spec.whatwg.org/multipage/parsing.html#tokenization>

use html5ever::tendril::StrTendril;
use html5ever::tokenizer::{Tag, TagKind, Token};
use html5ever::{Attribute, LocalName, QualName, local_name, ns};
use memchr::{memchr, memchr3, memmem};

use crate::references;
use crate::sink::may_be_read;

/// What begins at a place of a page, and where it ends; `None` where it is not plain. Attributes that nobody reads are left out,
/// unless `all` are wanted.
pub(crate) fn read(page: &StrTendril, at: usize, all: bool) -> Option<(Token, usize)> {
    let rest = page.as_bytes().get(at..)?;
    match rest {
        [b'<', b'/', ..] => end_tag(page, at),
        [b'<', b'!', ..] => comment(rest).map(|length| (Token::CommentToken(StrTendril::new()), at + length)),
        [b'<', first, ..] if first.is_ascii_alphabetic() => start_tag(page, at, all),
        [b'<', ..] => None,
        _ => {
            let end = memchr(b'<', rest).map_or(page.len(), |length| at + length);
            Some((Token::CharacterTokens(text(page, at, end, false)?), end))
        }
    }
}

/// A tag with more attributes than this is not plain.
const MANY: usize = 64;

/// A part of the page as text, with its references resolved.
fn text(page: &StrTendril, from: usize, to: usize, in_attribute: bool) -> Option<StrTendril> {
    match memchr3(b'&', b'\r', 0, &page.as_bytes()[from..to]) {
        None => Some(page.subtendril(u32::try_from(from).ok()?, u32::try_from(to - from).ok()?)),
        Some(_) if memchr(0, &page.as_bytes()[from..to]).is_some() => None,
        Some(_) => references::resolve(&page[from..to], in_attribute),
    }
}

/// The length of a comment. Nobody reads what it says.
fn comment(rest: &[u8]) -> Option<usize> {
    let inner = rest.strip_prefix(b"<!--")?;
    if inner.starts_with(b">") || inner.starts_with(b"->") {
        return None;
    }
    let mut at = 0;
    loop {
        at += memmem::find(&inner[at..], b"--")?;
        match inner[at + 2..] {
            [b'>', ..] => return Some(4 + at + 3),
            [b'!', ..] => return None,
            _ => at += 1,
        }
    }
}

fn end_tag(page: &StrTendril, at: usize) -> Option<(Token, usize)> {
    let bytes = page.as_bytes();
    let end = word(bytes, at + 2);
    if !bytes.get(at + 2)?.is_ascii_alphabetic() {
        return None;
    }
    let close = end + spaces(&bytes[end..]);
    let name = name(&page[at + 2..end]);
    (bytes.get(close) == Some(&b'>')).then(|| (tag(TagKind::EndTag, name, Vec::new(), false), close + 1))
}

fn start_tag(page: &StrTendril, at: usize, all: bool) -> Option<(Token, usize)> {
    let bytes = page.as_bytes();
    let mut end = word(bytes, at + 1);
    let name = name(&page[at + 1..end]);
    let whole = all
        || match name {
        // What follows these is text of a kind that the tokenizer must be told of.
        local_name!("title") | local_name!("textarea") | local_name!("plaintext") => return None,
        // Whether two of these are one and the same is asked with all their attributes; two links are never open at once.
        local_name!("b")
        | local_name!("big")
        | local_name!("code")
        | local_name!("em")
        | local_name!("font")
        | local_name!("i")
        | local_name!("nobr")
        | local_name!("s")
        | local_name!("small")
        | local_name!("strike")
        | local_name!("strong")
        | local_name!("tt")
        | local_name!("u")
        // These are read by the builder itself.
        | local_name!("template")
        | local_name!("annotation-xml") => true,
        _ => false,
    };
    let mut attributes = Vec::new();
    for _ in 0..MANY {
        end += spaces(&bytes[end..]);
        match bytes.get(end)? {
            b'>' => return Some((tag(TagKind::StartTag, name, attributes, false), end + 1)),
            b'/' if bytes.get(end + 1) == Some(&b'>') => {
                return Some((tag(TagKind::StartTag, name, attributes, true), end + 2));
            }
            b'/' => end += 1,
            _ => end = attribute(page, end, whole, &mut attributes)?,
        }
    }
    None
}

/// Reads an attribute and keeps it if somebody will look at it; gives its end.
fn attribute(page: &StrTendril, at: usize, whole: bool, attributes: &mut Vec<Attribute>) -> Option<usize> {
    let bytes = page.as_bytes();
    let named = word(bytes, at);
    let written = &page[at..named];
    let equals = named + spaces(&bytes[named..]);
    let (from, to, end) = match bytes.get(equals)? {
        b'=' => {
            let from = equals + 1 + spaces(&bytes[equals + 1..]);
            match bytes.get(from)? {
                quote @ (b'"' | b'\'') => {
                    let to = from + 1 + memchr(*quote, &bytes[from + 1..])?;
                    (from + 1, to, to + 1)
                }
                _ => {
                    let to = from + bytes[from..].iter().position(|byte| !is_bare(*byte))?;
                    (to > from && matches!(bytes[to], b'>' | b' ' | b'\t' | b'\n' | b'\x0c'))
                        .then_some((from, to, to))?
                }
            }
        }
        b'>' | b'/' => (named, named, named),
        _ if equals > named => (named, named, named),
        _ => return None,
    };
    if written.is_empty() {
        return None;
    }
    if whole || may_be_read(written) {
        let (name, value) = (name(written), text(page, from, to, true)?);
        if attributes.iter().all(|known| known.name.local != name) {
            attributes.push(Attribute { name: QualName::new(None, ns!(), name), value });
        }
    }
    Some(end)
}

/// The end of a name: letters, digits and the marks that are usual in one.
fn word(bytes: &[u8], from: usize) -> usize {
    let is = |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b':' | b'.' | b'@');
    from + bytes[from.min(bytes.len())..].iter().take_while(is).count()
}

fn spaces(bytes: &[u8]) -> usize {
    bytes.iter().take_while(|byte| matches!(byte, b' ' | b'\n' | b'\t' | b'\r' | b'\x0c')).count()
}

/// Whether a byte may stand in a value without quotes and mean nothing but itself, or begin a reference.
fn is_bare(byte: u8) -> bool {
    !matches!(byte, b' ' | b'\n' | b'\t' | b'\r' | b'\x0c' | b'>' | b'"' | b'\'' | b'<' | b'=' | b'`' | 0)
}

fn name(written: &str) -> LocalName {
    if written.bytes().any(|byte| byte.is_ascii_uppercase()) {
        LocalName::from(written.to_ascii_lowercase())
    } else {
        LocalName::from(written)
    }
}

fn tag(kind: TagKind, name: LocalName, attrs: Vec<Attribute>, self_closing: bool) -> Token {
    Token::TagToken(Tag { kind, name, self_closing, attrs, had_duplicate_attributes: false })
}
