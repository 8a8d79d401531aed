//! Bars on long work, on a terminal only.

use std::io::IsTerminal;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use wiredesk_model::outcome::Outcome;
use wiredesk_pipeline::desk::{Event, Watcher};

use crate::telemetry::bars;

/// The bar of one `run --once`: entries settled of those seen.
pub(crate) struct Progress {
    bar: Option<ProgressBar>,
}

impl Progress {
    /// A bar where there is a terminal to show it on and the work ends.
    pub(crate) fn new(wanted: bool, feeds: usize) -> Self {
        if !wanted || !std::io::stderr().is_terminal() {
            return Self { bar: None };
        }
        let bar = bars().add(bar(0));
        bar.set_message(format!("{feeds} feeds"));
        Self { bar: Some(bar) }
    }

    /// Moves the bar.
    pub(crate) fn watcher(&self) -> Watcher {
        let Some(bar) = self.bar.clone() else { return Arc::new(|_| {}) };
        let (polled, published) = (AtomicU64::new(0), AtomicU64::new(0));
        Arc::new(move |event| {
            match event {
                Event::Polled { new, .. } => {
                    polled.fetch_add(1, Ordering::Relaxed);
                    bar.inc_length(*new as u64);
                }
                Event::PollFailed { .. } => {
                    polled.fetch_add(1, Ordering::Relaxed);
                }
                Event::Settled { outcome, .. } => {
                    published.fetch_add(u64::from(matches!(outcome, Outcome::Published { .. })), Ordering::Relaxed);
                    bar.inc(1);
                }
                Event::Pushed { new, .. } => bar.inc_length(*new as u64),
                Event::Retried { .. } => {}
            }
            bar.set_message(format!(
                "{} feeds polled, {} records",
                polled.load(Ordering::Relaxed),
                published.load(Ordering::Relaxed)
            ));
        })
    }

    /// Takes the bar away.
    pub(crate) fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// A bar of this length in the house's style.
pub(crate) fn bar(length: u64) -> ProgressBar {
    const TEMPLATE: &str = "{elapsed_precise} {bar:32.cyan/dim} {pos}/{len} {msg}";
    let bar = ProgressBar::new(length);
    if let Ok(style) = ProgressStyle::with_template(TEMPLATE) {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}
