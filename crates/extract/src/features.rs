//! What is known about a block, as numbers: rules read it, and so does the learned model ([`crate::vector`]).

/// A block's features. Those of the text are counted when it is cut; those of its place are filled in once the page is known.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Features {
    /// Words; an ideograph counts half of one.
    pub(crate) words: u32,
    /// Bytes of text, and those of them in links.
    pub(crate) chars: u32,
    pub(crate) link_chars: u32,
    /// Commas, semicolons and their kin.
    pub(crate) commas: u16,
    /// Sentence ends inside or at the end.
    pub(crate) sentences: u16,
    /// Whether it ends as a sentence does.
    pub(crate) terminal: bool,
    pub(crate) digits: u32,
    /// Words that begin with a capital.
    pub(crate) capitals: u32,
    /// Where it stands among the blocks, 0 to 1.
    pub(crate) position: f32,
    /// Inside the main container.
    pub(crate) inside: bool,
    /// Steps from its element up to the first that also holds the main container, or from the container down to it.
    pub(crate) distance: u16,
    /// How many elements of the page have its element's signature.
    pub(crate) repeats: u16,
    /// Share of the running text that the element two levels up holds.
    pub(crate) share: f32,
    /// Share of its words that are in the headline.
    pub(crate) title: f32,
    /// It is the publisher's summary, or begins it.
    pub(crate) description: bool,
    /// The publisher's own markup of the body (JSON-LD, the feed's full text) holds it.
    pub(crate) anchored: bool,
}

impl Features {
    /// The features of a text, of which so many bytes are in links.
    pub(crate) fn of(text: &str, link_chars: usize) -> Self {
        let mut f = Self { chars: count(text.len()), link_chars: count(link_chars.min(text.len())), ..Self::default() };
        let mut ideographs = 0;
        let mut in_word = false;
        for c in text.chars() {
            match c {
                ' ' | '\n' | '\t' => {
                    in_word = false;
                    continue;
                }
                ',' | ';' | '،' | '、' | '，' => f.commas = f.commas.saturating_add(1),
                '.' | '!' | '?' | '…' | '。' | '！' | '？' | '؟' | '।' => {
                    f.sentences = f.sentences.saturating_add(1)
                }
                '0'..='9' => f.digits += 1,
                '\u{3040}'..='\u{30FF}' | '\u{3400}'..='\u{9FFF}' | '\u{AC00}'..='\u{D7AF}' => ideographs += 1,
                _ => {}
            }
            if !in_word && c.is_alphanumeric() {
                in_word = true;
                f.words += 1;
                f.capitals += u32::from(c.is_uppercase());
            }
        }
        if ideographs > 0 {
            f.words = f.words.max(ideographs / 2);
        }
        f.terminal = ends_a_sentence(text);
        f
    }

    /// Share of its letters in links, 0 to 1.
    pub(crate) fn link_density(&self) -> f32 {
        if self.chars == 0 { 0.0 } else { self.link_chars as f32 / self.chars as f32 }
    }
}

fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

/// Whether a text ends as sentences do, closing quotes and brackets aside.
pub(crate) fn ends_a_sentence(text: &str) -> bool {
    let end = text.trim_end_matches(['"', '\'', '”', '’', '»', '«', ')', ']', '“', '」', '』', ' ']);
    end.ends_with(['.', '!', '?', '…', ':', '。', '！', '？', '؟', '।'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_counted() {
        let f = Features::of("Rose said, “It is 7 o’clock.”", 5);
        assert_eq!((f.words, f.commas, f.sentences, f.digits, f.terminal), (6, 1, 1, 1, true));
        assert!((f.link_density() - 5.0 / f.chars as f32).abs() < 1e-6);
        assert_eq!(Features::of("東京で新しい駅が開業した。", 0).words, 6);
        assert!(!Features::of("Read more", 9).terminal);
    }
}
