//! The channel's three messages and the fleet's statements: after it both ends know who the other is.

use wire::{
    channel::{AgentIntro, Negotiated, Offered, Responder},
    frame::{FrameType, ProtocolRange, Refusal, RefusalCode},
    id::FleetId,
    identity::KeyBinding,
};

use super::{
    Stream,
    framing::{Framing, FramingError, Message},
    line::{Line, LineError},
};
use crate::fleet::Fleet;

/// A channel to an agent that proved its keys.
pub struct Shaken<S> {
    pub line: Line<S>,
    pub binding: KeyBinding,
    /// The version of the highest statement that was sent over this line.
    pub statement: u64,
}

pub async fn shake<S: Stream>(mut framing: Framing<S>, fleet: &Fleet) -> Result<Shaken<S>, LineError> {
    let first = message(&mut framing).await?;
    let offered = Responder::new(&fleet.keys().channel, &mut fleet.world().rng())?.read(&first)?;
    let known = fleet.known();
    let ours = known.as_ref().map(|known| known.ledger.fleet());
    if let Some(refusal) = wrong_fleet(ours, &offered) {
        return refuse(framing, &offered_refusal(offered, refusal)?).await;
    }
    let Some(known) = known else { return Err(FramingError::Protocol("there is no fleet yet").into()) };
    let now = fleet.world().now();
    let next = match offered.answer(ProtocolRange::OURS, fleet.keys().id(), fleet.version(), now)? {
        Negotiated::Chosen { message, next } => {
            framing.binary(&message).await?;
            next
        }
        Negotiated::Refused { message, refusal } => return refuse(framing, &(message, refusal)).await,
    };
    let third = message(&mut framing).await?;
    let (AgentIntro { binding, .. }, transport) = next.read(&third)?;
    let mut line = Line::new(framing, transport, fleet.world().clone());
    line.send_json(FrameType::Statements, &known.statements).await?;
    Ok(Shaken { line, binding, statement: known.ledger.version() })
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

fn offered_refusal(offered: Offered, refusal: Refusal) -> Result<(Vec<u8>, Refusal), LineError> {
    Ok((offered.refuse(refusal.clone())?, refusal))
}

/// Says no in message 2, where there is no channel yet, and closes.
async fn refuse<S: Stream, T>(
    mut framing: Framing<S>,
    (message, refusal): &(Vec<u8>, Refusal),
) -> Result<T, LineError> {
    framing.binary(message).await?;
    framing.close(refusal.code.close_code()).await?;
    Err(FramingError::Protocol("the agent was refused before the handshake").into())
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
