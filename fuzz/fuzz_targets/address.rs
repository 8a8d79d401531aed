//! Any text as an address: what may be asked is http or https on a usual port, and no literal of a network that is not public.
#![no_main]

use std::net::IpAddr;

use libfuzzer_sys::fuzz_target;
use url::{Host, Url};
use wiredesk_fetch::fetcher::reachable;
use wiredesk_fetch::settings::Settings;

fuzz_target!(|bytes: &[u8]| {
    let Ok(url) = Url::parse(&String::from_utf8_lossy(bytes)) else { return };
    if reachable(&url, &Settings::default()).is_err() {
        return;
    }
    assert!(matches!(url.scheme(), "http" | "https") && matches!(url.port_or_known_default(), Some(80 | 443)), "{url}");
    // Told here in another way than there.
    let closed = match url.host() {
        Some(Host::Ipv4(v4)) => v4.is_loopback() || v4.is_private() || v4.is_link_local() || v4.is_unspecified() || v4.is_broadcast(),
        Some(Host::Ipv6(v6)) => match v6.to_canonical() {
            IpAddr::V4(v4) => v4.is_loopback() || v4.is_private() || v4.is_link_local() || v4.is_unspecified(),
            IpAddr::V6(v6) => v6.is_loopback() || v6.is_unspecified() || v6.is_unique_local() || v6.is_unicast_link_local(),
        },
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        None => true,
    };
    assert!(!closed, "{url}");
});
