//! The door: agents that nobody approved yet. In memory alone: whoever still wants in announces itself again after a
//! restart.

mod guard;

pub(super) use guard::Door;

use std::{net::SocketAddr, sync::Arc};

use serde_json::json;
use wire::{
    frame::{Credential, HostFacts, Refusal, RefusalCode},
    id::{AgentId, Hash32, UnixMs},
    identity::KeyBinding,
    trust::{Admission, AdmissionError, Moment, Proof, Role, Signed, admit},
    view::{AuditAction, Event, PendingView, TargetKind},
};

use super::{Fleet, FleetError, Seat, Wish, orders, told::few};
use crate::{
    audit::{Act, Entry},
    store::{
        Tx,
        hosts::{self, Member},
        places,
    },
};
use guard::{Place, Waiting, busy};

/// No text of a newcomer's facts is longer. Whoever waits is kept in memory and shown, whoever it is.
const FACT_BYTES: usize = 1_024;

/// An agent that shows no credential.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    pub binding: KeyBinding,
    pub facts: HostFacts,
    pub peer: SocketAddr,
}

/// Its place at the door.
#[derive(Clone, Debug)]
pub struct Knock {
    /// Woken with [`Wish::Verdict`] when there is one.
    pub seat: Arc<Seat>,
    pub expires_at: UnixMs,
    /// A member that has the same name.
    pub collides_with: Option<String>,
}

fn farewell(code: RefusalCode, message: &str, hint: &str) -> Refusal {
    Refusal { code, message: message.into(), hint: hint.into(), supported: None }
}

/// More than any restic has names for.
const MOST_ABILITIES: usize = 64;

fn fits(facts: &HostFacts) -> bool {
    let HostFacts {
        hostname,
        os,
        os_version,
        arch,
        agent_version,
        restic_version,
        restic_can,
        zone,
        policy: _,
    } = facts;
    let restic_version = restic_version.as_deref().unwrap_or_default();
    [hostname, os, os_version, arch, agent_version, restic_version, zone]
        .iter()
        .all(|text| text.len() <= FACT_BYTES)
        && restic_can.len() <= MOST_ABILITIES
        && restic_can.iter().all(|name| name.len() <= FACT_BYTES)
}

impl Fleet {
    /// Lets an agent wait for a person, within the guards.
    pub(super) fn announce(&self, candidate: Candidate) -> Result<Knock, Refusal> {
        if !fits(&candidate.facts) {
            return Err(farewell(
                RefusalCode::Frame,
                "What this host says of itself is too long to be shown to anybody.",
                "Give the host a proper name, and look at what its agent calls its system.",
            ));
        }
        let now = self.inner.world.now();
        let collides_with = self.inner.index.collision(&candidate.facts.hostname, candidate.binding.id);
        let agent = candidate.binding.id;
        let Place { seat, expires_at, lost } = self.inner.pending.announce(candidate, now)?;
        for loser in lost {
            loser.close(if loser.agent == agent {
                farewell(
                    RefusalCode::Duplicate,
                    "This agent announced itself again.",
                    "Nothing has to be done.",
                )
            } else {
                busy("This host lost its place at the door to others.")
            });
        }
        self.tell(Event::Pending);
        Ok(Knock { seat, expires_at, collides_with })
    }

    /// A waiting connection is gone; its agent may come back until its time is over.
    pub fn leave_door(&self, seat: &Arc<Seat>) {
        let mut state = self.inner.pending.state();
        // An admission that it did not take is told by its next welcome.
        state.take_admission(seat);
        if let Some(waiting) = state.waiting.get_mut(&seat.agent)
            && waiting.seat.as_ref().is_some_and(|held| Arc::ptr_eq(held, seat))
        {
            waiting.seat = None;
            drop(state);
            self.tell(Event::Pending);
        }
    }

    /// The admission of an agent that waits on this connection, once there is one.
    pub fn take_admission(&self, seat: &Arc<Seat>) -> Option<Signed<Admission>> {
        self.inner.pending.state().take_admission(seat)
    }

    /// Who waits, those that came first on top.
    pub fn pending(&self) -> Vec<PendingView> {
        let state = self.inner.pending.state();
        let mut all: Vec<PendingView> = state.waiting.values().map(|waiting| self.view(waiting)).collect();
        all.sort_by_key(|view| (view.since, view.agent));
        all
    }

    fn view(&self, waiting: &Waiting) -> PendingView {
        let Candidate { binding, facts, peer } = &waiting.candidate;
        let fingerprint = binding.fingerprint();
        PendingView {
            agent: binding.id,
            binding: binding.clone(),
            agent_fingerprint: Hash32(fingerprint.0),
            fingerprint: fingerprint.to_string(),
            words: fingerprint.words().map(str::to_owned).to_vec(),
            hostname: facts.hostname.clone(),
            os: facts.os.clone(),
            arch: facts.arch.clone(),
            agent_version: facts.agent_version.clone(),
            restic_version: facts.restic_version.clone(),
            address: peer.ip().to_string(),
            since: waiting.since,
            expires_at: waiting.expires_at,
            connected: waiting.seat.is_some(),
            collides_with: self.inner.index.collision(&facts.hostname, binding.id),
        }
    }

    /// Makes a waiting host a member by an admission over the very fingerprint that it still shows.
    pub async fn approve(
        &self,
        act: &Act,
        agent: AgentId,
        admission: Signed<Admission>,
    ) -> Result<(), FleetError> {
        let known = self.needed()?;
        let waiting = self.inner.pending.state().waiting.get(&agent).map(|waiting| waiting.candidate.clone());
        let candidate = waiting.ok_or_else(|| FleetError::not_found("waiting host", agent))?;
        let moment = Moment::Joining { now: self.inner.world.now() };
        let proof = Proof::Admission(&admission);
        let membership = admit(&known.ledger, &candidate.binding, proof, &candidate.facts.hostname, moment)
            .map_err(|error| refused(&error))?;
        orders::named(&membership.name)?;
        let member = Member {
            agent,
            binding: candidate.binding,
            name: membership.name,
            tags: membership.tags,
            credential: Credential::Admission { admission: admission.clone() },
            replaces: membership.replaces,
        };
        let (fleet, act) = (self.clone(), act.clone());
        self.inner
            .store
            .write(move |tx| {
                fleet.signed_in(tx, &act, admission.by(), Role::Admin)?;
                let replaced = member.replaces.map(|old| fleet.replaceable(tx, &member, old)).transpose()?;
                fleet.join_in(tx, &member)?;
                let entry = Entry::new(AuditAction::HostApprove).on(TargetKind::Host, agent, &*member.name);
                let fingerprint = member.binding.fingerprint().to_string();
                let mut after = json!({ "tags": few(member.tags.iter()), "fingerprint": fingerprint });
                if let (Some(old), Some(name)) = (member.replaces, replaced) {
                    after["replaces"] = json!({ "agent": old, "name": name });
                }
                act.record(tx, entry.after(after))?;
                let fleet = fleet.clone();
                tx.on_commit(move || fleet.admit_waiting(agent, admission));
                Ok(())
            })
            .await
    }

    /// The name of the host whose place a newcomer is to take.
    fn replaceable(&self, tx: &Tx<'_>, member: &Member, old: AgentId) -> Result<String, FleetError> {
        let host = hosts::by_agent(tx, old)?.ok_or_else(|| FleetError::not_found("host", old))?;
        let refused = |detail: String| {
            Err(FleetError::conflict(detail, "Nothing was done. Look at both hosts, then approve it again."))
        };
        if old == member.agent {
            return refused("a host cannot take its own place".into());
        }
        // The index learns of it after the commit, and another approval may be in the same one.
        match places::successor(tx, old)?.filter(|by| *by != member.agent) {
            Some(by) => refused(format!("{} took the place of {} already", self.called(by), host.name)),
            None => Ok(host.name),
        }
    }

    /// After the commit: the connection that waits is told, if it is still there.
    fn admit_waiting(&self, agent: AgentId, admission: Signed<Admission>) {
        let mut state = self.inner.pending.state();
        let seat = state.waiting.remove(&agent).and_then(|waiting| waiting.seat);
        if let Some(seat) = seat {
            state.admitted.insert(agent, (Arc::clone(&seat), admission));
            seat.wish(Wish::Verdict);
        }
        drop(state);
        self.tell(Event::Pending);
    }

    /// Sends a waiting host away. It may announce itself again.
    pub async fn reject(&self, act: &Act, agent: AgentId) -> Result<(), FleetError> {
        let waiting = self.inner.pending.state().waiting.get(&agent).map(|waiting| waiting.candidate.clone());
        let candidate = waiting.ok_or_else(|| FleetError::not_found("waiting host", agent))?;
        let hostname = candidate.facts.hostname;
        let fingerprint = candidate.binding.fingerprint().to_string();
        let act = act.clone();
        let entry = Entry::new(AuditAction::HostReject)
            .on(TargetKind::Host, agent, hostname)
            .before(json!({ "fingerprint": fingerprint }));
        // It waits in memory alone; the record is what lasts, so it is written first.
        self.inner.store.write(move |tx| act.record(tx, entry)).await?;
        let Some(waiting) = self.inner.pending.state().waiting.remove(&agent) else { return Ok(()) };
        if let Some(seat) = waiting.seat {
            seat.close(farewell(
                RefusalCode::Rejected,
                "A person rejected this host.",
                "Ask the fleet's admin; then run `restic-manager-agent enrol` again.",
            ));
        }
        self.tell(Event::Pending);
        Ok(())
    }

    /// Sends those away whose time is over.
    pub(super) fn expire_pending(&self, now: UnixMs) {
        let (expired, seats) = self.inner.pending.expire(now);
        for seat in seats {
            seat.close(farewell(
                RefusalCode::WaitOver,
                "Nobody approved this host within an hour.",
                "Run `restic-manager-agent enrol` again when somebody is there to approve it.",
            ));
        }
        if expired > 0 {
            self.tell(Event::Pending);
        }
    }
}

fn refused(error: &AdmissionError) -> FleetError {
    let detail = error.to_string();
    match error {
        AdmissionError::Signed(_) | AdmissionError::TokenProof => FleetError::signature(detail),
        AdmissionError::OtherAgent { .. }
        | AdmissionError::Binding(_)
        | AdmissionError::WrongFleet { .. } => {
            FleetError::conflict(detail, "Reload the page and compare the fingerprints again.")
        }
        AdmissionError::NotAuthorised { .. } => {
            FleetError::Forbidden { detail, hint: "Let an admin approve the host.".into() }
        }
        AdmissionError::Expired { .. } => FleetError::Expired {
            detail,
            hint: "Approve the host again; check this computer's clock.".into(),
        },
        AdmissionError::Name { .. } => {
            FleetError::Invalid { detail, hint: "Nothing was changed.".into(), fields: Vec::new() }
        }
    }
}
