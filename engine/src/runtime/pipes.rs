//! Runs the pipes of a stage in one task: rows go from step to step by function calls, round by round.
//!
//! ```text
//!  rows of the round ─► step 1 ─► step 2 ─► …        every step sees all rows of the round,
//!  mark behind them  ─► step 1 ─► step 2 ─► …        then what step 1 set free, then its watermark
//! ```

use super::delivery::{Mark, Piece};
use super::published::PipeNotes;
use crate::codec::Encoder;
use crate::error::Result;
use crate::graph::{Pipe, Stage, Tap};
use crate::ledger::StreamCount;
use crate::operator::{Operator, Output};
use crate::reason::Fault;
use crate::side::{self, Samples};
use crate::snapshot::{Section, SectionId};
use crate::time::{Micros, Timestamp, Watermark};
use crate::types::schema;
use crate::vocabulary::Vocabulary;
use crate::watermark::Activity;
use arrow::datatypes::SchemaRef;
use dsl::plan::{Args, Side, StepPlan};
use dsl::types::Column;

/// How often it is looked how much state the steps keep, by the clock.
const MEASURED_EVERY: Micros = 1_000_000;

/// The pipes of a stage, running.
pub(super) struct Pipes {
    running: Vec<RunningPipe>,
    /// What came out of each pipe in this round.
    flows: Vec<FlowOut>,
    pub(super) samples: Samples,
    /// When the state of the steps is measured next.
    measured: Timestamp,
}

struct RunningPipe {
    owner: String,
    from: Tap,
    opens: bool,
    closes: bool,
    operators: Vec<RunningOperator>,
    /// The phase of rows that the first step's watermark sets free.
    base: u32,
    count: StreamCount,
    notes: PipeNotes,
    /// Which of its side streams are read.
    sides: Vec<Side>,
}

struct RunningOperator {
    id: String,
    operator: Box<dyn Operator>,
    clocked: bool,
    shown: Box<dyn Encoder>,
    /// Results of a window that could not be worked out are refused with the columns they have by then.
    results: Option<(SchemaRef, Box<dyn Encoder>)>,
}

/// What came out of a pipe in a round.
#[derive(Default)]
pub(super) struct FlowOut {
    pub(super) main: Vec<Piece>,
    pub(super) errors: Vec<Piece>,
    pub(super) late: Vec<Piece>,
    /// The watermark in front of the pipe and behind it.
    pub(super) before: Watermark,
    pub(super) after: Watermark,
}

impl FlowOut {
    /// The rows on one of the pipe's outputs.
    pub(super) fn side(&self, side: Side) -> &[Piece] {
        match side {
            Side::Main => &self.main,
            Side::Errors => &self.errors,
            Side::Late => &self.late,
        }
    }

    /// The watermark on one of the pipe's outputs.
    pub(super) fn watermark(&self, side: Side) -> Watermark {
        match side {
            // Any step may refuse rows, those behind a window too, and their time is behind what came into the pipe.
            Side::Main | Side::Errors => self.after,
            Side::Late => self.before,
        }
    }
}

/// Which side streams of a stage's pipes are read, by pipe and side.
pub(super) type ReadSides = std::collections::BTreeSet<(usize, Side)>;

impl Pipes {
    /// Builds the operators of a stage. `base` is the greatest phase of the rows that come in.
    pub(super) fn new(
        stage: &Stage,
        base: u32,
        read: &ReadSides,
        vocabulary: &dyn Vocabulary,
    ) -> Result<Self> {
        let mut pipes: Vec<RunningPipe> = Vec::with_capacity(stage.pipes.len());
        for (i, pipe) in stage.pipes.iter().enumerate() {
            let base = match pipe.from {
                Tap::Input => base,
                Tap::Pipe(parent, side) => pipes[parent].top(side),
            };
            let sides = [Side::Errors, Side::Late].into_iter();
            pipes.push(RunningPipe {
                owner: pipe.owner.clone(),
                from: pipe.from,
                opens: pipe.opens,
                closes: pipe.closes,
                operators: running(pipe, vocabulary)?,
                base,
                count: StreamCount::default(),
                notes: PipeNotes::default(),
                sides: sides.filter(|side| read.contains(&(i, *side))).collect(),
            });
        }
        let flows = pipes.iter().map(|_| FlowOut::default()).collect();
        Ok(Self { running: pipes, flows, samples: Samples::default(), measured: i64::MIN })
    }

    /// Runs a round: `errors` are rows that were refused before the first pipe.
    pub(super) fn run(&mut self, input: &[Piece], errors: &[Piece], mark: &Mark) -> Result<()> {
        for i in 0..self.running.len() {
            let (pieces, watermark) = match self.running[i].from {
                Tap::Input => (input.to_vec(), mark.reached.watermark),
                Tap::Pipe(parent, side) => {
                    let flow = &self.flows[parent];
                    (flow.side(side).to_vec(), flow.watermark(side))
                }
            };
            let mut out = self.running[i].run(pieces, watermark, mark.clock, &mut self.samples)?;
            if i == 0 {
                out.errors.extend_from_slice(errors);
            }
            self.flows[i] = out;
        }
        if mark.clock > self.measured || mark.last.is_some() {
            self.measured = mark.clock.saturating_add(MEASURED_EVERY);
            self.running.iter_mut().for_each(RunningPipe::measure);
        }
        Ok(())
    }

    /// Rows were refused before the first pipe.
    pub(super) fn note<'a>(&mut self, faults: impl IntoIterator<Item = &'a Fault>) {
        if let Some(first) = self.running.first_mut() {
            first.notes.reasons.add(faults);
        }
    }

    /// Tells the notes of each pipe.
    pub(super) fn tell(&self, notes: &mut Vec<PipeNotes>) {
        notes.resize_with(self.running.len(), PipeNotes::default);
        notes.iter_mut().zip(&self.running).for_each(|(told, it)| told.clone_from(&it.notes));
    }

    /// What came out of each pipe in the last round.
    pub(super) fn flows(&self) -> &[FlowOut] {
        &self.flows
    }

    /// Lets go of the rows of the last round.
    pub(super) fn clear(&mut self) {
        for flow in &mut self.flows {
            *flow = FlowOut { before: flow.before, after: flow.after, ..FlowOut::default() };
        }
    }

    /// The counters of each pipe since the start, or since they were last taken.
    pub(super) fn counts(&self) -> Vec<StreamCount> {
        self.running.iter().map(|it| it.count.clone()).collect()
    }

    /// The same, and they begin anew.
    pub(super) fn take_counts(&mut self) -> Vec<StreamCount> {
        self.running.iter_mut().map(|it| std::mem::take(&mut it.count)).collect()
    }

    /// The state of every operator, by its id.
    pub(super) fn snapshot(&mut self) -> Result<Vec<(String, Section)>> {
        let mut sections = Vec::new();
        for operator in self.running.iter_mut().flat_map(|it| &mut it.operators) {
            for section in operator.operator.snapshot()?.sections()? {
                sections.push((operator.id.clone(), section));
            }
        }
        Ok(sections)
    }

    /// Takes state back: that of the key groups which `owns` says, and what belongs to no key.
    pub(super) fn restore(
        &mut self,
        sections: &[(String, Section)],
        owns: impl Fn(u16) -> bool,
    ) -> Result<()> {
        for operator in self.running.iter_mut().flat_map(|it| &mut it.operators) {
            for (id, section) in sections {
                let mine = match section.id {
                    SectionId::Unkeyed => true,
                    SectionId::Group(group) => owns(group),
                };
                if *id == operator.id && mine {
                    operator.operator.restore(section.clone())?;
                }
            }
        }
        Ok(())
    }

    /// Tells every step the watermark again that it had when its state was saved.
    pub(super) fn restore_watermark(&mut self, watermark: Watermark) -> Result<()> {
        self.run(&[], &[], &Mark::bare(watermark, Activity::Waiting))
    }
}

/// The operators of a pipe.
fn running(pipe: &Pipe, vocabulary: &dyn Vocabulary) -> Result<Vec<RunningOperator>> {
    let build = |steps: &Vec<StepPlan>| -> Result<RunningOperator> {
        let first = &steps[0];
        let def = crate::graph::operator(&first.verb)?;
        Ok(RunningOperator {
            id: first.id.clone(),
            operator: def.build(steps).map_err(|error| error.at(&pipe.owner))?,
            clocked: def.clocked(first),
            shown: shown(&first.input.columns, vocabulary)?,
            results: results(steps, vocabulary)?,
        })
    };
    pipe.operators.iter().map(build).collect()
}

/// What a result of a window has before its aggregates: the keys and the window.
fn results(
    steps: &[StepPlan],
    vocabulary: &dyn Vocabulary,
) -> Result<Option<(SchemaRef, Box<dyn Encoder>)>> {
    let [_, .., last] = steps else { return Ok(None) };
    let columns = &last.output.columns;
    let end = columns.iter().position(|it| it.name == "window").map_or(0, |it| it + 1);
    Ok(Some((schema(&columns[..end]), shown(&columns[..end], vocabulary)?)))
}

/// Writes rows as people are shown them.
pub(super) fn shown(columns: &[Column], vocabulary: &dyn Vocabulary) -> Result<Box<dyn Encoder>> {
    vocabulary.shown().encoder(&Args::default(), columns)
}

/// The greatest phase of rows on a side of a pipe with so many operators, where `base` is that of the rows that come in.
///
/// On the side streams of a pipe, what the first step puts there comes first, then what the next one does: as it is with
/// one task.
pub(super) fn top(base: u32, operators: usize, side: Side) -> u32 {
    let main = base.saturating_add(operators as u32);
    match side {
        Side::Main => main,
        Side::Errors | Side::Late => aside(operators.saturating_sub(1), main, main),
    }
}

/// The phase on a side stream of rows that a step puts there in a phase of its own; no row is in a phase above `main`.
fn aside(operator: usize, phase: u32, main: u32) -> u32 {
    main.saturating_add(1).saturating_mul(operator as u32).saturating_add(phase)
}

impl RunningPipe {
    /// Looks how much state the steps keep.
    fn measure(&mut self) {
        let bytes = self.operators.iter().map(|it| it.operator.bytes() as u64);
        self.notes.state.clear();
        self.notes.state.extend(bytes);
    }

    fn top(&self, side: Side) -> u32 {
        top(self.base, self.operators.len(), side)
    }

    fn run(
        &mut self,
        mut pieces: Vec<Piece>,
        watermark: Watermark,
        clock: Timestamp,
        samples: &mut Samples,
    ) -> Result<FlowOut> {
        let rows = |pieces: &[Piece]| pieces.iter().map(|it| it.batch.rows() as i64).sum::<i64>();
        if self.opens {
            self.count.input += rows(&pieces);
        }
        let mut flow = FlowOut { before: watermark, after: watermark, ..FlowOut::default() };
        for i in 0..self.operators.len() {
            let phase = self.base.saturating_add(i as u32 + 1);
            let mut next = Vec::with_capacity(pieces.len());
            for piece in pieces {
                let mut out = Output::default();
                let operator = &mut self.operators[i].operator;
                operator.on_batch(0, piece.batch, &mut out).map_err(|it| it.at(&self.owner))?;
                self.collect(i, piece.phase, out, &mut next, &mut flow, samples)?;
            }
            let operator = &mut self.operators[i];
            let mut out = Output::default();
            let handed_on = operator.operator.on_watermark(flow.after, &mut out);
            flow.after = handed_on.map_err(|it| it.at(&self.owner))?;
            self.collect(i, phase, out, &mut next, &mut flow, samples)?;
            let operator = &mut self.operators[i];
            if operator.clocked && clock != i64::MIN {
                let mut out = Output::default();
                operator.operator.on_clock(clock, &mut out).map_err(|it| it.at(&self.owner))?;
                self.collect(i, phase, out, &mut next, &mut flow, samples)?;
            }
            pieces = next;
        }
        if self.closes {
            self.count.out += rows(&pieces);
        }
        flow.main = pieces;
        Ok(flow)
    }

    /// Takes what an operator put out: rows to the next step, the others to their side streams.
    fn collect(
        &mut self,
        operator: usize,
        phase: u32,
        out: Output,
        next: &mut Vec<Piece>,
        flow: &mut FlowOut,
        samples: &mut Samples,
    ) -> Result<()> {
        self.count += &out.account;
        next.extend(out.batches.into_iter().map(|batch| Piece { phase, batch }));
        let aside = aside(operator, phase, self.top(Side::Main));
        let running = &mut self.operators[operator];
        for refused in &out.refused {
            self.notes.reasons.add(&refused.faults);
            let shown = match &mut running.results {
                Some((schema, shown)) if *schema == refused.rows.columns.schema() => &mut **shown,
                _ => &mut *running.shown,
            };
            if self.sides.contains(&Side::Errors) {
                flow.errors.push(Piece { phase: aside, batch: side::refused(refused, shown)? });
            } else {
                samples.refused(&self.owner, refused, shown)?;
            }
        }
        let shown = &mut *running.shown;
        for late in &out.late {
            self.notes.late(late);
            if self.sides.contains(&Side::Late) {
                flow.late.push(Piece { phase: aside, batch: side::late(late)? });
            } else {
                samples.late(&self.owner, late, shown)?;
            }
        }
        Ok(())
    }
}
