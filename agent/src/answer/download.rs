//! One file, or a directory as an archive, as a stream that only the browser that asked for it opens.

use std::{ops::ControlFlow, time::Duration};

use serde::Serialize;
use wire::seal::{CHUNK_BYTES, Chunk, StreamContext, StreamSealer};

use super::{
    Errand, Failed, Piece,
    hear::{Ear, Gone, Mouth, Pace, hear},
    is_id,
};
use crate::{restic::command::Query, run::Reading};

/// What the browser is told when the stream ends before the file does.
#[derive(Serialize)]
struct Told<'a> {
    message: &'a str,
    hint: &'a str,
}

pub async fn download(reading: &Reading, errand: &Errand, to: &Mouth) -> Result<(), Failed> {
    let Errand::Download { fleet, agent, order, snapshot, path, archive, to: recipient, .. } = errand else {
        return Err(Failed::unsupported());
    };
    if !is_id(snapshot) || !path.is_plain_absolute() {
        return Err(Failed::not_found("name all 64 digits of a snapshot's id, and an absolute path in it"));
    }
    let context = StreamContext { recipient: *recipient, fleet: *fleet, agent: *agent, order: *order };
    let mut sink = Sink::new(&context, &mut reading.world.rng())?;
    let path = path.to_bytes();
    let query = Query::Dump { snapshot, path: &path, archive: *archive };
    let mut pace = Pace::new(reading.limits.upload_kib_s);
    let ended = hear(reading, query, &mut sink, to, &mut pace).await;
    let mut out = Vec::new();
    match ended {
        Ok(_) => sink.end(Chunk::Last, &mut out)?,
        // Nothing of it is on its way: whoever carries the stream may say it in words.
        Err(failed) if !sink.began() => return Err(failed),
        Err(failed) => {
            sink.buffer = serde_json::to_vec(&Told { message: &failed.message, hint: &failed.hint })
                .unwrap_or_default();
            sink.buffer.truncate(CHUNK_BYTES);
            sink.end(Chunk::Failed, &mut out)?;
        }
    }
    for piece in out {
        to.0.send(piece).await.map_err(Gone::from)?;
    }
    Ok(())
}

/// Seals bytes chunk by chunk.
struct Sink {
    sealer: StreamSealer,
    /// Goes out with the first chunk.
    head: Vec<u8>,
    buffer: Vec<u8>,
}

impl Sink {
    fn new(context: &StreamContext, rng: &mut impl rand_core::CryptoRng) -> Result<Self, Failed> {
        let (sealer, head) = StreamSealer::begin(context, rng).map_err(sealing)?;
        Ok(Self { sealer, head: head.to_vec(), buffer: Vec::with_capacity(CHUNK_BYTES) })
    }

    const fn began(&self) -> bool {
        self.head.is_empty()
    }

    fn chunk(&mut self, kind: Chunk, out: &mut Vec<Piece>) -> Result<(), Failed> {
        let chunk = self.sealer.chunk(kind, &self.buffer).map_err(sealing)?;
        self.buffer.clear();
        let mut bytes = std::mem::take(&mut self.head);
        bytes.extend_from_slice(&chunk);
        out.push(Piece::Data(bytes));
        Ok(())
    }

    fn end(&mut self, kind: Chunk, out: &mut Vec<Piece>) -> Result<(), Failed> {
        self.chunk(kind, out)
    }
}

impl Ear for Sink {
    fn take(&mut self, bytes: &[u8], _: Duration, out: &mut Vec<Piece>) -> Result<ControlFlow<()>, Failed> {
        let mut rest = bytes;
        while !rest.is_empty() {
            // A full one goes once something comes after it: the last is marked as such.
            if self.buffer.len() == CHUNK_BYTES {
                self.chunk(Chunk::More, out)?;
            }
            let room = rest.len().min(CHUNK_BYTES - self.buffer.len());
            self.buffer.extend_from_slice(&rest[..room]);
            rest = &rest[room..];
        }
        Ok(ControlFlow::Continue(()))
    }
}

fn sealing(error: wire::seal::SealError) -> Failed {
    Failed::new(
        wire::action::OrderRefusalCode::BadSecret,
        format!("the stream cannot be sealed: {error}"),
        "Begin the download again.",
    )
}
