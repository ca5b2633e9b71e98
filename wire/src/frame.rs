//! What is said inside the channel: handshake payloads, frames, typed refusals, the protocol range.
//!
//! The encryption and the cutting into pieces are the channel's; batches' bytes are the journal's.

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

use crate::{
    id::{CoordinatorId, FleetId, Hash32, JobId, UnixMs},
    identity::KeyBinding,
    job::{LogLine, Progress},
    journal::SignedHead,
};

pub use crate::{
    host::HostFacts,
    question::{Answered, Ask},
    trust::Credential,
};

/// The versions of this protocol that a program speaks, both inclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct ProtocolRange {
    pub min: u32,
    pub max: u32,
}

impl ProtocolRange {
    pub const OURS: Self = Self { min: 1, max: 1 };

    /// The highest version that both speak.
    pub fn common(self, other: Self) -> Option<u32> {
        let highest = self.max.min(other.max);
        (highest >= self.min.max(other.min)).then_some(highest)
    }
}

/// The first byte of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum FrameType {
    Statements = 1,
    Hello = 2,
    Welcome = 3,
    Batch = 4,
    Ack = 5,
    Dispatch = 6,
    Receipt = 7,
    Ping = 8,
    Pong = 9,
    Watch = 10,
    Live = 11,
    Admit = 12,
    Bye = 13,
    Ask = 14,
    Answer = 15,
    /// Binary: the id of what it answers (16 bytes), then the next bytes of the stream.
    Data = 16,
}

impl FrameType {
    pub const fn from_byte(byte: u8) -> Option<Self> {
        Some(match byte {
            1 => Self::Statements,
            2 => Self::Hello,
            3 => Self::Welcome,
            4 => Self::Batch,
            5 => Self::Ack,
            6 => Self::Dispatch,
            7 => Self::Receipt,
            8 => Self::Ping,
            9 => Self::Pong,
            10 => Self::Watch,
            11 => Self::Live,
            12 => Self::Admit,
            13 => Self::Bye,
            14 => Self::Ask,
            15 => Self::Answer,
            16 => Self::Data,
            _ => return None,
        })
    }
}

/// Handshake message 1, in the clear.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opening {
    pub protocol: ProtocolRange,
    #[serde(default)]
    pub fleet: Option<FleetId>,
}

/// Handshake message 2.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Answer {
    Chosen {
        protocol: u32,
        range: ProtocolRange,
        id: CoordinatorId,
        version: String,
        /// The coordinator's clock: expiry of orders is counted from it.
        time: UnixMs,
    },
    Refused {
        refused: Refusal,
    },
}

/// Handshake message 3.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Introduction {
    pub protocol: ProtocolRange,
    pub binding: KeyBinding,
}

/// What an agent says of itself once it trusts the coordinator.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Hello {
    pub credential: Credential,
    pub facts: HostFacts,
    /// Where its journal stands; absent while it is empty.
    #[serde(default)]
    pub head: Option<SignedHead>,
    /// The last order number it has seen.
    #[serde(default)]
    pub last_order: u64,
    #[serde(default)]
    pub statement: u64,
}

/// The coordinator's answer to hello.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "welcome", rename_all = "snake_case")]
pub enum Welcome {
    /// Live. `head` is the last record it holds, with the agent's own signature.
    Approved {
        name: String,
        #[serde(default)]
        head: Option<SignedHead>,
        /// The agent's own credential, so that it holds one also when it came with none.
        #[serde(default)]
        credential: Option<Box<Credential>>,
    },
    /// A person has to approve; `collides_with` tells of a host of the same name.
    Pending {
        expires_at: UnixMs,
        #[serde(default)]
        collides_with: Option<String>,
    },
    Refused {
        refused: Refusal,
    },
}

/// Everything up to this record is committed at the coordinator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ack {
    pub epoch: u64,
    pub seq: u64,
    pub hash: Hash32,
}

/// Somebody looks at a job, or no longer does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Watch {
    pub job: JobId,
    pub on: bool,
}

/// Ephemeral: lost without harm.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, ToSchema)]
#[serde(tag = "live", rename_all = "snake_case")]
pub enum Live {
    Progress { job: JobId, progress: Progress },
    Log { job: JobId, lines: Vec<LogLine> },
}

/// Why somebody is not let in, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema, thiserror::Error)]
#[error("{message} ({hint})")]
pub struct Refusal {
    pub code: RefusalCode,
    pub message: String,
    pub hint: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supported: Option<ProtocolRange>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RefusalCode {
    /// A person said no.
    Rejected,
    /// No version that both speak.
    Protocol,
    /// The coordinator belongs to another fleet, or to none yet.
    Fleet,
    /// Keys, signatures or the handshake do not hold.
    Identity,
    /// The admission or token does not hold, is used up or over.
    Credential,
    /// Too many newcomers: come back later.
    Busy,
    /// The wait for approval is over.
    WaitOver,
    /// Another connection of the same identity is live.
    Duplicate,
    /// A record or batch does not continue the chain.
    Journal,
    /// The same record with another hash is known: the journal forked.
    Fork,
    /// A frame that cannot be understood, or not here.
    Frame,
    /// The coordinator stops or cannot write.
    Unavailable,
    /// This id was revoked or replaced.
    Revoked,
}

impl RefusalCode {
    /// The WebSocket close code.
    pub const fn close_code(self) -> u16 {
        4000 + match self {
            Self::Rejected => 1,
            Self::Protocol => 2,
            Self::Fleet => 3,
            Self::Identity => 4,
            Self::Credential => 5,
            Self::Busy => 6,
            Self::WaitOver => 7,
            Self::Duplicate => 8,
            Self::Journal => 9,
            Self::Fork => 10,
            Self::Frame => 11,
            Self::Unavailable => 12,
            Self::Revoked => 13,
        }
    }

    /// Whether coming back later can help without anybody doing something.
    pub const fn may_pass(self) -> bool {
        matches!(self, Self::Busy | Self::Unavailable | Self::WaitOver | Self::Duplicate)
    }
}
