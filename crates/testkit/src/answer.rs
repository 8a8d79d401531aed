//! From a request to an answer: what is due to fail fails, what is held waits, what the client has already is a 304
//! (RFC 9110, 13.1: `If-None-Match` goes before `If-Modified-Since`).

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use jiff::{SignedDuration, Timestamp};

use crate::feed::EPOCH;
use crate::reply::Reply;
use crate::site::{Content, Drip, Route, Site, trim};
use crate::visits::{Seen, Visits};

/// A site that is being served.
pub(crate) struct Running {
    pub(crate) site: Mutex<Site>,
    pub(crate) visits: Visits,
    pub(crate) base: String,
    pub(crate) bases: Arc<BTreeMap<String, String>>,
}

/// An answer before it is bytes on a wire.
struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    body: Bytes,
    drip: Option<Drip>,
    cut: Option<usize>,
}

impl Answer {
    fn bare(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Bytes::new(), drip: None, cut: None }
    }
}

pub(crate) async fn answer(State(running): State<Arc<Running>>, request: Request) -> Response {
    let path = trim(request.uri().path_and_query().map_or("/", |path| path.as_str()));
    let headers = request.headers().clone();
    let (visit, nth) = running.visits.begin(Seen {
        method: request.method().to_string(),
        path: path.clone(),
        headers: headers
            .iter()
            .map(|(n, v)| (n.to_string(), String::from_utf8_lossy(v.as_bytes()).into_owned()))
            .collect(),
        at: Instant::now(),
    });
    running.wait(&path).await;
    let answer = running.make(&path, nth, &headers);
    let whole = answer.body.len();
    let mut response = Response::new(Body::new(Reply::new(answer.body, answer.drip, answer.cut, visit)));
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    if answer.cut.is_some_and(|cut| cut < whole) {
        response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(whole));
    }
    for (name, value) in answer.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            response.headers_mut().append(name, value);
        }
    }
    response
}

impl Running {
    fn site(&self) -> std::sync::MutexGuard<'_, Site> {
        self.site.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until the path is released and its time before the first byte is over.
    async fn wait(&self, path: &str) {
        let (held, delay) = {
            let site = self.site();
            let route = find(&site, path).and_then(|key| site.routes.get(&key));
            let held = route.and_then(|route| route.held.as_ref().map(tokio::sync::watch::Sender::subscribe));
            (held, site.latency + route.map_or(Duration::ZERO, |route| route.first_byte))
        };
        if let Some(mut held) = held {
            // An error means that the route is gone: nobody is left to release it.
            let _ = held.wait_for(|released| *released).await;
        }
        if !delay.is_zero() {
            tokio::time::sleep(delay).await;
        }
    }

    fn make(&self, path: &str, nth: u64, headers: &HeaderMap) -> Answer {
        let mut site = self.site();
        if let Some(status) = site.fail() {
            return Answer::bare(status);
        }
        let Some(key) = find(&site, path) else { return Answer::bare(404) };
        let Some(route) = site.routes.get_mut(&key) else { return Answer::bare(404) };
        if let Some(status) = route.fail() {
            let mut answer = Answer::bare(status);
            answer.headers.extend(route.retry_after.iter().map(|value| ("retry-after".to_owned(), value.clone())));
            return answer;
        }
        let route = route.clone();
        drop(site);
        self.serve(&key, &route, nth, headers)
    }

    fn serve(&self, key: &str, route: &Route, nth: u64, headers: &HeaderMap) -> Answer {
        let mut out = route.headers.clone();
        let (body, kind) = match &route.content {
            Content::Redirect(to) => {
                out.push((
                    "location".to_owned(),
                    String::from_utf8_lossy(&self.settle(Bytes::from(to.clone()))).into_owned(),
                ));
                return Answer { headers: out, ..Answer::bare(route.status) };
            }
            Content::Fixed(bytes) => (bytes.clone(), "text/html; charset=utf-8".to_owned()),
            Content::Each(make) => (Bytes::from(make(nth)), "text/html; charset=utf-8".to_owned()),
            Content::Made => (Bytes::from(made(key)), "text/html; charset=utf-8".to_owned()),
            Content::Feed(feed) => (Bytes::from(feed.document()), feed.content_type()),
        };
        let body = self.settle(body);
        out.push(("content-type".to_owned(), route.content_type.clone().unwrap_or(kind)));
        if route.validators && route.status == 200 {
            let etag = etag(&body);
            let modified = (!matches!(route.content, Content::Each(_))).then(|| modified(route.version));
            out.push(("etag".to_owned(), etag.clone()));
            out.extend(modified.map(|at| ("last-modified".to_owned(), http_date(at))));
            if is_current(headers, &etag, modified) {
                out.retain(|(name, _)| name != "content-type");
                return Answer { headers: out, ..Answer::bare(304) };
            }
        }
        let accepts = headers
            .get(header::ACCEPT_ENCODING)
            .is_some_and(|v| String::from_utf8_lossy(v.as_bytes()).contains("gzip"));
        let body = if route.gzip && accepts {
            out.push(("content-encoding".to_owned(), "gzip".to_owned()));
            gzip(&body)
        } else {
            body
        };
        Answer { status: route.status, headers: out, body, drip: route.drip, cut: route.cut }
    }

    /// Puts addresses in for `{{base}}` and `{{base:NAME}}`.
    fn settle(&self, bytes: Bytes) -> Bytes {
        const MARK: &[u8] = b"{{base";
        let Some(mut at) = position(&bytes, MARK) else { return bytes };
        let mut out = Vec::with_capacity(bytes.len() + 64);
        let mut rest = &bytes[..];
        loop {
            out.extend_from_slice(&rest[..at]);
            rest = &rest[at..];
            let end = position(rest, b"}}").unwrap_or(rest.len());
            let name = String::from_utf8_lossy(&rest[MARK.len()..end.max(MARK.len())]).into_owned();
            let base = name.strip_prefix(':').map_or(Some(&self.base), |name| self.bases.get(name));
            out.extend_from_slice(base.map_or("http://nowhere.invalid", String::as_str).as_bytes());
            rest = &rest[(end + 2).min(rest.len())..];
            match position(rest, MARK) {
                Some(next) => at = next,
                None => break,
            }
        }
        out.extend_from_slice(rest);
        Bytes::from(out)
    }
}

/// The route's key: the path with its query where that is a route, else without.
fn find(site: &Site, path: &str) -> Option<String> {
    let bare = path.split('?').next().unwrap_or_default();
    [path, bare].into_iter().find(|key| site.routes.contains_key(*key)).map(str::to_owned)
}

fn made(path: &str) -> String {
    let story = crate::prose::story_for(path);
    crate::template::plain(&story.title, &story.paragraphs)
}

fn position(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}

fn etag(body: &[u8]) -> String {
    let mut hasher = DefaultHasher::new();
    body.hash(&mut hasher);
    format!("\"{:016x}\"", hasher.finish())
}

fn modified(version: i64) -> Timestamp {
    EPOCH.checked_add(SignedDuration::from_secs(version)).unwrap_or(EPOCH)
}

/// An IMF-fixdate (RFC 9110, 5.6.7).
pub(crate) fn http_date(at: Timestamp) -> String {
    at.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

fn is_current(headers: &HeaderMap, etag: &str, modified: Option<Timestamp>) -> bool {
    let text = |name| headers.get(name).map(|v| String::from_utf8_lossy(v.as_bytes()).into_owned());
    if let Some(known) = text(header::IF_NONE_MATCH) {
        return known.split(',').map(|tag| tag.trim().trim_start_matches("W/")).any(|tag| tag == "*" || tag == etag);
    }
    let since = text(header::IF_MODIFIED_SINCE).and_then(|date| jiff::fmt::rfc2822::parse(&date).ok());
    matches!((since, modified), (Some(since), Some(modified)) if modified <= since.timestamp())
}

fn gzip(body: &[u8]) -> Bytes {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    // Writing to memory does not fail.
    let _ = encoder.write_all(body);
    Bytes::from(encoder.finish().unwrap_or_default())
}
