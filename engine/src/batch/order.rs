//! What puts rows back in order behind parallel tasks.

use super::{Batch, pick};
use crate::time::Timestamp;
use arrow::array::UInt32Array;
use arrow::buffer::ScalarBuffer;

/// What a merge behind parallel tasks sorts rows by, so that their order does not depend on the number of tasks.
///
/// ```text
///  one round   ── rows ──► task 0 ──► rows caused by rows       Place    where the causing row stood in the round
///              └─ rows ──► task 1     rows caused by the        Window   the window they are the result of; ties by
///                                     watermark behind them              task, since tasks own ranges of key groups
/// ```
///
/// Results of windows that go on by another key are spread over tasks anew: from there on `ties` says how they stood.
#[derive(Clone, Debug)]
pub enum Order {
    /// Each row's place in the round that an exchange cut this batch from. Ascending; a place may repeat.
    Place(ScalarBuffer<u32>),
    /// The window that each row is the result of; where results are revised, the instant at which each was due and its
    /// place there. Ascending by (end, start).
    Window {
        /// Where the windows end, or when the results were due.
        ends: ScalarBuffer<Timestamp>,
        /// Where they start, or what tells apart what is due at one instant.
        starts: ScalarBuffer<Timestamp>,
        /// Where the rows stood when a further exchange cut them: the task that sent them, and the place there.
        ties: Option<ScalarBuffer<u64>>,
    },
}

impl Order {
    /// The same order for the rows at these places.
    pub(crate) fn pick(&self, places: &UInt32Array) -> Order {
        match self {
            Order::Place(values) => Order::Place(pick(values, places)),
            Order::Window { ends, starts, ties } => Order::Window {
                ends: pick(ends, places),
                starts: pick(starts, places),
                ties: ties.as_ref().map(|it| pick(it, places)),
            },
        }
    }

    /// The orders of batches put together; none where they are of different kinds.
    pub(super) fn concat(batches: &[Batch]) -> Option<Order> {
        let (mut places, mut ends, mut starts) = (Vec::new(), Vec::new(), Vec::new());
        let mut ties: Option<Vec<u64>> = Some(Vec::new());
        for batch in batches {
            match batch.order.as_ref()? {
                Order::Place(values) => places.extend_from_slice(values),
                Order::Window { ends: end, starts: start, ties: tie } => {
                    ends.extend_from_slice(end);
                    starts.extend_from_slice(start);
                    ties = ties.zip(tie.as_ref()).map(|(all, tie)| [&all[..], tie].concat());
                }
            }
        }
        let ties = ties.map(ScalarBuffer::from);
        match (places.is_empty(), ends.is_empty()) {
            (_, true) => Some(Order::Place(places.into())),
            (true, false) => Some(Order::Window { ends: ends.into(), starts: starts.into(), ties }),
            (false, false) => None,
        }
    }

    /// The same order for `length` rows from `offset` on.
    pub(super) fn slice(&self, offset: usize, length: usize) -> Order {
        match self {
            Order::Place(places) => Order::Place(places.slice(offset, length)),
            Order::Window { ends, starts, ties } => Order::Window {
                ends: ends.slice(offset, length),
                starts: starts.slice(offset, length),
                ties: ties.as_ref().map(|it| it.slice(offset, length)),
            },
        }
    }
}
