//! What it takes to read a repository beside its jobs: what opens it, restic, and where that runs.

use std::sync::Arc;

use tokio::sync::mpsc;
use wire::{
    id::RepositoryName,
    job::Reason,
    plan::{Limits, Plan},
};

use super::{
    Engine, Reach,
    scrub::Scrub,
    session::{Early, access, cache_of, surroundings},
};
use crate::{
    restic::{
        binary::Binary,
        command::{Access, Query, Surroundings, call_query},
        process::{Launcher, Printed, Running, start_raw},
    },
    store::{StoreError, plan},
    world::World,
};

/// For one question. Dropping what it started ends that.
pub struct Reading {
    pub world: World,
    pub limits: Limits,
    /// The name that this host's snapshots bear.
    pub hostname: String,
    pub access: Access,
    /// Not everything that is answered needs one.
    binary: Result<Binary, Reason>,
    launcher: Launcher,
    surroundings: Surroundings,
    reach: Arc<dyn Reach>,
    scrub: Scrub,
}

impl Engine {
    /// Gathers it as for a job, from the plan and the secrets that are in use now.
    pub async fn reading(&self, repository: &RepositoryName) -> Result<Reading, Reason> {
        let shared = &self.shared;
        let internal = |error: StoreError| Reason::Internal { message: error.to_string() };
        let current = shared.store.read::<_, StoreError>(plan::current).await.map_err(internal)?;
        let plan: Plan = current.map(|current| current.plan).unwrap_or_default();
        let Some(found) = plan.repositories.get(repository).cloned() else {
            return Err(Reason::NotInPlan { what: format!("repository {repository}") });
        };
        let hostname = shared.host(&plan).to_owned();
        let access = access(shared, &hostname, repository, found).map_err(reason)?;
        Ok(Reading {
            world: shared.world.clone(),
            hostname,
            limits: plan.limits,
            scrub: Scrub::new(&access),
            access,
            binary: shared.binary().await,
            launcher: shared.settings.launcher.clone(),
            surroundings: surroundings(&cache_of(shared, repository)),
            reach: shared.reach.clone(),
        })
    }
}

impl Reading {
    /// Our own short knock: restic would wait for a quarter of an hour.
    pub async fn reach(&self) -> Result<(), Reason> {
        let reached = self.reach.reach(&self.access.backend).await;
        reached.map_err(|nobody| Reason::Unreachable { address: nobody.address, message: nobody.message })
    }

    /// Bytes of standard output, and lines of standard error.
    pub async fn start(
        &self,
        query: Query<'_>,
    ) -> Result<(Running, mpsc::Receiver<Vec<u8>>, mpsc::Receiver<Printed>), Reason> {
        let binary = self.binary.as_ref().map_err(Clone::clone)?;
        let call = call_query(query, &self.access, &self.surroundings, &self.limits, &binary.features)
            .map_err(|error| Reason::Internal { message: error.to_string() })?;
        let path = &binary.path;
        start_raw(&self.world, &self.launcher, path, &call).await.map_err(|error| Reason::Restic {
            exit: None,
            message: format!("{} cannot be started: {error}", path.display()),
        })
    }

    /// Without any secret that restic may have said aloud.
    pub fn cleaned(&self, reason: Reason) -> Reason {
        self.scrub.reason(reason)
    }
}

fn reason(early: Early) -> Reason {
    let said = match early {
        Early::Verdict(verdict) => verdict.reason,
        Early::Halted(_) => None,
    };
    said.unwrap_or_else(|| Reason::Internal { message: "the repository's access is not known".to_owned() })
}
