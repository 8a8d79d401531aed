//! Small print that a page puts on one line: a name, a date and a reading time between bars or dots. No rule knows the
//! line, but each piece of it is known.

use wiredesk_model::article::NoticeKind;
use wiredesk_model::block::{Hints, Metadata, Verdict};

use crate::form::Form;
use crate::matching::holds_word;
use crate::rules::Rules;

/// Longer lines are no small print.
const WORDS: usize = 26;

/// Signs between two pieces.
const BETWEEN: &[char] = &['|', '·', '•', '—', '–', '∙', '►', '\u{2022}'];

/// What is small print beside the rules' own: the names that the page claims, folded.
pub(crate) struct Names {
    authors: Vec<String>,
    /// The paper and its section.
    labels: Vec<String>,
}

impl Names {
    pub(crate) fn new(metadata: &Metadata, hints: &Hints) -> Self {
        let folded = |names: Vec<&str>| -> Vec<String> {
            names.iter().map(|name| Form::of(name).text).filter(|name| name.chars().count() > 1).collect()
        };
        let authors = metadata.authors.iter().flat_map(|a| a.value.iter().map(|a| a.name.as_str()));
        let authors = folded(authors.chain(hints.authors.iter().map(String::as_str)).collect());
        let publisher = metadata.publisher.iter().filter_map(|p| p.value.name.as_deref());
        let labels = folded(publisher.chain(metadata.section.iter().map(|s| s.value.as_str())).collect());
        Self { authors, labels }
    }
}

/// The verdict on a block that says who the author is: it begins with the name and goes on in the third person.
pub(crate) fn biography(form: &Form, names: &Names) -> Option<Verdict> {
    let says = |name: &String| {
        let rest = form.text.strip_prefix(name.as_str())?.trim_start_matches([',', ' ']);
        let words = [
            "is ", "was ", "has ", "covers ", "writes ", "reports ", "works ", "lives ", "joined ", "ist ", "est ",
            "es ", "è ",
        ];
        words.iter().any(|word| rest.starts_with(word)).then_some(())
    };
    let whole = |name: &&String| name.contains(' ');
    (form.words <= 90 && names.authors.iter().filter(whole).any(|name| says(name).is_some()))
        .then(|| Verdict::notice(NoticeKind::Credit, "byline/biography"))
}

/// What stands before and after a name in the heading of a self-description.
const ABOUT: &[&str] = &[
    "about the ",
    "about ",
    "über die ",
    "über den ",
    "über das ",
    "über ",
    "à propos de la ",
    "à propos du ",
    "à propos de ",
    "à propos d'",
    "acerca de la ",
    "acerca de ",
    "sobre a ",
    "sobre o ",
    "sobre la ",
    "sobre ",
    "informazioni su ",
    "chi è ",
    "over de ",
    "over ",
    "o firmie ",
    "o ",
    "о компании ",
    "عن ",
    "نبذة عن ",
    "关于",
    "關於",
];
const ABOUT_AFTER: &[&str] = &[" hakkında", "について", "とは", "简介", "簡介", " 소개", " 개요", "소개"];

/// Whether a heading says "about" a name with which the next paragraph begins: a company that presents itself.
pub(crate) fn is_about(heading: &Form, next: &Form) -> bool {
    let text = heading.text.as_str();
    let subjects = ABOUT.iter().filter_map(|before| text.strip_prefix(*before));
    let subjects = subjects.chain(ABOUT_AFTER.iter().filter_map(|after| text.strip_suffix(*after)));
    let begins = next.text.strip_prefix("the ").unwrap_or(&next.text);
    heading.words <= 10
        && next.sentence
        && next.words >= 12
        && subjects.map(str::trim).any(|name| name.chars().count() >= 3 && begins.starts_with(name))
}

/// What a piece is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Piece {
    Byline,
    Date,
    /// A reading time, a count of comments, a name of the site.
    Beside,
}

/// The verdict on a line that is nothing but pieces of small print, at least one of them a byline or a date.
pub(crate) fn verdict(text: &str, form: &Form, names: &Names, rules: &Rules) -> Option<Verdict> {
    if form.words > WORDS || form.words < 2 {
        return None;
    }
    let pieces: Vec<Form> = split(text).into_iter().map(Form::of).filter(|piece| !piece.text.is_empty()).collect();
    if pieces.len() < 2 {
        if !form.titled || form.sentence {
            return None;
        }
        return if names.authors.contains(&form.text) {
            Some(Verdict::field("byline", "byline/name"))
        } else if names.labels.contains(&form.text) {
            Some(Verdict::dropped("skip/label"))
        } else {
            None
        };
    }
    let kinds: Vec<Piece> = pieces.iter().map(|piece| kind(piece, names, rules)).collect::<Option<_>>()?;
    if kinds.contains(&Piece::Byline) {
        Some(Verdict::field("byline", "byline/composed"))
    } else if kinds.contains(&Piece::Date) {
        Some(Verdict::field("date_published", "date/composed"))
    } else {
        None
    }
}

fn split(text: &str) -> Vec<&str> {
    let mut pieces: Vec<&str> = text.split(BETWEEN).collect();
    for between in [" - ", " / ", " // "] {
        pieces = pieces.iter().flat_map(|piece| piece.split(between)).collect();
    }
    pieces
}

fn kind(piece: &Form, names: &Names, rules: &Rules) -> Option<Piece> {
    if names.authors.contains(&piece.text) {
        return Some(Piece::Byline);
    }
    if names.labels.contains(&piece.text) {
        return Some(Piece::Beside);
    }
    let ids = rules.hits(piece).into_iter().map(|hit| rules.rules[hit.rule].written.id.as_str());
    for id in ids {
        match id.split('/').next() {
            Some("byline") => return Some(Piece::Byline),
            Some("date") if id == "date/reading_time" => return Some(Piece::Beside),
            Some("date") => return Some(Piece::Date),
            Some("comments" | "share" | "tags" | "skip" | "contact") => return Some(Piece::Beside),
            _ => {}
        }
    }
    // "Ada Example, Example News", "Ada Example 3 May".
    let named =
        piece.words <= 10 && names.authors.iter().any(|name| name.contains(' ') && holds_word(&piece.text, name));
    (named && piece.titled).then_some(Piece::Byline)
}

#[cfg(test)]
mod tests {
    use wiredesk_model::article::Author;
    use wiredesk_model::block::Sourced;

    use super::*;
    use crate::rules::rules;

    #[test]
    fn a_line_of_small_print_is_told_by_its_pieces() {
        let author = Author { name: "Ada Example".into(), ..Author::default() };
        let metadata = Metadata { authors: Some(Sourced::new(vec![author], "json-ld")), ..Metadata::default() };
        let names = Names::new(&metadata, &Hints::default());
        let told = |text: &str| {
            verdict(text, &Form::of(text), &names, rules()).map_or("none".to_owned(), |v| v.rule().to_owned())
        };
        for (text, rule) in [
            ("Ada Example | 2031-11-19 | 2 min", "byline/composed"),
            ("Von Ada Beispiel · 18. Oktober 2031, 15:30 Uhr · Lesezeit: 2 Min.", "byline/composed"),
            ("June 19, 2031 - 3 min read", "date/composed"),
            ("Ada Example", "byline/name"),
            ("Harbour | Ferry", "none"),
            ("Ada Example said so – and the harbour board agreed.", "none"),
        ] {
            assert_eq!(told(text), rule, "{text}");
        }
        let bio = |text: &str| biography(&Form::of(text), &names).is_some();
        assert!(bio("Ada Example is a senior editor at the Example Press."));
        assert!(!bio("Ada Example said that the harbour is closed."));
    }
}
