//! Who may read along between the desk and its brokers, and whether these are who they claim to be: what librdkafka takes
//! without a word, and an operator would want to know before the first record.

use std::collections::BTreeMap;
use std::ops::Range;

use wiredesk_model::secret::{Secret, Setting};
use wiredesk_publish::properties::try_together;

use super::fault::Fault;
use super::settings::Config;
use super::source::{Document, key_place};

/// Properties that are secrets whole.
const SECRETS: [&str; 7] = [
    "sasl.password",
    "ssl.key.password",
    "ssl.key.pem",
    "ssl.keystore.password",
    "sasl.oauthbearer.client.secret",
    "sasl.oauthbearer.assertion.private.key.pem",
    "sasl.oauthbearer.assertion.private.key.passphrase",
];

/// Properties that name a file.
const FILES: [&str; 4] = ["ssl.ca.location", "ssl.certificate.location", "ssl.key.location", "ssl.keystore.location"];

/// Warns of protections that are off, of no effect, or given away.
pub(crate) fn check(config: &Config, main: &Document<'_>, faults: &mut Vec<Fault>) {
    let properties = &config.publish.kafka.properties;
    let written = |key: &str| match properties.get(key) {
        Some(Setting::Plain(value)) => Some(value.trim().to_lowercase()),
        _ => None,
    };
    let mut warn = |key: &str, message: String, help: &str| {
        faults.push(Fault::warning(main.file, place(main, key), message).help(help));
    };
    for key in SECRETS.into_iter().filter(|key| written(key).is_some()) {
        let help = "write where it is kept: { env = \"NAME\" } or { file = \"/path\" }";
        warn(key, format!("the property `{key}` stands in the configuration for all who may read it"), help);
    }
    let verification = "enable.ssl.certificate.verification";
    if written(verification).is_some_and(|value| matches!(value.as_str(), "false" | "f" | "0")) {
        let message = "certificates are not verified: whoever stands in between can be the broker".to_owned();
        warn(verification, message, "remove it, and name the brokers' own authority in `ssl.ca.location`");
    }
    let identification = "ssl.endpoint.identification.algorithm";
    if written(identification).as_deref() == Some("none") {
        let message = "certificates are not compared with the brokers' names: any that is trusted will do".to_owned();
        warn(identification, message, "remove it, and name the brokers as their certificates do");
    }
    let protocol = match written("security.protocol") {
        Some(protocol) => protocol,
        None if properties.contains_key("security.protocol") => return, // kept elsewhere: nobody knows it here
        None => "plaintext".into(),
    };
    let is_idle = |key: &str| {
        (key.starts_with("ssl.") && !protocol.ends_with("ssl"))
            || (key.starts_with("sasl.") && !protocol.starts_with("sasl"))
    };
    if let Some(idle) = properties.keys().find(|key| is_idle(key)) {
        let message = format!("the property `{idle}` has no effect: `security.protocol` is {protocol}");
        warn(idle, message, "set `security.protocol` to \"SSL\" (TLS), or \"SASL_SSL\" (TLS, and a login)");
    }
    let mechanism = written("sasl.mechanism").or_else(|| written("sasl.mechanisms"));
    if protocol == "sasl_plaintext" && mechanism.as_deref() == Some("plain") {
        let message = "the password travels as it is, for all on the way to read".to_owned();
        warn("security.protocol", message, "write \"SASL_SSL\", if the brokers have it");
    }
}

/// Says what is wrong with the properties together: a certificate that cannot be read, a mechanism that this build does not know.
pub(crate) fn try_out(
    config: &Config,
    properties: &BTreeMap<String, Secret>,
    main: &Document<'_>,
    faults: &mut Vec<Fault>,
) {
    let of_security = |key: &String| ["security.", "ssl.", "sasl."].iter().any(|family| key.starts_with(family));
    if !properties.keys().any(of_security) {
        return;
    }
    let before = faults.len();
    for (key, path) in properties.iter().filter(|(key, _)| FILES.contains(&key.as_str())) {
        // librdkafka's own word for a missing file names none. Its path is not shown: people put the key itself there.
        if path.reveal() != "probe"
            && let Err(error) = std::fs::File::open(path.reveal())
        {
            let message = format!("the property `{key}`: the file cannot be read: {error}");
            faults.push(Fault::error(main.file, place(main, key), message));
        }
    }
    if faults.len() > before {
        return;
    }
    if let Err(why) = try_together(&config.publish, properties) {
        let message = format!("the properties of `publish.kafka` cannot work: {why}");
        faults.push(Fault::error(main.file, main.at(&["publish", "kafka", "properties"]), message));
    }
}

fn place(main: &Document<'_>, key: &str) -> Range<usize> {
    let path = ["publish", "kafka", "properties", key];
    key_place(&main.root, &path).unwrap_or_else(|| main.at(&path))
}
