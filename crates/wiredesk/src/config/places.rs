//! Bytes to lines and columns. A file may have a hundred thousand faults, and its lines are not counted from the top for each.

use std::cell::OnceCell;

use super::source::Source;

/// A line and column are remembered for every so many bytes.
const STRIDE: usize = 4096;

/// Where things stand in a text.
pub(crate) struct Places<'a> {
    text: &'a str,
    /// Some bytes, with the line and column of each, in order. Made when first asked for.
    marks: OnceCell<Vec<Mark>>,
}

#[derive(Clone, Copy)]
struct Mark {
    byte: usize,
    line: usize,
    column: usize,
}

const START: Mark = Mark { byte: 0, line: 1, column: 1 };

impl<'a> Places<'a> {
    /// The places of a text.
    pub(crate) fn new(text: &'a str) -> Self {
        Self { text, marks: OnceCell::new() }
    }

    /// Those of each source.
    pub(crate) fn of_all(sources: &'a [Source]) -> Vec<Self> {
        sources.iter().map(|source| Self::new(&source.text)).collect()
    }

    /// Line and column of a byte, both from 1, the column in characters.
    pub(crate) fn at(&self, byte: usize) -> (usize, usize) {
        let marks = self.marks.get_or_init(|| self.marks());
        let near = marks.partition_point(|mark| mark.byte <= byte).checked_sub(1).map_or(START, |at| marks[at]);
        let mark = self.walk(near, byte);
        (mark.line, mark.column)
    }

    fn marks(&self) -> Vec<Mark> {
        let mut marks = vec![START];
        let mut last = START;
        while last.byte + STRIDE < self.text.len() {
            last = self.walk(last, last.byte + STRIDE);
            marks.push(last);
        }
        marks
    }

    /// On to the character that holds the byte.
    fn walk(&self, from: Mark, byte: usize) -> Mark {
        let to = self.text.floor_char_boundary(byte);
        let passed = self.text.get(from.byte..to).unwrap_or_default();
        let lines = passed.bytes().filter(|byte| *byte == b'\n').count();
        let column = match passed.rsplit_once('\n') {
            Some((_, line)) => 1 + line.chars().count(),
            None => from.column + passed.chars().count(),
        };
        Mark { byte: to, line: from.line + lines, column }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_those_that_counting_from_the_top_gives() {
        let line = "caf\u{e9} = \"\u{1f600}\" # \u{65e5}\u{672c}";
        let text: String = (1..400).map(|n| line.repeat(n % 7) + "\n").collect::<String>() + &line.repeat(2_000);
        let places = Places::new(&text);
        for (byte, _) in text.char_indices().step_by(97) {
            let start = text[..byte].rfind('\n').map_or(0, |end| end + 1);
            let counted = (text[..byte].matches('\n').count() + 1, text[start..byte].chars().count() + 1);
            assert_eq!(places.at(byte), counted, "{byte}");
        }
        let end = places.at(text.len());
        assert_eq!(places.at(usize::MAX), end, "what is beyond the text is at its end");
        assert_eq!(places.at(text.len() - 1), (end.0, end.1 - 1), "the middle of a character is its beginning");
        assert_eq!(Places::new("").at(7), (1, 1));
    }
}
