//! A year of one host as its journal tells it: who it is, what it keeps, how it grew, its last two weeks of jobs, and how
//! its last day went. Made for looking at a fleet, not for measuring: every state and outcome is somewhere, and most
//! hosts are well.

mod character;
mod restores;
mod story;

pub use character::{Calling, Character};
pub use story::{Story, stories};

use wire::{
    action::JobOptions,
    host::HostFacts,
    id::{AgentId, FleetId, JobId, OrderId, RepositoryName, SealKey, SignerKey, UnixMs},
    job::{JobKind, JobNumbers, JobState, JobSubject, LogLine, LogStream, Origin},
    journal::{
        Escrow, Holds, JobFinished, JobQueued, JobStarted, Kind, Locks, LogChunk, Numbers, PlanBy,
        PlanRevision, RepositoryState, Snapshots,
    },
    plan::{Backend, BackendKind, Plan},
    seal::{BoxContext, SecretSlot, seal},
    snapshot::{RepositoryNumbers, RepositoryReadiness, Snapshot},
};

use super::{Dice, Journal};

const DAY_MS: i64 = 24 * 3_600_000;
/// Jobs are told one by one this far back; before that only what is left of them.
const TOLD_DAYS: i64 = 14;
const YEAR_DAYS: i64 = 364;
/// One host in so many had no ordinary last day.
const TROUBLED: usize = 3;

/// Whose year it is, and who else matters to it.
#[derive(Clone, Copy, Debug)]
pub struct Cast {
    pub fleet: FleetId,
    /// Its secrets are escrowed to it.
    pub recovery: SealKey,
    pub own: AgentId,
    /// The first of those who share its repository.
    pub first_of_group: AgentId,
    pub signer: SignerKey,
}

/// Writes one host's year up to `now` into its journal.
pub struct Chronicle<'a> {
    pub who: &'a Character,
    pub facts: &'a HostFacts,
    pub cast: Cast,
    pub dice: Dice,
    pub now: UnixMs,
}

impl Chronicle<'_> {
    pub fn write(mut self, journal: &mut Journal) {
        let begin = self.now.plus_ms(-YEAR_DAYS * DAY_MS);
        self.begin(journal, begin);
        self.growth(journal);
        let newest = self.kept(journal);
        for day in (1..=TOLD_DAYS).rev() {
            self.day(journal, self.now.plus_ms(-day * DAY_MS));
        }
        self.last_day(journal, &newest);
    }

    fn begin(&mut self, journal: &mut Journal, at: UnixMs) {
        journal.append_body(at, self.facts);
        let plan = self.who.plan(self.cast.own, self.cast.first_of_group);
        let changes = wire::plan::changes(&Plan::default(), &plan);
        let plan_backend = plan.repositories[&main()].backend.clone();
        let order = OrderId(self.dice.uuid(at));
        let by = PlanBy::Order { order, person: "ada".into(), signer: self.cast.signer };
        let note = Some("first plan".to_owned());
        journal.append_body(at, &PlanRevision { revision: 1, plan, by, changes, note });
        self.secrets(journal, at, &plan_backend);
    }

    /// It holds what its destination needs.
    fn secrets(&mut self, journal: &mut Journal, at: UnixMs, backend: &Backend) {
        let further = match backend.kind() {
            BackendKind::Rest => Some("login"),
            BackendKind::S3 => Some("environment"),
            _ => None,
        };
        for slot in ["password"].into_iter().chain(further) {
            let slot: SecretSlot = name(&format!("repository/main/{slot}"));
            let Cast { fleet, own, recovery, .. } = self.cast;
            let context = BoxContext::escrow(fleet, own, recovery, &slot, 1);
            let sealed = seal(&context, b"{}", &mut self.dice).expect("a small box");
            journal.append_body(at, &Escrow { slot: slot.clone(), revision: 1, recovery, sealed });
        }
    }

    fn state(
        &mut self,
        journal: &mut Journal,
        at: UnixMs,
        readiness: RepositoryReadiness,
        reason: Option<wire::job::Reason>,
    ) {
        // restic's id is its own for each repository, and one for those who share it.
        let mut id = Dice::new(self.who.shared.map_or(self.who.number + (1 << 32), |group| group) as u64);
        let restic_id = Some(hex(&mut id));
        journal.append_body(at, &RepositoryState { repository: main(), readiness, reason, restic_id });
    }

    /// The repository's size: a point a week, and one a day in the last month.
    fn growth(&mut self, journal: &mut Journal) {
        for day in (0..=YEAR_DAYS).rev().filter(|day| *day <= 30 || day % 7 == 0) {
            let at = self.now.plus_ms(-day * DAY_MS - 3_600_000);
            let stored = self.stored_after(YEAR_DAYS - day);
            let numbers = RepositoryNumbers {
                stored_bytes: stored,
                uncompressed_bytes: (self.who.restic >= "0.17").then_some(stored / 2 * 3),
                restore_bytes: Some(stored.saturating_mul(6)),
                snapshots: u64::try_from((YEAR_DAYS - day).min(23)).unwrap_or(0) + 1,
                blobs: Some(stored >> 19),
            };
            journal.append_body(at, &Numbers { repository: main(), numbers });
        }
    }

    /// Grows by the same share each day; a prune a week takes a little back.
    fn stored_after(&self, days: i64) -> u64 {
        let days = u64::try_from(days).unwrap_or(0);
        let grown =
            (0..days).fold(self.who.first_bytes, |bytes, _| bytes + bytes / 1_000_000 * self.who.growth_ppm);
        grown - grown / 400 * (days % 7)
    }

    /// What the policy left of the snapshots: fourteen days, then weeks and months. Answers with the newest one's id.
    fn kept(&mut self, journal: &mut Journal) -> String {
        let days = (0..TOLD_DAYS).chain((TOLD_DAYS..60).step_by(7)).chain((60..YEAR_DAYS).step_by(30));
        let mut added: Vec<Snapshot> = Vec::new();
        for day in days {
            for group in self.who.groups_named() {
                let bytes = self.stored_after(YEAR_DAYS - day) / 2;
                added.push(Snapshot {
                    id: hex(&mut self.dice),
                    time: self.now.plus_ms(-day * DAY_MS - 20 * 3_600_000),
                    hostname: self.who.name.clone(),
                    paths: vec!["/etc".into(), "/home".into(), "/root".into()],
                    tags: vec![(*group).to_owned()],
                    group: Some(name(group)),
                    size_bytes: (self.who.restic >= "0.17").then_some(bytes),
                    files: (self.who.restic >= "0.17").then_some(bytes >> 16),
                    added_bytes: (self.who.restic >= "0.17").then_some(bytes >> 8),
                    doubt: None,
                });
            }
        }
        let newest = added.first().map(|snapshot| snapshot.id.clone()).unwrap_or_default();
        let at = self.now.plus_ms(-DAY_MS);
        journal.append_body(at, &Snapshots { repository: main(), whole: true, added, removed: Vec::new() });
        newest
    }

    /// An ordinary day: each group's backup, and the maintenance of the night.
    fn day(&mut self, journal: &mut Journal, midnight: UnixMs) {
        // A laptop is away now and then.
        if self.who.calling == Calling::Laptop && self.dice.one_in(4) {
            return;
        }
        let due_at = midnight.plus_ms(2 * 3_600_000);
        let groups = self.who.groups_named();
        for group in groups {
            let origin = match self.who.calling {
                Calling::Laptop => Origin::CatchUp { schedule: "noon".parse().expect("a name"), due_at },
                _ => Origin::Schedule { schedule: "nightly".parse().expect("a name"), due_at },
            };
            let subject = JobSubject { kind: JobKind::Backup, repository: main(), group: Some(name(group)) };
            self.job(journal, due_at, subject, origin, &ordinary(JobKind::Backup));
        }
        self.maintain(journal, midnight, JobKind::Forget);
        // Each once in the days that are told.
        match midnight.since(self.now) / -DAY_MS {
            5 => self.maintain(journal, midnight, JobKind::Prune),
            8 => self.maintain(journal, midnight, JobKind::Check),
            9 => self.maintain(journal, midnight, JobKind::Drill),
            _ => {}
        }
    }

    fn maintain(&mut self, journal: &mut Journal, midnight: UnixMs, kind: JobKind) {
        let due_at = midnight.plus_ms(3 * 3_600_000);
        let group =
            matches!(kind, JobKind::Forget | JobKind::Drill).then(|| name(self.who.groups_named()[0]));
        let subject = JobSubject { kind, repository: main(), group };
        self.job(journal, due_at, subject, Origin::Maintenance { due_at }, &ordinary(kind));
    }

    /// For most a day like any other; for one in three a story.
    fn last_day(&mut self, journal: &mut Journal, newest: &str) {
        self.state(journal, self.now.plus_ms(-10 * 3_600_000), RepositoryReadiness::Ready, None);
        let all = stories(self.now, newest);
        let number = self.who.number;
        if !number.is_multiple_of(TROUBLED) {
            return self.day(journal, self.now.plus_ms(-6 * 3_600_000));
        }
        let story = all[number / TROUBLED % all.len()].clone();
        let at = self.now.plus_ms(-3_600_000);
        let group = matches!(
            story.kind,
            JobKind::Backup
                | JobKind::Forget
                | JobKind::Drill
                | JobKind::Copy
                | JobKind::DryRun
                | JobKind::RetentionPreview
        )
        .then(|| name(self.who.groups_named()[0]));
        let subject = JobSubject { kind: story.kind, repository: main(), group };
        let origin = match story.kind {
            JobKind::Backup => Origin::Schedule { schedule: "nightly".parse().expect("a name"), due_at: at },
            JobKind::DryRun | JobKind::RetentionPreview | JobKind::Unlock | JobKind::Restore => {
                Origin::Operator { person: "ada".into(), order: OrderId(self.dice.uuid(at)) }
            }
            JobKind::Forget | JobKind::Prune | JobKind::Check | JobKind::Drill => {
                Origin::Maintenance { due_at: at }
            }
            _ => Origin::Follow { job: None },
        };
        self.job(journal, at, subject, origin, &story);
        if story.readiness != RepositoryReadiness::Ready {
            self.state(journal, at, story.readiness, story.reason.clone());
        }
        if !story.locks.is_empty() {
            journal.append_body(at, &Locks { repository: main(), locks: story.locks });
        }
        if !story.holds.is_empty() {
            journal.append_body(at, &Holds { holds: story.holds });
        }
    }

    fn job(&mut self, journal: &mut Journal, at: UnixMs, subject: JobSubject, origin: Origin, story: &Story) {
        let job = JobId(self.dice.uuid(at));
        let kind = subject.kind;
        journal.append_body(at, &JobQueued { job, subject, origin, options: story.options.clone() });
        if matches!(story.state, JobState::Queued) {
            return;
        }
        let started = at.plus_ms(i64::try_from(self.dice.between(200..=60_000)).unwrap_or(0));
        if story.state != JobState::Skipped {
            journal
                .append_body(started, &JobStarted { job, restic_version: self.facts.restic_version.clone() });
        }
        if story.state == JobState::Running {
            return;
        }
        let ended = started.plus_ms(i64::try_from(self.dice.between(900..=1_500_000)).unwrap_or(0));
        let log_lines = self.log(journal, job, ended, story);
        journal.append_body(
            ended,
            &JobFinished {
                job,
                state: story.state,
                reason: story.reason.clone(),
                numbers: self.numbers(kind, story.state),
                log_lines,
                result: story.result.clone(),
                lacks: story.lacks.clone(),
            },
        );
    }

    /// A few words, where somebody will want to read on.
    fn log(&self, journal: &mut Journal, job: JobId, at: UnixMs, story: &Story) -> u64 {
        let Some(reason) = &story.reason else { return 0 };
        let said = reason.explain();
        let lines = [
            (LogStream::Agent, format!("restic {} at {}", self.who.restic, self.who.name)),
            (LogStream::Stderr, said.message),
        ];
        let mut text = Vec::new();
        for (n, (stream, words)) in (0..).zip(lines) {
            serde_json::to_writer(&mut text, &LogLine { n, at, stream, text: words })
                .expect("a log line is JSON");
            text.push(b'\n');
        }
        let compressed = zstd::encode_all(text.as_slice(), 3).expect("a log compresses");
        journal.append(at, Kind::LogChunk, LogChunk { job, index: 0, compressed: &compressed }.to_bytes());
        2
    }

    fn numbers(&mut self, kind: JobKind, state: JobState) -> JobNumbers {
        let bytes = self.stored_after(YEAR_DAYS) / 2;
        let files = bytes >> 16;
        let none = JobNumbers::default();
        match (kind, state) {
            (JobKind::Backup, JobState::Succeeded | JobState::Incomplete) => {
                let added = bytes / 1_000 * self.dice.between(0..=40);
                JobNumbers {
                    snapshot: Some(hex(&mut self.dice)),
                    files_new: Some(self.dice.between(0..=900)),
                    files_changed: Some(self.dice.between(0..=400)),
                    files_unmodified: Some(files),
                    files_total: Some(files + 900),
                    bytes_total: Some(bytes),
                    bytes_added: Some(added),
                    bytes_stored: (self.who.restic >= "0.17").then_some(added / 2),
                    ..none
                }
            }
            (JobKind::Forget, JobState::Succeeded) => {
                JobNumbers { snapshots_removed: Some(1), snapshots_kept: Some(24), ..none }
            }
            (JobKind::Prune, JobState::Succeeded) => JobNumbers { bytes_freed: Some(bytes / 90), ..none },
            (JobKind::Copy, JobState::Succeeded) => JobNumbers { snapshots_copied: Some(2), ..none },
            (JobKind::Check | JobKind::Drill, JobState::Failed) => JobNumbers { problems: Some(3), ..none },
            (JobKind::Drill, JobState::Succeeded) => {
                JobNumbers { files_total: Some(20), bytes_total: Some(31_000_000), ..none }
            }
            (JobKind::Restore, JobState::Succeeded) => {
                JobNumbers { files_total: Some(214), bytes_total: Some(31_000_000), ..none }
            }
            (JobKind::DryRun, JobState::Succeeded) => {
                JobNumbers { files_total: Some(82_723), bytes_total: Some(91_014_000_000), ..none }
            }
            (JobKind::RetentionPreview, JobState::Succeeded) => {
                JobNumbers { snapshots_removed: Some(2), snapshots_kept: Some(2), ..none }
            }
            (JobKind::Unlock, JobState::Succeeded) => JobNumbers { locks_removed: Some(1), ..none },
            _ => none,
        }
    }
}

fn ordinary(kind: JobKind) -> Story {
    Story {
        kind,
        state: JobState::Succeeded,
        reason: None,
        result: None,
        options: JobOptions::default(),
        lacks: Vec::new(),
        readiness: RepositoryReadiness::Ready,
        holds: Vec::new(),
        locks: Vec::new(),
    }
}

fn main() -> RepositoryName {
    name("main")
}

fn name<T: std::str::FromStr>(text: &str) -> T
where
    T::Err: std::fmt::Debug,
{
    text.parse().expect("a valid name")
}

fn hex(dice: &mut Dice) -> String {
    (0..4).map(|_| format!("{:016x}", dice.roll())).collect::<Vec<_>>().concat()
}
