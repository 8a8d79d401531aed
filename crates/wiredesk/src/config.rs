//! The configuration: one file that says what the desk reads, how, and where it writes; and all that is wrong with it at once.
//!
//! A configuration that is refused one fault at a time is a morning lost, and one that is half taken is worse. So the files are
//! parsed into a document that remembers where everything stands, every part of it is tried by itself, and only a document
//! without a fault becomes a [`Config`]. No text is substituted before parsing: what is a secret says where it is kept.
//!
//! # Architecture
//! - [`settings`]: the types, each crate's section and our own.
//! - [`source`]: the files as text: `wiredesk.toml`, and `feeds.d/*.toml` and `rules.d/*.toml` beside it.
//! - [`plain_file`]: what may be read as a file, and how much of it.
//! - [`keys`]: the tree of known keys, taken from the types' JSON Schema.
//! - [`sift`]: unknown keys and wrong values, all of them.
//! - [`checks`], [`kafka`], [`feeds`], [`rules`]: what types cannot say about sections, feeds and rules for sites.
//! - [`security`]: who may read along between the desk and its brokers.
//! - [`secrets`]: settings that are kept in the environment or in files.
//! - [`fault`], [`places`], [`mask`], [`mod@print`]: what is wrong, and where, without the secrets beside it, for people and for programs.

pub(crate) mod checks;
pub(crate) mod fault;
pub(crate) mod feeds;
pub(crate) mod kafka;
pub(crate) mod keys;
pub(crate) mod mask;
#[cfg(test)]
mod mutants;
pub(crate) mod places;
pub(crate) mod plain_file;
pub(crate) mod print;
pub(crate) mod rules;
pub(crate) mod secrets;
pub(crate) mod security;
pub(crate) mod settings;
pub(crate) mod sift;
pub(crate) mod source;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Deserialize;
use toml::Spanned;
use toml::de::{DeTable, Deserializer};
use wiredesk_extract::site::SiteRules;
use wiredesk_model::feed::Feed;
use wiredesk_model::id::Fingerprint;
use wiredesk_model::secret::Secret;
use wiredesk_publish::settings::Kind;

use self::fault::{Fault, Faults};
use self::feeds::FeedAt;
use self::rules::RuleAt;
use self::settings::Config;
use self::sift::Sieve;
use self::source::{Document, Holds, Source};

/// The configuration as it is written: checked, its secrets left where they are kept.
#[derive(Debug)]
pub(crate) struct Written {
    /// What the files say, defaults filled in; `daemon.data_dir` made absolute by the file's folder.
    pub config: Config,
    /// The rules for sites, compiled.
    pub rules: Arc<SiteRules>,
    /// The folder of the main file.
    pub folder: PathBuf,
}

/// The configuration, ready for use.
#[derive(Debug)]
pub(crate) struct Loaded {
    /// What the files say, defaults filled in; `daemon.data_dir` made absolute by the file's folder.
    pub config: Config,
    /// The feeds in the order of the files, secrets resolved.
    pub feeds: Vec<Feed>,
    /// The rules for sites, compiled.
    pub rules: Arc<SiteRules>,
    /// `publish.kafka.properties`, secrets resolved; empty where records do not go to Kafka.
    pub kafka_properties: BTreeMap<String, Secret>,
    /// What is allowed but worth a look.
    pub warnings: Faults,
}

/// A short hash of what shapes articles: the settings of extraction, the version of its rules, and the rules for sites. It goes
/// into each record.
pub(crate) fn config_hash(config: &Config) -> String {
    let settings = serde_json::to_string(&config.extract).unwrap_or_default();
    let rules = rules::what_shapes_articles(&config.rules);
    let mut parts = vec![env!("CARGO_PKG_VERSION"), settings.as_str()];
    parts.extend(rules.iter().map(String::as_str));
    let mut hash = Fingerprint::of(&parts).hex();
    hash.truncate(12);
    hash
}

/// Reads and checks the configuration, and fetches its secrets.
///
/// # Errors
/// All that is wrong with it, in every file.
pub(crate) fn load(path: &Path) -> Result<Loaded, Faults> {
    read_all(path, true).map(|(loaded, _)| loaded)
}

/// Reads and checks the configuration but leaves secrets alone: for commands that only look at it or add to it.
///
/// # Errors
/// All that is wrong with it, in every file.
pub(crate) fn read(path: &Path) -> Result<Written, Faults> {
    let (read, folder) = read_all(path, false)?;
    Ok(Written { config: read.config, rules: read.rules, folder })
}

fn read_all(path: &Path, resolve: bool) -> Result<(Loaded, PathBuf), Faults> {
    let (sources, faults) = source::read_all(path);
    let folder = source::folder_of(path);
    Ok((judge(sources, faults, &folder, resolve)?, folder))
}

/// Checks files that were read, whose faults so far these are. Secrets are fetched where that is wished: relative files start from `folder`.
///
/// # Errors
/// All that is wrong with them.
fn judge(sources: Vec<Source>, mut faults: Vec<Fault>, folder: &Path, resolve: bool) -> Result<Loaded, Faults> {
    let mut hidden = Vec::new();
    let examined = examine(&sources, folder, resolve, &mut faults, &mut hidden);
    let faults = Faults::new(sources, faults, &hidden);
    if faults.any_error() {
        return Err(faults);
    }
    let Parts { config, feeds, rules, kafka_properties } = examined;
    Ok(Loaded { config, feeds, rules: Arc::new(rules), kafka_properties, warnings: faults })
}

#[derive(Default)]
struct Parts {
    config: Config,
    feeds: Vec<Feed>,
    rules: SiteRules,
    kafka_properties: BTreeMap<String, Secret>,
}

fn examine(
    sources: &[Source],
    folder: &Path,
    resolve: bool,
    faults: &mut Vec<Fault>,
    hidden: &mut Vec<(usize, std::ops::Range<usize>)>,
) -> Parts {
    let keys = keys::config();
    let mut found: Vec<FeedAt<'_>> = Vec::new();
    let mut found_rules: Vec<RuleAt<'_>> = Vec::new();
    let mut main = None;
    for (file, source) in sources.iter().enumerate() {
        let Some(mut document) = source::parse(file, source, faults) else { continue };
        hidden.extend(mask::secret_spans(&document.root).into_iter().map(|span| (file, span)));
        let feeds = if source.holds(Holds::Feeds) { document.take("feeds") } else { None };
        let rules = if source.holds(Holds::Rules) { document.take("rules") } else { None };
        if source.holds == Holds::All {
            main = Some(document);
        } else {
            source::refuse_all(&document, source.holds, faults);
        }
        if let Some(feeds) = feeds {
            found.extend(feeds::read(file, feeds, &keys, faults));
        }
        if let Some(rules) = rules {
            found_rules.extend(rules::read(file, rules, &keys, faults));
        }
    }

    let Some(main) = main else { return Parts::default() };
    let mut config = sections(&main, &keys, faults);
    checks::sections(&config, &main, faults);
    kafka::check(&config, &main, faults);
    security::check(&config, &main, faults);
    feeds::check(&config, &found, sources, faults);
    let rules = rules::compile(&found_rules, sources, faults);

    let (mut ready, mut properties) = (Vec::new(), BTreeMap::new());
    if resolve {
        ready = found.iter().filter_map(|feed| feeds::resolve(feed, folder, faults)).collect();
        if config.publish.kind == Kind::Kafka {
            properties = kafka::resolve(&config, &main, folder, faults);
            security::try_out(&config, &properties, &main, faults);
        }
    }
    config.feeds = found.into_iter().map(|feed| feed.settings).collect();
    config.rules = found_rules.into_iter().map(|rule| rule.settings).collect();
    config.daemon.data_dir = folder.join(&config.daemon.data_dir);
    config.fetch.extra_roots = config.fetch.extra_roots.map(|path| folder.join(path));
    Parts { config, feeds: ready, rules, kafka_properties: properties }
}

/// The sections of the main file; a value with a fault is replaced by its default, so that the checks can go on.
fn sections(main: &Document<'_>, keys: &[keys::Key], faults: &mut Vec<Fault>) -> Config {
    let sieve = Sieve::<Config>::new(main.file, keys, DeTable::new());
    let good = sieve.sift(main.root.clone(), faults);
    Config::deserialize(Deserializer::from(Spanned::new(0..0, good))).unwrap_or_else(|error| {
        faults.push(Fault::error(main.file, error.span().unwrap_or(0..0), error.message()));
        Config::default()
    })
}
