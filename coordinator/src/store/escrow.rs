//! Everything that the recovery kit opens, gathered for one file.

use std::collections::BTreeSet;

use rusqlite::Connection;
use wire::{
    id::{AgentId, FleetId, SealKey, UnixMs},
    seal::SealedBox,
    trust::Statement,
    view::{EscrowBox, EscrowBundle, EscrowHost},
};

use super::{
    StoreError,
    hosts::{self, Host, HostId},
    plans, statements, text,
};

/// Of these hosts, or of all: in the order of their names. A box whose secret the host lost meanwhile is there too: it may
/// be the only copy.
pub fn bundle(
    connection: &Connection,
    fleet: FleetId,
    wanted: &BTreeSet<AgentId>,
    now: UnixMs,
) -> Result<EscrowBundle, StoreError> {
    let mut found = Vec::new();
    hosts::each(connection, |host| {
        if wanted.is_empty() || wanted.contains(&host.agent) {
            found.push(one(connection, host)?);
        }
        Ok(())
    })?;
    found.sort_by(|a, b| (&a.name, a.agent).cmp(&(&b.name, b.agent)));
    Ok(EscrowBundle {
        format: EscrowBundle::FORMAT.to_owned(),
        version: EscrowBundle::VERSION,
        fleet,
        made_at: now,
        hosts: found,
    })
}

fn one(connection: &Connection, host: Host) -> Result<EscrowHost, StoreError> {
    let plan = plans::held(connection, host.id)?.map(|held| held.plan).unwrap_or_default();
    let facts = plans::facts(connection, host.id)?.unwrap_or_default();
    let own = if facts.hostname.is_empty() { host.name.clone() } else { facts.hostname };
    Ok(EscrowHost {
        agent: host.agent,
        name: host.name,
        hostname: plan.hostname.unwrap_or(own),
        repositories: plan.repositories.into_iter().map(|(name, it)| (name, it.backend)).collect(),
        boxes: boxes(connection, host.id)?,
    })
}

fn boxes(connection: &Connection, host: HostId) -> Result<Vec<EscrowBox>, StoreError> {
    let sql = "SELECT slot, revision, recovery, box FROM view_secrets WHERE host = ?1 ORDER BY slot";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query([host.0])?;
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        let slot: String = row.get(0)?;
        all.push(EscrowBox {
            slot: text::name("a secret's slot", &slot)?,
            revision: row.get::<_, i64>(1)?.cast_unsigned(),
            recovery: SealKey(row.get(2)?),
            sealed: SealedBox::from_bytes(row.get(3)?)
                .map_err(|error| StoreError::Damaged(format!("an escrow box: {error}")))?,
        });
    }
    Ok(all)
}

/// Whose fleet this is, as its first statement says; `None` before there is one.
pub fn fleet(connection: &Connection) -> Result<Option<FleetId>, StoreError> {
    let first = statements::all(connection)?.into_iter().next();
    first
        .map(|signed| {
            let statement: Statement = signed
                .verify()
                .map_err(|error| StoreError::Damaged(format!("the first statement: {error}")))?
                .document;
            Ok(statement.fleet)
        })
        .transpose()
}
