//! All views at once: thrown away before a rebuild, and printed so that two databases can be compared.

use rusqlite::{Connection, types::ValueRef};

use super::{StoreError, Tx, hosts::HostId};

const VIEWS: [&str; 13] = [
    "view_facts",
    "view_plans",
    "view_plan_file",
    "view_holds",
    "view_retired",
    "view_secrets",
    "view_repositories",
    "view_numbers",
    "view_locks",
    "view_snapshots",
    "view_jobs",
    "view_log_chunks",
    "view_receipts",
];

/// Empties every view. The records stay.
pub fn clear(tx: &Tx<'_>) -> Result<(), StoreError> {
    for view in VIEWS {
        tx.execute(&format!("DELETE FROM {view}"), [])?;
    }
    Ok(())
}

/// Whether a new schema wants them folded again before anybody reads them.
pub fn are_stale(connection: &Connection) -> Result<bool, StoreError> {
    Ok(connection.query_row("SELECT EXISTS (SELECT 1 FROM views_stale)", [], |row| row.get(0))?)
}

/// They say what the records do.
pub fn are_folded(tx: &Tx<'_>) -> Result<(), StoreError> {
    tx.execute("DELETE FROM views_stale", [])?;
    Ok(())
}

/// Everything that was folded from one host's records.
pub(super) fn forget(tx: &Tx<'_>, host: HostId) -> Result<(), StoreError> {
    for view in VIEWS {
        tx.execute(&format!("DELETE FROM {view} WHERE host = ?1"), [host.0])?;
    }
    Ok(())
}

/// Every row of every view as text: equal for equal views.
pub fn print(connection: &Connection) -> Result<String, StoreError> {
    let mut all = String::new();
    for view in VIEWS {
        let mut statement = connection.prepare(&format!("SELECT * FROM {view}"))?;
        let names: Vec<String> = statement.column_names().map(str::to_owned).collect();
        let mut lines = Vec::new();
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let mut line = view.to_owned();
            for (column, name) in names.iter().enumerate() {
                line.push(' ');
                line.push_str(name);
                line.push('=');
                line.push_str(&shown(row.get_ref(column)?));
            }
            lines.push(line);
        }
        lines.sort_unstable();
        all.push_str(&lines.join("\n"));
        all.push('\n');
    }
    Ok(all)
}

fn shown(value: ValueRef<'_>) -> String {
    match value {
        ValueRef::Null => "-".to_owned(),
        ValueRef::Integer(number) => number.to_string(),
        ValueRef::Real(number) => number.to_string(),
        ValueRef::Text(text) => String::from_utf8_lossy(text).into_owned(),
        ValueRef::Blob(bytes) => hex::encode(bytes),
    }
}
