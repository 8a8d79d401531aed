//! The `[fetch]` section.

use std::num::NonZeroU32;
use std::path::PathBuf;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use wiredesk_model::units::{Size, Span};

/// Whether robots.txt (RFC 9309) is asked before something is fetched.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Robots {
    /// Asked, and obeyed.
    #[default]
    Obey,
    /// Not asked.
    Ignore,
}

/// How gently one host (`host:port`) is treated, over feeds and pages together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct PerHost {
    /// Requests under way at once.
    pub concurrency: NonZeroU32,
    /// The least time between the starts of two requests.
    pub delay: Span,
    /// The longest `Crawl-delay` (robots.txt) that is waited for; a longer one is taken for this.
    pub longest_delay: Span,
}

impl Default for PerHost {
    fn default() -> Self {
        Self { concurrency: NonZeroU32::MIN, delay: Span::seconds(1), longest_delay: Span::minutes(1) }
    }
}

/// `[fetch]`: how the desk asks other people's servers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// The `User-Agent` header. Say who you are and where to complain: a name and a URL.
    pub user_agent: String,
    /// The most one request may take in all, redirects and body included.
    pub timeout: Span,
    /// The most a page may weigh, decoded.
    pub page_limit: Size,
    /// The most a feed may weigh, decoded.
    pub feed_limit: Size,
    /// The most that all bodies under way may weigh together.
    pub memory: Size,
    /// Whether robots.txt is obeyed for pages.
    pub robots: Robots,
    /// Whether robots.txt is obeyed for feeds too. A feed is published to be read by programs, and you have named it yourself.
    pub feed_robots: Robots,
    /// How gently one host is treated.
    pub per_host: PerHost,
    /// An HTTP or SOCKS5 proxy for all requests, `http://host:port` or `socks5h://host:port`. The proxy resolves names: only addresses
    /// written as numbers are still checked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proxy: Option<String>,
    /// A PEM file of certificate authorities that are trusted besides Mozilla's, such as a company's own; relative to this file's folder.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extra_roots: Option<PathBuf>,
    /// Private networks that may be reached all the same, as in `"127.0.0.0/8"`. Any port is allowed there.
    #[schemars(with = "Vec<String>")]
    pub allow_networks: Vec<IpNet>,
    /// Ports that may be reached besides 80 and 443.
    pub allow_ports: Vec<u16>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            user_agent: concat!("Wiredesk/", env!("CARGO_PKG_VERSION"), " (news feed reader; operator not named)")
                .into(),
            timeout: Span::seconds(30),
            page_limit: Size::mib(4),
            feed_limit: Size::mib(16),
            memory: Size::mib(256),
            robots: Robots::Obey,
            feed_robots: Robots::Ignore,
            per_host: PerHost::default(),
            proxy: None,
            extra_roots: None,
            allow_networks: Vec::new(),
            allow_ports: Vec::new(),
        }
    }
}
