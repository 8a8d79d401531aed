//! Whose words a feed's elements are: prefixes resolved to the vocabularies that feeds use.
//!
//! Feeds bind the usual prefixes to wrong addresses, or to none. So an address that is known decides; where it is not,
//! the prefix is taken for what everybody means by it.

use crate::scan::Tag;

/// A vocabulary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Words {
    /// RSS of any age, Atom, CDF, sitemaps: told apart by the root, not by the namespace.
    Core,
    Rdf,
    DublinCore,
    DublinCoreTerms,
    Content,
    Media,
    Itunes,
    Xhtml,
    Syndication,
    FeedBurner,
    News,
    SitemapImage,
    Other,
}

fn of_address(address: &str) -> Option<Words> {
    let address = address.trim().trim_end_matches(['/', '#']).to_ascii_lowercase();
    let bare = address.trim_start_matches("https://").trim_start_matches("http://").trim_start_matches("www.");
    Some(match bare {
        "w3.org/2005/atom"
        | "purl.org/atom/ns"
        | "purl.org/rss/1.0"
        | "my.netscape.com/rdf/simple/0.9"
        | "channel.netscape.com/rdf/simple/0.9"
        | "purl.org/net/rss1.1"
        | "sitemaps.org/schemas/sitemap/0.9" => Words::Core,
        "w3.org/1999/02/22-rdf-syntax-ns" => Words::Rdf,
        "purl.org/dc/elements/1.1" | "purl.org/dc/elements/1.0" => Words::DublinCore,
        "purl.org/dc/terms" => Words::DublinCoreTerms,
        "purl.org/rss/1.0/modules/content" => Words::Content,
        "search.yahoo.com/mrss" | "video.search.yahoo.com/mrss" => Words::Media,
        "itunes.com/dtds/podcast-1.0.dtd" | "itunes.com/dtds/podcast-1.0" | "example.com/dtds/podcast-1.0.dtd" => {
            Words::Itunes
        }
        "w3.org/1999/xhtml" => Words::Xhtml,
        "purl.org/rss/1.0/modules/syndication" => Words::Syndication,
        "rssnamespace.org/feedburner/ext/1.0" => Words::FeedBurner,
        "google.com/schemas/sitemap-news/0.9" => Words::News,
        "google.com/schemas/sitemap-image/1.1" => Words::SitemapImage,
        _ if bare.starts_with("backend.userland.com/rss") || bare.starts_with("blogs.law.harvard.edu/tech/rss") => {
            Words::Core
        }
        _ if bare.starts_with("purl.org/atom/") || bare.starts_with("purl.org/rss/1.0/") && bare.len() < 20 => {
            Words::Core
        }
        _ => return None,
    })
}

fn of_prefix(prefix: &str) -> Words {
    match prefix {
        "" | "rss" | "atom" | "atom03" | "atom10" | "a10" | "a" => Words::Core,
        "rdf" => Words::Rdf,
        "dc" => Words::DublinCore,
        "dcterms" | "dct" => Words::DublinCoreTerms,
        "content" => Words::Content,
        "media" | "mrss" => Words::Media,
        "itunes" => Words::Itunes,
        "xhtml" | "html" => Words::Xhtml,
        "sy" => Words::Syndication,
        "feedburner" => Words::FeedBurner,
        "news" => Words::News,
        _ => Words::Other,
    }
}

/// The prefixes bound so far, each with the depth of the element that bound it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Bindings<'a> {
    bound: Vec<(usize, &'a str, Words)>,
}

/// More bindings than this are nobody's feed.
const MOST: usize = 256;

impl<'a> Bindings<'a> {
    /// Takes up the bindings of a tag at this depth (0 is the root).
    pub(crate) fn enter(&mut self, tag: &Tag<'a>, depth: usize) {
        if !tag.mentions("xmlns") {
            return;
        }
        for (name, value) in tag.attributes() {
            let prefix = match name.strip_prefix("xmlns") {
                Some("") => "",
                Some(rest) if rest.starts_with(':') => &rest[1..],
                _ => continue,
            };
            let words = match of_address(&value) {
                Some(words) => words,
                // A root in a namespace nobody knows is still a feed; a part of one is a guest.
                None if prefix.is_empty() => {
                    if depth == 0 || value.trim().is_empty() {
                        Words::Core
                    } else {
                        Words::Other
                    }
                }
                None => of_prefix(prefix),
            };
            if self.bound.len() < MOST {
                self.bound.push((depth, prefix, words));
            }
        }
    }

    /// Forgets what was bound at this depth and below.
    pub(crate) fn leave(&mut self, depth: usize) {
        while self.bound.last().is_some_and(|(at, _, _)| *at >= depth) {
            self.bound.pop();
        }
    }

    /// A name's vocabulary and the name without prefix.
    pub(crate) fn resolve(&self, name: &'a str) -> (Words, &'a str) {
        let (prefix, local) = name.split_once(':').unwrap_or(("", name));
        let words = self.bound.iter().rev().find(|(_, bound, _)| *bound == prefix).map(|(_, _, words)| *words);
        (words.unwrap_or_else(|| of_prefix(prefix)), local)
    }
}
