//! `wiredesk feed`: what the feed parser sees.

use std::path::Path;

use serde::Deserialize;
use url::Url;

use crate::bulk;
use crate::cli::FetchArgs;
use crate::exit::{Exit, Failure};
use crate::source;

/// The most a feed may weigh in bulk.
const FEED_LIMIT: u64 = 64 << 20;

fn parse(
    bytes: &[u8],
    content_type: Option<&str>,
    base: &str,
) -> Result<wiredesk_feed::Parsed, wiredesk_feed::Unreadable> {
    let base = Url::parse(base).unwrap_or_else(|_| Url::parse("about:blank").expect("a constant address"));
    let text = wiredesk_decode::feed(bytes, content_type);
    wiredesk_feed::parse(&text.text, &base)
}

/// `feed FILE or URL`: one line per feed.
pub(crate) async fn feed(input: &str, url: Option<&str>, fetch: &FetchArgs) -> Result<Exit, Failure> {
    let source = source::read(input, url, fetch).await?;
    let parsed = parse(&source.bytes, source.content_type.as_deref(), &source.url);
    crate::out::line(crate::out::json(wiredesk_feed::report(input, &parsed)));
    Ok(if parsed.is_ok() { Exit::Ok } else { Exit::Failed })
}

#[derive(Deserialize)]
struct Row {
    id: String,
    feed: String,
    #[serde(default)]
    url: Option<String>,
    #[serde(default)]
    charset: Option<String>,
}

/// `feed --jsonl MANIFEST`
pub(crate) fn feed_bulk(manifest: &Path) -> Result<Exit, Failure> {
    let row = |folder: &Path, row: Row| {
        let failed =
            |error: String| serde_json::json!({ "id": row.id, "ok": false, "error": error, "entries": [] }).to_string();
        let bytes = match source::below(folder, &row.feed).and_then(|path| source::file(&path, FEED_LIMIT)) {
            Ok(bytes) => bytes,
            Err(error) => return failed(format!("{error:#}")),
        };
        let content_type = row.charset.as_ref().map(|charset| format!("application/xml; charset={charset}"));
        let base = row.url.as_deref().unwrap_or_default();
        match bulk::guarded(|| parse(&bytes, content_type.as_deref(), base)) {
            Some(parsed) => wiredesk_feed::report(&row.id, &parsed).to_string(),
            None => failed("the parser panicked".into()),
        }
    };
    let refuse = |error| serde_json::json!({ "id": null, "ok": false, "error": error, "entries": [] }).to_string();
    bulk::rows(manifest, bulk::cores(), row, refuse)?;
    Ok(Exit::Ok)
}
