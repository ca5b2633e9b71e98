//! Restores with every real restic: what comes back is what was saved, and nothing goes where it must not.

mod borrowing;
mod limits;

use std::{
    ffi::OsStr,
    fs,
    os::unix::{
        ffi::OsStrExt as _,
        fs::{MetadataExt as _, PermissionsExt as _},
    },
    path::PathBuf,
    time::{Duration, UNIX_EPOCH},
};

use serde_json::json;
use wire::{
    action::JobOptions,
    job::{JobKind, JobResult, JobState, Origin, Reason, RestoreResult},
    path::RawPath,
    restore::{Restore, RestoreTarget},
};

use super::*;
use crate::{
    run::JobRequest,
    store::{StoreError, jobs::Job, snapshots},
};

/// Everything, into a directory of its own.
pub(super) fn all_of(stage: &Stage, snapshot: &str) -> Restore {
    let path = stage.path("restored").join(stage.world.job_id().to_string());
    let target = json!({ "to": "directory", "path": path });
    serde_json::from_value(json!({ "repository": "main", "snapshot": snapshot, "target": target })).unwrap()
}

const OLD: &str = "restic-0.14.0";

fn is_old(restic: &Path) -> bool {
    restic.ends_with(OLD) || restic.starts_with("/usr")
}

struct Case {
    stage: Stage,
    src: PathBuf,
    snapshot: String,
    is_old: bool,
}

impl Case {
    async fn new(restic: &Path, prepare: impl Fn(&Path)) -> Self {
        let mut stage = Stage::real(restic);
        let src = source(&stage);
        prepare(&src);
        stage.run();
        stage.plan(&[&src]).await;
        let job = stage.do_job(JobKind::Backup, Some("default")).await;
        assert_eq!(job.state, JobState::Succeeded, "{restic:?}: {:?}", job.reason);
        stage.quiet().await;
        let all = stage
            .store
            .read::<_, StoreError>(|connection| snapshots::all(connection, &"main".parse().unwrap()))
            .await
            .unwrap();
        Self { snapshot: all[0].id.clone(), is_old: is_old(restic), stage, src }
    }

    fn to(&self, name: &str) -> RestoreTarget {
        RestoreTarget::Directory { path: self.stage.path(name).to_str().unwrap().to_owned(), base: None }
    }

    fn wanted(&self, target: RestoreTarget, picks: &[(&Path, bool)]) -> Restore {
        let mut restore: Restore = serde_json::from_value(json!({
            "repository": "main", "snapshot": self.snapshot, "target": { "to": "fresh" },
        }))
        .unwrap();
        restore.target = target;
        restore.picks = picks
            .iter()
            .map(|(path, take)| wire::restore::Pick {
                path: RawPath::from_bytes(path.as_os_str().as_bytes()),
                take: *take,
            })
            .collect();
        restore.validate().unwrap();
        restore
    }

    async fn ask(&self, restore: &Restore) -> wire::id::JobId {
        let options = JobOptions { restore: Some(Box::new(restore.clone())), ..JobOptions::default() };
        let origin =
            Origin::Operator { person: "ann".to_owned(), order: wire::id::OrderId(uuid::Uuid::from_u128(1)) };
        let request = JobRequest::new(JobKind::Restore, restore.repository.clone(), None, origin);
        self.stage.engine.submit(JobRequest { options, ..request }).await.unwrap()
    }

    async fn restore(&self, restore: &Restore) -> (Job, RestoreResult) {
        let job = self.stage.over(self.ask(restore).await).await;
        let told = match job.result.clone() {
            Some(JobResult::Restore(told)) => told,
            None => RestoreResult::default(),
            other => panic!("{other:?}"),
        };
        (job, told)
    }

    /// Where a path of the source comes back to.
    fn back(&self, target: &str, name: &OsStr) -> PathBuf {
        let below = self.src.strip_prefix("/").unwrap();
        self.stage.path(target).join(below).join(name)
    }
}

const ODD: [&[u8]; 5] = [b"st*r[x]", b"back\\slash", b"new\nline", b"no\xfftext", b"!bang"];

#[tokio::test]
async fn a_file_is_back_to_the_byte_with_mode_time_and_owner_whatever_it_is_called() {
    let is_root = rustix::process::geteuid().is_root();
    for restic in real_restics() {
        let case = Case::new(&restic, |src| {
            for name in ODD {
                let path = src.join(OsStr::from_bytes(name));
                fs::write(&path, name).unwrap();
                fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
                let time = UNIX_EPOCH + Duration::new(1_600_000_000, 123_456_789);
                fs::File::open(&path).unwrap().set_modified(time).unwrap();
                if is_root {
                    std::os::unix::fs::chown(&path, Some(1234), Some(4321)).unwrap();
                }
            }
            // What a pattern like the first name would match as well.
            fs::write(src.join("stir"), "other").unwrap();
        })
        .await;
        let paths: Vec<PathBuf> = ODD.iter().map(|name| case.src.join(OsStr::from_bytes(name))).collect();
        let picks: Vec<(&Path, bool)> = paths.iter().map(|path| (path.as_path(), true)).collect();
        let restore = Restore { verify: true, ..case.wanted(case.to("new/deep"), &picks) };
        for path in &paths {
            fs::write(path, "changed since").unwrap();
        }
        let (job, told) = case.restore(&restore).await;
        let log = case.stage.log_text(job.id).await;
        assert_eq!((job.state, &job.reason), (JobState::Succeeded, &None), "{restic:?}: {log}");
        assert_eq!((job.numbers.files_total, told.verified), (Some(5), Some(5)), "{restic:?}: {log}");
        assert!(told.restored == 5 && told.target.ends_with("/new/deep"), "{told:?}");
        for name in ODD {
            let back = case.back("new/deep", OsStr::from_bytes(name));
            assert_eq!(fs::read(&back).unwrap(), name, "{restic:?}");
            let meta = fs::metadata(&back).unwrap();
            assert_eq!((meta.mode() & 0o777, meta.mtime_nsec()), (0o640, 123_456_789), "{restic:?}");
            assert!(!is_root || (meta.uid(), meta.gid()) == (1234, 4321), "{restic:?}");
        }
        assert!(!case.back("new/deep", OsStr::new("stir")).exists(), "{restic:?}: only what was picked");
        for made in ["new", "new/deep"] {
            let mode = fs::metadata(case.stage.path(made)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o700, "{restic:?}");
        }
        // The same place is taken now.
        let again = Restore { verify: false, ..restore };
        let (job, _) = case.restore(&again).await;
        assert!(matches!(job.reason, Some(Reason::TargetTaken { .. })), "{restic:?}: {:?}", job.reason);
        case.stage.quiet().await;
    }
}

#[tokio::test]
async fn ticks_within_ticks_and_what_is_not_there() {
    for restic in real_restics() {
        let case = Case::new(&restic, |src| {
            fs::write(src.join("sub/three.txt"), "three").unwrap();
        })
        .await;
        let src = case.src.clone();
        let (sub, two, gone) = (src.join("sub"), src.join("sub/two.txt"), src.join("gone"));
        let picks = [(src.as_path(), true), (&sub, false), (&two, true), (&gone, true)];
        let (job, told) = case.restore(&case.wanted(case.to("out"), &picks)).await;
        let log = case.stage.log_text(job.id).await;
        assert_eq!((job.state, job.numbers.files_total), (JobState::Succeeded, Some(2)), "{restic:?}: {log}");
        let there = |name: &str| case.back("out", OsStr::new(name)).exists();
        assert!(there("one.txt") && there("sub/two.txt") && !there("sub/three.txt"), "{restic:?}: {log}");
        assert!(told.warnings.iter().any(|it| it.contains("/gone")), "{restic:?}: {:?}", told.warnings);
        assert!(!log.contains("verbose_status"), "{log}");

        let (job, _) = case.restore(&case.wanted(case.to("none"), &[(&gone, true)])).await;
        assert!(matches!(job.reason, Some(Reason::NotInSnapshot { .. })), "{restic:?}: {:?}", job.reason);
        assert!(!case.stage.path("none").exists(), "{restic:?}: nothing was written");

        // A directory's contents, without its path.
        let RestoreTarget::Directory { path, .. } = case.to("flat") else { panic!("a directory") };
        let base = Some(RawPath::from_bytes(src.as_os_str().as_bytes()));
        let flat = case.wanted(RestoreTarget::Directory { path, base }, &[(&two, true)]);
        let (job, _) = case.restore(&flat).await;
        if case.is_old {
            assert!(matches!(job.reason, Some(Reason::ResticTooOld { .. })), "{:?}", job.reason);
            assert!(!case.stage.path("flat").exists());
        } else {
            assert_eq!(job.state, JobState::Succeeded, "{restic:?}: {:?}", job.reason);
            assert_eq!(fs::read(case.stage.path("flat/sub/two.txt")).unwrap(), b"two", "{restic:?}");
            assert!(!case.stage.path("flat/one.txt").exists(), "{restic:?}");
        }
        case.stage.quiet().await;
    }
}

#[tokio::test]
async fn a_dry_run_says_what_it_would_and_writes_nothing() {
    for restic in real_restics() {
        let case = Case::new(&restic, |_| ()).await;
        let wanted = Restore { dry_run: true, ..case.wanted(case.to("dry/x"), &[]) };
        let (job, told) = case.restore(&wanted).await;
        assert!(!case.stage.path("dry").exists(), "{restic:?}");
        if case.is_old {
            assert!(matches!(job.reason, Some(Reason::ResticTooOld { .. })), "{:?}", job.reason);
            continue;
        }
        assert_eq!(job.state, JobState::Succeeded, "{restic:?}: {:?}", job.reason);
        let one = told.would.iter().find(|it| it.path.ends_with("/one.txt")).unwrap();
        assert_eq!((one.action.as_str(), one.bytes), ("restored", 3), "{restic:?}");
        case.stage.quiet().await;
    }
}

#[tokio::test]
async fn in_place_files_are_overwritten_by_the_rule_that_was_chosen() {
    for restic in real_restics() {
        let case = Case::new(&restic, |_| ()).await;
        let (one, two) = (case.src.join("one.txt"), case.src.join("sub/two.txt"));
        let place = || RestoreTarget::InPlace { host: HOST.to_owned() };
        let spoil = || {
            fs::write(&one, "newer").unwrap();
            let _ = fs::remove_file(&two);
        };
        for (rule, kept) in [("never", true), ("if_newer", true), ("if_changed", false), ("always", false)] {
            spoil();
            let mut wanted = case.wanted(place(), &[(&case.src, true)]);
            wanted.overwrite = serde_json::from_value(json!(rule)).unwrap();
            let (job, told) = case.restore(&wanted).await;
            if case.is_old && rule != "always" {
                assert!(matches!(job.reason, Some(Reason::ResticTooOld { .. })), "{:?}", job.reason);
                assert!(!two.exists(), "nothing was written");
                continue;
            }
            assert_eq!((job.state, &job.reason), (JobState::Succeeded, &None), "{restic:?} {rule}");
            let now = fs::read_to_string(&one).unwrap();
            assert_eq!(now == "newer", kept, "{restic:?} {rule}: {now}");
            assert_eq!((fs::read_to_string(&two).unwrap().as_str(), told.target.as_str()), ("two", "/"));
            assert!(!kept || told.skipped >= 1, "{restic:?} {rule}: {told:?}");
        }
        // The agent's own files are nobody's to restore.
        let (job, _) = case.restore(&case.wanted(place(), &[(&case.stage.path("data/x"), true)])).await;
        assert!(matches!(job.reason, Some(Reason::TargetForbidden { .. })), "{restic:?}: {:?}", job.reason);
        let (job, _) = case.restore(&case.wanted(case.to("data/x"), &[])).await;
        assert!(matches!(job.reason, Some(Reason::TargetForbidden { .. })), "{restic:?}: {:?}", job.reason);
        case.stage.quiet().await;
    }
}
