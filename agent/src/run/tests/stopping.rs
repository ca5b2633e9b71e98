//! Each kind, cancelled in the middle and killed in the middle, with every real restic: afterwards the repository is as
//! sound as it was, holds no lock, and the next job of the kind runs without anybody's help.

use std::{
    io::Write as _,
    os::unix::fs::PermissionsExt as _,
    path::PathBuf,
    time::{Duration, Instant},
};

use wire::{
    job::{JobKind, JobState, Origin, Reason},
    plan::{Plan, Repository, Retention},
};

use super::*;
use crate::{
    run::{JobRequest, SubmitError},
    store::jobs::Job,
};

/// While this file is there, what needs no lock takes its time.
const SLOW: &str = "slow";

/// The real restic without its cache, so that a limit of its speed is felt by everything that it reads.
fn unhurried(dir: &Path, restic: &Path) -> PathBuf {
    let path = dir.join("unhurried");
    let mut file = std::fs::File::create(&path).unwrap();
    writeln!(
        file,
        "#!/bin/sh\ncase \"$1\" in cat|init|list|unlock|snapshots) [ ! -e '{0}/{SLOW}' ] || sleep 3 ;; esac\nexec {1} --no-cache \"$@\"",
        dir.display(),
        restic.display()
    )
    .unwrap();
    file.set_permissions(std::fs::Permissions::from_mode(0o755)).unwrap();
    path
}

struct Scene {
    stage: Stage,
    restic: PathBuf,
    src: PathBuf,
    kind: JobKind,
}

impl Scene {
    async fn new(restic: PathBuf, kind: JobKind) -> Self {
        let mut stage = Stage::real(Path::new("/nowhere/restic"));
        stage.use_restic(&unhurried(stage.dir.path(), &restic));
        let src = source(&stage);
        std::fs::write(src.join("kept.bin"), noise(1_500_000)).unwrap();
        stage.run();
        let scene = Self { stage, restic, src, kind };
        if kind == JobKind::Copy {
            light::lay_another(&scene.stage.path("repo2"));
        }
        scene.stage.give_password("main", PASSWORD);
        scene.stage.give_password("second", PASSWORD);
        let plan = scene.plan();
        scene.stage.set_plan(plan).await;
        scene.succeeds(JobKind::Backup).await;
        scene.stage.quiet().await;
        scene
    }

    fn plan(&self) -> Plan {
        let mut plan = self.stage.simple_plan(&[&self.src]);
        let retention = Retention { keep_last: 1, ..Retention::KEEP_EVERYTHING };
        plan.groups.values_mut().for_each(|group| group.retention = retention.clone());
        if self.kind == JobKind::Copy {
            let path = self.stage.path("repo2");
            let backend = serde_json::json!({ "kind": "local", "path": path });
            let second = Repository::new(serde_json::from_value(backend).unwrap());
            plan.repositories.insert("second".parse().unwrap(), second);
        }
        plan
    }

    async fn request(&self, kind: JobKind) -> JobRequest {
        let group = matches!(
            kind,
            JobKind::Backup
                | JobKind::Forget
                | JobKind::Copy
                | JobKind::DryRun
                | JobKind::RetentionPreview
                | JobKind::Drill
        );
        let mut request = Stage::request(kind, group.then_some("default"));
        match kind {
            JobKind::Copy => request.options.to = Some("second".parse().unwrap()),
            JobKind::Check => request.options.read_data_percent = Some(100),
            JobKind::RetentionPreview => request.options.retention = Some(Retention::default()),
            JobKind::Restore => {
                let made = self.stage.jobs().await.into_iter().find_map(|job| job.numbers.snapshot);
                request.options.restore = Some(Box::new(restoring::all_of(&self.stage, &made.unwrap())));
            }
            _ => {}
        }
        request
    }

    async fn run(&self, request: JobRequest) -> Job {
        // What waits for another attempt would only be brought forward, at the old speed.
        for open in self.stage.jobs().await.iter().filter(|job| !job.state.is_over()) {
            self.stage.engine.cancel(open.id, "ada").await.unwrap();
        }
        match self.stage.engine.submit(request).await {
            Ok(id) | Err(SubmitError::AlreadyWaiting(id)) => self.stage.over(id).await,
            Err(error) => panic!("{error}"),
        }
    }

    async fn succeeds(&self, kind: JobKind) {
        let job = self.run(self.request(kind).await).await;
        assert_eq!((job.state, &job.reason), (JobState::Succeeded, &None), "{kind:?} with {:?}", self.restic);
    }

    /// Something that the kind has to do.
    async fn prepare(&self) {
        match self.kind {
            JobKind::Backup => {
                std::fs::write(self.src.join("new.bin"), noise(4_000_000)).unwrap();
            }
            JobKind::Forget | JobKind::Prune | JobKind::Copy => {
                std::fs::write(self.src.join("passing.bin"), noise(1_500_000)).unwrap();
                self.succeeds(JobKind::Backup).await;
                std::fs::remove_file(self.src.join("passing.bin")).unwrap();
                self.succeeds(JobKind::Backup).await;
                if self.kind == JobKind::Prune {
                    self.succeeds(JobKind::Forget).await;
                }
            }
            _ => {}
        }
        self.stage.quiet().await;
    }

    /// One that is new in the plan is made without being asked.
    async fn begin_init(&self, name: &str) -> Job {
        std::fs::write(self.stage.path(SLOW), "").unwrap();
        self.stage.give_password(name, PASSWORD);
        let mut plan = self.plan();
        let backend = serde_json::json!({ "kind": "local", "path": self.stage.path(name) });
        let new = Repository::new(serde_json::from_value(backend).unwrap());
        plan.repositories.insert(name.parse().unwrap(), new);
        self.stage.set_plan(plan).await;
        let is_it = |job: &&Job| job.subject.repository.as_str() == name && job.process.is_some();
        self.stage.until("restic runs for an init", |jobs| jobs.iter().find(is_it).cloned()).await
    }

    /// It is made after all, and is sound.
    async fn is_made(&self, begun: &Job) {
        std::fs::remove_file(self.stage.path(SLOW)).unwrap();
        let name = begun.subject.repository.clone();
        let job = self.run(JobRequest::new(JobKind::Init, name.clone(), None, Origin::Local)).await;
        assert_eq!((job.state, &job.reason), (JobState::Succeeded, &None), "Init with {:?}", self.restic);
        self.stage.quiet().await;
        let mut check = hand(&self.stage, &self.restic);
        let found =
            check.env("RESTIC_REPOSITORY", self.stage.path(name.as_str())).arg("check").output().unwrap();
        assert!(found.status.success(), "{:?}: {}", self.restic, String::from_utf8_lossy(&found.stderr));
    }

    /// Begins the job, slowly, and returns it as soon as restic is at work.
    async fn begin(&self) -> Job {
        std::fs::write(self.stage.path(SLOW), "").unwrap();
        let mut request = self.request(self.kind).await;
        let (down, up) = match self.kind {
            JobKind::Backup => (None, Some(200)),
            JobKind::Prune | JobKind::Check | JobKind::Copy | JobKind::Drill | JobKind::Restore => {
                (Some(150), Some(150))
            }
            _ => (Some(1), Some(1)),
        };
        (request.options.download_kib_s, request.options.upload_kib_s) = (down, up);
        if holds_a_lock(self.kind) {
            std::fs::remove_file(self.stage.path(SLOW)).unwrap();
        }
        let id = self.stage.engine.submit(request).await.unwrap();
        let what = format!("restic runs for {:?}", self.kind);
        self.stage.until(&what, |jobs| jobs.iter().find(|job| job.id == id)?.process.clone()).await;
        let deadline = Instant::now() + Duration::from_secs(30);
        while holds_a_lock(self.kind) && !self.is_locked() {
            let job = self.stage.jobs().await.into_iter().find(|job| job.id == id).unwrap();
            assert!(
                !job.state.is_over() && Instant::now() < deadline,
                "{:?} {:?}: {job:?}",
                self.kind,
                self.restic
            );
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        self.stage.jobs().await.into_iter().find(|job| job.id == id).unwrap()
    }

    fn is_locked(&self) -> bool {
        let place = if self.kind == JobKind::Copy { "repo2/locks" } else { "repo/locks" };
        let entries = std::fs::read_dir(self.stage.path(place)).into_iter().flatten();
        entries.filter_map(Result::ok).any(|entry| entry.file_name().len() == 64)
    }

    /// The repository is sound, and the next one of the kind runs.
    async fn is_as_before(&self) {
        // Where it was not removed as soon as restic held its lock.
        let _ = std::fs::remove_file(self.stage.path(SLOW));
        assert_eq!(lock_count(&self.stage, &self.restic), 0, "{:?} {:?} left a lock", self.kind, self.restic);
        self.succeeds(self.kind).await;
        self.stage.quiet().await;
        assert_eq!(lock_count(&self.stage, &self.restic), 0, "{:?} {:?}", self.kind, self.restic);
        by_hand(&self.stage, &self.restic, &["check"]);
        if self.kind == JobKind::Copy {
            let mut check = hand(&self.stage, &self.restic);
            check.env("RESTIC_REPOSITORY", self.stage.path("repo2")).arg("check");
            assert!(check.output().unwrap().status.success(), "{:?}", self.restic);
        }
    }

    async fn survives_both(&self) {
        for (name, is_cancelled) in [("third", true), ("fourth", false)] {
            self.prepare().await;
            let begun =
                if self.kind == JobKind::Init { self.begin_init(name).await } else { self.begin().await };
            if is_cancelled {
                self.is_cancelled(&begun).await;
            } else {
                self.is_killed(&begun).await;
            }
            if self.kind == JobKind::Init {
                self.is_made(&begun).await;
            } else {
                self.is_as_before().await;
            }
        }
    }

    async fn is_cancelled(&self, begun: &Job) {
        let asked = Instant::now();
        self.stage.engine.cancel(begun.id, "ada").await.unwrap();
        let job = self.stage.over(begun.id).await;
        let reason = Reason::CancelledBy { person: "ada".to_owned() };
        let who = format!("{:?} {:?}", self.kind, self.restic);
        assert_eq!((job.state, job.reason), (JobState::Cancelled, Some(reason)), "{who}");
        assert!(asked.elapsed() < Duration::from_secs(15), "{who}: {:?}", asked.elapsed());
    }

    async fn is_killed(&self, begun: &Job) {
        // Some kinds are several calls of restic: the one that was seen may have ended meanwhile.
        let is_killed = |jobs: &[Job]| {
            let job = jobs.iter().find(|job| job.id == begun.id)?;
            assert!(!job.state.is_over(), "{:?} {:?} ended by itself: {job:?}", self.kind, self.restic);
            let pid = job.process.as_ref()?.pid.to_string();
            Command::new("kill").args(["-9", &pid]).status().unwrap().success().then_some(())
        };
        self.stage.until("restic is killed", is_killed).await;
        let job = self.stage.over(begun.id).await;
        // Whether anything is there could not be told: then an init tries, which does no harm to what is.
        let goes_on = self.kind == JobKind::Init && job.state == JobState::Succeeded;
        let who = format!("{:?} {:?}: {:?}", self.kind, self.restic, job.reason);
        assert!(goes_on || job.state == JobState::Failed, "{who}");
    }
}

/// Whether it is at work only when the repository is locked.
const fn holds_a_lock(kind: JobKind) -> bool {
    match kind {
        JobKind::Backup
        | JobKind::Forget
        | JobKind::Stats
        | JobKind::Prune
        | JobKind::Check
        | JobKind::Copy
        | JobKind::Drill
        | JobKind::Restore => true,
        JobKind::Init
        | JobKind::Probe
        | JobKind::Snapshots
        | JobKind::DryRun
        | JobKind::RetentionPreview
        | JobKind::Unlock => false,
    }
}

/// All versions side by side: most of the time they wait.
async fn each_restic(kind: JobKind) {
    let mut running = tokio::task::JoinSet::new();
    for restic in real_restics() {
        running.spawn(async move { Scene::new(restic, kind).await.survives_both().await });
    }
    while let Some(ended) = running.join_next().await {
        ended.unwrap();
    }
}

macro_rules! kinds {
    ($($name:ident: $kind:ident,)*) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 3)]
            async fn $name() {
                each_restic(JobKind::$kind).await;
            }
        )*

        #[test]
        fn no_kind_is_forgotten() {
            assert_eq!([$(JobKind::$kind),*].len(), JobKind::ALL.len());
            assert!(JobKind::ALL.iter().all(|kind| [$(JobKind::$kind),*].contains(kind)));
        }
    };
}

kinds! {
    an_init_may_be_stopped: Init,
    a_probe_may_be_stopped: Probe,
    a_backup_may_be_stopped: Backup,
    a_forget_may_be_stopped: Forget,
    a_listing_may_be_stopped: Snapshots,
    numbers_may_be_stopped: Stats,
    a_dry_run_may_be_stopped: DryRun,
    a_retention_preview_may_be_stopped: RetentionPreview,
    a_prune_may_be_stopped: Prune,
    a_check_may_be_stopped: Check,
    an_unlock_may_be_stopped: Unlock,
    a_copy_may_be_stopped: Copy,
    a_drill_may_be_stopped: Drill,
    a_restore_may_be_stopped: Restore,
}
