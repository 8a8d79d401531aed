//! Character references that are plainly written: `&amp;`, `&#8217;`, and the ampersand that is none.
//! <https://html.spec.whatwg.org/multipage/parsing.html#character-reference-state>

use html5ever::data::NAMED_ENTITIES;
use html5ever::tendril::StrTendril;
use memchr::memchr2;

/// A text of a page with its references resolved and its line ends as `\n`; `None` where one of them is not plain.
pub(crate) fn resolve(text: &str, in_attribute: bool) -> Option<StrTendril> {
    let mut out = StrTendril::with_capacity(u32::try_from(text.len()).ok()?);
    let mut rest = text;
    while let Some(at) = memchr2(b'&', b'\r', rest.as_bytes()) {
        out.push_slice(&rest[..at]);
        rest = &rest[at..];
        let length = if rest.starts_with('&') {
            reference(rest, in_attribute, &mut out)?
        } else {
            out.push_char('\n');
            if rest.starts_with("\r\n") { 2 } else { 1 }
        };
        rest = &rest[length..];
    }
    out.push_slice(rest);
    Some(out)
}

/// Resolves what begins with an ampersand; gives its length.
fn reference(text: &str, in_attribute: bool, out: &mut StrTendril) -> Option<usize> {
    let bytes = text.as_bytes();
    let run = |from: usize, is: fn(&u8) -> bool| bytes[from..].iter().take(40).take_while(|byte| is(byte)).count();
    match bytes.get(1) {
        Some(b'#') => {
            let (from, radix) = if matches!(bytes.get(2), Some(b'x' | b'X')) { (3, 16) } else { (2, 10) };
            let end = from + run(from.min(bytes.len()), u8::is_ascii_hexdigit);
            let number = u32::from_str_radix(text.get(from..end)?, radix).ok()?;
            // What stands for another character than its number says, or for none, is left to those who know.
            let plain = (0x20..0x7f).contains(&number) || number >= 0xa0;
            out.push_char(char::from_u32(number).filter(|_| plain && bytes.get(end) == Some(&b';'))?);
            Some(end + 1)
        }
        Some(byte) if byte.is_ascii_alphanumeric() => {
            let end = 1 + run(1, u8::is_ascii_alphanumeric);
            match bytes.get(end) {
                Some(b';') => {
                    let (first, second) = *NAMED_ENTITIES.get(&text[1..=end])?;
                    out.push_char(char::from_u32(first).filter(|_| first != 0)?);
                    if second != 0 {
                        out.push_char(char::from_u32(second)?);
                    }
                    Some(end + 1)
                }
                // The query of an address: whatever it may begin with, it is none.
                Some(b'=') if in_attribute => {
                    out.push_char('&');
                    Some(1)
                }
                _ => None,
            }
        }
        _ => {
            out.push_char('&');
            Some(1)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_plain_is_resolved() {
        for (text, in_attribute, want) in [
            ("A &amp; B&nbsp;&rsquo;&#8217;&#x2019;\r\n\r", false, Some("A & B\u{a0}’’’\n\n")),
            ("a & b &", false, Some("a & b &")),
            ("?a=1&b=2&copy=3", true, Some("?a=1&b=2&copy=3")),
            ("?a=1&copy=3", false, None),
            ("&amp", false, None),
            ("&nothing;", false, None),
            ("&#150;", false, None),
            ("&#x;", false, None),
            ("&#", false, None),
            ("&#38", false, None),
        ] {
            assert_eq!(resolve(text, in_attribute).as_deref(), want, "{text}");
        }
    }
}
