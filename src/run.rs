//! Runs a closed plan to its end: on all cores, with signals that stop it, and a report of what came of it.
//!
//! ```text
//!  SIGINT, SIGTERM ──► sources stop, what was read is finished      a second one ──► says what is lost, exits (130, 143)
//!  SIGUSR1 ──────────► the table so far
//!  all of them are heard from before the first source is opened
//! ```

use crate::commands::say;
use crate::exit::Exit;
use crate::live::{self, Live, Look};
use crate::machine;
use crate::metrics::{Exposition, Sample, Server};
use crate::registry::Registry;
use crate::report::Report;
use crate::summary;
use dsl::plan::Plan;
use engine::error::{Error, ErrorKind, Result};
use engine::interrupt::Interrupt;
use engine::runtime::{self, Job, Outcome, Settings, Stopper, World};
use engine::side::Samples;
use engine::time::SystemClock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
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
        interrupt: Interrupt::default(),
    }
}

/// What a run says while it goes on.
pub type Line = fn(&Report) -> String;

/// How it is shown how far a run has come.
#[derive(Clone, Copy, Default)]
pub enum Shown {
    /// Not at all.
    #[default]
    Nothing,
    /// By a line now and then.
    Lines(Line),
    /// By a view on the last lines of the terminal.
    Live,
}

/// How a run is looked at while it goes on.
#[derive(Default)]
pub struct View {
    /// How it is shown how far it has come.
    pub shown: Shown,
    /// Where its metrics can be asked for.
    pub metrics: Option<Server>,
    /// How long it goes on at most.
    pub duration: Option<Duration>,
}

/// Runs a plan to its end.
pub fn run(plan: &Plan, settings: &Settings, world: &World, view: View) -> Result<Finished> {
    let watch = Watch::begin(world);
    match runtime::prepare(plan, settings, world, None) {
        Ok(job) => watch.run(&settings.pipeline, job, view),
        Err(error) => watch.not_begun(plan, error),
    }
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

/// What watches a run from outside: from before its first source is opened to its end.
#[derive(Clone)]
pub struct Watch {
    world: World,
    start: Duration,
    /// The run, once it has begun.
    running: Arc<OnceLock<Stopper>>,
    over: Arc<AtomicBool>,
}

impl Watch {
    /// Signals are heard from now on.
    pub fn begin(world: &World) -> Self {
        let watch = Self {
            world: world.clone(),
            start: world.clock.elapsed(),
            running: Arc::default(),
            over: Arc::default(),
        };
        hear(&watch);
        watch
    }

    /// Runs what is ready, a pipeline of this name, to its end.
    pub fn run(&self, pipeline: &str, job: Job, view: View) -> Result<Finished> {
        let View { shown, metrics, duration } = view;
        let running = job.start()?;
        let stopper = self.running.get_or_init(|| running.stopper()).clone();
        if self.world.interrupt.is_set() {
            stopper.stop();
        }
        if let Some(server) = metrics {
            server.serve(&self.world.io, Exposition::new(self.look(pipeline)));
        }
        let live = match shown {
            Shown::Nothing => None,
            Shown::Lines(line) => {
                self.world.io.spawn(progress(self.clone(), line));
                None
            }
            Shown::Live => Some(Live::start(self.look(pipeline))),
        };
        if let Some(duration) = duration {
            self.world.io.spawn(async move {
                tokio::time::sleep(duration).await;
                stopper.stop();
            });
        }
        let outcome = running.wait();
        drop(live);
        self.over.store(true, Ordering::Release);
        Ok(Finished { report: Report::new(&outcome, self.seconds()), outcome })
    }

    /// What came of a plan that could not be made ready, or was told to stop before it was.
    pub fn not_begun(&self, plan: &Plan, error: Error) -> Result<Finished> {
        if error.kind != ErrorKind::Interrupted {
            return Err(error);
        }
        let outcome = Outcome {
            ended: runtime::Ended::Stopped,
            progress: Report::nothing(plan),
            samples: Samples::default(),
        };
        Ok(Finished { report: Report::new(&outcome, self.seconds()), outcome })
    }

    /// Shows the run, a pipeline of this name, whenever somebody wants to see it.
    fn look(&self, pipeline: &str) -> Arc<Look> {
        let (watch, pipeline) = (self.clone(), pipeline.to_owned());
        Arc::new(move |each: &mut dyn FnMut(&Sample<'_>)| {
            if let Some(running) = watch.running.get() {
                each(&Sample {
                    pipeline: &pipeline,
                    progress: running.progress(),
                    now: watch.world.clock.now(),
                    seconds: watch.seconds(),
                    usage: machine::usage(),
                });
            }
        })
    }

    fn seconds(&self) -> f64 {
        self.world.clock.elapsed().saturating_sub(self.start).as_secs_f64()
    }

    fn report(&self) -> Option<Report> {
        Some(Report::living(&self.running.get()?.progress(), self.seconds()))
    }

    /// Stops the run, or what is done to begin it.
    fn stop(&self) {
        say("weir: stopping; what was read is finished (once more stops at once)");
        self.world.interrupt.set();
        if let Some(stopper) = self.running.get() {
            stopper.stop();
        }
    }

    /// Says what is lost when the process ends now.
    fn cut_off(&self) {
        self.show();
        say("weir: ended at once: rows that are on their way or not written are lost");
    }

    /// The table so far.
    fn show(&self) {
        match self.report() {
            Some(report) => say(summary::table(&report, &Samples::default()).trim_end()),
            None => say("weir: sources and sinks are being opened; no row was read so far"),
        }
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
        if let Some(report) = watch.report() {
            say(&line(&report));
        }
    }
}

/// Stops the run at the first signal and the process at the second. A signal that comes right behind this is heard.
#[cfg(unix)]
fn hear(watch: &Watch) {
    use tokio::signal::unix::{SignalKind, signal};
    let _inside = watch.world.io.enter();
    let of = |name: &str, kind| {
        let failed =
            |error| tracing::warn!("{name} cannot be heard, it does what it always does: {error}");
        signal(kind).map_err(failed).ok()
    };
    let mut interrupt = of("SIGINT", SignalKind::interrupt());
    let mut terminate = of("SIGTERM", SignalKind::terminate());
    let mut table = of("SIGUSR1", SignalKind::user_defined1());
    let watch = watch.clone();
    let mut asked = false;
    let io = watch.world.io.clone();
    io.spawn(async move {
        loop {
            let exit = tokio::select! {
                () = next(&mut interrupt) => Exit::Interrupted,
                () = next(&mut terminate) => Exit::Terminated,
                () = next(&mut table) => {
                    watch.show();
                    continue;
                }
            };
            if std::mem::replace(&mut asked, true) {
                live::restore();
                watch.cut_off();
                std::process::exit(i32::from(exit.code()));
            }
            watch.stop();
        }
    });
}

/// The next signal of a kind; never, where it cannot be heard.
#[cfg(unix)]
async fn next(signal: &mut Option<tokio::signal::unix::Signal>) {
    match signal {
        Some(signal) => drop(signal.recv().await),
        None => std::future::pending().await,
    }
}

#[cfg(not(unix))]
fn hear(watch: &Watch) {
    let watch = watch.clone();
    let io = watch.world.io.clone();
    io.spawn(async move {
        if tokio::signal::ctrl_c().await.is_ok() {
            watch.stop();
        }
        if tokio::signal::ctrl_c().await.is_ok() {
            live::restore();
            watch.cut_off();
            std::process::exit(i32::from(Exit::Interrupted.code()));
        }
    });
}
