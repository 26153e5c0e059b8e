//! From plan to graph.
//!
//! Bindings are put in one after the other, each behind what it reads. A *cursor* goes along a binding's steps: a step
//! that works on rows each by itself joins the pipe where the cursor stands; one whose rows have to meet begins a new
//! stage, unless they have met already.

use super::needs::{Names, needs};
use super::turns;
use super::{Cut, Edge, Graph, Pipe, Spread, Stage, StageKind, Tap};
use crate::combinations::{self, CombinationDef, Meeting};
use crate::error::{Error, Result};
use crate::operator::{OperatorDef, Placement};
use crate::operators;
use dsl::ast::BindingKind;
use dsl::catalog::StepContext;
use dsl::check::rules;
use dsl::diagnostic::Severity;
use dsl::plan::{Arg, ExprKind, Flow, FromPlan, Input, Plan, Side, StepPlan};
use dsl::types::Column;
use std::collections::BTreeMap;

/// Spreads a closed plan over stages.
pub fn build(plan: &Plan) -> Result<Graph> {
    let graph = Graph { needs: needs(plan), ..Graph::default() };
    let mut builder = Builder { plan, graph, outputs: BTreeMap::new() };
    for i in 0..plan.sources.len() {
        builder.source(i);
    }
    for stream in &plan.streams {
        builder.binding(&stream.name)?;
    }
    for sink in &plan.sinks {
        builder.binding(&sink.name)?;
    }
    turns::check(plan, &builder.graph)?;
    Ok(builder.graph)
}

struct Builder<'a> {
    plan: &'a Plan,
    graph: Graph,
    /// Where the outputs of the bindings that stand already come out; side streams of a binding at every pipe it has.
    outputs: BTreeMap<(String, Side), Vec<Output>>,
}

/// A place where rows come out.
#[derive(Clone, Debug)]
struct Output {
    stage: usize,
    tap: Tap,
    flow: Flow,
    /// The key by which rows have met here.
    key: Option<Vec<String>>,
}

impl Builder<'_> {
    fn source(&mut self, index: usize) {
        let source = &self.plan.sources[index];
        let keep = &self.graph.needs.sources[index].keep;
        let columns = keep.iter().map(|&i| source.columns[i].clone()).collect();
        let flow = rows(columns);
        let pipe = Pipe {
            owner: source.name.clone(),
            kind: BindingKind::Source,
            from: Tap::Input,
            opens: true,
            closes: true,
            operators: Vec::new(),
            flow: flow.clone(),
        };
        let stage = self.graph.stages.len();
        self.graph.stages.push(Stage {
            kind: StageKind::Source(index),
            spread: Spread::Many,
            ports: Vec::new(),
            flow: flow.clone(),
            pipes: vec![pipe],
        });
        let main = Output { stage, tap: Tap::Pipe(0, Side::Main), flow, key: None };
        self.outputs.insert((source.name.clone(), Side::Main), vec![main]);
        self.errors(&source.name, stage, 0);
    }

    /// The error rows of a pipe are one of the places where those of its owner come out.
    fn errors(&mut self, owner: &str, stage: usize, pipe: usize) {
        let columns = rules::error_columns();
        let flow = Flow { columns, meta: false, window: None, updates: false, key: None };
        let output = Output { stage, tap: Tap::Pipe(pipe, Side::Errors), flow, key: None };
        self.outputs.entry((owner.to_owned(), Side::Errors)).or_default().push(output);
    }

    /// A stream or sink, and before it what it reads.
    fn binding(&mut self, name: &str) -> Result<()> {
        if self.outputs.contains_key(&(name.to_owned(), Side::Main)) {
            return Ok(());
        }
        let plan = self.plan;
        if let Some(stream) = plan.stream(name) {
            let first = stream.steps.first();
            let whole = first.map_or_else(|| rows(stream.columns.clone()), |it| it.input.clone());
            let start = self.start(name, BindingKind::Stream, &stream.from, whole)?;
            let end = self.steps(name, BindingKind::Stream, start, &stream.steps)?;
            self.outputs.insert((name.to_owned(), Side::Main), vec![end]);
            return Ok(());
        }
        let Some(index) = plan.sinks.iter().position(|it| it.name == name) else {
            return Err(Error::bug(format!("the plan reads `{name}` and does not have it")));
        };
        let sink = &plan.sinks[index];
        let first = sink.steps.first();
        let whole = rows(first.map_or(&sink.columns, |it| &it.input.columns).clone());
        let start = self.start(name, BindingKind::Sink, &sink.from, whole)?;
        let end = self.steps(name, BindingKind::Sink, start, &sink.steps)?;
        self.sink(index, &end)?;
        self.outputs.insert((name.to_owned(), Side::Main), vec![end]);
        Ok(())
    }

    fn sink(&mut self, index: usize, end: &Output) -> Result<()> {
        let sink = &self.plan.sinks[index];
        let all = end.flow.columns.iter().map(|it| it.name.clone()).collect();
        let stage = self.cross(end, StageKind::Sink(index), &all, Cut::One)?;
        let flow = self.graph.stages[stage].flow.clone();
        self.graph.stages[stage].pipes.push(Pipe {
            owner: sink.name.clone(),
            kind: BindingKind::Sink,
            from: Tap::Input,
            opens: false,
            closes: false,
            operators: Vec::new(),
            flow,
        });
        self.errors(&sink.name, stage, 0);
        Ok(())
    }

    /// Where the rows of a binding begin.
    fn start(
        &mut self,
        name: &str,
        kind: BindingKind,
        from: &FromPlan,
        whole: Flow,
    ) -> Result<Output> {
        let meeting = match from {
            FromPlan::Word(call) => combination(&call.word)?.meeting(),
            FromPlan::One(_) => Meeting::SideBySide,
        };
        let mut inputs = Vec::new();
        for input in from.inputs() {
            let outputs = self.output(input)?;
            if meeting == Meeting::InTurn && outputs.len() > 1 {
                inputs.push(self.together(name, kind, &outputs)?);
            } else {
                inputs.extend(outputs);
            }
        }
        if matches!(from, FromPlan::One(_)) && inputs.len() == 1 {
            return Ok(inputs.remove(0));
        }
        let meta = whole.meta && inputs.iter().all(|it| it.flow.meta);
        let wanted = self.wanted(name, 0);
        let columns = whole.columns.into_iter().filter(|it| wanted.contains(&it.name)).collect();
        let whole = Flow { columns, meta, window: None, ..whole };
        self.meet(meeting, &inputs, whole, &wanted)
    }

    /// A side stream that comes out at several places, as one: it has one turn.
    fn together(&mut self, name: &str, kind: BindingKind, outputs: &[Output]) -> Result<Output> {
        let flow = outputs[0].flow.clone();
        let all = flow.columns.iter().map(|it| it.name.clone()).collect();
        let met = self.meet(Meeting::SideBySide, outputs, flow, &all)?;
        Ok(self.pipe(name, kind, met, false))
    }

    /// A new stage where inputs meet.
    fn meet(
        &mut self,
        meeting: Meeting,
        inputs: &[Output],
        whole: Flow,
        wanted: &Names,
    ) -> Result<Output> {
        let stage = self.graph.stages.len();
        self.graph.stages.push(Stage {
            kind: StageKind::Meeting(meeting),
            spread: Spread::One,
            ports: Vec::new(),
            flow: whole.clone(),
            pipes: Vec::new(),
        });
        for input in inputs {
            self.edge(input, stage, wanted, Cut::One)?;
        }
        Ok(Output { stage, tap: Tap::Input, flow: whole, key: None })
    }

    /// Where an input comes out.
    fn output(&mut self, input: &Input) -> Result<Vec<Output>> {
        if self.plan.source(&input.name).is_none() {
            self.binding(&input.name)?;
        }
        let key = (input.name.clone(), input.side);
        self.outputs.get(&key).cloned().ok_or_else(|| {
            Error::user(format!("no step of `{}` can put anything on `{input}`", input.name))
        })
    }

    fn wanted(&self, owner: &str, step: usize) -> Names {
        self.graph.needs.steps.get(owner).and_then(|it| it.get(step)).cloned().unwrap_or_default()
    }

    /// Goes along the steps of a binding; returns where its rows come out.
    fn steps(
        &mut self,
        owner: &str,
        kind: BindingKind,
        start: Output,
        steps: &[StepPlan],
    ) -> Result<Output> {
        let mut at = self.pipe(owner, kind, start, true);
        let mut next = 0;
        while next < steps.len() {
            let def = operator(&steps[next].verb)?;
            let group = steps[next..(next + def.steps()).min(steps.len())].to_vec();
            at = match self.crossing(def.placement(&group[0]), &at) {
                Some((spread, keys)) => {
                    let cut = keys.map_or(Cut::One, |keys| Cut::ByKey(keys, Vec::new()));
                    let wanted = self.wanted(owner, next);
                    let stage = self.cross(&at, StageKind::Exchange, &wanted, cut.clone())?;
                    self.graph.stages[stage].spread = spread;
                    let flow = self.graph.stages[stage].flow.clone();
                    let key = match cut {
                        Cut::ByKey(keys, _) => Some(keys),
                        Cut::One => None,
                    };
                    let start = Output { stage, tap: Tap::Input, flow, key };
                    self.pipe(owner, kind, start, false)
                }
                None => at,
            };
            next += group.len();
            self.append(owner, def, &mut at, group)?;
        }
        let (stage, (pipe, _)) = (at.stage, place(&at)?);
        self.graph.stages[stage].pipes[pipe].closes = true;
        Ok(at)
    }

    /// A new pipe of `owner` that takes its rows from `from`; returns where they come out of it.
    fn pipe(&mut self, owner: &str, kind: BindingKind, from: Output, opens: bool) -> Output {
        let stage = &mut self.graph.stages[from.stage];
        let pipe = stage.pipes.len();
        stage.pipes.push(Pipe {
            owner: owner.to_owned(),
            kind,
            from: from.tap,
            opens,
            closes: false,
            operators: Vec::new(),
            flow: from.flow.clone(),
        });
        self.errors(owner, from.stage, pipe);
        Output { tap: Tap::Pipe(pipe, Side::Main), ..from }
    }

    /// Puts an operator at the end of a pipe.
    fn append(
        &mut self,
        owner: &str,
        def: &dyn OperatorDef,
        at: &mut Output,
        mut steps: Vec<StepPlan>,
    ) -> Result<()> {
        for step in &mut steps {
            step.input = at.flow.clone();
            step.output = flow(step)?;
            at.key = at.key.take().filter(|keys| keys.iter().all(|key| keeps(step, key)));
            at.flow = step.output.clone();
        }
        let late = def.finds_late_rows().then(|| late_flow(&steps[0].input));
        let (stage, (pipe, _)) = (at.stage, place(at)?);
        if let Some(flow) = late {
            let output = Output { stage, tap: Tap::Pipe(pipe, Side::Late), flow, key: None };
            self.outputs.insert((owner.to_owned(), Side::Late), vec![output]);
        }
        let pipe = &mut self.graph.stages[stage].pipes[pipe];
        pipe.operators.push(steps);
        pipe.flow = at.flow.clone();
        Ok(())
    }

    /// Whether rows have to cross to another stage before a step: its spread, and the key they have to meet by.
    fn crossing(&self, placement: Placement, at: &Output) -> Option<(Spread, Option<Vec<String>>)> {
        let one = self.graph.stages[at.stage].spread == Spread::One;
        match placement {
            Placement::Anywhere => None,
            Placement::ByKey(keys) if !keys.is_empty() => {
                (at.key.as_ref() != Some(&keys)).then_some((Spread::Many, Some(keys)))
            }
            Placement::ByKey(_) | Placement::Single => (!one).then_some((Spread::One, None)),
        }
    }

    /// A new stage behind `from`, to which the wanted columns cross.
    fn cross(&mut self, from: &Output, kind: StageKind, wanted: &Names, cut: Cut) -> Result<usize> {
        let stage = self.graph.stages.len();
        let flow = Flow { window: None, ..from.flow.clone() };
        self.graph.stages.push(Stage {
            kind,
            spread: Spread::One,
            ports: Vec::new(),
            flow,
            pipes: Vec::new(),
        });
        self.edge(from, stage, wanted, cut)?;
        let columns = self.graph.stages[stage].ports[0].clone();
        self.graph.stages[stage].flow.columns = columns;
        Ok(stage)
    }

    /// An edge to the next port of a stage.
    fn edge(&mut self, from: &Output, to: usize, wanted: &Names, cut: Cut) -> Result<()> {
        let all = &from.flow.columns;
        let keep: Vec<usize> = (0..all.len()).filter(|&i| wanted.contains(&all[i].name)).collect();
        let columns: Vec<Column> = keep.iter().map(|&i| all[i].clone()).collect();
        let cut = match cut {
            Cut::One => Cut::One,
            Cut::ByKey(keys, _) => {
                let at = |key: &String| columns.iter().position(|it| it.name == *key);
                let places = keys.iter().filter_map(at).collect();
                Cut::ByKey(keys, places)
            }
        };
        let (pipe, side) = place(from)?;
        let stage = &mut self.graph.stages[to];
        let port = stage.ports.len();
        stage.ports.push(columns);
        self.graph.edges.push(Edge { from: from.stage, pipe, side, to, port, keep, cut });
        Ok(())
    }
}

/// Rows of these columns, as they come from outside.
fn rows(columns: Vec<Column>) -> Flow {
    Flow { columns, meta: true, window: None, updates: false, key: None }
}

/// The pipe that rows come out of, and which of its outputs.
fn place(at: &Output) -> Result<(usize, Side)> {
    match at.tap {
        Tap::Pipe(pipe, side) => Ok((pipe, side)),
        Tap::Input => Err(Error::bug("rows that met go on before they have a pipe")),
    }
}

/// What flows out of a step over the columns that it really gets.
fn flow(step: &StepPlan) -> Result<Flow> {
    let context = StepContext { input: &step.input, args: &step.args, span: step.span };
    let mut report = Vec::new();
    let flow = operator(&step.verb)?.flow(context, &mut report);
    match report.into_iter().find(|it| it.code.severity() == Severity::Error) {
        Some(found) => Err(Error::bug(format!("`{}` lost a column: {}", step.id, found.message))),
        None => Ok(flow),
    }
}

fn late_flow(input: &Flow) -> Flow {
    let columns = input.columns.iter().cloned().chain(rules::late_columns()).collect();
    Flow { columns, meta: input.meta, window: None, updates: false, key: None }
}

/// Whether a column goes through a step unchanged.
fn keeps(step: &StepPlan, name: &str) -> bool {
    let there = step.output.columns.iter().any(|it| it.name == name);
    there
        && step.args.given.iter().all(|(_, arg)| match &arg.node {
            Arg::Items(items) => items
                .iter()
                .filter(|it| it.name == name)
                .all(|it| matches!(&it.value.kind, ExprKind::Column(column) if column == name)),
            Arg::Renames(pairs) => !pairs.iter().any(|(new, old)| new == name || old == name),
            _ => true,
        })
}

/// The operator of a verb.
pub(crate) fn operator(verb: &str) -> Result<&'static dyn OperatorDef> {
    operators::get(verb).ok_or_else(|| Error::bug(format!("there is no step `{verb}`")))
}

fn combination(word: &str) -> Result<&'static dyn CombinationDef> {
    combinations::get(word).ok_or_else(|| Error::bug(format!("there is no combination `{word}`")))
}
