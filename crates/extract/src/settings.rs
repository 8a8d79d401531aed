//! The `[extract]` section.

use serde::{Deserialize, Serialize};

/// `[extract]`: what counts as an article.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Bodies of fewer words are dropped as `too_short`.
    pub min_words: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self { min_words: 40 }
    }
}
