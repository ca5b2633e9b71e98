//! A host's repositories as its page shows them: state, locks, numbers over time, and who else uses them.

use rusqlite::Connection;
use wire::{
    id::{AgentId, RepositoryName, UnixMs},
    plan::{Plan, Repository},
    snapshot::RepositoryReadiness,
    view::{Page, RepositoryHistoryView, RepositoryView, SharingView},
};

use super::{
    Fleet, FleetError, cursor,
    index::{Index, Position, User},
    reads::{self, explanation},
};
use crate::store::{
    StoreError,
    hosts::HostId,
    locks, numbers, plans,
    repositories::{self, HeldRepository},
    snapshots,
};

const DAY_MS: i64 = 24 * 3_600_000;
/// What claims to come from later than this after now was written by a wrong clock.
const AHEAD_MS: i64 = DAY_MS;
/// What a repository brings along on its host's page; more is asked for.
const HISTORY_DAYS: i64 = 90;
/// Other hosts that its host's page names at once; more are asked for.
const SHARING: usize = 100;

impl Fleet {
    /// A repository's size over so many days until now, a point per day at most.
    pub async fn repository_history(
        &self,
        agent: AgentId,
        repository: RepositoryName,
        days: u32,
    ) -> Result<RepositoryHistoryView, FleetError> {
        let host = self.host_id(agent)?;
        let now = self.inner.world.now();
        self.inner
            .store
            .read(move |connection| {
                let planned = plans::held(connection, host)?
                    .is_some_and(|held| held.plan.repositories.contains_key(&repository));
                let points = points(connection, host, &repository, days.into(), now)?;
                if !planned && points.is_empty() {
                    return Err(FleetError::not_found("repository", repository));
                }
                Ok(RepositoryHistoryView { days, points })
            })
            .await
    }

    /// The other hosts that use the same repository, by their names.
    pub async fn sharing(
        &self,
        agent: AgentId,
        repository: RepositoryName,
        cursor: Option<String>,
        limit: usize,
    ) -> Result<Page<SharingView>, FleetError> {
        let host = self.host_id(agent)?;
        let after: Option<Position> = cursor::decode(cursor.as_deref())?;
        let limit = reads::limited(limit);
        let read = move |connection: &Connection| {
            let held = repositories::held(connection, host)?.into_iter().find(|held| held.name == repository);
            let planned = plans::held(connection, host)?
                .is_some_and(|held| held.plan.repositories.contains_key(&repository));
            if held.is_none() && !planned {
                return Err(FleetError::not_found("repository", repository));
            }
            Ok(held)
        };
        let state = self.inner.store.read(read).await?;
        let (mut items, total) =
            sharing(&self.inner.index, agent, state.as_ref(), after.as_ref(), limit as usize + 1);
        let next = reads::shorten(&mut items, limit)
            .map(|last| cursor::encode(&(last.name.clone(), last.agent, last.repository.clone())));
        Ok(Page { items, next, total: Some(total) })
    }
}

fn points(
    connection: &Connection,
    host: HostId,
    repository: &RepositoryName,
    days: i64,
    now: UnixMs,
) -> Result<Vec<wire::view::NumbersAt>, StoreError> {
    // Whole days, today's among them.
    let from = UnixMs((numbers::day(now) - days + 1) * DAY_MS);
    numbers::daily(connection, host, repository, from, now.plus_ms(AHEAD_MS))
}

pub(super) fn views(
    connection: &Connection,
    index: &Index,
    (agent, host): (AgentId, HostId),
    plan: &Plan,
    now: UnixMs,
) -> Result<Vec<RepositoryView>, StoreError> {
    let held = repositories::held(connection, host)?;
    let view = |(name, repository): (&RepositoryName, &Repository)| {
        let state = held.iter().find(|held| held.name == *name);
        let locks = locks::of(connection, host, name)?;
        let latest = numbers::latest(connection, host, name, now.plus_ms(AHEAD_MS))?;
        let (sharing, sharing_total) = sharing(index, agent, state, None, SHARING);
        Ok(RepositoryView {
            name: name.clone(),
            location: repository.backend.location(),
            readiness: state.map_or(RepositoryReadiness::Unknown, |state| state.readiness),
            reason: state.and_then(|state| state.reason.clone()),
            explanation: state.and_then(|state| state.reason.as_ref()).map(explanation),
            restic_id: state.and_then(|state| state.restic_id.clone()),
            checked_at: state.map(|state| state.checked_at),
            numbers: latest.map(|(_, numbers)| numbers),
            snapshots: snapshots::count(connection, host, name)?,
            history: points(connection, host, name, HISTORY_DAYS, now)?,
            locks_at: locks.as_ref().map(|(at, _)| *at),
            locks: locks.map(|(_, locks)| locks).unwrap_or_default(),
            doubtful: snapshots::doubtful(connection, host, name)?,
            sharing,
            sharing_total,
            owner_gone: repository.owner.as_ref().is_some_and(|owner| !index.lives(owner.agent)),
        })
    };
    plan.repositories.iter().map(view).collect()
}

fn sharing(
    index: &Index,
    agent: AgentId,
    state: Option<&HeldRepository>,
    after: Option<&Position>,
    most: usize,
) -> (Vec<SharingView>, u64) {
    let id = state.and_then(|state| state.restic_id.as_deref()).and_then(|id| id.parse().ok());
    let (users, total) = id.map_or_else(Default::default, |id| index.others_of(id, agent, after, most));
    let view = |user: User| SharingView {
        agent: user.agent,
        name: user.name,
        repository: user.repository,
        owner: user.owner,
    };
    (users.into_iter().map(view).collect(), total)
}
