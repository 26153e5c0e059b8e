//! From a topic to the subscription that asked for it and to what its captures caught. A fleet uses the same topics over
//! and over, so the answers are kept.

use super::client::Received;
use super::topic::Topics;
use bytes::Bytes;
use engine::source::Message;
use engine::time::Timestamp;
use std::collections::HashMap;
use std::sync::Arc;

const SECOND: i64 = 1_000_000;

/// How many topics are remembered; beyond it the memory starts anew.
const TOPICS_MAX: usize = 65_536;

/// Where messages of one topic go.
#[derive(Debug)]
struct Route {
    topic: Arc<str>,
    /// The subscription; none: we did not ask for this topic (now).
    split: Option<usize>,
    captures: Vec<String>,
}

/// Finds routes.
#[derive(Debug)]
pub(super) struct Router {
    topics: Topics,
    /// Whether messages that the broker had in store are rows too.
    retained: bool,
    routes: HashMap<Box<[u8]>, Arc<Route>>,
}

/// What becomes of a message.
#[derive(Debug)]
pub(super) struct Routed {
    /// The packet id; 0 for QoS 0.
    pub(super) id: u16,
    /// Whether it is one of QoS 2.
    pub(super) exactly_once: bool,
    /// It was delivered before.
    pub(super) again: bool,
    pub(super) topic: Arc<str>,
    /// The subscription and the message; none: it is left out.
    pub(super) message: Option<(usize, Message)>,
    /// Its payload, for messages that are left out too.
    pub(super) payload: Bytes,
}

impl Router {
    pub(super) fn new(topics: Topics, retained: bool) -> Self {
        Self { topics, retained, routes: HashMap::new() }
    }

    /// `now` is when it was received.
    pub(super) fn route(&mut self, received: Received, now: Timestamp) -> Routed {
        let route = self.find(&received.topic);
        let wanted = route.split.filter(|_| self.retained || !received.retained);
        Routed {
            id: received.id,
            exactly_once: received.exactly_once,
            again: received.again,
            topic: route.topic.clone(),
            message: wanted.map(|split| {
                let message = Message {
                    payload: received.payload.clone(),
                    topic: Some(route.topic.clone()),
                    captures: route.captures.clone(),
                    headers: Some(received.headers),
                    expires: received.expiry.map(|it| now + i64::from(it) * SECOND),
                    refused: received.refused,
                    ..Message::default()
                };
                (split, message)
            }),
            payload: received.payload,
        }
    }

    fn find(&mut self, topic: &Bytes) -> Arc<Route> {
        if let Some(route) = self.routes.get(topic.as_ref()) {
            return Arc::clone(route);
        }
        if self.routes.len() >= TOPICS_MAX {
            self.routes.clear();
        }
        let text = String::from_utf8_lossy(topic);
        let captures = self.topics.captures.len();
        let mut found = self.topics.each.iter().enumerate();
        let found = found.find_map(|(i, it)| Some((i, it.captured(&text, captures)?)));
        let (split, captures) = found.map_or((None, Vec::new()), |(i, it)| (Some(i), it));
        if split.is_none() {
            tracing::warn!(
                topic = %text,
                "The broker's session still holds a subscription that is not in the file any more; its messages are left out. Another `client_id` begins a new session"
            );
        }
        let route = Arc::new(Route { topic: text.into(), split, captures });
        self.routes.insert(topic.as_ref().into(), Arc::clone(&route));
        route
    }
}
