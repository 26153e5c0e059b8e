//! The open sink: rows to topics and payloads, and into the outbox.

use super::outbox::{Message, Outbox};
use super::task::Task;
use super::topic::TOPIC_MAX;
use crate::common::lock;
use arrow::array::{Array, StringArray};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use bytes::Bytes;
use engine::batch::Batch;
use engine::codec::Encoder;
use engine::error::{Error, Result};
use engine::expr::Program;
use engine::reason::{Fault, Reason};
use engine::sink::{Finished, Prepared, Sent, Sink, Written};
use std::sync::{Arc, Mutex};

/// What a packet has beside topic and payload, at most: a header of 5 bytes, two lengths, the packet id, no properties.
const PACKET_OVERHEAD: usize = 16;

pub(super) struct Writer {
    /// Yields each row's topic.
    pub(super) topic: Program,
    pub(super) encoder: Box<dyn Encoder>,
    pub(super) outbox: Arc<Mutex<Outbox>>,
    pub(super) task: Task,
    /// Payload bytes that were handed over.
    pub(super) sent: u64,
}

impl Sink for Writer {
    fn write(&mut self, batch: &Batch) -> Result<Written> {
        if !lock(&self.outbox).has_room()? {
            return Ok(Written::Busy);
        }
        let evaluated = self.topic.evaluate(&batch.frame())?;
        let topics = cast(&evaluated.values, &DataType::Utf8)?;
        let topics = topics.as_any().downcast_ref::<StringArray>();
        let topics = topics.ok_or_else(|| Error::bug("a cast to text yields no text"))?;
        let (mut bytes, mut ends) = (Vec::new(), Vec::with_capacity(batch.rows()));
        self.encoder.encode(&batch.columns, &mut bytes, &mut ends)?;
        if ends.len() != batch.rows() {
            let what = format!("{} payloads were encoded of {} rows", ends.len(), batch.rows());
            return Err(Error::bug(what));
        }
        let bytes = Bytes::from(bytes);
        let packet_max = lock(&self.outbox).packet_max();
        let mut messages = Vec::with_capacity(ends.len());
        let mut faults = evaluated.faults;
        let mut refused =
            faults.iter().map(|it| it.row as usize).collect::<Vec<_>>().into_iter().peekable();
        let mut found = Vec::new();
        let mut start = 0;
        for (row, end) in ends.into_iter().enumerate() {
            let payload = bytes.slice(start..end);
            start = end;
            if refused.next_if_eq(&row).is_some() {
                continue;
            }
            let topic = topics.is_valid(row).then(|| topics.value(row));
            match refuse(topic, payload.len(), packet_max) {
                Err(detail) => {
                    found.push(Fault {
                        row: row as u32,
                        reason: Reason::Sink,
                        detail,
                        column: None,
                    });
                }
                Ok(topic) => messages.push(Message::new(topic.to_owned(), payload)),
            }
        }
        self.sent += messages.iter().map(|it| it.payload.len() as u64).sum::<u64>();
        lock(&self.outbox).add(messages);
        faults.append(&mut found);
        faults.sort_by_key(|it| it.row);
        Ok(Written::Taken(faults))
    }

    fn prepare(&mut self, epoch: u64) -> Result<Prepared> {
        // What is acknowledged is visible.
        Ok(Prepared::when(lock(&self.outbox).is_empty()?, epoch))
    }

    fn finish(&mut self, _complete: bool) -> Result<Finished> {
        if !lock(&self.outbox).is_empty()? {
            return Ok(Finished::Busy);
        }
        lock(&self.outbox).close();
        self.task.stop();
        Ok(Finished::Done)
    }

    fn sent(&self) -> Sent {
        Sent { bytes: self.sent, retries: self.task.retries() }
    }

    fn bytes(&self) -> usize {
        lock(&self.outbox).bytes()
    }

    fn unwritten(&self) -> u64 {
        lock(&self.outbox).waiting()
    }

    fn abandon(&mut self) {
        self.task.abort();
    }
}

/// The topic, or why no message can have it.
fn refuse(topic: Option<&str>, payload: usize, packet_max: usize) -> Result<&str, String> {
    let topic = topic.ok_or_else(|| "a column in the topic is null".to_owned())?;
    if topic.is_empty() || topic.len() > TOPIC_MAX {
        return Err(format!("a topic has 1 to {TOPIC_MAX} bytes, this one has {}", topic.len()));
    }
    if let Some(letter) = topic.chars().find(|it| matches!(it, '+' | '#' | '\0')) {
        return Err(format!("a topic cannot contain {letter:?}: `{topic}`"));
    }
    let packet = topic.len() + payload + PACKET_OVERHEAD;
    if packet > packet_max {
        return Err(format!(
            "a message of {packet} bytes on `{topic}`; the broker takes {packet_max}"
        ));
    }
    Ok(topic)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn impossible_topics_are_refused_with_a_reason() {
        assert_eq!(refuse(Some("a/b"), 10, 100), Ok("a/b"));
        for (topic, part) in
            [(None, "null"), (Some(""), "0"), (Some("a/+"), "'+'"), (Some("a/b"), "takes 20")]
        {
            let detail = refuse(topic, 10, 20).unwrap_err();
            assert!(detail.contains(part), "{topic:?}: {detail}");
        }
    }
}
