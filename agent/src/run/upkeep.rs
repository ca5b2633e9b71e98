//! Who looks after what: the jobs that a plan's maintenance means, and whether this host may prune and check.
//!
//! The first half is pure. Knows nothing of cadences, nor of what forget, prune and check do.

use std::collections::BTreeSet;

use wire::{
    action::JobOptions,
    id::{AgentId, GroupName, RepositoryName},
    job::{JobSubject, Reason},
    plan::{MaintenanceTask, Plan, Repository},
    seal::SecretSlot,
};

use super::{
    session::{Early, Session, not_in_plan},
    work::Policy,
};
use crate::store::{StoreError, holds, journal, snapshots};

/// So many hosts are named where it is not clear which of them owns a repository.
const NAMED_HOSTS: usize = 20;

/// One job of maintenance.
pub type Task = (JobSubject, JobOptions);

/// The jobs that one run of this maintenance consists of, as the plan has it: what could only be skipped is not among
/// them. `agent` is this host.
pub fn subjects(plan: &Plan, task: MaintenanceTask, agent: AgentId) -> Vec<Task> {
    match task {
        MaintenanceTask::Forget => forget_subjects(plan),
        MaintenanceTask::Drill => drill_subjects(plan),
        MaintenanceTask::Prune | MaintenanceTask::Check => {
            let mine = plan.repositories.iter().filter(|(_, it)| may_own(it, agent));
            let wanted = mine.filter(|(_, it)| task == MaintenanceTask::Check || !it.append_only);
            wanted.map(|(name, _)| (subject(task, name, None), JobOptions::default())).collect()
        }
    }
}

/// One forget for each group that has a policy, where its snapshots lie and where they are copied to; on a keeper, one
/// for each of its wards' groups. None where the everyday credential cannot delete.
pub fn forget_subjects(plan: &Plan) -> Vec<Task> {
    let mut all = Vec::new();
    for (name, group) in plan.groups.iter().filter(|(_, group)| !group.retention.is_empty()) {
        for repository in std::iter::once(&group.repository).chain(&group.copy_to) {
            if plan.repositories.get(repository).is_some_and(|it| !it.append_only) {
                let subject = subject(MaintenanceTask::Forget, repository, Some(name));
                all.push((subject, JobOptions::default()));
            }
        }
    }
    for (repository, it) in plan.repositories.iter().filter(|(_, it)| !it.append_only) {
        for ward in &it.wards {
            for (name, _) in ward.groups.iter().filter(|(_, retention)| !retention.is_empty()) {
                let options = JobOptions { ward: Some(ward.hostname.clone()), ..JobOptions::default() };
                all.push((subject(MaintenanceTask::Forget, repository, Some(name)), options));
            }
        }
    }
    all
}

/// One drill for each group.
fn drill_subjects(plan: &Plan) -> Vec<Task> {
    let task = |(name, group): (&GroupName, &wire::plan::Group)| {
        (subject(MaintenanceTask::Drill, &group.repository, Some(name)), JobOptions::default())
    };
    plan.groups.iter().map(task).collect()
}

/// Whether the plan leaves prune and check of this repository to this host.
pub fn may_own(repository: &Repository, agent: AgentId) -> bool {
    repository.owner.as_ref().is_none_or(|owner| owner.agent == agent)
}

fn subject(task: MaintenanceTask, repository: &RepositoryName, group: Option<&GroupName>) -> JobSubject {
    JobSubject { kind: task.kind(), repository: repository.clone(), group: group.cloned() }
}

/// The policy that a job is about: its group's, or the one that a keeper has for another host's group.
pub(super) fn policy(session: &Session) -> Result<Policy, Early> {
    let (name, host) = (session.repository(), session.host().to_owned());
    let missing = |what: String| not_in_plan(format!("{what} of repository {name}"));
    let tag = session.job.subject.group.clone().ok_or_else(|| missing("group (none)".to_owned()))?;
    let Some(ward) = &session.job.options.ward else {
        let group = session.plan.groups.get(&tag);
        let group = group.filter(|it| it.repository == *name || it.copy_to.as_ref() == Some(name));
        let retention = group.ok_or_else(|| missing(format!("group {tag}")))?.retention.clone();
        return Ok(Policy { host, tag, retention, others: false });
    };
    let wards = session.plan.repositories.get(name).map(|repository| &repository.wards[..]);
    let mut found = wards.unwrap_or_default().iter().filter(|it| it.hostname == *ward);
    let retention = found.find_map(|ward| ward.groups.get(&tag)).cloned();
    let retention = retention.ok_or_else(|| missing(format!("group {tag} of the host {ward}")))?;
    Ok(Policy { others: *ward != host, host: ward.clone(), tag, retention })
}

/// Whether what this job is about may be deleted from here: where the everyday credential can only add, with one that
/// was released to memory, and not without.
pub(super) fn may_delete(session: &Session) -> Result<(), Early> {
    let name = session.repository();
    if session.job.options.released {
        if session.shared.released.get(name, session.shared.world.monotonic()).is_some() {
            return Ok(());
        }
        let slot = SecretSlot::RepositoryAdmin(name.clone()).to_string();
        return Err(Reason::SecretMissing { slot }.into());
    }
    let only_appends = session.plan.repositories.get(name).is_some_and(|repository| repository.append_only);
    if only_appends { Err(Early::skipped(Reason::AppendOnly)) } else { Ok(()) }
}

/// Whether this host prunes and checks the repository: one host alone does, and where it is not clear which, none.
pub(super) async fn may_look_after(session: &Session) -> Result<(), Early> {
    let name = session.repository().clone();
    let (agent, claimants, known) = session
        .shared
        .store
        .read::<_, StoreError>(move |connection| {
            let known = snapshots::hosts(connection, &name)?;
            Ok((journal::agent(connection)?, holds::claimants(connection, &name)?, known))
        })
        .await?;
    let name = session.repository();
    let repository = session.plan.repositories.get(name);
    let owner = repository.and_then(|repository| repository.owner.as_ref());
    if let Some(other) = owner.filter(|owner| owner.agent != agent) {
        return Err(Early::skipped(Reason::NotOwner { owner: other.name.clone() }));
    }
    if let Some(hosts) = claimants {
        return Err(Early::skipped(Reason::OwnerUnclear { hosts }));
    }
    let host = session.host();
    let wards = repository.map(|repository| &repository.wards[..]).unwrap_or_default();
    let others: BTreeSet<String> =
        known.into_iter().filter(|it| it != host && wards.iter().all(|ward| ward.hostname != *it)).collect();
    if owner.is_none() && !others.is_empty() {
        let hosts = std::iter::once(host.to_owned()).chain(others).take(NAMED_HOSTS).collect();
        return Err(Early::skipped(Reason::OwnerUnclear { hosts }));
    }
    Ok(())
}

/// What a hold says where these claim to look after a repository besides this host.
pub fn claimed_by(others: &[String]) -> String {
    let names = others.join(", ");
    format!(
        "prune and check are claimed by {names} as well: name one owner on the repository's page, until then nobody prunes"
    )
}
