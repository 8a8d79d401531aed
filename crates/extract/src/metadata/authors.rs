//! Who wrote it: names out of claims and bylines, people told from organisations.

use wiredesk_model::article::{Author, AuthorKind};

use crate::text::{letters, line};

/// Words before the names of a byline.
const BY: [&str; 44] = [
    "view all posts by",
    "see all posts by",
    "all posts by",
    "more posts by",
    "posts by",
    "view all articles by",
    "articles by",
    "recipe by",
    "authored by",
    "photos by",
    "written by",
    "story by",
    "reported by",
    "posted by",
    "published by",
    "review by",
    "reviewed by",
    "article by",
    "words by",
    "text by",
    "by",
    "von",
    "par",
    "por",
    "autor:",
    "autorin:",
    "autoren:",
    "author:",
    "authors:",
    "auteur :",
    "auteur:",
    "autora:",
    "text:",
    "ein artikel von",
    "eine analyse von",
    "ein kommentar von",
    "from",
    "door",
    "da",
    "di",
    "przez",
    "opracował",
    "opracowanie:",
    "contributed by",
];

/// Words that make a name an organisation's.
const ORGANISATION: [&str; 46] = [
    "news",
    "press",
    "agency",
    "team",
    "staff",
    "editorial",
    "editors",
    "redaktion",
    "redakcja",
    "redacción",
    "redaccion",
    "rédaction",
    "desk",
    "newsroom",
    "bureau",
    "reuters",
    "afp",
    "ap",
    "dpa",
    "efe",
    "pap",
    "pa",
    "ani",
    "ians",
    "pti",
    "media",
    "network",
    "magazine",
    "inc",
    "ltd",
    "llc",
    "gmbh",
    "university",
    "institute",
    "foundation",
    "association",
    "times",
    "post",
    "online",
    "board",
    "council",
    "ministry",
    "department",
    "group",
    "correspondents",
    "wire",
];

/// Words of a role, not of a name.
const ROLES: [&str; 61] = [
    "reviewer",
    "expert",
    "specialist",
    "nurse",
    "winemaker",
    "cofounder",
    "sponsored",
    "comment",
    "written",
    "weekday",
    "sat",
    "sun",
    "mon",
    "tue",
    "wed",
    "thu",
    "fri",
    "reporter",
    "editor",
    "correspondent",
    "writer",
    "columnist",
    "journalist",
    "contributor",
    "producer",
    "photographer",
    "director",
    "analyst",
    "chief",
    "senior",
    "associate",
    "assistant",
    "managing",
    "special",
    "freelance",
    "executive",
    "manager",
    "professor",
    "redakteur",
    "redakteurin",
    "journaliste",
    "periodista",
    "redactor",
    "redaktor",
    "korrespondent",
    "published",
    "updated",
    "posted",
    "minutes",
    "follow",
    "author",
    "authors",
    "founder",
    "ceo",
    "guest",
    "contributing",
    "staff",
    "read",
    "more",
    "comments",
    "share",
];

/// Credentials that follow a name after a comma and belong to none.
const CREDENTIALS: [&str; 38] = [
    "dvm", "bsn", "msn", "psp", "cpp", "facp", "faclm", "cfa", "fnp", "np", "psyd", "edd", "lmft", "cscs", "cissp",
    "msc", "bsc", "llm", "jd", "ryt", "phd", "md", "jr", "sr", "ii", "iii", "mba", "esq", "cfp", "cpa", "rd", "ms",
    "ma", "rn", "dds", "do", "mph", "lcsw",
];

/// The authors in a text: a byline, a `meta` value, one name of a list.
pub(crate) fn read(text: &str) -> Vec<Author> {
    let mut out: Vec<Author> = Vec::new();
    for name in split(&line(text)) {
        let Some(name) = clean(&name) else { continue };
        if !out.iter().any(|known| letters(&known.name) == letters(&name)) {
            let kind = if is_organisation(&name) { AuthorKind::Organization } else { AuthorKind::Person };
            out.push(Author { name, kind, url: None });
        }
    }
    out
}

fn split(text: &str) -> Vec<String> {
    let mut text = text.to_owned();
    for joint in [
        " and ", " And ", " AND ", " und ", " et ", " y ", " & ", " with ", " | ", " • ", " · ", " / ", ";", " — ",
        " – ", " - ",
    ] {
        text = text.replace(joint, ",");
    }
    let mut out: Vec<String> = Vec::new();
    for part in text.split([',', '|', '\n', '\t']) {
        let part = part.trim();
        if !part.is_empty() {
            out.push(part.to_owned());
        }
    }
    out
}

fn clean(name: &str) -> Option<String> {
    let mut name = name.trim_matches(|c: char| !c.is_alphanumeric() && !matches!(c, '.' | ')' | '@')).trim();
    loop {
        let lower = name.to_lowercase();
        let Some(by) = BY.iter().find(|by| {
            lower.starts_with(**by) && (by.ends_with(':') || lower[by.len()..].starts_with([' ', ':', '\u{a0}']))
        }) else {
            break;
        };
        // Small letters may be longer than capitals; a byline where they are is none.
        let rest = name.get(by.len()..)?.trim_matches(|c: char| c.is_whitespace() || c == ':');
        if rest.is_empty() {
            return None;
        }
        name = rest;
    }
    // "Ada Brook (Mill Post)"
    if let Some((before, _)) = name.split_once(" (") {
        name = before.trim();
    }
    // "Ada Brook RN"
    while let Some((before, last)) = name.rsplit_once(' ')
        && before.contains(' ')
        && last.chars().all(|c| c.is_uppercase() || !c.is_alphabetic())
        && CREDENTIALS.contains(&letters(last).as_str())
    {
        name = before.trim_end_matches([',', ' ']);
    }
    let words: Vec<&str> = name.split_whitespace().collect();
    let lower: Vec<String> = words.iter().map(|w| letters(w)).collect();
    let fits = !words.is_empty()
        && words.len() <= 6
        && name.chars().count() >= 2
        && name.chars().count() <= 60
        && !name.contains(['@', '/', '<', '{', '=', '?', '!', '"', ':'])
        && !name.starts_with("http")
        && !name.chars().any(|c| c.is_ascii_digit())
        && name.chars().any(char::is_alphabetic)
        && !is_phrase(&words);
    let is_role = lower.iter().any(|w| ROLES.contains(&w.as_str()))
        && !lower.iter().any(|w| ORGANISATION.contains(&w.as_str()))
        || lower.iter().all(|w| CREDENTIALS.contains(&w.as_str()))
        || matches!(
            lower.join(" ").as_str(),
            "admin"
                | "administrator"
                | "editor"
                | "unknown"
                | "none"
                | "null"
                | "undefined"
                | "anonymous"
                | "by"
                | "the author"
                | "about the author"
                | "in"
                | "on"
        );
    if !fits || is_role {
        return None;
    }
    Some(if name.chars().any(char::is_lowercase) { name.to_owned() } else { titled(name) })
}

/// Words of which the first is small, save the particles that begin names: "personal finance" is nobody.
fn is_phrase(words: &[&str]) -> bool {
    const PARTICLES: [&str; 18] = [
        "de", "da", "di", "del", "della", "dos", "du", "la", "le", "el", "al", "bin", "ibn", "van", "von", "ter", "zu",
        "d",
    ];
    words.len() > 1
        && words[0].chars().next().is_some_and(char::is_lowercase)
        && !PARTICLES.contains(&words[0].split('\'').next().unwrap_or_default())
}

/// The authors that a line of small print names after "by": "May 3, 2026 by Ada Brook".
pub(crate) fn named_in(text: &str) -> Vec<Author> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let Some(by) = words.iter().position(|word| word.trim_matches(':').eq_ignore_ascii_case("by")) else {
        return Vec::new();
    };
    let begins = |word: &&&str| {
        let first = word.trim_start_matches(['(', '"', '“']).chars().next();
        matches!(**word, "and" | "&" | "de" | "van" | "von" | "der" | "bin" | "al")
            || (first.is_some_and(char::is_uppercase) && !super::dates::is_month(word))
    };
    let names: Vec<&str> = words[by + 1..].iter().take_while(begins).take(7).copied().collect();
    if names.first().is_none_or(|first| first.chars().next().is_none_or(char::is_lowercase)) {
        return Vec::new();
    }
    read(&names.join(" "))
}

/// `ADA BROOK` as `Ada Brook`; short capitals alone are an agency's name.
fn titled(name: &str) -> String {
    if !name.contains(' ') || name.chars().all(|c| !c.is_uppercase()) {
        return name.to_owned();
    }
    let mut out = String::with_capacity(name.len());
    let mut start = true;
    for c in name.chars() {
        if start {
            out.push(c);
        } else {
            out.extend(c.to_lowercase());
        }
        start = !c.is_alphabetic();
    }
    out
}

pub(crate) fn is_organisation(name: &str) -> bool {
    name.split_whitespace().any(|word| ORGANISATION.contains(&letters(word).as_str()))
        || name.contains('.') && !name.contains(' ')
}

/// Whether a text begins as bylines do and names someone.
pub(crate) fn is_byline(text: &str) -> bool {
    let lower = text.to_lowercase();
    text.len() < 140
        && ["by ", "written by ", "von ", "par ", "por ", "autor: ", "author: "].iter().any(|by| lower.starts_with(by))
        && !text.ends_with(['.', '!', '?'])
        && text
            .split_whitespace()
            .skip(1)
            .take(2)
            .all(|word| word.chars().next().is_some_and(|c| c.is_uppercase() || !c.is_alphabetic()))
        && !read(text).is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bylines_are_read() {
        for (text, want) in [
            ("By Ada Brook and Tom Reed", "Ada Brook; Tom Reed"),
            ("By ADA BROOK, Senior Reporter", "Ada Brook"),
            ("Von Jana Bach", "Jana Bach"),
            ("Ada Brook, PhD, Tom Reed", "Ada Brook; Tom Reed"),
            ("By Ada Brook | The Mill Press", "Ada Brook; The Mill Press"),
            ("https://a.test/ada", ""),
            ("ada@a.test", ""),
            ("By", ""),
            ("admin", ""),
            ("Par Émile Ruisseau et Zoé Rive", "Émile Ruisseau; Zoé Rive"),
        ] {
            let names: Vec<String> = read(text).into_iter().map(|a| a.name).collect();
            assert_eq!(names.join("; "), want, "{text}");
        }
        let named = |text: &str| named_in(text).into_iter().map(|a| a.name).collect::<Vec<_>>().join("; ");
        assert_eq!(named("September 1st, 2023 By Ada Brook"), "Ada Brook");
        assert_eq!(named("By Ada Brook April 12, 2024"), "Ada Brook");
        assert_eq!(named("one by one"), "");
        assert_eq!(read("The Mill Press")[0].kind, AuthorKind::Organization);
        assert!(is_byline("By Ada Brook"));
        assert!(!is_byline("By noon the river fell."));
        assert!(!is_byline("By then it was late"));
    }
}
