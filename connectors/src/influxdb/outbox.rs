//! What the sink has taken and the server has not, in order: shared by the sink and its sender.
//!
//! ```text
//!  being sent │ sealed │ sealed │ being gathered
//!  └─────────── bytes ≤ budget ───────────────┘
//! ```

use super::chunk::{Chunk, Filling};
use crate::common::lock;
use engine::error::{Error, Result};
use engine::sink::Refused;
use engine::time::Clock;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::Waker;
use std::time::Duration;
use tokio::sync::Notify;

/// The shared state.
pub(super) struct Outbox {
    state: Mutex<State>,
    /// The sender is told here that there may be something to do.
    more: Notify,
    waker: Waker,
    clock: Arc<dyn Clock>,
    linger: Duration,
    budget: usize,
    /// Requests that failed and were sent again.
    retries: AtomicU64,
}

#[derive(Default)]
struct State {
    /// None: the sink has it in hand, or there is nothing.
    filling: Option<Filling>,
    sealed: VecDeque<Chunk>,
    /// Of what is sealed or being sent.
    bytes: usize,
    /// Rows taken of which nothing is known yet.
    rows: u64,
    refused: Vec<Refused>,
    /// How many rows those are.
    refused_rows: u64,
    /// Everything has to go out now, whatever waits for company.
    flush: bool,
    /// Whether somebody waits for room, or for everything to be gone.
    waiting: bool,
    closed: bool,
    failed: Option<Error>,
}

/// What the sender does next.
#[derive(Debug)]
enum Next {
    Send(Chunk),
    /// These lines have waited long enough.
    Seal(Filling),
    /// Nothing, for so long unless it is told otherwise.
    Wait(Option<Duration>),
    End,
}

impl Outbox {
    pub(super) fn new(
        waker: Waker,
        clock: Arc<dyn Clock>,
        linger: Duration,
        budget: usize,
    ) -> Self {
        let state = Mutex::new(State::default());
        Self {
            state,
            more: Notify::new(),
            waker,
            clock,
            linger,
            budget,
            retries: AtomicU64::new(0),
        }
    }

    // The sink's side.

    /// What is being gathered, unless there is no room; then the waker will be called.
    pub(super) fn take(&self) -> Result<Option<Filling>> {
        let mut state = lock(&self.state);
        state.check()?;
        state.waiting = state.held() >= self.budget;
        if state.waiting {
            return Ok(None);
        }
        let filling = state.filling.take();
        Ok(Some(filling.unwrap_or_else(|| Filling::new(self.clock.elapsed()))))
    }

    /// Nothing, from now on.
    pub(super) fn empty(&self) -> Filling {
        Filling::new(self.clock.elapsed())
    }

    /// Puts back what is being gathered, behind what was sealed meanwhile. `rows` were added to both.
    pub(super) fn put(&self, sealed: Vec<Chunk>, filling: Filling, rows: u64) {
        let mut state = lock(&self.state);
        state.bytes += sealed.iter().map(|it| it.bytes).sum::<usize>();
        state.sealed.extend(sealed);
        state.filling = (filling.lines() > 0).then_some(filling);
        state.rows += rows;
        drop(state);
        self.more.notify_one();
    }

    /// Whether all rows are written or refused; if not, they go out now, and the waker will be called.
    pub(super) fn is_flushed(&self) -> Result<bool> {
        let mut state = lock(&self.state);
        state.check()?;
        let done = state.rows == 0;
        state.flush = !done;
        state.waiting = !done;
        drop(state);
        if !done {
            self.more.notify_one();
        }
        Ok(done)
    }

    /// The rows that turned out not to be writable, once each.
    pub(super) fn refused(&self) -> Vec<Refused> {
        let mut state = lock(&self.state);
        state.refused_rows = 0;
        std::mem::take(&mut state.refused)
    }

    pub(super) fn bytes(&self) -> usize {
        lock(&self.state).held()
    }

    /// How many rows are not written, as far as is known.
    pub(super) fn unwritten(&self) -> u64 {
        let state = lock(&self.state);
        state.rows + state.refused_rows
    }

    /// How often a request was sent again.
    pub(super) fn retries(&self) -> u64 {
        self.retries.load(Ordering::Relaxed)
    }

    /// No more rows come.
    pub(super) fn close(&self) {
        lock(&self.state).closed = true;
        self.more.notify_one();
    }

    // The sender's side.

    /// The next request; none: there are no more.
    pub(super) async fn next(&self, gzip: bool) -> Result<Option<Chunk>> {
        loop {
            match self.look() {
                Next::End => return Ok(None),
                Next::Send(chunk) => return Ok(Some(chunk)),
                Next::Seal(filling) => {
                    let packed = tokio::task::spawn_blocking(move || filling.seal(gzip)).await;
                    let chunk = packed.map_err(|_| Error::bug("a batch could not be packed"))??;
                    lock(&self.state).bytes += chunk.bytes;
                    return Ok(Some(chunk));
                }
                Next::Wait(None) => self.more.notified().await,
                // The clock decides, not how long this took; whoever moves the clock tells us.
                Next::Wait(Some(time)) => {
                    drop(tokio::time::timeout(time, self.more.notified()).await);
                }
            }
        }
    }

    fn look(&self) -> Next {
        let mut state = lock(&self.state);
        if let Some(chunk) = state.sealed.pop_front() {
            return Next::Send(chunk);
        }
        let Some(filling) = state.filling.take() else {
            return if state.closed { Next::End } else { Next::Wait(None) };
        };
        let due = filling.since() + self.linger;
        let now = self.clock.elapsed();
        if state.flush || state.closed || due <= now {
            return Next::Seal(filling);
        }
        state.filling = Some(filling);
        Next::Wait(Some(due.saturating_sub(now)))
    }

    /// All lines of a chunk are written or refused.
    pub(super) fn done(&self, chunk: &Chunk, refused: Vec<Refused>) {
        let mut state = lock(&self.state);
        state.bytes -= chunk.bytes;
        state.rows -= chunk.lines() as u64;
        state.refused_rows += refused.iter().map(|it| it.faults.len() as u64).sum::<u64>();
        state.refused.extend(refused);
        self.wake(state);
    }

    /// A request failed and will be sent again.
    pub(super) fn again(&self) {
        self.retries.fetch_add(1, Ordering::Relaxed);
    }

    /// Going on makes no sense.
    pub(super) fn fail(&self, error: Error) {
        let mut state = lock(&self.state);
        state.failed = Some(error);
        state.waiting = true;
        self.wake(state);
    }

    fn wake(&self, mut state: MutexGuard<'_, State>) {
        // Whoever looks at what is unwritten wants to know when there is nothing any more.
        let waiting = std::mem::take(&mut state.waiting) || state.rows == 0;
        drop(state);
        if waiting {
            self.waker.wake_by_ref();
        }
    }
}

impl State {
    fn check(&mut self) -> Result<()> {
        self.failed.take().map_or(Ok(()), Err)
    }

    fn held(&self) -> usize {
        self.bytes + self.filling.as_ref().map_or(0, Filling::bytes)
    }
}
