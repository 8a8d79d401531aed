//! A web that never shows the same page twice, and what must be in the topic once a desk has read it.
//!
//! A page that is fetched again after its record went out has another body where the change is inside it, and would be published
//! again: only so does a desk that forgets what it has published show it. Where pages stand still, the hash hides that.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context, ensure};
use wiredesk_testkit::prose::story;
use wiredesk_testkit::template::plain;
use wiredesk_testkit::{Web, item, rss, site};

use crate::{Desk, Record, verdict};

/// The story that every site tells.
const SHARED: u64 = 0;
/// A page that is no article: too short.
const SHORT: u64 = 1;

/// So many stories a feed lists; older ones drop off.
const LISTED: u64 = 400;

/// The web. Each site lists the same numbers of stories: the first one is on all sites, the second is no article.
pub struct Restless {
    /// The sites.
    pub web: Web,
    sites: u64,
    stories: AtomicU64,
    edition: Arc<AtomicU64>,
    change: Change,
}

/// Where pages change from one fetch to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Change {
    /// Every fifth inside its body, all around it.
    Inside,
    /// All around their bodies.
    Around,
}

impl Change {
    fn is_inside(self, number: u64) -> bool {
        self == Self::Inside && number % 5 == 2
    }
}

/// What a later edition says more.
fn is_rewritten(number: u64) -> bool {
    number > SHORT && number.is_multiple_of(2)
}

fn name(site: u64) -> String {
    format!("s{site}")
}

fn path(number: u64) -> String {
    format!("/story/{number}")
}

fn page(at: u64, number: u64, edition: u64, fetch: u64, change: Change) -> String {
    let told = story(if number == SHARED { u64::MAX } else { at }, number);
    let mut paragraphs = told.paragraphs;
    if number == SHORT {
        paragraphs = vec!["Closed today.".to_owned()];
    }
    if change.is_inside(number) {
        paragraphs.push(format!("The clerk counted {fetch} visitors at the door before the meeting had begun."));
    }
    if edition > 0 && is_rewritten(number) {
        paragraphs.push(format!("On day {edition} after that the council met again, and nothing was as it had been."));
    }
    plain(&told.title, &paragraphs).replace("</footer>", &format!("<p>visitor {fetch}</p></footer>"))
}

impl Restless {
    /// Starts so many sites with so many stories each, 3 at least.
    ///
    /// # Errors
    /// Where the system gives no port.
    pub fn start(sites: u64, stories: u64) -> anyhow::Result<Self> {
        Self::with(sites, stories, Change::Inside)
    }

    /// The same, and no body changes but by an edition: two desks that read it read the same.
    ///
    /// # Errors
    /// Where the system gives no port.
    pub fn start_steady(sites: u64, stories: u64) -> anyhow::Result<Self> {
        Self::with(sites, stories, Change::Around)
    }

    fn with(sites: u64, stories: u64, change: Change) -> anyhow::Result<Self> {
        let built = (0..sites).map(|at| site(name(at)).feed(rss("feed.xml")).latency(Duration::from_millis(10)));
        let web = Self { web: Web::start(built)?, sites, stories: AtomicU64::new(0), edition: Arc::default(), change };
        web.grow(stories);
        Ok(web)
    }

    /// So many more stories on each site.
    pub fn grow(&self, stories: u64) {
        let from = self.stories.fetch_add(stories, Ordering::SeqCst);
        for at in 0..self.sites {
            self.web.change(&name(at), |site| {
                (from..from + stories).fold(site, |site, number| {
                    let (edition, change) = (Arc::clone(&self.edition), self.change);
                    let now = move |fetch| page(at, number, edition.load(Ordering::SeqCst), fetch, change);
                    let site = site.edit_feed("feed.xml", |feed| match number.checked_sub(LISTED) {
                        Some(old) => feed.without(&path(old)).on_top(item(&path(number))),
                        None => feed.on_top(item(&path(number))),
                    });
                    site.page_fn(&path(number), now)
                })
            });
        }
    }

    /// The feeds, as a desk is configured with them.
    pub fn feeds(&self) -> Vec<(&str, String)> {
        self.web.names().map(|name| (name, self.web.url(name, "feed.xml"))).collect()
    }

    /// How many entries are listed.
    pub fn entries(&self) -> u64 {
        self.sites * self.stories()
    }

    /// Whether the newest story of every site was asked for: then no feed is left alone any more for what its server said before.
    pub fn was_read_to_the_top(&self) -> bool {
        let newest = path(self.stories().saturating_sub(1));
        self.web.names().all(|name| self.web.count(name, &newest) > 0)
    }

    fn stories(&self) -> u64 {
        self.stories.load(Ordering::SeqCst)
    }

    /// A new edition: every entry that is listed has another title, and every second story a body that says more.
    pub fn edit(&self) {
        self.edit_some(0..self.sites);
    }

    /// The same on some sites only. The pages of the others say more as well, but nobody is told.
    pub fn edit_some(&self, sites: std::ops::Range<u64>) {
        let edition = self.edition.fetch_add(1, Ordering::SeqCst) + 1;
        for name in sites.map(name) {
            let name = name.as_str();
            let listed = self.stories().saturating_sub(LISTED)..self.stories();
            self.web.change(name, |site| {
                listed.fold(site, |site, number| {
                    site.edit_feed("feed.xml", |feed| {
                        feed.edit(&path(number), |item| item.title(&format!("Story {number}, edition {edition}")))
                    })
                })
            });
        }
    }

    /// How many records each address must have after so many editions (0 or 1).
    fn wanted(&self, editions: u64) -> BTreeMap<String, usize> {
        let mut wanted = BTreeMap::new();
        for name in self.web.names() {
            for number in SHORT + 1..self.stories() {
                let again = editions > 0 && (is_rewritten(number) || self.change.is_inside(number));
                wanted.insert(self.web.url(name, &path(number)), if again { 2 } else { 1 });
            }
        }
        wanted
    }

    /// Every article is in the topic once for each of its bodies, the shared one once in all, and nothing else; revisions are
    /// counted right.
    ///
    /// # Errors
    /// What is wrong.
    pub fn holds(&self, records: &[Record], editions: u64) -> anyhow::Result<()> {
        verdict::sound(records)?;
        let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
        for record in records {
            *seen.entry(record.text("/url")).or_default() += 1;
        }
        let shared: usize = self
            .web
            .names()
            .map(|name| seen.remove(self.web.url(name, &path(SHARED)).as_str()).unwrap_or_default())
            .sum();
        ensure!(shared == 1, "the shared story has {shared} records");
        for (url, count) in &self.wanted(editions) {
            let found = seen.remove(url.as_str()).unwrap_or_default();
            ensure!(found == *count, "{url} has {found} records instead of {count}");
        }
        ensure!(seen.is_empty(), "nobody listed {seen:?}");
        for record in records.iter().filter(|record| !self.is_fetched_into(record)) {
            let revision = record.value["revision"].as_u64().unwrap_or_default();
            ensure!(revision <= 1 + editions, "{} has revision {revision}", record.text("/url"));
        }
        Ok(())
    }

    fn is_fetched_into(&self, record: &Record) -> bool {
        let number = record.text("/url").rsplit('/').next().and_then(|number| number.parse().ok());
        number.is_some_and(|number| self.change.is_inside(number))
    }

    /// Every article is in the topic, with as many bodies as it may have; what is wrong with a record by itself is [`verdict`]'s.
    ///
    /// # Errors
    /// What is missing.
    pub fn holds_all(&self, records: &[Record]) -> anyhow::Result<()> {
        verdict::sound(records)?;
        let seen: BTreeSet<&str> = records.iter().map(|record| record.text("/url")).collect();
        for url in self.wanted(0).keys() {
            ensure!(seen.contains(url.as_str()), "{url} has no record");
        }
        Ok(())
    }

    /// The desk's own counts agree with the topic: before any edition, what is published is called so, and a duplicate is one.
    ///
    /// # Errors
    /// What is wrong.
    pub fn is_accounted_for(&self, desk: &Desk, editions: u64) -> anyhow::Result<()> {
        let counts = desk.counts()?;
        let settled = |outcome: &str| counts.get(outcome).copied().unwrap_or_default();
        ensure!(counts.values().sum::<u64>() == self.entries(), "entries went missing: {counts:?}");
        ensure!(settled("pending") + settled("waiting") == 0, "not drained: {counts:?}");
        ensure!(settled("dropped") == self.sites, "one entry of each site is dropped: {counts:?}");
        if editions == 0 {
            ensure!(settled("published") == self.sites * (self.stories() - 2) + 1, "{counts:?}");
            ensure!(settled("duplicate") == self.sites - 1, "{counts:?}");
        }
        Ok(())
    }

    /// What is promised at least once is there at least once.
    ///
    /// # Errors
    /// What is missing.
    pub fn has_reports(&self, letters: &[Record], copies: &[Record]) -> anyhow::Result<()> {
        for name in self.web.names() {
            let url = self.web.url(name, &path(SHORT));
            letters
                .iter()
                .find(|letter| letter.text("/url") == url)
                .with_context(|| format!("no dead letter for {url}"))?;
        }
        ensure!(copies.len() as u64 >= self.sites - 1, "{} copies", copies.len());
        Ok(())
    }
}
