//! The only place that starts restic, and the hooks around a backup: their process group, their pipes, their end.
//!
//! A started restic is a handle whose lines arrive over a bounded channel; when nobody takes them, restic waits. Must
//! not know what a line means or why restic is started.

#![allow(clippy::disallowed_methods, reason = "this is the one place that starts restic")]

mod child;
mod pump;

use std::{
    io,
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::{
    io::AsyncWriteExt as _,
    process::{Child, Command},
    sync::mpsc,
    task::{AbortHandle, JoinHandle},
};
use wire::{job::LogStream, seal::Secret};

pub use child::{EXEC_CHILD, can_set_io_priority, exec_if_asked};

use super::{
    command::{Call, Value},
    exit::Exit,
};
use crate::world::{ProcessId, World};

/// Lines that may wait for whoever reads them; then restic waits.
const LINES: usize = 256;
/// The same for pieces of what is no lines.
const PIECES: usize = 4;
/// After restic is gone, how long something it started may keep its pipes open.
const PIPES: Duration = Duration::from_secs(2);
/// Somebody else is just writing the binary: try again, so often, after so long.
const BUSY_ATTEMPTS: u32 = 20;
const BUSY_PAUSE: Duration = Duration::from_millis(100);

/// How restic is started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Launcher {
    /// Through `PROGRAM exec-child`, which ties restic's life to the agent's before it becomes restic.
    Tied { program: PathBuf },
    /// Directly: restic outlives an agent that is killed. Where the operating system ties them by other means.
    Direct,
}

/// One line as it was printed, without its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Printed {
    pub stream: LogStream,
    pub text: String,
}

/// A restic that runs. Dropping it kills it.
#[derive(Debug)]
pub struct Running {
    pub process: ProcessId,
    child: Child,
    pumps: [JoinHandle<()>; 2],
    /// Whether everything that the pumps brought was taken.
    all_taken: AllTaken,
    world: World,
}

struct AllTaken(Box<dyn Fn() -> bool + Send + Sync>);

impl std::fmt::Debug for AllTaken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AllTaken")
    }
}

/// restic's group: signals go to everything that it started too. Only for as long as it was not waited for.
#[derive(Clone, Copy, Debug)]
pub struct ProcessGroup(Option<Pid>);

/// Starts restic. It sees `call`'s environment and nothing else, and reads nothing. The lines end when both of its
/// outputs are closed.
pub async fn start(
    world: &World,
    launcher: &Launcher,
    restic: &Path,
    call: &Call,
) -> io::Result<(Running, mpsc::Receiver<Printed>)> {
    start_reading(world, launcher, restic, call, None).await
}

/// The same for any program; it reads `input`, where there is one, and then the end of it.
pub async fn start_reading(
    world: &World,
    launcher: &Launcher,
    program: &Path,
    call: &Call,
    input: Option<Secret>,
) -> io::Result<(Running, mpsc::Receiver<Printed>)> {
    let mut child = launch(world, launcher, program, call, input).await?;
    let (sender, lines) = mpsc::channel(LINES);
    let waiting = sender.downgrade();
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let pumps = [
        tokio::spawn(pump::lines(stdout, LogStream::Stdout, sender.clone())),
        tokio::spawn(pump::lines(stderr, LogStream::Stderr, sender)),
    ];
    let all_taken = move || is_empty(&waiting, LINES);
    Ok((Running::of(world, child, pumps, all_taken), lines))
}

/// The same for what is no lines: standard output as the bytes that it is, and the lines of standard error.
pub async fn start_raw(
    world: &World,
    launcher: &Launcher,
    restic: &Path,
    call: &Call,
) -> io::Result<(Running, mpsc::Receiver<Vec<u8>>, mpsc::Receiver<Printed>)> {
    let mut child = launch(world, launcher, restic, call, None).await?;
    let ((to_bytes, bytes), (to_lines, lines)) = (mpsc::channel(PIECES), mpsc::channel(LINES));
    let (waiting_bytes, waiting_lines) = (to_bytes.downgrade(), to_lines.downgrade());
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let pumps = [
        tokio::spawn(pump::bytes(stdout, to_bytes)),
        tokio::spawn(pump::lines(stderr, LogStream::Stderr, to_lines)),
    ];
    let all_taken = move || is_empty(&waiting_bytes, PIECES) && is_empty(&waiting_lines, LINES);
    Ok((Running::of(world, child, pumps, all_taken), bytes, lines))
}

fn is_empty<T>(channel: &mpsc::WeakSender<T>, room: usize) -> bool {
    channel.upgrade().is_none_or(|channel| channel.capacity() >= room)
}

async fn launch(
    world: &World,
    launcher: &Launcher,
    program: &Path,
    call: &Call,
    input: Option<Secret>,
) -> io::Result<Child> {
    let mut command = match launcher {
        Launcher::Direct => Command::new(program),
        Launcher::Tied { program: agent } => {
            let mut command = Command::new(agent);
            command.args(child::arguments(std::process::id(), call.nice, call.io)).arg(program);
            command
        }
    };
    command.args(&call.args).env_clear();
    for (name, value) in &call.env {
        match value {
            Value::Plain(text) => command.env(name, text),
            Value::Secret(secret) => command.env(name, os_string(secret.expose())),
        };
    }
    command.stdin(if input.is_some() { Stdio::piped() } else { Stdio::null() });
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command.process_group(0).kill_on_drop(true).current_dir("/");
    let mut child = spawn(world, &mut command).await?;
    if let (Some(mut pipe), Some(input)) = (child.stdin.take(), input) {
        // One that does not read to the end, or ends before, has read what it wanted.
        tokio::spawn(async move { drop(pipe.write_all(input.expose()).await) });
    }
    Ok(child)
}

async fn spawn(world: &World, command: &mut Command) -> io::Result<Child> {
    for _ in 1..BUSY_ATTEMPTS {
        match command.spawn() {
            Err(error) if error.kind() == io::ErrorKind::ExecutableFileBusy => world.sleep(BUSY_PAUSE).await,
            done => return done,
        }
    }
    command.spawn()
}

fn os_string(bytes: &[u8]) -> std::ffi::OsString {
    std::os::unix::ffi::OsStringExt::from_vec(bytes.to_vec())
}

impl Running {
    fn of(
        world: &World,
        child: Child,
        pumps: [JoinHandle<()>; 2],
        all_taken: impl Fn() -> bool + Send + Sync + 'static,
    ) -> Self {
        let pid = child.id().unwrap_or_default();
        // One that ended already has no entry any more; its number alone still names it.
        let process = world.process(pid).unwrap_or(ProcessId { pid, started: 0, boot: String::new() });
        Self { process, child, pumps, all_taken: AllTaken(Box::new(all_taken)), world: world.clone() }
    }

    /// Waits for restic's own end. Lines must be taken meanwhile, and the last of them still are in the channel.
    pub async fn ended(&mut self) -> io::Result<Exit> {
        let status = self.child.wait().await?;
        // Whatever it left behind in its group (an ssh, an rclone) has lost its purpose.
        self.group().kill();
        let aborts = self.pumps.each_ref().map(JoinHandle::abort_handle);
        let [stdout, stderr] = &mut self.pumps;
        let pumps = async {
            // A pump that panicked has nothing more to say.
            let _ = stdout.await;
            let _ = stderr.await;
        };
        tokio::pin!(pumps);
        while self.world.within(PIPES, &mut pumps).await.is_none() {
            // Lines that wait to be taken are not lost because whoever takes them is slow.
            if self.all_taken.0() {
                aborts.iter().for_each(AbortHandle::abort);
                break;
            }
        }
        Ok(exit(status))
    }

    pub fn group(&self) -> ProcessGroup {
        ProcessGroup::of(&self.process)
    }
}

impl ProcessGroup {
    fn of(process: &ProcessId) -> Self {
        Self(i32::try_from(process.pid).ok().and_then(Pid::from_raw))
    }

    /// Asks it to end.
    pub fn terminate(self) {
        self.signal(Signal::TERM);
    }

    /// Ends it.
    pub fn kill(self) {
        self.signal(Signal::KILL);
    }

    fn signal(self, signal: Signal) {
        if let Some(pid) = self.0 {
            // A group without members is what is wanted.
            let _ = kill_process_group(pid, signal);
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Ok(None) = self.child.try_wait() {
            self.group().kill();
        }
    }
}

/// Ends a restic that an agent before this one started and that still runs. True when it runs no more.
pub async fn end_stray(world: &World, process: &ProcessId, term_to_kill: Duration) -> bool {
    let group = ProcessGroup::of(process);
    for (signal, patience) in [(Signal::TERM, term_to_kill), (Signal::KILL, PIPES)] {
        if !world.is_alive(process) {
            break;
        }
        group.signal(signal);
        wait_while(world, patience, || world.is_alive(process)).await;
    }
    // Its parent is gone, so init asks how it ended; before that restic's `unlock` takes it for alive.
    let ended = !world.is_alive(process);
    if ended {
        wait_while(world, PIPES, || world.bears(process.pid) && world.process(process.pid).is_none()).await;
    }
    ended
}

async fn wait_while(world: &World, patience: Duration, holds: impl Fn() -> bool) {
    let wait = async {
        while holds() {
            world.sleep(BUSY_PAUSE).await;
        }
    };
    // What holds longer is told by whoever asks again.
    let _ = world.within(patience, wait).await;
}

fn exit(status: ExitStatus) -> Exit {
    use std::os::unix::process::ExitStatusExt as _;
    match (status.code(), status.signal()) {
        (Some(code), _) => Exit::Code(code),
        (None, signal) => Exit::Signal(signal.unwrap_or_default()),
    }
}
