//! What `plan` says. Pure.

use std::{fmt::Write as _, io, path::Path};

use jiff::tz::TimeZone;
use wire::{
    journal::PlanBy,
    plan::{PlanChange, PlanWarning},
};

use super::{diff::Difference, history::Revision};
use crate::{cli::table, desired::file::FileProblem, store::plan::LedgerPlan};

pub const NO_PLAN: &str = "There is no plan yet: approve this host in the panel and give it a repository there, or write a plan.toml beside agent.toml.\n";
pub const NOTHING_TO_EXPORT: &str = "there is no plan yet, so there is nothing to export: approve this host in the panel and give it a repository there";
pub const UNCHANGED: &str = "Nothing was changed.\n";

pub fn author(by: &PlanBy) -> String {
    match by {
        PlanBy::Order { person, .. } => person.clone(),
        PlanBy::Token { .. } => "the token that it enrolled with".to_owned(),
        PlanBy::File => "this host's plan.toml".to_owned(),
        PlanBy::Local => crate::desired::SOMEBODY_HERE.to_owned(),
    }
}

pub fn heading(current: &LedgerPlan, at: &str, file: &Path) -> String {
    let mut text = format!("# Revision {}, {at}, by {}.\n", current.revision, author(&current.by));
    if let Some(note) = &current.note {
        let _ = writeln!(text, "# Why: {}", note.replace('\n', "\n#      "));
    }
    if current.by == PlanBy::File {
        let _ =
            writeln!(text, "# {} governs: edit it, or give the plan back with `plan adopt`.", file.display());
    }
    text
}

pub fn warning(warning: &PlanWarning) -> String {
    match warning {
        PlanWarning::RetentionFinerThanSchedule { group, rule } => format!(
            "the group {group} keeps by {rule}, but no schedule runs as often: that rule keeps no more than a coarser one"
        ),
        PlanWarning::NeverScheduled { group } => {
            format!("no enabled schedule backs up the group {group}: it runs by hand alone")
        }
    }
}

/// What a revision changed, in a few words.
pub fn change(change: &PlanChange) -> String {
    match change {
        PlanChange::RepositoryAdded { repository } => format!("repository {repository} added"),
        PlanChange::RepositoryChanged { repository } => format!("repository {repository} changed"),
        PlanChange::RepositoryRemoved { repository } => format!("repository {repository} removed"),
        PlanChange::GroupAdded { group } => format!("group {group} added"),
        PlanChange::GroupChanged { group } => format!("group {group} changed"),
        PlanChange::GroupRemoved { group } => format!("group {group} removed"),
        PlanChange::ScheduleAdded { schedule } => format!("schedule {schedule} added"),
        PlanChange::ScheduleChanged { schedule } => format!("schedule {schedule} changed"),
        PlanChange::ScheduleRemoved { schedule } => format!("schedule {schedule} removed"),
        PlanChange::MaintenanceChanged => "maintenance changed".to_owned(),
        PlanChange::LimitsChanged => "limits changed".to_owned(),
        PlanChange::PresenceChanged => "presence changed".to_owned(),
        PlanChange::HooksChanged { group: None } => "default hooks changed".to_owned(),
        PlanChange::HooksChanged { group: Some(group) } => format!("hooks of {group} changed"),
        PlanChange::PingsChanged => "pings changed".to_owned(),
        PlanChange::HostnameChanged => "the name of its snapshots changed".to_owned(),
    }
}

fn changed(changes: &[PlanChange]) -> String {
    match changes {
        [] => "nothing changed but who governs".to_owned(),
        all => all.iter().map(change).collect::<Vec<_>>().join(", "),
    }
}

pub fn problems(problems: &[FileProblem]) -> String {
    let lines: Vec<String> = problems.iter().map(|problem| format!("  {problem}")).collect();
    format!("the plan is not valid:\n{}", lines.join("\n"))
}

pub fn no_file(path: &Path) -> String {
    format!("there is no {}: name the file that you mean, or make one with `plan export`", path.display())
}

pub fn checked(
    path: &Path,
    problems: &[FileProblem],
    warnings: &[PlanWarning],
    changes: &[PlanChange],
) -> String {
    let path = path.display();
    let mut text = match problems.len() {
        0 => format!("{path} is valid.\n"),
        1 => format!("{path} is not valid:\n"),
        many => format!("{path} is not valid, {many} problems:\n"),
    };
    for problem in problems {
        let _ = writeln!(text, "  {problem}");
    }
    for found in warnings {
        let _ = writeln!(text, "  Note: {}", warning(found));
    }
    if !changes.is_empty() {
        let _ = writeln!(text, "Against the plan as it is: {}.", changed(changes));
    }
    text
}

pub fn history(revisions: &[Revision], zone: &TimeZone) -> String {
    if revisions.is_empty() {
        return NO_PLAN.to_owned();
    }
    let mut text = String::new();
    for Revision { number, at, by, note, changes } in revisions {
        let _ = writeln!(text, "{number:>4}  {}  by {}", table::time(*at, zone), author(by));
        let _ = writeln!(text, "      {}", changed(changes));
        if let Some(note) = note {
            let _ = writeln!(text, "      \"{}\"", note.replace('\n', " "));
        }
    }
    text
}

pub fn differences(from: u64, to: u64, differences: &[Difference]) -> String {
    if differences.is_empty() {
        return format!("Revisions {from} and {to} say the same.\n");
    }
    let mut text = format!("--- revision {from}\n+++ revision {to}\n");
    for Difference { field, old, new } in differences {
        for (mark, value) in [('-', old), ('+', new)] {
            if let Some(value) = value {
                let _ = writeln!(text, "{mark} {field} = {value}");
            }
        }
    }
    text
}

/// The file's own head, for whoever opens it.
pub fn exported(revision: u64, plan: &str) -> String {
    format!(
        "# The plan of this host, as of revision {revision}. Where this file is plan.toml beside agent.toml, it governs:\n\
         # the agent takes each saved edit, the panel shows the plan and does not change it. Nobody rewrites this file.\n\
         # Passwords, logins and hooks are secrets of their own: `restic-manager-agent secret set`.\n\n{plan}"
    )
}

pub fn written(path: &Path) -> String {
    format!("The plan is in {}. It does not govern there.\n", path.display())
}

pub fn governs(path: &Path, revision: u64) -> String {
    format!("{} governs: it is revision {revision} of the plan.\n", path.display())
}

pub fn taken_later(path: &Path) -> String {
    format!("{} is written. No agent runs here now: it takes the plan when it starts.\n", path.display())
}

pub fn not_taken(path: &Path, found: &[FileProblem]) -> String {
    format!("{} was not taken, the plan before stays in force: {}", path.display(), problems(found))
}

pub fn adopted(revision: Option<u64>, path: &Path) -> String {
    let revision = revision.map_or_else(String::new, |revision| format!(", as revision {revision}"));
    format!("The panel has the plan again{revision}. The file is kept as {}.\n", path.display())
}

pub fn nothing_to_adopt(path: &Path) -> String {
    format!("there is no {}: the panel has the plan already", path.display())
}

pub fn not_adopted(path: &Path, found: &[FileProblem]) -> String {
    format!(
        "{} was not taken: {}\nMend it first; or remove it, and the plan that is in force stays",
        path.display(),
        problems(found)
    )
}

/// What an editor is given where no file governs.
pub fn draft(base: u64, plan: &str) -> String {
    format!(
        "# Revision {base} of this host's plan. Save and leave the editor to make it the next one.\n\n{plan}"
    )
}

pub fn is_revision(revision: Option<u64>) -> String {
    revision.map_or_else(
        || "It is the plan now.\n".to_owned(),
        |revision| format!("It is revision {revision} of the plan now.\n"),
    )
}

pub fn edit_again(found: &[FileProblem]) -> String {
    format!("This would not be taken: {}\nEdit again? [Y/n] ", problems(found))
}

pub fn given_up(found: &[FileProblem], kept: &Path) -> String {
    format!("{}\nNothing was changed. What you wrote is in {}", problems(found), kept.display())
}

pub fn changed_meanwhile(own: &Path, kept: &Path) -> String {
    format!(
        "somebody changed {} meanwhile, so it was left alone: what you wrote is in {}",
        own.display(),
        kept.display()
    )
}

pub fn no_editor(editor: &str, error: &io::Error) -> String {
    format!("the editor `{editor}` cannot be started ({error}): name another one in EDITOR")
}

#[cfg(test)]
mod tests {
    use super::*;
    use wire::id::{Hash32, SignerKey, UnixMs};

    fn problem(line: usize, field: &str, message: &str) -> FileProblem {
        FileProblem { line: Some(line), field: field.to_owned(), message: message.to_owned() }
    }

    #[test]
    fn what_a_person_reads_of_a_check() {
        let path = Path::new("/etc/restic-manager/plan.toml");
        let group = || "default".parse().unwrap();
        let wrong =
            [problem(7, "groups.default.includes[0]", "`etc` must be an absolute path"), problem(9, "", "x")];
        let warnings = [
            PlanWarning::NeverScheduled { group: group() },
            PlanWarning::RetentionFinerThanSchedule { group: group(), rule: "keep_hourly".to_owned() },
        ];
        let changes = [PlanChange::GroupChanged { group: group() }, PlanChange::LimitsChanged];
        insta::assert_snapshot!(
            [
                checked(path, &[], &warnings, &changes),
                checked(path, &wrong, &[], &[]),
                not_taken(path, &wrong),
                edit_again(&wrong[..1]),
                given_up(&wrong[..1], Path::new("/tmp/x/plan.toml")),
                changed_meanwhile(path, Path::new("/tmp/x/plan.toml")),
                no_file(path),
                not_adopted(path, &wrong[..1]),
                nothing_to_adopt(path),
            ]
            .join("\n---\n")
        );
    }

    #[test]
    fn what_a_person_reads_of_the_past() {
        let revision = |number, by, note: Option<&str>, changes| Revision {
            number,
            at: UnixMs(1_795_187_040_000),
            by,
            note: note.map(str::to_owned),
            changes,
        };
        let token = PlanBy::Token { document: Hash32::ZERO, signer: SignerKey([1; 32]) };
        let added = PlanChange::GroupAdded { group: "default".parse().unwrap() };
        let all = [
            revision(3, PlanBy::Local, Some("the panel again"), Vec::new()),
            revision(2, PlanBy::File, None, vec![PlanChange::HooksChanged { group: None }]),
            revision(1, token, None, vec![added]),
        ];
        insta::assert_snapshot!(
            [
                history(&all, &TimeZone::UTC),
                adopted(Some(3), Path::new("/etc/restic-manager/plan.toml.adopted")),
                governs(Path::new("/etc/restic-manager/plan.toml"), 2),
                taken_later(Path::new("/etc/restic-manager/plan.toml")),
                exported(2, "presence = \"always_on\"\n"),
            ]
            .join("---\n")
        );
    }
}
