//! Fixtures: a stored page, and beside it what its article must and must not say.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Deserializer};

use crate::source;

/// The most a stored page may weigh.
const PAGE_LIMIT: u64 = 64 << 20;
/// The most its description may.
const EXPECTED_LIMIT: u64 = 1 << 20;

/// What is written down of a page: `NAME.toml`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Expected {
    /// The page's address: it decides which rule is tried.
    pub(super) url: String,
    /// Phrases of the article, in whatever case and spacing.
    #[serde(default)]
    pub(super) must: Vec<String>,
    /// Phrases that must not be in it.
    #[serde(default)]
    pub(super) must_not: Vec<String>,
    /// Its headline.
    #[serde(default)]
    pub(super) title: Option<String>,
    /// Its date, or as much of the beginning of it as matters: `2026-04-03`.
    #[serde(default, deserialize_with = "date_or_text")]
    pub(super) date: Option<String>,
    /// The names of its authors.
    #[serde(default)]
    pub(super) authors: Option<Vec<String>>,
    /// The day of the fetch; without it the latest rule for the address is tried.
    #[serde(default, deserialize_with = "date_or_text")]
    fetched: Option<String>,
}

/// A fixture, read.
pub(super) struct Fixture {
    pub(super) page: Vec<u8>,
    pub(super) expected: Expected,
    pub(super) fetched: Option<Timestamp>,
}

/// The names of the fixtures of a folder, in order.
pub(super) fn names(folder: &Path) -> anyhow::Result<Vec<String>> {
    let mut names = BTreeSet::new();
    let listed = || format!("{} cannot be listed", folder.display());
    for entry in std::fs::read_dir(folder).with_context(listed)? {
        let name = entry.with_context(listed)?.file_name().to_string_lossy().into_owned();
        let stem = [".toml", ".html", ".html.gz"].into_iter().find_map(|end| name.strip_suffix(end));
        names.extend(stem.filter(|stem| !stem.is_empty() && !stem.starts_with('.')).map(str::to_owned));
    }
    Ok(names.into_iter().collect())
}

/// Reads one.
pub(super) fn read(folder: &Path, name: &str) -> anyhow::Result<Fixture> {
    let beside = |end: &str| -> PathBuf { folder.join(format!("{name}{end}")) };
    let pages: Vec<PathBuf> = [".html", ".html.gz"].into_iter().map(beside).filter(|path| path.exists()).collect();
    let page = match pages.as_slice() {
        [page] => source::file(page, PAGE_LIMIT)?,
        [] => bail!("there is no page {name}.html"),
        _ => bail!("there are two pages, {name}.html and {name}.html.gz"),
    };
    let path = beside(".toml");
    if !path.exists() {
        bail!("there is no {name}.toml to say what the article must hold");
    }
    let text = source::file(&path, EXPECTED_LIMIT)?;
    let text = String::from_utf8(text).with_context(|| format!("{name}.toml is not UTF-8"))?;
    let expected: Expected = toml::from_str(&text).with_context(|| format!("{name}.toml"))?;
    let noon = |day: Date| day.at(12, 0, 0, 0).to_zoned(TimeZone::UTC).map(|at| at.timestamp());
    let fetched = expected.fetched.as_deref().map(|day| day.parse().and_then(noon)).transpose();
    Ok(Fixture { page, fetched: fetched.with_context(|| format!("{name}.toml: `fetched`"))?, expected })
}

/// TOML has dates of its own; a text does as well.
fn date_or_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    match toml::Value::deserialize(deserializer)? {
        toml::Value::String(text) => Ok(Some(text)),
        toml::Value::Datetime(date) => Ok(Some(date.to_string())),
        other => Err(serde::de::Error::custom(format!("a date, as in 2026-11-27, not {}", other.type_str()))),
    }
}
