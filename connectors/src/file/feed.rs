//! The bounded queue between a reader thread and `poll`.
//!
//! ```text
//!  reader thread ── put ──► │ items, at most `budget` bytes │ ── take ──► poll
//!        ▲ waits for room        ▲ wakes the runtime once after it found nothing
//! ```

use crate::common::lock;
use bytes::Bytes;
use engine::error::{Error, Result};
use engine::reason::RejectedPayload;
use engine::source::{Position, SplitEvent, SplitName};
use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::time::Duration;

/// What a reader brings.
#[derive(Debug)]
pub(super) enum Item {
    /// Something about a split.
    Event(SplitName, SplitEvent),
    /// A piece of bytes.
    Bytes(SplitName, Bytes, Position),
    /// Columns.
    Rows(SplitName, Rows, Position),
}

/// Rows that were read as columns, and those that the schema refused.
#[derive(Debug)]
pub(super) struct Rows {
    pub(super) rows: arrow::array::RecordBatch,
    pub(super) rejected: Vec<RejectedPayload>,
}

/// What `poll` finds.
#[derive(Debug)]
pub(super) enum Taken {
    Item(Item),
    Nothing,
    End,
}

/// Both sides hold it.
pub(super) struct Feed {
    state: Mutex<State>,
    /// Notified when there is room again, and when nobody takes any more.
    room: Condvar,
    waker: Waker,
    budget: usize,
}

struct State {
    items: VecDeque<(Item, usize)>,
    bytes: usize,
    /// How large a piece should be.
    limit: usize,
    /// Somebody found nothing and wants to be woken.
    waiting: bool,
    /// Nobody takes any more.
    closed: bool,
    /// The reader is done; taken when it was handed out.
    end: Option<Result<()>>,
}

impl Feed {
    pub(super) fn new(waker: Waker, budget: usize) -> Arc<Feed> {
        let state = State {
            items: VecDeque::new(),
            bytes: 0,
            limit: 1,
            waiting: false,
            closed: false,
            end: None,
        };
        Arc::new(Feed { state: Mutex::new(state), room: Condvar::new(), waker, budget })
    }

    /// What is next; `limit` is how large the pieces to come should be.
    pub(super) fn take(&self, limit: usize) -> Result<Taken> {
        let mut state = lock(&self.state);
        state.limit = limit.max(1);
        if let Some((item, bytes)) = state.items.pop_front() {
            state.bytes -= bytes;
            self.room.notify_one();
            return Ok(Taken::Item(item));
        }
        if let Some(end) = state.end.take() {
            state.end = Some(Ok(()));
            end.map(|()| Taken::End)
        } else {
            state.waiting = true;
            Ok(Taken::Nothing)
        }
    }

    /// Nobody takes any more: the reader stops.
    pub(super) fn close(&self) {
        let mut state = lock(&self.state);
        state.closed = true;
        state.items.clear();
        self.room.notify_all();
    }

    /// How large a piece should be.
    pub(super) fn limit(&self) -> usize {
        lock(&self.state).limit
    }

    /// Hands an item over, once there is room. An item larger than the budget goes alone. False: nobody takes it.
    #[must_use]
    pub(super) fn put(&self, item: Item, bytes: usize) -> bool {
        let mut state = lock(&self.state);
        while !state.closed && state.bytes > 0 && state.bytes + bytes > self.budget {
            state = self.room.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        if state.closed {
            return false;
        }
        state.bytes += bytes;
        state.items.push_back((item, bytes));
        self.wake(state);
        true
    }

    /// Waits; false: nobody takes any more.
    #[must_use]
    pub(super) fn rest(&self, pause: Duration) -> bool {
        let closed = |state: &mut State| !state.closed;
        let waited = self.room.wait_timeout_while(lock(&self.state), pause, closed);
        !waited.unwrap_or_else(PoisonError::into_inner).0.closed
    }

    /// The reader is done.
    fn end(&self, end: Result<()>) {
        let mut state = lock(&self.state);
        state.end.get_or_insert(end);
        self.wake(state);
    }

    fn wake(&self, mut state: MutexGuard<'_, State>) {
        let waiting = std::mem::take(&mut state.waiting);
        drop(state);
        if waiting {
            self.waker.wake_by_ref();
        }
    }
}

/// Runs a reader on a thread of its own. Whatever becomes of it, the feed hears of its end.
pub(super) fn start(
    feed: &Arc<Feed>,
    run: impl FnOnce(&Feed) -> Result<()> + Send + 'static,
) -> Result<()> {
    struct Guard(Arc<Feed>);
    impl Drop for Guard {
        fn drop(&mut self) {
            self.0.end(Err(Error::bug("the thread that reads files broke")));
        }
    }
    let guard = Guard(Arc::clone(feed));
    let thread = std::thread::Builder::new().name("weir-file-reader".to_owned());
    let started = thread.spawn(move || {
        let end = run(&guard.0);
        guard.0.end(end);
    });
    started.map(drop).map_err(|error| {
        Error::unavailable("a thread that reads files could not be started").because(error)
    })
}
