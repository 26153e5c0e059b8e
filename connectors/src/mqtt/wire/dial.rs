//! How a connection comes about: TCP, TLS where wanted, CONNECT, and what the broker answers.

use super::super::answers::{accepted, refusal};
use super::super::client::{Accepted, Connect, PACKET_MAX};
use super::super::failure::Failure;
use super::out::Out;
use super::{READ_LEAST, READ_MOST, Reader, Taken, WireLink, Writer, frames};
use crate::tls::{self, Files};
use bytes::BytesMut;
use rumqttc::tokio_rustls::TlsConnector;
use rumqttc::v5::mqttbytes::Error as WireError;
use rumqttc::v5::mqttbytes::v5::{
    ConnAck, Connect as ConnectPacket, ConnectProperties, ConnectReturnCode, Login, Packet,
};
use rustls::pki_types::ServerName;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::sleep;

/// Opens a connection.
pub(super) async fn dial(connect: &Connect) -> Result<(WireLink, Accepted), Failure> {
    let (mut reader, mut writer) = stream(connect).await?;
    let mut packet = BytesMut::new();
    greeting(connect)
        .write(&mut packet, None)
        .map_err(|error| Failure::Protocol(format!("no greeting can be made: {error}")))?;
    let files = connect.tls.clone().unwrap_or_default();
    let host = &connect.address.host;
    let mut incoming = BytesMut::with_capacity(READ_LEAST);
    let wrote = async {
        writer.write_all(&packet).await?;
        writer.flush().await
    };
    // Where this fails, the reason is what is read next.
    drop(wrote.await);
    let answer = answer(&mut reader, &mut incoming).await;
    let answer = answer.map_err(|error| unanswered(&error, &files, host))?;
    let answer = read(answer, connect.tls.is_some())?;
    let (accepted, more) = accepted(connect, &answer);
    let link = WireLink {
        reader,
        writer,
        incoming,
        chunk: READ_LEAST,
        out: Arc::new(Out::new(if connect.topic_alias { more.aliases } else { 0 })),
        writing: BytesMut::new(),
        taken: Taken::default(),
        flushed: true,
        keep_alive: more.keep_alive,
        due: Box::pin(sleep(more.keep_alive)),
        asked: false,
        tls: files,
        host: host.clone(),
    };
    Ok((link, accepted))
}

async fn stream(connect: &Connect) -> Result<(Reader, Writer), Failure> {
    let address = &connect.address;
    // Before anybody is spoken to: what is wrong with a file can be said without a broker.
    let config = match &connect.tls {
        Some(files) => Some(tls::load(files).await.map_err(Failure::Files)?),
        None => None,
    };
    let host = (address.host.as_str(), address.port);
    let stream = TcpStream::connect(host).await.map_err(|it| unreachable(&it))?;
    stream.set_nodelay(true).map_err(|it| unreachable(&it))?;
    let (Some(config), Some(files)) = (config, &connect.tls) else {
        let (reader, writer) = stream.into_split();
        return Ok((Box::new(reader), Box::new(writer)));
    };
    let name = ServerName::try_from(address.host.clone()).map_err(|_| {
        Failure::Tls(format!("`{}` is no name that a certificate can be for", address.host))
    })?;
    let secure = TlsConnector::from(config).connect(name, stream).await;
    let secure = secure.map_err(|error| match tls::cause(&error) {
        Some(tls) => Failure::Tls(files.explain(tls, &address.host)),
        None if ended(&error) => Failure::Tls(
            "it closed the connection in the middle of the handshake; is it the port for TLS?"
                .to_owned(),
        ),
        None => unreachable(&error),
    })?;
    let (reader, writer) = tokio::io::split(secure);
    Ok((Box::new(reader), Box::new(writer)))
}

/// Why no connection was made.
fn unreachable(error: &io::Error) -> Failure {
    // Too many open files, of the system or of this process.
    const ENFILE: i32 = 23;
    const EMFILE: i32 = 24;
    match error.raw_os_error() {
        Some(ENFILE | EMFILE) => Failure::Files(
            "`connections`: this process may open no more files; allow more with `ulimit -n`, or make fewer connections"
                .to_owned(),
        ),
        _ => Failure::Unreachable(error.to_string()),
    }
}

fn greeting(connect: &Connect) -> Packet {
    let seconds = |it: Duration| u32::try_from(it.as_secs()).unwrap_or(u32::MAX);
    let properties = ConnectProperties {
        session_expiry_interval: connect.session.map(seconds),
        receive_maximum: Some(connect.receive_maximum),
        max_packet_size: Some(PACKET_MAX),
        ..ConnectProperties::new()
    };
    let login = connect.login.as_ref().map(|(user, password)| Login::new(user, password));
    let connect = ConnectPacket {
        keep_alive: u16::try_from(connect.keep_alive.as_secs()).unwrap_or(u16::MAX),
        client_id: connect.client_id.clone(),
        clean_start: connect.clean_start,
        properties: Some(properties),
    };
    Packet::Connect(connect, None, login)
}

/// The first answer: one whole packet, or what came instead; what stands behind it stays in `incoming`.
async fn answer(reader: &mut Reader, incoming: &mut BytesMut) -> io::Result<BytesMut> {
    const CONNACK: u8 = 0x20;
    loop {
        if incoming.first().is_some_and(|it| *it != CONNACK) || incoming.len() > READ_MOST {
            return Ok(incoming.split());
        }
        match frames::length(incoming) {
            Ok(Some(length)) if length <= incoming.len() => return Ok(incoming.split_to(length)),
            Ok(_) => {}
            Err(_) => return Ok(incoming.split()),
        }
        if reader.read_buf(incoming).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
}

fn unanswered(error: &io::Error, files: &Files, host: &str) -> Failure {
    match tls::cause(error) {
        Some(tls) => Failure::Tls(files.explain(tls, host)),
        None if ended(error) => {
            Failure::Refused("it closed the connection without a word".to_owned())
        }
        None => Failure::Unreachable(error.to_string()),
    }
}

fn ended(error: &io::Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionReset, UnexpectedEof};
    matches!(error.kind(), UnexpectedEof | ConnectionReset | BrokenPipe)
}

/// Whether and how it accepts.
fn read(mut packet: BytesMut, secure: bool) -> Result<ConnAck, Failure> {
    let first = packet.first().copied().unwrap_or_default();
    let alert = !secure && packet.starts_with(&[0x15, 3]);
    if alert {
        return Err(Failure::Protocol("it speaks TLS; write `mqtts://`".to_owned()));
    }
    if first != 0x20 {
        return Err(Failure::Protocol("its answer is no packet".to_owned()));
    }
    if packet.len() == 4 {
        // The short form is that of older versions.
        return Err(Failure::Protocol("it speaks an older version only".to_owned()));
    }
    let code = packet.get(3).copied().unwrap_or_default();
    let answer = match Packet::read(&mut packet, None) {
        Ok(Packet::ConnAck(answer)) => answer,
        Err(WireError::InvalidConnectReturnCode(_)) => {
            return Err(Failure::Refused(format!("reason code 0x{code:02x}")));
        }
        Ok(_) | Err(_) => return Err(Failure::Protocol("its answer is no packet".to_owned())),
    };
    match answer.code {
        ConnectReturnCode::Success => Ok(answer),
        code => Err(refusal(code, answer.properties.as_ref())),
    }
}
