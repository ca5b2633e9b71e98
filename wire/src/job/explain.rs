//! Reasons in plain words: what happened, and what to do next. One table, so that terminal and panel say the same.

use super::Reason;

/// What a person reads about a job that is not a plain success.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explained {
    /// What happened, to what.
    pub message: String,
    /// What to do next.
    pub hint: String,
}

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
            Self::Locked { owner, pid, since } => (
                locked(owner.as_deref(), *pid, *since),
                "If that process is gone for good, remove its lock with `restic unlock` there; else wait for it.",
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
                "Set it on the repository's page.",
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
            Self::AlreadyWaiting => (
                "The run before is still queued or running.".to_owned(),
                "Nothing, unless it happens often: then run it less often, or see why it takes so long.",
            ),
            Self::CancelledBy { person } => {
                (format!("{person} cancelled it."), "Run it again when it suits.")
            }
            Self::AgentStopped => (
                "The agent was stopped meanwhile.".to_owned(),
                "Nothing: it is tried again by the group's rule.",
            ),
            Self::AgentDied => (
                "The agent or the machine went away in the middle.".to_owned(),
                "Nothing: it is tried again by the group's rule.",
            ),
            Self::Restic { exit, message } => {
                (restic(*exit, message), "Read the job's log: restic says there what is wrong.")
            }
            Self::Contradiction { message } => (
                format!("restic claims success, but what it said does not agree: {message}"),
                "Do not count on this snapshot. Read the log and run the job again.",
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

fn restic(exit: Option<i32>, message: &str) -> String {
    match exit {
        Some(code) => format!("restic ended with exit code {code}: {message}"),
        None => format!("restic was ended by a signal: {message}"),
    }
}
