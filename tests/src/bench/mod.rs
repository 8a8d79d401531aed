//! What the benchmarks share: the pages that are read, what reading them costs, and how a figure is said.
//!
//! There are two programs of them: `bench` looks at the desk from outside, and `peers`, a workspace of its own (`tests/peers`), holds its
//! extraction against other tools on the same pages.

pub mod cost;
pub mod figure;
pub mod pages;

use std::path::PathBuf;

use clap::Args;

/// How much is read, and how often.
#[derive(Clone, Debug, Args)]
pub struct Work {
    /// How many pages are made up.
    #[arg(long, default_value_t = 4000)]
    pub pages: usize,
    /// About so many kB of styles, script data, menus and teasers stand round each story: 0 for the demo's bare pages.
    #[arg(long, value_name = "KB", default_value_t = 100)]
    pub weight: usize,
    /// Pages of a manifest instead, as `wiredesk extract --jsonl` reads it.
    #[arg(long, value_name = "MANIFEST", conflicts_with_all = ["pages", "weight"])]
    pub set: Option<PathBuf>,
    /// So many rounds are measured, after one that is not.
    #[arg(long, default_value_t = 5)]
    pub rounds: usize,
}

impl Default for Work {
    fn default() -> Self {
        Self { pages: 4000, weight: 100, set: None, rounds: 5 }
    }
}
