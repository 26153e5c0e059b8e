//! A program that runs on its own, with all that a test holds in its hands.

use super::script::Scripted;
use connectors::memory::{self, Input, Output};
use dsl::plan::Plan;
use dsl::span::SourceFile;
use engine::error::Result;
use engine::interrupt::Interrupt;
use engine::runtime::{Checkpoint, Job, Running, Settings, Simulation, World, prepare};
use engine::time::{Clock, ManualClock};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use weir::environment::ProcessEnvironment;
use weir::registry::Registry;
use weir::testing::typed_json;

static RIGS: AtomicU64 = AtomicU64::new(0);

/// A schema and two sources, `a` and `b`, as most tests need them.
pub(crate) const SOURCES: &str = "
schema Reading {
  key: string
  at:  timestamp
  n:   int
}
source a = memory(schema: Reading, time: at)
source b = memory(schema: Reading, time: at)
";

/// A closed plan of a program; the sources of [`SOURCES`] stand in front of it if it has none.
pub(crate) fn plan(program: &str) -> Plan {
    let own = program.contains("source ");
    let text = if own { program.to_owned() } else { format!("{SOURCES}{program}") };
    let (plan, found) = dsl::compile(&SourceFile::new("test.pipe", text), &Registry);
    let plan = plan.unwrap_or_else(|| panic!("{found:#?}"));
    dsl::constant::close(&plan, &BTreeMap::new(), &ProcessEnvironment).unwrap()
}

/// A row of [`SOURCES`] at so many seconds.
pub(crate) fn row(key: &str, second: i64, n: i64) -> String {
    format!(r#"{{"key":"{key}","at":{},"n":{n}}}"#, second * 1000)
}

/// A program, and where it runs.
pub(crate) struct Rig {
    pub(crate) name: String,
    pub(crate) plan: Plan,
    pub(crate) settings: Settings,
    pub(crate) world: World,
    pub(crate) clock: Arc<ManualClock>,
    _io: tokio::runtime::Runtime,
}

impl Rig {
    pub(crate) fn new(program: &str, tasks: usize) -> Self {
        Self::of(plan(program), tasks)
    }

    pub(crate) fn of(plan: Plan, tasks: usize) -> Self {
        let name = format!("rig-{}", RIGS.fetch_add(1, Ordering::Relaxed));
        let io = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let clock = Arc::new(ManualClock::new(0));
        let world = World {
            vocabulary: Arc::new(Scripted),
            clock: Arc::clone(&clock) as Arc<dyn Clock>,
            io: io.handle().clone(),
            interrupt: Interrupt::default(),
        };
        // A source that nobody has fed is empty: the handles are made before it is opened.
        plan.sources.iter().for_each(|it| drop(memory::input(&name, &it.name)));
        let settings = Settings::new(name.clone(), tasks);
        Self { name, plan, settings, world, clock, _io: io }
    }

    pub(crate) fn input(&self, source: &str) -> Input {
        memory::input(&self.name, source)
    }

    /// Feeds rows to a source, all of them in one split.
    pub(crate) fn feed(&self, source: &str, rows: &[String]) {
        self.input(source).push("0", rows.iter().map(|it| it.clone().into_bytes()));
    }

    pub(crate) fn end(&self) {
        self.plan.sources.iter().for_each(|it| self.input(&it.name).end());
    }

    pub(crate) fn output(&self, sink: &str) -> Output {
        memory::output(&self.name, sink)
    }

    pub(crate) fn job(&self, from: Option<&Checkpoint>) -> Result<Job> {
        prepare(&self.plan, &self.settings, &self.world, from)
    }

    pub(crate) fn start(&self) -> Running {
        self.job(None).unwrap().start().unwrap()
    }

    pub(crate) fn simulate(&self, from: Option<&Checkpoint>) -> Simulation {
        self.job(from).unwrap().simulate(1)
    }

    /// What a sink has committed, each row as JSON.
    pub(crate) fn rows(&self, sink: &str) -> Vec<String> {
        let plan = self.plan.sinks.iter().find(|it| it.name == sink).unwrap();
        let rows = typed_json(&self.output(sink).rows(), &plan.columns).unwrap();
        rows.iter().map(ToString::to_string).collect()
    }

    /// One column of what a sink has committed.
    pub(crate) fn column(&self, sink: &str, column: &str) -> Vec<serde_json::Value> {
        let rows = self.rows(sink);
        let value =
            |row: &String| serde_json::from_str::<serde_json::Value>(row).unwrap()[column].clone();
        rows.iter().map(value).collect()
    }
}

impl Drop for Rig {
    fn drop(&mut self) {
        memory::forget(&self.name);
        super::script::forget(&self.name);
    }
}
