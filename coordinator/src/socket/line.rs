//! Frames over one WebSocket: what is sealed goes out, what opens comes in.

use std::time::Duration;

use serde::{Serialize, de::DeserializeOwned};
use wire::{
    channel::{ChannelError, Frame, Transport},
    frame::{FrameType, Hello, Refusal, RefusalCode},
};

use super::{
    Stream,
    framing::{Framing, FramingError, Message},
};
use crate::world::World;

/// For one frame to leave; an agent that takes no bytes for so long is gone.
const SEND: Duration = Duration::from_secs(20);

pub struct Line<S> {
    framing: Framing<S>,
    transport: Transport,
    world: World,
}

#[derive(Debug, thiserror::Error)]
pub enum LineError {
    #[error(transparent)]
    Framing(#[from] FramingError),
    #[error(transparent)]
    Channel(#[from] ChannelError),
    #[error("a {frame:?} frame cannot be read: {problem}")]
    Unreadable { frame: FrameType, problem: String },
    #[error("a {0:?} frame does not belong here")]
    Unexpected(FrameType),
    #[error("the agent takes no bytes")]
    Stuck,
}

impl LineError {
    /// What to tell the agent, where it can still be told.
    pub fn refusal(&self) -> Option<Refusal> {
        let (code, hint) = match self {
            Self::Framing(FramingError::Io(_)) | Self::Stuck => return None,
            Self::Framing(_) => (RefusalCode::Frame, "Look for a proxy in between that changes what passes."),
            Self::Channel(error) => (error.refusal_code(), error.hint()),
            Self::Unreadable { .. } | Self::Unexpected(_) => (RefusalCode::Frame, "Update the older side."),
        };
        Some(Refusal { code, message: format!("{self}."), hint: hint.to_owned(), supported: None })
    }
}

/// What came over the line.
#[derive(Debug)]
pub enum Incoming {
    Frame(Frame),
    /// A ping of the WebSocket's own, to be answered.
    Ping(Vec<u8>),
    Closed,
}

impl<S: Stream> Line<S> {
    pub const fn new(framing: Framing<S>, transport: Transport, world: World) -> Self {
        Self { framing, transport, world }
    }

    /// The next frame. May be dropped while it waits: nothing that came is lost.
    pub async fn receive(&mut self) -> Result<Incoming, LineError> {
        loop {
            match self.framing.next().await? {
                Message::Binary(message) => {
                    if let Some(frame) = self.transport.open_message(&message)? {
                        return Ok(Incoming::Frame(frame));
                    }
                }
                Message::Ping(payload) => return Ok(Incoming::Ping(payload)),
                Message::Closed => return Ok(Incoming::Closed),
            }
        }
    }

    /// The agent's hello; `None` when it hangs up instead.
    pub async fn hello(&mut self) -> Result<Option<Hello>, LineError> {
        loop {
            match self.receive().await? {
                Incoming::Closed => return Ok(None),
                Incoming::Ping(payload) => self.pong(&payload).await?,
                Incoming::Frame(frame) => match FrameType::from_byte(frame.kind()) {
                    Some(FrameType::Hello) => return parse(FrameType::Hello, &frame).map(Some),
                    Some(FrameType::Ping) => self.send(FrameType::Pong, frame.payload()).await?,
                    Some(FrameType::Pong) | None => {}
                    Some(FrameType::Bye) => return Ok(None),
                    Some(other) => return Err(LineError::Unexpected(other)),
                },
            }
        }
    }

    pub async fn send(&mut self, kind: FrameType, payload: &[u8]) -> Result<(), LineError> {
        let mut messages = Vec::with_capacity(1);
        self.transport.seal_frame(kind as u8, payload, &mut messages)?;
        let framing = &mut self.framing;
        let send = async {
            for message in messages {
                framing.binary(&message).await?;
            }
            Ok(())
        };
        self.world.within(SEND, send).await.unwrap_or(Err(LineError::Stuck))
    }

    pub async fn send_json(&mut self, kind: FrameType, value: &impl Serialize) -> Result<(), LineError> {
        let payload = serde_json::to_vec(value)
            .map_err(|problem| LineError::Unreadable { frame: kind, problem: problem.to_string() })?;
        self.send(kind, &payload).await
    }

    pub async fn pong(&mut self, payload: &[u8]) -> Result<(), LineError> {
        let pong = async { Ok(self.framing.pong(payload).await?) };
        self.world.within(SEND, pong).await.unwrap_or(Err(LineError::Stuck))
    }

    /// Says goodbye, and why. What fails here is over anyway.
    pub async fn close(&mut self, why: Option<&Refusal>) {
        if let Some(refusal) = why {
            let _ = self.send_json(FrameType::Bye, refusal).await;
        }
        let code = why.map_or(1000, |refusal| refusal.code.close_code());
        let _ = self.framing.close(code).await;
    }
}

pub fn parse<T: DeserializeOwned>(kind: FrameType, frame: &Frame) -> Result<T, LineError> {
    serde_json::from_slice(frame.payload())
        .map_err(|problem| LineError::Unreadable { frame: kind, problem: problem.to_string() })
}
