//! Work for the processor (decode, parse, extract, clean) runs on threads of its own, as many as there are cores: it never
//! holds up a socket, its memory is bounded by the threads times the parser's guard, and its caches stay warm.
//!
//! Feeds go before pages, and one more thread reads feeds alone: whatever a page does to its reader, no poll waits for it. A job that
//! takes longer than any page that people read is given up by who waits for it, but nothing can stop it; so its thread is written off
//! with it, and another takes its place. That is done as often as there are threads of its kind: then others wait, until one of the lost
//! comes back, which goes on then. One that comes back while another has its place ends.

use std::any::Any;
use std::collections::VecDeque;
use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::timeout;
use tracing::warn;

/// No page that people read takes so long. It is a backstop behind the caps that count work: it drops, it never cuts short.
const BACKSTOP: Duration = Duration::from_secs(60);

/// How long a job waits for a thread. Only jobs that are stuck on every thread make one wait so long.
const QUEUED: Duration = Duration::from_secs(600);

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
    /// It has not begun: other jobs hold every thread.
    #[error("no thread was free to read it for {} s", QUEUED.as_secs())]
    Busy,
}

/// What a job reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Feed,
    Page,
}

type Work = Arc<Mutex<Option<Box<dyn FnOnce() + Send>>>>;

/// A job, and where it stands. Its thread and the one who waits for it may both want to end it, and one of them does.
struct Job {
    /// Taken by the thread that does it, or by the one who waits no more for a thread.
    work: Work,
    stage: Arc<Mutex<Stage>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Not done yet.
    Open,
    Done,
    /// It holds its thread for too long, and another has taken the thread's place.
    WrittenOff,
}

/// What is to be done, and by how many.
struct Queues {
    feeds: VecDeque<Job>,
    pages: VecDeque<Job>,
    /// Threads of each kind that may still be started in place of those that jobs hold; below zero, so many more are held than were
    /// replaced.
    spare: [isize; 2],
    closed: bool,
}

struct Shared {
    queues: Mutex<Queues>,
    more: Condvar,
}

/// The threads. Cheap to clone; they end with the last clone.
#[derive(Clone)]
pub struct Cpu {
    door: Arc<Door>,
    patience: Patience,
}

/// How long is waited for a thread, and for a job's end.
#[derive(Clone, Copy, Debug)]
struct Patience {
    queued: Duration,
    at_work: Duration,
}

/// Closes the queues with the last who may add to them.
struct Door {
    shared: Arc<Shared>,
    most: NonZeroUsize,
}

impl Drop for Door {
    fn drop(&mut self) {
        lock(&self.shared.queues).closed = true;
        self.shared.more.notify_all();
    }
}

impl Cpu {
    /// A thread for each core, and one for feeds.
    ///
    /// # Errors
    /// When the operating system gives no thread.
    pub fn start() -> std::io::Result<Self> {
        let cores = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        Self::with(cores, Patience { queued: QUEUED, at_work: BACKSTOP })
    }

    fn with(cores: NonZeroUsize, patience: Patience) -> std::io::Result<Self> {
        let spare = [1, cores.get() as isize];
        let queues = Queues { feeds: VecDeque::new(), pages: VecDeque::new(), spare, closed: false };
        let shared = Arc::new(Shared { queues: Mutex::new(queues), more: Condvar::new() });
        let most = cores.saturating_add(1).saturating_mul(NonZeroUsize::MIN.saturating_add(1));
        let cpu = Self { door: Arc::new(Door { shared, most }), patience };
        for _ in 0..cores.get() {
            spawn(&cpu.door.shared, Kind::Page)?;
        }
        spawn(&cpu.door.shared, Kind::Feed)?;
        Ok(cpu)
    }

    /// How many jobs run at once at most: one for each core and one more for feeds, and as many again beside jobs that take too long.
    pub fn threads(&self) -> NonZeroUsize {
        self.door.most
    }

    /// Runs a job that reads a page, in its turn. It goes on to its own end, whatever becomes of the one who waits.
    ///
    /// # Errors
    /// When the job panics, takes too long, or finds no thread; nothing else is lost with it.
    pub async fn run<T: Send + 'static>(&self, job: impl FnOnce() -> T + Send + 'static) -> Result<T, CpuError> {
        self.take_up(Kind::Page, job).await
    }

    /// Runs a job that reads a feed, before all that read pages.
    ///
    /// # Errors
    /// As [`Self::run`].
    pub async fn run_feed<T: Send + 'static>(&self, job: impl FnOnce() -> T + Send + 'static) -> Result<T, CpuError> {
        self.take_up(Kind::Feed, job).await
    }

    async fn take_up<T: Send + 'static>(
        &self,
        kind: Kind,
        job: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, CpuError> {
        let (begin, begun) = oneshot::channel();
        let (tell, told) = oneshot::channel();
        let gone = |_| CpuError::Panicked("its thread is gone".into());
        let work: Box<dyn FnOnce() + Send> = Box::new(move || {
            // Nobody waits any more when the task was aborted: then there is nothing to do.
            if begin.send(std::thread::current().name() == Some(name(Kind::Feed))).is_ok() {
                let _ = tell.send(catch_unwind(AssertUnwindSafe(job)));
            }
        });
        let stage = Arc::new(Mutex::new(Stage::Open));
        let work = Arc::new(Mutex::new(Some(work)));
        self.door.shared.add(kind, Job { work: work.clone(), stage: stage.clone() });
        let Patience { queued, at_work } = self.patience;
        let Ok(for_feeds) = timeout(queued, begun).await else {
            // What it holds must not wait with it for a thread that may never come.
            drop(lock(&work).take());
            return Err(CpuError::Busy);
        };
        let for_feeds = for_feeds.map_err(gone)?;
        let Ok(done) = timeout(at_work, told).await else {
            self.door.shared.write_off(if for_feeds { Kind::Feed } else { Kind::Page }, &stage);
            return Err(CpuError::Overdue);
        };
        done.map_err(gone)?.map_err(|payload| CpuError::Panicked(word(payload.as_ref())))
    }
}

impl Shared {
    fn add(&self, kind: Kind, job: Job) {
        let mut queues = lock(&self.queues);
        match kind {
            Kind::Feed => queues.feeds.push_back(job),
            Kind::Page => queues.pages.push_back(job),
        }
        drop(queues);
        // All, for the one that wakes may be the one that takes no pages.
        self.more.notify_all();
    }

    /// The next job for a thread that reads this; `None` at the end.
    fn next(&self, reads: Kind) -> Option<Job> {
        let mut queues = lock(&self.queues);
        loop {
            let job = queues.feeds.pop_front();
            let job = if reads == Kind::Page { job.or_else(|| queues.pages.pop_front()) } else { job };
            if job.is_some() || queues.closed {
                return job;
            }
            queues = self.more.wait(queues).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Starts another thread for the one that a job holds, while there is one to spare.
    fn write_off(self: &Arc<Self>, reads: Kind, stage: &Mutex<Stage>) {
        let mut stage = lock(stage);
        let mut queues = lock(&self.queues);
        if *stage != Stage::Open {
            return;
        }
        let spare = &mut queues.spare[reads as usize];
        if *spare <= 0 {
            warn!(stage = "cpu", "a job takes too long, and no thread is left to take its thread's place");
        } else if let Err(error) = spawn(self, reads) {
            warn!(stage = "cpu", "a thread is lost to a job that takes too long: {error}");
            return;
        }
        *spare -= 1;
        *stage = Stage::WrittenOff;
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn name(reads: Kind) -> &'static str {
    match reads {
        Kind::Feed => "cpu-feeds",
        Kind::Page => "cpu",
    }
}

fn spawn(shared: &Arc<Shared>, reads: Kind) -> std::io::Result<()> {
    let shared = shared.clone();
    std::thread::Builder::new().name(name(reads).into()).stack_size(STACK).spawn(move || work(&shared, reads))?;
    Ok(())
}

fn work(shared: &Shared, reads: Kind) {
    while let Some(Job { work, stage }) = shared.next(reads) {
        let Some(work) = lock(&work).take() else { continue };
        work();
        let mut stage = lock(&stage);
        if std::mem::replace(&mut *stage, Stage::Done) == Stage::WrittenOff {
            let spare = &mut lock(&shared.queues).spare[reads as usize];
            *spare += 1;
            if *spare > 0 {
                return; // another has its place
            }
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
    use std::sync::mpsc;

    use super::*;

    const LONG: Duration = Duration::from_secs(3600);
    const SHORT: Duration = Duration::from_millis(50);

    fn two(queued: Duration, at_work: Duration) -> Cpu {
        Cpu::with(NonZeroUsize::MIN.saturating_add(1), Patience { queued, at_work }).expect("threads")
    }

    /// Jobs that do not end before what is given with them is dropped.
    fn endless() -> (mpsc::Sender<()>, impl Fn() -> Box<dyn FnOnce() + Send>) {
        let (hold, held) = mpsc::channel::<()>();
        let held = Arc::new(Mutex::new(held));
        let job = move || -> Box<dyn FnOnce() + Send> {
            let held = held.clone();
            Box::new(move || {
                let _ = lock(&held).recv();
            })
        };
        (hold, job)
    }

    #[tokio::test]
    async fn a_panic_ends_one_job_and_no_other() {
        let cpu = Cpu::start().expect("threads");
        for _ in 0..2 * cpu.threads().get() {
            let error = cpu.run(|| -> () { panic!("bad page") }).await.expect_err("it panicked");
            assert!(error.to_string().contains("bad page"));
        }
        assert_eq!(cpu.run(|| 7).await.expect("the threads live"), 7);
    }

    /// Four pages that took minutes held both threads, and no feed was read meanwhile.
    #[tokio::test]
    async fn feeds_are_read_while_pages_hold_every_thread() {
        let cpu = two(LONG, LONG);
        let (hold, job) = endless();
        let pages: Vec<_> = (0..4)
            .map(|_| {
                let (cpu, job) = (cpu.clone(), job());
                tokio::spawn(async move { cpu.run(job).await })
            })
            .collect();
        while lock(&cpu.door.shared.queues).pages.len() < 2 {
            tokio::task::yield_now().await;
        }
        for n in 0..9 {
            assert_eq!(cpu.run_feed(move || n).await.expect("a thread"), n);
        }
        drop(hold);
        for page in pages {
            page.await.expect("a task").expect("it ended");
        }
    }

    #[tokio::test]
    async fn a_job_that_never_ends_takes_its_thread_with_it_and_no_other() {
        let cpu = two(LONG, SHORT);
        let (hold, job) = endless();
        for _ in 0..2 {
            let error = cpu.run(job()).await.expect_err("it does not end");
            assert!(matches!(error, CpuError::Overdue), "{error}");
        }
        // Both threads are held, and two others have taken their places.
        let patient = Cpu { patience: Patience { queued: LONG, at_work: LONG }, ..cpu.clone() };
        for n in 0..9 {
            assert_eq!(patient.run(move || n).await.expect("a thread"), n);
        }
        assert_eq!(lock(&cpu.door.shared.queues).spare, [1, 0]);
        // Those that come back after all make room for the next.
        drop(hold);
        while lock(&cpu.door.shared.queues).spare != [1, 2] {
            tokio::task::yield_now().await;
        }
    }

    /// The one that came back ended itself, though nobody had its place, and no page was read any more.
    #[tokio::test]
    async fn of_threads_that_are_all_lost_the_first_that_comes_back_goes_on() {
        let cpu = two(LONG, SHORT);
        let mut holds = Vec::new();
        for _ in 0..4 {
            let (hold, job) = endless();
            holds.push(hold);
            cpu.run(job()).await.expect_err("it does not end");
        }
        holds.remove(0);
        let patient = Cpu { patience: Patience { queued: LONG, at_work: LONG }, ..cpu.clone() };
        for n in 0..9 {
            assert_eq!(patient.run(move || n).await.expect("a thread"), n);
        }
        drop(holds);
        while lock(&cpu.door.shared.queues).spare != [1, 2] {
            tokio::task::yield_now().await;
        }
        assert_eq!(patient.run(|| 7).await.expect("as many as there were"), 7);
    }

    #[tokio::test]
    async fn the_threads_that_are_started_for_lost_ones_have_a_number_and_who_waits_for_none_is_told() {
        let cpu = two(LONG, SHORT);
        let (hold, job) = endless();
        for _ in 0..4 {
            cpu.run(job()).await.expect_err("it does not end");
        }
        let hasty = Cpu { patience: Patience { queued: SHORT, at_work: LONG }, ..cpu.clone() };
        let error = hasty.run(|| 7).await.expect_err("no thread is free");
        assert!(matches!(error, CpuError::Busy), "{error}");
        let patient = Cpu { patience: Patience { queued: LONG, at_work: LONG }, ..cpu.clone() };
        assert_eq!(patient.run_feed(|| 7).await.expect("the feeds' own thread"), 7);
        drop(hold);
        assert_eq!(patient.run(|| 7).await.expect("they came back"), 7);
    }
}
