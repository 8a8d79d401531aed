//! The `[schedule]` section.

use std::num::NonZeroU32;

use serde::{Deserialize, Serialize};
use wiredesk_model::units::Span;

/// `[schedule]`: when feeds are polled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// How often a feed is polled that says nothing of its own.
    pub default_interval: Span,
    /// No feed is polled more often.
    pub min_interval: Span,
    /// No feed is polled less often.
    pub max_interval: Span,
    /// How many entries of a feed's first poll are read; the older ones are dropped as `backfill`.
    pub backfill: NonZeroU32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            default_interval: Span::minutes(15),
            min_interval: Span::minutes(5),
            max_interval: Span::days(1),
            backfill: NonZeroU32::new(50).expect("50 is not 0"),
        }
    }
}
