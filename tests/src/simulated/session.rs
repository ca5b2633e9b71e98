//! One connection of a simulated agent: hello, welcome, batches up, orders down, until it ends.

use std::{collections::VecDeque, time::Duration};

use tokio_tungstenite::WebSocketStream;
use wire::{
    channel::Frame,
    frame::{Ack, Credential, FrameType, Hello, Refusal, Welcome},
    id::UnixMs,
    journal::Head,
    question::Ask,
    trust::{Admission, Ledger, Signed, Statement, TrustError},
};

use super::{Agent, Answers, Line, LineError, Resume, Socket, line::parse};

/// Batches that are sent without an acknowledgement.
pub const IN_FLIGHT: usize = 4;

/// Why a connection ended, or never began.
#[derive(Debug, thiserror::Error)]
pub enum Ended {
    #[error(transparent)]
    Line(#[from] LineError),
    #[error("{}", .0.message)]
    Refused(Refusal),
    #[error(transparent)]
    Trust(#[from] TrustError),
    #[error("the other end is no coordinator of this fleet")]
    Stranger,
    #[error("the coordinator acknowledged what was never sent: {0:?}")]
    UnknownAck(Ack),
    /// The coordinator holds another record under a number that is here as well.
    #[error("the journal forked at record {} of epoch {}", .0.seq, .0.epoch)]
    Forked(Head),
    #[error("the coordinator shows a head that this agent never signed")]
    Unsigned,
}

impl Ended {
    /// What the other end said, where it said why.
    pub const fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Refused(refusal) => Some(refusal),
            _ => None,
        }
    }
}

pub struct Session<'a, S> {
    pub agent: &'a mut Agent,
    pub line: Line<S>,
    ledger: Ledger,
    /// Everything up to here is acknowledged.
    acknowledged: Head,
    in_flight: VecDeque<Head>,
    answers: Answers,
    /// Records in one batch at most.
    pub most: usize,
}

impl<'a, S: Socket> Session<'a, S> {
    /// The handshake, and whether the other end is the fleet's.
    pub async fn open(agent: &'a mut Agent, socket: WebSocketStream<S>) -> Result<Self, Ended> {
        let mut line = Line::open(socket, &agent.keys, Some(agent.fleet), &mut agent.dice).await?;
        let frame = line.receive().await?;
        if frame.kind() != FrameType::Statements as u8 {
            return Err(refused_or_unexpected(&frame));
        }
        let statements: Vec<Signed<Statement>> = parse(FrameType::Statements, frame.payload())?;
        let ledger = Ledger::replay(agent.fleet, &statements)?;
        if !ledger.statement().names_coordinator(line.coordinator.id, line.coordinator.channel) {
            return Err(Ended::Stranger);
        }
        let acknowledged = agent.journal.head();
        let (in_flight, answers) = (VecDeque::new(), Answers::default());
        Ok(Self { agent, line, ledger, acknowledged, in_flight, answers, most: usize::MAX })
    }

    /// What a connection says first.
    pub fn hello(&self) -> Hello {
        Hello {
            credential: self.agent.credential.clone(),
            facts: self.agent.facts.clone(),
            head: self.agent.journal.signed_head(&self.agent.keys.identity),
            last_order: self.agent.last_order,
            statement: self.ledger.version(),
        }
    }

    /// Says hello and hears the answer.
    pub async fn greet(&mut self) -> Result<Welcome, Ended> {
        self.line.send_json(FrameType::Hello, &self.hello()).await?;
        loop {
            let frame = self.line.receive().await?;
            match FrameType::from_byte(frame.kind()) {
                Some(FrameType::Welcome) => return Ok(parse(FrameType::Welcome, frame.payload())?),
                Some(FrameType::Statements) => {}
                _ => return Err(refused_or_unexpected(&frame)),
            }
        }
    }

    /// Until it is live: an agent without a credential waits to be admitted.
    pub async fn arrive(&mut self) -> Result<(), Ended> {
        loop {
            match self.greet().await? {
                Welcome::Approved { head, credential, .. } => {
                    if let Some(credential) = credential {
                        self.agent.credential = *credential;
                    }
                    return self.resume(head.as_ref());
                }
                Welcome::Pending { .. } => {
                    let admission = self.admission().await?;
                    self.agent.credential = Credential::Admission { admission };
                }
                Welcome::Refused { refused } => return Err(Ended::Refused(refused)),
            }
        }
    }

    /// Waits at the door until somebody admits it.
    pub async fn admission(&mut self) -> Result<Signed<Admission>, Ended> {
        loop {
            let frame = self.line.receive().await?;
            match FrameType::from_byte(frame.kind()) {
                Some(FrameType::Admit) => return Ok(parse(FrameType::Admit, frame.payload())?),
                Some(FrameType::Statements | FrameType::Pong) => {}
                Some(FrameType::Ping) => self.line.send(FrameType::Pong, frame.payload()).await?,
                _ => return Err(refused_or_unexpected(&frame)),
            }
        }
    }

    fn resume(&mut self, theirs: Option<&wire::journal::SignedHead>) -> Result<(), Ended> {
        self.acknowledged = match self.agent.journal.resume(theirs) {
            Resume::After(head) => head,
            Resume::SetBack { theirs } => {
                let now = self.line.coordinator.time;
                let acknowledged = self.agent.acknowledged;
                self.agent.journal.begin_epoch(theirs, acknowledged, now);
                self.agent.acknowledged = 0;
                theirs
            }
            Resume::Fork { theirs } => return Err(Ended::Forked(theirs)),
            Resume::Unsigned => return Err(Ended::Unsigned),
        };
        self.in_flight.clear();
        Ok(())
    }

    /// Everything that is written is acknowledged.
    pub fn is_settled(&self) -> bool {
        self.in_flight.is_empty() && self.acknowledged == self.agent.journal.head()
    }

    /// Sends what may be sent.
    pub async fn pump(&mut self) -> Result<(), Ended> {
        while self.in_flight.len() < IN_FLIGHT {
            let after = self.in_flight.back().copied().unwrap_or(self.acknowledged);
            let key = &self.agent.keys.identity;
            let Some((bytes, head)) = self.agent.journal.batch_after(after, self.most, key) else { break };
            self.line.send(FrameType::Batch, &bytes).await?;
            self.in_flight.push_back(head);
        }
        Ok(())
    }

    /// Until everything that is written is acknowledged, with what is written meanwhile.
    pub async fn settle(&mut self) -> Result<(), Ended> {
        loop {
            self.pump().await?;
            if self.is_settled() {
                return Ok(());
            }
            let frame = self.line.receive().await?;
            self.frame(&frame).await?;
        }
    }

    /// One frame from the coordinator.
    pub async fn frame(&mut self, frame: &Frame) -> Result<(), Ended> {
        match FrameType::from_byte(frame.kind()) {
            Some(FrameType::Ack) => self.acknowledge(parse(FrameType::Ack, frame.payload())?)?,
            Some(FrameType::Ping) => self.line.send(FrameType::Pong, frame.payload()).await?,
            Some(FrameType::Dispatch) => {
                let signed = parse(FrameType::Dispatch, frame.payload())?;
                let now: UnixMs = self.line.coordinator.time;
                if let Some(receipt) = self.agent.order(&self.ledger, &signed, now) {
                    self.line.send_json(FrameType::Receipt, &receipt).await?;
                }
            }
            Some(FrameType::Statements) => {
                let all: Vec<Signed<Statement>> = parse(FrameType::Statements, frame.payload())?;
                self.ledger.accept_all(&all)?;
            }
            Some(FrameType::Ask) => {
                let ask: Ask = parse(FrameType::Ask, frame.payload())?;
                for answered in self.answers.take(ask, &self.agent.journal) {
                    self.line.send_json(FrameType::Answer, &answered).await?;
                }
            }
            Some(FrameType::Pong | FrameType::Watch | FrameType::Admit) | None => {}
            Some(_) => return Err(refused_or_unexpected(frame)),
        }
        Ok(())
    }

    fn acknowledge(&mut self, ack: Ack) -> Result<(), Ended> {
        let sent = |head: &Head| (head.epoch, head.seq, head.hash) == (ack.epoch, ack.seq, ack.hash);
        let Some(at) = self.in_flight.iter().position(sent) else { return Err(Ended::UnknownAck(ack)) };
        self.acknowledged = self.in_flight[at];
        self.agent.acknowledged = ack.seq;
        self.in_flight.drain(..=at);
        Ok(())
    }

    pub async fn ping(&mut self) -> Result<(), Ended> {
        Ok(self.line.send(FrameType::Ping, &[0; 8]).await?)
    }

    /// Stays: answers what comes, brings over what that writes, and pings once per `heartbeat`, the first time after
    /// `first`. Ends in order when `until` is ready.
    pub async fn live(
        &mut self,
        first: Duration,
        heartbeat: Duration,
        until: impl Future<Output = ()>,
    ) -> Result<(), Ended> {
        let mut until = std::pin::pin!(until);
        let mut ticks = tokio::time::interval_at(tokio::time::Instant::now() + first, heartbeat);
        loop {
            self.pump().await?;
            tokio::select! {
                () = &mut until => return Ok(()),
                frame = self.line.receive() => self.frame(&frame?).await?,
                _ = ticks.tick() => self.ping().await?,
            }
        }
    }
}

fn refused_or_unexpected(frame: &Frame) -> Ended {
    if frame.kind() == FrameType::Bye as u8 {
        return match parse(FrameType::Bye, frame.payload()) {
            Ok(refusal) => Ended::Refused(refusal),
            Err(error) => error.into(),
        };
    }
    LineError::Unexpected(frame.kind()).into()
}
