//! The members of the fleet: who they are, by what right, and what the coordinator keeps about them.

use rusqlite::{Connection, OptionalExtension, Row};
use serde::{Deserialize, Serialize};
use wire::{
    frame::Credential,
    id::{AgentId, UnixMs},
    identity::KeyBinding,
};

use super::{StoreError, Tx, places, text, views};

/// A host's row number: short, for the keys of everything that belongs to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HostId(pub i64);

#[derive(Clone, Debug, PartialEq)]
pub struct Host {
    pub id: HostId,
    pub agent: AgentId,
    pub binding: KeyBinding,
    pub name: String,
    pub tags: Vec<String>,
    /// What it shows to be a member.
    pub credential: Credential,
    pub joined_at: UnixMs,
    pub last_number: u64,
    pub last_seen: Option<UnixMs>,
    pub trouble: Option<Trouble>,
    /// The one whose place it took.
    pub replaces: Option<AgentId>,
}

/// Something about a host's journal that only a person can resolve.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "trouble", rename_all = "snake_case")]
pub enum Trouble {
    /// Its disk was set back: the journal goes on in `epoch`, and the agent holds retention until somebody confirms the
    /// plan.
    SetBack { epoch: u64 },
    /// Two different records have the same number: two machines write this journal. Nothing more is applied.
    Fork { epoch: u64, seq: u64 },
}

/// Who joins, or joins again.
#[derive(Clone, Debug, PartialEq)]
pub struct Member {
    pub agent: AgentId,
    pub binding: KeyBinding,
    pub name: String,
    pub tags: Vec<String>,
    pub credential: Credential,
    pub replaces: Option<AgentId>,
}

const COLUMNS: &str =
    "id, agent, binding, name, tags, credential, joined_at, last_number, last_seen, trouble, replaces";

pub fn by_agent(connection: &Connection, agent: AgentId) -> Result<Option<Host>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM hosts WHERE agent = ?1");
    let row = connection.prepare_cached(&sql)?.query_row([agent.0], columns).optional()?;
    row.map(host).transpose()
}

pub fn all(connection: &Connection) -> Result<Vec<Host>, StoreError> {
    let mut all = Vec::new();
    each(connection, |host| {
        all.push(host);
        Ok(())
    })?;
    Ok(all)
}

/// One after the other: all of them with what they show at the door are much larger than what is kept of them.
pub fn each(
    connection: &Connection,
    mut each: impl FnMut(Host) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let mut statement = connection.prepare(&format!("SELECT {COLUMNS} FROM hosts ORDER BY id"))?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        each(host(columns(row)?)?)?;
    }
    Ok(())
}

/// Who they are, and nothing else of them.
pub fn ids(connection: &Connection) -> Result<Vec<(HostId, AgentId)>, StoreError> {
    let mut statement = connection.prepare("SELECT id, agent FROM hosts ORDER BY id")?;
    let rows = statement.query_map([], |row| Ok((HostId(row.get(0)?), AgentId(row.get(1)?))))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Makes the host's row, or renews who it is; its history and joining time stay.
pub fn join(tx: &Tx<'_>, member: &Member, now: UnixMs) -> Result<HostId, StoreError> {
    let id = tx
        .prepare_cached(
            "INSERT INTO hosts (agent, binding, name, tags, credential, joined_at, replaces)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
             ON CONFLICT (agent) DO UPDATE SET binding = excluded.binding, name = excluded.name,
                 tags = excluded.tags, credential = excluded.credential, replaces = excluded.replaces
             RETURNING id",
        )?
        .query_row(
            (
                member.agent.0,
                text::json(&member.binding)?,
                &member.name,
                text::json(&member.tags)?,
                text::json(&member.credential)?,
                now.0,
                member.replaces.map(|agent| agent.0),
            ),
            |row| row.get(0),
        )?;
    if let Some(old) = member.replaces {
        places::take(tx, old, member.agent)?;
    }
    Ok(HostId(id))
}

/// The most that a host may be called, and the most tags: what an agent claims beyond is cut.
const NAME_BYTES: usize = 400;
const MOST_TAGS: usize = 64;

/// What the host says that it is called. A name of nothing leaves the old one.
pub fn rename(tx: &Tx<'_>, host: HostId, name: &str, tags: &[String]) -> Result<(), StoreError> {
    let mut name = name.trim().to_owned();
    text::shorten(&mut name, NAME_BYTES);
    let mut tags = tags[..tags.len().min(MOST_TAGS)].to_vec();
    for tag in &mut tags {
        text::shorten(tag, NAME_BYTES);
    }
    tx.prepare_cached(
        "UPDATE hosts SET name = CASE WHEN ?2 = '' THEN name ELSE ?2 END, tags = ?3 WHERE id = ?1",
    )?
    .execute((host.0, name, text::json(&tags)?))?;
    Ok(())
}

/// What the host is called, and its tags.
pub fn named(connection: &Connection, host: HostId) -> Result<Option<(String, Vec<String>)>, StoreError> {
    let mut statement = connection.prepare_cached("SELECT name, tags FROM hosts WHERE id = ?1")?;
    let row: Option<(String, String)> =
        statement.query_row([host.0], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    row.map(|(name, tags)| Ok((name, text::parse("a host's tags", &tags)?))).transpose()
}

/// Everything that is kept of a host: its row, its orders, its records and what was folded from them.
pub fn remove(tx: &Tx<'_>, host: HostId) -> Result<(), StoreError> {
    views::forget(tx, host)?;
    // A chain's records lie between its number and the next one's.
    tx.execute(
        "DELETE FROM records WHERE place IN
             (SELECT r.place FROM chains c JOIN records r ON r.place BETWEEN c.id << 40 AND ((c.id + 1) << 40) - 1
              WHERE c.host = ?1)",
        [host.0],
    )?;
    for own in ["chains", "orders", "claims"] {
        tx.execute(&format!("DELETE FROM {own} WHERE host = ?1"), [host.0])?;
    }
    tx.execute("DELETE FROM hosts WHERE id = ?1", [host.0])?;
    Ok(())
}

/// Says what only a person can resolve; `None` when it is resolved.
pub fn set_trouble(tx: &Tx<'_>, host: HostId, trouble: Option<&Trouble>) -> Result<(), StoreError> {
    let trouble = trouble.map(text::json).transpose()?;
    tx.prepare_cached("UPDATE hosts SET trouble = ?2 WHERE id = ?1")?.execute((host.0, trouble))?;
    Ok(())
}

pub fn trouble(connection: &Connection, host: HostId) -> Result<Option<Trouble>, StoreError> {
    let mut statement = connection.prepare_cached("SELECT trouble FROM hosts WHERE id = ?1")?;
    let trouble: Option<String> = statement.query_row([host.0], |row| row.get(0))?;
    trouble.map(|trouble| text::parse("a host's trouble", &trouble)).transpose()
}

pub fn set_last_seen(tx: &Tx<'_>, host: HostId, at: UnixMs) -> Result<(), StoreError> {
    tx.prepare_cached("UPDATE hosts SET last_seen = max(coalesce(last_seen, ?2), ?2) WHERE id = ?1")?
        .execute((host.0, at.0))?;
    Ok(())
}

/// Order numbers go on above `number`.
pub fn raise_number(tx: &Tx<'_>, host: HostId, number: u64) -> Result<(), StoreError> {
    tx.prepare_cached("UPDATE hosts SET last_number = max(last_number, ?2) WHERE id = ?1")?
        .execute((host.0, number.cast_signed()))?;
    Ok(())
}

/// The next order number of this host, from now on taken.
pub fn next_number(tx: &Tx<'_>, host: HostId) -> Result<u64, StoreError> {
    let number: i64 = tx
        .prepare_cached("UPDATE hosts SET last_number = last_number + 1 WHERE id = ?1 RETURNING last_number")?
        .query_row([host.0], |row| row.get(0))?;
    Ok(number.cast_unsigned())
}

struct Columns {
    host: (i64, [u8; 32], String, String, String, String, i64, i64),
    last_seen: Option<i64>,
    trouble: Option<String>,
    replaces: Option<[u8; 32]>,
}

fn columns(row: &Row<'_>) -> rusqlite::Result<Columns> {
    let host = (
        row.get(0)?,
        row.get(1)?,
        row.get(2)?,
        row.get(3)?,
        row.get(4)?,
        row.get(5)?,
        row.get(6)?,
        row.get(7)?,
    );
    Ok(Columns { host, last_seen: row.get(8)?, trouble: row.get(9)?, replaces: row.get(10)? })
}

fn host(columns: Columns) -> Result<Host, StoreError> {
    let Columns {
        host: (id, agent, binding, name, tags, credential, joined_at, last_number),
        last_seen,
        trouble,
        replaces,
    } = columns;
    Ok(Host {
        id: HostId(id),
        agent: AgentId(agent),
        binding: text::parse("a host's key binding", &binding)?,
        name,
        tags: text::parse("a host's tags", &tags)?,
        credential: text::parse("a host's credential", &credential)?,
        joined_at: UnixMs(joined_at),
        last_number: last_number.cast_unsigned(),
        last_seen: last_seen.map(UnixMs),
        trouble: trouble.map(|trouble| text::parse("a host's trouble", &trouble)).transpose()?,
        replaces: replaces.map(AgentId),
    })
}
