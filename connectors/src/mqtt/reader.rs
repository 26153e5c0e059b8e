//! The open source: hands out what the receive task left in the inbox.

use super::inbox::{Inbox, Taken};
use super::task::Task;
use crate::common::lock;
use engine::error::{Error, Result};
use engine::source::{PayloadData, Payloads, Polled, Position, Source, SplitName};
use std::sync::{Arc, Mutex};

/// Positions are places in the order of arrival, and mean something to this process only: a broker cannot be read again.
pub(super) struct Reader {
    pub(super) splits: Vec<SplitName>,
    pub(super) inbox: Arc<Mutex<Inbox>>,
    pub(super) task: Task,
}

impl Source for Reader {
    fn poll(&mut self, limit: usize) -> Result<Polled> {
        Ok(match lock(&self.inbox).take(limit)? {
            Taken::Messages(split, messages, last, received) => Polled::Payloads(Payloads {
                split: Arc::clone(&self.splits[split]),
                data: PayloadData::Messages(messages),
                received,
                position: last.to_string(),
            }),
            Taken::Event(split, event) => Polled::Split(Arc::clone(&self.splits[split]), event),
            Taken::Nothing => Polled::Pending,
        })
    }

    fn acknowledge(&mut self, split: &SplitName, position: &Position) -> Result<()> {
        let place = self.splits.iter().position(|it| it == split);
        let (Some(split), Ok(last)) = (place, position.parse()) else {
            let what =
                format!("position `{position}` of split `{split}` was not given by this source");
            return Err(Error::bug(what));
        };
        lock(&self.inbox).acknowledge(split, last);
        Ok(())
    }

    fn losses(&mut self) -> (u64, u64) {
        lock(&self.inbox).losses()
    }

    fn close(&mut self) -> Result<()> {
        lock(&self.inbox).close();
        self.task.stop();
        Ok(())
    }
}
