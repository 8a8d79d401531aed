//! What a piece of work costs: time on the clock, and time on the processor by who took it. The kernel's own books are read
//! (`proc_pid_stat(5)`, `proc_stat(5)`); their unit is a hundredth of a second, so short work is measured coarsely.

use std::fs::read_to_string;
use std::time::{Duration, Instant};

use anyhow::Context;

/// `USER_HZ`, which is 100 on every Linux that reports to user space.
const TICKS_A_SECOND: f64 = 100.0;

/// The books at one moment.
#[derive(Debug)]
pub struct Stopwatch {
    begun: Instant,
    own: f64,
    children: f64,
    machine: f64,
}

/// What was spent between two moments.
#[derive(Clone, Copy, Debug)]
pub struct Cost {
    /// Time on the clock.
    pub wall: Duration,
    /// Processor seconds of this process: the local web, where one runs.
    pub own: f64,
    /// Processor seconds of the children that ended and were waited for: the desk.
    pub children: f64,
    /// The share of the machine's processors that everybody else took, 0 to 1.
    pub others: f64,
}

impl Stopwatch {
    /// Begins.
    pub fn start() -> anyhow::Result<Self> {
        let (own, children) = processor_of("self")?;
        Ok(Self { begun: Instant::now(), own, children, machine: machine()? })
    }

    /// What has been spent since.
    pub fn cost(&self) -> anyhow::Result<Cost> {
        let wall = self.begun.elapsed();
        let (own, children) = processor_of("self")?;
        let (own, children) = (own - self.own, children - self.children);
        let whole = wall.as_secs_f64() * cores() as f64;
        let others = (machine()? - self.machine - own - children).max(0.0) / whole;
        Ok(Cost { wall, own, children, others })
    }
}

/// How many processors there are.
pub fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, Into::into)
}

/// Processor seconds (user and system) of a process, and of its children that were waited for.
pub fn processor_of(process: &str) -> anyhow::Result<(f64, f64)> {
    let text = read_to_string(format!("/proc/{process}/stat"))?;
    // The second field is a name in brackets that may hold anything.
    let fields = text.rsplit_once(')').context("no name in /proc/PID/stat")?.1;
    let ticks: Vec<f64> = fields.split_whitespace().skip(11).take(4).filter_map(|field| field.parse().ok()).collect();
    let [user, system, childrens_user, childrens_system] = ticks[..] else {
        anyhow::bail!("too few fields in /proc/PID/stat")
    };
    Ok(((user + system) / TICKS_A_SECOND, (childrens_user + childrens_system) / TICKS_A_SECOND))
}

/// Seconds in which the machine's processors were busy, all together.
fn machine() -> anyhow::Result<f64> {
    let text = read_to_string("/proc/stat")?;
    let line = text.lines().next().context("/proc/stat is empty")?;
    let ticks: Vec<f64> = line.split_whitespace().skip(1).filter_map(|field| field.parse().ok()).collect();
    // user, nice, system, then idle and iowait, then irq, softirq, steal
    let busy = ticks.iter().take(8).sum::<f64>() - ticks.iter().skip(3).take(2).sum::<f64>();
    Ok(busy / TICKS_A_SECOND)
}

/// A line of `/proc/PID/status` that is an amount in kB, in MB of a million bytes.
pub fn memory_of(process: u32, line: &str) -> anyhow::Result<f64> {
    let text = read_to_string(format!("/proc/{process}/status"))?;
    let value = text
        .lines()
        .find_map(|found| found.strip_prefix(line)?.strip_prefix(':'))
        .with_context(|| format!("no {line}"))?;
    let kibibytes: f64 = value.trim().trim_end_matches(" kB").parse()?;
    Ok(kibibytes * 1024.0 / 1e6)
}

/// The machine in one line.
pub fn machine_line() -> String {
    let model = read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = model
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(": "))
        .map_or("processor", |(_, name)| name);
    let load = read_to_string("/proc/loadavg").unwrap_or_default();
    let load: Vec<_> = load.split(' ').take(2).collect();
    format!("{} cores, {model}, load {}", cores(), load.join(" "))
}
