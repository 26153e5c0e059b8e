//! What nodes hand to each other: a value a row, or one value for all of them.

use crate::error::{Error, Result};
use arrow::array::{
    Array, ArrayRef, ArrowPrimitiveType, AsArray, Datum, ListArray, MapArray, PrimitiveArray,
    StructArray, UInt32Array, new_null_array,
};
use arrow::buffer::NullBuffer;
use arrow::compute::take;
use arrow::datatypes::DataType;
use std::sync::Arc;

/// The values of an expression.
#[derive(Clone, Debug)]
pub(crate) enum Vector {
    /// A value a row.
    Each(ArrayRef),
    /// One value for all rows: an array of length 1.
    Same(ArrayRef),
}

impl Vector {
    /// The array: of as many values as there are rows, or of one.
    pub(crate) fn array(&self) -> &ArrayRef {
        match self {
            Vector::Each(array) | Vector::Same(array) => array,
        }
    }

    /// Whether it is one value for all rows.
    pub(crate) fn is_same(&self) -> bool {
        matches!(self, Vector::Same(_))
    }

    /// The same kind of vector with other values.
    pub(super) fn like(&self, array: ArrayRef) -> Vector {
        match self {
            Vector::Each(_) => Vector::Each(array),
            Vector::Same(_) => Vector::Same(array),
        }
    }

    /// One value a row.
    pub(crate) fn into_array(self, rows: usize) -> Result<ArrayRef> {
        match self {
            Vector::Each(array) => Ok(array),
            Vector::Same(array) if array.is_null(0) => Ok(new_null_array(array.data_type(), rows)),
            Vector::Same(array) => Ok(take(&array, &UInt32Array::from_value(0, rows), None)?),
        }
    }

    /// The place in the array of row `i`.
    pub(super) fn place(&self, i: usize) -> usize {
        if self.is_same() { 0 } else { i }
    }
}

impl Datum for Vector {
    fn get(&self) -> (&dyn Array, bool) {
        (self.array().as_ref(), self.is_same())
    }
}

/// Whether what is made of these is one value for all rows.
pub(crate) fn all_same<'a>(vectors: impl IntoIterator<Item = &'a Vector>) -> bool {
    vectors.into_iter().all(Vector::is_same)
}

/// Wraps what was made of others: one value if they all were.
pub(crate) fn made(array: ArrayRef, same: bool) -> Vector {
    if same { Vector::Same(array) } else { Vector::Each(array) }
}

/// The numbers of one side of an operator.
#[derive(Clone, Copy)]
pub(super) enum Operand<'a, T> {
    Each(&'a [T]),
    Same(T),
}

/// Both sides of an operator.
pub(super) struct Pair<'a, A, B> {
    pub(super) left: Operand<'a, A>,
    pub(super) right: Operand<'a, B>,
    /// How long the result is.
    pub(super) rows: usize,
    /// Where neither side is null.
    pub(super) nulls: Option<NullBuffer>,
    /// Whether the result is one value for all rows.
    pub(super) same: bool,
}

impl<'a, A: Copy, B: Copy> Pair<'a, A, B> {
    /// Takes both sides apart; none where one of them is null for all rows.
    pub(super) fn of<L, R>(left: &'a Vector, right: &'a Vector) -> Option<Self>
    where
        L: ArrowPrimitiveType<Native = A>,
        R: ArrowPrimitiveType<Native = B>,
    {
        let same = left.is_same() && right.is_same();
        let rows = if left.is_same() { right.array().len() } else { left.array().len() };
        let (left, left_nulls) = operand::<L>(left)?;
        let (right, right_nulls) = operand::<R>(right)?;
        let nulls = NullBuffer::union(left_nulls, right_nulls);
        Some(Self { left, right, rows, nulls, same })
    }

    /// `f` of every two values; also where one is null, whose slot holds anything.
    pub(super) fn map<T>(&self, mut f: impl FnMut(A, B) -> T) -> Vec<T> {
        match (self.left, self.right) {
            (Operand::Each(a), Operand::Each(b)) => {
                a.iter().zip(b).map(|(a, b)| f(*a, *b)).collect()
            }
            (Operand::Each(a), Operand::Same(b)) => a.iter().map(|a| f(*a, b)).collect(),
            (Operand::Same(a), Operand::Each(b)) => b.iter().map(|b| f(a, *b)).collect(),
            (Operand::Same(a), Operand::Same(b)) => vec![f(a, b)],
        }
    }

    /// The two values at a place.
    pub(super) fn at(&self, i: usize) -> (A, B) {
        (self.left.at(i), self.right.at(i))
    }

    /// Whether neither value at a place is null.
    pub(super) fn is_valid(&self, i: usize) -> bool {
        self.nulls.as_ref().is_none_or(|it| it.is_valid(i))
    }
}

impl<T: Copy> Operand<'_, T> {
    #[inline]
    pub(super) fn at(&self, i: usize) -> T {
        match self {
            Operand::Each(values) => values[i],
            Operand::Same(value) => *value,
        }
    }
}

/// The numbers of a vector and where they are null; none where it is null for all rows.
fn operand<P: ArrowPrimitiveType>(
    vector: &Vector,
) -> Option<(Operand<'_, P::Native>, Option<&NullBuffer>)> {
    let array: &PrimitiveArray<P> = vector.array().as_primitive();
    match vector {
        Vector::Each(_) => Some((Operand::Each(array.values()), array.nulls())),
        Vector::Same(_) => array.is_valid(0).then(|| (Operand::Same(array.value(0)), None)),
    }
}

/// The same values under another description of their nested fields (names, nullability), or nulls of any type.
pub(crate) fn conform(array: &ArrayRef, to: &DataType) -> Result<ArrayRef> {
    if array.data_type() == to {
        return Ok(array.clone());
    }
    match (array.data_type(), to) {
        (DataType::Null, _) => Ok(new_null_array(to, array.len())),
        (DataType::List(_), DataType::List(field)) => {
            let list = array.as_list::<i32>();
            let values = conform(list.values(), field.data_type())?;
            let offsets = list.offsets().clone();
            Ok(Arc::new(ListArray::try_new(field.clone(), offsets, values, list.nulls().cloned())?))
        }
        (DataType::Struct(_), DataType::Struct(fields)) => {
            let inner = array.as_struct();
            let columns: Result<Vec<_>> = inner
                .columns()
                .iter()
                .zip(fields)
                .map(|(column, field)| conform(column, field.data_type()))
                .collect();
            let nulls = inner.nulls().cloned();
            Ok(Arc::new(StructArray::try_new(fields.clone(), columns?, nulls)?))
        }
        (DataType::Map(..), DataType::Map(field, sorted)) => {
            let map = array.as_map();
            let entries: ArrayRef = Arc::new(map.entries().clone());
            let entries = conform(&entries, field.data_type())?;
            let (offsets, nulls) = (map.offsets().clone(), map.nulls().cloned());
            let entries = entries.as_struct().clone();
            Ok(Arc::new(MapArray::try_new(field.clone(), offsets, entries, nulls, *sorted)?))
        }
        (DataType::Utf8View | DataType::LargeUtf8, DataType::Utf8)
        | (DataType::BinaryView | DataType::LargeBinary, DataType::Binary)
        | (DataType::Timestamp(..), DataType::Timestamp(..)) => {
            Ok(arrow::compute::cast(array, to)?)
        }
        (from, to) => Err(Error::bug(format!("a column of {from} stands where {to} is needed"))),
    }
}
