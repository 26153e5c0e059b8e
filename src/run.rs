//! Runs a closed plan to its end: on all cores, with signals that stop it, and a report of what came of it.
//!
//! ```text
//!  SIGINT, SIGTERM ──► sources stop, what was read is finished      a second one ──► exit at once (130, 143)
//!  SIGUSR1 ──────────► the table so far
//! ```

use crate::commands::say;
use crate::exit::Exit;
use crate::registry::Registry;
use crate::report::Report;
use crate::summary;
use dsl::plan::Plan;
use engine::error::{Error, Result};
use engine::runtime::{self, Job, Outcome, Settings, Stopper, World};
use engine::side::Samples;
use engine::time::{Clock, SystemClock};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// How often it is said how far a run has come.
const PROGRESS: Duration = Duration::from_secs(3);

/// The threads for I/O; rows are worked on elsewhere.
const IO_THREADS: usize = 2;

/// A runtime for I/O.
pub fn io() -> Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(IO_THREADS)
        .thread_name("weir-io")
        .enable_all()
        .build()
        .map_err(|error| Error::unavailable("cannot start the threads for I/O").because(error))
}

/// The world of this process.
pub fn world(io: &tokio::runtime::Runtime) -> World {
    World {
        vocabulary: Arc::new(Registry),
        clock: Arc::new(SystemClock::new()),
        io: io.handle().clone(),
    }
}

/// What a run says while it goes on.
pub type Line = fn(&Report) -> String;

/// Runs a plan to its end. `line` says now and then how far it has come.
pub fn run(
    plan: &Plan,
    settings: &Settings,
    world: &World,
    line: Option<Line>,
) -> Result<Finished> {
    run_job(runtime::prepare(plan, settings, world, None)?, world, line, None)
}

/// Runs what is ready to its end, or until so much time has passed.
pub fn run_job(
    job: Job,
    world: &World,
    line: Option<Line>,
    duration: Option<Duration>,
) -> Result<Finished> {
    let start = world.clock.elapsed();
    let running = job.start()?;
    let over = Arc::new(AtomicBool::new(false));
    let watch = Watch {
        stopper: running.stopper(),
        clock: Arc::clone(&world.clock),
        start,
        over: Arc::clone(&over),
    };
    world.io.spawn(signals(watch.clone()));
    if let Some(line) = line {
        world.io.spawn(progress(watch, line));
    }
    if let Some(duration) = duration {
        let stopper = running.stopper();
        world.io.spawn(async move {
            tokio::time::sleep(duration).await;
            stopper.stop();
        });
    }
    let outcome = running.wait();
    over.store(true, Ordering::Release);
    let seconds = world.clock.elapsed().saturating_sub(start).as_secs_f64();
    Ok(Finished { report: Report::new(&outcome, seconds), outcome })
}

/// What came of a run.
pub struct Finished {
    /// The figures.
    pub report: Report,
    /// All of it.
    pub outcome: Outcome,
}

impl Finished {
    /// The closing table.
    pub fn table(&self) -> String {
        summary::table(&self.report, &self.outcome.samples)
    }

    /// How the command ends.
    pub fn exit(&self) -> Exit {
        match &self.outcome.ended {
            runtime::Ended::Failed(_) => Exit::Failed,
            runtime::Ended::Finished | runtime::Ended::Stopped => Exit::Done,
        }
    }
}

/// What watches a run from outside.
#[derive(Clone)]
struct Watch {
    stopper: Stopper,
    clock: Arc<dyn Clock>,
    start: Duration,
    over: Arc<AtomicBool>,
}

impl Watch {
    fn report(&self) -> Report {
        let seconds = self.clock.elapsed().saturating_sub(self.start).as_secs_f64();
        Report::living(&self.stopper.progress(), seconds)
    }
}

/// Says how far the run has come until it is over.
async fn progress(watch: Watch, line: Line) {
    let mut every = tokio::time::interval(PROGRESS);
    every.tick().await;
    loop {
        every.tick().await;
        if watch.over.load(Ordering::Acquire) {
            return;
        }
        say(&line(&watch.report()));
    }
}

/// Stops the run at the first signal and the process at the second.
#[cfg(unix)]
async fn signals(watch: Watch) {
    use tokio::signal::unix::{SignalKind, signal};
    let of = |kind| signal(kind).ok();
    let (Some(mut interrupt), Some(mut terminate), Some(mut table)) =
        (of(SignalKind::interrupt()), of(SignalKind::terminate()), of(SignalKind::user_defined1()))
    else {
        return;
    };
    let mut asked = false;
    loop {
        let exit = tokio::select! {
            _ = interrupt.recv() => Exit::Interrupted,
            _ = terminate.recv() => Exit::Terminated,
            _ = table.recv() => {
                say(summary::table(&watch.report(), &Samples::default()).trim_end());
                continue;
            }
        };
        if asked {
            std::process::exit(i32::from(exit.code()));
        }
        asked = true;
        say("weir: stopping; what was read is finished (once more stops at once)");
        watch.stopper.stop();
    }
}

#[cfg(not(unix))]
async fn signals(watch: Watch) {
    if tokio::signal::ctrl_c().await.is_ok() {
        watch.stopper.stop();
    }
    if tokio::signal::ctrl_c().await.is_ok() {
        std::process::exit(i32::from(Exit::Interrupted.code()));
    }
}
