//! The topics, found or created, and which cluster they are on.

use std::cell::Cell;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::config::FromClientConfig as _;
use rdkafka::consumer::Consumer as _;
use rdkafka::error::{IsError as _, KafkaError, RDKafkaErrorCode as Code};
use rdkafka::metadata::Metadata;
use wiredesk_model::topic::{Channel, TopicIdentity};

use crate::error::OpenError;
use crate::kafka::calls::{LOOK, call, wait};
use crate::kafka::client::{CONNECT_TIMEOUT, Clients, Consumer};
use crate::kafka::errors::{code, code_words, is_denial, opening};
use crate::settings::{CreateTopics, Settings};

/// The first step of waiting for a broker's first answer; each further one is twice as long. A short step is soon given up, a
/// long one bears with a slow broker.
const FIRST_STEP: Duration = Duration::from_millis(500);
const LONGEST_STEP: Duration = Duration::from_secs(4);

/// One cluster, reached: asks it things, and can be interrupted.
pub(crate) struct Cluster<'a> {
    pub(crate) clients: Clients<'a>,
    pub(crate) asking: Arc<Consumer>,
    pub(crate) stop: &'a dyn Fn() -> bool,
    /// By when it must have answered once; `None`: it is waited for.
    until: Option<Instant>,
    answered: Cell<bool>,
}

impl<'a> Cluster<'a> {
    pub(crate) fn new(
        clients: Clients<'a>,
        until: Option<Instant>,
        stop: &'a dyn Fn() -> bool,
    ) -> Result<Self, OpenError> {
        if clients.settings.kafka.brokers.trim().is_empty() {
            return Err(OpenError::Config {
                why: "publish.kafka.brokers is empty: name at least one host:port".into(),
            });
        }
        Ok(Self { asking: clients.asking()?, clients, stop, until, answered: Cell::new(false) })
    }

    pub(crate) fn brokers(&self) -> &'a str {
        &self.clients.settings.kafka.brokers
    }

    /// Whether to go on waiting; listens to the client meanwhile.
    pub(crate) fn go_on(&self) -> Result<(), OpenError> {
        if (self.stop)() {
            return Err(OpenError::Stopped);
        }
        for _ in 0..20 {
            if self.asking.poll(Duration::ZERO).is_none() {
                break;
            }
        }
        if let Some(why) = self.asking.context().denied() {
            return Err(OpenError::Denied { brokers: self.brokers().to_owned(), why });
        }
        Ok(())
    }

    /// Waits for the first answer of a broker, no longer than the operator would in all: `--once` counts the time of attempts that
    /// have ended.
    fn reach(&self) -> Result<(), OpenError> {
        let attempt = Instant::now() + CONNECT_TIMEOUT.min(self.clients.settings.kafka.connect_timeout.0);
        let until = self.until.map_or(attempt, |until| until.min(attempt));
        let mut step = FIRST_STEP;
        loop {
            let (asking, patience) =
                (Arc::clone(&self.asking), step.min(until.saturating_duration_since(Instant::now())));
            let topic = self.clients.settings.kafka.topic.clone();
            let ask = move || asking.fetch_metadata(Some(&topic), patience).map(|_: Metadata| ());
            let error = match call(&|| self.go_on(), ask)? {
                Ok(()) => break,
                Err(error) => error,
            };
            self.go_on()?;
            if Instant::now() >= until {
                return Err(self.failed("asking for the topic", &error));
            }
            std::thread::sleep(LOOK);
            step = (step * 2).min(LONGEST_STEP);
        }
        self.answered.set(true);
        Ok(())
    }

    /// What a question's failure means. A timeout says what was tried.
    fn failed(&self, doing: &str, error: &KafkaError) -> OpenError {
        match opening(doing, self.brokers(), error) {
            OpenError::Broken { brokers, why, .. } => {
                let silence = matches!(code(error), Code::BrokerTransportFailure | Code::OperationTimedOut);
                let why = if silence { "no answer".to_owned() } else { why };
                let tried = self.asking.context().reasons(&format!("{doing}: {why}"));
                OpenError::Unreachable { brokers, tried }
            }
            other => other,
        }
    }

    /// Makes one call with the asking client.
    pub(crate) fn ask<T: Send + 'static>(
        &self,
        doing: &str,
        question: impl FnOnce(&Consumer) -> Result<T, KafkaError> + Send + 'static,
    ) -> Result<T, OpenError> {
        let asking = Arc::clone(&self.asking);
        if !self.answered.get() {
            self.reach()?;
        }
        call(&|| self.go_on(), move || question(&asking))?.map_err(|error| {
            if let Err(denied) = self.go_on() {
                return denied;
            }
            self.failed(doing, &error)
        })
    }

    /// How many partitions a topic has; `None` where there is no such topic.
    pub(crate) fn partitions(&self, topic: &str) -> Result<Option<i32>, OpenError> {
        let name = topic.to_owned();
        let (error, count, leaderless) = self.ask("asking for the topics", move |client| {
            let metadata = client.fetch_metadata(Some(&name), CONNECT_TIMEOUT)?;
            let Some(topic) = metadata.topics().iter().find(|t| t.name() == name) else {
                return Ok((Some(Code::UnknownTopicOrPartition), 0, None));
            };
            let leaderless = topic.partitions().iter().find(|p| p.leader() < 0).map(|p| p.id());
            let error = topic.error().filter(|e| e.is_error()).map(Code::from);
            Ok((error, i32::try_from(topic.partitions().len()).unwrap_or(i32::MAX), leaderless))
        })?;
        let broken = |why: String| OpenError::Broken {
            doing: format!("asking for topic {topic}"),
            brokers: self.brokers().to_owned(),
            why,
        };
        match (error, leaderless) {
            (Some(Code::UnknownTopicOrPartition | Code::UnknownTopic), _) => Ok(None),
            (Some(code), _) if is_denial(code) => Err(OpenError::Denied {
                brokers: self.brokers().to_owned(),
                why: format!("topic {topic}: {}", code_words(code)),
            }),
            (Some(code), _) => Err(broken(code_words(code))),
            (None, Some(partition)) => Err(broken(format!("partition {partition} has no leader"))),
            (None, None) if count == 0 => Ok(None),
            (None, None) => Ok(Some(count)),
        }
    }

    /// Which cluster this is; empty where it has no id.
    pub(crate) fn id(&self) -> Result<String, OpenError> {
        self.ask("asking for the cluster's id", |client| {
            Ok(client.client().fetch_cluster_id(CONNECT_TIMEOUT).unwrap_or_default())
        })
    }

    /// A client for the cluster's own questions.
    pub(crate) fn admin(&self) -> Result<AdminClient<DefaultClientContext>, OpenError> {
        AdminClient::from_config(&self.clients.admin())
            .map_err(|e| OpenError::Config { why: crate::properties::told(&e) })
    }

    /// The first and the next offset of a partition, by the asking client: `read_uncommitted`.
    pub(crate) fn marks(&self, topic: &str, partition: i32) -> Result<(i64, i64), OpenError> {
        self.marks_by(&self.asking, topic, partition)
    }

    /// The first and the next offset of a partition, as `client` sees them.
    pub(crate) fn marks_by(
        &self,
        client: &Arc<Consumer>,
        topic: &str,
        partition: i32,
    ) -> Result<(i64, i64), OpenError> {
        let (client, topic) = (Arc::clone(client), topic.to_owned());
        self.ask("asking where a partition ends", move |_| client.fetch_watermarks(&topic, partition, CONNECT_TIMEOUT))
    }
}

/// The topics that are written to, by these settings.
pub(crate) fn wanted(settings: &Settings) -> impl Iterator<Item = (Channel, String)> + '_ {
    Channel::ALL
        .into_iter()
        .filter(|channel| settings.copies || *channel != Channel::Copies)
        .map(|channel| (channel, channel.topic(&settings.kafka.topic)))
}

/// Finds the topics, creates those that are missing where that is allowed, and says which topic this is.
pub(crate) fn ready(cluster: &Cluster<'_>) -> Result<TopicIdentity, OpenError> {
    let settings = cluster.clients.settings;
    let mut missing = Vec::new();
    for (channel, topic) in wanted(settings) {
        if cluster.partitions(&topic)?.is_none() {
            missing.push((channel, topic));
        }
    }
    if !missing.is_empty() {
        let names = || missing.iter().map(|(_, name)| name.clone()).collect::<Vec<_>>().join(", ");
        let Some(how) = &settings.kafka.create_topics else {
            return Err(OpenError::NoTopic { topics: names(), brokers: cluster.brokers().to_owned() });
        };
        create(cluster, how, &missing)?;
        tracing::info!(stage = "publish", topics = %names(), "created");
    }
    let topic = settings.kafka.topic.clone();
    let Some(partitions) = cluster.partitions(&topic)? else {
        return Err(OpenError::NoTopic { topics: topic, brokers: cluster.brokers().to_owned() });
    };
    Ok(TopicIdentity { kind: "kafka".into(), cluster: cluster.id()?, topic, partitions })
}

fn create(cluster: &Cluster<'_>, how: &CreateTopics, missing: &[(Channel, String)]) -> Result<(), OpenError> {
    let not_created = |topic: &str, why: String| OpenError::NotCreated {
        topic: topic.to_owned(),
        brokers: cluster.brokers().to_owned(),
        why,
    };
    let retention = how.retention.0.as_millis().to_string();
    let topics: Vec<NewTopic<'_>> = missing
        .iter()
        .map(|(channel, name)| {
            let partitions = match channel {
                Channel::Articles => i32::try_from(how.partitions.get()).unwrap_or(i32::MAX),
                Channel::DeadLetters | Channel::Copies => 1,
            };
            NewTopic::new(name, partitions, TopicReplication::Fixed(i32::from(how.replication.get())))
                .set("cleanup.policy", "delete")
                .set("retention.ms", &retention)
        })
        .collect();
    let admin = cluster.admin()?;
    let options = AdminOptions::new().request_timeout(Some(CONNECT_TIMEOUT)).operation_timeout(Some(CONNECT_TIMEOUT));
    let first = missing.first().map_or("", |(_, name)| name.as_str());
    let answers = wait(2 * CONNECT_TIMEOUT, &|| cluster.go_on(), admin.create_topics(&topics, &options))?
        .ok_or_else(|| not_created(first, "no answer".into()))?
        .map_err(|e| not_created(first, crate::kafka::errors::words(&e)))?;
    for answer in answers {
        match answer {
            // Another desk or an operator may have been quicker.
            Ok(_) | Err((_, Code::TopicAlreadyExists)) => {}
            Err((topic, code)) => return Err(not_created(&topic, code_words(code))),
        }
    }
    // The cluster has said yes; each broker learns of it in its own time.
    let begun = Instant::now();
    for (_, topic) in missing {
        loop {
            match cluster.partitions(topic) {
                Ok(Some(_)) => break,
                Ok(None) | Err(OpenError::Broken { .. }) if begun.elapsed() < CONNECT_TIMEOUT => {
                    cluster.go_on()?;
                    std::thread::sleep(LOOK);
                }
                Ok(None) => return Err(not_created(topic, "it was created, but does not appear".into())),
                Err(error) => return Err(error),
            }
        }
    }
    Ok(())
}
