//! Rows that the schema refuses, as they are shown to whoever reads the error stream.

use super::conform::Conform;
use super::types::natural;
use crate::formats::json;
use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions, UInt32Array};
use arrow::compute::take;
use arrow::datatypes::Schema;
use bytes::Bytes;
use dsl::plan::Field;
use dsl::types::Column;
use engine::codec::Encoder;
use engine::error::Result;
use engine::reason::{Fault, RejectedPayload};
use engine::types::schema;

/// Writes refused rows as JSON, with the columns that were read of them.
pub(super) struct Refusals {
    /// Which of the columns of the file that were read can be shown.
    shown: Vec<usize>,
    conforms: Vec<Conform>,
    columns: Vec<Column>,
    encoder: Box<dyn Encoder>,
}

impl Refusals {
    /// For the columns of the file that are read.
    pub(super) fn new(read: &Schema) -> Result<Refusals> {
        let (mut shown, mut columns, mut conforms) = (Vec::new(), Vec::new(), Vec::new());
        for (i, field) in read.fields().iter().enumerate() {
            if let Some(ty) = natural(field.data_type()) {
                let column = Column::new(field.name(), ty.nullable());
                shown.push(i);
                conforms.push(Conform::new(&Field::plain(&column))?);
                columns.push(column);
            }
        }
        let encoder = json::shown(&columns)?;
        Ok(Refusals { shown, conforms, columns, encoder })
    }

    /// The rows of these faults, which are in order.
    pub(super) fn describe(
        &mut self,
        read: &[ArrayRef],
        faults: Vec<Fault>,
    ) -> Result<Vec<RejectedPayload>> {
        let places = UInt32Array::from_iter_values(faults.iter().map(|it| it.row));
        let mut arrays = Vec::new();
        for (i, conform) in self.shown.iter().zip(&self.conforms) {
            arrays.push(conform.apply(&take(&read[*i], &places, None)?)?.0);
        }
        let options = RecordBatchOptions::new().with_row_count(Some(places.len()));
        let rows = RecordBatch::try_new_with_options(schema(&self.columns), arrays, &options)?;
        let (mut bytes, mut ends) = (Vec::new(), Vec::new());
        self.encoder.encode(&rows, &mut bytes, &mut ends)?;
        let (bytes, mut start) = (Bytes::from(bytes), 0);
        let mut refused = Vec::with_capacity(faults.len());
        for (i, fault) in faults.into_iter().enumerate() {
            let end = ends.get(i).copied().unwrap_or(start);
            let before = fault.row - i as u32;
            refused.push(RejectedPayload { fault, payload: bytes.slice(start..end), before });
            start = end;
        }
        Ok(refused)
    }
}
