//! Getting it back: directories, answers of hosts, errands, escrow.

use serde_json::Value;
use wire::{
    action::{Action, ArchiveFormat},
    id::{Base64Bytes, SealKey},
    order::Order,
    path::RawPath,
    question::{AnswerLine, Hit, Node, NodeKind, Part},
    seal::{SealSecret, SealedBox, SecretSlot},
    view::{
        ErrandRequest, EscrowBox, EscrowBundle, EscrowHost, EscrowRequest, LentView, MeasureView, TreeView,
    },
};

use super::{
    cast::{HOST, HOUR_MS, NOW, PERSON, agent, kit, operator, order, plan, repository, sign},
    of,
};

pub(super) fn all() -> Vec<(String, Value)> {
    let mut all = vec![
        of(&TreeView {
            trail: vec![tree("/"), tree("/home")],
            nodes: vec![node()],
            total: 1,
            bytes: 48_211,
            next: None,
        }),
        of(&MeasureView { files: 210_000, directories: 8_000, bytes: 42_000_000_000 }),
        of(&AnswerLine::Part(Part::Hits { snapshot: tree("a snapshot"), hits: vec![hit()] })),
        of(&LentView { sealed: Base64Bytes(sealed_bytes()) }),
        of(&EscrowRequest { hosts: vec![agent()] }),
        of(&ErrandRequest { grave: sign(&download(), &operator()) }),
    ];
    all.extend(bundle().map(|bundle| of(&bundle)));
    all
}

fn tree(of: &str) -> String {
    wire::domain::sha256(of.as_bytes()).to_string()
}

/// As long as a box around a short password.
fn sealed_bytes() -> Vec<u8> {
    tree("a box").into_bytes()
}

fn node() -> Node {
    Node {
        name: RawPath::from_bytes(b"letter.odt"),
        kind: NodeKind::File,
        size: Some(48_211),
        mtime: NOW,
        mode: 0o644,
        uid: 1_000,
        gid: 1_000,
        user: Some("ada".into()),
        group: Some("ada".into()),
        target: None,
        tree: None,
    }
}

fn hit() -> Hit {
    Hit { path: "/home/ada/letter.odt".into(), kind: NodeKind::File, size: Some(48_211), mtime: NOW }
}

fn download() -> Order {
    Order {
        fleet: kit().fleet(),
        agent: agent(),
        id: order(),
        issued_at: NOW,
        expires_at: NOW.plus_ms(HOUR_MS / 6),
        person: PERSON.into(),
        action: Action::Download {
            repository: repository(),
            snapshot: tree("a snapshot"),
            path: RawPath::from_bytes(b"/home/ada"),
            archive: Some(ArchiveFormat::Tar),
            to: browser(),
        },
    }
}

fn browser() -> SealKey {
    SealSecret::from_bytes(&[9; 32]).public()
}

fn bundle() -> Option<EscrowBundle> {
    let password = EscrowBox {
        slot: SecretSlot::RepositoryPassword(repository()),
        revision: 1,
        recovery: kit().recovery().public(),
        sealed: SealedBox::from_bytes(sealed_bytes()).ok()?,
    };
    let host = EscrowHost {
        agent: agent(),
        name: HOST.into(),
        hostname: HOST.into(),
        repositories: plan().repositories.into_iter().map(|(name, it)| (name, it.backend)).collect(),
        boxes: vec![password],
    };
    Some(EscrowBundle {
        format: EscrowBundle::FORMAT.into(),
        version: EscrowBundle::VERSION,
        fleet: kit().fleet(),
        made_at: NOW,
        hosts: vec![host],
    })
}
