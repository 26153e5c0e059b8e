//! How the steps of a vocabulary are written, for help lines. The language knows no word by its name, so each is told
//! from what it takes and, where an example is needed, from its own.

use super::{Catalog, StepContext};
use crate::plan::{Args, Flow};
use crate::signature::{Kind, Param, Place, Presence, Signature, Takes, TypeClass};
use crate::span::Span;
use crate::types::{Column, Type};

/// The usual words; one that a vocabulary does not have is `STEP` or `NAME(…)`.
#[derive(Clone, Debug)]
pub(crate) struct Words {
    /// Keeps rows: `where`.
    pub(crate) keep: String,
    /// Adds columns to a row: `extend`.
    pub(crate) add: String,
    /// Leaves its items and nothing else: `select`.
    pub(crate) choose: String,
    /// Takes columns away: `drop`.
    pub(crate) drop: String,
    /// Gives columns other names: `rename`.
    pub(crate) rename: String,
    /// Groups rows: `window tumbling(1m)`.
    pub(crate) group: String,
    /// Makes results of groups: `aggregate`.
    pub(crate) aggregate: String,
    /// Judges readings: `detect`.
    pub(crate) detect: String,
    /// Keeps one row of each key: `dedupe`.
    pub(crate) once: String,
    /// What brings rows: `file(path: "a.jsonl")`.
    pub(crate) source: String,
    /// What takes rows: `file(path: "a.jsonl")`.
    pub(crate) sink: String,
}

impl Default for Words {
    fn default() -> Self {
        let step = || "STEP".to_owned();
        let call = || "NAME(…)".to_owned();
        Self {
            keep: step(),
            add: step(),
            choose: step(),
            drop: step(),
            rename: step(),
            group: step(),
            aggregate: step(),
            detect: step(),
            once: step(),
            source: call(),
            sink: call(),
        }
    }
}

impl Words {
    /// The words of a vocabulary.
    pub(crate) fn of(catalog: &dyn Catalog) -> Self {
        let signatures = catalog.signatures();
        let step = |holds: &dyn Fn(&Signature) -> bool| {
            let mut steps = signatures.iter().filter(|it| it.kind == Kind::Step);
            let found = steps.find(|it| holds(it));
            found.map_or_else(|| "STEP".to_owned(), |it| it.name.to_owned())
        };
        let call = |kind: Kind| {
            let found = signatures.iter().find(|it| it.kind == kind);
            found.map_or_else(|| "NAME(…)".to_owned(), |it| example(it))
        };
        let takes = |it: &Signature, wanted: &Takes| it.params.iter().any(|it| it.takes == *wanted);
        let condition = Takes::Expr(TypeClass::Is(Type::Bool));
        let makes = |it: &Signature| takes(it, &Takes::Items);
        let keeps = |it: &Signature| keeps_columns(catalog, it.name);
        let group = step(&|it| takes(it, &Takes::Word(Kind::Window)));
        Self {
            keep: step(&|it| takes(it, &condition)),
            add: step(&|it| makes(it) && keeps(it)),
            choose: step(&|it| makes(it) && !keeps(it)),
            drop: step(&|it| it.positional().any(names_columns)),
            rename: step(&|it| takes(it, &Takes::Renames)),
            group: format!("{group} {}", call(Kind::Window)),
            aggregate: step(&|it| takes(it, &Takes::Aggregates)),
            detect: step(&|it| takes(it, &Takes::Detectors)),
            once: step(&|it| {
                let key = |it: &Param| it.place == Place::Option && names_columns(it);
                it.params.iter().any(|it| key(it) && it.presence == Presence::Required)
            }),
            source: call(Kind::Source),
            sink: call(Kind::Sink),
        }
    }
}

fn names_columns(param: &Param) -> bool {
    matches!(param.takes, Takes::Column | Takes::Columns)
}

/// Whether a row keeps its columns in a step that is given no items.
fn keeps_columns(catalog: &dyn Catalog, step: &str) -> bool {
    let columns = vec![Column::new("x", Type::Int.required())];
    let input = Flow { columns, meta: false, window: None, updates: false, key: None };
    let (args, span) = (Args::default(), Span::default());
    let context = StepContext { input: &input, args: &args, span };
    catalog.step(step).is_some_and(|it| it.flow(context, &mut Vec::new()) == input)
}

/// A call of the word out of its own examples, if there is a short one.
fn example(signature: &Signature) -> String {
    const LONGEST: usize = 40;
    let begin = format!("{}(", signature.name);
    let calls = signature.examples.iter().filter_map(|it| {
        let call = &it.source[it.source.find(&begin)?..];
        Some(&call[..=call.find(')')?])
    });
    let mut short = calls.filter(|it| it.len() <= LONGEST && !it.contains('\n'));
    short.next().map_or_else(|| format!("{}(…)", signature.name), str::to_owned)
}
