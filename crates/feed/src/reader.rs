//! The reader of RSS, Atom, RDF, CDF and sitemaps: one pass over a document in whatever shape.
//!
//! One reader for all families, because real feeds mix them: Atom links in RSS, RSS dates in Atom, Dublin Core in both.
//! It keeps a stack of open elements only down to the parts of an item; what an element holds is taken as a slice. An end
//! tag that closes nothing is passed over, one that closes an outer element closes what is open in it, an item that
//! starts inside an item ends it, and an item that the end of the document cuts off is not given.

use std::rc::Rc;
use std::time::Duration;

use jiff::civil::Weekday;
use url::Url;
use wiredesk_model::link::LONGEST;

use crate::MOST_ITEMS;
use crate::draft::{Draft, Inherited, absolute};
use crate::elements::{self, Then};
use crate::limits::{self, Allowance, FEEDS_OWN_AUTHORS};
use crate::names::{Bindings, Words};
use crate::parsed::{FeedKind, Item};
use crate::scan::{Scanner, Tag, Token};
use crate::text::{self, Inside};

/// Elements open at once; deeper ones are read as if they were beside each other.
const DEEPEST: usize = 200;

/// What a pass over a document found.
#[derive(Debug, Default)]
pub(crate) struct Found<'a> {
    /// The family, by the first element that names one.
    pub(crate) kind: Option<FeedKind>,
    /// The first element of all.
    pub(crate) root: Option<&'a str>,
    pub(crate) title: Option<String>,
    pub(crate) language: Option<String>,
    pub(crate) site: Option<String>,
    pub(crate) ttl: Option<Duration>,
    pub(crate) update_period: Option<Duration>,
    pub(crate) skip_hours: Vec<u8>,
    pub(crate) skip_days: Vec<Weekday>,
    pub(crate) hub: Option<String>,
    pub(crate) self_url: Option<String>,
    pub(crate) items: Vec<Item>,
    pub(crate) left_out: usize,
    /// Something was not as XML has it.
    pub(crate) hurt: bool,
    /// The document ends before its root does.
    pub(crate) cut: bool,
    /// A `<news:news>` was seen: a sitemap that is a feed.
    pub(crate) has_news: bool,
    /// The root's bindings of prefixes, for items read alone.
    pub(crate) bindings: Bindings<'a>,
    /// The base that the items' links hang on.
    pub(crate) base: Option<Url>,
    /// What is left of it, for items read alone.
    pub(crate) allowance: Allowance,
}

/// Reads a document.
pub(crate) fn read<'a>(document: &'a str, base: &Url) -> Found<'a> {
    Reader::new(document, base.clone(), Bindings::default(), Allowance::of(document)).run()
}

/// Reads a piece of a document as if it stood in it: with its bindings, its base, and what is left of its allowance.
pub(crate) fn read_piece<'a>(piece: &'a str, base: &Url, bindings: Bindings<'a>, allowance: Allowance) -> Found<'a> {
    Reader::new(piece, base.clone(), bindings, allowance).run()
}

pub(crate) struct Reader<'a> {
    pub(crate) scanner: Scanner<'a>,
    pub(crate) bindings: Bindings<'a>,
    open: Vec<&'a str>,
    /// `xml:base` of the open elements, with their depth.
    bases: Vec<(usize, Rc<Url>)>,
    feed_base: Url,
    allowance: Allowance,
    item: Option<(usize, Draft)>,
    drafts: Vec<Draft>,
    channel_authors: Vec<String>,
    period: Option<Duration>,
    frequency: u32,
    hurt: bool,
    found: Found<'a>,
}

impl<'a> Reader<'a> {
    fn new(document: &'a str, base: Url, bindings: Bindings<'a>, allowance: Allowance) -> Self {
        Self {
            scanner: Scanner::new(document),
            bindings,
            open: Vec::new(),
            bases: Vec::new(),
            feed_base: base,
            allowance,
            item: None,
            drafts: Vec::new(),
            channel_authors: Vec::new(),
            period: None,
            frequency: 1,
            hurt: false,
            found: Found::default(),
        }
    }

    fn run(mut self) -> Found<'a> {
        while let Some(token) = self.scanner.next() {
            match token {
                Token::Start(tag) => self.start(tag),
                Token::End(name) => self.end(name),
                Token::Text(_) | Token::CData(_) => {}
            }
        }
        self.finish()
    }

    fn finish(mut self) -> Found<'a> {
        self.found.cut = self.scanner.cut || !self.open.is_empty() || self.item.is_some();
        self.found.hurt = self.hurt || self.scanner.hurt;
        self.found.bindings = self.bindings;
        self.found.update_period = self.period.map(|period| period / self.frequency.max(1));
        let site = limits::address(self.found.site.take().and_then(|site| absolute(&site, &self.feed_base)));
        // Relative links hang on xml:base, else on the site, else on the feed's own address.
        let site_base = site.as_deref().and_then(|site| Url::parse(site).ok());
        let is_atom = self.found.kind == Some(FeedKind::Atom);
        let base = site_base.filter(|_| !is_atom).unwrap_or_else(|| self.feed_base.clone());
        self.found.site = site;
        let inherited = Inherited {
            authors: if is_atom { self.channel_authors } else { Vec::new() },
            language: self.found.language.clone(),
            address: Some(self.feed_base.clone()),
        };
        for draft in self.drafts {
            match draft.finish(&base, &inherited, &mut self.allowance.items) {
                Some(item) => self.found.items.push(item),
                None => self.found.left_out += 1,
            }
        }
        self.found.allowance = self.allowance;
        self.found.base = Some(base);
        self.found
    }

    fn start(&mut self, tag: Tag<'a>) {
        let depth = self.open.len();
        self.bindings.enter(&tag, depth);
        let (words, local) = self.bindings.resolve(tag.name);
        let mut buffer = [0; 24];
        let local = lower(local, &mut buffer);
        if self.found.root.is_none() {
            self.found.root = Some(tag.name);
        }
        if starts_item(words, local) && !(local == "url" && self.found.kind != Some(FeedKind::Sitemap)) {
            if self.item.is_some() {
                // The one before was not closed.
                self.hurt = true;
                let at = self.item.as_ref().map_or(0, |(at, _)| *at);
                self.close_to(at);
            }
            self.open_item(&tag, local);
        } else if self.item.is_some() {
            self.part(tag, words, local);
            return;
        } else {
            self.feed_part(tag, words, local);
            return;
        }
        if tag.empty {
            self.close_to(self.open.len().saturating_sub(1));
        }
    }

    fn push(&mut self, tag: &Tag<'a>) {
        let depth = self.open.len();
        if depth >= DEEPEST {
            self.hurt = true;
            self.bindings.leave(depth);
            return;
        }
        if let Some(base) = self.base_of(tag) {
            self.bases.push((depth, base));
        }
        self.open.push(tag.name);
    }

    /// The base that an element sets, where it sets one.
    pub(crate) fn base_of(&mut self, tag: &Tag<'a>) -> Option<Rc<Url>> {
        if !tag.mentions("xml:base") {
            return None;
        }
        let outer = self.bases.last().map_or(&self.feed_base, |(_, base)| base);
        let base = outer.join(&limits::address(tag.attribute("xml:base"))?).ok()?;
        let length = base.as_str().len();
        (length <= LONGEST && self.allowance.bases.take(length)).then(|| Rc::new(base))
    }

    fn open_item(&mut self, tag: &Tag<'a>, local: &str) {
        self.found.kind.get_or_insert(if local == "entry" { FeedKind::Atom } else { FeedKind::Rss });
        let mut draft = Draft::default();
        let depth = self.open.len();
        self.push(tag);
        draft.base = self.bases.last().map(|(_, base)| base.clone());
        elements::item_attributes(&mut draft, tag);
        self.item = Some((depth, draft));
    }

    /// A part of an item.
    fn part(&mut self, tag: Tag<'a>, words: Words, local: &str) {
        let Some((at, mut draft)) = self.item.take() else { return };
        match elements::part(self, &mut draft, &tag, words, local) {
            Then::Done => {
                let depth = self.open.len();
                self.bindings.leave(depth);
            }
            Then::LookInside if tag.empty => {
                let depth = self.open.len();
                self.bindings.leave(depth);
            }
            Then::LookInside => self.push(&tag),
        }
        self.item = Some((at, draft));
    }

    pub(crate) fn saw_news(&mut self) {
        self.found.has_news = true;
    }

    fn feed_part(&mut self, tag: Tag<'a>, words: Words, local: &str) {
        let depth = self.open.len();
        if words == Words::Core || words == Words::Rdf {
            let kind = match local {
                "rss" | "channel" => Some(FeedKind::Rss),
                "feed" => Some(FeedKind::Atom),
                "rdf" if words == Words::Rdf => Some(FeedKind::Rdf),
                "urlset" => Some(FeedKind::Sitemap),
                _ => None,
            };
            if let Some(kind) = kind {
                self.found.kind.get_or_insert(kind);
                if self.found.language.is_none() && tag.mentions("xml:lang") {
                    self.found.language = limits::language(tag.attribute("xml:lang").filter(|l| !l.is_empty()));
                }
                if local == "channel" && tag.mentions("href") | tag.mentions("HREF") {
                    self.found.site = tag.attribute("href");
                }
                if !tag.empty {
                    self.push(&tag);
                } else {
                    self.bindings.leave(depth);
                }
                return;
            }
        }
        let parent = self.open.last().map(|name| self.bindings.resolve(name).1);
        let of_feed =
            parent.is_some_and(|p| ["channel", "feed", "RDF", "rss"].iter().any(|n| n.eq_ignore_ascii_case(p)));
        if of_feed && self.feed_field(&tag, words, local) || tag.empty {
            self.bindings.leave(depth);
        } else {
            self.push(&tag);
        }
    }

    /// Takes a field of the feed itself; false where it is none, and may hold items.
    fn feed_field(&mut self, tag: &Tag<'a>, words: Words, local: &str) -> bool {
        match (words, local) {
            (Words::Core, "link") => {
                let (rel, href) = (tag.attribute("rel"), limits::address(tag.attribute("href")));
                let inside = self.inside(tag).line();
                match (rel.as_deref().unwrap_or("alternate"), href) {
                    ("alternate", Some(href)) => _ = self.found.site.get_or_insert(href),
                    ("hub", Some(href)) => _ = self.found.hub.get_or_insert(href),
                    ("self", Some(href)) => _ = self.found.self_url.get_or_insert(href),
                    (_, Some(_)) => {}
                    // RSS's own link is the better word.
                    (_, None) => self.found.site = inside.or(self.found.site.take()),
                }
            }
            (Words::Core, "title") => {
                let inside = self.inside(tag);
                self.found.title =
                    self.found.title.take().or_else(|| limits::headline(text::headline(&inside.html()?)));
            }
            (Words::Core, "language") | (Words::DublinCore, "language") => {
                let inside = limits::language(self.inside(tag).line());
                self.found.language = self.found.language.take().or(inside);
            }
            (Words::Core, "ttl") => {
                let minutes = self.inside(tag).line().and_then(|m| m.parse::<u64>().ok());
                self.found.ttl =
                    minutes.and_then(|m| m.checked_mul(60)).map(Duration::from_secs).filter(|t| !t.is_zero());
            }
            (Words::Syndication, "updateperiod") => {
                let days = |n: u64| Some(Duration::from_secs(n * 86_400));
                self.period = match self.inside(tag).line().map(|p| p.to_ascii_lowercase()).as_deref() {
                    Some("hourly") => Some(Duration::from_secs(3600)),
                    Some("daily") => days(1),
                    Some("weekly") => days(7),
                    Some("monthly") => days(30),
                    Some("yearly") => days(365),
                    _ => None,
                };
            }
            (Words::Syndication, "updatefrequency") => {
                self.frequency = self.inside(tag).line().and_then(|n| n.parse().ok()).unwrap_or(1);
            }
            (Words::Core, "skiphours") => {
                let inside = self.inside(tag);
                let hours = elements::children(inside.raw, "hour").filter_map(|hour| hour.parse::<u8>().ok());
                // Some count to 24.
                self.found.skip_hours = hours.filter(|h| *h <= 24).map(|h| h % 24).take(24).collect();
            }
            (Words::Core, "skipdays") => {
                let inside = self.inside(tag);
                self.found.skip_days =
                    elements::children(inside.raw, "day").filter_map(|day| weekday(&day)).take(7).collect();
            }
            (Words::Core, "author") => {
                let inside = self.inside(tag);
                let names = elements::person(&inside).into_iter().filter(|name| limits::feeds_own_name(name));
                self.channel_authors.extend(names);
                self.channel_authors.truncate(FEEDS_OWN_AUTHORS);
            }
            // Things with titles and links of their own.
            (
                Words::Core,
                "image" | "textinput" | "cloud" | "generator" | "rights" | "copyright" | "description" | "subtitle"
                | "tagline",
            ) => {
                self.inside(tag);
            }
            (Words::Itunes | Words::Media, _) => _ = self.inside(tag),
            _ => return false,
        }
        true
    }

    fn end(&mut self, name: &str) {
        match self.open.iter().rposition(|open| open.eq_ignore_ascii_case(name)) {
            Some(at) => {
                self.hurt |= at + 1 != self.open.len();
                self.close_to(at);
            }
            None => self.hurt = true,
        }
    }

    /// Closes all elements down to this depth.
    fn close_to(&mut self, depth: usize) {
        self.open.truncate(depth);
        // What the root binds is kept for pieces that are read alone.
        self.bindings.leave(depth.max(1));
        while self.bases.last().is_some_and(|(at, _)| *at >= depth) {
            self.bases.pop();
        }
        if self.item.as_ref().is_some_and(|(at, _)| *at >= depth)
            && let Some((_, draft)) = self.item.take()
        {
            if self.drafts.len() < MOST_ITEMS && !self.allowance.bases.is_spent() {
                self.drafts.push(draft);
            } else {
                self.found.left_out += 1;
            }
        }
    }

    /// Reads to the end of an element that was just opened and gives what it holds.
    ///
    /// Where the element is not closed, it ends where the next outer element does, or where the next item starts.
    pub(crate) fn inside(&mut self, tag: &Tag<'a>) -> Inside<'a> {
        if tag.empty {
            return Inside::default();
        }
        let from = self.scanner.position();
        let mut inner: Vec<&'a str> = Vec::new();
        let (mut has_elements, mut has_sections) = (false, false);
        loop {
            let before = self.scanner.position();
            let Some(token) = self.scanner.next() else {
                self.scanner.cut = true;
                // A comment may stand between the last token and here.
                return Inside { raw: self.scanner.slice(from, before), has_elements, has_sections: true };
            };
            match token {
                Token::Text(_) => {}
                Token::CData(_) => has_sections = true,
                Token::Start(start) => {
                    if self.starts_next_item(start.name) {
                        self.hurt = true;
                        self.scanner.rewind(before);
                        return Inside { raw: self.scanner.slice(from, before), has_elements, has_sections: true };
                    }
                    has_elements = true;
                    if !start.empty && inner.len() < DEEPEST {
                        inner.push(start.name);
                    }
                }
                Token::End(name) => {
                    if inner.last() == Some(&name) {
                        inner.pop();
                        continue;
                    }
                    if let Some(at) = inner.iter().rposition(|open| *open == name) {
                        inner.truncate(at);
                        continue;
                    }
                    if name.eq_ignore_ascii_case(tag.name) {
                        self.hurt |= !inner.is_empty();
                        let raw = self.scanner.slice(from, before);
                        // Comments are no tokens: they show in what was passed over.
                        has_sections |= !has_elements && raw.contains('<');
                        // `before` may lie before a comment that stands in front of the end tag.
                        let raw = raw_to_end_tag(raw, self.scanner.slice(from, self.scanner.position()));
                        return Inside { raw, has_elements, has_sections };
                    }
                    self.hurt = true;
                    if inner.is_empty() && is_misspelt(name, tag.name) {
                        return Inside { raw: self.scanner.slice(from, before), has_elements, has_sections: true };
                    }
                    if self.open.iter().any(|open| open.eq_ignore_ascii_case(name)) || self.closes_item(name) {
                        self.scanner.rewind(before);
                        return Inside { raw: self.scanner.slice(from, before), has_elements, has_sections: true };
                    }
                }
            }
        }
    }

    fn closes_item(&self, name: &str) -> bool {
        self.item_name().is_some_and(|item| item.eq_ignore_ascii_case(name))
    }

    fn item_name(&self) -> Option<&'a str> {
        // While a part is read its item is held by the one who reads it; the item is the innermost open one that can be.
        self.open.iter().rev().find(|name| self.is_item(name)).copied()
    }

    fn is_item(&self, name: &'a str) -> bool {
        let local = name.rsplit(':').next().unwrap_or(name);
        if !["item", "entry"].iter().any(|item| item.eq_ignore_ascii_case(local)) {
            return false;
        }
        matches!(self.bindings.resolve(name).0, Words::Core)
    }

    /// Whether a tag inside of something unclosed starts the next item: one of another name may be quoted there.
    fn starts_next_item(&self, name: &'a str) -> bool {
        self.is_item(name) && self.item_name().is_none_or(|open| open == name)
    }
}

/// The longer of two readings of an element's inside: up to its end tag.
fn raw_to_end_tag<'a>(short: &'a str, with_end_tag: &'a str) -> &'a str {
    with_end_tag.rfind("</").map_or(short, |at| &with_end_tag[..at])
}

/// Whether an end tag that closes nothing is this element's, wrongly written: `</tilte>`.
fn is_misspelt(end: &str, name: &str) -> bool {
    let initial = |text: &str| text.bytes().next().map(|b| b.to_ascii_lowercase());
    name.len() > 3 && initial(end) == initial(name) && end.len().abs_diff(name.len()) <= 1
}

fn starts_item(words: Words, local: &str) -> bool {
    words == Words::Core && matches!(local, "item" | "entry" | "url")
}

fn weekday(name: &str) -> Option<Weekday> {
    use Weekday::{Friday, Monday, Saturday, Sunday, Thursday, Tuesday, Wednesday};
    let start = name.get(..3)?.to_ascii_lowercase();
    ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
        .into_iter()
        .zip([Monday, Tuesday, Wednesday, Thursday, Friday, Saturday, Sunday])
        .find(|(day, _)| *day == start)
        .map(|(_, day)| day)
}

/// A name in lower case, without a copy on the heap; names longer than any known one come back as they are.
pub(crate) fn lower<'b>(name: &'b str, buffer: &'b mut [u8; 24]) -> &'b str {
    if name.len() > buffer.len() || !name.bytes().any(|b| b.is_ascii_uppercase()) {
        return name;
    }
    let buffer = &mut buffer[..name.len()];
    buffer.copy_from_slice(name.as_bytes());
    buffer.make_ascii_lowercase();
    std::str::from_utf8(buffer).unwrap_or(name)
}
