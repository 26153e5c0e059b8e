//! Rows that revise a result which was given already (`emit: on_end`).
//!
//! A row whose stamp has reached the end of a window is not part of that window's first result, however the rows were
//! batched: it waits here until the watermark has come to its stamp, so that first results are given before. Then it
//! is merged into its bucket, and every result that it changes is given again. It always goes this way, by itself and merged
//! as a state of one row, so that the bits are the same whether it had to wait or not.

use super::calls::{Arguments, Calls};
use super::groups::Groups;
use super::panes::Panes;
use super::place::Bucket;
use super::results::{Mark, Piece};
use super::whole::Slices;
use crate::aggregate::Slot;
use crate::batch::{Batch, Order};
use crate::error::Result;
use crate::key::KeyId;
use crate::time::Timestamp;
use crate::windows::{Aligned, Window};
use std::collections::BTreeMap;
use std::collections::btree_map::OccupiedEntry;
use std::ops::Range;
use std::sync::Arc;

/// Added to a row's place in a round: behind the results of the same instant that the watermark caused.
const BEHIND_WINDOWS: Timestamp = 1 << 62;

/// So many rounds can be told apart before they are counted anew: far more than any row waits.
const ROUNDS: u32 = (1 << 28) - 1;

/// Rows that wait, each with states of its own.
#[derive(Clone, Debug)]
pub(super) struct Waiting {
    pub(super) groups: Groups,
    /// By slot.
    pub(super) rows: Vec<WaitingRow>,
    /// In the order in which they are due: by stamp, then as they came.
    pub(super) queue: BTreeMap<Due, Slot>,
    free: Vec<Slot>,
    /// Counted by watermarks.
    pub(super) round: u32,
    count: u64,
}

/// A row that waits.
#[derive(Clone, Copy, Debug)]
pub(super) struct WaitingRow {
    pub(super) key: KeyId,
    pub(super) bucket: Bucket,
    /// Its place in the batch that it came with.
    pub(super) row: u32,
}

/// When a row is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Due {
    pub(super) stamp: Timestamp,
    /// The round that it came in, and its place there: the same for any number of tasks.
    pub(super) round: u32,
    pub(super) place: u32,
    /// Tells rows apart that came from the same place.
    pub(super) number: u64,
}

impl Waiting {
    /// About how many bytes they take.
    pub(super) fn bytes(&self) -> usize {
        let queue = self.queue.len() * size_of::<(Due, Slot)>();
        self.groups.bytes() + self.rows.capacity() * size_of::<WaitingRow>() + queue
    }

    pub(super) fn new(calls: &Calls) -> Self {
        Self {
            groups: calls.groups(),
            rows: Vec::new(),
            queue: BTreeMap::new(),
            free: Vec::new(),
            round: 0,
            count: 0,
        }
    }

    /// Lets rows of a batch wait.
    pub(super) fn add(
        &mut self,
        bucket: Bucket,
        batch: &Batch,
        rows: Range<usize>,
        keys: &[KeyId],
        args: &Arguments,
    ) -> Result<()> {
        let mut slots = Vec::with_capacity(rows.len());
        for row in rows.clone() {
            let place = match &batch.order {
                Some(Order::Place(places)) => places[row],
                _ => row as u32,
            };
            let waiting = WaitingRow { key: keys[row], bucket, row: row as u32 };
            let due = (batch.stamps.get(row), self.round, place);
            slots.push(self.put(due, waiting));
        }
        self.groups.update(&slots, args, &batch.times, rows.start)
    }

    /// An empty slot for a row that is due with this stamp, from this round and place.
    pub(super) fn put(
        &mut self,
        (stamp, round, place): (Timestamp, u32, u32),
        row: WaitingRow,
    ) -> Slot {
        let slot = self.free.pop().unwrap_or(self.rows.len() as Slot);
        self.groups.grow(slot as usize + 1);
        if slot as usize == self.rows.len() {
            self.rows.push(row);
        } else {
            self.rows[slot as usize] = row;
        }
        self.queue.insert(Due { stamp, round, place, number: self.count }, slot);
        self.count += 1;
        slot
    }

    /// When the next row is due.
    pub(super) fn next_due(&self) -> Option<Timestamp> {
        self.queue.first_key_value().map(|(due, _)| due.stamp)
    }

    /// Takes the next row out, if it is due; its slot is to be given back.
    pub(super) fn pop(&mut self, now: Timestamp) -> Option<(Due, Slot)> {
        self.queue.first_entry().filter(|it| it.key().stamp <= now).map(OccupiedEntry::remove_entry)
    }

    /// Gives a slot back.
    pub(super) fn give_back(&mut self, slot: Slot) {
        self.groups.clear(slot);
        self.free.push(slot);
    }
}

/// Results that were revised, until they are put out.
#[derive(Debug)]
pub(super) struct Revised {
    pub(super) groups: Groups,
    pub(super) rows: Vec<(KeyId, Window, Slot, Mark)>,
    /// What caused each.
    pub(super) causes: Vec<(Due, u32)>,
    /// For putting a window of one key together.
    scratch: Groups,
}

impl Revised {
    pub(super) fn new(calls: &Calls) -> Self {
        let mut scratch = calls.groups();
        scratch.grow(3);
        Self { groups: calls.groups(), rows: Vec::new(), causes: Vec::new(), scratch }
    }

    /// Adds the result of one key in a window, as it is now. It is put together exactly as the window as a whole is.
    pub(super) fn add(
        &mut self,
        slices: &Slices,
        windows: &Aligned,
        window: Window,
        key: KeyId,
        cause: (Due, u32),
    ) -> Result<()> {
        for slot in 0..3 {
            self.scratch.clear(slot);
        }
        let (mut whole, mut next, prefix) = (0, 1, 2);
        let (suffix, rest) = slices.parts(windows, window);
        for slice in suffix {
            if let Some(slot) = slice.slot(key) {
                self.scratch.clear(next);
                self.scratch.merge(&slice.groups, &[(next, slot)])?;
                self.scratch.join(next, whole);
                (whole, next) = (next, whole);
            }
        }
        for slice in rest {
            if let Some(slot) = slice.slot(key) {
                self.scratch.merge(&slice.groups, &[(prefix, slot)])?;
            }
        }
        self.scratch.join(whole, prefix);
        for slice in slices.extras(windows, window) {
            if let Some(slot) = slice.slot(key) {
                self.scratch.merge(&slice.groups, &[(whole, slot)])?;
            }
        }
        let slot = self.rows.len() as Slot;
        self.groups.grow(slot as usize + 1);
        self.groups.merge(&self.scratch, &[(slot, whole)])?;
        let mark = Mark { insert: self.groups.rows(slot) == 1, last: false };
        self.rows.push((key, window, slot, mark));
        self.causes.push(cause);
        Ok(())
    }
}

impl Panes {
    /// Takes in the rows that waited until `now`, and gives the results anew that they change.
    pub(super) fn revise(&mut self, now: Timestamp, revised: &mut Revised) -> Result<()> {
        while let Some((due, slot)) = Arc::make_mut(&mut self.waiting).pop(now) {
            let waiting = self.waiting.clone();
            let row = waiting.rows[slot as usize];
            let known = self.inputs.keys.len();
            let mut slots = std::mem::take(&mut self.slots);
            let slice = self.bucket(row.bucket);
            slice.assign(&[row.key], known, &mut slots);
            slice.groups.merge(&waiting.groups, &[(slots[0], slot)])?;
            self.slots = slots;
            drop(waiting);
            Arc::make_mut(&mut self.waiting).give_back(slot);
            let mut after = now.saturating_sub(self.placing.lateness);
            while let Some(window) = self.window_behind(row.bucket.slice, after) {
                if window.end > now {
                    break;
                }
                let cause = (due, row.row);
                revised.add(&self.slices, &self.placing.windows, window, row.key, cause)?;
                after = window.end;
            }
        }
        Ok(())
    }

    /// The revised results, of which the watermark had to come first.
    pub(super) fn revised_piece(&self, revised: &Revised) -> Result<Option<Piece>> {
        if revised.rows.is_empty() {
            return Ok(None);
        }
        let ends = revised.causes.iter().map(|(due, _)| due.stamp).collect();
        let behind = |due: &Due| {
            BEHIND_WINDOWS
                + (Timestamp::from(due.round & ROUNDS) << 32)
                + Timestamp::from(due.place)
        };
        let starts = revised.causes.iter().map(|(due, _)| behind(due)).collect();
        let order = Some(Order::Window { ends, starts, ties: None });
        let keys = &self.inputs.keys;
        Ok(Some(self.results.of_slots(keys, &revised.groups, &revised.rows, order)?))
    }
}
