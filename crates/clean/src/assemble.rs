//! The article: what is left of the page, with what the page, the feed and the text claim of it, each claim with its source.

use std::collections::{BTreeMap, HashSet};

use wiredesk_model::article::{Article, Author, AuthorKind, Completeness, Extraction, Image, Notice, NoticeKind};
use wiredesk_model::block::{Block, BlockKind, Hints, Judged, Ledger, Sourced, Verdict, join};

use crate::form::{Form, ends_sentence};
use crate::{address, captions, language, people, tidy, words};

/// A body of fewer words beside a subscription stub is the teaser of an article, not the article.
const TEASER_WORDS: u32 = 150;
/// A title made of a first sentence is cut after so many characters.
const TITLE_LENGTH: usize = 150;
/// A feed's summary is a description when it is no longer than this.
const DESCRIPTION_LENGTH: usize = 600;

/// Claims on their way into the article: the first source that has one wins, and its name is kept.
#[derive(Default)]
struct Sources(BTreeMap<String, String>);

impl Sources {
    fn first<T>(&mut self, field: &str, claims: impl IntoIterator<Item = Option<Sourced<T>>>) -> Option<T> {
        let claim = claims.into_iter().flatten().next()?;
        self.0.insert(field.to_owned(), claim.source);
        Some(claim.value)
    }
}

fn feed<T>(value: Option<T>) -> Option<Sourced<T>> {
    value.map(|v| Sourced::new(v, "feed"))
}

fn text_of(value: &Option<Sourced<String>>) -> Option<Sourced<String>> {
    value
        .as_ref()
        .map(|s| Sourced { value: tidy::line(&s.value), source: s.source.clone() })
        .filter(|s| !s.value.is_empty())
}

/// Makes the article of a judged ledger.
pub(crate) fn article(ledger: &Ledger, hints: &Hints) -> Article {
    let claims = &ledger.metadata;
    let mut sources = Sources::default();
    let mut flags = ledger.flags.clone();
    let blocks: Vec<Block> = ledger.blocks.iter().filter(|b| b.verdict.is_body()).map(|b| b.block.clone()).collect();
    let text = join(&blocks);
    let word_count = words::count(&text);
    let in_text = if ledger.method == "blocks" { "html" } else { "text" };
    let lifted = |field: &str| {
        let found = ledger.blocks.iter().find(|b| matches!(&b.verdict, Verdict::Field { field: f, .. } if f == field));
        found.map(|b| Sourced::new(b.block.text.clone(), in_text))
    };

    let (url, domain) = address::of(
        if hints.final_url.is_empty() { &hints.requested_url } else { &hints.final_url },
        claims.canonical_url.as_ref().map(|c| c.value.as_str()),
    );
    let canonical_url = sources.first("canonical_url", [claims.canonical_url.clone()]);
    let hinted_title = hints.title.as_deref().map(tidy::line).filter(|t| !t.is_empty());
    let title = sources
        .first(
            "title",
            [
                text_of(&claims.title),
                feed(hinted_title),
                lifted("title"),
                opening(&blocks).map(|t| Sourced::new(t, in_text)),
            ],
        )
        .unwrap_or_default();
    let subtitle = sources.first("subtitle", [text_of(&claims.subtitle), lifted("subtitle")]).filter(|s| *s != title);
    let summary = hints.summary.as_deref().map(without_markup);
    let summary = summary.filter(|s| !s.is_empty() && s.len() <= DESCRIPTION_LENGTH);
    let description = sources.first("description", [text_of(&claims.description), feed(summary)]);

    let byline = sources.first("byline", [text_of(&claims.byline), lifted("byline")]);
    let named = byline.as_deref().map(people::named).unwrap_or_default();
    let byline_source = sources.0.get("byline").cloned().unwrap_or_default();
    let authors = sources
        .first(
            "authors",
            [
                claims.authors.clone().filter(|a| !a.value.is_empty()),
                Some(hints.authors.iter().filter_map(|a| fed(a)).collect::<Vec<_>>())
                    .filter(|a| !a.is_empty())
                    .and_then(|a| feed(Some(a))),
                Some(Sourced { value: named, source: byline_source }).filter(|a| !a.value.is_empty()),
            ],
        )
        .unwrap_or_default();

    let published = sources.first("date_published", [claims.published.clone(), feed(hints.published)]);
    let modified = sources.first("date_modified", [claims.modified.clone(), feed(hints.updated)]);
    let claimed_language = claims.language.clone().or_else(|| feed(hints.language.clone()));
    let told = language::of(&text, claimed_language.as_ref().map(|l| l.value.as_str()));
    if told.code.is_some() {
        let source = claimed_language.filter(|_| !told.from_text).map_or_else(|| "text".to_owned(), |l| l.source);
        sources.0.insert("language".into(), source);
    }
    if told.contradicted {
        flags.push("language_mismatch".into());
    }

    let keywords = sources
        .first(
            "keywords",
            [
                claims.keywords.clone().filter(|k| !k.value.is_empty()),
                feed(Some(hints.categories.clone()).filter(|c| !c.is_empty())),
                Some(Sourced::new(tagged(&ledger.blocks), in_text)).filter(|k| !k.value.is_empty()),
            ],
        )
        .map(distinct)
        .unwrap_or_default();
    let mut images: Vec<Image> = claims.images.clone();
    images.extend(captions::lifted(&ledger.blocks, &claims.images));

    let notices = notices(&ledger.blocks);
    let free = sources.first("is_accessible_for_free", [claims.is_accessible_for_free.clone()]);
    let completeness = completeness(&blocks, word_count, &notices, free, &flags);
    let section = sources.first("section", [text_of(&claims.section)]);
    let publisher = sources.first("publisher", [claims.publisher.clone()]);
    flags = distinct(flags);

    Article {
        content_hash: Default::default(),
        url,
        requested_url: hints.requested_url.clone(),
        final_url: if hints.final_url.is_empty() { hints.requested_url.clone() } else { hints.final_url.clone() },
        canonical_url,
        domain,
        publisher,
        title,
        subtitle,
        description,
        word_count,
        language: told.code,
        language_confidence: told.confidence,
        authors,
        byline,
        section,
        keywords,
        images,
        date_published: published.map(|d| d.rfc3339()),
        date_modified: modified.map(|d| d.rfc3339()),
        date_precision: published.map(|d| d.precision),
        notices,
        completeness,
        is_accessible_for_free: free,
        license: sources.first("license", [text_of(&claims.license)]),
        copyright: sources.first("copyright", [text_of(&claims.copyright)]),
        field_sources: sources.0,
        extraction: Extraction {
            method: ledger.method.clone(),
            rule: ledger.rule.clone(),
            score: score(&blocks, word_count),
            blocks_kept: count(blocks.len()),
            blocks_removed: count(ledger.blocks.len() - blocks.len()),
            flags,
            ..Extraction::default()
        },
        text,
        blocks,
    }
}

fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

fn distinct(values: Vec<String>) -> Vec<String> {
    let mut seen = HashSet::new();
    values.into_iter().map(|v| tidy::line(&v)).filter(|v| !v.is_empty() && seen.insert(v.to_lowercase())).collect()
}

/// A title for a text that has none: its first line, or its first sentence.
fn opening(blocks: &[Block]) -> Option<String> {
    let block =
        blocks.iter().find(|b| b.kind == BlockKind::Heading && b.level == Some(1)).or_else(|| blocks.first())?;
    let line = block.text.lines().next()?;
    if line.chars().count() <= TITLE_LENGTH {
        return Some(line.to_owned());
    }
    let mut end = line.char_indices().nth(TITLE_LENGTH).map_or(line.len(), |(at, _)| at);
    let stop = line[..end].find(". ").map(|at| at + 1).filter(|at| *at > 30);
    end = stop.or_else(|| line[..end].rfind(' ')).unwrap_or(end);
    Some(line[..end].trim_end().to_owned())
}

/// An author as feeds name them: `Name`, `name@host (Name)`.
fn fed(author: &str) -> Option<Author> {
    let inner = author
        .split_once('(')
        .and_then(|(before, rest)| before.contains('@').then(|| rest.trim_end_matches([')', ' '])));
    let name = tidy::line(inner.unwrap_or(author));
    let name = name.strip_prefix("By ").or_else(|| name.strip_prefix("by ")).unwrap_or(&name).to_owned();
    let plain = !name.is_empty() && !name.contains('@') && !name.contains("://");
    plain.then(|| {
        people::named(&name).into_iter().find(|a| a.name == name).unwrap_or(Author {
            name,
            kind: AuthorKind::Person,
            url: None,
        })
    })
}

/// Keywords of a line of tags that says where one ends: commas, hashes, bars.
fn tagged(blocks: &[Judged]) -> Vec<String> {
    let mut out = Vec::new();
    for judged in blocks {
        if !matches!(&judged.verdict, Verdict::Field { field, .. } if field == "keywords") {
            continue;
        }
        let text = judged.block.text.as_str();
        let text = text.split_once([':', '：']).map_or(text, |(_, rest)| rest);
        if let Some(between) = [",", ";", "|", "、", "，", "#"].iter().find(|b| text.contains(**b)) {
            out.extend(
                text.split(between).map(|t| t.trim().trim_start_matches('#').to_owned()).filter(|t| !t.is_empty()),
            );
        }
    }
    out
}

/// Notices in the order of the page, each once.
fn notices(blocks: &[Judged]) -> Vec<Notice> {
    let mut seen = HashSet::new();
    blocks
        .iter()
        .filter_map(|b| match &b.verdict {
            Verdict::Notice { notice, .. } => Some(Notice { kind: *notice, text: b.block.text.clone() }),
            _ => None,
        })
        .filter(|n| seen.insert((n.kind, Form::of(&n.text).text)))
        .collect()
}

fn completeness(
    blocks: &[Block],
    words: u32,
    notices: &[Notice],
    free: Option<bool>,
    flags: &[String],
) -> Completeness {
    let walled = notices.iter().any(|n| n.kind == NoticeKind::Subscription);
    let last = blocks.last().map_or("", |b| b.text.trim_end_matches([']', ')', ' ']));
    let breaks_off = last.ends_with('…') || last.ends_with("...");
    if words < TEASER_WORDS && (walled || breaks_off || free == Some(false)) {
        Completeness::Teaser
    } else if flags.iter().any(|f| f == "partial_parse") || (walled && breaks_off) {
        Completeness::Partial
    } else {
        Completeness::Full
    }
}

/// How much the body looks like an article: how long it is, and how much of it is paragraphs that end like sentences.
fn score(blocks: &[Block], words: u32) -> f32 {
    if words == 0 {
        return 0.0;
    }
    let whole: usize = blocks.iter().map(|b| b.text.len()).sum();
    let prose: usize =
        blocks.iter().filter(|b| ends_sentence(&b.text) && b.text.len() > 60).map(|b| b.text.len()).sum();
    let share = prose as f32 / whole.max(1) as f32;
    let length = words as f32 / (words as f32 + 40.0);
    (length * (0.4 + 0.6 * share) * 100.0).round() / 100.0
}

/// A feed's summary as text: tags out, the few entities that feeds use read.
fn without_markup(html: &str) -> String {
    let mut out = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(open) = rest.find('<') {
        out.push_str(&rest[..open]);
        let Some(close) = rest[open..].find('>') else {
            rest = "";
            break;
        };
        out.push(' ');
        rest = &rest[open + close + 1..];
    }
    out.push_str(rest);
    for (entity, sign) in [
        ("&nbsp;", " "),
        ("&#160;", " "),
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#39;", "'"),
        ("&#8217;", "’"),
        ("&apos;", "'"),
        ("&amp;", "&"),
    ] {
        if out.contains('&') {
            out = out.replace(entity, sign);
        }
    }
    tidy::line(&out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn summaries_lose_their_markup() {
        assert_eq!(without_markup("<p>Ferry &amp; pier</p><p>again<img src=x></p>"), "Ferry & pier again");
        assert_eq!(without_markup("a < b"), "a");
    }

    #[test]
    fn authors_of_feeds_are_names() {
        assert_eq!(fed("desk@paper.example (Ada Example)").map(|a| a.name).as_deref(), Some("Ada Example"));
        assert_eq!(fed("desk@paper.example"), None);
        assert_eq!(fed("By Ada Example").map(|a| a.name).as_deref(), Some("Ada Example"));
    }
}
