//! What an agent leaves that is killed in the middle of a kind of work: nothing in anybody's way.

use agent::run::SubmitError;

use super::*;

/// The real restic without its cache: a limit of its speed is felt by everything that it reads.
fn without_cache(dir: &Path, restic: &Path) -> PathBuf {
    let path = dir.join("unhurried");
    let mut file = fs::File::create(&path).unwrap();
    writeln!(file, "#!/bin/sh\nexec {} --no-cache \"$@\"", restic.display()).unwrap();
    file.set_permissions(fs::Permissions::from_mode(0o755)).unwrap();
    path
}

impl Scene {
    /// One job by an agent that lives, and what follows it.
    async fn does(&self, kind: JobKind) -> jobs::Job {
        let (_store, engine, task) = engine(self.dir.path(), &self.restic);
        let running = tokio::spawn(task.run());
        let id = loop {
            let waiting = match engine.submit(request(kind, false)).await {
                Ok(id) => break id,
                Err(SubmitError::AlreadyWaiting(waiting)) => waiting,
                Err(error) => panic!("{error}"),
            };
            // What a dead agent left is settled by itself; the attempt that follows would go at the old speed.
            let state = jobs_of(self.dir.path()).into_iter().find(|job| job.id == waiting).unwrap().state;
            if state == JobState::Queued {
                engine.cancel(waiting, "ada").await.unwrap();
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        };
        let done = wait("the job is over", || {
            jobs_of(self.dir.path()).into_iter().find(|job| job.id == id && job.state.is_over())
        });
        let done = done.await;
        // What follows it too: a restic 0.14 that is stopped with its agent leaves a lock, which is not what is told here.
        wait("nothing is open", || {
            jobs_of(self.dir.path()).iter().all(|job| job.state.is_over()).then_some(())
        })
        .await;
        engine.drain(Duration::from_secs(20)).await;
        running.await.unwrap();
        done
    }

    /// Two snapshots, of which one is worth forgetting, and data that only the first needs.
    async fn fill(&self) {
        for name in ["passing.bin", "kept.bin"] {
            let mut noise = vec![0; 1_500_000];
            getrandom::fill(&mut noise).unwrap();
            fs::write(self.dir.path().join("src").join(name), noise).unwrap();
        }
        for _ in 0..2 {
            let job = self.does(JobKind::Backup).await;
            assert_eq!(job.state, JobState::Succeeded, "{:?}", job.reason);
            let _ = fs::remove_file(self.dir.path().join("src/passing.bin"));
        }
    }

    fn locks(&self) -> usize {
        let files =
            ["repo/locks", "repo2/locks"].map(|place| fs::read_dir(self.dir.path().join(place)).unwrap());
        files.into_iter().flatten().filter_map(Result::ok).filter(|it| it.file_name().len() == 64).count()
    }
}

/// Kills the agent while restic is at work for this kind, with its lock where it takes one; the next agent does the same work without help.
async fn survives(restic: PathBuf, kind: JobKind) {
    let scene = Scene::new(restic.clone()).await;
    scene.fill().await;
    if kind == JobKind::Prune {
        assert_eq!(scene.does(JobKind::Forget).await.state, JobState::Succeeded);
    }
    let mut agent = scene.start_agent(&without_cache(scene.dir.path(), &restic), kind);
    let job = || {
        jobs_of(scene.dir.path()).into_iter().find(|job| job.subject.kind == kind && job.process.is_some())
    };
    let takes_a_lock = kind != JobKind::DryRun;
    let world = World::real();
    // The restic that is known by its number, and none that the agent started after it and has not written down yet: the
    // lock of such a one is told by its age alone.
    let is_known = |job: &jobs::Job| job.process.as_ref().is_some_and(|process| world.is_alive(process));
    let is_at_work = |job: &jobs::Job| is_known(job) && (scene.locks() > 0 || !takes_a_lock);
    let began = wait("restic is at work", || job().filter(is_at_work)).await;
    agent.kill().unwrap();
    agent.wait().unwrap();
    let process = job().and_then(|job| job.process).unwrap();
    wait("restic died with its agent", || (!world.is_alive(&process)).then_some(())).await;

    let done = scene.does(kind).await;
    assert_eq!(
        (done.state, &done.reason),
        (JobState::Succeeded, &None),
        "{kind:?} with {}",
        restic.display()
    );
    let died = jobs_of(scene.dir.path()).into_iter().find(|job| job.id == began.id).unwrap();
    assert_eq!((died.state, died.reason), (JobState::Interrupted, Some(Reason::AgentDied)), "{kind:?}");
    assert_eq!(scene.locks(), 0, "{kind:?} with {}", restic.display());
    let restored = fs::read_dir(scene.dir.path().join("data/drill")).into_iter().flatten();
    assert_eq!(restored.count(), 0, "{kind:?}: what a drill restored is gone with it");
    scene.by_hand(&["check"]);
}

#[tokio::test]
async fn an_agent_that_dies_while_it_prunes_leaves_nothing_in_the_way() {
    for restic in real_restics() {
        survives(restic, JobKind::Prune).await;
    }
}

#[tokio::test]
async fn an_agent_that_dies_while_it_checks_or_copies_leaves_nothing_in_the_way() {
    let restic = real_restics().pop().unwrap();
    for kind in [JobKind::Check, JobKind::Copy] {
        survives(restic.clone(), kind).await;
    }
}

#[tokio::test]
async fn an_agent_that_dies_while_it_forgets_or_reads_leaves_nothing_in_the_way() {
    let restic = real_restics().pop().unwrap();
    for kind in [JobKind::Forget, JobKind::Stats] {
        survives(restic.clone(), kind).await;
    }
}

#[tokio::test]
async fn an_agent_that_dies_while_it_drills_or_looks_ahead_leaves_nothing_in_the_way() {
    let restic = real_restics().pop().unwrap();
    for kind in [JobKind::Drill, JobKind::DryRun] {
        survives(restic.clone(), kind).await;
    }
}
