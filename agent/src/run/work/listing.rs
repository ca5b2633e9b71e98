//! Reading a repository again: its list of snapshots, its numbers.

use std::time::Duration;

use wire::{job::Reason, snapshot::Snapshot};

use super::Done;
use crate::{
    restic::{
        command::Verb,
        document,
        exit::{self, Exit, Verdict},
    },
    run::{
        conversation::Bounds,
        doubt::{self, Judged, Listing},
        session::{Early, Effect, Session},
    },
    store::StoreError,
};

/// Whoever stopped a job does not wait long for what is only a look.
const AFTER_ALL: Duration = Duration::from_mins(1);

pub async fn snapshots(session: &mut Session) -> Result<Done, Early> {
    session.reach().await?;
    let listed = list(session).await?;
    session.log.say(format!("{} snapshots", listed.snapshots.len()));
    let judged = judged(session, &listed).await?;
    for doubt in judged.future.iter().chain(&judged.unknown) {
        session.log.say(format!("Old snapshots are kept for the time being: {doubt}"));
    }
    session.ready(None);
    session.effects.push(Effect::Listing(listed));
    Ok(Done::plain(Verdict::SUCCESS))
}

/// All snapshots of the repository.
pub async fn list(session: &mut Session) -> Result<Listing, Early> {
    let limit = Some(session.shared.settings.patience.short_job);
    listed(session, Bounds { silence: None, limit, heeds_stop: true }).await
}

/// The same for a job that somebody may have stopped: what it has done by then must be known.
pub async fn list_after_all(session: &mut Session) -> Result<Listing, Early> {
    let heeds_stop = session.stop_wanted().is_none();
    listed(session, Bounds { silence: None, limit: Some(AFTER_ALL), heeds_stop }).await
}

async fn listed(session: &mut Session, bounds: Bounds) -> Result<Listing, Early> {
    let text = ask(session, None, bounds).await?;
    let read = document::snapshots(&text, &session.plan.groups)
        .and_then(|snapshots| Ok(Listing { snapshots, makers: document::makers(&text)? }));
    read.map_err(|error| Reason::Contradiction { message: error.to_string() }.into())
}

/// The snapshots that `id` names, or begins.
pub async fn one(session: &mut Session, id: &str) -> Result<Vec<Snapshot>, Early> {
    let limit = Some(session.shared.settings.patience.short_job);
    let text = ask(session, Some(id), Bounds { silence: None, limit, heeds_stop: true }).await?;
    document::snapshots(&text, &session.plan.groups)
        .map_err(|error| Reason::Contradiction { message: error.to_string() }.into())
}

async fn ask(session: &mut Session, id: Option<&str>, bounds: Bounds) -> Result<Vec<u8>, Early> {
    let done = session.patiently(Verb::Snapshots { id }, bounds).await?;
    if done.exit == Exit::Code(0) {
        return Ok(done.document);
    }
    let reason = exit::failure(done.exit, &done.said, session.shared.world.now());
    session.note_failure(&reason);
    Err(reason.into())
}

/// What is in doubt of it, by what is known now.
pub async fn judged(session: &Session, listing: &Listing) -> Result<Judged, Early> {
    let (repository, now) = (session.repository().clone(), session.shared.world.now());
    let (host, listing) = (session.host().to_owned(), listing.clone());
    let look = move |connection: &_| doubt::look(connection, &repository, &listing, &host, now);
    Ok(session.shared.store.read::<_, StoreError>(look).await?)
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
