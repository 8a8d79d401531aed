//! Work for the processor (decode, parse, extract, clean) runs on threads of its own, as many as there are cores: it never
//! holds up a socket, its memory is bounded by the cores times the parser's guard, and its caches stay warm.

use std::any::Any;
use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;

/// No page that people read takes so long. It is a backstop behind the caps that count work: it drops, it never cuts short.
const BACKSTOP: Duration = Duration::from_secs(60);

/// Walkers of ours are iterative; parsers of other hands may not be.
const STACK: usize = 8 << 20;

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

type Job = Box<dyn FnOnce() + Send>;

/// The threads. Cheap to clone; they end with the last clone.
#[derive(Clone)]
pub struct Cpu {
    jobs: Sender<Job>,
    threads: NonZeroUsize,
}

impl Cpu {
    /// A thread for each core.
    ///
    /// # Errors
    /// When the operating system gives no thread.
    pub fn start() -> std::io::Result<Self> {
        let threads = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        let (jobs, queue) = channel::<Job>();
        let queue = Arc::new(Mutex::new(queue));
        for _ in 0..threads.get() {
            let queue = queue.clone();
            std::thread::Builder::new().name("cpu".into()).stack_size(STACK).spawn(move || work(&queue))?;
        }
        Ok(Self { jobs, threads })
    }

    /// How many jobs run at once.
    pub fn threads(&self) -> NonZeroUsize {
        self.threads
    }

    /// Runs one job, in its turn. It goes on to its own end, whatever becomes of the one who waits.
    ///
    /// # Errors
    /// When the job panics or takes too long; nothing else is lost with it.
    pub async fn run<T: Send + 'static>(&self, job: impl FnOnce() -> T + Send + 'static) -> Result<T, CpuError> {
        let (begin, begun) = oneshot::channel();
        let (tell, told) = oneshot::channel();
        let gone = |_| CpuError::Panicked("its thread is gone".into());
        let job: Job = Box::new(move || {
            // Nobody waits any more when the task was aborted: then there is nothing to do.
            if begin.send(()).is_ok() {
                let _ = tell.send(catch_unwind(AssertUnwindSafe(job)));
            }
        });
        self.jobs.send(job).map_err(|_| CpuError::Panicked("its threads are gone".into()))?;
        begun.await.map_err(gone)?;
        let done = tokio::time::timeout(BACKSTOP, told).await.map_err(|_| CpuError::Overdue)?;
        done.map_err(gone)?.map_err(|payload| CpuError::Panicked(word(payload.as_ref())))
    }
}

fn work(queue: &Mutex<Receiver<Job>>) {
    loop {
        let job = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
        match job {
            Ok(job) => job(),
            Err(_) => return,
        }
    }
}

/// What a panic said.
fn word(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().copied().or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("no message").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_ends_one_job_and_no_other() {
        let cpu = Cpu::start().expect("threads");
        for _ in 0..2 * cpu.threads().get() {
            let error = cpu.run(|| -> () { panic!("bad page") }).await.expect_err("it panicked");
            assert!(error.to_string().contains("bad page"));
        }
        assert_eq!(cpu.run(|| 7).await.expect("the threads live"), 7);
    }
}
