//! A thread that does the waiting of a sink: its jobs are done one after the other, and only so many bytes of them wait.
//!
//! ```text
//!  Sink::write ── has_room? ── push(job) ──► │ jobs, about `budget` bytes │ ──► work(job)
//!  Sink::prepare, finish ── is_idle? ◄────── wakes the runtime when it is worth asking again
//! ```
//!
//! Work that has to happen at some time, rows or no rows (a batch that has waited long enough), says when it is due; the
//! clock is the run's.

#[cfg(test)]
mod tests;

use crate::common::lock;
use engine::error::{Error, Result};
use engine::time::{Clock, SystemClock};
use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::thread::JoinHandle;
use std::time::Duration;

/// The side that hands jobs over.
pub(crate) struct Worker<J> {
    shared: Arc<Shared<J>>,
    thread: Option<JoinHandle<()>>,
}

/// What the thread does.
pub(crate) trait Work<J>: Send + 'static {
    /// Does a job; `more` tells whether another one waits already. An error is the last thing that happens.
    fn work(&mut self, job: J, more: bool) -> Result<()>;

    /// When [`Work::overdue`] is to be called, as [`Clock::elapsed`] shows it; none: nothing waits for a time.
    fn due(&self) -> Option<Duration> {
        None
    }

    /// That time has come.
    fn overdue(&mut self) -> Result<()> {
        Ok(())
    }
}

impl<J, F: FnMut(J) -> Result<()> + Send + 'static> Work<J> for F {
    fn work(&mut self, job: J, _more: bool) -> Result<()> {
        self(job)
    }
}

/// Work that wants to know whether another job waits.
struct Ahead<F>(F);

impl<J, F: FnMut(J, bool) -> Result<()> + Send + 'static> Work<J> for Ahead<F> {
    fn work(&mut self, job: J, more: bool) -> Result<()> {
        self.0(job, more)
    }
}

/// What the thread does next.
enum Turn<J> {
    /// A job, its size, and whether another one waits.
    Job(J, Size, bool),
    Overdue,
    End,
}

struct Shared<J> {
    state: Mutex<State<J>>,
    more: Condvar,
    waker: Waker,
    budget: usize,
    clock: Arc<dyn Clock>,
}

struct State<J> {
    jobs: VecDeque<(J, Size)>,
    /// The sizes of all jobs that are not done; those that fail or are dropped never are.
    open: Size,
    thread: Thread,
    /// Somebody was told to ask again.
    waiting: bool,
    /// No more jobs come: those that wait are dropped.
    closed: bool,
}

/// What a job is made of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Size {
    pub(crate) bytes: usize,
    pub(crate) rows: u64,
}

/// What the thread does.
enum Thread {
    Waits,
    Works,
    /// It is gone, and why, until somebody was told.
    Gone(Option<Error>),
}

impl<J: Send + 'static> Worker<J> {
    /// Starts the thread for work that waits for no time. What `work` owns goes with the thread.
    pub(crate) fn start(
        name: &str,
        waker: Waker,
        budget: usize,
        work: impl Work<J>,
    ) -> Result<Worker<J>> {
        Self::start_timed(name, waker, budget, Arc::new(SystemClock::new()), work)
    }

    /// The same for work that is told whether another job waits already.
    pub(crate) fn start_ahead(
        name: &str,
        waker: Waker,
        budget: usize,
        work: impl FnMut(J, bool) -> Result<()> + Send + 'static,
    ) -> Result<Worker<J>> {
        Self::start(name, waker, budget, Ahead(work))
    }

    /// Starts the thread.
    pub(crate) fn start_timed(
        name: &str,
        waker: Waker,
        budget: usize,
        clock: Arc<dyn Clock>,
        mut work: impl Work<J>,
    ) -> Result<Worker<J>> {
        let state = State {
            jobs: VecDeque::new(),
            open: Size::default(),
            thread: Thread::Waits,
            waiting: false,
            closed: false,
        };
        let (state, more) = (Mutex::new(state), Condvar::new());
        let shared = Arc::new(Shared { state, more, waker, budget, clock });
        let guard = Guard(Arc::clone(&shared));
        let thread = std::thread::Builder::new().name(name.to_owned()).spawn(move || {
            let shared = Arc::clone(&guard.0);
            loop {
                let sound = match shared.next(work.due()) {
                    Turn::Job(job, size, more) => shared.done(size, work.work(job, more)),
                    Turn::Overdue => shared.done(Size::default(), work.overdue()),
                    Turn::End => false,
                };
                if !sound {
                    break;
                }
            }
            drop(work);
            drop(guard);
        });
        let thread = thread.map_err(|error| {
            Error::unavailable(format!("the thread `{name}` could not be started")).because(error)
        })?;
        Ok(Worker { shared, thread: Some(thread) })
    }

    /// What broke it since it was asked for something last.
    pub(crate) fn check(&self) -> Result<()> {
        self.shared.healthy().map(drop)
    }

    /// Whether there is room for a job; if not, the waker says when to ask again.
    pub(crate) fn has_room(&self) -> Result<bool> {
        let mut state = self.shared.healthy()?;
        let room = state.open.bytes < self.shared.budget;
        state.waiting |= !room;
        Ok(room)
    }

    /// Hands a job over.
    pub(crate) fn push(&self, job: J, size: Size) {
        let mut state = lock(&self.shared.state);
        state.open.bytes += size.bytes;
        state.open.rows += size.rows;
        state.jobs.push_back((job, size));
        self.shared.more.notify_one();
    }

    /// Whether every job is done; if not, the waker says when to ask again.
    pub(crate) fn is_idle(&self) -> Result<bool> {
        let mut state = self.shared.healthy()?;
        let idle = state.jobs.is_empty() && matches!(state.thread, Thread::Waits);
        state.waiting |= !idle;
        Ok(idle)
    }

    /// The sizes of all jobs that are not done; where there are any, the waker says when it has become less.
    pub(crate) fn open(&self) -> Size {
        let mut state = lock(&self.shared.state);
        state.waiting |= state.open != Size::default();
        state.open
    }

    /// Stops it behind the job at hand; what that is made of is done or not.
    pub(crate) fn close(&self) {
        self.shared.close();
    }

    /// Stops it and waits until what it owns is gone.
    pub(crate) fn stop(&mut self) {
        self.shared.close();
        if let Some(thread) = self.thread.take() {
            // A thread that panicked has nothing left to wait for.
            drop(thread.join());
        }
    }
}

impl<J> Drop for Worker<J> {
    fn drop(&mut self) {
        self.shared.close();
    }
}

impl<J> Shared<J> {
    /// What is to be done next: what is due comes before jobs.
    fn next(&self, due: Option<Duration>) -> Turn<J> {
        let mut state = lock(&self.state);
        loop {
            if state.closed {
                return Turn::End;
            }
            let left = due.map(|it| it.saturating_sub(self.clock.elapsed()));
            if left == Some(Duration::ZERO) {
                state.thread = Thread::Works;
                // Others are to look at what is left, whoever asked.
                state.waiting = true;
                return Turn::Overdue;
            }
            if let Some((job, size)) = state.jobs.pop_front() {
                state.thread = Thread::Works;
                return Turn::Job(job, size, !state.jobs.is_empty());
            }
            state = match left {
                None => self.more.wait(state).unwrap_or_else(PoisonError::into_inner),
                Some(left) => {
                    let waited = self.more.wait_timeout(state, left);
                    waited.unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
    }

    /// A job is done. False: it was the last one.
    fn done(&self, size: Size, done: Result<()>) -> bool {
        let mut state = lock(&self.state);
        state.open.bytes -= size.bytes;
        let sound = done.is_ok();
        if sound {
            state.open.rows -= size.rows;
        }
        state.thread = match done {
            Ok(()) => Thread::Waits,
            Err(error) => {
                state.waiting = true;
                Thread::Gone(Some(error))
            }
        };
        self.wake(state);
        sound
    }

    /// The state, unless the thread is gone.
    fn healthy(&self) -> Result<MutexGuard<'_, State<J>>> {
        let mut state = lock(&self.state);
        let Thread::Gone(error) = &mut state.thread else {
            return Ok(state);
        };
        let error = error.take();
        Err(error.unwrap_or_else(|| Error::bug("a sink was used after its thread had stopped")))
    }

    fn close(&self) {
        let mut state = lock(&self.state);
        state.closed = true;
        state.jobs.clear();
        self.more.notify_all();
    }

    fn wake(&self, mut state: MutexGuard<'_, State<J>>) {
        let waiting = std::mem::take(&mut state.waiting);
        drop(state);
        if waiting {
            self.waker.wake_by_ref();
        }
    }
}

/// Whatever becomes of the thread, it is known that it is gone.
struct Guard<J>(Arc<Shared<J>>);

impl<J> Drop for Guard<J> {
    fn drop(&mut self) {
        let mut state = lock(&self.0.state);
        if !matches!(state.thread, Thread::Gone(_)) {
            state.thread = Thread::Gone(None);
        }
        self.0.wake(state);
    }
}
