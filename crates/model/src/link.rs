//! Links, compared: two spellings of one address are one article.

use std::net::IpAddr;

use url::Url;

/// Query parameters that say where a reader came from, not what is read. A short list of our own.
const TRACKING: &[&str] = &[
    "fbclid",
    "gclid",
    "dclid",
    "gbraid",
    "wbraid",
    "msclkid",
    "yclid",
    "twclid",
    "igshid",
    "mc_cid",
    "mc_eid",
    "_ga",
    "_gl",
    "ocid",
    "ns_mchannel",
    "ns_source",
    "ns_campaign",
    "ns_linkname",
    "ns_fee",
    "at_medium",
    "at_campaign",
    "at_bbc_team",
    "cmpid",
    "cmp",
    "ncid",
    "smid",
    "sr_share",
    "guccounter",
    "guce_referrer",
    "guce_referrer_sig",
    "xtor",
    "wt_mc",
    "wtmc",
    "mkt_tok",
    "vero_id",
    "_hsenc",
    "_hsmi",
    "oly_anon_id",
    "oly_enc_id",
    "rss",
    "traffic_source",
    "taid",
    "spm",
    "s_cid",
];

/// The longest address that anything is asked of, in bytes. Servers need not take more than 8000 (RFC 9110 §4.1), and every copy of a
/// longer one, in the journal, in an error, on a line of the log, is a weight that a stranger chose.
pub const LONGEST: usize = 8 << 10;

/// How much of a text from outside is shown in a line, in bytes.
const SHOWN: usize = 1 << 10;

fn is_tracking(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["utm_", "pk_", "piwik_", "mtm_", "hsa_", "__twitter"].iter().any(|p| name.starts_with(p))
        || TRACKING.contains(&name.as_str())
}

/// The address without tracking parameters, fragment and credentials: what is kept as `url` and what entries are joined by.
///
/// The order of the other parameters is kept: servers may mind it.
pub fn cleaned(url: &Url) -> Url {
    let mut out = bare(url);
    out.set_fragment(None);
    if let Some(query) = url.query() {
        let kept: Vec<&str> = query
            .split('&')
            .filter(|pair| !pair.is_empty() && !is_tracking(pair.split('=').next().unwrap_or_default()))
            .collect();
        out.set_query(if kept.is_empty() { None } else { Some(kept.join("&")) }.as_deref());
    }
    out
}

/// The address without credentials: what may be shown and published.
pub fn bare(url: &Url) -> Url {
    let mut out = url.clone();
    // Neither fails on http(s); on other schemes there is nothing to take off.
    let _ = out.set_username("");
    let _ = out.set_password(None);
    out
}

/// The host and port that a politeness budget counts by: `example.org:443`.
pub fn host_port(url: &Url) -> Option<String> {
    Some(format!("{}:{}", url.host_str()?.trim_end_matches('.'), url.port_or_known_default()?))
}

/// The registrable domain of a host by the public suffix list; the host itself for addresses and bare names.
pub fn registrable_domain(host: &str) -> String {
    let host = host.trim_end_matches('.');
    if host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok() {
        return host.to_owned();
    }
    psl::domain_str(host).unwrap_or(host).to_owned()
}

/// Whether an address is no longer than any that is asked for ([`LONGEST`]).
pub fn may_be_asked(url: &Url) -> bool {
    url.as_str().len() <= LONGEST
}

/// A host without the `www.` that many leave out.
pub fn without_www(host: &str) -> &str {
    host.strip_prefix("www.").unwrap_or(host)
}

/// Whether two addresses belong to one registrable domain.
pub fn same_site(a: &Url, b: &Url) -> bool {
    match (a.host_str(), b.host_str()) {
        (Some(a), Some(b)) => registrable_domain(a) == registrable_domain(b),
        _ => false,
    }
}

/// Text from outside without control characters, safe to print on a terminal (no escape sequences, no bidi overrides).
pub fn printable(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => '\u{fffd}',
            c if c.is_control() => ' ',
            c => c,
        })
        .collect()
}

/// The beginning of a text from outside, safe to print, for lines of the log and for errors: [`printable`], and where more than 1 KiB is
/// left out, how much.
pub fn brief(text: &str) -> String {
    let shown = &text[..text.floor_char_boundary(SHOWN)];
    let more = text.len() - shown.len();
    if more == 0 { printable(shown) } else { format!("{}… ({more} bytes more)", printable(shown)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clean(text: &str) -> String {
        cleaned(&text.parse().expect(text)).into()
    }

    #[test]
    fn tracking_parameters_and_fragments_go_and_the_rest_stays_in_order() {
        assert_eq!(
            clean("https://a.example/x?utm_source=rss&id=2&FBCLID=1&b=&a=1#top"),
            "https://a.example/x?id=2&b=&a=1"
        );
        assert_eq!(clean("https://a.example/x?utm_source=rss"), "https://a.example/x");
        assert_eq!(clean("https://user:pass@a.example/x"), "https://a.example/x");
    }

    #[test]
    fn a_long_text_is_shown_by_its_beginning() {
        assert_eq!(brief("a\u{1b}b"), "a b");
        let long = "ä".repeat(5000);
        let shown = brief(&long);
        assert!(shown.len() < 1100 && shown.starts_with("ää") && shown.ends_with("… (8976 bytes more)"), "{shown}");
    }

    #[test]
    fn domains_are_registrable() {
        assert_eq!(registrable_domain("www.news.bbc.co.uk"), "bbc.co.uk");
        assert_eq!(registrable_domain("127.0.0.1"), "127.0.0.1");
        assert_eq!(registrable_domain("localhost"), "localhost");
    }
}
