//! A repository's password is changed under a running agent, with every real restic: jobs go on with the one that works.

#![allow(clippy::disallowed_methods, reason = "tests start real processes and wait for real time")]

#[path = "rig/agent.rs"]
mod rig;

use std::{path::Path, process::Command};

use rig::{Agent, keys, real_restics};
use wire::{
    job::{JobKind, JobState, Reason},
    plan::Plan,
    snapshot::RepositoryReadiness,
};

/// A repository in a directory knows no logins: any one is right.
const LOGIN: &str = "repository/main/login";

fn by_hand(dir: &Path, restic: &Path, password: &str, args: &[&str]) -> String {
    let output = Command::new(restic)
        .args(args)
        .env("RESTIC_REPOSITORY", dir.join("repo"))
        .env("RESTIC_PASSWORD", password)
        .env("RESTIC_CACHE_DIR", dir.join("cache/hand"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn plan(dir: &Path, repository: &str) -> Plan {
    serde_json::from_value(serde_json::json!({
        "repositories": { "main": { "backend": { "kind": "local", "path": dir.join(repository) } } },
        "groups": { "default": { "includes": [dir.join("src")], "retry": { "max": 0, "backoff_s": 1 } } },
    }))
    .unwrap()
}

#[tokio::test]
async fn a_new_password_is_tried_before_it_is_used() {
    for restic in real_restics() {
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path();
        std::fs::create_dir_all(dir.join("src")).unwrap();
        std::fs::write(dir.join("src/one.txt"), "one").unwrap();
        let agent = Agent::start(dir, &restic, keys());
        agent.set_plan(0, plan(dir, "repo")).await;
        agent.set_password("first").await;
        agent.set_secret(LOGIN, r#"{"user":"u","password":"old"}"#).await;
        assert_eq!(agent.after(JobKind::Init, 0).await.state, JobState::Succeeded, "{restic:?}");
        assert_eq!(agent.backup().await.state, JobState::Succeeded);

        // One that does not open it is told, and changes nothing, also not after the agent came up again.
        agent.set_password("mistyped").await;
        let probe = agent.after(JobKind::Probe, 0).await;
        assert_eq!(
            (probe.state, probe.reason),
            (JobState::Failed, Some(Reason::WrongPassword)),
            "{restic:?}"
        );
        refused(&agent).await;
        // What is set later and right is not refused with it.
        agent.set_secret(LOGIN, r#"{"user":"u","password":"new"}"#).await;
        let probe = agent.after(JobKind::Probe, 1).await;
        assert_eq!((probe.state, probe.reason), (JobState::Succeeded, None), "{restic:?}");
        let log = agent.log(probe.id).await;
        assert!(log.contains("Trying what was newly set: repository/main/login\nIt opens"), "{log}");
        refused(&agent).await;
        agent.stop().await;
        let agent = Agent::start(dir, &restic, keys());
        assert_eq!(agent.backup().await.state, JobState::Succeeded, "{restic:?}");
        refused(&agent).await;
        assert_eq!(agent.count(JobKind::Probe).await, 2, "it is tried again only when somebody asks");

        // The repository gets the new password: asking again takes it into use.
        add_key(dir, &restic, "first", "mistyped");
        let probe = agent.perform(JobKind::Probe).await;
        assert_eq!((probe.state, probe.reason), (JobState::Succeeded, None), "{restic:?}");
        assert_eq!(agent.state().await, (RepositoryReadiness::Ready, None));
        let keys_there = by_hand(dir, &restic, "mistyped", &["key", "list", "--json"]);
        let old = serde_json::from_str::<Vec<serde_json::Value>>(&keys_there).unwrap();
        let old = old.iter().find(|key| key["current"] == false).unwrap()["id"].as_str().unwrap().to_owned();
        by_hand(dir, &restic, "mistyped", &["key", "remove", &old]);
        assert_eq!(agent.backup().await.state, JobState::Succeeded, "{restic:?}: the old one is gone");

        // Another destination, and its password: there is no older one to keep there.
        agent.set_plan(1, plan(dir, "elsewhere")).await;
        agent.set_password("other").await;
        agent
            .until("the other place is ready", |jobs| {
                jobs.iter()
                    .any(|job| job.subject.kind == JobKind::Init && job.state == JobState::Succeeded)
                    .then_some(())
            })
            .await;
        assert_eq!(agent.backup().await.state, JobState::Succeeded, "{restic:?}");
        by_hand_at(dir, &restic, "other", "elsewhere");
        agent.stop().await;
    }
}

async fn refused(agent: &Agent) {
    let (readiness, reason) = agent.state().await;
    assert_eq!(readiness, RepositoryReadiness::Ready, "jobs go on: it is ready");
    let explained = reason.unwrap().explain();
    assert_eq!(
        explained.message,
        "The new repository/main/password was tried and is not used: The password does not open the repository."
    );
    assert_eq!(
        explained.hint,
        "Jobs go on with the one before, which still works. Set it again, or look at the repository again once the server knows it."
    );
}

fn add_key(dir: &Path, restic: &Path, password: &str, new: &str) {
    let file = dir.join("new-password");
    std::fs::write(&file, new).unwrap();
    by_hand(dir, restic, password, &["key", "add", "--new-password-file", file.to_str().unwrap()]);
}

/// The repository at `name` opens with it.
fn by_hand_at(dir: &Path, restic: &Path, password: &str, name: &str) {
    let output = Command::new(restic)
        .args(["cat", "config", "--no-lock"])
        .env("RESTIC_REPOSITORY", dir.join(name))
        .env("RESTIC_PASSWORD", password)
        .env("RESTIC_CACHE_DIR", dir.join("cache/hand"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
