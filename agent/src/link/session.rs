//! One connection, from hello to its end: pending or live, batches up, orders down, pings both ways.
//!
//! Every trigger of the loop stands in [`Session::run`]. A frame is answered before the next one is read, so an order's
//! receipt is written before anything else can happen on this connection.

mod answers;
mod asked;
mod sync;

use std::{
    collections::BTreeSet,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;
use wire::{
    channel::Frame,
    frame::{Credential, FrameType, Hello, Live, Welcome},
    id::JobId,
    snapshot::HoldCause,
    trust::{Admission, Signed, TokenKeys},
};

use self::answers::Answers;
use super::{
    open::{Open, hang_up, parse},
    outbox::Outbox,
    problem::Problem,
    state::LinkState,
};
use crate::{
    desired::Desk,
    schedule::clock,
    store::{StoreError, facts, holds, journal, orders, trust},
};

const PING_EVERY: Duration = Duration::from_secs(30);
/// Nothing heard for so long: it is dead, whatever TCP thinks.
const DEAD_AFTER: Duration = Duration::from_secs(90);

/// How a connection ended in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The agent stops.
    Stopped,
    /// This agent is a member now and there is nobody here to serve: `enrol` is done.
    Joined,
}

/// What the connection is for.
pub struct Purpose<'a> {
    pub address: String,
    /// The token that this agent enrols with, if it does; taken away once it is a member.
    pub token: &'a Mutex<Option<TokenKeys>>,
    pub stop: CancellationToken,
    /// End as soon as this agent is a member.
    pub until_member: bool,
    /// It gets the journal, but its orders are refused.
    pub observes: bool,
    /// Told at every change.
    pub tell: &'a (dyn Fn(LinkState) + Send + Sync),
}

pub struct Session<'a> {
    desk: &'a Desk,
    open: Open,
    purpose: &'a Purpose<'a>,
    /// `None` until the coordinator says that this host is approved.
    outbox: Option<Outbox>,
    credential: Credential,
    watched: BTreeSet<JobId>,
    answers: Answers,
    heard: Duration,
    pings: u64,
    joined: bool,
    /// This host left the fleet: it brings that over, takes no more orders, and hangs up.
    leaving: bool,
}

impl<'a> Session<'a> {
    /// Says hello and goes on until the end. The other end is told why, where there is a reason.
    pub async fn run(desk: &'a Desk, open: Open, purpose: &'a Purpose<'a>) -> Result<End, Problem> {
        let heard = desk.world().monotonic();
        let mut session = Self {
            desk,
            open,
            purpose,
            outbox: None,
            credential: Credential::None,
            watched: BTreeSet::new(),
            answers: Answers::default(),
            heard,
            pings: 0,
            joined: false,
            leaving: false,
        };
        let ended = session.follow().await;
        // They pass with the connection, and so do their restics.
        session.answers = Answers::default();
        if let Some(engine) = desk.engine() {
            session.watched.iter().for_each(|job| engine.watch(*job, false));
        }
        match &ended {
            Ok(_) => session.last_words().await,
            Err(problem) => hang_up(&mut session.open.pipe, problem, desk.world()).await,
        }
        ended
    }

    async fn follow(&mut self) -> Result<End, Problem> {
        let world = self.desk.world();
        self.check_clock().await?;
        self.leaving = self.has_left().await?;
        self.credential = self.own_credential().await?;
        self.hello().await?;
        let mut commits = self.desk.store().commits();
        let mut live = self.desk.engine().map(crate::run::Engine::live);
        let mut next_ping = world.monotonic() + PING_EVERY;
        loop {
            if self.joined && self.purpose.until_member {
                return Ok(End::Joined);
            }
            commits.mark_unchanged();
            self.pump().await?;
            if self.leaving && self.outbox.as_ref().is_some_and(Outbox::is_settled) {
                return Err(Problem::Retired);
            }
            let until_ping = next_ping.saturating_sub(world.monotonic());
            tokio::select! {
                biased;
                () = self.purpose.stop.cancelled() => return Ok(End::Stopped),
                frame = self.open.pipe.receive() => {
                    self.heard = world.monotonic();
                    self.frame(&frame?).await?;
                }
                () = world.sleep(until_ping) => {
                    if world.monotonic().saturating_sub(self.heard) >= DEAD_AFTER {
                        return Err(Problem::Silent);
                    }
                    self.ping().await?;
                    self.let_go().await?;
                    next_ping = world.monotonic() + PING_EVERY;
                    // Somebody may have set the clock, or set it right; a connection lives for weeks.
                    if let Err(problem) = self.check_clock().await {
                        tracing::warn!("whether the clocks agree cannot be noted: {problem}");
                    }
                }
                changed = commits.changed() => {
                    changed.map_err(|_| StoreError::Closed)?;
                }
                event = next_live(&mut live) => self.live(event).await?,
                // One at a time: what is written down goes first, in front of every piece.
                (id, piece) = self.answers.next() => self.piece(id, piece).await?,
            }
        }
    }

    /// A member shows what made it one; a newcomer its token, if it has one.
    async fn own_credential(&self) -> Result<Credential, Problem> {
        let pin = self.desk.store().read(trust::pin).await?;
        if let Some(member) = pin.and_then(|pin| pin.member) {
            return Ok(member.credential);
        }
        Ok(self.token().as_ref().map_or(Credential::None, |token| Credential::TokenKey {
            token: token.token(),
            proof: token.prove(&self.desk.binding()),
        }))
    }

    async fn has_left(&self) -> Result<bool, StoreError> {
        let pin = self.desk.store().read::<_, StoreError>(trust::pin).await?;
        Ok(pin.is_some_and(|pin| pin.retired_at.is_some()))
    }

    async fn hello(&mut self) -> Result<(), Problem> {
        let (head, facts, last_order) = self
            .desk
            .store()
            .read(|connection| {
                Ok::<_, StoreError>((
                    journal::head(connection)?,
                    facts::current(connection)?,
                    orders::last_number(connection)?,
                ))
            })
            .await?;
        let hello = Hello {
            credential: self.credential.clone(),
            facts: facts.unwrap_or_default(),
            head: (head.seq > 0).then(|| head.sign(&self.desk.keys().identity)),
            last_order,
            statement: self.open.ledger.version(),
        };
        self.send_json(FrameType::Hello, &hello).await
    }

    /// Clocks that disagree hold retention back until they agree again.
    async fn check_clock(&self) -> Result<(), Problem> {
        let disagreement = self.open.clock.disagreement(self.desk.world());
        let now = self.desk.world().now();
        let held = self.desk.store().read(holds::all).await?;
        let jumped = clock::held(self.desk.store()).await?;
        // Nobody but a clock that did not jump with ours can tell that ours is right after all.
        if disagreement.is_none() && jumped.as_ref().is_some_and(clock::heeds_coordinator) {
            let cause = HoldCause::ClockJumped;
            self.desk.store().write(move |tx| holds::clear(tx, cause, None, now)).await?;
        }
        let held = held.iter().any(|hold| hold.cause == HoldCause::ClockDisagrees);
        match disagreement {
            Some(message) if !held => {
                tracing::warn!("{message}");
                self.desk
                    .store()
                    .write(move |tx| holds::set(tx, HoldCause::ClockDisagrees, None, &message, now))
                    .await?;
            }
            None if held => {
                let cause = HoldCause::ClockDisagrees;
                self.desk.store().write(move |tx| holds::clear(tx, cause, None, now)).await?;
            }
            _ => {}
        }
        Ok(())
    }

    async fn frame(&mut self, frame: &Frame) -> Result<(), Problem> {
        let payload = frame.payload();
        match FrameType::from_byte(frame.kind()) {
            Some(FrameType::Statements) => {
                let pinned = self.open.ledger.fleet();
                self.open.ledger = self.desk.statements(pinned, parse(payload)?).await?;
                let intro = &self.open.coordinator;
                if !self.open.ledger.statement().names_coordinator(intro.id, intro.channel) {
                    return Err(Problem::NotOfTheFleet);
                }
                Ok(())
            }
            Some(FrameType::Welcome) => self.welcome(parse(payload)?).await,
            Some(FrameType::Admit) => {
                let admission: Signed<Admission> = parse(payload)?;
                self.join(Credential::Admission { admission }).await?;
                self.hello().await
            }
            Some(FrameType::Ack) => self.acknowledge(parse(payload)?).await,
            Some(FrameType::Dispatch) => self.dispatch(parse(payload)?).await,
            Some(FrameType::Watch) => {
                self.watch(parse(payload)?);
                Ok(())
            }
            Some(FrameType::Ask) => self.asked(payload).await,
            Some(FrameType::Ping) => self.send(FrameType::Pong, payload).await,
            Some(FrameType::Bye) => Err(Problem::Refused(parse(payload)?)),
            Some(
                other @ (FrameType::Hello
                | FrameType::Batch
                | FrameType::Receipt
                | FrameType::Live
                | FrameType::Answer
                | FrameType::Data),
            ) => Err(Problem::Frame(format!("{other:?} is not a coordinator's to send"))),
            // Having heard it was all; or a newer coordinator's: what must be understood is behind the protocol's number.
            Some(FrameType::Pong) | None => Ok(()),
        }
    }

    async fn welcome(&mut self, welcome: Welcome) -> Result<(), Problem> {
        match welcome {
            Welcome::Refused { refused } => Err(Problem::Refused(refused)),
            Welcome::Pending { expires_at, collides_with } => {
                let address = self.purpose.address.clone();
                let coordinator = self.coordinator_name();
                (self.purpose.tell)(LinkState::Pending { address, coordinator, expires_at, collides_with });
                Ok(())
            }
            Welcome::Approved { name, head, credential } => {
                let shown = credential.map(|credential| *credential).filter(|shown| shown.proof().is_some());
                if self.credential.proof().is_none() {
                    self.join(shown.unwrap_or(Credential::None)).await?;
                }
                self.joined = true;
                self.resume(head.as_ref()).await?;
                self.tell_live(name);
                Ok(())
            }
        }
    }

    async fn join(&mut self, credential: Credential) -> Result<(), Problem> {
        let now = self.open.clock.now(self.desk.world());
        let facts = self.desk.store().read(facts::current).await?;
        let hostname = facts.unwrap_or_default().hostname;
        let token = self.token().clone();
        let joined = self.desk.join(&self.open.ledger, credential.clone(), token, &hostname, now).await?;
        for problem in &joined.left_out {
            tracing::warn!(problem, "the token brought something that this host does not take");
        }
        tracing::info!(name = joined.name, with_plan = joined.with_plan, "this host belongs to the fleet");
        *self.token() = None;
        self.credential = credential;
        Ok(())
    }

    fn token(&self) -> MutexGuard<'a, Option<TokenKeys>> {
        self.purpose.token.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn coordinator_name(&self) -> String {
        let id = self.open.coordinator.id;
        let named =
            self.open.ledger.statement().coordinator(id.into()).map(|coordinator| coordinator.name.clone());
        named.unwrap_or_else(|| id.to_string())
    }

    fn tell_live(&self, name: String) {
        let by = match &self.credential {
            Credential::Admission { admission } => Some(admission.by()),
            Credential::Token { token, .. } => Some(token.by()),
            Credential::None | Credential::TokenKey { .. } => None,
        };
        let statement = self.open.ledger.statement();
        let approved_by = by.and_then(|by| statement.operator(by)).map(|operator| operator.name.clone());
        (self.purpose.tell)(LinkState::Live {
            address: self.purpose.address.clone(),
            coordinator: self.coordinator_name(),
            name,
            approved_by,
            since: self.desk.world().now(),
        });
    }

    async fn send_json(&mut self, kind: FrameType, value: &impl serde::Serialize) -> Result<(), Problem> {
        let payload = serde_json::to_vec(value).map_err(|error| Problem::Frame(error.to_string()))?;
        self.send(kind, &payload).await
    }

    /// An end that takes nothing for so long is as dead as one that says nothing.
    async fn send(&mut self, kind: FrameType, payload: &[u8]) -> Result<(), Problem> {
        let world = self.desk.world();
        let sent = world.within(DEAD_AFTER, self.open.pipe.send(kind, payload)).await;
        Ok(sent.ok_or(Problem::Silent)??)
    }

    async fn ping(&mut self) -> Result<(), Problem> {
        self.pings += 1;
        self.send(FrameType::Ping, &self.pings.to_be_bytes()).await
    }
}

/// Never ready where there is no engine; a listener that was too slow only lost lines.
async fn next_live(live: &mut Option<broadcast::Receiver<Live>>) -> Option<Live> {
    let Some(receiver) = live else { return std::future::pending().await };
    match receiver.recv().await {
        Ok(event) => Some(event),
        Err(broadcast::error::RecvError::Lagged(_)) => None,
        Err(broadcast::error::RecvError::Closed) => std::future::pending().await,
    }
}
