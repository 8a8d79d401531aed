//! Which hosts and ports may be reached at all. Asked before every request, each hop of a redirect included: the HTTP
//! client asks its resolver about names only, never about addresses written as numbers.

use std::net::IpAddr;
use std::sync::Arc;

use ipnet::IpNet;
use url::{Host, Url};

use crate::address;
use crate::error::FetchError;

/// Through which of the two clients a request goes.
///
/// A resolver is told the name but not the port. So the port chooses the client, and each client has a resolver of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// The port is a usual one: any public address, and those inside `allow_networks`.
    Public,
    /// The port is another one: addresses inside `allow_networks` only.
    Inside,
}

/// What the settings say about where the desk may go.
#[derive(Debug)]
pub(crate) struct Door {
    networks: Vec<IpNet>,
    ports: Vec<u16>,
    /// The proxy's host, where there is one. It then resolves names, not we.
    proxy: Option<Host<String>>,
}

impl Door {
    pub(crate) fn new(networks: &[IpNet], ports: &[u16], proxy: Option<Host<String>>) -> Arc<Self> {
        Arc::new(Self { networks: networks.to_vec(), ports: ports.to_vec(), proxy })
    }

    /// Whether `url` may be asked, as far as can be said before its name is resolved, and which way.
    ///
    /// The host is judged as parsed: the WHATWG host parser has turned `2130706433`, `0x7f.1`, `127.1` and full-width digits
    /// into the IPv4 address they stand for.
    pub(crate) fn check(&self, url: &Url) -> Result<Way, FetchError> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err(FetchError::BadUrl { url: url.clone(), why: "only http and https can be fetched" });
        }
        let (Some(host), Some(port)) = (url.host(), url.port_or_known_default()) else {
            return Err(FetchError::BadUrl { url: url.clone(), why: "it has no host" });
        };
        let usual = matches!(port, 80 | 443) || self.ports.contains(&port);
        let closed_port = || FetchError::ForbiddenPort { url: url.clone(), port };
        let literal = match host {
            Host::Domain(name) => {
                return match &self.proxy {
                    // What the proxy itself serves is for those behind it.
                    Some(Host::Domain(proxy)) if proxy.eq_ignore_ascii_case(name) => {
                        Err(FetchError::ForbiddenAddress { url: url.clone(), address: None })
                    }
                    None if !usual && !self.networks.is_empty() => Ok(Way::Inside),
                    _ if usual => Ok(Way::Public),
                    _ => Err(closed_port()),
                };
            }
            Host::Ipv4(v4) => IpAddr::V4(v4),
            Host::Ipv6(v6) => IpAddr::V6(v6),
        };
        match (self.is_inside(literal), address::is_public(literal)) {
            (true, _) if usual => Ok(Way::Public),
            (true, _) => Ok(Way::Inside),
            (false, true) if usual => Ok(Way::Public),
            (false, true) => Err(closed_port()),
            (false, false) => Err(FetchError::ForbiddenAddress { url: url.clone(), address: Some(literal) }),
        }
    }

    /// Whether a resolved address may be connected to on this way.
    pub(crate) fn admits(&self, address: IpAddr, way: Way) -> bool {
        self.is_inside(address) || (way == Way::Public && address::is_public(address))
    }

    /// Whether `name` is the proxy's own: it is the operator's choice and is not filtered.
    pub(crate) fn is_proxy(&self, name: &str) -> bool {
        matches!(&self.proxy, Some(Host::Domain(proxy)) if proxy.eq_ignore_ascii_case(name))
    }

    fn is_inside(&self, address: IpAddr) -> bool {
        let plain = address::plain(address);
        self.networks.iter().any(|network| network.contains(&plain) || network.contains(&address))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        text.parse().expect(text)
    }

    fn door(networks: &[&str], ports: &[u16]) -> Arc<Door> {
        let networks: Vec<IpNet> = networks.iter().map(|n| n.parse().expect("a network")).collect();
        Door::new(&networks, ports, None)
    }

    #[test]
    fn every_spelling_of_a_closed_address_is_refused() {
        let door = door(&[], &[]);
        for text in [
            "http://127.0.0.1/",
            "http://2130706433/",
            "http://0x7f.1/",
            "http://0x7f000001/",
            "http://017700000001/",
            "http://127.1/",
            "http://127.0.0.1./",
            "http://０x7f.1/",
            "http://１２７.０.０.１/",
            "http://127。0。0。1/",
            "http://%31%32%37.0.0.1/",
            "http://0/",
            "http://[::1]/",
            "http://[::ffff:127.0.0.1]/",
            "http://[::ffff:7f00:1]/",
            "http://[::127.0.0.1]/",
            "http://[64:ff9b::7f00:1]/",
            "http://[2002:7f00:1::]/",
            "http://[fe80::1]/",
            "http://[fd00::1]/",
            "http://169.254.169.254/latest/meta-data/",
            "http://user:password@127.0.0.1/",
            "https://10.0.0.1:443/",
            "http://192.168.0.1:8080/",
        ] {
            let refused = door.check(&url(text)).expect_err(text);
            assert!(matches!(refused, FetchError::ForbiddenAddress { .. }), "{text}: {refused}");
            assert!(refused.to_string().contains("fetch.allow_networks"), "{refused}");
        }
    }

    #[test]
    fn only_http_and_https_are_fetched() {
        for text in ["file:///etc/passwd", "ftp://a.example/", "data:text/html,x", "gopher://a.example/"] {
            assert!(matches!(door(&[], &[]).check(&url(text)), Err(FetchError::BadUrl { .. })), "{text}");
        }
    }

    #[test]
    fn ports_are_the_usual_ones_those_allowed_and_any_inside_an_allowed_network() {
        let shut = door(&[], &[8080]);
        assert_eq!(shut.check(&url("http://a.example/")).ok(), Some(Way::Public));
        assert_eq!(shut.check(&url("https://a.example:8080/")).ok(), Some(Way::Public));
        assert_eq!(shut.check(&url("http://8.8.8.8:8080/")).ok(), Some(Way::Public));
        for text in ["http://a.example:22/", "http://8.8.8.8:25/"] {
            let refused = shut.check(&url(text)).expect_err(text);
            assert!(matches!(refused, FetchError::ForbiddenPort { .. }), "{refused}");
        }
        let open = door(&["127.0.0.0/8"], &[]);
        assert_eq!(open.check(&url("http://127.0.0.1:9999/")).ok(), Some(Way::Inside));
        assert_eq!(open.check(&url("http://[::ffff:127.0.0.1]:9999/")).ok(), Some(Way::Inside));
        assert!(matches!(open.check(&url("http://8.8.8.8:9999/")), Err(FetchError::ForbiddenPort { .. })));
        // A name's address is not known yet: its own resolver lets it go inside only.
        assert_eq!(open.check(&url("http://a.example:9999/")).ok(), Some(Way::Inside));
        assert!(!open.admits("8.8.8.8".parse().expect("ip"), Way::Inside));
        assert!(open.admits("8.8.8.8".parse().expect("ip"), Way::Public));
        assert!(open.admits("127.0.0.1".parse().expect("ip"), Way::Inside));
    }

    #[test]
    fn behind_a_proxy_literals_are_still_checked_and_the_proxy_itself_is_closed() {
        let door = Door::new(&[], &[], Some(Host::Domain("proxy.internal".into())));
        assert!(matches!(door.check(&url("http://10.0.0.1/")), Err(FetchError::ForbiddenAddress { .. })));
        assert!(matches!(door.check(&url("http://PROXY.internal/")), Err(FetchError::ForbiddenAddress { .. })));
        assert!(matches!(door.check(&url("http://a.example:22/")), Err(FetchError::ForbiddenPort { .. })));
        assert_eq!(door.check(&url("http://a.example/")).ok(), Some(Way::Public));
        assert!(door.is_proxy("proxy.internal"));
    }
}
