//! What the verbs that do work say. Pure.

use std::fmt::Write as _;

use wire::{
    id::{GroupName, JobId, RepositoryName},
    plan::Plan,
};

use crate::{
    cli::{history, table},
    store::jobs::Job,
};

pub const NO_PLAN: &str = "there is no plan yet: approve this host in the panel and give it a repository there, or write a plan.toml beside agent.toml";

pub fn begun(jobs: &[JobId]) -> String {
    let mut text = String::new();
    for job in jobs {
        let _ = writeln!(text, "Begun: {job}");
    }
    if jobs.is_empty() {
        text.push_str("There was nothing to do.\n");
    } else {
        text.push_str("`logs -f` follows it, `cancel` stops it.\n");
    }
    text
}

pub fn cancelled(job: JobId) -> String {
    format!("{job} is taken out of the queue, or stops within seconds: `jobs` shows when it is over.\n")
}

pub fn over(job: &Job) -> String {
    let became = history::became(job.state);
    format!(
        "job {} {became} already, so there is nothing to cancel: `jobs` lists what runs and waits",
        job.id
    )
}

/// Before a repository is made anew: what is done, and what is lost if it was only out of sight.
pub fn reinit(repository: &RepositoryName, location: &str, snapshots: usize) -> String {
    let lost = match snapshots {
        0 => "No snapshot of it is known here".to_owned(),
        1 => "The 1 snapshot that was last seen in it does not come back".to_owned(),
        many => format!(
            "The {} that were last seen in it do not come back",
            table::count(many as u64, "snapshot")
        ),
    };
    format!(
        "{repository} is made anew at {location}: an empty repository, with the password that this host holds.\n\
         {lost}. If its disk is only not mounted, or its server away, stop here.\n\
         What still stands at that place is never touched: then nothing is made.\n"
    )
}

pub const NO_SNAPSHOT: &str =
    "there is no snapshot yet that could come back: `snapshots` lists what was seen last";
pub const ANOTHER_HOST: &str = "that is not this host's name: nothing was done";

pub fn no_such_snapshot(meant: &str) -> String {
    format!(
        "no snapshot begins with {meant} (give at least four digits): `snapshots` lists what was seen last"
    )
}

pub fn restore_yes_needed(name: &str) -> String {
    format!("in place files are written over, so it asks first: give the host's name here, --yes {name}")
}

pub fn restore_question(name: &str) -> String {
    format!("Files of this host are written over. Type its name, {name}, to restore in place: ")
}

pub const REINIT_QUESTION: &str = "Type the repository's name to make it anew: ";
pub const ANOTHER_NAME: &str = "that is not the repository's name: nothing was done";

pub fn reinit_yes_needed(repository: &RepositoryName) -> String {
    format!(
        "`reinit` begins {repository} with nothing, and there is no terminal to ask on: see that its place is really empty, then give --yes"
    )
}

pub fn no_such_group(name: &GroupName, plan: &Plan) -> String {
    format!(
        "there is no group `{name}` in this host's plan; there {}. `plan show` shows the plan",
        listed(plan.groups.keys())
    )
}

pub fn no_such_repository(name: &RepositoryName, plan: &Plan) -> String {
    format!(
        "there is no repository `{name}` in this host's plan; there {}. `plan show` shows the plan",
        listed(plan.repositories.keys())
    )
}

fn listed<T: ToString>(names: impl Iterator<Item = T>) -> String {
    let names: Vec<String> = names.map(|name| name.to_string()).collect();
    match names.as_slice() {
        [] => "are none yet".to_owned(),
        [one] => format!("is {one}"),
        many => format!("are {}", many.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_person_reads_about_work() {
        let plan = crate::desired::rehearsal::plan();
        let job = JobId(uuid::Uuid::nil());
        insta::assert_snapshot!(
            [
                begun(&[job]),
                begun(&[]),
                cancelled(job),
                reinit(&"main".parse().unwrap(), "/srv/repo", 0),
                reinit(&"main".parse().unwrap(), "/srv/repo", 1),
                reinit(&"main".parse().unwrap(), "/srv/repo", 12),
                reinit_yes_needed(&"main".parse().unwrap()),
                no_such_group(&"mail".parse().unwrap(), &plan),
                no_such_repository(&"usb".parse().unwrap(), &Plan::default()),
            ]
            .join("---\n")
        );
    }
}
