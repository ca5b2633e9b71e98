//! The fleet in memory: one compact record per host, which answers the fleet page without SQL.
//!
//! Built from the views at start, and patched after each commit that touched a host. Must not know SQL.

mod query;
mod sharing;
mod words;

pub use query::{HostQuery, HostSort, HostStatus};
pub use sharing::{Claim, Position, User};
pub use words::Words;

use sharing::Users;

use std::{
    collections::{BTreeMap, HashMap},
    convert::Infallible,
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
};

use rusqlite::Connection;
use wire::{
    id::{AgentId, Hash32, UnixMs},
    job::JobState,
    view::{HostRow, OutcomeCounts, Page, PresenceView, TilesView},
};

use super::{
    FleetError, Seat,
    outline::{Outline, Patch},
};
use crate::{
    ingest::{Ended, Touched},
    store::{
        Store, StoreError,
        hosts::{self, Host, HostId},
        numbers, places, summary,
    },
    world::World,
};

const DAY_MS: i64 = 24 * 3_600_000;
/// Ends that lie further ahead are a wrong clock's, and are not counted.
const AHEAD_MS: i64 = 3_600_000;
const MINUTE_MS: i64 = 60_000;

pub(super) struct Index {
    table: RwLock<Table>,
    /// This coordinator's version: agents below it are behind.
    version: String,
}

#[derive(Default)]
struct Table {
    hosts: Vec<Outline>,
    by_agent: HashMap<AgentId, usize>,
    words: Words,
    /// Who uses a repository, by restic's own id.
    users: Users,
    /// Who took whose place, whoever counts most first; neither need be known here.
    taken: HashMap<AgentId, Vec<AgentId>>,
    /// Backups that ended, by the minute of their end: the last day's are counted from here.
    ended: BTreeMap<i64, OutcomeCounts>,
}

impl Table {
    fn put(&mut self, host: &Host) {
        if let Some(at) = self.by_agent.get(&host.agent).copied() {
            let outline = &mut self.hosts[at];
            outline.name = Arc::from(host.name.as_str());
            outline.tags = Arc::from(host.tags.as_slice());
            outline.set_haystack();
        } else {
            let at = self.hosts.len();
            let mut outline = Outline::new(host);
            outline.set_haystack();
            self.hosts.push(outline);
            self.by_agent.insert(host.agent, at);
        }
    }

    /// Who stands in this one's place.
    fn successor(&self, old: AgentId) -> Option<AgentId> {
        let taken_by = |agent| Ok::<_, Infallible>(self.taken.get(&agent).cloned().unwrap_or_default());
        let Ok(successor) = places::standing(old, taken_by, |agent| Ok(self.by_agent.contains_key(&agent)));
        successor
    }

    /// Somebody came or went who may stand in another's place.
    fn settle_places(&mut self) {
        for old in self.taken.keys() {
            if let Some(at) = self.by_agent.get(old).copied() {
                self.hosts[at].replaced_by = self.successor(*old);
            }
        }
    }
}

impl Index {
    pub async fn load(world: &World, store: &Store, version: &str) -> Result<Arc<Self>, FleetError> {
        let now = world.now();
        let index = Arc::new(Self { table: RwLock::default(), version: version.to_owned() });
        let loaded = Arc::clone(&index);
        store.read(move |connection| loaded.fill(connection, now)).await?;
        Ok(index)
    }

    fn fill(&self, connection: &Connection, now: UnixMs) -> Result<(), StoreError> {
        hosts::each(connection, |host| {
            // Its name is in its row already.
            let touched = Touched { name: false, ..Touched::ALL };
            let patch = match Patch::read(connection, host.id, touched, now) {
                Err(error @ (StoreError::Damaged(_) | StoreError::Refused(_))) => {
                    // The others must not stay away because of this one.
                    tracing::error!(agent = %host.agent, %error, "a host's views cannot be read: rebuild them");
                    Patch::default()
                }
                patch => patch?,
            };
            self.write().put(&host);
            self.patch(host.agent, patch, &[], now);
            Ok(())
        })?;
        let taken = places::all(connection)?;
        {
            let mut table = self.write();
            for (old, new) in taken {
                table.taken.entry(old).or_default().push(new);
            }
            table.settle_places();
        }
        let until = last_minute(now);
        let ended = summary::backups_by_minute(connection, None, now.plus_ms(-DAY_MS))?;
        for (minute, state, count) in ended.into_iter().filter(|(minute, ..)| *minute <= until) {
            if let Some(counter) = counter(self.write().ended.entry(minute).or_default(), state) {
                *counter += count;
            }
        }
        Ok(())
    }

    fn read(&self) -> RwLockReadGuard<'_, Table> {
        self.table.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Table> {
        self.table.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// A new member, or one whose name, tags or keys changed. `taken`: the place that it took, with everybody who did.
    pub fn put(&self, host: &Host, taken: Option<(AgentId, Vec<AgentId>)>) {
        let mut table = self.write();
        table.put(host);
        table.taken.extend(taken);
        table.settle_places();
    }

    /// Answers with the repositories, by restic's own id, about whose upkeep something is different now.
    pub fn patch(&self, agent: AgentId, patch: Patch, ended: &[Ended], now: UnixMs) -> Vec<Hash32> {
        let mut table = self.write();
        let Table { hosts, by_agent, words, users, ended: minutes, .. } = &mut *table;
        let (mut changed, mut comes_or_goes) = (Vec::new(), false);
        if let Some(outline) = by_agent.get(&agent).and_then(|at| hosts.get_mut(*at)) {
            let concerns = patch.plan.is_some() || patch.repositories.is_some() || patch.standing.is_some();
            let before = if concerns { sharing::Stake::of(outline) } else { Vec::new() };
            let left = outline.standing.retired;
            outline.apply(patch, &self.version, words, now);
            if concerns {
                changed = users.update(agent, &before, &sharing::Stake::of(outline));
            }
            comes_or_goes = left != outline.standing.retired;
        }
        for backup in ended {
            let minute = backup.at.0.div_euclid(MINUTE_MS);
            if minute <= last_minute(now)
                && let Some(counter) = counter(minutes.entry(minute).or_default(), backup.state)
            {
                *counter += 1;
            }
        }
        if comes_or_goes {
            changed.extend(table.given_to(agent));
        }
        changed
    }

    /// The host is gone, and with it its backups: `ended` as [`summary::backups_by_minute`] last told of them. Answers as
    /// [`Index::patch`] does.
    pub fn remove(&self, agent: AgentId, ended: &[(i64, JobState, u64)]) -> Vec<Hash32> {
        let mut table = self.write();
        for (minute, state, count) in ended {
            let counted = table.ended.get_mut(minute).and_then(|counts| counter(counts, *state));
            if let Some(counter) = counted {
                *counter = counter.saturating_sub(*count);
            }
        }
        let Some(at) = table.by_agent.remove(&agent) else { return Vec::new() };
        let gone = table.hosts.swap_remove(at);
        if let Some(moved) = table.hosts.get(at).map(|outline| outline.agent) {
            table.by_agent.insert(moved, at);
        }
        table.settle_places();
        let mut changed = table.users.update(agent, &sharing::Stake::of(&gone), &[]);
        changed.extend(table.given_to(agent));
        changed
    }

    fn change<T>(&self, agent: AgentId, change: impl FnOnce(&mut Outline) -> T) -> Option<T> {
        let mut table = self.write();
        let at = table.by_agent.get(&agent).copied()?;
        table.hosts.get_mut(at).map(change)
    }

    pub fn sit(&self, seat: &Arc<Seat>) {
        self.change(seat.agent, |outline| outline.sit(Arc::clone(seat)));
    }

    /// Unless the next connection sits there by now.
    pub fn stand_up(&self, seat: &Arc<Seat>) {
        self.change(seat.agent, |outline| outline.stand_up(seat));
    }

    /// A second connection of this agent was turned away, and the first one answers.
    pub fn doubled(&self, agent: AgentId, now: UnixMs) {
        self.change(agent, |outline| outline.doubled_at = Some(now));
    }

    pub fn look<T>(&self, agent: AgentId, look: impl FnOnce(&Outline) -> T) -> Option<T> {
        let table = self.read();
        let at = table.by_agent.get(&agent)?;
        table.hosts.get(*at).map(look)
    }

    pub fn host_id(&self, agent: AgentId) -> Option<HostId> {
        self.look(agent, |outline| outline.host)
    }

    /// Who stands in this agent's place.
    pub fn replacement(&self, agent: AgentId) -> Option<AgentId> {
        self.read().successor(agent)
    }

    /// Another member that people call by the same name, in whatever case. Who was replaced is nobody's.
    pub fn namesake(&self, agent: AgentId) -> Option<String> {
        let table = self.read();
        let this = table.by_agent.get(&agent).and_then(|at| table.hosts.get(*at))?;
        if this.replaced_by.is_some() {
            return None;
        }
        let name = this.sort_name();
        let same = |outline: &&Outline| {
            outline.agent != agent && outline.replaced_by.is_none() && outline.sort_name() == name
        };
        table.hosts.iter().find(same).map(|outline| outline.name.to_string())
    }

    /// The name of a member that is called like this newcomer, in whatever case.
    pub fn collision(&self, hostname: &str, newcomer: AgentId) -> Option<String> {
        let table = self.read();
        let same = |outline: &&Outline| {
            outline.agent != newcomer
                && outline.replaced_by.is_none()
                && (outline.name.eq_ignore_ascii_case(hostname)
                    || outline.hostname.eq_ignore_ascii_case(hostname))
        };
        table.hosts.iter().find(same).map(|outline| outline.name.to_string())
    }

    pub fn page(&self, query: &HostQuery) -> Result<Page<HostRow>, FleetError> {
        query.page(&self.read().hosts)
    }

    pub fn tiles(&self, now: UnixMs, pending: u64) -> TilesView {
        let table = self.read();
        let mut tiles = TilesView { pending, ..TilesView::default() };
        // Who left the fleet is nobody's worry.
        for outline in table.hosts.iter().filter(|outline| outline.is_in_fleet()) {
            tiles.hosts += 1;
            tiles.held += u64::from(outline.standing.held);
            tiles.online += u64::from(outline.presence() == PresenceView::Online);
            tiles.behind += u64::from(outline.behind);
            tiles.protected_bytes = tiles.protected_bytes.saturating_add(outline.size_bytes.unwrap_or(0));
            tiles.snapshots += outline.snapshots;
        }
        let since = now.plus_ms(-DAY_MS).0.div_euclid(MINUTE_MS);
        for counts in table.ended.range(since + 1..).map(|(_, counts)| counts) {
            tiles.last_day.succeeded += counts.succeeded;
            tiles.last_day.incomplete += counts.incomplete;
            tiles.last_day.failed += counts.failed;
            tiles.last_day.other += counts.other;
        }
        tiles
    }

    /// What time alone changes: next runs that have passed, backups older than a day. Answers with the hosts whose
    /// waiting orders expired, which have to be read again.
    pub fn pass_time(&self, now: UnixMs) -> Vec<(AgentId, HostId)> {
        let mut table = self.write();
        let mut expired = Vec::new();
        for outline in &mut table.hosts {
            if outline.next_run.is_some_and(|at| at <= now) {
                outline.set_next_run(now);
            }
            if let Some(trend) = &mut outline.trend {
                trend.pass_to(numbers::day(now));
            }
            if outline.orders_expire_at.is_some_and(|at| at <= now) {
                expired.push((outline.agent, outline.host));
            }
        }
        let since = now.plus_ms(-DAY_MS).0.div_euclid(MINUTE_MS);
        table.ended = table.ended.split_off(&since);
        expired
    }
}

/// The last minute in which a backup can have ended.
const fn last_minute(now: UnixMs) -> i64 {
    now.plus_ms(AHEAD_MS).0.div_euclid(MINUTE_MS)
}

const fn counter(counts: &mut OutcomeCounts, state: JobState) -> Option<&mut u64> {
    match state {
        JobState::Succeeded => Some(&mut counts.succeeded),
        JobState::Incomplete => Some(&mut counts.incomplete),
        JobState::Failed => Some(&mut counts.failed),
        JobState::Cancelled | JobState::Interrupted | JobState::Skipped => Some(&mut counts.other),
        JobState::Queued | JobState::Running => None,
    }
}

#[cfg(test)]
mod tests;
