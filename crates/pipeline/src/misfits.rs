//! Rules for sites that do not fit their pages any more: a site that changed its layout does so on every page, and is told once.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use tracing::warn;
use url::Url;
use wiredesk_clean::Cleaned;
use wiredesk_extract::site::{MISSED, SiteRules};
use wiredesk_model::block::Hints;

use crate::meter::Meter;

/// More hosts than this are not remembered, and not told of: one rule may be for all hosts below a domain.
const HOSTS: usize = 1_000;

/// The hosts whose rule did not fit, as far as that was told. Clones remember together.
#[derive(Clone, Debug, Default)]
pub struct Misfits(Arc<Mutex<HashSet<(String, String)>>>);

impl Misfits {
    /// Counts a page that its rule did not fit, and says so in the log where it is the first of its host.
    pub(crate) fn note(&self, cleaned: &Cleaned, hints: &Hints, rules: &SiteRules, meter: &Meter) {
        if !cleaned.article.extraction.flags.iter().any(|flag| flag == MISSED) {
            return;
        }
        meter.rule_missed();
        let Some(rule) = rules.choose(hints.address(), hints.fetched) else { return };
        let host = Url::parse(hints.address()).ok().and_then(|url| url.host_str().map(str::to_owned));
        let host = host.unwrap_or_default();
        if self.is_news(rule.id(), &host) {
            warn!(
                rule = rule.id(),
                host,
                url = hints.address(),
                stage = "extract",
                "the site's rule found nothing on this page, which was read without it: has the layout changed? \
                 (told once for each host; wiredesk_site_rule_misses counts the pages)"
            );
        }
    }

    fn is_news(&self, rule: &str, host: &str) -> bool {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        told.len() < HOSTS && told.insert((rule.to_owned(), host.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_told_once_and_no_more_hosts_than_are_remembered() {
        let misfits = Misfits::default();
        assert!(misfits.is_news("mill", "mill.example"));
        assert!(!misfits.clone().is_news("mill", "mill.example"));
        assert!(misfits.is_news("mill", "de.mill.example"));
        let told = (0..HOSTS * 2).filter(|n| misfits.is_news("mill", &format!("{n}.mill.example"))).count();
        assert_eq!(told, HOSTS - 2);
    }
}
