//! How a plan will run, for people and scripts: operators, keys, what crosses between tasks, watermarks, side streams,
//! and what each path from a source to a sink can promise, and why.

mod dot;
mod text;

pub use dot::dot;
pub use text::text;

use crate::error::{Error, Result};
use crate::graph::{Cut, Graph, StageKind, build};
use crate::operators;
use crate::vocabulary::Vocabulary;
use dsl::catalog::Guarantee;
use dsl::plan::{FromPlan, Input, Plan, Side, SourcePlan, StepPlan};
use dsl::span::SourceFile;
use serde::Serialize;

/// How a plan will run.
#[derive(Clone, Debug, Serialize)]
pub struct Explanation {
    /// Its sources.
    pub sources: Vec<SourceLine>,
    /// Its streams and sinks, each behind what it reads.
    pub streams: Vec<StreamLine>,
    /// Every path from a source to a sink.
    pub paths: Vec<PathLine>,
    /// Every side stream, and who reads it.
    pub sides: Vec<SideLine>,
}

/// A source.
#[derive(Clone, Debug, Serialize)]
pub struct SourceLine {
    /// Its name.
    pub name: String,
    /// The connector.
    pub connector: String,
    /// The format, if it has one.
    pub format: Option<String>,
    /// Whether its input ends by itself.
    pub bounded: bool,
    /// How its watermark goes on.
    pub watermark: String,
    /// The columns that are decoded, and how many there are.
    pub decoded: Vec<String>,
    /// All that the source has.
    pub columns: usize,
}

/// A stream or sink.
#[derive(Clone, Debug, Serialize)]
pub struct StreamLine {
    /// Its name.
    pub name: String,
    /// `stream` or `sink`.
    pub kind: &'static str,
    /// What it reads.
    pub from: Vec<String>,
    /// How several inputs meet: `union`, `concat`.
    pub meets: Option<String>,
    /// Its steps.
    pub steps: Vec<StepLine>,
    /// The connector, where it is a sink.
    pub connector: Option<String>,
    /// The columns it puts out: name and type.
    pub columns: Vec<String>,
}

/// A step.
#[derive(Clone, Debug, Serialize)]
pub struct StepLine {
    /// Its id, under which its state is saved.
    pub id: String,
    /// The verb.
    pub verb: String,
    /// What rows have to meet by; none: it works on rows each by itself.
    pub by: Option<Vec<String>>,
    /// Whether rows cross to other tasks in front of it.
    pub crosses: bool,
    /// What it does to the watermark.
    pub watermark: Option<String>,
}

/// What a path can promise across a crash.
#[derive(Clone, Debug, Serialize)]
pub struct PathLine {
    /// The names from source to sink.
    pub through: Vec<String>,
    /// `at most once`, `at least once`, `exactly once`.
    pub guarantee: String,
    /// Why.
    pub reason: String,
}

/// A side stream.
#[derive(Clone, Debug, Serialize)]
pub struct SideLine {
    /// `NAME.errors`, `NAME.late`
    pub name: String,
    /// Who reads it.
    pub readers: Vec<String>,
}

/// Explains a plan; constants may still be open.
pub fn explain(plan: &Plan, vocabulary: &dyn Vocabulary) -> Result<Explanation> {
    let graph = build(plan)?;
    let sources = plan.sources.iter().enumerate().map(|(i, it)| source(i, it, &graph, &plan.file));
    let mut streams = Vec::new();
    for stream in &plan.streams {
        let (from, meets) = inputs(&stream.from);
        streams.push(StreamLine {
            name: stream.name.clone(),
            kind: "stream",
            from,
            meets,
            steps: steps(&stream.name, &stream.steps, &graph)?,
            connector: None,
            columns: stream.columns.iter().map(|it| format!("{}: {}", it.name, it.typed)).collect(),
        });
    }
    for sink in &plan.sinks {
        let (from, meets) = inputs(&sink.from);
        let connector = match &sink.format {
            Some(format) => format!("{}, {}", sink.connector.word, format.word),
            None => sink.connector.word.clone(),
        };
        streams.push(StreamLine {
            name: sink.name.clone(),
            kind: "sink",
            from,
            meets,
            steps: steps(&sink.name, &sink.steps, &graph)?,
            connector: Some(connector),
            columns: sink.columns.iter().map(|it| format!("{}: {}", it.name, it.typed)).collect(),
        });
    }
    Ok(Explanation {
        sources: sources.collect(),
        streams,
        paths: paths(plan, vocabulary)?,
        sides: sides(plan),
    })
}

fn inputs(from: &FromPlan) -> (Vec<String>, Option<String>) {
    let names = from.inputs().into_iter().map(ToString::to_string).collect();
    match from {
        FromPlan::One(_) => (names, None),
        FromPlan::Word(call) => (names, Some(call.word.clone())),
    }
}

fn source(index: usize, plan: &SourcePlan, graph: &Graph, file: &SourceFile) -> SourceLine {
    let decode = &graph.needs.sources[index].decode;
    let names = plan.columns.iter().zip(decode).filter(|(_, decode)| **decode);
    SourceLine {
        name: plan.name.clone(),
        connector: plan.connector.word.clone(),
        format: plan.format.as_ref().map(|it| it.word.clone()),
        bounded: plan.bounded,
        watermark: watermark(plan, file),
        decoded: names.map(|(it, _)| it.name.clone()).collect(),
        columns: plan.columns.len(),
    }
}

/// How a source's watermark goes on, in words.
fn watermark(plan: &SourcePlan, file: &SourceFile) -> String {
    let args = &plan.connector.args;
    let duration =
        |name: &str| args.opt_duration(name).ok().flatten().map(dsl::value::format_duration);
    let time = match &plan.time {
        None => "time of receipt".to_owned(),
        Some(time) => format!("`{}`", file.at(time.span)),
    };
    let behind = duration("out_of_order").unwrap_or_else(|| "0s".to_owned());
    let idle = match (plan.bounded, duration("idle")) {
        (false, Some(idle)) => format!(", idle after {idle}"),
        _ => String::new(),
    };
    format!("largest {time} of each split less {behind}{idle}")
}

fn steps(owner: &str, steps: &[StepPlan], graph: &Graph) -> Result<Vec<StepLine>> {
    let mut lines = Vec::new();
    for step in steps {
        let by = match crate::graph::operator(&step.verb)?.placement(step) {
            crate::operator::Placement::Anywhere => None,
            crate::operator::Placement::ByKey(keys) => Some(keys),
            crate::operator::Placement::Single => Some(Vec::new()),
        };
        lines.push(StepLine {
            id: step.id.clone(),
            verb: step.verb.clone(),
            crosses: by.is_some() && crosses(owner, &step.id, graph),
            by,
            watermark: step
                .args
                .opt_duration("lateness")
                .ok()
                .flatten()
                .map(|it| format!("handed on less {}", dsl::value::format_duration(it))),
        });
    }
    Ok(lines)
}

/// Whether a step stands at the beginning of a stage that rows cross to.
fn crosses(owner: &str, id: &str, graph: &Graph) -> bool {
    graph.stages.iter().filter(|it| it.kind == StageKind::Exchange).any(|stage| {
        let first = stage.pipes.iter().find(|it| it.owner == owner && !it.opens);
        first.and_then(|it| it.operators.first()).is_some_and(|it| it[0].id == id)
    })
}

fn sides(plan: &Plan) -> Vec<SideLine> {
    let mut sides = Vec::new();
    let mut add = |name: &str, side: Side| {
        let input = Input { name: name.to_owned(), side };
        let streams = plan.streams.iter().map(|it| (&it.name, &it.from));
        let sinks = plan.sinks.iter().map(|it| (&it.name, &it.from));
        let readers = streams.chain(sinks).filter(|(_, from)| from.inputs().contains(&&input));
        let readers = readers.map(|(name, _)| name.clone()).collect();
        sides.push(SideLine { name: input.to_string(), readers });
    };
    plan.sources.iter().for_each(|it| add(&it.name, Side::Errors));
    for stream in &plan.streams {
        if !stream.steps.is_empty() {
            add(&stream.name, Side::Errors);
        }
        if stream.steps.iter().any(|it| operators::finds_late_rows(&it.verb)) {
            add(&stream.name, Side::Late);
        }
    }
    plan.sinks.iter().for_each(|it| add(&it.name, Side::Errors));
    sides
}

fn paths(plan: &Plan, vocabulary: &dyn Vocabulary) -> Result<Vec<PathLine>> {
    let mut lines = Vec::new();
    for sink in &plan.sinks {
        let word = &sink.connector.word;
        let def = vocabulary.sink(word);
        let def = def.ok_or_else(|| Error::bug(format!("there is no sink `{word}`")))?;
        let promise = def.promise(&sink.connector.args);
        for mut through in back(plan, &sink.from) {
            through.push(sink.name.clone());
            let Some(source) = plan.source(through[0].trim_end_matches(".errors")) else {
                continue;
            };
            let word = &source.connector.word;
            let def = vocabulary.source(word);
            let def = def.ok_or_else(|| Error::bug(format!("there is no source `{word}`")))?;
            let from = def.promise(&source.connector.args);
            let guarantee = if from.replayable { promise.guarantee } else { Guarantee::AtMostOnce };
            let reason = format!("{}; {}", from.reason, promise.reason);
            lines.push(PathLine { through, guarantee: guarantee.to_string(), reason });
        }
    }
    Ok(lines)
}

/// Every way back to a source; names in the order of the flow.
fn back(plan: &Plan, from: &FromPlan) -> Vec<Vec<String>> {
    let mut ways = Vec::new();
    for input in from.inputs() {
        if plan.source(&input.name).is_some() {
            ways.push(vec![input.to_string()]);
            continue;
        }
        let stream = plan.stream(&input.name).map(|it| &it.from);
        let Some(before) = stream.or_else(|| plan.sink(&input.name).map(|it| &it.from)) else {
            continue;
        };
        for mut way in back(plan, before) {
            way.push(input.to_string());
            ways.push(way);
        }
    }
    ways
}

/// How rows are cut, in words.
fn cut(cut: &Cut) -> String {
    match cut {
        Cut::One => "to one task".to_owned(),
        Cut::ByKey(keys, _) => format!("by {}", keys.join(", ")),
    }
}
