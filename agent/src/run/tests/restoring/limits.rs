//! Where a restore must not go, has no room, or is cut short.

use super::*;

/// A disk of half a MiB, where this account may mount one.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn at(path: PathBuf) -> Option<Self> {
        fs::create_dir(&path).unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=512k", "small"]).arg(&path);
        let mounted = mount.output().is_ok_and(|output| output.status.success());
        mounted.then_some(Self(path))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

#[tokio::test]
async fn what_does_not_fit_is_refused_before_anything_is_written() {
    for restic in real_restics() {
        let case = Case::new(&restic, |src| fs::write(src.join("sub/big"), noise(700_000)).unwrap()).await;
        let Some(disk) = SmallDisk::at(case.stage.path("small")) else { return };
        let (job, _) = case.restore(&case.wanted(case.to("small/new/x"), &[])).await;
        let Some(Reason::TargetFull { needed_bytes, free_bytes, .. }) = job.reason else {
            panic!("{restic:?}: {:?}", job.reason)
        };
        assert!(needed_bytes > 700_000 && free_bytes < 600_000, "{needed_bytes} {free_bytes}");
        assert_eq!(fs::read_dir(&disk.0).unwrap().count(), 0, "{restic:?}");
        // What is small enough fits.
        let one = case.src.join("one.txt");
        let (job, _) = case.restore(&case.wanted(case.to("small/new/x"), &[(&one, true)])).await;
        assert_eq!(job.state, JobState::Succeeded, "{restic:?}: {:?}", job.reason);
        case.stage.quiet().await;
    }
}

#[tokio::test]
async fn one_that_is_cancelled_says_what_is_there_and_is_not_tried_again() {
    for restic in real_restics() {
        let case = Case::new(&restic, |src| fs::write(src.join("big"), noise(3_000_000)).unwrap()).await;
        let mut live = case.stage.engine.live();
        let options = JobOptions {
            download_kib_s: Some(200),
            restore: Some(Box::new(case.wanted(case.to("out"), &[]))),
            ..JobOptions::default()
        };
        let request = Stage::request(JobKind::Restore, None);
        let id = case.stage.engine.submit(JobRequest { options, ..request }).await.unwrap();
        case.stage.engine.watch(id, true);
        let wanted = async {
            loop {
                match live.recv().await.unwrap() {
                    wire::frame::Live::Progress { job, progress }
                        if job == id && progress.bytes_total > 0 =>
                    {
                        return progress;
                    }
                    wire::frame::Live::Log { lines, .. }
                        if case.is_old && lines.iter().any(|line| line.text.contains("Restores to")) =>
                    {
                        return wire::job::Progress::default();
                    }
                    _ => {}
                }
            }
        };
        let progress = tokio::time::timeout(Duration::from_secs(30), wanted).await.unwrap();
        assert!(case.is_old || progress.files_total > 0, "{restic:?}: {progress:?}");
        case.stage.engine.cancel(id, "ann").await.unwrap();
        let job = case.stage.over(id).await;
        let cancelled = Reason::CancelledBy { person: "ann".to_owned() };
        assert_eq!((job.state, job.reason), (JobState::Cancelled, Some(cancelled)), "{restic:?}");
        let Some(JobResult::Restore(told)) = job.result else { panic!("{restic:?}: no result") };
        assert!(told.target.ends_with("/out"), "{told:?}");
        assert!(told.warnings.iter().any(|it| it.contains("restored by then is there")), "{told:?}");
        let jobs = case.stage.quiet().await;
        assert_eq!(jobs.iter().filter(|job| job.subject.kind == JobKind::Restore).count(), 1);
        assert_eq!(lock_count(&case.stage, &restic), 0, "{restic:?}");
    }
}

#[tokio::test]
async fn an_agent_that_died_in_the_middle_says_where_to_look() {
    let mut stage = Stage::real(&real_restics()[0]);
    let src = source(&stage);
    stage.plan(&[&src]).await;
    let restore: Restore = serde_json::from_value(json!({
        "repository": "main", "snapshot": "ab".repeat(32), "target": { "to": "directory", "path": "/srv/back" },
    }))
    .unwrap();
    let options = JobOptions { restore: Some(Box::new(restore)), ..JobOptions::default() };
    let request = Stage::request(JobKind::Restore, None);
    let id = stage.engine.submit(JobRequest { options, ..request }).await.unwrap();
    let now = stage.world.now();
    let begun = move |tx: &crate::store::Tx<'_>| crate::store::jobs::start(tx, id, None, now);
    stage.store.write::<_, StoreError>(begun).await.unwrap();
    stage.restart();
    stage.run();
    let job = stage.over(id).await;
    assert_eq!((job.state, &job.reason), (JobState::Interrupted, &Some(Reason::AgentDied)));
    let Some(JobResult::Restore(told)) = &job.result else { panic!("{job:?}") };
    assert!(told.target == "/srv/back" && !told.is_counted(), "{told:?}");
    assert!(stage.log_text(id).await.contains("how much is not known"));
    let restores = stage.quiet().await.into_iter().filter(|job| job.subject.kind == JobKind::Restore);
    assert_eq!(restores.count(), 1, "nothing tries it again");
}

#[tokio::test]
async fn a_target_outside_of_what_the_host_allows_is_refused() {
    let restic = real_restics().pop().unwrap();
    let mut case = Case::new(&restic, |_| ()).await;
    fs::create_dir(case.stage.path("allowed")).unwrap();
    case.stage.engine.drain(Duration::from_secs(5)).await;
    case.stage.allow_restores_below(&case.stage.path("allowed"));
    case.stage.run();
    let (job, _) = case.restore(&case.wanted(case.to("elsewhere"), &[])).await;
    let Some(Reason::TargetForbidden { message, .. }) = job.reason else { panic!("{:?}", job.reason) };
    assert!(message.contains("restore_below"), "{message}");
    let (job, _) = case.restore(&case.wanted(case.to("allowed/x"), &[])).await;
    assert_eq!(job.state, JobState::Succeeded, "{:?}", job.reason);
    // Whoever sits at the host may write wherever the account may.
    let wanted = case.wanted(case.to("elsewhere"), &[]);
    let options = JobOptions { restore: Some(Box::new(wanted)), ..JobOptions::default() };
    let request = Stage::request(JobKind::Restore, None);
    let id = case.stage.engine.submit(JobRequest { options, ..request }).await.unwrap();
    assert_eq!(case.stage.over(id).await.state, JobState::Succeeded);
}

#[tokio::test]
async fn a_snapshot_that_is_gone_by_then_leaves_nothing_behind() {
    for restic in real_restics() {
        let case = Case::new(&restic, |_| ()).await;
        by_hand(&case.stage, &restic, &["forget", &case.snapshot]);
        // While it is in a cache, and its data not pruned, it can still be restored.
        fs::remove_dir_all(case.stage.path("cache")).unwrap();
        let one = case.src.join("one.txt");
        for picks in [&[][..], &[(one.as_path(), true)]] {
            let (job, _) = case.restore(&case.wanted(case.to("gone/x"), picks)).await;
            let Some(Reason::Restic { message, .. }) = &job.reason else { panic!("{restic:?}: {job:?}") };
            assert!(message.contains("not in the repository any more"), "{restic:?}: {message}");
            assert!(!case.stage.path("gone").exists(), "{restic:?}");
        }
        case.stage.quiet().await;
    }
}
