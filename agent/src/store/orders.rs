//! Rows of orders: the last number seen, and the first receipt of every order that was executed.

use rusqlite::{Connection, OptionalExtension as _, params};
use wire::{
    action::Receipt,
    id::{OrderId, UnixMs},
};

use super::{
    StoreError, Tx, column,
    journal::{number, unsigned},
};

/// 0 while no order was seen.
pub fn last_number(connection: &Connection) -> Result<u64, StoreError> {
    let last = connection
        .prepare_cached("SELECT coalesce(max(number), 0) FROM order_seen")?
        .query_row([], |row| row.get(0))?;
    Ok(unsigned(last))
}

/// Remembers that this number was used; never goes down.
pub fn saw(tx: &Tx<'_>, seen: u64) -> Result<(), StoreError> {
    tx.prepare_cached(
        "INSERT INTO order_seen (one, number) VALUES (1, ?1)
         ON CONFLICT (one) DO UPDATE SET number = max(number, excluded.number)",
    )?
    .execute([number(seen)?])?;
    Ok(())
}

/// What was answered when the order was executed.
pub fn receipt(connection: &Connection, order: OrderId) -> Result<Option<Receipt>, StoreError> {
    Ok(connection
        .prepare_cached("SELECT receipt FROM order_done WHERE id = ?1")?
        .query_row(params![order.0.as_bytes()], |row| column::json(row, 0))
        .optional()?)
}

/// Keeps the answer of an order that was executed; a second one for the same order is a constraint error.
pub fn done(tx: &Tx<'_>, receipt: &Receipt, at: UnixMs) -> Result<(), StoreError> {
    tx.prepare_cached("INSERT INTO order_done (id, receipt, at) VALUES (?1, ?2, ?3)")?.execute(params![
        receipt.order.0.as_bytes(),
        column::to_json(receipt)?,
        at.0
    ])?;
    Ok(())
}
