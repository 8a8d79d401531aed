//! Bulk extraction on one core and on two, in pairs, so that a change of the machine's mood falls on both.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::ensure;
use wiredesk_tests::desk::program;

use wiredesk_tests::bench::Work;
use wiredesk_tests::bench::cost::{Cost, Stopwatch};
use wiredesk_tests::bench::figure::{Goal, Report};
use wiredesk_tests::bench::pages::Pages;

/// Reads the pages of a manifest once, in bulk. The lines that come out are thrown away.
pub(crate) fn bulk(manifest: &Path, jobs: usize) -> anyhow::Result<Cost> {
    let watch = Stopwatch::start()?;
    let status = Command::new(program())
        .args(["extract", "--jobs", &jobs.to_string(), "--jsonl"])
        .arg(manifest)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .status()?;
    ensure!(status.success(), "extract ended with {status}");
    watch.cost()
}

pub(crate) fn measure(work: &Work, report: &mut Report) -> anyhow::Result<()> {
    let pages = Pages::of(work)?;
    let folder = tempfile::tempdir()?;
    let (manifest, bytes) = pages.write(folder.path(), |site| format!("http://{site}.test"))?;
    let count = pages.count() as f64;
    report.begin("extract");
    report.say(&format!("{count} pages, {:.1} MB, mean {:.1} kB", bytes as f64 / 1e6, bytes as f64 / 1e3 / count));
    bulk(&manifest, 2)?;
    let (mut one, mut two) = (Vec::new(), Vec::new());
    for _ in 0..work.rounds {
        one.push(bulk(&manifest, 1)?);
        two.push(bulk(&manifest, 2)?);
    }
    let rate =
        |costs: &[Cost], amount: f64| costs.iter().map(|cost| amount / cost.wall.as_secs_f64()).collect::<Vec<_>>();
    let ratio =
        one.iter().zip(&two).map(|(one, two)| one.wall.as_secs_f64() / two.wall.as_secs_f64()).collect::<Vec<_>>();
    let processor = two.iter().map(|cost| cost.children / count * 1e3).collect::<Vec<_>>();
    let others = one.iter().chain(&two).map(|cost| cost.others * 100.0).collect::<Vec<_>>();
    report.figure("one job", "pages/s", &rate(&one, count), Goal::None);
    report.figure("one job", "MB/s", &rate(&one, bytes as f64 / 1e6), Goal::None);
    report.figure("two jobs", "pages/s", &rate(&two, count), Goal::None);
    report.figure("two jobs", "MB/s", &rate(&two, bytes as f64 / 1e6), Goal::None);
    report.figure("processor a page, two jobs", "ms", &processor, Goal::None);
    report.figure("two jobs over one", "x", &ratio, Goal::AtLeast(1.6));
    report.figure("processor taken by other programs", "%", &others, Goal::None);
    Ok(())
}
