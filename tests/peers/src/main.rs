//! What extraction costs beside other tools and beside the bare parse, on the same pages.
//!
//! One thread. Each page is read by every tool before the next page is taken, another tool first each time, so that whatever the machine
//! does meanwhile falls on all of them. What is counted is the processor time of the thread, and the bare parse
//! (`scraper::Html::parse_document`, the tree dropped again) is the unit. All run on the allocator of the program. Nothing is asserted.
//!
//! # Architecture
//! - [`Reader`]: the tools, each asked as its documentation says, with what it needs from bytes to its own result.
//! - Pages, figures and the machine's line are those of the other benchmarks: [`wiredesk_tests::bench`].

mod reader;

use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;
use rustix::time::{ClockId, clock_gettime};
use wiredesk_tests::bench::Work;
use wiredesk_tests::bench::figure::{Goal, Report};
use wiredesk_tests::bench::pages::Pages;

use crate::reader::Reader;

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// Extraction beside other tools: pages and MB a second, and the cost over scraper's parse.
#[derive(Debug, Parser)]
struct Cli {
    /// A folder with `manifest.jsonl` and the pages it names; where it is not there, pages are made up.
    folder: Option<PathBuf>,
    /// How many pages are made up.
    #[arg(long, default_value_t = 400)]
    pages: usize,
    /// So many rounds are measured, after one that is not.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// The desk and the bare parse alone.
    #[arg(long)]
    alone: bool,
    /// One JSON object a figure on standard output, and no table.
    #[arg(long)]
    json: bool,
}

fn main() -> anyhow::Result<()> {
    let cli = Cli::parse();
    let mut report = Report::new(cli.json);
    report.begin("peers");
    let manifest = cli.folder.as_ref().map(|folder| folder.join("manifest.jsonl"));
    let set = manifest.clone().filter(|manifest| manifest.exists());
    if let Some(absent) = manifest.filter(|_| set.is_none()) {
        report.say(&format!("{} is not there: the pages are made up", absent.display()));
    }
    let made_up = set.is_none();
    let pages = Pages::of(&Work { pages: cli.pages, set, ..Work::default() })?.in_memory();
    let bytes: usize = pages.iter().map(|(_, html)| html.len()).sum();
    let (count, megabytes) = (pages.len() as f64, bytes as f64 / 1e6);
    let from = if made_up { "made-up pages" } else { "pages" };
    report.say(&format!("{count} {from}, {megabytes:.1} MB, mean {:.1} kB", megabytes * 1e3 / count));
    let readers = if cli.alone { &Reader::ALL[..2] } else { &Reader::ALL[..] };
    round(readers, &pages);
    let rounds: Vec<Vec<f64>> = (0..cli.rounds).map(|_| round(readers, &pages)).collect();
    for (at, reader) in readers.iter().enumerate() {
        let each = |figure: &dyn Fn(&[f64]) -> f64| rounds.iter().map(|round| figure(round)).collect::<Vec<_>>();
        let name = reader.name();
        report.figure(name, "pages/s", &each(&|round| count / round[at]), Goal::None);
        report.figure(name, "MB/s", &each(&|round| megabytes / round[at]), Goal::None);
        let goal = if *reader == Reader::Wiredesk { Goal::Under(1.5) } else { Goal::None };
        if *reader != Reader::Parse {
            report.figure(name, "x parse", &each(&|round| round[at] / round[0]), goal);
        }
    }
    Ok(())
}

/// Reads every page with every tool; gives the processor seconds that each took.
fn round(readers: &[Reader], pages: &[(String, Vec<u8>)]) -> Vec<f64> {
    let mut spent = vec![Duration::ZERO; readers.len()];
    for (number, (url, html)) in pages.iter().enumerate() {
        for turn in 0..readers.len() {
            let at = (number + turn) % readers.len();
            let begun = processor();
            readers[at].read(html, url);
            spent[at] += processor().saturating_sub(begun);
        }
    }
    spent.iter().map(Duration::as_secs_f64).collect()
}

/// Processor time of this thread so far.
fn processor() -> Duration {
    Duration::try_from(clock_gettime(ClockId::ThreadCPUTime)).unwrap_or_default()
}
