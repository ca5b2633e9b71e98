//! Plans that are kept to be given to hosts.

use rusqlite::{Connection, OptionalExtension, Row};
use wire::{id::UnixMs, plan::Plan, view::TemplateView};

use super::{StoreError, Tx, text};

pub fn put(tx: &Tx<'_>, template: &TemplateView) -> Result<(), StoreError> {
    let TemplateView { name, plan, made_by, changed_at } = template;
    tx.prepare_cached(
        "INSERT OR REPLACE INTO templates (key, name, plan, made_by, changed_at) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?
    .execute((key(name), name, text::json(plan)?, made_by, changed_at.0))?;
    Ok(())
}

/// `false` when there is none of this name, whatever its case.
pub fn remove(tx: &Tx<'_>, name: &str) -> Result<bool, StoreError> {
    Ok(tx.prepare_cached("DELETE FROM templates WHERE key = ?1")?.execute([key(name)])? == 1)
}

pub fn one(connection: &Connection, name: &str) -> Result<Option<TemplateView>, StoreError> {
    let sql = "SELECT name, plan, made_by, changed_at FROM templates WHERE key = ?1";
    let row = connection.prepare_cached(sql)?.query_row([key(name)], columns).optional()?;
    row.map(view).transpose()
}

pub fn count(connection: &Connection) -> Result<u64, StoreError> {
    let count: i64 = connection.query_row("SELECT count(*) FROM templates", [], |row| row.get(0))?;
    Ok(count.cast_unsigned())
}

/// By name.
pub fn all(connection: &Connection) -> Result<Vec<TemplateView>, StoreError> {
    let sql = "SELECT name, plan, made_by, changed_at FROM templates ORDER BY key";
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map([], columns)?;
    rows.map(|row| view(row?)).collect()
}

fn key(name: &str) -> String {
    name.to_lowercase()
}

type Columns = (String, String, String, i64);

fn columns(row: &Row<'_>) -> rusqlite::Result<Columns> {
    Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
}

fn view((name, plan, made_by, changed_at): Columns) -> Result<TemplateView, StoreError> {
    let plan: Plan = text::parse("a template's plan", &plan)?;
    Ok(TemplateView { name, plan, made_by, changed_at: UnixMs(changed_at) })
}
