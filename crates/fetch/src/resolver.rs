//! Names resolved to checked addresses. The client connects to exactly what is handed out here, so a name cannot show a
//! public address when it is checked and a private one when it is used (DNS rebinding).

use std::net::IpAddr;
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::door::{Door, Way};

/// A name that leads only to addresses that may not be reached on this way.
#[derive(Debug, thiserror::Error)]
#[error("`{host}` leads to {address}")]
pub(crate) struct ClosedName {
    /// The name.
    pub(crate) host: String,
    /// The first of its addresses.
    pub(crate) address: IpAddr,
}

/// Resolves through the system, and keeps only what the door admits.
pub(crate) struct Resolver {
    door: Arc<Door>,
    way: Way,
}

impl Resolver {
    pub(crate) fn new(door: Arc<Door>, way: Way) -> Self {
        Self { door, way }
    }
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let (door, way) = (self.door.clone(), self.way);
        Box::pin(async move {
            let host = name.as_str().to_owned();
            // Port 0 is replaced by the one of the URL.
            let found: Vec<_> = tokio::net::lookup_host((host.as_str(), 0)).await?.collect();
            let Some(first) = found.first().map(|address| address.ip()) else {
                return Err("the name has no address".into());
            };
            let mut open = found;
            if !door.is_proxy(&host) {
                open.retain(|address| door.admits(address.ip(), way));
            }
            if open.is_empty() {
                return Err(ClosedName { host, address: first }.into());
            }
            Ok(Box::new(open.into_iter()) as Addrs)
        })
    }
}
