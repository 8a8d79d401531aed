//! `[publish]` towards Kafka: enough to reach a topic, and nothing that would break the promise of exactly once.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;

use wiredesk_model::secret::Secret;
use wiredesk_publish::properties::check_properties;
use wiredesk_publish::settings::Kind;

use super::fault::Fault;
use super::settings::Config;
use super::source::{Document, key_place};
use super::{secrets, source};

/// The longest name a topic may have is 249 characters; the desk's own suffixes must fit in.
const LONGEST_TOPIC: usize = 249 - ".copies".len();

/// Checks where records go.
pub(crate) fn check(config: &Config, main: &Document<'_>, faults: &mut Vec<Fault>) {
    let publish = &config.publish;
    let kafka = &publish.kafka;
    let at = |key: &str| main.at(&["publish", "kafka", key]);
    for (property, instead) in check_properties(&kafka.properties) {
        let path = ["publish", "kafka", "properties", property.as_str()];
        let place = key_place(&main.root, &path).unwrap_or_else(|| main.at(&path));
        let message = format!("the property `{property}` may not stand here");
        faults.push(Fault::error(main.file, place, message).help(instead));
    }
    if !legal_topic(&kafka.topic) && (publish.kind == Kind::Kafka || !kafka.topic.is_empty()) {
        faults.push(
            Fault::error(
                main.file,
                at("topic"),
                format!("`publish.kafka.topic`: {:?} cannot be a topic's name", kafka.topic),
            )
            .help(format!("write 1 to {LONGEST_TOPIC} letters, digits, `.`, `_` or `-`")),
        );
    }
    brokers(config, main, faults);
    if kafka.transactional_id.as_ref().is_some_and(|id| id.trim().is_empty()) {
        faults.push(
            Fault::error(main.file, at("transactional_id"), "`publish.kafka.transactional_id` is empty")
                .help("leave the key out for `wiredesk.<topic>`"),
        );
    }
    if let Some(topics) = kafka.create_topics.as_ref().filter(|topics| topics.retention < config.dedup.window) {
        let message = format!(
            "`publish.kafka.create_topics.retention` ({}) is shorter than `dedup.window` ({})",
            topics.retention, config.dedup.window
        );
        faults.push(
            Fault::warning(main.file, main.at(&["publish", "kafka", "create_topics", "retention"]), message)
                .help("an index that is rebuilt from the topic forgets what the topic has forgotten"),
        );
    }
}

fn brokers(config: &Config, main: &Document<'_>, faults: &mut Vec<Fault>) {
    let path = ["publish", "kafka", "brokers"];
    let brokers = config.publish.kafka.brokers.trim();
    let is_kafka = config.publish.kind == Kind::Kafka;
    if brokers.is_empty() {
        // A value of the wrong type has its fault already.
        let is_wrong = main.has(&path) && !main.at(&path).is_empty() && written_text(main, &path).is_none();
        if is_kafka && !is_wrong {
            faults.push(
                Fault::error(
                    main.file,
                    main.at(&["publish", "kind"]),
                    "`publish.kind` is \"kafka\", but no brokers are named",
                )
                .help("add `brokers = \"host:9092\"` under [publish.kafka]"),
            );
        }
        return;
    }
    for broker in brokers.split(',').map(str::trim) {
        let good = broker.rsplit_once(':').is_some_and(|(host, port)| {
            !host.is_empty() && !host.contains(['/', ' ', '@']) && port.parse::<u16>().is_ok_and(|port| port > 0)
        });
        if !good {
            faults.push(
                Fault::error(
                    main.file,
                    main.at(&path),
                    format!("`publish.kafka.brokers`: {broker:?} is not `host:port`"),
                )
                .help("write \"host:9092\", several separated by commas"),
            );
        }
    }
    if !is_kafka {
        let kind = if config.publish.kind == Kind::Log { "log" } else { "stdout" };
        faults.push(
            Fault::warning(main.file, main.at(&path), format!("brokers are named, but `publish.kind` is {kind:?}"))
                .help("write `kind = \"kafka\"` under [publish] to publish to them"),
        );
    }
}

fn written_text<'a>(main: &'a Document<'_>, path: &[&str]) -> Option<&'a str> {
    let (last, sections) = path.split_last()?;
    let mut table = &main.root;
    for section in sections {
        table = table.iter().find(|(name, _)| name.get_ref() == section)?.1.get_ref().as_table()?;
    }
    table.iter().find(|(name, _)| name.get_ref() == last)?.1.get_ref().as_str()
}

/// Kafka's own rule for topics, with room for `.dlq` and `.copies`.
fn legal_topic(topic: &str) -> bool {
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    (1..=LONGEST_TOPIC).contains(&topic.len()) && topic.bytes().all(legal) && topic != "." && topic != ".."
}

/// Properties for librdkafka, secrets resolved.
pub(crate) fn resolve(
    config: &Config,
    main: &Document<'_>,
    folder: &Path,
    faults: &mut Vec<Fault>,
) -> BTreeMap<String, Secret> {
    let mut out = BTreeMap::new();
    for (name, setting) in &config.publish.kafka.properties {
        let span: Range<usize> =
            source::place(&main.root, &["publish", "kafka", "properties", name]).unwrap_or_default();
        let what = format!("the property `{name}`");
        if let Some(secret) = secrets::resolve(setting, &what, folder, (main.file, span), faults) {
            out.insert(name.clone(), secret);
        }
    }
    out
}
