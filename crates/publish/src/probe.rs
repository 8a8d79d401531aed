//! What a cluster says of itself and our topics, for `check --connect`. Nothing is created, fenced or written.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use rdkafka::admin::{AdminOptions, ResourceSpecifier};
use rdkafka::consumer::Consumer as _;
use wiredesk_model::secret::Secret;
use wiredesk_model::topic::Channel;

use crate::error::OpenError;
use crate::kafka::calls::wait;
use crate::kafka::client::{CONNECT_TIMEOUT, Clients};
use crate::kafka::topics::{Cluster, wanted};
use crate::settings::Settings;

/// How long a topic keeps its records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retention {
    /// For ever, by time.
    Forever,
    /// This long.
    For(Duration),
    /// The cluster would not say.
    Unknown,
}

/// One of our topics.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopicSeen {
    /// What it is for.
    pub channel: Channel,
    /// Its name.
    pub name: String,
    /// How many partitions it has; `None` where it is missing.
    pub partitions: Option<i32>,
    /// How long it keeps its records (`retention.ms`).
    pub retention: Retention,
    /// Whether it keeps only the newest record of a key (`cleanup.policy`), which the contract does not foresee.
    pub compacted: bool,
}

/// What a cluster says of itself and our topics.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probe {
    /// The cluster's id.
    pub cluster: String,
    /// Its brokers, `host:port`.
    pub brokers: Vec<String>,
    /// Our topics, in the order of [`Channel::ALL`].
    pub topics: Vec<TopicSeen>,
}

/// Asks a Kafka cluster, in one attempt. A broker must have answered by `until`; `None`: when one attempt ends by itself.
///
/// # Errors
/// [`OpenError`]: unreachable, denied. A missing topic is no error here.
pub fn probe(
    settings: &Settings,
    secrets: &BTreeMap<String, Secret>,
    until: Option<Instant>,
    stop: &dyn Fn() -> bool,
) -> Result<Probe, OpenError> {
    let cluster = Cluster::new(Clients { settings, properties: secrets }, until, stop)?;
    let topic = settings.kafka.topic.clone();
    let brokers = cluster.ask("asking for the brokers", move |client| {
        let metadata = client.fetch_metadata(Some(&topic), CONNECT_TIMEOUT)?;
        Ok(metadata.brokers().iter().map(|b| format!("{}:{}", b.host(), b.port())).collect())
    })?;
    let mut topics = Vec::new();
    for (channel, name) in wanted(settings) {
        let partitions = cluster.partitions(&name)?;
        let (retention, compacted) = match partitions {
            Some(_) => kept(&cluster, &name)?,
            None => (Retention::Unknown, false),
        };
        topics.push(TopicSeen { channel, name, partitions, retention, compacted });
    }
    Ok(Probe { cluster: cluster.id()?, brokers, topics })
}

fn kept(cluster: &Cluster<'_>, topic: &str) -> Result<(Retention, bool), OpenError> {
    let admin = cluster.admin()?;
    let options = AdminOptions::new().request_timeout(Some(CONNECT_TIMEOUT));
    let question = [ResourceSpecifier::Topic(topic)];
    let answer = wait(CONNECT_TIMEOUT, &|| cluster.go_on(), admin.describe_configs(&question, &options))?;
    let Some(Ok(Some(Ok(resource)))) = answer.map(|all| all.map(|all| all.into_iter().next())) else {
        return Ok((Retention::Unknown, false));
    };
    let entry = |name: &str| resource.entries.iter().find(|e| e.name == name).and_then(|e| e.value.as_deref());
    let retention = match entry("retention.ms").and_then(|text| text.parse::<i64>().ok()) {
        Some(ms) => u64::try_from(ms).map_or(Retention::Forever, |ms| Retention::For(Duration::from_millis(ms))),
        None => Retention::Unknown,
    };
    Ok((retention, entry("cleanup.policy").is_some_and(|policy| policy.contains("compact"))))
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    /// Both `check --connect` and `tail` used to wait for one attempt, ten seconds, however short their patience was.
    #[test]
    fn a_broker_that_says_nothing_is_given_up_when_patience_ends_and_not_when_an_attempt_does() {
        let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
        let mut settings = Settings::default();
        settings.kafka.brokers = silent.local_addr().expect("an address").to_string();
        let begun = Instant::now();
        let until = begun.checked_add(Duration::from_secs(1));
        let error = probe(&settings, &BTreeMap::new(), until, &|| false).expect_err("nobody answers");
        assert!(matches!(error, OpenError::Unreachable { .. }), "{error:?}");
        assert!(begun.elapsed() < CONNECT_TIMEOUT, "{:?}", begun.elapsed());
    }
}
