//! The first and the last value, by row time; of equal times, by the order of rows.

use super::number::{decimal_array, each_narrow, is_narrow, narrow_array};
use super::{Aggregate, Finished, Fold, Rows, Slot};
use crate::error::Result;
use crate::key::{KeyBytes, StateReader, StateWriter, decoded};
use crate::time::Timestamp;
use arrow::array::Array;
use arrow::datatypes::Decimal128Type;
use dsl::types::{Type, Typed};

/// Which one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Which {
    /// The first.
    First,
    /// The last.
    Last,
}

/// How the first or last value of `typed` is found. Nulls are skipped.
pub(crate) fn edge(which: Which, typed: &Typed) -> Box<dyn Aggregate> {
    match &typed.ty {
        ty if is_narrow(ty) => Box::new(Narrow { which, ty: ty.clone() }),
        ty @ Type::Decimal { .. } => Box::new(Decimals { which, ty: ty.clone() }),
        _ => Box::new(Encoded { which, typed: typed.clone() }),
    }
}

type Seen<T> = Option<(Timestamp, T)>;

impl Which {
    /// Whether a value of this time, seen later, takes the place of the one before.
    #[inline]
    fn wins<T>(self, state: Option<&(Timestamp, T)>, time: Timestamp) -> bool {
        match (state, self) {
            (None, _) => true,
            (Some((before, _)), Which::First) => time < *before,
            (Some((before, _)), Which::Last) => time >= *before,
        }
    }

    fn merge<T: Clone>(self, into: &mut Seen<T>, from: Option<&(Timestamp, T)>) {
        if let Some(seen) = from
            && self.wins(into.as_ref(), seen.0)
        {
            *into = Some(seen.clone());
        }
    }
}

fn write<T>(
    state: Option<&(Timestamp, T)>,
    out: &mut StateWriter,
    value: impl Fn(&T, &mut StateWriter),
) {
    out.bool(state.is_some());
    if let Some((time, it)) = state {
        out.i64(*time);
        value(it, out);
    }
}

fn read<'a, T>(
    from: &mut StateReader<'a>,
    value: impl FnOnce(&mut StateReader<'a>) -> Result<T>,
) -> Result<Seen<T>> {
    Ok(if from.bool()? { Some((from.i64()?, value(from)?)) } else { None })
}

/// For each row whose value is not null: its slot and place.
fn present<'a>(rows: &Rows<'a>, slots: &'a [Slot]) -> impl Iterator<Item = (Slot, usize)> {
    let (arg, from) = (&rows.args[0], rows.from);
    slots.iter().enumerate().map(move |(i, slot)| (*slot, from + i)).filter(|it| arg.is_valid(it.1))
}

/// Of values of 64 bits.
#[derive(Clone, Debug)]
struct Narrow {
    which: Which,
    ty: Type,
}

impl Fold for Narrow {
    type State = Seen<i64>;

    fn update(&self, states: &mut [Seen<i64>], slots: &[Slot], rows: &Rows<'_>) -> Result<()> {
        // The values come without those that are null, so do the times.
        let mut times = present(rows, slots).map(|(_, row)| rows.times[row]);
        let bits = |it: f64| it.to_bits() as i64;
        each_narrow(rows, 0, states, slots, bits, |state, value| {
            if let Some(time) = times.next()
                && self.which.wins(state.as_ref(), time)
            {
                *state = Some((time, value));
            }
        })
    }

    fn merge(&self, into: &mut Seen<i64>, from: &Seen<i64>) {
        self.which.merge(into, from.as_ref());
    }

    fn finish<'a>(&self, states: impl Iterator<Item = &'a Seen<i64>>) -> Result<Finished> {
        let values = states.map(|it| it.map(|(_, value)| value));
        Ok(Finished::sound(narrow_array(&self.ty, values, |it| f64::from_bits(it as u64))?))
    }

    fn encode(&self, state: &Seen<i64>, out: &mut StateWriter) {
        write(state.as_ref(), out, |value, out| out.i64(*value));
    }

    fn decode(&self, from: &mut StateReader<'_>) -> Result<Seen<i64>> {
        read(from, StateReader::i64)
    }
}

/// Of decimals.
#[derive(Clone, Debug)]
struct Decimals {
    which: Which,
    ty: Type,
}

impl Fold for Decimals {
    type State = Seen<i128>;

    fn update(&self, states: &mut [Seen<i128>], slots: &[Slot], rows: &Rows<'_>) -> Result<()> {
        let mut times = present(rows, slots).map(|(_, row)| rows.times[row]);
        rows.numbers::<Decimal128Type>(0).each(states, slots, |state, value| {
            if let Some(time) = times.next()
                && self.which.wins(state.as_ref(), time)
            {
                *state = Some((time, value));
            }
        });
        Ok(())
    }

    fn merge(&self, into: &mut Seen<i128>, from: &Seen<i128>) {
        self.which.merge(into, from.as_ref());
    }

    fn finish<'a>(&self, states: impl Iterator<Item = &'a Seen<i128>>) -> Result<Finished> {
        let values = states.map(|it| it.map(|(_, value)| value));
        Ok(Finished::sound(decimal_array(&self.ty, values)?))
    }

    fn encode(&self, state: &Seen<i128>, out: &mut StateWriter) {
        write(state.as_ref(), out, |value, out| out.i128(*value));
    }

    fn decode(&self, from: &mut StateReader<'_>) -> Result<Seen<i128>> {
        read(from, StateReader::i128)
    }
}

/// Of values of any type, kept as the bytes that they would have as a key.
#[derive(Clone, Debug)]
struct Encoded {
    which: Which,
    typed: Typed,
}

impl Fold for Encoded {
    type State = Seen<Box<[u8]>>;

    fn update(
        &self,
        states: &mut [Seen<Box<[u8]>>],
        slots: &[Slot],
        rows: &Rows<'_>,
    ) -> Result<()> {
        let arg = rows.args[0].slice(rows.from, slots.len());
        let mut bytes = KeyBytes::default();
        bytes.encode(&[&arg], slots.len())?;
        for (i, (slot, value)) in slots.iter().zip(bytes.iter()).enumerate() {
            let state = &mut states[*slot as usize];
            let time = rows.times[rows.from + i];
            if arg.is_valid(i) && self.which.wins(state.as_ref(), time) {
                *state = Some((time, value.into()));
            }
        }
        Ok(())
    }

    fn merge(&self, into: &mut Seen<Box<[u8]>>, from: &Seen<Box<[u8]>>) {
        self.which.merge(into, from.as_ref());
    }

    fn finish<'a>(&self, states: impl Iterator<Item = &'a Seen<Box<[u8]>>>) -> Result<Finished> {
        let values: Vec<Option<&[u8]>> =
            states.map(|it| it.as_ref().map(|(_, value)| &**value)).collect();
        Ok(Finished::sound(decoded(&self.typed, &values)?))
    }

    fn encode(&self, state: &Seen<Box<[u8]>>, out: &mut StateWriter) {
        write(state.as_ref(), out, |value, out| out.bytes(value));
    }

    fn decode(&self, from: &mut StateReader<'_>) -> Result<Seen<Box<[u8]>>> {
        read(from, |from| Ok(from.bytes()?.into()))
    }
}
