//! `wiredesk check`, and with `--connect` a look at the broker and the topics: what would go wrong later, said now.

use std::path::Path;

use wiredesk_publish::probe::{Retention, probe};
use wiredesk_publish::settings::Kind;
use wiredesk_publish::writer::patiently;

use crate::check;
use crate::config::{self, Loaded};
use crate::exit::{Exit, Failure};

/// Checks the configuration and, where wanted, the broker behind it.
pub(crate) fn check(path: &Path, connect: bool, json: bool) -> Result<Exit, Failure> {
    if check::check(path, json) != 0 {
        return Ok(Exit::Config);
    }
    let Ok(loaded) = config::load(path) else { return Ok(Exit::Config) };
    if !connect || loaded.config.publish.kind != Kind::Kafka {
        return Ok(Exit::Ok);
    }
    look(&loaded)
}

fn look(loaded: &Loaded) -> Result<Exit, Failure> {
    let settings = &loaded.config.publish;
    let stop = || false;
    let properties = &loaded.kafka_properties;
    let seen = patiently(settings.kafka.connect_timeout, &stop, |until| probe(settings, properties, until, &stop))
        .map_err(|error| Failure { exit: Exit::Unavailable, error: error.into() })?;
    crate::out::line(format_args!("cluster {} at {}", seen.cluster, seen.brokers.join(", ")));
    let mut exit = Exit::Ok;
    let window = loaded.config.dedup.window;
    for topic in &seen.topics {
        match (topic.partitions, &settings.kafka.create_topics) {
            (Some(partitions), _) => crate::out::line(format_args!("topic {}: {partitions} partitions", topic.name)),
            (None, Some(create)) => crate::out::line(format_args!(
                "topic {}: missing; it will be created with {} partitions",
                topic.name, create.partitions
            )),
            (None, None) => {
                crate::out::line(format_args!(
                    "topic {}: missing; create it, or set publish.kafka.create_topics",
                    topic.name
                ));
                exit = Exit::Failed;
            }
        }
        if let Retention::For(kept) = topic.retention
            && kept < window.0
        {
            crate::out::line(format_args!(
                "warning: {} keeps records for {}, less than dedup.window = \"{window}\": a lost index could not be rebuilt in full",
                topic.name,
                wiredesk_model::units::Span(kept)
            ));
        }
        if topic.compacted {
            crate::out::line(format_args!(
                "warning: {} is compacted: consumers that start late will not see every record",
                topic.name
            ));
        }
    }
    Ok(exit)
}
