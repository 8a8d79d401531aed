//! What kind of page it is. Careful: what has a body is an article, whatever else its words say.

use wiredesk_model::block::{BlockKind, PageKind, Verdict};

use crate::metadata::Claims;
use crate::outline::Outline;
use crate::walls::{self, says, short_says};

/// From so many running words on, what is in the body is the page.
const LONG: f32 = 220.0;
/// A wall has few words outside its lists of links.
const SHORT: f32 = 80.0;

/// Judges the page by its body, its title and what stands outside the body.
pub(crate) fn kind(outline: &Outline, verdicts: &[Verdict], claims: &Claims) -> PageKind {
    let page = Page::of(outline, verdicts, claims);
    let claimed = claims.linked.has_article();
    if page.body < LONG
        && !(claimed && page.body > 60.0)
        && let Some(wall) = page.wall()
    {
        return wall;
    }
    if page.all == 0 {
        return PageKind::Empty;
    }
    let film = claims.linked.mentions("VideoObject")
        || (claims.facts.players > 0
            && claims.facts.first(&["og:type"]).is_some_and(|kind| kind.trim_start().starts_with("video")));
    if page.body < 60.0 && !claimed && film {
        return PageKind::VideoStub;
    }
    if !claimed && (page.sentences < 2 || page.body < 40.0) && page.body < SHORT {
        let links = outline.blocks.iter().filter(|b| b.features.link_density() > 0.7 && b.features.words >= 4).count();
        if links >= 25 {
            return PageKind::Index;
        }
    }
    if page.body < 1.0 && !verdicts.iter().any(Verdict::is_body) { PageKind::Empty } else { PageKind::Article }
}

/// What is asked of a page.
struct Page<'a> {
    outline: &'a Outline,
    verdicts: &'a [Verdict],
    /// Running words in the body.
    body: f32,
    /// Sentences of some length in the body.
    sentences: u32,
    /// Words of the whole page.
    all: u32,
    /// The parts of its titles, and its first headings.
    titles: Vec<String>,
    headings: Vec<String>,
    passwords: bool,
}

impl<'a> Page<'a> {
    fn of(outline: &'a Outline, verdicts: &'a [Verdict], claims: &Claims) -> Self {
        let mut page = Self {
            outline,
            verdicts,
            body: 0.0,
            sentences: 0,
            all: 0,
            titles: walls::parts(&claims.facts.title),
            headings: Vec::new(),
            passwords: claims.facts.passwords > 0,
        };
        for (block, verdict) in outline.blocks.iter().zip(verdicts) {
            page.all += block.features.words;
            if verdict.is_body() {
                page.body += block.running();
                page.sentences += u32::from(block.features.terminal && block.features.words >= 8);
            }
        }
        page.titles.extend(claims.title.iter().flat_map(|title| walls::parts(&title.value)));
        let headings = outline.blocks.iter().filter(|b| b.kind == BlockKind::Heading).take(3);
        page.headings = headings.map(|b| walls::folded(&b.text)).collect();
        page
    }

    /// The wall that stands in the article's place, if one does. Walls are short; a long page that speaks of cookies is an
    /// article about cookies.
    fn wall(&self) -> Option<PageKind> {
        let is = |list: &[&str]| self.titles.iter().any(|part| list.contains(&part.as_str()));
        let text = self.opening();
        if is(walls::CHALLENGE_TITLES) || (self.body < SHORT && self.all < 400 && says(&text, walls::CHALLENGE)) {
            return Some(PageKind::BotChallenge);
        }
        let missing = short_says(&self.titles, walls::NOT_FOUND, 8)
            || (self.body < SHORT && self.all < 400 && short_says(&self.headings, walls::NOT_FOUND, 14))
            || (self.body < SHORT && self.headings.iter().any(|h| walls::NOT_FOUND_TITLES.contains(&h.as_str())));
        if is(walls::NOT_FOUND_TITLES) || missing {
            return Some(PageKind::SoftNotFound);
        }
        let asks = self.titles.iter().any(|part| says(part, walls::CONSENT)) || says(&text, walls::CONSENT);
        if self.all < 600 && asks && (self.body < 30.0 || self.share(walls::CONSENT_WORDS) >= 0.5) {
            return Some(PageKind::ConsentWall);
        }
        let login = short_says(&self.titles, walls::LOGIN, 4) || short_says(&self.headings, walls::LOGIN, 6);
        (self.passwords && self.body < 60.0 && login).then_some(PageKind::Login)
    }

    /// The share of the body's running words that stand in blocks with two of the words.
    fn share(&self, list: &[&str]) -> f32 {
        let body = self.outline.blocks.iter().zip(self.verdicts).filter(|(_, verdict)| verdict.is_body());
        let speaks = body.filter(|(block, _)| {
            let text = walls::folded(&block.text);
            list.iter().filter(|word| text.contains(**word)).count() >= 2
        });
        speaks.map(|(block, _)| block.running()).sum::<f32>() / self.body.max(1.0)
    }

    /// The first words of the page that are not mere links.
    fn opening(&self) -> String {
        let mut out = String::new();
        for block in self.outline.blocks.iter().filter(|b| b.features.link_density() < 0.8) {
            out.push_str(&walls::folded(&block.text));
            out.push('\n');
            if out.len() > 4_000 {
                break;
            }
        }
        out
    }
}

/// Things worth knowing about the page.
pub(crate) fn flags(outline: &Outline, claims: &Claims) -> Vec<String> {
    use crate::words::Words;
    let mut out = Vec::new();
    let knots = &outline.knots;
    if claims.linked.is_a("LiveBlogPosting") || knots.iter().any(|k| k.words.has(Words::LIVE) && k.chars > 400) {
        out.push("live_blog".to_owned());
    }
    let pictures = outline.pictures.iter().filter(|p| p.last > p.first).count();
    if claims.linked.is_a("ImageGallery") || (pictures >= 8 && knots.iter().any(|k| k.words.has(Words::GALLERY))) {
        out.push("gallery".to_owned());
    }
    out
}

#[cfg(test)]
mod tests {
    use wiredesk_model::block::{Hints, PageKind};

    use crate::read;

    #[test]
    fn pages_that_are_no_articles_are_told() {
        for (html, want) in [
            ("<title>Just a moment...</title><p>Enable JavaScript and cookies to continue", PageKind::BotChallenge),
            ("<title>Page not found - Mill</title><h1>Oops</h1><p>Sorry.", PageKind::SoftNotFound),
            (
                "<title>Mill</title><h1>We value your privacy</h1><p>We and our partners store things.",
                PageKind::ConsentWall,
            ),
            ("<title>Log in</title><form><input type=password></form><p>Welcome", PageKind::Login),
            ("", PageKind::Empty),
        ] {
            assert_eq!(read(html, &Hints::default()).expect("read").page, want, "{html}");
        }
        let mut article = String::from("<title>A book not found</title><main>");
        for day in 1..20 {
            article.push_str(&format!(
                "<p>On day {day} the book of cookies was not found, said the keeper of the mill, who looked.</p>"
            ));
        }
        assert_eq!(read(&article, &Hints::default()).expect("read").page, PageKind::Article);
    }
}
