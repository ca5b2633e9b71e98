//! `run`, `cancel`, `check`, `prune`, `forget`, `drill`, `restore`: work that a person wants now, done by the running agent.

mod reinit;
mod restore;
mod words;

pub use reinit::{Arguments as Reinit, perform as reinit};
pub use restore::{Arguments as Restore, perform as restore};

use std::process::ExitCode;

use serde::Serialize;
use wire::{
    action::Action,
    id::{GroupName, JobId, RepositoryName},
    plan::{MaintenanceTask, Plan},
};

use super::{Failure, NOT_WELL, asking, complain, failure, follow, logs, look};
use crate::{
    config::Paths,
    local::{Ask, Tell},
    store::plan,
};

/// How the work is followed.
#[derive(clap::Args)]
struct Manner {
    /// Only begin it: `logs -f` follows it later
    #[arg(long)]
    detach: bool,
    /// One JSON document per line instead of words
    #[arg(long)]
    json: bool,
}

#[derive(clap::Args)]
pub struct Run {
    /// Groups of the plan; none: run the agent itself
    groups: Vec<GroupName>,
    /// Only say what would be backed up
    #[arg(long = "dry-run", requires = "groups", conflicts_with_all = ["upload", "download"])]
    dry: bool,
    /// KiB/s for these runs alone
    #[arg(long, value_name = "KIB_S", requires = "groups")]
    upload: Option<u32>,
    /// KiB/s for these runs alone
    #[arg(long, value_name = "KIB_S", requires = "groups")]
    download: Option<u32>,
    #[command(flatten)]
    manner: Manner,
}

impl Run {
    pub const fn is_daemon(&self) -> bool {
        self.groups.is_empty()
    }
}

#[derive(clap::Args)]
pub struct Cancel {
    /// The job's id, or the end of it as `jobs` shows it
    job: String,
    /// One JSON document instead of words
    #[arg(long)]
    json: bool,
}

#[derive(clap::Args)]
pub struct OfRepository {
    /// A repository of the plan; none: each of them
    repository: Option<RepositoryName>,
    #[command(flatten)]
    manner: Manner,
}

#[derive(clap::Args)]
pub struct Check {
    /// A repository of the plan; none: each of them
    repository: Option<RepositoryName>,
    /// How much of the data is read, 0 to 100, instead of what the plan says; 0 looks at the structure alone
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(0..=100))]
    read_data: Option<u8>,
    #[command(flatten)]
    manner: Manner,
}

#[derive(clap::Args)]
pub struct OfGroups {
    /// Groups of the plan; none: all of them
    groups: Vec<GroupName>,
    #[command(flatten)]
    manner: Manner,
}

#[derive(clap::Args)]
pub struct Copy {
    /// A group of the plan
    group: GroupName,
    /// Another repository of the plan
    to: RepositoryName,
    /// These snapshots, by their whole ids; none: all that are not there yet
    snapshots: Vec<String>,
    #[command(flatten)]
    manner: Manner,
}

#[derive(Serialize)]
struct Begun<'a> {
    jobs: &'a [JobId],
}

pub async fn run(paths: &Paths, wanted: &Run) -> Result<ExitCode, Failure> {
    let Run { groups, dry, upload, download, manner } = wanted;
    known(paths, groups, None)?;
    if *dry {
        let wanted = |group: &GroupName| Action::DryRun { group: group.clone(), settings: None };
        return begin(paths, groups.iter().map(wanted).collect(), manner).await;
    }
    let action = Action::Run { groups: groups.clone(), upload_kib_s: *upload, download_kib_s: *download };
    begin(paths, vec![action], manner).await
}

pub async fn cancel(paths: &Paths, wanted: &Cancel) -> Result<(), Failure> {
    let found = logs::find(&look::database(paths)?, &wanted.job)?;
    if found.state.is_over() {
        return failure(words::over(&found));
    }
    let job = found.id;
    match asking::once(paths, &Ask::Work { action: Action::Cancel { job } }).await? {
        Tell::Done { jobs, .. } if wanted.json => look::print_json(&Begun { jobs: &jobs }),
        Tell::Done { .. } => look::print(&words::cancelled(job)),
        other => asking::unexpected(&other),
    }
}

pub async fn copy(paths: &Paths, wanted: &Copy) -> Result<ExitCode, Failure> {
    let Copy { group, to, snapshots, manner } = wanted;
    known(paths, std::slice::from_ref(group), Some(to))?;
    let action = Action::Copy { group: group.clone(), to: to.clone(), snapshots: snapshots.clone() };
    begin(paths, vec![action], manner).await
}

pub async fn check(paths: &Paths, wanted: &Check) -> Result<ExitCode, Failure> {
    let repositories = repositories(&current(paths)?, wanted.repository.as_ref())?;
    let actions = repositories.into_iter().map(|repository| Action::Maintain {
        repository,
        task: MaintenanceTask::Check,
        groups: Vec::new(),
        read_data_percent: wanted.read_data,
    });
    begin(paths, actions.collect(), &wanted.manner).await
}

pub async fn prune(paths: &Paths, wanted: &OfRepository) -> Result<ExitCode, Failure> {
    let repositories = repositories(&current(paths)?, wanted.repository.as_ref())?;
    let actions = repositories.into_iter().map(|repository| Action::Maintain {
        repository,
        task: MaintenanceTask::Prune,
        groups: Vec::new(),
        read_data_percent: None,
    });
    begin(paths, actions.collect(), &wanted.manner).await
}

pub async fn forget(paths: &Paths, wanted: &OfGroups) -> Result<ExitCode, Failure> {
    of_groups(paths, MaintenanceTask::Forget, wanted).await
}

pub async fn drill(paths: &Paths, wanted: &OfGroups) -> Result<ExitCode, Failure> {
    of_groups(paths, MaintenanceTask::Drill, wanted).await
}

/// Groups are looked after by repository.
async fn of_groups(paths: &Paths, task: MaintenanceTask, wanted: &OfGroups) -> Result<ExitCode, Failure> {
    let plan = current(paths)?;
    if let Some(unknown) = wanted.groups.iter().find(|name| !plan.groups.contains_key(*name)) {
        return failure(words::no_such_group(unknown, &plan));
    }
    let actions = plan.repositories.keys().filter_map(|repository| {
        let groups = there(&plan, repository, task, &wanted.groups)?;
        Some(Action::Maintain { repository: repository.clone(), task, groups, read_data_percent: None })
    });
    begin(paths, actions.collect(), &wanted.manner).await
}

/// The wanted groups that have snapshots in this repository; empty: all that have. `None`: there is nothing to do.
fn there(
    plan: &Plan,
    repository: &RepositoryName,
    task: MaintenanceTask,
    wanted: &[GroupName],
) -> Option<Vec<GroupName>> {
    let forgets = task == MaintenanceTask::Forget;
    let lies = |name: &GroupName| {
        plan.groups.get(name).is_some_and(|group| {
            group.repository == *repository || (forgets && group.copy_to.as_ref() == Some(repository))
        })
    };
    if !wanted.is_empty() {
        let named: Vec<GroupName> = wanted.iter().filter(|name| lies(name)).cloned().collect();
        return (!named.is_empty()).then_some(named);
    }
    // A keeper has the groups of others.
    let keeps = forgets && plan.repositories.get(repository).is_some_and(|found| !found.wards.is_empty());
    (keeps || plan.groups.keys().any(lies)).then(Vec::new)
}

/// The plan as it is; a failure that says what to do where there is none.
fn current(paths: &Paths) -> Result<Plan, Failure> {
    match plan::current(&look::database(paths)?)? {
        Some(current) => Ok(current.plan),
        None => failure(words::NO_PLAN),
    }
}

/// Whether the plan has what is named. The agent would refuse it too, but what it hints at is a page, and here is a
/// terminal. Where nothing can be looked into, the agent is what is missing.
fn known(paths: &Paths, groups: &[GroupName], repository: Option<&RepositoryName>) -> Result<(), Failure> {
    let Ok(connection) = look::database(paths) else { return Ok(()) };
    let Some(plan) = plan::current(&connection)?.map(|current| current.plan) else {
        return failure(words::NO_PLAN);
    };
    if let Some(unknown) = groups.iter().find(|name| !plan.groups.contains_key(*name)) {
        return failure(words::no_such_group(unknown, &plan));
    }
    repository.map_or(Ok(()), |named| repositories(&plan, Some(named)).map(|_| ()))
}

/// The one that is named, or all.
pub fn repositories(plan: &Plan, named: Option<&RepositoryName>) -> Result<Vec<RepositoryName>, Failure> {
    match named {
        Some(name) if !plan.repositories.contains_key(name) => failure(words::no_such_repository(name, plan)),
        Some(name) => Ok(vec![name.clone()]),
        None => Ok(plan.repositories.keys().cloned().collect()),
    }
}

/// Has it done and shows it. What one repository refuses does not keep the others from it.
async fn begin(paths: &Paths, actions: Vec<Action>, manner: &Manner) -> Result<ExitCode, Failure> {
    let (mut jobs, mut refused) = (Vec::new(), 0);
    let several = actions.len() > 1;
    for action in actions {
        match asking::once(paths, &Ask::Work { action }).await {
            Ok(Tell::Done { jobs: begun, .. }) => jobs.extend(begun),
            Ok(other) => return asking::unexpected(&other),
            Err(Failure(text)) if several => {
                complain(&text);
                refused += 1;
            }
            Err(failure) => return Err(failure),
        }
    }
    let code = if jobs.is_empty() || manner.detach {
        if manner.json {
            look::print_json(&Begun { jobs: &jobs })?;
        } else {
            look::print(&words::begun(&jobs))?;
        }
        ExitCode::SUCCESS
    } else {
        follow::jobs(paths, &jobs, manner.json).await?
    };
    Ok(if refused > 0 { ExitCode::from(NOT_WELL) } else { code })
}

#[cfg(test)]
mod tests {
    use super::*;
    use MaintenanceTask::{Drill, Forget};

    #[test]
    fn groups_are_looked_after_wherever_their_snapshots_are() {
        let plan: Plan = toml::from_str(
            r#"
            [repositories.main.backend]
            kind = "local"
            path = "/a"
            [repositories.second.backend]
            kind = "local"
            path = "/b"
            [repositories.kept]
            backend = { kind = "local", path = "/c" }
            wards = [{ agent = "0101010101010101010101010101010101010101010101010101010101010101", hostname = "web", revision = 1, groups = {} }]
            [groups.default]
            includes = ["/etc"]
            copy_to = "second"
            [groups.mail]
            includes = ["/var/mail"]
            "#,
        )
        .unwrap();
        let at = |repository: &str, task, wanted: &[&str]| {
            let wanted: Vec<GroupName> = wanted.iter().map(|name| name.parse().unwrap()).collect();
            let found = there(&plan, &repository.parse().unwrap(), task, &wanted)?;
            Some(found.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "))
        };
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(at("main", Forget, &[]), some(""));
        assert_eq!(at("second", Forget, &[]), some(""), "what is copied there is forgotten there");
        assert_eq!(at("kept", Forget, &[]), some(""), "a keeper has others' groups");
        assert_eq!(at("second", Drill, &[]), None);
        assert_eq!(at("main", Forget, &["mail"]), some("mail"));
        assert_eq!(at("second", Forget, &["mail"]), None);
        assert_eq!(at("second", Forget, &["mail", "default"]), some("default"));
    }
}
