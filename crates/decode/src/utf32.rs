//! UTF-32, by hand: no charset library for the web reads it, and a few feeds are written in it.

/// Decodes four bytes to a character; what is no character, and a torn last one, becomes U+FFFD.
pub(crate) fn decode(bytes: &[u8], big_endian: bool) -> (String, bool) {
    let mut text = String::with_capacity(bytes.len() / 4);
    let mut had_errors = false;
    let (whole, torn) = bytes.as_chunks::<4>();
    for unit in whole {
        let code = if big_endian { u32::from_be_bytes(*unit) } else { u32::from_le_bytes(*unit) };
        had_errors |= char::from_u32(code).is_none();
        text.push(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
    }
    if !torn.is_empty() {
        text.push(char::REPLACEMENT_CHARACTER);
        had_errors = true;
    }
    (text, had_errors)
}
