//! Repositories that should be looked at: new ones, moved ones, ones whose secret came or changed.
//!
//! Follows from the plan and the revisions of secrets alone, so whoever changed them only has to wake the engine.

use std::sync::Arc;

use tracing::warn;
use wire::{
    action::JobOptions,
    id::RepositoryName,
    job::{JobKind, JobSubject, Origin, Reason},
    plan::Plan,
    seal::SecretSlot,
    snapshot::RepositoryReadiness,
};

use super::engine::Shared;
use crate::store::{
    StoreError, Tx,
    jobs::{self, NewJob},
    plan,
    repositories::{self, Found},
};

/// One repository of the plan and which secrets are there for it.
struct Sight {
    name: RepositoryName,
    location: String,
    /// Destination and revisions of the secrets; `None` without a password.
    mark: Option<String>,
}

pub async fn look_after_repositories(shared: &Arc<Shared>) {
    if shared.is_draining() {
        return;
    }
    if let Err(problem) = look(shared).await {
        warn!("the repositories cannot be looked after: {problem}");
    }
}

async fn look(shared: &Arc<Shared>) -> Result<(), StoreError> {
    let Some(current) = shared.store.read(plan::current).await? else { return Ok(()) };
    let sights: Vec<Sight> = sights(shared, &current.plan);
    let engine = shared.clone();
    let news = shared
        .store
        .read::<_, StoreError>(move |connection| {
            let mut news = Vec::new();
            for sight in sights {
                let row = repositories::get(connection, &sight.name)?;
                let known = row.as_ref().is_some_and(|row| match &sight.mark {
                    Some(mark) => row.looked_at.as_ref() == Some(mark),
                    None => {
                        row.location == sight.location && row.readiness == RepositoryReadiness::NeedsSecret
                    }
                });
                if !known {
                    news.push(sight);
                }
            }
            Ok(news)
        })
        .await?;
    if news.is_empty() {
        return Ok(());
    }
    shared.store.write(move |tx| news.iter().try_for_each(|sight| see(&engine, tx, sight))).await
}

fn sights(shared: &Shared, plan: &Plan) -> Vec<Sight> {
    let sight = |(name, repository): (&RepositoryName, &wire::plan::Repository)| {
        let location = repository.backend.location();
        let revision = |slot: SecretSlot| shared.secrets.revision(&slot).map(Option::unwrap_or_default);
        let revisions = [
            revision(SecretSlot::RepositoryPassword(name.clone())),
            revision(SecretSlot::RepositoryLogin(name.clone())),
            revision(SecretSlot::RepositoryEnvironment(name.clone())),
        ];
        let [Ok(password), Ok(login), Ok(environment)] = revisions else { return None };
        let mark = (password > 0).then(|| format!("{location} {password} {login} {environment}"));
        Some(Sight { name: name.clone(), location, mark })
    };
    plan.repositories.iter().filter_map(sight).collect()
}

fn see(shared: &Shared, tx: &Tx<'_>, sight: &Sight) -> Result<(), StoreError> {
    let now = shared.world.now();
    let Sight { name, location, mark } = sight;
    let Some(mark) = mark else {
        let reason = Reason::SecretMissing { slot: SecretSlot::RepositoryPassword(name.clone()).to_string() };
        let readiness = RepositoryReadiness::NeedsSecret;
        let found = Found { location, readiness, reason: Some(&reason), restic_id: None };
        return repositories::set_state(tx, name, &found, now);
    };
    let kind = if repositories::was_ready(tx, location)? { JobKind::Probe } else { JobKind::Init };
    let subject = JobSubject { kind, repository: name.clone(), group: None };
    if let Some(open) = jobs::open_of(tx, &subject, &JobOptions::default())? {
        // One that waits will see the new secrets; one that runs may hold the old: look again when it is over.
        if open.started_at.is_some() {
            return Ok(());
        }
    } else {
        let job = NewJob {
            id: shared.world.job_id(),
            subject,
            origin: Origin::Follow { job: None },
            schedule: None,
            attempt: 1,
            options: JobOptions::default(),
            not_before: now,
        };
        jobs::queue(tx, &job, now)?;
    }
    repositories::set_looked_at(tx, name, location, mark)
}
