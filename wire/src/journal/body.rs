//! What each kind of record says. No secret is ever in one: plans and receipts carry slot names.
//!
//! A body of a newer version may have more fields, which are ignored; one that cannot be read is an error that a fold
//! reports and skips, never a broken chain.

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{
    action::JobOptions,
    action::Receipt,
    host::HostFacts,
    id::{AgentId, Hash32, JobId, OrderId, RepositoryName, SealKey, SignerKey},
    job::{JobNumbers, JobResult, JobState, JobSubject, Lack, Origin, Reason},
    journal::Kind,
    plan::{Plan, PlanChange, PlanFileProblem},
    seal::{SealedBox, SecretSlot},
    snapshot::{Hold, Lock, RepositoryNumbers, RepositoryReadiness, Snapshot},
    trust::Credential,
};

/// A type that is the JSON body of one kind.
pub trait RecordBody: Serialize + DeserializeOwned {
    const KIND: Kind;

    fn to_bytes(&self) -> Result<Vec<u8>, BodyError> {
        serde_json::to_vec(self)
            .map_err(|error| BodyError::Unreadable { kind: Self::KIND.as_str(), problem: error.to_string() })
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, BodyError> {
        serde_json::from_slice(bytes)
            .map_err(|error| BodyError::Unreadable { kind: Self::KIND.as_str(), problem: error.to_string() })
    }
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    #[error(
        "the body of a `{kind}` record cannot be read ({problem}): the agent runs a newer version, update the coordinator"
    )]
    Unreadable { kind: &'static str, problem: String },
    #[error("a `log.chunk` has a job id, an index and compressed lines: this has {found} bytes")]
    LogChunk { found: usize },
}

impl RecordBody for HostFacts {
    const KIND: Kind = Kind::HostFacts;
}

/// Why this agent is a member: its admission, or the token and its own proof. A coordinator that lost everything
/// re-learns it from here.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Membership {
    pub credential: Credential,
    /// The name at the time of joining.
    pub name: String,
    #[serde(default)]
    pub tags: Vec<String>,
}

impl RecordBody for Membership {
    const KIND: Kind = Kind::Membership;
}

/// The plan as it is from now on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PlanRevision {
    pub revision: u64,
    pub plan: Plan,
    pub by: PlanBy,
    /// Against the revision before.
    #[serde(default)]
    pub changes: Vec<PlanChange>,
    /// Why, in the person's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// Who changed the plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "snake_case")]
pub enum PlanBy {
    /// A signed order; `signer` is the operator's key.
    Order { order: OrderId, person: String, signer: SignerKey },
    /// The token that the agent enrolled with; `document` is the hash of its signed terms.
    Token { document: Hash32, signer: SignerKey },
    /// The endpoint's own `plan.toml`, which governs while this is the last word.
    File,
    /// A person at the endpoint's terminal.
    Local,
}

impl RecordBody for PlanRevision {
    const KIND: Kind = Kind::Plan;
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct JobQueued {
    pub job: JobId,
    #[serde(flatten)]
    pub subject: JobSubject,
    pub origin: Origin,
    #[serde(default)]
    pub options: JobOptions,
}

impl RecordBody for JobQueued {
    const KIND: Kind = Kind::JobQueued;
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobStarted {
    pub job: JobId,
    #[serde(default)]
    pub restic_version: Option<String>,
}

impl RecordBody for JobStarted {
    const KIND: Kind = Kind::JobStarted;
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct JobFinished {
    pub job: JobId,
    /// One that is over.
    pub state: JobState,
    #[serde(default)]
    pub reason: Option<Reason>,
    #[serde(default)]
    pub numbers: JobNumbers,
    /// How many lines its log has.
    #[serde(default)]
    pub log_lines: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<JobResult>,
    /// What this version of restic does not say or do.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lacks: Vec<Lack>,
}

impl RecordBody for JobFinished {
    const KIND: Kind = Kind::JobFinished;
}

/// What changed in a repository's list of snapshots since the record before.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Snapshots {
    pub repository: RepositoryName,
    /// True: `added` is the whole list, whatever was known before.
    #[serde(default)]
    pub whole: bool,
    #[serde(default)]
    pub added: Vec<Snapshot>,
    /// Ids of snapshots that are gone.
    #[serde(default)]
    pub removed: Vec<String>,
}

impl RecordBody for Snapshots {
    const KIND: Kind = Kind::Snapshots;
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Numbers {
    pub repository: RepositoryName,
    pub numbers: RepositoryNumbers,
}

impl RecordBody for Numbers {
    const KIND: Kind = Kind::Numbers;
}

/// Whether a repository can be used, as the last probe or job found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RepositoryState {
    pub repository: RepositoryName,
    pub readiness: RepositoryReadiness,
    #[serde(default)]
    pub reason: Option<Reason>,
    /// restic's own id of the repository, once it was opened.
    #[serde(default)]
    pub restic_id: Option<String>,
}

impl RecordBody for RepositoryState {
    const KIND: Kind = Kind::Repository;
}

/// Who holds a repository's locks, each time that was looked at and was different. Empty: nobody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Locks {
    pub repository: RepositoryName,
    pub locks: Vec<Lock>,
}

impl RecordBody for Locks {
    const KIND: Kind = Kind::Locks;
}

/// Everything that holds retention or upkeep back now, each time that changed. Empty: nothing does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holds {
    pub holds: Vec<Hold>,
}

impl RecordBody for Holds {
    const KIND: Kind = Kind::Holds;
}

/// Why the endpoint's own `plan.toml` is not taken as it stands, each time that changed: the plan before stays in force.
/// Empty: it is taken, or there is none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanFile {
    #[serde(default)]
    pub problems: Vec<PlanFileProblem>,
}

impl RecordBody for PlanFile {
    const KIND: Kind = Kind::PlanFile;
}

/// What was answered to an order, and whose wish it was.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OrderReceipt {
    #[serde(flatten)]
    pub receipt: Receipt,
    /// The action's name, where the order could be read.
    #[serde(default)]
    pub action: Option<String>,
    #[serde(default)]
    pub person: Option<String>,
    #[serde(default)]
    pub signer: Option<SignerKey>,
}

impl RecordBody for OrderReceipt {
    const KIND: Kind = Kind::Order;
}

/// A secret that the agent holds, sealed by the agent itself to the fleet's recovery key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Escrow {
    pub slot: SecretSlot,
    pub revision: u64,
    /// The recovery key that the box was sealed to.
    pub recovery: SealKey,
    #[serde(rename = "box")]
    pub sealed: SealedBox,
}

impl RecordBody for Escrow {
    const KIND: Kind = Kind::Escrow;
}

/// What the agent or a person at its terminal did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum Local {
    Started {
        version: String,
    },
    /// Drained and stopped in order.
    Stopped,
    /// A secret was set from a terminal of the endpoint, or by an order and waits to be tried: its escrow comes when it works.
    SecretSet {
        slot: SecretSlot,
        revision: u64,
    },
    /// The journal was found set back and goes on in a new epoch.
    EpochBegun {
        previous: u64,
    },
    /// The host left the fleet: it takes no more orders.
    Retired,
    /// What opens this repository was sealed to another host, for one restore there.
    Lent {
        repository: RepositoryName,
        to: AgentId,
        /// The restore's, at the other host.
        job: JobId,
    },
}

impl RecordBody for Local {
    const KIND: Kind = Kind::Local;
}

/// The one body that is not JSON: `job id(16) ‖ index(u32) ‖ zstd(lines)`, the lines being JSON, one per line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogChunk<'a> {
    pub job: JobId,
    /// Counts from 0 within the job.
    pub index: u32,
    /// zstd of newline-separated JSON [`crate::job::LogLine`]s.
    pub compressed: &'a [u8],
}

impl<'a> LogChunk<'a> {
    pub fn to_bytes(&self) -> Vec<u8> {
        [self.job.0.as_bytes().as_slice(), &self.index.to_be_bytes(), self.compressed].concat()
    }

    pub fn from_bytes(bytes: &'a [u8]) -> Result<Self, BodyError> {
        let error = BodyError::LogChunk { found: bytes.len() };
        let Some((job, rest)) = bytes.split_first_chunk::<16>() else { return Err(error) };
        let Some((index, compressed)) = rest.split_first_chunk::<4>() else { return Err(error) };
        Ok(Self { job: JobId(uuid::Uuid::from_bytes(*job)), index: u32::from_be_bytes(*index), compressed })
    }
}
