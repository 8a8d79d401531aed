//! The `[dedup]` section.

use serde::{Deserialize, Serialize};
use wiredesk_model::units::Span;

/// `[dedup]`: how long the desk remembers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// An entry is forgotten this long after it left its feed's listing; a body is remembered while an entry names it.
    pub window: Span,
}

impl Default for Settings {
    fn default() -> Self {
        Self { window: Span::days(90) }
    }
}
