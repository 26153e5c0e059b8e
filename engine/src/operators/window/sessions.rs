//! Sessions: windows of one key, as long as its rows keep coming.
//!
//! ```text
//!  key a   [__]  [______]          gap      a row within `gap` of one extends it, within `gap` of two joins them
//!  key b      [______________]
//!             watermark ──►                 sessions that end `lateness` behind it are finished and put out
//! ```
//!
//! The stamp of a row says which sessions were open when it was read: one that had closed by then is left alone, even if its
//! result has not been given yet.

use super::calls::Arguments;
use super::groups::check_tag;
use super::inputs::Inputs;
use super::pool::{NONE, Pool, Rule, Session, SessionsSnapshot};
use super::results::{Mark, Results};
use super::saved::{begin, key_at};
use crate::aggregate::Slot;
use crate::batch::{Batch, Order};
use crate::error::Result;
use crate::key::{KeyId, StateReader};
use crate::operator::{LateRows, Operator, Output, Port, RefusedRows};
use crate::reason::Fault;
use crate::snapshot::{Section, SectionId, Snapshot};
use crate::time::{Micros, Timestamp, Watermark};
use arrow::array::UInt32Array;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The operator.
#[derive(Debug)]
pub(super) struct Sessions {
    rule: Rule,
    inputs: Inputs,
    results: Results,
    pool: Arc<Pool>,
    /// The first session of each key; the others follow by [`Session::next`].
    heads: Vec<Slot>,
    /// When sessions have to be looked at, in steps: most have been extended by then and are put back.
    timers: BTreeMap<i64, Vec<Slot>>,
    watermark: Watermark,
    ids: Vec<KeyId>,
}

/// What became of a row.
enum Found {
    Late,
    In(Slot),
    New,
    /// It joins these sessions, the first of which takes up the others.
    Joins(Vec<Slot>),
}

impl Sessions {
    pub(super) fn new(gap: Micros, lateness: Micros, inputs: Inputs, results: Results) -> Self {
        let groups = results.calls().groups();
        Self {
            rule: Rule { gap, lateness },
            inputs,
            pool: Arc::new(Pool { groups, sessions: Vec::new(), free: Vec::new() }),
            results,
            heads: Vec::new(),
            timers: BTreeMap::new(),
            watermark: Watermark::NONE,
            ids: Vec::new(),
        }
    }

    fn handed_on(&self) -> Watermark {
        self.watermark.less(self.rule.lateness)
    }

    /// Looks where a row belongs.
    fn find(&self, key: KeyId, time: Timestamp, judged_by: Timestamp) -> Found {
        let mut found = Found::New;
        let mut slot = self.heads[key as usize];
        while slot != NONE {
            let session = &self.pool.sessions[slot as usize];
            if self.rule.takes(session, time, judged_by) {
                found = match found {
                    Found::In(first) => Found::Joins(vec![first, slot]),
                    Found::Joins(mut slots) => {
                        slots.push(slot);
                        Found::Joins(slots)
                    }
                    _ => Found::In(slot),
                };
            }
            slot = session.next;
        }
        match found {
            Found::New if self.rule.closes(time) <= judged_by => Found::Late,
            Found::Joins(mut slots) => {
                slots.sort_by_key(|&it| {
                    let session = &self.pool.sessions[it as usize];
                    (session.first, session.last)
                });
                Found::Joins(slots)
            }
            found => found,
        }
    }

    /// Begins a session; its only row is still to be taken in.
    fn begin(&mut self, key: KeyId, first: Timestamp, last: Timestamp) -> Slot {
        let step = self.rule.step(self.rule.closes(last));
        let head = &mut self.heads[key as usize];
        let session = Session { key, first, last, next: *head, timer: Some(step) };
        let pool = Arc::make_mut(&mut self.pool);
        let slot = pool.free.pop().unwrap_or(pool.sessions.len() as Slot);
        if slot as usize == pool.sessions.len() {
            pool.sessions.push(session);
            pool.groups.grow(pool.sessions.len());
        } else {
            pool.sessions[slot as usize] = session;
        }
        *head = slot;
        self.timers.entry(step).or_default().push(slot);
        slot
    }

    /// Ends a session: its slot is free again.
    fn end(&mut self, slot: Slot) {
        let pool = Arc::make_mut(&mut self.pool);
        let Session { key, next, .. } = pool.sessions[slot as usize];
        let head = &mut self.heads[key as usize];
        if *head == slot {
            *head = next;
        } else {
            let mut before = *head;
            while pool.sessions[before as usize].next != slot {
                before = pool.sessions[before as usize].next;
            }
            pool.sessions[before as usize].next = next;
        }
        pool.sessions[slot as usize].timer = None;
        pool.groups.clear(slot);
        pool.free.push(slot);
    }

    /// Takes rows in, one by one; states are updated for as many as possible at once.
    fn take(&mut self, batch: &Batch, args: &Arguments, faulty: &[bool]) -> Result<Vec<Taken>> {
        let ids = std::mem::take(&mut self.ids);
        self.heads.resize(self.inputs.keys.len(), NONE);
        let mut taken = Vec::with_capacity(batch.rows());
        let mut run = Vec::new();
        let mut start = 0;
        for (row, (&time, &key)) in batch.times.iter().zip(&ids).enumerate() {
            let judged_by = batch.stamps.get(row).max(self.watermark.micros());
            let found = self.find(key, time, judged_by);
            let fate = match found {
                Found::Late => Taken::Late(judged_by),
                _ if faulty.get(row).copied().unwrap_or(false) => Taken::Refused,
                _ => Taken::In,
            };
            taken.push(fate);
            if fate != Taken::In {
                self.update(&mut run, args, batch, start)?;
                start = row + 1;
                continue;
            }
            let slot = match found {
                Found::In(slot) => slot,
                Found::Joins(slots) => {
                    // The rows before have to be in the sessions that are joined.
                    self.update(&mut run, args, batch, start)?;
                    start = row;
                    self.join(&slots)
                }
                _ => self.begin(key, time, time),
            };
            let session = &mut Arc::make_mut(&mut self.pool).sessions[slot as usize];
            session.first = session.first.min(time);
            session.last = session.last.max(time);
            run.push(slot);
        }
        self.update(&mut run, args, batch, start)?;
        self.ids = ids;
        Ok(taken)
    }

    fn update(
        &mut self,
        run: &mut Vec<Slot>,
        args: &Arguments,
        batch: &Batch,
        from: usize,
    ) -> Result<()> {
        if !run.is_empty() {
            let pool = Arc::make_mut(&mut self.pool);
            pool.groups.update(run, args, &batch.times, from)?;
            run.clear();
        }
        Ok(())
    }

    /// Joins sessions, in the order of time.
    fn join(&mut self, slots: &[Slot]) -> Slot {
        let into = slots[0];
        for &slot in &slots[1..] {
            let pool = Arc::make_mut(&mut self.pool);
            let later = pool.sessions[slot as usize];
            pool.groups.join(into, slot);
            let session = &mut pool.sessions[into as usize];
            session.first = session.first.min(later.first);
            session.last = session.last.max(later.last);
            self.end(slot);
        }
        into
    }

    /// The sessions that have closed, in the order of their results.
    fn closed(&mut self, watermark: Watermark) -> Vec<Slot> {
        let until = self.rule.step(watermark.micros());
        let mut closed = Vec::new();
        let mut back = Vec::new();
        let pool = Arc::make_mut(&mut self.pool);
        while let Some(timer) = self.timers.first_entry().filter(|it| *it.key() <= until) {
            let (step, slots) = timer.remove_entry();
            for slot in slots {
                let session = &mut pool.sessions[slot as usize];
                if session.timer != Some(step) {
                    continue;
                }
                let ends_at = self.rule.closes(session.last);
                if ends_at <= watermark.micros() {
                    session.timer = None;
                    closed.push(slot);
                } else {
                    session.timer = Some(self.rule.step(ends_at));
                    back.push(slot);
                }
            }
        }
        for slot in back {
            if let Some(step) = pool.sessions[slot as usize].timer {
                self.timers.entry(step).or_default().push(slot);
            }
        }
        let keys = self.inputs.keys.list();
        let place = |slot: &Slot| {
            let session = &pool.sessions[*slot as usize];
            (session.last, session.first, keys.place(session.key))
        };
        closed.sort_unstable_by(|a, b| place(a).cmp(&place(b)));
        closed
    }

    fn sweep(&mut self) {
        if !self.inputs.is_full() {
            return;
        }
        let live: Vec<bool> = (0..self.inputs.keys.len())
            .map(|id| self.heads.get(id).is_some_and(|it| *it != NONE))
            .collect();
        let Some(new_ids) = self.inputs.sweep(&live) else { return };
        self.results.forget_keys();
        let mut heads = vec![NONE; self.inputs.keys.len()];
        let pool = Arc::make_mut(&mut self.pool);
        for (id, &head) in self.heads.iter().enumerate().filter(|it| *it.1 != NONE) {
            heads[new_ids[id] as usize] = head;
        }
        for session in pool.sessions.iter_mut().filter(|it| it.timer.is_some()) {
            session.key = new_ids[session.key as usize];
        }
        self.heads = heads;
    }
}

/// What became of a row.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Taken {
    In,
    Refused,
    /// By this watermark.
    Late(Timestamp),
}

/// Puts out the rows that were not taken in.
fn put_out(batch: &Batch, taken: &[Taken], faults: Vec<Fault>, out: &mut Output) -> Result<()> {
    let late = (0..).zip(taken).filter_map(|(row, it)| match it {
        Taken::Late(judged_by) => Some((row, *judged_by)),
        _ => None,
    });
    let (rows, watermarks): (Vec<u32>, Vec<Timestamp>) = late.unzip();
    if !rows.is_empty() {
        out.late(LateRows { rows: batch.take(&UInt32Array::from(rows))?, watermarks });
    }
    let refused = faults.into_iter().filter(|it| taken[it.row as usize] == Taken::Refused);
    out.refuse(RefusedRows::of(batch, refused.collect(), "aggregate")?.0);
    Ok(())
}

impl Operator for Sessions {
    fn on_batch(&mut self, _port: Port, batch: Batch, out: &mut Output) -> Result<()> {
        let (args, faults) = self.inputs.arguments(&batch)?;
        let mut refused = vec![false; if faults.is_empty() { 0 } else { batch.rows() }];
        for fault in &faults {
            refused[fault.row as usize] = true;
        }
        self.inputs.ids(&batch, &mut self.ids)?;
        let taken = self.take(&batch, &args, &refused)?;
        let held = taken.iter().filter(|it| **it == Taken::In).count();
        out.hold(held);
        if held < batch.rows() {
            put_out(&batch, &taken, faults, out)?;
        }
        Ok(())
    }

    fn on_watermark(&mut self, watermark: Watermark, out: &mut Output) -> Result<Watermark> {
        let closed = self.closed(watermark);
        if !closed.is_empty() {
            let mark = Mark { insert: true, last: true };
            let rows: Vec<_> = closed
                .iter()
                .map(|&slot| {
                    let session = &self.pool.sessions[slot as usize];
                    (session.key, self.rule.window(session), slot, mark)
                })
                .collect();
            let ends = rows.iter().map(|it| it.1.end).collect();
            let starts = rows.iter().map(|it| it.1.start).collect();
            let order = Some(Order::Window { ends, starts, ties: None });
            let piece =
                self.results.of_slots(&self.inputs.keys, &self.pool.groups, &rows, order)?;
            self.results.emit(vec![piece], self.handed_on().micros(), out)?;
            for slot in closed {
                out.absorb(self.pool.groups.rows(slot) as usize);
                self.end(slot);
            }
            self.sweep();
        }
        self.watermark = self.watermark.max(watermark);
        Ok(self.handed_on())
    }

    fn bytes(&self) -> usize {
        let heads = self.heads.capacity() * size_of::<Slot>();
        self.inputs.keys.bytes() + heads + self.pool.bytes()
    }

    fn snapshot(&mut self) -> Result<Box<dyn Snapshot>> {
        Ok(Box::new(SessionsSnapshot {
            keys: self.inputs.keys.list().clone(),
            pool: self.pool.clone(),
            watermark: self.watermark,
            calls: self.results.calls().clone(),
        }))
    }

    fn restore(&mut self, section: Section) -> Result<()> {
        let mut from = begin(&section)?;
        if section.id == SectionId::Unkeyed {
            self.watermark = self.watermark.max(Watermark::at(from.i64()?));
            return Ok(());
        }
        let keys = self.inputs.keys.restore(&mut from)?;
        self.heads.resize(self.inputs.keys.len(), NONE);
        check_tag(from.bytes()?, self.results.calls())?;
        for _ in 0..from.u32()? {
            self.restore_session(&keys, &mut from)?;
        }
        Ok(())
    }
}

impl Sessions {
    fn restore_session(&mut self, keys: &[KeyId], from: &mut StateReader<'_>) -> Result<()> {
        let key = key_at(keys, from.u32()?)?;
        let (first, last) = (from.i64()?, from.i64()?);
        let slot = self.begin(key, first, last);
        Arc::make_mut(&mut self.pool).groups.decode(slot, from)
    }
}
