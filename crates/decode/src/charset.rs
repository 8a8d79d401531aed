//! Labels to charsets, and byte order marks.

use encoding_rs::Encoding;

/// A charset this crate can read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Charset {
    /// One of the WHATWG Encoding Standard.
    Whatwg(&'static Encoding),
    /// UTF-32, which that standard leaves out and a few feeds still use.
    Utf32 {
        /// The order of bytes.
        big_endian: bool,
    },
}

pub(crate) const UTF_8: Charset = Charset::Whatwg(encoding_rs::UTF_8);

impl Charset {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Whatwg(encoding) => encoding.name(),
            Self::Utf32 { big_endian: true } => "UTF-32BE",
            Self::Utf32 { big_endian: false } => "UTF-32LE",
        }
    }

    pub(crate) fn is_utf8(self) -> bool {
        self == UTF_8
    }

    /// Whether a document in it cannot hold its own declaration in ASCII bytes.
    pub(crate) fn is_wide(self) -> bool {
        match self {
            Self::Whatwg(e) => e == encoding_rs::UTF_16LE || e == encoding_rs::UTF_16BE,
            Self::Utf32 { .. } => true,
        }
    }
}

/// The charset of a label; `None` for labels nobody knows.
pub(crate) fn of_label(label: &[u8]) -> Option<Charset> {
    let label = label.trim_ascii();
    let known = match label.to_ascii_lowercase().as_slice() {
        b"utf-32le" | b"utf32le" | b"ucs-4le" => Charset::Utf32 { big_endian: false },
        b"utf-32" | b"utf32" | b"utf-32be" | b"utf32be" | b"ucs-4" | b"iso-10646-ucs-4" => {
            Charset::Utf32 { big_endian: true }
        }
        // Spelled so often that they are worth knowing.
        b"utf_8" | b"utf-8-sig" | b"utf8mb4" | b"unicode-utf-8" => UTF_8,
        b"win-1251" | b"cp-1251" | b"win1251" => Charset::Whatwg(encoding_rs::WINDOWS_1251),
        b"win-1252" | b"cp-1252" | b"win1252" | b"iso-8859-1-windows-1252" => {
            Charset::Whatwg(encoding_rs::WINDOWS_1252)
        }
        _ => {
            let encoding = Encoding::for_label(label)?;
            // `replacement` reads everything as one error: an unknown label serves better.
            (encoding != encoding_rs::REPLACEMENT).then_some(Charset::Whatwg(encoding))?
        }
    };
    Some(known)
}

/// The charset parameter of a `Content-Type` (RFC 9110 §8.3.1), quoted or not.
pub(crate) fn of_content_type(value: &str) -> Option<Charset> {
    value.split(';').skip(1).find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        if !name.trim().eq_ignore_ascii_case("charset") {
            return None;
        }
        of_label(value.trim().trim_matches(['"', '\'']).as_bytes())
    })
}

/// The charset that a byte order mark gives, and the length of the mark.
pub(crate) fn byte_order_mark(bytes: &[u8]) -> Option<(Charset, usize)> {
    match bytes {
        [0xff, 0xfe, 0, 0, ..] => Some((Charset::Utf32 { big_endian: false }, 4)),
        [0, 0, 0xfe, 0xff, ..] => Some((Charset::Utf32 { big_endian: true }, 4)),
        _ => Encoding::for_bom(bytes).map(|(encoding, length)| (Charset::Whatwg(encoding), length)),
    }
}
