//! Compares rows with what a test expects: only the columns written, floats to 1e-9, a range means in; and in the order
//! that the rows of the stream have.
//!
//! An expected row may fit several rows that came out, so rows are matched as a whole: first which row can stand for
//! which, whatever their order, then whether that can be done in order, too.

mod matching;

use super::order::Order;
use dsl::value::Value;
use engine::expr::json_of;
use matching::{InOrder, Placed, pairs};
use serde_json::Value as Json;
use std::collections::BTreeMap;

/// How near floats have to be.
const NEAR: f64 = 1e-9;

/// What is expected of one stream.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// The rows.
    pub rows: &'a [Value],
    /// At least these, rather than exactly these.
    pub contains: bool,
    /// Which of them have to come in the order written.
    pub order: &'a Order,
}

/// What is not as expected, a line each: rows that are missing, and rows that should not be there; if there are none,
/// rows whose order is another one.
pub fn differences(expected: Expected<'_>, found: &[Json]) -> Vec<String> {
    let fitting: Vec<Vec<usize>> = expected
        .rows
        .iter()
        .map(|row| (0..found.len()).filter(|&i| fits(row, &found[i])).collect())
        .collect();
    let pairs = pairs(&fitting, found.len());
    let missing = expected.rows.iter().zip(&pairs).filter(|(_, pair)| pair.is_none());
    let mut lines: Vec<String> =
        missing.map(|(row, _)| format!("missing  {}", shown(row))).collect();
    if !expected.contains {
        let extra = (0..found.len()).filter(|i| !pairs.contains(&Some(*i)));
        lines.extend(extra.map(|i| format!("extra    {}", found[i])));
    }
    match expected.order {
        Order::Of(keys) if lines.is_empty() => disorder(expected, keys, &fitting, found),
        _ => lines,
    }
}

/// Says how the rows of each key stand, where that is not the order expected.
fn disorder(
    expected: Expected<'_>,
    keys: &[String],
    fitting: &[Vec<usize>],
    found: &[Json],
) -> Vec<String> {
    let mut numbers: BTreeMap<String, usize> = BTreeMap::new();
    let groups: Vec<usize> = found
        .iter()
        .map(|row| {
            let key: Json = keys.iter().map(|it| row[it].clone()).collect();
            let next = numbers.len();
            *numbers.entry(key.to_string()).or_insert(next)
        })
        .collect();
    let columns = keys.iter().map(|it| format!("`{it}`")).collect::<Vec<_>>().join(", ");
    let row = match InOrder::new(fitting, &groups, numbers.len(), expected.contains).place() {
        Placed::All => return Vec::new(),
        Placed::Unclear => {
            return vec![format!("rows cannot be told apart: write {columns} in each of them")];
        }
        Placed::UpTo(row) => row,
    };
    let of_one_key = |i: &usize| fitting[row].iter().any(|it| groups[*it] == groups[*i]);
    let which = if keys.is_empty() { String::new() } else { format!(" of one {columns}") };
    let mut lines = vec![format!("in another order; rows{which} came out like this:")];
    lines.extend((0..found.len()).filter(of_one_key).map(|i| format!("came     {}", found[i])));
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
mod tests;
