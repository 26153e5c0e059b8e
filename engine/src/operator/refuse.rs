//! Takes the rows out of a batch that something could not be worked out for.

use super::{Output, RefusedRows};
use crate::batch::Batch;
use crate::error::Result;
use crate::reason::Fault;
use arrow::array::{BooleanArray, UInt32Array};
use arrow::buffer::BooleanBuffer;

impl RefusedRows {
    /// The rows of `batch` that the faults name, each with its first fault; and which rows are left.
    pub(crate) fn of(
        batch: &Batch,
        mut faults: Vec<Fault>,
        step: &'static str,
    ) -> Result<(RefusedRows, BooleanArray)> {
        faults.sort_by_key(|it| it.row);
        faults.dedup_by_key(|it| it.row);
        let places = UInt32Array::from_iter_values(faults.iter().map(|it| it.row));
        let mut sound = vec![true; batch.rows()];
        for (place, fault) in (0..).zip(&mut faults) {
            sound[fault.row as usize] = false;
            fault.row = place;
        }
        let refused = RefusedRows { rows: batch.take(&places)?, faults, step };
        Ok((refused, BooleanArray::new(BooleanBuffer::from(sound), None)))
    }
}

impl Output {
    /// Puts the rows that the faults name on the error stream of `step`, and returns which rows are left; none where
    /// all are.
    pub fn refuse_faulty(
        &mut self,
        batch: &Batch,
        faults: Vec<Fault>,
        step: &'static str,
    ) -> Result<Option<BooleanArray>> {
        if faults.is_empty() {
            return Ok(None);
        }
        let (refused, sound) = RefusedRows::of(batch, faults, step)?;
        self.refuse(refused);
        Ok(Some(sound))
    }
}
