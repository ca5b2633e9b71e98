//! Questions at this host's own terminal: each line of the answer as it comes.

use std::io;

use tokio::{
    io::AsyncReadExt as _,
    net::unix::{OwnedReadHalf, OwnedWriteHalf},
};
use wire::question::Question;

use super::{
    Tell,
    serve::{refuse, tell},
};
use crate::{answer::Piece, desired::Desk};

/// Tells until the end, or until whoever asked has gone: then its restic ends too.
pub async fn answer(
    mut reading: OwnedReadHalf,
    writing: &mut OwnedWriteHalf,
    desk: &Desk,
    question: Question,
) -> io::Result<()> {
    let Some(answers) = desk.answers() else {
        return refuse(writing, "this agent answers no questions").await;
    };
    let mut asking = answers.ask(question);
    loop {
        let mut nothing = [0; 1];
        let piece = tokio::select! {
            piece = asking.next() => piece,
            // Whoever asked says nothing more before it hangs up.
            _ = reading.read(&mut nothing) => return Ok(()),
        };
        let Some(Piece::Line(line)) = piece else { return Ok(()) };
        tell(writing, &Tell::Answer { line }).await?;
    }
}
