//! Cuts a batch for an exchange: every row goes to the task that owns its key group.

use super::{KeyBytes, group, hash, task};
use crate::batch::{Batch, Order};
use crate::error::Result;
use arrow::array::{ArrayRef, UInt32Array};

/// Cuts batches by key. Kept between batches, so that its memory is.
#[derive(Debug)]
pub struct Partitioner {
    columns: Vec<usize>,
    tasks: usize,
    sender: usize,
    scratch: KeyBytes,
}

impl Partitioner {
    /// For rows whose key columns stand at these places, and so many tasks (at most one a key group). `sender` is the
    /// number of the task that cuts.
    pub fn new(columns: Vec<usize>, tasks: usize, sender: usize) -> Self {
        Self { columns, tasks: tasks.max(1), sender, scratch: KeyBytes::default() }
    }

    /// The rows of each task, in their order; none for a task without any. Rows that carry an order keep it, with the
    /// ties between windows told apart from here on; `first` is the place of the batch's first row in its round: others
    /// carry their place there as [`Order::Place`].
    pub fn partition(&mut self, batch: &Batch, first: u32) -> Result<Vec<Option<Batch>>> {
        let rows = batch.rows() as u32;
        let mut parts = vec![None; self.tasks];
        if rows == 0 {
            return Ok(parts);
        }
        let columns: Vec<&ArrayRef> =
            self.columns.iter().map(|&it| batch.columns.column(it)).collect();
        let places = first..first + rows;
        let order = match batch.order.clone() {
            None => Order::Place(places.collect()),
            Some(Order::Window { ends, starts, ties: None }) => {
                let sender = (self.sender as u64) << 32;
                let ties = Some(places.map(|it| sender | u64::from(it)).collect());
                Order::Window { ends, starts, ties }
            }
            Some(order) => order,
        };
        let batch = &Batch { order: Some(order), ..batch.clone() };
        if self.tasks == 1 || columns.is_empty() {
            let owner = task(group(hash(&[])), self.tasks);
            parts[owner] = Some(batch.clone());
            return Ok(parts);
        }
        self.scratch.encode(&columns, batch.rows())?;
        let mut places = vec![Vec::with_capacity(batch.rows() / self.tasks + 1); self.tasks];
        for (row, key) in (0..rows).zip(self.scratch.iter()) {
            places[task(group(hash(key)), self.tasks)].push(row);
        }
        for (part, places) in parts.iter_mut().zip(places) {
            if places.len() == batch.rows() {
                *part = Some(batch.clone());
            } else if !places.is_empty() {
                *part = Some(batch.take(&UInt32Array::from(places))?);
            }
        }
        Ok(parts)
    }
}
