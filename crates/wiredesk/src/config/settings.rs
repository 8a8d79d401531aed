//! The types of the configuration: each crate's section, and the sections that are the program's own.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use url::Url;
use wiredesk_model::feed::{FullText, IdentityPolicy, OffSite};
use wiredesk_model::id::FeedId;
use wiredesk_model::secret::Setting;
use wiredesk_model::units::Span;

/// `[daemon]`: where the desk lives and where it can be asked how it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct DaemonSettings {
    /// Where the desk keeps its state; relative to this file's folder. One desk per folder.
    pub data_dir: PathBuf,
    /// Where `/healthz`, `/readyz` and `/metrics` answer.
    pub listen: SocketAddr,
    /// Whether `listen` may be an address that other machines can reach.
    pub allow_remote: bool,
}

impl Default for DaemonSettings {
    fn default() -> Self {
        Self { data_dir: "data".into(), listen: SocketAddr::from(([127, 0, 0, 1], 7377)), allow_remote: false }
    }
}

/// `[[feeds]]`: one feed that the desk reads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FeedSettings {
    /// The name by which you know it, and which each record carries: small letters, digits, `-`, `_` and `.`.
    pub id: FeedId,
    /// Where it is: `http` or `https`.
    #[schemars(with = "String")]
    pub url: Url,
    /// How often to ask; without it the feed's own wish and `schedule.default_interval` decide.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval: Option<Span>,
    /// Whether the page behind each entry is fetched.
    #[serde(default)]
    pub full_text: FullText,
    /// What becomes of entries that lead to another site than the feed's own.
    #[serde(default)]
    pub off_site: OffSite,
    /// Carried into each record.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// Sent with requests for the feed, to its own host only. Secrets as `{ env = "…" }` or `{ file = "…" }`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, Setting>,
    /// `user:password` for the feed's own host (HTTP Basic, RFC 7617). A secret as `{ env = "…" }` or `{ file = "…" }`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub basic_auth: Option<Setting>,
    /// Cookies sent with requests for the feed, to its own host only; none that a server sets is ever kept.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub cookies: BTreeMap<String, Setting>,
    /// How many entries of the first poll are read, where it differs from `schedule.backfill`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backfill: Option<NonZeroU32>,
    /// What names its entries, where the policy found at the first poll (`feeds show`) is the wrong one. Another policy makes every
    /// entry that the feed lists new: each page is read again, and no body is published twice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<IdentityPolicy>,
}

/// The whole configuration: what `wiredesk.toml` and the files in `feeds.d` and `rules.d` say, with every default filled in.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Config {
    /// Where the desk lives and where it can be asked how it is.
    pub daemon: DaemonSettings,
    /// When feeds are polled.
    pub schedule: wiredesk_schedule::settings::Settings,
    /// How the desk asks other people's servers.
    pub fetch: wiredesk_fetch::settings::Settings,
    /// News that hubs push. Off without a `callback`.
    pub websub: wiredesk_pipeline::push::settings::Settings,
    /// How much is done at once, and how failures are treated.
    pub pipeline: wiredesk_pipeline::settings::Settings,
    /// What counts as an article.
    pub extract: wiredesk_extract::settings::Settings,
    /// How long the desk remembers.
    pub dedup: wiredesk_dedup::settings::Settings,
    /// Where clean records go.
    pub publish: wiredesk_publish::settings::Settings,
    /// The feeds; further ones in `feeds.d/*.toml` beside this file.
    pub feeds: Vec<FeedSettings>,
    /// How the pages of single sites are read; further rules in `rules.d/*.toml` beside this file.
    pub rules: Vec<wiredesk_extract::site::RuleSettings>,
}
