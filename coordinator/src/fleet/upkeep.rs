//! Maintenance of a host's repositories: when each task runs next as the agent decides it, and why it does not.

use std::sync::Arc;

use wire::{
    cron,
    id::{AgentId, RepositoryName, UnixMs},
    job::Reason,
    plan::{Maintenance, MaintenanceTask, Plan, Repository},
    snapshot::{Hold, HoldCause},
    view::{LastBackup, MaintenanceView},
};

use super::{Fleet, FleetError, schedules::zone_name};
use crate::store::{jobs, plans, standing};

impl Fleet {
    /// Each task of each repository, in the plan's order.
    pub async fn maintenance(&self, agent: AgentId) -> Result<Vec<MaintenanceView>, FleetError> {
        let host = self.host_id(agent)?;
        let now = self.inner.world.now();
        let index = Arc::clone(&self.inner.index);
        self.inner
            .store
            .read(move |connection| {
                let Some(held) = plans::held(connection, host)? else { return Ok(Vec::new()) };
                let zone = plans::facts(connection, host)?.unwrap_or_default().zone;
                let holds = standing::holds(connection, host)?;
                let mut all = Vec::new();
                for name in held.plan.repositories.keys() {
                    for task in MaintenanceTask::ALL {
                        let last = jobs::last_upkeep_of(connection, host, task.kind(), name)?;
                        let last = last.map(|(job, state, at)| LastBackup { job, state, at });
                        let lives = |owner| index.lives(owner);
                        let held_by = why_not(&held.plan, agent, name, task, &holds, lives);
                        all.push(view(&held.plan.maintenance, name, task, &zone, last, held_by, now));
                    }
                }
                Ok(all)
            })
            .await
    }
}

fn view(
    maintenance: &Maintenance,
    repository: &RepositoryName,
    task: MaintenanceTask,
    host_zone: &str,
    last: Option<LastBackup>,
    held: Option<String>,
    now: UnixMs,
) -> MaintenanceView {
    let zone = zone_name(None, host_zone);
    let cadence = task.cadence(maintenance);
    let next = cadence.filter(|_| held.is_none()).and_then(|crontab| {
        let zone = cron::zone(zone).unwrap_or(jiff::tz::TimeZone::UTC);
        crontab.next_after(now.timestamp()?, &zone).map(UnixMs::from)
    });
    MaintenanceView {
        repository: repository.clone(),
        task,
        cron: cadence.map(ToString::to_string),
        zone: zone.to_owned(),
        last,
        next,
        held,
    }
}

/// Why the task does not run at this host, in plain words: the agent's own rules, asked of what is known here.
fn why_not(
    plan: &Plan,
    agent: AgentId,
    name: &RepositoryName,
    task: MaintenanceTask,
    holds: &[Hold],
    lives: impl Fn(AgentId) -> bool,
) -> Option<String> {
    use MaintenanceTask::{Check, Drill, Forget, Prune};
    let repository: &Repository = plan.repositories.get(name)?;
    let hold = holds.iter().find(|hold| {
        let here = hold.repository.as_ref().is_none_or(|of| of == name);
        let concerns = match hold.cause {
            HoldCause::Claims => matches!(task, Prune | Check),
            HoldCause::ClockJumped
            | HoldCause::ClockDisagrees
            | HoldCause::EpochBegun
            | HoldCause::FutureSnapshot
            | HoldCause::UnknownSnapshot => task == Forget,
        };
        here && concerns
    });
    if let Some(owner) = &repository.owner
        && owner.agent != agent
        && matches!(task, Prune | Check)
    {
        if !lives(owner.agent) {
            return Some(format!(
                "The plan names {} to prune and check this repository, which is no longer in the fleet: nobody does. Name \
                 another owner on the repository's page.",
                owner.name
            ));
        }
        return Some(Reason::NotOwner { owner: owner.name.clone() }.explain().message);
    }
    if repository.append_only && matches!(task, Forget | Prune) {
        return Some(Reason::AppendOnly.explain().message);
    }
    if let Some(hold) = hold {
        return Some(hold.message.clone());
    }
    if task.is_of_groups() && !has_work(plan, repository, name, task) {
        return Some(
            match task {
                Forget => "No group of this repository has a retention rule.",
                Drill | Prune | Check => "No group is backed up to this repository.",
            }
            .to_owned(),
        );
    }
    None
}

/// Whether a task of groups has any here. Retention is also for what was copied here, and a keeper's for its wards.
fn has_work(plan: &Plan, repository: &Repository, name: &RepositoryName, task: MaintenanceTask) -> bool {
    if task != MaintenanceTask::Forget {
        return plan.groups.values().any(|group| group.repository == *name);
    }
    let here = plan
        .groups
        .values()
        .filter(|group| group.repository == *name || group.copy_to.as_ref() == Some(name))
        .map(|group| &group.retention);
    here.chain(repository.wards.iter().flat_map(|ward| ward.groups.values())).any(|it| !it.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixMs = UnixMs(1_795_187_040_000);
    const ME: AgentId = AgentId([1; 32]);

    fn plan(repository: &str) -> Plan {
        let other = AgentId([2; 32]);
        let text = format!(
            r#"{{"repositories": {{"main": {{"backend": {{"kind": "local", "path": "/srv/b"}} {repository}}}}},
                "groups": {{"default": {{"includes": ["/etc"]}}}}}}"#
        );
        serde_json::from_str(&text.replace("OTHER", &other.to_string())).unwrap()
    }

    fn hold(cause: HoldCause, repository: Option<&str>) -> Hold {
        let repository = repository.map(|name| name.parse().unwrap());
        Hold { cause, repository, message: format!("held: {}", cause.as_str()), at: NOW }
    }

    /// The tasks that do not run, each with its reason.
    fn idle(plan: &Plan, holds: &[Hold]) -> Vec<(MaintenanceTask, String)> {
        let main = "main".parse().unwrap();
        let all = MaintenanceTask::ALL.into_iter();
        let lives = |agent| agent != AgentId([3; 32]);
        all.filter_map(|task| Some((task, why_not(plan, ME, &main, task, holds, lives)?))).collect()
    }

    fn tasks(found: &[(MaintenanceTask, String)]) -> Vec<MaintenanceTask> {
        found.iter().map(|(task, _)| *task).collect()
    }

    #[test]
    fn what_does_not_run_here_says_why() {
        use MaintenanceTask::{Check, Drill, Forget, Prune};
        assert_eq!(idle(&plan(""), &[]), []);
        let mine = format!(r#", "owner": {{"agent": "{ME}", "name": "me"}}"#);
        assert_eq!(idle(&plan(&mine), &[]), []);
        let theirs = idle(&plan(r#", "owner": {"agent": "OTHER", "name": "nas"}"#), &[]);
        assert_eq!(tasks(&theirs), [Prune, Check]);
        assert!(theirs[0].1.starts_with("nas prunes"), "{theirs:?}");
        let gone = format!(r#", "owner": {{"agent": "{}", "name": "nas"}}"#, AgentId([3; 32]));
        let gone = idle(&plan(&gone), &[]);
        assert_eq!(tasks(&gone), [Prune, Check]);
        assert!(gone[1].1.contains("nas to prune") && gone[1].1.contains("nobody does"), "{gone:?}");
        assert_eq!(tasks(&idle(&plan(r#", "append_only": true"#), &[])), [Forget, Prune]);
        assert_eq!(tasks(&idle(&plan(""), &[hold(HoldCause::Claims, Some("main"))])), [Prune, Check]);
        assert_eq!(
            idle(&plan(""), &[hold(HoldCause::ClockJumped, None)]),
            [(Forget, "held: clock_jumped".into())]
        );
        assert_eq!(idle(&plan(""), &[hold(HoldCause::UnknownSnapshot, Some("other"))]), []);
        let mut nothing = plan("");
        nothing.groups.clear();
        assert_eq!(tasks(&idle(&nothing, &[])), [Forget, Drill]);
        let mut copied = plan("");
        for group in copied.groups.values_mut() {
            (group.repository, group.copy_to) = ("usb".parse().unwrap(), Some("main".parse().unwrap()));
        }
        assert_eq!(tasks(&idle(&copied, &[])), [Drill]);
    }

    #[test]
    fn the_next_run_is_the_cadence_in_the_hosts_own_zone() {
        let main = "main".parse().unwrap();
        let maintenance = Maintenance { prune: None, ..Maintenance::default() };
        let view = |task, held| view(&maintenance, &main, task, "Europe/Berlin", None, held, NOW);
        let forget = view(MaintenanceTask::Forget, None);
        assert_eq!((forget.cron.as_deref(), forget.zone.as_str()), (Some("0 3 * * *"), "Europe/Berlin"));
        assert_eq!(forget.next.unwrap().to_string(), "2026-11-21T02:00:00Z");
        assert_eq!(view(MaintenanceTask::Forget, Some("held".into())).next, None);
        let prune = view(MaintenanceTask::Prune, None);
        assert_eq!((prune.cron, prune.next), (None, None));
    }
}
