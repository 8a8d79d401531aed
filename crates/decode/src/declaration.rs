//! What an XML document says of its charset (XML 1.0, appendix F).

use crate::charset::{self, Charset};

/// A document is a declaration behind at most this much white space or junk.
const LOOKED_AT: usize = 1024;

/// The family of a document without byte order mark, by where the null bytes around its first `<` are.
pub(crate) fn family_by_nulls(bytes: &[u8]) -> Option<Charset> {
    match bytes {
        [0, 0, 0, b'<' | b'{', ..] => Some(Charset::Utf32 { big_endian: true }),
        [b'<' | b'{', 0, 0, 0, ..] => Some(Charset::Utf32 { big_endian: false }),
        [0, b'<' | b'{', 0, c, ..] if *c != 0 => Some(Charset::Whatwg(encoding_rs::UTF_16BE)),
        [b'<' | b'{', 0, c, 0, ..] if *c != 0 => Some(Charset::Whatwg(encoding_rs::UTF_16LE)),
        _ => None,
    }
}

/// The charset of `<?xml … encoding="…"?>`. A wide charset named in ASCII bytes is not believed.
pub(crate) fn charset(bytes: &[u8]) -> Option<Charset> {
    let head = &bytes[..bytes.len().min(LOOKED_AT)];
    let start = head.windows(5).position(|w| w == b"<?xml")?;
    let declaration = &head[start + 5..];
    let end = declaration.iter().position(|b| *b == b'>').unwrap_or(declaration.len());
    let declaration = &declaration[..end];
    let at = declaration.windows(8).position(|w| w.eq_ignore_ascii_case(b"encoding"))?;
    let value = declaration[at + 8..].trim_ascii_start().strip_prefix(b"=")?.trim_ascii_start();
    let value = value.strip_prefix(b"\"").or_else(|| value.strip_prefix(b"'")).unwrap_or(value);
    let end = value.iter().position(|b| matches!(b, b'"' | b'\'' | b'?' | b' ')).unwrap_or(value.len());
    let charset = charset::of_label(&value[..end])?;
    Some(charset).filter(|charset| !charset.is_wide())
}
