//! What the real restic does not do on demand: hang, lie, print garbage, be killed, be absent, say secrets aloud.

use std::time::{Duration, Instant};

use wire::{
    id::UnixMs,
    job::{JobKind, JobState, LogStream, Reason},
    journal::Local,
};

use super::{
    script::{self, saved},
    *,
};
use crate::{
    run::{Patience, SubmitError},
    store::{StoreError, jobs::Job, journal},
};

async fn outcome(backup: &str, tune: impl FnOnce(&mut Patience)) -> (Stage, Job) {
    let (stage, _) = script::stage(backup, tune).await;
    let job = stage.do_job(JobKind::Backup, Some("default")).await;
    (stage, job)
}

#[tokio::test]
async fn one_that_hangs_is_stopped() {
    let quick = |patience: &mut Patience| {
        patience.silence = Duration::from_millis(400);
        patience.term_to_kill = Duration::from_millis(200);
    };
    let (_, job) = outcome("exec sleep 600", quick).await;
    assert_eq!(job.state, JobState::Failed);
    let Some(Reason::Restic { message, .. }) = job.reason else { panic!("{job:?}") };
    assert!(message.contains("printed nothing for 0 s and was stopped"), "{message}");

    // It does not hear SIGTERM, and neither does what it started.
    let (stage, job) =
        outcome("trap '' TERM; echo $$ > \"$dir/pid\"; while :; do sleep 600; done", quick).await;
    assert_eq!(job.state, JobState::Failed);
    let pid: u32 = std::fs::read_to_string(stage.path("script/pid")).unwrap().trim().parse().unwrap();
    assert!(stage.world.process(pid).is_none());

    // What it says meanwhile tells why.
    let waiting = "echo 'Stat(<config/>) returned error, retrying after 1s: dial tcp 127.0.0.1:1: connect: connection refused' >&2; exec sleep 600";
    let (_, job) = outcome(waiting, quick).await;
    assert!(matches!(job.reason, Some(Reason::Unreachable { address, .. }) if address == "127.0.0.1:1"));
}

#[tokio::test]
async fn one_that_says_for_ever_where_it_is_is_stopped() {
    let quick = |patience: &mut Patience| {
        patience.still = Duration::from_millis(600);
        patience.term_to_kill = Duration::from_millis(200);
    };
    let said = r#"echo "{\"message_type\":\"status\",\"seconds_elapsed\":$i,\"percent_done\":0.5,\"files_done\":$files,\"seconds_remaining\":$i}""#;
    let hangs =
        format!("files=1; i=0; while [ $i -lt 6000 ]; do {said}; i=$((i+1)); sleep 0.1; done; {}", saved());
    let (_, job) = outcome(&hangs, quick).await;
    let Some(Reason::Restic { message, .. }) = job.reason else { panic!("{job:?}") };
    assert!(message.starts_with("restic came no further for 0 s and was stopped"), "{message}");

    // One that comes further may take its time.
    let slow =
        format!("i=0; while [ $i -lt 12 ]; do files=$i; {said}; i=$((i+1)); sleep 0.1; done; {}", saved());
    let (_, job) = outcome(&slow, quick).await;
    assert_eq!((job.state, job.reason), (JobState::Succeeded, None));
}

#[tokio::test]
async fn names_of_files_are_no_words_of_the_server() {
    let name = "returned error, retrying after 1s: permission denied";
    let unread = format!(
        r#"echo '{{"message_type":"error","error":{{"message":"open {name}"}},"during":"archival","item":"/src/{name}"}}' >&2; sleep 0.3"#
    );
    let (_, job) = outcome(&format!("{unread}; {}; exit 3", saved()), |_| {}).await;
    assert_eq!(job.state, JobState::Incomplete, "{:?}", job.reason);
    assert!(matches!(job.reason, Some(Reason::UnreadableItems { .. })), "{:?}", job.reason);
}

#[tokio::test]
async fn lies_garbage_and_violent_ends_are_failures() {
    let cases = [
        ("head -c 100000 /dev/urandom; exit 0", "contradiction"),
        ("echo '{\"message_type\":\"summary\"}'; exit 0", "contradiction"),
        ("exit 0", "contradiction"),
        (&format!("{}; exit 1", saved()), "contradiction"),
        (&format!("{}; kill -9 $$", saved()), "contradiction"),
        ("exit 137", "restic"),
        ("kill -9 $$", "restic"),
        ("echo 'panic: runtime error' >&2; exit 2", "restic"),
    ];
    for (backup, code) in cases {
        let (_, job) = outcome(backup, |_| {}).await;
        assert_eq!(job.state, JobState::Failed, "{backup}");
        let reason = serde_json::to_value(job.reason.unwrap()).unwrap();
        assert_eq!(reason["code"], code, "{backup}: {reason}");
    }
}

#[tokio::test]
async fn secrets_are_in_no_argument_no_line_and_no_record() {
    let loud =
        format!("env | sort > \"$dir/env\"; env >&2; echo \"password is $RESTIC_PASSWORD\"; {}", saved());
    let (stage, job) = outcome(&loud, |_| {}).await;
    assert_eq!(job.state, JobState::Succeeded, "{:?}", job.reason);
    let argv = std::fs::read_to_string(stage.path("script/argv")).unwrap();
    assert!(argv.contains("backup --json") && !argv.contains(PASSWORD), "{argv}");
    let log = stage.log_text(job.id).await;
    assert!(log.contains("password is **redacted**") && !log.contains(PASSWORD), "{log}");
    let records = stage.records().await;
    assert!(!format!("{records:?}").contains(PASSWORD));
    // The shell adds PWD, SHLVL and _ of its own.
    let env = std::fs::read_to_string(stage.path("script/env")).unwrap();
    let names: Vec<&str> =
        env.lines().filter_map(|line| line.split_once('=')).map(|(name, _)| name).collect();
    let expected = [
        "HOME",
        "PATH",
        "PWD",
        "RESTIC_CACHE_DIR",
        "RESTIC_PASSWORD",
        "RESTIC_PROGRESS_FPS",
        "RESTIC_REPOSITORY",
    ];
    let inherited = crate::restic::command::INHERITED;
    let strange: Vec<_> = names
        .iter()
        .filter(|name| {
            !expected.contains(name) && !inherited.contains(name) && **name != "_" && **name != "SHLVL"
        })
        .collect();
    assert!(strange.is_empty(), "{strange:?}");
}

#[tokio::test]
async fn a_flood_of_lines_is_kept_whole_in_few_records() {
    let flood = format!(
        "i=0; while [ $i -lt 30000 ]; do echo \"line $i of the flood\"; i=$((i+1)); done; {}",
        saved()
    );
    let (stage, job) = outcome(&flood, |_| {}).await;
    assert_eq!(job.state, JobState::Succeeded, "{:?}", job.reason);
    let lines = stage
        .store
        .read::<_, StoreError>(move |c| crate::store::logs::lines(c, job.id, 0, 100_000))
        .await
        .unwrap();
    let flood: Vec<&str> =
        lines.iter().filter(|line| line.stream == LogStream::Stdout).map(|line| line.text.as_str()).collect();
    assert_eq!(flood.len(), 30_001);
    assert!(flood.iter().take(30_000).enumerate().all(|(n, text)| *text == format!("line {n} of the flood")));
    let chunks =
        stage.records().await.iter().filter(|(kind, _)| *kind == wire::journal::Kind::LogChunk).count();
    assert!(chunks < 50, "{chunks} records for {} lines", lines.len());
}

#[tokio::test]
async fn what_it_leaves_behind_does_not_hold_the_job() {
    let (stage, _) = script::stage(&format!("sleep 600 & echo $! > \"$dir/pid\"; {}", saved()), |_| {}).await;
    let began = Instant::now();
    let job = stage.do_job(JobKind::Backup, Some("default")).await;
    assert_eq!(job.state, JobState::Succeeded, "{:?}", job.reason);
    assert!(began.elapsed() < Duration::from_secs(10));
    let pid: u32 = std::fs::read_to_string(stage.path("script/pid")).unwrap().trim().parse().unwrap();
    assert!(stage.world.process(pid).is_none());
}

/// More than any record holds, in each place where restic's words are kept: the job ends, and the next one runs.
#[tokio::test]
async fn words_without_end_do_not_hold_the_repository() {
    let huge = "head -c 3000000 /dev/zero | tr '\\0' x";
    let cases = [
        format!("{huge} >&2; echo >&2; exit 2"),
        format!(
            "printf '{{\"message_type\":\"exit_error\",\"code\":1,\"message\":\"' >&2; {huge} >&2; echo '\"}}' >&2; exit 1"
        ),
        format!(
            "printf '{{\"message_type\":\"error\",\"error\":{{}},\"during\":\"archival\",\"item\":\"' >&2; {huge} >&2; echo '\"}}' >&2; {}; exit 3",
            saved()
        ),
        format!("printf '{{\"message_type\":\"summary\",\"snapshot_id\":\"'; {huge}; echo '\"}}'; exit 0"),
    ];
    for backup in cases {
        let (stage, _) = script::stage(&backup, |_| {}).await;
        for _ in 0..2 {
            let job = stage.do_job(JobKind::Backup, Some("default")).await;
            assert!(job.state.is_over(), "{}", &backup[..60]);
        }
        assert!(stage.log_text(stage.jobs().await[0].id).await.len() < 200_000);
        stage.records().await;
    }
}

#[tokio::test]
async fn the_groups_rule_counts_also_where_restic_is_missing() {
    let mut stage = Stage::real(Path::new("/nowhere/restic"));
    stage.run();
    stage.plan(&[Path::new("/home")]).await;
    let job = stage.do_job(JobKind::Backup, Some("default")).await;
    assert_eq!(job.reason, Some(Reason::ResticMissing));
    let again = stage.jobs().await.into_iter().filter(|job| job.subject.kind == JobKind::Backup).count();
    assert_eq!(again, 1, "the group's retry is max = 0");
}

#[tokio::test]
async fn without_restic_jobs_fail_and_all_goes_on_until_it_is_there() {
    let mut stage = Stage::real(Path::new("/nowhere/restic"));
    let restic = stage.path("late/restic");
    stage.use_restic(&restic);
    stage.run();
    stage.plan(&[Path::new("/home")]).await;
    let init = stage.until("init is over", |jobs| jobs.iter().find(|job| job.state.is_over()).cloned()).await;
    assert_eq!((init.state, init.reason), (JobState::Failed, Some(Reason::ResticMissing)));
    assert_eq!(stage.engine.restic_version().await, Err(Reason::ResticMissing));

    script::write_with(&stage.path("late"), "VERSION=0.9.6", &saved());
    let job = stage.do_job(JobKind::Backup, Some("default")).await;
    let old = Reason::ResticTooOld { needed: "0.14.0".to_owned(), found: "0.9.6".to_owned() };
    assert_eq!(job.reason, Some(old));

    script::write(&stage.path("late"), &saved());
    let job = stage.do_job(JobKind::Backup, Some("default")).await;
    assert_eq!((job.state, job.reason), (JobState::Succeeded, None));
    assert_eq!(stage.engine.restic_version().await, Ok("0.19.1".to_owned()));
}

#[tokio::test]
async fn nobody_at_the_address_means_restic_is_not_even_started() {
    let (stage, notes) = script::stage(&saved(), |_| {}).await;
    std::fs::remove_file(notes.join("argv")).unwrap();
    stage.doors.shut(true);
    let job = stage.do_job(JobKind::Backup, Some("default")).await;
    assert!(matches!(job.reason, Some(Reason::Unreachable { .. })), "{:?}", job.reason);
    assert!(!notes.join("argv").exists());
}

#[tokio::test]
async fn a_plan_that_moved_on_is_told() {
    let (stage, _) = script::stage(&saved(), |_| {}).await;
    let job = stage.do_job(JobKind::Backup, Some("gone")).await;
    assert!(
        matches!(job.reason, Some(Reason::NotInPlan { what }) if what == "group gone of repository main")
    );
    stage.set_plan(wire::plan::Plan::default()).await;
    let job = stage.do_job(JobKind::Probe, None).await;
    assert!(matches!(job.reason, Some(Reason::NotInPlan { what }) if what == "repository main"));
}

#[tokio::test]
async fn a_failure_is_tried_again_as_often_as_the_group_says() {
    let failing = "echo x >> \"$dir/tries\"; [ $(wc -l < \"$dir/tries\") -gt 2 ] || exit 1;";
    let (stage, _) = script::stage(&format!("{failing} {}", saved()), |_| {}).await;
    let mut plan = stage.simple_plan(&[Path::new("/home")]);
    let group = plan.groups.values_mut().next().unwrap();
    group.retry = wire::plan::Retry { max: 3, backoff_s: 0 };
    stage.set_plan(plan).await;
    let first = stage.do_job(JobKind::Backup, Some("default")).await;
    assert_eq!(first.state, JobState::Failed);
    let mut tries = stage.quiet().await;
    tries.retain(|job| job.subject.kind == JobKind::Backup);
    tries.reverse();
    let states: Vec<_> = tries.iter().map(|job| (job.attempt, job.state)).collect();
    assert_eq!(states, [(1, JobState::Failed), (2, JobState::Failed), (3, JobState::Succeeded)]);
    assert_eq!(tries[2].origin, wire::job::Origin::Retry { job: tries[1].id, attempt: 3, of: Some(4) });
}

#[tokio::test]
async fn an_engine_that_drains_interrupts_and_takes_no_more() {
    let (mut stage, _) = script::stage("echo begun; exec sleep 600", |_| {}).await;
    let mut plan = stage.simple_plan(&[Path::new("/home")]);
    plan.groups.values_mut().next().unwrap().retry = wire::plan::Retry { max: 1, backoff_s: 60 };
    stage.set_plan(plan).await;
    let id = stage.submit(JobKind::Backup, Some("default")).await;
    stage.until("restic runs", |jobs| jobs.iter().find(|job| job.id == id)?.process.clone()).await;
    let left = stage.engine.drain(Duration::from_secs(20)).await;
    assert!(left.is_empty());
    let job = stage.over(id).await;
    assert_eq!((job.state, job.reason), (JobState::Interrupted, Some(Reason::AgentStopped)));
    let refused = stage.engine.submit(Stage::request(JobKind::Stats, None)).await;
    assert_eq!(refused, Err(SubmitError::Draining));
    let retry = stage.jobs().await.into_iter().find(|job| job.state == JobState::Queued).unwrap();
    assert_eq!((retry.attempt, retry.not_before), (2, job.finished_at.unwrap().plus_ms(60_000)));
    stage.restart();
    // A person who asks for the same work now does not wait out the pause, nor start it twice.
    let (engine, request) = (stage.engine.clone(), Stage::request(JobKind::Backup, Some("default")));
    let asked =
        stage.store.write(move |tx| Ok::<_, StoreError>(engine.submit_in(tx, &request))).await.unwrap();
    assert_eq!(asked, Err(SubmitError::AlreadyWaiting(retry.id)));
    let brought = stage.jobs().await.into_iter().find(|job| job.id == retry.id).unwrap();
    assert!(brought.not_before < retry.not_before, "{brought:?}");
    stage.run();
    assert_eq!(stage.engine.cancel(retry.id, "ada").await.unwrap(), crate::run::CancelOutcome::Cancelled);
    assert_eq!(stage.over(retry.id).await.state, JobState::Cancelled);
}

#[tokio::test]
async fn a_full_disk_loses_nothing_and_passes() {
    let (stage, notes) = script::stage(
        &format!(
            "touch \"$dir/begun\"; while [ ! -e \"$dir/go\" ]; do sleep 0.05; done; echo said; {}",
            saved()
        ),
        |patience| patience.disk_retry = Duration::from_millis(50),
    )
    .await;
    let id = stage.submit(JobKind::Backup, Some("default")).await;
    stage.until("restic runs", |jobs| jobs.iter().find(|job| job.id == id)?.process.clone()).await;
    let limit = |pages: u32| {
        stage.store.write::<_, StoreError>(move |tx| {
            tx.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(()))?;
            Ok(())
        })
    };
    limit(1).await.unwrap();
    // What is small fits into pages that are there. Large rows take the free pages, then the journal's own last page is
    // filled with records smaller than a job's: after that no job has room.
    let mut full = Ok(());
    for n in 0..200 {
        let hold = move |tx: &crate::store::Tx<'_>| {
            crate::store::holds::set(
                tx,
                wire::snapshot::HoldCause::Claims,
                Some(&format!("filler-{n}").parse().unwrap()),
                &"x".repeat(4000),
                UnixMs(0),
            )
        };
        full = stage.store.write::<_, StoreError>(hold).await;
        if full.is_err() {
            break;
        }
    }
    assert_eq!(full, Err(StoreError::Full));
    for _ in 0..200 {
        let record =
            |tx: &crate::store::Tx<'_>| journal::append_body(tx, &Local::Stopped, UnixMs(0)).map(drop);
        full = stage.store.write::<_, StoreError>(record).await;
        if full.is_err() {
            break;
        }
    }
    assert_eq!(full, Err(StoreError::Full));
    assert_eq!(stage.store.trouble(), Some(StoreError::Full));
    assert_eq!(
        stage.engine.submit(Stage::request(JobKind::Stats, None)).await,
        Err(SubmitError::Store(StoreError::Full))
    );
    std::fs::write(notes.join("go"), "").unwrap();
    assert_eq!(stage.jobs().await[0].state, JobState::Running, "what cannot be written did not happen");
    limit(1_000_000).await.unwrap();
    let job = stage.over(id).await;
    assert_eq!((job.state, job.reason), (JobState::Succeeded, None));
    assert!(stage.log_text(id).await.contains("said"));
    assert_eq!(stage.store.trouble(), None);
    stage.records().await;
}
