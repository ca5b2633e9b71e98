//! Rows of the plan ledger: every revision that this host ever had, and who wanted it.
//!
//! Knows that revisions rise by one and never change. Whether a plan is valid, and who may set it, is decided before.

use std::cell::RefCell;

use rusqlite::{Connection, OptionalExtension as _, Row, params};
use wire::{
    domain::sha256,
    id::UnixMs,
    journal::{PlanBy, PlanFile, PlanRevision},
    plan::{Plan, PlanFileProblem, changes},
};

use super::{
    StoreError, Tx, column, holds,
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
    /// Why, in the author's words.
    pub note: Option<String>,
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

const LATEST: &str = "SELECT revision, plan, author, at, note FROM plan ORDER BY revision DESC LIMIT 1";

thread_local! {
    /// The text that was read last, and the plan that it is: every look at what is due, and every job, asks again, and
    /// crontabs take their time to be read.
    static LAST: RefCell<Option<(String, Plan)>> = const { RefCell::new(None) };
}

/// The plan as it is; `None` while nobody has given one.
pub fn current(connection: &Connection) -> Result<Option<LedgerPlan>, StoreError> {
    let remembered = |found: &Row<'_>| {
        let text: String = found.get(1)?;
        let last = LAST.with_borrow(|last| {
            last.as_ref().filter(|(known, _)| *known == text).map(|(_, plan)| plan.clone())
        });
        let plan = match last {
            Some(plan) => plan,
            None => column::json(found, 1)?,
        };
        LAST.set(Some((text, plan.clone())));
        with(found, plan)
    };
    Ok(connection.prepare_cached(LATEST)?.query_row([], remembered).optional()?)
}

/// The newest first, so many at most.
pub fn latest(connection: &Connection, limit: usize) -> Result<Vec<LedgerPlan>, StoreError> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut statement = connection.prepare_cached(
        "SELECT revision, plan, author, at, note FROM plan ORDER BY revision DESC LIMIT ?1",
    )?;
    Ok(statement.query_map([limit], row)?.collect::<Result<_, _>>()?)
}

/// One revision.
pub fn get(connection: &Connection, revision: u64) -> Result<Option<LedgerPlan>, StoreError> {
    let mut statement =
        connection.prepare_cached("SELECT revision, plan, author, at, note FROM plan WHERE revision = ?1")?;
    Ok(statement.query_row([number(revision)?], row).optional()?)
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
        "INSERT INTO plan (revision, plan, hash, author, at, note) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![number(next.revision)?, text, hash, column::to_json(&next.by)?, next.at.0, next.note],
    )?;
    let old = before.map(|plan| plan.plan).unwrap_or_default();
    let record = PlanRevision {
        revision: next.revision,
        changes: changes(&old, &next.plan),
        plan: next.plan.clone(),
        by: next.by.clone(),
        note: next.note.clone(),
    };
    append_body(tx, &record, next.at)?;
    holds::keep_only(tx, &next.plan.repositories, next.at)?;
    Ok(Put::New)
}

/// Why the endpoint's own file is not taken, as the journal says.
pub fn file_problems(connection: &Connection) -> Result<Vec<PlanFileProblem>, StoreError> {
    let mut statement = connection.prepare_cached("SELECT problems FROM plan_file")?;
    Ok(statement.query_row([], |row| column::json(row, 0)).optional()?.unwrap_or_default())
}

/// Keeps and journals it. The same again is no news.
pub fn set_file_problems(tx: &Tx<'_>, problems: Vec<PlanFileProblem>, at: UnixMs) -> Result<(), StoreError> {
    if file_problems(tx)? == problems {
        return Ok(());
    }
    tx.execute(
        "INSERT INTO plan_file (one, problems) VALUES (1, ?1) ON CONFLICT (one) DO UPDATE SET problems = excluded.problems",
        params![column::to_json(&problems)?],
    )?;
    append_body(tx, &PlanFile { problems }, at)?;
    Ok(())
}

fn row(row: &Row<'_>) -> rusqlite::Result<LedgerPlan> {
    with(row, column::json(row, 1)?)
}

fn with(row: &Row<'_>, plan: Plan) -> rusqlite::Result<LedgerPlan> {
    Ok(LedgerPlan {
        revision: unsigned(row.get(0)?),
        plan,
        by: column::json(row, 2)?,
        at: UnixMs(row.get(3)?),
        note: row.get(4)?,
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
        LedgerPlan { revision, plan: plan(nice), by: PlanBy::File, at: UnixMs(5), note: None }
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
        let (all, first) =
            store.read(|conn| Ok::<_, StoreError>((latest(conn, 10)?, get(conn, 1)?))).await.unwrap();
        assert_eq!((all, first), (vec![revision(2, 2), revision(1, 1)], Some(revision(1, 1))));
        assert_eq!(records.len(), 2, "one record for each that was taken");
    }
}
