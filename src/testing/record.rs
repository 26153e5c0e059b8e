//! Rows and constants as JSON.

use crate::registry::Registry;
use arrow::array::RecordBatch;
use dsl::plan::Args;
use dsl::types::Column;
use dsl::value::{Value, format_duration};
use engine::error::{Error, Result};
use engine::time::format_timestamp;
use engine::vocabulary::Vocabulary;
use serde_json::{Map, Value as Json};

/// A constant as a row of a test writes it, as JSON; ranges have none.
pub fn json_of(value: &Value) -> Json {
    match value {
        Value::Null | Value::Range(..) => Json::Null,
        Value::Bool(it) => Json::Bool(*it),
        Value::Int(it) => Json::from(*it),
        Value::Float(it) => Json::from(*it),
        Value::String(it) => Json::String(it.clone()),
        Value::Timestamp(it) => Json::String(format_timestamp(*it)),
        Value::Date(it) => {
            let day = format_timestamp(i64::from(*it) * 86_400_000_000);
            Json::String(day.chars().take_while(|it| *it != 'T').collect())
        }
        Value::Duration(it) => Json::String(format_duration(*it)),
        Value::Size(it) => Json::from(*it),
        Value::Rate { amount, .. } => Json::from(*amount),
        Value::List(values) => values.iter().map(json_of).collect(),
        Value::Record(entries) => Json::Object(
            entries.iter().map(|(k, v)| (k.clone(), json_of(v))).collect::<Map<_, _>>(),
        ),
    }
}

/// Rows as JSON, as a sink would write them.
pub fn typed_json(batches: &[RecordBatch], columns: &[Column]) -> Result<Vec<Json>> {
    let mut encoder = Registry.shown().encoder(&Args::default(), columns)?;
    let mut rows = Vec::new();
    for batch in batches {
        let (mut bytes, mut ends) = (Vec::new(), Vec::new());
        encoder.encode(batch, &mut bytes, &mut ends)?;
        let starts = std::iter::once(0).chain(ends.iter().copied());
        for (start, end) in starts.zip(ends.iter().copied()) {
            rows.push(serde_json::from_slice(&bytes[start..end]).map_err(|error| {
                Error::bug("a row is written as what is not JSON").because(error)
            })?);
        }
    }
    Ok(rows)
}
