//! Can each repository be used? As the last job found it; with a probe, as it is now.

use rusqlite::Connection;
use wire::{
    action::Action,
    id::RepositoryName,
    job::Reason,
    plan::Plan,
    snapshot::{RepositoryReadiness, SnapshotDoubt},
};

use super::{Finding, Subject};
use crate::{
    cli::{Failure, asking, follow, table},
    config::Paths,
    local::{Ask, Tell},
    store::{StoreError, plan, repositories, snapshots},
    world::World,
};

/// Has the running agent open each of them, and waits for it.
pub async fn probe(paths: &Paths, connection: &Connection, running: bool) -> Result<Vec<Finding>, Failure> {
    if !running {
        return Ok(vec![Finding::warning(
            Subject::Repository,
            "the repositories were not probed: no agent runs",
            "Start the agent, then run this again.",
        )]);
    }
    let plan = plan::current(connection)?.map(|current| current.plan).unwrap_or_default();
    let mut findings = Vec::new();
    for repository in plan.repositories.keys() {
        let action = Action::Probe { repository: repository.clone() };
        match asking::once(paths, &Ask::Work { action }).await {
            Ok(Tell::Done { jobs, .. }) => follow::quietly(paths, &jobs).await?,
            Ok(other) => return asking::unexpected(&other),
            Err(Failure(text)) => findings.push(Finding::problem(
                Subject::Repository,
                format!("{repository} was not probed: {text}"),
                String::new(),
            )),
        }
    }
    Ok(findings)
}

/// A credential that was given and does not open it: jobs go on with the one before, until that one ends.
fn refused(
    name: &RepositoryName,
    readiness: RepositoryReadiness,
    reason: Option<&Reason>,
) -> Option<Finding> {
    let reason = reason.filter(|_| readiness == RepositoryReadiness::Ready)?;
    let explained = reason.explain();
    let what = format!("{name}: {}", table::one_line(&explained.message));
    Some(Finding::warning(Subject::Repository, what, explained.hint))
}

pub fn examine(connection: &Connection, world: &World) -> Result<Vec<Finding>, StoreError> {
    let plan: Plan = plan::current(connection)?.map(|current| current.plan).unwrap_or_default();
    let mut findings = Vec::new();
    for (name, planned) in &plan.repositories {
        let Some(row) = repositories::get(connection, name)? else {
            findings.push(Finding::warning(
                Subject::Repository,
                format!("{name} was never looked at"),
                "Start the agent; or run `doctor --probe`.",
            ));
            continue;
        };
        let seen = row.checked_at.map_or_else(|| "never".to_owned(), |at| table::relative(at, world.now()));
        let location = planned.backend.location();
        match row.readiness {
            RepositoryReadiness::Ready => findings.push(Finding::ok(
                Subject::Repository,
                format!("{name} opens ({location}, looked at {seen})"),
            )),
            RepositoryReadiness::NeedsSecret => findings.push(Finding::problem(
                Subject::Repository,
                format!("{name} waits for a secret ({location})"),
                format!(
                    "Give it: `secret set repository/{name}/password`; `secret list` shows what is missing."
                ),
            )),
            RepositoryReadiness::Unknown | RepositoryReadiness::Unusable => {
                let explained = row.reason.as_ref().map(Reason::explain);
                let (message, hint) = explained.map_or_else(
                    || {
                        (
                            "it is not known whether it can be used.".to_owned(),
                            "Run `doctor --probe`.".to_owned(),
                        )
                    },
                    |explained| (explained.message, explained.hint),
                );
                let what = format!("{name} ({location}, looked at {seen}): {}", table::one_line(&message));
                findings.push(Finding::problem(Subject::Repository, what, hint));
            }
        }
        findings.extend(refused(name, row.readiness, row.reason.as_ref()));
        for lock in &row.locks {
            findings.push(Finding::warning(
                Subject::Repository,
                format!(
                    "{name} was locked by {}@{} (PID {}) {}",
                    lock.username,
                    lock.hostname,
                    lock.pid,
                    table::relative(lock.since, world.now())
                ),
                "Wait for that process; if it is gone for good, run `unlock`.",
            ));
        }
        let doubtful = |doubt| -> Result<usize, StoreError> {
            let listed = snapshots::all(connection, name)?;
            Ok(listed.iter().filter(|snapshot| snapshot.doubt == Some(doubt)).count())
        };
        let (unknown, future) = (doubtful(SnapshotDoubt::Unknown)?, doubtful(SnapshotDoubt::Future)?);
        if unknown + future > 0 {
            findings.push(Finding::warning(
                Subject::Repository,
                format!("{name} has {} that no job of this host made, and {future} from the future: nothing is removed meanwhile", table::count(unknown as u64, "snapshot")),
                "Look at them with `snapshots`; adopt or remove them.",
            ));
        }
    }
    Ok(findings)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        config::Policy,
        desired::rehearsal::{Host, START, plan as simple},
        store::repositories::Found,
    };
    use wire::journal::PlanBy;

    #[tokio::test]
    async fn a_repository_is_judged_by_what_the_last_look_found() {
        let host = Host::new(7, Policy::default());
        let row = plan::LedgerPlan { revision: 1, plan: simple(), by: PlanBy::Local, at: START, note: None };
        host.desk.store().write(move |tx| plan::put(tx, &row)).await.unwrap();
        let mut said = Vec::new();
        let readiness = [
            None,
            Some((RepositoryReadiness::NeedsSecret, None)),
            Some((RepositoryReadiness::Unusable, Some(Reason::WrongPassword))),
            Some((RepositoryReadiness::Ready, None)),
            Some((
                RepositoryReadiness::Ready,
                Some(Reason::CredentialRefused {
                    slots: vec!["repository/main/password".to_owned()],
                    message: "wrong password or no key found".to_owned(),
                }),
            )),
        ];
        for state in readiness {
            if let Some((readiness, reason)) = state {
                let set = host.desk.store().write::<_, StoreError>(move |tx| {
                    let found =
                        Found { location: "/srv/repo", readiness, reason: reason.as_ref(), restic_id: None };
                    repositories::set_state(tx, &"main".parse().unwrap(), &found, START)
                });
                set.await.unwrap();
            }
            let world = host.desk.world().clone();
            let found = host.read(move |connection| examine(connection, &world)).await;
            let line = |one: &Finding| format!("{:?}: {} → {}", one.level, one.what, one.hint);
            said.extend(found.iter().map(|one| line(one).trim_end().to_owned()));
        }
        insta::assert_snapshot!(said.join("\n"));
    }
}
