//! Where raw text ends: the content of scripts, styles and their kin, in which no tag is one but the end tag of the element itself.
//! <https://html.spec.whatwg.org/multipage/parsing.html#script-data-state> and those after it.

use html5ever::tendril::StrTendril;
use memchr::{memchr, memchr2};

/// The length of an element's raw text: up to its end tag, or all that is left. Scripts may hold comments that hold scripts.
pub(crate) fn length(text: &str, element: &str) -> usize {
    let mut script = (element == "script").then_some(Script::Plain);
    let mut at = 0;
    while let Some(found) = next(&text.as_bytes()[at..], script) {
        at += found;
        let rest = &text.as_bytes()[at..];
        let closes = begins(rest, "</", element);
        match script {
            Some(Script::Twice) if closes => script = Some(Script::Comment),
            _ if closes => return at,
            Some(Script::Plain) if rest.starts_with(b"<!--") => {
                script = Some(Script::Comment);
                // The dashes may be those that end the comment.
                at += 1;
            }
            Some(Script::Comment | Script::Twice) if rest.starts_with(b"-->") => script = Some(Script::Plain),
            Some(Script::Comment) if begins(rest, "<", "script") => script = Some(Script::Twice),
            _ => {}
        }
        at += 1;
    }
    text.len()
}

/// Where in a script.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Script {
    Plain,
    /// Inside `<!--`, where a script's end tag still ends it.
    Comment,
    /// Inside a `<script>` in a comment, whose end tag ends only that.
    Twice,
}

fn next(rest: &[u8], script: Option<Script>) -> Option<usize> {
    match script {
        None | Some(Script::Plain) => memchr(b'<', rest),
        Some(_) => memchr2(b'<', b'-', rest),
    }
}

/// Whether a tag of this name begins here: the name in letters of any case, then a space, a slash or the tag's end.
fn begins(rest: &[u8], open: &str, name: &str) -> bool {
    let end = open.len() + name.len();
    rest.starts_with(open.as_bytes())
        && rest.get(open.len()..end).is_some_and(|found| found.eq_ignore_ascii_case(name.as_bytes()))
        && matches!(rest.get(end), Some(b'\t' | b'\n' | b'\r' | b'\x0c' | b' ' | b'/' | b'>'))
}

/// Raw text as the tree holds it: line ends are `\n`, and NUL is no character.
pub(crate) fn tidy(text: StrTendril) -> StrTendril {
    if memchr2(b'\r', 0, text.as_bytes()).is_none() {
        return text;
    }
    StrTendril::from(text.replace("\r\n", "\n").replace('\r', "\n").replace('\0', "\u{fffd}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn raw_text_ends_at_its_own_end_tag() {
        for (text, element, end) in [
            ("a</p></STYLE >b", "style", "a</p>"),
            ("a</styles></style", "style", "a</styles></style"),
            ("x<!--</script>", "script", "x<!--"),
            ("x<!--<script></script>y</script>z", "script", "x<!--<script></script>y"),
            ("x<!--<script>--></script>z", "script", "x<!--<script>-->"),
            ("x<!--><script></script>", "script", "x<!--><script>"),
            ("x<!---><script></script>", "script", "x<!---><script>"),
            ("x<!--<scripts></script>", "script", "x<!--<scripts>"),
            ("x<!--<script ></script/>y</script\n>", "script", "x<!--<script ></script/>y"),
        ] {
            assert_eq!(&text[..length(text, element)], end, "{text}");
        }
    }
}
