//! Where rows come into a task: rounds of its ports, merged over the tasks in front of them, aligned at barriers.
//!
//! ```text
//!  port 0   ▒▒▒▒│3 ▒▒        a port that has seen barrier 3 waits ...
//!  port 1   ▒▒▒▒▒▒▒▒▒│3      ... until all that have not ended have: then the task saves its state
//! ```

use super::budget::Budget;
use super::delivery::{Delivery, Ending, Inbox, Mark, Piece};
use super::gate::Gate;
use super::merge::merge;
use crate::combinations::{Aligner, Meeting};
use crate::error::{Error, Result};
use crate::graph::{Stage, StageKind};
use crate::time::{Timestamp, Watermark};
use crate::watermark::{InTurn, MinWatermark, Reached};
use std::ops::Range;
use std::sync::Arc;

/// The ports of a task.
pub(super) struct Intake {
    inbox: Arc<Inbox>,
    ports: Vec<Port>,
    time: Time,
    /// The port that is asked first: they take turns.
    first: usize,
    /// The latest that the clock has shown.
    clock: Timestamp,
    /// How the inputs that have ended did.
    stopped: bool,
}

struct Port {
    lanes: Range<usize>,
    aligner: Option<Aligner>,
    barrier: Option<u64>,
    ended: bool,
    /// Sources that wait until the ports before this one have ended.
    gates: Vec<Arc<Gate>>,
}

/// The watermark where the ports meet.
#[derive(Clone, Debug)]
pub(super) enum Time {
    SideBySide(MinWatermark),
    InTurn(InTurn),
}

/// A round of a task.
pub(super) struct Round {
    pub(super) pieces: Vec<Piece>,
    pub(super) mark: Mark,
    pub(super) budget: Arc<Budget>,
    /// Keeps the bytes charged until the round is done.
    pub(super) deliveries: Vec<super::budget::Charge>,
}

/// What is saved of the ports: their time. Inputs that had ended end again.
pub(super) type IntakeState = Time;

impl Intake {
    /// For a task of a stage; each port has so many lanes, and gates of sources that wait for the ports before it.
    pub(super) fn new(
        stage: &Stage,
        inbox: Arc<Inbox>,
        lanes: &[usize],
        mut gates: Vec<Vec<Arc<Gate>>>,
    ) -> Self {
        gates.resize(lanes.len(), Vec::new());
        let mut next = 0;
        let meets = matches!(stage.kind, StageKind::Meeting(_));
        let ports = lanes.iter().zip(&stage.ports).zip(gates).map(|((lanes, columns), gates)| {
            next += lanes;
            Port {
                lanes: next - lanes..next,
                aligner: meets.then(|| Aligner::new(columns, &stage.flow)),
                barrier: None,
                ended: false,
                gates,
            }
        });
        let ports: Vec<Port> = ports.collect();
        let time = match stage.kind {
            StageKind::Meeting(Meeting::InTurn) => Time::InTurn(InTurn::new(ports.len())),
            _ => Time::SideBySide(MinWatermark::new(ports.len())),
        };
        Self { inbox, ports, time, first: 0, clock: i64::MIN, stopped: false }
    }

    pub(super) fn save(&self) -> IntakeState {
        self.time.clone()
    }

    /// Goes on where the state was saved; returns the watermark at that time.
    pub(super) fn restore(&mut self, state: &IntakeState) -> Watermark {
        self.time = state.clone();
        match &mut self.time {
            Time::SideBySide(time) => time.resume(),
            Time::InTurn(time) => time.resume(),
        }
        self.open_gates();
        self.watermark()
    }

    fn watermark(&self) -> Watermark {
        match &self.time {
            Time::SideBySide(time) => time.current(),
            Time::InTurn(time) => time.current(),
        }
    }

    fn open_gates(&self) {
        if let Time::InTurn(time) = &self.time {
            let reading = time.reading().unwrap_or(self.ports.len());
            self.ports.iter().take(reading + 1).flat_map(|it| &it.gates).for_each(|it| it.open());
        }
    }

    /// The next round, if there is one.
    pub(super) fn next(&mut self) -> Result<Option<Round>> {
        for turn in 0..self.ports.len() {
            let port = (self.first + turn) % self.ports.len();
            if self.ports[port].barrier.is_some() || self.ports[port].ended {
                continue;
            }
            if let Some(deliveries) = self.inbox.take(self.ports[port].lanes.clone()) {
                self.first = (port + 1) % self.ports.len();
                return self.round(port, deliveries).map(Some);
            }
        }
        Ok(None)
    }

    fn round(&mut self, port: usize, deliveries: Vec<Delivery>) -> Result<Round> {
        let mark = one_mark(&deliveries)?;
        let Some(budget) = deliveries.first().map(|it| Arc::clone(it.charge.budget())) else {
            return Err(Error::bug("a port without lanes has brought a round"));
        };
        let (lanes, charges): (Vec<_>, Vec<_>) =
            deliveries.into_iter().map(|it| (it.pieces, it.charge)).unzip();
        let mut pieces = merge(lanes)?;
        if let Some(aligner) = &self.ports[port].aligner {
            for piece in &mut pieces {
                piece.batch = aligner.align(&piece.batch)?;
            }
        }
        let reached = self.advance(port, &mark);
        self.ports[port].barrier = mark.barrier;
        // Of inputs that are read at different times, one may be behind.
        self.clock = self.clock.max(mark.clock);
        if let Some(ending) = mark.last {
            self.ports[port].ended = true;
            self.stopped |= ending == Ending::Stopped;
        }
        let all_ended = self.ports.iter().all(|it| it.ended);
        let mark = Mark {
            reached,
            clock: self.clock,
            received: mark.received,
            barrier: self.aligned(),
            last: all_ended.then_some(if self.stopped { Ending::Stopped } else { Ending::Ended }),
        };
        Ok(Round { pieces, mark, budget, deliveries: charges })
    }

    /// A port has come this far: the watermark of all, and whether time goes on with them.
    fn advance(&mut self, port: usize, mark: &Mark) -> Reached {
        match &mut self.time {
            Time::SideBySide(time) => {
                let stopped = mark.last == Some(Ending::Stopped);
                if !stopped {
                    time.update(port, mark.reached);
                }
                time.reached()
            }
            Time::InTurn(time) => {
                if time.reading() == Some(port) {
                    time.update(mark.reached);
                }
                let reached = time.reached();
                self.open_gates();
                reached
            }
        }
    }

    /// The barrier, once every port that has not ended has seen it.
    fn aligned(&mut self) -> Option<u64> {
        let running = || self.ports.iter().filter(|it| !it.ended || it.barrier.is_some());
        let barrier = running().find_map(|it| it.barrier)?;
        if running().any(|it| it.barrier.is_none()) {
            return None;
        }
        self.ports.iter_mut().for_each(|it| it.barrier = None);
        Some(barrier)
    }
}

/// The mark of a round: every task in front of a port sends the same one. A round that they do not agree on would put rows
/// on the wrong side of a watermark or a checkpoint.
fn one_mark(deliveries: &[Delivery]) -> Result<Mark> {
    let Some((first, others)) = deliveries.split_first() else {
        return Err(Error::bug("a port without lanes has brought a round"));
    };
    let said = |it: &Delivery| (it.mark.reached.watermark, it.mark.barrier);
    match others.iter().find(|it| said(it) != said(first)) {
        None => Ok(first.mark),
        Some(other) => {
            let (one, other) = (said(first), said(other));
            let message = "the tasks of a stage differ in the watermark or barrier of a round";
            Err(Error::bug(format!("{message}: {one:?} and {other:?}")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::signal::Signal;
    use crate::watermark::Activity;
    use crossbeam::sync::Parker;

    #[test]
    fn tasks_that_do_not_agree_on_a_round_are_a_bug() {
        let budget = Budget::new(1, Signal::new(Parker::new().unparker().clone()));
        let delivery = |time, barrier| Delivery {
            pieces: Vec::new(),
            mark: Mark { barrier, ..Mark::bare(Watermark::at(time), Activity::Active) },
            charge: budget.charge(0),
        };
        let one = |second| one_mark(&[delivery(5, Some(3)), second]);
        assert_eq!(one(delivery(5, Some(3))).unwrap().barrier, Some(3));
        for (second, shown) in [(delivery(6, Some(3)), "6"), (delivery(5, None), "None")] {
            let error = one(second).unwrap_err();
            assert_eq!(error.kind, crate::error::ErrorKind::Bug);
            assert!(error.to_string().contains(shown), "{error}");
        }
    }
}
