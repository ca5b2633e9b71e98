//! The engine with every real restic that there is, and with a scripted one for what the real one does not do on demand.

#![allow(clippy::disallowed_methods, reason = "tests start real processes and wait for real time")]

mod copying;
mod death;
mod drilling;
mod forgetting;
mod hooking;
mod keeper;
mod keeping;
mod locks;
mod matrix;
mod opening;
mod previewing;
mod restoring;
mod retries;
mod saving;
mod script;
mod scripted;
mod sharing;
mod sleeping;
mod stopping;
mod telling;
mod trusting;
mod upkeep;
mod watching;

use std::{path::Path, process::Command};

use super::stage::{HOST, PASSWORD, Stage, light, real_restics};

/// Runs restic by hand on the stage's repository and returns what it printed.
fn by_hand(stage: &Stage, restic: &Path, args: &[&str]) -> String {
    let output = hand(stage, restic).args(args).output().unwrap();
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn hand(stage: &Stage, restic: &Path) -> Command {
    let mut command = Command::new(restic);
    command.env("RESTIC_REPOSITORY", stage.path("repo")).env("RESTIC_PASSWORD", PASSWORD);
    command.env("RESTIC_CACHE_DIR", stage.path("cache/hand"));
    command
}

fn snapshot_count(stage: &Stage, restic: &Path) -> usize {
    let listed = by_hand(stage, restic, &["snapshots", "--json"]);
    serde_json::from_str::<Vec<serde_json::Value>>(&listed).unwrap().len()
}

fn lock_count(stage: &Stage, restic: &Path) -> usize {
    by_hand(stage, restic, &["list", "locks"]).lines().filter(|line| line.len() == 64).count()
}

/// Whether a whole lock lies in the repository; what is being written has a longer name.
fn locked(stage: &Stage) -> bool {
    let locks = std::fs::read_dir(stage.path("repo/locks")).unwrap();
    locks.filter_map(Result::ok).any(|entry| entry.file_name().len() == 64)
}

/// A directory with a few files to back up.
fn source(stage: &Stage) -> std::path::PathBuf {
    let dir = stage.path("src");
    std::fs::create_dir_all(dir.join("sub")).unwrap();
    std::fs::write(dir.join("one.txt"), "one").unwrap();
    std::fs::write(dir.join("sub/two.txt"), "two").unwrap();
    dir
}

/// Bytes that neither compress nor repeat.
fn noise(bytes: usize) -> Vec<u8> {
    let mut noise = vec![0; bytes];
    getrandom::fill(&mut noise).unwrap();
    noise
}
