//! Columns of states of one type.

use super::{Aggregate, Column, Finished, Rows, Slot};
use crate::error::{Error, Result};
use crate::key::{StateReader, StateWriter};
use std::any::Any;
use std::fmt;

/// What an aggregate does with its states. The default state is that of no rows.
pub trait Fold: Clone + fmt::Debug + Send + Sync + 'static {
    /// What it has to know of the rows so far.
    type State: Clone + Default + fmt::Debug + Send + Sync;

    /// Takes rows, each into the state of its slot.
    fn update(&self, states: &mut [Self::State], slots: &[Slot], rows: &Rows<'_>) -> Result<()>;

    /// Merges the state of later rows.
    fn merge(&self, into: &mut Self::State, from: &Self::State);

    /// The values.
    fn finish<'a>(&self, states: impl Iterator<Item = &'a Self::State>) -> Result<Finished>;

    /// Writes a state.
    fn encode(&self, state: &Self::State, out: &mut StateWriter);

    /// Reads a state.
    fn decode(&self, from: &mut StateReader<'_>) -> Result<Self::State>;
}

/// The states of a [`Fold`], one behind the other.
#[derive(Clone, Debug)]
pub struct States<F: Fold> {
    fold: F,
    states: Vec<F::State>,
}

impl<F: Fold> States<F> {
    /// Without any state.
    pub fn of(fold: F) -> Self {
        Self { fold, states: Vec::new() }
    }
}

impl<F: Fold> Aggregate for F {
    fn column(&self) -> Box<dyn Column> {
        Box::new(States::of(self.clone()))
    }
}

impl<F: Fold> Column for States<F> {
    fn fork(&self) -> Box<dyn Column> {
        Box::new(self.clone())
    }

    fn bytes(&self) -> usize {
        self.states.capacity() * size_of::<F::State>()
    }

    fn grow(&mut self, slots: usize) {
        if slots > self.states.len() {
            self.states.resize_with(slots, F::State::default);
        }
    }

    fn clear(&mut self, slot: Slot) {
        self.states[slot as usize] = F::State::default();
    }

    fn update(&mut self, slots: &[Slot], rows: &Rows<'_>) -> Result<()> {
        self.fold.update(&mut self.states, slots, rows)
    }

    fn merge(&mut self, from: &dyn Column, slots: &[(Slot, Slot)]) -> Result<()> {
        let from: &Self = from
            .as_any()
            .downcast_ref()
            .ok_or_else(|| Error::bug("states of different aggregates are merged"))?;
        for &(here, there) in slots {
            self.fold.merge(&mut self.states[here as usize], &from.states[there as usize]);
        }
        Ok(())
    }

    fn join(&mut self, into: Slot, from: Slot) {
        let later = self.states[from as usize].clone();
        self.fold.merge(&mut self.states[into as usize], &later);
    }

    fn finish(&self, slots: &[Slot]) -> Result<Finished> {
        self.fold.finish(slots.iter().map(|&slot| &self.states[slot as usize]))
    }

    fn encode(&self, slot: Slot, out: &mut StateWriter) {
        self.fold.encode(&self.states[slot as usize], out);
    }

    fn decode(&mut self, slot: Slot, from: &mut StateReader<'_>) -> Result<()> {
        self.states[slot as usize] = self.fold.decode(from)?;
        Ok(())
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
