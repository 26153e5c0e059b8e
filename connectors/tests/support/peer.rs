//! The other side in tests: a plain MQTT client that shares nothing with the connector but the library's wire format.

use rumqttc::Outgoing;
use rumqttc::v5::mqttbytes::v5::{Packet, PublishProperties};
use rumqttc::v5::mqttbytes::{self, QoS};
use rumqttc::v5::{AsyncClient, Event, EventLoop, MqttOptions};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;
use tokio::runtime::Runtime;

/// How many messages are on their way at once.
const WINDOW: usize = 200;

/// A message as it is published or was received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    pub topic: String,
    pub payload: String,
    pub retained: bool,
    pub again: bool,
    pub headers: Vec<(String, String)>,
    pub content_type: Option<String>,
    pub expiry: Option<u32>,
}

/// How a client logs in.
#[derive(Clone, Copy, Debug)]
pub struct Peer {
    pub port: u16,
    pub login: Option<(&'static str, &'static str)>,
}

impl Peer {
    pub fn at(port: u16) -> Self {
        Self { port, login: None }
    }

    fn options(&self, id: &str, clean: bool) -> MqttOptions {
        let mut options = MqttOptions::new(id, "127.0.0.1", self.port);
        options
            .set_keep_alive(Duration::from_mins(1))
            .set_clean_start(clean)
            .set_session_expiry_interval(Some(3600))
            .set_max_packet_size(Some(100_000_000))
            .set_receive_maximum(Some(1000));
        if let Some((user, password)) = self.login {
            options.set_credentials(user, password);
        }
        options
    }

    /// Publishes and waits until the broker has taken everything.
    pub fn publish(
        &self,
        messages: impl IntoIterator<Item = (String, Vec<u8>)>,
        qos: u8,
        retain: bool,
    ) {
        self.publish_with(messages, qos, retain, &PublishProperties::default());
    }

    /// The same with properties.
    pub fn publish_with(
        &self,
        messages: impl IntoIterator<Item = (String, Vec<u8>)>,
        qos: u8,
        retain: bool,
        properties: &PublishProperties,
    ) {
        static PUBLISHERS: AtomicU32 = AtomicU32::new(0);
        let id = format!("publisher-{}", PUBLISHERS.fetch_add(1, Ordering::Relaxed));
        let (client, mut events) = AsyncClient::new(self.options(&id, true), WINDOW * 2);
        let mut messages = messages.into_iter();
        let level = mqttbytes::qos(qos).unwrap();
        Runtime::new().unwrap().block_on(async {
            let mut open = 0;
            loop {
                while open < WINDOW {
                    let Some((topic, payload)) = messages.next() else { break };
                    let properties = properties.clone();
                    client
                        .try_publish_with_properties(topic, level, retain, payload, properties)
                        .unwrap();
                    open += 1;
                }
                if open == 0 {
                    client.try_disconnect().unwrap();
                }
                match events.poll().await.unwrap() {
                    Event::Outgoing(Outgoing::Publish(0))
                    | Event::Incoming(Packet::PubAck(_) | Packet::PubComp(_)) => open -= 1,
                    Event::Outgoing(Outgoing::Disconnect) => return,
                    _ => {}
                }
            }
        });
    }

    /// Subscribes in a session that outlives the broker, and hears from then on.
    pub fn listen(&self, id: &str, filter: &str) -> Listener {
        let (client, mut events) = AsyncClient::new(self.options(id, false), 100);
        client.try_subscribe(filter, QoS::AtLeastOnce).unwrap();
        let (tell, told) = channel();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let (ready, subscribed) = channel();
        let broken = Arc::new(AtomicU32::new(0));
        let counter = Arc::clone(&broken);
        runtime.spawn(async move {
            loop {
                match next(&mut events, &counter).await {
                    Event::Incoming(Packet::SubAck(_)) => drop(ready.send(())),
                    Event::Incoming(Packet::Publish(it)) => {
                        let properties = it.properties.unwrap_or_default();
                        let told = Told {
                            topic: String::from_utf8(it.topic.to_vec()).unwrap(),
                            payload: String::from_utf8(it.payload.to_vec()).unwrap(),
                            retained: it.retain,
                            again: it.dup,
                            headers: properties.user_properties,
                            content_type: properties.content_type,
                            expiry: properties.message_expiry_interval,
                        };
                        if tell.send(told).is_err() {
                            return;
                        }
                    }
                    _ => {}
                }
            }
        });
        subscribed.recv_timeout(Duration::from_secs(10)).unwrap();
        Listener { told, broken, _runtime: runtime }
    }
}

/// The next event, however often the broker goes away.
async fn next(events: &mut EventLoop, broken: &AtomicU32) -> Event {
    loop {
        if let Ok(event) = events.poll().await {
            return event;
        }
        broken.fetch_add(1, Ordering::Relaxed);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// A subscriber.
pub struct Listener {
    told: Receiver<Told>,
    broken: Arc<AtomicU32>,
    _runtime: Runtime,
}

impl Listener {
    /// The next message; panics when none comes for a long while.
    pub fn next(&self) -> Told {
        self.told.recv_timeout(Duration::from_secs(30)).expect("a message comes")
    }

    /// How often its connection broke.
    pub fn broken(&self) -> u32 {
        self.broken.load(Ordering::Relaxed)
    }

    /// The next so many.
    pub fn take(&self, count: usize) -> Vec<Told> {
        (0..count).map(|_| self.next()).collect()
    }
}
