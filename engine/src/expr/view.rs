//! The rows that a node works on, and the faults that it finds in them.

use crate::batch::MetaColumn;
use crate::error::{Error, Result};
use crate::expr::vector::Vector;
use crate::operator::Frame;
use crate::reason::{Fault, Reason};
use arrow::array::{Array, ArrayRef, TimestampMicrosecondArray, UInt32Array};
use arrow::buffer::ScalarBuffer;
use arrow::compute::take;
use dsl::plan::MetaField;
use std::cell::OnceCell;
use std::sync::Arc;

/// All rows of a frame, or those that a branch needs.
pub(crate) struct View<'a> {
    frame: Frame<'a>,
    rows: usize,
    picked: Option<Picked>,
}

/// Some rows of a frame; columns are gathered when they are asked for, once.
struct Picked {
    places: UInt32Array,
    columns: Vec<OnceCell<ArrayRef>>,
}

impl<'a> View<'a> {
    /// All rows.
    pub(super) fn whole(frame: Frame<'a>) -> Self {
        let rows = frame.columns.first().map_or(frame.times.len(), Array::len);
        Self { frame, rows, picked: None }
    }

    /// Some of the rows of this view.
    pub(super) fn pick(&self, rows: &[u32]) -> View<'a> {
        let places = rows.iter().map(|&row| self.row(row as usize));
        let places = UInt32Array::from_iter_values(places);
        let columns = (0..self.frame.columns.len()).map(|_| OnceCell::new()).collect();
        View { frame: self.frame, rows: rows.len(), picked: Some(Picked { places, columns }) }
    }

    /// How many rows.
    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    /// The place of a row of the view in the frame.
    pub(super) fn row(&self, i: usize) -> u32 {
        self.picked.as_ref().map_or(i as u32, |it| it.places.value(i))
    }

    /// A column.
    pub(super) fn column(&self, i: usize) -> Result<ArrayRef> {
        let column = self.frame.columns.get(i).ok_or_else(|| {
            Error::bug("an expression was compiled for more columns than there are")
        })?;
        let Some(picked) = &self.picked else { return Ok(column.clone()) };
        if let Some(ready) = picked.columns[i].get() {
            return Ok(ready.clone());
        }
        let gathered = take(column, &picked.places, None)?;
        Ok(picked.columns[i].get_or_init(|| gathered).clone())
    }

    /// A field of the metadata; none where there is none.
    pub(super) fn meta(&self, field: MetaField) -> Result<Option<Vector>> {
        let column = match field {
            MetaField::Time => return Ok(Some(self.times())),
            _ => self.frame.meta.and_then(|it| it.get(field)),
        };
        Ok(match column {
            None | Some(MetaColumn::Null) => None,
            Some(MetaColumn::Same(value)) => Some(Vector::Same(value.clone())),
            Some(MetaColumn::Each(values)) => Some(Vector::Each(match &self.picked {
                Some(picked) => take(values, &picked.places, None)?,
                None => values.clone(),
            })),
        })
    }

    fn times(&self) -> Vector {
        let times = self.frame.times;
        let times: ScalarBuffer<i64> = match &self.picked {
            Some(picked) => picked.places.values().iter().map(|&i| times[i as usize]).collect(),
            None => times.to_vec().into(),
        };
        Vector::Each(Arc::new(TimestampMicrosecondArray::new(times, None).with_timezone("UTC")))
    }
}

/// What was found so far; the first fault of a row counts.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    found: Vec<Fault>,
}

impl Faults {
    /// Notes faults at these places of a result: a result that is one value for all rows fails in all of them.
    pub(crate) fn add(
        &mut self,
        view: &View<'_>,
        result_is_same: bool,
        places: impl IntoIterator<Item = usize>,
        reason: Reason,
        detail: impl Fn(usize) -> String,
    ) {
        let fault = |row, detail| Fault { row, reason, detail, column: None };
        for place in places {
            let detail = detail(place);
            if result_is_same {
                self.found.extend((0..view.rows()).map(|i| fault(view.row(i), detail.clone())));
            } else {
                self.found.push(fault(view.row(place), detail));
            }
        }
    }

    /// Names the column that the faults from `start` on are about.
    pub(super) fn about(&mut self, start: usize, column: &str) {
        for fault in &mut self.found[start..] {
            fault.column.get_or_insert_with(|| column.to_owned());
        }
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.found.len()
    }

    /// Notes faults by rows of the frame, behind those found before.
    pub(super) fn append(&mut self, mut faults: Vec<Fault>) {
        self.found.append(&mut faults);
    }

    /// The first fault of each row, in order.
    pub(super) fn into_sorted(mut self) -> Vec<Fault> {
        // Stable, so that of one row the first found stays in front.
        self.found.sort_by_key(|it| it.row);
        self.found.dedup_by_key(|it| it.row);
        self.found
    }
}
