//! Counts of rows: those whose value is not null, or is true.

use super::{Finished, Fold, Rows, Slot};
use crate::error::Result;
use crate::key::{StateReader, StateWriter};
use arrow::array::{Array, AsArray, Int64Array};
use std::sync::Arc;

/// What is counted.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Count {
    /// Values that are not null.
    Present,
    /// Conditions that hold.
    True,
}

impl Fold for Count {
    type State = i64;

    fn update(&self, states: &mut [i64], slots: &[Slot], rows: &Rows<'_>) -> Result<()> {
        // Counting by adding 0 or 1: no branch to predict.
        let arg = &rows.args[0];
        let row = |i: usize| rows.from + i;
        match self {
            Count::Present => {
                for (i, slot) in slots.iter().enumerate() {
                    states[*slot as usize] += i64::from(arg.is_valid(row(i)));
                }
            }
            Count::True => {
                let conditions = arg.as_boolean();
                for (i, slot) in slots.iter().enumerate() {
                    let holds = conditions.is_valid(row(i)) && conditions.value(row(i));
                    states[*slot as usize] += i64::from(holds);
                }
            }
        }
        Ok(())
    }

    fn merge(&self, into: &mut i64, from: &i64) {
        *into += from;
    }

    fn finish<'a>(&self, states: impl Iterator<Item = &'a i64>) -> Result<Finished> {
        Ok(Finished::sound(Arc::new(Int64Array::from_iter_values(states.copied()))))
    }

    fn encode(&self, state: &i64, out: &mut StateWriter) {
        out.i64(*state);
    }

    fn decode(&self, from: &mut StateReader<'_>) -> Result<i64> {
        from.i64()
    }
}
