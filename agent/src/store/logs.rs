//! Logs of jobs: lines in compressed chunks. A chunk's bytes lie once, as the body of its journal record.

use std::io;

use rusqlite::{Connection, params};
use wire::{
    id::{JobId, UnixMs},
    job::LogLine,
    journal::{Kind, LogChunk},
};

use super::{
    StoreError, Tx,
    journal::{append, head, number, unsigned},
};

/// Fast, and a third of the size: logs repeat themselves.
const ZSTD_LEVEL: i32 = 3;
/// What one chunk may unpack to. The agent cuts them far smaller; more means that something is wrong.
const UNPACKED_LIMIT_BYTES: u64 = 16 * 1024 * 1024;

/// Appends `lines` (numbered from where the last chunk ended) as one chunk and one record.
pub fn append_chunk(tx: &Tx<'_>, job: JobId, lines: &[LogLine], at: UnixMs) -> Result<(), StoreError> {
    let Some(first) = lines.first() else { return Ok(()) };
    let mut text = Vec::new();
    for line in lines {
        serde_json::to_writer(&mut text, line).map_err(|error| StoreError::Statement(error.to_string()))?;
        text.push(b'\n');
    }
    let compressed = zstd::encode_all(text.as_slice(), ZSTD_LEVEL)
        .map_err(|error| StoreError::Statement(format!("compressing a log: {error}")))?;
    let index: u32 = tx
        .prepare_cached("SELECT coalesce(max(chunk) + 1, 0) FROM log_chunk WHERE job = ?1")?
        .query_row(params![job.0.as_bytes()], |row| row.get(0))?;
    let body = LogChunk { job, index, compressed: &compressed }.to_bytes();
    let seq = append(tx, Kind::LogChunk, &body, at)?;
    let epoch = head(tx)?.epoch;
    let count = u64::try_from(lines.len()).unwrap_or(u64::MAX);
    tx.prepare_cached(
        "INSERT INTO log_chunk (job, chunk, first_line, lines, epoch, seq) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?
    .execute(params![
        job.0.as_bytes(),
        index,
        number(first.n)?,
        number(count)?,
        number(epoch)?,
        number(seq)?
    ])?;
    Ok(())
}

/// Up to `limit` lines of a job from line `from` on. A chunk whose body was dropped is left out.
pub fn lines(
    connection: &Connection,
    job: JobId,
    from: u64,
    limit: usize,
) -> Result<Vec<LogLine>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT journal.body FROM log_chunk JOIN journal USING (epoch, seq)
         WHERE log_chunk.job = ?1 AND log_chunk.first_line + log_chunk.lines > ?2 ORDER BY log_chunk.chunk",
    )?;
    let mut rows = statement.query(params![job.0.as_bytes(), number(from)?])?;
    let mut lines = Vec::new();
    while let Some(row) = rows.next()? {
        let Some(body) = row.get::<_, Option<Vec<u8>>>(0)? else { continue };
        let chunk = LogChunk::from_bytes(&body).map_err(|error| StoreError::Damaged(error.to_string()))?;
        lines.extend(unpack(chunk.compressed)?.into_iter().filter(|line| line.n >= from));
        if lines.len() >= limit {
            lines.truncate(limit);
            break;
        }
    }
    Ok(lines)
}

/// How many lines of a job are kept.
pub fn count(connection: &Connection, job: JobId) -> Result<u64, StoreError> {
    Ok(connection
        .prepare_cached("SELECT coalesce(max(first_line + lines), 0) FROM log_chunk WHERE job = ?1")?
        .query_row(params![job.0.as_bytes()], |row| row.get(0).map(unsigned))?)
}

fn unpack(compressed: &[u8]) -> Result<Vec<LogLine>, StoreError> {
    let damaged = |error: &dyn std::fmt::Display| StoreError::Damaged(format!("a chunk of a log: {error}"));
    let decoder = zstd::Decoder::new(compressed).map_err(|error| damaged(&error))?;
    let text =
        io::read_to_string(io::Read::take(decoder, UNPACKED_LIMIT_BYTES)).map_err(|error| damaged(&error))?;
    text.lines().map(|line| serde_json::from_str(line).map_err(|error| damaged(&error))).collect()
}
