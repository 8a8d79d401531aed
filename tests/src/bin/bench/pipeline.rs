//! The whole way, feed to log, over loopback, beside bulk extraction of the very same pages.
//!
//! The local web needs the same processors as the desk. So three ratios are given: of the rates as they were; of the rates with the
//! web's processor time handed to the desk; and of the processor time that each page cost the desk itself.

use std::fs::File;
use std::process::{Command, Stdio};

use anyhow::{Context, ensure};
use serde_json::Value;
use wiredesk_testkit::Web;
use wiredesk_tests::Desk;
use wiredesk_tests::desk::program;

use crate::extract::bulk;
use wiredesk_tests::bench::Work;
use wiredesk_tests::bench::cost::{Cost, Stopwatch, cores};
use wiredesk_tests::bench::figure::{Goal, Report};
use wiredesk_tests::bench::pages::Pages;

/// A run of the desk.
struct Run {
    cost: Cost,
    entries: f64,
    seconds: f64,
    summary: Value,
}

fn run(web: &Web) -> anyhow::Result<Run> {
    let feeds: Vec<_> = web.names().map(|name| (name, web.url(name, "feed.xml"))).collect();
    let desk = Desk::new("[publish]\nkind = \"log\"\n", feeds)?;
    desk.configure("min_interval = \"1s\"", "min_interval = \"1s\"\nbackfill = 1000000")?;
    desk.configure("concurrency = 4", "concurrency = 16")?;
    let log = File::create(desk.data().with_file_name("log.txt"))?;
    let watch = Stopwatch::start()?;
    let output = Command::new(program())
        .args(["run", "--once", "--wait", "5s", "--output", "json", "-c"])
        .arg(desk.config())
        .stdin(Stdio::null())
        .stderr(log)
        .output()?;
    let cost = watch.cost()?;
    ensure!(output.status.success(), "run --once ended with {}", output.status);
    let summary: Value = serde_json::from_slice(&output.stdout).context("no summary")?;
    let number = |name: &str| summary[name].as_f64().with_context(|| format!("no `{name}` in the summary"));
    Ok(Run { cost, entries: number("entries")?, seconds: number("seconds")?, summary })
}

pub(crate) fn measure(work: &Work, report: &mut Report) -> anyhow::Result<()> {
    let pages = Pages::of(work)?;
    let web = pages.serve()?;
    let folder = tempfile::tempdir()?;
    let (manifest, bytes) = pages.write(folder.path(), |site| web.base(site).to_owned())?;
    let count = pages.count() as f64;
    report.begin("pipeline");
    let warm = run(&web)?;
    bulk(&manifest, 2)?;
    let fates = ["published", "duplicates", "dropped", "pending"].map(|name| format!("{name} {}", warm.summary[name]));
    report.say(&format!(
        "{count} pages, {:.1} MB, {} feeds: {}",
        bytes as f64 / 1e6,
        web.names().count(),
        fates.join(", ")
    ));
    ensure!(warm.entries >= count, "only {} of {count} pages were settled", warm.entries);
    let mut rounds = Vec::new();
    for _ in 0..work.rounds {
        rounds.push((run(&web)?, bulk(&manifest, 2)?));
    }
    let each =
        |figure: &dyn Fn(&Run, &Cost) -> f64| rounds.iter().map(|(run, bulk)| figure(run, bulk)).collect::<Vec<_>>();
    let rate = |run: &Run| run.entries / run.seconds;
    let bulk_rate = |bulk: &Cost| count / bulk.wall.as_secs_f64();
    // As if the web ran elsewhere: its processor time, spread over the cores, is taken off the clock.
    let unburdened = |run: &Run| run.entries / (run.seconds - run.cost.own / cores() as f64);
    report.figure("feed to log", "pages/s", &each(&|run, _| rate(run)), Goal::None);
    report.figure("bulk extraction, two jobs", "pages/s", &each(&|_, bulk| bulk_rate(bulk)), Goal::None);
    report.figure(
        "feed to log over bulk, as it ran",
        "x",
        &each(&|run, bulk| rate(run) / bulk_rate(bulk)),
        Goal::AtLeast(0.6),
    );
    report.figure(
        "the same, without the web's processor time",
        "x",
        &each(&|run, bulk| unburdened(run) / bulk_rate(bulk)),
        Goal::None,
    );
    report.figure("processor a page, desk", "ms", &each(&|run, _| run.cost.children / run.entries * 1e3), Goal::None);
    report.figure("processor a page, web", "ms", &each(&|run, _| run.cost.own / run.entries * 1e3), Goal::None);
    report.figure("processor a page, bulk", "ms", &each(&|_, bulk| bulk.children / count * 1e3), Goal::None);
    report.figure(
        "processor a page, bulk over desk",
        "x",
        &each(&|run, bulk| bulk.children / count / (run.cost.children / run.entries)),
        Goal::None,
    );
    let busy = |run: &Run| (run.cost.children + run.cost.own) / (run.cost.wall.as_secs_f64() * cores() as f64) * 100.0;
    report.figure("processors in use by desk and web", "%", &each(&|run, _| busy(run)), Goal::None);
    report.figure(
        "processor taken by other programs",
        "%",
        &each(&|run, bulk| run.cost.others.max(bulk.others) * 100.0),
        Goal::None,
    );
    Ok(())
}
