//! `explain --html`: the page's text with its blocks coloured by verdict, each with its rule on hover. Self-contained: it loads
//! nothing, runs nothing, and everything from the page is escaped.

use wiredesk_clean::Cleaned;
use wiredesk_model::block::Verdict;

use crate::extract::{escaped, verdict};

const HEAD: &str = r#"<!doctype html>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width">
<style>
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
.b { border-left: .35rem solid; margin: .3rem 0; padding: .2rem .8rem; white-space: pre-wrap; display: grid; grid-template-columns: 1fr 13rem; gap: 1rem; }
.b small { opacity: .7; text-align: right; overflow-wrap: anywhere; }
.body { border-color: #2a9d4a; } .notice { border-color: #d9a400; background: #d9a40018; }
.field { border-color: #2a7fb8; background: #2a7fb818; } .dropped { border-color: #c0392b; background: #c0392b10; }
.dropped span { opacity: .6; text-decoration: line-through; text-decoration-thickness: 1px; }
</style>
"#;

/// The whole page.
pub(crate) fn page(cleaned: &Cleaned) -> String {
    let article = &cleaned.article;
    let title = escaped(&article.title);
    let mut out = format!(
        "{HEAD}<title>{title}</title>\n<h1>{title}</h1>\n<p>{}<br>{} words, {} blocks kept, {} left out</p>\n",
        escaped(&article.url),
        article.word_count,
        article.extraction.blocks_kept,
        article.extraction.blocks_removed
    );
    for judged in &cleaned.ledger.blocks {
        let class = match judged.verdict {
            Verdict::Body { .. } => "body",
            Verdict::Notice { .. } => "notice",
            Verdict::Field { .. } => "field",
            Verdict::Dropped { .. } => "dropped",
        };
        let (name, _) = verdict(&judged.verdict);
        let rule = escaped(judged.verdict.rule());
        let hover = format!(
            "{} · score {:.2} · links {:.0}%",
            escaped(&judged.evidence.path),
            judged.evidence.score,
            judged.evidence.link_density * 100.0
        );
        out += &format!(
            "<div class=\"b {class}\" title=\"{hover}\"><span>{}</span><small>{name}<br>{rule}</small></div>\n",
            escaped(&judged.block.text)
        );
    }
    out
}
