//! Backups with every real restic: what is saved, what is missing, what is stopped.

use std::{
    io::Write as _,
    os::unix::fs::PermissionsExt as _,
    path::PathBuf,
    time::{Duration, Instant},
};

use wire::{
    job::{JobKind, JobState, LogStream, Reason},
    journal::Kind,
};

use super::*;
use crate::{
    restic::command::OWN_MARK,
    run::{CancelOutcome, stage::main_repository},
    store::{StoreError, snapshots},
    world::World,
};

#[tokio::test]
async fn a_backup_is_written_down_with_its_snapshot() {
    for restic in real_restics() {
        let mut stage = Stage::real(&restic);
        let src = source(&stage);
        stage.run();
        stage.plan(&[&src, Path::new(&format!("{}/./sub/", src.display()))]).await;
        let job = stage.do_job(JobKind::Backup, Some("default")).await;
        assert_eq!((job.state, &job.reason), (JobState::Succeeded, &None), "{restic:?}");
        assert_eq!((job.numbers.files_new, job.numbers.files_total), (Some(2), Some(2)), "{restic:?}");
        assert!(job.numbers.bytes_added > Some(0) && job.process.is_none());

        // Snapshot first, end after; and what the backup told is what a later listing says.
        let records = stage.records().await;
        let place = |wanted: Kind, check: &dyn Fn(&serde_json::Value) -> bool| {
            records.iter().position(|(kind, body)| *kind == wanted && check(body)).unwrap()
        };
        let claimed = job.numbers.snapshot.clone().unwrap();
        let added =
            place(Kind::Snapshots, &|body| body["added"][0]["id"].as_str().unwrap().starts_with(&claimed));
        let finished = place(Kind::JobFinished, &|body| body["job"] == job.id.to_string());
        let queued = place(Kind::JobQueued, &|body| body["job"] == job.id.to_string());
        assert!(queued < added && added < finished, "{restic:?}");

        stage.quiet().await;
        let listing = stage.do_job(JobKind::Snapshots, None).await;
        assert_eq!(listing.state, JobState::Succeeded);
        let told = listed(&stage).await;
        assert_eq!(told.len(), 1);
        let records = stage.records().await;
        let news: Vec<_> = records.iter().filter(|(kind, _)| *kind == Kind::Snapshots).collect();
        assert_eq!(news.len(), 1, "{restic:?}: the listing says the same as the backup: {news:#?}");
        assert_eq!(told[0].group, Some("default".parse().unwrap()));

        let log = stage.log(job.id).await;
        assert!(log.iter().enumerate().all(|(n, line)| line.n == n as u64), "{log:?}");
        assert!(log.iter().any(|line| line.stream == LogStream::Stdout && line.text.contains("\"summary\"")));
        assert!(!log.iter().any(|line| line.text.contains("\"status\"")), "status lines are no log");
        assert_eq!(job.log_lines, log.len() as u64);

        let again = stage.do_job(JobKind::Backup, Some("default")).await;
        assert_eq!((again.state, again.numbers.files_unmodified), (JobState::Succeeded, Some(2)));
        assert_eq!(snapshot_count(&stage, &restic), 2);
    }
}

async fn listed(stage: &Stage) -> Vec<wire::snapshot::Snapshot> {
    stage
        .store
        .read::<_, StoreError>(|connection| snapshots::all(connection, &main_repository()))
        .await
        .unwrap()
}

/// A restic without root's power to read everything.
fn humbled(stage: &Stage, restic: &Path) -> PathBuf {
    let path = stage.path("humbled");
    let drop = "--bounding-set=-dac_override,-dac_read_search";
    let mut file = std::fs::File::create(&path).unwrap();
    writeln!(
        file,
        "#!/bin/sh\n[ $(id -u) = 0 ] || exec {0} \"$@\"\nexec setpriv {drop} -- {0} \"$@\"",
        restic.display()
    )
    .unwrap();
    file.set_permissions(std::fs::Permissions::from_mode(0o755)).unwrap();
    path
}

#[tokio::test]
async fn what_cannot_be_read_or_is_not_there_is_named() {
    for restic in real_restics() {
        let place = Stage::real(&restic);
        let mut stage = Stage::real(&humbled(&place, &restic));
        let src = source(&stage);
        let secret = src.join("secret.txt");
        std::fs::write(&secret, "x").unwrap();
        std::fs::set_permissions(&secret, std::fs::Permissions::from_mode(0o000)).unwrap();
        stage.run();
        stage.plan(&[&src]).await;
        let job = stage.do_job(JobKind::Backup, Some("default")).await;
        assert_eq!(job.state, JobState::Incomplete, "{restic:?}: {:?}", job.reason);
        let items = vec![secret.display().to_string()];
        assert_eq!(job.reason, Some(Reason::UnreadableItems { items, more: 0 }), "{restic:?}");
        assert!(job.numbers.snapshot.is_some());

        std::fs::remove_file(&secret).unwrap();
        let gone = stage.path("gone");
        let paths = vec![gone.display().to_string()];
        stage.plan(&[&src, &gone]).await;
        let job = stage.do_job(JobKind::Backup, Some("default")).await;
        assert_eq!(job.state, JobState::Incomplete, "{restic:?}");
        assert_eq!(job.reason, Some(Reason::MissingPaths { paths: paths.clone() }), "{restic:?}");
        let before = listed(&stage).await;
        assert_eq!(before.last().unwrap().paths, [src.display().to_string()]);

        stage.plan(&[&gone]).await;
        let job = stage.do_job(JobKind::Backup, Some("default")).await;
        assert_eq!(
            (job.state, job.reason),
            (JobState::Failed, Some(Reason::NothingToBackUp { paths })),
            "{restic:?}"
        );
        assert_eq!(listed(&stage).await.len(), before.len());
    }
}

#[tokio::test]
async fn the_agents_own_files_are_never_backed_up() {
    for restic in real_restics() {
        let mut stage = Stage::real(&restic);
        source(&stage);
        let (name, text) = OWN_MARK;
        std::fs::write(stage.path("data").join(name), text).unwrap();
        stage.run();
        let (whole, data) = (stage.dir.path().to_owned(), stage.path("data"));
        let (database, around) =
            (data.join("agent.db"), PathBuf::from(format!("/proc/self/root{}", whole.display())));
        for wanted in [vec![&whole], vec![&whole, &data], vec![&whole, &database], vec![&around]] {
            let mut plan = stage.simple_plan(&wanted.iter().map(|path| path.as_path()).collect::<Vec<_>>());
            // What a pattern takes back in stays out.
            let again = ["/**", "", "/agent.db"].map(|end| format!("!{}{end}", data.display()));
            plan.groups.values_mut().for_each(|group| group.excludes = again.to_vec());
            stage.give_password("main", PASSWORD);
            stage.set_plan(plan).await;
            let job = stage.do_job(JobKind::Backup, Some("default")).await;
            assert!(job.numbers.snapshot.is_some(), "{:?}", job.reason);
            let files = by_hand(&stage, &restic, &["ls", "latest"]);
            assert!(
                files.contains("one.txt") && !files.contains("agent.db"),
                "{restic:?} {wanted:?}: {files}"
            );
        }
        let link = stage.path("link");
        std::os::unix::fs::symlink(&data, &link).unwrap();
        let (key, one) = (link.join(name), stage.path("src/one.txt"));
        stage.plan(&[&one, &key]).await;
        let job = stage.do_job(JobKind::Backup, Some("default")).await;
        assert!(job.numbers.snapshot.is_some(), "{:?}", job.reason);
        let files = by_hand(&stage, &restic, &["ls", "latest"]);
        assert!(files.contains("one.txt") && !files.contains(name), "{restic:?}: {files}");
        stage.plan(&[&database]).await;
        let job = stage.do_job(JobKind::Backup, Some("default")).await;
        let paths = vec![database.display().to_string()];
        assert_eq!(job.reason, Some(Reason::NothingToBackUp { paths }), "{restic:?}");
    }
}

#[tokio::test]
async fn what_cannot_be_looked_at_is_not_backed_up() {
    let (stage, notes) = super::script::stage(&super::script::saved(), |_| {}).await;
    let mut plan = stage.simple_plan(&[Path::new("/home")]);
    plan.groups.values_mut().for_each(|group| group.retry = wire::plan::Retry { max: 1, backoff_s: 60 });
    stage.set_plan(plan).await;
    let held = crate::run::looks::tests::hang_all(&stage.engine.shared.looks).await;
    let job = stage.do_job(JobKind::Backup, Some("default")).await;
    let Some(Reason::PathsSilent { paths, message }) = job.reason else { panic!("{job:?}") };
    assert_eq!((job.state, paths), (JobState::Failed, vec!["/home".to_owned()]));
    assert!(message.contains("hang still"), "{message}");
    let argv = std::fs::read_to_string(notes.join("argv")).unwrap();
    assert!(!argv.contains("backup --json"), "{argv}");
    let again = stage.jobs().await.into_iter().find(|job| job.state == JobState::Queued).unwrap();
    assert_eq!(again.attempt, 2);
    drop(held);
}

#[tokio::test]
async fn a_cancelled_backup_ends_soon_and_leaves_no_lock() {
    for restic in real_restics() {
        let mut stage = Stage::real(&restic);
        let src = source(&stage);
        stage.run();
        stage.plan(&[&src]).await;
        stage.do_job(JobKind::Backup, Some("default")).await;
        stage.quiet().await;
        std::fs::write(src.join("large.bin"), noise(60_000_000)).unwrap();
        let mut request = Stage::request(JobKind::Backup, Some("default"));
        request.options.upload_kib_s = Some(500);
        let id = stage.engine.submit(request).await.unwrap();
        let process = stage
            .until("restic runs", |jobs| {
                jobs.iter().find(|job| job.id == id).and_then(|job| job.process.clone())
            })
            .await;
        wait_for_lock(&stage).await;
        let asked = Instant::now();
        assert_eq!(stage.engine.cancel(id, "ada").await.unwrap(), CancelOutcome::Cancelled);
        let job = stage.over(id).await;
        assert!(asked.elapsed() < Duration::from_secs(12), "{restic:?} took {:?}", asked.elapsed());
        assert_eq!(job.state, JobState::Cancelled);
        assert_eq!(job.reason, Some(Reason::CancelledBy { person: "ada".to_owned() }));
        assert!(!World::real().is_alive(&process));
        assert_eq!(lock_count(&stage, &restic), 0, "{restic:?} left its lock");
        assert_eq!(stage.engine.cancel(id, "ada").await.unwrap(), CancelOutcome::Over);
        assert_eq!(snapshot_count(&stage, &restic), 1);
        stage.quiet().await;
    }
}

/// Until restic works, there is nothing that a stop could interrupt.
async fn wait_for_lock(stage: &Stage) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !locked(stage) {
        assert!(Instant::now() < deadline, "restic made no lock");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn repositories_have_their_jobs_side_by_side_and_each_one_at_a_time() {
    let restic = real_restics().pop().unwrap();
    let mut stage = Stage::real(&restic);
    let src = source(&stage);
    let mut plan = stage.simple_plan(&[&src]);
    let group = plan.groups[&"default".parse().unwrap()].clone();
    plan.groups.insert("more".parse().unwrap(), group);
    stage.give_password("main", PASSWORD);
    stage.set_plan(plan).await;
    stage.run();
    let ids = [
        stage.submit(JobKind::Backup, Some("default")).await,
        stage.submit(JobKind::Backup, Some("more")).await,
    ];
    let again = stage.engine.submit(Stage::request(JobKind::Backup, Some("more"))).await;
    assert_eq!(again, Err(crate::run::SubmitError::AlreadyWaiting(ids[1])));
    let mut spans = Vec::new();
    for id in ids {
        let job = stage.over(id).await;
        assert_eq!(job.state, JobState::Succeeded);
        spans.push((job.started_at.unwrap(), job.finished_at.unwrap()));
    }
    spans.sort_unstable();
    assert!(spans[0].1 <= spans[1].0, "{spans:?}");
    stage.quiet().await;
}

#[tokio::test]
async fn a_repository_among_the_files_is_not_backed_up_into_itself() {
    for restic in real_restics() {
        let mut stage = Stage::real(&restic);
        let src = source(&stage);
        light::lay(&src.join("backups"));
        stage.run();
        stage.give_password("main", PASSWORD);
        let mut plan = stage.simple_plan(&[&src]);
        let backend = wire::plan::Backend::Local { path: src.join("backups").to_string_lossy().into_owned() };
        plan.repositories.values_mut().for_each(|it| it.backend = backend.clone());
        stage.set_plan(plan).await;
        for _ in 0..2 {
            let job = stage.do_job(JobKind::Backup, Some("default")).await;
            assert_eq!((job.state, job.reason), (JobState::Succeeded, None), "{restic:?}");
            assert_eq!(job.numbers.files_total, Some(2), "{restic:?}: only what was there before");
            assert!(stage.log_text(job.id).await.contains("is the repository itself"), "{restic:?}");
        }
        stage.quiet().await;
    }
}
