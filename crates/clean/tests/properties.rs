//! What holds for any text at all.

use proptest::prelude::*;
use wiredesk_clean::{body, text};
use wiredesk_model::block::{Hints, join};

/// Lines of the kinds that are met, real chrome among them.
fn line() -> impl Strategy<Value = String> {
    prop_oneof![
        "[A-Z][a-z]{1,8}( [a-z]{1,9}){0,30}[.?!]?",
        "\\PC{0,60}",
        "(• |- |\\* |> |# |1\\. )?[A-Za-zéßя日 ]{0,40}",
        prop::sample::select(vec![
            "",
            "",
            "Leave a Reply",
            "Most Popular",
            "Share via",
            "Related: A boat",
            "Copyright 2031 Example. All rights reserved.",
            "By Ada Example",
            "June 19, 2031",
            "About the company",
            "Tags Ada Bo",
            "(Reporting by Ada; Editing by Bo)",
            "関連記事",
        ])
        .prop_map(str::to_owned),
    ]
}

fn is_subsequence(part: &str, whole: &str) -> bool {
    let words = |t: &str| -> Vec<String> { t.chars().filter(|c| c.is_alphanumeric()).map(|c| c.to_string()).collect() };
    let whole = words(whole);
    let mut rest = whole.iter();
    words(part).iter().all(|w| rest.any(|r| r == w))
}

proptest! {
    #[test]
    fn nothing_panics_and_the_text_is_its_blocks(lines in prop::collection::vec(line(), 0..40), title in prop::option::of("[A-Za-z ]{0,40}")) {
        let source = lines.join("\n");
        let hints = Hints { title, ..Hints::default() };
        let ledger = text(&source, &hints);
        let got = body(ledger.clone(), &hints);
        prop_assert_eq!(&join(&got.article.blocks), &got.article.text);
        prop_assert_eq!(got.article.extraction.blocks_kept as usize, got.article.blocks.len());
        prop_assert!(got.article.blocks.iter().all(|b| !b.text.is_empty()));
        prop_assert_eq!(body(ledger, &hints), got);
    }

    #[test]
    fn the_body_says_nothing_that_the_page_does_not(lines in prop::collection::vec("[A-Za-z0-9éя日 .,!?•>-]{0,60}", 0..30)) {
        let source = lines.join("\n");
        let got = body(text(&source, &Hints::default()), &Hints::default());
        prop_assert!(is_subsequence(&got.article.text, &source), "{}", got.article.text);
    }

    #[test]
    fn cleaning_what_is_clean_changes_nothing(paragraphs in prop::collection::vec("[A-Z][a-z]{2,8}( [a-z]{2,9}){20,40}\\.", 1..12)) {
        let source = paragraphs.join("\n\n");
        let got = body(text(&source, &Hints::default()), &Hints::default());
        prop_assert_eq!(got.article.text, source);
    }
}
