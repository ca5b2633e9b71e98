//! Every kind of destination that a server can be had for, with a real restic: it is made, backed up to, and each thing
//! that goes wrong there ends in a reason that a person understands.

#![allow(clippy::disallowed_methods, reason = "tests start real processes and wait for real time")]

#[path = "rig/agent.rs"]
mod rig;
#[path = "rig/servers.rs"]
mod servers;

use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use agent::restic::{
    command::{Access, Surroundings, Value, Verb, call},
    feature::Features,
};
use rig::{Agent, keys, real_restics};
use serde_json::{Value as Json, json};
use servers::{Rest, S3, Sftp, have};
use wire::{
    job::{JobKind, JobState, Reason},
    plan::{Backend, Limits, Plan},
    seal::Secret,
};

/// The oldest and the newest that there are.
fn two_restics() -> Vec<PathBuf> {
    let mut all = real_restics();
    let newest = all.pop();
    all.truncate(1);
    all.extend(newest);
    all
}

fn newest() -> PathBuf {
    real_restics().pop().unwrap()
}

/// The restic, in an environment that has this besides.
fn with(dir: &Path, restic: &Path, environment: &[(&str, String)]) -> PathBuf {
    let path = dir.join("restic");
    let exports: Vec<String> =
        environment.iter().map(|(name, value)| format!("export {name}='{value}'")).collect();
    let exports = exports.join("\n");
    fs::write(&path, format!("#!/bin/sh\n{exports}\nexec {} \"$@\"\n", restic.display())).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    path
}

fn plan(dir: &Path, backend: &Json) -> Plan {
    fs::create_dir_all(dir.join("src")).unwrap();
    fs::write(dir.join("src/one.txt"), "one").unwrap();
    serde_json::from_value(json!({
        "repositories": { "main": { "backend": backend } },
        "groups": { "default": { "includes": [dir.join("src")], "retry": { "max": 0, "backoff_s": 1 } } },
    }))
    .unwrap()
}

/// An agent that was given the plan and these secrets, and what came of the first look.
async fn attached(
    dir: &Path,
    restic: &Path,
    backend: Json,
    secrets: &[(&str, &str)],
) -> (Agent, Option<Reason>) {
    let agent = Agent::start(dir, restic, keys());
    agent.set_plan(0, plan(dir, &backend)).await;
    for (slot, value) in secrets {
        agent.set_secret(&format!("repository/main/{slot}"), value).await;
    }
    let first = agent.after(JobKind::Init, 0).await;
    (agent, first.reason)
}

/// Made, backed up to, listed.
async fn works(dir: &Path, restic: &Path, backend: Json, secrets: &[(&str, &str)]) -> Agent {
    let (agent, reason) = attached(dir, restic, backend, secrets).await;
    assert_eq!(reason, None, "{}", restic.display());
    let job = agent.backup().await;
    assert_eq!((job.state, job.reason), (JobState::Succeeded, None), "{}", restic.display());
    assert_eq!(agent.perform(JobKind::Snapshots).await.state, JobState::Succeeded);
    agent
}

fn explained(reason: Option<Reason>, hide: &[&str]) -> String {
    let explained = reason.expect("it failed").explain();
    let text = format!("{}\n{}", explained.message, explained.hint);
    // What differs from run to run.
    let text = hide.iter().fold(text, |text, part| text.replace(part, "…"));
    let text = match text.split_once(": current time") {
        Some((before, after)) => format!("{before}{}", after.find('\n').map_or("", |at| &after[at..])),
        None => text,
    };
    match text.split_once("retrying after ") {
        Some((before, after)) => {
            format!("{before}retrying {}", after.split_once(": ").map_or("", |(_, rest)| rest))
        }
        None => text,
    }
}

#[tokio::test]
async fn rest_servers() {
    let Some(server) = Rest::start(&[]) else { return };
    for restic in two_restics() {
        let dir = tempfile::tempdir().unwrap();
        let name = restic.file_name().unwrap().to_string_lossy().into_owned();
        let backend = json!({ "kind": "rest", "url": server.url(), "path": name });
        works(dir.path(), &restic, backend, &[("password", "p")]).await.stop().await;
    }
    let dir = tempfile::tempdir().unwrap();
    let backend = json!({ "kind": "rest", "url": server.url(), "path": "missing" });
    let agent = works(dir.path(), &newest(), backend, &[("password", "p")]).await;
    fs::remove_dir_all(server.data().join("missing")).unwrap();
    let probe = agent.perform(JobKind::Probe).await;
    assert_eq!(probe.reason, Some(Reason::RepositoryMissing));
    insta::assert_snapshot!("rest_missing", explained(probe.reason, &[]));
    agent.stop().await;

    // The same place with another password, from an agent that never opened it.
    let dir = tempfile::tempdir().unwrap();
    let name = newest().file_name().unwrap().to_string_lossy().into_owned();
    let backend = json!({ "kind": "rest", "url": server.url(), "path": name });
    let (agent, reason) = attached(dir.path(), &newest(), backend, &[("password", "other")]).await;
    insta::assert_snapshot!("rest_wrong_password", explained(reason, &[]));
    agent.stop().await;
}

#[tokio::test]
async fn rest_servers_that_want_a_login() {
    let Some(server) = Rest::start(&["login"]) else { return };
    for restic in two_restics() {
        let dir = tempfile::tempdir().unwrap();
        let name = restic.file_name().unwrap().to_string_lossy().into_owned();
        let backend = json!({ "kind": "rest", "url": server.url(), "path": name });
        let login = ("login", r#"{ "user": "web", "password": "let-me-in" }"#);
        let agent = works(dir.path(), &restic, backend, &[login, ("password", "p")]).await;
        agent.stop().await;
    }
    let dir = tempfile::tempdir().unwrap();
    let backend = json!({ "kind": "rest", "url": server.url(), "path": "x" });
    let login = ("login", r#"{ "user": "web", "password": "wrong" }"#);
    let (agent, reason) = attached(dir.path(), &newest(), backend, &[login, ("password", "p")]).await;
    assert!(matches!(reason, Some(Reason::Forbidden { .. })), "{reason:?}");
    insta::assert_snapshot!("rest_wrong_login", explained(reason, &[&server.address()]));
    agent.stop().await;
}

#[tokio::test]
async fn a_certificate_is_asked_for() {
    for (expired, name) in [(true, "rest_expired"), (false, "rest_tls")] {
        let option = if expired { "expired" } else { "tls" };
        let Some(server) = Rest::start(&[option]) else { return };
        for restic in two_restics() {
            let dir = tempfile::tempdir().unwrap();
            let trusting = with(dir.path(), &restic, &[("SSL_CERT_FILE", server.certificate())]);
            let backend = json!({ "kind": "rest", "url": server.url(), "path": "x" });
            if expired {
                let (agent, reason) = attached(dir.path(), &trusting, backend, &[("password", "p")]).await;
                assert!(matches!(reason, Some(Reason::Certificate { .. })), "{restic:?}: {reason:?}");
                if restic == newest() {
                    insta::assert_snapshot!(name, explained(reason, &[&server.address()]));
                }
                agent.stop().await;
            } else {
                works(dir.path(), &trusting, backend, &[("password", "p")]).await.stop().await;
            }
        }
        if !expired {
            // A host that does not know who signed it.
            let dir = tempfile::tempdir().unwrap();
            let backend = json!({ "kind": "rest", "url": server.url(), "path": "y" });
            let (agent, reason) = attached(dir.path(), &newest(), backend, &[("password", "p")]).await;
            assert!(matches!(reason, Some(Reason::Certificate { .. })), "{reason:?}");
            agent.stop().await;
        }
    }
}

#[tokio::test]
async fn nobody_answers() {
    let dir = tempfile::tempdir().unwrap();
    let backend = json!({ "kind": "rest", "url": "http://127.0.0.1:1" });
    let (agent, reason) = attached(dir.path(), &newest(), backend, &[("password", "p")]).await;
    insta::assert_snapshot!("rest_unreachable", explained(reason, &[]));
    agent.stop().await;
}

#[tokio::test]
async fn s3_with_a_bucket_that_is_made() {
    let Some(server) = S3::start() else { return };
    let keys = ("environment", r#"{ "AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret" }"#);
    for (n, restic) in two_restics().into_iter().enumerate() {
        let dir = tempfile::tempdir().unwrap();
        let backend = json!({ "kind": "s3", "endpoint": server.url(), "bucket": format!("bucket-{n}"), "prefix": "web" });
        works(dir.path(), &restic, backend, &[keys, ("password", "p")]).await.stop().await;
    }
}

#[tokio::test]
async fn sftp_by_roots_own_ssh() {
    let Some(server) = Sftp::start() else { return };
    for restic in two_restics() {
        let dir = tempfile::tempdir().unwrap();
        let ssh = with(dir.path(), &restic, &[("PATH", server.path("known"))]);
        works(dir.path(), &ssh, server.backend(dir.path()), &[("password", "p")]).await.stop().await;
    }
    for (configuration, name) in
        [("unknown", "sftp_host_key"), ("keyless", "sftp_no_key"), ("closed", "sftp_unreachable")]
    {
        for restic in two_restics() {
            insta::assert_snapshot!(
                name,
                explained(refused_by_ssh(&server, &restic, configuration).await, &[])
            );
        }
    }
}

/// Why the repository was not made. restic now and then ends before it passed on what ssh said, and the agent says that
/// much; then it is tried once more.
async fn refused_by_ssh(server: &Sftp, restic: &Path, configuration: &str) -> Option<Reason> {
    let mut last = None;
    for _ in 0..5 {
        let dir = tempfile::tempdir().unwrap();
        let ssh = with(dir.path(), restic, &[("PATH", server.path(configuration))]);
        let (agent, reason) =
            attached(dir.path(), &ssh, server.backend(dir.path()), &[("password", "p")]).await;
        agent.stop().await;
        match reason {
            Some(Reason::Unreachable { message, .. }) if message.contains("did not pass on why") => {
                last = Some(Reason::Unreachable { address: "untold".to_owned(), message });
            }
            told => return told,
        }
    }
    last
}

#[tokio::test]
async fn rclone_with_its_own_configuration() {
    if !have("rclone") {
        return;
    }
    for restic in two_restics() {
        let dir = tempfile::tempdir().unwrap();
        let configuration = dir.path().join("rclone.conf");
        fs::write(&configuration, "[far]\ntype = local\n").unwrap();
        let rclone = with(dir.path(), &restic, &[("RCLONE_CONFIG", configuration.display().to_string())]);
        let backend =
            |remote: &str| json!({ "kind": "rclone", "remote": remote, "path": dir.path().join("far") });
        works(dir.path(), &rclone, backend("far"), &[("password", "p")]).await.stop().await;

        let other = tempfile::tempdir().unwrap();
        let (agent, reason) = attached(other.path(), &rclone, backend("near"), &[("password", "p")]).await;
        let said = explained(reason, &[]);
        assert!(said.contains("didn't find section in config file"), "{said}");
        agent.stop().await;
    }
}

/// Where no server can be had: what restic is told.
#[test]
fn the_others_are_named_and_given_their_own_variables() {
    let cases = [
        (json!({ "kind": "b2", "bucket": "b", "prefix": "web" }), "b2:b:web", "B2_ACCOUNT_KEY"),
        (json!({ "kind": "azure", "container": "c", "prefix": "web" }), "azure:c:/web", "AZURE_ACCOUNT_KEY"),
        (json!({ "kind": "gs", "bucket": "g" }), "gs:g:/", "GOOGLE_ACCESS_TOKEN"),
        (json!({ "kind": "swift", "container": "s", "prefix": "/web" }), "swift:s:/web", "OS_PASSWORD"),
    ];
    let surroundings =
        Surroundings { home: "/root".to_owned(), cache: "/c".to_owned(), inherited: Vec::new() };
    for version in ["0.14.0", "0.19.1"] {
        let features = Features::probe(format!("restic {version}").parse().unwrap(), &BTreeMap::new());
        for (backend, location, name) in &cases {
            let backend: Backend = serde_json::from_value(backend.clone()).unwrap();
            let environment = BTreeMap::from([((*name).to_owned(), Secret::new("key"))]);
            let access = Access { backend, password: Secret::new("p"), login: None, environment };
            let call = call(Verb::CatConfig, &access, &surroundings, &Limits::default(), &features).unwrap();
            let value = |wanted: &str| {
                call.env.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.clone())
            };
            assert_eq!(value("RESTIC_REPOSITORY"), Some(Value::Plain((*location).to_owned())));
            assert_eq!(value(name), Some(Value::Secret(Secret::new("key"))));
            assert!(!call.args.iter().any(|arg| arg.to_string_lossy().contains("key")), "{:?}", call.args);
        }
    }
}
