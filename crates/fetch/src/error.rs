//! How a fetch can go wrong, in the operator's words, and what is to be done about it.

use std::error::Error;
use std::io;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use rustix::io::Errno;
use url::Url;
use wiredesk_model::fault::{AsFault, Fault};

use crate::coding::Broken;
use crate::resolver::ClosedName;
use crate::sniff::Kind;

/// A `[fetch]` section that no fetcher can be made of.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// Not a proxy's address. The value is not shown: it may hold a password.
    #[error("`fetch.proxy` is no proxy's address: write \"http://host:port\" or \"socks5h://host:port\"")]
    BadProxy,
    /// Empty, or with characters that no header may have.
    #[error("`fetch.user_agent` must be a line of visible characters")]
    BadUserAgent,
    /// Nothing could be asked in no time.
    #[error("`fetch.timeout` must be more than nothing")]
    NoTime,
    /// A redirect on one host waits for that host's next turn, within the time of the whole request.
    #[error("`fetch.per_host.delay` must be shorter than `fetch.timeout`: a redirect on one host waits for its turn")]
    DelayTooLong,
    /// One body alone would not fit.
    #[error("`fetch.memory` ({memory} bytes) must hold the largest body that is allowed ({largest} bytes)")]
    MemoryTooSmall {
        /// `fetch.memory`, in bytes.
        memory: u64,
        /// The larger of `fetch.page_limit`, `fetch.feed_limit` and 500 KiB for robots.txt, in bytes.
        largest: u64,
    },
    /// Further certificate authorities that cannot be read.
    #[error("`fetch.extra_roots` ({}) cannot be used: {why}", path.display())]
    BadRoots {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// TLS could not be set up.
    #[error("TLS could not be set up")]
    Tls {
        /// What the TLS library says.
        source: rustls::Error,
    },
    /// The HTTP client could not be set up.
    #[error("the HTTP client could not be set up")]
    Client {
        /// What the HTTP library says.
        source: reqwest::Error,
    },
}

/// Why there is no answer that can be used. Every one names its URL, which never holds credentials.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// Not an address that can be fetched.
    #[error("{url} cannot be fetched: {why}")]
    BadUrl {
        /// The address.
        url: Url,
        /// What is wrong with it.
        why: &'static str,
    },
    /// One of the feed's own headers cannot be sent. Its value is not shown.
    #[error("the header `{name}` configured for {url} cannot be sent")]
    BadHeader {
        /// The feed.
        url: Url,
        /// The header's name, as configured.
        name: String,
    },
    /// The host is, or leads to, an address that is not on the public internet.
    #[error(
        "{url} leads to {}, which is not on the public internet: if that is meant, add its network to `fetch.allow_networks`",
        address.map_or_else(|| "the proxy".to_owned(), |ip| ip.to_string())
    )]
    ForbiddenAddress {
        /// The URL; its host is the one that was refused.
        url: Url,
        /// The address; `None` where it is the proxy's own name.
        address: Option<IpAddr>,
    },
    /// A port that is neither usual nor allowed.
    #[error(
        "{url} asks for port {port}: if that is meant, add it to `fetch.allow_ports`, or its network to `fetch.allow_networks`"
    )]
    ForbiddenPort {
        /// The URL.
        url: Url,
        /// The port.
        port: u16,
    },
    /// Redirected in a circle, or more than five times.
    #[error("{url} redirects {hops} times and then to {next}: a loop")]
    RedirectLoop {
        /// What was asked for.
        url: Box<Url>,
        /// Redirects followed.
        hops: usize,
        /// Where the next would have led.
        next: Box<Url>,
    },
    /// 404 or 410.
    #[error("{url} is gone ({status})")]
    Gone {
        /// The last URL.
        url: Url,
        /// 404 or 410.
        status: u16,
    },
    /// 401, 403 or 451. May be a rate limit in disguise.
    #[error("{url} refuses us ({status})")]
    Refused {
        /// The last URL.
        url: Url,
        /// The status.
        status: u16,
        /// `Retry-After`.
        after: Option<Duration>,
    },
    /// 429.
    #[error("{url} asks for fewer requests (429)")]
    RateLimited {
        /// The last URL.
        url: Url,
        /// `Retry-After`.
        after: Option<Duration>,
    },
    /// Another 4xx.
    #[error("{url} does not accept the request ({status})")]
    ClientError {
        /// The last URL.
        url: Url,
        /// The status.
        status: u16,
    },
    /// 5xx.
    #[error("{url} has trouble of its own ({status})")]
    ServerError {
        /// The last URL.
        url: Url,
        /// The status.
        status: u16,
        /// `Retry-After`.
        after: Option<Duration>,
    },
    /// A status that makes no sense for what was asked: 204, 206, a 304 nobody asked for, a redirect without a target.
    #[error("{url} answers with status {status}, which makes no sense here")]
    OddStatus {
        /// The last URL.
        url: Url,
        /// The status.
        status: u16,
    },
    /// The whole took longer than `fetch.timeout`, or the connection longer than ten seconds.
    #[error("{url} took longer than {timeout:?}")]
    Timeout {
        /// The URL that was being asked.
        url: Url,
        /// The time allowed.
        timeout: Duration,
    },
    /// The body came at less than 1 KiB a second.
    #[error("{url} sent only {bytes} bytes in {after:?}")]
    TooSlow {
        /// The URL.
        url: Url,
        /// What had come, decoded.
        bytes: u64,
        /// In what time.
        after: Duration,
    },
    /// No room in `fetch.memory` for as long as the fetch had.
    #[error("no room in `fetch.memory` for {url} within {timeout:?}")]
    NoMemory {
        /// The URL.
        url: Url,
        /// The time allowed.
        timeout: Duration,
    },
    /// This machine gives us no more: no file handle, or no memory for a connection. The server has no part in it.
    #[error("{url} was not asked: {why}")]
    Starved {
        /// The URL.
        url: Url,
        /// What there is too little of, and where more of it is given.
        why: &'static str,
        /// What the network says.
        source: reqwest::Error,
    },
    /// The name has no address, or no name server answered.
    #[error("the name of {url} cannot be resolved")]
    Dns {
        /// The URL.
        url: Url,
        /// What the resolver says.
        source: reqwest::Error,
    },
    /// No connection, or it broke.
    #[error("no connection to {url}, or it broke")]
    Connect {
        /// The URL.
        url: Url,
        /// What the network says.
        source: reqwest::Error,
    },
    /// No secure connection: an unknown or outdated certificate, another name, no common cipher.
    #[error("no secure connection to {url}: {why}")]
    Tls {
        /// The URL.
        url: Url,
        /// What is wrong, as far as the operator can do something about it.
        why: &'static str,
        /// What TLS says.
        source: reqwest::Error,
    },
    /// The server does not speak HTTP as it should.
    #[error("{url} does not speak HTTP as it should")]
    Protocol {
        /// The URL.
        url: Url,
        /// What the HTTP library says.
        source: reqwest::Error,
    },
    /// More header bytes than any honest answer has.
    #[error("{url} answers with more than {limit} bytes of headers")]
    HeadersTooLarge {
        /// The URL.
        url: Url,
        /// The most allowed.
        limit: u64,
    },
    /// The body is over the limit.
    #[error("{url} weighs more than {limit} bytes")]
    TooLarge {
        /// The URL.
        url: Url,
        /// The limit: `fetch.page_limit` or `fetch.feed_limit`, in bytes.
        limit: u64,
    },
    /// A content coding that was not asked for, or several on top of each other.
    #[error("{url} is encoded as `{encoding}`, which was not asked for")]
    BadEncoding {
        /// The URL.
        url: Url,
        /// `Content-Encoding`, safe to print.
        encoding: String,
    },
    /// The body is not what its content coding says, or ends early.
    #[error("the body of {url} cannot be decoded")]
    Undecodable {
        /// The URL.
        url: Url,
        /// What the decoder says.
        source: io::Error,
    },
    /// Neither page nor feed.
    #[error("{url} is {}", kind.as_str())]
    NotText {
        /// The URL.
        url: Url,
        /// What it is.
        kind: Kind,
    },
    /// robots.txt does not allow it.
    #[error("robots.txt does not allow {url}")]
    Disallowed {
        /// What it does not allow: what was asked for, or where that redirects to.
        url: Url,
    },
    /// Whether the page may be fetched is not known: robots.txt could not be read (RFC 9309 §2.3.1.4: stay away for now).
    #[error("robots.txt of {url} cannot be read, so nothing may be fetched there for now")]
    NoRobots {
        /// The page.
        url: Url,
        /// When it will be tried again.
        after: Duration,
        /// Why it could not be read.
        source: Arc<FetchError>,
    },
}

/// What became of a fetch: the closed label set of the metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "each is its name")]
pub enum FetchClass {
    Ok,
    NotModified,
    RedirectLoop,
    ClientError,
    Refused,
    RateLimited,
    Gone,
    ServerError,
    Timeout,
    NoMemory,
    Starved,
    Connect,
    Tls,
    Dns,
    TooLarge,
    NotText,
    ForbiddenAddress,
    BadEncoding,
    BadUrl,
    Protocol,
    NoRobots,
    Robots,
}

impl FetchClass {
    /// All of them.
    pub const ALL: [Self; 22] = [
        Self::Ok,
        Self::NotModified,
        Self::RedirectLoop,
        Self::ClientError,
        Self::Refused,
        Self::RateLimited,
        Self::Gone,
        Self::ServerError,
        Self::Timeout,
        Self::NoMemory,
        Self::Starved,
        Self::Connect,
        Self::Tls,
        Self::Dns,
        Self::TooLarge,
        Self::NotText,
        Self::ForbiddenAddress,
        Self::BadEncoding,
        Self::BadUrl,
        Self::Protocol,
        Self::NoRobots,
        Self::Robots,
    ];

    /// The label.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::NotModified => "not_modified",
            Self::RedirectLoop => "redirect_loop",
            Self::ClientError => "client_error",
            Self::Refused => "refused",
            Self::RateLimited => "rate_limited",
            Self::Gone => "gone",
            Self::ServerError => "server_error",
            Self::Timeout => "timeout",
            Self::NoMemory => "no_memory",
            Self::Starved => "starved",
            Self::Connect => "connect",
            Self::Tls => "tls",
            Self::Dns => "dns",
            Self::TooLarge => "too_large",
            Self::NotText => "not_text",
            Self::ForbiddenAddress => "forbidden_address",
            Self::BadEncoding => "bad_encoding",
            Self::BadUrl => "bad_url",
            Self::Protocol => "protocol",
            Self::NoRobots => "no_robots",
            Self::Robots => "robots",
        }
    }
}

impl FetchError {
    /// The class in the metrics.
    pub fn class(&self) -> FetchClass {
        match self {
            Self::BadUrl { .. } | Self::BadHeader { .. } => FetchClass::BadUrl,
            Self::ForbiddenAddress { .. } | Self::ForbiddenPort { .. } => FetchClass::ForbiddenAddress,
            Self::RedirectLoop { .. } => FetchClass::RedirectLoop,
            Self::Gone { .. } => FetchClass::Gone,
            Self::Refused { .. } => FetchClass::Refused,
            Self::RateLimited { .. } => FetchClass::RateLimited,
            Self::ClientError { .. } => FetchClass::ClientError,
            Self::ServerError { .. } => FetchClass::ServerError,
            Self::OddStatus { .. } | Self::Protocol { .. } | Self::HeadersTooLarge { .. } => FetchClass::Protocol,
            Self::Timeout { .. } | Self::TooSlow { .. } => FetchClass::Timeout,
            Self::NoMemory { .. } => FetchClass::NoMemory,
            Self::Starved { .. } => FetchClass::Starved,
            Self::Dns { .. } => FetchClass::Dns,
            Self::Connect { .. } => FetchClass::Connect,
            Self::Tls { .. } => FetchClass::Tls,
            Self::TooLarge { .. } => FetchClass::TooLarge,
            Self::BadEncoding { .. } | Self::Undecodable { .. } => FetchClass::BadEncoding,
            Self::NotText { .. } => FetchClass::NotText,
            Self::NoRobots { .. } => FetchClass::NoRobots,
            Self::Disallowed { .. } => FetchClass::Robots,
        }
    }

    /// Whether the trouble is our own: nothing is said about the server or the page, and no attempt at them counts.
    pub fn is_ours(&self) -> bool {
        matches!(self, Self::NoMemory { .. } | Self::Starved { .. })
    }

    /// The URL that failed: the last one asked, after redirects.
    pub fn url(&self) -> &Url {
        match self {
            Self::RedirectLoop { url, .. } => url,
            Self::BadUrl { url, .. }
            | Self::BadHeader { url, .. }
            | Self::ForbiddenAddress { url, .. }
            | Self::ForbiddenPort { url, .. }
            | Self::Gone { url, .. }
            | Self::Refused { url, .. }
            | Self::RateLimited { url, .. }
            | Self::ClientError { url, .. }
            | Self::ServerError { url, .. }
            | Self::OddStatus { url, .. }
            | Self::Timeout { url, .. }
            | Self::TooSlow { url, .. }
            | Self::NoMemory { url, .. }
            | Self::Starved { url, .. }
            | Self::Dns { url, .. }
            | Self::Connect { url, .. }
            | Self::Tls { url, .. }
            | Self::Protocol { url, .. }
            | Self::HeadersTooLarge { url, .. }
            | Self::TooLarge { url, .. }
            | Self::BadEncoding { url, .. }
            | Self::Undecodable { url, .. }
            | Self::NotText { url, .. }
            | Self::Disallowed { url }
            | Self::NoRobots { url, .. } => url,
        }
    }

    /// The HTTP status, where one was given and is the reason.
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Gone { status, .. }
            | Self::Refused { status, .. }
            | Self::ClientError { status, .. }
            | Self::ServerError { status, .. }
            | Self::OddStatus { status, .. } => Some(*status),
            Self::RateLimited { .. } => Some(429),
            _ => None,
        }
    }

    /// How long the server that answered (that of [`Self::url`]) asks us to stay away, between a minute and a day (`Retry-After`, RFC 9110
    /// §10.2.3).
    pub fn asked_to_wait(&self) -> Option<Duration> {
        match self {
            Self::Refused { after, .. } | Self::RateLimited { after, .. } | Self::ServerError { after, .. } => *after,
            _ => None,
        }
    }

    /// The same; for robots.txt, when it is tried again.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::NoRobots { after, .. } => Some(*after),
            _ => self.asked_to_wait(),
        }
    }

    /// Sorts what the HTTP library says about a request without an answer.
    pub(crate) fn from_request(url: &Url, source: reqwest::Error, timeout: Duration, inside: bool) -> Self {
        let source = source.without_url();
        let url = url.clone();
        if let Some(closed) = cause::<ClosedName>(&source) {
            return match url.port_or_known_default() {
                Some(port) if inside => Self::ForbiddenPort { url, port },
                _ => Self::ForbiddenAddress { address: Some(closed.address), url },
            };
        }
        if let Some(why) = starved(&source) {
            Self::Starved { url, why, source }
        } else if source.is_timeout() {
            Self::Timeout { url, timeout }
        } else if source.is_dns() {
            Self::Dns { url, source }
        } else if let Some(why) = cause::<rustls::Error>(&source).map(wrong_with_tls) {
            Self::Tls { url, why, source }
        } else if source.is_connect() || cause::<io::Error>(&source).is_some() {
            Self::Connect { url, source }
        } else {
            Self::Protocol { url, source }
        }
    }

    /// Sorts what went wrong with a body.
    pub(crate) fn from_body(url: &Url, broken: Broken) -> Self {
        let url = url.clone();
        match broken {
            Broken::Network(source) => {
                let source = source.without_url();
                match starved(&source) {
                    Some(why) => Self::Starved { url, why, source },
                    None => Self::Connect { url, source },
                }
            }
            Broken::Coding(source) => Self::Undecodable { url, source },
        }
    }
}

/// What is wrong with a server's TLS, in words.
fn wrong_with_tls(error: &rustls::Error) -> &'static str {
    use rustls::{CertificateError as Certificate, Error as Tls};
    match error {
        Tls::InvalidCertificate(certificate) => match certificate {
            Certificate::Expired | Certificate::ExpiredContext { .. } => "its certificate has expired",
            Certificate::NotValidYet | Certificate::NotValidYetContext { .. } => {
                "its certificate is not valid yet (is our clock right?)"
            }
            Certificate::NotValidForName | Certificate::NotValidForNameContext { .. } => {
                "its certificate is for another name"
            }
            Certificate::UnknownIssuer => {
                "nobody we trust vouches for its certificate (`fetch.extra_roots` takes further authorities)"
            }
            Certificate::Revoked => "its certificate was revoked",
            _ => "its certificate cannot be accepted",
        },
        Tls::InvalidMessage(_) => "it does not speak TLS there",
        Tls::PeerIncompatible(_) => "it speaks no TLS that we do",
        Tls::AlertReceived(_) => "it breaks the handshake off",
        _ => "the handshake failed",
    }
}

/// What this machine refuses us, if that is the cause, and where more of it is given.
fn starved(error: &(dyn Error + 'static)) -> Option<&'static str> {
    chain(error).filter_map(|cause| cause.downcast_ref::<io::Error>()).find_map(|error| {
        match Errno::from_io_error(error)? {
            Errno::MFILE => Some("this process may open no more files: raise its limit (`LimitNOFILE`, `ulimit -n`)"),
            Errno::NFILE => Some("this machine may open no more files: raise its limit (`fs.file-max`)"),
            Errno::NOBUFS | Errno::NOMEM => Some("this machine has no memory left for a connection"),
            _ => None,
        }
    })
}

/// The first error of this type in the chain.
fn cause<'a, E: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a E> {
    chain(error).find_map(|error| error.downcast_ref::<E>())
}

/// An error and its causes; what an `io::Error` wraps counts.
fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error: &&'a (dyn Error + 'static)| {
        let error: &'a (dyn Error + 'static) = *error;
        match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(inner) => Some(inner),
            None => error.source(),
        }
    })
}

impl AsFault for FetchError {
    fn fault(&self) -> Fault {
        match self {
            Self::BadUrl { .. }
            | Self::BadHeader { .. }
            | Self::ForbiddenAddress { .. }
            | Self::ForbiddenPort { .. }
            | Self::TooLarge { .. }
            | Self::HeadersTooLarge { .. }
            | Self::BadEncoding { .. }
            | Self::Disallowed { .. }
            | Self::NotText { .. } => Fault::Reject,
            // Too early, or on the wrong connection: to be asked again.
            Self::ClientError { status, .. } if !matches!(status, 408 | 421 | 425) => Fault::Reject,
            // Pages are listed before they exist, walls come down, loops are mended: the number of tries is for the caller to bound.
            _ => Fault::Retry { after: self.retry_after() },
        }
    }
}
