//! What a page claims about itself. Every source is read, the better ones first, and each claim says where it was found:
//! `json-ld`, `opengraph`, `meta`, `microdata`, `html`, `feed`, `url`; `date_modified` where a page shows no day but that of a
//! change; `rule` where a site's rule points at it.

pub(crate) mod authors;
pub(crate) mod dates;
pub(crate) mod facts;
pub(crate) mod json_ld;
mod pictures;
mod printed;
mod published;
mod rights;
pub(crate) mod ruled;
pub(crate) mod title;
mod writers;

use url::Url;
use wiredesk_model::article::Publisher;
use wiredesk_model::block::{BlockKind, Hints, Metadata, Sourced, Verdict};
use wiredesk_model::link;

use crate::outline::Outline;
use crate::text::{letters, line, without_tags};
use facts::Facts;
use json_ld::Linked;
use published::Calendar;
use writers::Credits;

/// What is known of the page before its blocks are judged.
pub(crate) struct Claims {
    pub(crate) facts: Facts,
    pub(crate) linked: Linked,
    pub(crate) title: Option<Sourced<String>>,
    /// All titles the page goes by, letters only.
    titles: Vec<String>,
    /// Names in the byline, letters only.
    names: Vec<String>,
    /// The summary, letters only.
    pub(crate) description: String,
    /// The text of the body as the publisher marks it or the feed carries it, letters only.
    pub(crate) anchor: String,
}

impl Claims {
    /// Gathers what is claimed.
    pub(crate) fn of(facts: Facts, outline: &Outline, hints: &Hints) -> Self {
        let first_title = facts.first(&["og:title"]).unwrap_or(&facts.title).to_owned();
        let linked = Linked::read(&facts.scripts, address(hints), &first_title);
        let headings: Vec<String> = outline
            .blocks
            .iter()
            .filter(|b| b.kind == BlockKind::Heading && b.level == Some(1) && !outline.knot(b.knot).hidden)
            .take(8)
            .map(|b| b.text.clone())
            .collect();
        let shown = outline.blocks.iter().filter(|b| b.features.words <= 40 && !outline.knot(b.knot).hidden);
        let lines: Vec<&str> =
            shown.filter(|b| b.features.link_density() < 0.5).take(60).map(|b| b.text.as_str()).collect();
        let title = title::choose(&facts, &linked, hints, &headings, &lines);
        let sites = title::site_names(&facts, &linked, hints);
        let mut titles: Vec<String> = title.iter().map(|t| letters(&t.value)).collect();
        for claim in [
            linked.text("headline"),
            facts.first(&["og:title"]).map(str::to_owned),
            Some(facts.title.clone()),
            hints.title.clone(),
        ]
        .into_iter()
        .flatten()
        {
            titles.push(letters(&title::without_site(&claim, &sites)));
            titles.push(letters(&claim));
        }
        titles.retain(|t| t.chars().count() > 5);
        titles.sort();
        titles.dedup();
        let description = linked
            .text("description")
            .filter(|_| linked.has_article())
            .or_else(|| facts.first(&["og:description", "description"]).map(str::to_owned))
            .unwrap_or_default();
        let mut anchor = linked.text("articleBody").map(|text| letters(&text)).unwrap_or_default();
        if let Some(content) = hints.content.as_deref().filter(|c| c.len() > 400) {
            anchor.push_str(&letters(&without_tags(content)));
        }
        let names = writers::stated(&facts, &linked).iter().map(|author| letters(&author.name)).collect();
        Self { facts, linked, title, titles, names, description: letters(&description), anchor }
    }

    /// Takes a title for the page's own, whatever it claims.
    pub(crate) fn take_title(&mut self, title: String, source: &'static str) {
        let same = letters(&title);
        if let Err(place) = self.titles.binary_search(&same) {
            self.titles.insert(place, same);
        }
        self.title = Some(Sourced::new(title, source));
    }

    /// Whether an article of this page may have this headline: the page claims no other one for it.
    pub(crate) fn may_be_called(&self, headline: &str) -> bool {
        let claimed = self.linked.text("headline").or_else(|| self.facts.first(&["og:title"]).map(str::to_owned));
        claimed.is_none() || self.is_title(headline)
    }

    /// Whether a text is one of the page's titles.
    pub(crate) fn is_title(&self, text: &str) -> bool {
        let longest = self.titles.iter().map(String::len).max().unwrap_or(0);
        if text.len() < 5 || text.len() > longest * 2 {
            return false;
        }
        let text = letters(text);
        self.titles.binary_search(&text).is_ok()
    }

    /// The block with the headline: the first that says it, at best a heading.
    pub(crate) fn title_block(&self, outline: &Outline) -> Option<usize> {
        let says = |at: &usize| {
            let block = &outline.blocks[*at];
            !outline.knot(block.knot).hidden && block.features.words <= 60 && self.is_title(&block.text)
        };
        let all = 0..outline.blocks.len();
        let rank = |level: u8| {
            all.clone().find(|at| {
                outline.blocks[*at].kind == BlockKind::Heading && outline.blocks[*at].level == Some(level) && says(at)
            })
        };
        rank(1)
            .or_else(|| {
                all.clone()
                    .find(|at| outline.blocks[*at].kind == BlockKind::Heading && outline.blocks[*at].level == Some(1))
            })
            .or_else(|| rank(2))
            .or_else(|| all.clone().find(|at| outline.blocks[*at].kind == BlockKind::Heading && says(at)))
    }

    /// Whether a short text is a byline: it says so, or it is nothing but the names.
    pub(crate) fn is_byline(&self, text: &str) -> bool {
        if authors::is_byline(text) {
            return true;
        }
        let text = letters(text);
        !text.is_empty()
            && self.names.iter().any(|name| *name == text || text.strip_prefix("by") == Some(name.as_str()))
    }
}

fn address(hints: &Hints) -> &str {
    if hints.final_url.is_empty() { &hints.requested_url } else { &hints.final_url }
}

/// The page's host, without `www.`.
fn host(hints: &Hints) -> Option<String> {
    let url = Url::parse(address(hints)).ok()?;
    url.host_str().map(|host| link::without_www(host).to_owned())
}

/// An address as seen from the page.
fn absolute(link: &str, base: Option<&Url>) -> Option<String> {
    let url = match base {
        Some(base) => base.join(link.trim()).ok()?,
        None => Url::parse(link.trim()).ok()?,
    };
    matches!(url.scheme(), "http" | "https").then(|| url.to_string())
}

/// Settles every claim, now that the blocks are judged.
pub(crate) fn settle(claims: &Claims, outline: &Outline, verdicts: &[Verdict], hints: &Hints) -> Metadata {
    let (facts, linked) = (&claims.facts, &claims.linked);
    let base = Url::parse(address(hints)).ok();
    let lang = facts.lang.clone().filter(|l| !l.trim().is_empty());
    let month_first = month_first(lang.as_deref());
    let field = |name: &'static str| {
        outline
            .blocks
            .iter()
            .zip(verdicts)
            // What only stands near a byline or a date is no claim of one.
            .filter(
                move |(_, v)| matches!(v, Verdict::Field { field, rule } if field == name && !rule.ends_with("/near")),
            )
            .map(|(b, _)| b)
    };
    let meta = |keys: &[&str]| {
        facts
            .first(keys)
            .map(|v| Sourced::new(v.to_owned(), if keys[0].starts_with("og:") { "opengraph" } else { "meta" }))
    };
    let byline = field("byline").map(|b| b.text.clone()).find(|t| !authors::read(t).is_empty());
    let subtitle =
        field("subtitle").map(|b| b.text.clone()).next().map(|text| Sourced::new(text, "html")).or_else(|| {
            linked
                .text("alternativeHeadline")
                .map(|t| Sourced::new(t, "json-ld"))
                .filter(|s| !claims.is_title(&s.value))
        });
    let texts: Vec<&str> = field("date_published").map(|b| b.text.as_str()).collect();
    let lines = printed::around_headline(outline, verdicts);
    let sites = title::site_names(facts, linked, hints);
    let credits = Credits {
        facts,
        linked,
        hints,
        byline: byline.as_deref(),
        lines: &lines,
        signature: printed::signature(outline, verdicts),
        sites: &sites,
    };
    let calendar = Calendar { facts, linked, hints, lines: &lines, texts: &texts, month_first };
    Metadata {
        title: claims.title.clone(),
        subtitle,
        description: linked
            .text("description")
            .filter(|_| linked.has_article())
            .map(|t| Sourced::new(t, "json-ld"))
            .or_else(|| meta(&["og:description"]))
            .or_else(|| meta(&["description", "twitter:description", "dc.description"]))
            .map(|d| Sourced::new(without_tags(&d.value), &d.source))
            .or_else(|| {
                hints.summary.as_deref().map(without_tags).filter(|t| !t.is_empty()).map(|t| Sourced::new(t, "feed"))
            }),
        authors: credits.authors(),
        byline: byline.map(|text| Sourced::new(text, "html")),
        published: calendar.published(),
        modified: calendar.modified(),
        canonical_url: facts
            .canonical
            .as_deref()
            .and_then(|link| absolute(link, base.as_ref()))
            .map(|link| Sourced::new(link, "html"))
            .or_else(|| {
                facts.first(&["og:url"]).and_then(|l| absolute(l, base.as_ref())).map(|l| Sourced::new(l, "opengraph"))
            }),
        publisher: publisher(facts, linked),
        language: lang
            .map(|l| Sourced::new(l.trim().replace('_', "-"), "html"))
            .or_else(|| linked.text("inLanguage").map(|l| Sourced::new(l, "json-ld")))
            .or_else(|| {
                facts
                    .first(&["content-language", "language", "og:locale"])
                    .map(|l| Sourced::new(l.replace('_', "-"), "meta"))
            })
            .or_else(|| hints.language.clone().map(|l| Sourced::new(l, "feed"))),
        section: linked
            .text("articleSection")
            .map(|t| Sourced::new(t, "json-ld"))
            .or_else(|| meta(&["article:section", "section", "parsely-section", "sailthru.section", "category"]))
            .or_else(|| facts.property("articleSection").map(|t| Sourced::new(t.to_owned(), "microdata"))),
        keywords: keywords(facts, linked, hints),
        images: pictures::of(facts, linked, outline, verdicts, base.as_ref()),
        is_accessible_for_free: rights::is_free(facts, linked),
        license: rights::license(facts, linked, base.as_ref()),
        copyright: rights::copyright(facts, linked),
    }
}

/// Whether a page in this language writes the month before the day.
fn month_first(lang: Option<&str>) -> bool {
    lang.filter(|l| !l.trim().is_empty()).is_none_or(|l| {
        let l = l.to_ascii_lowercase();
        l == "en" || l.starts_with("en-us") || l.starts_with("en_us")
    })
}

fn keywords(facts: &Facts, linked: &Linked, hints: &Hints) -> Option<Sourced<Vec<String>>> {
    let tidy = |all: Vec<String>| {
        let mut out: Vec<String> = Vec::new();
        for keyword in all.iter().map(|k| line(k)).filter(|k| !k.is_empty() && k.len() <= 100) {
            if !out.iter().any(|known| known.eq_ignore_ascii_case(&keyword)) && out.len() < 40 {
                out.push(keyword);
            }
        }
        out
    };
    let commas = |text: &str| text.split([',', ';']).map(str::to_owned).collect::<Vec<_>>();
    [
        (tidy(linked.texts("keywords")), "json-ld"),
        (tidy(facts.all("article:tag").flat_map(commas).collect()), "opengraph"),
        (
            tidy(
                facts
                    .first(&["news_keywords", "keywords", "parsely-tags", "sailthru.tags"])
                    .map(commas)
                    .unwrap_or_default(),
            ),
            "meta",
        ),
        (tidy(hints.categories.clone()), "feed"),
    ]
    .into_iter()
    .find(|(all, _)| !all.is_empty())
    .map(|(all, source)| Sourced::new(all, source))
}

fn publisher(facts: &Facts, linked: &Linked) -> Option<Sourced<Publisher>> {
    if let Some((name, _, url)) = linked.parties("publisher").into_iter().find(|(name, ..)| !name.is_empty()) {
        return Some(Sourced::new(Publisher { name: Some(name), url }, "json-ld"));
    }
    let name = facts.first(&["og:site_name"]).map(|n| (n, "opengraph")).or_else(|| {
        facts
            .first(&["publisher", "dc.publisher", "application-name", "copyright"])
            .filter(|n| n.len() < 60)
            .map(|n| (n, "meta"))
    });
    name.map(|(name, source)| Sourced::new(Publisher { name: Some(name.to_owned()), url: None }, source))
}
