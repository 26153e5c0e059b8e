//! Runs a plan in virtual time: sources are fed by hand, sinks keep what they are given, the clock stands until it is
//! moved. What `weir test` and the golden tests are made of.
//!
//! ```text
//!  plan, every source ─► memory, fed      every sink ─► memory      every watched stream ─► memory, too
//!          │
//!          └── the engine's own runtime, as many tasks as wished, one step at a time under a seed
//! ```
//!
//! Nothing here computes: rows go through the same decoders, steps and barriers as in a run.

mod compare;
mod fed;
mod order;
mod record;
mod runner;

pub use compare::{Expected, differences};
pub use order::{Order, order};
pub use record::typed_json;
pub use runner::{TestResult, run_test};

use connectors::memory::{self, Input as Fed, Output};
use dsl::check::rules;
use dsl::plan::{Arg, Args, Call, FromPlan, Input, Plan, Side, SinkPlan};
use dsl::signature::Kind;
use dsl::span::{Span, Spanned};
use dsl::types::Column;
use dsl::value::Value;
use engine::error::{Error, Result};
use engine::interrupt::Interrupt;
use engine::operators;
use engine::runtime::{self, Checkpoint, Outcome, Settings, Simulation, World};
use engine::source::SplitEvent;
use engine::time::{Clock, ManualClock};
use fed::FedVocabulary;
use serde_json::Value as Json;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// How a virtual run is spread and in which order its tasks go.
#[derive(Clone, Copy, Debug)]
pub struct Setup {
    /// How many tasks share a step.
    pub tasks: usize,
    /// At most so many rows make a batch.
    pub batch_rows: usize,
    /// Decides which task goes next.
    pub seed: u64,
}

impl Default for Setup {
    fn default() -> Self {
        Self { tasks: 2, batch_rows: 8192, seed: 1 }
    }
}

/// The names of runs, so that several can be at work in one process.
static RUNS: AtomicU64 = AtomicU64::new(0);

/// A plan that runs in virtual time.
pub struct VirtualRun {
    plan: Plan,
    settings: Settings,
    seed: u64,
    world: World,
    clock: Arc<ManualClock>,
    simulation: Option<Simulation>,
    checkpoint: Option<Checkpoint>,
    inputs: BTreeMap<String, Fed>,
    outputs: BTreeMap<Input, Watched>,
    _io: tokio::runtime::Runtime,
}

struct Watched {
    output: Output,
    columns: Vec<Column>,
}

impl VirtualRun {
    /// Makes a closed plan ready; `watched` are the streams whose rows will be asked for.
    pub fn new(plan: &Plan, watched: &[Input], setup: Setup) -> Result<Self> {
        let pipeline = format!("virtual-{}", RUNS.fetch_add(1, Ordering::Relaxed));
        let io = tokio::runtime::Builder::new_current_thread()
            .build()
            .map_err(|error| Error::unavailable("cannot start a runtime").because(error))?;
        let clock = Arc::new(ManualClock::new(0));
        let world = World {
            vocabulary: Arc::new(FedVocabulary),
            clock: Arc::clone(&clock) as Arc<dyn Clock>,
            io: io.handle().clone(),
            interrupt: Interrupt::default(),
        };
        let mut plan = plan.clone();
        let mut inputs = BTreeMap::new();
        for source in &mut plan.sources {
            fed::feed(source);
            inputs.insert(source.name.clone(), memory::input(&pipeline, &source.name));
        }
        let mut outputs = BTreeMap::new();
        for sink in &mut plan.sinks {
            sink.connector = call("memory", Kind::Sink);
            sink.format = None;
            let output = memory::output(&pipeline, &sink.name);
            let input = Input { name: sink.name.clone(), side: Side::Main };
            outputs.insert(input, Watched { output, columns: sink.columns.clone() });
        }
        for input in watched {
            if !outputs.contains_key(input) {
                let columns = columns_of(&plan, input)?;
                let sink = watching(input, columns.clone());
                let output = memory::output(&pipeline, &sink.name);
                plan.sinks.push(sink);
                outputs.insert(input.clone(), Watched { output, columns });
            }
        }
        let settings =
            Settings { batch_rows: setup.batch_rows, ..Settings::new(pipeline, setup.tasks) };
        let mut run = Self {
            plan,
            settings,
            seed: setup.seed,
            world,
            clock,
            simulation: None,
            checkpoint: None,
            inputs,
            outputs,
            _io: io,
        };
        run.begin()?;
        Ok(run)
    }

    fn begin(&mut self) -> Result<()> {
        let job =
            runtime::prepare(&self.plan, &self.settings, &self.world, self.checkpoint.as_ref())?;
        self.simulation = Some(job.simulate(self.seed));
        Ok(())
    }

    fn simulation(&mut self) -> Result<&mut Simulation> {
        self.simulation.as_mut().ok_or_else(|| Error::bug("the virtual run is over"))
    }

    /// What feeds a source.
    pub fn input(&self, source: &str) -> Result<&Fed> {
        let found = self.inputs.get(source);
        found.ok_or_else(|| Error::bug(format!("there is no source `{source}` to feed")))
    }

    /// Feeds payloads to a source, as they would come from outside, and moves the clock to the newest row's time if it
    /// `follows`.
    pub fn feed(
        &mut self,
        source: &str,
        split: &str,
        rows: &[Payload],
        follow: bool,
    ) -> Result<()> {
        let payloads: Vec<Vec<u8>> = rows.iter().map(Payload::bytes).collect();
        let newest = if follow { fed::newest_time(&self.plan, source, &payloads)? } else { None };
        if let Some(newest) = newest {
            self.clock.set(newest);
        }
        self.input(source)?.push(split, payloads);
        Ok(())
    }

    /// The sources that do not end have this split from now on, as a subscription has that nobody publishes to yet.
    pub fn connect(&self, split: &str) -> Result<()> {
        let endless = self.plan.sources.iter().filter(|it| !it.bounded);
        for source in endless {
            self.input(&source.name)?.event(split, SplitEvent::Live);
        }
        Ok(())
    }

    /// A file for a source in pieces, cut and unpacked as if the source read it.
    pub fn pieces(&self, source: &str, path: &Path) -> Result<Vec<Payload>> {
        let pieces = fed::pieces(&self.plan, source, path)?;
        Ok(pieces.into_iter().map(Payload::Piece).collect())
    }

    /// The time that the clock shows.
    pub fn now(&self) -> i64 {
        self.clock.now()
    }

    /// Moves the clock to a time and lets happen what is due.
    pub fn move_clock(&mut self, to: i64) -> Result<()> {
        self.settle()?;
        self.clock.set(to);
        self.settle()
    }

    /// Lets everything happen that can.
    pub fn settle(&mut self) -> Result<()> {
        self.simulation()?.settle()
    }

    /// Nothing comes any more from any source.
    pub fn end(&mut self) -> Result<()> {
        self.inputs.values().for_each(Fed::end);
        self.settle()
    }

    /// Takes a checkpoint: what came out so far can be seen.
    pub fn save(&mut self) -> Result<()> {
        self.settle()?;
        if self.simulation()?.has_ended() {
            return Ok(());
        }
        self.checkpoint = Some(self.simulation()?.checkpoint()?);
        Ok(())
    }

    /// Stops at a checkpoint and goes on from it, with this many tasks.
    pub fn restart(&mut self, tasks: usize) -> Result<()> {
        self.save()?;
        self.crash(tasks)
    }

    /// Loses everything since the last checkpoint and goes on from it, with this many tasks.
    pub fn crash(&mut self, tasks: usize) -> Result<()> {
        if self.simulation()?.has_ended() {
            return Ok(());
        }
        self.simulation = None;
        self.settings.threads = tasks;
        self.begin()?;
        self.settle()
    }

    /// The rows that came out of a stream since they were last asked for, as JSON.
    pub fn take(&mut self, input: &Input) -> Result<Vec<Json>> {
        self.save()?;
        let found = self.outputs.get(input);
        let watched = found.ok_or_else(|| Error::bug(format!("nobody watches `{input}`")))?;
        typed_json(&watched.output.take(), &watched.columns)
    }

    /// Ends the run and says what came of it.
    pub fn finish(mut self) -> Result<Outcome> {
        self.settle()?;
        let mut simulation =
            self.simulation.take().ok_or_else(|| Error::bug("the virtual run is over"))?;
        if !simulation.has_ended() {
            simulation.stop()?;
        }
        Ok(simulation.finish())
    }
}

/// Runs a closed plan once on real threads: everything is fed before it begins, and every source ends. Returns the rows of
/// each watched stream.
pub fn on_threads(
    plan: &Plan,
    watched: &[Input],
    setup: Setup,
    rows: &[(String, String, Payload)],
) -> Result<(BTreeMap<Input, Vec<Json>>, Outcome)> {
    let mut run = VirtualRun::new(plan, watched, setup)?;
    run.simulation = None;
    for (source, split, payload) in rows {
        run.input(source)?.push(split, [payload.bytes()]);
    }
    run.inputs.values().for_each(Fed::end);
    let job = runtime::prepare(&run.plan, &run.settings, &run.world, None)?;
    let outcome = job.start()?.wait();
    if let runtime::Ended::Failed(error) = outcome.ended {
        return Err(error);
    }
    let mut found = BTreeMap::new();
    for (input, watched) in &run.outputs {
        found.insert(input.clone(), typed_json(&watched.output.take(), &watched.columns)?);
    }
    Ok((found, outcome))
}

impl Drop for VirtualRun {
    fn drop(&mut self) {
        self.simulation = None;
        memory::forget(&self.settings.pipeline);
    }
}

/// What is fed.
#[derive(Clone, Debug)]
pub enum Payload {
    /// A row by the names of the columns.
    Record(Json),
    /// What the source's own decoder reads.
    Raw(Vec<u8>),
    /// Whole records of a file, as a source that reads files hands them to its decoder.
    Piece(Vec<u8>),
}

impl Payload {
    fn bytes(&self) -> Vec<u8> {
        match self {
            Payload::Record(row) => fed::record(row),
            Payload::Raw(bytes) => fed::raw(bytes),
            Payload::Piece(bytes) => fed::piece(bytes),
        }
    }
}

fn call(word: &str, kind: Kind) -> Call {
    Call { word: word.to_owned(), kind, args: Args::default(), span: Span::default() }
}

/// A sink that keeps the rows of a stream.
fn watching(input: &Input, columns: Vec<Column>) -> SinkPlan {
    // No name of the language has a blank in it.
    let name = format!("rows of {input}");
    let mut connector = call("memory", Kind::Sink);
    let arg = Spanned::new(Arg::Value(Value::String(name.clone())), Span::default());
    connector.args.given.push(("name".to_owned(), arg));
    SinkPlan {
        name,
        from: FromPlan::One(input.clone()),
        steps: Vec::new(),
        connector,
        format: None,
        columns,
        span: Span::default(),
    }
}

/// The columns of any stream or side stream of a plan.
fn columns_of(plan: &Plan, input: &Input) -> Result<Vec<Column>> {
    let main = || {
        let source = plan.source(&input.name).map(|it| it.columns.clone());
        source.or_else(|| plan.stream(&input.name).map(|it| it.columns.clone()))
    };
    let late = || {
        let stream = plan.stream(&input.name)?;
        let step = stream.steps.iter().find(|it| operators::finds_late_rows(&it.verb))?;
        Some(step.input.columns.iter().cloned().chain(rules::late_columns()).collect())
    };
    let columns = match input.side {
        Side::Main => main(),
        Side::Errors => Some(rules::error_columns()),
        Side::Late => late(),
    };
    columns.ok_or_else(|| Error::bug(format!("the plan has no `{input}`")))
}
