//! The benchmarks: what the desk needs in time and memory, measured from outside on this machine.
//!
//! Figures are for reading, not for passing: nothing here fails because something was slow. Machines are shared and noisy, so what is
//! compared runs in alternation, each figure is the median of its rounds with the least and the most beside it, and what other programs
//! took of the processor meanwhile is said.
//!
//! # Architecture
//! - [`pages`]: the pages that are read, made up from a seed or taken from a manifest, on disk and on a local web alike.
//! - [`extract`], [`pipeline`], [`memory`], [`start`]: one benchmark each.
//! - [`cost`]: time on the clock and on the processor, ours, the desk's and everybody else's.
//! - [`figure`]: a figure with its spread and its goal, as a table and as JSON.

mod cost;
mod extract;
mod figure;
mod memory;
mod pages;
mod pipeline;
mod start;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::figure::Report;

/// Measures the desk: `tests/bench` builds it first.
#[derive(Debug, Parser)]
#[command(name = "bench")]
struct Cli {
    /// One JSON object a figure on standard output, and no table.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    what: Option<What>,
}

#[derive(Debug, Subcommand)]
enum What {
    /// All of them, one after the other, as they are without arguments (the default).
    All,
    /// Resident memory with many feeds and nothing left to read.
    Memory(memory::Size),
    /// Bulk extraction on one core and on two.
    Extract(Work),
    /// The whole way from feed to log, beside bulk extraction of the same pages.
    Pipeline(Work),
    /// From the process's start to `readyz`.
    Start,
}

/// How much is read, and how often.
#[derive(Clone, Debug, Args)]
struct Work {
    /// How many pages are made up.
    #[arg(long, default_value_t = 4000)]
    pages: usize,
    /// About so many kB of styles, script data, menus and teasers stand round each story: 0 for the demo's bare pages.
    #[arg(long, value_name = "KB", default_value_t = 100)]
    weight: usize,
    /// Pages of a manifest instead, as `wiredesk extract --jsonl` reads it.
    #[arg(long, value_name = "MANIFEST", conflicts_with_all = ["pages", "weight"])]
    set: Option<PathBuf>,
    /// So many rounds are measured, after one that is not.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
}

impl Default for Work {
    fn default() -> Self {
        Self { pages: 4000, weight: 100, set: None, rounds: 5 }
    }
}

fn main() -> anyhow::Result<()> {
    let cli = Cli::parse();
    let mut report = Report::new(cli.json);
    match cli.what.unwrap_or(What::All) {
        What::All => {
            start::measure(&mut report)?;
            memory::measure(&memory::Size::default(), &mut report)?;
            extract::measure(&Work::default(), &mut report)?;
            pipeline::measure(&Work::default(), &mut report)
        }
        What::Memory(size) => memory::measure(&size, &mut report),
        What::Extract(work) => extract::measure(&work, &mut report),
        What::Pipeline(work) => pipeline::measure(&work, &mut report),
        What::Start => start::measure(&mut report),
    }
}
