//! What opens a repository: the plan's destination, the secrets that are held for it, and where restic runs.

use std::{
    collections::BTreeMap,
    env,
    path::{Path, PathBuf},
};

use serde::Deserialize;
use wire::{
    id::{JobId, RepositoryName},
    job::Reason,
    plan::{Backend, Plan, Repository},
    seal::{Secret, SecretSlot},
};

use super::{Early, Session, not_in_plan};
use crate::{
    restic::{
        binary::Binary,
        command::{Access, INHERITED, Login, Surroundings},
    },
    run::{engine::Shared, retry},
    store::{StoreError, jobs::Job, plan},
};

pub(super) async fn gather(
    shared: &Shared,
    job: &Job,
    binary: Result<Binary, Reason>,
) -> Result<(Plan, Binary, Access), Early> {
    let plan = shared.store.read::<_, StoreError>(plan::current).await?;
    let plan = plan.map(|current| current.plan).unwrap_or_default();
    if let Some(lent) = job.lent() {
        let gone = || Early::from(Reason::LentGone { source: lent.source_name.clone() });
        let access = shared.lents.access(job.id).ok_or_else(gone)?;
        return Ok((plan, binary?, access));
    }
    // The plan may have changed since the queue last looked.
    if let Some(why) = retry::given_up(job, &plan) {
        return Err(Early::skipped(Reason::Abandoned { why }));
    }
    let name = &job.subject.repository;
    let Some(repository) = plan.repositories.get(name).cloned() else {
        return Err(not_in_plan(format!("repository {name}")));
    };
    let mut access = access(shared, shared.host(&plan), name, repository)?;
    if let Some(admin) = shared.released.get(name, shared.world.monotonic()).filter(|_| job.options.released)
    {
        access.login = Some(admin.login);
        if let (Some(door), Backend::Rest { url, .. }) = (admin.url, &mut access.backend) {
            *url = door;
        }
    }
    Ok((plan, binary?, access))
}

/// The secrets that open a repository, as far as there are any.
pub fn credential_slots(name: &RepositoryName) -> [SecretSlot; 3] {
    [
        SecretSlot::RepositoryPassword(name.clone()),
        SecretSlot::RepositoryLogin(name.clone()),
        SecretSlot::RepositoryEnvironment(name.clone()),
    ]
}

/// Which revisions of them are in use.
pub(super) fn in_use(shared: &Shared, name: &RepositoryName) -> Vec<(SecretSlot, u64)> {
    let each = credential_slots(name).into_iter();
    each.filter_map(|slot| Some((slot.clone(), shared.secrets.in_use(&slot).ok()??))).collect()
}

impl Session {
    /// What would open the repository with these secrets in the place of the ones in use.
    pub fn access_with(&self, newer: impl Fn(&SecretSlot) -> Option<Secret>) -> Result<Access, Early> {
        let name = self.repository();
        let repository = self.plan.repositories.get(name).cloned();
        let repository = repository.ok_or_else(|| not_in_plan(format!("repository {name}")))?;
        assemble(&self.shared, self.host(), name, repository, newer)
    }
}

/// `host`: what this host's snapshots are called after.
pub(in crate::run) fn access(
    shared: &Shared,
    host: &str,
    name: &RepositoryName,
    repository: Repository,
) -> Result<Access, Early> {
    assemble(shared, host, name, repository, |_| None)
}

fn assemble(
    shared: &Shared,
    host: &str,
    name: &RepositoryName,
    repository: Repository,
    newer: impl Fn(&SecretSlot) -> Option<Secret>,
) -> Result<Access, Early> {
    #[derive(Deserialize)]
    struct LoginSecret {
        #[serde(default)]
        user: String,
        password: String,
    }
    let get = |slot: &SecretSlot| {
        let given = newer(slot).map_or_else(|| shared.secrets.secret(slot), |secret| Ok(Some(secret)));
        given.map_err(|error| Early::from(Reason::Internal { message: error.to_string() }))
    };
    let unreadable = |slot: &SecretSlot| {
        Early::from(Reason::Internal {
            message: format!("the secret {slot} is not what it should be: set it again"),
        })
    };
    let slot = SecretSlot::RepositoryPassword(name.clone());
    let Some(password) = get(&slot)?.filter(|password| !password.is_empty()) else {
        return Err(Reason::SecretMissing { slot: slot.to_string() }.into());
    };
    let slot = SecretSlot::RepositoryLogin(name.clone());
    let login = match get(&slot)? {
        None => None,
        Some(secret) => {
            let parsed: LoginSecret =
                serde_json::from_slice(secret.expose()).map_err(|_| unreadable(&slot))?;
            // A private REST repository lies under the user's name, which is the host's unless it says otherwise.
            let user = if parsed.user.is_empty() { host.to_owned() } else { parsed.user };
            Some(Login { user, password: Secret::new(parsed.password.into_bytes()) })
        }
    };
    let slot = SecretSlot::RepositoryEnvironment(name.clone());
    let environment = match get(&slot)? {
        None => BTreeMap::new(),
        Some(secret) => {
            let parsed: BTreeMap<String, String> =
                serde_json::from_slice(secret.expose()).map_err(|_| unreadable(&slot))?;
            parsed.into_iter().map(|(name, value)| (name, Secret::new(value.into_bytes()))).collect()
        }
    };
    Ok(Access { backend: repository.backend, password, login, environment })
}

pub(in crate::run) fn cache_of(shared: &Shared, repository: &RepositoryName) -> PathBuf {
    shared.settings.cache.join(repository.as_str())
}

/// Apart from this host's own: what another host's repository leaves there goes with the job.
pub fn lent_cache(shared: &Shared, job: JobId) -> PathBuf {
    shared.settings.cache.join(format!("lent-{job}"))
}

pub(in crate::run) fn surroundings(cache: &Path) -> Surroundings {
    let inherited = INHERITED
        .iter()
        .filter_map(|name| env::var(name).ok().map(|value| ((*name).to_owned(), value)))
        .collect();
    Surroundings { home: home(), cache: cache.to_string_lossy().into_owned(), inherited }
}

/// The agent's own, and root's where a service manager names none.
pub fn home() -> String {
    env::var_os("HOME").map_or_else(|| PathBuf::from("/root"), PathBuf::from).to_string_lossy().into_owned()
}
