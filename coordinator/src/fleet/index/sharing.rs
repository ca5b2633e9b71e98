//! Which hosts use the same repository, by restic's own id, and whom their plans name to look after it.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use wire::{
    id::{AgentId, Hash32, RepositoryName},
    plan::Owner,
};

use super::{Index, Table};
use crate::{fleet::outline::Outline, store::hosts::HostId};

/// Who uses a repository.
#[derive(Default)]
pub(super) struct Users(HashMap<Hash32, Vec<AgentId>>);

/// What one host has to do with one repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stake {
    id: Hash32,
    name: RepositoryName,
    owner: Option<Owner>,
    retired: bool,
    /// The host says that others' claims hold it back.
    held: bool,
}

impl Stake {
    pub fn of(outline: &Outline) -> Vec<Self> {
        let standing = &outline.standing;
        let stake = |(id, name, owner): (Hash32, &RepositoryName, Option<&Owner>)| Self {
            id,
            name: name.clone(),
            owner: owner.cloned(),
            retired: standing.retired,
            held: standing.heard_claims(name),
        };
        outline.known_repositories().map(stake).collect()
    }
}

impl Users {
    /// Answers with the repositories in which the host's stake is another than before.
    pub fn update(&mut self, agent: AgentId, before: &[Stake], after: &[Stake]) -> Vec<Hash32> {
        if before == after {
            return Vec::new();
        }
        let ids = |stakes: &[Stake]| stakes.iter().map(|stake| stake.id).collect::<BTreeSet<_>>();
        let (old, new) = (ids(before), ids(after));
        for id in old.difference(&new) {
            if let Some(users) = self.0.get_mut(id) {
                users.retain(|user| *user != agent);
                if users.is_empty() {
                    self.0.remove(id);
                }
            }
        }
        for id in new.difference(&old) {
            self.0.entry(*id).or_default().push(agent);
        }
        old.union(&new).copied().collect()
    }

    fn of(&self, id: Hash32) -> &[AgentId] {
        self.0.get(&id).map_or(&[], Vec::as_slice)
    }
}

/// Where a list of hosts that use a repository ended: name, host, and what it calls the repository.
pub type Position = (String, AgentId, RepositoryName);

/// A host that uses a repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    pub agent: AgentId,
    pub name: String,
    pub repository: RepositoryName,
    pub owner: Option<Owner>,
}

/// What a host of a repository is to be told about who claims to look after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    pub agent: AgentId,
    pub host: HostId,
    pub repository: RepositoryName,
    /// Nobody when the plans agree.
    pub claimants: Vec<Owner>,
    /// The host says that it is held back by claims.
    pub held: bool,
}

/// Behind the name of an owner who can look after nothing any more, in what others are told.
const GONE: &str = " (no longer in the fleet)";

impl Index {
    /// The other hosts that use this repository, by their names, so many after `after`; and how many there are in all.
    pub fn others_of(
        &self,
        id: Hash32,
        agent: AgentId,
        after: Option<&Position>,
        most: usize,
    ) -> (Vec<User>, u64) {
        let table = self.read();
        let mut all: Vec<_> = table
            .users_of(id)
            .filter(|outline| outline.agent != agent)
            .flat_map(|outline| outline.known_repositories().map(move |known| (outline, known)))
            .filter(|(_, (known, ..))| *known == id)
            .map(|(outline, (_, repository, owner))| ((&*outline.name, outline.agent, repository), owner))
            .collect();
        all.sort_unstable_by_key(|(place, _)| *place);
        let from = after.map_or(0, |(name, agent, repository)| {
            all.partition_point(|(place, _)| *place <= (name.as_str(), *agent, repository))
        });
        let users = all[from..].iter().take(most).map(|((name, agent, repository), owner)| User {
            agent: *agent,
            name: (*name).to_owned(),
            repository: (*repository).clone(),
            owner: owner.cloned(),
        });
        (users.collect(), all.len() as u64)
    }

    /// Whether it is a member that takes orders: somebody who can look after a repository.
    pub fn lives(&self, agent: AgentId) -> bool {
        self.read().lives(agent)
    }

    /// The repositories of this host that are known by restic's own id.
    pub fn repositories_of(&self, agent: AgentId) -> Vec<Hash32> {
        self.look(agent, |outline| outline.known_repositories().map(|(id, ..)| id).collect())
            .unwrap_or_default()
    }

    /// The repositories about which somebody is to be told anew once this host is in the fleet no more, or again.
    pub fn concerned_by(&self, agent: AgentId) -> Vec<Hash32> {
        let mut all = self.repositories_of(agent);
        all.extend(self.read().given_to(agent));
        all
    }

    /// Repositories about which somebody may have to be told: several hosts use them, nobody who lives is their owner, or a
    /// host is held back by claims.
    pub fn contested(&self) -> Vec<Hash32> {
        let table = self.read();
        let shared = table.users.0.iter().filter(|(_, users)| users.len() > 1).map(|(id, _)| *id);
        let told = table.hosts.iter().flat_map(|outline| {
            let concerns = |(_, name, owner): &(Hash32, &RepositoryName, Option<&Owner>)| {
                outline.standing.heard_claims(name) || owner.is_some_and(|owner| !table.lives(owner.agent))
            };
            outline.known_repositories().filter(concerns).map(|(id, ..)| id)
        });
        shared.chain(told).collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// What each host of this repository is to be told. A plan that names nobody claims the upkeep for its own host; hosts
    /// that left the fleet are not asked. An owner who left, or never was in the fleet, looks after nothing: then nobody
    /// does, and that is no agreement.
    pub fn claims(&self, id: Hash32) -> Vec<Claim> {
        let table = self.read();
        let mut claimants = BTreeMap::new();
        let mut all = Vec::new();
        for outline in table.users_of(id).filter(|outline| outline.is_in_fleet()) {
            for (_, repository, owner) in outline.known_repositories().filter(|(known, ..)| *known == id) {
                let itself = || Owner { agent: outline.agent, name: outline.name.to_string() };
                let owner = owner.cloned().unwrap_or_else(itself);
                claimants.entry(owner.agent).or_insert_with(|| table.called(owner));
                all.push(Claim {
                    agent: outline.agent,
                    host: outline.host,
                    repository: repository.clone(),
                    claimants: Vec::new(),
                    held: outline.standing.heard_claims(repository),
                });
            }
        }
        if claimants.len() > 1 || claimants.keys().any(|claimant| !table.lives(*claimant)) {
            let claimants: Vec<Owner> = claimants.into_values().collect();
            for claim in &mut all {
                claim.claimants.clone_from(&claimants);
            }
        }
        all
    }
}

impl Table {
    fn outline(&self, agent: AgentId) -> Option<&Outline> {
        self.by_agent.get(&agent).and_then(|at| self.hosts.get(*at))
    }

    fn lives(&self, agent: AgentId) -> bool {
        self.outline(agent).is_some_and(Outline::is_in_fleet)
    }

    /// As it is called now, where that is known.
    fn called(&self, owner: Owner) -> Owner {
        let mut name = self.outline(owner.agent).map_or(owner.name, |known| known.name.to_string());
        if !self.lives(owner.agent) {
            name.push_str(GONE);
        }
        Owner { agent: owner.agent, name }
    }

    /// The repositories that plans give to this host to look after.
    pub(super) fn given_to(&self, agent: AgentId) -> Vec<Hash32> {
        let known = self.hosts.iter().flat_map(Outline::known_repositories);
        known
            .filter(|(_, _, owner)| owner.is_some_and(|owner| owner.agent == agent))
            .map(|(id, ..)| id)
            .collect()
    }

    fn users_of(&self, id: Hash32) -> impl Iterator<Item = &Outline> {
        self.users.of(id).iter().filter_map(|agent| self.outline(*agent))
    }
}
