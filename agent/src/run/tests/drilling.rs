//! Restore drills with every real restic: what comes back is compared, and nothing stays behind.

use std::{
    fs,
    os::unix::ffi::OsStrExt as _,
    path::PathBuf,
    time::{Duration, Instant},
};

use wire::{
    job::{DrillResult, JobKind, JobResult, JobState, Reason},
    plan::Plan,
};

use super::*;
use crate::store::jobs::Job;

fn drilled(job: &Job) -> DrillResult {
    match job.result.clone() {
        Some(JobResult::Drill(told)) => told,
        other => panic!("{other:?}: {job:?}"),
    }
}

fn leftovers(stage: &Stage) -> Vec<PathBuf> {
    let entries = fs::read_dir(stage.path("data/drill")).into_iter().flatten();
    entries.filter_map(|entry| Some(entry.ok()?.path())).collect()
}

fn plan(stage: &Stage, src: &Path, files: u32, mib: u32) -> Plan {
    let mut plan = stage.simple_plan(&[src]);
    (plan.maintenance.drill_files, plan.maintenance.drill_mib) = (files, mib);
    plan
}

async fn ready(restic: &Path, files: u32, mib: u32) -> (Stage, PathBuf) {
    let mut stage = Stage::real(restic);
    let src = source(&stage);
    stage.run();
    stage.give_password("main", PASSWORD);
    stage.set_plan(plan(&stage, &src, files, mib)).await;
    // The repository is made in the engine's own time; a drill that came before would find none.
    stage.until("init is over", |jobs| jobs.iter().any(|job| job.state.is_over()).then_some(())).await;
    (stage, src)
}

const ODD: [&str; 9] = [
    "new\nline",
    "quote\"and'quote",
    "g*?[x].txt",
    "back\\slash",
    " lead and trail ",
    "!bang",
    "$HOME",
    "a,b",
    "ünï cödé",
];

#[tokio::test]
async fn a_sample_comes_back_whatever_its_files_are_called() {
    for restic in real_restics() {
        let (stage, src) = ready(&restic, 100, 10).await;
        let job = stage.do_job(JobKind::Drill, Some("default")).await;
        assert_eq!(
            (job.state, drilled(&job).files),
            (JobState::Succeeded, 0),
            "{restic:?}: nothing is there yet"
        );
        for name in ODD {
            fs::write(src.join(name), name).unwrap();
        }
        // Names that a pattern like them would match as well.
        fs::write(src.join("gab.x].txt"), "other").unwrap();
        fs::write(src.join(std::ffi::OsStr::from_bytes(b"no\xfftext")), "no text").unwrap();
        fs::write(src.join("large"), noise(11 * 1024 * 1024)).unwrap();
        fs::write(src.join("empty"), "").unwrap();
        std::os::unix::fs::symlink("one.txt", src.join("link")).unwrap();
        assert_eq!(stage.do_job(JobKind::Backup, Some("default")).await.state, JobState::Succeeded);
        fs::write(src.join("sub/two.txt"), "2").unwrap();
        fs::remove_file(src.join("one.txt")).unwrap();

        let job = stage.do_job(JobKind::Drill, Some("default")).await;
        let log = stage.log_text(job.id).await;
        assert_eq!((job.state, &job.reason), (JobState::Succeeded, &None), "{restic:?}: {log}");
        let told = drilled(&job);
        // The odd ones, the two plain ones, the lookalike and the empty one.
        let files = ODD.len() as u64 + 4;
        assert_eq!((told.files, told.compared_with_source), (files, files - 2), "{restic:?}: {log}");
        assert_eq!((job.numbers.files_total, job.numbers.problems), (Some(files), Some(0)));
        assert_eq!(told.snapshot.len(), 64);
        assert!(told.mismatches.is_empty(), "{restic:?}");
        assert!(log.contains("cannot ask for: 1 file"), "{restic:?}: {log}");
        assert!(log.contains("MiB: 1 file"), "{restic:?}: {log}");
        assert!(leftovers(&stage).is_empty(), "{restic:?}");

        // A few of them alone.
        stage.set_plan(plan(&stage, &src, 3, 10)).await;
        let job = stage.do_job(JobKind::Drill, Some("default")).await;
        assert_eq!((job.state, drilled(&job).files), (JobState::Succeeded, 3), "{restic:?}");
        stage.quiet().await;
    }
}

#[tokio::test]
async fn a_drill_that_may_restore_no_file_is_no_success() {
    for restic in real_restics() {
        let (stage, src) = ready(&restic, 100, 1).await;
        for name in ["one.txt", "sub/two.txt"] {
            fs::write(src.join(name), noise(1024 * 1024 + 1)).unwrap();
        }
        assert_eq!(stage.do_job(JobKind::Backup, Some("default")).await.state, JobState::Succeeded);
        let job = stage.do_job(JobKind::Drill, Some("default")).await;
        let nothing = Reason::NothingRestored { too_large: 2, unnamed: 0 };
        assert_eq!((job.state, &job.reason), (JobState::Incomplete, &Some(nothing)), "{restic:?}");
        assert_eq!((job.numbers.files_total, drilled(&job).files), (Some(0), 0), "{restic:?}");
        stage.quiet().await;
    }
}

/// A restic that changes what it restored before it says that all is well.
fn meddler(stage: &Stage, restic: &Path) -> PathBuf {
    let path = stage.path("meddler");
    let script = format!(
        "#!/bin/sh\n'{real}' \"$@\"; code=$?\nfor arg in \"$@\"; do case \"$arg\" in --target=*) \
         find \"${{arg#--target=}}\" -name one.txt -exec sh -c 'printf eno > \"$1\"' sh {{}} \\; ; \
         find \"${{arg#--target=}}\" -name two.txt -delete;; esac; done\nexit $code\n",
        real = restic.display()
    );
    fs::write(&path, script).unwrap();
    fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    path
}

#[tokio::test]
async fn what_did_not_come_back_is_told_file_by_file() {
    for restic in real_restics() {
        let (mut stage, _) = ready(&restic, 100, 10).await;
        assert_eq!(stage.do_job(JobKind::Backup, Some("default")).await.state, JobState::Succeeded);
        stage.quiet().await;
        stage.engine.drain(Duration::from_secs(5)).await;
        stage.use_restic(&meddler(&stage, &restic));
        stage.run();
        let job = stage.do_job(JobKind::Drill, Some("default")).await;
        assert_eq!(job.state, JobState::Failed, "{restic:?}");
        assert!(matches!(job.reason, Some(Reason::DrillFailed { problems: 2, .. })), "{:?}", job.reason);
        assert_eq!(job.numbers.problems, Some(2));
        let mut told: Vec<_> = drilled(&job).mismatches.into_iter().map(|it| (it.path, it.what)).collect();
        told.sort();
        assert!(
            told[0].0.ends_with("/one.txt") && told[0].1 == "content differs from the source",
            "{told:?}"
        );
        assert!(told[1].0.ends_with("/two.txt") && told[1].1.starts_with("it did not come back"), "{told:?}");
        assert!(leftovers(&stage).is_empty(), "{restic:?}");
        let retried = stage.jobs().await.iter().any(|job| !job.state.is_over());
        assert!(!retried, "{restic:?}: what is broken does not mend itself");
    }
}

#[tokio::test]
async fn a_damaged_pack_is_a_failed_drill() {
    for restic in real_restics() {
        let (stage, src) = ready(&restic, 100, 10).await;
        fs::write(src.join("noise"), noise(300_000)).unwrap();
        assert_eq!(stage.do_job(JobKind::Backup, Some("default")).await.state, JobState::Succeeded);
        let largest = fs::read_dir(stage.path("repo/data"))
            .unwrap()
            .flat_map(|dir| fs::read_dir(dir.unwrap().path()).unwrap())
            .map(|file| file.unwrap().path())
            .max_by_key(|path| fs::metadata(path).unwrap().len())
            .unwrap();
        let mut bytes = fs::read(&largest).unwrap();
        bytes[1_000] ^= 0xff;
        fs::set_permissions(&largest, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
        fs::write(&largest, bytes).unwrap();
        let job = stage.do_job(JobKind::Drill, Some("default")).await;
        assert_eq!(job.state, JobState::Failed, "{restic:?}");
        let Some(Reason::DrillFailed { problems, first }) = job.reason.clone() else { panic!("{job:?}") };
        assert!(problems > 0 && !first.is_empty(), "{restic:?}: {problems} {first}");
        assert!(leftovers(&stage).is_empty(), "{restic:?}");
        stage.quiet().await;
    }
}

/// A restic whose restore is this piece of shell; `$real` is the true one.
fn restoring(stage: &Stage, restic: &Path, restore: &str) -> PathBuf {
    let path = stage.path("restoring");
    let script = format!(
        "#!/bin/sh\nreal='{}'\n[ \"$1\" = restore ] && [ \"$2\" != --help ] || exec \"$real\" \"$@\"\n{restore}\n",
        restic.display()
    );
    fs::write(&path, script).unwrap();
    fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    path
}

/// A restic whose restore writes something and then never ends.
fn hanging(stage: &Stage, restic: &Path) -> PathBuf {
    let restore = "for arg in \"$@\"; do case \"$arg\" in --target=*) mkdir -p \"${arg#--target=}/some\"; \
                   echo x > \"${arg#--target=}/some/file\";; esac; done\nexec sleep 600";
    restoring(stage, restic, restore)
}

#[tokio::test]
async fn a_restore_that_was_cut_off_proves_nothing_and_is_tried_again() {
    let restic = real_restics().pop().unwrap();
    let bad_gateway = r#"echo '{"message_type":"error","error":{"message":"ReadFull(<data/4195489460>): unexpected HTTP response (502): 502 Bad Gateway"},"during":"restore","item":"/x/f0.txt"}' >&2
        echo '{"message_type":"exit_error","code":1,"message":"Fatal: There were 1 errors"}' >&2; exit 1"#;
    for restore in [bad_gateway, "kill -9 $$"] {
        let (mut stage, _) = ready(&restic, 100, 10).await;
        assert_eq!(stage.do_job(JobKind::Backup, Some("default")).await.state, JobState::Succeeded);
        stage.quiet().await;
        stage.engine.drain(Duration::from_secs(5)).await;
        stage.use_restic(&restoring(&stage, &restic, restore));
        stage.run();
        let job = stage.do_job(JobKind::Drill, Some("default")).await;
        assert!(matches!(job.reason, Some(Reason::Restic { .. })), "{restore}: {:?}", job.reason);
        let waits = |job: &Job| job.subject.kind == JobKind::Drill && job.state == JobState::Queued;
        let retry = stage.until("it is tried again", |jobs| jobs.iter().find(|it| waits(it)).cloned()).await;
        assert_eq!((retry.attempt, leftovers(&stage).len()), (2, 0), "{restore}");
    }
}

/// Before 0.17 a restore prints nothing until its end.
#[tokio::test]
async fn a_restore_that_cannot_say_how_far_it_is_may_be_silent() {
    for restic in real_restics().into_iter().filter(|path| path.to_string_lossy().contains("0.14")) {
        let world = crate::world::World::real();
        let mut stage = Stage::new(world, &restic, |patience| patience.silence = Duration::from_secs(3));
        stage.use_restic(&restoring(&stage, &restic, "sleep 4; exec \"$real\" \"$@\""));
        let src = source(&stage);
        stage.run();
        stage.give_password("main", PASSWORD);
        stage.set_plan(plan(&stage, &src, 100, 10)).await;
        assert_eq!(stage.do_job(JobKind::Backup, Some("default")).await.state, JobState::Succeeded);
        let job = stage.do_job(JobKind::Drill, Some("default")).await;
        assert_eq!(
            (job.state, &job.reason),
            (JobState::Succeeded, &None),
            "{}",
            stage.log_text(job.id).await
        );
        stage.quiet().await;
    }
}

fn wait_until(what: &str, holds: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !holds() {
        assert!(Instant::now() < deadline, "waited for {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn wait_for_file(stage: &Stage) {
    wait_until("a file", || leftovers(stage).iter().any(|dir| dir.join("some/file").exists()));
}

fn wait_for_nothing(stage: &Stage) {
    wait_until("nothing to be left", || leftovers(stage).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_stays_behind_when_it_is_cancelled_or_the_agent_dies() {
    for restic in real_restics() {
        let (mut stage, _) = ready(&restic, 100, 10).await;
        assert_eq!(stage.do_job(JobKind::Backup, Some("default")).await.state, JobState::Succeeded);
        stage.quiet().await;
        stage.engine.drain(Duration::from_secs(5)).await;
        stage.use_restic(&hanging(&stage, &restic));
        let task = stage.run();
        let id = stage.submit(JobKind::Drill, Some("default")).await;
        wait_for_file(&stage);
        stage.engine.cancel(id, "Ada").await.unwrap();
        let job = stage.over(id).await;
        assert_eq!(job.state, JobState::Cancelled, "{restic:?}: {job:?}");
        assert!(leftovers(&stage).is_empty(), "{restic:?}");

        let id = stage.submit(JobKind::Drill, Some("default")).await;
        wait_for_file(&stage);
        let left = leftovers(&stage);
        task.abort();
        let _ = task.await;
        // The job's own task is dropped a moment later, and tidies up. After `kill -9` nobody would.
        wait_for_nothing(&stage);
        fs::create_dir_all(left[0].join("some/more")).unwrap();
        stage.use_restic(&restic);
        stage.run();
        let job = stage.over(id).await;
        assert_eq!((job.state, job.reason), (JobState::Interrupted, Some(Reason::AgentDied)), "{restic:?}");
        assert!(leftovers(&stage).is_empty(), "{restic:?}");
        stage.engine.drain(Duration::from_secs(5)).await;
    }
}
