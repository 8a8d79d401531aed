//! Names out of a printed byline: "By Ada Example and Bo Sample, Staff Writers".

use wiredesk_model::article::{Author, AuthorKind};

/// Words before the names.
const BEFORE: &[&str] = &[
    "written by",
    "words by",
    "story by",
    "report by",
    "text by",
    "posted by",
    "published by",
    "reviewed by",
    "edited by",
    "by:",
    "by",
    "von",
    "par",
    "de",
    "por",
    "di",
    "da",
    "door",
    "autor:",
    "autor",
    "autorin",
    "autore",
    "auteur",
    "text:",
    "texte",
    "testo",
    "tekst",
    "автор:",
    "автор",
    "текст:",
    "yazan:",
    "yazar:",
    "haber:",
    "بقلم",
    "كتب",
    "记者",
    "文/",
    "文：",
    "作者：",
    "作者",
];
/// Words between two names.
const BETWEEN: &[&str] =
    &[" and ", " und ", " et ", " y ", " e ", " en ", " и ", " ve ", " و ", " & ", ", ", " / ", "、", " | ", " - "];
/// What a "name" that is an office, a newsroom or a place to write to begins or ends with.
const OFFICE: &[&str] = &[
    "writer",
    "writers",
    "reporter",
    "reporters",
    "correspondent",
    "correspondents",
    "editor",
    "editors",
    "contributor",
    "staff",
    "journalist",
    "columnist",
    "producer",
    "desk",
    "bureau",
    "fellow",
    "chief",
    "intern",
    "founder",
    "co-founder",
    "cofounder",
    "director",
    "manager",
    "president",
    "expert",
    "specialist",
    "winemaker",
];
const NEWSROOM: &[&str] = &[
    "news",
    "press",
    "media",
    "agency",
    "reuters",
    "afp",
    "dpa",
    "times",
    "post",
    "service",
    "wire",
    "team",
    "redaktion",
];

/// The people and newsrooms that a byline names.
pub(crate) fn named(byline: &str) -> Vec<Author> {
    let mut rest = byline.trim();
    let lower = rest.to_lowercase();
    let said = rest;
    if let Some(word) = BEFORE.iter().find(|w| {
        lower.strip_prefix(**w).is_some_and(|t| t.starts_with([' ', ':']) || w.ends_with([':', '/', '：']))
            && rest.is_char_boundary(w.len())
    }) {
        rest = rest[word.len()..].trim_start_matches([' ', ':', '：']);
    }
    // A line that does not say that names follow may be anything; a name in it has two words.
    let fewest = if rest.len() < said.len() { 1 } else { 2 };
    let mut names = vec![rest];
    for between in BETWEEN {
        names = names.iter().flat_map(|n| n.split(between)).collect();
    }
    let mut authors: Vec<Author> = Vec::new();
    for name in names {
        let name = name.trim_matches(|c: char| c.is_whitespace() || matches!(c, '.' | ',' | '(' | ')' | '|' | '-'));
        let last = name.rsplit(' ').next().unwrap_or_default().to_lowercase();
        let words = name.split(' ').count();
        let fits = (2..=50).contains(&name.chars().count())
            && (fewest..=5).contains(&words)
            && !name.contains(|c: char| c.is_ascii_digit());
        if !fits || OFFICE.contains(&last.as_str()) || authors.iter().any(|a| a.name == name) {
            continue;
        }
        let kind = if NEWSROOM.contains(&last.as_str()) { AuthorKind::Organization } else { AuthorKind::Person };
        authors.push(Author { name: name.to_owned(), kind, url: None });
    }
    authors
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_from_bylines() {
        for (byline, names) in [
            ("By Ada Example", vec!["Ada Example"]),
            ("By Ada Example and Bo Sample, Staff Writers", vec!["Ada Example", "Bo Sample"]),
            ("Von Ada Beispiel und Bo Muster", vec!["Ada Beispiel", "Bo Muster"]),
            ("By Ada Example, Example News", vec!["Ada Example", "Example News"]),
            ("Debra Example", vec!["Debra Example"]),
            ("By 12:30", vec![]),
            ("By", vec![]),
            ("Sat, 20 Dec, 2031 - 06:36", vec![]),
            ("Head Winemaker, Co-Founder", vec![]),
        ] {
            assert_eq!(named(byline).iter().map(|a| a.name.as_str()).collect::<Vec<_>>(), names, "{byline}");
        }
        assert_eq!(named("By Example News")[0].kind, AuthorKind::Organization);
    }
}
