//! Pages that once took time by the square of their length: minutes for a megabyte. Nothing is timed here; a test that does not end says
//! enough.

use wiredesk_clean::{Cleaned, body, text};
use wiredesk_model::block::{Block, BlockKind, Evidence, Hints, Judged, Ledger, Verdict};

fn page(blocks: impl IntoIterator<Item = (BlockKind, String)>) -> Cleaned {
    let judged = |(kind, text): (BlockKind, String)| Judged {
        block: Block::new(kind, text),
        evidence: Evidence::default(),
        verdict: Verdict::body("structure/body"),
    };
    let ledger =
        Ledger { blocks: blocks.into_iter().map(judged).collect(), method: "blocks".into(), ..Ledger::default() };
    body(ledger, &Hints::default())
}

fn lines(count: usize, line: impl Fn(usize) -> String) -> impl Iterator<Item = (BlockKind, String)> {
    (0..count).map(move |n| (BlockKind::Paragraph, line(n)))
}

/// 1.3 MB, three minutes.
#[test]
fn sixty_thousand_credits_are_held_against_each_other_once() {
    let got = page(lines(60_000, |n| format!("Photo by x{n}")));
    assert_eq!(got.article.images.len(), 1000);
}

#[test]
fn captions_that_hold_each_other_are_looked_for_within_bounds() {
    let captions = (0..40_000)
        .map(|n| (BlockKind::Caption, format!("The ferry at the pier of the island, seen from boat {n:05}")));
    assert_eq!(page(captions).article.images.len(), 1000);
}

/// Quotations beside the paragraphs that may hold them: seven seconds for 3.6 MB, two minutes for four times as much.
#[test]
fn quotations_are_looked_for_in_paragraphs_within_bounds() {
    let quotes = (0..180_000).map(|n| (BlockKind::Quote, format!("the ferry to island {n} will run again")));
    let paragraph = "The harbour board said on Monday that the boat would run before the end of the month. ".repeat(8);
    let got = page(lines(5_600, |n| format!("{paragraph}{n}.")).chain(quotes));
    assert!(got.article.text.contains("island 179999 will"));
}

#[test]
fn lines_that_break_off_are_looked_for_within_bounds() {
    let got = page(lines(600_000, |n| format!("The ferry to the island {n} will run ...")));
    assert!(got.article.text.contains("island 599999 will"));
}

/// A line is added to the paragraph before it where that has no end, and each time the whole paragraph was read anew.
#[test]
fn text_without_an_end_of_a_sentence_is_read_once() {
    let lead = "The harbour board said on Monday that the ferry would run again before the end of the month.";
    for line in ["goes on with more words in it\n", "goes on with more words of it and of the boat\n\n", ")\n", "和\n"]
    {
        let source = format!(
            "Ferry\n\n{lead}\n\nNobody could say how the two towns would ever overcome what was\n{}",
            line.repeat(3_000_000 / line.len())
        );
        let got = body(text(&source, &Hints::default()), &Hints::default());
        assert!(got.article.text.contains(lead), "{line}");
    }
}
