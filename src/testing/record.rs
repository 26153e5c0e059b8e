//! Rows and constants as JSON.

use crate::registry::Registry;
use arrow::array::RecordBatch;
use dsl::plan::Args;
use dsl::types::Column;
use engine::error::{Error, Result};
use engine::vocabulary::Vocabulary;
use serde_json::Value as Json;

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
