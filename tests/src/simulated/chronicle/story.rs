//! How a host's last day went, where it was not an ordinary one. One table, so that every state, every reason and every
//! kind is somewhere in a fleet that is large enough.

use wire::{
    action::JobOptions,
    id::UnixMs,
    job::{
        CheckResult, DrillMismatch, DrillResult, DryRunItem, DryRunResult, ItemChange, JobKind, JobResult,
        JobState, KeptSnapshot, Lack, Reason, RetentionResult, UnlockResult,
    },
    snapshot::{Hold, HoldCause, Lock, RepositoryReadiness},
};

/// One job of the last day, and what it leaves behind.
#[derive(Clone, Debug)]
pub struct Story {
    pub kind: JobKind,
    pub state: JobState,
    pub reason: Option<Reason>,
    pub result: Option<JobResult>,
    pub options: JobOptions,
    pub lacks: Vec<Lack>,
    /// What it says of the repository afterwards.
    pub readiness: RepositoryReadiness,
    pub holds: Vec<Hold>,
    pub locks: Vec<Lock>,
}

pub(super) fn plain(kind: JobKind, state: JobState, reason: Option<Reason>) -> Story {
    Story {
        kind,
        state,
        reason,
        result: None,
        options: JobOptions::default(),
        lacks: Vec::new(),
        readiness: RepositoryReadiness::Ready,
        holds: Vec::new(),
        locks: Vec::new(),
    }
}

pub(super) fn failed(kind: JobKind, reason: Reason) -> Story {
    plain(kind, JobState::Failed, Some(reason))
}

fn unusable(reason: Reason) -> Story {
    Story { readiness: RepositoryReadiness::Unusable, ..failed(JobKind::Backup, reason) }
}

fn found(kind: JobKind, result: JobResult) -> Story {
    Story { result: Some(result), ..plain(kind, JobState::Succeeded, None) }
}

fn skipped(kind: JobKind, reason: Reason) -> Story {
    plain(kind, JobState::Skipped, Some(reason))
}

fn held(cause: HoldCause, at: UnixMs, message: &str) -> Story {
    let hold = Hold { cause, repository: None, message: message.to_owned(), at };
    Story {
        holds: vec![hold],
        ..skipped(JobKind::Forget, Reason::RetentionHeld { message: message.to_owned() })
    }
}

fn lock(at: UnixMs, exclusive: bool) -> Lock {
    Lock {
        id: "5c2e3f".repeat(11)[..64].to_owned(),
        hostname: "old-desk".into(),
        username: "root".into(),
        pid: 4711,
        since: at.plus_ms(-7 * 3_600_000),
        exclusive,
        dead: false,
        unread: false,
    }
}

/// Every story, at `now`, of a host whose newest snapshot is `snapshot`.
pub fn stories(now: UnixMs, snapshot: &str) -> Vec<Story> {
    let mut all = backups(now);
    all.extend(upkeep(now));
    all.extend(findings(now, snapshot));
    all.extend(super::restores::restores(snapshot));
    all
}

fn backups(now: UnixMs) -> Vec<Story> {
    let text = str::to_owned;
    let lost = Reason::UnreadableItems {
        items: vec![text("/home/ada/locked.db"), text("/home/ada/.gnupg")],
        more: 7,
    };
    vec![
        plain(JobKind::Backup, JobState::Incomplete, Some(lost)),
        plain(
            JobKind::Backup,
            JobState::Incomplete,
            Some(Reason::MissingPaths { paths: vec![text("/srv/www")] }),
        ),
        failed(JobKind::Backup, Reason::NothingToBackUp { paths: vec![text("/mnt/usb")] }),
        unusable(Reason::RepositoryMissing),
        unusable(Reason::RepositoryNotOurs {
            message: text("/mnt/backup is not empty (it holds lost+found)"),
        }),
        unusable(Reason::WrongPassword),
        failed(
            JobKind::Probe,
            Reason::CredentialRefused {
                slots: vec![text("repository/main/password")],
                message: text("wrong password or no key found"),
            },
        ),
        Story {
            locks: vec![lock(now, true)],
            ..failed(
                JobKind::Backup,
                Reason::Locked {
                    owner: Some(text("old-desk")),
                    pid: Some(4711),
                    since: Some(now.plus_ms(-7 * 3_600_000)),
                },
            )
        },
        unusable(Reason::Unreachable {
            address: text("backup.example.org:8000"),
            message: text("the connection is refused"),
        }),
        failed(JobKind::Backup, Reason::NoSpace { message: text("write: no space left on device") }),
        unusable(Reason::Forbidden { message: text("server response unexpected: 403 Forbidden (403)") }),
        unusable(Reason::Certificate { message: text("x509: certificate has expired") }),
        failed(
            JobKind::Backup,
            Reason::PathsSilent {
                paths: vec![text("/mnt/nas")],
                message: text("the file system did not answer within 5 s"),
            },
        ),
        failed(JobKind::Backup, Reason::ResticMissing),
        failed(JobKind::Backup, Reason::ResticTooOld { needed: text("0.14.0"), found: text("0.9.6") }),
        Story {
            readiness: RepositoryReadiness::NeedsSecret,
            ..failed(JobKind::Backup, Reason::SecretMissing { slot: text("repository/main/password") })
        },
        failed(
            JobKind::Backup,
            Reason::HookFailed { exit: Some(2), message: text("pg_dump: connection refused") },
        ),
        failed(
            JobKind::Backup,
            Reason::Restic { exit: Some(1), message: text("Fatal: unable to save snapshot") },
        ),
        failed(JobKind::Backup, Reason::Contradiction { message: text("exit code 0 without a summary") }),
        failed(JobKind::Backup, Reason::Internal { message: text("the agent's disk is full") }),
        skipped(JobKind::Backup, Reason::NotInPlan { what: text("group old") }),
        skipped(JobKind::Backup, Reason::AlreadyWaiting),
        skipped(JobKind::Backup, Reason::Abandoned { why: text("the schedule was paused") }),
        plain(JobKind::Backup, JobState::Cancelled, Some(Reason::CancelledBy { person: text("ada") })),
        plain(JobKind::Backup, JobState::Interrupted, Some(Reason::AgentStopped)),
        plain(JobKind::Backup, JobState::Interrupted, Some(Reason::AgentDied)),
        plain(JobKind::Backup, JobState::Queued, None),
        plain(JobKind::Backup, JobState::Running, None),
    ]
}

fn upkeep(now: UnixMs) -> Vec<Story> {
    let text = str::to_owned;
    vec![
        skipped(JobKind::Forget, Reason::EmptyPolicy),
        skipped(JobKind::Forget, Reason::AppendOnly),
        held(HoldCause::ClockJumped, now, "the host's clock was set back by 61 minutes: check its time"),
        held(HoldCause::ClockDisagrees, now, "this host's clock is 12 minutes ahead of the coordinator's"),
        held(
            HoldCause::UnknownSnapshot,
            now,
            "snapshot 0f3a91c2 bears this host's name, but no job of it made it",
        ),
        held(HoldCause::FutureSnapshot, now, "snapshot 77aa01be claims the time 2031-01-01 00:00 UTC"),
        held(HoldCause::EpochBegun, now, "this host's disk was set back"),
        skipped(JobKind::Prune, Reason::NotOwner { owner: text("files-00003") }),
        Story {
            holds: vec![Hold {
                cause: HoldCause::Claims,
                repository: None,
                message: text("web-00000 and db-00001 both claim to look after it"),
                at: now,
            }],
            ..skipped(
                JobKind::Prune,
                Reason::OwnerUnclear { hosts: vec![text("web-00000"), text("db-00001")] },
            )
        },
        failed(
            JobKind::Check,
            Reason::Damaged { problems: 3, first: text("pack 3f2a…: ciphertext verification failed") },
        ),
        failed(
            JobKind::Drill,
            Reason::DrillFailed { problems: 1, first: text("/etc/passwd: content differs") },
        ),
        plain(
            JobKind::Drill,
            JobState::Incomplete,
            Some(Reason::NothingRestored { too_large: 12, unnamed: 0 }),
        ),
        failed(JobKind::Unlock, Reason::LocksChanged),
        plain(
            JobKind::Copy,
            JobState::Incomplete,
            Some(Reason::NotCopied { snapshots: vec![text("0f3a91c2")] }),
        ),
        plain(JobKind::Copy, JobState::Succeeded, None),
        plain(JobKind::Prune, JobState::Succeeded, None),
        plain(JobKind::Probe, JobState::Succeeded, None),
        plain(JobKind::Init, JobState::Succeeded, None),
        plain(JobKind::Snapshots, JobState::Succeeded, None),
        plain(JobKind::Stats, JobState::Running, None),
    ]
}

fn findings(now: UnixMs, snapshot: &str) -> Vec<Story> {
    let text = str::to_owned;
    let item = |path: &str, files, bytes| DryRunItem {
        path: path.to_owned(),
        change: ItemChange::New,
        files,
        bytes,
    };
    let kept = |days: i64, rules: &[&str]| KeptSnapshot {
        id: snapshot.to_owned(),
        time: now.plus_ms(-days * 86_400_000),
        rules: rules.iter().map(|rule| (*rule).to_owned()).collect(),
    };
    vec![
        found(
            JobKind::DryRun,
            JobResult::DryRun(DryRunResult {
                includes: vec![item("/etc", 2_311, 14_000_000), item("/home", 80_412, 91_000_000_000)],
                largest: vec![item("/home/ada/disk.img", 1, 64_000_000_000)],
                missing: vec![text("/srv/old")],
                unreadable: Vec::new(),
            }),
        ),
        found(
            JobKind::RetentionPreview,
            JobResult::Retention(RetentionResult {
                keep: vec![kept(1, &["daily snapshot"]), kept(8, &["weekly snapshot"])],
                remove: vec![kept(3, &[]), kept(4, &[])],
            }),
        ),
        Story {
            lacks: vec![Lack { what: text("json"), needed: text("0.18") }],
            ..found(
                JobKind::Check,
                JobResult::Check(CheckResult { read_data_percent: 5, problems: Vec::new() }),
            )
        },
        found(
            JobKind::Unlock,
            JobResult::Unlock(UnlockResult { removed: vec![lock(now, false)], left: Vec::new() }),
        ),
        found(
            JobKind::Drill,
            JobResult::Drill(DrillResult {
                snapshot: snapshot.to_owned(),
                files: 20,
                compared_with_source: 17,
                mismatches: Vec::new(),
            }),
        ),
        Story {
            result: Some(JobResult::Drill(DrillResult {
                snapshot: snapshot.to_owned(),
                files: 20,
                compared_with_source: 18,
                mismatches: vec![DrillMismatch { path: text("/etc/passwd"), what: text("content differs") }],
            })),
            ..failed(
                JobKind::Drill,
                Reason::DrillFailed { problems: 1, first: text("/etc/passwd: content differs") },
            )
        },
    ]
}
