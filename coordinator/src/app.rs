//! Where everything is wired: arguments → rooms → running program, and the order in which things end.

mod accept;
mod keys;
mod serve;
mod tls;

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    io::{IsTerminal as _, Write as _},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::{Args, Parser, Subcommand};
use tracing_subscriber::EnvFilter;

use crate::{
    config::{Config, ConfigError, Given, Tls},
    ingest,
    store::{self, StoreError},
};

/// One source of the version: the workspace's.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
const DATABASE: &str = "coordinator.db";

#[derive(Debug, Parser)]
#[command(
    name = "restic-manager-coordinator",
    version,
    about = "Collects agents' journals, relays orders, serves the panel."
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the panel, the API and the agents, in the foreground.
    Serve(ServeArgs),
    /// Fold every view again from the raw journal records. The coordinator must not be running.
    Rebuild(DataArgs),
    /// Check every journal against its agent's signature; name the first bad record of each host.
    Verify(DataArgs),
}

#[derive(Debug, Args)]
struct DataArgs {
    /// The directory that holds database, key file and coordinator.toml.
    #[arg(long)]
    data: PathBuf,
}

#[derive(Debug, Args)]
struct ServeArgs {
    #[command(flatten)]
    data: DataArgs,
    /// Address and port to listen on [default: 127.0.0.1:7700].
    #[arg(long)]
    listen: Option<SocketAddr>,
    /// What people and agents reach it by, such as https://backup.example.org.
    #[arg(long)]
    public_url: Option<String>,
    /// What people call this coordinator.
    #[arg(long)]
    name: Option<String>,
    /// Whether to speak TLS when no certificate is given.
    #[arg(long)]
    tls: Option<Tls>,
    #[arg(long)]
    certificate: Option<PathBuf>,
    #[arg(long)]
    private_key: Option<PathBuf>,
    /// ARCH=PATH of an agent binary to offer to new hosts; may be repeated.
    #[arg(long = "agent-binary", value_parser = agent_binary)]
    agent_binaries: Vec<(String, PathBuf)>,
}

fn agent_binary(text: &str) -> Result<(String, PathBuf), String> {
    match text.split_once('=') {
        Some((arch, path)) if !arch.is_empty() && !path.is_empty() => Ok((arch.to_owned(), path.into())),
        _ => Err("write ARCH=PATH, such as x86_64=/usr/lib/restic-manager/agent".to_owned()),
    }
}

impl From<ServeArgs> for Given {
    fn from(args: ServeArgs) -> Self {
        Self {
            listen: args.listen,
            public_url: args.public_url,
            name: args.name,
            tls: args.tls,
            certificate: args.certificate,
            private_key: args.private_key,
            agent_binaries: BTreeMap::from_iter(args.agent_binaries),
        }
    }
}

/// Why a command did not do its work. `Display` says what happened and what to do next.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Fleet(#[from] crate::fleet::FleetError),
    #[error(transparent)]
    Keys(#[from] keys::KeysError),
    #[error(transparent)]
    Tls(#[from] tls::TlsError),
    #[error("{address} cannot be listened on: {error}; is another coordinator running?")]
    Listen { address: SocketAddr, error: std::io::Error },
    #[error("{path}: {error}", path = .path.display())]
    Path { path: PathBuf, error: std::io::Error },
    #[error("there is no database in {path}: give the directory that `serve` uses", path = .0.display())]
    NoDatabase(PathBuf),
    #[error("another coordinator uses {path}: stop it first", path = .0.display())]
    InUse(PathBuf),
}

/// The whole program.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let colours = std::io::stderr().is_terminal();
    tracing_subscriber::fmt().with_env_filter(filter).with_ansi(colours).with_writer(std::io::stderr).init();
    let done = match cli.command {
        Command::Serve(args) => {
            let data = args.data.data.clone();
            Config::load(&data, args.into()).map_err(AppError::from).and_then(serve::serve)
        }
        Command::Rebuild(DataArgs { data }) => rebuild(&data),
        Command::Verify(DataArgs { data }) => verify(&data),
    };
    done.unwrap_or_else(|error| {
        let mut text = format!("error: {error}");
        let mut source = std::error::Error::source(&error);
        while let Some(cause) = source {
            // Writing into a text cannot fail.
            let _ = write!(text, ": {cause}");
            source = cause.source();
        }
        eprintln!("{text}");
        ExitCode::FAILURE
    })
}

fn database(data: &Path) -> Result<(PathBuf, keys::Lock), AppError> {
    let path = data.join(DATABASE);
    if !path.is_file() {
        return Err(AppError::NoDatabase(data.to_owned()));
    }
    Ok((path, keys::Lock::take(data)?))
}

fn rebuild(data: &Path) -> Result<ExitCode, AppError> {
    let (path, _lock) = database(data)?;
    let mut connection = store::open_alone(&path)?;
    let rebuilt = store::alone(&mut connection, ingest::rebuild)?;
    say(&format!("rebuilt the views of {} hosts from {} records", rebuilt.hosts, rebuilt.records));
    Ok(ExitCode::SUCCESS)
}

fn verify(data: &Path) -> Result<ExitCode, AppError> {
    let path = data.join(DATABASE);
    if !path.is_file() {
        return Err(AppError::NoDatabase(data.to_owned()));
    }
    let checked = store::read_alone(&path, ingest::check)?;
    for bad in &checked.bad {
        say(&bad.to_string());
    }
    if checked.bad.is_empty() {
        say(&format!("verified {} records of {} hosts: every chain holds", checked.records, checked.hosts));
        return Ok(ExitCode::SUCCESS);
    }
    say(&format!("{} of {} hosts have a record that does not hold", checked.bad.len(), checked.hosts));
    Ok(ExitCode::FAILURE)
}

/// A line on standard output. Whoever closed it does not want to read.
fn say(line: &str) {
    let _ = writeln!(std::io::stdout().lock(), "{line}");
}
