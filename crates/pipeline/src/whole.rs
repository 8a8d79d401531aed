//! Whether a feed carries the whole of its articles, so that `full_text = "auto"` can save their pages.
//!
//! Nothing that a feed says of itself tells: full texts and teasers stand in the same elements. So the pages are the judge: as they are read,
//! each is compared with what the feed carried of it. When five in a row said no more, pages are fetched no more, save every
//! tenth, as a sample; one that says more than the feed did, and all are fetched again. A page that differs in a caption or a byline
//! counts neither way. Which entry is a sample hangs on its name, not
//! on chance, and one that was read by its page before is read so again: another source would be another body.

use std::collections::HashSet;

use url::Url;
use wiredesk_clean::Cleaned;
use wiredesk_model::block::Hints;
use wiredesk_model::feed::{Feed, FullText};
use wiredesk_model::link;
use wiredesk_store::entries::Admitted;

use crate::article;

/// What the record's `extraction.flags` say of an article whose page was not fetched.
pub(crate) const FLAG: &str = "whole_in_feed";
/// So many pages in a row must say no more than the feed.
pub const PAGES: u32 = 5;
/// One entry in so many is a sample from then on.
const SAMPLE: u8 = 10;
/// What a feed carries of an entry in fewer words may be a teaser: its page is fetched.
const WORDS: usize = 150;
/// Words in a row that are compared at once.
const SHINGLE: usize = 4;
/// How much of each text must stand in the other, in hundredths: a caption, a byline more or less are no difference.
const ALIKE: usize = 97;

/// Whether the feed may speak for the page: it is of the same site. What a feed says of other people's pages only they can say, or anybody
/// could publish under anybody's address; `full_text = "feed"` is for those who know better.
pub(crate) fn may_speak_for(feed: &Feed, page: &str) -> bool {
    Url::parse(page).is_ok_and(|page| link::same_site(&page, &feed.url))
}

/// Whether the entry's page need not be fetched.
pub(crate) fn is_enough(admitted: &Admitted, feed: &Feed) -> bool {
    let sampled = admitted.entry.key.as_bytes()[0].is_multiple_of(SAMPLE);
    feed.full_text == FullText::Auto
        && admitted.whole >= PAGES
        && !admitted.revisit
        && !admitted.crashed
        && !sampled
        && admitted.entry.listing.link.as_deref().is_some_and(|page| may_speak_for(feed, page))
        && looks_whole(&admitted.entry.listing.content, &admitted.entry.listing.summary)
}

/// Whether the page can say anything about its feed.
pub(crate) fn is_worth_comparing(admitted: &Admitted, feed: &Feed, hints: &Hints) -> bool {
    feed.full_text == FullText::Auto && !admitted.revisit && carries_text(&hints.content, &hints.summary)
}

/// Whether what a feed carries of one entry may be the whole of it, in a feed that carries whole articles: even those carry teasers of
/// what only subscribers read. It has the length of an article and does not break off.
fn looks_whole(content: &Option<String>, summary: &Option<String>) -> bool {
    let Some(html) = content.as_ref().or(summary.as_ref()) else { return false };
    let text: String = html.split('<').map(|piece| piece.split_once('>').map_or(piece, |(_, text)| text)).collect();
    let end = text.trim_end().trim_end_matches([']', ')', ' ', '\u{a0}']);
    let breaks_off =
        ["…", "...", "&hellip;", "&#8230;", "[&hellip;", "[&#8230;"].iter().any(|mark| end.ends_with(mark));
    text.split_whitespace().count() >= WORDS && !breaks_off
}

fn carries_text(content: &Option<String>, summary: &Option<String>) -> bool {
    content.is_some() || summary.is_some()
}

/// Whether the page's article says no more than what the feed carries of it, nor less; `None` where the two are so alike that neither
/// can be said.
///
/// No more is the same body, to the letter: otherwise a story that others carry too would be one body by its page and another by its feed.
pub(crate) fn says_no_more(page: &Cleaned, hints: &Hints) -> Option<bool> {
    let carried = hints.content.as_ref().or(hints.summary.as_ref()).map_or(0, String::len);
    if carried * 2 < page.article.text.len() {
        return Some(false); // a teaser, whatever it says
    }
    let Ok(Some(feed)) = article::from_feed(hints) else { return Some(false) };
    if feed.article.domain != page.article.domain {
        return Some(false); // its links lead through somebody else's redirects: only the page knows whose article it is
    }
    match feed.article.content_hash == page.article.content_hash {
        true => Some(true),
        false if are_alike(&feed.article.text, &page.article.text) => None,
        false => Some(false),
    }
}

fn are_alike(one: &str, other: &str) -> bool {
    let (one, other) = (shingles(one), shingles(other));
    let common = one.intersection(&other).count();
    !one.is_empty() && !other.is_empty() && common * 100 >= one.len().max(other.len()) * ALIKE
}

fn shingles(text: &str) -> HashSet<String> {
    let folded: Vec<String> = text
        .split_whitespace()
        .map(|word| word.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect())
        .filter(|word: &String| !word.is_empty())
        .collect();
    folded.windows(SHINGLE).map(|words| words.join(" ")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_teaser_in_a_feed_of_whole_articles_is_not_taken_for_one() {
        let words = |count: usize| Some(format!("<p>{}</p>", "word ".repeat(count)));
        assert!(looks_whole(&words(200), &None));
        assert!(looks_whole(&None, &words(200)));
        assert!(!looks_whole(&words(60), &None), "short");
        assert!(!looks_whole(&Some(format!("<p>{} […]</p>", "word ".repeat(200))), &None), "broken off");
        assert!(!looks_whole(&None, &None));
    }

    #[test]
    fn texts_are_alike_when_nearly_all_of_each_stands_in_the_other() {
        let long: String = (0..300).map(|n| format!("word{n} ")).collect();
        assert!(are_alike(&long, &long.to_uppercase()));
        assert!(are_alike(&long, &format!("{long} Photo: A. Nother")));
        let teaser: String = long.chars().take(600).collect();
        assert!(!are_alike(&long, &teaser));
        assert!(!are_alike(&long, &format!("{long}{}", "and something more that only the page says ".repeat(3))));
        assert!(!are_alike("", ""));
    }
}
