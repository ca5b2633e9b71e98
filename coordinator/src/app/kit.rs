//! `kit open`: what an escrow bundle holds, for whoever has the recovery kit and lost everything else.
//!
//! Needs no data directory and no network. The words come from the terminal, which does not show them, or from standard
//! input; never from the command line, which others see.

mod opened;
mod typing;

use std::{
    collections::BTreeSet,
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::{Args, Subcommand};
use wire::{
    id::{FleetId, SealKey},
    trust::{Kit, KitError},
    view::EscrowBundle,
};

use super::AppError;

#[derive(Debug, Args)]
pub struct KitArgs {
    #[command(subcommand)]
    command: KitCommand,
}

#[derive(Debug, Subcommand)]
enum KitCommand {
    /// Print where each host's repositories are and what opens them, ready for restic. Asks for the kit's 24 words, or reads
    /// them from standard input.
    Open {
        /// The file that the panel gave, or escrow.json of a coordinator's backup.
        bundle: PathBuf,
        /// Of this host alone, by its name in the fleet or the name that its snapshots bear.
        #[arg(long)]
        host: Option<String>,
        /// Print JSON, hooks and other secrets included.
        #[arg(long)]
        json: bool,
    },
}

/// Why nothing was opened. What somebody typed is never repeated.
#[derive(Debug, thiserror::Error)]
pub enum KitOpenError {
    #[error("{path} cannot be read: {error}", path = .path.display())]
    Unreadable { path: PathBuf, error: std::io::Error },
    #[error("{path} is no escrow bundle ({what}): give the file that the panel gave, or escrow.json of a backup", path = .path.display())]
    NoBundle { path: PathBuf, what: String },
    #[error("the bundle was made by a newer version ({0}): open it with that one")]
    Newer(u32),
    #[error("{error}{}", .suggestion.map_or_else(String::new, |word| format!(" (perhaps it is `{word}`)")))]
    Words { error: KitError, suggestion: Option<&'static str> },
    #[error("the words could not be read: {0}")]
    Typing(std::io::Error),
    #[error(
        "these words are a kit, but of the fleet {found}; the bundle is of {wanted}: take the kit that belongs to it"
    )]
    OtherFleet { found: FleetId, wanted: FleetId },
    #[error("no host in the bundle is called `{0}`; these are: {1}")]
    NoHost(String, String),
    #[error("{0} could not be opened: they are named above. Everything else was shown")]
    Some(usize),
}

const WARNING: &str = "These are secrets: whoever sees them can read, and delete, every backup. Do not leave them on a \
                       screen, in a shell's history or in a file that others read.";

pub fn run(args: KitArgs) -> Result<ExitCode, AppError> {
    let KitCommand::Open { bundle: path, host, json } = args.command;
    let bundle = bundle(&path)?;
    let sealed_to: BTreeSet<SealKey> =
        bundle.hosts.iter().flat_map(|host| &host.boxes).map(|sealed| sealed.recovery).collect();
    let bundle = only(bundle, host.as_deref())?;
    let kit = fitting(typed()?, bundle.fleet, &sealed_to)?;
    let all = opened::all(&kit, &bundle);
    eprintln!("{WARNING}");
    let text = if json { opened::json(&all) } else { opened::text(&all) };
    // Whoever closed it does not want to read.
    let _ = std::io::stdout().lock().write_all(text.as_bytes());
    let closed: usize = all.iter().map(|host| host.closed.len()).sum();
    for (host, slot, why) in
        all.iter().flat_map(|host| host.closed.iter().map(|(slot, why)| (&host.name, slot, why)))
    {
        eprintln!("{}: {slot}: {why}", opened::shown(host));
    }
    if closed > 0 {
        return Err(KitOpenError::Some(closed).into());
    }
    Ok(ExitCode::SUCCESS)
}

fn bundle(path: &Path) -> Result<EscrowBundle, KitOpenError> {
    let bytes = fs::read(path).map_err(|error| KitOpenError::Unreadable { path: path.to_owned(), error })?;
    let no_bundle = |what: String| KitOpenError::NoBundle { path: path.to_owned(), what };
    // What it is comes first: a newer one may have another shape.
    let head: Head = serde_json::from_slice(&bytes).map_err(|error| no_bundle(error.to_string()))?;
    if head.format != EscrowBundle::FORMAT {
        return Err(no_bundle("it says that it is something else".into()));
    }
    if head.version > EscrowBundle::VERSION {
        return Err(KitOpenError::Newer(head.version));
    }
    serde_json::from_slice(&bytes).map_err(|error| no_bundle(error.to_string()))
}

#[derive(serde::Deserialize)]
struct Head {
    format: String,
    version: u32,
}

/// The hosts of this name, or all.
fn only(mut bundle: EscrowBundle, name: Option<&str>) -> Result<EscrowBundle, KitOpenError> {
    let Some(name) = name else { return Ok(bundle) };
    let names: Vec<String> = bundle.hosts.iter().map(|host| opened::shown(&host.name)).collect();
    bundle
        .hosts
        .retain(|host| host.name.eq_ignore_ascii_case(name) || host.hostname.eq_ignore_ascii_case(name));
    if bundle.hosts.is_empty() {
        Err(KitOpenError::NoHost(name.to_owned(), names.join(", ")))
    } else {
        Ok(bundle)
    }
}

fn typed() -> Result<Kit, KitOpenError> {
    let words = typing::words().map_err(KitOpenError::Typing)?;
    Kit::parse(&words).map_err(|error| {
        let suggestion = match error {
            KitError::UnknownWord { suggestion, .. } => suggestion,
            KitError::Count { .. } | KitError::Checksum => None,
        };
        KitOpenError::Words { error, suggestion }
    })
}

/// The boxes decide: a fleet keeps the id of its first root, also when a later kit took that one's place. Of the fleet's own kit
/// that opens none it is said box by box.
fn fitting(kit: Kit, wanted: FleetId, sealed_to: &BTreeSet<SealKey>) -> Result<Kit, KitOpenError> {
    let found = kit.fleet();
    if sealed_to.contains(&kit.recovery().public()) || found == wanted {
        Ok(kit)
    } else {
        Err(KitOpenError::OtherFleet { found, wanted })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kit_is_known_by_the_boxes_that_it_opens_or_by_the_fleet_that_it_founded() {
        let (first, later) = (Kit::from_seed(&[1; 32]), Kit::from_seed(&[2; 32]));
        let fleet = first.fleet();
        let boxes: BTreeSet<SealKey> = [later.recovery().public()].into();
        assert!(fitting(later, fleet, &boxes).is_ok(), "the root was changed");
        assert!(fitting(first, fleet, &boxes).is_ok());
        let stranger = fitting(Kit::from_seed(&[3; 32]), fleet, &boxes);
        assert!(matches!(stranger, Err(KitOpenError::OtherFleet { .. })));
    }
}
