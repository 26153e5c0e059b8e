//! The states of all calls, by slot.

use super::calls::{Arguments, Calls};
use crate::aggregate::{Column, Finished, Rows, Slot};
use crate::error::{Error, ErrorKind, Result};
use crate::key::{StateReader, StateWriter};
use crate::reason::Fault;
use crate::time::Timestamp;
use arrow::array::{ArrayRef, Int64Array};
use std::sync::Arc;

/// States by slot, a column for each call that needs one; and how many rows each slot has taken.
#[derive(Debug)]
pub(super) struct Groups {
    rows: Vec<u64>,
    columns: Vec<Box<dyn Column>>,
}

impl Clone for Groups {
    fn clone(&self) -> Self {
        Self { rows: self.rows.clone(), columns: self.columns.iter().map(|it| it.fork()).collect() }
    }
}

impl Groups {
    pub(super) fn new(columns: Vec<Box<dyn Column>>) -> Self {
        Self { rows: Vec::new(), columns }
    }

    /// How many rows a slot has taken.
    pub(super) fn rows(&self, slot: Slot) -> u64 {
        self.rows[slot as usize]
    }

    /// About how many bytes they take.
    pub(super) fn bytes(&self) -> usize {
        let columns = self.columns.iter().map(|it| it.bytes());
        self.rows.capacity() * size_of::<u64>() + columns.sum::<usize>()
    }

    /// Adds empty slots, so that there are this many.
    pub(super) fn grow(&mut self, slots: usize) {
        if slots > self.rows.len() {
            self.rows.resize(slots, 0);
            for column in &mut self.columns {
                column.grow(slots);
            }
        }
    }

    /// Makes a slot empty again.
    pub(super) fn clear(&mut self, slot: Slot) {
        self.rows[slot as usize] = 0;
        for column in &mut self.columns {
            column.clear(slot);
        }
    }

    /// Takes rows from the `from`th on, a slot each.
    pub(super) fn update(
        &mut self,
        slots: &[Slot],
        args: &Arguments,
        times: &[Timestamp],
        from: usize,
    ) -> Result<()> {
        for slot in slots {
            self.rows[*slot as usize] += 1;
        }
        for (column, args) in self.columns.iter_mut().zip(args) {
            column.update(slots, &Rows { args, times, from })?;
        }
        Ok(())
    }

    /// Merges states of later rows: pairs of (slot here, slot there).
    pub(super) fn merge(&mut self, from: &Groups, slots: &[(Slot, Slot)]) -> Result<()> {
        for &(here, there) in slots {
            self.rows[here as usize] += from.rows[there as usize];
        }
        for (column, from) in self.columns.iter_mut().zip(&from.columns) {
            column.merge(from.as_ref(), slots)?;
        }
        Ok(())
    }

    /// Merges one slot, which is that of later rows, into another.
    pub(super) fn join(&mut self, into: Slot, from: Slot) {
        self.rows[into as usize] += self.rows[from as usize];
        for column in &mut self.columns {
            column.join(into, from);
        }
    }

    /// What each call gives for these slots, and the slots for which one gives nothing, by their place.
    pub(super) fn finish(
        &self,
        calls: &Calls,
        slots: &[Slot],
    ) -> Result<(Vec<ArrayRef>, Vec<Fault>)> {
        let mut faults = Vec::new();
        let mut values = Vec::with_capacity(calls.gives().len());
        for give in calls.gives() {
            let Some(column) = give else {
                let counts = slots.iter().map(|&slot| self.rows(slot) as i64);
                values.push(Arc::new(Int64Array::from_iter_values(counts)) as ArrayRef);
                continue;
            };
            let Finished { values: given, faults: mut found } =
                self.columns[*column].finish(slots)?;
            faults.append(&mut found);
            values.push(given);
        }
        Ok((values, faults))
    }

    /// Writes a slot.
    pub(super) fn encode(&self, slot: Slot, out: &mut StateWriter) {
        out.u64(self.rows(slot));
        for column in &self.columns {
            column.encode(slot, out);
        }
    }

    /// Reads a slot, which is empty.
    pub(super) fn decode(&mut self, slot: Slot, from: &mut StateReader<'_>) -> Result<()> {
        self.rows[slot as usize] = from.u64()?;
        for column in &mut self.columns {
            column.decode(slot, from)?;
        }
        Ok(())
    }
}

/// The error where saved states are those of other calls.
pub(super) fn check_tag(saved: &[u8], calls: &Calls) -> Result<()> {
    if saved == calls.tag().as_bytes() {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::User,
        "the saved state of this window is that of other aggregates: begin with a new state, or give the stream \
         another name",
    ))
}
