//! The vocabulary of these tests: `memory`, of which some sinks and sources follow a script that makes them slow or break.

use connectors::memory::{MemorySink, MemorySource};
use dsl::catalog::{SinkPromise, SinkRule, SourcePromise, SourceRule};
use dsl::diagnostic::Diagnostic;
use dsl::plan::{Args, Flow, Schema, SinkPlan, SourcePlan};
use dsl::signature::Signature;
use dsl::span::Span;
use dsl::types::Column;
use engine::batch::Batch;
use engine::codec::Format;
use engine::error::{Error, Result};
use engine::reason::{Fault, Reason};
use engine::sink::{Committable, Finished, Prepared, Refused, Sink, SinkContext, SinkDef, Written};
use engine::source::{Polled, Position, Source, SourceContext, SourceDef, SplitName};
use engine::vocabulary::Vocabulary;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::task::Waker;
use weir::registry::Registry;

/// What goes wrong, or takes long.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Script {
    /// How often each write, prepare and finish is put off; the waker is called at once.
    pub(crate) busy: usize,
    /// Where it breaks.
    pub(crate) breaks: Option<At>,
    /// The first row of every batch cannot be written.
    pub(crate) refuses: bool,
    /// The first row of every batch is taken, and turns out not to be writable at the next call.
    pub(crate) refuses_later: bool,
    /// A row is lost at every other poll.
    pub(crate) loses: bool,
}

/// Where a source or sink breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum At {
    /// It cannot be opened.
    Open,
    /// At this write or poll, from 0.
    Call(usize),
    /// The same, by a panic.
    Panic(usize),
    /// When it gets ready for a checkpoint.
    Prepare,
    /// When it commits.
    Commit,
}

impl Script {
    /// Breaks here.
    pub(crate) fn at(at: At) -> Self {
        Self { breaks: Some(at), ..Self::default() }
    }

    /// Puts everything off so often.
    pub(crate) fn busy(busy: usize) -> Self {
        Self { busy, ..Self::default() }
    }

    /// Breaks if it is time to.
    fn go(&self, at: At) -> Result<()> {
        if let (At::Call(call), Some(At::Panic(when))) = (at, self.breaks) {
            assert!(call != when, "as the script says");
        }
        if self.breaks == Some(at) {
            return Err(Error::unavailable("as the script says"));
        }
        Ok(())
    }
}

static SCRIPTS: Mutex<BTreeMap<(String, String), Script>> = Mutex::new(BTreeMap::new());

fn scripts() -> std::sync::MutexGuard<'static, BTreeMap<(String, String), Script>> {
    SCRIPTS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Gives a source or sink of a pipeline a script.
pub(crate) fn script(pipeline: &str, name: &str, script: Script) {
    scripts().insert((pipeline.to_owned(), name.to_owned()), script);
}

pub(crate) fn forget(pipeline: &str) {
    scripts().retain(|(it, _), _| it != pipeline);
}

fn find(pipeline: &str, name: &str) -> Option<Script> {
    scripts().get(&(pipeline.to_owned(), name.to_owned())).copied()
}

/// The vocabulary.
pub(crate) struct Scripted;

impl Vocabulary for Scripted {
    fn source(&self, word: &str) -> Option<&'static dyn SourceDef> {
        if word == "memory" { Some(&ScriptedSource) } else { Vocabulary::source(&Registry, word) }
    }

    fn sink(&self, word: &str) -> Option<&'static dyn SinkDef> {
        if word == "memory" { Some(&ScriptedSink) } else { Vocabulary::sink(&Registry, word) }
    }

    fn format(&self, word: &str) -> Option<&'static dyn Format> {
        Registry.format(word)
    }

    fn shown(&self) -> &'static dyn Format {
        Registry.shown()
    }
}

struct ScriptedSource;

impl SourceRule for ScriptedSource {
    fn signature(&self) -> &Signature {
        MemorySource.signature()
    }

    fn columns(
        &self,
        args: &Args,
        schema: Option<&Schema>,
        format: Option<&[Column]>,
        report: &mut Vec<Diagnostic>,
    ) -> Option<Vec<Column>> {
        MemorySource.columns(args, schema, format, report)
    }

    fn default_format(&self, args: &Args) -> Option<String> {
        MemorySource.default_format(args)
    }

    fn bounded(&self, args: &Args) -> bool {
        MemorySource.bounded(args)
    }

    fn promise(&self, args: &Args) -> SourcePromise {
        MemorySource.promise(args)
    }
}

impl SourceDef for ScriptedSource {
    fn captures(&self, plan: &SourcePlan) -> Vec<String> {
        MemorySource.captures(plan)
    }

    fn open(&self, plan: &SourcePlan, context: SourceContext) -> Result<Box<dyn Source>> {
        let script = find(&context.pipeline, &plan.name);
        let inner = MemorySource.open(plan, context)?;
        Ok(match script {
            None => inner,
            Some(script) => Box::new(Reading { inner, script, calls: 0, lost: 0 }),
        })
    }
}

struct Reading {
    inner: Box<dyn Source>,
    script: Script,
    calls: usize,
    lost: u64,
}

impl Source for Reading {
    fn poll(&mut self, limit: usize) -> Result<Polled> {
        self.calls += 1;
        self.lost += self.calls as u64 % 2;
        self.script.go(At::Call(self.calls - 1))?;
        self.inner.poll(limit)
    }

    fn acknowledge(&mut self, split: &SplitName, position: &Position) -> Result<()> {
        self.inner.acknowledge(split, position)
    }

    fn losses(&mut self) -> (u64, u64) {
        if self.script.loses {
            return (0, std::mem::take(&mut self.lost));
        }
        self.inner.losses()
    }

    fn close(&mut self) -> Result<()> {
        self.inner.close()
    }
}

struct ScriptedSink;

impl SinkRule for ScriptedSink {
    fn signature(&self) -> &Signature {
        MemorySink.signature()
    }

    fn default_format(&self, args: &Args) -> Option<String> {
        MemorySink.default_format(args)
    }

    fn check(&self, _: &Args, _: &Flow, _: bool, _: Span, _: &mut Vec<Diagnostic>) {}

    fn promise(&self, args: &Args) -> SinkPromise {
        MemorySink.promise(args)
    }
}

impl SinkDef for ScriptedSink {
    fn open(&self, plan: &SinkPlan, context: SinkContext) -> Result<Box<dyn Sink>> {
        let Some(script) = find(&context.pipeline, &plan.name) else {
            return MemorySink.open(plan, context);
        };
        script.go(At::Open)?;
        let waker = context.waker.clone();
        let inner = MemorySink.open(plan, context)?;
        Ok(Box::new(Writing { inner, script, waker, calls: 0, put_off: 0, refused: Vec::new() }))
    }
}

struct Writing {
    inner: Box<dyn Sink>,
    script: Script,
    waker: Waker,
    calls: usize,
    put_off: usize,
    refused: Vec<Refused>,
}

impl Writing {
    /// Whether it is put off once more.
    fn busy(&mut self) -> bool {
        if self.put_off < self.script.busy {
            self.put_off += 1;
            self.waker.wake_by_ref();
            return true;
        }
        self.put_off = 0;
        false
    }
}

impl Sink for Writing {
    fn write(&mut self, batch: &Batch) -> Result<Written> {
        if self.busy() {
            return Ok(Written::Busy);
        }
        self.calls += 1;
        self.script.go(At::Call(self.calls - 1))?;
        if !self.script.refuses && !self.script.refuses_later {
            return self.inner.write(batch);
        }
        let kept = batch.slice(1, batch.rows() - 1);
        if kept.rows() > 0 {
            self.inner.write(&kept)?;
        }
        let detail = "as the script says".to_owned();
        let faults = vec![Fault { row: 0, reason: Reason::Sink, detail, column: None }];
        if self.script.refuses {
            return Ok(Written::Taken(faults));
        }
        self.refused.push(Refused { rows: batch.clone(), faults });
        Ok(Written::Taken(Vec::new()))
    }

    fn refused(&mut self) -> Vec<Refused> {
        std::mem::take(&mut self.refused)
    }

    fn prepare(&mut self, epoch: u64) -> Result<Prepared> {
        if self.busy() {
            return Ok(Prepared::Busy);
        }
        self.script.go(At::Prepare)?;
        self.inner.prepare(epoch)
    }

    fn commit(&mut self, committable: Committable) -> Result<()> {
        self.script.go(At::Commit)?;
        self.inner.commit(committable)
    }

    fn finish(&mut self, complete: bool) -> Result<Finished> {
        if self.busy() {
            return Ok(Finished::Busy);
        }
        self.inner.finish(complete)
    }

    fn bytes(&self) -> usize {
        self.inner.bytes()
    }

    fn unwritten(&self) -> u64 {
        self.inner.unwritten() + self.refused.len() as u64
    }
}
