//! What the desk counts, under Prometheus names and in base units. Label sets are closed: no URL, host or feed is a label.
//!
//! Every entry is accounted for: `wiredesk_entries_pending_at_start + …_seen_total = …_settled_at_start_total + …_published_total +
//! …_duplicate_total + …_looked_again_total + …_dropped_total + …_pending`, whenever nothing is between two of them.

use std::sync::atomic::AtomicU64;
use std::time::Instant;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};
use wiredesk_model::habits::Condition;
use wiredesk_model::outcome::{Dropped, Outcome};

/// One label of a closed set.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Result {
    result: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Fetch {
    what: &'static str,
    class: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Reason {
    reason: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Sick {
    condition: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Stage {
    stage: &'static str,
}

/// How a poll ended, for the metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PollResult {
    /// The feed was read.
    Read,
    /// 304: nothing new.
    NotModified,
    /// It failed.
    Failed,
}

impl PollResult {
    fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::NotModified => "not_modified",
            Self::Failed => "failed",
        }
    }
}

/// What became of a push, for the metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PushResult {
    /// It is journalled.
    Taken,
    /// It bears no signature.
    Unsigned,
    /// Its signature is not the hub's.
    WronglySigned,
    /// It is no feed, or packed.
    Unreadable,
    /// The feed was never polled well.
    TooEarly,
    /// It did not come whole.
    NotReceived,
}

impl PushResult {
    const ALL: [Self; 6] =
        [Self::Taken, Self::Unsigned, Self::WronglySigned, Self::Unreadable, Self::TooEarly, Self::NotReceived];

    /// The label.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Taken => "taken",
            Self::Unsigned => "unsigned",
            Self::WronglySigned => "wrongly_signed",
            Self::Unreadable => "unreadable",
            Self::TooEarly => "too_early",
            Self::NotReceived => "not_received",
        }
    }
}

/// All counters. Cheap to clone; clones count together.
#[derive(Clone, Debug)]
pub struct Meter {
    polls: Family<Result, Counter>,
    pushes: Family<Result, Counter>,
    subscriptions: Gauge,
    fetches: Family<Fetch, Counter>,
    stages: Family<Stage, Histogram>,
    listed: Counter,
    left_out: Counter,
    published: Counter,
    duplicates: Counter,
    looked_again: Family<Result, Counter>,
    dropped: Family<Reason, Counter>,
    retries: Counter,
    rule_misses: Counter,
    sick: Family<Sick, Gauge>,
    pages_saved: Counter,
    pending: Gauge,
    pending_at_start: Gauge,
    settled_at_start: Counter,
    ready: Gauge,
    store_bytes: Gauge<i64>,
    started: Gauge<f64, AtomicU64>,
}

fn stage_histogram() -> Histogram {
    // 0.5 ms to 65 s
    Histogram::new(exponential_buckets(0.0005, 2.0, 18))
}

impl Meter {
    /// Counters that start at zero, made known to `registry`.
    pub fn new(registry: &mut Registry) -> Self {
        let meter = Self {
            polls: Family::default(),
            pushes: Family::default(),
            subscriptions: Gauge::default(),
            fetches: Family::default(),
            stages: Family::new_with_constructor(stage_histogram),
            listed: Counter::default(),
            left_out: Counter::default(),
            published: Counter::default(),
            duplicates: Counter::default(),
            looked_again: Family::default(),
            dropped: Family::default(),
            retries: Counter::default(),
            rule_misses: Counter::default(),
            sick: Family::default(),
            pages_saved: Counter::default(),
            pending: Gauge::default(),
            pending_at_start: Gauge::default(),
            settled_at_start: Counter::default(),
            ready: Gauge::default(),
            store_bytes: Gauge::default(),
            started: Gauge::default(),
        };
        for result in [PollResult::Read, PollResult::NotModified, PollResult::Failed] {
            let _ = meter.polls.get_or_create(&Result { result: result.name() });
        }
        for result in PushResult::ALL {
            let _ = meter.pushes.get_or_create(&Result { result: result.as_str() });
        }
        for reason in Dropped::REASONS {
            let _ = meter.dropped.get_or_create(&Reason { reason });
        }
        for condition in Condition::ALL {
            let _ = meter.sick.get_or_create(&Sick { condition: condition.as_str() });
        }
        registry.register("wiredesk_feeds_sick", "Feeds in trouble, by condition", meter.sick.clone());
        registry.register(
            "wiredesk_pages_saved",
            "Entries whose page was not fetched, because their feed carries the whole article",
            meter.pages_saved.clone(),
        );
        registry.register("wiredesk_polls", "Polls of feeds, by result", meter.polls.clone());
        registry.register("wiredesk_pushes", "Pushes of hubs, by what became of them", meter.pushes.clone());
        registry.register(
            "wiredesk_subscriptions",
            "Feeds whose hub has promised to push",
            meter.subscriptions.clone(),
        );
        registry.register(
            "wiredesk_fetches",
            "HTTP requests, by what was asked for and how it went",
            meter.fetches.clone(),
        );
        registry.register_with_unit(
            "wiredesk_stage_duration",
            "Time spent in a stage",
            Unit::Seconds,
            meter.stages.clone(),
        );
        registry.register(
            "wiredesk_entries_seen",
            "Entries journalled: new, or known with another fingerprint",
            meter.listed.clone(),
        );
        registry.register(
            "wiredesk_entries_left_out",
            "Entries left out of a poll because the backlog was full",
            meter.left_out.clone(),
        );
        registry.register("wiredesk_entries_published", "Records put into the topic", meter.published.clone());
        registry.register(
            "wiredesk_entries_duplicate",
            "Entries whose body was in the topic already",
            meter.duplicates.clone(),
        );
        registry.register(
            "wiredesk_entries_looked_again",
            "Known entries fetched again with nothing new to publish",
            meter.looked_again.clone(),
        );
        registry.register(
            "wiredesk_entries_dropped",
            "Entries that are not in the topic, by reason",
            meter.dropped.clone(),
        );
        registry.register("wiredesk_entry_retries", "Attempts put back to be tried again", meter.retries.clone());
        registry.register(
            "wiredesk_site_rule_misses",
            "Pages on which their site's rule found nothing",
            meter.rule_misses.clone(),
        );
        registry.register("wiredesk_entries_pending", "Entries seen and not yet settled", meter.pending.clone());
        registry.register(
            "wiredesk_entries_pending_at_start",
            "Entries that an earlier run of the desk left pending",
            meter.pending_at_start.clone(),
        );
        registry.register(
            "wiredesk_entries_settled_at_start",
            "Of those, the ones whose record was found in the topic",
            meter.settled_at_start.clone(),
        );
        registry.register("wiredesk_ready", "1 when the topic is fenced and caught up", meter.ready.clone());
        registry.register_with_unit(
            "wiredesk_store_size",
            "Size of the data dir's database",
            Unit::Bytes,
            meter.store_bytes.clone(),
        );
        registry.register_with_unit(
            "wiredesk_start_time",
            "When the desk was started, since 1970",
            Unit::Seconds,
            meter.started.clone(),
        );
        meter.started.set(jiff::Timestamp::now().as_millisecond() as f64 / 1000.0);
        meter
    }

    pub(crate) fn polled(&self, result: PollResult) {
        self.polls.get_or_create(&Result { result: result.name() }).inc();
    }

    pub(crate) fn pushed(&self, result: PushResult) {
        self.pushes.get_or_create(&Result { result: result.as_str() }).inc();
    }

    pub(crate) fn subscriptions(&self, active: u64) {
        self.subscriptions.set(shown(active));
    }

    pub(crate) fn fetched(&self, what: &'static str, class: &'static str) {
        self.fetches.get_or_create(&Fetch { what, class }).inc();
    }

    pub(crate) fn seen(&self, entries: usize, left_out: usize) {
        self.listed.inc_by(entries as u64);
        self.left_out.inc_by(left_out as u64);
    }

    pub(crate) fn ended(&self, outcome: &Outcome) {
        match outcome {
            Outcome::Published { .. } => self.published.inc(),
            Outcome::Duplicate { .. } => self.duplicates.inc(),
            Outcome::Unchanged | Outcome::Reverted => {
                self.looked_again.get_or_create(&Result { result: outcome.name() }).inc()
            }
            Outcome::Dropped(dropped) => self.dropped.get_or_create(&Reason { reason: dropped.reason() }).inc(),
        };
    }

    /// A feed's condition has begun (1) or ended (-1).
    pub(crate) fn condition(&self, condition: Condition, change: i64) {
        self.sick.get_or_create(&Sick { condition: condition.as_str() }).inc_by(change);
    }

    pub(crate) fn page_saved(&self) {
        self.pages_saved.inc();
    }

    pub(crate) fn retried(&self) {
        self.retries.inc();
    }

    pub(crate) fn rule_missed(&self) {
        self.rule_misses.inc();
    }

    /// How many entries are seen and not settled.
    pub fn pending(&self, entries: u64) {
        self.pending.set(shown(entries));
    }

    pub(crate) fn pending_at_start(&self, entries: u64) {
        self.pending_at_start.set(shown(entries));
    }

    pub(crate) fn settled_at_start(&self, entries: u64) {
        self.settled_at_start.inc_by(entries);
    }

    pub(crate) fn store_size(&self, bytes: u64) {
        self.store_bytes.set(shown(bytes));
    }

    /// Whether the topic is fenced and caught up.
    pub fn ready(&self, ready: bool) {
        self.ready.set(i64::from(ready));
    }

    /// Measures a stage until it is dropped.
    pub(crate) fn stage(&self, stage: &'static str) -> Timer {
        Timer { histogram: self.stages.get_or_create(&Stage { stage }).clone(), begun: Instant::now() }
    }
}

/// A count as a gauge shows it.
fn shown(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// A stage that is being measured.
pub(crate) struct Timer {
    histogram: Histogram,
    begun: Instant,
}

impl Drop for Timer {
    fn drop(&mut self) {
        self.histogram.observe(self.begun.elapsed().as_secs_f64());
    }
}
