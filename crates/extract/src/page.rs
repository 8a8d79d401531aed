//! What kind of page it is. Careful: what has a body is an article, whatever else its words say.

use wiredesk_model::block::{BlockKind, PageKind, Verdict};

use crate::metadata::Claims;
use crate::outline::Outline;

/// What a page that asks whether the reader is a machine says.
const CHALLENGE: [&str; 14] = [
    "just a moment",
    "enable javascript and cookies",
    "checking your browser",
    "verify you are human",
    "verify you are a human",
    "are you a robot",
    "attention required!",
    "please complete the security check",
    "pardon our interruption",
    "access denied",
    "ddos protection by",
    "unusual traffic from your",
    "press & hold to confirm",
    "bot verification",
];

const CONSENT: [&str; 10] = [
    "before you continue",
    "we value your privacy",
    "your privacy choices",
    "accept all cookies",
    "we and our partners",
    "wir und unsere partner",
    "mit werbung weiterlesen",
    "zustimmen und weiter",
    "continuer sans accepter",
    "valoramos tu privacidad",
];

const NOT_FOUND: [&str; 16] = [
    "page not found",
    "404",
    "not found",
    "page could not be found",
    "page you requested",
    "page you are looking for",
    "page you're looking for",
    "no longer available",
    "seite nicht gefunden",
    "seite wurde nicht gefunden",
    "page introuvable",
    "página no encontrada",
    "nie znaleziono strony",
    "pagina non trovata",
    "pagina niet gevonden",
    "this page doesn't exist",
];

const LOGIN: [&str; 8] =
    ["log in", "login", "sign in", "anmelden", "einloggen", "se connecter", "iniciar sesión", "zaloguj"];

/// Judges the page by its body, its title and what stands outside the body.
pub(crate) fn kind(outline: &Outline, verdicts: &[Verdict], claims: &Claims) -> PageKind {
    let mut body = 0.0;
    let mut sentences = 0;
    let mut all = 0;
    for (block, verdict) in outline.blocks.iter().zip(verdicts) {
        all += block.features.words;
        if verdict.is_body() {
            body += block.running();
            sentences += u32::from(block.features.terminal && block.features.words >= 8);
        }
    }
    let title = claims.title.as_ref().map(|t| t.value.to_lowercase()).unwrap_or_default();
    let raw_title = claims.facts.title.to_lowercase();
    // Walls are short; a long page that speaks of cookies is an article about cookies.
    if body < 220.0 {
        let text = opening(outline);
        let says = |list: &[&str]| list.iter().any(|phrase| text.contains(phrase));
        let titled = |list: &[&str]| list.iter().any(|phrase| raw_title.contains(phrase) || title.contains(phrase));
        let is_article = claims.linked.has_article() && body > 60.0;
        if !is_article {
            if titled(&CHALLENGE) || (body < 80.0 && says(&CHALLENGE)) {
                return PageKind::BotChallenge;
            }
            if titled(&NOT_FOUND) && !titled(&["error 404 film"]) {
                return PageKind::SoftNotFound;
            }
            if body < 80.0 && says(&NOT_FOUND[..]) && all < 400 && first_heading_says(outline, &NOT_FOUND) {
                return PageKind::SoftNotFound;
            }
            if titled(&CONSENT) || (all < 600 && says(&CONSENT) && !claims.linked.has_article()) {
                return PageKind::ConsentWall;
            }
            if claims.facts.passwords > 0 && (titled(&LOGIN) || (body < 40.0 && all < 150 && says(&LOGIN))) {
                return PageKind::Login;
            }
        }
    }
    if all == 0 {
        return PageKind::Empty;
    }
    if body < 60.0 && !claims.linked.has_article() && claims.linked.mentions("VideoObject") {
        return PageKind::VideoStub;
    }
    if !claims.linked.has_article() && sentences < 3 && body < 80.0 {
        let links = outline.blocks.iter().filter(|b| b.features.link_density() > 0.7 && b.features.words >= 4).count();
        if links >= 25 {
            return PageKind::Index;
        }
    }
    if body < 1.0 && !verdicts.iter().any(Verdict::is_body) { PageKind::Empty } else { PageKind::Article }
}

fn first_heading_says(outline: &Outline, list: &[&str]) -> bool {
    outline.blocks.iter().filter(|b| b.kind == BlockKind::Heading).take(3).any(|b| {
        let text = b.text.to_lowercase();
        list.iter().any(|phrase| text.contains(phrase))
    })
}

/// The first words of the page that are not mere links.
fn opening(outline: &Outline) -> String {
    let mut out = String::new();
    for block in outline.blocks.iter().filter(|b| b.features.link_density() < 0.8) {
        out.push_str(&block.text.to_lowercase());
        out.push('\n');
        if out.len() > 4_000 {
            break;
        }
    }
    out
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
