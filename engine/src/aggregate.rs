//! Aggregates: many rows in, one value a group out.
//!
//! ```text
//!                      slot 0   slot 1   slot 2  …       a slot is one key in one slice of time
//!  avg(temperature)    [state]  [state]  [state]         Column: the states of one call, one behind the other
//!  max(temperature)    [state]  [state]  [state]
//!
//!  rows of a batch ──update──► states ──merge──► states of a window ──finish──► a value each, or a fault
//! ```
//!
//! A word is an [`AggregateDef`]; it is written as a [`Fold`], which says what happens to one state, and [`States`] makes a
//! [`Column`] of it. A word that keeps its states in another form (a sketch, somebody else's accumulators) implements
//! [`Aggregate`] and [`Column`] itself.
//!
//! **The same bits.** A state depends on the rows and their order alone, and merging is done in one fixed order; merging
//! into an empty state gives the other state exactly. Nothing is ever subtracted from a state.

mod column;
mod count;
mod edge;
mod extreme;
mod moments;
mod number;
mod pair;
mod rows;
#[cfg(test)]
mod tests;
mod total;
mod wide;

pub use column::{Fold, States};
pub use rows::{Part, Rows};

pub(crate) use count::Count;
pub(crate) use edge::{Which, edge};
pub(crate) use extreme::{Side, extreme};
pub(crate) use moments::{Moments, Spread};
pub(crate) use total::{Give, total};

use crate::error::Result;
use crate::key::{StateReader, StateWriter};
use crate::reason::Fault;
use arrow::array::ArrayRef;
use dsl::signature::Signature;
use dsl::types::Typed;
use std::any::Any;
use std::fmt;

/// A place in the columns of states: one key in one slice.
pub type Slot = u32;

/// A word of the vocabulary that is an aggregate.
pub trait AggregateDef: Sync {
    /// How it is typed.
    fn signature(&self) -> &Signature;

    /// Plans a call: `args` are the types of its expressions over the rows, in the order written, and `result` is what
    /// the signature says that it yields.
    fn plan(&self, args: &[Typed], result: &Typed) -> Result<Plan>;
}

/// What a call needs.
#[derive(Debug)]
pub enum Plan {
    /// The number of rows, which every group keeps anyway.
    Rows,
    /// A column of states.
    Column(Box<dyn Aggregate>),
}

/// A call of an aggregate, ready to run.
pub trait Aggregate: fmt::Debug + Send + Sync {
    /// An empty column of states.
    fn column(&self) -> Box<dyn Column>;
}

/// The states of one call, by slot.
pub trait Column: fmt::Debug + Send + Sync {
    /// A copy.
    fn fork(&self) -> Box<dyn Column>;

    /// About how many bytes the states take, without what they have on the heap.
    fn bytes(&self) -> usize;

    /// Adds empty states, so that there are this many.
    fn grow(&mut self, slots: usize);

    /// Makes a state empty again.
    fn clear(&mut self, slot: Slot);

    /// Takes rows: the first of `slots` belongs to the first of the rows, and so on.
    fn update(&mut self, slots: &[Slot], rows: &Rows<'_>) -> Result<()>;

    /// Merges states of another column of the same call, which are those of later rows: pairs of (slot here, slot there).
    fn merge(&mut self, from: &dyn Column, slots: &[(Slot, Slot)]) -> Result<()>;

    /// Merges one state of this column, which is that of later rows, into another.
    fn join(&mut self, into: Slot, from: Slot);

    /// The value of each of these slots.
    fn finish(&self, slots: &[Slot]) -> Result<Finished>;

    /// Writes a state.
    fn encode(&self, slot: Slot, out: &mut StateWriter);

    /// Reads a state into an empty slot.
    fn decode(&mut self, slot: Slot, from: &mut StateReader<'_>) -> Result<()>;

    /// Itself, so that [`Column::merge`] can see that the other is of its kind.
    fn as_any(&self) -> &dyn Any;
}

/// What a call yields.
#[derive(Debug)]
pub struct Finished {
    /// A value a slot, in the order asked for.
    pub values: ArrayRef,
    /// The slots without a value, by their place in that order.
    pub faults: Vec<Fault>,
}

impl Finished {
    /// Values that cannot fail.
    pub fn sound(values: ArrayRef) -> Self {
        Self { values, faults: Vec::new() }
    }
}
