//! What an HTML page says of its charset, found without parsing it (WHATWG HTML, "prescan a byte stream").

use crate::charset::{self, Charset};

/// The standard looks at 1,024 bytes; many heads open with more than that of scripts and styles.
const LOOKED_AT: usize = 4 << 10;

/// The charset of the first `<meta charset>` or `<meta http-equiv=content-type content=…>`, or of an XML declaration.
pub(crate) fn charset(bytes: &[u8]) -> Option<Charset> {
    let head = &bytes[..bytes.len().min(LOOKED_AT)];
    let mut at = 0;
    while let Some(found) = head.get(at..)?.iter().position(|b| *b == b'<') {
        at += found;
        let rest = &head[at..];
        if rest.starts_with(b"<!--") {
            // `<!-->` is a whole comment.
            at += 2 + rest[2..].windows(3).position(|w| w == b"-->")? + 3;
        } else if starts_with_word(rest, b"<meta") {
            let (charset, length) = meta(&rest[5..]);
            if let Some(charset) = charset {
                // Such bytes could not have spelled their own declaration: the standard reads UTF-8.
                return Some(if charset.is_wide() { charset::UTF_8 } else { charset });
            }
            at += 5 + length;
        } else {
            at += 1;
        }
    }
    crate::declaration::charset(head)
}

fn starts_with_word(bytes: &[u8], word: &[u8]) -> bool {
    bytes.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word))
        && bytes.get(word.len()).is_some_and(|b| b.is_ascii_whitespace() || *b == b'/')
}

/// The charset of one `meta` tag, and the length of its attributes.
fn meta(tag: &[u8]) -> (Option<Charset>, usize) {
    let mut at = 0;
    let mut is_content_type = false;
    let mut in_content = None;
    let mut direct = None;
    while let Some((name, value, length)) = attribute(&tag[at..]) {
        at += length;
        if name.eq_ignore_ascii_case(b"charset") {
            direct = direct.or_else(|| charset::of_label(value));
        } else if name.eq_ignore_ascii_case(b"http-equiv") {
            is_content_type = value.trim_ascii().eq_ignore_ascii_case(b"content-type");
        } else if name.eq_ignore_ascii_case(b"content") {
            in_content = std::str::from_utf8(value).ok().and_then(charset_in_content);
        }
    }
    (direct.or(in_content.filter(|_| is_content_type)), at)
}

/// The charset in `text/html; charset=x`, with or without the semicolon.
fn charset_in_content(content: &str) -> Option<Charset> {
    let lower = content.to_ascii_lowercase();
    let value = lower[lower.find("charset")? + 7..].trim_start().strip_prefix('=')?.trim_start();
    let value = value.trim_start_matches(['"', '\'']);
    let end = value.find(|c: char| c.is_whitespace() || matches!(c, ';' | '"' | '\'')).unwrap_or(value.len());
    charset::of_label(&value.as_bytes()[..end])
}

/// The next attribute: name, value, bytes read; `None` at the end of the tag.
fn attribute(tag: &[u8]) -> Option<(&[u8], &[u8], usize)> {
    let start = tag.iter().position(|b| !b.is_ascii_whitespace() && *b != b'/')?;
    if tag[start] == b'>' {
        return None;
    }
    let name_end = start
        + tag[start..].iter().skip(1).position(|b| b.is_ascii_whitespace() || matches!(b, b'=' | b'>' | b'/'))?
        + 1;
    let name = &tag[start..name_end];
    let mut at = name_end + tag[name_end..].iter().position(|b| !b.is_ascii_whitespace())?;
    if tag[at] != b'=' {
        return Some((name, &[], at));
    }
    at += 1;
    at += tag[at..].iter().position(|b| !b.is_ascii_whitespace())?;
    let quote = tag[at];
    if matches!(quote, b'"' | b'\'') {
        let length = tag[at + 1..].iter().position(|b| *b == quote)?;
        return Some((name, &tag[at + 1..at + 1 + length], at + length + 2));
    }
    let length = tag[at..].iter().position(|b| b.is_ascii_whitespace() || *b == b'>')?;
    Some((name, &tag[at..at + length], at + length))
}
