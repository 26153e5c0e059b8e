//! Windows that lie at the same times for every key: tumbling and sliding.
//!
//! ```text
//!  rows ──► buckets: states by (slice, key)          one update a row, however many windows it is in
//!  watermark ──► windows that end: put together from slices, finished, put out in the order of keys
//!            └─► slices that no open window needs: dropped, their rows absorbed
//! ```

use super::calls::Arguments;
use super::inputs::Inputs;
use super::place::{Bucket, Place, Placing, Run};
use super::results::{Mark, Piece, Results};
use super::revise::{Revised, Waiting};
use super::saved::PanesSnapshot;
use super::slice::Slice;
use super::whole::{Slices, Whole};
use crate::aggregate::Slot;
use crate::batch::Batch;
use crate::error::Result;
use crate::key::KeyId;
use crate::operator::{LateRows, Operator, Output, Port};
use crate::snapshot::{Section, Snapshot};
use crate::time::{Micros, Timestamp, Watermark};
use crate::windows::{Aligned, Window};
use arrow::array::{BooleanArray, UInt32Array};
use arrow::compute::{filter, take};
use std::ops::Range;
use std::sync::Arc;

/// Beyond so many runs in a batch, rows are gathered by slice first.
const RUNS_MAX: usize = 32;

/// The operator.
#[derive(Debug)]
pub(super) struct Panes {
    pub(super) placing: Placing,
    pub(super) inputs: Inputs,
    pub(super) results: Results,
    pub(super) slices: Slices,
    pub(super) whole: Whole,
    pub(super) waiting: Arc<Waiting>,
    pub(super) watermark: Watermark,
    /// Windows that end here or before have closed.
    pub(super) closed: Timestamp,
    /// Windows that end here or before have given their first result; where results are revised.
    pub(super) given: Timestamp,
    pub(super) ids: Vec<KeyId>,
    pub(super) slots: Vec<Slot>,
}

/// What the watermark sets free next.
enum Event {
    /// A first result that is not the last.
    First(Window),
    /// A last result.
    Close(Window),
    /// A row that waited.
    Revision(Timestamp),
}

impl Panes {
    pub(super) fn new(
        windows: Aligned,
        lateness: Micros,
        updates: bool,
        inputs: Inputs,
        results: Results,
    ) -> Self {
        // Without lateness a window closes when it ends: its first result is its last.
        let revises = updates && lateness > 0;
        Self {
            placing: Placing { windows, lateness, revises },
            waiting: Arc::new(Waiting::new(results.calls())),
            inputs,
            results,
            slices: Slices::default(),
            whole: Whole::default(),
            watermark: Watermark::NONE,
            closed: Timestamp::MIN,
            given: Timestamp::MIN,
            ids: Vec::new(),
            slots: Vec::new(),
        }
    }

    /// The watermark that was handed on last.
    fn handed_on(&self) -> Watermark {
        self.watermark.less(self.placing.lateness)
    }

    /// Sets the watermark, without any result.
    pub(super) fn go_on_from(&mut self, watermark: Watermark) {
        self.watermark = self.watermark.max(watermark);
        self.closed = self.handed_on().micros();
        self.given = self.watermark.micros();
    }

    /// Puts late rows out; the others, and their runs.
    fn without_late(&self, batch: Batch, out: &mut Output) -> Result<(Batch, Vec<Run>)> {
        let runs = self.placing.runs(&batch, self.watermark);
        if runs.iter().all(|it| it.place != Place::Late) {
            return Ok((batch, runs));
        }
        let mut late = vec![false; batch.rows()];
        for run in runs.iter().filter(|it| it.place == Place::Late) {
            late[run.rows.clone()].fill(true);
        }
        let places = (0..batch.rows() as u32).filter(|&row| late[row as usize]);
        let places = UInt32Array::from_iter_values(places);
        let judged_by = |row: &u32| batch.stamps.get(*row as usize).max(self.watermark.micros());
        let watermarks = places.values().iter().map(judged_by).collect();
        out.late(LateRows { rows: batch.take(&places)?, watermarks });
        let left = batch.filter(&late.iter().map(|it| Some(!it)).collect::<BooleanArray>())?;
        let runs = self.placing.runs(&left, self.watermark);
        Ok((left, runs))
    }

    /// Puts rows into their buckets.
    fn add(&mut self, batch: &Batch, runs: &[Run], args: &Arguments) -> Result<()> {
        let ids = std::mem::take(&mut self.ids);
        for run in runs {
            if let Place::Revises(bucket) = run.place {
                let waiting = Arc::make_mut(&mut self.waiting);
                waiting.add(bucket, batch, run.rows.clone(), &ids, args)?;
            }
        }
        let direct = runs.iter().filter_map(|it| match it.place {
            Place::Bucket(bucket) => Some((bucket, it.rows.clone())),
            _ => None,
        });
        let direct: Vec<(Bucket, Range<usize>)> = direct.collect();
        if direct.len() > RUNS_MAX && direct.len() * 4 > batch.rows() {
            self.add_gathered(batch, direct, &ids, args)?;
        } else {
            for (bucket, rows) in direct {
                self.add_run(bucket, &ids[rows.clone()], args, &batch.times, rows.start)?;
            }
        }
        self.ids = ids;
        Ok(())
    }

    /// The same for rows that jump between slices: rows of a bucket are brought together first, in their order.
    fn add_gathered(
        &mut self,
        batch: &Batch,
        mut runs: Vec<(Bucket, Range<usize>)>,
        ids: &[KeyId],
        args: &Arguments,
    ) -> Result<()> {
        runs.sort_by_key(|it| it.0);
        let rows = runs.iter().flat_map(|it| it.1.clone()).map(|it| it as u32);
        let rows = UInt32Array::from_iter_values(rows);
        let ids: Vec<KeyId> = rows.values().iter().map(|&row| ids[row as usize]).collect();
        let times: Vec<Timestamp> =
            rows.values().iter().map(|&row| batch.times[row as usize]).collect();
        let gathered =
            args.iter().map(|args| args.iter().map(|it| take(it, &rows, None)).collect());
        let gathered: Arguments = gathered.collect::<Result<_, _>>()?;
        let mut start = 0;
        for of_bucket in runs.chunk_by(|a, b| a.0 == b.0) {
            let end = start + of_bucket.iter().map(|it| it.1.len()).sum::<usize>();
            self.add_run(of_bucket[0].0, &ids[start..end], &gathered, &times, start)?;
            start = end;
        }
        Ok(())
    }

    /// Takes the rows from the `from`th on into a bucket, a key each.
    fn add_run(
        &mut self,
        bucket: Bucket,
        keys: &[KeyId],
        args: &Arguments,
        times: &[Timestamp],
        from: usize,
    ) -> Result<()> {
        let known = self.inputs.keys.len();
        let mut slots = std::mem::take(&mut self.slots);
        let slice = self.bucket(bucket);
        slice.assign(keys, known, &mut slots);
        slice.groups.update(&slots, args, times, from)?;
        self.slots = slots;
        Ok(())
    }

    /// The states of a bucket, to be changed.
    pub(super) fn bucket(&mut self, bucket: Bucket) -> &mut Slice {
        // First what shares them, so that they need not be copied.
        self.whole.forget(&self.placing.windows, bucket.slice);
        let calls = self.results.calls();
        let slice = self.slices.0.entry(bucket);
        Arc::make_mut(slice.or_insert_with(|| Arc::new(Slice::new(calls.groups()))))
    }

    /// The next window that closes up to `bound`.
    fn next_close(&self, bound: Timestamp) -> Option<Window> {
        let mut buckets = self.slices.0.keys();
        let window = buckets.find_map(|it| self.window_behind(it.slice, self.closed))?;
        (window.end <= bound).then_some(window)
    }

    /// The next window that gives its first result up to `bound`.
    fn next_first(&self, bound: Timestamp) -> Option<Window> {
        let mut buckets = self.slices.0.keys();
        let window = buckets.find_map(|it| self.window_behind(it.slice, self.given))?;
        (window.end <= bound).then_some(window)
    }

    pub(super) fn window_behind(&self, slice: Timestamp, after: Timestamp) -> Option<Window> {
        let end = self.placing.windows.next_end(slice, after)?;
        Some(Window { start: self.placing.windows.start(slice, end), end })
    }

    /// What comes next, up to a watermark. At one instant: windows in their order, then rows.
    fn next_event(&self, watermark: Watermark) -> Option<Event> {
        let lateness = self.placing.lateness;
        let close = self.next_close(watermark.less(lateness).micros());
        if !self.placing.revises {
            return close.map(Event::Close);
        }
        let first = self.next_first(watermark.micros());
        let row = self.waiting.next_due().filter(|it| *it <= watermark.micros());
        let due = |it: &Event| match it {
            Event::First(window) => (window.end, false, window.start),
            Event::Close(window) => (window.end.saturating_add(lateness), false, window.start),
            Event::Revision(stamp) => (*stamp, true, 0),
        };
        let events = [first.map(Event::First), close.map(Event::Close), row.map(Event::Revision)];
        events.into_iter().flatten().min_by_key(due)
    }

    /// The result of a window that gives its first or last one.
    fn window(
        &mut self,
        window: Window,
        mark: Mark,
        due: Timestamp,
        pieces: &mut Vec<Piece>,
    ) -> Result<()> {
        let known = self.inputs.keys.len();
        let windows = &self.placing.windows;
        let slice = self.whole.window(&self.slices, windows, window, mark.last, known)?;
        if let Some(slice) = slice {
            let keys = &mut self.inputs.keys;
            pieces.push(self.results.of_slice(keys, &slice, window, mark, due)?);
        }
        Ok(())
    }

    /// Drops the slices whose last window has closed.
    fn drop_closed(&mut self, out: &mut Output) {
        while let Some(entry) = self.slices.0.first_entry() {
            let start = entry.key().slice;
            if self.placing.windows.last_end(start) > self.closed {
                break;
            }
            out.absorb(entry.remove().rows() as usize);
            self.whole.drop_slice(start);
        }
    }

    /// Forgets the keys that have no rows any more.
    fn sweep(&mut self) {
        if !self.inputs.is_full() {
            return;
        }
        let mut live = vec![false; self.inputs.keys.len()];
        let in_slices = self.slices.0.values().flat_map(|it| it.keys());
        let waiting =
            self.waiting.queue.values().map(|&slot| &self.waiting.rows[slot as usize].key);
        for key in in_slices.chain(waiting) {
            live[*key as usize] = true;
        }
        let Some(new_ids) = self.inputs.sweep(&live) else { return };
        self.whole.clear();
        self.results.forget_keys();
        for slice in self.slices.0.values_mut() {
            Arc::make_mut(slice).renumber(&new_ids);
        }
        let waiting = Arc::make_mut(&mut self.waiting);
        for slot in waiting.queue.values() {
            let row = &mut waiting.rows[*slot as usize];
            row.key = new_ids[row.key as usize];
        }
    }
}

impl Operator for Panes {
    fn on_batch(&mut self, _port: Port, batch: Batch, out: &mut Output) -> Result<()> {
        let (mut batch, mut runs) = self.without_late(batch, out)?;
        let (mut args, faults) = self.inputs.arguments(&batch)?;
        if let Some(sound) = out.refuse_faulty(&batch, faults, "aggregate")? {
            batch = batch.filter(&sound)?;
            for values in args.iter_mut().flatten() {
                *values = filter(values, &sound)?;
            }
            runs = self.placing.runs(&batch, self.watermark);
        }
        if batch.rows() == 0 {
            return Ok(());
        }
        self.inputs.ids(&batch, &mut self.ids)?;
        out.hold(batch.rows());
        self.add(&batch, &runs, &args)?;
        let now = self.watermark.micros();
        if self.waiting.next_due().is_some_and(|it| it <= now) {
            let mut revised = Revised::new(self.results.calls());
            self.revise(now, &mut revised)?;
            let rows = UInt32Array::from_iter_values(revised.causes.iter().map(|it| it.1));
            let order = batch.order.as_ref().map(|it| it.pick(&rows));
            let keys = &self.inputs.keys;
            let piece = self.results.of_slots(keys, &revised.groups, &revised.rows, order)?;
            self.results.emit(vec![piece], self.handed_on().micros(), out)?;
        }
        Ok(())
    }

    fn on_watermark(&mut self, watermark: Watermark, out: &mut Output) -> Result<Watermark> {
        let mut pieces = Vec::new();
        while let Some(event) = self.next_event(watermark) {
            match event {
                Event::First(window) => {
                    let mark = Mark { insert: true, last: false };
                    self.window(window, mark, window.end, &mut pieces)?;
                    self.given = window.end;
                }
                Event::Close(window) => {
                    let revises = self.placing.revises;
                    let mark = Mark { insert: !revises, last: true };
                    // Where results are not revised, windows close in the order of their ends.
                    let wait = if revises { self.placing.lateness } else { 0 };
                    self.window(window, mark, window.end.saturating_add(wait), &mut pieces)?;
                    self.closed = window.end;
                    self.drop_closed(out);
                }
                Event::Revision(stamp) => {
                    let mut revised = Revised::new(self.results.calls());
                    self.revise(stamp, &mut revised)?;
                    pieces.extend(self.revised_piece(&revised)?);
                    self.given = self.given.max(stamp);
                    self.closed = self.closed.max(stamp.saturating_sub(self.placing.lateness));
                }
            }
        }
        self.results.emit(pieces, self.handed_on().micros(), out)?;
        self.go_on_from(watermark);
        if self.placing.revises {
            let waiting = Arc::make_mut(&mut self.waiting);
            waiting.round = waiting.round.wrapping_add(1);
        }
        self.drop_closed(out);
        self.sweep();
        Ok(self.handed_on())
    }

    fn bytes(&self) -> usize {
        let slices = self.slices.0.values().map(|it| it.bytes());
        self.inputs.keys.bytes() + slices.sum::<usize>() + self.waiting.bytes()
    }

    fn snapshot(&mut self) -> Result<Box<dyn Snapshot>> {
        Ok(Box::new(PanesSnapshot {
            keys: self.inputs.keys.list().clone(),
            slices: self.slices.clone(),
            waiting: self.waiting.clone(),
            watermark: self.watermark,
            calls: self.results.calls().clone(),
        }))
    }

    fn restore(&mut self, section: Section) -> Result<()> {
        super::saved::restore_panes(self, &section)
    }
}
