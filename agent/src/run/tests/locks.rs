//! Locks with every real restic: shown while they are in the way, removed when they are dead or named, and never else.

use std::{
    process::{Child, Stdio},
    time::{Duration, Instant},
};

use wire::{
    job::{JobKind, JobResult, JobState, Reason},
    journal::Kind,
    snapshot::{HoldCause, Lock},
};

use super::*;
use crate::{
    run::{Patience, stage::main_repository},
    store::{StoreError, holds, jobs::Job, repositories},
    world::World,
};

/// A restic that holds a lock because its input never ends, started through these words.
fn holding(stage: &Stage, restic: &Path, through: &[&str]) -> Child {
    let mut command = match through {
        [] => hand(stage, restic),
        [program, words @ ..] => {
            let mut command = hand(stage, Path::new(program));
            command.args(words).arg(restic);
            command
        }
    };
    let before = lock_files(stage);
    command.args(["backup", "--json", "--stdin", "--tag", "holder", "--host", HOST]);
    let child = command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let deadline = Instant::now() + Duration::from_secs(30);
    while lock_files(stage) <= before {
        assert!(Instant::now() < deadline, "the holder made no lock");
        std::thread::sleep(Duration::from_millis(20));
    }
    child
}

const ELSEWHERE: [&str; 5] = ["unshare", "--uts", "sh", "-c", "hostname otherhost && exec \"$@\""];
/// Its number is 1 in its own world, and in ours that is another program's.
const OTHER_NUMBERS: [&str; 4] = ["unshare", "--pid", "--fork", "--kill-child"];

fn elsewhere(stage: &Stage, restic: &Path) -> Child {
    holding(stage, restic, &[&ELSEWHERE[..], &["sh"]].concat())
}

fn lock_files(stage: &Stage) -> usize {
    let locks = std::fs::read_dir(stage.path("repo/locks")).unwrap();
    locks.filter_map(Result::ok).filter(|entry| entry.file_name().len() == 64).count()
}

fn kill(mut child: Child) {
    child.kill().unwrap();
    child.wait().unwrap();
}

/// A stage with a repository that is ready.
async fn ready(restic: &Path, tune: impl FnOnce(&mut Patience)) -> Stage {
    let mut stage = Stage::new(World::real(), restic, |patience| {
        patience.foreign_lock = Duration::from_millis(300);
        patience.lock_poll = Duration::from_millis(100);
        // restics that are started by hand here are not this agent's.
        patience.unrefreshed = Duration::ZERO;
        tune(patience);
    });
    let src = source(&stage);
    stage.run();
    stage.plan(&[&src]).await;
    assert_eq!(stage.do_job(JobKind::Backup, Some("default")).await.state, JobState::Succeeded);
    stage.quiet().await;
    stage
}

async fn shown(stage: &Stage) -> Vec<Lock> {
    let row = stage.store.read::<_, StoreError>(|c| repositories::get(c, &main_repository())).await;
    row.unwrap().unwrap().locks
}

/// How many locks each record told of.
async fn told(stage: &Stage) -> Vec<usize> {
    let records = stage.records().await.into_iter().filter(|(kind, _)| *kind == Kind::Locks);
    records.map(|(_, body)| body["locks"].as_array().unwrap().len()).collect()
}

async fn unlock(stage: &Stage, locks: &[Lock]) -> Job {
    let mut request = Stage::request(JobKind::Unlock, None);
    request.options.locks = locks.iter().map(|lock| lock.id.clone()).collect();
    let id = stage.engine.submit(request).await.unwrap();
    stage.over(id).await
}

#[tokio::test]
async fn a_lock_in_the_way_is_shown_at_once_and_no_longer_than_it_is_there() {
    for restic in real_restics() {
        let long = |patience: &mut Patience| patience.foreign_lock = Duration::from_mins(1);
        let stage = ready(&restic, long).await;
        let holder = elsewhere(&stage, &restic);
        let id = stage.submit(JobKind::Prune, None).await;
        let mut commits = stage.store.commits();
        let seen = tokio::time::timeout(Duration::from_secs(30), async {
            loop {
                commits.borrow_and_update();
                match shown(&stage).await {
                    locks if locks.is_empty() => commits.changed().await.unwrap(),
                    locks => return locks,
                }
            }
        });
        let seen = seen.await.expect("the lock is shown");
        assert_eq!(stage.jobs().await.iter().find(|job| job.id == id).unwrap().state, JobState::Running);
        assert_eq!(
            (seen.len(), seen[0].hostname.as_str(), seen[0].dead),
            (1, "otherhost", false),
            "{restic:?}"
        );
        assert!(!seen[0].exclusive && seen[0].pid > 0 && seen[0].id.len() == 64);
        kill(holder);
        by_hand(&stage, &restic, &["unlock", "--remove-all"]);
        let job = stage.over(id).await;
        assert_eq!((job.state, job.reason), (JobState::Succeeded, None), "{restic:?}");
        assert!(shown(&stage).await.is_empty(), "{restic:?}");
        assert_eq!(told(&stage).await, [1, 0], "{restic:?}");
        stage.quiet().await;
    }
}

#[tokio::test]
async fn unlocking_removes_what_is_dead_and_what_is_named_and_nothing_else() {
    for restic in real_restics() {
        let stage = ready(&restic, |_| {}).await;
        kill(holding(&stage, &restic, &[]));
        let alive = elsewhere(&stage, &restic);
        let job = unlock(&stage, &[]).await;
        assert_eq!((job.state, &job.reason), (JobState::Succeeded, &None), "{restic:?}");
        let Some(JobResult::Unlock(found)) = &job.result else { panic!("{job:?}") };
        assert_eq!((found.removed.len(), found.left.len()), (1, 1), "{restic:?}: {found:?}");
        assert!(found.removed[0].dead && found.left[0].hostname == "otherhost" && !found.left[0].dead);
        assert_eq!((job.numbers.locks_removed, lock_files(&stage)), (Some(1), 1), "{restic:?}");
        assert_eq!(shown(&stage).await, found.left);

        // What the person saw is gone, and another is there: nobody may take it for the same.
        let job = unlock(&stage, &found.removed).await;
        assert_eq!((job.state, job.reason), (JobState::Failed, Some(Reason::LocksChanged)), "{restic:?}");
        assert_eq!(lock_files(&stage), 1);

        let job = unlock(&stage, &found.left).await;
        assert_eq!((job.state, job.numbers.locks_removed), (JobState::Succeeded, Some(1)), "{restic:?}");
        assert_eq!(lock_files(&stage), 0);
        assert!(shown(&stage).await.is_empty());
        kill(alive);
        let job = unlock(&stage, &found.left).await;
        assert_eq!(
            (job.state, job.numbers.locks_removed),
            (JobState::Succeeded, Some(0)),
            "{restic:?}: none is there"
        );
        assert_eq!(told(&stage).await, [1, 0], "{restic:?}");
    }
}

/// restic takes such a lock for alive until it is old, and to remove all locks may mean a living one that came just now.
#[tokio::test]
async fn a_number_that_another_program_bears_is_waited_for_and_nothing_else_is_removed() {
    for restic in real_restics() {
        let stage = ready(&restic, |_| {}).await;
        kill(holding(&stage, &restic, &OTHER_NUMBERS));
        let job = stage.do_job(JobKind::Prune, None).await;
        assert!(matches!(job.reason, Some(Reason::Locked { .. })), "{restic:?}: {:?}", job.reason);
        let log = stage.log_text(job.id).await;
        assert!(log.contains("another process bears that number now"), "{restic:?}: {log}");
        assert!(log.contains("which is not here, holds the repository's lock"), "{restic:?}: {log}");
        assert!(!log.contains("it is removed"), "{restic:?}: {log}");
        assert_eq!(lock_files(&stage), 1);
        let job = unlock(&stage, &[]).await;
        assert_eq!((job.state, job.numbers.locks_removed), (JobState::Succeeded, Some(0)), "{restic:?}");
        let job = unlock(&stage, &shown(&stage).await).await;
        assert_eq!((job.state, job.numbers.locks_removed), (JobState::Succeeded, Some(1)), "{restic:?}");
        assert_eq!(lock_files(&stage), 0);
    }
}

/// A scripted restic that met a lock, with these in the repository; how often it was told to remove what is stale.
async fn met(locks: &[(char, String, bool)], hold: Option<HoldCause>) -> (Stage, Job, usize) {
    let quick = |patience: &mut Patience| {
        patience.foreign_lock = Duration::from_millis(120);
        patience.lock_poll = Duration::from_millis(40);
    };
    let locked = r#"[ -z "$(ls "$dir/locks")" ] && { echo '{"message_type":"summary","snapshot_id":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}'; exit 0; }
      echo '{"message_type":"exit_error","code":11,"message":"unable to create lock in backend: repository is already locked exclusively by PID 1 on other by root (UID 0, GID 0)"}' >&2; exit 11"#;
    let (stage, notes) = script::stage(locked, quick).await;
    for (letter, lock, stale) in locks {
        script::put_lock(&notes, *letter, lock, *stale);
    }
    if let Some(cause) = hold {
        let at = stage.world.now();
        let set = stage.store.write::<_, StoreError>(move |tx| holds::set(tx, cause, None, "look at it", at));
        set.await.unwrap();
    }
    let job = stage.do_job(JobKind::Backup, Some("default")).await;
    let argv = std::fs::read_to_string(notes.join("argv")).unwrap();
    assert!(!argv.contains("--remove-all"), "{argv}");
    let unlocks = argv.lines().filter(|line| *line == "unlock").count();
    (stage, job, unlocks)
}

#[tokio::test]
async fn a_dead_lock_stays_while_restic_could_take_a_living_one_for_stale() {
    let host = World::real().hostname();
    // No process has this number.
    let dead = |stale| ('a', script::lock(&host, 4_194_305, 40), stale);
    let other = |minutes, stale| ('b', script::lock("other", 1, minutes), stale);

    // As another machine of this name would make it: only its age tells that it is dead.
    let namesake = || ('b', script::lock(&host, 4_194_306, 2), true);
    let (stage, job, unlocks) = met(&[namesake()], None).await;
    assert!(matches!(job.reason, Some(Reason::Locked { .. })), "{:?}", job.reason);
    assert!(unlocks == 0 && !shown(&stage).await[0].dead);
    let (stage, job, unlocks) = met(&[dead(true), namesake()], None).await;
    assert!(matches!(job.reason, Some(Reason::Locked { .. })), "{:?}", job.reason);
    let log = stage.log_text(job.id).await;
    assert!(unlocks == 0 && log.contains("another machine may bear this host's name"), "{log}");

    let (_, job, unlocks) = met(&[dead(true)], None).await;
    assert_eq!((job.state, unlocks), (JobState::Succeeded, 1), "{:?}", job.reason);

    // Its clock is behind, or ours ahead.
    let (stage, job, unlocks) = met(&[dead(true), other(31, true)], None).await;
    assert!(matches!(job.reason, Some(Reason::Locked { .. })), "{:?}", job.reason);
    let log = stage.log_text(job.id).await;
    assert!(log.contains("stays: the lock of PID 1 at other"), "{log}");
    assert!(log.contains("waiting") && !log.contains("it is removed"), "{log}");
    assert_eq!((unlocks, shown(&stage).await.len()), (0, 2), "{log}");

    let (stage, job, unlocks) = met(&[dead(true), other(2, false)], None).await;
    assert!(matches!(job.reason, Some(Reason::Locked { .. })), "{:?}", job.reason);
    assert_eq!((unlocks, shown(&stage).await.len()), (1, 1), "the young one stays");

    let (stage, job, unlocks) = met(&[dead(true), ('c', "no lock".to_owned(), false)], None).await;
    let log = stage.log_text(job.id).await;
    assert!(unlocks == 0 && log.contains("1 other locks could not be read"), "{log}");

    for cause in [HoldCause::ClockJumped, HoldCause::ClockDisagrees] {
        let (stage, job, unlocks) = met(&[dead(true)], Some(cause)).await;
        let log = stage.log_text(job.id).await;
        assert!(unlocks == 0 && log.contains("stays: look at it"), "{log}");
    }
}

/// Between the look at the locks and the removal, another host began to work.
#[tokio::test]
async fn named_locks_are_removed_only_if_no_other_is_there_just_before() {
    let (mut stage, notes) = script::stage(&script::saved(), |_| {}).await;
    stage.engine.drain(Duration::from_secs(5)).await;
    let named = script::put_lock(&notes, 'a', &script::lock("other", 1, 2), false);
    script::put_lock(&notes, 'b', &script::lock("third", 2, 0), false);
    std::fs::rename(notes.join("locks").join("b".repeat(64)), notes.join("later")).unwrap();
    let comes =
        "[ \"$1\" = cat ] && [ \"$2\" = lock ] && mv \"$dir/later\" \"$dir/locks/$(printf b%.0s $(seq 64))\"";
    let restic = script::write_with(&notes, comes, &script::saved());
    stage.use_restic(&restic);
    stage.run();
    let mut request = Stage::request(JobKind::Unlock, None);
    request.options.locks = vec![named];
    let id = stage.engine.submit(request).await.unwrap();
    let job = stage.over(id).await;
    assert_eq!((job.state, job.reason), (JobState::Failed, Some(Reason::LocksChanged)));
    let argv = std::fs::read_to_string(notes.join("argv")).unwrap();
    assert!(!argv.contains("unlock"), "{argv}");
}

#[tokio::test]
async fn a_job_that_waits_for_a_lock_gives_way_to_whoever_unlocks() {
    let restic = real_restics().pop().unwrap();
    let long = |patience: &mut Patience| patience.foreign_lock = Duration::from_mins(5);
    let stage = ready(&restic, long).await;
    let holder = elsewhere(&stage, &restic);
    let waiting = stage.submit(JobKind::Check, None).await;
    stage.until("the lock is met", |jobs| jobs.iter().find(|job| job.id == waiting)?.process.clone()).await;
    while shown(&stage).await.is_empty() {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let seen = shown(&stage).await;
    let job = unlock(&stage, &seen).await;
    assert_eq!((job.state, job.numbers.locks_removed), (JobState::Succeeded, Some(1)));
    let gave_way = stage.over(waiting).await;
    assert!(matches!(gave_way.reason, Some(Reason::Locked { .. })), "{:?}", gave_way.reason);
    assert!(stage.log_text(waiting).await.contains("this job gives way"));
    kill(holder);
}

/// A full disk leaves half of a lock: restic refuses to work beside it, and says no more of it than its name.
#[tokio::test]
async fn a_torn_lock_is_shown_and_can_be_named() {
    for restic in real_restics() {
        let stage = ready(&restic, |_| {}).await;
        let id = "5c".repeat(32);
        std::fs::write(stage.path("repo/locks").join(&id), "torn").unwrap();
        let job = unlock(&stage, &[]).await;
        let Some(JobResult::Unlock(found)) = &job.result else { panic!("{restic:?}: {job:?}") };
        assert_eq!(found.left, [Lock::unread(id)], "{restic:?}");
        assert_eq!(shown(&stage).await, found.left);
        let job = unlock(&stage, &found.left).await;
        assert_eq!((job.state, job.numbers.locks_removed), (JobState::Succeeded, Some(1)), "{restic:?}");
        assert!(lock_files(&stage) == 0 && shown(&stage).await.is_empty());
        assert_eq!(stage.do_job(JobKind::Backup, Some("default")).await.state, JobState::Succeeded);
        stage.quiet().await;
    }
}

/// More than a record may name: the job ends all the same, and says how many there are.
#[tokio::test]
async fn however_many_locks_there_are_the_job_that_looks_at_them_ends() {
    let (stage, notes) = script::stage(&script::saved(), |_| {}).await;
    std::fs::create_dir_all(notes.join("locks")).unwrap();
    for n in 0..2_000 {
        std::fs::write(notes.join("locks").join(format!("{n:064x}")), "no lock").unwrap();
    }
    let job = unlock(&stage, &[]).await;
    let Some(JobResult::Unlock(found)) = &job.result else { panic!("{job:?}") };
    assert_eq!((job.state, found.left.len(), shown(&stage).await.len()), (JobState::Succeeded, 200, 200));
    assert!(stage.log_text(job.id).await.contains("0 locks are removed, 2000 are left"));
}

/// Begins a backup, stops its restic where it cannot remove its lock any more, and returns the job.
async fn held_up(stage: &Stage) -> wire::id::JobId {
    std::fs::write(stage.path("src/new.bin"), noise(4_000_000)).unwrap();
    let mut request = Stage::request(JobKind::Backup, Some("default"));
    request.options.upload_kib_s = Some(100);
    let id = stage.engine.submit(request).await.unwrap();
    stage.locking_restic(id).await;
    let deadline = Instant::now() + Duration::from_secs(30);
    while lock_files(stage) == 0 {
        assert!(Instant::now() < deadline, "the backup made no lock");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let pid = stage.locking_restic(id).await.pid;
    assert!(Command::new("kill").args(["-STOP", &pid.to_string()]).status().unwrap().success());
    id
}

/// As a host has it: a young lock of this host's name is another machine's, unless it is known as its own.
fn as_a_host(patience: &mut Patience) {
    patience.unrefreshed = Patience::default().unrefreshed;
    patience.term_to_kill = Duration::from_millis(100);
}

async fn next_agent_removes_it(stage: &mut Stage, restic: &Path) {
    stage.restart();
    stage.run();
    let job = stage.do_job(JobKind::Prune, None).await;
    let log = stage.log_text(job.id).await;
    assert_eq!((job.state, &job.reason), (JobState::Succeeded, &None), "{restic:?}: {log}");
    assert!(log.contains("is this host's own and its process is gone: it is removed"), "{restic:?}: {log}");
    assert_eq!(lock_files(stage), 0, "{restic:?}");
}

#[tokio::test]
async fn the_lock_of_a_restic_that_ended_with_its_agent_is_known_to_the_next_agent() {
    for restic in real_restics() {
        let mut stage = ready(&restic, as_a_host).await;
        let begun = held_up(&stage).await;
        assert!(stage.engine.drain(Duration::from_secs(20)).await.is_empty(), "{restic:?}");
        let job = stage.over(begun).await;
        assert_eq!((job.state, job.reason), (JobState::Interrupted, Some(Reason::AgentStopped)));
        assert_eq!(lock_files(&stage), 1, "{restic:?}");
        next_agent_removes_it(&mut stage, &restic).await;
    }
}

/// The agent after it found the repository closed, and so only wrote down how the job ended.
#[tokio::test]
async fn the_lock_of_a_killed_agents_restic_is_known_to_the_agent_after_the_next() {
    for restic in real_restics() {
        let mut stage = Stage::new(World::real(), &restic, |patience| {
            patience.foreign_lock = Duration::from_millis(300);
            patience.lock_poll = Duration::from_millis(100);
            as_a_host(patience);
        });
        let src = source(&stage);
        let agent = stage.run();
        stage.plan(&[&src]).await;
        assert_eq!(stage.do_job(JobKind::Backup, Some("default")).await.state, JobState::Succeeded);
        stage.quiet().await;
        let begun = held_up(&stage).await;
        agent.abort();
        assert!(agent.await.unwrap_err().is_cancelled());
        stage.doors.shut(true);
        stage.restart();
        stage.run();
        let job = stage.over(begun).await;
        assert_eq!((job.state, job.reason), (JobState::Interrupted, Some(Reason::AgentDied)));
        stage.engine.drain(Duration::from_secs(20)).await;
        assert_eq!(lock_files(&stage), 1, "{restic:?}");
        stage.doors.shut(false);
        next_agent_removes_it(&mut stage, &restic).await;
    }
}
