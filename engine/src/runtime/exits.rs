//! Where rows leave a task: each edge takes the columns that are read behind it, and cuts rows by the task they go to.

use super::budget::Budget;
use super::delivery::{Delivery, Inbox, Mark, Piece};
use super::pipes::FlowOut;
use crate::error::Result;
use crate::graph::{Cut, Edge};
use crate::key::Partitioner;
use crate::watermark::Reached;
use std::sync::Arc;

/// What a delivery is charged for besides its rows: rounds without rows cannot pile up without end, either.
const DELIVERY: usize = 256;

/// An edge as one of the tasks in front of it sees it.
pub(super) struct Exit {
    edge: Edge,
    partitioner: Option<Partitioner>,
    /// The tasks behind it, each with the lane that is this task's.
    targets: Vec<(Arc<Inbox>, usize)>,
}

/// The rows of a round for each task behind an edge.
pub(super) type CutRows = Vec<Vec<Piece>>;

impl Exit {
    /// Of the task with this number.
    pub(super) fn new(edge: &Edge, sender: usize, targets: Vec<(Arc<Inbox>, usize)>) -> Self {
        let partitioner = match &edge.cut {
            Cut::ByKey(_, places) if targets.len() > 1 => {
                Some(Partitioner::new(places.clone(), targets.len(), sender))
            }
            _ => None,
        };
        Self { edge: edge.clone(), partitioner, targets }
    }

    /// The rows that take this exit, cut by the task that they go to.
    pub(super) fn cut(&mut self, flows: &[FlowOut]) -> Result<CutRows> {
        let mut cuts = vec![Vec::new(); self.targets.len()];
        let mut first = 0;
        for piece in flows[self.edge.pipe].side(self.edge.side) {
            let mut batch = piece.batch.clone();
            if self.edge.keep.len() < batch.columns.num_columns() {
                batch = batch.with_columns(batch.columns.project(&self.edge.keep)?);
            }
            let rows = batch.rows() as u32;
            match &mut self.partitioner {
                None => cuts[0].push(Piece { batch, ..*piece }),
                Some(partitioner) => {
                    let parts = partitioner.partition(&batch, first)?;
                    for (cut, part) in cuts.iter_mut().zip(parts) {
                        cut.extend(part.map(|batch| Piece { batch, ..*piece }));
                    }
                }
            }
            first += rows;
        }
        Ok(cuts)
    }

    /// No rows for anybody.
    pub(super) fn nothing(&self) -> CutRows {
        vec![Vec::new(); self.targets.len()]
    }

    /// The mark that goes with them.
    pub(super) fn mark(&self, flows: &[FlowOut], mark: Mark) -> Mark {
        let watermark = flows[self.edge.pipe].watermark(self.edge.side);
        Mark { reached: Reached { watermark, ..mark.reached }, ..mark }
    }

    /// Sends a round on.
    pub(super) fn send(&self, cuts: CutRows, mark: Mark, budget: &Arc<Budget>) {
        for ((inbox, lane), pieces) in self.targets.iter().zip(cuts) {
            let charge = budget.charge(bytes(&pieces) + DELIVERY);
            inbox.push(*lane, Delivery { pieces, mark, charge });
        }
    }
}

/// Bytes held by these rows.
pub(super) fn bytes(pieces: &[Piece]) -> usize {
    pieces.iter().map(|it| it.batch.bytes()).sum()
}
