//! `secret`: what only this host may know, typed at its own terminal. A value is never an argument and never shown.

mod typing;
mod words;

use clap::Subcommand;
use serde::Serialize;
use wire::{id::UnixMs, seal::SecretSlot};

use super::{Failure, asking, look};
use crate::{
    config::Paths,
    local::{Ask, SecretText, Tell},
    store::{plan, secrets},
    world::World,
};

#[derive(Subcommand)]
pub enum Verb {
    /// Give a secret: it is asked for without showing it, or read from standard input
    Set {
        /// Such as repository/main/password, repository/main/login, hook/GROUP/pre or ping/NAME
        slot: SecretSlot,
        /// One JSON document instead of words
        #[arg(long)]
        json: bool,
    },
    /// List which secrets are held, and which the plan wants; never a value
    List {
        /// One JSON document instead of words
        #[arg(long)]
        json: bool,
    },
}

/// One slot.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Held {
    pub slot: SecretSlot,
    /// Absent: the plan wants it, and it was never given.
    pub revision: Option<u64>,
    pub at: Option<UnixMs>,
}

pub async fn perform(paths: &Paths, verb: &Verb) -> Result<(), Failure> {
    match verb {
        Verb::Set { slot, json } => set(paths, slot, *json).await,
        Verb::List { json } => list(paths, *json),
    }
}

async fn set(paths: &Paths, slot: &SecretSlot, json: bool) -> Result<(), Failure> {
    // Before somebody types: is there anybody to take it?
    drop(asking::agent(paths).await?);
    let value = typing::value(slot)?;
    let ask = Ask::SetSecret { slot: slot.clone(), value: SecretText::new(&value) };
    match asking::once(paths, &ask).await? {
        Tell::Done { revision, .. } if json => {
            look::print_json(&serde_json::json!({ "slot": slot, "revision": revision }))
        }
        Tell::Done { revision, .. } => look::print(&words::kept(slot, revision.unwrap_or_default())),
        other => asking::unexpected(&other),
    }
}

fn list(paths: &Paths, json: bool) -> Result<(), Failure> {
    let connection = look::database(paths)?;
    let mut held: Vec<Held> = secrets::all(&connection)?
        .into_iter()
        .map(|row| Held { slot: row.slot, revision: Some(row.revision), at: Some(row.at) })
        .collect();
    let plan = plan::current(&connection)?.map(|current| current.plan).unwrap_or_default();
    for slot in words::wanted(&plan) {
        if !held.iter().any(|held| held.slot == slot) {
            held.push(Held { slot, revision: None, at: None });
        }
    }
    held.sort_by(|a, b| a.slot.cmp(&b.slot));
    if json {
        return look::print_json(&held);
    }
    look::print(&words::list(&held, World::real().now()))
}
