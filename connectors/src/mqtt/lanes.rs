//! The connections of a sink. Messages of one topic always take the same one, so they stay in order; a topic that was not
//! seen before takes the next one in turn. So with as many connections as there are devices, each device has its own.
//!
//! ```text
//!                       ┌─ outbox ─ task ─ connection 1 ─┐
//!  rows ──by topic──► ──┼─ outbox ─ task ─ connection 2 ─┼──► broker
//!                       └─ …                             ┘
//! ```

use super::client::Outgoing;
use super::outbox::Outbox;
use super::pool::Row;
use super::task::Task;
use crate::common::lock;
use bytes::Bytes;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};

/// So many topics are remembered; what comes beyond them is spread by its text.
const TOPICS_MAX: usize = 1 << 17;

/// A message with its row.
pub(super) type Job = (Outgoing, Option<Row>);

/// All connections.
pub(super) struct Lanes {
    lanes: Vec<Lane>,
    routes: Routes,
}

/// One connection.
pub(super) struct Lane {
    pub(super) outbox: Arc<Mutex<Outbox>>,
    pub(super) task: Task,
}

impl Lanes {
    /// At least one.
    pub(super) fn new(lanes: Vec<Lane>) -> Self {
        let routes = Routes { lanes: lanes.len(), known: HashMap::new() };
        Self { lanes, routes }
    }

    /// Takes messages, each to its connection.
    pub(super) fn add(&mut self, jobs: Vec<Job>) {
        if let [lane] = self.lanes.as_slice() {
            return lock(&lane.outbox).add(jobs);
        }
        let mut each: Vec<Vec<Job>> = self.lanes.iter().map(|_| Vec::new()).collect();
        for job in jobs {
            let lane = self.routes.of(&job.0.topic);
            each[lane].push(job);
        }
        for (lane, jobs) in self.lanes.iter().zip(each) {
            if !jobs.is_empty() {
                lock(&lane.outbox).add(jobs);
            }
        }
    }

    /// How often one of them had to be made again.
    pub(super) fn retries(&self) -> u64 {
        self.lanes.iter().map(|it| it.task.retries()).sum()
    }

    /// Says good-bye on all of them and waits a little.
    pub(super) fn close(&self) {
        for lane in &self.lanes {
            lock(&lane.outbox).close();
            lane.task.tell_to_stop();
        }
        for lane in &self.lanes {
            lane.task.stop();
        }
    }

    /// Ends all of them at once, without a good-bye.
    pub(super) fn abort(&self) {
        for lane in &self.lanes {
            lane.task.abort();
        }
    }
}

/// Which connection a topic takes.
struct Routes {
    lanes: usize,
    known: HashMap<Bytes, u32>,
}

impl Routes {
    fn of(&mut self, topic: &Bytes) -> usize {
        if let Some(lane) = self.known.get(topic) {
            return *lane as usize;
        }
        if self.known.len() >= TOPICS_MAX {
            let mixed = topic
                .iter()
                .fold(0_usize, |sum, byte| sum.wrapping_mul(31).wrapping_add(usize::from(*byte)));
            return mixed % self.lanes;
        }
        let lane = self.known.len() % self.lanes;
        // A copy: the topic is a piece of those of many messages.
        self.known.insert(Bytes::copy_from_slice(topic), lane as u32);
        lane
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn topics_take_connections_in_turn_and_stay_there() {
        let mut routes = Routes { lanes: 2, known: HashMap::new() };
        let mut of = |topic: &'static str| routes.of(&Bytes::from(topic));
        assert_eq!(["a", "b", "c", "b", "a"].map(&mut of), [0, 1, 0, 1, 0]);
    }

    #[test]
    fn beyond_the_memory_a_topic_stays_where_it_is_too() {
        let mut routes = Routes { lanes: 7, known: HashMap::new() };
        let first: Vec<_> =
            (0..TOPICS_MAX + 100).map(|it| routes.of(&it.to_string().into())).collect();
        let again: Vec<_> =
            (0..TOPICS_MAX + 100).map(|it| routes.of(&it.to_string().into())).collect();
        assert_eq!(first, again);
    }
}
