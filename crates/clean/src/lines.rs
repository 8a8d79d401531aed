//! Flattened pages: lines into blocks. What markup would have said is read from blank lines, bullets, lengths and full stops.

use wiredesk_model::block::{Block, BlockKind, Evidence, Hints, Judged, Ledger, PageKind, Verdict};

use crate::form::{Form, ends_sentence};
use crate::headline::similar;
use crate::rules::rules;
use crate::tidy;

/// A line that breaks off is joined with a capital after it only when it is long: short lines are lines of their own.
const LONG_LINE: usize = 60;

/// No line of chrome is longer, in bytes.
const LONGEST_CHROME: usize = 4 << 10;

/// A block in the making.
struct Piece {
    block: Block,
    /// The run of lines without a blank line between them that it is from.
    group: usize,
    /// Nothing else is in that run.
    alone: bool,
}

impl Piece {
    fn is_paragraph(&self) -> bool {
        self.block.kind == BlockKind::Paragraph
    }
}

/// Plain text as a ledger.
pub(crate) fn ledger(text: &str, hints: &Hints) -> Ledger {
    let groups = groups(text);
    let lines: usize = groups.iter().map(Vec::len).sum();
    // Blank lines are what parts paragraphs here, so that a single line end is none.
    let spaced = groups.len() > 2 && groups.len() * 2 >= lines;
    let mut pieces: Vec<Piece> = Vec::new();
    for (number, lines) in groups.iter().enumerate() {
        let before = pieces.len();
        if is_wrapped(lines) {
            pieces.push(Piece { block: marked(&lines.join(" "), None).0, group: number, alone: true });
        } else {
            read_group(lines, number, spaced, &mut pieces);
        }
        if pieces.len() > before + 1 {
            pieces[before..].iter_mut().for_each(|p| p.alone = false);
        }
    }
    close_sentences(&mut pieces);
    let title = headline(&pieces, hints);
    headings(&mut pieces, title);
    let judged = pieces.into_iter().enumerate().map(|(at, piece)| {
        let rule = if Some(at) == title { "text/headline" } else { rule_of(piece.block.kind) };
        let verdict = if Some(at) == title { Verdict::field("title", rule) } else { Verdict::body(rule) };
        let evidence = Evidence { path: format!("text>group[{}]", piece.group), ..Evidence::default() };
        Judged { block: piece.block, evidence, verdict }
    });
    let blocks: Vec<Judged> = judged.collect();
    let page = if blocks.is_empty() { PageKind::Empty } else { PageKind::Article };
    Ledger { blocks, page, method: "plain_text".into(), ..Ledger::default() }
}

fn rule_of(kind: BlockKind) -> &'static str {
    match kind {
        BlockKind::Heading => "text/heading",
        BlockKind::ListItem => "text/list_item",
        BlockKind::Quote => "text/quote",
        _ => "text/paragraph",
    }
}

/// Lines in runs that blank lines part.
fn groups(text: &str) -> Vec<Vec<String>> {
    let mut groups = vec![Vec::new()];
    for line in text.split(['\n', '\r', '\u{2028}', '\u{2029}', '\u{c}', '\u{b}']) {
        let line = tidy::line(line);
        if !line.is_empty() {
            if let Some(group) = groups.last_mut() {
                group.push(line);
            }
        } else if groups.last().is_some_and(|g| !g.is_empty()) {
            groups.push(Vec::new());
        }
    }
    groups.retain(|g| !g.is_empty());
    groups
}

/// Lines that were broken at a margin: all but the last of nearly one length, most of them in the middle of a sentence.
fn is_wrapped(lines: &[String]) -> bool {
    let [full @ .., _] = lines else { return false };
    if full.len() < 2 || lines.iter().any(|l| marker(l).is_some()) {
        return false;
    }
    let lengths: Vec<usize> = full.iter().map(|l| l.chars().count()).collect();
    let (least, most) = lengths.iter().fold((usize::MAX, 0), |(a, b), n| (a.min(*n), b.max(*n)));
    let open = full.iter().filter(|l| !ends_sentence(l)).count();
    least >= 50 && most <= 110 && most - least <= 25 && open * 3 >= full.len() * 2
}

fn read_group(lines: &[String], group: usize, spaced: bool, pieces: &mut Vec<Piece>) {
    let first_of_page = pieces.is_empty();
    let start = pieces.len();
    for (at, line) in lines.iter().enumerate() {
        let (block, listed) = marked(line, Some((lines, at)));
        let headline = first_of_page && at == 1;
        let join = !listed
            && block.kind == BlockKind::Paragraph
            && pieces[start..].last().is_some_and(|before| is_broken(&before.block, line, spaced && !headline));
        match pieces.last_mut() {
            Some(before) if join => {
                before.block.text.push(' ');
                before.block.text.push_str(line);
            }
            _ => pieces.push(Piece { block, group, alone: true }),
        }
    }
}

/// Whether a block goes on in the next line: it has no end, and the next line has no beginning or stands in the same paragraph.
fn is_broken(before: &Block, next: &str, same_paragraph: bool) -> bool {
    if !matches!(before.kind, BlockKind::Paragraph | BlockKind::ListItem)
        || ends_sentence(&before.text)
        || before.text.ends_with(':')
    {
        return false;
    }
    let lower = next.chars().next().is_some_and(char::is_lowercase);
    let open = (lower && Form::has_words(beginning(&before.text), 5))
        || (same_paragraph && before.text.chars().nth(LONG_LINE - 1).is_some());
    open && !is_chrome(&before.text) && !is_chrome(next)
}

/// Sentences that go on after a blank line.
fn close_sentences(pieces: &mut Vec<Piece>) {
    let mut closed: Vec<Piece> = Vec::with_capacity(pieces.len());
    for next in pieces.drain(..) {
        let at = closed.len();
        let Some(before) = closed.last_mut() else {
            closed.push(next);
            continue;
        };
        let whole = before.is_paragraph() && next.is_paragraph() && before.group != next.group;
        let open = before.block.text.ends_with(|c: char| c.is_alphanumeric() || c == ',');
        let lower = next.block.text.starts_with(char::is_lowercase);
        if whole
            && open
            && lower
            && at > 1
            && Form::has_words(beginning(&before.block.text), 8)
            && is_broken(&before.block, &next.block.text, false)
        {
            before.block.text.push(' ');
            before.block.text.push_str(&next.block.text);
        } else {
            closed.push(next);
        }
    }
    *pieces = closed;
}

/// As much of a block as is asked about it while lines are added to it, or the lines of a page without an end of a sentence would cost
/// the square of their number.
fn beginning(text: &str) -> &str {
    &text[..text.floor_char_boundary(LONGEST_CHROME)]
}

/// The sign before a list item, quotation or heading, with what it makes of the line. Dashes and numbers need company.
fn marker(line: &str) -> Option<(BlockKind, Option<u8>, &str, bool)> {
    for bullet in ["• ", "◦ ", "▪ ", "● ", "‣ ", "■ ", "○ ", "∙ "] {
        if let Some(rest) = line.strip_prefix(bullet) {
            return Some((BlockKind::ListItem, Some(1), rest, true));
        }
    }
    for bullet in ["- ", "* ", "– ", "+ "] {
        if let Some(rest) = line.strip_prefix(bullet) {
            return Some((BlockKind::ListItem, Some(1), rest, false));
        }
    }
    if let Some(rest) = line.strip_prefix("> ") {
        return Some((BlockKind::Quote, None, rest, true));
    }
    let hashes = line.bytes().take_while(|b| *b == b'#').count();
    if (1..=6).contains(&hashes) {
        let level = u8::try_from(hashes).ok();
        return line[hashes..].strip_prefix(' ').map(|rest| (BlockKind::Heading, level, rest, true));
    }
    None
}

/// A line as a block, and whether a marker made it one.
fn marked(line: &str, context: Option<(&[String], usize)>) -> (Block, bool) {
    let Some((kind, level, rest, sure)) = marker(line).filter(|m| !m.2.trim().is_empty()) else {
        return (Block::new(BlockKind::Paragraph, line), false);
    };
    let company = context.is_some_and(|(lines, at)| {
        let alike =
            |n: usize| lines.get(n).is_some_and(|l| l.chars().next() == line.chars().next() && marker(l).is_some());
        alike(at + 1) || (at > 0 && alike(at - 1))
    });
    if sure || company {
        (Block { kind, text: rest.trim().to_owned(), level }, true)
    } else {
        (Block::new(BlockKind::Paragraph, line), false)
    }
}

/// Chrome by its words; no rule knows what is longer than most of them say. A pointer to another article may also be a headline ("Opinion: …").
fn is_chrome(text: &str) -> bool {
    let rules = rules();
    if text.len() > LONGEST_CHROME || Form::has_words(text, rules.most_words + 1) {
        return false;
    }
    rules.hits(&Form::of(text)).iter().any(|h| h.exact || !rules.rules[h.rule].written.id.starts_with("related/"))
}

/// The headline: the first line that is no chrome, where it does not end like a sentence and is set off from what follows.
fn headline(pieces: &[Piece], hints: &Hints) -> Option<usize> {
    let at = pieces.iter().position(|p| !is_chrome(&p.block.text))?;
    let (piece, next) = (&pieces[at], pieces.get(at + 1)?);
    let form = Form::of(&piece.block.text);
    if hints.title.as_deref().map(Form::of).is_some_and(|t| t.text == form.text || similar(&t.text, &form.text)) {
        return Some(at);
    }
    let line = matches!(piece.block.kind, BlockKind::Paragraph | BlockKind::Heading);
    let open = !form.sentence || piece.block.text.ends_with(['?', '!', '？', '！', '”', '’', '"']);
    let set_off = piece.alone || (form.words <= 14 && is_running(next));
    (line && open && form.words <= 30 && set_off).then_some(at)
}

fn is_running(piece: &Piece) -> bool {
    piece.is_paragraph() && ends_sentence(&piece.block.text) && Form::of(&piece.block.text).words >= 12
}

/// Short lines of their own between paragraphs are headings. Once there are some, so are very short sentences.
fn headings(pieces: &mut [Piece], title: Option<usize>) {
    let mut found = 0;
    let mut later = Vec::new();
    for at in 0..pieces.len().saturating_sub(1) {
        let (piece, next) = (&pieces[at], &pieces[at + 1]);
        if Some(at) == title || !piece.is_paragraph() || !piece.alone {
            continue;
        }
        let text = &piece.block.text;
        let form = Form::of(text);
        let opens_list = text.ends_with([':', '：']) && form.words <= 5 && next.block.kind == BlockKind::ListItem;
        let begins = text.starts_with(|c: char| c.is_uppercase() || !c.is_lowercase());
        let between = is_running(next) && at > 0 && begins && form.words >= 1;
        let quoted = text.starts_with(['“', '"', '«', '„', '‘', '「']);
        let open =
            !text.ends_with(['.', '!', '…', ',', ';', ':', '：', '。', '，', '-', '–']) && (!form.quoted || quoted);
        if opens_list || (between && open && form.words <= 12 && text.chars().count() <= 90) {
            found += 1;
            pieces[at].block.kind = BlockKind::Heading;
            pieces[at].block.level = Some(2);
        } else if between && form.words <= 5 && text.ends_with('.') && is_running(&pieces[at - 1]) {
            later.push(at);
        }
    }
    for at in later.into_iter().filter(|_| found >= 2) {
        pieces[at].block.kind = BlockKind::Heading;
        pieces[at].block.level = Some(2);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &str) -> Vec<(BlockKind, String)> {
        ledger(text, &Hints::default()).blocks.into_iter().map(|b| (b.block.kind, b.block.text)).collect()
    }

    const LONG: &str = "The harbour board said on Monday that the ferry would run again before the end of the month.";

    #[test]
    fn a_sentence_over_two_lines_is_one() {
        let text = format!(
            "Ferry\n\n{LONG}\n\nNobody could say in the evening how the two towns would ever overcome\nTheir differences.\n\n{LONG}"
        );
        assert_eq!(
            kinds(&text)[2].1,
            "Nobody could say in the evening how the two towns would ever overcome Their differences."
        );
        let text = format!(
            "Ferry runs again\n\n{LONG}\n\nThe mayor of the island said that she\n\nwould believe it when she saw it."
        );
        assert_eq!(kinds(&text)[2].1, "The mayor of the island said that she would believe it when she saw it.");
    }

    #[test]
    fn text_broken_at_a_margin_is_paragraphs() {
        let text = "Ferry runs again\n\nThe harbour board said on Monday that the ferry would run\nagain before the end of the month, and that the crew had\nagreed. Nobody had expected an answer so soon, least of all\nthe mayor.\n\nShe laughed.";
        let blocks = kinds(text);
        assert_eq!(blocks.len(), 3);
        assert!(blocks[1].1.ends_with("least of all the mayor."), "{blocks:?}");
    }

    #[test]
    fn bullets_are_items_and_their_line_a_heading() {
        let text = format!("Ferry runs again\n\nKey takeaways:\n\n  • One boat.\n  • Two towns.\n\n{LONG}");
        let blocks = kinds(&text);
        assert_eq!(blocks[1], (BlockKind::Heading, "Key takeaways:".into()));
        assert_eq!(blocks[2], (BlockKind::ListItem, "One boat.".into()));
        assert_eq!(kinds("— Yes, he said.\n— No, she said.")[0].0, BlockKind::Paragraph);
    }
}
