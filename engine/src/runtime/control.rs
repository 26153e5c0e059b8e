//! What the tasks of a run have in common: whether it should stop or has failed, the barrier that is wanted, and what
//! each task has saved for it.
//!
//! ```text
//!  request(n) ──► sources hand over barrier n ──► every task saves its state at it ──► complete ──► sinks commit n
//! ```
//!
//! A task that has ended saves its last state once; it counts for every later checkpoint.

use super::delivery::lock;
use super::intake::IntakeState;
use super::published::Counts;
use super::signal::Signal;
use super::splits::Splits;
use crate::error::Error;
use crate::sink::Committable;
use crate::snapshot::{Section, SectionId};
use crate::source::{Position, SplitName};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

/// A consistent cut through a run: what it needs to go on as if nothing had happened, with any number of tasks.
#[derive(Clone, Debug, Default)]
pub struct Checkpoint {
    /// Its number; they grow.
    pub epoch: u64,
    /// What each task has saved, by its name without its number.
    pub(super) saved: Vec<(TaskId, Saved)>,
}

/// Which task: its stage, and which of the equal ones.
pub(super) type TaskId = (usize, usize);

/// What a task has saved.
#[derive(Clone, Debug, Default)]
pub(super) struct Saved {
    pub(super) positions: BTreeMap<SplitName, Position>,
    pub(super) splits: Option<Splits>,
    pub(super) intake: Option<IntakeState>,
    pub(super) sections: Vec<(String, Section)>,
    pub(super) counts: Counts,
    /// What a sink has prepared and not committed yet, oldest first.
    pub(super) committables: Vec<Committable>,
}

impl Checkpoint {
    /// What the first task of a stage has saved that is the same for all of them.
    pub(super) fn first(&self, stage: usize) -> Option<&Saved> {
        self.saved.iter().find(|((it, _), _)| *it == stage).map(|(_, saved)| saved)
    }

    /// The sections of a stage: those of its key groups, and of what belongs to no key the first task's.
    pub(super) fn sections(&self, stage: usize) -> Vec<(String, Section)> {
        let mut sections: Vec<(String, Section)> = Vec::new();
        for (_, saved) in self.saved.iter().filter(|((it, _), _)| *it == stage) {
            for (id, section) in &saved.sections {
                let unkeyed = section.id == SectionId::Unkeyed;
                let known =
                    unkeyed && sections.iter().any(|(it, s)| it == id && s.id == section.id);
                if !known {
                    sections.push((id.clone(), section.clone()));
                }
            }
        }
        sections
    }

    /// The counters of a stage.
    pub(super) fn counts(&self, stage: usize) -> Counts {
        let mut counts = Counts::default();
        for (_, saved) in self.saved.iter().filter(|((it, _), _)| *it == stage) {
            counts += &saved.counts;
        }
        counts
    }
}

/// Shared by all tasks of a run.
#[derive(Debug, Default)]
pub(super) struct Control {
    stop: AtomicBool,
    abort: AtomicBool,
    barrier: AtomicU64,
    state: Mutex<State>,
    changed: Condvar,
    signals: Mutex<Vec<Arc<Signal>>>,
}

#[derive(Debug, Default)]
struct State {
    tasks: usize,
    /// Whether a checkpoint is on its way.
    wanted: bool,
    saved: BTreeMap<TaskId, Saved>,
    ended: BTreeMap<TaskId, Saved>,
    complete: Option<Checkpoint>,
    commits: BTreeMap<TaskId, Vec<Committable>>,
    error: Option<Error>,
    finished: bool,
    /// How many sinks somebody takes rows from, and whether all inputs end by themselves.
    sinks: usize,
    bounded: bool,
}

impl Control {
    /// Knows the tasks that save something, and how to wake all tasks.
    pub(super) fn started(&self, savers: usize, epoch: u64, signals: Vec<Arc<Signal>>) {
        lock(&self.state).tasks = savers;
        self.barrier.store(epoch, Ordering::Release);
        *lock(&self.signals) = signals;
    }

    pub(super) fn stopping(&self) -> bool {
        self.stop.load(Ordering::Acquire)
    }

    pub(super) fn aborted(&self) -> bool {
        self.abort.load(Ordering::Acquire)
    }

    /// The newest barrier that is wanted.
    pub(super) fn barrier(&self) -> u64 {
        self.barrier.load(Ordering::Acquire)
    }

    fn wake_all(&self) {
        lock(&self.signals).iter().for_each(|it| it.raise());
        self.changed.notify_all();
    }

    /// Sources stop; what was read is finished.
    pub(super) fn stop(&self) {
        self.stop.store(true, Ordering::Release);
        self.wake_all();
    }

    /// Knows how many sinks there are, and whether all inputs end by themselves.
    pub(super) fn opened(&self, sinks: usize, bounded: bool) {
        let mut state = lock(&self.state);
        (state.sinks, state.bounded) = (sinks, bounded);
    }

    /// Nobody takes the rows of one of the sinks any more. Without an end the run stops; inputs that end by themselves
    /// are read on for the sinks that are left, which would otherwise seem to be whole.
    pub(super) fn deserted(&self) {
        let stops = {
            let mut state = lock(&self.state);
            state.sinks = state.sinks.saturating_sub(1);
            state.sinks == 0 || !state.bounded
        };
        if stops {
            self.stop();
        }
    }

    /// Everything stops where it is.
    pub(super) fn abort(&self) {
        self.abort.store(true, Ordering::Release);
        self.wake_all();
    }

    /// The run has failed: the first error counts.
    pub(super) fn fail(&self, error: Error) {
        lock(&self.state).error.get_or_insert(error);
        self.abort();
    }

    /// Why the run has failed.
    pub(super) fn take_error(&self) -> Option<Error> {
        lock(&self.state).error.take()
    }

    /// All tasks have ended.
    pub(super) fn finish(&self) {
        lock(&self.state).finished = true;
        self.changed.notify_all();
    }

    /// Wants a checkpoint; returns its number. One that is on its way counts: barriers that overtook each other would
    /// not be aligned.
    pub(super) fn request(&self) -> u64 {
        let epoch = {
            let mut state = lock(&self.state);
            if state.wanted {
                return self.barrier();
            }
            state.wanted = true;
            state.saved.clear();
            state.complete = None;
            self.barrier.fetch_add(1, Ordering::AcqRel) + 1
        };
        self.wake_all();
        epoch
    }

    /// A task has saved its state for a checkpoint.
    pub(super) fn save(&self, epoch: u64, task: TaskId, saved: Saved) {
        let mut state = lock(&self.state);
        if state.wanted && epoch == self.barrier() {
            state.saved.insert(task, saved);
            self.complete(&mut state);
        }
    }

    /// A task has ended with this state.
    pub(super) fn save_last(&self, task: TaskId, saved: Saved) {
        let mut state = lock(&self.state);
        state.ended.insert(task, saved);
        self.complete(&mut state);
    }

    /// The checkpoint is complete when every task has saved its state, at the barrier or at its end. If all have ended
    /// before they saw a barrier, there is nothing to go on with, and none.
    fn complete(&self, state: &mut State) {
        let only_ended = state.ended.keys().filter(|it| !state.saved.contains_key(it)).count();
        if !state.wanted || state.saved.is_empty() || state.saved.len() + only_ended < state.tasks {
            return;
        }
        for (task, saved) in &state.saved {
            if !saved.committables.is_empty() {
                state.commits.insert(*task, saved.committables.clone());
            }
        }
        let mut all = state.ended.clone();
        all.extend(std::mem::take(&mut state.saved));
        let epoch = self.barrier();
        state.complete = Some(Checkpoint { epoch, saved: all.into_iter().collect() });
        state.wanted = false;
        self.wake_all();
    }

    /// What a sink has to commit now.
    pub(super) fn to_commit(&self, task: TaskId) -> Vec<Committable> {
        lock(&self.state).commits.get(&task).cloned().unwrap_or_default()
    }

    /// A sink has committed.
    pub(super) fn committed(&self, task: TaskId) {
        if lock(&self.state).commits.remove(&task).is_some() {
            self.changed.notify_all();
        }
    }

    /// The checkpoint that was wanted last, once it is complete and every sink has committed.
    pub(super) fn checkpoint(&self) -> Option<Checkpoint> {
        lock(&self.state).safe()
    }

    /// The checkpoint that was wanted last, once it is complete, whether sinks have committed or not.
    pub(super) fn complete_checkpoint(&self) -> Option<Checkpoint> {
        lock(&self.state).complete.clone()
    }

    /// Waits for the checkpoint that was wanted last; none if the run ends before.
    pub(super) fn wait_for_checkpoint(&self) -> Option<Checkpoint> {
        const LOOK: Duration = Duration::from_millis(100);
        let mut state = lock(&self.state);
        loop {
            if let Some(done) = state.safe() {
                return Some(done);
            }
            if state.finished || self.aborted() {
                return None;
            }
            let waited = self.changed.wait_timeout(state, LOOK);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

impl State {
    fn safe(&self) -> Option<Checkpoint> {
        self.complete.clone().filter(|_| self.commits.is_empty())
    }
}
