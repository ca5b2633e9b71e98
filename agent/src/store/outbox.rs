//! Rows of what others hold of this journal, and the next batch of what they do not.

use rusqlite::{Connection, OptionalExtension as _, Row, params};
use wire::{
    frame::Ack,
    id::{CoordinatorId, Hash32, UnixMs},
    journal::{BatchBuilder, Head},
};

use super::{
    StoreError, Tx,
    journal::{self, number, unsigned},
};

/// Records are read this many at a time, so that a batch of large ones does not sit in memory twice.
const READ_AHEAD: u32 = 16;

/// The last acknowledgement of a coordinator.
pub fn acknowledged(connection: &Connection, coordinator: CoordinatorId) -> Result<Option<Ack>, StoreError> {
    let mut statement =
        connection.prepare_cached("SELECT epoch, seq, hash, at FROM acknowledged WHERE coordinator = ?1")?;
    Ok(statement.query_row([coordinator.0], |found| row(found).map(|(ack, _)| ack)).optional()?)
}

/// The newest acknowledgement of any coordinator, for `status`.
pub fn newest_acknowledged(connection: &Connection) -> Result<Option<(Ack, UnixMs)>, StoreError> {
    let mut statement = connection
        .prepare_cached("SELECT epoch, seq, hash, at FROM acknowledged ORDER BY at DESC LIMIT 1")?;
    Ok(statement.query_row([], row).optional()?)
}

/// Where that coordinator stands now; also backwards, when it lost its database.
pub fn set_acknowledged(
    tx: &Tx<'_>,
    coordinator: CoordinatorId,
    ack: Option<Ack>,
    at: UnixMs,
) -> Result<(), StoreError> {
    let Some(ack) = ack else {
        tx.execute("DELETE FROM acknowledged WHERE coordinator = ?1", [coordinator.0])?;
        return Ok(());
    };
    tx.prepare_cached(
        "INSERT INTO acknowledged (coordinator, epoch, seq, hash, at) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (coordinator) DO UPDATE
         SET epoch = excluded.epoch, seq = excluded.seq, hash = excluded.hash, at = excluded.at",
    )?
    .execute(params![coordinator.0, number(ack.epoch)?, number(ack.seq)?, ack.hash.0, at.0])?;
    Ok(())
}

fn row(row: &Row<'_>) -> rusqlite::Result<(Ack, UnixMs)> {
    let ack = Ack { epoch: unsigned(row.get(0)?), seq: unsigned(row.get(1)?), hash: Hash32(row.get(2)?) };
    Ok((ack, UnixMs(row.get(3)?)))
}

/// The records that follow `after`, as many as one batch takes, not yet signed. When its epoch has no more, those of
/// the next epoch. `None`: there is nothing to send.
pub fn next_batch(connection: &Connection, after: Head) -> Result<Option<BatchBuilder>, StoreError> {
    let mut start = Some(after);
    for (epoch, previous) in journal::epochs(connection)? {
        if epoch < after.epoch {
            continue;
        }
        let head = start.take().filter(|head| head.epoch == epoch);
        let head = head.unwrap_or_else(|| Head::genesis(after.agent, epoch, previous));
        let mut batch = BatchBuilder::new(previous, head);
        fill(connection, &mut batch)?;
        if !batch.is_empty() {
            return Ok(Some(batch));
        }
    }
    Ok(None)
}

fn fill(connection: &Connection, batch: &mut BatchBuilder) -> Result<(), StoreError> {
    loop {
        let Head { epoch, seq, .. } = *batch.head();
        let rows = journal::after(connection, epoch, seq, READ_AHEAD)?;
        for found in &rows {
            if !batch.push(&found.record()?) {
                return Ok(());
            }
            if batch.head().hash != found.hash {
                return Err(StoreError::Damaged(format!(
                    "record {} of epoch {epoch} does not continue the one before it",
                    found.seq
                )));
            }
        }
        if rows.len() < READ_AHEAD as usize {
            return Ok(());
        }
    }
}
