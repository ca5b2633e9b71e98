//! Orders about what may be removed: previews, snapshots that are this host's own after all, the admin credential for
//! one run, and who else claims to look after a repository.

use serde::Deserialize;
use wire::{
    action::{JobOptions, OrderRefusalCode, Outcome, SealedSecret},
    id::{GroupName, RepositoryName, UnixMs},
    job::{JobKind, Origin},
    order::Order,
    plan::{BackendKind, Owner, Plan, Repository, Retention},
    seal::{BoxContext, Secret, SecretSlot},
    snapshot::HoldCause,
    trust::Ledger,
};

use super::act::{Refuse, in_plan, not_found, refuse};
use crate::{
    desired::{Desk, Secrets},
    run::{JobRequest, upkeep},
    store::{Tx, holds},
};

/// A credential on its way to memory must not wait anywhere.
const LONGEST_WAY_MS: i64 = 15 * 60 * 1000;

/// Claimants that a hold names; nobody would read more of them.
const MOST_CLAIMANTS: usize = 20;
/// Characters of a claimant's name.
const LONGEST_CLAIMANT: usize = 100;

/// What the slot `repository/NAME/admin` holds.
#[derive(Deserialize)]
struct Admin {
    #[serde(default)]
    user: String,
    password: String,
    /// Where this login is taken, when it is another door of the same repository.
    #[serde(default)]
    url: Option<String>,
}

impl Desk {
    pub(super) fn preview_retention(
        &self,
        tx: &Tx<'_>,
        plan: &Plan,
        (group, retention): (&GroupName, &Retention),
        origin: &Origin,
    ) -> Result<Outcome, Refuse> {
        let Some(found) = plan.groups.get(group) else {
            return Err(not_found(format!("there is no group `{group}` in this host's plan")));
        };
        let (repository, group) = (found.repository.clone(), Some(group.clone()));
        let options = JobOptions { retention: Some(retention.clone()), ..JobOptions::default() };
        let request = JobRequest::new(JobKind::RetentionPreview, repository, group, origin.clone());
        self.submit(tx, &[JobRequest { options, ..request }])
    }

    pub(super) fn adopt(
        &self,
        tx: &Tx<'_>,
        plan: &Plan,
        repository: &RepositoryName,
        snapshots: &[String],
    ) -> Result<Outcome, Refuse> {
        in_plan(plan, repository)?;
        if snapshots.is_empty() {
            return Err(not_found("the order names no snapshot".to_owned()));
        }
        match self.engine_or_refuse()?.adopt_in(tx, repository, snapshots)? {
            None => Ok(Outcome::Accepted { jobs: Vec::new(), revision: None }),
            Some(id) => {
                let id = id.chars().take(64).collect::<String>();
                Err(not_found(format!("there is no snapshot {id} in the repository `{repository}`")))
            }
        }
    }

    /// Holds the credential in memory and queues what it is for. Nothing of it is written down, here or anywhere.
    pub(super) fn release(
        &self,
        tx: &Tx<'_>,
        ledger: &Ledger,
        plan: &Plan,
        (order, now): (&Order, UnixMs),
        (name, secret): (&RepositoryName, &SealedSecret),
    ) -> Result<Outcome, Refuse> {
        in_plan(plan, name)?;
        let repository = &plan.repositories[name];
        may_release(repository, order, now).map_err(|(problem, hint)| {
            refuse(OrderRefusalCode::BadSecret, format!("the admin credential of `{name}`: {problem}"), hint)
        })?;
        if secret.slot != SecretSlot::RepositoryAdmin(name.clone()) {
            let message = format!("{} is not the admin credential of `{name}`", secret.slot);
            return Err(refuse(OrderRefusalCode::BadSecret, message, "Seal it for the slot that it is for."));
        }
        let engine = self.engine_or_refuse()?;
        let keys = self.keys();
        let context =
            BoxContext::to_agent(ledger.fleet(), keys.id(), keys.seal_key(), &secret.slot, secret.revision);
        let opened = Secrets::open_for_memory(secret, &context, &keys.seal, plan)?;
        let (Ok(admin), text) = (serde_json::from_slice::<Admin>(opened.expose()), &secret.slot) else {
            let message = format!("{}: the value is not JSON with a user and a password", secret.slot);
            return Err(refuse(OrderRefusalCode::BadSecret, message, "Correct the value and send it again."));
        };
        if admin.url.as_ref().is_some_and(|url| !is_address(url)) {
            let message = format!("{text}: its url must begin with https:// or http:// and hold no login");
            return Err(refuse(OrderRefusalCode::BadSecret, message, "Correct the value and send it again."));
        }
        let origin = Origin::Operator { person: order.person.clone(), order: order.id };
        let outcome = self.submit(tx, &released_jobs(plan, name, &origin))?;
        engine.release(
            name.clone(),
            (&admin.user, engine.host(plan)),
            Secret::new(admin.password.into_bytes()),
            admin.url,
        );
        Ok(outcome)
    }

    pub(super) fn claims(
        &self,
        tx: &Tx<'_>,
        plan: &Plan,
        repository: &RepositoryName,
        claimants: &[Owner],
    ) -> Result<Outcome, Refuse> {
        in_plan(plan, repository)?;
        let me = self.agent();
        let others = named(claimants.iter().filter(|owner| owner.agent != me));
        let now = self.0.world.now();
        if others.is_empty() {
            holds::clear(tx, HoldCause::Claims, Some(repository), now)?;
        } else {
            let message = upkeep::claimed_by(&others);
            holds::keep_claims(tx, repository, &message, others, now)?;
        }
        Ok(Outcome::Accepted { jobs: Vec::new(), revision: None })
    }
}

/// These, as a hold may name them: its text is kept, journalled and shown, and a coordinator alone says what is in it.
fn named<'a>(claimants: impl Iterator<Item = &'a Owner>) -> Vec<String> {
    let name = |owner: &Owner| {
        let name: String = owner.name.chars().filter(|it| !it.is_control()).take(LONGEST_CLAIMANT).collect();
        if name.trim().is_empty() { owner.agent.to_string() } else { name }
    };
    claimants.take(MOST_CLAIMANTS).map(name).collect()
}

/// One forget for each group with a policy, and one prune.
fn released_jobs(plan: &Plan, name: &RepositoryName, origin: &Origin) -> Vec<JobRequest> {
    let request = |kind, group| {
        let options = JobOptions { released: true, ..JobOptions::default() };
        JobRequest { options, ..JobRequest::new(kind, name.clone(), group, origin.clone()) }
    };
    let here = plan.groups.iter().filter(|(_, group)| {
        !group.retention.is_empty() && (group.repository == *name || group.copy_to.as_ref() == Some(name))
    });
    let mut wanted: Vec<JobRequest> =
        here.map(|(group, _)| request(JobKind::Forget, Some(group.clone()))).collect();
    wanted.push(request(JobKind::Prune, None));
    wanted
}

/// What is wrong, and what to do instead.
fn may_release(
    repository: &Repository,
    order: &Order,
    now: UnixMs,
) -> Result<(), (&'static str, &'static str)> {
    if !repository.append_only {
        let hint = "Run forget and prune as they are, or say in the plan that it only appends.";
        return Err(("the plan does not say that this repository only appends, so none is needed", hint));
    }
    if repository.backend.kind() != BackendKind::Rest {
        return Err(("only a REST server takes another login", "Give the work to a keeper."));
    }
    if order.expires_at.since(now) > LONGEST_WAY_MS {
        let hint = "Release it again: the order must be over within 15 minutes.";
        return Err(("its order would be good for too long", hint));
    }
    Ok(())
}

fn is_address(url: &str) -> bool {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    rest.is_some_and(|rest| {
        !rest.is_empty() && !rest.contains(['@', '?', '#']) && !rest.chars().any(char::is_whitespace)
    })
}
