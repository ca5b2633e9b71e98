//! Reading a repository again: its list of snapshots, its numbers.

use wire::{job::Reason, snapshot::Snapshot};

use super::Done;
use crate::{
    restic::{
        command::Verb,
        document,
        exit::{self, Exit, Verdict},
    },
    run::session::{Early, Effect, Session},
};

pub async fn snapshots(session: &mut Session) -> Result<Done, Early> {
    session.reach().await?;
    let listed = list(session, None).await?;
    session.log.say(format!("{} snapshots", listed.len()));
    session.ready(None);
    session.effects.push(Effect::Listing(listed));
    Ok(Done::plain(Verdict::SUCCESS))
}

/// All snapshots of the repository, or the one that `id` names.
pub async fn list(session: &mut Session, id: Option<&str>) -> Result<Vec<Snapshot>, Early> {
    let done = session.brief(Verb::Snapshots { id }).await?;
    if done.exit != Exit::Code(0) {
        let reason = exit::failure(done.exit, &done.said, session.shared.world.now());
        session.note_failure(&reason);
        return Err(reason.into());
    }
    document::snapshots(&done.document, &session.plan.groups)
        .map_err(|error| Reason::Contradiction { message: error.to_string() }.into())
}

pub async fn numbers(session: &mut Session) -> Result<Done, Early> {
    session.reach().await?;
    let done = session.brief(Verb::Stats).await?;
    if done.exit != Exit::Code(0) {
        let verdict = exit::other(done.exit, &done.said, session.shared.world.now());
        return Ok(Done::plain(session.judged(verdict)));
    }
    let numbers = document::numbers(&done.document)
        .map_err(|error| Early::from(Reason::Contradiction { message: error.to_string() }))?;
    session.log.say(format!("{} bytes stored, {} snapshots", numbers.stored_bytes, numbers.snapshots));
    session.ready(None);
    session.effects.push(Effect::Numbers(numbers));
    Ok(Done::plain(Verdict::SUCCESS))
}
