//! Answers of a host, on their way to whoever asked: bounded here, handed on by their ids.

use std::sync::Arc;

use bytes::Bytes;
use serde::Deserialize;
use wire::{
    channel::Frame,
    frame::{FrameType, Refusal, RefusalCode},
    id::OrderId,
    question::{Answered, AskId},
};

use super::{Ended, line::parse};
use crate::fleet::{Fleet, Seat};

/// A part of an answer, as JSON.
const ANSWER_LIMIT_BYTES: usize = 256 * 1024;
/// A chunk of a stream, with the id before it.
const DATA_LIMIT_BYTES: usize = 128 * 1024;
const ID_BYTES: usize = 16;

pub fn line(fleet: &Fleet, seat: &Arc<Seat>, frame: &Frame) -> Result<(), Ended> {
    if frame.payload().len() > ANSWER_LIMIT_BYTES {
        return Err(too_large("a part of an answer", ANSWER_LIMIT_BYTES));
    }
    if let Ok(Answered { id, line }) = serde_json::from_slice(frame.payload()) {
        fleet.answered(seat, id, line);
        return Ok(());
    }
    // Of a kind that a later version has: that answer cannot be used, and everything else goes on.
    let Unread { id } = parse(FrameType::Answer, frame)?;
    fleet.cut(seat, id, "its answer is of a kind that this coordinator does not know");
    Ok(())
}

#[derive(Deserialize)]
struct Unread {
    id: AskId,
}

pub fn chunk(fleet: &Fleet, seat: &Arc<Seat>, frame: &Frame) -> Result<(), Ended> {
    if frame.payload().len() > DATA_LIMIT_BYTES {
        return Err(too_large("a chunk of a stream", DATA_LIMIT_BYTES));
    }
    let Some((id, bytes)) = frame.payload().split_first_chunk::<ID_BYTES>() else {
        return Err(refused("A chunk of a stream came without the id of its order."));
    };
    let id = OrderId(uuid::Uuid::from_bytes(*id));
    fleet.streamed(seat, id, Bytes::copy_from_slice(bytes));
    Ok(())
}

fn too_large(what: &str, limit: usize) -> Ended {
    refused(&format!("This is larger than the {} KiB that {what} may have.", limit / 1024))
}

fn refused(message: &str) -> Ended {
    Ended::Refused(Refusal {
        code: RefusalCode::Frame,
        message: message.into(),
        hint: "Update the older side.".into(),
        supported: None,
    })
}
