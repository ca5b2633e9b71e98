//! A host in outline: the compact record that the index keeps, and how it is read from the views.

use std::sync::Arc;

use rusqlite::Connection;
use wire::{
    cron::{self, Crontab},
    frame::HostFacts,
    id::{AgentId, Hash32, JobId, RepositoryName, UnixMs},
    job::JobState,
    plan::{Owner, Plan, Presence, Repository, delay_s},
    snapshot::RepositoryReadiness,
    view::{HostRow, LastBackup, PresenceView},
};

use super::{Seat, trend::Trend};
use crate::{
    ingest::Touched,
    store::{
        StoreError,
        hosts::{self, Host, HostId},
        numbers, orders, plans,
        standing::{self, Standing},
        summary,
    },
};

/// What was read again.
#[derive(Clone, Debug, Default)]
pub struct Patch {
    pub(super) facts: Option<HostFacts>,
    pub(super) plan: Option<Plan>,
    pub(super) jobs: Option<summary::JobsSummary>,
    pub(super) repositories: Option<summary::RepositoriesSummary>,
    /// How many wait, and when the first of them expires.
    pub(super) orders: Option<(u64, Option<UnixMs>)>,
    pub(super) name: Option<(String, Vec<String>)>,
    pub(super) standing: Option<Standing>,
}

impl Patch {
    pub fn read(
        connection: &Connection,
        host: HostId,
        touched: Touched,
        now: UnixMs,
    ) -> Result<Self, StoreError> {
        let mut patch = Self::default();
        if touched.facts {
            patch.facts = plans::facts(connection, host)?;
        }
        if touched.plan {
            patch.plan = plans::held(connection, host)?.map(|held| held.plan);
        }
        if touched.jobs {
            patch.jobs = Some(summary::jobs(connection, host)?);
        }
        if touched.repositories {
            patch.repositories = Some(summary::repositories(connection, host, now)?);
        }
        if touched.orders {
            patch.orders = Some(orders::waiting_count(connection, host, now)?);
        }
        if touched.name {
            patch.name = hosts::named(connection, host)?;
        }
        if touched.standing {
            patch.standing = Some(standing::standing(connection, host)?);
        }
        Ok(patch)
    }
}

/// No name of a host, system, version or zone is longer: what an agent claims beyond is its host page's alone.
const TEXT_BYTES: usize = 200;
/// Schedules that the next run is looked for in, and groups that "run now" names: an agent may claim any number, and each
/// costs everybody's fleet page.
const MOST: usize = 256;

fn short(text: &str) -> &str {
    &text[..text.floor_char_boundary(TEXT_BYTES)]
}

/// One enabled schedule, ready to be asked for its next run.
#[derive(Clone, Debug)]
struct Timer {
    cron: Crontab,
    zone: Option<Arc<str>>,
    delay_ms: i64,
}

/// One host as the fleet page needs it.
#[derive(Clone, Debug)]
pub struct Outline {
    pub host: HostId,
    pub agent: AgentId,
    pub name: Arc<str>,
    pub tags: Arc<[String]>,
    pub seat: Option<Arc<Seat>>,
    last_seen: Option<UnixMs>,
    intermittent: bool,
    pub hostname: Arc<str>,
    pub os: Arc<str>,
    pub arch: Arc<str>,
    pub agent_version: Arc<str>,
    zone: Arc<str>,
    pub behind: bool,
    pub last_backup: Option<(JobId, JobState, UnixMs)>,
    timers: Box<[Timer]>,
    pub next_run: Option<UnixMs>,
    pub size_bytes: Option<u64>,
    pub snapshots: u64,
    pub readiness: RepositoryReadiness,
    pub(super) trend: Option<Trend>,
    pub standing: Standing,
    /// Who took its place.
    pub replaced_by: Option<AgentId>,
    /// Which of its repositories are which, by restic's own id.
    restic_ids: Box<[(RepositoryName, Hash32)]>,
    /// The plan's repositories, and whom it names as their owner.
    owners: Box<[(RepositoryName, Option<Box<Owner>>)]>,
    pub active_jobs: u64,
    pub waiting_orders: u64,
    /// When the first waiting order expires.
    pub orders_expire_at: Option<UnixMs>,
    run_now: Box<[String]>,
    /// When a second connection with the same identity was turned away.
    pub doubled_at: Option<UnixMs>,
    /// Lower-case: the name first, then everything else that a person may search for, a line each.
    haystack: Box<str>,
}

impl Outline {
    pub fn new(host: &Host) -> Self {
        let none: Arc<str> = Arc::from("");
        Self {
            host: host.id,
            agent: host.agent,
            name: Arc::from(host.name.as_str()),
            tags: Arc::from(host.tags.as_slice()),
            seat: None,
            last_seen: host.last_seen,
            intermittent: false,
            hostname: Arc::clone(&none),
            os: Arc::clone(&none),
            arch: Arc::clone(&none),
            agent_version: Arc::clone(&none),
            zone: none,
            behind: false,
            last_backup: None,
            timers: Box::default(),
            next_run: None,
            size_bytes: None,
            snapshots: 0,
            readiness: RepositoryReadiness::Unknown,
            trend: None,
            standing: Standing::default(),
            replaced_by: None,
            restic_ids: Box::default(),
            owners: Box::default(),
            active_jobs: 0,
            waiting_orders: 0,
            orders_expire_at: None,
            run_now: Box::default(),
            doubled_at: None,
            haystack: Box::default(),
        }
    }

    /// To be called when the name or the tags changed; facts do it themselves.
    pub fn set_haystack(&mut self) {
        let parts = [&*self.name, &*self.hostname, &*self.os, &*self.arch, &*self.agent_version];
        let parts = parts.into_iter().chain(self.tags.iter().map(String::as_str));
        self.haystack = parts.collect::<Vec<_>>().join("\n").to_lowercase().into();
    }

    /// What free text is searched in.
    pub fn haystack(&self) -> &str {
        &self.haystack
    }

    /// The name in lower case.
    pub fn sort_name(&self) -> &str {
        self.haystack.split('\n').next().unwrap_or_default()
    }

    /// Takes over what was read again. `ours` is this coordinator's version.
    pub fn apply(&mut self, patch: Patch, ours: &str, words: &mut super::index::Words, now: UnixMs) {
        let zone_before = Arc::clone(&self.zone);
        if let Some((name, tags)) = patch.name {
            self.name = Arc::from(name);
            self.tags = Arc::from(tags);
            self.set_haystack();
        }
        if let Some(facts) = patch.facts {
            self.hostname = words.share(short(&facts.hostname));
            self.os = words.share(short(&facts.os));
            self.arch = words.share(short(&facts.arch));
            self.agent_version = words.share(short(&facts.agent_version));
            self.zone = words.share(short(&facts.zone));
            self.behind = is_behind(&facts.agent_version, ours);
            self.set_haystack();
        }
        if let Some(plan) = &patch.plan {
            self.intermittent = plan.presence == Presence::Intermittent;
            self.timers = timers(plan, self.agent, words);
            self.run_now = run_now(plan).into();
            let repositories = plan.repositories.iter().take(MOST);
            let owner = |it: &Repository| it.owner.clone().map(Box::new);
            self.owners = repositories.map(|(name, it)| (name.clone(), owner(it))).collect();
        }
        if patch.plan.is_some() || zone_before != self.zone {
            self.set_next_run(now);
        }
        if let Some(jobs) = patch.jobs {
            self.last_backup = jobs.last_backup;
            self.active_jobs = jobs.active;
        }
        if let Some(repositories) = patch.repositories {
            self.readiness = repositories.readiness;
            self.snapshots = repositories.snapshots;
            self.size_bytes = repositories.size_bytes;
            self.trend = Trend::of(&repositories.sizes, numbers::day(now));
            self.restic_ids = repositories.restic_ids.into();
        }
        if let Some((waiting, first_expires)) = patch.orders {
            self.waiting_orders = waiting;
            self.orders_expire_at = first_expires;
        }
        if let Some(standing) = patch.standing {
            self.standing = standing;
        }
    }

    /// The repositories of the plan that are known by restic's own id, each with the owner that the plan names.
    pub fn known_repositories(&self) -> impl Iterator<Item = (Hash32, &RepositoryName, Option<&Owner>)> {
        self.restic_ids.iter().filter_map(|(name, id)| {
            let (name, owner) = self.owners.iter().find(|(planned, _)| planned == name)?;
            Some((*id, name, owner.as_deref()))
        })
    }

    /// The first run after `now` of any enabled schedule, its jitter included.
    pub fn set_next_run(&mut self, now: UnixMs) {
        self.next_run = self.timers.iter().filter_map(|timer| timer.next_after(now, &self.zone)).min();
    }

    pub fn presence(&self) -> PresenceView {
        match (&self.seat, self.last_seen) {
            (Some(_), _) => PresenceView::Online,
            (None, None) => PresenceView::NeverSeen,
            (None, Some(_)) if self.intermittent => PresenceView::Asleep,
            (None, Some(_)) => PresenceView::Offline,
        }
    }

    /// It takes orders, and counts in what is added up.
    pub const fn is_in_fleet(&self) -> bool {
        !self.standing.retired && self.replaced_by.is_none()
    }

    pub fn last_seen(&self) -> Option<UnixMs> {
        self.seat.as_ref().map(|seat| seat.heard_at()).or(self.last_seen)
    }

    pub fn sit(&mut self, seat: Arc<Seat>) {
        self.seat = Some(seat);
    }

    pub fn stand_up(&mut self, seat: &Arc<Seat>) {
        if self.seat.as_ref().is_some_and(|sitting| Arc::ptr_eq(sitting, seat)) {
            self.last_seen = self.last_seen();
            self.seat = None;
        }
    }

    pub fn row(&self) -> HostRow {
        HostRow {
            agent: self.agent,
            name: self.name.to_string(),
            tags: self.tags.to_vec(),
            presence: self.presence(),
            last_seen: self.last_seen(),
            os: self.os.to_string(),
            arch: self.arch.to_string(),
            agent_version: self.agent_version.to_string(),
            behind: self.behind,
            last_backup: self.last_backup.map(|(job, state, at)| LastBackup { job, state, at }),
            next_run: self.next_run,
            size_bytes: self.size_bytes,
            snapshots: self.snapshots,
            repository: self.readiness,
            active_jobs: self.active_jobs,
            waiting_orders: self.waiting_orders,
            run_now: self.run_now.to_vec(),
            trend: self.trend.map_or_else(Vec::new, |trend| trend.shares().to_vec()),
            held: self.standing.held,
            retired: self.standing.retired,
            replaced: self.replaced_by.is_some(),
        }
    }
}

impl Timer {
    fn next_after(&self, now: UnixMs, host_zone: &str) -> Option<UnixMs> {
        let zone = cron::zone(self.zone.as_deref().unwrap_or(host_zone)).unwrap_or(jiff::tz::TimeZone::UTC);
        // A run that was due before now but is still held back by its jitter is yet to come.
        let after = now.plus_ms(-self.delay_ms).timestamp()?;
        let next = UnixMs::from(self.cron.next_after(after, &zone)?);
        Some(next.plus_ms(self.delay_ms))
    }
}

fn timers(plan: &Plan, agent: AgentId, words: &mut super::index::Words) -> Box<[Timer]> {
    let enabled = plan.schedules.iter().filter(|(_, schedule)| schedule.enabled);
    enabled
        .take(MOST)
        .map(|(name, schedule)| Timer {
            cron: words.crontab(&schedule.cron),
            zone: schedule.zone.as_deref().map(|zone| words.share(zone)),
            delay_ms: i64::from(delay_s(&agent, name, schedule.jitter_s)) * 1000,
        })
        .collect()
}

/// When exactly one enabled schedule covers every group: its groups.
fn run_now(plan: &Plan) -> Vec<String> {
    if plan.groups.len() > MOST {
        return Vec::new();
    }
    let mut covering = plan.schedules.values().filter(|schedule| {
        schedule.enabled && plan.groups.keys().all(|group| schedule.groups.contains(group))
    });
    match (covering.next(), covering.next()) {
        (Some(schedule), None) if schedule.groups.len() <= MOST => {
            schedule.groups.iter().map(ToString::to_string).collect()
        }
        _ => Vec::new(),
    }
}

/// Whether a version is lower than ours; one that cannot be read is not.
fn is_behind(theirs: &str, ours: &str) -> bool {
    match (numbers(theirs), numbers(ours)) {
        (Some(theirs), Some(ours)) => theirs < ours,
        _ => false,
    }
}

/// `1.2.3` and what may follow after `-` or `+`, as numbers.
fn numbers(version: &str) -> Option<[u64; 3]> {
    let plain = version.split(['-', '+']).next()?;
    let mut parts = plain.splitn(3, '.').map(str::parse);
    let mut next = || parts.next()?.ok();
    Some([next()?, next()?, next()?])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_older_version_is_behind_and_an_unreadable_one_is_not() {
        assert!(is_behind("0.9.12", "0.10.0"));
        assert!(is_behind("0.1.0", "0.1.1-rc.1"));
        assert!(!is_behind("0.1.1", "0.1.1"));
        assert!(!is_behind("1.0.0", "0.9.9"));
        assert!(!is_behind("", "0.1.0") && !is_behind("next", "0.1.0"));
    }

    #[test]
    fn run_now_is_offered_when_one_enabled_schedule_covers_everything() {
        let group = r#"{"includes":["/etc"]}"#;
        let plan = |schedules: &str| -> Plan {
            let text = format!(r#"{{"groups":{{"a":{group},"b":{group}}},"schedules":{schedules}}}"#);
            serde_json::from_str(&text).unwrap()
        };
        let all = r#"{"cron":"@daily","groups":["a","b"]}"#;
        let half = r#"{"cron":"@daily","groups":["a"]}"#;
        let off = r#"{"cron":"@daily","groups":["b","a"],"enabled":false}"#;
        assert_eq!(run_now(&plan(&format!(r#"{{"x":{all},"y":{half},"z":{off}}}"#))), ["a", "b"]);
        assert!(run_now(&plan(&format!(r#"{{"x":{all},"y":{all}}}"#))).is_empty());
        assert!(run_now(&plan(&format!(r#"{{"x":{half},"z":{off}}}"#))).is_empty());
    }

    #[test]
    fn a_run_still_held_back_by_its_jitter_is_the_next_one() {
        let timer = Timer { cron: "0 2 * * *".parse().unwrap(), zone: None, delay_ms: 600_000 };
        let two = UnixMs::from("2026-11-20T02:00:00Z".parse::<jiff::Timestamp>().unwrap());
        assert_eq!(timer.next_after(two.plus_ms(60_000), "UTC"), Some(two.plus_ms(600_000)));
        assert_eq!(timer.next_after(two.plus_ms(600_000), "UTC"), Some(two.plus_ms(86_400_000 + 600_000)));
    }
}
