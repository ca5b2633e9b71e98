//! What the endpoint refuses from afar, whoever signed it. Set in agent.toml alone.
//!
//! Pure: given the plan that is and the one that is wished, says which rule forbids it.

mod restoring;

use std::path::PathBuf;

use serde::Deserialize;
use wire::{
    action::Action,
    host::PolicyFacts,
    plan::{Plan, PlanChange, Retention, changes},
    seal::SecretSlot,
};

/// `[policy]`. All absent: nothing is refused.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Policy {
    /// Repositories, once they are there, cannot be changed or removed by an order, nor can their secrets.
    pub refuse_destination_changes: bool,
    /// No hook's body is taken by an order, and no plan that changes which hooks run.
    pub refuse_hooks: bool,
    /// Actions that are refused altogether, by name, such as `set_plan`.
    pub refuse_orders: Vec<String>,
    /// No group, and on a keeper none of its wards', may keep less than this.
    pub keep_at_least: Option<Floor>,
    /// No restore writes over what is there.
    pub refuse_in_place: bool,
    /// Restores go into new directories below one of these, and nowhere else; anywhere when there is none.
    pub restore_below: Vec<PathBuf>,
}

/// The retention floor; a rule that is left out asks for nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(clippy::struct_field_names, reason = "restic's own words")]
pub struct Floor {
    pub keep_last: u32,
    pub keep_hourly: u32,
    pub keep_daily: u32,
    pub keep_weekly: u32,
    pub keep_monthly: u32,
    pub keep_yearly: u32,
}

/// Which rule forbids it, and how a person at the endpoint would allow it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    pub message: String,
    pub hint: String,
}

impl Policy {
    pub(super) fn validate(&self) -> Result<(), String> {
        match self.refuse_orders.iter().find(|name| !Action::NAMES.contains(&name.as_str())) {
            None => self.restore_places(),
            Some(name) => Err(format!(
                "policy.refuse_orders: there is no order named `{name}`; there are {}",
                Action::NAMES.join(", ")
            )),
        }
    }

    /// What the fleet is told of it.
    pub fn facts(&self) -> PolicyFacts {
        PolicyFacts {
            refuse_destination_changes: self.refuse_destination_changes,
            refuse_hooks: self.refuse_hooks,
            refuse_orders: self.refuse_orders.clone(),
            refuse_in_place: self.refuse_in_place,
            restore_below: self
                .restore_below
                .iter()
                .map(|path| path.to_string_lossy().into_owned())
                .collect(),
            keep_at_least: self.keep_at_least.map(Floor::retention),
        }
    }

    /// Whether this action may be carried out on this host, whose plan is `plan`.
    pub fn allows(&self, action: &Action, plan: &Plan) -> Result<(), Refused> {
        if self.refuse_orders.iter().any(|name| name == action.as_str()) {
            let rule = format!("refuse_orders names {}", action.as_str());
            return Err(refused(&rule, &format!("this host takes no {} order", action.as_str())));
        }
        match action {
            Action::SetPlan { plan: wished, secrets, .. } => {
                self.destinations(plan, wished)?;
                self.hooks(plan, wished)?;
                self.retention(wished)?;
                secrets.iter().try_for_each(|secret| self.secret(&secret.slot, plan))
            }
            Action::SetSecret { secret } | Action::Release { secret, .. } => self.secret(&secret.slot, plan),
            Action::Run { .. }
            | Action::Cancel { .. }
            | Action::Probe { .. }
            | Action::Refresh { .. }
            | Action::ConfirmPlan { .. }
            | Action::DryRun { .. }
            | Action::PreviewRetention { .. }
            | Action::Maintain { .. }
            | Action::Unlock { .. }
            | Action::Copy { .. }
            | Action::Reinit { .. }
            | Action::Adopt { .. }
            | Action::Claims { .. }
            | Action::Lend { .. }
            | Action::Download { .. }
            | Action::Rename { .. }
            | Action::Retire { .. } => Ok(()),
            Action::Restore { restore } => self.restores(restore),
        }
    }

    fn destinations(&self, plan: &Plan, wished: &Plan) -> Result<(), Refused> {
        if !self.refuse_destination_changes {
            return Ok(());
        }
        let changed = plan.repositories.iter().find(|(name, is)| wished.repositories.get(*name) != Some(*is));
        match changed {
            None => Ok(()),
            Some((name, _)) => Err(refused(
                "refuse_destination_changes",
                &format!("the repository `{name}` of this host cannot be changed or removed from afar"),
            )),
        }
    }

    fn hooks(&self, plan: &Plan, wished: &Plan) -> Result<(), Refused> {
        let changed = changes(plan, wished).into_iter().find_map(|change| match change {
            PlanChange::HooksChanged { group } => Some(group),
            _ => None,
        });
        if let Some(group) = changed.filter(|_| self.refuse_hooks) {
            let of = group.map_or_else(|| "this host".to_owned(), |group| format!("the group `{group}`"));
            return Err(refused("refuse_hooks", &format!("the hooks of {of} cannot be changed from afar")));
        }
        let here: Vec<&str> = files(plan).collect();
        match files(wished).find(|path| !here.contains(path)) {
            None => Ok(()),
            Some(path) => Err(Refused {
                message: format!("the hook file {path} is not one that this host's plan names already"),
                hint: "Only the host's own plan.toml may name a file as a hook: write it there, or give the hook's body as a secret."
                    .to_owned(),
            }),
        }
    }

    fn secret(&self, slot: &SecretSlot, plan: &Plan) -> Result<(), Refused> {
        let there = slot.repository().is_some_and(|name| plan.repositories.contains_key(name));
        if self.refuse_destination_changes && there {
            return Err(refused(
                "refuse_destination_changes",
                &format!("{slot} of this host cannot be set from afar"),
            ));
        }
        if self.refuse_hooks && slot.is_hook() {
            return Err(refused("refuse_hooks", "this host takes no hooks from afar"));
        }
        Ok(())
    }

    fn retention(&self, wished: &Plan) -> Result<(), Refused> {
        let Some(floor) = self.keep_at_least else { return Ok(()) };
        let own = wished.groups.iter().map(|(group, it)| (format!("the group `{group}`"), &it.retention));
        // A keeper's wards lose what it forgets, by policies that came with the plan.
        let wards = wished.repositories.values().flat_map(|repository| &repository.wards).flat_map(|ward| {
            let of = |group| format!("the group `{group}` of the host `{}`", ward.hostname);
            ward.groups.iter().map(move |(group, retention)| (of(group), retention))
        });
        for (group, retention) in own.chain(wards) {
            if let Some((rule, least)) = floor.broken_by(retention) {
                let less = format!("{group} would keep less than {rule} = {least}");
                return Err(refused("keep_at_least", &less));
            }
        }
        Ok(())
    }
}

impl Floor {
    fn retention(self) -> Retention {
        let Self { keep_last, keep_hourly, keep_daily, keep_weekly, keep_monthly, keep_yearly } = self;
        Retention {
            keep_last,
            keep_hourly,
            keep_daily,
            keep_weekly,
            keep_monthly,
            keep_yearly,
            ..Retention::KEEP_EVERYTHING
        }
    }

    /// Keeping everything is never too little.
    fn broken_by(self, retention: &Retention) -> Option<(&'static str, u32)> {
        if retention.is_empty() {
            return None;
        }
        [
            ("keep_last", self.keep_last, retention.keep_last),
            ("keep_hourly", self.keep_hourly, retention.keep_hourly),
            ("keep_daily", self.keep_daily, retention.keep_daily),
            ("keep_weekly", self.keep_weekly, retention.keep_weekly),
            ("keep_monthly", self.keep_monthly, retention.keep_monthly),
            ("keep_yearly", self.keep_yearly, retention.keep_yearly),
        ]
        .into_iter()
        .find(|(_, least, kept)| kept < least)
        .map(|(rule, least, _)| (rule, least))
    }
}

/// Every file that a plan names as a hook.
fn files(plan: &Plan) -> impl Iterator<Item = &str> {
    let groups = plan.groups.values().flat_map(|group| group.hooks.files());
    plan.hooks.files().chain(groups)
}

fn refused(rule: &str, message: &str) -> Refused {
    Refused {
        message: format!("{message} (policy.{rule})"),
        hint: "change [policy] in agent.toml at the host itself, then try again".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wire::{
        action::SealedSecret,
        plan::{Group, Hooks},
    };

    fn plan(text: &str) -> Plan {
        toml::from_str(text).unwrap()
    }

    fn set(plan: Plan) -> Action {
        Action::SetPlan { base_revision: 1, plan, secrets: Vec::new(), note: None }
    }

    const LOCAL: &str = "[repositories.main]\nbackend = { kind = \"local\", path = \"/a\" }\n";

    #[test]
    fn destinations_hold_but_new_ones_may_come() {
        let policy = Policy { refuse_destination_changes: true, ..Policy::default() };
        let now = plan(LOCAL);
        assert!(policy.allows(&set(now.clone()), &Plan::default()).is_ok());
        assert!(policy.allows(&set(now.clone()), &now).is_ok());
        let moved = plan(&LOCAL.replace("/a", "/b"));
        let said = policy.allows(&set(moved), &now).unwrap_err();
        insta::assert_snapshot!(said.message);
        assert!(policy.allows(&set(Plan::default()), &now).is_err());

        let secret = SealedSecret {
            slot: "repository/main/password".parse().unwrap(),
            revision: 2,
            sealed: wire::id::Base64Bytes(vec![]),
        };
        assert!(policy.allows(&Action::SetSecret { secret: secret.clone() }, &now).is_err());
        assert!(policy.allows(&Action::SetSecret { secret }, &Plan::default()).is_ok());
    }

    #[test]
    fn no_group_keeps_less_than_the_floor_but_everything_is_enough() {
        let floor = Floor { keep_daily: 7, ..Floor::default() };
        let policy = Policy { keep_at_least: Some(floor), ..Policy::default() };
        let group = |retention: &str| {
            plan(&format!("{LOCAL}[groups.default]\nincludes = [\"/etc\"]\nretention = {{ {retention} }}\n"))
        };
        assert!(policy.allows(&set(group("keep_daily = 7")), &Plan::default()).is_ok());
        let little = policy.allows(&set(group("keep_daily = 6")), &Plan::default()).unwrap_err();
        insta::assert_snapshot!(little.message);
        let everything = "keep_daily = 0, keep_weekly = 0, keep_monthly = 0";
        assert!(policy.allows(&set(group(everything)), &Plan::default()).is_ok());
    }

    #[test]
    fn a_keeper_forgets_no_more_of_its_wards_than_the_floor_allows() {
        let floor = Floor { keep_daily: 7, ..Floor::default() };
        let policy = Policy { keep_at_least: Some(floor), ..Policy::default() };
        let keeper = |keep_daily: u32| {
            let mut plan = plan(LOCAL);
            let ward = serde_json::json!({
                "agent": wire::id::AgentId([3; 32]),
                "hostname": "web",
                "revision": 1,
                "groups": { "default": { "keep_daily": keep_daily } },
            });
            plan.repositories
                .values_mut()
                .for_each(|it| it.wards = vec![serde_json::from_value(ward.clone()).unwrap()]);
            plan
        };
        assert!(policy.allows(&set(keeper(7)), &Plan::default()).is_ok());
        let little = policy.allows(&set(keeper(1)), &Plan::default()).unwrap_err();
        assert_eq!(
            little.message,
            "the group `default` of the host `web` would keep less than keep_daily = 7 (policy.keep_at_least)"
        );
    }

    #[test]
    fn a_group_that_goes_takes_no_hook_with_it_where_hooks_are_refused() {
        let policy = Policy { refuse_hooks: true, ..Policy::default() };
        let hooked = plan(&format!(
            "{LOCAL}[groups.web]\nincludes = [\"/etc\"]\n[groups.web.hooks]\npre = \"secret\"\n"
        ));
        let mut renamed = hooked.clone();
        let group = renamed.groups.pop_first().unwrap().1;
        let gone = renamed.clone();
        renamed.groups.insert("shop".parse().unwrap(), Group { hooks: Hooks::default(), ..group });
        for after in [gone, renamed] {
            let said = policy.allows(&set(after), &hooked).unwrap_err();
            assert_eq!(
                said.message,
                "the hooks of the group `web` cannot be changed from afar (policy.refuse_hooks)"
            );
        }
    }

    #[test]
    fn whole_orders_and_hooks_can_be_refused() {
        let policy =
            Policy { refuse_orders: vec!["run".to_owned()], refuse_hooks: true, ..Policy::default() };
        let run = Action::Run { groups: vec![], upload_kib_s: None, download_kib_s: None };
        assert!(policy.allows(&run, &Plan::default()).is_err());
        let slot = "hook/*/pre".parse().unwrap();
        let secret = SealedSecret { slot, revision: 1, sealed: wire::id::Base64Bytes(vec![]) };
        assert!(policy.allows(&Action::SetSecret { secret }, &Plan::default()).is_err());
    }
    #[test]
    fn from_afar_no_hook_changes_where_that_is_refused_and_no_file_becomes_one() {
        let with = |hooks: &str| {
            plan(&format!(
                "{hooks}\n{LOCAL}[groups.web]\nincludes = [\"/etc\"]\n[groups.web.hooks]\npost = \"none\"\n"
            ))
        };
        let (plain, secret, file) =
            (with(""), with("hooks.pre = \"secret\""), with("hooks.pre = { file = \"/etc/pre\" }"));
        let open = Policy::default();
        assert!(open.allows(&set(secret.clone()), &plain).is_ok());
        let named = open.allows(&set(file.clone()), &plain).unwrap_err();
        insta::assert_snapshot!(
            format!("{}\n{}", named.message, named.hint),
            @"
        the hook file /etc/pre is not one that this host's plan names already
        Only the host's own plan.toml may name a file as a hook: write it there, or give the hook's body as a secret.
        "
        );
        assert!(open.allows(&set(file.clone()), &file).is_ok(), "what is there may stay");

        let policy = Policy { refuse_hooks: true, ..Policy::default() };
        let said = policy.allows(&set(secret.clone()), &plain).unwrap_err();
        assert_eq!(said.message, "the hooks of this host cannot be changed from afar (policy.refuse_hooks)");
        let mut group = plain.clone();
        group.groups.values_mut().for_each(|group| group.hooks.post = wire::plan::Hook::Inherit);
        let said = policy.allows(&set(group), &plain).unwrap_err();
        assert_eq!(
            said.message,
            "the hooks of the group `web` cannot be changed from afar (policy.refuse_hooks)"
        );
        let mut more = secret.clone();
        more.groups.values_mut().for_each(|group| group.one_file_system = true);
        assert!(policy.allows(&set(more), &secret).is_ok(), "the rest may change");
    }
}
