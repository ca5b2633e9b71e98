//! From an address to a coordinator that may be talked to: dial, handshake, its fleet's statements.

use std::time::Duration;

use wire::{
    channel::CoordinatorIntro,
    frame::FrameType,
    id::FleetId,
    identity::AgentKeys,
    trust::{Ledger, Signed, Statement, TrustError},
};

use super::{
    clock::CoordinatorClock,
    dial::{self, DIAL_TIMEOUT, DialError, Socket},
    pipe::Pipe,
    problem::Problem,
};
use crate::{
    config::{Address, CertificateRule},
    desired::Desk,
    world::World,
};

/// For the handshake and the first frame.
pub const OPEN_TIMEOUT: Duration = Duration::from_secs(20);

/// A channel to a coordinator that the pinned fleet's highest statement names.
pub struct Open {
    pub pipe: Pipe,
    pub coordinator: CoordinatorIntro,
    pub clock: CoordinatorClock,
    pub ledger: Ledger,
}

pub async fn dial(address: &Address, certificate: CertificateRule, world: &World) -> Result<Socket, Problem> {
    match world.within(DIAL_TIMEOUT, dial::dial(address, certificate)).await {
        Some(dialled) => Ok(dialled?),
        None => Err(DialError::Timeout { address: address.to_string() }.into()),
    }
}

/// Handshake and statements, checked against the pinned fleet.
pub async fn open(socket: Socket, desk: &Desk, pinned: FleetId) -> Result<Open, Problem> {
    let (mut pipe, coordinator, clock) = shake(socket, desk.keys(), desk.world(), Some(pinned)).await?;
    let judged = async {
        let all = statements(&mut pipe, desk.world()).await?;
        let ledger = desk.statements(pinned, all).await?;
        if ledger.statement().names_coordinator(coordinator.id, coordinator.channel) {
            Ok(ledger)
        } else {
            Err(Problem::NotOfTheFleet)
        }
    };
    match judged.await {
        Ok(ledger) => Ok(Open { pipe, coordinator, clock, ledger }),
        Err(problem) => {
            hang_up(&mut pipe, &problem, desk.world()).await;
            Err(problem)
        }
    }
}

/// Which fleet is there, for a person who compares its words: nothing is kept, and this host is not announced.
pub async fn inquire(socket: Socket, keys: &AgentKeys, world: &World) -> Result<Ledger, Problem> {
    let (mut pipe, coordinator, _) = shake(socket, keys, world, None).await?;
    let all = statements(&mut pipe, world).await?;
    let first = all.first().ok_or(TrustError::Empty)?;
    let claimed = first.verify().map_err(TrustError::from)?.fleet;
    let ledger = Ledger::replay(claimed, &all)?;
    pipe.close(None).await;
    if ledger.statement().names_coordinator(coordinator.id, coordinator.channel) {
        Ok(ledger)
    } else {
        Err(Problem::NotOfTheFleet)
    }
}

async fn shake(
    socket: Socket,
    keys: &AgentKeys,
    world: &World,
    pinned: Option<FleetId>,
) -> Result<(Pipe, CoordinatorIntro, CoordinatorClock), Problem> {
    let shaken = world.within(OPEN_TIMEOUT, Pipe::shake(socket, keys, pinned, world)).await;
    let (pipe, coordinator) = shaken.ok_or(Problem::Slow)??;
    let clock = CoordinatorClock::set(coordinator.time, world);
    Ok((pipe, coordinator, clock))
}

async fn statements(pipe: &mut Pipe, world: &World) -> Result<Vec<Signed<Statement>>, Problem> {
    let frame = world.within(OPEN_TIMEOUT, pipe.receive()).await.ok_or(Problem::Slow)??;
    match FrameType::from_byte(frame.kind()) {
        Some(FrameType::Statements) => parse(frame.payload()),
        Some(FrameType::Bye) => Err(Problem::Hearsay(parse(frame.payload())?)),
        _ => Err(Problem::Frame(format!("frame {} came where the fleet's statements belong", frame.kind()))),
    }
}

pub fn parse<T: serde::de::DeserializeOwned>(payload: &[u8]) -> Result<T, Problem> {
    serde_json::from_slice(payload).map_err(|error| Problem::Frame(error.to_string()))
}

/// Says why, and closes. Bounded: the other end may be what is wrong.
pub async fn hang_up(pipe: &mut Pipe, problem: &Problem, world: &World) {
    let goodbye = problem.goodbye();
    let farewell = async {
        if let Some(refusal) = &goodbye {
            let _ = pipe.send_json(FrameType::Bye, refusal).await;
        }
        pipe.close(goodbye.as_ref().map(|refusal| refusal.code)).await;
    };
    // Whether it was heard makes no difference any more.
    let _ = world.within(Duration::from_secs(2), farewell).await;
}
