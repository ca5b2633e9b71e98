//! The JSON that the panel reads and writes: shapes of `/api/v1`.
//!
//! TypeScript types and the OpenAPI schemas are generated from these. They are views: folds of journals and of the
//! coordinator's own rows, never what is signed. Times are milliseconds since the Unix epoch.

mod access;
mod fleet;
mod host;
mod live;

pub use access::*;
pub use fleet::*;
pub use host::*;
pub use live::*;

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

/// One page of a list. `next` is an opaque cursor for the page after; absent on the last.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, ToSchema)]
pub struct Page<T> {
    pub items: Vec<T>,
    pub next: Option<String>,
    /// How many there are in all, where that is known without counting.
    #[ts(type = "number | null")]
    pub total: Option<u64>,
}
