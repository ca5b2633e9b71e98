//! The command line: arguments in, words and an exit code out. Errors become text here and nowhere else.
//!
//! Verbs that only read look into the database themselves, beside a running agent; those that change something ask it.

mod asking;
mod diff;
mod doctor;
mod enrol;
mod find;
mod follow;
mod history;
mod logs;
mod look;
mod ls;
mod manual;
mod plan;
mod questions;
mod secret;
mod snapshots;
mod status;
mod table;
mod unlock;
mod work;

use std::{path::PathBuf, process::ExitCode};

use clap::{CommandFactory as _, Parser, Subcommand};
use tokio_util::sync::CancellationToken;

use crate::{
    app::{self, Ground},
    config::{Config, ConfigError, Paths},
    world::World,
};

#[derive(Parser)]
#[command(
    name = "restic-manager-agent",
    version,
    about = "Backs up this host with restic, alone, and reports to its fleet"
)]
struct Arguments {
    /// Where database, keys and caches lie [default: /var/lib/restic-manager-agent]
    #[arg(long, global = true, value_name = "DIR")]
    data: Option<PathBuf>,
    /// The endpoint's own settings [default: /etc/restic-manager/agent.toml, or agent.toml in another --data directory]
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Announce this host to a coordinator, or redeem a token (RM_TOKEN), and wait until it belongs to the fleet
    Enrol(enrol::Arguments),
    /// Back groups up now; without one, run the agent itself until it is stopped (SIGTERM)
    Run(work::Run),
    /// Stop a job that runs, or take one that waits out of the queue
    Cancel(work::Cancel),
    /// Look whether a repository is whole
    Check(work::Check),
    /// Give back the space of what no snapshot needs
    Prune(work::OfRepository),
    /// Apply the retention of groups
    Forget(work::OfGroups),
    /// Restore a random sample of groups into a private directory, compare it, and remove it
    Drill(work::OfGroups),
    /// Bring files of a snapshot back, into a new directory or in place
    Restore(work::Restore),
    /// Copy a group's snapshots to another repository of the plan
    Copy(work::Copy),
    /// Make a repository anew that was ready once and is gone; what still stands at its place is never touched
    Reinit(work::Reinit),
    /// Remove the locks of dead processes; with --all, every lock
    Unlock(unlock::Arguments),
    /// Show how this agent is
    Status {
        /// One JSON document instead of words
        #[arg(long)]
        json: bool,
    },
    /// List jobs, newest first
    Jobs(history::Arguments),
    /// Show a job's log
    Logs(logs::Arguments),
    /// List the snapshots of a repository or group, newest first
    Snapshots(snapshots::Arguments),
    /// Show what is in a directory of a snapshot
    Ls(ls::Arguments),
    /// Look for a file in all snapshots of this host
    Find(find::Arguments),
    /// Show what is different between two snapshots
    Diff(diff::Arguments),
    /// What is backed up, where to and when
    #[command(subcommand)]
    Plan(plan::Verb),
    /// What only this host may know: passwords, logins, hooks
    #[command(subcommand)]
    Secret(secret::Verb),
    /// Look for what keeps backups from working, or will
    Doctor(doctor::Arguments),
    /// Print a completion script for a shell
    Completion { shell: clap_complete::Shell },
    /// Write manual pages into a directory
    Man { directory: PathBuf },
}

/// What a verb ends with when it does not succeed: the text is for a person.
#[derive(Debug)]
pub(crate) struct Failure(String);

impl<E: std::error::Error> From<E> for Failure {
    /// The error and what led to it, each once.
    fn from(error: E) -> Self {
        let mut text = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            let cause_text = cause.to_string();
            if !text.contains(&cause_text) {
                text.push_str(": ");
                text.push_str(&cause_text);
            }
            source = cause.source();
        }
        Self(text)
    }
}

fn failure<T>(text: impl Into<String>) -> Result<T, Failure> {
    Err(Failure(text.into()))
}

/// What was asked for was done, but did not come out well: nothing more is to be said.
const NOT_WELL: u8 = 1;
/// A snapshot was made, but some files could not be read; the number that restic uses.
const INCOMPLETE: u8 = 3;

/// For `main`: parses, does, and says how it ended.
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    // Whatever this program makes is its owner's alone.
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
    match perform(&arguments) {
        Ok(code) => code,
        Err(Failure(text)) => {
            complain(&text);
            ExitCode::FAILURE
        }
    }
}

fn complain(text: &str) {
    // Nowhere to say it is no reason to panic.
    let text = look::plain(&format!("error: {text}\n"));
    let _ = std::io::Write::write_all(&mut std::io::stderr(), text.as_bytes());
}

fn perform(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let settle = || Paths::settle(arguments.config.as_deref(), arguments.data.as_deref());
    let done = |()| ExitCode::SUCCESS;
    match &arguments.verb {
        Verb::Run(wanted) if wanted.is_daemon() => daemon(settle).map(done),
        Verb::Run(wanted) => runtime()?.block_on(work::run(&settle()?.0, wanted)),
        Verb::Cancel(wanted) => runtime()?.block_on(work::cancel(&settle()?.0, wanted)).map(done),
        Verb::Check(wanted) => runtime()?.block_on(work::check(&settle()?.0, wanted)),
        Verb::Prune(wanted) => runtime()?.block_on(work::prune(&settle()?.0, wanted)),
        Verb::Forget(wanted) => runtime()?.block_on(work::forget(&settle()?.0, wanted)),
        Verb::Drill(wanted) => runtime()?.block_on(work::drill(&settle()?.0, wanted)),
        Verb::Restore(wanted) => runtime()?.block_on(work::restore(&settle()?.0, wanted)),
        Verb::Copy(wanted) => runtime()?.block_on(work::copy(&settle()?.0, wanted)),
        Verb::Reinit(wanted) => runtime()?.block_on(work::reinit(&settle()?.0, wanted)),
        Verb::Unlock(wanted) => runtime()?.block_on(unlock::perform(&settle()?.0, wanted)),
        Verb::Enrol(wanted) => {
            log_to_stderr("warn");
            let (paths, config) = settle()?;
            runtime()?.block_on(enrol::perform(wanted, paths, config)).map(done)
        }
        Verb::Status { json } => {
            let (paths, config) = settle()?;
            runtime()?.block_on(status::perform(&paths, &config, *json)).map(done)
        }
        Verb::Jobs(wanted) => history::jobs(&settle()?.0, wanted).map(done),
        Verb::Logs(wanted) => runtime()?.block_on(logs::perform(&settle()?.0, wanted)).map(done),
        Verb::Snapshots(wanted) => snapshots::perform(&settle()?.0, wanted).map(done),
        Verb::Ls(wanted) => runtime()?.block_on(ls::perform(&settle()?.0, wanted)).map(done),
        Verb::Find(wanted) => runtime()?.block_on(find::perform(&settle()?.0, wanted)).map(done),
        Verb::Diff(wanted) => runtime()?.block_on(diff::perform(&settle()?.0, wanted)).map(done),
        Verb::Plan(verb) => runtime()?.block_on(plan::perform(&settle()?.0, verb)),
        Verb::Secret(verb) => runtime()?.block_on(secret::perform(&settle()?.0, verb)).map(done),
        Verb::Doctor(wanted) => {
            let (paths, config) = settle()?;
            runtime()?.block_on(doctor::perform(&paths, &config, wanted))
        }
        Verb::Completion { shell } => manual::completion(*shell, &mut Arguments::command()).map(done),
        Verb::Man { directory } => manual::pages(directory, Arguments::command()).map(done),
    }
}

fn daemon(settle: impl Fn() -> Result<(Paths, Config), ConfigError>) -> Result<(), Failure> {
    log_to_stderr("info");
    let (paths, config) = settle()?;
    runtime()?.block_on(async {
        let ground = Ground::take_over(paths, config, World::real()).await?;
        let stop = CancellationToken::new();
        stop_on_signals(&stop)?;
        app::run(ground, stop.clone(), || tell_systemd(sd_notify::NotifyState::Ready)).await?;
        Ok(())
    })
}

/// One thread: the agent waits nearly all the time, and restic is tied to the life of the thread that starts it.
fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    // Blocking threads come when names are looked up or paths looked at; one may hang at a mount that is gone.
    Ok(tokio::runtime::Builder::new_current_thread().enable_all().max_blocking_threads(8).build()?)
}

fn stop_on_signals(stop: &CancellationToken) -> Result<(), Failure> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut term = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let stop = stop.clone();
    tokio::spawn(async move {
        tokio::select! {
            _ = term.recv() => {}
            _ = interrupt.recv() => {}
        }
        tell_systemd(sd_notify::NotifyState::Stopping);
        stop.cancel();
    });
    Ok(())
}

/// Does nothing where no service manager listens.
fn tell_systemd(state: sd_notify::NotifyState<'_>) {
    let _ = sd_notify::notify(&[state]);
}

/// `RUST_LOG` decides, else `usual`. Levels by target alone: more would bring a machine for patterns into memory.
fn log_to_stderr(usual: &str) {
    use std::io::IsTerminal as _;
    use tracing_subscriber::{filter::Targets, fmt, layer::SubscriberExt as _, util::SubscriberInitExt as _};
    let wanted = std::env::var("RUST_LOG").unwrap_or_default();
    let mut texts = [wanted.as_str(), usual].into_iter().filter(|text| !text.is_empty());
    let filter = texts.find_map(|text| text.parse::<Targets>().ok()).unwrap_or_default();
    let colours = std::io::stderr().is_terminal();
    // A second subscriber would be a mistake of a test alone.
    let lines = fmt::layer().with_writer(std::io::stderr).with_ansi(colours).with_target(false);
    let _ = tracing_subscriber::registry().with(filter).with(lines).try_init();
}

#[cfg(test)]
mod tests;
