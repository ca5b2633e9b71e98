//! The fleet's statements: founding, publishing, and what everybody else asks of the ledger.
//!
//! The statements are kept in the database and, because agents pin the fleet and nobody can make its first statement
//! again, in a file beside it.

use std::{
    fs,
    io::{self, Write as _},
    path::Path,
    sync::{Arc, PoisonError, RwLock},
};

use serde_json::json;
use wire::{
    id::{CoordinatorId, FleetId, SignerKey},
    identity::Fingerprint,
    trust::{Accepted, Ledger, Role, Signed, Statement, TrustError},
    view::{AuditAction, Event, FleetView, OperatorView, TargetKind},
};

use super::{About, Fleet, FleetError};
use crate::{
    audit::{Act, Entry},
    store::{Store, StoreError, Tx, statements},
};

/// The statements from version 1, and what follows from them. Never changed: a new version is a new value.
#[derive(Clone, Debug)]
pub struct Known {
    pub ledger: Ledger,
    pub statements: Vec<Signed<Statement>>,
}

impl Known {
    pub fn role(&self, key: SignerKey) -> Option<Role> {
        self.ledger.statement().role(key)
    }

    /// Who holds this key, as people call them.
    pub fn name(&self, key: SignerKey) -> Option<&str> {
        self.ledger.statement().operator(key).map(|operator| operator.name.as_str())
    }

    /// Who holds this key, or held it when a statement last named it.
    pub fn name_ever(&self, key: SignerKey) -> Option<String> {
        let before = || {
            let all = self.statements.iter().rev().filter_map(|signed| signed.verify().ok());
            all.into_iter().find_map(|statement| Some(statement.operator(key)?.name.clone()))
        };
        self.name(key).map(str::to_owned).or_else(before)
    }
}

#[derive(Default)]
pub(super) struct Trust {
    known: Arc<RwLock<Option<Arc<Known>>>>,
}

impl Trust {
    pub async fn load(store: &Store, about: &About) -> Result<Self, FleetError> {
        let mut all = store.read(statements::all).await?;
        // Also after an older database was restored: agents refuse whoever does not know the statements that they saw.
        if let Some(kept) = about.statements_file.as_deref().and_then(kept_beside)
            && kept.len() > all.len()
            && kept.starts_with(&all)
        {
            tracing::info!(statements = kept.len(), "the fleet is known from the file beside the database");
            all = kept;
        }
        let known = if all.is_empty() { None } else { Some(Arc::new(replay(all, about.keys.id())?)) };
        let trust = Self { known: Arc::new(RwLock::new(known)) };
        if let Some(known) = trust.known() {
            store.write(move |tx| keep(tx, &known.statements, 1)).await?;
        }
        Ok(trust)
    }

    pub fn known(&self) -> Option<Arc<Known>> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn replay(all: Vec<Signed<Statement>>, id: CoordinatorId) -> Result<Known, FleetError> {
    let fleet = first_fleet(&all)?;
    let ledger = Ledger::replay(fleet, &all).map_err(|error| refused(&error))?;
    if ledger.statement().coordinator(id.into()).is_none() {
        tracing::warn!("the fleet's statement does not name this coordinator: agents will not talk to it");
    }
    Ok(Known { ledger, statements: all })
}

fn first_fleet(all: &[Signed<Statement>]) -> Result<FleetId, FleetError> {
    let first = all.first().ok_or(FleetError::NotSetUp)?;
    Ok(first.verify().map_err(FleetError::signature)?.fleet)
}

fn keep(tx: &Tx<'_>, all: &[Signed<Statement>], from: usize) -> Result<(), StoreError> {
    for (version, signed) in (1..).zip(all).skip(from - 1) {
        statements::insert(tx, version, signed)?;
    }
    Ok(())
}

fn kept_beside(file: &Path) -> Option<Vec<Signed<Statement>>> {
    let text = match fs::read(file) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
        Err(error) => {
            tracing::warn!(file = %file.display(), %error, "the kept fleet statements cannot be read");
            return None;
        }
    };
    serde_json::from_slice(&text)
        .inspect_err(
            |error| tracing::warn!(file = %file.display(), %error, "the kept fleet statements are damaged"),
        )
        .ok()
}

/// Whole or not at all: written beside, flushed, renamed.
fn keep_beside(file: &Path, all: &[Signed<Statement>]) -> io::Result<()> {
    let text = serde_json::to_vec_pretty(all)?;
    let directory = file.parent().unwrap_or(Path::new("."));
    let mut beside = tempfile::NamedTempFile::new_in(directory)?;
    beside.write_all(&text)?;
    beside.as_file().sync_all()?;
    beside.persist(file)?;
    Ok(())
}

fn refused(error: &TrustError) -> FleetError {
    let detail = error.to_string();
    match error {
        TrustError::Signed(_) => FleetError::signature(detail),
        TrustError::Invalid(_) => FleetError::Invalid {
            detail,
            hint: "Nothing was changed. Make the statement again.".into(),
            fields: Vec::new(),
        },
        TrustError::NotAuthorised { .. } | TrustError::NeedsRoot { .. } => FleetError::Forbidden {
            detail,
            hint: "Nothing was changed. Let an admin sign it, or use the recovery kit.".into(),
        },
        TrustError::Lower { .. } | TrustError::Gap { .. } | TrustError::WrongPrevious { .. } => {
            FleetError::Stale {
                detail,
                hint: "Somebody published another statement meanwhile: reload and do it again.".into(),
            }
        }
        TrustError::WrongFleet { .. }
        | TrustError::WrongRoot { .. }
        | TrustError::Forked { .. }
        | TrustError::Empty => {
            FleetError::conflict(detail, "Use the recovery kit of the fleet that this coordinator serves.")
        }
    }
}

impl Fleet {
    /// The trust everything rests on; absent before the first start is finished.
    pub fn known(&self) -> Option<Arc<Known>> {
        self.inner.trust.known()
    }

    pub(super) fn needed(&self) -> Result<Arc<Known>, FleetError> {
        self.known().ok_or(FleetError::NotSetUp)
    }

    /// Every statement from version 1, each with its exact bytes.
    pub fn statements(&self) -> Vec<Signed<Statement>> {
        self.known().map(|known| known.statements.clone()).unwrap_or_default()
    }

    pub fn fleet_view(&self) -> Option<FleetView> {
        let known = self.known()?;
        let fleet = known.ledger.fleet();
        let fingerprint = Fingerprint::of_fleet(&fleet);
        let operators = known.ledger.statement().operators.iter().map(|operator| OperatorView {
            key: operator.key,
            name: operator.name.clone(),
            role: operator.role,
            fingerprint: Fingerprint::of_device(&operator.key).to_string(),
        });
        Some(FleetView {
            fleet,
            fingerprint: fingerprint.to_string(),
            words: fingerprint.words().map(str::to_owned).to_vec(),
            coordinator: self.identity(),
            statements: known.statements.clone(),
            operators: operators.collect(),
            version: self.version().to_owned(),
        })
    }

    /// Would this statement found the fleet, or go on with the one that is known? Nothing is written.
    pub fn check_founding(&self, signed: &Signed<Statement>) -> Result<(), FleetError> {
        self.founded_with(self.known(), signed).map(|_| ())
    }

    /// Founds the fleet within a transaction that also makes the first person; it counts once that is committed. After a
    /// lost database the statement that is known already, or one that follows it, goes on with the same fleet.
    /// Where it is a new one, the key that it was founded with is `founder`'s.
    pub fn found_in(&self, tx: &Tx<'_>, signed: &Signed<Statement>, founder: &str) -> Result<(), FleetError> {
        let known = self.known_in(tx)?;
        let is_new = known.is_none();
        let next = self.founded_with(known, signed)?;
        if is_new {
            self.announce_founder_in(tx, next.ledger.statement(), founder)?;
        }
        self.adopt_in(tx, next)
    }

    fn founded_with(
        &self,
        known: Option<Arc<Known>>,
        signed: &Signed<Statement>,
    ) -> Result<Known, FleetError> {
        let next = if let Some(known) = known {
            followed_by(&known, signed)?
        } else {
            let first = vec![signed.clone()];
            let ledger = Ledger::found(first_fleet(&first)?, signed).map_err(|error| refused(&error))?;
            Known { ledger, statements: first }
        };
        self.names_us(&next)?;
        Ok(next)
    }

    /// Publishes the next version; agents that are connected hear of it at once.
    pub async fn publish(&self, act: &Act, signed: Signed<Statement>) -> Result<(), FleetError> {
        let (fleet, act) = (self.clone(), act.clone());
        self.inner
            .store
            .write(move |tx| {
                let known = fleet.known_in(tx)?.ok_or(FleetError::NotSetUp)?;
                let next = followed_by(&known, &signed)?;
                fleet.names_us(&next)?;
                let statement = known.ledger.statement();
                // Whoever has the kit has the fleet, whatever this coordinator knows of people.
                if signed.by() != statement.root {
                    fleet.signed_in(tx, &act, signed.by(), Role::Admin)?;
                    Fleet::check_named_in(tx, statement, next.ledger.statement())?;
                }
                let before = operators(&known);
                let entry = Entry::new(AuditAction::StatementPublish)
                    .on(TargetKind::Fleet, next.ledger.version(), "")
                    .before(before)
                    .after(operators(&next));
                act.record(tx, entry)?;
                fleet.adopt_in(tx, next)
            })
            .await
    }

    /// What is known, and what was published in this very transaction: nobody has been told of that yet, but the next
    /// statement has to follow it all the same.
    pub(super) fn known_in(&self, tx: &Tx<'_>) -> Result<Option<Arc<Known>>, FleetError> {
        let (known, kept) = (self.known(), statements::all(tx)?);
        if kept.len() == known.as_ref().map_or(0, |known| known.statements.len()) {
            return Ok(known);
        }
        replay(kept, self.keys().id()).map(|known| Some(Arc::new(known)))
    }

    fn names_us(&self, next: &Known) -> Result<(), FleetError> {
        let keys = self.keys();
        if next.ledger.statement().names_coordinator(keys.id(), keys.channel_key()) {
            return Ok(());
        }
        Err(FleetError::Invalid {
            detail: "the statement does not name this coordinator, so no agent would talk to it".into(),
            hint: "Reload the page, so that it takes the coordinator's keys as they are now.".into(),
            fields: Vec::new(),
        })
    }

    fn adopt_in(&self, tx: &Tx<'_>, next: Known) -> Result<(), FleetError> {
        keep(tx, &next.statements, 1)?;
        if let Some(file) = &self.inner.about.statements_file {
            keep_beside(file, &next.statements).map_err(|error| {
                StoreError::Unavailable(format!("the file {} cannot be written: {error}", file.display()))
            })?;
        }
        let fleet = self.clone();
        tx.on_commit(move || {
            *fleet.inner.trust.known.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(next));
            fleet.inner.hub.wish_all(super::Wish::Statements);
            fleet.tell(Event::Pending);
        });
        Ok(())
    }
}

/// Who may sign what, for the audit.
fn operators(known: &Known) -> Vec<serde_json::Value> {
    let all = known.ledger.statement().operators.iter();
    all.map(|operator| json!({ "key": operator.key, "name": operator.name, "role": operator.role })).collect()
}

fn followed_by(known: &Known, signed: &Signed<Statement>) -> Result<Known, FleetError> {
    let mut next = known.clone();
    match next.ledger.accept(signed).map_err(|error| refused(&error))? {
        Accepted::New => next.statements.push(signed.clone()),
        Accepted::Known => {}
    }
    Ok(next)
}
