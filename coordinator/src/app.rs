//! Where everything is wired: arguments → rooms → running program, and the order in which things end.

mod accept;
mod archive;
mod backup;
mod check;
mod keys;
mod kit;
mod reload;
mod serve;
mod tls;
mod user;

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

use reload::Source;

use crate::{
    audit,
    config::{ConfigError, Flags, Tls},
    ingest,
    store::{self, StoreError},
    world::World,
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
    /// Check every journal against its agent's signature, and the audit against this coordinator's; name the first bad
    /// record of each.
    Verify(DataArgs),
    /// Print what the configuration comes to, or everything that is wrong with it.
    CheckConfig(ServeArgs),
    /// Save everything that the data directory holds into one file, also while the coordinator runs.
    Backup(BackupArgs),
    /// Unpack such a file into a data directory that is new or empty.
    Restore(RestoreArgs),
    /// People, at the coordinator's own machine: also while it runs, and when no admin can sign in any more.
    User(user::UserArgs),
    /// What the recovery kit opens: without a coordinator, a panel or a network.
    Kit(kit::KitArgs),
}

#[derive(Debug, Args)]
struct DataArgs {
    /// The directory that holds database, key file and coordinator.toml.
    #[arg(long, env = "RM_COORDINATOR_DATA")]
    data: PathBuf,
}

#[derive(Debug, Args)]
struct BackupArgs {
    #[command(flatten)]
    data: DataArgs,
    /// The file to write; one that is there is replaced once the new one is whole.
    #[arg(long)]
    to: PathBuf,
}

#[derive(Debug, Args)]
struct RestoreArgs {
    #[command(flatten)]
    data: DataArgs,
    /// The file that `backup` wrote.
    #[arg(long)]
    from: PathBuf,
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

impl From<ServeArgs> for Source {
    fn from(args: ServeArgs) -> Self {
        let flags = Flags {
            listen: args.listen,
            public_url: args.public_url,
            name: args.name,
            tls: args.tls,
            certificate: args.certificate,
            private_key: args.private_key,
            agent_binaries: BTreeMap::from_iter(args.agent_binaries),
        };
        Self { data: args.data.data, flags }
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
    #[error("{path} lies in the directory that it would save, and would be lost with it: choose a place elsewhere", path = .0.display())]
    BackupInside(PathBuf),
    #[error("{path} is not empty: give a directory that is new, or empty", path = .0.display())]
    NotEmpty(PathBuf),
    #[error("there is no key file in {path}: agents would not know this coordinator; take another backup", path = .0.display())]
    NoKeys(PathBuf),
    #[error("{path} cannot be restored: {error}", path = .path.display())]
    Archive { path: PathBuf, error: archive::ArchiveError },
    #[error("the coordinator that uses {path} is of another version than this program: use that one's, or restart it", path = .0.display())]
    OtherVersion(PathBuf),
    #[error("there is no key file in {path}: give the directory that `serve` uses", path = .0.display())]
    NoKeyFile(PathBuf),
    #[error("nobody is called `{0}`: `user list` names everybody")]
    NobodyCalled(String),
    #[error(transparent)]
    Kit(#[from] kit::KitOpenError),
    // Said whole here, so it is not its own cause besides.
    #[error("{}", user::said(.0))]
    Access(crate::access::AccessError),
}

impl From<crate::access::AccessError> for AppError {
    fn from(error: crate::access::AccessError) -> Self {
        Self::Access(error)
    }
}

/// The whole program.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let colours = std::io::stderr().is_terminal();
    tracing_subscriber::fmt().with_env_filter(filter).with_ansi(colours).with_writer(std::io::stderr).init();
    let done = match cli.command {
        Command::Serve(args) => serve::serve(args.into()),
        Command::CheckConfig(args) => check::check(&args.into()),
        Command::Backup(args) => backup::backup(&args.data.data, &args.to, &World::real()),
        Command::Restore(args) => backup::restore(&args.from, &args.data.data),
        Command::Rebuild(DataArgs { data }) => rebuild(&data),
        Command::Verify(DataArgs { data }) => verify(&data),
        Command::User(args) => user::run(args),
        Command::Kit(args) => kit::run(args),
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
    } else {
        say(&format!("{} of {} hosts have a record that does not hold", checked.bad.len(), checked.hosts));
    }
    let audit_holds = verify_audit(data, &path)?;
    Ok(if checked.bad.is_empty() && audit_holds { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn verify_audit(data: &Path, database: &Path) -> Result<bool, AppError> {
    let Some(keys) = keys::load(data)? else {
        say("the audit was not verified: there is no key file that could have signed it");
        return Ok(false);
    };
    let audit::Checked { records, bad } =
        store::read_alone(database, |connection| audit::check(connection, keys.id()))?;
    match bad {
        None => say(&format!("verified {records} records of the audit: the chain holds")),
        Some(ref bad) => say(&format!("audit: {bad}")),
    }
    Ok(bad.is_none())
}

/// A line on standard output. Whoever closed it does not want to read.
fn say(line: &str) {
    let _ = writeln!(std::io::stdout().lock(), "{line}");
}

#[cfg(test)]
mod tests {
    use wire::{id::UnixMs, view::AuditAction};

    use super::*;
    use crate::{
        audit::{Audit, Entry},
        store::StoreError,
        world::World,
    };

    #[test]
    fn verify_finds_a_changed_record_of_the_audit_and_wants_the_key_that_signed_it() {
        let directory = tempfile::tempdir().unwrap();
        let (data, database) = (directory.path(), directory.path().join(DATABASE));
        let (world, _) = World::fake(UnixMs(0), 5);
        drop(store::Store::open(&database).unwrap());
        assert!(!verify_audit(data, &database).unwrap(), "nobody could have signed it");
        let act = Audit::new(keys::load_or_make(data, &world).unwrap()).own(UnixMs(5));
        let mut connection = store::open_alone(&database).unwrap();
        store::alone(&mut connection, |tx| {
            act.record(tx, Entry::new(AuditAction::SignIn))?;
            act.record(tx, Entry::new(AuditAction::SignOut))
        })
        .unwrap();
        assert!(verify_audit(data, &database).unwrap());
        store::alone(&mut connection, |tx| {
            tx.execute_batch("UPDATE audit SET at = 6 WHERE seq = 1").map_err(StoreError::from)
        })
        .unwrap();
        assert!(!verify_audit(data, &database).unwrap());
    }
}
