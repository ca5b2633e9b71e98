//! Orders that wait, were sent or withdrawn, and what the agents answered.

use rusqlite::{Connection, OptionalExtension, Row};
use wire::{
    action::Outcome,
    id::{AgentId, OrderId, UnixMs},
    journal::OrderReceipt,
    order::Order,
    trust::Signed,
    view::{OrderAbout, OrderState, OrderView},
};

use super::{StoreError, Tx, hosts::HostId, text};

/// What must not be written down is answered within this, or was lost with its connection.
const UNANSWERED_MS: i64 = 60_000;

/// An order to be kept until its host is there.
#[derive(Clone, Debug)]
pub struct NewOrder {
    pub host: HostId,
    pub order: Order,
    /// Absent: it must not be written down.
    pub signed: Option<Signed<Order>>,
    pub made_at: UnixMs,
}

/// `false` when an order of this id is there already.
pub fn insert(tx: &Tx<'_>, new: &NewOrder) -> Result<bool, StoreError> {
    let NewOrder { host, order, signed, made_at } = new;
    let inserted = tx
        .prepare_cached(
            "INSERT INTO orders (id, host, signed, action, person, issued_at, expires_at, made_at, about)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT DO NOTHING",
        )?
        .execute((
            order.id.0.as_bytes(),
            host.0,
            signed.as_ref().map(text::json).transpose()?.unwrap_or_default(),
            order.action.as_str(),
            &order.person,
            order.issued_at.0,
            order.expires_at.0,
            made_at.0,
            text::json(&OrderAbout::of(&order.action))?,
        ))?;
    Ok(inserted == 1)
}

/// Takes an order back that was not sent yet.
pub fn withdraw(tx: &Tx<'_>, host: HostId, order: OrderId, now: UnixMs) -> Result<bool, StoreError> {
    let changed = tx
        .prepare_cached(
            "UPDATE orders SET withdrawn_at = ?3
             WHERE host = ?1 AND id = ?2 AND number IS NULL AND withdrawn_at IS NULL",
        )?
        .execute((host.0, order.0.as_bytes(), now.0))?;
    Ok(changed == 1)
}

/// Takes back all that was not sent to this host.
pub fn withdraw_all(tx: &Tx<'_>, host: HostId, now: UnixMs) -> Result<usize, StoreError> {
    let changed = tx
        .prepare_cached(
            "UPDATE orders SET withdrawn_at = ?2 WHERE host = ?1 AND number IS NULL AND withdrawn_at IS NULL",
        )?
        .execute((host.0, now.0))?;
    Ok(changed)
}

/// What waits to be sent, the oldest first.
pub fn waiting(
    connection: &Connection,
    host: HostId,
    now: UnixMs,
) -> Result<Vec<(OrderId, Signed<Order>)>, StoreError> {
    let sql = "SELECT id, signed FROM orders
               WHERE host = ?1 AND number IS NULL AND withdrawn_at IS NULL AND expires_at > ?2
               ORDER BY made_at, id";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query((host.0, now.0))?;
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        all.push((order_id(row, 0)?, text::parse("an order", &row.get::<_, String>(1)?)?));
    }
    Ok(all)
}

pub fn set_sent(tx: &Tx<'_>, order: OrderId, number: u64, now: UnixMs) -> Result<(), StoreError> {
    tx.prepare_cached("UPDATE orders SET number = ?2, sent_at = ?3 WHERE id = ?1")?.execute((
        order.0.as_bytes(),
        number.cast_signed(),
        now.0,
    ))?;
    Ok(())
}

/// Whether an order was sent that the agent, which has seen none above `last_seen`, did not get.
pub fn has_unseen(connection: &Connection, host: HostId, last_seen: u64) -> Result<bool, StoreError> {
    let sql = r#"SELECT EXISTS (SELECT 1 FROM orders
                 WHERE host = ?1 AND number > ?2 AND withdrawn_at IS NULL AND signed <> ''
                     AND NOT EXISTS (SELECT 1 FROM view_receipts r WHERE r.host = ?1 AND r."order" = orders.id))"#;
    Ok(connection.prepare_cached(sql)?.query_row((host.0, saturated(last_seen)), |row| row.get(0))?)
}

/// Orders that were sent but never reached the agent, which has seen none above `last_seen`, wait again.
pub fn take_back_unseen(tx: &Tx<'_>, host: HostId, last_seen: u64) -> Result<usize, StoreError> {
    let changed = tx
        .prepare_cached(
            r#"UPDATE orders SET number = NULL, sent_at = NULL
               WHERE host = ?1 AND number > ?2 AND withdrawn_at IS NULL AND signed <> ''
                   AND NOT EXISTS (SELECT 1 FROM view_receipts r WHERE r.host = ?1 AND r."order" = orders.id)"#,
        )?
        .execute((host.0, saturated(last_seen)))?;
    Ok(changed)
}

/// An agent may claim to have seen any number.
fn saturated(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// How many wait for the host, and when the first of them expires.
pub fn waiting_count(
    connection: &Connection,
    host: HostId,
    now: UnixMs,
) -> Result<(u64, Option<UnixMs>), StoreError> {
    let sql = "SELECT count(*), min(expires_at) FROM orders
               WHERE host = ?1 AND number IS NULL AND withdrawn_at IS NULL AND expires_at > ?2";
    let (count, first): (i64, Option<i64>) =
        connection.prepare_cached(sql)?.query_row((host.0, now.0), |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok((count.cast_unsigned(), first.map(UnixMs)))
}

/// An order of this action that was not answered yet, if there is one that can still come true: who gave it, and whether it
/// waits.
pub fn open_of(
    connection: &Connection,
    host: HostId,
    action: &str,
    now: UnixMs,
) -> Result<Option<(String, bool)>, StoreError> {
    let sql = r#"SELECT person, number IS NULL FROM orders
                 WHERE host = ?1 AND action = ?3 AND withdrawn_at IS NULL AND expires_at > ?2
                     AND NOT EXISTS (SELECT 1 FROM view_receipts r WHERE r.host = ?1 AND r."order" = orders.id)
                 ORDER BY number IS NULL DESC LIMIT 1"#;
    let mut statement = connection.prepare_cached(sql)?;
    Ok(statement.query_row((host.0, now.0, action), |row| Ok((row.get(0)?, row.get(1)?))).optional()?)
}

/// The first answer to an order counts; the agent repeats it when an order comes again.
pub fn put_receipt(tx: &Tx<'_>, host: HostId, receipt: &OrderReceipt, at: UnixMs) -> Result<(), StoreError> {
    tx.prepare_cached(
        r#"INSERT INTO view_receipts (host, number, "order", outcome, action, person, at)
           VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO NOTHING"#,
    )?
    .execute((
        host.0,
        receipt.receipt.number.cast_signed(),
        receipt.receipt.order.0.as_bytes(),
        text::json(&receipt.receipt.outcome)?,
        &receipt.action,
        &receipt.person,
        at.0,
    ))?;
    Ok(())
}

/// The newest first.
pub fn views(
    connection: &Connection,
    host: HostId,
    agent: AgentId,
    now: UnixMs,
    limit: u32,
) -> Result<Vec<OrderView>, StoreError> {
    let sql = r#"SELECT o.id, o.action, o.person, o.issued_at, o.expires_at, o.number, o.withdrawn_at, r.outcome, r.at,
                     iif(o.signed = '', o.sent_at, NULL), o.about
                 FROM orders o LEFT JOIN view_receipts r ON r.host = o.host AND r."order" = o.id
                 WHERE o.host = ?1 ORDER BY o.made_at DESC, o.id DESC LIMIT ?2"#;
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query((host.0, limit))?;
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        all.push(view(row, agent, now)?);
    }
    Ok(all)
}

pub fn one(
    connection: &Connection,
    host: HostId,
    agent: AgentId,
    order: OrderId,
    now: UnixMs,
) -> Result<Option<OrderView>, StoreError> {
    let sql = r#"SELECT o.id, o.action, o.person, o.issued_at, o.expires_at, o.number, o.withdrawn_at, r.outcome, r.at,
                     iif(o.signed = '', o.sent_at, NULL), o.about
                 FROM orders o LEFT JOIN view_receipts r ON r.host = o.host AND r."order" = o.id
                 WHERE o.host = ?1 AND o.id = ?2"#;
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query((host.0, order.0.as_bytes()))?;
    rows.next()?.map(|row| view(row, agent, now)).transpose()
}

fn view(row: &Row<'_>, agent: AgentId, now: UnixMs) -> Result<OrderView, StoreError> {
    let outcome: Option<String> = row.get(7)?;
    let outcome: Option<Outcome> =
        outcome.map(|outcome| text::parse("an order's outcome", &outcome)).transpose()?;
    let about: Option<String> = row.get(10)?;
    let about = about.map(|about| text::parse("what an order is about", &about)).transpose()?;
    let expires_at = UnixMs(row.get(4)?);
    let sent = row.get::<_, Option<i64>>(5)?.is_some();
    let withdrawn = row.get::<_, Option<i64>>(6)?.is_some();
    // It went down one connection, and is never sent again.
    let lost = row.get::<_, Option<i64>>(9)?.is_some_and(|at| now.since(UnixMs(at)) >= UNANSWERED_MS);
    let state = if outcome.is_some() {
        OrderState::Answered
    } else if withdrawn {
        OrderState::Withdrawn
    } else if lost {
        OrderState::Expired
    } else if sent {
        OrderState::Sent
    } else if now >= expires_at {
        OrderState::Expired
    } else {
        OrderState::Waiting
    };
    Ok(OrderView {
        order: order_id(row, 0)?,
        agent,
        action: row.get(1)?,
        about: about.unwrap_or_default(),
        person: row.get(2)?,
        issued_at: UnixMs(row.get(3)?),
        expires_at,
        state,
        outcome,
        answered_at: row.get::<_, Option<i64>>(8)?.map(UnixMs),
    })
}

fn order_id(row: &Row<'_>, column: usize) -> Result<OrderId, StoreError> {
    Ok(OrderId(uuid::Uuid::from_bytes(row.get(column)?)))
}
