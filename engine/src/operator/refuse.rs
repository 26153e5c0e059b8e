//! Takes the rows out of a batch that an expression could not be worked out for.

use super::{Output, RefusedRows};
use crate::batch::Batch;
use crate::error::Result;
use crate::reason::Fault;
use arrow::array::{BooleanArray, UInt32Array};
use arrow::buffer::BooleanBuffer;

impl Output {
    /// Puts the rows that the faults name on the error stream of `step`, each with its first fault, and returns which
    /// rows are left; none where all are.
    pub fn refuse_faulty(
        &mut self,
        batch: &Batch,
        mut faults: Vec<Fault>,
        step: &'static str,
    ) -> Result<Option<BooleanArray>> {
        if faults.is_empty() {
            return Ok(None);
        }
        faults.sort_by_key(|it| it.row);
        faults.dedup_by_key(|it| it.row);
        let places = UInt32Array::from_iter_values(faults.iter().map(|it| it.row));
        let mut sound = vec![true; batch.rows()];
        for (place, fault) in (0..).zip(&mut faults) {
            sound[fault.row as usize] = false;
            fault.row = place;
        }
        self.refuse(RefusedRows { rows: batch.take(&places)?, faults, step });
        Ok(Some(BooleanArray::new(BooleanBuffer::from(sound), None)))
    }
}
