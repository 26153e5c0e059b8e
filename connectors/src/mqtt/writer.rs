//! The open sink: rows to messages, and into the outboxes.

use super::client::Outgoing;
use super::lanes::{Job, Lanes};
use super::pool::{Pool, Row};
use super::properties::{Evaluated, Properties, speakable};
use super::topic::TOPIC_MAX;
use arrow::array::{Array, StringArray};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use bytes::Bytes;
use engine::batch::Batch;
use engine::codec::Encoder;
use engine::error::{Error, Result};
use engine::expr::Program;
use engine::reason::{Fault, Reason};
use engine::sink::{Finished, Prepared, Refused, Sent, Sink, Written};
use std::sync::Arc;

pub(super) struct Writer {
    /// Yields each row's topic.
    pub(super) topic: Program,
    pub(super) properties: Properties,
    pub(super) encoder: Box<dyn Encoder>,
    pub(super) pool: Arc<Pool>,
    pub(super) lanes: Lanes,
    /// Whether the broker answers to each message.
    pub(super) answered: bool,
    /// Payload bytes that were handed over.
    pub(super) sent: u64,
}

impl Sink for Writer {
    fn write(&mut self, batch: &Batch) -> Result<Written> {
        if !self.pool.has_room()? {
            return Ok(Written::Busy);
        }
        let evaluated = self.topic.evaluate(&batch.frame())?;
        let mut faults = evaluated.faults;
        let topics = Topics::of(&evaluated.values)?;
        let properties = self.properties.evaluate(batch, &mut faults)?;
        sort(&mut faults);
        let (mut bytes, mut ends) = (Vec::new(), Vec::with_capacity(batch.rows()));
        self.encoder.encode(&batch.columns, &mut bytes, &mut ends)?;
        if ends.len() != batch.rows() {
            let what = format!("{} payloads were encoded of {} rows", ends.len(), batch.rows());
            return Err(Error::bug(what));
        }
        let kept = (self.answered && self.pool.keeps_rows()).then(|| Arc::new(batch.clone()));
        let share = kept.as_ref().map_or(0, |it| it.bytes() / it.rows().max(1)) as u32;
        let made = Made { topics, properties, packet_max: self.pool.packet_max() };
        let (jobs, mut found) = made.jobs(&Bytes::from(bytes), &ends, &faults, |row| {
            kept.as_ref().map(|batch| Row { batch: Arc::clone(batch), index: row, share })
        });
        self.sent += jobs.iter().map(|(message, _)| message.payload.len() as u64).sum::<u64>();
        self.lanes.add(jobs);
        faults.append(&mut found);
        sort(&mut faults);
        Ok(Written::Taken(faults))
    }

    fn prepare(&mut self, epoch: u64) -> Result<Prepared> {
        // What is acknowledged is visible.
        Ok(Prepared::when(self.pool.is_empty()?, epoch))
    }

    fn finish(&mut self, _complete: bool) -> Result<Finished> {
        if !self.pool.is_empty()? {
            return Ok(Finished::Busy);
        }
        self.lanes.close();
        Ok(Finished::Done)
    }

    fn sent(&self) -> Sent {
        Sent { bytes: self.sent, retries: self.lanes.retries() }
    }

    fn bytes(&self) -> usize {
        self.pool.bytes()
    }

    fn refused(&mut self) -> Vec<Refused> {
        self.pool.refused()
    }

    fn unwritten(&self) -> u64 {
        self.pool.unwritten()
    }

    fn check(&mut self) -> Result<()> {
        self.pool.check()
    }

    fn abandon(&mut self) {
        self.lanes.abort();
    }
}

/// In the order of the rows, of each row the first.
fn sort(faults: &mut Vec<Fault>) {
    faults.sort_by_key(|it| it.row);
    faults.dedup_by_key(|it| it.row);
}

/// The topics of a batch.
struct Topics {
    texts: StringArray,
    /// The texts one behind the other, as the messages keep them.
    bytes: Bytes,
}

impl Topics {
    fn of(values: &dyn Array) -> Result<Self> {
        let texts = cast(values, &DataType::Utf8)?;
        let texts = texts.as_any().downcast_ref::<StringArray>().cloned();
        let texts = texts.ok_or_else(|| Error::bug("a cast to text yields no text"))?;
        let bytes = Bytes::copy_from_slice(texts.value_data());
        Ok(Self { texts, bytes })
    }

    fn get(&self, row: usize) -> Option<(&str, Bytes)> {
        let ends = self.texts.value_offsets();
        let bytes = || self.bytes.slice(ends[row] as usize..ends[row + 1] as usize);
        self.texts.is_valid(row).then(|| (self.texts.value(row), bytes()))
    }
}

/// All that the messages of a batch are made of, beside their payloads.
struct Made<'a> {
    topics: Topics,
    properties: Evaluated<'a>,
    packet_max: usize,
}

impl Made<'_> {
    /// A message for each row that has no fault yet, and the faults of those of which none can be made.
    fn jobs(
        &self,
        payloads: &Bytes,
        ends: &[usize],
        faults: &[Fault],
        row_of: impl Fn(u32) -> Option<Row>,
    ) -> (Vec<Job>, Vec<Fault>) {
        let mut jobs = Vec::with_capacity(ends.len());
        let mut found = Vec::new();
        let mut faulty = faults.iter().map(|it| it.row as usize).peekable();
        let mut start = 0;
        for (row, end) in ends.iter().enumerate() {
            let payload = payloads.slice(start..*end);
            start = *end;
            if faulty.next_if_eq(&row).is_some() {
                continue;
            }
            match self.message(row, payload) {
                Ok(message) => jobs.push((message, row_of(row as u32))),
                Err(detail) => {
                    let row = row as u32;
                    found.push(Fault { row, reason: Reason::Sink, detail, column: None });
                }
            }
        }
        (jobs, found)
    }

    /// The message of a row, or why there can be none.
    fn message(&self, row: usize, payload: Bytes) -> Result<Outgoing, String> {
        let topic = self.topics.get(row);
        let (text, topic) = topic.ok_or_else(|| "a column in the topic is null".to_owned())?;
        refuse(text)?;
        let mut message = Outgoing { topic, payload, ..Outgoing::default() };
        self.properties.fill(row, &mut message)?;
        let packet = message.packet();
        if packet > self.packet_max {
            return Err(format!(
                "a message of {packet} bytes on `{text}`; the broker takes {}",
                self.packet_max
            ));
        }
        Ok(message)
    }
}

/// Why no message can have this topic.
fn refuse(topic: &str) -> Result<(), String> {
    if topic.is_empty() || topic.len() > TOPIC_MAX {
        return Err(format!("a topic has 1 to {TOPIC_MAX} bytes, this one has {}", topic.len()));
    }
    if let Some(letter) = topic.chars().find(|it| matches!(it, '+' | '#')) {
        return Err(format!("a topic cannot contain {letter:?}: `{topic}`"));
    }
    speakable(topic).map_err(|why| format!("the topic {topic:?}: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn impossible_topics_are_refused_with_a_reason() {
        assert_eq!(refuse("a/b °C"), Ok(()));
        for (topic, part) in
            [("", "0"), ("a/+", "'+'"), ("a\u{1}", "'\\u{1}'"), ("a\u{ffff}", "ffff")]
        {
            let detail = refuse(topic).unwrap_err();
            assert!(detail.contains(part), "{topic:?}: {detail}");
        }
    }

    #[test]
    fn a_row_has_its_first_fault_only() {
        let fault = |row, detail: &str| Fault {
            row,
            reason: Reason::Sink,
            detail: detail.to_owned(),
            column: None,
        };
        let mut faults = vec![fault(3, "a"), fault(1, "b"), fault(3, "c")];
        sort(&mut faults);
        let found: Vec<_> = faults.iter().map(|it| (it.row, &*it.detail)).collect();
        assert_eq!(found, [(1, "b"), (3, "a")]);
    }
}
