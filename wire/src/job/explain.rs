//! Reasons in plain words: what happened, and what to do next. One table, so that terminal and panel say the same.

use super::Reason;
use crate::quantity::{count, size};

/// What a person reads about a job that is not a plain success.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explained {
    /// What happened, to what.
    pub message: String,
    /// What to do next.
    pub hint: String,
}

/// A reason knows no kind, so this is true of each.
const TRIED_AGAIN: &str = "A backup is tried again by its group's rule, and upkeep of the repository is too. A restore is not: look at what is there, and give it again.";

impl Reason {
    pub fn explain(&self) -> Explained {
        let (message, hint) = match self {
            Self::UnreadableItems { items, more } => (
                unreadable(items, *more),
                "The snapshot has everything else. Look at the log, then mend the permissions or exclude these paths.",
            ),
            Self::MissingPaths { paths } => (
                format!("These paths do not exist, the others were backed up: {}", paths.join(", ")),
                "Create them, mount what is missing, or take them out of the group.",
            ),
            Self::NothingToBackUp { paths } => (
                format!("None of the group's paths exists: {}", paths.join(", ")),
                "Mount what is missing, or correct the group's paths.",
            ),
            Self::RepositoryMissing => (
                "The repository is not where the plan says.".to_owned(),
                "It was there before, so none is made in its place. See that its disk is mounted and the destination is right.",
            ),
            Self::RepositoryNotOurs { message } => (
                format!("There is something else at the destination: {message}"),
                "Name an empty place, or clear that one first.",
            ),
            Self::WrongPassword => (
                "The password does not open the repository.".to_owned(),
                "Set the repository's password that it was made with.",
            ),
            Self::CredentialRefused { slots, message } => (
                format!("The new {} was tried and is not used: {message}", slots.join(" and ")),
                "Jobs go on with the one before, which still works. Set it again, or look at the repository again once the server knows it.",
            ),
            Self::Locked { owner, pid, since } => (
                locked(owner.as_deref(), *pid, *since),
                "If that process is gone for good, unlock the repository on its page; else wait for it.",
            ),
            Self::Unreachable { address, message } => (
                format!("{address} cannot be reached: {message}"),
                "See that the server runs and that this host may connect to it.",
            ),
            Self::NoSpace { message } => (
                format!("There is no space left: {message}"),
                "Make room at the destination, or keep fewer snapshots.",
            ),
            Self::Forbidden { message } => (
                format!("The credentials do not allow it: {message}"),
                "Check the repository's login and what it may do.",
            ),
            Self::ResticMissing => (
                "There is no restic on this host.".to_owned(),
                "Install restic, or name its path as `restic` in agent.toml.",
            ),
            Self::ResticTooOld { needed, found } => (
                format!("restic {found} is too old: {needed} is needed."),
                "Install a newer restic on this host.",
            ),
            Self::SecretMissing { slot } => (
                format!("The secret {slot} has not been given to this host."),
                if slot.starts_with("hook/") {
                    "Give the hook's body on the groups page, or take the hook out of the plan."
                } else {
                    "Set it on the repository's page."
                },
            ),
            Self::NotInPlan { what } => (
                format!("The plan has no {what} any more."),
                "Nothing: the plan was changed since the job was queued.",
            ),
            Self::EmptyPolicy => (
                "The group keeps everything, so there is nothing to forget.".to_owned(),
                "Give the group a retention rule if old snapshots should go.",
            ),
            Self::RetentionHeld { message } => (
                format!("Old snapshots are kept for the time being: {message}"),
                "Look at it and confirm the plan; backups go on.",
            ),
            Self::NotOwner { owner } => (
                format!("{owner} prunes and checks this repository."),
                "Nothing here: look at that host's jobs, or name this host as the owner on the repository's page.",
            ),
            Self::OwnerUnclear { hosts } => (
                format!(
                    "Several hosts use this repository, and it is not clear which of them looks after it: {}.",
                    hosts.join(", ")
                ),
                "Name one owner of prune and check on the repository's page; until then nobody prunes.",
            ),
            Self::AppendOnly => (
                "The repository only lets this host add, so nothing can be removed from here.".to_owned(),
                "Give the work to a keeper, or release the admin credential for one run on the repository's page.",
            ),
            Self::HookFailed { exit, message } => (
                hook(*exit, message),
                "The backup did not begin. Read the hook's lines in the log and mend the hook.",
            ),
            Self::Damaged { problems, first } => (
                format!("The repository is damaged, {} found: {first}", count(*problems, "problem")),
                "Keep what there is: do not prune. Read the log, then see restic's troubleshooting guide.",
            ),
            Self::DrillFailed { problems, first } => (
                format!(
                    "What was restored is not what was backed up, {}: {first}",
                    count(*problems, "problem")
                ),
                "Run a check that reads all data, and restore one of these files by hand.",
            ),
            Self::NothingRestored { too_large, unnamed } => (
                format!(
                    "The drill restored nothing, so it proves nothing: {} too large for a drill, and {} with a name that it cannot ask for.",
                    count(*too_large, "file"),
                    count(*unnamed, "file")
                ),
                "Let drills restore more in the plan's maintenance, or restore a file of this group by hand.",
            ),
            Self::PathsSilent { paths, message } => (
                format!("Nothing was backed up, because {} does not answer: {message}", paths.join(", ")),
                "See what hangs there, a network mount as a rule: mount it again, or take it out of the group.",
            ),
            Self::Certificate { message } => (
                format!("The server's certificate is not to be trusted: {message}"),
                "Renew the certificate at the server, or make this host trust the one who signed it.",
            ),
            Self::LocksChanged => (
                "The repository's locks are not the ones that were shown: nothing was removed.".to_owned(),
                "Look at the locks again, and unlock if they are still in the way.",
            ),
            Self::NotCopied { snapshots } => (
                format!(
                    "Not copied, because no job of this host made them for this group: {}",
                    snapshots.join(", ")
                ),
                "Adopt what is this host's own on the repository's page, then copy it again.",
            ),
            Self::Abandoned { why } => {
                (format!("It is not tried again: {why}"), "Run it by hand, or wait for its next schedule.")
            }
            Self::AlreadyWaiting => (
                "The run before is still queued or running.".to_owned(),
                "Nothing, unless it happens often: then run it less often, or see why it takes so long.",
            ),
            Self::CancelledBy { person } => {
                (format!("{person} cancelled it."), "Run it again when it suits.")
            }
            Self::AgentStopped => ("The agent was stopped meanwhile.".to_owned(), TRIED_AGAIN),
            Self::AgentDied => ("The agent or the machine went away in the middle.".to_owned(), TRIED_AGAIN),
            Self::Restic { exit, message } => {
                (restic(*exit, message), "Read the job's log: restic says there what is wrong.")
            }
            Self::Contradiction { message } => (
                format!("restic claims success, but what it said does not agree: {message}"),
                "Do not count on this snapshot. Read the log and run the job again.",
            ),
            Self::TargetTaken { target } => (
                format!("{target} is there already, and is not an empty directory. Nothing was written."),
                "Name a directory that does not exist yet, or restore in place.",
            ),
            Self::TargetForbidden { target, message } => (
                format!("The agent may not restore to {target}: {message}"),
                "Name another directory, or lift it at the host itself.",
            ),
            Self::TargetFull { target, needed_bytes, free_bytes } => (
                format!(
                    "{target} has {} free and the restore needs {}. Nothing was written.",
                    size(*free_bytes),
                    size(*needed_bytes)
                ),
                "Make room there, take less, or name a directory on another disk.",
            ),
            Self::NotRestored { items, more, first } => (
                format!(
                    "{} did not come back whole: {first}",
                    count(u64::try_from(items.len()).unwrap_or(u64::MAX).saturating_add(*more), "item")
                ),
                "Everything else is there. The result names them, the log says why; restore these again once that is mended.",
            ),
            Self::NotInSnapshot { what } => (
                format!("The snapshot has nothing called {what}."),
                "Look into the snapshot again: it may be another one, or the name is spelled otherwise.",
            ),
            Self::LentGone { source } => (
                format!(
                    "The credential of {source}'s repository was held in memory alone, and is gone: the agent was started anew, or its time was over."
                ),
                "What was restored by then is there. Give the restore again.",
            ),
            Self::Internal { message } => (
                format!("The agent itself could not go on: {message}"),
                "See that its disk has room and is writable.",
            ),
        };
        Explained { message, hint: hint.to_owned() }
    }
}

fn unreadable(items: &[String], more: u64) -> String {
    let count = items.len() as u64 + more;
    match items {
        [one] if more == 0 => format!("{one} could not be read."),
        _ => {
            let named = items.iter().take(3).map(String::as_str).collect::<Vec<_>>().join(", ");
            let rest = count - items.len().min(3) as u64;
            let rest = if rest > 0 { format!(" and {rest} more") } else { String::new() };
            format!("{count} items could not be read: {named}{rest}")
        }
    }
}

fn locked(owner: Option<&str>, pid: Option<u32>, since: Option<crate::id::UnixMs>) -> String {
    let owner = owner.map_or_else(|| "another process".to_owned(), |owner| format!("a process of {owner}"));
    let pid = pid.map_or_else(String::new, |pid| format!(" (PID {pid})"));
    let since = since.map_or_else(String::new, |since| format!(" since {since}"));
    format!("The repository is locked by {owner}{pid}{since}.")
}

fn hook(exit: Option<i32>, message: &str) -> String {
    match exit {
        Some(code) => format!("pre_hook failed (exit {code}): {message}"),
        None => format!("pre_hook failed: {message}"),
    }
}

fn restic(exit: Option<i32>, message: &str) -> String {
    match exit {
        Some(code) => format!("restic ended with exit code {code}: {message}"),
        None => format!("restic was ended by a signal: {message}"),
    }
}
