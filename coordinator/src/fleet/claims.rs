//! Several hosts use one repository and their plans do not name the same owner, or one that lives: each is told so by an order,
//! so that none prunes; and told again when that is over. A host that does not say that it is held back is told once more.
//!
//! Follows the commits that change it, one repository at a time, by the one task of [`super::refresh`].

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use wire::{
    action::Action,
    id::{AgentId, Hash32, RepositoryName, UnixMs},
    plan::Owner,
};

use super::{Fleet, FleetError, Known, index::Claim};
use crate::store::{
    Store, StoreError, Tx,
    claims::{self, Heard, Told},
    hosts::HostId,
    orders::{self, NewOrder},
};

/// Whose wish it is, as the host's orders show it.
const PERSON: &str = "coordinator";
/// An absent host has to hear of it whenever it comes back.
const LIFE_MS: i64 = 365 * 24 * 3_600_000;
/// Hosts that are told in one transaction.
const AT_ONCE: usize = 100;

/// A host that does not say that it heard is told again after this, and after twice as long each time.
const AGAIN_MS: i64 = 60_000;
const AGAIN_MOST_MS: i64 = 6 * 3_600_000;

/// What a host was told last, and how often it had to be told the same again.
#[derive(Clone, Debug)]
struct Said {
    told: Told,
    again: u32,
}

/// What each host was told last.
pub(super) struct Claims(Mutex<HashMap<(HostId, RepositoryName), Said>>);

impl Claims {
    pub async fn load(store: &Store) -> Result<Self, FleetError> {
        let told = store.read(claims::all).await?;
        let said =
            told.into_iter().map(|(host, repository, told)| ((host, repository), Said { told, again: 0 }));
        Ok(Self(Mutex::new(said.collect())))
    }

    fn said(&self) -> MutexGuard<'_, HashMap<(HostId, RepositoryName), Said>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn before(&self, claim: &Claim) -> Option<Said> {
        self.said().get(&(claim.host, claim.repository.clone())).cloned()
    }

    pub fn forget(&self, host: HostId) {
        self.said().retain(|(other, _), _| *other != host);
    }
}

/// Whether a host has to be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum News {
    Yes,
    No,
    /// It was told just that, and does not say that it is held back: it did not hear yet, refused to, or forgot.
    Unsure,
}

fn news(claim: &Claim, before: Option<&Told>) -> News {
    match before {
        Some(told) if agents(&told.claimants) != agents(&claim.claimants) => News::Yes,
        Some(_) if claim.claimants.is_empty() || claim.held => News::No,
        Some(_) => News::Unsure,
        // A coordinator that lost its database may have told it before.
        None if claim.claimants.is_empty() && !claim.held => News::No,
        None => News::Yes,
    }
}

/// When a host that was told and did not keep it is told again; `None` while it may still hear.
fn again_at(heard: Heard, told_at: UnixMs, again: u32) -> Option<UnixMs> {
    match heard {
        Heard::NotYet => None,
        Heard::Never => Some(told_at),
        Heard::Answered => {
            let wait_ms = AGAIN_MS.saturating_mul(1 << again.min(20)).min(AGAIN_MOST_MS);
            Some(told_at.plus_ms(wait_ms))
        }
    }
}

/// Called otherwise, they are the same.
fn agents(claimants: &[Owner]) -> Vec<AgentId> {
    let mut all: Vec<AgentId> = claimants.iter().map(|owner| owner.agent).collect();
    all.sort_unstable();
    all
}

impl Fleet {
    /// Tells the hosts of this repository who claims it, those that do not know yet or no longer.
    pub(super) async fn tell_claims(&self, id: Hash32) {
        if let Err(error) = self.try_tell_claims(id).await {
            tracing::warn!(repository = %id, %error, "hosts could not be told who claims their repository");
            self.tell_claims_later(id, self.inner.world.now());
        }
    }

    async fn try_tell_claims(&self, id: Hash32) -> Result<(), FleetError> {
        let (mut to_tell, mut unsure) = (Vec::new(), Vec::new());
        for claim in self.inner.index.claims(id) {
            let before = self.inner.claims.before(&claim);
            match (news(&claim, before.as_ref().map(|said| &said.told)), before) {
                (News::Yes, before) => to_tell.push((claim, before)),
                (News::Unsure, Some(before)) => unsure.push((claim, before)),
                (News::No | News::Unsure, _) => {}
            }
        }
        to_tell.extend(self.forgotten(id, unsure).await?);
        for some in to_tell.chunks(AT_ONCE) {
            self.give_claims(some.to_vec()).await?;
        }
        Ok(())
    }

    /// Those who have to be told the same once more. Who may have to be later is looked at then.
    async fn forgotten(
        &self,
        id: Hash32,
        unsure: Vec<(Claim, Said)>,
    ) -> Result<Vec<(Claim, Option<Said>)>, FleetError> {
        if unsure.is_empty() {
            return Ok(Vec::new());
        }
        let now = self.inner.world.now();
        let read = self.inner.store.read(move |connection| {
            let answers = unsure.into_iter().map(|(claim, said)| {
                let (heard, told_at) = claims::heard(connection, claim.host, said.told.order, now)?;
                let again_at = again_at(heard, told_at, said.again);
                Ok::<_, StoreError>((claim, said, again_at))
            });
            answers.collect::<Result<Vec<_>, _>>()
        });
        let mut forgotten = Vec::new();
        for (claim, said, again_at) in read.await? {
            match again_at {
                Some(at) if at <= now => {
                    tracing::info!(agent = %claim.agent, repository = %claim.repository, "was told and did not keep it");
                    forgotten.push((claim, Some(said)));
                }
                Some(at) => self.tell_claims_later(id, at),
                None => {}
            }
        }
        Ok(forgotten)
    }

    async fn give_claims(&self, news: Vec<(Claim, Option<Said>)>) -> Result<(), FleetError> {
        let known = self.needed()?;
        let fleet = self.clone();
        let given = self.inner.store.write(move |tx| {
            let mut given = Vec::new();
            for (claim, before) in news {
                let said = fleet.give_claim(tx, &known, &claim, before)?;
                given.push(((claim.host, claim.repository), said));
            }
            Ok::<_, FleetError>(given)
        });
        let given = given.await?;
        self.inner.claims.said().extend(given);
        Ok(())
    }

    fn give_claim(
        &self,
        tx: &Tx<'_>,
        known: &Known,
        claim: &Claim,
        before: Option<Said>,
    ) -> Result<Said, FleetError> {
        let now = self.inner.world.now();
        let mut again = 0;
        if let Some(Said { told, again: before }) = before {
            // What is not known yet need not be learnt any more.
            orders::withdraw(tx, claim.host, told.order, now)?;
            if agents(&told.claimants) == agents(&claim.claimants) {
                again = before + 1;
            }
        }
        let claimants = claim.claimants.clone();
        let action = Action::Claims { repository: claim.repository.clone(), claimants: claimants.clone() };
        let (order, signed) = self.signed_here(known, claim.agent, PERSON, action, now, LIFE_MS)?;
        let told = Told { claimants, order: order.id };
        orders::insert(tx, &NewOrder { host: claim.host, order, signed: Some(signed), made_at: now })?;
        claims::put(tx, claim.host, &claim.repository, &told)?;
        self.orders_changed_in(tx, claim.agent, claim.host)?;
        tracing::info!(agent = %claim.agent, repository = %claim.repository, claimants = told.claimants.len(),
            "tells a host who claims its repository");
        Ok(Said { told, again })
    }
}
