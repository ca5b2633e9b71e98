//! What people read when something is refused: kept as snapshots, so that every change of wording is seen.

use std::fmt::Write as _;

use wire::{
    channel::ChannelError,
    frame::{ProtocolRange, Refusal, RefusalCode},
    id::{AgentId, FleetId, Hash32, OrderId, SignerKey},
    identity::{BindingError, Fingerprint, FingerprintError, KeyFileError},
    journal::{BatchError, BodyError, ChainError, RecordError},
    order::{Needed, OrderRefusal},
    seal::{SealError, SecretSlot},
    trust::{
        AdmissionError, KitError, Ledger, Role, Signed, SignedError, Statement, StatementError,
        TokenSeedError, TrustError,
    },
};

use crate::cast::{Cast, NOW};

fn agent() -> AgentId {
    AgentId([0xaa; 32])
}

fn signer() -> SignerKey {
    SignerKey([0xbb; 32])
}

fn lines<E: std::fmt::Display>(errors: impl IntoIterator<Item = E>) -> String {
    errors.into_iter().fold(String::new(), |mut all, error| {
        writeln!(all, "{error}").unwrap();
        all
    })
}

#[test]
fn identity() {
    insta::assert_snapshot!(lines([BindingError::Signature { id: agent() }]));
    insta::assert_snapshot!(lines([
        FingerprintError::Length { found: 63 },
        FingerprintError::Character { character: 'g' },
    ]));
    insta::assert_snapshot!(lines([
        KeyFileError::TooOpen { mode: 0o644 },
        KeyFileError::NotAKeyFile,
        KeyFileError::Damaged,
        KeyFileError::OtherOwner { wanted: "an agent", found: "a coordinator" },
        KeyFileError::MachineIdTooLong { length: 2000 },
    ]));
}

#[test]
fn trust() {
    let cast = Cast::new();
    let swapped = Statement {
        version: 3,
        previous: cast.ledger().hash(),
        recovery: cast.agent.seal_key(),
        ..cast.statement_2()
    };
    let needs_root = cast.ledger().accept(&cast.by_admin(&swapped)).unwrap_err();
    insta::assert_snapshot!(lines([
        TrustError::WrongFleet { version: 3, pinned: FleetId([1; 32]), found: FleetId([2; 32]) },
        TrustError::WrongRoot { pinned: FleetId([1; 32]) },
        TrustError::Lower { version: 2, highest: 5 },
        TrustError::Forked { version: 4 },
        TrustError::Gap { version: 7, expected: 6 },
        TrustError::WrongPrevious { version: 6 },
        TrustError::NotAuthorised { version: 6, by: signer() },
        needs_root,
        TrustError::Empty,
        TrustError::Signed(SignedError::Signature { what: "fleet statement", by: signer() }),
        TrustError::Invalid(StatementError::VersionZero),
        TrustError::Invalid(StatementError::NoCoordinator),
        TrustError::Invalid(StatementError::NoAdmin),
        TrustError::Invalid(StatementError::KeyTwice { key: Hash32([3; 32]).to_string() }),
        TrustError::Invalid(StatementError::ViewerKey { name: "vera".into() }),
        TrustError::Invalid(StatementError::Name { name: " ".into() }),
        Ledger::found(cast.fleet(), &Signed::sign_bytes(b"{}".to_vec(), &cast.kit.root())).unwrap_err(),
    ]));
    insta::assert_snapshot!(lines([
        KitError::Count { found: 23 },
        KitError::UnknownWord { index: 4, suggestion: Some("abandon") },
        KitError::Checksum,
    ]));
    insta::assert_snapshot!(lines([TokenSeedError]));
}

#[test]
fn membership() {
    let (admitted, found) = (Fingerprint([1; 32]), Fingerprint([2; 32]));
    insta::assert_snapshot!(lines([
        AdmissionError::WrongFleet { what: "token", fleet: FleetId([1; 32]), found: FleetId([2; 32]) },
        AdmissionError::OtherAgent { admitted, found },
        AdmissionError::NotAuthorised { what: "admission", by: signer(), needed: Role::Admin },
        AdmissionError::Expired { what: "token", expired_at: NOW },
        AdmissionError::TokenProof,
        AdmissionError::Name { pattern: "web-*".into(), name: "db-1".into() },
    ]));
}

#[test]
fn sealing() {
    insta::assert_snapshot!(lines([
        SealError::Size { found: 12 },
        SealError::DoesNotOpen,
        SealError::Recipient,
        SealError::OtherRecipient,
    ]));
    insta::assert_snapshot!(lines(["repository/main/pasword".parse::<SecretSlot>().unwrap_err()]));
}

#[test]
fn journal() {
    insta::assert_snapshot!(lines([
        ChainError::Record { epoch: 1, seq: 7 },
        ChainError::Head { epoch: 1, first: 5, last: 9 },
        ChainError::Signature { agent: agent(), epoch: 1, seq: 9 },
        ChainError::Gap { epoch: 1, expected: 10, found: 12 },
        ChainError::Epoch { held: 2, found: 1 },
        ChainError::Agent { expected: agent(), found: AgentId([0xcc; 32]) },
    ]));
    insta::assert_snapshot!(lines([
        BatchError::Truncated { part: "a body" },
        BatchError::Trailing { left: 3 },
        BatchError::TooLarge { bytes: 300_000 },
        BatchError::Empty,
        BatchError::Zero,
        BatchError::Overflow { first_seq: u64::MAX },
        BatchError::Previous { epoch: 2, previous: 3 },
        BatchError::PreviousHash,
        BatchError::Record { seq: 4, problem: RecordError::Kind },
        BatchError::Record { seq: 4, problem: RecordError::TooLarge { found: 3_000_000 } },
        BatchError::Flag { seq: 4, flag: 9 },
    ]));
    insta::assert_snapshot!(lines([
        BodyError::Unreadable { kind: "plan", problem: "missing field `revision`".into() },
        BodyError::LogChunk { found: 3 },
    ]));
}

#[test]
fn orders() {
    let order = OrderId(uuid::Uuid::from_u128(1));
    let problem = || SignedError::Signature { what: "order", by: signer() };
    let refused = |needed, found| OrderRefusal::NotAuthorised {
        number: 5,
        order,
        action: "set_plan",
        needed,
        found,
        by: signer(),
    };
    let all = [
        OrderRefusal::Dispatch { problem: SignedError::Signature { what: "dispatch", by: signer() } },
        OrderRefusal::ForeignCoordinator { by: signer() },
        OrderRefusal::OtherFleet { fleet: FleetId([1; 32]) },
        OrderRefusal::OtherAgent { agent: agent() },
        OrderRefusal::UnknownStatement { number: 5, needed: 3, known: 2 },
        OrderRefusal::Replayed { number: 5, last: 8 },
        OrderRefusal::Order { number: 5, problem: problem() },
        OrderRefusal::Order {
            number: 5,
            problem: SignedError::Unreadable { what: "order", problem: "unknown variant `teleport`".into() },
        },
        OrderRefusal::OrderMisaddressed { number: 5, order, agent: agent() },
        refused(Needed::Operator(Role::Admin), Some(Role::Operator)),
        refused(Needed::Operator(Role::Operator), None),
        refused(Needed::Coordinator, None),
        OrderRefusal::Expired { number: 5, order, expired_at: NOW },
    ];
    let text = all.iter().map(|refusal| format!("{refusal}\n    {:?}: {}", refusal.code(), refusal.hint()));
    insta::assert_snapshot!(lines(text));
}

#[test]
fn channel() {
    let range = |min, max| ProtocolRange { min, max };
    let refusal = Refusal {
        code: RefusalCode::Busy,
        message: "Too many newcomers.".into(),
        hint: "Come back in a minute.".into(),
        supported: None,
    };
    let all = [
        ChannelError::Handshake { message: 2 },
        ChannelError::HandshakeSize { message: 1, bytes: 5000 },
        ChannelError::Payload { message: 1, problem: "expected value at line 1 column 1".into() },
        ChannelError::Refused(refusal),
        ChannelError::Downgraded { chosen: 1, expected: Some(3) },
        ChannelError::Downgraded { chosen: 1, expected: None },
        ChannelError::RangeChanged { first: range(1, 1), repeated: range(1, 3) },
        ChannelError::Binding(BindingError::Signature { id: agent() }),
        ChannelError::ForeignStatic { agent: agent() },
        ChannelError::Message,
        ChannelError::MessageSize { bytes: 70_000 },
        ChannelError::Piece { flag: 7 },
        ChannelError::EmptyPiece,
        ChannelError::EmptyFrame,
        ChannelError::FrameTooLarge,
        ChannelError::Spent,
    ];
    let text = all.iter().map(|error| format!("{error}\n    {:?}: {}", error.refusal_code(), error.hint()));
    insta::assert_snapshot!(lines(text));
}
