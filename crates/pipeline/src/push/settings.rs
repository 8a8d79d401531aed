//! The `[websub]` section.

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};
use url::Url;

/// `[websub]`: news that hubs push. Off without a `callback`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Where hubs reach this desk: a public address that leads to `listen`, path and all. Without it no hub is asked for anything.
    #[schemars(with = "Option<String>")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub callback: Option<Url>,
    /// Where hubs are listened to, usually behind a proxy that speaks TLS. A server of its own, which answers nothing else.
    pub listen: SocketAddr,
}

impl Default for Settings {
    fn default() -> Self {
        Self { callback: None, listen: SocketAddr::from(([127, 0, 0, 1], 7378)) }
    }
}
