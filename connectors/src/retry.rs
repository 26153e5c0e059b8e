//! Requests to a server that may be away: tried again with back-off until they work, with one word about the trouble when
//! it begins and one when it is over, however many requests wait.
//!
//! ```text
//!  attempt ──► Ok ─────────────────────────────► the answer
//!     ▲  └──► Passing: said once ──► wait ──┐     (1s, 2s, … with jitter; longer if the server says so)
//!     └─────────────────────────────────────┘
//!        └──► Final ───────────────────────────► an error for the user
//! ```

use crate::backoff::{Backoff, Waits};
use crate::common::lock;
use engine::error::Error;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::Waker;
use std::time::Duration;
use tokio::sync::watch;

/// How long a request that is on its way may take when everything is to stop.
const GRACE: Duration = Duration::from_secs(1);

/// Why a try failed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Another try may work.
    Passing {
        /// What happened, for people.
        why: String,
        /// The server does not want to be asked earlier.
        after: Option<Duration>,
    },
    /// Another try gets the same answer.
    Final(Error),
}

/// Why there is no answer.
#[derive(Debug)]
pub(crate) enum Ended {
    /// It was told to stop.
    Stopped,
    /// Another try would get the same answer.
    Failed(Error),
}

/// How requests of one sink are tried again. Shared by all that run at the same time.
#[derive(Debug)]
pub(crate) struct Retry {
    /// The sink, for log lines.
    name: String,
    /// Whom it writes to, for log lines; without secrets.
    place: String,
    backoff: Backoff,
    stop: watch::Sender<bool>,
    /// Whether it was said that there is trouble.
    troubled: Mutex<bool>,
    retries: AtomicU64,
    /// Called when a try has failed: nothing else moves while a server is away, and somebody shows the number of tries.
    waker: Waker,
}

impl Retry {
    /// `name` is the sink's, `place` is whom it writes to; `waker` is called whenever a try has failed.
    pub(crate) fn new(name: &str, place: &str, waits: Waits, waker: Waker) -> Self {
        Self {
            name: name.to_owned(),
            place: place.to_owned(),
            backoff: Backoff::new(waits, &format!("{name} {place}")),
            stop: watch::Sender::new(false),
            troubled: Mutex::new(false),
            retries: AtomicU64::new(0),
            waker,
        }
    }

    /// Tries until it works, cannot work, or is told to stop. `attempt` is told how many tries there were before.
    pub(crate) async fn run<T, F>(&self, mut attempt: impl FnMut(u32) -> F) -> Result<T, Ended>
    where
        F: Future<Output = Result<T, Failure>>,
    {
        let mut stop = self.stop.subscribe();
        let mut backoff = self.backoff.clone();
        let mut tries = 0;
        loop {
            if *stop.borrow() {
                return Err(Ended::Stopped);
            }
            let mut trying = std::pin::pin!(attempt(tries));
            let done = tokio::select! {
                done = &mut trying => Some(done),
                // An error means that whoever could say it is gone.
                _said = stop.wait_for(|it| *it) => None,
            };
            let done = if let Some(done) = done {
                done
            } else {
                // What the server has begun for us, we want to know: it has to be taken away.
                let late = tokio::time::timeout(GRACE, trying).await;
                late.map_err(|_| Ended::Stopped)?
            };
            let (why, after) = match done {
                Ok(answer) => {
                    self.say_over();
                    return Ok(answer);
                }
                Err(Failure::Final(error)) => return Err(Ended::Failed(error)),
                Err(Failure::Passing { why, after }) => (why, after),
            };
            self.say_trouble(&why);
            self.retries.fetch_add(1, Ordering::Relaxed);
            self.waker.wake_by_ref();
            tries = tries.saturating_add(1);
            let least = backoff.wait();
            let wait = after.map_or(least, |it| it.max(least));
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                _said = stop.wait_for(|it| *it) => return Err(Ended::Stopped),
            }
        }
    }

    /// Ends all tries, and those to come before they begin.
    pub(crate) fn stop(&self) {
        self.stop.send_replace(true);
    }

    /// How often something was tried again.
    pub(crate) fn retries(&self) -> u64 {
        self.retries.load(Ordering::Relaxed)
    }

    /// Whether it was told to stop.
    pub(crate) fn is_stopped(&self) -> bool {
        *self.stop.borrow()
    }

    fn say_trouble(&self, why: &str) {
        if !std::mem::replace(&mut *lock(&self.troubled), true) {
            tracing::warn!(
                name = self.name,
                to = self.place,
                reason = why,
                "Rows cannot be written; trying again until it works, the pipeline waits"
            );
        }
    }

    fn say_over(&self) {
        if std::mem::take(&mut *lock(&self.troubled)) {
            tracing::warn!(name = self.name, to = self.place, "Rows are written again");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::ready;

    fn retry() -> Retry {
        let short = Duration::from_millis(1);
        Retry::new("lake", "a server", (short, short * 4), Waker::noop().clone())
    }

    fn passing() -> Failure {
        Failure::Passing { why: "it is away".to_owned(), after: None }
    }

    fn block_on<T>(work: impl Future<Output = T>) -> T {
        crate::testing::io().block_on(work)
    }

    #[test]
    fn it_is_tried_until_it_works_and_trouble_ends_with_that() {
        let retry = retry();
        let answer = block_on(retry.run(|tries| {
            let troubled = *lock(&retry.troubled);
            assert_eq!(troubled, tries > 0);
            ready(if tries < 3 { Err(passing()) } else { Ok(tries) })
        }));
        assert!(matches!(answer, Ok(3)));
        assert!(!*lock(&retry.troubled));
        assert_eq!(retry.retries(), 3);
    }

    #[test]
    fn what_cannot_work_is_not_tried_again() {
        let retry = retry();
        let answer = block_on(retry.run(|tries| {
            assert_eq!(tries, 0);
            ready(Err::<(), _>(Failure::Final(Error::refused("no such bucket"))))
        }));
        assert!(matches!(answer, Err(Ended::Failed(error)) if error.message == "no such bucket"));
    }

    #[test]
    fn it_stops_when_it_is_told_to_also_in_the_middle_of_a_wait_or_a_request() {
        let hour = Duration::from_hours(1);
        let retry = Retry::new("lake", "a server", (hour, hour), Waker::noop().clone());
        let answer = block_on(retry.run(|_| {
            retry.stop();
            ready(Err::<(), _>(passing()))
        }));
        assert!(matches!(answer, Err(Ended::Stopped)));
        assert!(retry.is_stopped());
        let answer = block_on(retry.run(|_| std::future::pending::<Result<(), Failure>>()));
        assert!(matches!(answer, Err(Ended::Stopped)));
    }
}
