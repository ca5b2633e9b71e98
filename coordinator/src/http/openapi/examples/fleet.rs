//! The fleet, hosts at the door, tokens.

use serde_json::Value;
use wire::{
    id::Hash32,
    identity::Fingerprint,
    job::JobState,
    snapshot::RepositoryReadiness,
    trust::Role,
    view::{
        AgentBinaryView, ApproveRequest, FleetView, HostRow, InstallView, LastBackup, OperatorView,
        OutcomeCounts, PendingView, PresenceView, TilesView, TokenRequest, TokenUse, TokenView,
    },
};

use super::{
    cast::{
        HOST, HOUR_MS, NOW, PERSON, URL, VERSION, admission, agent, agent_keys, coordinator, group, job, kit,
        operator_key, spoken, statement, token,
    },
    of,
};

pub(super) fn all() -> Vec<(String, Value)> {
    vec![
        of(&fleet()),
        of(statement().parts()),
        of(&TilesView {
            hosts: 120,
            online: 113,
            last_day: OutcomeCounts { succeeded: 117, incomplete: 1, failed: 1, other: 1 },
            protected_bytes: 8_300_000_000_000,
            snapshots: 4_210,
            behind: 3,
            pending: 1,
            held: 0,
        }),
        of(&row()),
        of(&install()),
        of(&pending()),
        of(&ApproveRequest { admission: admission() }),
        of(&TokenRequest { token: token() }),
        of(&TokenView {
            token: wire::trust::TokenSeed::from_bytes(&[8; 32]).keys().token(),
            name_pattern: "web-*".into(),
            tags: vec!["prod".into()],
            uses: 20,
            used_by: vec![TokenUse { agent: agent(), name: HOST.into(), at: NOW }],
            issued_at: NOW,
            expires_at: NOW.plus_ms(7 * 24 * HOUR_MS),
            made_by: PERSON.into(),
            revoked_at: None,
            with_plan: false,
        }),
    ]
}

fn fleet() -> FleetView {
    let (fingerprint, words) = spoken(&Fingerprint::of_fleet(&kit().fleet()));
    FleetView {
        fleet: kit().fleet(),
        fingerprint,
        words,
        coordinator: coordinator(),
        statements: vec![statement()],
        operators: vec![OperatorView {
            key: operator_key(),
            name: format!("{PERSON}'s browser"),
            role: Role::Admin,
            fingerprint: Fingerprint::of_device(&operator_key()).to_string(),
        }],
        version: VERSION.into(),
    }
}

/// The fleet page's row of the host.
pub(super) fn row() -> HostRow {
    HostRow {
        agent: agent(),
        name: HOST.into(),
        tags: vec!["prod".into()],
        presence: PresenceView::Online,
        last_seen: Some(NOW),
        os: "linux".into(),
        arch: "x86_64".into(),
        agent_version: VERSION.into(),
        behind: false,
        last_backup: Some(last()),
        next_run: Some(NOW.plus_ms(11 * HOUR_MS)),
        size_bytes: Some(42_000_000_000),
        snapshots: 35,
        repository: RepositoryReadiness::Ready,
        active_jobs: 0,
        waiting_orders: 0,
        run_now: vec![group().to_string()],
        trend: vec![92, 95, 100],
        held: false,
        retired: false,
        replaced: false,
    }
}

pub(super) fn last() -> LastBackup {
    LastBackup { job: job(), state: JobState::Succeeded, at: NOW.plus_ms(-13 * HOUR_MS) }
}

fn install() -> InstallView {
    let digest = wire::domain::sha256(b"the agent's program");
    let fleet = Fingerprint::of_fleet(&kit().fleet());
    InstallView {
        linux: format!("sh -c \"$(curl -fsSL {URL}/install.sh || echo exit 1)\" install.sh --fleet {fleet}"),
        enrol: format!("restic-manager-agent enrol --coordinator {URL}#{fleet}"),
        agents: vec![AgentBinaryView {
            arch: "x86_64".into(),
            version: VERSION.into(),
            sha256: digest,
            size_bytes: 8_700_000,
        }],
        unavailable: None,
    }
}

fn pending() -> PendingView {
    let binding = agent_keys().binding();
    let fingerprint = binding.fingerprint();
    let (spelled, words) = spoken(&fingerprint);
    PendingView {
        agent: agent(),
        binding,
        agent_fingerprint: Hash32(fingerprint.0),
        fingerprint: spelled,
        words,
        hostname: HOST.into(),
        os: "linux".into(),
        arch: "x86_64".into(),
        agent_version: VERSION.into(),
        restic_version: Some("0.18.0".into()),
        address: "192.0.2.7".into(),
        since: NOW,
        expires_at: NOW.plus_ms(HOUR_MS),
        connected: true,
        collides_with: None,
    }
}
