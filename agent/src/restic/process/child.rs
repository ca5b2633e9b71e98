//! The moment between the agent and restic: `restic-manager-agent exec-child PARENT NICE IO RESTIC ARGS…`.
//!
//! The child ties its own life to its parent's, makes sure that the parent is still there, takes its place in the
//! scheduler's order and in the disk's, and becomes restic. What it ties stays tied through exec (prctl(2), PR_SET_PDEATHSIG), unless the
//! program has privileges of its own, as restic has not.

#![allow(clippy::disallowed_methods, reason = "the child becomes restic here")]

use std::{
    ffi::OsString,
    os::unix::process::CommandExt as _,
    path::Path,
    process::{Command, ExitCode, Stdio},
};

use rustix::process::{Signal, getppid, nice, set_parent_process_death_signal};
use wire::plan::IoPriority;

/// The word that stands for it on the agent's command line.
pub const EXEC_CHILD: &str = "exec-child";
/// As a shell says "cannot be executed".
const CANNOT: u8 = 126;
const UNCHANGED: &str = "-";
/// util-linux's; busybox's knows the same options.
const IONICE: [&str; 2] = ["/usr/bin/ionice", "/bin/ionice"];

pub fn arguments(parent: u32, nice: Option<i8>, io: Option<IoPriority>) -> [OsString; 4] {
    let nice = nice.map_or_else(|| UNCHANGED.to_owned(), |nice| nice.to_string());
    let io = io.map_or(UNCHANGED, class);
    [EXEC_CHILD.into(), parent.to_string().into(), nice.into(), io.into()]
}

const fn class(io: IoPriority) -> &'static str {
    match io {
        IoPriority::Idle => "idle",
        IoPriority::Low => "low",
    }
}

/// Whether this host can give restic another place at the disk.
pub fn can_set_io_priority() -> bool {
    ionice().is_some()
}

fn ionice() -> Option<&'static Path> {
    IONICE.into_iter().map(Path::new).find(|path| path.exists())
}

/// For the very beginning of the agent's `main`: becomes restic when the command line says so, and then returns only to
/// say why it could not. `args` are those of the process, its own name first.
pub fn exec_if_asked(args: impl IntoIterator<Item = OsString>) -> Option<ExitCode> {
    let mut args = args.into_iter().skip(1);
    if args.next()? != EXEC_CHILD {
        return None;
    }
    let (parent, nice, io, program) = (args.next(), args.next(), args.next(), args.next());
    let (Some(parent), Some(nice), Some(io), Some(program)) = (parent, nice, io, program) else {
        eprintln!("exec-child: this is for the agent itself, it starts restic with it");
        return Some(ExitCode::from(CANNOT));
    };
    if let Err(error) = tie(&parent, &nice) {
        eprintln!("exec-child: {error}");
        return Some(ExitCode::from(CANNOT));
    }
    queue_up(&io);
    let error = Command::new(&program).args(args).exec();
    eprintln!("exec-child: {} cannot be started: {error}", program.display());
    Some(ExitCode::from(CANNOT))
}

fn tie(parent: &OsString, wanted: &OsString) -> Result<(), String> {
    set_parent_process_death_signal(Some(Signal::KILL))
        .map_err(|error| format!("cannot tie restic to the agent: {error}"))?;
    // The parent may have died before the signal was set; then somebody else is the parent now.
    let now = getppid().map(|pid| pid.as_raw_nonzero().to_string());
    if now.as_deref() != parent.to_str() {
        return Err("the agent is gone".to_owned());
    }
    if let Some(level) = wanted.to_str().and_then(|text| text.parse::<i32>().ok()) {
        // Without the privilege to be nastier restic runs as everybody does.
        let _ = nice(level);
    }
    Ok(())
}

/// What is set for this process stays through exec. There is no safe call for it, but a program on nearly every host;
/// where it is missing the agent says so, and restic runs as everybody does.
fn queue_up(wanted: &OsString) {
    let options: &[&str] = match wanted.to_str() {
        Some("idle") => &["-c3"],
        Some("low") => &["-c2", "-n7"],
        _ => return,
    };
    let Some(program) = ionice() else { return };
    let mut command = Command::new(program);
    command.args(options).arg("-p").arg(std::process::id().to_string());
    // Without the privilege it is as if it were not there.
    let _ = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
}
