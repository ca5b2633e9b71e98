//! Made-up histories: jobs as a host has them in months, with their logs, snapshots, numbers and now and then a mishap.

use std::collections::VecDeque;

use serde_json::json;
use wire::{
    action::{Outcome, Receipt},
    host::HostFacts,
    id::{GroupName, JobId, OrderId, RepositoryName, SignerKey, UnixMs},
    job::{JobKind, JobNumbers, JobState, JobSubject, LogLine, LogStream, Origin, Reason},
    journal::{
        JobFinished, JobQueued, JobStarted, Kind, LogChunk, Numbers, OrderReceipt, PlanBy, PlanRevision,
        RepositoryState, Snapshots,
    },
    plan::Plan,
    snapshot::{RepositoryNumbers, RepositoryReadiness, Snapshot},
};

use super::{Dice, Journal};

const GROUPS: [&str; 3] = ["default", "databases", "mail"];
const RESTIC: [&str; 4] = ["0.14.0", "0.17.3", "0.18.0", "0.19.1"];
/// What a policy keeps in the end.
const KEPT: usize = 60;
const HOUR_MS: u64 = 3_600_000;

/// Writes one host's past, job after job.
#[derive(Clone, Debug)]
pub struct History {
    dice: Dice,
    hostname: String,
    /// When the next job is due.
    now: UnixMs,
    every_ms: u64,
    stored_bytes: u64,
    /// Ids of the snapshots that are kept, oldest first.
    snapshots: VecDeque<String>,
}

/// What most hosts have: one repository, three groups, a nightly schedule and one over the day.
pub fn made_up_plan(hostname: &str) -> Plan {
    serde_json::from_value(json!({
        "repositories": { "main": { "backend": {
            "kind": "rest", "url": "https://backup.example.org", "path": hostname,
        } } },
        "groups": {
            "default": { "includes": ["/etc", "/home", "/root", "/srv"], "excludes": ["*.tmp", "/home/*/.cache"] },
            "databases": { "includes": ["/var/backups/postgresql"], "retention": { "keep_hourly": 24, "keep_daily": 14 } },
            "mail": { "includes": ["/var/mail", "/var/vmail"], "exclude_if_present": [".nobackup"] },
        },
        "schedules": {
            "nightly": { "cron": "0 2 * * *", "groups": GROUPS, "jitter_s": 3600 },
            "by-day": { "cron": "30 8-18/2 * * mon-fri", "groups": ["databases"], "jitter_s": 600 },
        },
    }))
    .expect("the made-up plan has the plan's shape")
}

fn main_repository() -> RepositoryName {
    "main".parse().expect("a repository's name")
}

impl History {
    /// Of a host whose last job is to be due at about `end`, with `jobs` jobs some hours apart.
    pub fn new(mut dice: Dice, hostname: &str, end: UnixMs, jobs: usize) -> Self {
        let every_ms = dice.between(2..=8) * HOUR_MS;
        let span = i64::try_from(every_ms).unwrap_or(0).saturating_mul(i64::try_from(jobs).unwrap_or(0));
        Self {
            stored_bytes: dice.between(1 << 30..=1 << 40),
            snapshots: VecDeque::new(),
            now: end.plus_ms(-span),
            hostname: hostname.to_owned(),
            every_ms,
            dice,
        }
    }

    /// Goes on by other rolls than it would have.
    pub fn diverge(&mut self) {
        self.dice = self.dice.another();
    }

    /// What a host writes when it comes to the fleet: who it is, its plan, its repository.
    pub fn begin(&mut self, journal: &mut Journal, facts: &HostFacts, signer: SignerKey) {
        journal.append_body(self.now, facts);
        let order = OrderId(self.dice.uuid(self.now));
        let plan = made_up_plan(&self.hostname);
        let changes = wire::plan::changes(&Plan::default(), &plan);
        let by = PlanBy::Order { order, person: "ada".into(), signer };
        journal.append_body(self.now, &PlanRevision { revision: 1, plan, by, changes, note: None });
        let receipt =
            Receipt { number: 1, order, outcome: Outcome::Accepted { jobs: Vec::new(), revision: Some(1) } };
        let (action, person) = (Some("set_plan".to_owned()), Some("ada".to_owned()));
        journal.append_body(self.now, &OrderReceipt { receipt, action, person, signer: Some(signer) });
        journal.append_body(
            self.now.plus_ms(2_000),
            &RepositoryState {
                repository: main_repository(),
                readiness: RepositoryReadiness::Ready,
                reason: None,
                restic_id: Some(self.hex()),
            },
        );
    }

    /// One job from its queueing to its end, and what it brings with it.
    pub fn job(&mut self, journal: &mut Journal) {
        let kind = match self.dice.between(0..=19) {
            0 | 1 => JobKind::Forget,
            2 => JobKind::Stats,
            3 => JobKind::Snapshots,
            4 => JobKind::Probe,
            _ => JobKind::Backup,
        };
        let due_at = self.now;
        let origin = if self.dice.one_in(12) {
            Origin::CatchUp { schedule: "nightly".parse().expect("a schedule's name"), due_at }
        } else {
            Origin::Schedule { schedule: "nightly".parse().expect("a schedule's name"), due_at }
        };
        self.one(journal, kind, origin);
        let wobble = i64::try_from(self.dice.between(0..=self.every_ms)).unwrap_or(0);
        self.now = due_at.plus_ms(i64::try_from(self.every_ms).unwrap_or(0) / 2 + wobble);
    }

    /// Until the journal has at least this many records more.
    pub fn records(&mut self, journal: &mut Journal, records: usize) {
        let wanted = journal.len() + records;
        while journal.len() < wanted {
            self.job(journal);
        }
    }

    /// One job of this kind now.
    pub fn one(&mut self, journal: &mut Journal, kind: JobKind, origin: Origin) -> JobId {
        let job = JobId(self.dice.uuid(self.now));
        let group = matches!(kind, JobKind::Backup | JobKind::Forget)
            .then(|| self.dice.pick(&GROUPS).parse::<GroupName>().expect("a group's name"));
        let subject = JobSubject { kind, repository: main_repository(), group: group.clone() };
        journal.append_body(
            self.now,
            &JobQueued { job, subject, origin, options: wire::action::JobOptions::default() },
        );
        let started = self.now.plus_ms(i64::try_from(self.dice.between(20..=3_000)).unwrap_or(0));
        let restic_version = Some((*self.dice.pick(&RESTIC)).to_owned());
        journal.append_body(started, &JobStarted { job, restic_version });
        let took = i64::try_from(self.dice.between(400..=1_800_000)).unwrap_or(0);
        let ended = started.plus_ms(took);
        let (state, reason) = self.fate();
        let lines = self.log(journal, job, kind, group.as_ref(), started, took);
        let numbers = match (kind, state) {
            (JobKind::Backup, JobState::Succeeded | JobState::Incomplete) => {
                self.saved(journal, group.as_ref(), ended)
            }
            (JobKind::Forget, JobState::Succeeded) => self.forgotten(journal, ended),
            _ => JobNumbers::default(),
        };
        if kind == JobKind::Stats && state == JobState::Succeeded {
            self.numbers(journal, ended);
        }
        journal.append_body(
            ended,
            &JobFinished { job, state, reason, numbers, log_lines: lines, result: None, lacks: Vec::new() },
        );
        job
    }

    fn fate(&mut self) -> (JobState, Option<Reason>) {
        match self.dice.between(0..=99) {
            0..=2 => {
                let items =
                    (0..self.dice.between(1..=6)).map(|n| format!("/home/ada/locked/{n}.db")).collect();
                (JobState::Incomplete, Some(Reason::UnreadableItems { items, more: 0 }))
            }
            3 => {
                let address = "backup.example.org:443".to_owned();
                let message = "the connection is refused".to_owned();
                (JobState::Failed, Some(Reason::Unreachable { address, message }))
            }
            4 => {
                let message = "Fatal: unable to save snapshot: context deadline exceeded".to_owned();
                (JobState::Failed, Some(Reason::Restic { exit: Some(1), message }))
            }
            5 => (JobState::Interrupted, Some(Reason::AgentDied)),
            _ => (JobState::Succeeded, None),
        }
    }

    /// A chunk of log as the agent compresses it. Returns how many lines it has.
    fn log(
        &mut self,
        journal: &mut Journal,
        job: JobId,
        kind: JobKind,
        group: Option<&GroupName>,
        from: UnixMs,
        took: i64,
    ) -> u64 {
        let count = self.dice.between(3..=18);
        let mut text = Vec::new();
        for n in 0..count {
            let at = from.plus_ms(took * i64::try_from(n).unwrap_or(0) / i64::try_from(count).unwrap_or(1));
            let stream = if n == 0 { LogStream::Agent } else { LogStream::Stdout };
            let said = match n {
                0 => format!(
                    "restic {}: {} of {group:?} at {}",
                    self.dice.pick(&RESTIC),
                    kind.as_str(),
                    self.hostname
                ),
                _ => format!(
                    "processed {} files, {} bytes in {n} s",
                    self.dice.between(1..=90_000),
                    self.dice.roll() >> 30
                ),
            };
            let line = LogLine { n, at, stream, text: said };
            serde_json::to_writer(&mut text, &line).expect("a log line is JSON");
            text.push(b'\n');
        }
        let compressed = zstd::encode_all(text.as_slice(), 3).expect("a log compresses");
        let body = LogChunk { job, index: 0, compressed: &compressed }.to_bytes();
        journal.append(from.plus_ms(took), Kind::LogChunk, body);
        count
    }

    fn saved(&mut self, journal: &mut Journal, group: Option<&GroupName>, at: UnixMs) -> JobNumbers {
        let (files, bytes) = (self.dice.between(40..=400_000), self.dice.between(1 << 20..=1 << 37));
        let (new, added) = (self.dice.between(0..=900), self.dice.between(0..=1 << 28));
        let id = self.hex();
        let snapshot = Snapshot {
            id: id.clone(),
            time: at.plus_ms(-400),
            hostname: self.hostname.clone(),
            paths: ["/etc", "/home", "/root", "/srv"].map(str::to_owned).to_vec(),
            tags: group.iter().map(ToString::to_string).collect(),
            group: group.cloned(),
            size_bytes: Some(bytes),
            files: Some(files),
            added_bytes: Some(added / 2),
            doubt: None,
        };
        self.stored_bytes += added / 2;
        self.snapshots.push_back(id.clone());
        let repository = main_repository();
        let (whole, added_one, removed) = (false, vec![snapshot], Vec::new());
        journal.append_body(at, &Snapshots { repository, whole, added: added_one, removed });
        JobNumbers {
            snapshot: Some(id),
            files_new: Some(new),
            files_changed: Some(new / 3),
            files_unmodified: Some(files.saturating_sub(new)),
            files_total: Some(files),
            bytes_total: Some(bytes),
            bytes_added: Some(added),
            bytes_stored: Some(added / 2),
            ..JobNumbers::default()
        }
    }

    /// The oldest go, as a policy has it.
    fn forgotten(&mut self, journal: &mut Journal, at: UnixMs) -> JobNumbers {
        let removed: Vec<String> =
            self.snapshots.drain(..self.snapshots.len().saturating_sub(KEPT)).collect();
        let (kept, gone) = (self.snapshots.len() as u64, removed.len() as u64);
        if gone > 0 {
            let repository = main_repository();
            journal.append_body(at, &Snapshots { repository, whole: false, added: Vec::new(), removed });
        }
        JobNumbers { snapshots_removed: Some(gone), snapshots_kept: Some(kept), ..JobNumbers::default() }
    }

    fn numbers(&self, journal: &mut Journal, at: UnixMs) {
        let numbers = RepositoryNumbers {
            stored_bytes: self.stored_bytes,
            uncompressed_bytes: Some(self.stored_bytes * 2),
            restore_bytes: Some(self.stored_bytes * 5),
            snapshots: self.snapshots.len() as u64,
            blobs: Some(self.stored_bytes >> 20),
        };
        journal.append_body(at, &Numbers { repository: main_repository(), numbers });
    }

    fn hex(&mut self) -> String {
        (0..4).map(|_| format!("{:016x}", self.dice.roll())).collect::<Vec<_>>().concat()
    }
}
