//! Why a channel is not, or no longer, to be used. Every one of these ends the connection.

use crate::{
    channel::FRAME_LIMIT_BYTES,
    frame::{ProtocolRange, Refusal, RefusalCode},
    id::AgentId,
    identity::BindingError,
};

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChannelError {
    #[error(
        "handshake message {message} does not decrypt: it was changed on the way, or somebody stands between the two ends"
    )]
    Handshake { message: u8 },
    #[error("handshake message {message} has {bytes} bytes, which no proper one has")]
    HandshakeSize { message: u8, bytes: usize },
    #[error("handshake message {message} cannot be read: {problem}")]
    Payload { message: u8, problem: String },
    #[error("the coordinator refused the connection: {}", .0.message)]
    Refused(Refusal),
    #[error("the coordinator chose protocol {chosen}, but {}: somebody changed the ranges on the way", highest(*.expected))]
    Downgraded { chosen: u32, expected: Option<u32> },
    #[error("the agent offered protocols {}–{} at first and {}–{} once it was known: somebody changed its first message", .first.min, .first.max, .repeated.min, .repeated.max)]
    RangeChanged { first: ProtocolRange, repeated: ProtocolRange },
    #[error(transparent)]
    Binding(#[from] BindingError),
    #[error(
        "agent {agent} came with another channel key than its key binding names: somebody shows a stolen binding"
    )]
    ForeignStatic { agent: AgentId },
    #[error("a message does not decrypt: it was changed, repeated, dropped or put in another order")]
    Message,
    #[error("a message has {bytes} bytes, which no proper one has")]
    MessageSize { bytes: usize },
    #[error("a piece of a frame is marked {flag}: 0 and 1 are known")]
    Piece { flag: u8 },
    #[error("a piece of a frame is empty though more were to follow")]
    EmptyPiece,
    #[error("a frame without a type")]
    EmptyFrame,
    #[error("a frame of more than {FRAME_LIMIT_BYTES} bytes")]
    FrameTooLarge,
    #[error("the channel is used up or was broken by an error before: connect again")]
    Spent,
}

fn highest(expected: Option<u32>) -> String {
    match expected {
        Some(version) => format!("{version} is the highest that both speak"),
        None => "there is none that both speak".to_owned(),
    }
}

impl ChannelError {
    /// What to say to the other end, where there still is a channel to say it on, and how to close the socket.
    pub const fn refusal_code(&self) -> RefusalCode {
        match self {
            Self::Refused(refusal) => refusal.code,
            Self::Downgraded { .. } | Self::RangeChanged { .. } => RefusalCode::Protocol,
            Self::Handshake { .. } | Self::Binding(_) | Self::ForeignStatic { .. } => RefusalCode::Identity,
            Self::HandshakeSize { .. }
            | Self::Payload { .. }
            | Self::Message
            | Self::MessageSize { .. }
            | Self::Piece { .. }
            | Self::EmptyPiece
            | Self::EmptyFrame
            | Self::FrameTooLarge
            | Self::Spent => RefusalCode::Frame,
        }
    }

    /// What to do next.
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::Refused(_) => "The refusal's own hint says what to do.",
            Self::Downgraded { .. } | Self::RangeChanged { .. } | Self::Handshake { .. } => {
                "Check what stands between agent and coordinator; the agent tries again by itself."
            }
            Self::Binding(_) | Self::ForeignStatic { .. } => {
                "Nothing was accepted. If this is your machine, restore its key file or enrol it as a new host."
            }
            Self::HandshakeSize { .. } | Self::Payload { .. } => {
                "Check that the address is a restic-manager coordinator's and that both sides are up to date."
            }
            Self::Message
            | Self::MessageSize { .. }
            | Self::Piece { .. }
            | Self::EmptyPiece
            | Self::EmptyFrame
            | Self::FrameTooLarge
            | Self::Spent => "The connection is closed; the agent connects again by itself.",
        }
    }

    /// The refusal as it travels.
    pub fn refusal(&self) -> Refusal {
        match self {
            Self::Refused(refusal) => refusal.clone(),
            _ => Refusal {
                code: self.refusal_code(),
                message: self.to_string(),
                hint: self.hint().to_owned(),
                supported: matches!(self.refusal_code(), RefusalCode::Protocol)
                    .then_some(ProtocolRange::OURS),
            },
        }
    }
}
