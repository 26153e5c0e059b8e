//! The saved state of windows.
//!
//! ```text
//!  unkeyed     watermark │ round
//!  key group   keys │ tag of the calls │ buckets: bounds, (key, states) …  │ waiting rows: key, due, bucket, states
//!              keys │ tag of the calls │ sessions: key, first, last, states …
//! ```

use super::calls::Calls;
use super::groups::check_tag;
use super::panes::Panes;
use super::place::Bucket;
use super::revise::{Due, Waiting, WaitingRow};
use super::slice::Slice;
use super::whole::Slices;
use crate::aggregate::Slot;
use crate::error::{Error, ErrorKind, Result};
use crate::key::{KeyId, KeyList, StateReader, StateWriter, save_by_group};
use crate::snapshot::{Section, SectionId, Snapshot};
use crate::time::Watermark;
use std::sync::Arc;

/// The layout of all sections.
const VERSION: u16 = 1;

/// What [`Panes`] hold.
#[derive(Debug)]
pub(super) struct PanesSnapshot {
    pub(super) keys: Arc<KeyList>,
    pub(super) slices: Slices,
    pub(super) waiting: Arc<Waiting>,
    pub(super) watermark: Watermark,
    pub(super) calls: Calls,
}

impl Snapshot for PanesSnapshot {
    fn sections(self: Box<Self>) -> Result<Vec<Section>> {
        let mut live = vec![false; self.keys.len()];
        for key in self.slices.0.values().flat_map(|it| it.keys()) {
            live[*key as usize] = true;
        }
        for (_, _, row) in self.waiting_rows() {
            live[row.key as usize] = true;
        }
        let live = |id: KeyId| live[id as usize];
        let mut sections = save_keys(&self.keys, &self.calls, live, |ids, out| {
            self.write_buckets(ids, out);
            self.write_waiting(ids, out);
        })?;
        sections.push(save_watermark(self.watermark, self.waiting.round));
        Ok(sections)
    }
}

impl PanesSnapshot {
    fn write_buckets(&self, ids: &[KeyId], out: &mut StateWriter) {
        let of_keys = |slice: &Slice| -> Vec<(u32, Slot)> {
            let slots = (0..).zip(ids).map(|(place, id)| (place, slice.slot(*id)));
            slots.filter_map(|(place, slot)| Some((place, slot?))).collect()
        };
        let buckets = self.slices.0.iter().map(|(bucket, slice)| (bucket, slice, of_keys(slice)));
        let buckets: Vec<_> = buckets.filter(|it| !it.2.is_empty()).collect();
        out.u32(buckets.len() as u32);
        for (bucket, slice, entries) in buckets {
            write_bucket(*bucket, out);
            out.u32(entries.len() as u32);
            for (place, slot) in entries {
                out.u32(place);
                slice.groups.encode(slot, out);
            }
        }
    }

    fn write_waiting(&self, ids: &[KeyId], out: &mut StateWriter) {
        let rows = self.waiting_rows().filter_map(|(due, slot, row)| {
            let place = ids.iter().position(|it| *it == row.key)?;
            Some((place as u32, due, slot, row))
        });
        let rows: Vec<_> = rows.collect();
        out.u32(rows.len() as u32);
        for (place, due, slot, row) in rows {
            out.u32(place);
            out.i64(due.stamp);
            out.u32(due.round);
            out.u32(due.place);
            write_bucket(row.bucket, out);
            self.waiting.groups.encode(slot, out);
        }
    }

    fn waiting_rows(&self) -> impl Iterator<Item = (&Due, Slot, &WaitingRow)> {
        let queue = self.waiting.queue.iter();
        queue.map(|(due, &slot)| (due, slot, &self.waiting.rows[slot as usize]))
    }
}

/// Takes a section back.
pub(super) fn restore_panes(panes: &mut Panes, section: &Section) -> Result<()> {
    let mut from = begin(section)?;
    if section.id == SectionId::Unkeyed {
        panes.go_on_from(Watermark::at(from.i64()?));
        let waiting = Arc::make_mut(&mut panes.waiting);
        waiting.round = waiting.round.max(from.u32()?);
        return Ok(());
    }
    let keys = panes.inputs.keys.restore(&mut from)?;
    check_tag(from.bytes()?, panes.results.calls())?;
    for _ in 0..from.u32()? {
        let bucket = read_bucket(&mut from)?;
        let mut slots = Vec::new();
        for _ in 0..from.u32()? {
            let key = key_at(&keys, from.u32()?)?;
            let known = panes.inputs.keys.len();
            let slice = panes.bucket(bucket);
            slice.assign(&[key], known, &mut slots);
            slice.groups.decode(slots[0], &mut from)?;
        }
    }
    for _ in 0..from.u32()? {
        let key = key_at(&keys, from.u32()?)?;
        let due = (from.i64()?, from.u32()?, from.u32()?);
        let bucket = read_bucket(&mut from)?;
        let waiting = Arc::make_mut(&mut panes.waiting);
        let slot = waiting.put(due, WaitingRow { key, bucket, row: 0 });
        waiting.groups.decode(slot, &mut from)?;
    }
    Ok(())
}

/// The key at a place of a section.
pub(super) fn key_at(keys: &[KeyId], place: u32) -> Result<KeyId> {
    keys.get(place as usize).copied().ok_or_else(|| {
        Error::new(ErrorKind::Refused, "the saved state of a window is damaged: a key is missing")
    })
}

/// Begins to read a section.
pub(super) fn begin(section: &Section) -> Result<StateReader<'_>> {
    if section.version == VERSION {
        return Ok(StateReader::new(&section.bytes));
    }
    let message = format!(
        "the saved state of a window has layout {}, this version reads {VERSION}",
        section.version
    );
    Err(Error::new(ErrorKind::Refused, message))
}

/// The section of what belongs to no key.
pub(super) fn save_watermark(watermark: Watermark, round: u32) -> Section {
    let mut out = StateWriter::default();
    out.i64(watermark.micros());
    out.u32(round);
    Section { id: SectionId::Unkeyed, version: VERSION, bytes: out.finish().into() }
}

/// A section a key group, with what `write` appends for its keys.
pub(super) fn save_keys(
    keys: &KeyList,
    calls: &Calls,
    live: impl Fn(KeyId) -> bool,
    mut write: impl FnMut(&[KeyId], &mut StateWriter),
) -> Result<Vec<Section>> {
    save_by_group(keys, VERSION, live, |ids, out| {
        out.bytes(calls.tag().as_bytes());
        write(ids, out);
        Ok(())
    })
}

fn write_bucket(bucket: Bucket, out: &mut StateWriter) {
    out.i64(bucket.slice);
    out.i64(bucket.counts_from);
    out.i64(bucket.timely_from);
}

fn read_bucket(from: &mut StateReader<'_>) -> Result<Bucket> {
    Ok(Bucket { slice: from.i64()?, counts_from: from.i64()?, timely_from: from.i64()? })
}
