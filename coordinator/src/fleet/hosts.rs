//! An agent at the door: who it is, by what right it may come in, and where its journal stands here.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use rusqlite::Connection;
use wire::{
    frame::{Credential, Hello, Refusal, RefusalCode},
    id::AgentId,
    identity::KeyBinding,
    journal::{Head, SignedHead},
    trust::{AdmissionError, Membership, Moment, Proof, Role, admit},
    view::Event,
};

use super::{
    Candidate, Fleet, FleetError, Knock, Redemption, Seat, SeatTaken, Wish, batch::fork_refusal,
    outline::Patch,
};
use crate::{
    ingest::Touched,
    store::{
        StoreError, Tx, chains,
        hosts::{self, Host, HostId, Member, Trouble},
        orders, places,
    },
};

/// A connection that does not answer a challenge within this is dead, though its socket does not know yet.
const CHALLENGE: Duration = Duration::from_secs(5);

/// What becomes of an agent that said hello.
#[derive(Clone, Debug)]
pub enum Arrival {
    /// A member.
    Member(Box<Admitted>),
    /// Waits for a person.
    Pending(Knock),
    Refused(Refusal),
}

/// A member, and what its welcome says.
#[derive(Clone, Debug, PartialEq)]
pub struct Admitted {
    pub host: HostId,
    pub name: String,
    pub credential: Credential,
    /// The last head that is held, with the agent's own signature.
    pub head: Option<SignedHead>,
    /// The last order number that the agent has seen.
    pub last_order: u64,
}

impl Fleet {
    /// Decides about an agent whose channel proved `binding`.
    pub async fn arrive(
        &self,
        binding: &KeyBinding,
        hello: &Hello,
        peer: SocketAddr,
    ) -> Result<Arrival, FleetError> {
        let known = self.needed()?;
        let agent = binding.id;
        if let Some(by) = self.inner.index.replacement(agent) {
            return Ok(Arrival::Refused(replaced_by(&self.called(by))));
        }
        let host = self.inner.store.read(move |connection| hosts::by_agent(connection, agent)).await?;
        let host = host.filter(|host| host.binding.fingerprint() == binding.fingerprint());
        let member = match (host, &hello.credential) {
            (Some(host), _) => host,
            (None, Credential::None) => return Ok(self.knock(binding, hello, peer)),
            (None, Credential::Admission { admission }) => {
                // Expiry counts at the moment of joining, and an agent that was approved elsewhere joined there: a
                // coordinator that lost its database asks nobody twice.
                let proof = Proof::Admission(admission);
                match admit(&known.ledger, binding, proof, &hello.facts.hostname, Moment::Member) {
                    Ok(mut membership) => {
                        // Whoever is no admin any more is believed whom they once let in, and turns nobody out.
                        if known.role(admission.by()) != Some(Role::Admin) {
                            membership.replaces = None;
                        }
                        self.join(binding, hello.credential.clone(), membership).await?
                    }
                    Err(error) => return Ok(Arrival::Refused(credential_refusal(&error))),
                }
            }
            (None, Credential::Token { .. } | Credential::TokenKey { .. }) => {
                match self.redeem(&known.ledger, binding, hello).await? {
                    Redemption::Joined(host) => *host,
                    Redemption::Refused(refusal) => return Ok(Arrival::Refused(refusal)),
                }
            }
        };
        self.admitted(member, hello).await
    }

    /// Makes a member's row.
    async fn join(
        &self,
        binding: &KeyBinding,
        credential: Credential,
        membership: Membership,
    ) -> Result<Host, FleetError> {
        let member = Member {
            agent: membership.agent,
            binding: binding.clone(),
            name: membership.name,
            tags: membership.tags,
            credential,
            replaces: membership.replaces,
        };
        let fleet = self.clone();
        self.inner.store.write(move |tx| fleet.join_in(tx, &member)).await
    }

    /// Makes a member's row within a transaction; the index has it after the commit.
    pub(super) fn join_in(&self, tx: &Tx<'_>, member: &Member) -> Result<Host, FleetError> {
        let now = self.inner.world.now();
        hosts::join(tx, member, now)?;
        let agent = member.agent;
        let host = hosts::by_agent(tx, agent)?.ok_or_else(|| FleetError::not_found("host", agent))?;
        let patch = Patch::read(tx, host.id, Touched::ALL, now)?;
        let taken = member.replaces.map(|old| Ok::<_, StoreError>((old, places::taken_by(tx, old)?)));
        let (fleet, joined, taken) = (self.clone(), host.clone(), taken.transpose()?);
        tx.on_commit(move || {
            fleet.inner.index.put(&joined, taken);
            fleet.patch(agent, patch, &[], now);
            fleet.tell(Event::Host { agent });
        });
        for old in places::held_by(tx, agent)? {
            self.give_way_in(tx, old, &member.name)?;
        }
        Ok(host)
    }

    /// Another host took this one's place: what waits for it is taken back, and its connection ends. What it has told stays.
    fn give_way_in(&self, tx: &Tx<'_>, old: AgentId, to: &str) -> Result<(), FleetError> {
        let Some(host) = hosts::by_agent(tx, old)? else { return Ok(()) };
        orders::withdraw_all(tx, host.id, self.inner.world.now())?;
        let (fleet, farewell) = (self.clone(), replaced_by(to));
        tx.on_commit(move || {
            fleet.inner.hub.close(old, &farewell);
            fleet.inner.trees.forget(old);
            fleet.shares_changed(fleet.inner.index.concerned_by(old));
        });
        self.orders_changed_in(tx, old, host.id)
    }

    /// What a member's welcome says. Orders that never reached it wait again.
    async fn admitted(&self, host: Host, hello: &Hello) -> Result<Arrival, FleetError> {
        let (id, agent, theirs, last_order) = (host.id, host.agent, hello.head, hello.last_order);
        if let Some(Trouble::Fork { epoch, seq }) = host.trouble {
            return Ok(Arrival::Refused(fork_refusal(epoch, seq)));
        }
        if theirs.is_some_and(|head| head.verify(agent).is_err()) {
            return Ok(Arrival::Refused(Refusal {
                code: RefusalCode::Journal,
                message: "The journal's head is not signed by this agent.".into(),
                hint: "Restore the agent's database and key file from the same backup.".into(),
                supported: None,
            }));
        }
        let read = move |connection: &Connection| {
            let unseen = orders::has_unseen(connection, id, last_order)?;
            Ok::<_, StoreError>((chains::latest(connection, id, agent)?, unseen))
        };
        let (held, unseen) = self.inner.store.read(read).await?;
        if let Some((epoch, seq)) = theirs.and_then(|theirs| forked(held.as_ref(), &theirs.head)) {
            self.report_fork(id, agent, epoch, seq).await;
            return Ok(Arrival::Refused(fork_refusal(epoch, seq)));
        }
        if unseen || host.last_number < last_order {
            self.meet_numbers(&host, last_order).await?;
        }
        Ok(Arrival::Member(Box::new(Admitted {
            host: id,
            name: host.name,
            credential: host.credential,
            head: held.map(|epoch| epoch.head),
            last_order,
        })))
    }

    /// Numbers go on above what the agent has seen, and what it has not seen is sent again.
    async fn meet_numbers(&self, host: &Host, last_order: u64) -> Result<(), FleetError> {
        let (id, agent) = (host.id, host.agent);
        let fleet = self.clone();
        self.inner
            .store
            .write(move |tx| {
                hosts::raise_number(tx, id, last_order)?;
                orders::take_back_unseen(tx, id, last_order)?;
                fleet.orders_changed_in(tx, agent, id)
            })
            .await
    }

    /// Sits an agent down, so that it counts as online. Of two connections with one identity the one that still
    /// answers stays: the other is told, and the host's page says so.
    pub async fn take_seat(&self, agent: AgentId, peer: SocketAddr) -> Result<Arc<Seat>, Refusal> {
        loop {
            let now = self.inner.world.now();
            match self.inner.hub.take(agent, peer, now) {
                SeatTaken::Free(seat) => {
                    self.inner.index.sit(&seat);
                    self.tell(Event::Host { agent });
                    return Ok(seat);
                }
                SeatTaken::Occupied(sitting) => {
                    let next_word = sitting.next_word();
                    sitting.wish(Wish::Challenge);
                    if self.inner.world.within(CHALLENGE, next_word).await.is_some() {
                        tracing::warn!(%agent, here = %sitting.peer, there = %peer, "one identity, two connections");
                        self.inner.index.doubled(agent, now);
                        self.tell(Event::Host { agent });
                        return Err(duplicate(&sitting));
                    }
                    sitting.close(replaced());
                    self.leave_seat(&sitting).await;
                }
            }
        }
    }

    /// The connection is gone. The time it was last heard is written down now, and only now.
    pub async fn leave_seat(&self, seat: &Arc<Seat>) {
        if !self.inner.hub.leave(seat) {
            return;
        }
        let (agent, heard_at) = (seat.agent, seat.heard_at());
        self.inner.index.stand_up(seat);
        self.inner.asks.lost(seat);
        self.tell(Event::Host { agent });
        let Some(host) = self.inner.index.host_id(agent) else { return };
        let written = self.inner.store.write(move |tx| hosts::set_last_seen(tx, host, heard_at)).await;
        if let Err(error) = written {
            tracing::warn!(%agent, %error, "when the host was last seen could not be written down");
        }
    }

    fn knock(&self, binding: &KeyBinding, hello: &Hello, peer: SocketAddr) -> Arrival {
        let candidate = Candidate { binding: binding.clone(), facts: hello.facts.clone(), peer };
        match self.announce(candidate) {
            Ok(knock) => Arrival::Pending(knock),
            Err(refusal) => Arrival::Refused(refusal),
        }
    }
}

/// Where the agent's head contradicts the one that is held. A head below the held one does not: that disk was set back,
/// which the agent finds out by the held head's own signature.
fn forked(held: Option<&chains::Epoch>, theirs: &Head) -> Option<(u64, u64)> {
    let held = held?.head.head;
    let same_place = (held.epoch, held.seq) == (theirs.epoch, theirs.seq);
    (same_place && held.hash != theirs.hash).then_some((held.epoch, held.seq))
}

pub(super) fn credential_refusal(error: &AdmissionError) -> Refusal {
    Refusal {
        code: RefusalCode::Credential,
        message: error.to_string(),
        hint: "Enrol this host again with a new token, or announce it and let somebody approve it.".into(),
        supported: None,
    }
}

fn replaced_by(name: &str) -> Refusal {
    Refusal {
        code: RefusalCode::Revoked,
        message: format!("Another machine, {name}, took this host's place in the fleet."),
        hint: "Its backups go on by its plan, into a repository that the other one uses by now. Remove this agent, or enrol \
               it anew as a host of its own."
            .into(),
        supported: None,
    }
}

fn duplicate(sitting: &Seat) -> Refusal {
    Refusal {
        code: RefusalCode::Duplicate,
        message: format!(
            "An agent with this very identity is connected from {}, and it answers.",
            sitting.peer.ip()
        ),
        hint: "If this machine is a copy of another, remove its key file and enrol it anew.".into(),
        supported: None,
    }
}

fn replaced() -> Refusal {
    Refusal {
        code: RefusalCode::Duplicate,
        message: "A newer connection of this agent took over, because this one no longer answered.".into(),
        hint: "Nothing has to be done.".into(),
        supported: None,
    }
}

pub(super) fn silent() -> Refusal {
    Refusal {
        code: RefusalCode::Unavailable,
        message: "Nothing was heard of this agent for 90 seconds.".into(),
        hint: "The agent connects again by itself.".into(),
        supported: None,
    }
}

pub(super) fn stopping() -> Refusal {
    Refusal {
        code: RefusalCode::Unavailable,
        message: "The coordinator stops.".into(),
        hint: "The agent connects again by itself.".into(),
        supported: None,
    }
}
