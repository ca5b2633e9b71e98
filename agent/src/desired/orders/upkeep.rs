//! Orders to look after a repository now: maintenance, unlocking, copies; and the question what a group would back up.

use wire::{
    action::{Action, JobOptions, OrderRefusalCode, Outcome},
    id::{GroupName, RepositoryName},
    job::{JobKind, Origin},
    plan::{Group, MaintenanceTask, Plan},
};

use super::act::{Refuse, in_plan, not_found, refuse};
use crate::{desired::Desk, run::JobRequest, store::Tx};

impl Desk {
    /// `action` is one of these; any other is nobody's wish here.
    pub(super) fn look_after(
        &self,
        tx: &Tx<'_>,
        plan: &Plan,
        action: &Action,
        origin: &Origin,
    ) -> Result<Outcome, Refuse> {
        self.submit(tx, &wanted(plan, action, origin)?)
    }
}

/// The jobs that the action means, by the plan as it is now. Pure.
fn wanted(plan: &Plan, action: &Action, origin: &Origin) -> Result<Vec<JobRequest>, Refuse> {
    match action {
        Action::Maintain { repository, task, groups, read_data_percent } => {
            in_plan(plan, repository)?;
            if task.is_of_groups() {
                of_groups(plan, repository, *task, groups, origin)
            } else {
                let percent = read_data_percent.filter(|_| *task == MaintenanceTask::Check);
                let options = JobOptions {
                    read_data_percent: percent.map(|percent| percent.min(100)),
                    ..JobOptions::default()
                };
                Ok(vec![request(task.kind(), repository, None, options, origin)])
            }
        }
        Action::Unlock { repository, locks } => {
            in_plan(plan, repository)?;
            let options = JobOptions { locks: locks.clone(), ..JobOptions::default() };
            Ok(vec![request(JobKind::Unlock, repository, None, options, origin)])
        }
        Action::Reinit { repository } => {
            in_plan(plan, repository)?;
            let options = JobOptions { anew: true, ..JobOptions::default() };
            Ok(vec![request(JobKind::Init, repository, None, options, origin)])
        }
        Action::Copy { group, to, snapshots } => copy(plan, group, to, snapshots, origin).map(|it| vec![it]),
        Action::DryRun { group, settings } => {
            dry_run(plan, group, settings.as_ref(), origin).map(|it| vec![it])
        }
        _ => Err(not_found(format!("{} looks after nothing", action.as_str()))),
    }
}

/// One job for each group that is named, or for each that lies in the repository. A forget also of what is copied there,
/// and on a keeper of its wards' groups.
fn of_groups(
    plan: &Plan,
    repository: &RepositoryName,
    task: MaintenanceTask,
    named: &[GroupName],
    origin: &Origin,
) -> Result<Vec<JobRequest>, Refuse> {
    let is_forget = task == MaintenanceTask::Forget;
    let lies_here = |group: &Group| {
        group.repository == *repository || (is_forget && group.copy_to.as_ref() == Some(repository))
    };
    let own = plan.groups.iter().filter(|(_, group)| lies_here(group)).map(|(name, _)| (name, None));
    let wards = plan.repositories.get(repository).map(|it| &it.wards[..]).filter(|_| is_forget);
    let others = wards.into_iter().flatten().flat_map(|ward| {
        let host = Some(ward.hostname.clone());
        ward.groups.iter().filter(|(_, it)| !it.is_empty()).map(move |(name, _)| (name, host.clone()))
    });
    let all: Vec<(&GroupName, Option<String>)> = own.chain(others).collect();
    if let Some(missing) = named.iter().find(|name| !all.iter().any(|(known, _)| known == name)) {
        return Err(not_found(format!("there is no group `{missing}` in the repository `{repository}`")));
    }
    let is_wanted = |name: &GroupName| named.is_empty() || named.contains(name);
    let wanted: Vec<JobRequest> = all
        .into_iter()
        .filter(|(name, _)| is_wanted(name))
        .map(|(name, ward)| {
            let options = JobOptions { ward, ..JobOptions::default() };
            request(task.kind(), repository, Some(name), options, origin)
        })
        .collect();
    if wanted.is_empty() {
        return Err(not_found(format!("no group of this host lies in the repository `{repository}`")));
    }
    Ok(wanted)
}

fn copy(
    plan: &Plan,
    name: &GroupName,
    to: &RepositoryName,
    snapshots: &[String],
    origin: &Origin,
) -> Result<JobRequest, Refuse> {
    let group = known(plan, name)?;
    in_plan(plan, to)?;
    if group.repository == *to {
        return Err(refuse(
            OrderRefusalCode::InvalidPlan,
            format!("the group `{name}` is backed up to `{to}` itself"),
            "Name another repository of the plan.",
        ));
    }
    let options = JobOptions { to: Some(to.clone()), snapshots: snapshots.to_vec(), ..JobOptions::default() };
    Ok(request(JobKind::Copy, &group.repository, Some(name), options, origin))
}

/// Settings that are about to be saved are held to what a plan may say: they reach restic.
fn dry_run(
    plan: &Plan,
    name: &GroupName,
    settings: Option<&Group>,
    origin: &Origin,
) -> Result<JobRequest, Refuse> {
    let group = match settings {
        None => known(plan, name)?,
        Some(wished) => {
            in_plan(plan, &wished.repository)?;
            let mut after = plan.clone();
            after.groups.insert(name.clone(), wished.clone());
            after.validate().map_err(|problem| {
                refuse(
                    OrderRefusalCode::InvalidPlan,
                    problem.to_string(),
                    "Correct these fields and look again.",
                )
            })?;
            wished
        }
    };
    let options = JobOptions { group: settings.cloned(), ..JobOptions::default() };
    Ok(request(JobKind::DryRun, &group.repository, Some(name), options, origin))
}

fn known<'a>(plan: &'a Plan, name: &GroupName) -> Result<&'a Group, Refuse> {
    plan.groups.get(name).ok_or_else(|| not_found(format!("there is no group `{name}` in this host's plan")))
}

fn request(
    kind: JobKind,
    repository: &RepositoryName,
    group: Option<&GroupName>,
    options: JobOptions,
    origin: &Origin,
) -> JobRequest {
    let request = JobRequest::new(kind, repository.clone(), group.cloned(), origin.clone());
    JobRequest { options, ..request }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn plan() -> Plan {
        serde_json::from_value(json!({
            "repositories": {
                "main": { "backend": { "kind": "local", "path": "/srv/main" } },
                "second": {
                    "backend": { "kind": "local", "path": "/srv/second" },
                    "wards": [{
                        "agent": wire::id::AgentId([3; 32]),
                        "hostname": "other",
                        "revision": 1,
                        "groups": { "theirs": { "keep_last": 1 }, "kept": { "keep_daily": 0, "keep_weekly": 0, "keep_monthly": 0 } },
                    }],
                },
            },
            "groups": {
                "default": { "includes": ["/home"], "copy_to": "second" },
                "logs": { "includes": ["/var/log"] },
            },
        }))
        .unwrap()
    }

    fn action(value: serde_json::Value) -> Action {
        serde_json::from_value(value).unwrap()
    }

    /// `kind group@repository options` of each job; the refusal's code.
    fn jobs(value: serde_json::Value) -> Result<Vec<String>, OrderRefusalCode> {
        let found = wanted(&plan(), &action(value), &Origin::Local).map_err(|refuse| match refuse {
            Refuse::With { code, .. } => code,
            Refuse::Store(error) => panic!("{error}"),
        })?;
        let said = |it: JobRequest| {
            let group = it.subject.group.map_or_else(String::new, |group| format!(" {group}"));
            let options = serde_json::to_value(&it.options).unwrap();
            format!("{}{group}@{} {options}", it.subject.kind.as_str(), it.subject.repository)
        };
        Ok(found.into_iter().map(said).collect())
    }

    #[test]
    fn maintenance_is_a_job_for_each_group_or_for_the_repository() {
        let maintain = |repository: &str, task: &str, groups: &[&str]| {
            jobs(json!({
                "do": "maintain", "repository": repository, "task": task, "groups": groups,
                "read_data_percent": 40,
            }))
        };
        assert_eq!(maintain("main", "prune", &[]).unwrap(), ["prune@main {}"]);
        assert_eq!(maintain("main", "check", &[]).unwrap(), [r#"check@main {"read_data_percent":40}"#]);
        assert_eq!(
            maintain("main", "forget", &[]).unwrap(),
            ["forget default@main {}", "forget logs@main {}"]
        );
        assert_eq!(maintain("main", "drill", &["logs"]).unwrap(), ["drill logs@main {}"]);
        assert_eq!(
            maintain("second", "forget", &[]).unwrap(),
            ["forget default@second {}", r#"forget theirs@second {"ward":"other"}"#]
        );
        assert_eq!(maintain("second", "drill", &[]), Err(OrderRefusalCode::NotFound));
        assert_eq!(maintain("main", "forget", &["theirs"]), Err(OrderRefusalCode::NotFound));
        assert_eq!(maintain("gone", "prune", &[]), Err(OrderRefusalCode::NotFound));
    }

    #[test]
    fn unlocks_and_copies_name_what_they_are_about() {
        assert_eq!(
            jobs(json!({ "do": "unlock", "repository": "main", "locks": ["aa"] })).unwrap(),
            [r#"unlock@main {"locks":["aa"]}"#]
        );
        let copy = |group: &str, to: &str| jobs(json!({ "do": "copy", "group": group, "to": to }));
        assert_eq!(copy("logs", "second").unwrap(), [r#"copy logs@main {"to":"second"}"#]);
        assert_eq!(copy("logs", "main"), Err(OrderRefusalCode::InvalidPlan));
        assert_eq!(copy("logs", "gone"), Err(OrderRefusalCode::NotFound));
        assert_eq!(copy("gone", "second"), Err(OrderRefusalCode::NotFound));
    }

    #[test]
    fn a_repository_is_made_anew_by_a_job_that_may() {
        let reinit = |repository: &str| jobs(json!({ "do": "reinit", "repository": repository }));
        assert_eq!(reinit("main").unwrap(), [r#"init@main {"anew":true}"#]);
        assert_eq!(reinit("gone"), Err(OrderRefusalCode::NotFound));
    }

    #[test]
    fn a_dry_run_is_of_the_plans_group_or_of_one_that_a_plan_could_have() {
        let dry = |group: &str, settings: serde_json::Value| {
            jobs(json!({ "do": "dry_run", "group": group, "settings": settings }))
        };
        assert_eq!(dry("logs", json!(null)).unwrap(), ["dry_run logs@main {}"]);
        let wished = dry("new", json!({ "repository": "second", "includes": ["/srv"] })).unwrap();
        assert!(wished[0].starts_with("dry_run new@second {\"group\":{"), "{wished:?}");
        assert_eq!(dry("new", json!(null)), Err(OrderRefusalCode::NotFound));
        assert_eq!(dry("new", json!({ "includes": ["relative"] })), Err(OrderRefusalCode::InvalidPlan));
        let elsewhere = json!({ "repository": "gone", "includes": ["/srv"] });
        assert_eq!(dry("new", elsewhere), Err(OrderRefusalCode::NotFound));
    }
}
