//! The headline: what readers see above the article, without the site's name.

use wiredesk_model::block::{Hints, Sourced};

use super::facts::Facts;
use super::json_ld::Linked;
use crate::text::{letters, line};

/// What may stand between a headline and the site's name.
const SEPARATORS: [&str; 13] =
    [" | ", " - ", " – ", " — ", " · ", " • ", " :: ", " » ", " « ", " / ", " ‖ ", " > ", " : "];

/// A title without the site's name at either end.
pub(crate) fn without_site(title: &str, sites: &[String]) -> String {
    let mut title = title.trim();
    loop {
        let mut cut: Option<&str> = None;
        for separator in SEPARATORS {
            let end = title.rfind(separator).filter(|at| *at > 0 && is_site(&title[at + separator.len()..], sites));
            let start = title.find(separator).filter(|at| is_site(&title[..*at], sites)).map(|at| at + separator.len());
            let rest = end.map(|at| &title[..at]).or(start.map(|at| &title[at..]));
            // The cut that leaves the most.
            if let Some(rest) =
                rest.filter(|rest| !rest.trim().is_empty() && cut.is_none_or(|cut| cut.len() < rest.len()))
            {
                cut = Some(rest);
            }
        }
        match cut {
            Some(rest) => title = rest.trim(),
            None => return title.to_owned(),
        }
    }
}

fn is_site(part: &str, sites: &[String]) -> bool {
    let part = letters(part);
    !part.is_empty()
        && sites.iter().any(|site| {
            *site == part
                || (site.len() > 4 && part.len() < site.len() + 14 && part.contains(site.as_str()))
                || (part.len() > 4 && site.len() < part.len() + 14 && site.contains(part.as_str()))
        })
}

/// The names a site goes by, letters only: what it says, who publishes, and the label of its domain.
pub(crate) fn site_names(facts: &Facts, linked: &Linked, hints: &Hints) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for key in ["og:site_name", "application-name", "apple-mobile-web-app-title", "publisher", "twitter:site"] {
        names.extend(facts.all(key).map(letters));
    }
    names.extend(linked.parties("publisher").into_iter().map(|(name, ..)| letters(&name)));
    if let Some(host) = super::host(hints) {
        let domain = psl::domain_str(&host).unwrap_or(&host);
        names.push(letters(domain));
        names.push(letters(domain.split('.').next().unwrap_or(domain)));
    }
    names.retain(|name| name.chars().count() > 1);
    names.sort();
    names.dedup();
    names
}

/// Chooses the headline. `headings` are the page's first-rank headings that readers see, in order; `lines` its first short
/// texts of any kind.
pub(crate) fn choose(
    facts: &Facts,
    linked: &Linked,
    hints: &Hints,
    headings: &[String],
    lines: &[&str],
) -> Option<Sourced<String>> {
    let sites = site_names(facts, linked, hints);
    let clean = |title: &str| without_site(&line(title), &sites);
    let mut claims: Vec<(String, &str)> = Vec::new();
    claims.extend(linked.text("headline").filter(|_| linked.has_article()).map(|t| (clean(&t), "json-ld")));
    claims.extend(facts.first(&["og:title"]).map(|t| (clean(t), "opengraph")));
    claims.extend(
        facts
            .first(&["twitter:title", "parsely-title", "sailthru.title", "dc.title", "dcterms.title"])
            .map(|t| (clean(t), "meta")),
    );
    claims.extend(facts.property("headline").map(|t| (clean(t), "microdata")));
    claims.extend(Some(clean(&facts.title)).filter(|t| !t.is_empty()).map(|t| (t, "html")));
    claims.extend(hints.title.as_deref().map(|t| (clean(&crate::text::without_tags(t)), "feed")));
    claims.retain(|(title, _)| !title.is_empty() && !is_site(title, &sites));
    let seen: Vec<&String> = headings.iter().filter(|h| h.split(' ').count() <= 60 && !is_site(h, &sites)).collect();
    let agrees = |heading: &str| claims.iter().map(|(claim, _)| overlap(heading, claim)).fold(0.0, f32::max);
    let best =
        seen.iter().map(|h| (agrees(h), *h)).fold(None, |best: Option<(f32, &String)>, (score, heading)| match best {
            Some((known, _)) if known >= score => best,
            _ => Some((score, heading)),
        });
    match best {
        Some((score, heading)) if score >= 0.5 => {
            let heading = clean(heading);
            let bare = claims.iter().find(|(claim, _)| is_labelled(&heading, claim)).map(|(claim, _)| claim.clone());
            return Some(Sourced::new(bare.unwrap_or(heading), "html"));
        }
        Some((_, heading)) if seen.len() == 1 && heading.split(' ').count() >= 3 => {
            return Some(Sourced::new(clean(heading), "html"));
        }
        _ => {}
    }
    if let Some((title, source)) = claims.into_iter().next() {
        let shown = shown_part(&title, lines).map(str::to_owned);
        return Some(Sourced::new(shown.unwrap_or(title), source));
    }
    seen.first().map(|h| Sourced::new((*h).clone(), "html"))
}

/// Words that stand before a headline to say what kind of text it is.
const LABELS: [&str; 16] = [
    "Opinion",
    "Analysis",
    "Exclusive",
    "Breaking",
    "Comment",
    "Editorial",
    "Perspective",
    "Review",
    "Live",
    "Video",
    "Watch",
    "Kommentar",
    "Analyse",
    "Opinión",
    "Análisis",
    "Commentaire",
];

/// Whether a heading is a title behind a label that is set apart by its looks alone: "Opinion The river rose".
fn is_labelled(heading: &str, title: &str) -> bool {
    let label = heading.strip_suffix(title).and_then(|label| label.strip_suffix(' '));
    title.split(' ').count() >= 3 && label.is_some_and(|label| LABELS.contains(&label))
}

/// The part of a title that the page shows as a line of its own: the rest is then a site's name that nothing else told.
fn shown_part<'a>(title: &'a str, lines: &[&str]) -> Option<&'a str> {
    let parts = SEPARATORS.iter().flat_map(|separator| {
        let first = title.split_once(separator);
        let last = title.rsplit_once(separator);
        [first.map(|(_, rest)| rest), last.map(|(rest, _)| rest)]
    });
    parts.flatten().find(|part| {
        part.split(' ').count() >= 4 && {
            let part = letters(part);
            lines.iter().any(|line| letters(line) == part)
        }
    })
}

/// Share of words that two titles have in common, 0 to 1.
pub(crate) fn overlap(a: &str, b: &str) -> f32 {
    let words = |text: &str| -> Vec<String> {
        text.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).map(str::to_lowercase).collect()
    };
    let (a, mut b) = (words(a), words(b));
    if a.is_empty() || b.is_empty() {
        return 0.0;
    }
    let all = a.len() + b.len();
    let mut common = 0;
    for word in &a {
        if let Some(at) = b.iter().position(|other| other == word) {
            b.swap_remove(at);
            common += 1;
        }
    }
    2.0 * common as f32 / all as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sites_name_goes() {
        let sites = [letters("The Mill Post"), letters("millpost")];
        for (title, want) in [
            ("River rises - again | The Mill Post", "River rises - again"),
            ("The Mill Post: x", "The Mill Post: x"),
            ("Mill Post » River rises", "River rises"),
            ("River rises", "River rises"),
            ("The Mill Post", "The Mill Post"),
        ] {
            assert_eq!(without_site(title, &sites), want);
        }
        assert!(is_labelled("Opinion The river rose", "The river rose"));
        assert!(
            !is_labelled("Opinion: The river rose", "The river rose")
                && !is_labelled("The river rose", "The river rose")
        );
        let lines = ["Mill Post", "River rises by two metres"];
        assert_eq!(shown_part("Mill Post - River rises by two metres", &lines), Some("River rises by two metres"));
        assert_eq!(shown_part("River rises - again", &lines), None);
    }
}
