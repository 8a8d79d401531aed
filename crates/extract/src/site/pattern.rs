//! Which pages a rule is for: `example.org`, `*.example.org`, each with a port or a path behind it where one is meant.

use std::fmt;
use std::str::FromStr;

use url::Url;
use wiredesk_model::link::without_www;

/// What may be written.
pub(super) const ALLOWED: &str =
    "write \"example.org\" (with or without www.), \"*.example.org\" (all hosts below it), or \"example.org/sport\"";

/// How closely a pattern names an address: greater is closer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Reach {
    exact: bool,
    host: usize,
    port: bool,
    path: usize,
}

/// A host, or all hosts below one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pattern {
    /// As addresses are written: small letters, punycode, no dot at the end, without `www.`.
    host: String,
    /// The hosts below it, and not itself.
    below: bool,
    port: Option<u16>,
    /// Whole parts of a path, without a slash at the end; empty for all paths.
    path: String,
}

impl Pattern {
    /// How closely it names this address, if at all.
    pub(super) fn reach(&self, url: &Url) -> Option<Reach> {
        let host = url.host_str()?.trim_end_matches('.');
        let fits = if self.below {
            host.strip_suffix(self.host.as_str()).is_some_and(|rest| rest.ends_with('.'))
        } else {
            without_www(host) == self.host
        };
        let port = self.port.is_none() || self.port == url.port_or_known_default();
        let inside = url.path().strip_prefix(self.path.as_str()).is_some_and(|r| r.is_empty() || r.starts_with('/'));
        (fits && port && inside).then_some(Reach {
            exact: !self.below,
            host: self.host.len(),
            port: self.port.is_some(),
            path: self.path.len(),
        })
    }
}

impl FromStr for Pattern {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = |why: &str| format!("{text:?} is no host{why}");
        if text.contains("://") {
            return Err(wrong(": it has a scheme"));
        }
        let (below, rest) = text.strip_prefix("*.").map_or((false, text), |rest| (true, rest));
        if rest.contains('*') {
            return Err(wrong(": a `*` stands only at the beginning, before a dot"));
        }
        let plain =
            !rest.is_empty() && !rest.contains(|c: char| c.is_whitespace() || matches!(c, '?' | '#' | '@' | '\\'));
        // With another scheme's parser a host would stay as it is typed.
        let url = Url::parse(&format!("http://{rest}")).ok().filter(|_| plain && !rest.starts_with('/'));
        let url = url.ok_or_else(|| wrong(""))?;
        let host = url.host_str().unwrap_or_default().trim_end_matches('.');
        if host.is_empty() {
            return Err(wrong(""));
        }
        let host = if below { host } else { without_www(host) };
        // The parser leaves the scheme's own port away.
        let written = rest.split('/').next().and_then(|authority| authority.rsplit_once(':')).map(|(_, port)| port);
        let port = url.port().or(written.filter(|port| *port == "80").map(|_| 80));
        Ok(Self { host: host.to_owned(), below, port, path: url.path().trim_end_matches('/').to_owned() })
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let below = if self.below { "*." } else { "" };
        let port = self.port.map(|port| format!(":{port}")).unwrap_or_default();
        write!(f, "{below}{}{port}{}", self.host, self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_read_as_addresses_are() {
        for (typed, means) in [
            ("WWW.Mill.Example", "mill.example"),
            ("mühle.example", "xn--mhle-0ra.example"),
            ("*.mill.example.", "*.mill.example"),
            ("mill.example:8080/a/b/", "mill.example:8080/a/b"),
            ("127.0.0.1", "127.0.0.1"),
            ("[::1]:80/x", "[::1]:80/x"),
        ] {
            assert_eq!(typed.parse::<Pattern>().map(|p| p.to_string()).as_deref(), Ok(means), "{typed}");
        }
        for bad in ["", "*", "*.", "a b", "a?b", "a#b", "u@a", "/path", "a*b", "a:b"] {
            assert!(bad.parse::<Pattern>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_port_is_asked_only_where_one_is_written() {
        let reaches = |pattern: &str, url: &str| {
            let pattern: Pattern = pattern.parse().expect("a pattern");
            pattern.reach(&Url::parse(url).expect("an address")).is_some()
        };
        assert!(reaches("mill.example", "https://mill.example:8443/"));
        assert!(reaches("mill.example:443", "https://mill.example/"));
        assert!(!reaches("mill.example:8080", "https://mill.example/"));
    }
}
