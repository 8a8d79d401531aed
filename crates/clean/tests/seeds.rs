//! The five documents that the project began from: what must go is gone, what must stay is there, in order and to the letter.
//! They are kept outside the project; where they are absent the same is said by `tests/golden`.

use std::path::PathBuf;

use wiredesk_clean::{Cleaned, body, text};
use wiredesk_model::article::NoticeKind;
use wiredesk_model::block::{BlockKind, Hints};

fn seed(prefix: &str) -> Option<String> {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/seeds"));
    let found = std::fs::read_dir(&folder).ok().and_then(|files| {
        files
            .filter_map(Result::ok)
            .map(|f| f.path())
            .find(|p| p.file_name().is_some_and(|n| n.to_string_lossy().starts_with(prefix)))
    });
    let Some(path) = found else {
        println!("skipped: seed {prefix} is not at {}", folder.display());
        return None;
    };
    Some(std::fs::read_to_string(path).expect("a readable seed"))
}

fn cleaned(source: &str) -> Cleaned {
    let hints = Hints::default();
    body(text(source, &hints), &hints)
}

/// The seed's lines that are not blank, white space folded and bullets off.
fn lines(source: &str) -> Vec<String> {
    source
        .lines()
        .map(|l| l.split_whitespace().collect::<Vec<_>>().join(" "))
        .map(|l| l.strip_prefix("• ").map(str::to_owned).unwrap_or(l))
        .filter(|l| !l.is_empty())
        .collect()
}

fn without(source: &str, gone: &[&str]) -> String {
    let lines = lines(source);
    for line in gone {
        assert!(lines.iter().any(|l| l.starts_with(line)), "`{line}` is not in the seed");
    }
    lines.into_iter().filter(|l| !gone.iter().any(|g| l.starts_with(g))).collect::<Vec<_>>().join("\n\n")
}

#[test]
fn seed_000_loses_its_share_row_and_comment_form() {
    let Some(source) = seed("000") else { return };
    let got = cleaned(&source);
    let title = &lines(&source)[1];
    assert_eq!(&got.article.title, title);
    let gone = [
        "Press \"Enter\"",
        title,
        "Image courtesy of",
        "Be First to Comment",
        "Leave a Reply",
        "Your email address",
        "Share via",
        "Copy link",
        "Powered by Social Snap",
    ];
    assert_eq!(got.article.text, without(&source, &gone));
    assert_eq!(got.article.blocks[0].kind, BlockKind::Heading);
    assert!(got.article.blocks[1..4].iter().all(|b| b.kind == BlockKind::ListItem));
    assert!(got.article.blocks[4..].iter().all(|b| b.kind == BlockKind::Paragraph));
    assert_eq!(got.article.images[0].credit.as_deref(), Some("Image courtesy of media-cldnry.s-nbcnews.com"));
    assert!(got.article.notices.is_empty());
}

#[test]
fn seed_001_is_one_copy_of_eight() {
    let Some(source) = seed("001") else { return };
    let got = cleaned(&source);
    let once = &lines(&source)[..15];
    assert_eq!(got.article.text, once.join("\n\n"));
    assert_eq!(got.article.title, once[0]);
    assert_eq!(got.article.extraction.blocks_removed, 7 * 15);
}

#[test]
fn seed_002_gives_its_caption_to_the_picture_and_its_copyright_to_the_notices() {
    let Some(source) = seed("002") else { return };
    let got = cleaned(&source);
    let all = lines(&source);
    assert_eq!(got.article.title, all[0]);
    let caption = &all[1];
    let gone = [all[0].as_str(), caption, "Leah Millis", "Tags ", "Copyright 2023", "Most Popular", "Load more"];
    assert_eq!(got.article.text, without(&source, &gone));
    assert_eq!(got.article.images.len(), 1);
    assert_eq!(got.article.images[0].caption.as_ref(), Some(caption));
    assert_eq!(got.article.images[0].credit.as_ref(), Some(&all[2]));
    assert_eq!(got.article.notices.len(), 1);
    assert_eq!(got.article.notices[0].kind, NoticeKind::Copyright);
    assert!(got.article.notices[0].text.ends_with("rewritten, or redistributed."));
}

#[test]
fn seed_003_keeps_its_subheadings_and_mends_its_sentence() {
    let Some(source) = seed("003") else { return };
    let got = cleaned(&source);
    let all = lines(&source);
    assert_eq!(got.article.title, all[0]);
    let want = without(&source, &[&all[0], "Leave a Reply", "Your email address", "Back to top"])
        .replace("would overcome\n\nTheir differences", "would overcome Their differences");
    assert_eq!(got.article.text, want);
    let headings: Vec<&str> =
        got.article.blocks.iter().filter(|b| b.kind == BlockKind::Heading).map(|b| b.text.as_str()).collect();
    assert_eq!(
        headings,
        [
            "“we are on the right track”",
            "President’s handshake",
            "Obstacle to military communication channels",
            "“a good step forward”",
            "Washington achieved its goals.",
        ]
    );
    assert!(got.article.notices.is_empty());
}

#[test]
fn seed_004_loses_its_second_headline_and_notes_its_origin() {
    let Some(source) = seed("004") else { return };
    let got = cleaned(&source);
    let all = lines(&source);
    assert_eq!(got.article.title, all[0]);
    let gone =
        [all[0].as_str(), &all[1], "Source link", "(This article is generated", "Leave a Reply", "Your email address"];
    assert_eq!(got.article.text, without(&source, &gone));
    let kinds: Vec<NoticeKind> = got.article.notices.iter().map(|n| n.kind).collect();
    assert_eq!(kinds, [NoticeKind::SourceLink, NoticeKind::Syndication]);
    assert!(got.article.notices[1].text.starts_with("(This article is generated through the syndicated feed sources"));
    assert_eq!(got.article.language.as_deref(), Some("en"));
}
