//! Bytes that are not what they are called: UTF-8 under another name, and windows-1252 inside UTF-8.

use crate::charset::Charset;

/// Multi-byte sequences of valid UTF-8 that a double-byte charset is unlikely to produce by chance.
const BEYOND_CHANCE: usize = 12;

/// Whether bytes called something else are plainly UTF-8.
///
/// Text in a single-byte charset is never valid UTF-8 with multi-byte sequences, except on purpose. Two bytes of a
/// double-byte charset can look like UTF-8 for a few characters, not for many.
pub(crate) fn is_utf8_in_spite_of(bytes: &[u8], charset: Charset) -> bool {
    let Charset::Whatwg(encoding) = charset else { return false };
    if charset.is_wide() || encoding == encoding_rs::X_USER_DEFINED {
        return false;
    }
    let Ok(text) = std::str::from_utf8(bytes) else { return false };
    if text.is_ascii() {
        return false;
    }
    encoding.is_single_byte() || text.chars().filter(|c| !c.is_ascii()).take(BEYOND_CHANCE).count() >= BEYOND_CHANCE
}

/// Whether undeclared bytes are UTF-8 that was hurt in a few places, rather than another charset.
pub(crate) fn is_mostly_utf8(bytes: &[u8]) -> bool {
    let (valid, invalid) = sequences(bytes);
    valid > 0 && valid >= invalid * 4
}

/// Whether bytes called UTF-8 hold no sign of it and many signs against it.
pub(crate) fn is_legacy_called_utf8(bytes: &[u8]) -> bool {
    let (valid, invalid) = sequences(bytes);
    invalid > 16 && valid * 4 < invalid
}

/// Multi-byte sequences that are valid, and bytes that are not, in the first part that has any.
fn sequences(bytes: &[u8]) -> (usize, usize) {
    const LOOKED_AT: usize = 64 << 10;
    let from = bytes.iter().position(|b| !b.is_ascii()).unwrap_or(bytes.len());
    let part = &bytes[from..bytes.len().min(from + LOOKED_AT)];
    part.utf8_chunks().fold((0, 0), |(valid, invalid), chunk| {
        let multi = chunk.valid().bytes().filter(|b| *b >= 0xc0).count();
        (valid + multi, invalid + usize::from(!chunk.invalid().is_empty()))
    })
}

/// UTF-8 in which single stray bytes are read as windows-1252 (the usual case: pasted quotation marks and dashes), and
/// torn sequences become U+FFFD.
pub(crate) fn mend(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() + bytes.len() / 16);
    let chunks = bytes.utf8_chunks();
    let mut read = 0;
    for chunk in chunks {
        text.push_str(chunk.valid());
        read += chunk.valid().len() + chunk.invalid().len();
        match chunk.invalid() {
            [] => {}
            // A lone byte at the very end is what a cut leaves.
            [stray] if read < bytes.len() => {
                let (one, _) = encoding_rs::WINDOWS_1252.decode_without_bom_handling(std::slice::from_ref(stray));
                text.push_str(&one);
            }
            _ => text.push(char::REPLACEMENT_CHARACTER),
        }
    }
    text
}
