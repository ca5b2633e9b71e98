//! What keeps a run that is due from beginning: the machine's power, its network, a repository that does not answer.
//!
//! Asks the world and the engine, once each per look. Decides nothing about when something is due.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join_all;
use wire::{
    id::RepositoryName,
    plan::{Conditions, Plan},
};

use super::due::{Due, Of, WaitsFor};
use crate::{run::Engine, world::World};

/// One look at the machine: each thing is asked once, however many runs wait for it.
pub struct Look<'a> {
    pub plan: &'a Plan,
    pub engine: &'a Engine,
    pub world: &'a World,
    /// Whether runs that are late wait for a repository that does not answer.
    pub late_are_patient: bool,
    on_mains: Option<bool>,
    metered: Option<bool>,
}

impl<'a> Look<'a> {
    pub const fn new(plan: &'a Plan, engine: &'a Engine, world: &'a World, late_are_patient: bool) -> Self {
        Self { plan, engine, world, late_are_patient, on_mains: None, metered: None }
    }

    /// By name, the cadences that are due and what of each may not run now.
    pub async fn held(&mut self, due: &[Due]) -> BTreeMap<String, Vec<WaitsFor>> {
        let mut held: BTreeMap<String, Vec<WaitsFor>> = BTreeMap::new();
        let mut asked: Vec<&Due> = Vec::new();
        for due in due {
            let conditions = self.conditions(due);
            let waits_for = self.machine(conditions);
            if !waits_for.is_empty() {
                // Nobody knocks over a network that must not be used.
                held.insert(due.of.name(), waits_for);
            } else if conditions.reachable || due.late && self.late_are_patient {
                asked.push(due);
            }
        }
        let silent = self.silent(asked.iter().flat_map(|due| repositories(due)).collect()).await;
        for due in asked {
            let waits_for: Vec<WaitsFor> = repositories(due)
                .intersection(&silent)
                .map(|it| WaitsFor::Repository((*it).clone()))
                .collect();
            if !waits_for.is_empty() {
                held.insert(due.of.name(), waits_for);
            }
        }
        held
    }

    fn conditions(&self, due: &Due) -> Conditions {
        match &due.of {
            Of::Schedule(name) => self.plan.schedules.get(name).map(|schedule| schedule.conditions),
            Of::Maintenance(_) => None,
        }
        .unwrap_or_default()
    }

    fn machine(&mut self, conditions: Conditions) -> Vec<WaitsFor> {
        let Conditions { mains_power, unmetered, reachable: _ } = conditions;
        let mut waits_for = Vec::new();
        if mains_power && !*self.on_mains.get_or_insert_with(|| self.world.is_on_mains_power()) {
            waits_for.push(WaitsFor::MainsPower);
        }
        if unmetered && *self.metered.get_or_insert_with(|| self.world.is_metered()) {
            waits_for.push(WaitsFor::UnmeteredNetwork);
        }
        waits_for
    }

    /// Knocks at all of them at once: those that drop every packet take as long together as one does. One that is not in
    /// the plan is not silent: its job says that itself.
    async fn silent<'n>(&self, names: BTreeSet<&'n RepositoryName>) -> BTreeSet<&'n RepositoryName> {
        let knocks = names.into_iter().map(|name| async move {
            let repository = self.plan.repositories.get(name)?;
            (!self.engine.is_reachable(&repository.backend).await).then_some(name)
        });
        join_all(knocks).await.into_iter().flatten().collect()
    }
}

fn repositories(due: &Due) -> BTreeSet<&RepositoryName> {
    due.work.iter().map(|(subject, _)| &subject.repository).collect()
}
