//! Why a broker cannot be talked to: librdkafka's words turned into the operator's, each with what to look at. What is not known
//! here stays as it is; the words as they came are in the log at debug.

/// What librdkafka's reason contains, in which state of the connection (any where empty), and what to say instead; the first that
/// fits.
const KNOWN: &[(&str, &str, &str)] = &[
    (
        "certificate verify failed",
        "",
        "its certificate is not trusted, or is for another name: see `ssl.ca.location`, and name the broker as its certificate does",
    ),
    ("Disconnected", "SSL_HANDSHAKE", NO_TLS_THERE),
    ("wrong version number", "", NO_TLS_THERE),
    ("Disconnected", "UP", "it hangs up: it is going away, or wants a login, see `security.protocol`"),
    (
        "Disconnected",
        "",
        "it hangs up before it answers: the listener at this port may want TLS, see `security.protocol`",
    ),
    (
        "invalid credentials",
        "",
        "it does not know this user with this password: see `sasl.username` and `sasl.password`",
    ),
];

const NO_TLS_THERE: &str = "the listener at this port speaks no TLS: see `security.protocol` and the port";

/// What stands before the mechanisms that a broker does offer.
const OFFERED: &str = "Unsupported SASL mechanism: broker's supported mechanisms: ";

/// A reason of librdkafka's, as in `sasl_ssl://host:9093/bootstrap: what happened (after 5ms in state SSL_HANDSHAKE)`.
pub(crate) fn told(reason: &str) -> String {
    let (broker, what) = match reason.split_once(": ") {
        Some((name, what)) if name.contains('/') || name.contains(':') => (address(name), what),
        _ => ("", reason),
    };
    let (what, state) = split_state(what);
    let known = KNOWN.iter().find(|(words, when, _)| what.contains(words) && (when.is_empty() || *when == state));
    let what = match (known, what.split_once(OFFERED)) {
        (Some((_, _, ours)), _) => (*ours).to_owned(),
        (None, Some((_, offered))) => {
            format!("it takes other logins than this `sasl.mechanism`: {}", offered.replace(',', ", "))
        }
        (None, None) => what.to_owned(),
    };
    if broker.is_empty() { what } else { format!("{broker}: {what}") }
}

/// What happened, and in which state of the connection, without the time it took; no state where none is named.
fn split_state(what: &str) -> (&str, &str) {
    let Some((happened, rest)) = what.rsplit_once(" (after ") else { return (what, "") };
    match rest.split_once(" in state ") {
        Some((_, state)) => (happened, state.split([',', ')']).next().unwrap_or_default()),
        None => (what, ""),
    }
}

/// `host:port` of a broker's name within librdkafka.
fn address(name: &str) -> &str {
    let name = name.split_once("://").map_or(name, |(_, name)| name);
    name.split_once('/').map_or(name, |(address, _)| address)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_says_what_to_look_at() {
        for (reason, ours) in [
            (
                "sasl_ssl://k:9/bootstrap: SSL handshake failed: ../ssl/statem/statem_clnt.c:1889:x error:0A000086:SSL routines::\
                 certificate verify failed: broker certificate could not be verified (after 8ms in state SSL_HANDSHAKE)",
                "k:9: its certificate is not trusted",
            ),
            (
                "ssl://k:9/3: SSL handshake failed: Disconnected: SSL connection closed by peer: connecting to a PLAINTEXT broker \
                 listener? (after 1ms in state SSL_HANDSHAKE, 1 identical error(s) suppressed)",
                "k:9: the listener at this port speaks no TLS",
            ),
            (
                "k:9/bootstrap: Disconnected: connection closed by peer: receive 0 after POLLIN (after 29ms in state APIVERSION_QUERY)",
                "k:9: it hangs up before it answers: the listener at this port may want TLS",
            ),
            (
                "ssl://k:9/bootstrap: Disconnected: SSL connection closed by peer (after 1ms in state UP)",
                "k:9: it hangs up: it is going away, or wants a login",
            ),
            (
                "sasl_ssl://k:9/bootstrap: SASL authentication error: Authentication failed during authentication due to invalid \
                 credentials with SASL mechanism SCRAM-SHA-512 (after 312ms in state AUTH_REQ)",
                "k:9: it does not know this user with this password",
            ),
            (
                "sasl_ssl://k:9/bootstrap: SASL PLAIN mechanism handshake failed: Broker: Unsupported SASL mechanism: broker's \
                 supported mechanisms: SCRAM-SHA-512,SCRAM-SHA-256 (after 300ms in state AUTH_HANDSHAKE)",
                "k:9: it takes other logins than this `sasl.mechanism`: SCRAM-SHA-512, SCRAM-SHA-256",
            ),
        ] {
            let told = told(reason);
            assert!(told.starts_with(ours), "{told}");
        }
    }

    #[test]
    fn what_is_not_known_stays_without_the_time_it_took() {
        let reason =
            "[::1]:9/bootstrap: Connect to ipv6#[::1]:9 failed: Connection refused (after 0ms in state CONNECT)";
        assert_eq!(told(reason), "[::1]:9: Connect to ipv6#[::1]:9 failed: Connection refused");
        assert_eq!(told("Something (after all)"), "Something (after all)");
    }
}
