//! Hooks around a backup: who runs, what it is told, what its end changes.

use std::time::Instant;

use wire::{
    job::{JobKind, JobState, LogStream, Reason},
    plan::{Hook, Plan},
};

use super::{script, *};
use crate::{run::CancelOutcome, store::jobs::Job};

/// A quiet stage with a scripted restic and these hooks of the host, whose notes lie in `script/`.
async fn stage_with(hooks: &[(&str, &str)], backup: &str) -> Stage {
    let (stage, notes) = script::stage(backup, |patience| {
        patience.term_to_kill = std::time::Duration::from_millis(300);
    })
    .await;
    let mut plan = stage.simple_plan(&[Path::new("/home")]);
    for (slot, body) in hooks {
        let body = format!("cd '{}'\n{body}", notes.display());
        stage.secrets.put(&slot.parse().unwrap(), &body);
    }
    let has = |moment: &str| hooks.iter().any(|(slot, _)| slot.ends_with(moment));
    plan.hooks.pre = if has("/pre") { Hook::Secret } else { Hook::Inherit };
    plan.hooks.post = if has("/post") { Hook::Secret } else { Hook::Inherit };
    no_retry(&mut plan);
    stage.set_plan(plan).await;
    stage.quiet().await;
    stage
}

fn no_retry(plan: &mut Plan) {
    plan.groups.values_mut().for_each(|group| group.retry.max = 0);
}

async fn backup(stage: &Stage) -> Job {
    stage.do_job(JobKind::Backup, Some("default")).await
}

fn note(stage: &Stage, name: &str) -> String {
    std::fs::read_to_string(stage.path("script").join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

const TOLD: &str = r#"echo "$RM_GROUP $RM_REPOSITORY $RM_JOB_STATUS [$RM_SNAPSHOT_ID]" > told"#;

#[tokio::test]
async fn both_are_told_what_they_are_for_and_nothing_else() {
    let backup_script = format!("cat \"$dir/ready\" >&2; {}", script::saved());
    let stage = stage_with(
        &[
            (
                "hook/*/pre",
                "echo made ready > ready; env | sort > pre-env; echo to be seen; echo and this >&2; cat",
            ),
            ("hook/*/post", &format!("{TOLD}; env | sort > post-env; exit 7")),
        ],
        &backup_script,
    )
    .await;
    let job = backup(&stage).await;
    assert_eq!((job.state, &job.reason), (JobState::Succeeded, &None), "a post-hook changes nothing");
    assert_eq!(note(&stage, "told").trim(), format!("default main succeeded [{}]", script::SNAPSHOT));
    let own = ["PWD", "SHLVL", "OLDPWD", "_"];
    let names = |of: &str| {
        let names = note(&stage, of);
        let names = names.lines().filter_map(|line| line.split_once('=')).map(|(name, _)| name.to_owned());
        names.filter(|name| !own.contains(&name.as_str())).collect::<Vec<_>>()
    };
    assert_eq!(names("pre-env"), ["HOME", "PATH", "RM_GROUP", "RM_JOB_ID", "RM_REPOSITORY"]);
    assert_eq!(
        names("post-env"),
        ["HOME", "PATH", "RM_GROUP", "RM_JOB_ID", "RM_JOB_STATUS", "RM_REPOSITORY", "RM_SNAPSHOT_ID"]
    );
    assert!(note(&stage, "pre-env").contains(&format!("RM_JOB_ID={}", job.id)));
    let log = stage.log(job.id).await;
    let line =
        |text: &str| log.iter().find(|line| line.text == text).unwrap_or_else(|| panic!("{text}: {log:#?}"));
    assert_eq!(line("hook(pre): to be seen").stream, LogStream::Stdout);
    assert_eq!(line("hook(pre): and this").stream, LogStream::Stderr);
    assert!(line("hook(pre): it ended with exit code 0").n < line("made ready").n);
    line("hook(post): it ended with exit code 7");
}

#[tokio::test]
async fn a_pre_hook_that_fails_stops_the_backup_and_the_post_hook_hears_of_it() {
    let stage = stage_with(
        &[("hook/*/pre", "echo no space for a dump >&2; exit 3"), ("hook/*/post", TOLD)],
        &script::saved(),
    )
    .await;
    let job = backup(&stage).await;
    assert_eq!(job.state, JobState::Failed);
    let reason = job.reason.unwrap();
    assert_eq!(reason, Reason::HookFailed { exit: Some(3), message: "no space for a dump".to_owned() });
    assert_eq!(reason.explain().message, "pre_hook failed (exit 3): no space for a dump");
    assert_eq!(note(&stage, "told").trim(), "default main failed []");
    assert!(!note(&stage, "argv").contains("backup --json"), "restic was started");
}

#[tokio::test]
async fn a_hook_has_its_time_and_no_more() {
    let stage = stage_with(
        &[("hook/*/pre", "trap '' TERM; echo $$ > pid; while :; do sleep 600; done"), ("hook/*/post", TOLD)],
        &script::saved(),
    )
    .await;
    let mut plan = stage.simple_plan(&[Path::new("/home")]);
    (plan.hooks.pre, plan.hooks.post) = (Hook::Secret, Hook::Secret);
    plan.groups.values_mut().for_each(|group| group.hooks.timeout_s = Some(1));
    no_retry(&mut plan);
    stage.set_plan(plan).await;
    let job = backup(&stage).await;
    let message = "it was stopped after its 1 s".to_owned();
    assert_eq!((job.state, job.reason), (JobState::Failed, Some(Reason::HookFailed { exit: None, message })));
    let pid: u32 = note(&stage, "pid").trim().parse().unwrap();
    assert!(stage.world.process(pid).is_none(), "it does not hear SIGTERM, and is gone");
    assert_eq!(note(&stage, "told").trim(), "default main failed []");
}

#[tokio::test]
async fn a_group_has_its_own_or_none() {
    let stage = stage_with(
        &[
            ("hook/*/pre", "echo host >> ran"),
            ("hook/default/pre", "echo group >> ran"),
            ("hook/*/post", "echo post >> ran"),
        ],
        &script::saved(),
    )
    .await;
    let ran = async |pre: Hook, post: Hook| {
        let mut plan = stage.simple_plan(&[Path::new("/home")]);
        (plan.hooks.pre, plan.hooks.post) = (Hook::Secret, Hook::Secret);
        plan.groups
            .values_mut()
            .for_each(|group| (group.hooks.pre, group.hooks.post) = (pre.clone(), post.clone()));
        stage.set_plan(plan).await;
        std::fs::write(stage.path("script/ran"), "").unwrap();
        assert_eq!(backup(&stage).await.state, JobState::Succeeded);
        note(&stage, "ran").replace('\n', " ")
    };
    assert_eq!(ran(Hook::Inherit, Hook::Inherit).await, "host post ");
    assert_eq!(ran(Hook::Secret, Hook::None).await, "group ");
    assert_eq!(ran(Hook::None, Hook::None).await, "");
    let file = stage.path("script/file-hook");
    std::fs::write(&file, format!("#!/bin/sh\necho file >> '{}'\n", stage.path("script/ran").display()))
        .unwrap();
    std::fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
    assert_eq!(ran(Hook::File(file.display().to_string()), Hook::None).await, "file ");
}

#[tokio::test]
async fn one_that_cannot_be_opened_fails_the_backup() {
    let stage = stage_with(&[("hook/*/post", TOLD)], &script::saved()).await;
    let mut plan = stage.simple_plan(&[Path::new("/home")]);
    (plan.hooks.pre, plan.hooks.post) = (Hook::Secret, Hook::Secret);
    no_retry(&mut plan);
    stage.set_plan(plan.clone()).await;
    let job = backup(&stage).await;
    let slot = "hook/*/pre".to_owned();
    assert_eq!((job.state, job.reason), (JobState::Failed, Some(Reason::SecretMissing { slot })));
    assert_eq!(note(&stage, "told").trim(), "default main failed []");

    plan.hooks.pre = Hook::File("/nowhere/hook".to_owned());
    stage.set_plan(plan).await;
    let job = backup(&stage).await;
    let Some(Reason::HookFailed { exit: None, message }) = job.reason else { panic!("{job:?}") };
    assert!(message.starts_with("the hook /nowhere/hook cannot be read"), "{message}");
    assert!(!note(&stage, "argv").contains("backup --json"));
}

#[tokio::test]
async fn no_body_is_in_an_argument_and_no_secret_in_a_line() {
    let stage = stage_with(
        &[(
            "hook/*/pre",
            &format!(
                "# hidden-token\ntr '\\0' ' ' < /proc/$$/cmdline; echo; echo the password is {PASSWORD}"
            ),
        )],
        &script::saved(),
    )
    .await;
    let job = backup(&stage).await;
    assert_eq!(job.state, JobState::Succeeded, "{:?}", job.reason);
    let log = stage.log_text(job.id).await;
    assert!(log.contains("hook(pre): /bin/sh -c ") && !log.contains("hidden-token"), "{log}");
    assert!(log.contains("hook(pre): the password is **redacted**"), "{log}");
    assert!(!format!("{:?}", stage.records().await).contains("hidden-token"));
}

/// Until the hook says that it runs.
async fn begun(stage: &Stage, name: &str) {
    let deadline = Instant::now() + std::time::Duration::from_secs(30);
    while !stage.path("script").join(name).exists() {
        assert!(Instant::now() < deadline, "{name} is not there");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_cancelled_hook_ends_at_once_and_the_post_hook_still_runs() {
    let stage =
        stage_with(&[("hook/*/pre", "touch begun; exec sleep 600"), ("hook/*/post", TOLD)], &script::saved())
            .await;
    let id = stage.submit(JobKind::Backup, Some("default")).await;
    begun(&stage, "begun").await;
    let asked = Instant::now();
    assert_eq!(stage.engine.cancel(id, "ada").await.unwrap(), CancelOutcome::Cancelled);
    let job = stage.over(id).await;
    assert!(asked.elapsed() < std::time::Duration::from_secs(10));
    let reason = Reason::CancelledBy { person: "ada".to_owned() };
    assert_eq!((job.state, job.reason), (JobState::Cancelled, Some(reason)));
    assert_eq!(note(&stage, "told").trim(), "default main cancelled []");
}

#[tokio::test]
async fn a_post_hook_runs_within_the_drain_and_is_ended_with_it() {
    let stage = stage_with(&[("hook/*/post", TOLD)], "touch \"$dir/begun\"; exec sleep 600").await;
    let id = stage.submit(JobKind::Backup, Some("default")).await;
    begun(&stage, "begun").await;
    assert!(stage.engine.drain(std::time::Duration::from_secs(20)).await.is_empty());
    let job = stage.over(id).await;
    assert_eq!((job.state, job.reason), (JobState::Interrupted, Some(Reason::AgentStopped)));
    assert_eq!(note(&stage, "told").trim(), "default main interrupted []");
}

#[tokio::test]
async fn an_agent_that_died_leaves_the_post_hook_to_the_next_one() {
    let mut stage = stage_with(&[("hook/*/post", TOLD)], &script::saved()).await;
    stage.engine.drain(std::time::Duration::from_secs(5)).await;
    stage.restart();
    // As if the agent had died in the middle of it.
    let id = stage.submit(JobKind::Backup, Some("default")).await;
    let at = stage.world.now();
    let started = stage
        .store
        .write::<_, crate::store::StoreError>(move |tx| crate::store::jobs::start(tx, id, None, at))
        .await;
    assert!(started.unwrap());
    stage.run();
    let job = stage.over(id).await;
    assert_eq!((job.state, job.reason), (JobState::Interrupted, Some(Reason::AgentDied)));
    assert_eq!(note(&stage, "told").trim(), "default main interrupted []");
}
