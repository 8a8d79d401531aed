//! Which address is ours: the page's own claim where it is sane, else where the redirects ended.

use url::Url;
use wiredesk_model::link;

/// The address of an article, cleaned, and its registrable domain.
///
/// `None` and the text as it is where the address is none; `file:` addresses are kept (a bare file has no other).
pub(crate) fn of(final_url: &str, canonical: Option<&str>) -> (String, String) {
    let Ok(here) = Url::parse(final_url) else {
        return (final_url.to_owned(), String::new());
    };
    let url = canonical
        .filter(|c| !is_template(c))
        .and_then(|c| here.join(c).ok())
        .filter(|c| is_sane(c, &here))
        .unwrap_or(here);
    let domain = url.host_str().map(link::registrable_domain).unwrap_or_default();
    (link::cleaned(&url).into(), domain)
}

/// Whether the page's maker forgot to fill it in: `{{ slug }}`, `%7B%7Bslug%7D%7D`, `[object Object]`.
fn is_template(canonical: &str) -> bool {
    canonical.contains(['{', '}', '<', '>']) || canonical.contains("%7B") || canonical.contains("[object")
}

/// Whether a canonical address may be believed: the same site, an article where an article was asked for.
fn is_sane(canonical: &Url, here: &Url) -> bool {
    matches!(canonical.scheme(), "http" | "https")
        && link::same_site(canonical, here)
        && canonical.port() == here.port()
        && !["undefined", "null", "404"].iter().any(|w| canonical.path().rsplit('/').any(|s| s == *w))
        && (is_page(canonical) || !is_page(here))
        && !is_section_of(canonical, here)
}

/// More than a front page.
fn is_page(url: &Url) -> bool {
    let path = url.path().trim_matches('/').to_ascii_lowercase();
    let front = ["", "index.html", "index.htm", "index.php", "home", "en", "de", "fr", "es"].contains(&path.as_str());
    !front || url.query().is_some_and(|q| !q.is_empty())
}

/// A section that the article stands in (`/news` of `/news/2031/ferry-deal`): a template's mistake. A longer name, a number or
/// the article's first page is none.
fn is_section_of(canonical: &Url, here: &Url) -> bool {
    let own = canonical.path().trim_end_matches('/');
    let Some(rest) = here.path().strip_prefix(own).filter(|r| r.starts_with('/')) else { return false };
    let rest = rest.trim_matches('/');
    let last = own.rsplit('/').next().unwrap_or_default();
    let names_article = last.matches(['-', '_']).count() >= 3
        || last.contains('.')
        || last.bytes().filter(u8::is_ascii_digit).count() >= 4;
    let page = rest.is_empty()
        || rest.bytes().all(|b| b.is_ascii_digit())
        || ["amp", "print", "all", "full"].contains(&rest)
        || rest.starts_with("page/");
    !names_article && !page && canonical.query().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_canonical_address_is_believed_when_it_is_sane() {
        let here = "https://www.paper.example/news/2031/ferry-deal?utm_source=rss";
        let own = "https://www.paper.example/news/2031/ferry-deal";
        for (canonical, want) in [
            (None, own),
            (Some("https://paper.example/news/ferry-deal-signed"), "https://paper.example/news/ferry-deal-signed"),
            (Some("/news/2031/ferry-deal-2"), "https://www.paper.example/news/2031/ferry-deal-2"),
            (Some("https://www.paper.example/"), own),
            (Some("https://www.paper.example/news"), own),
            (Some("https://other.example/news/2031/ferry-deal"), own),
            (Some("https://www.paper.example/{{ slug }}"), own),
            (Some("https://www.paper.example/%7B%7Bslug%7D%7D"), own),
            (Some("https://www.paper.example/undefined"), own),
            (Some("javascript:alert(1)"), own),
            (Some("ftp://www.paper.example/x"), own),
        ] {
            assert_eq!(of(here, canonical), (want.to_owned(), "paper.example".to_owned()), "{canonical:?}");
        }
        assert_eq!(
            of("https://paper.example/a-long-ferry-story/amp", Some("https://paper.example/a-long-ferry-story")).0,
            "https://paper.example/a-long-ferry-story"
        );
        assert_eq!(of("file:///tmp/a.html", Some("https://paper.example/x")).0, "file:///tmp/a.html");
        assert_eq!(of("", None), (String::new(), String::new()));
    }
}
