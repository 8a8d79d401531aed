//! What markup says about rights: under which licence the article stands, who holds the copyright, whether it may be read for
//! free. What the page prints of it is lifted out of the text later.

use url::Url;
use wiredesk_model::block::Sourced;

use super::absolute;
use super::facts::Facts;
use super::json_ld::Linked;

/// A longer text is a page of terms, not a line.
const LONGEST: usize = 300;

/// The licence: an address as seen from the page, or its name.
pub(super) fn license(facts: &Facts, linked: &Linked, base: Option<&Url>) -> Option<Sourced<String>> {
    let found = linked
        .text("license")
        .map(|text| Sourced::new(text, "json-ld"))
        .or_else(|| facts.license.clone().map(|link| Sourced::new(link, "html")))
        .or_else(|| meta(facts, &["dcterms.license", "dc.rights.license", "license", "copyright-license"]))?;
    let is_address = found.value.starts_with(['/', '#', '?', '.']) || found.value.contains("://");
    let value = if is_address { absolute(&found.value, base)? } else { found.value };
    (!value.is_empty() && value.len() <= LONGEST).then_some(Sourced { value, source: found.source })
}

/// Who holds the rights, word for word.
pub(super) fn copyright(facts: &Facts, linked: &Linked) -> Option<Sourced<String>> {
    linked
        .text("copyrightNotice")
        .or_else(|| linked.text("copyrightHolder"))
        .map(|text| Sourced::new(text, "json-ld"))
        .or_else(|| {
            meta(
                facts,
                &["copyright", "dcterms.rights", "dc.rights", "dcterms.rightsholder", "rights", "rights-standard"],
            )
        })
        .filter(|said| !said.value.is_empty() && said.value.len() <= LONGEST && !said.value.contains("://"))
}

/// Whether the article may be read without paying.
pub(super) fn is_free(facts: &Facts, linked: &Linked) -> Option<Sourced<bool>> {
    let tier = || match facts.first(&["article:content_tier"])?.to_ascii_lowercase().as_str() {
        "free" => Some(Sourced::new(true, "opengraph")),
        "locked" | "premium" => Some(Sourced::new(false, "opengraph")),
        _ => None,
    };
    let microdata = || match facts.first(&["isaccessibleforfree"])?.to_ascii_lowercase().as_str() {
        "true" => Some(Sourced::new(true, "microdata")),
        "false" => Some(Sourced::new(false, "microdata")),
        _ => None,
    };
    linked.free().map(|free| Sourced::new(free, "json-ld")).or_else(tier).or_else(microdata)
}

fn meta(facts: &Facts, keys: &[&str]) -> Option<Sourced<String>> {
    facts.first(keys).map(|text| Sourced::new(text.to_owned(), "meta"))
}

#[cfg(test)]
mod tests {
    use scraper::Html;

    use super::*;

    fn facts(html: &str) -> Facts {
        Facts::of(&Html::parse_document(html))
    }

    #[test]
    fn rights_are_read_from_markup() {
        let page = facts(
            "<meta name=copyright content='2031 The Mill Press'><meta property=article:content_tier content=locked>\
             <a rel='license nofollow' href=/terms/open>Open</a>",
        );
        let (none, base) = (Linked::default(), Url::parse("https://a.test/story").ok());
        assert_eq!(license(&page, &none, base.as_ref()).map(|s| s.value).as_deref(), Some("https://a.test/terms/open"));
        assert_eq!(copyright(&page, &none).map(|s| s.value).as_deref(), Some("2031 The Mill Press"));
        assert_eq!(is_free(&page, &none).map(|s| s.value), Some(false));
        let script = r#"{"@type":"NewsArticle","headline":"x","license":"CC BY 4.0","copyrightHolder":{"name":"Mill"},"isAccessibleForFree":true}"#;
        let linked = Linked::read(&[script.to_owned()], "https://a.test/story", "x");
        assert_eq!(license(&page, &linked, None), Some(Sourced::new("CC BY 4.0".to_owned(), "json-ld")));
        assert_eq!(copyright(&page, &linked), Some(Sourced::new("Mill".to_owned(), "json-ld")));
        assert_eq!(is_free(&page, &linked).map(|s| s.value), Some(true));
        let bare = facts("<p>x");
        assert!(
            license(&bare, &none, None).is_none()
                && copyright(&bare, &none).is_none()
                && is_free(&bare, &none).is_none()
        );
    }
}
