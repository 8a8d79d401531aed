//! The same letters in another type: what typesetters do to one wire story. Each way leaves letters and digits alone, and makes no
//! gap between two digits that was not there.

/// A house's way with punctuation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// As the agency sends it: curly quotes, em dashes.
    Curly,
    /// Typewriter: straight quotes, `--` for a dash, three dots.
    Straight,
    /// Curly, with non-breaking spaces after numbers and thin spaces round dashes.
    Spaced,
    /// Named and numeric references for everything beyond ASCII.
    Entities,
    /// Soft hyphens in long words, zero-width spaces after dashes, an en dash for an em dash.
    Hyphenated,
}

impl Type {
    /// Sets one paragraph, as HTML text.
    pub fn set(self, text: &str) -> String {
        let safe = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        match self {
            Self::Curly => safe,
            Self::Straight => safe
                .replace(['“', '”', '„'], "\"")
                .replace(['‘', '’'], "'")
                .replace('—', "--")
                .replace('–', "-")
                .replace('…', "..."),
            Self::Spaced => after_numbers(&safe).replace(" — ", "\u{2009}—\u{2009}"),
            Self::Entities => safe.chars().map(reference).collect(),
            Self::Hyphenated => hyphenated(&safe.replace('—', "–\u{200b}")),
        }
    }
}

fn after_numbers(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    let mut before = ' ';
    while let Some(c) = chars.next() {
        let joins = c == ' ' && before.is_ascii_digit() && chars.peek().is_some_and(|next| next.is_alphabetic());
        out.push(if joins { '\u{a0}' } else { c });
        before = c;
    }
    out
}

fn reference(c: char) -> String {
    match c {
        '“' => "&ldquo;".to_owned(),
        '”' => "&rdquo;".to_owned(),
        '’' => "&#8217;".to_owned(),
        '‘' => "&lsquo;".to_owned(),
        '—' => "&mdash;".to_owned(),
        '–' => "&#x2013;".to_owned(),
        c if c.is_ascii() => c.to_string(),
        c => format!("&#{};", u32::from(c)),
    }
}

fn hyphenated(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    for word in text.split_inclusive(' ') {
        let letters: Vec<char> = word.trim_end().chars().collect();
        if letters.len() > 11 && letters.iter().all(|c| c.is_alphabetic()) {
            out.extend(&letters[..6]);
            out.push('\u{ad}');
            out.extend(&letters[6..]);
            out.push_str(&word[word.trim_end().len()..]);
        } else {
            out.push_str(word);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prose::letters;

    #[test]
    fn every_type_keeps_the_letters() {
        let text = "PORT (Wire) — “It’s 214 passengers,” the international spokeswoman said – at 10:30…";
        for way in [Type::Curly, Type::Straight, Type::Spaced, Type::Hyphenated] {
            let set = way.set(text);
            assert_eq!(letters(&set), letters(text), "{way:?}");
            assert!(way == Type::Curly || set != text, "{way:?} changed nothing");
        }
        assert_eq!(Type::Entities.set("“a” — b’s"), "&ldquo;a&rdquo; &mdash; b&#8217;s");
    }
}
