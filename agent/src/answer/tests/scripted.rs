//! A scripted restic: it hangs, breaks off, complains, or is one of too many.

use std::{fs, os::unix::fs::PermissionsExt as _, time::Instant};

use wire::{
    id::{AgentId, FleetId, OrderId},
    path::RawPath,
    seal::{Chunk, SealSecret, StreamContext},
};

use super::{
    real::{errand, opened},
    *,
};

const SNAPSHOT: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

/// A restic that is this piece of shell, with `$dir` for its notes.
async fn stage(script: &str) -> Stage {
    let mut stage = Stage::real(Path::new("/nowhere/restic"));
    let path = stage.path("restic");
    let text = format!(
        "#!/bin/sh\ndir='{}'\nif [ \"$1\" = version ]; then echo 'restic 0.19.1 compiled'; exit; fi\n\
         case \"$*\" in *--help*) exit;; esac\n{script}\n",
        stage.dir.path().display()
    );
    fs::write(stage.path("new"), text).unwrap();
    fs::set_permissions(stage.path("new"), fs::Permissions::from_mode(0o755)).unwrap();
    fs::rename(stage.path("new"), &path).unwrap();
    stage.use_restic(&path);
    stage.plan(&[Path::new("/nowhere")]).await;
    stage
}

fn measure() -> Question {
    Question::Measure {
        repository: main_repository(),
        snapshot: SNAPSHOT.to_owned(),
        path: "/x".parse::<RawPath>().unwrap(),
    }
}

async fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + WAIT;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < deadline, "{what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

const WAITS: &str = "echo $$ > \"$dir/pid\"; trap '' TERM; while :; do sleep 600; done";

async fn pid(stage: &Stage) -> u32 {
    let path = stage.path("pid");
    until("it runs", || fs::read_to_string(&path).ok()?.trim().parse().ok()).await
}

#[tokio::test]
async fn an_answer_that_nobody_wants_any_more_ends_its_restic_at_once() {
    let stage = stage(WAITS).await;
    let asking = Answerer::new(stage.engine.clone()).ask(measure());
    let pid = pid(&stage).await;
    drop(asking);
    until("it is killed", || stage.world.process(pid).is_none().then_some(())).await;
}

#[tokio::test]
async fn one_that_does_not_answer_is_stopped() {
    let stage = stage(WAITS).await;
    // Time enough for the script to begin on a busy machine.
    let patience = Patience { brief: Duration::from_secs(4), ..PATIENCE };
    let slow = failed(Answerer::patient(stage.engine.clone(), patience).ask(measure())).await;
    assert_eq!(slow.message, "restic did not answer within 4 s and was stopped");
    let pid = pid(&stage).await;
    until("it is killed", || stage.world.process(pid).is_none().then_some(())).await;
}

#[tokio::test]
async fn so_many_at_once_and_no_more_restics_than_the_machine_can_spare() {
    let stage = stage("echo $$ >> \"$dir/pids\"; exec sleep 600").await;
    let answerer = Answerer::new(stage.engine.clone());
    let mut askings: Vec<Asking> = (0..8).map(|_| answerer.ask(measure())).collect();
    let busy = failed(answerer.ask(measure())).await;
    assert_eq!(busy.code, OrderRefusalCode::Unavailable);
    let running = || fs::read_to_string(stage.path("pids")).unwrap_or_default().lines().count();
    until("two run", || (running() >= 2).then_some(())).await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(running(), 2);
    askings.remove(0);
    askings.remove(0);
    until("others come in", || (running() > 2).then_some(())).await;
    let _asking = answerer.ask(measure());
}

#[tokio::test]
async fn failures_are_told_in_the_words_of_jobs_and_without_secrets() {
    let say = r#"echo '{"message_type":"exit_error","code":12,"message":"wrong"}' >&2; exit 12"#;
    let stage1 = stage(say).await;
    let wrong = failed(Answerer::new(stage1.engine.clone()).ask(measure())).await;
    assert_eq!(wrong.message, "The password does not open the repository.");
    let loud = stage("echo \"Fatal: with $RESTIC_PASSWORD\" >&2; exit 1").await;
    let answerer = Answerer::new(loud.engine.clone());
    let said = failed(answerer.ask(measure())).await;
    assert!(said.message.contains("with **redacted**") && !said.message.contains(PASSWORD), "{said:?}");
    loud.doors.shut(true);
    let nobody = failed(answerer.ask(measure())).await;
    assert!(nobody.message.ends_with("cannot be reached: nobody answers"), "{nobody:?}");
    let other = Question::Find {
        repository: "other".parse().unwrap(),
        pattern: "x".to_owned(),
        ignore_case: false,
        group: None,
    };
    assert_eq!(failed(answerer.ask(other)).await.code, OrderRefusalCode::NotFound);
}

#[tokio::test]
async fn a_download_that_breaks_off_says_so_within_the_stream() {
    let stage = stage("head -c 200000 /dev/zero; echo 'Fatal: the pack is gone' >&2; exit 1").await;
    let key = SealSecret::generate(&mut stage.world.rng());
    let context = StreamContext {
        recipient: key.public(),
        fleet: FleetId([1; 32]),
        agent: AgentId([2; 32]),
        order: OrderId(uuid::Uuid::nil()),
    };
    let asking = Answerer::new(stage.engine.clone()).run(errand(&context, SNAPSHOT, b"/x", None));
    let (pieces, end) = all(asking).await;
    assert_eq!(end, End::Done);
    let (plain, kind) = opened(&context, &key, pieces);
    assert_eq!(kind, Chunk::Failed);
    let told = plain.iter().position(|byte| *byte == b'{').unwrap();
    let told: serde_json::Value = serde_json::from_slice(&plain[told..]).unwrap();
    assert!(told["message"].as_str().unwrap().contains("the pack is gone"), "{told}");
    assert!(told["hint"].is_string());
}

#[tokio::test]
async fn a_download_goes_no_faster_than_the_plan_lets_the_host_send() {
    let stage = stage("head -c 400000 /dev/zero").await;
    let mut plan = stage.simple_plan(&[Path::new("/nowhere")]);
    plan.limits.upload_kib_s = Some(400);
    stage.set_plan(plan).await;
    let context = StreamContext {
        recipient: SealSecret::generate(&mut stage.world.rng()).public(),
        fleet: FleetId([1; 32]),
        agent: AgentId([2; 32]),
        order: OrderId(uuid::Uuid::nil()),
    };
    let began = Instant::now();
    all(Answerer::new(stage.engine.clone()).run(errand(&context, SNAPSHOT, b"/x", None))).await;
    assert!(began.elapsed() > Duration::from_millis(750), "{:?}", began.elapsed());
}
