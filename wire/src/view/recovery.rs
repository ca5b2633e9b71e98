//! Getting it back: directories of snapshots, what one host lends another, escrow.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

use crate::{
    id::{AgentId, Base64Bytes, FleetId, RepositoryName, SealKey, UnixMs},
    order::Order,
    plan::Backend,
    question::Node,
    seal::{SealedBox, SecretSlot},
    trust::Signed,
};

/// `GET /hosts/{agent}/repositories/{repository}/snapshots/{snapshot}/tree`: a page of one directory, in restic's order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, ToSchema)]
pub struct TreeView {
    /// The ids of the trees that were gone through, the directory's own last.
    pub trail: Vec<String>,
    pub nodes: Vec<Node>,
    /// How many entries the directory has; with `name`, how many fit.
    #[ts(type = "number")]
    pub total: u64,
    /// Bytes of the files in it, without those of its directories.
    #[ts(type = "number")]
    pub bytes: u64,
    /// Cursor for the page after; absent on the last.
    pub next: Option<String>,
}

/// `GET …/measure`: what lies below a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct MeasureView {
    #[ts(type = "number")]
    pub files: u64,
    #[ts(type = "number")]
    pub directories: u64,
    #[ts(type = "number")]
    pub bytes: u64,
}

/// `POST /hosts/{agent}/lend` and `POST /hosts/{agent}/download`: an order that is held in memory alone, and whose answer
/// comes back here.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, ToSchema)]
pub struct ErrandRequest {
    #[schema(value_type = crate::trust::SignedDocument)]
    pub grave: Signed<Order>,
}

/// What was lent, sealed to the host that the order names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct LentView {
    #[serde(rename = "box")]
    pub sealed: Base64Bytes,
}

/// `POST /fleet/escrow`: of these hosts, or of all.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(default)]
pub struct EscrowRequest {
    pub hosts: Vec<AgentId>,
}

/// Everything that the recovery kit opens, in one file: where each repository is, and what opens it, sealed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, ToSchema)]
pub struct EscrowBundle {
    /// `restic-manager escrow`.
    pub format: String,
    /// 1.
    pub version: u32,
    pub fleet: FleetId,
    pub made_at: UnixMs,
    pub hosts: Vec<EscrowHost>,
}

impl EscrowBundle {
    pub const FORMAT: &'static str = "restic-manager escrow";
    pub const VERSION: u32 = 1;
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, ToSchema)]
pub struct EscrowHost {
    pub agent: AgentId,
    /// In the fleet.
    pub name: String,
    /// The name that its snapshots bear.
    pub hostname: String,
    pub repositories: BTreeMap<RepositoryName, Backend>,
    pub boxes: Vec<EscrowBox>,
}

/// Opens with the kit's recovery key, for purpose *escrow*.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct EscrowBox {
    #[ts(type = "string")]
    #[schema(value_type = String, example = "repository/main/password")]
    pub slot: SecretSlot,
    #[ts(type = "number")]
    pub revision: u64,
    /// The recovery key that it was sealed to.
    pub recovery: SealKey,
    #[serde(rename = "box")]
    pub sealed: SealedBox,
}
