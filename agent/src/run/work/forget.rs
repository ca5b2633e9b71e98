//! Retention of one group: removes the snapshots that its policy does not keep. Never with an empty policy, never while
//! something holds it back.

use std::{collections::BTreeSet, time::Duration};

use wire::{
    id::UnixMs,
    job::{JobKind, JobNumbers, JobState, Reason},
    snapshot::Snapshot,
};

use super::{Done, Follow, listing};
use crate::{
    restic::{
        command::Verb,
        document,
        exit::{self, Exit, Verdict},
    },
    run::{
        conversation::Bounds,
        engine::Shared,
        session::{Early, Effect, Session},
    },
    store::{StoreError, holds, snapshots},
};

const AFTER: &[Follow] = &[Follow::Always(JobKind::Stats)];
/// A clock that is off by less harms no policy, whose finest rule is an hour.
const FUTURE: Duration = Duration::from_mins(5);

pub async fn run(session: &mut Session) -> Result<Done, Early> {
    let group = session.group()?;
    let tag = session
        .job
        .subject
        .group
        .clone()
        .unwrap_or_else(|| unreachable!("a group that is in the plan has a name"));
    if group.retention.is_empty() {
        return Err(Early::skipped(Reason::EmptyPolicy));
    }
    if let Some(message) = held(session).await? {
        return Err(Early::skipped(Reason::RetentionHeld { message }));
    }
    session.reach().await?;
    if !session.was_ready().await? {
        return Err(Reason::RepositoryMissing.into());
    }
    let host = session.shared.settings.hostname.clone();
    session.log.say(format!("Retention of group {tag} at {}: {:?}", session.location, group.retention));
    let verb = Verb::Forget { tag: &tag, host: &host, keep: &group.retention };
    let limit = Some(session.shared.settings.patience.forget);
    let ended = session.patiently(verb, Bounds { silence: None, limit, heeds_stop: true }).await?;
    let verdict = exit::forget(ended.exit, &ended.said, session.shared.world.now());
    if verdict.state != JobState::Succeeded {
        if matches!(ended.exit, Exit::Signal(_)) {
            session.unlock().await;
        }
        return Ok(Done::plain(session.judged(verdict)));
    }
    let told = document::forgotten(&ended.document)
        .map_err(|error| Early::from(Reason::Contradiction { message: error.to_string() }))?;
    let removed = u64::try_from(told.removed.len()).unwrap_or(u64::MAX);
    session.log.say(format!("{} snapshots are kept, {removed} were removed", told.kept));
    session.ready(None);
    let listed = listing::list(session, None).await?;
    let still: BTreeSet<&str> = listed.iter().map(|snapshot| snapshot.id.as_str()).collect();
    let left = told.removed.iter().filter(|id| still.contains(id.as_str())).count();
    let verdict = if left == 0 {
        Verdict::SUCCESS
    } else {
        let message =
            format!("restic said that it removed {removed} snapshots, but {left} of them are still there");
        Verdict::failed(Reason::Contradiction { message })
    };
    session.effects.push(Effect::Listing(listed));
    let numbers = JobNumbers {
        snapshots_removed: Some(removed - u64::try_from(left).unwrap_or(removed)),
        snapshots_kept: Some(told.kept),
        ..JobNumbers::default()
    };
    Ok(Done { verdict, numbers, follow: AFTER })
}

/// Why retention must wait for a person, if it must.
async fn held(session: &Session) -> Result<Option<String>, Early> {
    let (repository, now) = (session.repository().clone(), session.shared.world.now());
    let (holds, known) = session
        .shared
        .store
        .read::<_, StoreError>(move |connection| {
            Ok((holds::all(connection)?, snapshots::all(connection, &repository)?))
        })
        .await?;
    let hold = holds.into_iter().next().map(|hold| hold.message);
    Ok(hold.or_else(|| just_set(&session.shared)).or_else(|| from_the_future(&known, now)))
}

/// A clock that was set a moment ago, which nobody has written down yet.
fn just_set(shared: &Shared) -> Option<String> {
    let set_by = shared.clock_set_by_ms().unsigned_abs();
    (u128::from(set_by) > FUTURE.as_millis())
        .then(|| "the host's clock was just set: old snapshots wait until it is believed again".to_owned())
}

fn from_the_future(known: &[Snapshot], now: UnixMs) -> Option<String> {
    let limit = now.plus_ms(i64::try_from(FUTURE.as_millis()).unwrap_or(i64::MAX));
    let snapshot = known.iter().find(|snapshot| snapshot.time > limit)?;
    Some(format!(
        "snapshot {} of {} claims the time {}, which is still to come: check the clocks of both hosts, then remove the snapshot or wait",
        snapshot.id.get(..8).unwrap_or(&snapshot.id),
        snapshot.hostname,
        snapshot.time
    ))
}
