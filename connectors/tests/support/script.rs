//! A broker that does what a test says, packet by packet, so that a connection can break at any place.

use bytes::BytesMut;
use rumqttc::v5::mqttbytes::Error;
use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::{Packet, SubAck, SubscribeReasonCode};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

/// Waits for clients.
pub struct Script {
    listener: TcpListener,
}

/// A client that has connected. Dropping it breaks the connection.
pub struct Client {
    stream: TcpStream,
    bytes: BytesMut,
}

impl Script {
    pub fn new() -> Self {
        Self { listener: TcpListener::bind("127.0.0.1:0").unwrap() }
    }

    pub fn url(&self) -> String {
        format!("mqtt://{}", self.listener.local_addr().unwrap())
    }

    /// The next client, accepted; `known`: its session is.
    pub fn accept(&self, known: bool) -> Client {
        self.accept_with(known, &[])
    }

    /// The same, with properties as they stand in the packet.
    pub fn accept_with(&self, known: bool, properties: &[u8]) -> Client {
        let (stream, _) = self.listener.accept().unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        let mut client = Client { stream, bytes: BytesMut::new() };
        assert!(matches!(client.read(), Packet::Connect(..)));
        let length = properties.len() as u8;
        client.write_bytes(&[0x20, 3 + length, u8::from(known), 0, length]);
        client.write_bytes(properties);
        client
    }
}

impl Client {
    /// The next packet.
    pub fn read(&mut self) -> Packet {
        let mut buffer = [0; 4096];
        loop {
            match Packet::read(&mut self.bytes, None) {
                Ok(packet) => return packet,
                Err(Error::InsufficientBytes(_)) => {}
                Err(error) => panic!("{error}"),
            }
            let read = self.stream.read(&mut buffer).unwrap();
            assert!(read > 0, "the client has gone");
            self.bytes.extend_from_slice(&buffer[..read]);
        }
    }

    pub fn write(&mut self, packet: &Packet) {
        let mut bytes = BytesMut::new();
        packet.write(&mut bytes, None).unwrap();
        self.write_bytes(&bytes);
    }

    pub fn write_bytes(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).unwrap();
    }

    /// Reads a subscription and grants it.
    pub fn grant(&mut self, qos: QoS) {
        let Packet::Subscribe(subscribe) = self.read() else { panic!("a subscription comes") };
        let return_codes = vec![SubscribeReasonCode::Success(qos); subscribe.filters.len()];
        self.write(&Packet::SubAck(SubAck {
            pkid: subscribe.pkid,
            return_codes,
            properties: None,
        }));
    }
}
