//! A thread that does the waiting of a sink: its jobs are done one after the other, and only so many bytes of them wait.
//!
//! ```text
//!  Sink::write ── has_room? ── push(job) ──► │ jobs, about `budget` bytes │ ──► work(job)
//!  Sink::prepare, finish ── is_idle? ◄────── wakes the runtime when it is worth asking again
//! ```

use crate::common::lock;
use engine::error::{Error, Result};
use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::thread::JoinHandle;

/// The side that hands jobs over.
pub(crate) struct Worker<J> {
    shared: Arc<Shared<J>>,
    thread: Option<JoinHandle<()>>,
}

struct Shared<J> {
    state: Mutex<State<J>>,
    more: Condvar,
    waker: Waker,
    budget: usize,
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
    /// Starts the thread. An error of `work` is the last thing that happens to it; what `work` owns goes with the thread.
    pub(crate) fn start(
        name: &str,
        waker: Waker,
        budget: usize,
        mut work: impl FnMut(J) -> Result<()> + Send + 'static,
    ) -> Result<Worker<J>> {
        Self::start_ahead(name, waker, budget, move |job, _| work(job))
    }

    /// The same for work that is told whether another job waits already.
    pub(crate) fn start_ahead(
        name: &str,
        waker: Waker,
        budget: usize,
        mut work: impl FnMut(J, bool) -> Result<()> + Send + 'static,
    ) -> Result<Worker<J>> {
        let state = State {
            jobs: VecDeque::new(),
            open: Size::default(),
            thread: Thread::Waits,
            waiting: false,
            closed: false,
        };
        let shared =
            Arc::new(Shared { state: Mutex::new(state), more: Condvar::new(), waker, budget });
        let guard = Guard(Arc::clone(&shared));
        let thread = std::thread::Builder::new().name(name.to_owned()).spawn(move || {
            let shared = Arc::clone(&guard.0);
            while let Some((job, size, more)) = shared.next() {
                let done = work(job, more);
                if !shared.done(size, done) {
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
        state.waiting |= state.open.rows > 0;
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
    /// The next job, its size, and whether another one waits; none: there are no more.
    fn next(&self) -> Option<(J, Size, bool)> {
        let mut state = lock(&self.state);
        loop {
            if state.closed {
                return None;
            }
            if let Some((job, size)) = state.jobs.pop_front() {
                state.thread = Thread::Works;
                return Some((job, size, !state.jobs.is_empty()));
            }
            state = self.more.wait(state).unwrap_or_else(PoisonError::into_inner);
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
            Err(error) => Thread::Gone(Some(error)),
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;
    use std::time::Duration;

    /// Asks until it is so; woken in between.
    fn until(mut is_so: impl FnMut() -> Result<bool>) -> Result<()> {
        while !is_so()? {
            std::thread::park_timeout(Duration::from_secs(10));
        }
        Ok(())
    }

    #[test]
    fn jobs_wait_until_there_is_room() {
        let (go, gate) = mpsc::channel::<()>();
        let (tell, told) = mpsc::channel();
        let worker = Worker::start("test", crate::testing::waker(), 10, move |job: u32| {
            gate.recv().map_err(|_| Error::bug("the gate is gone"))?;
            tell.send(job).map_err(|_| Error::bug("nobody listens"))
        });
        let worker = worker.unwrap();
        assert!(worker.has_room().unwrap() && worker.is_idle().unwrap());
        worker.push(1, Size { bytes: 10, rows: 2 });
        worker.push(2, Size { bytes: 3, rows: 1 });
        assert!(!worker.has_room().unwrap());
        assert_eq!(worker.open(), Size { bytes: 13, rows: 3 });
        go.send(()).unwrap();
        until(|| worker.has_room()).unwrap();
        assert!(!worker.is_idle().unwrap());
        go.send(()).unwrap();
        until(|| worker.is_idle()).unwrap();
        assert_eq!((worker.open(), told.try_iter().collect()), (Size::default(), vec![1, 2]));
    }

    #[test]
    fn an_error_reaches_whoever_asks_next() {
        let waker = crate::testing::waker();
        let worker = Worker::start("test", waker, 10, |job: &str| Err(Error::refused(job)));
        let worker = worker.unwrap();
        worker.push("full", Size { bytes: 1, rows: 5 });
        let error = until(|| worker.is_idle()).unwrap_err();
        assert_eq!(error.message, "full");
        assert!(worker.has_room().is_err());
        assert_eq!(worker.open(), Size { bytes: 0, rows: 5 }, "what failed is not done");
    }

    #[test]
    fn stopping_drops_what_waits() {
        struct Owned(mpsc::Sender<&'static str>);
        impl Drop for Owned {
            fn drop(&mut self) {
                self.0.send("gone").unwrap();
            }
        }
        let (tell, told) = mpsc::channel();
        let owned = Owned(tell);
        let work = move |()| {
            let _kept = &owned;
            Ok(())
        };
        let mut worker = Worker::start("test", crate::testing::waker(), 10, work).unwrap();
        worker.push((), Size::default());
        worker.stop();
        assert_eq!(told.try_recv(), Ok("gone"));
    }
}
