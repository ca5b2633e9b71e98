//! From nothing to the first snapshot, announced and by token; and the secrets of it, searched for where they must not be.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use serde_json::json;
use tests::{
    person::{Person, random_password, simple_plan},
    place::Place,
    programs::{Agent, Coordinator, RestServer, free_port},
    wait::{until, until_within},
};
use wire::{
    job::{JobKind, JobState, Origin},
    snapshot::RepositoryReadiness,
    view::HostRow,
};

use crate::host::{Host, prefer_newest_restic};

const TWO_MINUTES: Duration = Duration::from_mins(2);

#[tokio::test]
async fn a_token_brings_plan_and_password_and_the_schedule_makes_a_snapshot() {
    let place = Place::temporary();
    let coordinator = Coordinator::start(&place, free_port()).await;
    let person = Person::found(&coordinator.url, &coordinator.setup_token()).await;
    let plan = simple_plan(&place.repository(), &place.files(), "* * * * *");
    let password = random_password();
    let seed = person.token("*", Some(plan.clone()), &[("repository/main/password", &password)]).await;

    let agent = Agent::new(&place);
    prefer_newest_restic(&agent);
    let address = format!("{}#{}", coordinator.url, person.statement.fleet);
    let enrolling = agent.clone().with("RM_TOKEN", &seed.expose_text());
    let enrolled = enrolling.ask(&["enrol", "--coordinator", &address, "--yes"]);
    assert!(enrolled.status.success(), "{}", String::from_utf8_lossy(&enrolled.stderr));
    let mut daemon = agent.run();

    let host: HostRow = until(
        "the host to be live",
        async || {
            daemon.assert_alive();
            person.hosts().await
        },
        |all| all.first().cloned(),
    )
    .await;
    let view = person.plan(host.agent).await;
    assert_eq!((view.revision, &view.plan), (1, &plan));
    let job = until_within(
        "the schedule to make a snapshot",
        TWO_MINUTES,
        async || {
            daemon.assert_alive();
            person.jobs(host.agent).await
        },
        |jobs| {
            jobs.iter()
                .find(|job| job.kind == JobKind::Backup && job.state.is_over() && is_scheduled(&job.origin))
                .cloned()
        },
    )
    .await;
    assert_eq!(job.state, JobState::Succeeded, "{job:#?}");

    // Again, by the same agent: one redemption, not two, and nothing breaks.
    assert!(daemon.stop().success(), "{}", daemon.log());
    let again = enrolling.ask(&["enrol", "--coordinator", &address, "--yes"]);
    assert!(again.status.success(), "{}", String::from_utf8_lossy(&again.stderr));
    // By another one: used up.
    let other = Agent::at(place.root().join("other"), place.root().join("other.log"))
        .with("RM_TOKEN", &seed.expose_text());
    let refused = other.ask(&["enrol", "--coordinator", &address, "--yes"]);
    assert!(!refused.status.success(), "a token of one use admitted two agents");
    assert_eq!(person.hosts().await.len(), 1);
}

const fn is_scheduled(origin: &Origin) -> bool {
    matches!(origin, Origin::Schedule { .. })
}

#[tokio::test]
async fn no_secret_lies_where_it_must_not() {
    let mut host = Host::ready("0 2 * * *").await;
    let login = random_password();
    let server = RestServer::start(&host.place, "host-1", &login).await;
    let bucket_key = random_password();
    let extra = with_rest_and_bucket(&host, &server.url, &login, &bucket_key).await;
    assert!(matches!(extra, wire::action::Outcome::Accepted { .. }), "{extra:#?}");
    until(
        "both reachable repositories to be ready",
        async || host.person.host(host.id).await.repositories,
        |all| {
            (all.iter().filter(|one| one.readiness == RepositoryReadiness::Ready).count() == 2).then_some(())
        },
    )
    .await;
    let mut commands = Vec::new();
    for group in ["default", "away"] {
        let job = host.begin_backup_of(group).await;
        commands.extend(command_lines_until_over(&mut host, job).await);
        let over = host.person.job(host.id, job).await;
        assert_eq!(over.state, JobState::Succeeded, "{over:#?}");
    }
    let secrets = [host.password.as_str(), &login, &bucket_key];
    assert!(commands.iter().any(|line| line.contains("restic")), "no restic was seen running: {commands:#?}");
    for secret in secrets {
        assert!(!commands.iter().any(|line| line.contains(secret)), "a secret stood in an argv");
    }
    assert!(host.daemon.stop().success());
    assert!(host.coordinator.program.stop().success());

    let device_key = host.person.key.seed();
    let everywhere = secrets.iter().map(|secret| secret.as_bytes()).chain([
        &host.person.kit.seed()[..],
        &device_key[..],
        tests::person::PASSWORD.as_bytes(),
    ]);
    for secret in everywhere {
        assert!(secret.len() >= 20, "too short a secret would be found by accident");
        for dir in [host.place.coordinator(), host.agent.data().to_owned()] {
            for file in files_below(&dir) {
                assert_absent(secret, &file);
            }
        }
        for log in ["coordinator.log", "agent.log"] {
            assert_absent(secret, &host.place.root().join(log));
        }
    }
}

/// A second repository behind a REST server with a login, and a third in a bucket that nobody serves.
async fn with_rest_and_bucket(
    host: &Host,
    url: &str,
    login: &str,
    bucket_key: &str,
) -> wire::action::Outcome {
    let mut plan = serde_json::to_value(host.person.plan(host.id).await.plan).expect("JSON");
    plan["repositories"]["away"] = json!({ "backend": { "kind": "rest", "url": url, "path": "host-1" } });
    plan["repositories"]["bucket"] =
        json!({ "backend": { "kind": "s3", "endpoint": "http://127.0.0.1:9", "bucket": "b" } });
    plan["groups"]["away"] = plan["groups"]["default"].clone();
    plan["groups"]["away"]["repository"] = json!("away");
    let login = json!({ "user": "host-1", "password": login }).to_string();
    let keys = json!({ "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": bucket_key }).to_string();
    let secrets = [
        ("repository/away/password", host.password.as_str()),
        ("repository/away/login", &login),
        ("repository/bucket/password", &host.password),
        ("repository/bucket/environment", &keys),
    ];
    let sealed =
        secrets.iter().map(|(slot, value)| host.person.seal(&host.binding, slot, 1, value)).collect();
    let plan = serde_json::from_value(plan).expect("a plan");
    host.person.set_plan(host.id, plan, sealed).await
}

/// Every command line of the machine that was seen while the job went on, as /proc shows it to everybody.
async fn command_lines_until_over(host: &mut Host, job: wire::id::JobId) -> Vec<String> {
    let mut seen = Vec::new();
    until(
        "the job to be over",
        async || {
            seen.extend(command_lines());
            host.person.job(host.id, job).await
        },
        |view| view.state.is_over().then_some(()),
    )
    .await;
    seen.sort();
    seen.dedup();
    seen
}

fn command_lines() -> Vec<String> {
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    processes
        .filter_map(|entry| fs::read(entry.path().join("cmdline")).ok())
        .map(|line| String::from_utf8_lossy(&line).replace('\0', " "))
        .filter(|line| !line.is_empty())
        .collect()
}

fn files_below(dir: &Path) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() { all.extend(files_below(&path)) } else { all.push(path) }
    }
    all
}

fn assert_absent(secret: &[u8], file: &Path) {
    let Ok(bytes) = fs::read(file) else { return };
    let found = bytes.windows(secret.len()).any(|window| window == secret);
    assert!(!found, "a secret lies in {}", file.display());
}
