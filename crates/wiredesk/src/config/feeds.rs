//! `[[feeds]]`, wherever they stand: names that are unique, addresses that can be polled, and no feed under two names.

use std::collections::HashMap;
use std::ops::Range;
use std::path::Path;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use serde::Deserialize;
use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue, Deserializer};
use url::Url;
use wiredesk_fetch::fetcher::reachable;
use wiredesk_model::feed::Feed;
use wiredesk_model::link;
use wiredesk_model::secret::{Secret, Setting};

use super::fault::Fault;
use super::keys::{self, Key};
use super::places::Places;
use super::secrets;
use super::settings::{Config, FeedSettings};
use super::sift::{Sieve, a, nearest};
use super::source::{Source, key_place, place};

/// Headers that the desk sets itself, or that would break the exchange.
const OWN_HEADERS: [&str; 12] = [
    "host",
    "connection",
    "content-length",
    "transfer-encoding",
    "te",
    "upgrade",
    "accept-encoding",
    "if-none-match",
    "if-modified-since",
    "range",
    "proxy-authorization",
    "expect",
];

/// A feed and where it was written.
pub(crate) struct FeedAt<'a> {
    /// What was written.
    pub settings: FeedSettings,
    /// Its file's place among the sources.
    pub file: usize,
    /// Its heading.
    pub span: Range<usize>,
    table: DeTable<'a>,
}

impl FeedAt<'_> {
    fn at(&self, path: &[&str]) -> Range<usize> {
        place(&self.table, path).unwrap_or_else(|| self.span.clone())
    }
}

/// Reads the feeds of one file; those with a fault in a value are named and left out.
pub(crate) fn read<'a>(
    file: usize,
    (key, value): (Range<usize>, Spanned<DeValue<'a>>),
    keys: &[Key],
    faults: &mut Vec<Fault>,
) -> Vec<FeedAt<'a>> {
    let keys = keys::item(keys, "feeds");
    let DeValue::Array(items) = value.into_inner() else {
        faults
            .push(Fault::error(file, key, "`feeds` is a list: its heading has two brackets").help("write `[[feeds]]`"));
        return Vec::new();
    };
    items.into_iter().filter_map(|item| one(file, item, keys, faults)).collect()
}

fn one<'a>(file: usize, item: Spanned<DeValue<'a>>, keys: &[Key], faults: &mut Vec<Fault>) -> Option<FeedAt<'a>> {
    let span = item.span();
    let table = match item.into_inner() {
        DeValue::Table(table) => table,
        other => {
            let message = format!("a feed is a table, and this is {}", a(&other));
            faults.push(Fault::error(file, span, message).help("write `[[feeds]]`, then `id` and `url`"));
            return None;
        }
    };
    for (name, example) in [("id", "id = \"example\""), ("url", "url = \"https://…\"")] {
        if key_place(&table, &[name]).is_none() {
            // A mistyped `id` is one fault, not two.
            let mistyped = table.keys().any(|key| {
                !keys.iter().any(|known| known.name == *key.get_ref())
                    && nearest(key.get_ref(), [name].into_iter()).is_some()
            });
            if !mistyped {
                let message = format!("this feed has no `{name}`");
                faults.push(Fault::error(file, span.clone(), message).help(format!("add `{example}`")));
            }
        }
    }
    let sieve = Sieve::<FeedSettings>::new(file, keys, placeholder());
    let good = sieve.sift(table.clone(), faults);
    let settings = FeedSettings::deserialize(Deserializer::from(Spanned::new(span.clone(), good))).ok()?;
    Some(FeedAt { settings, file, span, table })
}

/// The least that a feed is: its other values are tried beside this.
fn placeholder<'i>() -> DeTable<'i> {
    let text = |text: &'static str| Spanned::new(0..0, DeValue::String(DeString::Borrowed(text)));
    let key = |key: &'static str| Spanned::new(0..0, DeString::Borrowed(key));
    DeTable::from_iter([(key("id"), text("id")), (key("url"), text("http://feed.invalid/"))])
}

/// Checks each feed, and the feeds against each other.
pub(crate) fn check(config: &Config, feeds: &[FeedAt<'_>], sources: &[Source], faults: &mut Vec<Fault>) {
    let places = Places::of_all(sources);
    let mut ids: HashMap<&str, &FeedAt<'_>> = HashMap::new();
    let mut addresses: HashMap<String, &FeedAt<'_>> = HashMap::new();
    for feed in feeds {
        alone(config, feed, faults);
        let id = feed.settings.id.as_str();
        let other_id = ids.get(id).copied();
        if let Some(first) = other_id {
            let message =
                format!("another feed has the id {id:?}, at {}", written_at(first, &["id"], (sources, &places)));
            faults.push(
                Fault::error(feed.file, feed.at(&["id"]), message)
                    .help("an id belongs to one feed: rename one of them")
                    .related(first.file, first.at(&["id"]), "the first one"),
            );
        } else {
            ids.insert(id, feed);
        }
        let address = same_feed_key(&feed.settings.url);
        if let Some(first) = addresses.get(&address) {
            let (name, place) = (first.settings.id.as_str(), written_at(first, &["url"], (sources, &places)));
            let message = format!("{id:?} is the same feed as {name:?}, at {place}");
            faults.push(
                Fault::error(feed.file, feed.at(&["url"]), message)
                    .help("a feed is polled once: remove one of the two")
                    .related(first.file, first.at(&["url"]), "the first one"),
            );
        } else {
            addresses.insert(address, feed);
        }
    }
    if feeds.is_empty() && faults.iter().all(|fault| fault.severity != super::fault::Severity::Error) {
        faults.push(
            Fault::warning(super::source::MAIN, 0..0, "no feeds are configured")
                .help("add `[[feeds]]` with `id` and `url`, or use `wiredesk feeds add URL`"),
        );
    }
}

fn written_at(feed: &FeedAt<'_>, path: &[&str], (sources, places): (&[Source], &[Places<'_>])) -> String {
    let source = &sources[feed.file];
    let (line, column) = places[feed.file].at(feed.at(path).start);
    format!("{}:{line}:{column}", source.path.display())
}

fn alone(config: &Config, feed: &FeedAt<'_>, faults: &mut Vec<Fault>) {
    let FeedSettings { id, url, interval, tags, headers, basic_auth, cookies, .. } = &feed.settings;
    if let Err(help) = legal_id(id.as_str()) {
        let message = format!("{:?} cannot be a feed's id", id.as_str());
        faults.push(Fault::error(feed.file, feed.at(&["id"]), message).help(help));
    }
    if !matches!(url.scheme(), "http" | "https") {
        let message = format!("a feed's address starts with http:// or https://, not {}:", url.scheme());
        faults.push(Fault::error(feed.file, feed.at(&["url"]), message));
    } else if let Err(error) = reachable(&link::bare(url), &config.fetch) {
        let message = format!("{:?} will not be asked: {error}", id.as_str());
        faults.push(Fault::warning(feed.file, feed.at(&["url"]), message));
    }
    let (min, max) = (config.schedule.min_interval, config.schedule.max_interval);
    if let Some(interval) = interval.filter(|interval| *interval < min || *interval > max) {
        let message = format!("the interval of {:?} ({interval}) is out of bounds", id.as_str());
        faults.push(
            Fault::error(feed.file, feed.at(&["interval"]), message)
                .help(format!("write from {min} (schedule.min_interval) to {max} (schedule.max_interval)")),
        );
    }
    if tags.iter().any(|tag| tag.trim().is_empty()) {
        faults.push(Fault::error(feed.file, feed.at(&["tags"]), "a tag is empty"));
    }
    let given = |wanted: &str| headers.keys().any(|name| name.eq_ignore_ascii_case(wanted));
    if basic_auth.is_some() && (given("authorization") || !url.username().is_empty()) {
        let message = "`basic_auth` and another login are given";
        faults.push(
            Fault::error(feed.file, feed.at(&["basic_auth"]), message).help("a request carries one: remove the other"),
        );
    }
    if !cookies.is_empty() && given("cookie") {
        let message = "`cookies` and a header `Cookie` are given";
        faults.push(Fault::error(feed.file, feed.at(&["cookies"]), message).help("remove one of the two"));
    }
    for name in cookies.keys().filter(|name| !legal_header(name)) {
        let at = key_place(&feed.table, &["cookies", name]).unwrap_or_else(|| feed.at(&["cookies"]));
        faults.push(Fault::error(feed.file, at, format!("{name:?} cannot be a cookie's name")));
    }
    let mut seen = HashMap::new();
    for name in headers.keys() {
        let at = key_place(&feed.table, &["headers", name]).unwrap_or_else(|| feed.at(&["headers"]));
        let lower = name.to_ascii_lowercase();
        if !legal_header(name) {
            let message = format!("{name:?} cannot be a header's name");
            faults
                .push(Fault::error(feed.file, at, message).help("write letters, digits and `-`, as in \"X-Api-Key\""));
        } else if OWN_HEADERS.contains(&lower.as_str()) {
            faults
                .push(Fault::error(feed.file, at, format!("the header {name:?} is set by the desk")).help("remove it"));
        } else if let Some(twin) = seen.insert(lower, name) {
            let message = format!("the header {name:?} is given twice: {twin:?}");
            faults.push(Fault::error(feed.file, at, message).help("names of headers have no case: remove one"));
        }
    }
}

/// Whether a text may name a feed; else what may.
pub(crate) fn legal_id(id: &str) -> Result<(), &'static str> {
    let legal = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_' | b'.');
    if (1..=100).contains(&id.len()) && id.bytes().all(legal) {
        Ok(())
    } else {
        Err("write 1 to 100 small letters, digits, `-`, `_` or `.`")
    }
}

/// A token of RFC 9110 §5.6.2.
fn legal_header(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

/// Two addresses with the same key are one feed: what differs is the scheme, `www.`, a slash at the end, the default port,
/// the fragment or tracking parameters.
pub(crate) fn same_feed_key(url: &Url) -> String {
    let clean = link::cleaned(url);
    let host = link::without_www(clean.host_str().unwrap_or_default().trim_end_matches('.'));
    let port = url.port().filter(|port| !matches!(port, 80 | 443)).map(|port| format!(":{port}")).unwrap_or_default();
    let query = clean.query().map(|query| format!("?{query}")).unwrap_or_default();
    // Two accounts on one address are two feeds.
    format!("{}@{host}{port}{}{query}", url.username(), clean.path().trim_end_matches('/'))
}

/// The feed as the stages know it; `None` where a secret is missing, which is then a fault.
pub(crate) fn resolve(feed: &FeedAt<'_>, folder: &Path, faults: &mut Vec<Fault>) -> Option<Feed> {
    let FeedSettings { id, url, interval, full_text, off_site, tags, headers, basic_auth, cookies, backfill, identity } =
        feed.settings.clone();
    let before = faults.len();
    let mut secrets = Secrets { feed, folder, faults: &mut *faults };
    let mut resolved = Vec::with_capacity(headers.len());
    for (name, setting) in headers {
        let what = format!("the header {name:?} of {:?}", id.as_str());
        // RFC 9110 §5.5, without the obsolete bytes above ASCII.
        let legal = |byte: u8| (b' '..=b'~').contains(&byte) || byte == b'\t';
        resolved.extend(secrets.value(&setting, &what, &["headers", &name], legal).map(|value| (name, value)));
    }
    if let Some(setting) = basic_auth {
        let what = format!("`basic_auth` of {:?}", id.as_str());
        if let Some(login) = secrets.value(&setting, &what, &["basic_auth"], |byte| !byte.is_ascii_control()) {
            if login.reveal().contains(':') {
                let value = format!("Basic {}", BASE64_STANDARD.encode(login.reveal()));
                resolved.push(("Authorization".into(), Secret::new(value)));
            } else {
                secrets.refuse(&["basic_auth"], format!("{what} has no `:`"), "write \"user:password\"");
            }
        }
    }
    let mut pairs = Vec::with_capacity(cookies.len());
    for (name, setting) in cookies {
        let what = format!("the cookie {name:?} of {:?}", id.as_str());
        // RFC 6265 §4.1.1.
        let legal = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b',' | b';' | b'\\');
        let value = secrets.value(&setting, &what, &["cookies", &name], legal);
        pairs.extend(value.map(|value| format!("{name}={}", value.reveal())));
    }
    if !pairs.is_empty() {
        resolved.push(("Cookie".into(), Secret::new(pairs.join("; "))));
    }
    let failed = faults[before..].iter().any(|fault| fault.severity == super::fault::Severity::Error);
    (!failed).then_some(Feed { id, url, interval, full_text, off_site, tags, headers: resolved, backfill, identity })
}

/// Where the secrets of one feed are looked up, and their faults go.
struct Secrets<'a, 'b> {
    feed: &'a FeedAt<'b>,
    folder: &'a Path,
    faults: &'a mut Vec<Fault>,
}

impl Secrets<'_, '_> {
    /// A setting's value, where it is there and made of these bytes.
    fn value(&mut self, setting: &Setting, what: &str, path: &[&str], legal: impl Fn(u8) -> bool) -> Option<Secret> {
        let place = (self.feed.file, self.feed.at(path));
        let secret = secrets::resolve(setting, what, self.folder, place, self.faults)?;
        if secret.reveal().bytes().all(legal) {
            return Some(secret);
        }
        self.refuse(
            path,
            format!("{what} holds a character that headers cannot carry"),
            "write ASCII text of one line",
        );
        None
    }

    fn refuse(&mut self, path: &[&str], message: String, help: &str) {
        self.faults.push(Fault::error(self.feed.file, self.feed.at(path), message).help(help));
    }
}
