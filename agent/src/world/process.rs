//! The process table, read so that a number that was given to somebody else is not mistaken for the one it was.

use std::{fs, path::PathBuf, time::Duration};

use serde::{Deserialize, Serialize};

/// One process of one boot: its number, when it started (clock ticks after boot), and which boot that was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessId {
    pub pid: u32,
    pub started: u64,
    pub boot: String,
}

pub(super) fn look(pid: u32) -> Option<ProcessId> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The second field is the program's name in brackets, and may itself hold blanks and brackets (proc(5)).
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let (state, started) = (*fields.first()?, fields.get(19)?.parse().ok()?);
    // A zombie runs nothing any more: it only waits for somebody to ask how it ended.
    let runs = !matches!(state, "Z" | "X");
    runs.then(|| ProcessId { pid, started, boot: boot_id() })
}

/// What runs under a number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    /// What it calls itself; the kernel keeps fifteen bytes.
    pub name: String,
    /// Its file, where it may be seen.
    pub path: Option<PathBuf>,
}

impl Program {
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let file = self.path.as_deref().and_then(|path| path.file_name()?.to_str());
        [Some(self.name.as_str()), file].into_iter().flatten()
    }
}

pub(super) fn program(pid: u32) -> Option<Program> {
    let name = fs::read_to_string(format!("/proc/{pid}/comm")).ok()?.trim().to_owned();
    Some(Program { name, path: fs::read_link(format!("/proc/{pid}/exe")).ok() })
}

pub(super) fn bears(pid: u32) -> bool {
    fs::exists(format!("/proc/{pid}")).unwrap_or_default()
}

fn boot_id() -> String {
    fs::read_to_string("/proc/sys/kernel/random/boot_id")
        .map(|text| text.trim().to_owned())
        .unwrap_or_default()
}

/// `CLOCK_BOOTTIME`: unlike the monotonic clock it counts the time that the machine slept, so a wake from sleep is not
/// mistaken for a wall clock that somebody set.
pub(super) fn since_boot() -> Duration {
    read(rustix::time::ClockId::Boottime)
}

/// `CLOCK_MONOTONIC`, which stands still while the machine sleeps.
pub(super) fn awake() -> Duration {
    read(rustix::time::ClockId::Monotonic)
}

fn read(clock: rustix::time::ClockId) -> Duration {
    let now = rustix::time::clock_gettime(clock);
    Duration::new(
        u64::try_from(now.tv_sec).unwrap_or_default(),
        u32::try_from(now.tv_nsec).unwrap_or_default(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_is_found_and_a_reused_number_is_not_mistaken() {
        let own = look(std::process::id()).expect("this process runs");
        assert_eq!(look(own.pid), Some(own.clone()));
        assert_ne!(look(own.pid), Some(ProcessId { started: own.started + 1, ..own }));
    }

    #[test]
    fn a_program_is_told_by_its_names() {
        let own = program(std::process::id()).expect("this process runs");
        assert_eq!(own.path, Some(std::env::current_exe().unwrap()));
        assert_eq!(own.names().count(), 2);
    }

    #[test]
    fn one_that_ended_is_gone_even_before_anybody_asked_how() {
        let mut child = std::process::Command::new("true").spawn().unwrap();
        let pid = child.id();
        while look(pid).is_some() {
            std::thread::yield_now();
        }
        assert!(bears(pid));
        child.wait().unwrap();
        assert!(look(pid).is_none() && !bears(pid));
    }

    #[test]
    fn the_clocks_of_the_boot_do_not_go_back_and_nobody_is_awake_for_longer() {
        let (first, first_awake) = (since_boot(), awake());
        assert!(first > Duration::ZERO && since_boot() >= first);
        assert!(first_awake > Duration::ZERO && awake() >= first_awake && awake() <= since_boot());
    }
}
