//! The benchmarks: what the desk needs in time and memory, measured from outside on this machine.
//!
//! Figures are for reading, not for passing: nothing here fails because something was slow. Machines are shared and noisy, so what is
//! compared runs in alternation, each figure is the median of its rounds with the least and the most beside it, and what other programs
//! took of the processor meanwhile is said.
//!
//! # Architecture
//! - [`extract`], [`pipeline`], [`memory`], [`start`], [`schedule`], [`index`], [`catchup`]: one benchmark
//!   each.
//! - [`pages`](wiredesk_tests::bench::pages): the pages that are read, made up from a seed or taken from a manifest, on disk and on a
//!   local web alike.
//! - [`cost`](wiredesk_tests::bench::cost): time on the clock and on the processor, ours, the desk's and everybody else's.
//! - [`figure`](wiredesk_tests::bench::figure): a figure with its spread and its goal, as a table and as JSON.

mod catchup;
mod extract;
mod index;
mod memory;
mod pipeline;
mod schedule;
mod start;

use clap::{Parser, Subcommand};
use wiredesk_tests::bench::Work;
use wiredesk_tests::bench::figure::Report;

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
    /// The schedule with a million feeds, on virtual time, and how soon it is full again from a store that knows them.
    Schedule(schedule::Size),
    /// A large index: the start on it, and how long writes wait while it forgets. Takes minutes and some GB; not among all of them.
    Index(index::Size),
    /// A start that is far behind its topic: the log, and Kafka beside `tests/with-kafka`. Takes minutes; not among all of them.
    Catchup(catchup::Size),
}

fn main() -> anyhow::Result<()> {
    let cli = Cli::parse();
    let mut report = Report::new(cli.json);
    match cli.what.unwrap_or(What::All) {
        What::All => {
            start::measure(&mut report)?;
            memory::measure(&memory::Size::default(), &mut report)?;
            schedule::measure(&schedule::Size::default(), &mut report)?;
            extract::measure(&Work::default(), &mut report)?;
            pipeline::measure(&Work::default(), &mut report)
        }
        What::Memory(size) => memory::measure(&size, &mut report),
        What::Extract(work) => extract::measure(&work, &mut report),
        What::Pipeline(work) => pipeline::measure(&work, &mut report),
        What::Start => start::measure(&mut report),
        What::Schedule(size) => schedule::measure(&size, &mut report),
        What::Index(size) => index::measure(&size, &mut report),
        What::Catchup(size) => catchup::measure(&size, &mut report),
    }
}
