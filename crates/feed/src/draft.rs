//! An item while it is read: every claim about a field with its rank, the best of them kept.

use std::rc::Rc;

use url::Url;
use wiredesk_model::date::Claimed;
use wiredesk_model::entry::Listing;

use crate::dates;
use crate::limits::{self, Pot};
use crate::parsed::Item;

/// A field that several elements can fill; the lower rank wins, the first of equals stays.
#[derive(Clone, Debug)]
pub(crate) struct Best<T>(Option<(u8, T)>);

impl<T> Default for Best<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T> Best<T> {
    pub(crate) fn offer(&mut self, rank: u8, value: Option<T>) {
        if let Some(value) = value
            && self.0.as_ref().is_none_or(|(held, _)| rank < *held)
        {
            self.0 = Some((rank, value));
        }
    }

    pub(crate) fn wants(&self, rank: u8) -> bool {
        self.0.as_ref().is_none_or(|(held, _)| rank < *held)
    }

    pub(crate) fn take(self) -> Option<T> {
        self.0.map(|(_, value)| value)
    }
}

/// An Atom link or an enclosure.
#[derive(Clone, Debug, Default)]
pub(crate) struct Link {
    pub(crate) href: String,
    pub(crate) rel: Option<String>,
    pub(crate) kind: Option<String>,
    /// The base that holds where it stands, where it is not the item's.
    pub(crate) base: Option<Rc<Url>>,
}

/// What was found of an item so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Draft {
    pub(crate) title: Best<String>,
    /// Atom links, with their relation.
    pub(crate) links: Vec<Link>,
    /// RSS links and what stands in for them.
    pub(crate) link: Best<String>,
    pub(crate) guid: Best<String>,
    /// Whether the guid says that it is an address.
    pub(crate) guid_is_link: bool,
    /// Whether it is RSS's permalink, which may be relative.
    pub(crate) guid_may_be_relative: bool,
    pub(crate) summary: Best<String>,
    pub(crate) content: Best<String>,
    pub(crate) authors: Vec<String>,
    pub(crate) categories: Vec<String>,
    pub(crate) enclosures: Vec<String>,
    pub(crate) published: Best<Claimed>,
    /// A date of publication that cannot be meant.
    impossible: Best<Claimed>,
    pub(crate) updated: Best<Claimed>,
    pub(crate) language: Best<String>,
    pub(crate) base: Option<Rc<Url>>,
}

/// More names, categories or media than this are an attack or a fault.
const MOST: usize = 200;

impl Draft {
    pub(crate) fn published(&mut self, rank: u8, text: Option<&str>) {
        if self.published.wants(rank) {
            let claimed = text.and_then(dates::claimed);
            let possible = claimed.filter(dates::is_possible);
            if possible.is_none() {
                self.impossible.offer(rank, claimed);
            }
            self.published.offer(rank, possible);
        }
    }

    pub(crate) fn updated(&mut self, rank: u8, text: Option<&str>) {
        if self.updated.wants(rank) {
            self.updated.offer(rank, text.and_then(dates::claimed).filter(dates::is_possible));
        }
    }

    pub(crate) fn author(&mut self, name: Option<String>) {
        add(&mut self.authors, limits::name(name));
    }

    pub(crate) fn category(&mut self, name: Option<String>) {
        add(&mut self.categories, limits::name(name));
    }

    pub(crate) fn enclosure(&mut self, href: Option<String>) {
        add(&mut self.enclosures, limits::address(href));
    }

    /// The item, its links made absolute against its own base or the feed's; `None` where the allowance does not last for it.
    pub(crate) fn finish(mut self, feed_base: &Url, inherited: &Inherited, allowance: &mut Pot) -> Option<Item> {
        let own_base = self.base.take();
        let base = own_base.as_deref().unwrap_or(feed_base);
        let own_base = own_base.as_deref().or(inherited.address.as_ref()).unwrap_or(feed_base);
        let guid = limits::address(self.guid.take());
        let rss_link = self.link.take();
        let link =
            self.links.iter().filter_map(|link| Some((relation_rank(link)?, link))).min_by_key(|(rank, _)| *rank);
        let alternate = link.map(|(_, link)| (link.href.as_str(), link.base.as_deref().unwrap_or(base)));
        let link = rss_link
            .as_deref()
            .map(|href| (href, base))
            .into_iter()
            .chain(alternate)
            // An id that is a whole address is one; only a permalink may be relative.
            .chain(
                guid.as_deref()
                    .filter(|guid| self.guid_is_link && (self.guid_may_be_relative || guid.contains("://")))
                    .map(|href| (href, base)),
            )
            .find_map(|(href, base)| afforded(href, absolute(href, base), allowance));
        let mut enclosures = self.enclosures;
        for href in &mut enclosures {
            if let Some(absolute) = afforded(href, absolute(href, base), allowance) {
                *href = absolute;
            }
        }
        let guid_url = guid.as_deref().filter(|_| self.guid_is_link);
        let guid_url = guid_url.and_then(|guid| afforded(guid, relative(guid, own_base), allowance));
        let authors = match self.authors.is_empty() && inherited.authors_are_afforded(allowance) {
            true => inherited.authors.clone(),
            false => self.authors,
        };
        let language = limits::language(self.language.take())
            .or_else(|| inherited.language.clone().filter(|language| allowance.take(language.len())));
        if allowance.is_spent() {
            return None;
        }
        Some(Item {
            guid_url,
            claimed: self.impossible.take(),
            guid,
            repeated: false,
            listing: Listing {
                identity: String::new(),
                link,
                title: limits::headline(self.title.take()),
                summary: self.summary.take(),
                content: self.content.take(),
                authors,
                categories: self.categories,
                enclosures,
                published: self.published.take(),
                updated: self.updated.take(),
                language,
            },
        })
    }
}

/// What an item has of its feed where it says nothing itself.
#[derive(Clone, Debug, Default)]
pub(crate) struct Inherited {
    pub(crate) authors: Vec<String>,
    pub(crate) language: Option<String>,
    /// The feed's own address.
    pub(crate) address: Option<Url>,
}

impl Inherited {
    fn authors_are_afforded(&self, allowance: &mut Pot) -> bool {
        allowance.take(self.authors.iter().map(String::len).sum())
    }
}

/// An address that was made of what is written, where the allowance lasts for what the base has added to it.
fn afforded(written: &str, made: Option<String>, allowance: &mut Pot) -> Option<String> {
    made.filter(|made| allowance.take(made.len().saturating_sub(written.len())))
}

/// An address that is relative, made absolute; `None` for names that are absolute addresses or URIs already.
fn relative(guid: &str, base: &Url) -> Option<String> {
    match Url::parse(guid) {
        Err(url::ParseError::RelativeUrlWithoutBase) => base.join(guid).ok().map(String::from),
        _ => None,
    }
}

fn add(list: &mut Vec<String>, value: Option<String>) {
    if let Some(value) = value
        && list.len() < MOST
        && !value.is_empty()
        && !list.contains(&value)
    {
        list.push(value);
    }
}

/// How well a link serves as the article's: the alternate in HTML first; replies, media and machines' links never.
fn relation_rank(link: &Link) -> Option<u8> {
    let html = link.kind.as_deref().is_none_or(|kind| kind.contains("html"));
    match link.rel.as_deref().unwrap_or("alternate").to_ascii_lowercase().as_str() {
        "alternate" | "" | "http://www.iana.org/assignments/relation/alternate" => Some(if html { 0 } else { 1 }),
        "canonical" | "bookmark" => Some(2),
        _ => None,
    }
}

/// The absolute http(s) form of a link; the feed's own spelling where it is absolute already.
pub(crate) fn absolute(href: &str, base: &Url) -> Option<String> {
    let href: String = href.trim().chars().filter(|c| !matches!(c, '\n' | '\r' | '\t')).collect();
    if href.is_empty() {
        return None;
    }
    let is_web = |url: &Url| matches!(url.scheme(), "http" | "https") && url.has_host();
    match Url::parse(&href) {
        Ok(url) => is_web(&url).then_some(href),
        Err(_) if href.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("www.")) => {
            Some(format!("http://{href}"))
        }
        Err(_) => base.join(&href).ok().filter(is_web).map(String::from),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Allowance;

    #[test]
    fn links_are_made_absolute() {
        let base: Url = "https://a.test/b/feed.xml".parse().expect("a URL");
        for (href, expected) in [
            (" https://c.test/x?a=b c\n", Some("https://c.test/x?a=b c")),
            ("/x", Some("https://a.test/x")),
            ("x", Some("https://a.test/b/x")),
            ("//c.test/x", Some("https://c.test/x")),
            ("www.c.test/x", Some("http://www.c.test/x")),
            ("mailto:a@b.test", None),
            ("javascript:alert(1)", None),
            ("", None),
        ] {
            assert_eq!(absolute(href, &base).as_deref(), expected, "{href}");
        }
    }

    #[test]
    fn the_alternate_is_the_article() {
        let link = |rel: Option<&str>, kind: Option<&str>, href: &str| Link {
            href: href.into(),
            rel: rel.map(Into::into),
            kind: kind.map(Into::into),
            base: None,
        };
        let base: Url = "https://a.test/".parse().expect("a URL");
        for (links, expected) in [
            (
                vec![
                    link(Some("self"), None, "/self"),
                    link(Some("replies"), Some("text/html"), "/r"),
                    link(None, None, "/a"),
                ],
                Some("https://a.test/a"),
            ),
            (
                vec![
                    link(Some("alternate"), Some("application/json"), "/j"),
                    link(Some("alternate"), Some("text/html"), "/h"),
                ],
                Some("https://a.test/h"),
            ),
            (vec![link(Some("enclosure"), Some("audio/mpeg"), "/a.mp3")], None),
        ] {
            let draft = Draft { links, ..Draft::default() };
            let item = draft.finish(&base, &Inherited::default(), &mut Allowance::of("").items).expect("an item");
            assert_eq!(item.listing.link.as_deref(), expected);
        }
    }
}
