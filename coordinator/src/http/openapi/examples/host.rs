//! One host: what it is, plans and has saved.

use serde_json::Value;
use wire::{
    host::HostFacts,
    plan::{MaintenanceTask, PlanChange, PlanProblem, PlanWarning},
    snapshot::{RepositoryNumbers, RepositoryReadiness, Snapshot},
    trust::Credential,
    view::{
        CronView, HostView, JournalView, MaintenanceView, NumbersAt, PlanCheckRequest, PlanCheckView,
        PlanRevisionView, PlanView, RepositoryHistoryView, RepositoryView, ScheduleView, SecretView,
        SharingView, SnapshotRow, TemplateRequest, TemplateView,
    },
};

use super::{
    cast::{
        HOST, HOUR_MS, NOW, PERSON, VERSION, admission, agent, agent_keys, group, plan, repository, schedule,
        spoken,
    },
    fleet::{last, row},
    of,
};

pub(super) fn all() -> Vec<(String, Value)> {
    vec![
        of(&host()),
        of(&plan_view()),
        of(&PlanRevisionView {
            place: "1.9".into(),
            revision: 2,
            at: NOW,
            by: PERSON.into(),
            note: Some("the mail moved".into()),
            changes: vec![PlanChange::GroupChanged { group: group() }],
        }),
        of(&schedule_view()),
        of(&MaintenanceView {
            repository: repository(),
            task: MaintenanceTask::Prune,
            cron: Some("0 4 * * 0".into()),
            zone: "Europe/Berlin".into(),
            last: Some(last()),
            next: Some(NOW.plus_ms(36 * HOUR_MS)),
            held: None,
        }),
        of(&RepositoryHistoryView { days: 30, points: vec![point()] }),
        of(&SharingView { agent: agent(), name: HOST.into(), repository: repository(), owner: None }),
        of(&SnapshotRow { repository: repository(), snapshot: snapshot() }),
        of(&PlanCheckRequest { plan: serde_json::to_value(plan()).unwrap_or_default() }),
        of(&PlanCheckView {
            problems: vec![PlanProblem {
                field: "groups.default.includes[0]".into(),
                message: "must be an absolute path".into(),
            }],
            warnings: vec![PlanWarning::NeverScheduled { group: group() }],
        }),
        of(&CronView { next: vec![NOW.plus_ms(11 * HOUR_MS)], problem: None }),
        of(&TemplateRequest { plan: plan() }),
        of(&TemplateView {
            name: "web servers".into(),
            plan: plan(),
            made_by: PERSON.into(),
            changed_at: NOW,
        }),
    ]
}

fn host() -> HostView {
    let binding = agent_keys().binding();
    let (fingerprint, words) = spoken(&binding.fingerprint());
    HostView {
        row: row(),
        facts: HostFacts {
            hostname: HOST.into(),
            os: "linux".into(),
            os_version: "Debian GNU/Linux 12 (bookworm)".into(),
            arch: "x86_64".into(),
            agent_version: VERSION.into(),
            restic_version: Some("0.18.0".into()),
            zone: "Europe/Berlin".into(),
            ..HostFacts::default()
        },
        binding,
        fingerprint,
        words,
        credential: Credential::Admission { admission: admission() },
        journal: JournalView { epoch: 1, seq: 1_204, verified_at: Some(NOW) },
        plan_revision: 2,
        plan_waiting: false,
        repositories: vec![repository_view()],
        trouble: None,
        holds: Vec::new(),
        retired_at: None,
        replaces: None,
        replaced_by: None,
    }
}

fn repository_view() -> RepositoryView {
    RepositoryView {
        name: repository(),
        location: "/srv/backup".into(),
        readiness: RepositoryReadiness::Ready,
        reason: None,
        restic_id: Some(wire::domain::sha256(b"a repository").to_string()),
        checked_at: Some(NOW),
        numbers: Some(RepositoryNumbers {
            stored_bytes: 17_000_000_000,
            uncompressed_bytes: Some(30_000_000_000),
            restore_bytes: Some(42_000_000_000),
            snapshots: 35,
            blobs: Some(310_000),
        }),
        snapshots: 35,
        history: vec![point()],
        explanation: None,
        locks: Vec::new(),
        locks_at: Some(NOW),
        doubtful: 0,
        sharing: Vec::new(),
        sharing_total: 0,
        owner_gone: false,
    }
}

fn point() -> NumbersAt {
    NumbersAt { at: NOW, stored_bytes: 17_000_000_000, snapshots: 35 }
}

fn plan_view() -> PlanView {
    PlanView {
        revision: 2,
        plan: plan(),
        changed_by: Some(PERSON.into()),
        changed_at: Some(NOW),
        seal: agent_keys().seal_key(),
        secrets: vec![SecretView {
            slot: "repository/main/password".into(),
            revision: 1,
            at: NOW,
            newest: 1,
        }],
        warnings: Vec::new(),
        read_only: None,
        file_problems: Vec::new(),
    }
}

fn schedule_view() -> ScheduleView {
    ScheduleView {
        name: schedule(),
        cron: "0 2 * * *".into(),
        zone: "Europe/Berlin".into(),
        enabled: true,
        groups: vec![group()],
        jitter_s: 600,
        next: vec![NOW.plus_ms(11 * HOUR_MS)],
        last: Some(last()),
    }
}

fn snapshot() -> Snapshot {
    Snapshot {
        id: wire::domain::sha256(b"a snapshot").to_string(),
        time: NOW.plus_ms(-13 * HOUR_MS),
        hostname: HOST.into(),
        paths: vec!["/etc".into(), "/home".into()],
        tags: vec![group().to_string()],
        group: Some(group()),
        size_bytes: Some(42_000_000_000),
        files: Some(210_000),
        added_bytes: Some(120_000_000),
        doubt: None,
    }
}
