//! Results: from finished states to rows that go on.

use super::calls::Calls;
use super::groups::Groups;
use super::slice::Slice;
use crate::aggregate::Slot;
use crate::batch::{Batch, Order, Stamps};
use crate::error::Result;
use crate::expr::{Items, aggregate_column};
use crate::key::{KeyId, KeyInterner};
use crate::operator::{Frame, Output, RefusedRows};
use crate::reason::Fault;
use crate::time::Timestamp;
use crate::types::{data_type, schema};
use crate::windows::Window;
use arrow::array::{
    Array, ArrayRef, BooleanArray, RecordBatch, StringArray, StructArray,
    TimestampMicrosecondArray, UInt32Array,
};
use arrow::compute::{concat, take};
use arrow::datatypes::{DataType, SchemaRef};
use dsl::check::rules::window_column;
use dsl::plan::{Aggregates, StepPlan};
use dsl::types::{Column, Typed};
use std::sync::Arc;

/// How many rows go out in one batch, unless one window alone has more.
const ROWS_MAX: usize = 8192;

/// From this share of all keys on (1 / this), those of a window are found by going through all in order.
const MANY: usize = 16;

/// Which result of a window a row is, where results are revised.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Mark {
    /// Its first.
    pub(super) insert: bool,
    /// Its last.
    pub(super) last: bool,
}

/// Results that are finished, in order.
#[derive(Debug)]
pub(super) struct Piece {
    keys: Vec<ArrayRef>,
    starts: Vec<Timestamp>,
    ends: Vec<Timestamp>,
    marks: Vec<Mark>,
    order: Option<Order>,
    values: Vec<ArrayRef>,
    faults: Vec<Fault>,
}

/// Makes rows of states.
#[derive(Debug)]
pub(super) struct Results {
    calls: Calls,
    key_types: Vec<Typed>,
    items: Items,
    /// Of the rows that go on.
    schema: SchemaRef,
    /// Of the rows that cannot be worked out: keys and window.
    refused: SchemaRef,
    updates: bool,
    /// The key columns of so many keys, in their order: those of a window are picked from them.
    sorted: (usize, Vec<ArrayRef>),
}

impl Results {
    /// Compiles the items of `aggregate` over the keys, `window` and the calls.
    pub(super) fn compile(
        calls: Calls,
        keys: Vec<Column>,
        aggregates: &Aggregates,
        step: &StepPlan,
        updates: bool,
    ) -> Result<Results> {
        let key_types = keys.iter().map(|it| it.typed.clone()).collect();
        let mut columns = keys;
        columns.push(window_column());
        let refused = schema(&columns);
        for (i, call) in aggregates.calls.iter().enumerate() {
            columns.push(Column::new(aggregate_column(i), call.typed.clone()));
        }
        let items = Items::compile(&aggregates.items, &columns)?;
        let schema = schema(&step.output.columns);
        Ok(Results { calls, key_types, items, schema, refused, updates, sorted: (0, Vec::new()) })
    }

    pub(super) fn calls(&self) -> &Calls {
        &self.calls
    }

    /// Ids have changed.
    pub(super) fn forget_keys(&mut self) {
        self.sorted = (0, Vec::new());
    }

    /// The results of one window, in the order of its keys.
    pub(super) fn of_slice(
        &mut self,
        keys: &mut KeyInterner,
        slice: &Slice,
        window: Window,
        mark: Mark,
        due: Timestamp,
    ) -> Result<Piece> {
        let (slots, keys) = self.in_order(keys, slice)?;
        let (values, faults) = slice.groups.finish(&self.calls, &slots)?;
        let rows = slots.len();
        let (starts, ends) = (vec![window.start; rows], vec![window.end; rows]);
        let ends_at = vec![due; rows].into();
        let order = Order::Window { ends: ends_at, starts: starts.clone().into(), ties: None };
        let marks = if self.updates { vec![mark; rows] } else { Vec::new() };
        Ok(Piece { keys, starts, ends, marks, order: Some(order), values, faults })
    }

    /// The results of these slots, in this order.
    pub(super) fn of_slots(
        &self,
        keys: &KeyInterner,
        groups: &Groups,
        rows: &[(KeyId, Window, Slot, Mark)],
        order: Option<Order>,
    ) -> Result<Piece> {
        let ids: Vec<KeyId> = rows.iter().map(|it| it.0).collect();
        let slots: Vec<Slot> = rows.iter().map(|it| it.2).collect();
        let (values, faults) = groups.finish(&self.calls, &slots)?;
        Ok(Piece {
            keys: keys.list().columns(&self.key_types, &ids)?,
            starts: rows.iter().map(|it| it.1.start).collect(),
            ends: rows.iter().map(|it| it.1.end).collect(),
            marks: if self.updates { rows.iter().map(|it| it.3).collect() } else { Vec::new() },
            order,
            values,
            faults,
        })
    }

    /// The slots of a slice in the order of (key group, key bytes), and the key columns in this order.
    fn in_order(
        &mut self,
        keys: &mut KeyInterner,
        slice: &Slice,
    ) -> Result<(Vec<Slot>, Vec<ArrayRef>)> {
        let all = keys.len();
        if slice.keys().len() * MANY < all {
            let list = keys.list();
            let mut found: Vec<(KeyId, Slot)> = slice.keys().iter().copied().zip(0..).collect();
            found.sort_unstable_by(|a, b| list.place(a.0).cmp(&list.place(b.0)));
            let ids: Vec<KeyId> = found.iter().map(|it| it.0).collect();
            let columns = list.columns(&self.key_types, &ids)?;
            return Ok((found.into_iter().map(|it| it.1).collect(), columns));
        }
        if self.sorted.0 != all {
            let ids = keys.sorted().to_vec();
            self.sorted = (all, keys.list().columns(&self.key_types, &ids)?);
        }
        let mut slots = Vec::with_capacity(slice.keys().len());
        let mut places = Vec::with_capacity(slice.keys().len());
        for (place, &id) in (0_u32..).zip(keys.sorted()) {
            if let Some(slot) = slice.slot(id) {
                slots.push(slot);
                places.push(place);
            }
        }
        if slots.len() == all {
            return Ok((slots, self.sorted.1.clone()));
        }
        let places = UInt32Array::from(places);
        let columns = self.sorted.1.iter().map(|it| take(it, &places, None));
        Ok((slots, columns.collect::<Result<_, _>>()?))
    }

    /// Puts results out. `stamp` is the watermark that was handed on before.
    pub(super) fn emit(
        &self,
        pieces: Vec<Piece>,
        stamp: Timestamp,
        out: &mut Output,
    ) -> Result<()> {
        let mut waiting = Vec::new();
        let mut rows = 0;
        for piece in pieces {
            if rows > 0 && rows + piece.starts.len() > ROWS_MAX {
                self.make(&std::mem::take(&mut waiting), stamp, out)?;
                rows = 0;
            }
            rows += piece.starts.len();
            waiting.push(piece);
        }
        self.make(&waiting, stamp, out)
    }

    fn make(&self, pieces: &[Piece], stamp: Timestamp, out: &mut Output) -> Result<()> {
        let rows: usize = pieces.iter().map(|it| it.starts.len()).sum();
        if rows == 0 {
            return Ok(());
        }
        let ends: Vec<Timestamp> = pieces.iter().flat_map(|it| it.ends.iter().copied()).collect();
        let times: Vec<Timestamp> = ends.iter().map(|it| it.saturating_sub(1)).collect();
        let starts = pieces.iter().flat_map(|it| it.starts.iter().copied()).collect();
        let mut columns = joined(pieces, |it| &it.keys)?;
        columns.push(windows(starts, ends)?);
        let made = columns.len();
        let values = joined(pieces, |it| &it.values)?;
        let seen: Vec<ArrayRef> = columns.iter().cloned().chain(values).collect();
        let (items, mut faults) =
            self.items.evaluate(&Frame { columns: &seen, times: &times, meta: None })?;
        add_faults(&mut faults, pieces);
        columns.extend(items);
        if self.updates {
            columns.extend(marks(pieces));
        }
        let beside = Batch {
            columns: RecordBatch::new_empty(self.refused.clone()),
            times: times.into(),
            // A result's window is open when the watermark before is handed on: none is late for what comes next.
            stamps: Stamps { floor: stamp, each: None, timely: true },
            meta: None,
            order: order(pieces),
        };
        if faults.is_empty() {
            let columns = RecordBatch::try_new(self.schema.clone(), columns)?;
            out.make(beside.with_columns(columns));
            return Ok(());
        }
        let keys = RecordBatch::try_new(self.refused.clone(), columns[..made].to_vec())?;
        let (refused, sound) = RefusedRows::of(&beside.with_columns(keys), faults, "aggregate")?;
        out.refuse_made(refused);
        let left = beside.with_columns(unchecked(&columns)?).filter(&sound)?;
        let columns = RecordBatch::try_new(self.schema.clone(), left.columns.columns().to_vec())?;
        if columns.num_rows() > 0 {
            out.make(left.with_columns(columns));
        }
        Ok(())
    }
}

/// Columns of any kind as a batch: rows at fault are null even where a null may not stand.
fn unchecked(columns: &[ArrayRef]) -> Result<RecordBatch> {
    let named = columns.iter().enumerate().map(|(i, it)| (i.to_string(), it.clone(), true));
    Ok(RecordBatch::try_from_iter_with_nullable(named)?)
}

/// Faults of the calls come before those of the items.
fn add_faults(faults: &mut Vec<Fault>, pieces: &[Piece]) {
    let mut before = 0;
    let mut of_calls = Vec::new();
    for piece in pieces {
        let moved = piece.faults.iter().map(|it| Fault { row: it.row + before, ..it.clone() });
        of_calls.extend(moved);
        before += piece.starts.len() as u32;
    }
    of_calls.append(faults);
    *faults = of_calls;
}

fn joined(pieces: &[Piece], of: impl Fn(&Piece) -> &Vec<ArrayRef>) -> Result<Vec<ArrayRef>> {
    if let [one] = pieces {
        return Ok(of(one).clone());
    }
    let columns = pieces.first().map_or(0, |it| of(it).len());
    let join = |column: usize| {
        let parts: Vec<&dyn Array> = pieces.iter().map(|it| of(it)[column].as_ref()).collect();
        Ok(concat(&parts)?)
    };
    (0..columns).map(join).collect()
}

fn order(pieces: &[Piece]) -> Option<Order> {
    let mut places = Vec::new();
    let (mut all_ends, mut all_starts) = (Vec::new(), Vec::new());
    for piece in pieces {
        match piece.order.as_ref()? {
            Order::Place(it) => places.extend_from_slice(it),
            Order::Window { ends, starts, .. } => {
                all_ends.extend_from_slice(ends);
                all_starts.extend_from_slice(starts);
            }
        }
    }
    // All pieces are of one kind: caused by rows, or by the watermark.
    Some(if all_ends.is_empty() {
        Order::Place(places.into())
    } else {
        Order::Window { ends: all_ends.into(), starts: all_starts.into(), ties: None }
    })
}

fn windows(starts: Vec<Timestamp>, ends: Vec<Timestamp>) -> Result<ArrayRef> {
    let DataType::Struct(fields) = data_type(&window_column().typed.ty) else {
        return Err(crate::error::Error::bug("`window` is a struct"));
    };
    let times = |values: Vec<Timestamp>| -> ArrayRef {
        Arc::new(TimestampMicrosecondArray::from(values).with_timezone("UTC"))
    };
    Ok(Arc::new(StructArray::try_new(fields, vec![times(starts), times(ends)], None)?))
}

/// `op` and `final`
fn marks(pieces: &[Piece]) -> [ArrayRef; 2] {
    let all = || pieces.iter().flat_map(|it| it.marks.iter());
    let op = all().map(|it| Some(if it.insert { "insert" } else { "update" }));
    let last: BooleanArray = all().map(|it| Some(it.last)).collect();
    [Arc::new(op.collect::<StringArray>()), Arc::new(last)]
}
