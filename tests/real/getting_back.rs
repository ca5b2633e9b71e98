//! Files come back: while other work goes on, and while nobody is there to watch. What cannot be written is said before.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use tests::{
    place::noise,
    programs::Coordinator,
    wait::{until, until_within},
};
use wire::{
    action::{Action, Outcome},
    id::JobId,
    job::{JobKind, JobResult, JobState, Reason},
    plan::Plan,
    restore::{Meanwhile, Overwrite, Ownership, Pick, Restore, RestoreTarget},
    view::JobView,
};

use crate::host::Host;

const TWO_MINUTES: std::time::Duration = std::time::Duration::from_mins(2);

fn into(snapshot: &str, target: &Path, picks: &[(&str, bool)]) -> Restore {
    let pick = |(path, take): &(&str, bool)| Pick { path: path.parse().expect("a path"), take: *take };
    Restore {
        repository: "main".parse().expect("a name"),
        snapshot: snapshot.to_owned(),
        picks: picks.iter().map(pick).collect(),
        target: RestoreTarget::Directory { path: target.to_str().expect("text").to_owned(), base: None },
        overwrite: Overwrite::Always,
        ownership: Ownership::Keep,
        verify: true,
        dry_run: false,
        meanwhile: Meanwhile::Wait,
        lent: None,
    }
}

async fn begin(host: &Host, restore: Restore) -> JobId {
    match host.person.grave(host.id, Action::Restore { restore: Box::new(restore) }).await {
        Outcome::Accepted { jobs, .. } => *jobs.first().expect("a restore is a job"),
        refused @ Outcome::Refused { .. } => panic!("the restore was refused: {refused:#?}"),
    }
}

async fn newest_snapshot(host: &Host) -> String {
    let all = until(
        "the snapshot to be listed",
        async || host.person.snapshots(host.id).await,
        |all| (!all.is_empty()).then(|| all.clone()),
    )
    .await;
    all[0].snapshot.id.clone()
}

/// Every file below a directory, by its path from there.
fn contents(root: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut all = BTreeMap::new();
    let mut left = vec![root.to_owned()];
    while let Some(dir) = left.pop() {
        for entry in fs::read_dir(&dir).expect("a directory") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                left.push(path);
            } else {
                let name = path.strip_prefix(root).expect("it lies below").to_owned();
                all.insert(name, fs::read(&path).expect("a file"));
            }
        }
    }
    all
}

fn below(target: &Path, path: &Path) -> PathBuf {
    target.join(path.strip_prefix("/").expect("an absolute path"))
}

fn came_back(job: &JobView) -> &wire::job::RestoreResult {
    match &job.result {
        Some(JobResult::Restore(result)) => result,
        other => panic!("a restore says what came back: {other:?}"),
    }
}

#[tokio::test]
async fn two_restores_and_a_backup_at_once_all_come_to_their_end() {
    let mut host = Host::ready("@yearly").await;
    host.good_backup().await;
    let (snapshot, files) = (newest_snapshot(&host).await, host.place.files());
    let letters = files.join("letters");
    let (one, two) = (host.place.root().join("one"), host.place.root().join("two"));
    let text = |path: &Path| path.to_str().expect("text").to_owned();
    let first = begin(&host, into(&snapshot, &one, &[])).await;
    let backup = host.begin_backup().await;
    let picks = [(text(&files), true), (text(&letters), false), (text(&letters.join("letter 7.txt")), true)];
    let picks: Vec<_> = picks.iter().map(|(path, take)| (path.as_str(), *take)).collect();
    let second = begin(&host, into(&snapshot, &two, &picks)).await;
    for job in [first, backup, second] {
        let view = host.over(job).await;
        assert_eq!(view.state, JobState::Succeeded, "{view:#?}");
    }
    let whole = contents(&files);
    assert_eq!(contents(&below(&one, &files)), whole);
    let seven = Path::new("letters/letter 7.txt");
    let chosen: BTreeMap<_, _> =
        whole.into_iter().filter(|(name, _)| !name.starts_with("letters") || name == seven).collect();
    assert_eq!(contents(&below(&two, &files)), chosen);
    let view = host.person.job(host.id, second).await;
    assert_eq!(came_back(&view).target, text(&two));
}

#[tokio::test]
async fn a_restore_goes_on_without_a_coordinator_and_is_told_of_later() {
    let mut host = Host::ready("@yearly").await;
    fs::write(host.place.files().join("large.raw"), noise(48 << 20)).expect("a larger file");
    host.good_backup().await;
    let snapshot = newest_snapshot(&host).await;
    // Slow enough to lose the link in the middle.
    let mut plan: Plan = host.person.plan(host.id).await.plan;
    plan.limits.download_kib_s = Some(6 * 1024);
    let outcome = host.person.set_plan(host.id, plan, Vec::new()).await;
    assert!(matches!(outcome, Outcome::Accepted { .. }), "{outcome:#?}");
    let target = host.place.root().join("back");
    let job = begin(&host, into(&snapshot, &target, &[])).await;
    until(
        "the restore to run",
        async || host.person.job(host.id, job).await,
        |seen| (seen.state == JobState::Running).then_some(()),
    )
    .await;
    assert!(host.coordinator.program.stop().success(), "{}", host.coordinator.program.log());
    until_within(
        "the restore to end, as the endpoint's own command line says",
        TWO_MINUTES,
        async || {
            host.daemon.assert_alive();
            state_at_the_endpoint(&host, job)
        },
        |state| (state == "succeeded").then_some(()),
    )
    .await;
    assert_eq!(contents(&below(&target, &host.place.files())), contents(&host.place.files()));

    host.coordinator = Coordinator::start(&host.place, host.port).await;
    host.person.sign_in().await;
    let view = host.over(job).await;
    assert_eq!((view.kind, view.state), (JobKind::Restore, JobState::Succeeded), "{view:#?}");
    assert_eq!(came_back(&view).target, target.to_str().expect("text"));
}

fn state_at_the_endpoint(host: &Host, job: JobId) -> String {
    let jobs = host.agent.ask_json(&["jobs"]);
    let all = jobs.as_array().expect("a list of jobs");
    let found = all.iter().find(|one| one["job"] == job.to_string());
    found.and_then(|one| one["state"].as_str()).unwrap_or_default().to_owned()
}

#[tokio::test]
async fn what_cannot_be_written_is_refused_before_anything_is() {
    let mut host = Host::ready("@yearly").await;
    host.good_backup().await;
    let snapshot = newest_snapshot(&host).await;
    let taken = host.place.files();
    let job = begin(&host, into(&snapshot, &taken, &[])).await;
    let view = host.over(job).await;
    assert!(matches!(view.reason, Some(Reason::TargetTaken { .. })), "{view:#?}");
    let own = host.place.agent().join("back");
    let job = begin(&host, into(&snapshot, &own, &[])).await;
    let view = host.over(job).await;
    assert!(matches!(view.reason, Some(Reason::TargetForbidden { .. })), "{view:#?}");
    assert!(!own.exists());
    let in_place = Restore {
        target: RestoreTarget::InPlace { host: "another".to_owned() },
        ..into(&snapshot, &own, &[])
    };
    let outcome = host.person.grave(host.id, Action::Restore { restore: Box::new(in_place) }).await;
    assert!(matches!(outcome, Outcome::Refused { .. }), "the wrong name was taken: {outcome:#?}");
}
