//! OPML as feed readers really write it, read without recursion: a file of nothing but opening outlines costs a counter, not
//! the stack.

use anyhow::{Context, bail};
use quick_xml::escape::unescape;
use quick_xml::events::{BytesStart, Event};
use quick_xml::reader::Reader;

use crate::config::places::Places;

/// The most an OPML file may weigh.
pub(crate) const LARGEST: u64 = 16 << 20;

/// The deepest that folders may be nested.
pub(crate) const DEEPEST: usize = 64;

/// An outline that points at a feed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Outline {
    /// What the reader called it.
    pub title: String,
    /// `xmlUrl`, as written.
    pub url: String,
    /// The folders it stands in and its categories.
    pub tags: Vec<String>,
}

/// The feeds of an OPML file, in its order.
///
/// # Errors
/// When it is not OPML, breaks off, or nests deeper than [`DEEPEST`].
pub(crate) fn read(text: &str) -> anyhow::Result<Vec<Outline>> {
    let text = text.trim_start_matches('\u{feff}');
    let mut reader = Reader::from_str(text);
    reader.config_mut().allow_dangling_amp = true;
    let mut found = Vec::new();
    // One name per open outline; empty where it is no folder.
    let mut folders: Vec<String> = Vec::new();
    let mut is_opml = false;
    loop {
        let event = reader.read_event().with_context(|| {
            let (line, column) = Places::new(text).at(reader.error_position() as usize);
            format!("broken XML at line {line}, column {column}")
        })?;
        match event {
            Event::Start(tag) if tag.name().as_ref().eq_ignore_ascii_case("opml") => is_opml = true,
            Event::Start(tag) if is_outline(&tag) => {
                let (outline, folder) = outline(&tag, &folders);
                found.extend(outline);
                folders.push(folder);
                if folders.len() > DEEPEST {
                    bail!("folders are nested more than {DEEPEST} deep");
                }
            }
            Event::Empty(tag) if is_outline(&tag) => found.extend(outline(&tag, &folders).0),
            Event::End(tag) if tag.name().as_ref().eq_ignore_ascii_case("outline") => {
                folders.pop();
            }
            Event::Eof if !is_opml => bail!("this is not OPML: it has no <opml> element"),
            Event::Eof if !folders.is_empty() => bail!("the file breaks off inside an outline"),
            Event::Eof => return Ok(found),
            _ => {}
        }
    }
}

fn is_outline(tag: &BytesStart<'_>) -> bool {
    tag.name().as_ref().eq_ignore_ascii_case("outline")
}

/// The feed that an outline points at, if any, and its name as a folder.
fn outline(tag: &BytesStart<'_>, folders: &[String]) -> (Option<Outline>, String) {
    let (mut text, mut title, mut url, mut categories) = (None, None, None, String::new());
    for attribute in tag.attributes().with_checks(false).flatten() {
        let value = unescaped(&attribute.value).trim().to_owned();
        match attribute.key.as_ref().to_ascii_lowercase().as_str() {
            "text" => text = Some(value),
            "title" => title = Some(value),
            "xmlurl" => url = Some(value),
            "category" => categories = value,
            _ => {}
        }
    }
    let name = title.filter(|title| !title.is_empty()).or(text).unwrap_or_default();
    let Some(url) = url else { return (None, name) };
    let mut tags: Vec<String> = Vec::new();
    // OPML 2.0: several categories are separated by commas, each may be a path.
    let categories = categories.split(',').map(|category| category.trim().trim_matches('/').to_owned());
    for tag in folders.iter().cloned().chain(categories) {
        if !tag.is_empty() && !tags.contains(&tag) {
            tags.push(tag);
        }
    }
    (Some(Outline { title: name, url, tags }), String::new())
}

/// The references that XML knows, replaced; bare ampersands, as in many an address, and unknown names stay as they stand.
fn unescaped(value: &str) -> String {
    let mut parts = value.split('&');
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let reference = part.find(';').map(|end| format!("&{}", &part[..=end]));
        match reference.as_deref().and_then(|reference| unescape(reference).ok()) {
            Some(known) => {
                out.push_str(&known);
                out.push_str(part.split_once(';').map_or("", |(_, rest)| rest));
            }
            None => {
                out.push('&');
                out.push_str(part);
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_and_categories_become_tags() {
        let found = read(
            r#"<?xml version="1.0"?><opml version="1.0"><head><title>x</title></head><body>
              <outline text="News"><outline title="World &amp; Co"><outline text="A" title="" xmlURL="http://a.example/&#63;x=1&y=2" category="/uk,morning"/></outline></outline>
              <outline text="B" xmlUrl="http://b.example/"></outline></body></opml>"#,
        )
        .expect("an opml file");
        let a = Outline {
            title: "A".into(),
            url: "http://a.example/?x=1&y=2".into(),
            tags: ["News", "World & Co", "uk", "morning"].map(str::to_owned).to_vec(),
        };
        let b = Outline { title: "B".into(), url: "http://b.example/".into(), tags: Vec::new() };
        assert_eq!(found, [a, b]);
    }

    #[test]
    fn a_bottomless_file_is_refused_before_it_costs_anything() {
        let deep = format!("<opml version='2.0'><body>{}", "<outline text='x'>".repeat(400_000));
        assert!(read(&deep).expect_err("too deep").to_string().contains("nested"));
    }

    #[test]
    fn what_is_not_opml_is_said_to_be_none() {
        for text in ["", "<rss/>", "<opml><body><outline text='a'>", "<opml><body></opml>", "no xml <"] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
