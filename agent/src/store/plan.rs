//! Rows of the plan ledger: every revision that this host ever had, and who wanted it.
//!
//! Knows that revisions rise by one and never change. Whether a plan is valid, and who may set it, is decided before.

use rusqlite::{Connection, OptionalExtension as _, Row, params};
use wire::{
    domain::sha256,
    id::UnixMs,
    journal::{PlanBy, PlanRevision},
    plan::{Plan, changes},
};

use super::{
    StoreError, Tx, column,
    journal::{append_body, number, unsigned},
};

/// One revision as it stands in the ledger.
#[derive(Clone, Debug, PartialEq)]
pub struct LedgerPlan {
    /// Counts from 1.
    pub revision: u64,
    pub plan: Plan,
    pub by: PlanBy,
    pub at: UnixMs,
}

/// What became of a revision that was put into the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Put {
    /// It is the current one now, and its record is in the journal.
    New,
    /// The very same one was the current one.
    Same,
    /// The ledger is further, or holds other content under this number.
    Refused { current: u64 },
}

const LATEST: &str = "SELECT revision, plan, author, at FROM plan ORDER BY revision DESC LIMIT 1";

/// The plan as it is; `None` while nobody has given one.
pub fn current(connection: &Connection) -> Result<Option<LedgerPlan>, StoreError> {
    Ok(connection.prepare_cached(LATEST)?.query_row([], row).optional()?)
}

/// 0 while there is no plan.
pub fn revision(connection: &Connection) -> Result<u64, StoreError> {
    let highest =
        connection.query_row("SELECT coalesce(max(revision), 0) FROM plan", [], |row| row.get(0))?;
    Ok(unsigned(highest))
}

/// Puts the next revision, and its record into the journal. An older one, and another content under a known number,
/// are refused.
pub fn put(tx: &Tx<'_>, next: &LedgerPlan) -> Result<Put, StoreError> {
    let text = column::to_json(&next.plan)?;
    let hash = sha256(text.as_bytes()).0;
    let before = current(tx)?;
    let current = before.as_ref().map_or(0, |plan| plan.revision);
    if next.revision == current && current > 0 {
        let known: [u8; 32] =
            tx.query_row("SELECT hash FROM plan WHERE revision = ?1", [number(current)?], |row| row.get(0))?;
        return Ok(if known == hash { Put::Same } else { Put::Refused { current } });
    }
    if next.revision != current + 1 {
        return Ok(Put::Refused { current });
    }
    tx.execute(
        "INSERT INTO plan (revision, plan, hash, author, at) VALUES (?1, ?2, ?3, ?4, ?5)",
        params![number(next.revision)?, text, hash, column::to_json(&next.by)?, next.at.0],
    )?;
    let old = before.map(|plan| plan.plan).unwrap_or_default();
    let record = PlanRevision {
        revision: next.revision,
        changes: changes(&old, &next.plan),
        plan: next.plan.clone(),
        by: next.by.clone(),
    };
    append_body(tx, &record, next.at)?;
    Ok(Put::New)
}

fn row(row: &Row<'_>) -> rusqlite::Result<LedgerPlan> {
    Ok(LedgerPlan {
        revision: unsigned(row.get(0)?),
        plan: column::json(row, 1)?,
        by: column::json(row, 2)?,
        at: UnixMs(row.get(3)?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Store;
    use wire::id::AgentId;

    fn plan(nice: i8) -> Plan {
        let mut plan = Plan::default();
        plan.limits.nice = Some(nice);
        plan
    }

    fn revision(revision: u64, nice: i8) -> LedgerPlan {
        LedgerPlan { revision, plan: plan(nice), by: PlanBy::File, at: UnixMs(5) }
    }

    #[tokio::test]
    async fn revisions_rise_by_one_and_never_change() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&dir.path().join("agent.db"), AgentId([1; 32])).unwrap();
        let put = async |next: LedgerPlan| store.write(move |tx| put(tx, &next)).await.unwrap();
        assert_eq!(put(revision(2, 1)).await, Put::Refused { current: 0 }, "the first is 1");
        assert_eq!(put(revision(1, 1)).await, Put::New);
        assert_eq!(put(revision(1, 1)).await, Put::Same);
        assert_eq!(put(revision(1, 2)).await, Put::Refused { current: 1 }, "other content, same number");
        assert_eq!(put(revision(2, 2)).await, Put::New);
        assert_eq!(put(revision(1, 1)).await, Put::Refused { current: 2 }, "older");
        assert_eq!(put(revision(4, 1)).await, Put::Refused { current: 2 }, "a gap");
        assert_eq!(put(revision(0, 1)).await, Put::Refused { current: 2 });
        let (now, records) = store
            .read(|conn| Ok::<_, StoreError>((current(conn)?, crate::store::journal::after(conn, 1, 0, 10)?)))
            .await
            .unwrap();
        assert_eq!(now, Some(revision(2, 2)));
        assert_eq!(records.len(), 2, "one record for each that was taken");
    }
}
