//! The MQTT broker of the demo: embedded, in memory, on a free port that only this machine can reach.

use mqtt5::broker::config::{StorageBackend, StorageConfig};
use mqtt5::broker::{BrokerConfig, BrokerShutdownHandle, MqttBroker};
use std::net::{Ipv4Addr, SocketAddr};
use tokio::task::JoinHandle;

/// How many messages may be on their way to one client; the library's own limit (64) would be the demo's speed limit.
const IN_FLIGHT_MAX: u16 = 4096;
/// How many messages wait for a client that is slow or away.
const QUEUED_MAX: usize = 1_000_000;

/// A running broker. Dropping it ends it too, without waiting for the end.
pub(super) struct Broker {
    url: String,
    shutdown: BrokerShutdownHandle,
    task: JoinHandle<()>,
}

impl Broker {
    /// Starts one and waits until it accepts clients. An error says why it cannot.
    pub(super) async fn start() -> Result<Self, String> {
        let why = |what: &str, error: &dyn std::fmt::Display| {
            format!("the embedded MQTT broker {what}: {error}")
        };
        let mut broker = MqttBroker::with_config(config())
            .await
            .map_err(|error| why("cannot listen on this machine", &error))?;
        let address =
            broker.local_addr().ok_or_else(|| why("does not listen", &"it has no address"))?;
        let shutdown = broker.shutdown_handle();
        let mut ready = broker.ready_receiver();
        let task = tokio::spawn(async move {
            if let Err(error) = broker.run().await {
                tracing::error!(%error, "The embedded MQTT broker has stopped");
            }
        });
        ready.wait_for(|it| *it).await.map_err(|error| why("did not start", &error))?;
        Ok(Self { url: format!("mqtt://{address}"), shutdown, task })
    }

    /// Where it is: `mqtt://127.0.0.1:PORT`.
    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// Ends it and waits for the end.
    pub(super) async fn stop(mut self) {
        self.shutdown.shutdown();
        if let Err(error) = (&mut self.task).await {
            tracing::error!(%error, "The embedded MQTT broker broke");
        }
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        self.shutdown.shutdown();
    }
}

fn config() -> BrokerConfig {
    let mut config = BrokerConfig {
        bind_addresses: vec![SocketAddr::from((Ipv4Addr::LOCALHOST, 0))],
        max_outbound_inflight: IN_FLIGHT_MAX,
        sys_topics_enabled: false,
        storage_config: StorageConfig {
            backend: StorageBackend::Memory,
            max_queued_messages_per_client: QUEUED_MAX,
            ..StorageConfig::default()
        },
        ..BrokerConfig::default()
    };
    config.auth_config.allow_anonymous = true;
    config
}
