//! The step `detect` over a column `v` of rows with a `key`.

use super::{Harness, args, column, columns, step};
use crate::detectors;
use crate::operator::OperatorDef;
use crate::operators;
use dsl::diagnostic::Diagnostic;
use dsl::plan::{Arg, Call, StepPlan};
use dsl::signature::Kind;
use dsl::span::Span;
use dsl::types::Type;
use dsl::value::Value;

/// The columns of the rows that are judged.
const COLUMNS: &str = "key: string?, n: int, v: float?, high: float?, low: float?";

/// The step.
pub(crate) fn detect() -> &'static dyn OperatorDef {
    let all = operators::all().iter().copied();
    all.into_iter().find(|it| it.signature().name == "detect").expect("`detect` is listed")
}

/// A detector over the column `v`.
pub(crate) fn detector(word: &str, options: &[(&'static str, Arg)]) -> Call {
    let def = detectors::get(word).expect("the detector is listed");
    let mut given = vec![("value", Arg::Expr(column("v", Type::FLOAT.nullable())))];
    given.extend(options.iter().cloned());
    let args = args(def.signature(), &given);
    Call { word: word.to_owned(), kind: Kind::Detector, args, span: Span::new(0, 0) }
}

/// An int as an argument.
pub(crate) fn int(value: i64) -> Arg {
    Arg::Value(Value::Int(value))
}

/// A float as an argument.
pub(crate) fn float(value: f64) -> Arg {
    Arg::Value(Value::Float(value))
}

/// The step with these detectors, by `key`.
pub(crate) fn detect_plan(
    detectors: Vec<(Option<&str>, Call)>,
) -> Result<StepPlan, Vec<Diagnostic>> {
    let detectors = detectors.into_iter().map(|(name, call)| (name.map(str::to_owned), call));
    let given = vec![
        ("detectors", Arg::Detectors(detectors.collect())),
        ("by", Arg::Columns(vec!["key".to_owned()])),
    ];
    step(detect(), &columns(COLUMNS), given)
}

/// Runs one unnamed detector.
pub(crate) fn detecting(call: Call) -> Harness {
    Harness::new(detect(), detect_plan(vec![(None, call)]).expect("the step is sound"))
}
