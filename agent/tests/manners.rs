//! How restic takes its turn: nice and ionice of the plan, as the kernel shows them of a real child.

#![allow(
    clippy::disallowed_methods,
    reason = "tests start real processes and read what the kernel says of them"
)]

use std::{fs, path::Path, process::Command};

use agent::{
    restic::{
        command::{Call, Value},
        process::{self, Launcher, can_set_io_priority},
    },
    world::World,
};
use wire::plan::IoPriority;

/// proc(5): the nineteenth field; the second is a name in brackets, which may hold anything.
fn nice_of(pid: &str) -> i32 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    stat.rsplit_once(')').unwrap().1.split_whitespace().nth(16).unwrap().parse().unwrap()
}

/// The nice value and the words of `ionice -p` of a child that was started with these.
async fn manners(nice: Option<i8>, io: Option<IoPriority>) -> (i32, String) {
    let launcher = Launcher::Tied { program: env!("CARGO_BIN_EXE_restic-manager-agent").into() };
    let path = ("PATH".to_owned(), Value::Plain("/usr/bin:/bin".to_owned()));
    // It says when it has become itself; what was set before stays through that.
    let args = vec!["-c".to_owned(), "echo up; exec sleep 600".to_owned()];
    let call = Call { args: args.into_iter().map(Into::into).collect(), env: vec![path], nice, io };
    let (running, mut lines) =
        process::start(&World::real(), &launcher, Path::new("/bin/sh"), &call).await.unwrap();
    assert_eq!(lines.recv().await.unwrap().text, "up");
    let pid = running.process.pid;
    let asked = Command::new("ionice").args(["-p", &pid.to_string()]).output().unwrap();
    (nice_of(&pid.to_string()), String::from_utf8(asked.stdout).unwrap().trim().to_owned())
}

#[tokio::test]
async fn restic_takes_the_turn_that_the_plan_gives_it() {
    assert!(can_set_io_priority(), "this host has no ionice: install util-linux");
    // It adds to the agent's own, as nice(1) does.
    let own = nice_of("self");
    assert_eq!(manners(Some(7), Some(IoPriority::Idle)).await, ((own + 7).min(19), "idle".to_owned()));
    assert_eq!(manners(Some(19), Some(IoPriority::Low)).await, (19, "best-effort: prio 7".to_owned()));
    let (nice, io) = manners(None, None).await;
    assert_eq!(nice, own, "{io}");
    assert!(!io.starts_with("idle"), "{io}");
}
