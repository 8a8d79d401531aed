//! Which librdkafka properties the operator may set: all but those on which exactly-once delivery rests, and those that
//! load or run other programs.

use std::collections::BTreeMap;

use rdkafka::config::ClientConfig;
use rdkafka::error::KafkaError;
use rdkafka::types::RDKafkaConfRes;
use wiredesk_model::secret::{Secret, Setting};

use crate::error::OpenError;
use crate::kafka::client::Clients;
use crate::kafka::ears::clean;
use crate::settings::Settings;

/// Keys that belong to the protocol or to another key of ours, each with what to use instead.
const OWNED: &[(&[&str], &str)] = &[
    (&["bootstrap.servers", "metadata.broker.list"], "set publish.kafka.brokers instead"),
    (&["transactional.id"], "set publish.kafka.transactional_id instead"),
    (&["acks", "request.required.acks"], "every record is acknowledged by all replicas; remove it"),
    (
        &["enable.idempotence", "enable.gapless.guarantee", "retries", "message.send.max.retries"],
        "set publish.kafka.delivery instead",
    ),
    (&["max.in.flight", "max.in.flight.requests.per.connection"], "the order of records rests on it; remove it"),
    (&["isolation.level"], "what is read back is always read_committed; remove it"),
    (&["client.rack"], "what is read back comes from the leader, for followers know less of the end; remove it"),
    (
        &["partitioner", "partitioner_cb", "sticky.partitioning.linger.ms"],
        "records are placed as the Java client places them; remove it",
    ),
    (
        &[
            "transaction.timeout.ms",
            "delivery.timeout.ms",
            "message.timeout.ms",
            "request.timeout.ms",
            "socket.timeout.ms",
            "topic.metadata.propagation.max.ms",
        ],
        "exactly-once delivery rests on these timeouts; publish.kafka.connect_timeout bounds the wait for brokers",
    ),
    (&["linger.ms", "queue.buffering.max.ms"], "set publish.linger instead"),
    (&["queue.buffering.max.messages", "queue.buffering.max.kbytes"], "set publish.in_flight instead"),
    (&["message.max.bytes"], "the topic's max.message.bytes decides; set it there"),
    (
        &["group.id", "group.instance.id", "group.protocol", "group.remote.assignor"],
        "Wiredesk joins no consumer group; remove it",
    ),
    (
        &[
            "enable.auto.commit",
            "auto.commit.enable",
            "auto.commit.interval.ms",
            "enable.auto.offset.store",
            "auto.offset.reset",
            "enable.partition.eof",
        ],
        "how far the topic was read is kept in the data dir; remove it",
    ),
    (&["allow.auto.create.topics"], "set publish.kafka.create_topics instead"),
    (
        &["plugin.library.paths", "ssl.engine.location", "ssl.providers", "sasl.kerberos.kinit.cmd"],
        "Wiredesk loads no plug-ins and runs no commands; remove it",
    ),
    (&["enabled_events", "log.queue", "log.thread.name"], "the program listens to librdkafka itself; remove it"),
    (&["test.mock.num.brokers", "test.mock.broker.rtt"], "it replaces the cluster with a mock; remove it"),
];

/// The properties that may not stand there, each with what to do instead; also unknown ones and wrong values, in
/// librdkafka's words. Nothing is connected to, and no value is ever repeated.
pub fn check_properties(properties: &BTreeMap<String, Setting>) -> Vec<(String, String)> {
    properties.iter().filter_map(|(key, value)| Some((key.clone(), wrong(key, value)?))).collect()
}

/// Whether librdkafka takes the properties together, secrets resolved; if not, why, in its words. Certificates and keys are read,
/// nothing is connected to.
///
/// # Errors
/// Why not.
pub fn try_together(settings: &Settings, properties: &BTreeMap<String, Secret>) -> Result<(), String> {
    match (Clients { settings, properties }).unconnected() {
        Err(OpenError::Config { why }) => Err(why),
        _ => Ok(()),
    }
}

fn wrong(key: &str, value: &Setting) -> Option<String> {
    if let Some((_, instead)) = OWNED.iter().find(|(keys, _)| keys.contains(&key)) {
        return Some((*instead).to_owned());
    }
    match value {
        Setting::Plain(value) => {
            let refused = ClientConfig::new().set(key, value).create_native_config().err()?;
            Some(told(&refused))
        }
        // The value is not known here; whether there is such a key is.
        Setting::Secret(_) => match ClientConfig::new().set(key, "x").create_native_config().err()? {
            unknown @ KafkaError::ClientConfig(RDKafkaConfRes::RD_KAFKA_CONF_UNKNOWN, ..) => Some(told(&unknown)),
            _ => None,
        },
    }
}

/// What librdkafka says of a property that needs TLS where it was built without.
const NO_TLS: &str = "OpenSSL not available at build time";

/// librdkafka's word about a property, without its value.
pub(crate) fn told(error: &KafkaError) -> String {
    match error {
        KafkaError::ClientConfig(_, what, key, value) => {
            let hidden = if value.is_empty() { what.clone() } else { what.replace(value.as_str(), "…") };
            if what.contains(NO_TLS) {
                return "this build has no TLS: build Wiredesk with `--features tls`".into();
            }
            if hidden.contains(key.as_str()) { hidden } else { format!("{hidden}: {key}") }
        }
        KafkaError::ClientCreation(why) => clean(why),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use wiredesk_model::secret::{InEnv, SecretSource};

    use super::*;

    fn check(key: &str, value: &str) -> Option<String> {
        let properties = BTreeMap::from([(key.to_owned(), Setting::Plain(value.to_owned()))]);
        check_properties(&properties).pop().map(|(_, instead)| instead)
    }

    #[test]
    fn what_the_protocol_owns_is_refused_with_the_key_to_use_instead() {
        for (key, instead) in [
            ("acks", "all replicas"),
            ("bootstrap.servers", "publish.kafka.brokers"),
            ("transactional.id", "publish.kafka.transactional_id"),
            ("message.timeout.ms", "connect_timeout"),
            ("plugin.library.paths", "no plug-ins"),
            ("group.id", "no consumer group"),
            ("client.rack", "from the leader"),
        ] {
            let told = check(key, "1").expect(key);
            assert!(told.contains(instead), "{key}: {told}");
        }
    }

    #[test]
    fn a_build_without_tls_says_what_to_build() {
        let what = "Unsupported value \"ssl\" for configuration property \"security.protocol\": OpenSSL not available at build time";
        let invalid = RDKafkaConfRes::RD_KAFKA_CONF_INVALID;
        let told = told(&KafkaError::ClientConfig(invalid, what.into(), "security.protocol".into(), "SSL".into()));
        assert!(told.contains("--features tls"), "{told}");
    }

    #[test]
    fn other_properties_pass() {
        for (key, value) in
            [("compression.type", "lz4"), ("client.dns.lookup", "use_all_dns_ips"), ("security.protocol", "plaintext")]
        {
            assert_eq!(check(key, value), None, "{key}");
        }
    }

    #[test]
    fn unknown_keys_and_wrong_values_are_named_without_the_value() {
        assert!(check("no.such.key", "hunter2").is_some_and(|t| !t.contains("hunter2")));
        let told = check("compression.type", "hunter2").expect("not a codec");
        assert!(told.contains("compression.type") && !told.contains("hunter2"), "{told}");
        let source = SecretSource::Env(InEnv { env: "X".into() });
        let secret = BTreeMap::from([("no.such.key".to_owned(), Setting::Secret(source.clone()))]);
        assert_eq!(check_properties(&secret).len(), 1);
        let known = BTreeMap::from([("sasl.password".to_owned(), Setting::Secret(source))]);
        assert_eq!(check_properties(&known).len(), 0);
    }
}
