//! Rows as aggregates see them: the values of their arguments, and their times.

use super::Slot;
use crate::time::Timestamp;
use arrow::array::{Array, ArrayRef, ArrowPrimitiveType, AsArray};
use arrow::buffer::NullBuffer;

/// Some rows of a batch.
#[derive(Clone, Copy, Debug)]
pub struct Rows<'a> {
    /// The values of the arguments of the call, for the whole batch.
    pub args: &'a [ArrayRef],
    /// The times of the whole batch.
    pub times: &'a [Timestamp],
    /// The first of the rows.
    pub from: usize,
}

impl<'a> Rows<'a> {
    /// An argument that is a number in memory; where it is null, its value is anything.
    pub fn numbers<P: ArrowPrimitiveType>(&self, arg: usize) -> Part<'a, P::Native> {
        let array = self.args[arg].as_primitive::<P>();
        Part {
            values: &array.values()[self.from..],
            nulls: nulls(&self.args[arg]),
            from: self.from,
        }
    }

    /// The times, from the first of the rows on.
    pub fn times(&self) -> &'a [Timestamp] {
        &self.times[self.from..]
    }

    /// Where an argument is null, if anywhere; by the row's place in the batch.
    pub fn nulls(&self, arg: usize) -> Option<&'a NullBuffer> {
        nulls(&self.args[arg])
    }
}

fn nulls(array: &ArrayRef) -> Option<&NullBuffer> {
    array.nulls().filter(|it| it.null_count() > 0)
}

/// The values of an argument, from the first of the rows on.
#[derive(Clone, Copy, Debug)]
pub struct Part<'a, T> {
    values: &'a [T],
    nulls: Option<&'a NullBuffer>,
    from: usize,
}

impl<T: Copy> Part<'_, T> {
    /// `f` of the state and the value of each row whose value is not null, in order.
    #[inline]
    pub fn each<S>(&self, states: &mut [S], slots: &[Slot], mut f: impl FnMut(&mut S, T)) {
        match self.nulls {
            None => {
                for (slot, value) in slots.iter().zip(self.values) {
                    f(&mut states[*slot as usize], *value);
                }
            }
            Some(nulls) => {
                for (i, (slot, value)) in slots.iter().zip(self.values).enumerate() {
                    if nulls.is_valid(self.from + i) {
                        f(&mut states[*slot as usize], *value);
                    }
                }
            }
        }
    }
}
