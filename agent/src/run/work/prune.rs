//! Gives back the space that no snapshot needs. By one host alone, and never where deleting is not allowed.

use std::time::Duration;

use wire::job::{JobKind, JobNumbers, JobState, Reason};

use super::{Done, Follow};
use crate::{
    restic::{command::Verb, exit},
    run::{
        conversation::Bounds,
        session::{Early, Session},
        upkeep,
    },
};

const AFTER: &[Follow] = &[Follow::Always(JobKind::Stats)];
/// Large repositories over thin lines take their time; more than this is no progress.
pub const LONGEST: Duration = Duration::from_hours(48);

pub async fn run(session: &mut Session) -> Result<Done, Early> {
    upkeep::may_delete(session)?;
    upkeep::may_look_after(session).await?;
    session.reach().await?;
    if !session.was_ready().await? {
        return Err(Reason::RepositoryMissing.into());
    }
    session.log.say(format!("Prune of {}", session.location));
    session.log.begin();
    let silence = Some(session.shared.settings.patience.silence);
    let bounds = Bounds { silence, limit: Some(LONGEST), heeds_stop: true };
    let ended = session.patiently(Verb::Prune, bounds).await?;
    let verdict = exit::prune(ended.exit, &ended.said, session.shared.world.now());
    if verdict.state != JobState::Succeeded {
        return Ok(Done::plain(session.judged(verdict)));
    }
    session.ready(None);
    let numbers = JobNumbers { bytes_freed: ended.said.told.freed_bytes, ..JobNumbers::default() };
    Ok(Done { numbers, follow: AFTER, ..Done::plain(verdict) })
}
