//! One question carried to its answer: redirects are followed by hand, for each hop must pass the door like the first, and
//! what was meant for one origin must not be told to the next.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use reqwest::header::{
    ACCEPT, ACCEPT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, IF_MODIFIED_SINCE, IF_NONE_MATCH,
    LOCATION,
};
use reqwest::{Client, Response, StatusCode};
use tokio::time::{Instant, timeout_at};
use tracing::{debug, error};
use url::{Origin, Url};
use wiredesk_model::feed::{Feed, Validators};
use wiredesk_model::link::{may_be_asked, printable};
use wiredesk_model::reminder::Reminder;

use crate::answer::RobotsVerdict;
use crate::client::HEADER_BYTES;
use crate::coding::{ACCEPTED, Coding};
use crate::door::{Door, Way};
use crate::error::FetchError;
use crate::fetcher::Fetcher;
use crate::gate::Gate;
use crate::headers;
use crate::settings::Robots as RobotsSetting;

/// How a form is written (WHATWG URL §5).
const FORM: &str = "application/x-www-form-urlencoded";
/// The most redirects that are followed.
const HOPS: usize = 5;

/// What a feed's own server is told and no other: the configured headers, and the credentials of its URL.
pub(crate) struct Confidential {
    origin: Origin,
    headers: HeaderMap,
    username: String,
    password: Option<String>,
}

/// What is asked.
pub(crate) struct Question<'a> {
    /// Of whom, without credentials.
    pub(crate) url: Url,
    /// The `Accept` header.
    pub(crate) accept: &'static str,
    /// A form that is sent with it (POST); without one it is a GET.
    pub(crate) form: Option<String>,
    /// What to ask again with, byte for byte.
    pub(crate) validators: Option<&'a Validators>,
    /// For one origin only.
    pub(crate) confidential: Option<Confidential>,
    /// Whose word is asked before a redirect is followed: robots.txt speaks of each path, on one host or another.
    pub(crate) obeys: RobotsSetting,
    /// When all must be over, the body included.
    pub(crate) deadline: Instant,
    /// The same as a span, for the error.
    pub(crate) timeout: Duration,
}

/// The head of an answer; its body is still on its way.
pub(crate) struct Head {
    /// To read the body from.
    pub(crate) response: Response,
    /// Where it came from in the end.
    pub(crate) url: Url,
    /// Where the permanent redirects that came before any other lead.
    pub(crate) moved_permanently: Option<Url>,
}

/// The two clients, the door before them, who knows what robots.txt says, and when it was said that this machine refuses us something.
pub(crate) struct Lines<'a> {
    pub(crate) fetcher: &'a Fetcher,
    pub(crate) door: &'a Door,
    pub(crate) gate: &'a Gate,
    pub(crate) starved: &'a Mutex<Reminder>,
    pub(crate) public: &'a Client,
    pub(crate) inside: &'a Client,
}

impl Confidential {
    /// What `feed` keeps for its own origin. A header that cannot be sent, or that would change what the fetch promises, is named.
    pub(crate) fn of(feed: &Feed) -> Result<Self, FetchError> {
        const OURS: [&str; 11] = [
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
            "expect",
        ];
        let mut headers = HeaderMap::new();
        for (name, value) in &feed.headers {
            let bad = || FetchError::BadHeader { url: bare(&feed.url), name: printable(name) };
            let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| bad())?;
            let mut value = HeaderValue::from_bytes(value.reveal().as_bytes()).map_err(|_| bad())?;
            if OURS.contains(&name.as_str()) {
                return Err(bad());
            }
            value.set_sensitive(true);
            headers.append(name, value);
        }
        Ok(Self {
            origin: feed.url.origin(),
            headers,
            username: feed.url.username().to_owned(),
            password: feed.url.password().map(str::to_owned),
        })
    }
}

/// The URL without credentials: the only form that is kept, shown, compared, or sent where they do not belong.
pub(crate) fn bare(url: &Url) -> Url {
    let mut out = url.clone();
    // Neither fails where there is a host; where there is none, there are no credentials.
    let _ = out.set_username("");
    let _ = out.set_password(None);
    out
}

impl Lines<'_> {
    /// Asks, and follows up to five redirects.
    pub(crate) async fn ask(&self, question: &Question<'_>) -> Result<Head, FetchError> {
        let mut url = question.url.clone();
        let mut seen = vec![without_fragment(&url)];
        let mut moved_permanently = None;
        let mut only_permanent = true;
        loop {
            let response = self.send(question, &url).await?;
            let status = response.status();
            // A form is sent again only where the server asks for just that.
            let is_followed = question.form.is_none() || matches!(status.as_u16(), 307 | 308);
            let Some(next) = target(&response, &url)?.filter(|_| is_followed) else {
                return Ok(Head { response, url, moved_permanently });
            };
            if question.form.is_some() && (url.scheme(), next.scheme()) == ("https", "http") {
                return Err(FetchError::BadUrl { url, why: "it redirects a form from https to http" });
            }
            if seen.len() > HOPS || seen.contains(&without_fragment(&next)) {
                let (url, hops) = (Box::new(question.url.clone()), seen.len());
                return Err(FetchError::RedirectLoop { url, hops, next: Box::new(next) });
            }
            if question.obeys == RobotsSetting::Obey {
                // Its robots.txt has a deadline of its own; ours holds for all that is asked on the way.
                match timeout_at(question.deadline, self.fetcher.allowed_beyond(&next)).await {
                    Ok(Ok(RobotsVerdict::Allowed { .. })) => {}
                    Ok(Ok(RobotsVerdict::Disallowed)) => return Err(FetchError::Disallowed { url: next }),
                    Ok(Err(error)) => return Err(error),
                    Err(_) => return Err(FetchError::Timeout { url: next, timeout: question.timeout }),
                }
            }
            only_permanent &= matches!(status.as_u16(), 301 | 308);
            if only_permanent {
                moved_permanently = Some(next.clone());
            }
            seen.push(without_fragment(&next));
            url = next;
        }
    }

    /// One request, to an address that was checked.
    async fn send(&self, question: &Question<'_>, url: &Url) -> Result<Response, FetchError> {
        let way = self.door.check(url)?;
        let client = if way == Way::Public { self.public } else { self.inside };
        let mut address = url.clone();
        let mut own = HeaderMap::new();
        if let Some(kept) = question.confidential.as_ref().filter(|kept| kept.origin == url.origin()) {
            own = kept.headers.clone();
            // The client takes them out again, as an Authorization header.
            let _ = address.set_username(&kept.username);
            let _ = address.set_password(kept.password.as_deref());
        }
        let request = match &question.form {
            Some(form) => client.post(address).header(CONTENT_TYPE, FORM).body(form.clone()),
            None => client.get(address),
        };
        let mut request = request.header(ACCEPT, question.accept).header(ACCEPT_ENCODING, ACCEPTED);
        if let Some(validators) = question.validators {
            for (name, value) in [(IF_NONE_MATCH, &validators.etag), (IF_MODIFIED_SINCE, &validators.last_modified)] {
                if let Some(value) = value.as_ref().and_then(|value| HeaderValue::from_bytes(value.as_bytes()).ok()) {
                    request = request.header(name, value);
                }
            }
        }
        if !self.gate.pass(url, question.deadline).await {
            return Err(FetchError::Timeout { url: url.clone(), timeout: question.timeout });
        }
        let started = Instant::now();
        let sent = timeout_at(question.deadline, request.headers(own).send()).await;
        let ms = started.elapsed().as_millis();
        let response = match sent {
            Ok(Ok(response)) => response,
            Ok(Err(source)) => {
                debug!(url = %url, ms, "no answer");
                let error = FetchError::from_request(url, source, question.timeout, way == Way::Inside);
                if let FetchError::Starved { why, .. } = &error
                    && self.starved.lock().unwrap_or_else(PoisonError::into_inner).is_due(Instant::now().into_std())
                {
                    error!(stage = "fetch", "no server can be asked: {why}; what is due is tried again");
                }
                return Err(error);
            }
            Err(_) => {
                debug!(url = %url, ms, "no answer in time");
                return Err(FetchError::Timeout { url: url.clone(), timeout: question.timeout });
            }
        };
        debug!(url = %url, status = response.status().as_u16(), length = response.content_length(), ms, "answered");
        let weight: usize = response.headers().iter().map(|(name, value)| name.as_str().len() + value.len() + 32).sum();
        if weight > HEADER_BYTES as usize {
            return Err(FetchError::HeadersTooLarge { url: url.clone(), limit: HEADER_BYTES.into() });
        }
        Ok(response)
    }
}

/// Where the answer redirects to, if it does.
fn target(response: &Response, url: &Url) -> Result<Option<Url>, FetchError> {
    if !matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
        return Ok(None);
    }
    let Some(location) = response.headers().get(LOCATION) else { return Ok(None) };
    // Bytes that are no UTF-8 mean themselves, escaped.
    let location: String = match std::str::from_utf8(location.as_bytes()) {
        Ok(text) => text.to_owned(),
        Err(_) => location
            .as_bytes()
            .iter()
            .map(|byte| if byte.is_ascii() { char::from(*byte).to_string() } else { format!("%{byte:02X}") })
            .collect(),
    };
    match url.join(&location) {
        Ok(next) if !may_be_asked(&next) => {
            Err(FetchError::BadUrl { url: url.clone(), why: "it redirects to an address of more than 8 KiB" })
        }
        Ok(next) => Ok(Some(bare(&next))),
        Err(_) => Err(FetchError::BadUrl { url: url.clone(), why: "it redirects to something that is no address" }),
    }
}

fn without_fragment(url: &Url) -> Url {
    let mut out = url.clone();
    out.set_fragment(None);
    out
}

impl Head {
    /// The error that the status is, if it is one; 304 is left to who asked for it.
    pub(crate) fn judge(&self) -> Result<(), FetchError> {
        let url = || self.url.clone();
        let status = self.response.status();
        let after = || headers::retry_after(self.response.headers(), Timestamp::now());
        match status {
            StatusCode::OK | StatusCode::NON_AUTHORITATIVE_INFORMATION => Ok(()),
            StatusCode::NOT_FOUND | StatusCode::GONE => Err(FetchError::Gone { url: url(), status: status.as_u16() }),
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::UNAVAILABLE_FOR_LEGAL_REASONS => {
                Err(FetchError::Refused { url: url(), status: status.as_u16(), after: after() })
            }
            StatusCode::TOO_MANY_REQUESTS => Err(FetchError::RateLimited { url: url(), after: after() }),
            s if s.is_client_error() => Err(FetchError::ClientError { url: url(), status: s.as_u16() }),
            s if s.is_server_error() => Err(FetchError::ServerError { url: url(), status: s.as_u16(), after: after() }),
            s => Err(FetchError::OddStatus { url: url(), status: s.as_u16() }),
        }
    }

    /// How the body is packed. Several codings at once and those that were not asked for are refused.
    pub(crate) fn coding(&self) -> Result<Coding, FetchError> {
        Coding::of(self.response.headers())
            .map_err(|said| FetchError::BadEncoding { url: self.url.clone(), encoding: printable(&said) })
    }
}
