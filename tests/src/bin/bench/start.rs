//! From the process's start to the first `readyz` that says yes: with an empty data dir, and with one that was left in order.

use std::time::{Duration, Instant};

use anyhow::ensure;
use wiredesk_testkit::{Web, rss, site};
use wiredesk_tests::Desk;

use wiredesk_tests::bench::figure::{Goal, Report};

const ROUNDS: usize = 10;
const PATIENCE: Duration = Duration::from_secs(30);

/// Milliseconds until the desk is ready; it is stopped afterwards.
pub(crate) fn ready_after(desk: &Desk) -> anyhow::Result<f64> {
    let begun = Instant::now();
    let running = desk.start()?;
    while !running.ask("/readyz").is_ok_and(|(status, _)| status == 200) {
        ensure!(begun.elapsed() < PATIENCE, "not ready within {PATIENCE:?}\n{}", desk.log());
        std::thread::sleep(Duration::from_micros(500));
    }
    let took = begun.elapsed();
    ensure!(running.stop()?.success(), "the daemon did not end well\n{}", desk.log());
    Ok(took.as_secs_f64() * 1e3)
}

pub(crate) fn measure(report: &mut Report) -> anyhow::Result<()> {
    let web = Web::start([site("s").feed(rss("feed.xml"))])?;
    let (mut fresh, mut again) = (Vec::new(), Vec::new());
    report.begin("start");
    for _ in 0..ROUNDS {
        let desk = Desk::new("[publish]\nkind = \"log\"\n", [("s", web.url("s", "feed.xml"))])?;
        fresh.push(ready_after(&desk)?);
        again.push(ready_after(&desk)?);
    }
    report.figure("start to ready, no data dir yet", "ms", &fresh, Goal::None);
    report.figure("start to ready, data dir in order", "ms", &again, Goal::None);
    Ok(())
}
