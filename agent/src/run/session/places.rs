//! A copy is at work in two repositories: the session goes to the other one and comes back. What it finds there is noted
//! as that one's.

use std::{mem, sync::Arc};

use wire::{id::RepositoryName, plan::Group};

use super::{
    Early, Effect, Session,
    access::{access, cache_of, surroundings},
    not_in_plan,
};
use crate::{
    restic::command::{Access, Surroundings, clashes},
    run::scrub::Scrub,
    store::{StoreError, repositories},
};

/// A repository, and how it is reached.
pub struct Place {
    pub name: RepositoryName,
    pub access: Access,
    pub location: String,
    pub surroundings: Surroundings,
}

/// Somebody has to come back from there.
#[must_use]
pub struct Visit {
    /// How much was found before.
    effects: usize,
}

impl Session {
    /// From here on everything is about that repository.
    pub fn visit(&mut self, name: &RepositoryName) -> Result<Visit, Early> {
        let Some(repository) = self.plan.repositories.get(name).cloned() else {
            return Err(not_in_plan(format!("repository {name}")));
        };
        let access = access(&self.shared, self.host(), name, repository)?;
        self.scrub = Arc::new(self.scrub.and(&Scrub::new(&access)));
        self.log.keep_out(self.scrub.clone());
        let (location, surroundings) =
            (access.backend.location(), surroundings(&cache_of(&self.shared, name)));
        self.elsewhere = Some(Place { name: name.clone(), access, location, surroundings });
        self.swap();
        Ok(Visit { effects: self.effects.len() })
    }

    #[expect(clippy::needless_pass_by_value, reason = "nobody comes back twice")]
    pub fn leave(&mut self, visit: Visit) {
        let Visit { effects } = visit;
        self.swap();
        let Some(place) = self.elsewhere.take() else { return };
        let found = self.effects.split_off(effects.min(self.effects.len()));
        self.effects.extend(found.into_iter().map(|effect| Effect::At {
            repository: place.name.clone(),
            location: place.location.clone(),
            effect: Box::new(effect),
        }));
    }

    /// What opens the other repository, while there is one.
    pub fn other_access(&self) -> Option<&Access> {
        self.elsewhere.as_ref().map(|place| &place.access)
    }

    /// What a repository that is made now should cut files like: the one that is copied from, now or by the plan. None
    /// when that one does not answer or was never ready: what is copied is not stored twice either way.
    pub async fn kin(&mut self) -> Option<Access> {
        if let Some(other) = self.other_access() {
            return Some(other.clone());
        }
        let here = self.here.clone();
        let copied = |group: &&Group| group.copy_to.as_ref() == Some(&here) && group.repository != here;
        let source = self.plan.groups.values().find(copied)?.repository.clone();
        let repository = self.plan.repositories.get(&source)?.clone();
        let location = repository.backend.location();
        let was_ready = move |connection: &_| repositories::was_ready(connection, &location);
        if !self.shared.store.read::<_, StoreError>(was_ready).await.unwrap_or_default() {
            return None;
        }
        self.shared.reach.reach(&repository.backend).await.ok()?;
        let access = access(&self.shared, self.host(), &source, repository).ok()?;
        if !clashes(&self.access, &access).is_ok_and(|names| names.is_empty()) {
            return None;
        }
        self.scrub = Arc::new(self.scrub.and(&Scrub::new(&access)));
        self.log.keep_out(self.scrub.clone());
        Some(access)
    }

    pub(super) fn other_name(&self) -> Option<&RepositoryName> {
        self.elsewhere.as_ref().map(|place| &place.name)
    }

    pub(super) fn swap(&mut self) {
        if let Some(place) = &mut self.elsewhere {
            mem::swap(&mut self.here, &mut place.name);
            mem::swap(&mut self.access, &mut place.access);
            mem::swap(&mut self.location, &mut place.location);
            mem::swap(&mut self.surroundings, &mut place.surroundings);
        }
    }
}
