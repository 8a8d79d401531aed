//! `wiredesk extract`: the desk's own reading of a page, without a desk.

use std::io::Write;
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;

use anstyle::Style;
use serde::Deserialize;
use serde_json::{Map, Value};
use wiredesk_clean::Cleaned;
use wiredesk_extract::settings::Settings;
use wiredesk_extract::site::SiteRules;
use wiredesk_model::article::Article;
use wiredesk_model::block::{Block, BlockKind, Hints};
use wiredesk_model::link::printable;
use wiredesk_pipeline::article;

use crate::bulk;
use crate::cli::{ArticleOutput, FetchArgs};
use crate::exit::{Exit, Failure, OrExit};
use crate::out::{json, steers};
use crate::source::{self, Source};

/// The most a page may weigh in bulk.
const PAGE_LIMIT: u64 = 64 << 20;

/// What a configuration says about reading.
pub(crate) struct Reader {
    min_words: u32,
    rules: Arc<SiteRules>,
}

impl Reader {
    /// As the configuration wants it that the command names; else as the defaults are, without rules for sites.
    pub(crate) fn new(fetch: &FetchArgs) -> Result<Self, Failure> {
        Ok(match source::configured(fetch)? {
            Some(written) => Self { min_words: written.config.extract.min_words, rules: written.rules },
            None => Self { min_words: Settings::default().min_words, rules: Arc::default() },
        })
    }

    /// The article of a page and why the desk would not publish it, if so.
    pub(crate) fn read(&self, source: &Source) -> (Option<Cleaned>, Option<String>) {
        let hints = Hints {
            requested_url: source.requested.clone(),
            final_url: source.url.clone(),
            fetched: source.fetched,
            ..Hints::default()
        };
        match article::read(&source.bytes, source.content_type.as_deref(), &hints, &self.rules) {
            Ok(cleaned) => {
                let objection = article::objection(&cleaned, self.min_words)
                    .map(|dropped| format!("{}: {}", dropped.reason(), dropped.detail()));
                (Some(cleaned), objection)
            }
            Err(error) => (None, Some(format!("too_costly: {error}"))),
        }
    }
}

/// `extract FILE or URL…`
pub(crate) async fn extract(
    inputs: &[String],
    url: Option<&str>,
    output: ArticleOutput,
    fetch: &FetchArgs,
) -> Result<Exit, Failure> {
    let reader = Reader::new(fetch)?;
    let mut exit = Exit::Ok;
    for (at, input) in inputs.iter().enumerate() {
        let source = match source::read(input, url, fetch).await {
            Ok(source) => source,
            Err(failure) if inputs.len() > 1 => {
                // One that cannot be read costs none of the others.
                anstream::eprintln!("{input}: {}", printable(&format!("{:#}", failure.error)));
                exit = failure.exit;
                continue;
            }
            Err(failure) => return Err(failure),
        };
        let (cleaned, error) = reader.read(&source);
        if let Some(error) = &error {
            anstream::eprintln!("{input}: the desk would not publish this: {}", printable(error));
        }
        let article = cleaned.map(|cleaned| cleaned.article);
        if article.as_ref().is_none_or(|article| article.text.is_empty()) {
            exit = exit.max(Exit::Failed);
        }
        let mut out = anstream::stdout().lock();
        let written = match output {
            ArticleOutput::Json => writeln!(out, "{}", json(line(article.as_ref(), error.as_deref()))),
            ArticleOutput::Html => writeln!(out, "{}", article.as_ref().map(html).unwrap_or_default()),
            ArticleOutput::Text => {
                let gap = if at > 0 { "\n" } else { "" };
                writeln!(out, "{gap}{}", article.as_ref().map(text).unwrap_or_default())
            }
        };
        written.or_exit(Exit::Io)?;
    }
    Ok(exit)
}

#[derive(Deserialize)]
struct Row {
    id: Value,
    html: String,
    #[serde(default)]
    url: Option<String>,
}

/// `extract --jsonl MANIFEST`
pub(crate) fn extract_bulk(manifest: &Path, jobs: Option<NonZeroUsize>, fetch: &FetchArgs) -> Result<Exit, Failure> {
    let reader = Reader::new(fetch)?;
    let jobs = jobs.map_or_else(bulk::cores, Into::into);
    let row = |folder: &Path, row: Row| {
        let url = row.url.unwrap_or_default();
        let answer = source::below(folder, &row.html).and_then(|path| source::file(&path, PAGE_LIMIT));
        let (article, error) = match answer {
            Ok(bytes) => {
                let source = Source { bytes, content_type: None, requested: url.clone(), url, fetched: None };
                match bulk::guarded(|| reader.read(&source)) {
                    Some((cleaned, error)) => (cleaned.map(|cleaned| cleaned.article), error),
                    None => (None, Some("the reader panicked on this page".into())),
                }
            }
            Err(error) => (None, Some(format!("{error:#}"))),
        };
        let mut out = value(article.as_ref(), error.as_deref());
        out.insert("id".into(), row.id);
        Value::Object(out).to_string()
    };
    bulk::rows(manifest, jobs, row, |error| serde_json::json!({ "id": null, "error": error }).to_string())?;
    Ok(Exit::Ok)
}

fn value(article: Option<&Article>, error: Option<&str>) -> Map<String, Value> {
    let mut out = match article.map(serde_json::to_value) {
        Some(Ok(Value::Object(fields))) => fields,
        _ => Map::new(),
    };
    if let Some(error) = error {
        out.insert("error".into(), error.into());
    }
    out
}

fn line(article: Option<&Article>, error: Option<&str>) -> String {
    Value::Object(value(article, error)).to_string()
}

fn text(article: &Article) -> String {
    let bold = Style::new().bold();
    // Line ends are the article's own structure; every other control character is the outside's.
    let body: Vec<_> = article.text.split('\n').map(printable).collect();
    format!("{bold}{}{bold:#}\n\n{}", printable(&article.title), body.join("\n"))
}

fn html(article: &Article) -> String {
    let title = escaped(&article.title);
    let mut out =
        format!("<!doctype html>\n<meta charset=\"utf-8\">\n<title>{title}</title>\n<article>\n<h1>{title}</h1>\n");
    for Block { kind, text, level } in &article.blocks {
        let text = escaped(text);
        out += &match kind {
            BlockKind::Paragraph => format!("<p>{text}</p>\n"),
            BlockKind::Heading => format!("<h{0}>{text}</h{0}>\n", level.unwrap_or(2).clamp(2, 6)),
            BlockKind::Quote => format!("<blockquote>{text}</blockquote>\n"),
            BlockKind::ListItem => format!("<ul><li>{text}</li></ul>\n"),
            BlockKind::Caption => format!("<p><small>{text}</small></p>\n"),
            BlockKind::Code => format!("<pre>{text}</pre>\n"),
            BlockKind::Table => {
                let row =
                    |row: &str| format!("<tr><td>{}</td></tr>", row.split('\t').collect::<Vec<_>>().join("</td><td>"));
                format!("<table>{}</table>\n", text.lines().map(row).collect::<String>())
            }
        };
    }
    out + "</article>"
}

/// Text for HTML, and for a terminal that it is shown on.
pub(crate) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out += "&amp;",
            '<' => out += "&lt;",
            '>' => out += "&gt;",
            '"' => out += "&quot;",
            '\'' => out += "&#39;",
            '\n' | '\t' => out.push(c),
            // HTML reads references to these as letters of another code.
            c if c.is_control() => out.push('\u{fffd}'),
            c if steers(c) => out += &format!("&#x{:x};", u32::from(c)),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn html_holds_nothing_that_steers_a_terminal() {
        assert_eq!(escaped("a <b> & \u{9b}1m \u{202e}c\n"), "a &lt;b&gt; &amp; \u{fffd}1m &#x202e;c\n");
    }
}
