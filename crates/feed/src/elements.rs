//! What each element of an item says, and how much it is worth beside others that say the same.

use crate::draft::{Draft, Link};
use crate::names::Words;
use crate::person;
use crate::reader::Reader;
use crate::scan::{Scanner, Tag, Token};
use crate::text::{self, Inside};

/// What is to be done after an element was met.
pub(crate) enum Then {
    /// It was read to its end.
    Done,
    /// Its children are parts of the item too.
    LookInside,
}

/// What an item's own tag says.
pub(crate) fn item_attributes(draft: &mut Draft, tag: &Tag<'_>) {
    for (name, value) in tag.attributes() {
        let value = || Some(text::unescaped(&value).trim().to_owned()).filter(|v| !v.is_empty());
        match name.to_ascii_lowercase().as_str() {
            "rdf:about" | "about" => draft.guid.offer(3, value()),
            "href" => draft.link.offer(3, value()),
            "lastmod" => draft.updated(3, value().as_deref()),
            "xml:lang" => draft.language.offer(1, value()),
            _ => {}
        }
    }
}

/// Reads one part of an item.
pub(crate) fn part<'a>(reader: &mut Reader<'a>, draft: &mut Draft, tag: &Tag<'a>, words: Words, local: &str) -> Then {
    match words {
        Words::Core => return core(reader, draft, tag, local),
        Words::DublinCore | Words::DublinCoreTerms => dublin_core(draft, reader.inside(tag), local),
        Words::Content if local == "encoded" => draft.content.offer(0, reader.inside(tag).html()),
        Words::Xhtml if matches!(local, "body" | "div") => draft.content.offer(2, reader.inside(tag).html()),
        Words::Media => return media(reader, draft, tag, local),
        Words::Itunes => itunes(draft, reader.inside(tag), tag, local),
        Words::FeedBurner if local == "origlink" => draft.link.offer(9, reader.inside(tag).line()),
        Words::News => return news(reader, draft, tag, local),
        Words::SitemapImage if local == "image" => return Then::LookInside,
        Words::SitemapImage if local == "loc" => draft.enclosure(reader.inside(tag).line()),
        _ => _ = reader.inside(tag),
    }
    Then::Done
}

fn core<'a>(reader: &mut Reader<'a>, draft: &mut Draft, tag: &Tag<'a>, local: &str) -> Then {
    match local {
        "title" => {
            let title = title(reader, tag);
            draft.title.offer(0, title);
        }
        "link" => link(reader, draft, tag),
        "loc" => {
            let loc = reader.inside(tag).line();
            draft.guid.offer(5, loc.clone());
            draft.link.offer(0, loc);
        }
        "a" => draft.link.offer(6, tag.attribute("href")),
        "guid" => {
            draft.guid_is_link = tag.attribute("ispermalink").is_none_or(|is| !is.eq_ignore_ascii_case("false"));
            draft.guid_may_be_relative = draft.guid_is_link;
            draft.guid.offer(0, reader.inside(tag).line());
        }
        "id" => {
            draft.guid_is_link = true;
            draft.guid.offer(1, reader.inside(tag).line());
        }
        "content" => content(reader, draft, tag),
        "description" | "abstract" => draft.summary.offer(0, reader.inside(tag).html()),
        "summary" => {
            let summary = body(reader, tag);
            draft.summary.offer(1, summary);
        }
        "body" | "fullitem" => draft.content.offer(3, reader.inside(tag).html()),
        "pubdate" | "published" | "issued" => draft.published(0, reader.inside(tag).line().as_deref()),
        "created" => draft.published(3, reader.inside(tag).line().as_deref()),
        "date" => draft.published(4, reader.inside(tag).line().as_deref()),
        "updated" | "modified" | "lastmod" | "lastbuilddate" => draft.updated(0, reader.inside(tag).line().as_deref()),
        "author" | "creator" => {
            let inside = reader.inside(tag);
            person(&inside).into_iter().for_each(|name| draft.author(Some(name)));
        }
        "category" => {
            let (label, term) = (tag.attribute("label"), tag.attribute("term"));
            let inside = reader.inside(tag).html();
            draft.category(label.filter(|l| !l.is_empty()).or(term).or_else(|| text::headline(&inside?)));
        }
        "enclosure" => {
            let url = tag.attribute("url").or_else(|| tag.attribute("href"));
            let inside = reader.inside(tag).line();
            draft.enclosure(url.or(inside));
        }
        "language" => draft.language.offer(0, reader.inside(tag).line()),
        // Where an aggregated entry comes from: not what it is.
        _ => _ = reader.inside(tag),
    }
    Then::Done
}

/// A headline by its type: plain text keeps what looks like tags, anything else is HTML.
fn title<'a>(reader: &mut Reader<'a>, tag: &Tag<'a>) -> Option<String> {
    let kind = tag.attribute("type").unwrap_or_default().to_ascii_lowercase();
    let encoded = tag.mentions("base64")
        || kind.contains('/') && !kind.contains("html") && !kind.contains("text") && !kind.contains("xml");
    let inside = reader.inside(tag);
    if matches!(kind.as_str(), "text" | "text/plain") && !encoded && !inside.has_elements {
        return text::folded(&text::unescaped(&inside.characters()));
    }
    let html = inside.html()?;
    text::headline(&encoded.then(|| base64(&html)).flatten().unwrap_or(html))
}

fn link<'a>(reader: &mut Reader<'a>, draft: &mut Draft, tag: &Tag<'a>) {
    let Some(href) = tag.attribute("href") else {
        if tag.empty {
            // Tag soup writers make `<link/>address` of `<link>address</link>`.
            let at = reader.scanner.position();
            match reader.scanner.next() {
                Some(Token::Text(text)) if text.trim_start().starts_with("http") => {
                    draft.link.offer(1, text::folded(&text::unescaped(text)));
                }
                _ => reader.scanner.rewind(at),
            }
        } else {
            draft.link.offer(0, reader.inside(tag).line());
        }
        return;
    };
    let link = Link { rel: tag.attribute("rel"), kind: tag.attribute("type"), base: reader.base_of(tag), href };
    reader.inside(tag);
    if link.rel.as_deref() == Some("enclosure") {
        draft.enclosure(Some(link.href.clone()));
    }
    if draft.links.len() < 64 {
        draft.links.push(link);
    }
}

/// Atom's content: by its type HTML, XHTML, text, or something the desk does not read.
fn content<'a>(reader: &mut Reader<'a>, draft: &mut Draft, tag: &Tag<'a>) {
    if let Some(source) = tag.attribute("src") {
        let is_page = tag.attribute("type").is_none_or(|kind| kind.contains("html"));
        draft.link.offer(if is_page { 7 } else { 8 }, Some(source));
    }
    let body = body(reader, tag);
    draft.content.offer(1, body);
}

fn body<'a>(reader: &mut Reader<'a>, tag: &Tag<'a>) -> Option<String> {
    let kind = tag.attribute("type").map(|kind| kind.to_ascii_lowercase());
    let encoded = tag.attribute("mode").is_some_and(|mode| mode == "base64");
    let inside = reader.inside(tag);
    if encoded {
        return base64(&inside.line()?);
    }
    match kind.as_deref() {
        None | Some("" | "text" | "text/plain") => inside.html_of_text(),
        Some(kind) if kind.contains("html") || kind.contains("xml") || kind.starts_with("text/") => {
            xhtml(&inside).or_else(|| inside.html())
        }
        Some(kind) if kind.contains('/') && !inside.has_elements => {
            base64(&inside.line()?).or_else(|| inside.html_of_text())
        }
        Some(_) => inside.html(),
    }
}

/// XHTML written with a prefix (`<h:p>`), as HTML.
fn xhtml(inside: &Inside<'_>) -> Option<String> {
    let raw = inside.raw.trim_start();
    let name = raw.strip_prefix('<')?.split([' ', '>', '/', '\n', '\t']).next()?;
    let (prefix, local) = name.split_once(':')?;
    if !inside.has_elements || !matches!(local, "div" | "p" | "body" | "span") || prefix.is_empty() {
        return None;
    }
    Some(inside.markup().replace(&format!("<{prefix}:"), "<").replace(&format!("</{prefix}:"), "</").trim().to_owned())
}

/// Text in base 64 (RFC 4648 §4), where it is text.
fn base64(text: &str) -> Option<String> {
    let (mut bits, mut held, mut out) = (0u32, 0u32, Vec::with_capacity(text.len() / 4 * 3));
    for byte in text.bytes().filter(|b| !b.is_ascii_whitespace() && *b != b'=') {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits = bits << 6 | u32::from(value);
        held += 6;
        if held >= 8 {
            held -= 8;
            out.push(u8::try_from(bits >> held & 0xff).ok()?);
        }
    }
    String::from_utf8(out).ok()
}

fn dublin_core(draft: &mut Draft, inside: Inside<'_>, local: &str) {
    match local {
        "title" => draft.title.offer(1, inside.html().and_then(|t| text::headline(&t))),
        "creator" | "author" => person(&inside).into_iter().for_each(|name| draft.author(Some(name))),
        "contributor" | "publisher" => {}
        "subject" => draft.category(inside.html().and_then(|t| text::headline(&t))),
        "description" => draft.summary.offer(2, inside.html()),
        "identifier" => draft.guid.offer(4, inside.line()),
        "language" => draft.language.offer(2, inside.line()),
        "issued" => draft.published(1, inside.line().as_deref()),
        "date" => draft.published(2, inside.line().as_deref()),
        "created" => draft.published(3, inside.line().as_deref()),
        "modified" => draft.updated(1, inside.line().as_deref()),
        _ => {}
    }
}

fn media<'a>(reader: &mut Reader<'a>, draft: &mut Draft, tag: &Tag<'a>, local: &str) -> Then {
    match local {
        "group" => return Then::LookInside,
        "content" | "thumbnail" | "player" => {
            draft.enclosure(tag.attribute("url"));
            return Then::LookInside;
        }
        "title" => draft.title.offer(3, reader.inside(tag).html().and_then(|t| text::headline(&t))),
        "description" => draft.summary.offer(4, reader.inside(tag).html()),
        _ => _ = reader.inside(tag),
    }
    Then::Done
}

fn itunes(draft: &mut Draft, inside: Inside<'_>, tag: &Tag<'_>, local: &str) {
    match local {
        "title" => draft.title.offer(2, inside.html().and_then(|t| text::headline(&t))),
        "author" => draft.author(inside.line().as_deref().and_then(person::name)),
        "summary" => draft.summary.offer(3, inside.html()),
        "subtitle" => draft.summary.offer(5, inside.html()),
        "image" => draft.enclosure(tag.attribute("href")),
        _ => {}
    }
}

/// A news sitemap's words (Google News).
fn news<'a>(reader: &mut Reader<'a>, draft: &mut Draft, tag: &Tag<'a>, local: &str) -> Then {
    match local {
        "news" => {
            reader.saw_news();
            return Then::LookInside;
        }
        "publication" => return Then::LookInside,
        "title" => draft.title.offer(0, reader.inside(tag).html().and_then(|t| text::headline(&t))),
        "publication_date" => draft.published(0, reader.inside(tag).line().as_deref()),
        "language" => draft.language.offer(0, reader.inside(tag).line()),
        "keywords" => {
            let words = reader.inside(tag).line().unwrap_or_default();
            words.split(',').for_each(|word| draft.category(text::folded(word)));
        }
        _ => _ = reader.inside(tag),
    }
    Then::Done
}

/// The names in an author element: Atom's `name` children, or the text; the address where there is no name.
pub(crate) fn person(inside: &Inside<'_>) -> Vec<String> {
    if inside.has_elements {
        let names: Vec<String> = children(inside.raw, "name").filter_map(|name| person::name(&name)).take(20).collect();
        if !names.is_empty() {
            return names;
        }
        if let Some(mail) = children(inside.raw, "email").next() {
            return vec![mail];
        }
    }
    inside.html().and_then(|text| person::name(&text)).into_iter().collect()
}

/// The texts of all elements with this name, whatever their prefix, at any depth of a piece.
pub(crate) fn children<'p>(piece: &'p str, name: &'p str) -> impl Iterator<Item = String> + use<'p> {
    let mut scanner = Scanner::new(piece);
    std::iter::from_fn(move || {
        let mut text: Option<String> = None;
        loop {
            match scanner.next()? {
                Token::Start(tag) if !tag.empty && local_is(tag.name, name) => text = Some(String::new()),
                Token::Text(raw) => text.iter_mut().for_each(|t| t.push_str(&text::unescaped(raw))),
                Token::CData(raw) => text.iter_mut().for_each(|t| t.push_str(raw)),
                Token::End(end) if local_is(end, name) => {
                    if let Some(text) = text.take().and_then(|t| text::folded(&t)) {
                        return Some(text);
                    }
                }
                Token::Start(_) | Token::End(_) => {}
            }
        }
    })
}

fn local_is(name: &str, local: &str) -> bool {
    name.rsplit(':').next().is_some_and(|name| name.eq_ignore_ascii_case(local))
}
