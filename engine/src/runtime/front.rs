//! The first stage of a source: many equal tasks decode pieces, give rows their times, and run the steps that work on
//! rows each by itself. They know nothing of the pieces before theirs; what depends on those, the sequencer adds.

use super::budget::Budget;
use super::delivery::{Mark, Piece, lock};
use super::exits::{Exit, bytes};
use super::feed::{Decoded, Feed, Numbered, Raw, Ready, ReadyKind};
use super::pipes::Pipes;
use super::published::Board;
use super::refusals::Refusals;
use super::refused::Sorted;
use super::task::{Progress, Task};
use crate::batch::{Batch, Meta, Stamps};
use crate::codec::{self, Decoder};
use crate::error::{Error, Result};
use crate::expr::Program;
use crate::operator::{Frame, RefusedRows};
use crate::reason::{Fault, Reason, RejectedPayload};
use crate::side;
use crate::source::Payloads;
use crate::time::{Micros, Timestamp, Watermark, format_timestamp};
use crate::watermark::Activity;
use arrow::array::{Array, AsArray, RecordBatch};
use arrow::buffer::ScalarBuffer;
use arrow::datatypes::TimestampMicrosecondType;
use dsl::plan::MetaField;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Which rows are refused for their time, and how far rows may be out of order.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub(super) out_of_order: Micros,
    pub(super) ahead: Option<Micros>,
    pub(super) behind: Option<Micros>,
}

/// One of the tasks that decode what a source reads.
pub(super) struct Front {
    pub(super) name: String,
    pub(super) feed: Arc<Feed>,
    pub(super) budget: Arc<Budget>,
    pub(super) decoder: Option<Box<dyn Decoder>>,
    /// The row's time; none: when it was received.
    pub(super) time: Option<Program>,
    pub(super) keep: Vec<usize>,
    pub(super) meta: BTreeSet<MetaField>,
    pub(super) limits: Limits,
    pub(super) refusals: Refusals,
    pub(super) pipes: Pipes,
    pub(super) exits: Vec<Exit>,
    pub(super) board: Board,
}

/// Rows before they have a time.
struct Untimed {
    rows: RecordBatch,
    meta: Meta,
    received: Timestamp,
    errors: Vec<Piece>,
    rejected: usize,
}

impl Task for Front {
    fn name(&self) -> &str {
        &self.name
    }

    fn run(&mut self) -> Result<Progress> {
        let Some(piece) = self.feed.pop() else {
            let closed = self.feed.is_closed();
            return Ok(if closed { Progress::Done } else { Progress::Waiting });
        };
        let (number, clock) = (piece.number, piece.clock);
        let decoded = self.piece(piece).map_err(|it| it.at(&self.name))?;
        self.feed.ready(number, Ready { clock, kind: ReadyKind::Rows(Box::new(decoded)) });
        Ok(Progress::More)
    }
}

impl Front {
    fn piece(&mut self, piece: Numbered) -> Result<Decoded> {
        // Freed behind the charge of what is made of it, so that the source sees no room that is not there.
        let _charge = piece.charge;
        let (split, position) = match &piece.raw {
            Raw::Payloads(it) => (it.split.clone(), it.position.clone()),
            Raw::Columns(it) => (it.split.clone(), it.position.clone()),
        };
        let mut untimed = match piece.raw {
            Raw::Payloads(payloads) => self.decode(&payloads)?,
            Raw::Columns(columns) => {
                let payloads = Payloads {
                    split: columns.split,
                    data: crate::source::PayloadData::Messages(Vec::new()),
                    received: columns.received,
                    position: columns.position,
                };
                let meta = columns_meta(&payloads, &self.meta)?;
                let rejected = columns.rejected.len();
                let errors = self.rejected(&columns.rejected, &payloads)?;
                Untimed { rows: columns.rows, meta, received: payloads.received, errors, rejected }
            }
        };
        let read = (untimed.rows.num_rows() + untimed.rejected) as u64;
        let (batch, refused) = self.timed(&mut untimed)?;
        let emitted = batch.rows() as u64;
        let newest = batch.times.iter().max().copied();
        let oldest = batch.times.iter().min().copied();
        let bare = Mark::bare(Watermark::NONE, Activity::Active);
        let mark = Mark { received: untimed.received, ..bare };
        self.pipes.run(&[Piece { phase: 0, batch }], &untimed.errors, &mark)?;
        let flows = self.pipes.flows();
        let cuts = self.exits.iter_mut().map(|it| it.cut(flows)).collect::<Result<Vec<_>>>()?;
        self.pipes.clear();
        self.publish();
        let held = cuts.iter().flatten().map(|it| bytes(it)).sum();
        let errors = untimed.rejected as u64 + refused;
        Ok(Decoded {
            split,
            position,
            received: untimed.received,
            cuts,
            newest,
            oldest,
            source: crate::ledger::SourceCount { read, emitted, errors, skipped: 0, dropped: 0 },
            pipes: self.pipes.take_counts(),
            charge: self.budget.charge(held),
        })
    }

    fn decode(&mut self, payloads: &Payloads) -> Result<Untimed> {
        let Some(decoder) = &mut self.decoder else {
            return Err(Error::bug("payloads came from a source without a format"));
        };
        let codec::Decoded { rows, origins, rejected } = match Sorted::of(&payloads.data) {
            None => decoder.decode(&payloads.data)?,
            Some(sorted) => {
                let decoded = decoder.decode(&sorted.left)?;
                sorted.join(decoded)
            }
        };
        let meta = side::meta(payloads, origins.as_deref(), rows.num_rows(), &self.meta)?;
        let errors = self.rejected(&rejected, payloads)?;
        let rejected = rejected.len();
        Ok(Untimed { rows, meta, received: payloads.received, errors, rejected })
    }

    /// The error rows of payloads that became no rows, where somebody reads them.
    fn rejected(
        &mut self,
        rejected: &[RejectedPayload],
        payloads: &Payloads,
    ) -> Result<Vec<Piece>> {
        if rejected.is_empty() {
            return Ok(Vec::new());
        }
        self.pipes.note(rejected.iter().map(|it| &it.fault));
        if self.refusals.read() {
            return Ok(vec![Piece { phase: 0, batch: side::rejected(rejected, payloads)? }]);
        }
        self.pipes.samples.rejected(self.refusals.owner(), rejected);
        Ok(Vec::new())
    }

    /// Rows with their times and stamps, and how many were refused for their time.
    fn timed(&mut self, untimed: &mut Untimed) -> Result<(Batch, u64)> {
        let rows = untimed.rows.num_rows();
        let received: ScalarBuffer<Timestamp> = vec![untimed.received; rows].into();
        let (times, mut faults) = match &self.time {
            None => (received, Vec::new()),
            Some(program) => {
                let columns = untimed.rows.columns();
                let meta = Some(&untimed.meta);
                let evaluated = program.evaluate(&Frame { columns, times: &received, meta })?;
                let values = evaluated.values.as_primitive::<TimestampMicrosecondType>();
                let mut faults = evaluated.faults;
                note_nulls(values, &mut faults);
                (values.values().clone(), faults)
            }
        };
        self.note_limits(&times, untimed.received, &mut faults);
        let mut batch = Batch {
            columns: untimed.rows.clone(),
            times,
            stamps: Stamps::same(i64::MIN),
            meta: Some(std::mem::take(&mut untimed.meta)),
            order: None,
        };
        let mut refused = 0;
        if !faults.is_empty() {
            let (refusal, sound) = RefusedRows::of(&batch, faults, "")?;
            refused = refusal.faults.len() as u64;
            self.pipes.note(&refusal.faults);
            untimed.errors.extend(self.refusals.take(&refusal, &mut self.pipes.samples)?);
            batch = batch.filter(&sound)?;
        }
        batch.stamps = stamps(&batch.times, self.limits.out_of_order);
        if self.keep.len() < batch.columns.num_columns() {
            batch.columns = batch.columns.project(&self.keep)?;
        }
        if self.meta.is_empty() {
            batch.meta = None;
        }
        Ok((batch, refused))
    }

    /// Notes the rows whose time is too far from when they were received.
    fn note_limits(&self, times: &[Timestamp], received: Timestamp, faults: &mut Vec<Fault>) {
        let (ahead, behind) = (self.limits.ahead, self.limits.behind);
        let latest = ahead.map_or(i64::MAX, |it| received.saturating_add(it));
        let earliest = behind.map_or(i64::MIN, |it| received.saturating_sub(it));
        if times.iter().all(|it| (earliest..=latest).contains(it)) {
            return;
        }
        let known: BTreeSet<u32> = faults.iter().map(|it| it.row).collect();
        for (row, time) in (0u32..).zip(times) {
            if (earliest..=latest).contains(time) || known.contains(&row) {
                continue;
            }
            let (reason, word, limit) = if *time > latest {
                (Reason::Future, "ahead of", ahead)
            } else {
                (Reason::Past, "behind", behind)
            };
            let limit = dsl::value::format_duration(limit.unwrap_or_default());
            let detail = format!(
                "the row's time {} is more than {limit} {word} {}, when it was received",
                format_timestamp(*time),
                format_timestamp(received),
            );
            faults.push(Fault { row, reason, detail, column: None });
        }
    }

    fn publish(&mut self) {
        let mut board = lock(&self.board);
        board.samples = self.pipes.samples.clone();
        self.pipes.tell(&mut board.notes.pipes);
    }
}

/// What is known about rows that came as columns.
fn columns_meta(payloads: &Payloads, needed: &BTreeSet<MetaField>) -> Result<Meta> {
    let known = [MetaField::Received, MetaField::Split];
    let needed = needed.iter().copied().filter(|it| known.contains(it)).collect();
    side::meta(payloads, None, 0, &needed)
}

/// Notes the rows without a time.
fn note_nulls(
    values: &arrow::array::PrimitiveArray<TimestampMicrosecondType>,
    faults: &mut Vec<Fault>,
) {
    if values.null_count() == 0 {
        return;
    }
    let known: BTreeSet<u32> = faults.iter().map(|it| it.row).collect();
    for row in 0..values.len() as u32 {
        if values.is_null(row as usize) && !known.contains(&row) {
            let detail = "the row has no time: `time` of the source is null".to_owned();
            faults.push(Fault { row, reason: Reason::Missing, detail, column: None });
        }
    }
}

/// What each row's stamp is as far as this piece alone says; the sequencer adds what came before it.
fn stamps(times: &[Timestamp], out_of_order: Micros) -> Stamps {
    let mut newest = i64::MIN;
    let timely = times.iter().all(|time| {
        let stamp = Watermark::at(newest).less(out_of_order).micros();
        newest = newest.max(*time);
        stamp <= *time
    });
    if timely {
        // What is not late by the stamps of this piece can only be late by what came before it, and then that decides.
        return Stamps { floor: i64::MIN, each: None, timely: true };
    }
    let mut newest = i64::MIN;
    let each = times.iter().map(|time| {
        let stamp = Watermark::at(newest).less(out_of_order).micros();
        newest = newest.max(*time);
        stamp
    });
    Stamps { floor: i64::MIN, each: Some(each.collect()), timely: false }
}
