//! What a daemon takes of the machine, looked at again and again, and whether it grows.

use std::time::{Duration, Instant};

use crate::Running;

/// One look.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    /// Since when it was watched.
    pub at: Duration,
    /// In RAM, in MiB.
    pub resident: f64,
    /// Open file descriptors.
    pub files: f64,
    /// Threads.
    pub threads: f64,
    /// Tasks of its runtime.
    pub tasks: f64,
}

/// All looks at one daemon.
#[derive(Debug)]
pub struct Watch {
    begun: Instant,
    looks: Vec<Look>,
}

impl Default for Watch {
    fn default() -> Self {
        Self { begun: Instant::now(), looks: Vec::new() }
    }
}

impl Watch {
    /// Looks once.
    ///
    /// # Errors
    /// When the daemon does not answer.
    pub fn look(&mut self, running: &Running) -> anyhow::Result<Look> {
        let look = Look {
            at: self.begun.elapsed(),
            resident: running.metric("process_resident_memory_bytes")? / f64::from(1 << 20),
            files: running.metric("process_open_fds")?,
            threads: running.metric("process_threads")?,
            tasks: running.metric("wiredesk_tasks")?,
        };
        self.looks.push(look);
        Ok(look)
    }

    /// How much a figure grows an hour, by least squares over all looks after `warm_up`.
    pub fn slope(&self, warm_up: Duration, of: impl Fn(&Look) -> f64) -> f64 {
        let points: Vec<_> = self
            .looks
            .iter()
            .filter(|look| look.at >= warm_up)
            .map(|look| (look.at.as_secs_f64() / 3600.0, of(look)))
            .collect();
        let count = points.len().max(1) as f64;
        let (mean_x, mean_y) = points.iter().fold((0.0, 0.0), |(x, y), p| (x + p.0 / count, y + p.1 / count));
        let (above, below) = points.iter().fold((0.0, 0.0), |(above, below), (x, y)| {
            (above + (x - mean_x) * (y - mean_y), below + (x - mean_x).powi(2))
        });
        if below > 0.0 { above / below } else { 0.0 }
    }

    /// The least, the middle and the most of a figure after `warm_up`.
    pub fn range(&self, warm_up: Duration, of: impl Fn(&Look) -> f64) -> [f64; 3] {
        let mut values: Vec<_> = self.looks.iter().filter(|look| look.at >= warm_up).map(of).collect();
        values.sort_by(f64::total_cmp);
        let at = |index: usize| values.get(index).copied().unwrap_or_default();
        [at(0), at(values.len() / 2), at(values.len().saturating_sub(1))]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slope_is_told_an_hour_and_the_warm_up_does_not_count() {
        let look = |minute: u64, resident| Look {
            at: Duration::from_secs(60 * minute),
            resident,
            files: 7.0,
            threads: 0.0,
            tasks: 0.0,
        };
        let looks = [look(0, 900.0), look(10, 10.0), look(20, 11.0), look(30, 12.0)];
        let watch = Watch { looks: looks.to_vec(), ..Watch::default() };
        let warm_up = Duration::from_secs(600);
        assert!((watch.slope(warm_up, |look| look.resident) - 6.0).abs() < 1e-9);
        assert!(watch.slope(warm_up, |look| look.files).abs() < 1e-9);
        assert_eq!(watch.range(warm_up, |look| look.resident), [10.0, 11.0, 12.0]);
    }
}
