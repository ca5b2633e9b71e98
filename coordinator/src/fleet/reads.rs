//! Reading: the fleet page out of the index, everything about one host out of the views.

use std::sync::Arc;

use wire::{
    frame::HostFacts,
    id::{AgentId, GroupName, JobId, RepositoryName, UnixMs},
    job::{Explained, JobKind, JobState, Reason},
    plan::Plan,
    view::{
        Explanation, HostRow, HostView, JobView, JournalView, LastBackup, LogView, Page, ReplacedView,
        ScheduleView, SnapshotRow, TilesView, TroubleKind, TroubleView,
    },
};

use super::{Fleet, FleetError, HostQuery, cursor, index::Index, repositories, schedules};
use crate::store::{
    chains,
    hosts::{self, HostId, Trouble},
    jobs::{self, Filter, HeldJob},
    logs, orders, plans, snapshots, standing,
};

/// No page of one host's things is longer.
const PAGE_LIMIT: usize = 1000;
/// A second connection of the same identity is reported for this long.
const DOUBLED_MS: i64 = 15 * 60_000;
/// What was due later than this after now was so by a wrong clock.
const AHEAD_MS: i64 = 24 * 3_600_000;

/// Which jobs of a host are wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JobQuery {
    /// Any of them; all when empty.
    pub kind: Vec<JobKind>,
    /// Any of them; all when empty.
    pub state: Vec<JobState>,
    pub group: Option<GroupName>,
    pub repository: Option<RepositoryName>,
    pub cursor: Option<String>,
    /// 0 stands for 100.
    pub limit: usize,
}

pub(super) fn limited(limit: usize) -> u32 {
    let limit = if limit == 0 { 100 } else { limit.min(PAGE_LIMIT) };
    u32::try_from(limit).unwrap_or(u32::MAX)
}

impl Fleet {
    pub fn tiles(&self, now: UnixMs) -> TilesView {
        self.inner.index.tiles(now, self.inner.pending.count())
    }

    /// One page of the fleet, from memory.
    pub fn hosts(&self, query: &HostQuery) -> Result<Page<HostRow>, FleetError> {
        self.inner.index.page(query)
    }

    pub(super) fn host_id(&self, agent: AgentId) -> Result<HostId, FleetError> {
        self.inner.index.host_id(agent).ok_or_else(|| FleetError::not_found("host", agent))
    }

    fn row(&self, agent: AgentId) -> Result<HostRow, FleetError> {
        self.inner
            .index
            .look(agent, super::outline::Outline::row)
            .ok_or_else(|| FleetError::not_found("host", agent))
    }

    pub async fn host(&self, agent: AgentId) -> Result<HostView, FleetError> {
        let row = self.row(agent)?;
        let now = self.inner.world.now();
        let doubled = self.inner.index.look(agent, |outline| outline.doubled_at).flatten();
        let doubled = doubled.is_some_and(|at| now.since(at) < DOUBLED_MS);
        let namesake = self.inner.index.namesake(agent);
        let index = Arc::clone(&self.inner.index);
        self.inner
            .store
            .read(move |connection| {
                let host = hosts::by_agent(connection, agent)?
                    .ok_or_else(|| FleetError::not_found("host", agent))?;
                let plan = plans::held(connection, host.id)?;
                let epoch = chains::latest(connection, host.id, agent)?;
                let fingerprint = host.binding.fingerprint();
                let nothing = Plan::default();
                let wanted = plan.as_ref().map_or(&nothing, |held| &held.plan);
                Ok(HostView {
                    facts: plans::facts(connection, host.id)?.unwrap_or_default(),
                    replaces: host.replaces.map(|old| replaced(&index, old)),
                    replaced_by: index.replacement(agent).map(|new| replaced(&index, new)),
                    fingerprint: fingerprint.to_string(),
                    words: fingerprint.words().map(str::to_owned).to_vec(),
                    journal: JournalView {
                        epoch: epoch.as_ref().map_or(0, |epoch| epoch.head.head.epoch),
                        seq: epoch.as_ref().map_or(0, |epoch| epoch.head.head.seq),
                        verified_at: epoch.map(|epoch| epoch.verified_at),
                    },
                    plan_revision: plan.as_ref().map_or(0, |held| held.revision),
                    plan_waiting: orders::open_of(connection, host.id, "set_plan", now)?.is_some(),
                    repositories: repositories::views(connection, &index, (agent, host.id), wanted, now)?,
                    trouble: trouble(host.trouble.as_ref(), doubled, namesake.as_deref()),
                    holds: standing::holds(connection, host.id)?,
                    retired_at: standing::retired_at(connection, host.id)?,
                    binding: host.binding,
                    credential: host.credential,
                    row,
                })
            })
            .await
    }

    /// The schedules, each with its next five runs as the agent computes them.
    pub async fn schedules(&self, agent: AgentId, now: UnixMs) -> Result<Vec<ScheduleView>, FleetError> {
        let host = self.host_id(agent)?;
        self.inner
            .store
            .read(move |connection| {
                let Some(held) = plans::held(connection, host)? else { return Ok(Vec::new()) };
                let HostFacts { zone, .. } = plans::facts(connection, host)?.unwrap_or_default();
                let mut all = Vec::new();
                for (name, schedule) in &held.plan.schedules {
                    let last = jobs::last_run_of(connection, host, name, now.plus_ms(AHEAD_MS))?;
                    let last = last.map(|(job, state, at)| LastBackup { job, state, at });
                    all.push(schedules::view(agent, name, schedule, &zone, last, now));
                }
                Ok(all)
            })
            .await
    }

    /// The newest first.
    pub async fn snapshots(
        &self,
        agent: AgentId,
        cursor: Option<String>,
        limit: usize,
    ) -> Result<Page<SnapshotRow>, FleetError> {
        let host = self.host_id(agent)?;
        let position: Option<snapshots::Position> = cursor::decode(cursor.as_deref())?;
        let limit = limited(limit);
        let (mut items, total) = self
            .inner
            .store
            .read::<_, FleetError>(move |connection| {
                let items = snapshots::page(connection, host, position.as_ref(), limit + 1)?;
                Ok((items, snapshots::total(connection, host)?))
            })
            .await?;
        let next = shorten(&mut items, limit).map(|last| cursor::encode(&snapshots::position(last)));
        Ok(Page { items, next, total: Some(total) })
    }

    /// The newest first.
    pub async fn jobs(&self, agent: AgentId, query: JobQuery) -> Result<Page<JobView>, FleetError> {
        let host = self.host_id(agent)?;
        let before: Option<JobId> = cursor::decode(query.cursor.as_deref())?;
        let limit = limited(query.limit);
        let filter =
            Filter { kind: query.kind, state: query.state, group: query.group, repository: query.repository };
        let mut held = self
            .inner
            .store
            .read(move |connection| jobs::page(connection, host, &filter, before, limit + 1))
            .await?;
        let next = shorten(&mut held, limit).map(|last| cursor::encode(&last.job));
        let name = self.row(agent)?.name;
        let items = held.into_iter().map(|job| self.job_view(agent, &name, job)).collect();
        Ok(Page { items, next, total: None })
    }

    pub async fn job(&self, agent: AgentId, job: JobId) -> Result<JobView, FleetError> {
        let host = self.host_id(agent)?;
        let held = self.inner.store.read(move |connection| jobs::one(connection, host, job)).await?;
        let held = held.ok_or_else(|| FleetError::not_found("job", job))?;
        Ok(self.job_view(agent, &self.row(agent)?.name, held))
    }

    fn job_view(&self, agent: AgentId, host: &str, held: HeldJob) -> JobView {
        let progress = match held.state {
            JobState::Running => self.inner.watches.progress(agent, held.job),
            _ => None,
        };
        JobView {
            agent,
            host: host.to_owned(),
            job: held.job,
            kind: held.kind,
            repository: held.repository,
            group: held.group,
            origin: held.origin,
            state: held.state,
            explanation: held.reason.as_ref().map(explanation),
            reason: held.reason,
            numbers: held.numbers,
            options: held.options,
            result: held.result,
            lacks: held.lacks,
            queued_at: held.queued_at,
            started_at: held.started_at,
            finished_at: held.finished_at,
            progress,
        }
    }

    /// The journalled lines from number `after` on.
    pub async fn log(
        &self,
        agent: AgentId,
        job: JobId,
        after: u64,
        limit: usize,
    ) -> Result<LogView, FleetError> {
        let host = self.host_id(agent)?;
        let limit = limit.clamp(1, 2000);
        self.inner
            .store
            .read(move |connection| {
                let held =
                    jobs::one(connection, host, job)?.ok_or_else(|| FleetError::not_found("job", job))?;
                let lines = logs::lines(connection, host, job, after, limit)?;
                let over = held.state.is_over();
                // An agent may number its lines as it likes: a reader goes on, or is done.
                let read_to = lines.last().map_or(after, |line| line.n.saturating_add(1));
                let all_here = held.log_lines.is_none_or(|all| read_to >= all) || lines.is_empty();
                let further = lines.is_empty() || read_to > after;
                let next = (further && (!over || !all_here || lines.len() == limit)).then_some(read_to);
                Ok(LogView { lines, next, complete: over })
            })
            .await
    }
}

/// Cuts a page that was read one too long; the last item, when there are more.
pub(super) fn shorten<T>(items: &mut Vec<T>, limit: u32) -> Option<&T> {
    let limit = limit as usize;
    let more = items.len() > limit;
    items.truncate(limit);
    items.last().filter(|_| more)
}

/// The other of two hosts; one that is not known here is called by the beginning of its id.
fn replaced(index: &Index, agent: AgentId) -> ReplacedView {
    let name = index.look(agent, |outline| outline.name.to_string());
    ReplacedView { agent, name: name.unwrap_or_else(|| hex::encode(&agent.0[..4])) }
}

/// The gravest of what only a person can resolve.
fn trouble(held: Option<&Trouble>, doubled: bool, namesake: Option<&str>) -> Option<TroubleView> {
    let (kind, message) = match (held, namesake) {
        (Some(Trouble::Fork { epoch, seq }), _) => (
            TroubleKind::Fork,
            format!(
                "Two machines write this host's journal: record {seq} of epoch {epoch} exists twice. Nothing more is taken \
                 from either. Enrol the copy anew, with a key file of its own."
            ),
        ),
        (Some(Trouble::SetBack { epoch }), _) => (
            TroubleKind::SetBack,
            format!(
                "This host's disk was set back to an older state: its journal goes on in epoch {epoch}. It removes no \
                 snapshots until somebody has looked and confirmed the plan."
            ),
        ),
        (None, _) if doubled => (
            TroubleKind::Doubled,
            "A second machine connects with this host's identity and was turned away. Enrol the copy anew, with a key \
             file of its own."
                .to_owned(),
        ),
        (None, Some(name)) => (
            TroubleKind::Namesake,
            format!(
                "Another host of this fleet is called {name} too. Rename one of them, so that nobody takes one for the \
                 other."
            ),
        ),
        (None, None) => return None,
    };
    Some(TroubleView { kind, message })
}

pub(super) fn explanation(reason: &Reason) -> Explanation {
    let Explained { message, hint } = reason.explain();
    Explanation { message, hint }
}
