//! What a connection of the sink is to send and the broker has not acknowledged, in order.
//!
//! ```text
//!   front                                             back
//!   │ handed to the link, waits for its answer │ waits │
//!   └────────── in flight: at most `window` ───┘
//!
//!   QoS 1   publish ──► acknowledged                                    id free again: done
//!   QoS 2   publish ──► held (the broker has it) ──► release ──► acknowledged         done
//! ```
//!
//! A new connection sends everything again that is still here, from the front on. So the order of the rows is the order
//! in which each of them arrives for the first time, over any number of connections. At QoS 2, and where the broker still
//! knows the session, each goes on where it was, under the id that it had: that is how it arrives once.

use super::client::{Accepted, Event, Outgoing, Remote};
use super::pool::{Pool, Refusal, Row};
use engine::error::Error;
use std::collections::VecDeque;
use std::sync::Arc;

/// The shared state of a connection's task and the sink.
pub(super) struct Outbox {
    queue: VecDeque<Entry>,
    /// The number of the message in front; its id follows from that.
    first: u64,
    /// How many messages in front were handed to the link.
    handed: usize,
    /// How many ids there are: as many as messages can be in flight.
    ids: u16,
    /// How many may be handed over ahead of their acknowledgement.
    window: usize,
    remote: Option<Arc<dyn Remote>>,
    /// Whether the broker knows from a connection before what was on its way.
    resumed: bool,
    qos: u8,
    closing: bool,
    pool: Arc<Pool>,
}

/// A message on its way.
struct Entry {
    message: Outgoing,
    /// What it was made of; none where it cannot be refused later.
    row: Option<Row>,
    stage: Stage,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Waits,
    /// The broker may have it.
    Sent,
    /// At QoS 2: the broker has it.
    Held,
    Done,
}

impl Outbox {
    /// `in_flight`: how many messages may be sent ahead of their acknowledgement, at most.
    pub(super) fn new(qos: u8, in_flight: u16, pool: Arc<Pool>) -> Self {
        Self {
            queue: VecDeque::new(),
            first: 0,
            handed: 0,
            ids: in_flight,
            window: 0,
            remote: None,
            resumed: false,
            qos,
            closing: false,
            pool,
        }
    }

    // The sink's side.

    /// Takes messages with their rows, and sends as many as may be sent.
    pub(super) fn add(&mut self, messages: impl IntoIterator<Item = (Outgoing, Option<Row>)>) {
        for (message, row) in messages {
            self.pool.add(&message, row.as_ref());
            self.queue.push_back(Entry { message, row, stage: Stage::Waits });
        }
        self.hand_over();
    }

    /// Says good-bye, now or as soon as there is a connection.
    pub(super) fn close(&mut self) {
        self.closing = true;
        if let Some(remote) = &self.remote {
            // Nothing is left that a session would be needed for.
            remote.disconnect(self.qos == 2);
        }
    }

    // The task's side.

    /// A connection is there: everything that is not acknowledged goes out (again).
    pub(super) fn connected(&mut self, remote: Arc<dyn Remote>, accepted: &Accepted) {
        self.window = usize::from(accepted.send_maximum.min(self.ids));
        self.resumed = self.qos == 2 && accepted.session_present;
        self.pool.limit(accepted.max_packet);
        self.remote = Some(remote);
        self.hand_over();
        if self.closing {
            self.close();
        }
    }

    /// The connection is gone.
    pub(super) fn disconnected(&mut self) {
        self.remote = None;
        self.handed = 0;
    }

    /// Sending makes no sense any more.
    pub(super) fn fail(&mut self, error: Error) {
        self.disconnected();
        self.pool.fail(error);
    }

    /// Something happened on the connection. An error tells which message the broker refused, and why, where that ends
    /// the run.
    pub(super) fn handle(&mut self, events: &mut Vec<Event>) -> Result<Handled, Refused> {
        let mut handled = Handled::default();
        let mut written = 0;
        for event in events.drain(..) {
            match event {
                Event::Written => {
                    // In order, so all that are done stand in front.
                    self.done(Some(written).filter(|it| *it < self.handed), None)?;
                    written += 1;
                }
                Event::Held(id) => {
                    let place = self.place(id);
                    if let Some(entry) = place.and_then(|it| self.queue.get_mut(it)) {
                        entry.stage = Stage::Held;
                        // A link that takes no orders any more is about to say so; the next one is told again.
                        let _told = self.remote.as_ref().is_some_and(|it| it.release(id));
                    }
                }
                Event::Acknowledged { id, refusal } => {
                    handled.rejected = Some(refusal.is_some());
                    let refused = self.done(self.place(id), refusal)?;
                    handled.refused = handled.refused.or(refused);
                }
                Event::Closed => handled.closed = true,
                Event::Message(_) | Event::Subscribed(_) | Event::Released(_) | Event::Told => {}
            }
        }
        while self.queue.pop_front_if(|it| it.stage == Stage::Done).is_some() {
            self.first += 1;
            self.handed -= 1;
        }
        self.hand_over();
        Ok(handled)
    }
}

impl Outbox {
    /// Where the message of this id stands, if it is on its way on this connection.
    fn place(&self, id: u16) -> Option<usize> {
        let ids = u64::from(self.ids);
        let behind = (u64::from(id) + ids - 1 - self.first % ids) % ids;
        let place = usize::try_from(behind).ok()?;
        let on_its_way = id != 0 && place < self.handed && self.queue[place].stage != Stage::Done;
        on_its_way.then_some(place)
    }

    /// The id of the message that stands here: no two that are in flight have the same.
    fn id(&self, place: usize) -> u16 {
        match self.qos {
            0 => 0,
            _ => ((self.first + place as u64) % u64::from(self.ids)) as u16 + 1,
        }
    }

    /// A message is done: delivered, or refused.
    fn done(
        &mut self,
        place: Option<usize>,
        refusal: Option<String>,
    ) -> Result<Option<Refused>, Refused> {
        let Some(entry) = place.and_then(|it| self.queue.get_mut(it)) else { return Ok(None) };
        // Before it counts as done: who finds nothing open has to find what was refused.
        let told = refusal.map(|reason| {
            let topic = String::from_utf8_lossy(&entry.message.topic).into_owned();
            let detail = format!("the broker refuses the message on `{topic}`: {reason}");
            (self.pool.refuse(entry.row.clone(), detail), Refused { topic, reason })
        });
        let first = match told {
            // It stays open until the run is told that it ends.
            Some((Refusal::Ends, refused)) => return Err(refused),
            Some((Refusal::First, refused)) => Some(refused),
            Some((Refusal::Again, _)) | None => None,
        };
        entry.stage = Stage::Done;
        let message = std::mem::take(&mut entry.message);
        self.pool.remove(&message, entry.row.take().as_ref());
        Ok(first)
    }

    fn hand_over(&mut self) {
        let Some(remote) = &self.remote else { return };
        while self.handed < self.window.min(self.queue.len()) {
            let (place, id) = (self.handed, self.id(self.handed));
            let entry = &mut self.queue[place];
            let taken = match entry.stage {
                Stage::Done => true,
                Stage::Held if self.resumed => remote.release(id),
                stage => {
                    let again = self.resumed && stage == Stage::Sent;
                    remote.publish(&entry.message, self.qos, id, again)
                }
            };
            if !taken {
                return;
            }
            if entry.stage == Stage::Waits || (entry.stage == Stage::Held && !self.resumed) {
                entry.stage = Stage::Sent;
            }
            self.handed += 1;
        }
    }
}

/// What to do after events were handled.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Handled {
    /// The connection was closed as we wished.
    pub(super) closed: bool,
    /// The first message that was refused, and becomes an error row: to be said.
    pub(super) refused: Option<Refused>,
    /// Whether the last answer to a message was that it is refused; none: there was no answer.
    pub(super) rejected: Option<bool>,
}

/// A message that the broker will not take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refused {
    pub(super) topic: String,
    pub(super) reason: String,
}

#[cfg(test)]
mod tests;
