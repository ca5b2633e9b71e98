//! Reading the records: page by page, as lines of a file, and whether their chain holds.

use std::sync::Arc;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use rusqlite::Connection;
use tokio::sync::Mutex;
use wire::{
    id::{CoordinatorId, UnixMs},
    view::{AuditAction, AuditBody, AuditChainView, AuditView, Page, TargetKind},
};

use super::{Audit, ChainError, chain, check::Walk};
use crate::store::{
    Store, StoreError,
    audit::{self, AuditRow, Filter},
};

/// Records that one question after the chain checks; a second of work.
const AT_ONCE: u64 = 10_000;
/// What was checked longer ago is checked again from the beginning.
const FRESH_MS: i64 = 86_400_000;

/// Which records are wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditQuery {
    /// How the actor's name begins, whatever its case.
    pub actor: Option<String>,
    /// Any of them; all when empty.
    pub actions: Vec<AuditAction>,
    pub target_kind: Option<TargetKind>,
    pub target_id: Option<String>,
    /// Somewhere in the target's name, whatever its case, or its id.
    pub target: Option<String>,
    pub since: Option<UnixMs>,
    /// Up to and without it.
    pub until: Option<UnixMs>,
    /// The newest first.
    pub desc: bool,
}

impl AuditQuery {
    fn filter(&self) -> Filter {
        Filter {
            actor: self.actor.clone(),
            actions: self.actions.iter().map(chain::word).collect(),
            target_kind: self.target_kind.as_ref().map(chain::word),
            target_id: self.target_id.clone(),
            target: self.target.clone(),
            since: self.since,
            until: self.until,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AuditError {
    #[error("the cursor does not belong to this list")]
    Cursor,
    #[error(transparent)]
    Storage(#[from] StoreError),
}

/// The records of one coordinator. Cheap to clone.
#[derive(Clone)]
pub struct AuditLog(Arc<Inner>);

struct Inner {
    audit: Audit,
    store: Store,
    checked: Mutex<Option<Progress>>,
}

/// How far the chain was checked.
struct Progress {
    walk: Walk,
    begun: UnixMs,
    /// The highest number that was ever seen here.
    seen: u64,
}

impl AuditLog {
    pub fn new(audit: Audit, store: Store) -> Self {
        Self(Arc::new(Inner { audit, store, checked: Mutex::new(None) }))
    }

    pub fn audit(&self) -> &Audit {
        &self.0.audit
    }

    /// One page.
    pub async fn page(
        &self,
        query: &AuditQuery,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<Page<AuditView>, AuditError> {
        let after = cursor.map(decode).transpose()?;
        let mut rows = self.rows(query, after, limit + 1).await?;
        let more = rows.len() > limit as usize;
        rows.truncate(limit as usize);
        let next = rows.last().filter(|_| more).map(|row| encode(row.link.seq));
        let items = rows.iter().map(view).collect::<Result<_, _>>()?;
        Ok(Page { items, next, total: None })
    }

    /// The rows that are wanted, beyond the one of this number.
    pub async fn rows(
        &self,
        query: &AuditQuery,
        after: Option<u64>,
        limit: u32,
    ) -> Result<Vec<AuditRow>, StoreError> {
        let (filter, desc) = (query.filter(), query.desc);
        self.0.store.read(move |connection| audit::page(connection, &filter, after, desc, limit)).await
    }

    /// Whether the chain holds. What was checked before is not read again for a day; a long chain is checked part by
    /// part, with each question.
    pub async fn chain(&self, now: UnixMs) -> Result<AuditChainView, StoreError> {
        let mut checked = self.0.checked.lock().await;
        let before = checked.take();
        let seen = before.as_ref().map_or(0, |progress| progress.seen);
        let mut progress = self.resume(before, seen, now).await?;
        // A damage that was found stays where it is, and is looked for again.
        let stood = progress.walk.clone();
        let end = progress.walk.records + AT_ONCE;
        loop {
            let (walk, id) = (progress.walk, self.0.audit.coordinator());
            let (walked, more) = self.0.store.read(move |connection| step(connection, walk, id)).await?;
            progress.walk = walked;
            if !more || progress.walk.records >= end {
                break;
            }
        }
        let walk = &progress.walk;
        let ends = self.0.store.read(audit::ends).await?;
        let last = ends.map_or(walk.before.seq, |(_, last)| last);
        let cut = (last < progress.seen).then_some(ChainError::Cut { last, seen: progress.seen });
        let broken = walk.bad.clone().or(cut);
        let view = AuditChainView {
            first: ends.map(|(first, _)| first),
            last: ends.map(|(_, last)| last),
            verified: (walk.records > 0).then_some(walk.before.seq),
            broken: broken.as_ref().map(ToString::to_string),
        };
        if let Some(broken) = broken {
            tracing::error!("the audit's chain does not hold: {broken}");
            progress.walk = stood;
        }
        progress.seen = progress.seen.max(last);
        *checked = Some(progress);
        Ok(view)
    }

    async fn resume(&self, before: Option<Progress>, seen: u64, now: UnixMs) -> Result<Progress, StoreError> {
        let id = self.0.audit.coordinator();
        self.0
            .store
            .read(move |connection| {
                if let Some(progress) = before
                    && now.since(progress.begun) < FRESH_MS
                    && progress.walk.still_stands(connection)?
                {
                    return Ok(progress);
                }
                Ok(Progress { walk: Walk::begin(connection, id)?, begun: now, seen })
            })
            .await
    }
}

/// One part of a check, and whether there is more. A trim in between is no damage: the check begins again behind it.
pub(super) fn step(
    connection: &Connection,
    mut walk: Walk,
    id: CoordinatorId,
) -> Result<(Walk, bool), StoreError> {
    let more = walk.step(connection)?;
    if walk.bad.is_some() && walk.is_overtaken(connection)? {
        return Ok((Walk::begin(connection, id)?, true));
    }
    Ok((walk, more))
}

/// A row as people read it.
pub(super) fn view(row: &AuditRow) -> Result<AuditView, StoreError> {
    Ok(AuditView { seq: row.link.seq, body: body(row)?, hash: row.link.hash })
}

/// What a row says.
pub fn body(row: &AuditRow) -> Result<AuditBody, StoreError> {
    serde_json::from_str(&row.body)
        .map_err(|problem| StoreError::unreadable(&format!("record {} of the audit", row.link.seq), problem))
}

/// Opaque to whoever holds one.
fn encode(seq: u64) -> String {
    URL_SAFE_NO_PAD.encode(seq.to_be_bytes())
}

fn decode(cursor: &str) -> Result<u64, AuditError> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| AuditError::Cursor)?;
    Ok(u64::from_be_bytes(bytes.try_into().map_err(|_| AuditError::Cursor)?))
}
