//! Who wrote it: names out of claims and bylines, people told from organisations.

use wiredesk_model::article::{Author, AuthorKind};

use crate::text::{letters, line};

/// Words before the names of a byline.
const BY: [&str; 56] = [
    "автор:",
    "автор",
    "текст:",
    "yazan:",
    "yazar:",
    "haber:",
    "بقلم",
    "كتب",
    "记者",
    "作者：",
    "作者:",
    "文：",
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
const ORGANISATION: [&str; 65] = [
    "forum",
    "community",
    "club",
    "today",
    "journal",
    "tribune",
    "herald",
    "gazette",
    "observer",
    "report",
    "redazione",
    "redactie",
    "редакция",
    "radio",
    "tv",
    "bbc",
    "cnn",
    "company",
    "corporation",
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
const ROLES: [&str; 74] = [
    "coo",
    "cto",
    "cfo",
    "cmo",
    "deputy",
    "president",
    "bio",
    "profile",
    "articles",
    "posts",
    "subscribe",
    "started",
    "contact",
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
    let text = line(text);
    for name in split(before_the_rest(&text)) {
        let Some(name) = clean(name) else { continue };
        if !out.iter().any(|known| letters(&known.name) == letters(&name)) {
            let kind = if is_organisation(&name) { AuthorKind::Organization } else { AuthorKind::Person };
            out.push(Author { name, kind, url: None });
        }
    }
    out
}

/// An organisation by the name it gives itself: "Brook & Reed" is one.
pub(crate) fn organisation(name: &str) -> Option<Author> {
    let name = line(name);
    let fits = (2..=80).contains(&name.chars().count()) && !name.contains("://") && !name.contains('@');
    fits.then_some(Author { name, kind: AuthorKind::Organization, url: None })
}

/// A byline up to where it goes on about something else: "Ada Brook on Friday", "Ada Brook Last updated May 3", "Ada Brook. Reviewed
/// by Tom Reed".
fn before_the_rest(text: &str) -> &str {
    const REST: [&str; 10] = [
        "view",
        "updated",
        "published",
        "posted",
        "reviewed",
        "medically",
        "edited",
        "fact-checked",
        "modified",
        "aktualisiert",
    ];
    let mut at = 0;
    let mut words = text.split(' ').enumerate().peekable();
    while let Some((number, word)) = words.next() {
        let next = words.peek().map(|(_, next)| *next).unwrap_or_default();
        let bare = word.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
        let dated = |word: &str| word.starts_with(|c: char| c.is_ascii_digit());
        let ends = number > 1
            && (REST.contains(&bare.as_str())
                || (bare == "last" && next.to_lowercase().starts_with("updated"))
                || (super::dates::is_month(&bare) && dated(next))
                || (bare == "on" && (super::dates::is_month(next) || is_weekday(next) || dated(next)))
                || (bare == "in" && next.starts_with(char::is_uppercase)));
        if ends {
            return text[..at].trim_end();
        }
        at += word.len() + 1;
    }
    text
}

fn is_weekday(word: &str) -> bool {
    word.trim_matches(|c: char| !c.is_alphabetic()).to_lowercase().ends_with("day")
}

fn split(text: &str) -> Vec<&str> {
    const APART: [&str; 8] = [" & ", " • ", " · ", " / ", " — ", " – ", " - ", " ⋅ "];
    const JOINED: [&str; 9] = [" and ", " And ", " AND ", " und ", " et ", " y ", " with ", " en ", " и "];
    let mut parts: Vec<&str> = text.split([',', '|', ';', '\n', '\t', '、', '，']).collect();
    for mark in APART {
        parts = parts.into_iter().flat_map(|part| part.split(mark)).collect();
    }
    // "Home and Kitchen Editor" is one role, not two people.
    parts.retain(|part| {
        let said = part.trim_end_matches(|c: char| !c.is_alphanumeric());
        !said.rsplit([' ', '-']).next().is_some_and(|last| ROLES.contains(&letters(last).as_str()))
            || !has_joint(part, &JOINED)
    });
    for joint in JOINED {
        parts = parts.into_iter().flat_map(|part| part.split(joint)).collect();
    }
    parts.into_iter().map(str::trim).filter(|part| !part.is_empty()).collect()
}

fn has_joint(part: &str, joints: &[&str]) -> bool {
    joints.iter().any(|joint| part.contains(joint))
}

fn clean(name: &str) -> Option<String> {
    let mut name = name.trim_matches(|c: char| !c.is_alphanumeric() && !matches!(c, '.' | ')' | '@')).trim();
    loop {
        let lower = name.to_lowercase();
        let Some(by) = BY.iter().find(|by| {
            lower.starts_with(**by)
                && (by.ends_with([':', '：']) || lower[by.len()..].starts_with([' ', ':', '\u{a0}']))
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
    name = without_house(name);
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

/// A name without the house that is printed after it: "Ada Brook The Mill Press", "Ada Brook MILL TODAY".
fn without_house(name: &str) -> &str {
    let mut at = 0;
    for (number, word) in name.split(' ').enumerate() {
        let tail = name.get(at..).unwrap_or_default();
        let shouted = |text: &str| text.contains(char::is_alphabetic) && !text.contains(char::is_lowercase);
        let house =
            word == "The" || (shouted(tail) && tail.chars().count() > 2 && name[..at].contains(char::is_lowercase));
        if number >= 2 && house && is_organisation(tail) {
            return name[..at].trim_end();
        }
        at += word.len() + 1;
    }
    name
}

/// Small words inside names and at their beginnings.
const PARTICLES: [&str; 22] = [
    "de", "da", "di", "del", "della", "dos", "du", "la", "le", "el", "al", "bin", "ibn", "van", "von", "ter", "zu",
    "d", "den", "der", "e", "y",
];

/// Words of which the first is small, save the particles that begin names: "personal finance" is nobody.
fn is_phrase(words: &[&str]) -> bool {
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
    // "Ada Brook April 12", but "April Brook".
    let is_dated = |word: &str| {
        let at = words.iter().position(|other| std::ptr::eq(*other, word));
        let next = at.and_then(|at| words.get(at + 1)).copied().unwrap_or_default();
        super::dates::is_month(word) && next.starts_with(|c: char| c.is_ascii_digit())
    };
    let begins = |word: &&&str| {
        let first = word.trim_start_matches(['(', '"', '“']).chars().next();
        matches!(**word, "and" | "&" | "de" | "van" | "von" | "der" | "bin" | "al")
            || (first.is_some_and(char::is_uppercase) && !is_dated(word))
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
    name.starts_with("The ")
        || name.split_whitespace().any(|word| ORGANISATION.contains(&letters(word).as_str()))
        || name.contains('.') && !name.contains(' ')
}

/// Whether a line near the headline begins with the word of a byline and a name: "By Ada Brook in Mills on May 3", "by ada".
pub(crate) fn begins_byline(text: &str) -> bool {
    const WORDS: [&str; 13] = [
        "by",
        "written by",
        "posted by",
        "published by",
        "story by",
        "words by",
        "text by",
        "von",
        "par",
        "por",
        "autor:",
        "author:",
        "автор:",
    ];
    let mut rest = WORDS.iter().filter_map(|by| {
        let rest = text.get(by.len()..)?;
        (text.get(..by.len())?.to_lowercase() == *by && rest.starts_with([' ', ':']))
            .then_some(rest.trim_start_matches([' ', ':']))
    });
    let rest = rest.next_back().unwrap_or_default();
    let alone = rest.split(' ').count() == 1;
    text.len() < 200 && rest.starts_with(|c: char| !c.is_lowercase() || alone) && !read(text).is_empty()
}

/// How many names a line says will follow it, if it is nothing but a label: "By", "Authors:".
pub(crate) fn label(line: &str) -> Option<usize> {
    const ONE: [&str; 17] = [
        "by",
        "author",
        "written by",
        "words by",
        "story by",
        "posted by",
        "article by",
        "text by",
        "von",
        "autor",
        "autorin",
        "par",
        "auteur",
        "por",
        "autora",
        "автор",
        "yazar",
    ];
    const MANY: [&str; 5] = ["authors", "author(s)", "autoren", "auteurs", "autores"];
    if line.len() > 20 {
        return None;
    }
    let line = line.trim_end_matches([':', ' ']).to_lowercase();
    ONE.contains(&line.as_str()).then_some(1).or(MANY.contains(&line.as_str()).then_some(8))
}

/// Whether a line is a person's name and nothing else: two to four words that begin as names do.
pub(crate) fn is_name(line: &str) -> bool {
    let begins = |word: &str| word.starts_with(|c: char| c.is_uppercase() || (c.is_alphabetic() && !c.is_lowercase()));
    let name = line.split(", ").next().unwrap_or(line);
    let words: Vec<&str> = name.split(' ').collect();
    (2..=4).contains(&words.len())
        && name.len() < 60
        && begins(words[0])
        && begins(words[words.len() - 1])
        && words.iter().all(|word| begins(word) || PARTICLES.contains(word))
        && read(name).iter().any(|author| author.kind == AuthorKind::Person && letters(&author.name) == letters(name))
}

/// Whether a name is what someone logs in with: `ada.brook`, `adab`, `AdaB`.
pub(crate) fn is_login(name: &str) -> bool {
    !name.contains(' ')
        && (name.contains(['.', '_'])
            || !name.contains(|c: char| c.is_uppercase() || !c.is_ascii())
            || (name.ends_with(char::is_uppercase) && name.contains(char::is_lowercase)))
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
            ("Posted by Ada Brook on Friday May 3, 2026 @08:00PM", "Ada Brook"),
            (
                "By Ada Brook, Home and Kitchen Expert & Tom Reed, Mill Expert Last Updated on May 3, 2026",
                "Ada Brook; Tom Reed",
            ),
            ("By Ada Brook, DVM. Reviewed by Tom Reed, DVM", "Ada Brook"),
            ("By Ada Brook The Mill Press", "Ada Brook"),
            ("Ada Brook MILL TODAY NETWORK", "Ada Brook"),
            ("April Brook", "April Brook"),
            ("Автор: Анна Ручьёва", "Анна Ручьёва"),
            ("作者：张小河", "张小河"),
        ] {
            let names: Vec<String> = read(text).into_iter().map(|a| a.name).collect();
            assert_eq!(names.join("; "), want, "{text}");
        }
        let named = |text: &str| named_in(text).into_iter().map(|a| a.name).collect::<Vec<_>>().join("; ");
        assert_eq!(named("September 1st, 2023 By Ada Brook"), "Ada Brook");
        assert_eq!(named("By Ada Brook April 12, 2024"), "Ada Brook");
        assert_eq!(named("one by one"), "");
        assert_eq!(read("The Mill Press")[0].kind, AuthorKind::Organization);
        assert_eq!(read("The Mill")[0].kind, AuthorKind::Organization);
        assert_eq!(organisation("Brook & Reed").map(|a| a.name).as_deref(), Some("Brook & Reed"));
        assert!(begins_byline("By Ada Brook in Mills on May 3") && begins_byline("by ada"));
        assert!(!begins_byline("by the river") && !begins_byline("Byron Brook") && !begins_byline("Ada Brook"));
        assert_eq!((label("By"), label("Author(s):"), label("By Ada")), (Some(1), Some(8), None));
        assert!(is_name("Ada Brook") && is_name("Ada de Brook") && is_name("Ada Brook, PhD"));
        assert!(
            !is_name("Senior Reporter")
                && !is_name("The mill is closed")
                && !is_name("Ada")
                && !is_name("Mill News")
                && !is_name("Insights from")
        );
        assert!(
            is_login("ada.brook") && is_login("adab") && is_login("AdaB") && !is_login("Ada") && !is_login("Ada Brook")
        );
        assert!(is_byline("By Ada Brook"));
        assert!(!is_byline("By noon the river fell."));
        assert!(!is_byline("By then it was late"));
    }
}
