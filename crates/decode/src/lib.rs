//! Bytes to text: the one place where the charset of a page or a feed is decided.
//!
//! Every source of knowledge about a charset is wrong somewhere: servers send a default, authors copy declarations,
//! converters forget them. One order of belief, held in one place, keeps pages and feeds from disagreeing: byte order
//! mark, then the HTTP header, then the document's own declaration, then "it is valid UTF-8", then a guess from the first
//! 8 KiB. A single-byte declaration over bytes that only make sense as UTF-8 is overruled. Decoding never fails: what
//! cannot be read becomes U+FFFD and is reported.
//!
//! # Architecture
//! - [`charset`]: labels to charsets, UTF-32 included, which the WHATWG standard leaves out.
//! - [`prescan`]: the declaration of an HTML page.
//! - [`declaration`]: the declaration of an XML document, and its family by the pattern of null bytes.
//! - [`disguise`]: UTF-8 with stray windows-1252 bytes, and UTF-8 that claims to be something else.
//! - [`utf32`]: four bytes to a character.

use std::borrow::Cow;

use crate::charset::Charset;

mod charset;
mod declaration;
mod disguise;
mod prescan;
mod utf32;

/// Where the charset was learned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Source {
    /// A byte order mark.
    Bom,
    /// The charset parameter of the `Content-Type` header.
    Http,
    /// The document's own declaration, or the pattern of null bytes of an XML document.
    Declared,
    /// Nothing credible was said and the bytes are valid UTF-8.
    Utf8,
    /// Guessed from the first 8 KiB.
    Detected,
}

impl Source {
    /// The source's name in logs and records.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Bom => "bom",
            Self::Http => "http",
            Self::Declared => "declared",
            Self::Utf8 => "utf8",
            Self::Detected => "detected",
        }
    }
}

/// Text, and how it was made of bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decoded<'a> {
    /// The text, without byte order mark and without NULs; borrowed where the bytes were such text already.
    pub text: Cow<'a, str>,
    /// The WHATWG name of the charset, or `UTF-32LE`, `UTF-32BE`.
    pub encoding: &'static str,
    /// Whether some bytes could not be read as the charset (replaced, or read as windows-1252).
    pub had_errors: bool,
    /// Where the charset was learned.
    pub source: Source,
    /// The charset that was claimed and overruled, because the bytes are plainly UTF-8.
    pub overruled: Option<&'static str>,
}

impl Decoded<'_> {
    /// The same with its text owned, free of the bytes.
    pub fn into_owned(self) -> Decoded<'static> {
        Decoded { text: Cow::Owned(self.text.into_owned()), ..self }
    }
}

/// How many bytes of an undeclared document the guess may look at: on a whole page it costs more than parsing it.
const GUESSED_FROM: usize = 8 << 10;

/// Decodes an HTML page.
pub fn page<'a>(bytes: &'a [u8], content_type: Option<&str>) -> Decoded<'a> {
    decode(bytes, content_type, prescan::charset)
}

/// Decodes a feed: XML or JSON.
pub fn feed<'a>(bytes: &'a [u8], content_type: Option<&str>) -> Decoded<'a> {
    decode(bytes, content_type, declaration::charset)
}

fn decode<'a>(bytes: &'a [u8], content_type: Option<&str>, declared: fn(&[u8]) -> Option<Charset>) -> Decoded<'a> {
    if let Some((charset, length)) = charset::byte_order_mark(bytes) {
        return read(&bytes[length..], charset, Source::Bom);
    }
    let told = content_type
        .and_then(charset::of_content_type)
        .map(|charset| (charset, Source::Http))
        .or_else(|| declaration::family_by_nulls(bytes).map(|charset| (charset, Source::Declared)))
        .or_else(|| declared(bytes).map(|charset| (charset, Source::Declared)));
    match told {
        Some((charset, source)) if charset.is_utf8() => read(bytes, charset, source),
        Some((charset, source)) => {
            // A server's default over a document of another family: the bytes decide.
            let charset = declaration::family_by_nulls(bytes).unwrap_or(charset);
            if disguise::is_utf8_in_spite_of(bytes, charset) {
                return Decoded { overruled: Some(charset.name()), ..read(bytes, charset::UTF_8, Source::Utf8) };
            }
            read(bytes, charset, source)
        }
        None if std::str::from_utf8(bytes).is_ok() => read(bytes, charset::UTF_8, Source::Utf8),
        None if disguise::is_mostly_utf8(bytes) => read(bytes, charset::UTF_8, Source::Utf8),
        None => read(bytes, guess(bytes), Source::Detected),
    }
}

fn guess(bytes: &[u8]) -> Charset {
    let mut detector = chardetng::EncodingDetector::new(chardetng::Iso2022JpDetection::Deny);
    // Where the first 8 KiB are ASCII the guess starts at the first byte that is not.
    let from = if bytes.len() > GUESSED_FROM { bytes.iter().position(|b| !b.is_ascii()).unwrap_or(0) } else { 0 };
    let from = if from < GUESSED_FROM / 2 { 0 } else { from - GUESSED_FROM / 4 };
    let end = bytes.len().min(from + GUESSED_FROM);
    detector.feed(&bytes[from..end], end == bytes.len());
    Charset::Whatwg(detector.guess(None, chardetng::Utf8Detection::Deny))
}

fn read(bytes: &[u8], charset: Charset, source: Source) -> Decoded<'_> {
    let (text, encoding, had_errors) = match charset {
        Charset::Utf32 { big_endian } => {
            let (text, had_errors) = utf32::decode(bytes, big_endian);
            (Cow::Owned(text), charset.name(), had_errors)
        }
        Charset::Whatwg(encoding) if encoding == encoding_rs::UTF_8 => match std::str::from_utf8(bytes) {
            Ok(text) => (Cow::Borrowed(text), encoding.name(), false),
            Err(_) if disguise::is_legacy_called_utf8(bytes) => {
                let guessed = guess(bytes);
                let Charset::Whatwg(other) = guessed else { return read(bytes, guessed, Source::Detected) };
                let (text, had_errors) = other.decode_without_bom_handling(bytes);
                return Decoded {
                    text: without_nuls(text),
                    encoding: other.name(),
                    had_errors,
                    source: Source::Detected,
                    overruled: Some(encoding.name()),
                };
            }
            Err(_) => (Cow::Owned(disguise::mend(bytes)), encoding.name(), true),
        },
        Charset::Whatwg(encoding) => {
            let (text, had_errors) = encoding.decode_without_bom_handling(bytes);
            (text, encoding.name(), had_errors)
        }
    };
    Decoded { text: without_nuls(text), encoding, had_errors, source, overruled: None }
}

fn without_nuls(text: Cow<'_, str>) -> Cow<'_, str> {
    if memchr::memchr(0, text.as_bytes()).is_some() { Cow::Owned(text.replace('\0', "")) } else { text }
}

#[cfg(test)]
mod tests;
