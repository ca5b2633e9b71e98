//! The channel's three messages and the fleet's statements: after it both ends know who the other is.

use std::sync::Arc;

use wire::{
    channel::{AgentIntro, ChannelError, Negotiated, Offered, Responder, Transport},
    frame::{FrameType, ProtocolRange, Refusal, RefusalCode},
    id::FleetId,
    identity::KeyBinding,
};

use super::{
    Stream,
    framing::{Framing, FramingError, Message},
    line::{Line, LineError},
};
use crate::fleet::{Fleet, Known};

/// A channel to an agent that proved its keys.
pub struct Shaken<S> {
    pub line: Line<S>,
    pub binding: KeyBinding,
    /// The version of the highest statement that was sent over this line.
    pub statement: u64,
}

/// Says why there is no channel by the close code alone, where it cannot be said otherwise.
pub async fn shake<S: Stream>(mut framing: Framing<S>, fleet: &Fleet) -> Result<Shaken<S>, LineError> {
    let agreed = agree(&mut framing, fleet).await;
    if let Some(refusal) = agreed.as_ref().err().and_then(LineError::refusal) {
        // What fails here is over anyway.
        let _ = framing.close(refusal.code.close_code()).await;
    }
    let (AgentIntro { binding, .. }, transport, known) = agreed?;
    let mut line = Line::new(framing, transport, fleet.world().clone());
    line.send_json(FrameType::Statements, &known.statements).await?;
    Ok(Shaken { line, binding, statement: known.ledger.version() })
}

/// The three messages.
async fn agree<S: Stream>(
    framing: &mut Framing<S>,
    fleet: &Fleet,
) -> Result<(AgentIntro, Transport, Arc<Known>), LineError> {
    let first = message(framing).await?;
    let offered = Responder::new(&fleet.keys().channel, &mut fleet.world().rng())?.read(&first)?;
    let known = fleet.known();
    let ours = known.as_ref().map(|known| known.ledger.fleet());
    if let Some(refusal) = wrong_fleet(ours, &offered) {
        return refuse(framing, &offered.refuse(refusal.clone())?, refusal).await;
    }
    let Some(known) = known else { return Err(FramingError::Protocol("there is no fleet yet").into()) };
    let now = fleet.world().now();
    let next = match offered.answer(ProtocolRange::OURS, fleet.keys().id(), fleet.version(), now)? {
        Negotiated::Chosen { message, next } => {
            framing.binary(&message).await?;
            next
        }
        Negotiated::Refused { message, refusal } => return refuse(framing, &message, refusal).await,
    };
    let third = message(framing).await?;
    let (intro, transport) = next.read(&third)?;
    Ok((intro, transport, known))
}

/// An agent that pinned another fleet must not go on, nor can any while there is none.
fn wrong_fleet(ours: Option<FleetId>, offered: &Offered) -> Option<Refusal> {
    let refusal = |message: String, hint: &str| {
        Some(Refusal { code: RefusalCode::Fleet, message, hint: hint.into(), supported: None })
    };
    match (ours, offered.fleet) {
        (None, _) => refusal(
            "This coordinator has no fleet yet.".into(),
            "Open the setup link that it printed when it started, then enrol this host again.",
        ),
        (Some(ours), Some(pinned)) if ours != pinned => refusal(
            format!("This coordinator belongs to fleet {ours}, the agent to {pinned}."),
            "Check the coordinator's address, or enrol the host with this fleet's fingerprint.",
        ),
        (Some(_), _) => None,
    }
}

/// Says no in message 2, where there is no channel yet.
async fn refuse<S: Stream, T>(
    framing: &mut Framing<S>,
    message: &[u8],
    refusal: Refusal,
) -> Result<T, LineError> {
    framing.binary(message).await?;
    Err(ChannelError::Refused(refusal).into())
}

async fn message<S: Stream>(framing: &mut Framing<S>) -> Result<Vec<u8>, LineError> {
    loop {
        match framing.next().await? {
            Message::Binary(message) => return Ok(message),
            Message::Ping(payload) => framing.pong(&payload).await?,
            Message::Closed => return Err(FramingError::Protocol("it ended within the handshake").into()),
        }
    }
}
