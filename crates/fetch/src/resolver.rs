//! Names resolved to checked addresses. The client connects to exactly what is handed out here, so a name cannot show a
//! public address when it is checked and a private one when it is used (DNS rebinding).

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use futures_util::future::BoxFuture;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::door::{Door, Way};

/// Who knows the addresses of a name: the system, unless somebody else is asked. Asked once for each connection, and what it says is
/// checked and then used; so it may say something else the next time.
pub type Lookup = Arc<dyn Fn(String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> + Send + Sync>;

/// The system's own lookup.
pub(crate) fn system() -> Lookup {
    Arc::new(|host| {
        Box::pin(
            async move { Ok(tokio::net::lookup_host((host.as_str(), 0)).await?.map(|address| address.ip()).collect()) },
        )
    })
}

/// A name that leads only to addresses that may not be reached on this way.
#[derive(Debug, thiserror::Error)]
#[error("`{host}` leads to {address}")]
pub(crate) struct ClosedName {
    /// The name.
    pub(crate) host: String,
    /// The first of its addresses.
    pub(crate) address: IpAddr,
}

/// Looks names up, and keeps only what the door admits.
pub(crate) struct Resolver {
    lookup: Lookup,
    door: Arc<Door>,
    way: Way,
}

impl Resolver {
    pub(crate) fn new(lookup: Lookup, door: Arc<Door>, way: Way) -> Self {
        Self { lookup, door, way }
    }
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let (lookup, door, way) = (self.lookup.clone(), self.door.clone(), self.way);
        Box::pin(async move {
            let host = name.as_str().to_owned();
            let found = lookup(host.clone()).await?;
            let Some(first) = found.first().copied() else {
                return Err("the name has no address".into());
            };
            let mut open = found;
            if !door.is_proxy(&host) {
                open.retain(|address| door.admits(*address, way));
            }
            if open.is_empty() {
                return Err(ClosedName { host, address: first }.into());
            }
            // Port 0 is replaced by the one of the URL.
            Ok(Box::new(open.into_iter().map(|address| SocketAddr::new(address, 0))) as Addrs)
        })
    }
}
