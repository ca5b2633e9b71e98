//! What actors write into their journals about looking after backups.

use wire::{
    action::JobOptions,
    frame::Credential,
    id::{Hash32, JobId},
    job::{CheckResult, JobKind, JobNumbers, JobResult, JobState, JobSubject, Lack, Origin},
    journal::{
        Escrow, Head, JobFinished, JobQueued, JobStarted, Local, Membership, Numbers, Previous,
        RecordBody as _, RepositoryState,
    },
    seal::SealedBox,
    snapshot::{Hold, HoldCause, Lock, RepositoryNumbers, RepositoryReadiness},
};

use super::stage::{Actor, START, nobodys_seal_key};

pub(crate) const DAY_MS: i64 = 86_400_000;

pub(crate) fn lock(n: u8) -> Lock {
    Lock {
        id: hex::encode([n; 32]),
        hostname: "nas".into(),
        username: "root".into(),
        pid: u32::from(n),
        since: START,
        exclusive: n == 0,
        dead: false,
        unread: false,
    }
}

pub(crate) fn hold(cause: HoldCause) -> Hold {
    Hold { cause, repository: None, message: format!("because of {}", cause.as_str()), at: START }
}

pub(crate) fn membership(name: &str, tags: &[&str]) -> Membership {
    Membership {
        credential: Credential::None,
        name: name.into(),
        tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
    }
}

impl Actor {
    pub fn wait_days(&mut self, days: i64) {
        self.clock = self.clock.plus_ms(days * DAY_MS);
    }

    pub fn numbers(&mut self, repository: &str, stored_bytes: u64) {
        let numbers = RepositoryNumbers {
            stored_bytes,
            uncompressed_bytes: None,
            restore_bytes: None,
            snapshots: 1,
            blobs: None,
        };
        self.append(&Numbers { repository: repository.parse().unwrap(), numbers });
    }

    /// Opened a repository that is this one by restic's own id.
    pub fn opened(&mut self, repository: &str, restic_id: u8) {
        self.append(&RepositoryState {
            repository: repository.parse().unwrap(),
            readiness: RepositoryReadiness::Ready,
            reason: None,
            restic_id: Some(Hash32([restic_id; 32]).to_string()),
        });
    }

    /// A check of `main` that was asked to read everything and found this many problems.
    pub fn checked(&mut self, problems: u8) -> JobId {
        let job = JobId(self.world.uuid());
        let subject = JobSubject { kind: JobKind::Check, repository: "main".parse().unwrap(), group: None };
        let options = JobOptions { read_data_percent: Some(100), ..JobOptions::default() };
        self.append(&JobQueued { job, subject, origin: Origin::Local, options });
        let problems = (0..problems).map(|n| format!("pack {n} is damaged")).collect();
        self.append(&JobFinished {
            job,
            state: JobState::Succeeded,
            reason: None,
            numbers: JobNumbers::default(),
            log_lines: 0,
            result: Some(JobResult::Check(CheckResult { read_data_percent: 100, problems })),
            lacks: vec![Lack { what: "summary".into(), needed: "0.18".into() }],
        });
        job
    }

    /// A backup of this group that was asked for.
    pub fn queued(&mut self, group: &str, origin: Origin) -> JobId {
        let job = JobId(self.world.uuid());
        let (kind, group) = (JobKind::Backup, Some(group.parse().unwrap()));
        let subject = JobSubject { kind, repository: "main".parse().unwrap(), group };
        self.append(&JobQueued { job, subject, origin, options: JobOptions::default() });
        job
    }

    pub fn started(&mut self, job: JobId) {
        self.append(&JobStarted { job, restic_version: None });
    }

    pub fn finished(&mut self, job: JobId, state: JobState) {
        let (numbers, lacks) = (JobNumbers::default(), Vec::new());
        self.append(&JobFinished { job, state, reason: None, numbers, log_lines: 0, result: None, lacks });
    }

    /// Told of this secret, as the kit can open it.
    pub fn escrow(&mut self, slot: &str, revision: u64) {
        self.append(&Escrow {
            slot: slot.parse().unwrap(),
            revision,
            recovery: nobodys_seal_key(),
            sealed: SealedBox::from_bytes(vec![1; 100]).unwrap(),
        });
    }

    /// Its disk was set back after this head had reached the coordinator: the journal goes on in the next epoch.
    pub fn set_back(&mut self, held: Head) {
        (self.epoch, self.previous) = (held.epoch + 1, Some(Previous { epoch: held.epoch, hash: held.hash }));
        self.records.clear();
        self.append(&Local::EpochBegun { previous: held.epoch });
    }

    /// Whether its journal says what it is called.
    pub fn renamed(&self) -> bool {
        self.records.iter().any(|(_, kind, _)| *kind == Membership::KIND)
    }
}
