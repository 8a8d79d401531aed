//! The `[pipeline]` section.

use std::num::{NonZeroU32, NonZeroU64};

use serde::{Deserialize, Serialize};
use wiredesk_model::units::Span;

/// How a page that fails is tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Retry {
    /// The wait after the first failure; doubled after each further one.
    pub first: Span,
    /// The longest wait.
    pub max: Span,
    /// After so many attempts the entry is dropped as `exhausted`.
    pub attempts: NonZeroU32,
}

impl Default for Retry {
    fn default() -> Self {
        Self { first: Span::minutes(1), max: Span::hours(6), attempts: NonZeroU32::new(8).expect("8 is not 0") }
    }
}

/// `[pipeline]`: how much is done at once, and how failures are treated.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Polls under way at once.
    pub polls: NonZeroU32,
    /// Pages being fetched at once.
    pub ingests: NonZeroU32,
    /// The most entries that may be pending; beyond it polls leave entries out, and say so.
    pub backlog: NonZeroU64,
    /// How long a stop waits for the work under way.
    pub grace: Span,
    /// How a page that fails is tried again.
    pub retry: Retry,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            polls: NonZeroU32::new(64).expect("64 is not 0"),
            ingests: NonZeroU32::new(256).expect("256 is not 0"),
            backlog: NonZeroU64::new(1_000_000).expect("a million is not 0"),
            grace: Span::seconds(20),
            retry: Retry::default(),
        }
    }
}
