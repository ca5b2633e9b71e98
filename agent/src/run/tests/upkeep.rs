//! Prune, check and dry run with every real restic: what they find, what they free, and what they say it was.

use std::os::unix::ffi::OsStrExt as _;

use wire::{
    job::{DryRunItem, ItemChange, JobKind, JobResult, JobState, Origin, Reason},
    plan::{Plan, Retention},
};

use super::*;
use crate::store::jobs::Job;

/// What a job of this kind needs, once: a repository that is ready, and one backup of the source.
async fn opened(restic: &Path, change: impl FnOnce(&mut Plan)) -> (Stage, std::path::PathBuf) {
    let mut stage = Stage::real(restic);
    let src = source(&stage);
    stage.run();
    stage.give_password("main", PASSWORD);
    let mut plan = stage.simple_plan(&[&src]);
    change(&mut plan);
    stage.set_plan(plan).await;
    assert_eq!(stage.do_job(JobKind::Backup, Some("default")).await.state, JobState::Succeeded);
    stage.quiet().await;
    (stage, src)
}

fn keep_one(plan: &mut Plan) {
    let retention = Retention { keep_last: 1, ..Retention::KEEP_EVERYTHING };
    plan.groups.values_mut().for_each(|group| group.retention = retention.clone());
}

fn succeeded(job: &Job, restic: &Path) {
    assert_eq!((job.state, &job.reason), (JobState::Succeeded, &None), "{restic:?}");
}

#[tokio::test]
async fn a_prune_gives_back_what_no_snapshot_needs() {
    for restic in real_restics() {
        let (stage, src) = opened(&restic, keep_one).await;
        std::fs::write(src.join("large.bin"), noise(3_000_000)).unwrap();
        succeeded(&stage.do_job(JobKind::Backup, Some("default")).await, &restic);
        std::fs::remove_file(src.join("large.bin")).unwrap();
        succeeded(&stage.do_job(JobKind::Backup, Some("default")).await, &restic);
        succeeded(&stage.do_job(JobKind::Forget, Some("default")).await, &restic);
        let job = stage.do_job(JobKind::Prune, None).await;
        succeeded(&job, &restic);
        let freed = job.numbers.bytes_freed.unwrap();
        assert!((2_990_000..3_100_000).contains(&freed), "{restic:?}: {freed}");
        let log = stage.log_text(job.id).await;
        assert!(log.contains("total prune:") && !log.contains("packs processed"), "{restic:?}: {log}");
        let jobs = stage.quiet().await;
        // By a job of its own, or by one that waited already for what came before.
        let follows = |it: &Job| {
            it.subject.kind == JobKind::Stats
                && matches!(it.origin, Origin::Follow { .. })
                && it.started_at >= job.finished_at
        };
        assert!(jobs.iter().any(follows), "{restic:?}: the numbers are read again");
        let again = stage.do_job(JobKind::Prune, None).await;
        assert_eq!((again.state, again.numbers.bytes_freed), (JobState::Succeeded, Some(0)), "{restic:?}");
        by_hand(&stage, &restic, &["check"]);
    }
}

#[tokio::test]
async fn where_the_everyday_credential_only_adds_nothing_is_pruned() {
    let restic = real_restics().pop().unwrap();
    let only_adds = |plan: &mut Plan| plan.repositories.values_mut().for_each(|it| it.append_only = true);
    let (stage, _) = opened(&restic, only_adds).await;
    let job = stage.do_job(JobKind::Prune, None).await;
    assert_eq!((job.state, job.reason), (JobState::Skipped, Some(Reason::AppendOnly)));
}

/// Turns bits in the largest pack, and leaves its size.
fn damage(stage: &Stage) {
    let packs = walk(&stage.path("repo/data"));
    let largest = packs.iter().max_by_key(|path| path.metadata().unwrap().len()).unwrap();
    let mut bytes = std::fs::read(largest).unwrap();
    bytes[100..200].iter_mut().for_each(|byte| *byte ^= 0xff);
    let writable = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    std::fs::set_permissions(largest, writable).unwrap();
    std::fs::write(largest, bytes).unwrap();
}

fn walk(dir: &Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { walk(&path) } else { vec![path] }).collect()
}

#[tokio::test]
async fn a_check_says_how_much_it_read_and_what_it_found() {
    for restic in real_restics() {
        let (stage, src) = opened(&restic, |plan| plan.maintenance.check_read_data_percent = 0).await;
        std::fs::write(src.join("large.bin"), noise(2_000_000)).unwrap();
        succeeded(&stage.do_job(JobKind::Backup, Some("default")).await, &restic);
        damage(&stage);
        // Bits that turned are seen by nobody who reads no data, and the job says that none was read.
        let job = stage.do_job(JobKind::Check, None).await;
        succeeded(&job, &restic);
        let Some(JobResult::Check(found)) = &job.result else { panic!("{job:?}") };
        assert_eq!((found.read_data_percent, job.numbers.problems), (0, Some(0)), "{restic:?}");
        assert!(stage.log_text(job.id).await.contains("no data is read"));

        let mut request = Stage::request(JobKind::Check, None);
        request.options.read_data_percent = Some(100);
        let id = stage.engine.submit(request).await.unwrap();
        let job = stage.over(id).await;
        let Some(Reason::Damaged { problems, first }) = job.reason.clone() else {
            panic!("{restic:?}: {:?}", job.reason)
        };
        let Some(JobResult::Check(found)) = &job.result else { panic!("{job:?}") };
        assert_eq!((job.state, job.numbers.problems), (JobState::Failed, Some(problems)), "{restic:?}");
        assert_eq!((found.read_data_percent, found.problems.first()), (100, Some(&first)), "{restic:?}");
        assert!(!stage.jobs().await.iter().any(|job| !job.state.is_over()), "no repetition mends it");
        let left: Vec<_> =
            std::fs::read_dir(stage.path("cache/main")).unwrap().map(|it| it.unwrap()).collect();
        assert!(
            left.iter().all(|it| !it.file_name().to_string_lossy().starts_with("restic-check")),
            "{left:?}"
        );
    }
}

#[tokio::test]
async fn a_check_without_an_order_reads_as_much_as_the_plan_says() {
    let restic = real_restics().pop().unwrap();
    let (stage, _) = opened(&restic, |plan| plan.maintenance.check_read_data_percent = 40).await;
    let job = stage.do_job(JobKind::Check, None).await;
    let Some(JobResult::Check(found)) = job.result else { panic!("{job:?}") };
    assert_eq!(found.read_data_percent, 40);
}

fn named<'a>(items: &'a [DryRunItem], end: &str) -> &'a DryRunItem {
    items.iter().find(|item| item.path.ends_with(end)).unwrap_or_else(|| panic!("{end}: {items:?}"))
}

#[tokio::test]
async fn a_dry_run_says_what_would_be_saved_and_saves_nothing() {
    for restic in real_restics() {
        let (stage, src) = opened(&restic, |_| {}).await;
        std::fs::write(src.join("new\nline"), "12").unwrap();
        std::fs::write(src.join("quo\"te \\ %"), "123").unwrap();
        std::fs::write(src.join(std::ffi::OsStr::from_bytes(b"bad\xff\xfe")), "1234").unwrap();
        std::fs::write(src.join("sub/two.txt"), "more than two").unwrap();
        std::fs::write(src.join("left.tmp"), "x").unwrap();
        let gone = stage.path("gone\nwith the wind");
        let mut group = stage.simple_plan(&[&src, &src.join("sub"), &gone, &stage.path("data")]).groups;
        let mut group = group.remove(&"default".parse().unwrap()).unwrap();
        group.excludes = vec!["*.tmp".to_owned()];
        let mut request = Stage::request(JobKind::DryRun, Some("default"));
        request.options.group = Some(group);
        let id = stage.engine.submit(request).await.unwrap();
        let job = stage.over(id).await;
        succeeded(&job, &restic);
        let Some(JobResult::DryRun(found)) = &job.result else { panic!("{job:?}") };
        let changes: Vec<_> = found
            .largest
            .iter()
            .map(|item| (item.path.rsplit('/').next().unwrap(), item.change, item.bytes))
            .collect();
        // Without `--group-by` there is nothing to compare with once the paths are others.
        let is_old = restic.ends_with("restic-0.14.0") || restic == Path::new("/usr/bin/restic");
        let than_before = |change| if is_old { ItemChange::New } else { change };
        assert_eq!(
            changes,
            [
                ("two.txt", than_before(ItemChange::Changed), 13),
                ("bad\u{fffd}\u{fffd}", ItemChange::New, 4),
                ("one.txt", than_before(ItemChange::Unmodified), 3),
                ("quo\"te \\ %", ItemChange::New, 3),
                ("new\nline", ItemChange::New, 2),
            ],
            "{restic:?}"
        );
        let (whole, sub) = (named(&found.includes, "/src"), named(&found.includes, "/sub"));
        assert_eq!((whole.files, whole.bytes, sub.files, sub.bytes), (5, 25, 1, 13), "{restic:?}");
        assert_eq!(
            (found.includes.len(), &found.missing),
            (2, &vec![gone.display().to_string()]),
            "{restic:?}"
        );
        let numbers = &job.numbers;
        assert_eq!((numbers.files_total, numbers.bytes_total, &numbers.snapshot), (Some(5), Some(25), &None));
        let counts = if is_old { [5, 0, 0] } else { [3, 1, 1] };
        let told = [numbers.files_new, numbers.files_changed, numbers.files_unmodified];
        assert_eq!(told, counts.map(Some), "{restic:?}");
        let log = stage.log_text(job.id).await;
        assert!(!log.contains("verbose_status\",\"action\":\"new"), "{restic:?}: {log}");
        assert!(log.contains("the agent's own"), "{restic:?}: {log}");
        assert_eq!(snapshot_count(&stage, &restic), 1, "{restic:?}");
    }
}

#[tokio::test]
async fn a_dry_run_of_nothing_names_what_is_missing() {
    for restic in real_restics() {
        let (stage, _) = opened(&restic, |_| {}).await;
        let gone = stage.path("gone");
        stage.set_plan(stage.simple_plan(&[&gone])).await;
        let job = stage.do_job(JobKind::DryRun, Some("default")).await;
        let paths = vec![gone.display().to_string()];
        assert_eq!(job.reason, Some(Reason::NothingToBackUp { paths: paths.clone() }), "{restic:?}");
        let Some(JobResult::DryRun(found)) = &job.result else { panic!("{job:?}") };
        assert_eq!((&found.missing, found.includes.len()), (&paths, 0), "{restic:?}");
    }
}
