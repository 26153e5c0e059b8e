//! The open files of the sink, one a folder: rolled when they are large, long or old enough, and kept within bounds.
//!
//! Memory is what all open files hold together. When it is too much, the file that holds most ends its row group; if what
//! it holds is too little to be sent to an object store, the file ends. When too many folders are written at a time, the
//! file that was written longest ago ends.

use super::file::{Form, OpenFile};
use super::options::Roll;
use super::run::Run;
use arrow::array::RecordBatch;
use engine::error::{Error, Result};
use engine::time::Clock;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// So many files are open at a time.
pub(super) const OPEN_MAX: usize = 64;

/// All open files of a sink.
pub(super) struct Files {
    pub(super) form: Form,
    pub(super) run: Run,
    pub(super) roll: Roll,
    pub(super) clock: Arc<dyn Clock>,
    /// What they may hold in memory together.
    pub(super) budget: usize,
    /// What they hold, for others to see.
    pub(super) held: Arc<AtomicUsize>,
    /// The sink, for log lines.
    pub(super) name: String,
    /// The file that was written last stands at the end.
    pub(super) open: Vec<OpenFile>,
    /// Whether it was said that there are too many folders.
    pub(super) said: bool,
}

impl Files {
    /// Writes rows into the file of a folder.
    pub(super) fn write(&mut self, partition: &Arc<str>, rows: &RecordBatch) -> Result<()> {
        let mut from = 0;
        while from < rows.num_rows() {
            self.make_open(partition)?;
            let Some(file) = self.open.last_mut() else {
                return Err(Error::bug("a file that was opened is not open"));
            };
            let room = self.roll.rows.saturating_sub(file.rows).max(1);
            let count = (rows.num_rows() - from).min(usize::try_from(room).unwrap_or(usize::MAX));
            file.write(&self.form, &self.run, &rows.slice(from, count), self.roll.size)?;
            from += count;
            if file.rows >= self.roll.rows || file.size() >= self.roll.size {
                self.publish(self.open.len() - 1)?;
            }
        }
        self.shrink()
    }

    /// When the oldest file is old enough, as the clock's `elapsed` shows it.
    pub(super) fn due(&self) -> Option<Duration> {
        self.open.iter().map(|it| it.since.saturating_add(self.roll.every)).min()
    }

    /// Ends the files that are old enough.
    pub(super) fn end_old(&mut self) -> Result<()> {
        let now = self.clock.elapsed();
        let every = self.roll.every;
        let old = |it: &OpenFile| it.since.saturating_add(every) <= now;
        while let Some(place) = self.open.iter().position(old) {
            self.publish(place)?;
        }
        self.note();
        Ok(())
    }

    /// Ends all files, and waits until others can see them.
    pub(super) fn end_all(&mut self) -> Result<()> {
        while !self.open.is_empty() {
            self.publish(0)?;
        }
        self.note();
        self.run.settle()
    }

    /// Puts the file of a folder at the end; opens it if there is none.
    fn make_open(&mut self, partition: &Arc<str>) -> Result<()> {
        if let Some(place) = self.open.iter().rposition(|it| it.partition == *partition) {
            let file = self.open.remove(place);
            self.open.push(file);
            return Ok(());
        }
        if self.open.len() >= OPEN_MAX {
            self.say_many();
            self.publish(0)?;
        }
        let now = self.clock.elapsed();
        let file = OpenFile::open(&self.form, &self.run, partition, now)?;
        self.open.push(file);
        Ok(())
    }

    fn publish(&mut self, place: usize) -> Result<()> {
        let file = self.open.remove(place);
        file.publish(&self.form, &self.run)
    }

    /// Sets memory free until it is within the budget.
    fn shrink(&mut self) -> Result<()> {
        let mut memory: Vec<usize> = self.open.iter().map(OpenFile::memory).collect();
        let mut held: usize = memory.iter().sum();
        while held > self.budget {
            let Some(place) = (0..memory.len()).max_by_key(|it| memory[*it]) else { break };
            let file = &mut self.open[place];
            let before = memory[place];
            if file.in_group() > before / 2 {
                file.end_group(&self.form, &self.run)?;
                memory[place] = file.memory();
            }
            if memory[place] > before / 2 {
                self.publish(place)?;
                memory.remove(place);
                held -= before;
            } else {
                held = held - before + memory[place];
            }
        }
        self.held.store(held, Ordering::Relaxed);
        Ok(())
    }

    fn note(&self) {
        let held = self.open.iter().map(OpenFile::memory).sum();
        self.held.store(held, Ordering::Relaxed);
    }

    fn say_many(&mut self) {
        if !std::mem::replace(&mut self.said, true) {
            tracing::warn!(
                name = self.name,
                "Rows go to more than {OPEN_MAX} folders at a time, so files end early and are small; \
                 let `partition` make fewer folders, and write a column like a device's id with `sort` instead"
            );
        }
    }
}
