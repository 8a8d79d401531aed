//! Work for the processor (decode, parse, extract, clean) runs on the runtime's blocking threads, as many at once as there
//! are cores: it never holds up a socket, and its memory is bounded by the cores times the parser's guard.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;

/// No page that people read takes so long. It is a backstop behind the caps that count work: it drops, it never cuts short.
const BACKSTOP: Duration = Duration::from_secs(60);

/// Why a job has no answer.
#[derive(Debug, thiserror::Error)]
pub enum CpuError {
    /// What it worked on is tried again later, and dropped when that does not help.
    #[error("reading it made the reader panic: {0}")]
    Panicked(String),
    /// It is still at work, on a core of its own until it ends.
    #[error("reading it takes longer than {} s", BACKSTOP.as_secs())]
    Overdue,
}

/// The pool.
#[derive(Clone)]
pub struct Cpu {
    cores: Arc<Semaphore>,
    count: NonZeroUsize,
}

impl Default for Cpu {
    fn default() -> Self {
        let count = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        Self { cores: Arc::new(Semaphore::new(count.get())), count }
    }
}

impl Cpu {
    /// How many jobs run at once.
    pub fn threads(&self) -> NonZeroUsize {
        self.count
    }

    /// Runs one job. Its core is taken until the job itself ends, whatever becomes of the one who waits.
    ///
    /// # Errors
    /// When the job panics or takes too long; nothing else is lost with it.
    pub async fn run<T: Send + 'static>(&self, job: impl FnOnce() -> T + Send + 'static) -> Result<T, CpuError> {
        let core = self.cores.clone().acquire_owned().await.map_err(|closed| CpuError::Panicked(closed.to_string()))?;
        let work = tokio::task::spawn_blocking(move || {
            let done = job();
            drop(core);
            done
        });
        let done = tokio::time::timeout(BACKSTOP, work).await.map_err(|_| CpuError::Overdue)?;
        done.map_err(|error| {
            let word = match error.try_into_panic() {
                Ok(payload) => payload
                    .downcast_ref::<&str>()
                    .map(ToString::to_string)
                    .or_else(|| payload.downcast_ref::<String>().cloned())
                    .unwrap_or_else(|| "no message".into()),
                Err(cancelled) => cancelled.to_string(),
            };
            CpuError::Panicked(word)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_ends_one_job_and_no_other() {
        let cpu = Cpu::default();
        let error = cpu.run(|| panic!("bad page")).await.map(|(): ()| ()).expect_err("it panicked");
        assert!(error.to_string().contains("bad page"));
        assert_eq!(cpu.run(|| 7).await.expect("the pool lives"), 7);
    }
}
