//! `plan`: what is backed up, where to and when; seen, edited, checked, compared, taken to a file and given back.

mod adopt;
mod check;
mod diff;
mod edit;
mod export;
mod history;
mod show;
mod words;

use std::{path::PathBuf, process::ExitCode};

use clap::Subcommand;

pub use words::{author, warning};

use super::Failure;
use crate::config::Paths;

#[derive(Subcommand)]
pub enum Verb {
    /// Print the plan as it is
    Show {
        /// One JSON document instead of TOML
        #[arg(long)]
        json: bool,
    },
    /// Change the plan in an editor ($VISUAL, $EDITOR): plan.toml where it governs, else the plan itself
    Edit {
        /// Why, for those who read the history
        #[arg(long)]
        note: Option<String>,
    },
    /// Say everything that is wrong with a plan, with line and field
    Check {
        /// `-` is standard input; none: plan.toml beside agent.toml
        file: Option<PathBuf>,
        /// One JSON document instead of words
        #[arg(long)]
        json: bool,
    },
    /// List the plan's revisions, newest first: when, who, why, and what changed
    History {
        /// How many at most
        #[arg(long, default_value_t = 20)]
        limit: usize,
        /// One JSON document instead of words
        #[arg(long)]
        json: bool,
    },
    /// Show what differs between two revisions
    Diff {
        /// The older one; none: the one before the newer
        from: Option<u64>,
        /// The newer one; none: the plan as it is
        to: Option<u64>,
        /// One JSON document instead of words
        #[arg(long)]
        json: bool,
    },
    /// Write the plan into a file; into plan.toml beside agent.toml, it governs from then on
    Export {
        /// `-` is standard output; none: plan.toml beside agent.toml
        file: Option<PathBuf>,
    },
    /// Give a plan that plan.toml governs back to the panel; the file is kept as plan.toml.adopted
    Adopt {
        /// Why, for those who read the history
        #[arg(long)]
        note: Option<String>,
        /// One JSON document instead of words
        #[arg(long)]
        json: bool,
    },
}

pub async fn perform(paths: &Paths, verb: &Verb) -> Result<ExitCode, Failure> {
    match verb {
        Verb::Show { json } => show::perform(paths, *json)?,
        Verb::Edit { note } => edit::perform(paths, note.as_deref()).await?,
        Verb::Check { file, json } => return check::perform(paths, file.as_deref(), *json),
        Verb::History { limit, json } => history::perform(paths, *limit, *json)?,
        Verb::Diff { from, to, json } => diff::perform(paths, *from, *to, *json)?,
        Verb::Export { file } => export::perform(paths, file.as_deref()).await?,
        Verb::Adopt { note, json } => adopt::perform(paths, note.clone(), *json).await?,
    }
    Ok(ExitCode::SUCCESS)
}
