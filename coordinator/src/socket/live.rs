//! A member's connection: batches in, acknowledgements and orders out, live frames to whoever watches.
//!
//! Every trigger of the loop stands in [`live`]. A frame is dealt with before the next one is read. What is done only now
//! and then is boxed, so that a connection that waits has no room for it.

use std::{
    collections::{BTreeSet, VecDeque},
    net::SocketAddr,
    sync::Arc,
};

use wire::{
    action::Receipt,
    channel::Frame,
    frame::{Credential, FrameType, Live, Refusal, RefusalCode, Watch, Welcome},
    id::{AgentId, JobId},
    journal::Head,
};

use super::{
    Ended, Stream, answers,
    handshake::Shaken,
    line::{Incoming, LineError, parse},
};
use crate::{
    fleet::{Admitted, BatchRefusal, Fleet, Seat, TakenBatch, Taking, Wish},
    store::hosts::HostId,
};

enum Trigger {
    Came(Incoming),
    Wished(Vec<Wish>),
    Taken(TakenBatch),
}

/// Batches that may be on their way to the disk, as many as an agent sends before it waits.
const IN_FLIGHT: usize = 4;

/// A live frame beyond this is dropped: an agent's own are half as long, and a viewer's buffer holds many.
const LIVE_LIMIT_BYTES: usize = 256 * 1024;

/// What the loop remembers; small, for there is one per agent.
struct Session<'a, S> {
    shaken: &'a mut Shaken<S>,
    fleet: &'a Fleet,
    host: HostId,
    agent: AgentId,
    seat: Arc<Seat>,
    /// Where the journal stands here once all that is on its way is committed.
    held: Option<Head>,
    taking: VecDeque<Taking>,
    watched: BTreeSet<JobId>,
    /// The highest order number that the agent has seen or that was sent on this connection.
    through: u64,
}

/// Welcomes a member and serves it until the end.
pub async fn live<S: Stream>(
    shaken: &mut Shaken<S>,
    admitted: Box<Admitted>,
    tell_credential: Option<Box<Credential>>,
    peer: SocketAddr,
    fleet: &Fleet,
) -> Result<(), Ended> {
    let agent = shaken.binding.id;
    let seat = Box::pin(fleet.take_seat(agent, peer)).await.map_err(Ended::Refused)?;
    let Admitted { host, name, head, last_order, .. } = *admitted;
    let welcome = Welcome::Approved { name, head, credential: tell_credential };
    let mut session = Session {
        shaken,
        fleet,
        host,
        agent,
        seat: Arc::clone(&seat),
        held: head.map(|signed| signed.head),
        taking: VecDeque::new(),
        watched: BTreeSet::new(),
        through: last_order,
    };
    // Whatever was wished while nobody sat here.
    seat.wish(Wish::Orders);
    seat.wish(Wish::Watches);
    seat.wish(Wish::Statements);
    let welcomed = Box::pin(session.welcome(Box::new(welcome))).await;
    let ended = match welcomed {
        Ok(()) => session.follow().await,
        Err(error) => Err(error),
    };
    Box::pin(fleet.leave_seat(&seat)).await;
    ended
}

impl<S: Stream> Session<'_, S> {
    async fn welcome(&mut self, welcome: Box<Welcome>) -> Result<(), Ended> {
        Ok(self.shaken.line.send_json(FrameType::Welcome, &*welcome).await?)
    }

    async fn follow(&mut self) -> Result<(), Ended> {
        loop {
            let trigger = tokio::select! {
                biased;
                wishes = self.seat.wishes() => Trigger::Wished(wishes.collect()),
                taken = first_taken(&mut self.taking, self.fleet), if !self.taking.is_empty() => {
                    Trigger::Taken(taken.map_err(|refused| Ended::Refused(refused.0))?)
                }
                came = self.shaken.line.receive(), if self.taking.len() < IN_FLIGHT => Trigger::Came(came?),
            };
            match trigger {
                Trigger::Taken(taken) => {
                    self.taking.pop_front();
                    if self.taking.is_empty() {
                        self.taking.shrink_to_fit();
                    }
                    Box::pin(self.shaken.line.send_json(FrameType::Ack, &taken.ack)).await?;
                }
                Trigger::Came(Incoming::Closed) => return Ok(()),
                Trigger::Came(Incoming::Ping(payload)) => {
                    self.seat.heard(self.fleet.world().now());
                    Box::pin(self.shaken.line.pong(&payload)).await?;
                }
                Trigger::Came(Incoming::Frame(frame)) => {
                    self.seat.heard(self.fleet.world().now());
                    if Box::pin(self.frame(frame)).await? {
                        return Ok(());
                    }
                }
                Trigger::Wished(wishes) => Box::pin(self.fulfil(wishes)).await?,
            }
        }
    }

    /// `true` when the agent said goodbye.
    async fn frame(&mut self, frame: Frame) -> Result<bool, Ended> {
        match FrameType::from_byte(frame.kind()) {
            Some(FrameType::Batch) => self.batch(&frame).await?,
            Some(FrameType::Ping) => self.shaken.line.send(FrameType::Pong, frame.payload()).await?,
            Some(FrameType::Live) if frame.payload().len() > LIVE_LIMIT_BYTES => {}
            Some(FrameType::Live) => {
                let live: Live = parse(FrameType::Live, &frame)?;
                self.fleet.relay(self.agent, &live);
            }
            // What it says is in the journal too, and counts from there: this is for whoever waits.
            Some(FrameType::Receipt) if self.fleet.awaits_answers() => {
                // One that a later agent words otherwise ends nothing that is not about it.
                if let Ok(receipt) = parse::<Receipt>(FrameType::Receipt, &frame) {
                    self.fleet.received(&self.seat, &receipt);
                }
            }
            Some(FrameType::Receipt | FrameType::Pong) | None => {}
            Some(FrameType::Answer) => answers::line(self.fleet, &self.seat, &frame)?,
            Some(FrameType::Data) => answers::chunk(self.fleet, &self.seat, &frame)?,
            Some(FrameType::Bye) => {
                let refusal: Refusal = parse(FrameType::Bye, &frame)?;
                tracing::info!(agent = %self.agent, code = ?refusal.code, "the agent left: {}", refusal.message);
                if let (RefusalCode::Fork, Some(held)) = (refusal.code, self.held) {
                    self.fleet.report_fork(self.host, self.agent, held.epoch, held.seq).await;
                }
                return Ok(true);
            }
            Some(
                other @ (FrameType::Statements
                | FrameType::Hello
                | FrameType::Welcome
                | FrameType::Ack
                | FrameType::Dispatch
                | FrameType::Watch
                | FrameType::Ask
                | FrameType::Admit),
            ) => return Err(LineError::Unexpected(other).into()),
        }
        Ok(false)
    }

    async fn batch(&mut self, frame: &Frame) -> Result<(), Ended> {
        let taking = self
            .fleet
            .begin_batch(self.host, self.agent, self.held, frame.payload().to_vec())
            .await
            .map_err(|refused| Ended::Refused(refused.0))?;
        let head = taking.head.head;
        if self.held.is_none_or(|held| (held.epoch, held.seq) < (head.epoch, head.seq)) {
            self.held = Some(head);
        }
        self.taking.push_back(taking);
        Ok(())
    }

    async fn fulfil(&mut self, wishes: Vec<Wish>) -> Result<(), Ended> {
        if wishes.contains(&Wish::Close)
            && let Some(refusal) = self.seat.farewell()
        {
            return Err(Ended::Refused(refusal));
        }
        for wish in wishes {
            match wish {
                Wish::Statements => send_statements(self.shaken, self.fleet).await?,
                Wish::Orders => self.orders().await?,
                Wish::Asks => {
                    for ask in self.seat.take_asks() {
                        self.shaken.line.send_json(FrameType::Ask, &ask).await?;
                    }
                }
                Wish::Watches => self.watches().await?,
                Wish::Challenge => self.shaken.line.send(FrameType::Ping, &[0; 8]).await?,
                Wish::Verdict | Wish::Close => {}
            }
        }
        Ok(())
    }

    async fn orders(&mut self) -> Result<(), Ended> {
        let outgoing = self.fleet.outgoing(self.agent, self.through).await;
        let mut outgoing = outgoing.unwrap_or_else(|error| {
            // They still wait, and the connection is good for everything else.
            tracing::warn!(agent = %self.agent, %error, "waiting orders could not be sent");
            Vec::new()
        });
        // Taken after: whatever was numbered before one of the others has been handed over by now.
        outgoing.extend(self.seat.take_handed());
        outgoing.sort_unstable_by_key(|order| order.number);
        if !outgoing.is_empty() {
            // They may rely on one that was published since the wishes were read.
            send_statements(self.shaken, self.fleet).await?;
        }
        for order in outgoing {
            tracing::info!(agent = %self.agent, number = order.number, order = %order.order, "sends an order");
            self.through = order.number;
            self.shaken.line.send_json(FrameType::Dispatch, &order.dispatch).await?;
        }
        Ok(())
    }

    async fn watches(&mut self) -> Result<(), Ended> {
        let wanted: BTreeSet<JobId> = self.fleet.watched(self.agent).into_iter().collect();
        let off = self.watched.difference(&wanted).map(|job| Watch { job: *job, on: false });
        let on = wanted.difference(&self.watched).map(|job| Watch { job: *job, on: true });
        let changes: Vec<Watch> = off.chain(on).collect();
        for watch in changes {
            self.shaken.line.send_json(FrameType::Watch, &watch).await?;
        }
        self.watched = wanted;
        Ok(())
    }
}

/// Never asked for without a batch on its way.
async fn first_taken(taking: &mut VecDeque<Taking>, fleet: &Fleet) -> Result<TakenBatch, BatchRefusal> {
    match taking.front_mut() {
        Some(first) => fleet.finish_batch(first).await,
        None => std::future::pending().await,
    }
}

/// Sends the statements again when there is a newer one.
pub async fn send_statements<S: Stream>(shaken: &mut Shaken<S>, fleet: &Fleet) -> Result<(), Ended> {
    if let Some(known) = fleet.known().filter(|known| known.ledger.version() > shaken.statement) {
        shaken.line.send_json(FrameType::Statements, &known.statements).await?;
        shaken.statement = known.ledger.version();
    }
    Ok(())
}
