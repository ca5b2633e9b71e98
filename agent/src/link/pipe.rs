//! Frames over one WebSocket: what is sealed goes out, what opens comes in.
//!
//! Knows the handshake's order and close codes. Must not know what a frame says.
//!
//! While something is being sent, what comes is taken in: two ends that both wait for the other to read first would
//! wait for ever.

use std::collections::VecDeque;

use futures_util::{
    SinkExt as _, StreamExt as _,
    stream::{SplitSink, SplitStream},
};
use serde::Serialize;
use tokio_tungstenite::tungstenite::{
    self, Message,
    protocol::{CloseFrame, frame::coding::CloseCode},
};
use wire::{
    channel::{ChannelError, CoordinatorIntro, Frame, Initiator, Transport},
    frame::{FrameType, ProtocolRange, RefusalCode},
    id::FleetId,
    identity::AgentKeys,
};

use super::dial::Socket;
use crate::world::World;

/// An established channel to a coordinator whose keys are not judged yet.
pub struct Pipe {
    sink: SplitSink<Socket, Message>,
    stream: SplitStream<Socket>,
    transport: Transport,
    /// Came while something was sent, still sealed.
    early: VecDeque<tungstenite::Bytes>,
}

/// As much as is taken in while sending; a coordinator has no reason to send more without hearing from us.
const EARLY: usize = 64;

/// Why nothing more goes through.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PipeError {
    #[error(transparent)]
    Channel(#[from] ChannelError),
    #[error("the connection broke: {0}")]
    Socket(String),
    /// With the code of a refusal, when the coordinator gave one.
    #[error("the coordinator closed the connection{}", .0.map_or("", |_| " and refuses this host"))]
    Closed(Option<RefusalCode>),
}

impl From<tungstenite::Error> for PipeError {
    fn from(error: tungstenite::Error) -> Self {
        match error {
            tungstenite::Error::ConnectionClosed | tungstenite::Error::AlreadyClosed => Self::Closed(None),
            other => Self::Socket(other.to_string()),
        }
    }
}

impl Pipe {
    /// The three handshake messages. The caller bounds the time.
    pub async fn shake(
        socket: Socket,
        keys: &AgentKeys,
        pinned: Option<FleetId>,
        world: &World,
    ) -> Result<(Self, CoordinatorIntro), PipeError> {
        let (mut sink, mut stream) = socket.split();
        let (initiator, first) = Initiator::start(keys, ProtocolRange::OURS, pinned, &mut world.rng())?;
        sink.send(Message::Binary(first.into())).await?;
        let second = message(&mut stream).await?;
        let answered = initiator.read(&second)?;
        let coordinator = answered.coordinator.clone();
        let (transport, third) = answered.finish()?;
        sink.send(Message::Binary(third.into())).await?;
        Ok((Self { sink, stream, transport, early: VecDeque::new() }, coordinator))
    }

    pub async fn send(&mut self, kind: FrameType, payload: &[u8]) -> Result<(), PipeError> {
        let mut messages = Vec::with_capacity(1);
        self.transport.seal_frame(kind as u8, payload, &mut messages)?;
        let Self { sink, stream, early, .. } = self;
        let sending = async {
            for message in messages {
                sink.feed(Message::Binary(message.into())).await?;
            }
            Ok::<(), PipeError>(sink.flush().await?)
        };
        tokio::pin!(sending);
        loop {
            tokio::select! {
                biased;
                sent = &mut sending => return sent,
                came = message(stream), if early.len() < EARLY => early.push_back(came?),
            }
        }
    }

    pub async fn send_json(&mut self, kind: FrameType, value: &impl Serialize) -> Result<(), PipeError> {
        let payload = serde_json::to_vec(value).map_err(|error| PipeError::Socket(error.to_string()))?;
        self.send(kind, &payload).await
    }

    /// The next whole frame. May be dropped while it waits: nothing that came is lost.
    pub async fn receive(&mut self) -> Result<Frame, PipeError> {
        loop {
            let message = match self.early.pop_front() {
                Some(message) => message,
                None => message(&mut self.stream).await?,
            };
            if let Some(frame) = self.transport.open_message(&message)? {
                return Ok(frame);
            }
        }
    }

    /// Says goodbye on the WebSocket itself. What fails here is over anyway.
    pub async fn close(&mut self, code: Option<RefusalCode>) {
        let code = code.map_or(CloseCode::Normal, |code| CloseCode::from(code.close_code()));
        let _ = self.sink.send(Message::Close(Some(CloseFrame { code, reason: "".into() }))).await;
    }
}

async fn message(stream: &mut SplitStream<Socket>) -> Result<tungstenite::Bytes, PipeError> {
    loop {
        match stream.next().await {
            Some(Ok(Message::Binary(bytes))) => return Ok(bytes),
            Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => {}
            Some(Ok(Message::Text(_))) => {
                return Err(PipeError::Socket("text came where bytes belong".to_owned()));
            }
            Some(Ok(Message::Close(frame))) => {
                return Err(PipeError::Closed(frame.and_then(|f| refused(f.code))));
            }
            Some(Err(error)) => return Err(error.into()),
            None => return Err(PipeError::Closed(None)),
        }
    }
}

const CODES: [RefusalCode; 13] = [
    RefusalCode::Rejected,
    RefusalCode::Protocol,
    RefusalCode::Fleet,
    RefusalCode::Identity,
    RefusalCode::Credential,
    RefusalCode::Busy,
    RefusalCode::WaitOver,
    RefusalCode::Duplicate,
    RefusalCode::Journal,
    RefusalCode::Fork,
    RefusalCode::Frame,
    RefusalCode::Unavailable,
    RefusalCode::Revoked,
];

fn refused(code: CloseCode) -> Option<RefusalCode> {
    let code = u16::from(code);
    CODES.into_iter().find(|known| known.close_code() == code)
}
