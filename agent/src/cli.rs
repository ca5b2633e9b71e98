//! The command line: arguments in, words and an exit code out. Errors become text here and nowhere else.
//!
//! Verbs that only read look into the database themselves, beside a running agent; those that change something ask it.

mod enrol;
mod history;
mod ledger;
mod look;
mod status;
mod table;

use std::{path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand};
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
    /// Run the agent until it is stopped (SIGTERM)
    Run,
    /// Show how this agent is
    Status {
        #[arg(long)]
        json: bool,
    },
    /// List jobs, newest first
    Jobs(history::Arguments),
    /// Show a job's log
    Logs {
        /// The job's id, or the end of it as `jobs` shows it
        job: String,
        #[arg(long)]
        json: bool,
    },
    /// Show what is backed up, where to and when
    Plan {
        #[command(subcommand)]
        verb: PlanVerb,
    },
}

#[derive(Subcommand)]
enum PlanVerb {
    /// Print the plan as it is
    Show {
        #[arg(long)]
        json: bool,
    },
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

/// For `main`: parses, does, and says how it ended.
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    // Whatever this program makes is its owner's alone.
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
    match perform(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure(text)) => {
            // Nowhere to say it is no reason to panic.
            let _ = std::io::Write::write_all(
                &mut std::io::stderr(),
                look::plain(&format!("error: {text}\n")).as_bytes(),
            );
            ExitCode::FAILURE
        }
    }
}

fn perform(arguments: &Arguments) -> Result<(), Failure> {
    let settle = || Paths::settle(arguments.config.as_deref(), arguments.data.as_deref());
    match &arguments.verb {
        Verb::Run => daemon(settle),
        Verb::Enrol(wanted) => {
            log_to_stderr("warn");
            let (paths, config) = settle()?;
            runtime()?.block_on(enrol::perform(wanted, paths, config))
        }
        Verb::Status { json } => {
            let (paths, config) = settle()?;
            runtime()?.block_on(status::perform(&paths, &config, *json))
        }
        Verb::Jobs(wanted) => history::jobs(&settle()?.0, wanted),
        Verb::Logs { job, json } => history::logs(&settle()?.0, job, *json),
        Verb::Plan { verb: PlanVerb::Show { json } } => ledger::show(&settle()?.0, *json),
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
