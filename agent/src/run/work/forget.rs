//! Retention of one group: removes the snapshots that its policy does not keep. Never with an empty policy, never while
//! something holds it back.
//!
//! restic says what the policy means for what lies there, and exactly those snapshots are removed that it said and that
//! are known: whatever somebody puts there meanwhile pushes nothing out.

use std::collections::BTreeSet;

use wire::{
    id::GroupName,
    job::{JobKind, JobNumbers, JobState, Reason, RetentionResult},
    plan::{Plan, Retention},
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
        conversation::{Bounds, Wish},
        doubt::{FUTURE, Listing},
        engine::Shared,
        session::{Attempt, Early, Effect, Session, Waiting, not_in_plan},
        upkeep,
    },
    store::{StoreError, holds, plan},
};

const AFTER: &[Follow] = &[Follow::Always(JobKind::Stats)];
/// So many snapshots are removed by one call: an argument list has an end.
const AT_ONCE: usize = 500;
/// A backup that ends meanwhile, of another host or by another name of the repository, is no reason to give up.
const LOOKS: usize = 3;

/// Whose snapshots, and what is kept of them.
pub struct Policy {
    pub host: String,
    pub tag: GroupName,
    pub retention: Retention,
    /// They are another host's, which alone knows which of them it made.
    pub others: bool,
}

pub async fn run(session: &mut Session) -> Result<Done, Early> {
    let mut asked = Vec::new();
    match passes(session, &mut asked).await {
        Ok(kept) => {
            session.ready(None);
            confirm(session, asked, kept).await
        }
        Err(early) if asked.is_empty() => Err(early),
        Err(early) => Ok(halfway(session, &asked, early).await),
    }
}

/// Decides and removes until nothing is left to remove; returns how many stay. `asked`: the ids that restic was told to
/// remove by then. After a wait everything is asked anew, the plan as well: what was decided before it is old.
async fn passes(session: &mut Session, asked: &mut Vec<String>) -> Result<u64, Early> {
    let mut waiting = session.waiting();
    let mut policy = may_remove(session).await?;
    session.reach().await?;
    if !session.was_ready().await? {
        return Err(Reason::RepositoryMissing.into());
    }
    loop {
        if let Some(kept) = pass(session, &policy, asked, &mut waiting).await? {
            return Ok(kept);
        }
        session.log.say("What goes is decided anew");
        renew(session).await?;
        policy = may_remove(session).await?;
    }
}

/// The policy, where nothing keeps this host from following it now.
async fn may_remove(session: &Session) -> Result<Policy, Early> {
    let policy = upkeep::policy(session)?;
    if policy.retention.is_empty() {
        return Err(Early::skipped(Reason::EmptyPolicy));
    }
    upkeep::may_delete(session)?;
    match held(session).await? {
        Some(message) => Err(Early::skipped(Reason::RetentionHeld { message })),
        None => Ok(policy),
    }
}

/// The plan as it is now. What opens the repository stays as it was, so the repository has to be the same.
async fn renew(session: &mut Session) -> Result<(), Early> {
    let fresh = current(session).await?;
    let name = session.repository();
    if fresh.repositories.get(name).map(|it| &it.backend)
        != session.plan.repositories.get(name).map(|it| &it.backend)
    {
        return Err(not_in_plan(format!("repository {name} at {}", session.location)));
    }
    session.plan = fresh;
    Ok(())
}

async fn current(session: &Session) -> Result<Plan, Early> {
    let current = session.shared.store.read::<_, StoreError>(plan::current).await?;
    Ok(current.map(|current| current.plan).unwrap_or_default())
}

/// `None` when somebody was in the way, or the plan is another one by now.
async fn pass(
    session: &mut Session,
    policy: &Policy,
    asked: &mut Vec<String>,
    waiting: &mut Waiting,
) -> Result<Option<u64>, Early> {
    let Policy { host, tag, retention, .. } = policy;
    session.log.say(format!("Retention of group {tag} of {host} at {}: {retention:?}", session.location));
    let told = decide(session, policy).await?;
    let (kept, wanted) = (count(told.keep.len()), told.remove.len());
    session.log.say(format!("{kept} snapshots are kept, {wanted} go"));
    let ids: Vec<String> = told.remove.into_iter().map(|snapshot| snapshot.id).collect();
    for some in ids.chunks(AT_ONCE) {
        if let Some(wish) = session.stop_wanted() {
            return Err(Early::Halted(wish));
        }
        if let Some(message) = held(session).await? {
            return Err(Early::skipped(Reason::RetentionHeld { message }));
        }
        if current(session).await? != session.plan {
            session.log.say("The plan was changed meanwhile");
            return Ok(None);
        }
        if !remove(session, some, asked, waiting).await? {
            return Ok(None);
        }
    }
    Ok(Some(kept))
}

/// What the policy means for what lies there now, none of it in doubt.
async fn decide(session: &mut Session, policy: &Policy) -> Result<RetentionResult, Early> {
    for _ in 0..LOOKS {
        let listed = listing::list(session).await?;
        let judged = listing::judged(session, &listed).await?;
        if let Some(message) = judged.against(policy.others).cloned() {
            session.effects.push(Effect::Listing(listed));
            return Err(Early::skipped(Reason::RetentionHeld { message }));
        }
        let told = ask(session, policy, &policy.retention).await?;
        if is_all_of(&told, &listed) {
            return Ok(told);
        }
        session.log.say("Another snapshot was made meanwhile: looking again");
    }
    let message = "snapshots are being made while this host looks: it looks again next time".to_owned();
    Err(Early::skipped(Reason::RetentionHeld { message }))
}

/// What restic would do by a policy. Removes nothing.
pub async fn ask(session: &mut Session, policy: &Policy, keep: &Retention) -> Result<RetentionResult, Early> {
    let verb = Verb::ForgetPreview { tag: &policy.tag, host: &policy.host, keep };
    let done = session.brief(verb).await?;
    if done.exit != Exit::Code(0) {
        let reason = exit::failure(done.exit, &done.said, session.shared.world.now());
        session.note_failure(&reason);
        return Err(reason.into());
    }
    document::retention(&done.document)
        .map_err(|error| Reason::Contradiction { message: error.to_string() }.into())
}

/// Whether everything that the policy was applied to had been looked at.
fn is_all_of(told: &RetentionResult, listed: &Listing) -> bool {
    let seen: BTreeSet<&str> = listed.snapshots.iter().map(|snapshot| snapshot.id.as_str()).collect();
    told.keep.iter().chain(&told.remove).all(|snapshot| seen.contains(snapshot.id.as_str()))
}

/// Whether restic removed them. If not, a lock was in the way.
async fn remove(
    session: &mut Session,
    ids: &[String],
    asked: &mut Vec<String>,
    waiting: &mut Waiting,
) -> Result<bool, Early> {
    let limit = Some(session.shared.settings.patience.forget);
    let bounds = Bounds { silence: None, limit, heeds_stop: true };
    let ended = match session.attempt(Verb::Forget { ids }, bounds, waiting).await {
        Ok(Attempt::Over(ended)) => *ended,
        Ok(Attempt::Again) => return Ok(false),
        Err(early) => {
            asked.extend_from_slice(ids);
            return Err(early);
        }
    };
    let verdict = exit::forget(ended.exit, &ended.said, session.shared.world.now());
    // It takes its lock before it removes anything.
    if !matches!(verdict.reason, Some(Reason::Locked { .. })) {
        asked.extend_from_slice(ids);
    }
    if verdict.state == JobState::Succeeded {
        return Ok(true);
    }
    Err(Early::Verdict(session.judged(verdict)))
}

/// What became of a job that ended before it was through: some of them may be gone.
async fn halfway(session: &mut Session, asked: &[String], early: Early) -> Done {
    let is_draining = early == Early::Halted(Wish::Draining);
    let done = Done::early(early);
    // An agent that stops has no time for it, and the next attempt begins with a look.
    if is_draining {
        return done;
    }
    let listed = match listing::list_after_all(session).await {
        Ok(listed) => listed,
        Err(early) => {
            session.log.say(format!("How many of the snapshots are gone could not be read: {early:?}"));
            return done;
        }
    };
    let gone = missing(asked, &listed);
    session.log.say(format!("{} of {} snapshots were removed before it ended", gone.len(), asked.len()));
    let kept = upkeep::policy(session).ok().map(|Policy { host, tag, .. }| {
        let is_meant = |it: &&Snapshot| it.hostname == host && it.tags.iter().any(|one| one == tag.as_str());
        count(listed.snapshots.iter().filter(is_meant).count())
    });
    let numbers = JobNumbers {
        snapshots_removed: Some(count(gone.len())),
        snapshots_kept: kept,
        ..JobNumbers::default()
    };
    session.effects.push(Effect::Listing(listed));
    session.effects.push(Effect::Forgotten(gone));
    Done { numbers, ..done }
}

/// Which of these are not there.
fn missing(ids: &[String], listed: &Listing) -> Vec<String> {
    let there: BTreeSet<&str> = listed.snapshots.iter().map(|snapshot| snapshot.id.as_str()).collect();
    ids.iter().filter(|id| !there.contains(id.as_str())).cloned().collect()
}

/// Believes what lies there afterwards.
async fn confirm(session: &mut Session, ids: Vec<String>, kept: u64) -> Result<Done, Early> {
    let listed = listing::list(session).await?;
    let gone = missing(&ids, &listed);
    let left = ids.len() - gone.len();
    let verdict = if left == 0 {
        Verdict::SUCCESS
    } else {
        let message = format!(
            "restic said that it removed {} snapshots, but {left} of them are still there",
            ids.len()
        );
        Verdict::failed(Reason::Contradiction { message })
    };
    let numbers = JobNumbers {
        snapshots_removed: Some(count(gone.len())),
        snapshots_kept: Some(kept),
        ..JobNumbers::default()
    };
    session.effects.push(Effect::Listing(listed));
    session.effects.push(Effect::Forgotten(gone));
    Ok(Done { numbers, follow: AFTER, ..Done::plain(verdict) })
}

/// Why retention must wait for a person, whatever lies in the repository.
async fn held(session: &Session) -> Result<Option<String>, Early> {
    let holds = session.shared.store.read::<_, StoreError>(holds::all).await?;
    let hold = holds.into_iter().find(|hold| holds::is_of_the_host(hold.cause)).map(|hold| hold.message);
    Ok(hold.or_else(|| just_set(&session.shared)))
}

/// A clock that was set a moment ago, which nobody has written down yet.
fn just_set(shared: &Shared) -> Option<String> {
    let set_by = shared.clock_set_by_ms().unsigned_abs();
    (u128::from(set_by) > FUTURE.as_millis())
        .then(|| "the host's clock was just set: old snapshots wait until it is believed again".to_owned())
}

pub fn count(of: usize) -> u64 {
    u64::try_from(of).unwrap_or(u64::MAX)
}
