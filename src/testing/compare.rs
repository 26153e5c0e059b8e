//! Compares rows with what a test expects: only the columns written, floats to 1e-9, a range means in.

use dsl::value::Value;
use engine::expr::json_of;
use serde_json::Value as Json;

/// How near floats have to be.
const NEAR: f64 = 1e-9;

/// What is expected of one stream.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// The rows.
    pub rows: &'a [Value],
    /// At least these, rather than exactly these.
    pub contains: bool,
}

/// What is not as expected, a line each: rows that are missing, and rows that should not be there.
pub fn differences(expected: Expected<'_>, found: &[Json]) -> Vec<String> {
    let mut left: Vec<&Json> = found.iter().collect();
    let mut lines = Vec::new();
    for row in expected.rows {
        match left.iter().position(|it| fits(row, it)) {
            Some(place) => drop(left.remove(place)),
            None => lines.push(format!("missing  {}", shown(row))),
        }
    }
    if !expected.contains {
        lines.extend(left.iter().map(|it| format!("extra    {it}")));
    }
    lines
}

/// Whether a value is what is expected.
fn fits(expected: &Value, found: &Json) -> bool {
    match (expected, found) {
        (Value::Record(entries), Json::Object(_)) => {
            entries.iter().all(|(name, value)| found.get(name).is_some_and(|it| fits(value, it)))
        }
        (Value::List(values), Json::Array(elements)) => {
            values.len() == elements.len() && values.iter().zip(elements).all(|(a, b)| fits(a, b))
        }
        (Value::Range(low, high), found) => {
            let ends = |end: &Option<Box<Value>>, order: std::cmp::Ordering| {
                end.as_ref().is_none_or(|it| {
                    compare(&json_of(it), found).is_some_and(|found| found != order)
                })
            };
            // The low end is not above what was found, the high end not below.
            ends(low, std::cmp::Ordering::Greater) && ends(high, std::cmp::Ordering::Less)
        }
        (expected, found) => same(&json_of(expected), found),
    }
}

fn same(expected: &Json, found: &Json) -> bool {
    match (expected.as_f64(), found.as_f64()) {
        (Some(a), Some(b)) => (a - b).abs() <= NEAR * a.abs().max(b.abs()).max(1.0),
        _ => expected == found,
    }
}

fn compare(expected: &Json, found: &Json) -> Option<std::cmp::Ordering> {
    match (expected, found) {
        (Json::String(a), Json::String(b)) => Some(a.cmp(b)),
        (a, b) => a.as_f64()?.partial_cmp(&b.as_f64()?),
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::Record(entries) => {
            let entries: Vec<_> = entries
                .iter()
                .map(|(name, value)| format!("\"{name}\":{}", shown(value)))
                .collect();
            format!("{{{}}}", entries.join(","))
        }
        Value::Range(..) => value.to_string(),
        other => json_of(other).to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_written_columns_count_and_ranges_mean_in() {
        let row = Value::Record(vec![
            ("a".to_owned(), Value::Int(1)),
            (
                "b".to_owned(),
                Value::Range(Some(Box::new(Value::Float(1.0))), Some(Box::new(Value::Float(2.0)))),
            ),
        ]);
        let rows = [row];
        let expected = Expected { rows: &rows, contains: false };
        assert!(differences(expected, &[json!({"a": 1, "b": 2.0, "c": "x"})]).is_empty());
        assert_eq!(differences(expected, &[json!({"a": 1, "b": 2.5})]).len(), 2);
        assert_eq!(differences(expected, &[json!({"a": null, "b": 1.5})]).len(), 2);
        assert_eq!(differences(expected, &[]), [r#"missing  {"a":1,"b":1.0..2.0}"#]);
    }
}
