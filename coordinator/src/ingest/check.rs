//! Checks every chain again: each record against its hash, each epoch against the head that its agent signed.

use rusqlite::Connection;
use wire::{
    id::{AgentId, UnixMs},
    journal::Chain,
};

use crate::store::{
    StoreError, chains,
    hosts::{self, Host},
    records::{self, Stored},
};

/// What a check went through, and the first bad record of each host that has one.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Checked {
    pub hosts: u64,
    pub records: u64,
    pub bad: Vec<BadRecord>,
}

/// `Display` names host, epoch and record, and what is wrong.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("host {name} ({agent}), epoch {epoch}, record {seq}: {problem}")]
pub struct BadRecord {
    pub name: String,
    pub agent: AgentId,
    pub epoch: u64,
    pub seq: u64,
    /// When the record says that it was made.
    pub at: Option<UnixMs>,
    pub problem: String,
}

pub fn check(connection: &Connection) -> Result<Checked, StoreError> {
    let mut checked = Checked::default();
    for host in hosts::all(connection)? {
        checked.hosts += 1;
        if let Some(bad) = host_chains(connection, &host, &mut checked.records)? {
            checked.bad.push(bad);
        }
    }
    Ok(checked)
}

fn host_chains(
    connection: &Connection,
    host: &Host,
    count: &mut u64,
) -> Result<Option<BadRecord>, StoreError> {
    for epoch in chains::of_host(connection, host.id, host.agent)? {
        let number = epoch.head.head.epoch;
        let bad = |seq, at, problem: String| BadRecord {
            name: host.name.clone(),
            agent: host.agent,
            epoch: number,
            seq,
            at,
            problem,
        };
        let mut chain = Chain::genesis(host.agent, number, epoch.previous);
        let mut first_bad = None;
        records::walk::<StoreError>(connection, epoch.id, |stored| {
            *count += 1;
            let expected = chain.head().seq + 1;
            first_bad = wrong(&mut chain, expected, &stored)
                .map(|(seq, problem)| bad(seq, (seq == stored.place.seq()).then_some(stored.at), problem));
            Ok(first_bad.is_none())
        })?;
        if first_bad.is_some() {
            return Ok(first_bad);
        }
        if let Err(error) = chain.ends_in(&epoch.head) {
            let seq = chain.head().seq.min(epoch.head.head.seq);
            return Ok(Some(bad(seq, None, error.to_string())));
        }
    }
    Ok(None)
}

/// What is wrong with the next stored record, and which number it has or should have.
fn wrong(chain: &mut Chain, expected: u64, stored: &Stored) -> Option<(u64, String)> {
    let seq = stored.place.seq();
    if seq != expected {
        return Some((expected, format!("it is missing; the next one that is there is record {seq}")));
    }
    let Some(record) = stored.record() else {
        return Some((seq, "it is not a record any more: its kind or body was changed".to_owned()));
    };
    chain.check(&record, &stored.hash).err().map(|error| (seq, error.to_string()))
}
