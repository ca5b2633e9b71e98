//! What the audit tells of an order: what it asks for and changes, by names and numbers, never what it carries.
//!
//! Plans' values, paths and boxes stay out; a list is cut where it says enough.

use serde_json::{Value, json};
use wire::{
    action::{Action, SealedSecret},
    id::AgentId,
    order::Order,
    plan::{Plan, changes},
    restore::{Pick, RestoreTarget},
    view::AuditAction,
};

use super::{Fleet, FleetError};
use crate::{
    audit::Entry,
    store::{
        Tx,
        hosts::{self, HostId},
    },
};

/// Of a list, the first so many.
const FEW: usize = 50;
/// Of a text.
const CHARS: usize = 500;

impl Fleet {
    /// The record of an order that is given to a host which is at this revision of its plan.
    pub(super) fn given(
        &self,
        tx: &Tx<'_>,
        (agent, host): (AgentId, HostId),
        order: &Order,
        revision: u64,
        plan: Option<&Plan>,
    ) -> Result<Entry, FleetError> {
        let entry = self.of_host(AuditAction::OrderGive, agent);
        let before = match &order.action {
            Action::Rename { .. } => hosts::named(tx, host)?.map(|(name, tags)| named(&name, &tags)),
            Action::SetPlan { .. } => Some(json!({ "revision": revision })),
            _ => None,
        };
        let mut whole = json!({ "order": order.id, "action": order.action.as_str() });
        if let (Some(whole), Value::Object(after)) = (whole.as_object_mut(), asked(&order.action, plan)) {
            whole.extend(after);
        }
        let entry = entry.after(whole);
        Ok(match before {
            Some(before) => entry.before(before),
            None => entry,
        })
    }
}

/// What an action asks for, and what it changes of the plan that the host has.
fn asked(action: &Action, plan: Option<&Plan>) -> Value {
    match action {
        Action::Run { groups, .. } => json!({ "groups": few(groups.iter()) }),
        Action::Cancel { job } => json!({ "job": job }),
        Action::Probe { repository } | Action::Refresh { repository } | Action::Reinit { repository } => {
            json!({ "repository": repository })
        }
        Action::SetPlan { base_revision, plan: next, secrets, note } => {
            let nothing = Plan::default();
            let changed = changes(plan.unwrap_or(&nothing), next);
            json!({
                "base_revision": base_revision,
                "changes": few(changed.iter()),
                "secrets": few(secrets.iter().map(slot)),
                "note": note.as_deref().map(short),
            })
        }
        Action::Restore { restore } => json!({
            "repository": restore.repository,
            "snapshot": short(&restore.snapshot),
            "target": target(&restore.target),
            "paths": few(restore.picks.iter().map(pick)),
            "overwrite": restore.overwrite,
            "ownership": restore.ownership,
            "verify": restore.verify,
            "dry_run": restore.dry_run,
            "meanwhile": restore.meanwhile,
            "source": restore.lent.as_ref().map(|lent| short(&lent.source_name)),
        }),
        Action::Lend { repository, to_name, job, to } => {
            json!({ "repository": repository, "to": to.id, "to_name": short(to_name), "job": job })
        }
        Action::Download { repository, snapshot, path, archive, .. } => {
            json!({ "repository": repository, "snapshot": short(snapshot), "path": short(path.as_str()), "archive": archive })
        }
        Action::SetSecret { secret } => json!({ "secret": slot(secret) }),
        Action::ConfirmPlan { revision } => json!({ "revision": revision }),
        Action::DryRun { group, settings } => json!({ "group": group, "other_settings": settings.is_some() }),
        Action::PreviewRetention { group, .. } => json!({ "group": group }),
        Action::Maintain { repository, task, groups, .. } => {
            json!({ "repository": repository, "task": task, "groups": few(groups.iter()) })
        }
        Action::Unlock { repository, locks } => json!({ "repository": repository, "locks": locks.len() }),
        Action::Copy { group, to, snapshots } => {
            json!({ "group": group, "to": to, "snapshots": snapshots.len() })
        }
        Action::Adopt { repository, snapshots } => {
            json!({ "repository": repository, "snapshots": snapshots.len() })
        }
        Action::Release { repository, secret } => json!({ "repository": repository, "secret": slot(secret) }),
        Action::Claims { repository, claimants } => {
            json!({ "repository": repository, "claimants": claimants.len() })
        }
        Action::Rename { name, tags } => named(name, tags),
        Action::Retire { .. } => json!({}),
    }
}

fn named(name: &str, tags: &[String]) -> Value {
    json!({ "name": short(name), "tags": few(tags.iter().map(|tag| short(tag))) })
}

/// Which secret, and which one of it in the row: never what it is.
pub(super) fn slot(secret: &SealedSecret) -> Value {
    json!({ "slot": secret.slot, "revision": secret.revision })
}

/// The first of them, and how many more there are.
pub(super) fn few(all: impl ExactSizeIterator<Item = impl serde::Serialize>) -> Value {
    let more = all.len().saturating_sub(FEW);
    let mut shown: Vec<Value> = all.take(FEW).map(|one| json!(one)).collect();
    if more > 0 {
        shown.push(json!({ "more": more }));
    }
    Value::Array(shown)
}

fn pick(Pick { path, take }: &Pick) -> Value {
    json!({ "path": short(path.as_str()), "take": take })
}

fn target(target: &RestoreTarget) -> Value {
    match target {
        RestoreTarget::Fresh => json!({ "to": "fresh" }),
        RestoreTarget::Directory { path, base } => {
            json!({ "to": "directory", "path": short(path), "base": base.as_ref().map(|base| short(base.as_str())) })
        }
        RestoreTarget::InPlace { host } => json!({ "to": "in_place", "host": short(host) }),
    }
}

fn short(text: &str) -> String {
    text.chars().take(CHARS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The largest that an order may ask for.
    #[test]
    fn what_the_audit_keeps_of_a_restore_is_bounded() {
        let long = format!("/{}", "\u{1}".repeat(100_000));
        let restore = |target: Value, picks: Value| {
            let action = json!({
                "do": "restore", "repository": "main", "snapshot": "ab".repeat(32), "picks": picks, "target": target,
            });
            serde_json::from_value::<Action>(action).unwrap()
        };
        let picks = (0..500).map(|_| json!({ "path": long, "take": true })).collect();
        let directory = json!({ "to": "directory", "path": long, "base": long });
        for action in [
            restore(directory, Value::Array(picks)),
            restore(json!({ "to": "in_place", "host": long }), json!([])),
        ] {
            assert!(asked(&action, None).to_string().len() < 256 * 1024);
        }
        let picks = json!([{ "path": "/home", "take": true }, { "path": "/home/x", "take": false }]);
        assert_eq!(asked(&restore(json!({ "to": "fresh" }), picks.clone()), None)["paths"], picks);
    }

    #[test]
    fn the_audit_tells_a_dry_run_from_what_it_rehearses() {
        let told = |manner: Value| {
            let mut action = json!({
                "do": "restore", "repository": "main", "snapshot": "ab".repeat(32), "target": { "to": "fresh" },
            });
            action.as_object_mut().unwrap().extend(manner.as_object().unwrap().clone());
            asked(&serde_json::from_value(action).unwrap(), None)
        };
        let real = told(json!({}));
        for (name, usual, other) in [
            ("overwrite", json!("always"), json!("if_newer")),
            ("ownership", json!("keep"), json!("drop")),
            ("verify", json!(false), json!(true)),
            ("dry_run", json!(false), json!(true)),
            ("meanwhile", json!("wait"), json!("cancel")),
        ] {
            assert_eq!(real[name], usual, "{name}");
            assert_eq!(told(json!({ name: other }))[name], other, "{name}");
        }
    }
}
