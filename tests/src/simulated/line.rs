//! The agent's end of one connection: a WebSocket with small buffers, the handshake's three messages, frames.

use std::io;

use futures_util::{SinkExt as _, StreamExt as _};
use serde::{Serialize, de::DeserializeOwned};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};
use tokio_tungstenite::{
    WebSocketStream, client_async_with_config,
    tungstenite::{
        self, Message,
        protocol::{Role, WebSocketConfig},
    },
};
use wire::{
    channel::{ChannelError, CoordinatorIntro, Frame, Initiator, MESSAGE_LIMIT_BYTES, Transport},
    frame::{FrameType, ProtocolRange},
    id::FleetId,
    identity::AgentKeys,
};

use super::Dice;

/// What can carry a connection.
pub trait Socket: AsyncRead + AsyncWrite + Unpin + Send + 'static {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send + 'static> Socket for T {}

#[derive(Debug, thiserror::Error)]
pub enum LineError {
    #[error("the socket: {0}")]
    Socket(#[from] tungstenite::Error),
    #[error(transparent)]
    Channel(#[from] ChannelError),
    /// With the close code, where there was one.
    #[error("closed ({0:?})")]
    Closed(Option<u16>),
    #[error("a {frame:?} frame cannot be read: {problem}")]
    Unreadable { frame: FrameType, problem: String },
    #[error("a frame of type {0} does not belong here")]
    Unexpected(u8),
}

impl From<io::Error> for LineError {
    fn from(error: io::Error) -> Self {
        Self::Socket(error.into())
    }
}

pub struct Line<S> {
    socket: WebSocketStream<S>,
    transport: Transport,
    pub coordinator: CoordinatorIntro,
}

/// Stock buffers are 128 KiB each; here may be ten thousand connections.
fn config() -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(2048)
        .write_buffer_size(0)
        .max_message_size(Some(MESSAGE_LIMIT_BYTES))
        .max_frame_size(Some(MESSAGE_LIMIT_BYTES))
}

/// Dials a coordinator by its public address, `http://host:port`, and asks for its door.
pub async fn connect(url: &str) -> Result<WebSocketStream<TcpStream>, LineError> {
    let address = url.strip_prefix("http://").unwrap_or(url);
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    upgrade(&format!("ws://{address}/agent/v1/socket"), stream).await
}

/// Asks for the door over a stream that is there already.
pub async fn upgrade<S: Socket>(door: &str, stream: S) -> Result<WebSocketStream<S>, LineError> {
    Ok(client_async_with_config(door, stream, Some(config())).await?.0)
}

/// A socket whose upgrade has been done, as `coordinator::socket` takes it over.
pub async fn over<S: Socket>(stream: S) -> WebSocketStream<S> {
    WebSocketStream::from_raw_socket(stream, Role::Client, Some(config())).await
}

impl<S: Socket> Line<S> {
    /// The handshake. Statements come next.
    pub async fn open(
        mut socket: WebSocketStream<S>,
        keys: &AgentKeys,
        fleet: Option<FleetId>,
        dice: &mut Dice,
    ) -> Result<Self, LineError> {
        let (initiator, first) = Initiator::start(keys, ProtocolRange::OURS, fleet, dice)?;
        socket.send(Message::binary(first)).await?;
        let answered = initiator.read(&message(&mut socket).await?)?;
        let coordinator = answered.coordinator.clone();
        let (transport, third) = answered.finish()?;
        socket.send(Message::binary(third)).await?;
        Ok(Self { socket, transport, coordinator })
    }

    pub async fn send(&mut self, kind: FrameType, payload: &[u8]) -> Result<(), LineError> {
        let mut pieces = Vec::with_capacity(1);
        self.transport.seal_frame(kind as u8, payload, &mut pieces)?;
        for piece in pieces {
            self.socket.send(Message::binary(piece)).await?;
        }
        Ok(())
    }

    pub async fn send_json(&mut self, kind: FrameType, value: &impl Serialize) -> Result<(), LineError> {
        let payload = serde_json::to_vec(value)
            .map_err(|problem| LineError::Unreadable { frame: kind, problem: problem.to_string() })?;
        self.send(kind, &payload).await
    }

    /// The next frame. May be dropped while it waits.
    pub async fn receive(&mut self) -> Result<Frame, LineError> {
        loop {
            let message = message(&mut self.socket).await?;
            if let Some(frame) = self.transport.open_message(&message)? {
                return Ok(frame);
            }
        }
    }

    /// For tests that misbehave: the messages of a frame before they are sent, and raw messages.
    pub fn seal(&mut self, kind: u8, payload: &[u8]) -> Result<Vec<Vec<u8>>, LineError> {
        let mut pieces = Vec::new();
        self.transport.seal_frame(kind, payload, &mut pieces)?;
        Ok(pieces)
    }

    pub async fn send_raw(&mut self, message: Vec<u8>) -> Result<(), LineError> {
        Ok(self.socket.send(Message::binary(message)).await?)
    }

    /// Says goodbye; what fails here is over anyway.
    pub async fn close(mut self) {
        let _ = self.socket.close(None).await;
        while let Some(Ok(_)) = self.socket.next().await {}
    }
}

/// The next binary message; pongs are the socket's own.
async fn message<S: Socket>(socket: &mut WebSocketStream<S>) -> Result<Vec<u8>, LineError> {
    loop {
        match socket.next().await {
            Some(Ok(Message::Binary(bytes))) => return Ok(bytes.into()),
            Some(Ok(Message::Close(frame))) => {
                return Err(LineError::Closed(frame.map(|frame| frame.code.into())));
            }
            Some(Ok(_)) => {}
            Some(Err(error)) => return Err(error.into()),
            None => return Err(LineError::Closed(None)),
        }
    }
}

pub fn parse<T: DeserializeOwned>(frame: FrameType, payload: &[u8]) -> Result<T, LineError> {
    serde_json::from_slice(payload)
        .map_err(|problem| LineError::Unreadable { frame, problem: problem.to_string() })
}
