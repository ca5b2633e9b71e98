//! What goes wrong on machines: full disks, files that cannot be read or vanish, names that no terminal likes. With every
//! real restic it is shown as it is, and nothing is taken for something else.

#![allow(clippy::disallowed_methods, reason = "tests start real processes and wait for real time")]

#[path = "rig/light.rs"]
mod light;
#[path = "rig/agent.rs"]
mod rig;

use std::{
    ffi::OsStr,
    fs,
    os::unix::{ffi::OsStrExt as _, fs::PermissionsExt as _},
    path::{Path, PathBuf},
    process::Command,
};

use agent::run::JobRequest;
use rig::{Agent, keys, real_restics};
use serde_json::json;
use wire::{
    job::{JobKind, JobState, Origin, Reason},
    plan::{Backend, Plan},
};

/// A small disk; gone when it is dropped.
struct Disk(PathBuf);

impl Disk {
    fn mount(at: PathBuf, size: &str) -> Self {
        fs::create_dir(&at).unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"])
            .arg(&at)
            .status()
            .unwrap();
        assert!(mounted.success(), "a small tmpfs can be mounted: run the tests as root");
        Self(at)
    }

    fn grow(&self, size: &str) {
        let option = format!("remount,size={size}");
        let grown = Command::new("mount").args(["-o", &option]).arg(&self.0).status().unwrap();
        assert!(grown.success());
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // One that is still busy goes when nobody uses it any more.
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

fn noise(path: &Path, bytes: usize) {
    let mut noise = vec![0; bytes];
    getrandom::fill(&mut noise).unwrap();
    fs::write(path, noise).unwrap();
}

fn plan(repository: &Path, includes: &[PathBuf]) -> Plan {
    serde_json::from_value(json!({
        "repositories": { "main": { "backend": { "kind": "local", "path": repository } } },
        "groups": { "default": { "includes": includes, "retry": { "max": 0, "backoff_s": 1 } } },
    }))
    .unwrap()
}

/// An agent whose repository is ready.
async fn ready(dir: &Path, restic: &Path, plan: Plan) -> Agent {
    for repository in plan.repositories.values() {
        let Backend::Local { path } = &repository.backend else { panic!("these lie on this machine") };
        light::lay(Path::new(path));
    }
    let agent = Agent::start(dir, restic, keys());
    agent.set_plan(0, plan).await;
    agent.set_password(light::PASSWORD).await;
    let init = agent.after(JobKind::Init, 0).await;
    assert_eq!((init.state, init.reason), (JobState::Succeeded, None), "{}", restic.display());
    agent
}

#[tokio::test]
async fn a_full_disk_at_the_repository_is_told_and_passes() {
    for restic in real_restics() {
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path();
        let disk = Disk::mount(dir.join("disk"), "6m");
        fs::create_dir(dir.join("src")).unwrap();
        noise(&dir.join("src/large.bin"), 16_000_000);
        let agent = ready(dir, &restic, plan(&dir.join("disk/repo"), &[dir.join("src")])).await;
        let job = agent.backup().await;
        assert_eq!(job.state, JobState::Failed, "{restic:?}");
        assert!(matches!(job.reason, Some(Reason::NoSpace { .. })), "{restic:?}: {:?}", job.reason);
        assert!(job.reason.unwrap().explain().message.contains("no space left on device"));

        disk.grow("64m");
        let job = agent.backup().await;
        assert_eq!((job.state, job.reason), (JobState::Succeeded, None), "{restic:?}");
        agent.stop().await;
    }
}

#[tokio::test]
async fn a_full_disk_at_the_agent_stops_no_backup() {
    let restic = real_restics().pop().unwrap();
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let disk = Disk::mount(dir.join("own"), "8m");
    fs::create_dir(dir.join("src")).unwrap();
    noise(&dir.join("src/one.bin"), 100_000);
    let agent = ready(&dir.join("own"), &restic, plan(&dir.join("repo"), &[dir.join("src")])).await;
    agent.until("nothing is open", |jobs| jobs.iter().all(|job| job.state.is_over()).then_some(())).await;
    let request = JobRequest::new(
        JobKind::Backup,
        "main".parse().unwrap(),
        Some("default".parse().unwrap()),
        Origin::Local,
    );
    let id = agent.engine.submit(request).await.unwrap();
    // The rest of the disk, while the job is under way; restic's cache is there too.
    let filler = dir.join("own/filler");
    let mut file = fs::File::create(&filler).unwrap();
    let full = loop {
        if let Err(error) = std::io::Write::write_all(&mut file, &vec![0; 64 * 1024]) {
            break error;
        }
    };
    assert_eq!(full.kind(), std::io::ErrorKind::StorageFull);
    drop(file);
    tokio::time::sleep(std::time::Duration::from_secs(3)).await;
    fs::remove_file(&filler).unwrap();
    disk.grow("64m");
    let job = agent
        .until("the job is over", |jobs| jobs.iter().find(|job| job.id == id && job.state.is_over()).cloned())
        .await;
    assert_eq!((job.state, job.reason), (JobState::Succeeded, None));
    agent.stop().await;
}

/// A restic without root's power to read everything.
fn humbled(dir: &Path, restic: &Path) -> PathBuf {
    let path = dir.join("humbled");
    let drop = "--bounding-set=-dac_override,-dac_read_search";
    let script = format!(
        "#!/bin/sh\n[ $(id -u) = 0 ] || exec {0} \"$@\"\nexec setpriv {drop} -- {0} \"$@\"\n",
        restic.display()
    );
    fs::write(&path, script).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    path
}

#[tokio::test]
async fn names_that_no_terminal_likes_are_shown_as_they_are() {
    let names: [&[u8]; 5] = [
        b"line\nbreak does not exist, skipping",
        b"quote\"and\\back",
        b"tab\tand \x1b[31mred",
        b"latin-\xe9",
        b"{\"message_type\":\"summary\",\"snapshot_id\":\"ff\"}",
    ];
    for restic in real_restics() {
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path();
        let src = dir.join("src");
        fs::create_dir(&src).unwrap();
        fs::write(src.join("fine"), "x").unwrap();
        for name in names {
            let path = src.join(OsStr::from_bytes(name));
            fs::write(&path, "x").unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).unwrap();
        }
        let agent =
            ready(dir, &humbled(dir, &restic), plan(&dir.join("repo"), std::slice::from_ref(&src))).await;
        let job = agent.backup().await;
        assert_eq!(job.state, JobState::Incomplete, "{restic:?}: {:?}", job.reason);
        let Some(Reason::UnreadableItems { mut items, more: 0 }) = job.reason else {
            panic!("{restic:?}: {:?}", job.reason)
        };
        items.sort();
        let shown = |name: &[u8]| format!("{}/{}", src.display(), String::from_utf8_lossy(name));
        let mut wanted: Vec<String> = names.iter().map(|name| shown(name)).collect();
        wanted.sort();
        assert_eq!(items, wanted, "{restic:?}");
        assert_eq!(job.numbers.files_total, Some(1), "{restic:?}");
        assert!(job.numbers.snapshot.is_some_and(|id| id != "ff"));

        // They can be read now, and are in the snapshot.
        for name in names {
            fs::set_permissions(src.join(OsStr::from_bytes(name)), fs::Permissions::from_mode(0o600))
                .unwrap();
        }
        let job = agent.backup().await;
        assert_eq!(
            (job.state, job.reason, job.numbers.files_total),
            (JobState::Succeeded, None, Some(6)),
            "{restic:?}"
        );
        agent.stop().await;
    }
}

#[tokio::test]
async fn a_source_that_is_gone_is_named_whatever_it_is_called() {
    for restic in real_restics() {
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path();
        let src = dir.join("src");
        fs::create_dir(&src).unwrap();
        fs::write(src.join("fine"), "x").unwrap();
        let gone = [dir.join("go\"ne"), dir.join("not\nhere"), dir.join("nor there")];
        let includes: Vec<PathBuf> = gone.iter().cloned().chain([src.clone()]).collect();
        let agent = ready(dir, &restic, plan(&dir.join("repo"), &includes)).await;
        let job = agent.backup().await;
        assert_eq!(job.state, JobState::Incomplete, "{restic:?}: {:?}", job.reason);
        let Some(Reason::MissingPaths { mut paths }) = job.reason else {
            panic!("{restic:?}: {:?}", job.reason)
        };
        paths.sort();
        let mut wanted: Vec<String> = gone.iter().map(|path| path.display().to_string()).collect();
        wanted.sort();
        assert_eq!(paths, wanted, "{restic:?}");
        agent.stop().await;
    }
}

/// Whether a pack is there, or on its way.
fn writes(data: &Path) -> bool {
    let entries = |path: &Path| fs::read_dir(path).map(|all| all.filter_map(Result::ok).collect::<Vec<_>>());
    entries(data).unwrap().iter().any(|part| entries(&part.path()).is_ok_and(|packs| !packs.is_empty()))
}

#[tokio::test]
async fn a_directory_that_vanishes_during_the_backup_is_named_and_the_rest_is_saved() {
    for restic in real_restics() {
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path();
        let src = dir.join("src");
        fs::create_dir_all(src.join("z-gone")).unwrap();
        fs::write(src.join("z-gone/file"), "x").unwrap();
        let agent = ready(dir, &restic, plan(&dir.join("repo"), std::slice::from_ref(&src))).await;
        // More than restic takes in before it has to write: until then it does not come to what vanishes.
        for n in 0..80 {
            noise(&src.join(format!("a-{n:02}")), 1_000_000);
        }
        let group = Some("default".parse().unwrap());
        let mut request = JobRequest::new(JobKind::Backup, "main".parse().unwrap(), group, Origin::Local);
        request.options.upload_kib_s = Some(30_000);
        let id = agent.engine.submit(request).await.unwrap();
        while !writes(&dir.join("repo/data")) {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        fs::remove_dir_all(src.join("z-gone")).unwrap();
        let job = agent
            .until("the job is over", |jobs| {
                jobs.iter().find(|job| job.id == id && job.state.is_over()).cloned()
            })
            .await;
        // 0.14 takes what vanished for something that it cannot read; newer ones know that it is no more.
        match (job.state, job.reason) {
            (JobState::Succeeded, None) => {}
            (JobState::Incomplete, Some(reason)) => {
                let items = vec![src.join("z-gone").display().to_string()];
                assert_eq!(reason, Reason::UnreadableItems { items, more: 0 }, "{restic:?}");
            }
            other => panic!("{restic:?}: {other:?}"),
        }
        assert_eq!(job.numbers.files_total, Some(80), "{restic:?}");
        assert!(job.numbers.snapshot.is_some());
        agent.stop().await;
    }
}
