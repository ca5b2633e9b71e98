//! Templates: plans that are kept to be given to hosts.

use serde_json::json;
use wire::{
    id::UnixMs,
    plan::{Plan, PlanProblem, changes},
    view::{AuditAction, TargetKind, TemplateView},
};

use super::{Fleet, FleetError, told::few};
use crate::{
    audit::{Act, Entry},
    store::templates,
};

/// More are nobody's work.
const MOST: u64 = 200;
const NAME_CHARS: usize = 64;

/// What a change of a template was made on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MadeOn {
    Anything,
    /// There must be none of this name.
    Nothing,
    /// It must be the one of this time.
    Version(UnixMs),
}

impl MadeOn {
    fn check(self, held: Option<&TemplateView>) -> Result<(), FleetError> {
        match (self, held) {
            (Self::Anything, _) | (Self::Nothing, None) => Ok(()),
            (Self::Version(at), Some(held)) if held.changed_at == at => Ok(()),
            (Self::Nothing, Some(held)) => Err(FleetError::conflict(
                format!("there is a template `{}` already, made by {}", held.name, held.made_by),
                "Nothing was changed. Choose another name, or look at it and replace it.",
            )),
            (Self::Version(_), held) => Err(FleetError::Stale {
                detail: held.map_or_else(
                    || "the template was removed meanwhile".to_owned(),
                    |held| format!("the template `{}` was changed by {} meanwhile", held.name, held.made_by),
                ),
                hint: "Nothing was changed. Look at how it is now, and make the change again.".into(),
            }),
        }
    }
}

impl Fleet {
    /// By name.
    pub async fn templates(&self) -> Result<Vec<TemplateView>, FleetError> {
        Ok(self.inner.store.read(templates::all).await?)
    }

    /// Keeps a plan under a name, instead of what was there under it, whatever its case.
    pub async fn keep_template(
        &self,
        act: &Act,
        name: &str,
        plan: Plan,
        made_on: MadeOn,
    ) -> Result<TemplateView, FleetError> {
        let name = name.trim().to_owned();
        let mut problems = plan.validate().err().map(|error| error.0).unwrap_or_default();
        if name.is_empty() || name.chars().count() > NAME_CHARS || name.chars().any(char::is_control) {
            let message = format!("must have 1 to {NAME_CHARS} characters, none of them a control character");
            problems.insert(0, PlanProblem { field: "name".into(), message });
        }
        if !problems.is_empty() {
            return Err(FleetError::Invalid {
                detail: "the template is not valid".into(),
                hint: "Nothing was kept. Mend the fields that are named.".into(),
                fields: problems,
            });
        }
        let mut template =
            TemplateView { name, plan, made_by: act.person().to_owned(), changed_at: self.inner.world.now() };
        let act = act.clone();
        self.inner
            .store
            .write(move |tx| {
                let held = templates::one(tx, &template.name)?;
                made_on.check(held.as_ref())?;
                if held.is_none() && templates::count(tx)? >= MOST {
                    return Err(FleetError::conflict(
                        format!("there are {MOST} templates already"),
                        "Remove one that nobody uses first.",
                    ));
                }
                let nothing = Plan::default();
                let changed = changes(held.as_ref().map_or(&nothing, |held| &held.plan), &template.plan);
                let mut entry = entry(AuditAction::TemplateKeep, &template.name)
                    .after(json!({ "changes": few(changed.iter()) }));
                if let Some(held) = held {
                    entry = entry.before(json!({ "made_by": held.made_by, "changed_at": held.changed_at }));
                    // Its version: also two changes within one millisecond are told apart.
                    template.changed_at = template.changed_at.max(held.changed_at.plus_ms(1));
                }
                templates::put(tx, &template)?;
                act.record(tx, entry)?;
                Ok(template)
            })
            .await
    }

    pub async fn remove_template(&self, act: &Act, name: &str, made_on: MadeOn) -> Result<(), FleetError> {
        let (wanted, act) = (name.trim().to_owned(), act.clone());
        self.inner
            .store
            .write(move |tx| {
                let held = templates::one(tx, &wanted)?;
                made_on.check(held.as_ref())?;
                if templates::remove(tx, &wanted)? {
                    let entry = entry(AuditAction::TemplateRemove, &wanted);
                    let before =
                        held.map(|held| json!({ "made_by": held.made_by, "changed_at": held.changed_at }));
                    act.record(tx, entry.before(before))?;
                    return Ok(());
                }
                Err(FleetError::not_found("template", wanted))
            })
            .await
    }
}

fn entry(action: AuditAction, name: &str) -> Entry {
    Entry::new(action).on(TargetKind::Template, name.to_lowercase(), name)
}
