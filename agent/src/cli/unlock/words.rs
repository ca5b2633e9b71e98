//! What `unlock` says. Pure.

use wire::{
    id::{RepositoryName, UnixMs},
    snapshot::Lock,
};

use crate::cli::table;

pub const YES_NEEDED: &str =
    "there is no terminal to show the locks on and to ask: look at them with `unlock`, then give --all --yes";
pub const QUESTION: &str = "\
If one of these processes still writes, removing its lock can damage the repository.
Remove them all? [y/N] ";

/// Before anything is done.
pub fn seen(repository: &RepositoryName, locks: &[Lock], now: UnixMs) -> String {
    if locks.is_empty() {
        return format!("{repository}: no lock was there at the last look. Looking again …\n");
    }
    format!("{repository}: locks at the last look:\n{}Looking again …\n", rows(locks, now))
}

/// Afterwards. `all`: a question about the others follows.
pub fn unlocked(
    repository: &RepositoryName,
    removed: &[Lock],
    left: &[Lock],
    all: bool,
    now: UnixMs,
) -> String {
    let mut text = match removed {
        [] => format!("{repository}: no lock was removed.\n"),
        _ => format!("{repository}: removed\n{}", rows(removed, now)),
    };
    if left.is_empty() {
        text.push_str("No lock is in the way.\n");
    } else {
        text.push_str("Still there, for their processes may live:\n");
        text.push_str(&rows(left, now));
        if !all {
            text.push_str("Wait for them; or, when you know that they are gone, use --all.\n");
        }
    }
    text
}

fn rows(locks: &[Lock], now: UnixMs) -> String {
    let rows: Vec<Vec<String>> = locks
        .iter()
        .map(|lock| {
            if lock.unread {
                let words = ["it cannot be read: its file may be torn", "", "", "", ""].map(str::to_owned);
                return [vec![short(lock)], words.to_vec()].concat();
            }
            vec![
                short(lock),
                format!("{}@{}", lock.username, lock.hostname),
                lock.pid.to_string(),
                table::relative(lock.since, now),
                if lock.exclusive { "exclusive" } else { "shared" }.to_owned(),
                if lock.dead { "its process is gone" } else { "" }.to_owned(),
            ]
        })
        .collect();
    table::columns(&["  LOCK", "OF", "PID", "SINCE", "KIND", ""], &rows)
}

fn short(lock: &Lock) -> String {
    format!("  {}", lock.id.get(..8).unwrap_or(&lock.id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locks_are_shown_before_and_after() {
        let main: RepositoryName = "main".parse().unwrap();
        let lock = |id: &str, hostname: &str, dead| Lock {
            id: id.repeat(32),
            hostname: hostname.to_owned(),
            username: "root".to_owned(),
            pid: 4711,
            since: UnixMs(0),
            exclusive: dead,
            dead,
            unread: false,
        };
        let (own, foreign) = (lock("ab", "web-1", true), lock("cd", "nas", false));
        let now = UnixMs(7_200_000);
        insta::assert_snapshot!(
            [
                seen(&main, &[], now),
                seen(&main, &[own.clone(), foreign.clone()], now),
                unlocked(&main, &[own], std::slice::from_ref(&foreign), false, now),
                unlocked(&main, &[], &[], false, now),
            ]
            .join("---\n")
        );
    }
}
