//! `[[rules]]`, wherever they stand: names that are unique, hosts and selectors that can be read, and no two rules for one page.

use std::collections::HashMap;
use std::ops::Range;

use serde::Deserialize;
use toml::Spanned;
use toml::de::{DeArray, DeString, DeTable, DeValue, Deserializer};
use wiredesk_extract::site::{Problem, RuleSettings, SiteRule, SiteRules};

use super::fault::Fault;
use super::feeds::legal_id;
use super::keys::{self, Key};
use super::places::Places;
use super::sift::{Sieve, a, nearest};
use super::source::{Source, key_place, place};

/// A rule and where it was written.
pub(crate) struct RuleAt<'a> {
    /// What was written.
    pub settings: RuleSettings,
    /// Its file's place among the sources.
    pub file: usize,
    /// Its heading.
    pub span: Range<usize>,
    table: DeTable<'a>,
}

impl RuleAt<'_> {
    fn at(&self, key: &str) -> Range<usize> {
        place(&self.table, &[key]).unwrap_or_else(|| self.span.clone())
    }

    /// Where one of a list stands.
    fn item(&self, key: &str, item: usize) -> Range<usize> {
        let value = self.table.iter().find(|(name, _)| name.get_ref() == key).map(|(_, value)| value.get_ref());
        let items = value.and_then(DeValue::as_array);
        items.and_then(|items| items.get(item)).map_or_else(|| self.at(key), Spanned::span)
    }
}

/// Reads the rules of one file; those with a fault in a value are named and left out.
pub(crate) fn read<'a>(
    file: usize,
    (key, value): (Range<usize>, Spanned<DeValue<'a>>),
    keys: &[Key],
    faults: &mut Vec<Fault>,
) -> Vec<RuleAt<'a>> {
    let keys = keys::item(keys, "rules");
    let DeValue::Array(items) = value.into_inner() else {
        faults
            .push(Fault::error(file, key, "`rules` is a list: its heading has two brackets").help("write `[[rules]]`"));
        return Vec::new();
    };
    items.into_iter().filter_map(|item| one(file, item, keys, faults)).collect()
}

fn one<'a>(file: usize, item: Spanned<DeValue<'a>>, keys: &[Key], faults: &mut Vec<Fault>) -> Option<RuleAt<'a>> {
    let span = item.span();
    let table = match item.into_inner() {
        DeValue::Table(table) => with_dates_as_text(table),
        other => {
            let message = format!("a rule is a table, and this is {}", a(&other));
            faults.push(Fault::error(file, span, message).help("write `[[rules]]`, then `id`, `hosts` and `body`"));
            return None;
        }
    };
    let before = faults.len();
    for (name, example) in [("id", "id = \"example\""), ("hosts", "hosts = [\"example.org\"]")] {
        if key_place(&table, &[name]).is_none() {
            // A mistyped `hosts` is one fault, not two.
            let mistyped = table.keys().any(|key| {
                !keys.iter().any(|known| known.name == *key.get_ref())
                    && nearest(key.get_ref(), [name].into_iter()).is_some()
            });
            if !mistyped {
                let message = format!("this rule has no `{name}`");
                faults.push(Fault::error(file, span.clone(), message).help(format!("add `{example}`")));
            }
        }
    }
    let sieve = Sieve::<RuleSettings>::new(file, keys, placeholder());
    let good = sieve.sift(table.clone(), faults);
    // What is left of a rule with a fault may be no rule: the fault is enough.
    if faults.len() > before {
        return None;
    }
    let settings = RuleSettings::deserialize(Deserializer::from(Spanned::new(span.clone(), good))).ok()?;
    Some(RuleAt { settings, file, span, table })
}

/// TOML has dates of its own; the types read them from text.
fn with_dates_as_text(table: DeTable<'_>) -> DeTable<'_> {
    table.into_iter().map(|(key, value)| (key, date_as_text(value))).collect()
}

fn date_as_text(value: Spanned<DeValue<'_>>) -> Spanned<DeValue<'_>> {
    let span = value.span();
    match value.into_inner() {
        DeValue::Datetime(date) => Spanned::new(span, DeValue::String(DeString::Owned(date.to_string()))),
        other => Spanned::new(span, other),
    }
}

/// The least that a rule is: its other values are tried beside this.
fn placeholder<'i>() -> DeTable<'i> {
    let key = |key: &'static str| Spanned::new(0..0, DeString::Borrowed(key));
    let id = Spanned::new(0..0, DeValue::String(DeString::Borrowed("id")));
    DeTable::from_iter([(key("id"), id), (key("hosts"), Spanned::new(0..0, DeValue::Array(DeArray::new())))])
}

/// Checks each rule, and the rules against each other; gives those that can be used.
pub(crate) fn compile(rules: &[RuleAt<'_>], sources: &[Source], faults: &mut Vec<Fault>) -> SiteRules {
    let places = Places::of_all(sources);
    let mut ids: HashMap<&str, &RuleAt<'_>> = HashMap::new();
    let mut compiled: Vec<(&RuleAt<'_>, SiteRule)> = Vec::new();
    for rule in rules {
        let id = rule.settings.id.as_str();
        if let Err(help) = legal_id(id) {
            faults.push(Fault::error(rule.file, rule.at("id"), format!("{id:?} cannot be a rule's id")).help(help));
        }
        if let Some(first) = ids.get(id) {
            let message = format!("another rule has the id {id:?}, at {}", written_at(first, "id", (sources, &places)));
            faults.push(
                Fault::error(rule.file, rule.at("id"), message)
                    .help("an id belongs to one rule: rename one of them")
                    .related(first.file, first.at("id"), "the first one"),
            );
        } else {
            ids.insert(id, rule);
        }
        match SiteRule::compile(&rule.settings) {
            Ok(ready) => compiled.push((rule, ready)),
            Err(problems) => faults.extend(problems.into_iter().map(|Problem { key, item, what, help }| {
                Fault::error(rule.file, rule.item(key, item), what).help(help)
            })),
        }
    }
    for (at, (rule, ready)) in compiled.iter().enumerate() {
        let Some((first, host)) = compiled[..at].iter().find_map(|(first, other)| Some((first, ready.clash(other)?)))
        else {
            continue;
        };
        let (id, other) = (&rule.settings.id, &first.settings.id);
        let message =
            format!("{id:?} is for {host} as {other:?} is, at {}", written_at(first, "hosts", (sources, &places)));
        faults.push(
            Fault::error(rule.file, rule.at("hosts"), message)
                .help("one rule reads a page: tell them apart by path, or by `valid_from` and `valid_until`")
                .related(first.file, first.at("hosts"), "the first one"),
        );
    }
    compiled.into_iter().map(|(_, ready)| ready).collect()
}

fn written_at(rule: &RuleAt<'_>, key: &str, (sources, places): (&[Source], &[Places<'_>])) -> String {
    let source = &sources[rule.file];
    let (line, column) = places[rule.file].at(rule.at(key).start);
    format!("{}:{line}:{column}", source.path.display())
}

/// The rules as far as articles are shaped by them: in whatever order and whatever is said about them.
pub(crate) fn what_shapes_articles(rules: &[RuleSettings]) -> Vec<String> {
    let bare = |rule: &RuleSettings| RuleSettings { about: None, ..rule.clone() };
    let mut all: Vec<_> = rules.iter().map(bare).collect();
    all.sort_by(|one, other| one.id.cmp(&other.id));
    all.iter().map(|rule| serde_json::to_string(rule).unwrap_or_default()).collect()
}
