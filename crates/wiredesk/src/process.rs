//! What the process takes of the machine, under the names that Prometheus client libraries have agreed on (`process_…`), and how many
//! tasks live in it. Read when somebody asks, from `proc(5)`; where there is no such thing, the figures are left out.

use std::fmt;
use std::fs;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Unit;
use tokio::runtime::Handle;

/// `USER_HZ`, which is 100 on every Linux that reports to user space.
const TICKS_A_SECOND: f64 = 100.0;

/// This process.
#[derive(Debug)]
pub(crate) struct Process {
    runtime: Handle,
}

impl Process {
    /// This process, with the tasks of this runtime.
    pub(crate) fn new(runtime: Handle) -> Self {
        Self { runtime }
    }
}

impl Collector for Process {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let mut say = |name: &str, help: &str, unit: Option<&Unit>, value: Option<u64>| match value {
            Some(value) => {
                let gauge = ConstGauge::new(i64::try_from(value).unwrap_or(i64::MAX));
                gauge.encode(encoder.encode_descriptor(name, help, unit, gauge.metric_type())?)
            }
            None => Ok(()),
        };
        say("process_resident_memory", "Memory that is in RAM", Some(&Unit::Bytes), memory("VmRSS"))?;
        say("process_virtual_memory", "Memory that is mapped", Some(&Unit::Bytes), memory("VmSize"))?;
        say("process_open_fds", "Open file descriptors", None, entries("/proc/self/fd"))?;
        say("process_max_fds", "File descriptors that may be open", None, most_files())?;
        say("process_threads", "Threads", None, entries("/proc/self/task"))?;
        let tasks = self.runtime.metrics().num_alive_tasks() as u64;
        say("wiredesk_tasks", "Tasks that live in the desk's runtime", None, Some(tasks))?;
        let Some(seconds) = processor() else { return Ok(()) };
        let counter = ConstCounter::new(seconds);
        let (unit, kind) = (Some(&Unit::Seconds), counter.metric_type());
        counter.encode(encoder.encode_descriptor("process_cpu", "Processor time, user and system", unit, kind)?)
    }
}

/// A line of `/proc/self/status` that counts kB, in bytes.
fn memory(line: &str) -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let value = status.lines().find_map(|text| text.strip_prefix(line)?.strip_prefix(':'))?;
    value.trim().strip_suffix("kB")?.trim().parse().ok().map(|kilobytes: u64| kilobytes * 1024)
}

fn entries(folder: &str) -> Option<u64> {
    fs::read_dir(folder).ok().map(|found| found.count() as u64)
}

fn most_files() -> Option<u64> {
    let limits = fs::read_to_string("/proc/self/limits").ok()?;
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().next()?.parse().ok()
}

/// Processor seconds so far.
fn processor() -> Option<f64> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    // The second field is a name in brackets that may hold anything.
    let fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11).take(2);
    let ticks: Vec<f64> = fields.filter_map(|ticks| ticks.parse().ok()).collect();
    (ticks.len() == 2).then(|| ticks.iter().sum::<f64>() / TICKS_A_SECOND)
}

#[cfg(test)]
mod tests {
    use prometheus_client::encoding::text::encode;
    use prometheus_client::registry::Registry;

    use super::*;

    #[tokio::test]
    async fn the_process_is_told_under_the_usual_names() {
        let mut registry = Registry::default();
        registry.register_collector(Box::new(Process::new(Handle::current())));
        let mut text = String::new();
        encode(&mut text, &registry).expect("it can be written");
        let names = [
            "process_resident_memory_bytes",
            "process_virtual_memory_bytes",
            "process_open_fds",
            "process_max_fds",
            "process_threads",
            "process_cpu_seconds_total",
            "wiredesk_tasks",
        ];
        for name in names {
            assert!(text.lines().any(|line| line.starts_with(&format!("{name} "))), "{name}: {text}");
        }
    }
}
