//! Where a job's log is, and its lines out of the compressed records.

use std::io::{BufRead, BufReader, Read};

use rusqlite::Connection;
use wire::{id::JobId, job::LogLine, journal::LogChunk};

use super::{
    StoreError, Tx,
    hosts::HostId,
    records::{self, Place},
};

/// No chunk unpacks to more: an agent's chunk has some hundred KiB, and nobody fills our memory with zeros.
const UNPACKED_LIMIT_BYTES: u64 = 16 * 1024 * 1024;
/// A page has no further chunk once it has this much text: what is small when it is packed may be huge line by line.
const PAGE_BYTES: usize = 4 * 1024 * 1024;

pub fn put(tx: &Tx<'_>, host: HostId, job: JobId, chunk: u32, place: Place) -> Result<(), StoreError> {
    tx.prepare_cached(
        "INSERT INTO view_log_chunks (host, job, chunk, place) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING",
    )?
    .execute((host.0, job.0.as_bytes(), chunk, place.0))?;
    Ok(())
}

/// The job's lines from number `after` on, at most `limit`, and fewer where they are long.
pub fn lines(
    connection: &Connection,
    host: HostId,
    job: JobId,
    after: u64,
    limit: usize,
) -> Result<Vec<LogLine>, StoreError> {
    let places = places(connection, host, job)?;
    // Chunks are in the order of their lines: the last one that begins at or before `after` holds it.
    let (mut low, mut high) = (0, places.len());
    while low < high {
        let middle = low.midpoint(high);
        match first_line(connection, places[middle])? {
            Some(n) if n <= after => low = middle + 1,
            _ => high = middle,
        }
    }
    let mut lines: Vec<LogLine> = Vec::new();
    let mut bytes = 0;
    for place in &places[low.saturating_sub(1)..] {
        let (room, from) = (limit - lines.len(), lines.len());
        lines.extend(unpack(connection, *place)?.into_iter().filter(|line| line.n >= after).take(room));
        bytes += lines[from..].iter().map(|line| line.text.len()).sum::<usize>();
        if lines.len() >= limit || bytes >= PAGE_BYTES {
            break;
        }
    }
    Ok(lines)
}

fn places(connection: &Connection, host: HostId, job: JobId) -> Result<Vec<Place>, StoreError> {
    let sql = "SELECT place FROM view_log_chunks WHERE host = ?1 AND job = ?2 ORDER BY chunk";
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map((host.0, job.0.as_bytes()), |row| row.get(0).map(Place))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The number of the chunk's first line; `None` when its body was dropped or says nothing.
fn first_line(connection: &Connection, place: Place) -> Result<Option<u64>, StoreError> {
    let Some(body) = records::body(connection, place)? else { return Ok(None) };
    let mut line = String::new();
    let read = reader(&body).map(|mut reader| reader.read_line(&mut line));
    Ok(match read {
        Some(Ok(_)) => serde_json::from_str::<LogLine>(&line).ok().map(|line| line.n),
        _ => None,
    })
}

/// What cannot be unpacked is left out: the chunk is what the agent signed, whether or not it makes sense.
fn unpack(connection: &Connection, place: Place) -> Result<Vec<LogLine>, StoreError> {
    let Some(body) = records::body(connection, place)? else { return Ok(Vec::new()) };
    let Some(reader) = reader(&body) else { return Ok(Vec::new()) };
    Ok(reader.lines().map_while(Result::ok).filter_map(|line| serde_json::from_str(&line).ok()).collect())
}

fn reader(body: &[u8]) -> Option<impl BufRead> {
    let chunk = LogChunk::from_bytes(body).ok()?;
    let decoder = zstd::stream::read::Decoder::with_buffer(chunk.compressed).ok()?;
    Some(BufReader::new(decoder.take(UNPACKED_LIMIT_BYTES)))
}
