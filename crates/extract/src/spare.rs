//! Where the text is when the page shows none: applications are sent empty, and their text waits beside them, for readers
//! without scripts (`noscript`) or for machines (`articleBody` in JSON-LD). Asked only where the page itself has nothing to
//! read, for what stands there is often shorter than what is shown, or an older state of it.

use scraper::{ElementRef, Html};

use crate::metadata::Claims;

/// A page with as many running words shows its text.
const SHOWN: f32 = 25.0;
/// A spare text has at least as many words: fewer are the sentence that asks for scripts.
const WORDS: usize = 40;

/// The text of a page whose own running words are `shown`, as HTML, with the name of the way it was found.
pub(crate) fn text(html: &Html, claims: &Claims, shown: f32) -> Option<(String, &'static str)> {
    if shown >= SHOWN {
        return None;
    }
    let silent = noscript(html).filter(|markup| markup.contains("<p") && words(markup) >= WORDS);
    silent.map(|markup| (markup, "noscript")).or_else(|| {
        let body = claims.linked.raw("articleBody").filter(|text| words(text) >= WORDS)?;
        Some((if body.contains("<p") { body.to_owned() } else { paragraphs(body) }, "json_ld"))
    })
}

fn words(text: &str) -> usize {
    text.split_whitespace().count()
}

/// The longest `noscript` of the page, as markup: some parsers read it as text, some as elements.
fn noscript(html: &Html) -> Option<String> {
    let found = html.tree.nodes().filter(|node| node.value().as_element().is_some_and(|e| e.name() == "noscript"));
    let markup = found.filter_map(|node| {
        if node.children().any(|child| child.value().is_element()) {
            return ElementRef::wrap(node).map(|element| element.inner_html());
        }
        Some(node.children().filter_map(|child| child.value().as_text().map(|text| &**text)).collect())
    });
    markup.max_by_key(String::len)
}

/// Lines as paragraphs.
fn paragraphs(text: &str) -> String {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.map(|line| format!("<p>{}</p>", line.replace('&', "&amp;").replace('<', "&lt;"))).collect()
}

#[cfg(test)]
mod tests {
    use wiredesk_model::block::Hints;

    use crate::read;

    const TEXT: &str = "The river rose by two metres in the night, and the bridge at the mill was closed to all traffic. \
        By noon the water had begun to fall, said the keeper, who has watched it for thirty years, and more rain is on its way.";

    fn body(html: &str) -> (String, String) {
        let ledger = read(html, &Hints::default()).expect("read");
        let kept = ledger.blocks.iter().filter(|b| b.verdict.is_body()).map(|b| b.block.text.as_str());
        (kept.collect::<Vec<_>>().join("|"), ledger.method)
    }

    #[test]
    fn an_empty_application_gives_the_text_that_waits_beside_it() {
        let linked = format!(
            r#"<title>Rain</title><script type="application/ld+json">{{"@type":"NewsArticle","headline":"Rain","articleBody":"{TEXT}\n\nIt rained & rained."}}</script><div id=root>Loading</div>"#
        );
        assert_eq!(body(&linked), (format!("{TEXT}|It rained & rained."), "json_ld".to_owned()));
        let silent = format!("<title>Rain</title><div id=root></div><noscript><h1>Rain</h1><p>{TEXT}</p></noscript>");
        assert_eq!(body(&silent), (TEXT.to_owned(), "noscript".to_owned()));
    }

    #[test]
    fn a_page_that_shows_its_text_is_asked_for_no_other() {
        let html = format!(
            r#"<script type="application/ld+json">{{"@type":"NewsArticle","headline":"Rain","articleBody":"{TEXT} {TEXT}"}}</script><main><p>{TEXT}</p></main>"#
        );
        assert_eq!(body(&html), (TEXT.to_owned(), "blocks".to_owned()));
        let asks = "<title>Rain</title><div id=root></div><noscript><p>You need to enable JavaScript to run this app.</p></noscript>";
        assert_eq!(body(asks).0, "");
    }
}
