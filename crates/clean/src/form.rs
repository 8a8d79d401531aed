//! A block's text as rules read it: lower case, plain quotes and dashes, single spaces, no bullets or full stops at its ends;
//! and what can be said of it without any rule.

/// The form of one block.
#[derive(Clone, Debug, Default)]
pub(crate) struct Form {
    /// The text that patterns are held against.
    pub(crate) text: String,
    /// Words, roughly: pieces between white space; two ideographs or syllables make one.
    pub(crate) words: usize,
    /// It ends like a sentence.
    pub(crate) sentence: bool,
    /// Most of its words begin with a capital, as names do. True where the script has none.
    pub(crate) titled: bool,
    /// It holds a quotation.
    pub(crate) quoted: bool,
}

/// What stands before a line without being part of it.
const LEAD: &[char] = &[' ', '•', '*', '·', '-', '|', '>', '→', '›', '●', '■', '+', '~'];
/// What stands after a line without being part of it.
const TAIL: &[char] =
    &[' ', '…', '.', ':', '!', '*', '·', '-', '|', '>', '→', '›', '：', '。', '！', '▼', '▾', '∨', '+', '~'];

impl Form {
    pub(crate) fn of(text: &str) -> Self {
        let mut form = Self { text: fold(text), sentence: ends_sentence(text), ..Self::default() };
        if text.trim_end().ends_with('»') && !text.contains('«') {
            // A pointing hand, not a quotation mark.
            form.text.truncate(form.text.trim_end().len() - 1);
        }
        let start = form.text.len() - form.text.trim_start_matches(LEAD).len();
        let end = form.text.trim_end_matches(TAIL).len();
        form.text.truncate(end.max(start));
        form.text.drain(..start.min(form.text.len()));
        form.count(text);
        form
    }

    /// Whether a text has so many words or more, without counting the rest.
    pub(crate) fn has_words(text: &str, least: usize) -> bool {
        let (mut words, mut dense) = (0, 0usize);
        for word in text.split_whitespace() {
            let mut letters = word.chars().filter(|c| c.is_alphanumeric());
            match letters.next() {
                Some(first) if is_dense(first) => dense += 1 + letters.filter(|c| is_dense(*c)).count(),
                Some(_) => words += 1,
                None => {}
            }
            if words + dense.div_ceil(2) >= least {
                return true;
            }
        }
        least == 0
    }

    fn count(&mut self, text: &str) {
        let (mut words, mut dense, mut capitals, mut cased) = (0, 0usize, 0, 0);
        for word in text.split_whitespace() {
            let mut letters = word.chars().filter(|c| c.is_alphanumeric());
            let Some(first) = letters.next() else { continue };
            if is_dense(first) {
                dense += 1 + letters.filter(|c| is_dense(*c)).count();
                continue;
            }
            words += 1;
            if first.is_uppercase() {
                (capitals, cased) = (capitals + 1, cased + 1);
            } else if first.is_lowercase() && letters.nth(2).is_some() {
                cased += 1;
            }
        }
        self.words = words + dense.div_ceil(2);
        self.titled = capitals * 5 >= cased * 3;
        self.quoted = self.text.contains('"') || text.contains(['‘', '「', '『', '《']);
    }
}

/// Scripts without spaces between words.
pub(crate) fn is_dense(c: char) -> bool {
    matches!(c, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

/// Lower case, plain quotes, dashes and brackets, single spaces. Patterns go through the same hands as text.
pub(crate) fn fold(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    loop {
        // Runs of plain signs are copied whole, and made small at the end.
        let plain = rest.bytes().take_while(|b| b.is_ascii_graphic() && *b != b'`').count();
        out.push_str(&rest[..plain]);
        rest = &rest[plain..];
        let Some(c) = rest.chars().next() else { break };
        rest = &rest[c.len_utf8()..];
        match c {
            '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' => {}
            '‘' | '’' | '‚' | 'ʼ' | '´' | '`' => out.push('\''),
            '“' | '”' | '„' | '‟' | '«' | '»' => out.push('"'),
            '‐'..='―' | '−' => out.push('-'),
            '…' => out.push_str("..."),
            '（' => out.push('('),
            '）' => out.push(')'),
            '【' => out.push('['),
            '】' => out.push(']'),
            '：' => out.push(':'),
            '＝' => out.push('='),
            '／' => out.push('/'),
            '｜' => out.push('|'),
            'İ' => out.push('i'),
            c if c.is_whitespace() => {
                if !out.ends_with(' ') {
                    out.push(' ');
                }
            }
            c if c.is_ascii() => out.push(c),
            c => out.extend(c.to_lowercase()),
        }
    }
    out.make_ascii_lowercase();
    out
}

/// The end of a sentence is looked for in so many of a text's last bytes: whoever asks may ask of each line that is added to it.
const END: usize = 256;

/// Whether a text ends as sentences do, closing quotes and brackets aside.
pub(crate) fn ends_sentence(text: &str) -> bool {
    text[text.ceil_char_boundary(text.len().saturating_sub(END))..]
        .trim_end()
        .trim_end_matches(['"', '\'', '”', '’', '»', '“', ')', ']', '」', '』', '）', ' '])
        .ends_with(['.', '!', '?', '…', '。', '！', '？', '؟', '।', '۔', '．'])
}

/// The words of a form without their punctuation; in scripts without spaces, its characters.
pub(crate) fn tokens(form: &str) -> impl Iterator<Item = &str> {
    form.split(|c: char| !c.is_alphanumeric())
        .filter(|w| !w.is_empty())
        .flat_map(|w| if w.chars().any(is_dense) { Split::Characters(w) } else { Split::Whole(Some(w)) })
}

enum Split<'a> {
    Whole(Option<&'a str>),
    Characters(&'a str),
}

impl<'a> Iterator for Split<'a> {
    type Item = &'a str;
    fn next(&mut self) -> Option<&'a str> {
        match self {
            Self::Whole(word) => word.take(),
            Self::Characters(rest) => {
                let first = rest.chars().next()?;
                let (character, tail) = rest.split_at(first.len_utf8());
                *rest = tail;
                Some(character)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_what_rules_compare() {
        let form = Form::of(" • Read More… »");
        assert_eq!((form.text.as_str(), form.words, form.titled, form.sentence), ("read more", 2, true, true));
        let form = Form::of("“It’s fine,” he said.");
        assert_eq!((form.text.as_str(), form.quoted, form.sentence), ("\"it's fine,\" he said", true, true));
        assert_eq!(Form::of("相关新闻：").text, "相关新闻");
        assert_eq!(Form::of("...").text, "");
    }

    #[test]
    fn tokens_are_words_or_ideographs() {
        assert_eq!(tokens("u.s. talks, 新华 社").collect::<Vec<_>>(), ["u", "s", "talks", "新", "华", "社"]);
    }
}
