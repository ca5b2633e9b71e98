//! People, the tokens of their programs, the keys of their devices, and what all of them did.

use serde_json::{Value, json};
use wire::{
    id::Signature64,
    identity::Fingerprint,
    trust::Role,
    view::{
        Actor, AnnounceKeyRequest, ApiTokenMade, ApiTokenRequest, ApiTokenView, AuditAction, AuditBody,
        AuditChainView, AuditLine, AuditView, DeviceKeyView, Factor, InviteRequest, PersonEdit, PersonState,
        PersonView, SetupLinkView, Target, TargetKind,
    },
};

use super::{
    cast::{HOUR_MS, NOW, PERSON, URL, operator_key, spoken},
    of,
};

pub(super) fn all() -> Vec<(String, Value)> {
    let (fingerprint, words) = spoken(&Fingerprint::of_device(&operator_key()));
    vec![
        of(&person()),
        of(&InviteRequest {
            name: "bob".into(),
            email: Some("bob@example.org".into()),
            role: Role::Operator,
        }),
        of(&SetupLinkView {
            person: person(),
            link: format!("{URL}/welcome#{}", super::access::SETUP_TOKEN),
            expires_at: NOW.plus_ms(HOUR_MS),
        }),
        of(&PersonEdit { email: None, role: Some(Role::Viewer) }),
        of(&api_token()),
        of(&ApiTokenRequest { name: "reports".into(), role: Role::Viewer, days: Some(90) }),
        of(&ApiTokenMade { token: api_token(), secret: "rmt_ZXhhbXBsZS1vZi1hbi1hcGktdG9rZW4".into() }),
        of(&DeviceKeyView {
            key: operator_key(),
            fingerprint,
            words,
            person: Some(PERSON.into()),
            person_id: Some(1),
            person_role: Some(Role::Admin),
            person_disabled: false,
            name: "Firefox on Linux".into(),
            role: Some(Role::Admin),
            announced_at: Some(NOW),
            used_at: Some(NOW),
        }),
        of(&AnnounceKeyRequest {
            key: operator_key(),
            name: "Firefox on Linux".into(),
            proof: Signature64([7; 64]),
        }),
        of(&audit()),
        of(&AuditLine {
            coordinator: wire::id::CoordinatorId([7; 32]),
            seq: 1_204,
            body: serde_json::to_string(&audit().body).unwrap_or_default(),
            hash: audit().hash,
            signature: Signature64([7; 64]),
        }),
        of(&AuditChainView { first: Some(1), last: Some(1_204), verified: Some(1_204), broken: None }),
    ]
}

fn person() -> PersonView {
    PersonView {
        id: 7,
        name: "bob".into(),
        email: Some("bob@example.org".into()),
        role: Role::Operator,
        state: PersonState::Active,
        provider: None,
        created_at: NOW,
        signed_in_at: Some(NOW),
        factors: vec![Factor::Totp],
        sessions: 1,
    }
}

fn api_token() -> ApiTokenView {
    ApiTokenView {
        id: 7,
        name: "reports".into(),
        role: Role::Viewer,
        person: PERSON.into(),
        created_at: NOW,
        expires_at: Some(NOW.plus_ms(90 * 24 * HOUR_MS)),
        used_at: None,
        revoked_at: None,
        dead: false,
    }
}

fn audit() -> AuditView {
    AuditView {
        seq: 1_204,
        body: AuditBody {
            at: NOW,
            actor: Actor::Person { name: PERSON.into(), role: Role::Admin },
            address: Some("192.0.2.7".into()),
            action: AuditAction::PersonChange,
            target: Some(Target { kind: TargetKind::Person, id: "7".into(), name: "bob".into() }),
            before: Some(json!({ "role": "viewer" })),
            after: Some(json!({ "role": "operator" })),
        },
        hash: wire::domain::sha256(b"a chain"),
    }
}
