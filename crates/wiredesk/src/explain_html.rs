//! `explain --html`: the page's text with its blocks coloured by verdict, each with its rule and score on hover. Self-contained: it
//! loads nothing and runs nothing, and everything from the page is escaped. Filters are boxes that styles ask about.

use std::fmt::Write as _;

use wiredesk_clean::Cleaned;
use wiredesk_model::block::{BlockKind, Judged, Verdict};
use wiredesk_model::link::printable;

use crate::explain::{by_rule, counts, evidence, folded, holds, kind, manner, verdict};
use crate::extract;

const HEAD: &str = r#"<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'">
<meta name="referrer" content="no-referrer">
<meta name="viewport" content="width=device-width, initial-scale=1">
"#;

const STYLE: &str = include_str!("explain.css");

/// Dropped blocks in a row are folded away from this number on.
const RUN: usize = 6;

/// Text from the page for HTML: escaped, and without control characters save line ends and tabs.
fn escaped(text: &str) -> String {
    let plain: Vec<String> =
        text.split('\n').map(|line| line.split('\t').map(printable).collect::<Vec<_>>().join("\t")).collect();
    extract::escaped(&plain.join("\n"))
}

/// The whole page. `objection` is why the desk would not publish it; blocks that hold the words of `why` are marked.
pub(crate) fn page(cleaned: &Cleaned, objection: Option<&str>, why: Option<&str>) -> String {
    let article = &cleaned.article;
    let title = escaped(&article.title);
    let mut out = format!("{HEAD}<title>{title} · explained</title>\n<style>\n{STYLE}</style>\n<body>\n");
    filters(&mut out);
    let _ = write!(
        out,
        "<header>\n<h1 dir=\"auto\">{title}</h1>\n<p class=\"url\">{}</p>\n<p>{}</p>\n",
        escaped(&article.url),
        escaped(&manner(cleaned))
    );
    if let Some(objection) = objection {
        let _ = writeln!(out, "<p class=\"objection\">The desk would not publish this: {}</p>", escaped(objection));
    }
    claims(&mut out, cleaned);
    rules(&mut out, &cleaned.ledger.blocks);
    if let Some(why) = why {
        asked(&mut out, &cleaned.ledger.blocks, why);
    }
    out += "</header>\n";
    legend(&mut out, &cleaned.ledger.blocks);
    let language = article.language.as_deref().map(|l| format!(" lang=\"{}\"", escaped(l))).unwrap_or_default();
    let _ = writeln!(out, "<main{language}>");
    blocks(&mut out, &cleaned.ledger.blocks, why);
    out += "</main>\n</body>\n</html>\n";
    out
}

/// The verdicts, by the names that styles know them by.
fn class(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Body { .. } => "body",
        Verdict::Notice { .. } => "notice",
        Verdict::Field { .. } => "field",
        Verdict::Dropped { .. } => "dropped",
    }
}

/// The boxes behind the legend's labels. They come first, so that styles can tell what stands after them.
fn filters(out: &mut String) {
    for name in ["body", "notice", "field", "dropped"] {
        let _ = writeln!(out, "<input type=\"checkbox\" id=\"show-{name}\" checked>");
    }
}

/// What the colours mean, how much there is of each, and the switches that hide them.
fn legend(out: &mut String, blocks: &[Judged]) {
    out.push_str("<nav>");
    for (name, blocks, words) in counts(blocks) {
        let meaning = match name {
            "body" => "body",
            "notice" => "notices",
            "field" => "other fields",
            _ => "left out",
        };
        let _ = write!(
            out,
            "<label for=\"show-{name}\" class=\"{name}\" title=\"show or hide\"><b>{meaning}</b> {blocks} blocks, {words} words</label>"
        );
    }
    out.push_str("</nav>\n");
}

/// What the article claims, and where each claim was read.
fn claims(out: &mut String, cleaned: &Cleaned) {
    let article = &cleaned.article;
    let authors: Vec<&str> = article.authors.iter().map(|author| author.name.as_str()).collect();
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let rows = [
        ("title", article.title.clone()),
        ("subtitle", text(&article.subtitle)),
        ("authors", authors.join(", ")),
        ("byline", text(&article.byline)),
        ("date_published", text(&article.date_published)),
        ("date_modified", text(&article.date_modified)),
        ("section", text(&article.section)),
        ("language", text(&article.language)),
        ("keywords", article.keywords.join(", ")),
        ("description", text(&article.description)),
    ];
    out.push_str("<details><summary>What the article claims</summary>\n<table>\n");
    for (field, value) in rows.into_iter().filter(|(_, value)| !value.is_empty()) {
        let source = article.field_sources.get(field).map(String::as_str).unwrap_or_default();
        let (value, source) = (escaped(&value), escaped(source));
        let _ = writeln!(out, "<tr><th>{field}</th><td dir=\"auto\">{value}</td><td>{source}</td></tr>");
    }
    for notice in &article.notices {
        let kind = serde_json::json!(notice.kind);
        let (kind, text) = (escaped(kind.as_str().unwrap_or_default()), escaped(&notice.text));
        let _ = writeln!(out, "<tr><th>notice: {kind}</th><td dir=\"auto\">{text}</td><td></td></tr>");
    }
    out.push_str("</table>\n</details>\n");
}

fn rules(out: &mut String, blocks: &[Judged]) {
    out.push_str("<details><summary>Rules that left something out</summary>\n<table>\n<tr><th>rule</th><th>blocks</th><th>words</th></tr>\n");
    for (rule, (blocks, words)) in by_rule(blocks) {
        let _ = writeln!(out, "<tr><td>{}</td><td>{blocks}</td><td>{words}</td></tr>", escaped(&rule));
    }
    out.push_str("</table>\n</details>\n");
}

/// Where the words stand that were asked for.
fn asked(out: &mut String, blocks: &[Judged], why: &str) {
    let found: Vec<usize> = (0..blocks.len()).filter(|at| holds(&blocks[*at], why)).collect();
    let _ = write!(out, "<p class=\"asked\">“{}” stands in {} blocks", escaped(why), found.len());
    for at in found {
        let (name, _) = verdict(&blocks[at].verdict);
        let _ = write!(out, " · <a href=\"#b{0}\">{0}: {1}</a>", at + 1, escaped(&name));
    }
    out.push_str("</p>\n");
}

/// All blocks in the order of the page; long runs of what was left out are folded.
fn blocks(out: &mut String, blocks: &[Judged], why: Option<&str>) {
    let is_dropped = |judged: &Judged| matches!(judged.verdict, Verdict::Dropped { .. });
    let mut at = 0;
    while at < blocks.len() {
        let run = blocks[at..].iter().take_while(|judged| is_dropped(judged)).count();
        let whole = run.max(1);
        let folds = run >= RUN;
        if folds {
            let open = blocks[at..at + run].iter().any(|judged| why.is_some_and(|why| holds(judged, why)));
            let by_rule: Vec<String> = by_rule(&blocks[at..at + run])
                .into_iter()
                .take(4)
                .map(|(rule, (count, _))| format!("{} × {count}", escaped(&rule)))
                .collect();
            let _ = writeln!(
                out,
                "<details class=\"run\"{}><summary>{run} blocks left out: {}</summary>",
                if open { " open" } else { "" },
                by_rule.join(", ")
            );
        }
        for (number, judged) in blocks.iter().enumerate().skip(at).take(whole) {
            block(out, number + 1, judged, why);
        }
        if folds {
            out.push_str("</details>\n");
        }
        at += whole;
    }
}

fn block(out: &mut String, number: usize, judged: &Judged, why: Option<&str>) {
    let (name, _) = verdict(&judged.verdict);
    let rule = escaped(judged.verdict.rule());
    let class = class(&judged.verdict);
    let asked = if why.is_some_and(|why| holds(judged, why)) { " asked" } else { "" };
    let _ = write!(
        out,
        "<div class=\"b {class}{asked}\" id=\"b{number}\" tabindex=\"0\"><div class=\"t {}\" dir=\"auto\">{}</div>\
         <small>{}<br>{rule}</small><aside><b>{} by {rule}</b><br>block {number} · {}",
        shape(judged),
        content(judged, why),
        escaped(&name),
        escaped(&name),
        escaped(&kind(judged)),
    );
    for line in evidence(judged) {
        let _ = write!(out, "<br>{}", escaped(&line));
    }
    out.push_str("</aside></div>\n");
}

fn shape(judged: &Judged) -> &'static str {
    match judged.block.kind {
        BlockKind::Paragraph => "paragraph",
        BlockKind::Heading => "heading",
        BlockKind::Quote => "quote",
        BlockKind::ListItem => "item",
        BlockKind::Caption => "caption",
        BlockKind::Table => "grid",
        BlockKind::Code => "code",
    }
}

/// A block's text; of a table its cells, and the words that were asked for marked where they stand as they were written.
fn content(judged: &Judged, why: Option<&str>) -> String {
    let text = &judged.block.text;
    if judged.block.kind == BlockKind::Table {
        let row = |row: &str| format!("<tr><td>{}</td></tr>", escaped(row).replace('\t', "</td><td>"));
        return format!("<table>{}</table>", text.lines().map(row).collect::<String>());
    }
    let marked = why.map(str::trim).filter(|why| !why.is_empty()).and_then(|why| {
        let (lower, words) = (text.to_lowercase(), folded(why));
        // Small letters may be longer than capitals: then nothing is marked.
        let start = lower.find(&words).filter(|_| lower.len() == text.len())?;
        let end = start + words.len();
        let (before, word, after) = (text.get(..start)?, text.get(start..end)?, text.get(end..)?);
        Some(format!("{}<mark>{}</mark>{}", escaped(before), escaped(word), escaped(after)))
    });
    marked.unwrap_or_else(|| escaped(text))
}

#[cfg(test)]
mod tests {
    use wiredesk_model::block::{Block, Evidence, Ledger};

    use super::*;

    fn judged(text: &str, verdict: Verdict) -> Judged {
        let evidence = Evidence { path: "main.a\"><b>".into(), ..Evidence::default() };
        Judged { block: Block::new(BlockKind::Paragraph, text), evidence, verdict }
    }

    fn cleaned(blocks: Vec<Judged>) -> Cleaned {
        let mut cleaned = Cleaned { ledger: Ledger { blocks, ..Ledger::default() }, ..Cleaned::default() };
        cleaned.article.title = "<script>alert('t')</script>".into();
        cleaned.article.language = Some("en\" onload=\"x".into());
        cleaned
    }

    #[test]
    fn everything_from_the_page_is_escaped_and_nothing_is_loaded_or_run() {
        let text = "<img src=x onerror=alert(1)> & \u{1b}[31m \u{0} </div></main><style>@import 'x'</style>";
        let page = page(
            &cleaned(vec![judged(text, Verdict::dropped("a/<b>")), judged(text, Verdict::body("body/container"))]),
            Some("too <short>"),
            Some("<IMG src"),
        );
        for bad in [
            "<script",
            "<img",
            "@import 'x'",
            "onload=\"x",
            "\u{1b}",
            "\u{0}",
            "<short>",
            "a/<b>",
            "http:",
            "https:",
            "url(",
        ] {
            assert!(!page.contains(bad), "{bad:?}");
        }
        assert!(page.contains("default-src 'none'"));
        assert!(page.contains("<mark>&lt;img src</mark>"));
    }

    #[test]
    fn long_runs_of_what_was_left_out_are_folded_and_open_where_they_hold_the_answer() {
        let mut all = vec![judged("The river rose.", Verdict::body("body/container"))];
        all.extend((0..RUN).map(|n| judged(&format!("Menu {n}"), Verdict::dropped("chrome/nav"))));
        let all = cleaned(all);
        let closed = page(&all, None, None);
        assert!(closed.contains("<details class=\"run\"><summary>6 blocks left out: chrome/nav × 6</summary>"));
        assert!(page(&all, None, Some("menu 3")).contains("<details class=\"run\" open>"));
        assert_eq!(closed.matches("class=\"b ").count(), RUN + 1);
    }
}
