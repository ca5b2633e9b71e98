//! The coordinator's own backup: taken while it works, and brought to life elsewhere.

use std::{
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, Ordering},
};

use reqwest::Method;
use tests::{person::Person, place::Place, programs::Coordinator, wait::until};
use wire::{
    error::ErrorCode,
    job::JobState,
    view::{JobView, Page, TemplateRequest, TemplateView, TokenView},
};

use crate::host::{Host, verify};

fn ask(command: &str, data: &Path, more: &[&str]) -> std::process::Output {
    let mut arguments = vec![command, "--data", data.to_str().expect("a path of text")];
    arguments.extend(more);
    Coordinator::ask(&arguments)
}

fn succeeded(output: &std::process::Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Tokens are made and a host's journal comes in, until `done`.
async fn load(person: &Person, done: &AtomicBool) -> usize {
    let mut made = 0;
    while !done.load(Ordering::Acquire) {
        person.token("*", None, &[]).await;
        made += 1;
    }
    made
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_taken_under_load_lives_on_elsewhere() {
    let mut host = Host::ready("0 2 * * *").await;
    host.good_backup().await;
    let plan = host.person.plan(host.id).await.plan;
    let _: serde_json::Value = host.person.put_json("/templates/office", &TemplateRequest { plan }).await;
    host.person.token("*", None, &[]).await;
    let job = host.begin_backup().await;

    // Three copies while it writes all the time; each is whole.
    let (data, saved) = (host.place.coordinator(), host.place.root().join("saved"));
    let file = saved.to_str().expect("a path of text").to_owned();
    let done = AtomicBool::new(false);
    let copies = async {
        let (data, file) = (data.clone(), file.clone());
        let told = tokio::task::spawn_blocking(move || {
            [(); 3].map(|()| succeeded(&ask("backup", &data, &["--to", &file])))
        })
        .await
        .expect("the copies are made");
        done.store(true, Ordering::Release);
        told
    };
    let (told, made) = tokio::join!(copies, load(&host.person, &done));
    assert!(made > 1, "nothing was written meanwhile");
    for name in ["coordinator.db", "coordinator.key", "coordinator.statements.json"] {
        assert!(told[2].contains(name), "{name} is not in {}", told[2]);
    }
    let tokens_then = host.person.get::<Vec<TokenView>>("/tokens").await.len();

    // What comes after it: the host has it, the copy has not.
    host.over(job).await;
    let later = host.good_backup().await;
    host.person.token("*", None, &[]).await;
    let jobs = settled_jobs(&host).await;
    host.coordinator.program.kill();

    let elsewhere = Place::kept(host.place.root().join("elsewhere"));
    let restored = ask("restore", &elsewhere.coordinator(), &["--from", &file]);
    assert!(succeeded(&restored).contains("Agents connect by themselves"));
    refuses_what_is_there(&host.place.coordinator(), &file);

    host.coordinator = Coordinator::start(&elsewhere, host.port).await;
    let before = host.person.call::<serde_json::Value>(Method::GET, "/session", None::<&()>).await;
    assert_eq!(before.expect_err("everybody is signed out").code, ErrorCode::NotSignedIn);
    host.person.sign_in().await;
    let templates: Vec<TemplateView> = host.person.get("/templates").await;
    assert_eq!(templates.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(), ["office"]);
    let tokens = host.person.get::<Vec<TokenView>>("/tokens").await.len();
    assert!((2..=tokens_then).contains(&tokens), "{tokens} of {tokens_then} tokens");

    // The agent comes by itself, without an approval, and brings what the copy has not.
    until(
        "the host's jobs to be all there",
        async || host.person.jobs(host.id).await,
        |seen| (*seen == jobs).then_some(()),
    )
    .await;
    assert!(jobs.iter().any(|seen| seen.job == later.job));
    // Orders go on above those that the copy does not know.
    let job = host.good_backup().await;
    assert_eq!(job.state, JobState::Succeeded);
    succeeded(&verify(&elsewhere));
}

/// Once nothing goes on any more.
async fn settled_jobs(host: &Host) -> Vec<JobView> {
    until(
        "every job to be over",
        async || host.person.jobs(host.id).await,
        |jobs| jobs.iter().all(|job| job.state.is_over()).then(|| jobs.clone()),
    )
    .await
}

fn refuses_what_is_there(data: &Path, file: &str) {
    let database = data.join("coordinator.db");
    let before = std::fs::read(&database).expect("the database");
    let refused = ask("restore", data, &["--from", file]);
    assert!(!refused.status.success());
    assert!(String::from_utf8_lossy(&refused.stderr).contains("is not empty"), "{refused:?}");
    assert_eq!(std::fs::read(&database).expect("the database"), before);
}

#[tokio::test]
async fn a_person_of_a_restored_coordinator_has_the_same_fleet() {
    let place = Place::temporary();
    let port = tests::programs::free_port();
    let mut coordinator = Coordinator::start(&place, port).await;
    let mut person = Person::found(&coordinator.url, &coordinator.setup_token()).await;
    let fleet = person.fleet().await.fleet;
    assert!(coordinator.program.stop().success());
    // Not running is as good.
    let file: PathBuf = place.root().join("saved");
    let file = file.to_str().expect("a path of text");
    succeeded(&ask("backup", &place.coordinator(), &["--to", file]));
    std::fs::remove_dir_all(place.coordinator()).expect("the machine is lost");
    succeeded(&ask("restore", &place.coordinator(), &["--from", file]));
    coordinator = Coordinator::start(&place, port).await;
    person.sign_in().await;
    assert_eq!(person.fleet().await.fleet, fleet);
    assert!(person.get::<Page<serde_json::Value>>("/hosts").await.items.is_empty());
    assert!(coordinator.program.stop().success());
}
