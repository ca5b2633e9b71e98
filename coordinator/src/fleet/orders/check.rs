//! What an agent would refuse for certain: said here, it spares a person the wait.

use wire::{
    action::Action,
    id::{AgentId, HostName, UnixMs},
    order::{Needed, Order, needed},
    plan::Plan,
    restore::{Restore, RestoreError},
    trust::{Role, Signed},
};

use crate::{
    fleet::{FleetError, Known},
    store::{Tx, hosts::HostId, orders},
};

/// What the agent would refuse for certain.
pub(in crate::fleet) fn check(
    known: &Known,
    agent: AgentId,
    order: &Order,
    signed: &Signed<Order>,
    plan: Option<&Plan>,
    now: UnixMs,
) -> Result<(), FleetError> {
    if order.agent != agent || order.fleet != known.ledger.fleet() {
        return Err(FleetError::conflict(
            "the order is addressed to another host or fleet",
            "Nothing was done. Reload the page and do it again.",
        ));
    }
    if order.expires_at <= now {
        return Err(FleetError::Expired {
            detail: format!("the order expired at {}", order.expires_at),
            hint: "Give it again; check this computer's clock.".into(),
        });
    }
    if let Needed::Operator(role) = needed(&order.action, plan)
        && !known.role(signed.by()).is_some_and(|found| found.covers(role))
    {
        return Err(not_authorised(known, order, signed, role));
    }
    if let Action::SetPlan { plan, .. } = &order.action
        && let Err(problems) = plan.validate()
    {
        return Err(FleetError::Invalid {
            detail: "the plan is not valid".into(),
            hint: "Nothing was changed. Mend the fields that are named.".into(),
            fields: problems.0,
        });
    }
    match &order.action {
        Action::Rename { name, .. } => named(name),
        Action::Restore { restore } => restorable(restore),
        _ => Ok(()),
    }
}

fn restorable(restore: &Restore) -> Result<(), FleetError> {
    let field = |error: &RestoreError| match error {
        RestoreError::Snapshot(_) => "snapshot",
        RestoreError::Path(_) | RestoreError::TooMany { .. } | RestoreError::Nothing => "picks",
        RestoreError::Target(_) => "target",
    };
    restore.validate().map_err(|error| FleetError::field(field(&error), error.to_string()))
}

/// What a host may be called, whether it joins or is renamed: reports, alerts and other hosts' plans repeat it.
pub(in crate::fleet) fn named(name: &str) -> Result<(), FleetError> {
    match name.parse::<HostName>() {
        Ok(_) => Ok(()),
        Err(problem) => Err(FleetError::Invalid {
            detail: problem.to_string(),
            hint: "Nothing was changed. Give the host another name.".into(),
            fields: Vec::new(),
        }),
    }
}

fn not_authorised(known: &Known, order: &Order, signed: &Signed<Order>, role: Role) -> FleetError {
    let who = match known.name(signed.by()) {
        Some(name) => format!("the key of `{name}`"),
        None => "a key that does not stand in the fleet statement".to_owned(),
    };
    FleetError::Forbidden {
        detail: format!(
            "`{}` needs the role {}, but it is signed by {who}",
            order.action.as_str(),
            role.as_str()
        ),
        hint: "Nothing was done. Let somebody with that role do it.".into(),
    }
}

/// An edit is made on the revision that the host is at, and one at a time.
pub(super) fn check_base(
    tx: &Tx<'_>,
    host: HostId,
    order: &Order,
    revision: u64,
    now: UnixMs,
) -> Result<(), FleetError> {
    let Action::SetPlan { base_revision, .. } = &order.action else { return Ok(()) };
    if *base_revision != revision {
        return Err(FleetError::Stale {
            detail: format!(
                "the edit was made on revision {base_revision}, but the host is at revision {revision}"
            ),
            hint: "Look at what changed meanwhile, and make the edit again on top of it.".into(),
        });
    }
    none_waits(tx, host, order, now, "an edit of this plan")
}

/// A rename gives name and tags as a whole: the later of two would undo what the earlier changed.
pub(super) fn check_rename(tx: &Tx<'_>, host: HostId, order: &Order, now: UnixMs) -> Result<(), FleetError> {
    match &order.action {
        Action::Rename { .. } => none_waits(tx, host, order, now, "another name or other tags"),
        _ => Ok(()),
    }
}

/// One that was sent already is answered in a moment.
fn none_waits(tx: &Tx<'_>, host: HostId, order: &Order, now: UnixMs, what: &str) -> Result<(), FleetError> {
    match orders::open_of(tx, host, order.action.as_str(), now)? {
        Some((person, true)) => Err(FleetError::conflict(
            format!("{what} by {person} still waits for the host"),
            "Withdraw it first, or wait until the host has taken it.",
        )),
        Some((_, false)) | None => Ok(()),
    }
}
