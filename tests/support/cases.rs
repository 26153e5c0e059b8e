//! `expression => JSON` and `expression => error REASON`.

use super::markdown::Section;
use arrow::array::RecordBatch;
use dsl::types::Column;
use engine::expr::Program;
use engine::operator::Frame;
use engine::types::schema;
use weir::registry::Registry;
use weir::testing::typed_json;

/// Checks every case of a section.
pub(crate) fn check(section: &Section) -> Vec<String> {
    let mut wrong = Vec::new();
    for block in section.own.iter().filter(|it| it.kind() == "cases") {
        for (i, line) in block.text.lines().enumerate().filter(|(_, it)| !it.trim().is_empty()) {
            let at = block.line + 1 + i;
            match line.rsplit_once(" => ") {
                None => wrong.push(format!("line {at}: a case is written `expression => value`")),
                Some((text, wanted)) => {
                    let found = evaluate(text.trim()).unwrap_or_else(|it| it);
                    if !same(&found, wanted.trim()) {
                        wrong.push(format!("line {at}: {text} => {found}"));
                    }
                }
            }
        }
    }
    wrong
}

/// Whether both say the same: blanks and the form of an exponent aside.
pub(crate) fn same(found: &str, wanted: &str) -> bool {
    let value = |it: &str| serde_json::from_str::<serde_json::Value>(it).ok();
    found == wanted || value(found).is_some_and(|it| Some(it) == value(wanted))
}

/// The value of an expression without columns, as JSON; or why there is none.
pub(crate) fn evaluate(text: &str) -> Result<String, String> {
    let report = |found: Vec<dsl::diagnostic::Diagnostic>| {
        found.iter().map(|it| format!("{}: {}", it.code, it.message)).collect::<Vec<_>>().join("; ")
    };
    let expr = dsl::parse::expression(text)
        .and_then(|it| dsl::check::expression(&it, &[], &Registry))
        .map_err(report)?;
    let program = Program::compile(&expr, &[]).map_err(|it| it.to_string())?;
    let frame = Frame { columns: &[], times: &[0], meta: None };
    let evaluated = program.evaluate(&frame).map_err(|it| it.to_string())?;
    if let Some(fault) = evaluated.faults.first() {
        return Err(format!("error {}", fault.reason));
    }
    let columns = [Column::new("value", expr.typed.ty.clone().nullable())];
    let batch = RecordBatch::try_new(schema(&columns), vec![evaluated.values]);
    let rows = typed_json(&[batch.map_err(|it| it.to_string())?], &columns);
    let value = rows.map_err(|it| it.to_string())?.remove(0)["value"].take();
    // JSON has no word for a float that is no number; the golden files write one.
    Ok(match (value, not_finite(&program)) {
        (serde_json::Value::Null, Some(word)) => format!("\"{word}\""),
        (value, _) => value.to_string(),
    })
}

/// What a float that is no number is called.
fn not_finite(program: &Program) -> Option<&'static str> {
    use arrow::array::{Array, Float64Array};
    let frame = Frame { columns: &[], times: &[0], meta: None };
    let values = program.evaluate(&frame).ok()?.values;
    let floats = values.as_any().downcast_ref::<Float64Array>()?;
    if floats.is_null(0) {
        return None;
    }
    match floats.value(0) {
        it if it.is_nan() => Some("NaN"),
        f64::INFINITY => Some("inf"),
        f64::NEG_INFINITY => Some("-inf"),
        _ => None,
    }
}
