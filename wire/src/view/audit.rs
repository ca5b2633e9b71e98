//! Who did what: the records of the coordinator's audit.

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

use crate::{
    id::{CoordinatorId, Hash32, Signature64, UnixMs},
    trust::Role,
};

/// What a record says; its JSON is what the chain's hash covers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, ToSchema)]
#[ts(optional_fields)]
pub struct AuditBody {
    pub at: UnixMs,
    pub actor: Actor,
    /// Where the request came from; absent on the coordinator's own machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    pub action: AuditAction,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<Target>,
    /// What changed, as far as it is no secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(type = "unknown")]
    pub before: Option<serde_json::Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(type = "unknown")]
    pub after: Option<serde_json::Value>,
}

/// A record in its place.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, ToSchema)]
pub struct AuditView {
    #[ts(type = "number")]
    pub seq: u64,
    #[serde(flatten)]
    pub body: AuditBody,
    /// The chain's hash after it.
    pub hash: Hash32,
}

/// A record as others verify it: a line of `GET /audit/export?format=ndjson`, and of the copy that is kept elsewhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct AuditLine {
    /// Whose chain it is, and whose signature.
    pub coordinator: CoordinatorId,
    #[ts(type = "number")]
    pub seq: u64,
    /// The exact text that the hash covers: an [`AuditBody`] as JSON.
    pub body: String,
    pub hash: Hash32,
    /// By the coordinator, over the head of the chain after this record (docs/PROTOCOL.md).
    #[schema(value_type = String)]
    pub signature: Signature64,
}

/// `GET /audit/chain`: how far the chain was checked just now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct AuditChainView {
    /// The oldest record that is kept.
    #[ts(type = "number | null")]
    pub first: Option<u64>,
    /// The newest. Beyond `verified` where nothing is broken: ask again, a long chain is checked part by part.
    #[ts(type = "number | null")]
    pub last: Option<u64>,
    /// Every record up to here holds.
    #[ts(type = "number | null")]
    pub verified: Option<u64>,
    /// The first that does not, and why.
    pub broken: Option<String>,
}

/// Who did it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Actor {
    Person {
        name: String,
        role: Role,
    },
    /// A program, by a token that this person made.
    Token {
        token: String,
        name: String,
        role: Role,
    },
    /// Somebody at the coordinator's own machine.
    Console,
    /// The coordinator by itself.
    Coordinator,
    /// Nobody who was known; `name` as they gave it.
    Nobody {
        name: String,
    },
}

impl Actor {
    /// What the list is filtered by.
    pub fn name(&self) -> &str {
        match self {
            Self::Person { name, .. } | Self::Token { name, .. } | Self::Nobody { name } => name,
            Self::Console => "(console)",
            Self::Coordinator => "(coordinator)",
        }
    }
}

/// On what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct Target {
    pub kind: TargetKind,
    pub id: String,
    /// As people called it then.
    pub name: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TargetKind {
    Person,
    Session,
    ApiToken,
    Key,
    Fleet,
    Host,
    Token,
    Template,
    Route,
    Audit,
}

/// What was done. The words are what `action=` of the list takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AuditAction {
    /// The first admin and the fleet's first statement.
    SetUp,
    SignIn,
    SignInRefused,
    SignOut,
    /// One session of one's own was ended from another.
    SessionEnd,
    /// A provider told that the person is signed out there.
    ProviderSignOut,

    PersonInvite,
    /// A provider's person came for the first time.
    PersonJoin,
    SetupLinkMake,
    SetupLinkUse,
    PersonChange,
    PersonDisable,
    PersonEnable,
    PersonSignOut,

    PasswordChange,
    TotpAdd,
    TotpRemove,
    PasskeyAdd,
    PasskeyRemove,
    RecoveryCodesMake,
    RecoveryCodeUse,
    FactorsReset,

    ApiTokenMake,
    ApiTokenRevoke,
    KeyAnnounce,
    KeyForget,

    StatementPublish,
    HostApprove,
    HostReject,
    HostRemove,
    TokenMake,
    TokenRevoke,
    OrderGive,
    OrderWithdraw,
    /// What the recovery kit opens was taken, in one file.
    EscrowTake,
    TemplateKeep,
    TemplateRemove,

    /// Somebody known asked for what their role does not allow.
    Refused,
    /// Records whose time was over were dropped.
    AuditTrim,
}
