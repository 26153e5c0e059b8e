//! The runtime: runs a plan on the threads of one process, or on none under a manual clock.
//!
//! ```text
//!            ┌ source loop ┐  pieces   ┌ front ┐  decoded  ┌ sequencer ┐ rounds ┌ stage task ┐ rounds ┌ sink loop ┐
//!  outside ─►│ poll        │──────────►│ × n   │──────────►│           │───────►│ × n or 1   │───────►│ write     │─► outside
//!            └─────────────┘           └───────┘           └───────────┘        └────────────┘        └───────────┘
//!                  ▲ acknowledge ◄──────────────────────────────┘ in the engine
//!                  └ room in the byte budget ◄── freed where rows have done their work ───────────────────┘
//! ```
//!
//! - **Tasks never wait.** Each does a piece of work and returns; it is run again when its signal is raised. So the same
//!   tasks run on threads and, one after the other under a seed, in tests.
//! - **Rounds.** What a source reads at a time is a round. Every task sends one delivery a round over each edge, so a
//!   task behind several others knows when it has all of a round and puts its rows in the one order that does not depend
//!   on how many there were.
//! - **Barriers** go with the rounds, aligned where inputs meet. What tasks save at them is a [`Checkpoint`]; a run can be
//!   begun from one with any number of tasks.
//! - **Bytes** on their way are charged to the source that read them; a source with no room left is not polled.

mod budget;
mod control;
mod delivery;
mod exits;
mod feed;
mod front;
mod gate;
mod intake;
mod launch;
mod merge;
mod pipes;
mod published;
mod refusals;
mod refused;
mod sequencer;
mod signal;
mod simulation;
mod sink_task;
mod source_task;
mod splits;
mod stage_task;
mod task;
mod threads;

pub use control::Checkpoint;
pub use simulation::Simulation;

use crate::error::{Error, Result};
use crate::graph::{Graph, StageKind};
use crate::interrupt::Interrupt;
use crate::ledger::Ledger;
use crate::notes::Notes;
use crate::side::Samples;
use crate::time::{Clock, Watermark};
use crate::vocabulary::Vocabulary;
use budget::Budget;
use control::Control;
use crossbeam::sync::Parker;
use delivery::Inbox;
use dsl::plan::Plan;
use published::Boards;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::thread::JoinHandle;
use task::Slot;

/// How a plan is run.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The name of the pipeline: the file's stem.
    pub pipeline: String,
    /// How many threads work on rows; as many tasks share every step that can be shared.
    pub threads: usize,
    /// At most so many rows make a batch where a source hands over messages.
    pub batch_rows: usize,
    /// About so many bytes are read at a time.
    pub piece_bytes: usize,
    /// At most about so many bytes are on their way: payloads, batches, queues, what sinks hold.
    pub budget: usize,
}

impl Settings {
    /// The settings for a pipeline of this name on so many threads.
    pub fn new(pipeline: impl Into<String>, threads: usize) -> Self {
        Self {
            pipeline: pipeline.into(),
            threads,
            batch_rows: 8192,
            piece_bytes: 1 << 20,
            budget: 128 << 20,
        }
    }
}

/// What a run needs of the world.
#[derive(Clone)]
pub struct World {
    /// Connectors and formats.
    pub vocabulary: Arc<dyn Vocabulary>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// For I/O only.
    pub io: tokio::runtime::Handle,
    /// Ends [`prepare`] early: sources and sinks that are open by then are closed again.
    pub interrupt: Interrupt,
}

/// A run that is ready to begin: sources and sinks are open.
pub struct Job {
    slots: Vec<Slot>,
    parkers: Vec<Parker>,
    shared: Arc<Shared>,
}

/// What outlives the tasks of a run.
struct Shared {
    graph: Graph,
    control: Arc<Control>,
    boards: Boards,
    budgets: Vec<Arc<Budget>>,
    /// What waits where several inputs meet: it is counted neither before nor behind that.
    meeting: Vec<Arc<Inbox>>,
}

/// Opens sources and sinks and builds every step of a closed plan; from a checkpoint, with the state of that time.
pub fn prepare(
    plan: &Plan,
    settings: &Settings,
    world: &World,
    from: Option<&Checkpoint>,
) -> Result<Job> {
    launch::launch(plan, settings, world, from)
}

impl Job {
    /// Begins to run on threads.
    pub fn start(self) -> Result<Running> {
        let control = Arc::clone(&self.shared.control);
        let threads = threads::start(self.slots, self.parkers, &control)
            .map_err(|error| Error::unavailable("cannot start a thread").because(error))?;
        Ok(Running { threads, shared: self.shared })
    }

    /// Begins to run without threads.
    pub fn simulate(self, seed: u64) -> Simulation {
        Simulation::new(self, seed)
    }
}

/// A run on threads.
pub struct Running {
    threads: Vec<JoinHandle<()>>,
    shared: Arc<Shared>,
}

/// How far a run has come.
#[derive(Clone, Debug, Default)]
pub struct Progress {
    /// All counters so far.
    pub ledger: Ledger,
    /// The watermark of each source.
    pub watermarks: BTreeMap<String, Option<Watermark>>,
    /// Bytes on their way.
    pub bytes: usize,
    /// Rows on their way: they have left one task and were not taken by the next one.
    pub in_flight: u64,
    /// What else is told.
    pub notes: Notes,
}

/// How a run ended.
#[derive(Debug)]
pub enum Ended {
    /// All inputs have ended.
    Finished,
    /// It was told to stop.
    Stopped,
    /// It broke.
    Failed(Error),
}

/// What came of a run.
#[derive(Debug)]
pub struct Outcome {
    /// How it ended.
    pub ended: Ended,
    /// The counters and watermarks at the end.
    pub progress: Progress,
    /// The newest rows of side streams that nobody reads.
    pub samples: Samples,
}

/// Tells a run on threads from outside to stop.
#[derive(Clone)]
pub struct Stopper(Arc<Shared>);

impl Stopper {
    /// Sources stop; what was read is finished.
    pub fn stop(&self) {
        self.0.control.stop();
    }

    /// How far the run has come.
    pub fn progress(&self) -> Progress {
        self.0.progress()
    }
}

impl Running {
    /// A handle for whoever stops or watches the run while another waits for its end.
    pub fn stopper(&self) -> Stopper {
        Stopper(Arc::clone(&self.shared))
    }

    /// Everything stops where it is, as in a crash; what sinks did not commit is gone.
    pub fn abort(self) {
        self.shared.control.abort();
        self.threads.into_iter().for_each(|it| drop(it.join()));
    }

    /// Takes a checkpoint and waits for it; none if the run ends before.
    pub fn checkpoint(&self) -> Option<Checkpoint> {
        self.shared.control.request();
        self.shared.control.wait_for_checkpoint()
    }

    /// Whether the run is over, one way or the other.
    pub fn is_over(&self) -> bool {
        self.threads.iter().all(JoinHandle::is_finished)
    }

    /// Waits for the end.
    pub fn wait(self) -> Outcome {
        for thread in self.threads {
            if thread.join().is_err() {
                self.shared.control.fail(Error::bug("a thread of the engine broke"));
            }
        }
        let ended = match self.shared.control.take_error() {
            Some(error) => Ended::Failed(error),
            None if self.shared.control.stopping() => Ended::Stopped,
            None => Ended::Finished,
        };
        self.shared.outcome(ended)
    }
}

impl Shared {
    fn progress(&self) -> Progress {
        let mut watermarks = BTreeMap::new();
        for (stage, board) in &self.boards.0 {
            if let StageKind::Source(_) = self.graph.stages[*stage].kind {
                let told = delivery::lock(board).watermark;
                let name = self.graph.stages[*stage].pipes[0].owner.clone();
                let shown = Some(told).filter(|it| it.time().is_some());
                let mark = watermarks.entry(name).or_insert(None);
                *mark = shown.max(*mark);
            }
        }
        let ledger = self.boards.ledger(&self.graph);
        let notes = self.notes();
        let meeting = self.meeting.iter().map(|it| it.rows() as u64).sum::<u64>();
        Progress {
            in_flight: ledger.in_flight().unsigned_abs() + meeting,
            ledger,
            watermarks,
            bytes: self.budgets.iter().map(|it| it.used()).sum(),
            notes,
        }
    }

    fn notes(&self) -> Notes {
        let mut notes = self.boards.notes(&self.graph);
        for stage in &self.graph.stages {
            if let StageKind::Source(index) = stage.kind {
                let source = notes.sources.entry(stage.pipes[0].owner.clone()).or_default();
                source.queued = self.budgets[index].used() as u64;
                source.queue_limit = self.budgets[index].limit() as u64;
            }
        }
        notes
    }

    fn outcome(&self, ended: Ended) -> Outcome {
        Outcome { ended, progress: self.progress(), samples: self.boards.samples() }
    }
}
