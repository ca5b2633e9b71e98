//! Operator keys: whose they are, and what their owners may have signed with them.
//!
//! What a key may sign is the statement's to say, and every agent checks that. Whose it is, is known here alone: so it is
//! here that a key signs no more than its person may do at that moment.

use serde_json::json;
use wire::{
    id::{OperatorKey, SignerKey},
    identity::{Fingerprint, is_announced},
    plan::PlanProblem,
    trust::{Operator, Role, Statement},
    view::{Actor, AnnounceKeyRequest, AuditAction, DeviceKeyView, Event, TargetKind},
};

use super::{Fleet, FleetError, Known};
use crate::{
    audit::{Act, Entry},
    store::{
        StoreError, Tx,
        device_keys::{self, DeviceKey},
        people::{self, Person, PersonId},
    },
};

/// Nobody works at more computers.
const MOST_OF_ONE: usize = 32;
const NAME_CHARS: usize = 64;
/// What the device is called that the fleet was founded at, until its browser announces it by another name.
const FOUNDING_DEVICE: &str = "Where the fleet was set up";

/// Whose keys may be forgotten.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    Own(PersonId),
    Anybodys,
}

impl Fleet {
    /// Keeps that a key is this person's, who shows that they hold it. Once more is no change.
    pub async fn announce_key(
        &self,
        act: &Act,
        person: PersonId,
        request: AnnounceKeyRequest,
    ) -> Result<DeviceKeyView, FleetError> {
        let name = device_name(&request.name)?;
        let (fleet, act, key) = (self.clone(), act.clone(), request.key);
        let now = self.inner.world.now();
        self.inner
            .store
            .write(move |tx| {
                let known = fleet.known_in(tx)?.ok_or(FleetError::NotSetUp)?;
                let person = people::by_id(tx, person)?.ok_or_else(|| FleetError::not_found("person", ""))?;
                may_announce(&known, &person, &request)?;
                let held = device_keys::one(tx, key)?;
                if held.as_ref().is_some_and(|held| held.person != person.id) {
                    return Err(another_persons());
                }
                if held.is_none() && device_keys::of_person(tx, person.id)?.len() >= MOST_OF_ONE {
                    return Err(FleetError::conflict(
                        format!("you announced {MOST_OF_ONE} keys already"),
                        "Forget one of a browser or computer that you no longer use, then try again.",
                    ));
                }
                if held.as_ref().is_none_or(|held| held.name != name) {
                    device_keys::put(tx, key, person.id, &name, now)?;
                    act.record(
                        tx,
                        entry(AuditAction::KeyAnnounce, key, &person.name).after(json!({ "name": name })),
                    )?;
                    let fleet = fleet.clone();
                    tx.on_commit(move || fleet.tell(Event::Pending));
                }
                let held = device_keys::one(tx, key)?.ok_or_else(|| FleetError::not_found("key", key))?;
                Ok(announced(&known, held, Some(&person)))
            })
            .await
    }

    /// Every key that was announced here or that the statement names, those first that wait for an admin.
    pub async fn device_keys(&self) -> Result<Vec<DeviceKeyView>, FleetError> {
        let known = self.needed()?;
        self.inner
            .store
            .read(move |connection| {
                let mut views = Vec::new();
                for held in device_keys::all(connection)? {
                    let person = people::by_id(connection, held.person)?;
                    views.push(announced(&known, held, person.as_ref()));
                }
                for operator in &known.ledger.statement().operators {
                    if !views.iter().any(|view| view.key == operator.key) {
                        views.push(named_alone(operator));
                    }
                }
                views.sort_by_key(|view| view.role.is_some());
                Ok(views)
            })
            .await
    }

    pub async fn keys_of(&self, person: PersonId) -> Result<Vec<DeviceKeyView>, FleetError> {
        let known = self.needed()?;
        self.inner
            .store
            .read(move |connection| {
                let person = people::by_id(connection, person)?;
                let Some(person) = person else { return Ok(Vec::new()) };
                let all = device_keys::of_person(connection, person.id)?;
                Ok(all.into_iter().map(|held| announced(&known, held, Some(&person))).collect())
            })
            .await
    }

    /// Forgets an announcement. What the statement names stays named: it is taken out of there first.
    pub async fn forget_key(&self, act: &Act, key: OperatorKey, whose: Whose) -> Result<(), FleetError> {
        let (fleet, act) = (self.clone(), act.clone());
        self.inner
            .store
            .write(move |tx| {
                let known = fleet.known_in(tx)?.ok_or(FleetError::NotSetUp)?;
                let held = device_keys::one(tx, key)?
                    .filter(|held| whose == Whose::Anybodys || whose == Whose::Own(held.person))
                    .ok_or_else(|| FleetError::not_found("announced key", key))?;
                if known.role(key.into()).is_some() {
                    return Err(FleetError::conflict(
                        "the fleet statement still names this key, and agents take what it signs",
                        "Revoke it first: an admin publishes a statement without it. Then it can be forgotten here.",
                    ));
                }
                let owner = people::by_id(tx, held.person)?.map(|person| person.name).unwrap_or_default();
                device_keys::remove(tx, key)?;
                act.record(tx, entry(AuditAction::KeyForget, key, &owner).before(json!({ "name": held.name })))?;
                let fleet = fleet.clone();
                tx.on_commit(move || fleet.tell(Event::Pending));
                Ok(())
            })
            .await
    }

    /// The key that a fleet is founded with is its founder's: the root that signs the statement says so.
    pub(super) fn announce_founder_in(
        &self,
        tx: &Tx<'_>,
        statement: &Statement,
        founder: &str,
    ) -> Result<(), StoreError> {
        let Some(person) = people::by_name(tx, founder)? else { return Ok(()) };
        let now = self.inner.world.now();
        for operator in statement.operators.iter().filter(|operator| same_name(&operator.name, founder)) {
            device_keys::put(tx, operator.key, person.id, FOUNDING_DEVICE, now)?;
        }
        Ok(())
    }

    /// Whether somebody may do what this key signed: the key must be theirs where it is known whose it is, and their role,
    /// as it is at this moment, must be enough whatever the statement says of the key.
    pub(super) fn signed_in(
        &self,
        tx: &Tx<'_>,
        act: &Act,
        key: SignerKey,
        needed: Role,
    ) -> Result<(), FleetError> {
        let role = match act.actor() {
            Actor::Person { role, .. } | Actor::Token { role, .. } => Some(*role),
            Actor::Console | Actor::Coordinator | Actor::Nobody { .. } => None,
        };
        if role.is_some_and(|role| !role.covers(needed)) {
            return Err(not_any_more(act.person(), needed));
        }
        let key = OperatorKey::from(key);
        let Some(held) = device_keys::one(tx, key)? else { return Ok(()) };
        let owner = people::by_id(tx, held.person)?.ok_or_else(another_persons)?;
        if !same_name(&owner.name, act.person()) {
            return Err(FleetError::Forbidden {
                detail: format!("it is signed by a key of `{}`, but `{}` gives it", owner.name, act.person()),
                hint: "Nothing was done. Do it in a browser of your own, whose key an admin approved.".into(),
            });
        }
        if owner.disabled_at.is_some() || !owner.role.covers(needed) {
            return Err(not_any_more(&owner.name, needed));
        }
        Ok(device_keys::touch(tx, key, self.inner.world.now())?)
    }

    /// Whether an admin may publish this statement: each key that it newly names, or gives another name or role, must have
    /// been announced here by the person of that name, and that person's role must be enough for it.
    pub(super) fn check_named_in(
        tx: &Tx<'_>,
        before: &Statement,
        next: &Statement,
    ) -> Result<(), FleetError> {
        for operator in next.operators.iter().filter(|operator| !before.operators.contains(operator)) {
            let held = device_keys::one(tx, operator.key)?.ok_or_else(|| unannounced(operator))?;
            let owner = people::by_id(tx, held.person)?.ok_or_else(|| unannounced(operator))?;
            if !same_name(&owner.name, &operator.name) {
                return Err(FleetError::Forbidden {
                    detail: format!(
                        "the statement calls a key `{}`'s that `{}` announced",
                        operator.name, owner.name
                    ),
                    hint: "Nothing was published. Name the key after the person who announced it.".into(),
                });
            }
            if owner.disabled_at.is_some() {
                return Err(FleetError::Forbidden {
                    detail: format!("`{}` is disabled, so that no key of theirs is approved", owner.name),
                    hint: "Nothing was published. Enable the person first, or leave the key out.".into(),
                });
            }
            if !owner.role.covers(operator.role) {
                return Err(FleetError::Forbidden {
                    detail: format!(
                        "`{}` is {} here, and the statement lets their key sign as {}",
                        owner.name,
                        owner.role.as_str(),
                        operator.role.as_str()
                    ),
                    hint: "Nothing was published. Give the key the role that its person has, or change the person's."
                        .into(),
                });
            }
        }
        Ok(())
    }
}

/// Whether a statement's or a row's name is this person's, whatever the case of its letters. A first statement may say the
/// device besides, after a dot in the middle of the line, which no person's name has.
fn same_name(one: &str, other: &str) -> bool {
    let person = |name: &str| name.split(" · ").next().unwrap_or_default().to_ascii_lowercase();
    person(one) == person(other)
}

fn device_name(name: &str) -> Result<String, FleetError> {
    let name = name.trim();
    if !name.is_empty() && name.chars().count() <= NAME_CHARS && !name.chars().any(char::is_control) {
        return Ok(name.to_owned());
    }
    let message = format!("must have 1 to {NAME_CHARS} characters, none of them a control character");
    Err(FleetError::Invalid {
        detail: "the device has no proper name".into(),
        hint: "Nothing was announced. Call this browser or computer by a short name.".into(),
        fields: vec![PlanProblem { field: "name".into(), message }],
    })
}

fn may_announce(known: &Known, person: &Person, request: &AnnounceKeyRequest) -> Result<(), FleetError> {
    let AnnounceKeyRequest { key, proof, .. } = request;
    if person.role == Role::Viewer {
        return Err(FleetError::Forbidden {
            detail: "viewers sign nothing, so that a viewer has no operator key".into(),
            hint: "Nothing was announced. Ask an admin for the role operator if you need to change things."
                .into(),
        });
    }
    if !is_announced(key, &known.ledger.fleet(), &person.name, proof) {
        return Err(FleetError::BadSignature {
            detail: format!("the announcement is not signed by this key for `{}` in this fleet", person.name),
            hint: "Nothing was announced. Reload the page, so that this browser announces its own key."
                .into(),
        });
    }
    let statement = known.ledger.statement();
    if SignerKey::from(*key) == statement.root || statement.coordinator((*key).into()).is_some() {
        return Err(FleetError::conflict(
            "this is a key of the fleet itself, and no person's",
            "Nothing was announced. Keep the recovery kit offline, and make a key in this browser.",
        ));
    }
    match known.name(SignerKey::from(*key)) {
        Some(named) if !same_name(named, &person.name) => Err(another_persons()),
        _ => Ok(()),
    }
}

fn another_persons() -> FleetError {
    FleetError::conflict(
        "this key is another person's",
        "Nothing was changed. Each person has a key of their own in each browser: sign in with a browser profile of your own.",
    )
}

fn not_any_more(person: &str, needed: Role) -> FleetError {
    FleetError::Forbidden {
        detail: format!(
            "this needs the role {}, which `{person}` does not have here, whatever the fleet statement says of the key",
            needed.as_str()
        ),
        hint: "Nothing was done. Let somebody with that role do it, or an admin give it to you.".into(),
    }
}

/// Forbidden, so that it stands in the audit: whoever stole an admin's key would name one of their own first of all.
fn unannounced(operator: &Operator) -> FleetError {
    let fingerprint = Fingerprint::of_device(&operator.key);
    FleetError::Forbidden {
        detail: format!(
            "nobody announced the key {fingerprint} here that the statement calls `{}`'s",
            operator.name
        ),
        hint: "Nothing was published. Let its owner sign in with that browser first, then approve the key by its \
               fingerprint; or sign the statement with the recovery kit."
            .into(),
    }
}

fn entry(action: AuditAction, key: OperatorKey, owner: &str) -> Entry {
    Entry::new(action).on(TargetKind::Key, key, owner)
}

fn announced(known: &Known, held: DeviceKey, person: Option<&Person>) -> DeviceKeyView {
    let fingerprint = Fingerprint::of_device(&held.key);
    DeviceKeyView {
        key: held.key,
        fingerprint: fingerprint.to_string(),
        words: fingerprint.words().map(str::to_owned).to_vec(),
        person: person.map(|person| person.name.clone()),
        person_id: person.map(|person| person.id.0),
        person_role: person.map(|person| person.role),
        person_disabled: person.is_some_and(|person| person.disabled_at.is_some()),
        name: held.name,
        role: known.role(held.key.into()),
        announced_at: Some(held.announced_at),
        used_at: held.used_at,
    }
}

/// A key that the statement names and nobody announced here.
fn named_alone(operator: &Operator) -> DeviceKeyView {
    let fingerprint = Fingerprint::of_device(&operator.key);
    DeviceKeyView {
        key: operator.key,
        fingerprint: fingerprint.to_string(),
        words: fingerprint.words().map(str::to_owned).to_vec(),
        person: None,
        person_id: None,
        person_role: None,
        person_disabled: false,
        name: operator.name.clone(),
        role: Some(operator.role),
        announced_at: None,
        used_at: None,
    }
}
