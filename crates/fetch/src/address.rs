//! Which addresses belong to the public internet. A feed is a list of addresses written by strangers: without this, an
//! entry could make the desk read the cloud's metadata service or the router's front page and publish what it says.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Whether the address is public: not in any block of the IANA special-purpose registries (RFC 6890 and what followed)
/// that leads to ourselves, to a neighbour, to many at once or to nobody.
///
/// IPv6 addresses that carry an IPv4 one to which the network would translate (v4-mapped, NAT64) are judged by it;
/// the dead tunnels (6to4, Teredo, v4-compatible) are refused whole.
pub(crate) fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => match embedded(v6) {
            Some(v4) => is_public_v4(v4),
            None => is_public_v6(v6),
        },
    }
}

/// The address a connection would really go to: an IPv4 address written as `::ffff:a.b.c.d` is that IPv4 address.
pub(crate) fn plain(address: IpAddr) -> IpAddr {
    address.to_canonical()
}

/// The IPv4 address inside `::ffff:0:0/96` (v4-mapped, RFC 4291) and `64:ff9b::/96` (NAT64, RFC 6052).
fn embedded(v6: Ipv6Addr) -> Option<Ipv4Addr> {
    let s = v6.segments();
    match s[..6] {
        [0, 0, 0, 0, 0, 0xffff] | [0x64, 0xff9b, 0, 0, 0, 0] => {
            let [a, b] = s[6].to_be_bytes();
            let [c, d] = s[7].to_be_bytes();
            Some(Ipv4Addr::new(a, b, c, d))
        }
        _ => None,
    }
}

fn is_public_v4(v4: Ipv4Addr) -> bool {
    let [a, b, c, _] = v4.octets();
    !matches!(
        (a, b, c),
        (0 | 10 | 127, _, _)            // this network, private use, loopback
            | (100, 64..=127, _)        // carrier-grade NAT
            | (169, 254, _)             // link-local, and the clouds' metadata services
            | (172, 16..=31, _)         // private use
            | (192, 168, _)             // private use
            | (192, 0, 0)               // IETF protocol assignments
            | (192, 0, 2) | (198, 51, 100) | (203, 0, 113) // documentation
            | (192, 88, 99)             // 6to4 relays, withdrawn
            | (198, 18..=19, _)         // benchmarking
            | (224..=255, _, _) // multicast, reserved, broadcast
    )
}

/// Only `2000::/3` is handed out to the public at all: loopback, unspecified, v4-compatible, `64:ff9b:1::/48`, unique
/// local, link-local, site-local and multicast all lie outside it.
fn is_public_v6(v6: Ipv6Addr) -> bool {
    let s = v6.segments();
    let given_out = s[0] & 0xe000 == 0x2000;
    let special = matches!(
        (s[0], s[1]),
        (0x2001, 0..=0x1ff)        // IETF protocol assignments: Teredo, benchmarking, ORCHID
            | (0x2001, 0xdb8)      // documentation
            | (0x2002, _)          // 6to4
            | (0x3fff, 0..=0xfff) // documentation
    );
    given_out && !special
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_public_addresses_are_public() {
        for closed in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.255.254",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.7",
            "203.0.113.9",
            "224.0.0.1",
            "239.255.255.250",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::7f00:1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::ffff:169.254.169.254",
            "64:ff9b::127.0.0.1",
            "64:ff9b::10.1.2.3",
            "64:ff9b:1::8.8.8.8",
            "100::1",
            "2001::1",
            "2001:2::1",
            "2001:10::1",
            "2001:20::1",
            "2001:0:4136:e378:8000:63bf:3fff:fdd2",
            "2001:db8::1",
            "2002:7f00:1::",
            "2002:808:808::1",
            "3fff::1",
            "5f00::1",
            "fc00::1",
            "fd12:3456::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ] {
            assert!(!is_public(closed.parse().expect(closed)), "{closed}");
        }
        for open in [
            "1.1.1.1",
            "8.8.8.8",
            "100.63.255.255",
            "100.128.0.1",
            "172.15.0.1",
            "172.32.0.1",
            "192.0.1.1",
            "198.17.0.1",
            "198.20.0.1",
            "223.255.255.255",
            "::ffff:8.8.8.8",
            "64:ff9b::8.8.8.8",
            "2001:200::1",
            "2606:4700::1",
            "2a00:1450::1",
            "3fff:1000::1",
        ] {
            assert!(is_public(open.parse().expect(open)), "{open}");
        }
    }
}
