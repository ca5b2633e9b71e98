//! The three handshake messages, as steps that consume each other: none can be left out or taken twice.
//!
//! agent: [`Initiator::start`] → [`Initiator::read`] → [`Answered::finish`];
//! coordinator: [`Responder::new`] → [`Responder::read`] → [`Offered::answer`] → [`AwaitIdentity::read`].

use rand_core::CryptoRng;
use serde::{Serialize, de::DeserializeOwned};
use snow::HandshakeState;

use super::noise::{Side, begin};
use crate::{
    channel::{ChannelError, Transport},
    frame::{Answer, Introduction, Opening, ProtocolRange, Refusal, RefusalCode},
    id::{ChannelKey, CoordinatorId, FleetId, UnixMs},
    identity::{AgentKeys, ChannelSecret, KeyBinding},
};

/// No handshake message of any protocol version is larger.
const HANDSHAKE_LIMIT_BYTES: usize = 4096;

/// The agent's side, after message 1 was made.
pub struct Initiator {
    noise: Box<HandshakeState>,
    range: ProtocolRange,
    binding: KeyBinding,
}

/// What message 2 says of the coordinator. Its keys count once a fleet statement names them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CoordinatorIntro {
    /// The version that both will speak.
    pub protocol: u32,
    pub range: ProtocolRange,
    pub id: CoordinatorId,
    /// Its Noise static key.
    pub channel: ChannelKey,
    pub version: String,
    /// The coordinator's clock.
    pub time: UnixMs,
}

/// The agent's side, after message 2 was read.
pub struct Answered {
    noise: Box<HandshakeState>,
    range: ProtocolRange,
    binding: KeyBinding,
    pub coordinator: CoordinatorIntro,
}

impl Initiator {
    /// Makes message 1. `range` is [`ProtocolRange::OURS`] but for tests; `fleet` the pinned one, if there is one yet.
    pub fn start(
        keys: &AgentKeys,
        range: ProtocolRange,
        fleet: Option<FleetId>,
        rng: &mut impl CryptoRng,
    ) -> Result<(Self, Vec<u8>), ChannelError> {
        let mut noise = begin(Side::Initiator, &keys.channel, rng)?;
        let message = write(&mut noise, 1, &Opening { protocol: range, fleet })?;
        Ok((Self { noise, range, binding: keys.binding() }, message))
    }

    /// Reads message 2. A coordinator that refuses is [`ChannelError::Refused`].
    pub fn read(mut self, message: &[u8]) -> Result<Answered, ChannelError> {
        let coordinator = match read::<Answer>(&mut self.noise, 2, message)? {
            Answer::Refused { refused } => return Err(ChannelError::Refused(refused)),
            Answer::Chosen { protocol, range, id, version, time } => CoordinatorIntro {
                protocol,
                range,
                id,
                channel: remote_static(&self.noise, 2)?,
                version,
                time,
            },
        };
        let expected = self.range.common(coordinator.range);
        if expected != Some(coordinator.protocol) {
            return Err(ChannelError::Downgraded { chosen: coordinator.protocol, expected });
        }
        Ok(Answered { noise: self.noise, range: self.range, binding: self.binding, coordinator })
    }
}

impl Answered {
    /// Makes message 3; after it frames flow. Whoever knows a fleet statement already checks [`Self::coordinator`]
    /// against it first.
    pub fn finish(mut self) -> Result<(Transport, Vec<u8>), ChannelError> {
        let introduction = Introduction { protocol: self.range, binding: self.binding };
        let message = write(&mut self.noise, 3, &introduction)?;
        Ok((Transport::new(*self.noise)?, message))
    }
}

/// The coordinator's side, before message 1.
pub struct Responder {
    noise: Box<HandshakeState>,
}

/// The coordinator's side, after message 1, which anybody could have sent.
pub struct Offered {
    noise: Box<HandshakeState>,
    pub range: ProtocolRange,
    pub fleet: Option<FleetId>,
}

/// What became of an offer.
pub enum Negotiated {
    /// Send the message and wait for the agent's identity.
    Chosen { message: Vec<u8>, next: AwaitIdentity },
    /// No common version: send the message and close.
    Refused { message: Vec<u8>, refusal: Refusal },
}

/// The coordinator's side, after message 2.
pub struct AwaitIdentity {
    noise: Box<HandshakeState>,
    offered: ProtocolRange,
    protocol: u32,
}

/// Who the agent is: its binding is verified and the channel's static key is the one it names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentIntro {
    pub protocol: u32,
    pub range: ProtocolRange,
    pub binding: KeyBinding,
}

impl Responder {
    pub fn new(secret: &ChannelSecret, rng: &mut impl CryptoRng) -> Result<Self, ChannelError> {
        Ok(Self { noise: begin(Side::Responder, secret, rng)? })
    }

    /// Reads message 1.
    pub fn read(mut self, message: &[u8]) -> Result<Offered, ChannelError> {
        let Opening { protocol, fleet } = read(&mut self.noise, 1, message)?;
        Ok(Offered { noise: self.noise, range: protocol, fleet })
    }
}

impl Offered {
    /// Makes message 2 with the highest common version, or the refusal when there is none.
    pub fn answer(
        self,
        range: ProtocolRange,
        id: CoordinatorId,
        version: &str,
        time: UnixMs,
    ) -> Result<Negotiated, ChannelError> {
        let offered = self.range;
        let Some(protocol) = range.common(offered) else {
            let refusal = no_common_version(range, offered);
            return Ok(Negotiated::Refused { message: self.refuse(refusal.clone())?, refusal });
        };
        let mut noise = self.noise;
        let answer = Answer::Chosen { protocol, range, id, version: version.to_owned(), time };
        let message = write(&mut noise, 2, &answer)?;
        Ok(Negotiated::Chosen { message, next: AwaitIdentity { noise, offered, protocol } })
    }

    /// Makes a message 2 that refuses: another fleet, too many newcomers, no room.
    pub fn refuse(mut self, refusal: Refusal) -> Result<Vec<u8>, ChannelError> {
        write(&mut self.noise, 2, &Answer::Refused { refused: refusal })
    }
}

impl AwaitIdentity {
    /// Reads message 3; after it frames flow.
    pub fn read(mut self, message: &[u8]) -> Result<(AgentIntro, Transport), ChannelError> {
        let Introduction { protocol: repeated, binding } = read(&mut self.noise, 3, message)?;
        if repeated != self.offered {
            return Err(ChannelError::RangeChanged { first: self.offered, repeated });
        }
        binding.verify()?;
        if remote_static(&self.noise, 3)? != binding.channel {
            return Err(ChannelError::ForeignStatic { agent: binding.id });
        }
        let intro = AgentIntro { protocol: self.protocol, range: repeated, binding };
        Ok((intro, Transport::new(*self.noise)?))
    }
}

fn no_common_version(ours: ProtocolRange, offered: ProtocolRange) -> Refusal {
    let (older, hint) = if offered.max < ours.min {
        ("agent", "Update the agent on this host.")
    } else {
        ("coordinator", "Update the coordinator, or install the agent that it serves.")
    };
    Refusal {
        code: RefusalCode::Protocol,
        message: format!(
            "The agent speaks protocol {} to {}, this coordinator {} to {}: the {older} is too old.",
            offered.min, offered.max, ours.min, ours.max
        ),
        hint: hint.to_owned(),
        supported: Some(ours),
    }
}

fn write(noise: &mut HandshakeState, number: u8, payload: &impl Serialize) -> Result<Vec<u8>, ChannelError> {
    let payload = serde_json::to_vec(payload)
        .map_err(|error| ChannelError::Payload { message: number, problem: error.to_string() })?;
    let mut message = vec![0; HANDSHAKE_LIMIT_BYTES];
    let length = noise
        .write_message(&payload, &mut message)
        .map_err(|_| ChannelError::HandshakeSize { message: number, bytes: payload.len() })?;
    message.truncate(length);
    message.shrink_to_fit();
    Ok(message)
}

fn read<T: DeserializeOwned>(
    noise: &mut HandshakeState,
    number: u8,
    message: &[u8],
) -> Result<T, ChannelError> {
    if message.len() > HANDSHAKE_LIMIT_BYTES {
        return Err(ChannelError::HandshakeSize { message: number, bytes: message.len() });
    }
    let mut payload = vec![0; message.len()];
    let length =
        noise.read_message(message, &mut payload).map_err(|_| ChannelError::Handshake { message: number })?;
    serde_json::from_slice(&payload[..length])
        .map_err(|error| ChannelError::Payload { message: number, problem: error.to_string() })
}

fn remote_static(noise: &HandshakeState, message: u8) -> Result<ChannelKey, ChannelError> {
    noise
        .get_remote_static()
        .and_then(|key| key.try_into().ok())
        .map(ChannelKey)
        .ok_or(ChannelError::Handshake { message })
}
