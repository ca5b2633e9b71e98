//! What the endpoint refuses from afar, whoever signed it. Set in agent.toml alone.
//!
//! Pure: given the plan that is and the one that is wished, says which rule forbids it.

use serde::Deserialize;
use wire::{
    action::Action,
    plan::{Plan, Retention},
    seal::SecretSlot,
};

/// `[policy]`. All absent: nothing is refused.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Policy {
    /// Repositories, once they are there, cannot be changed or removed by an order, nor can their secrets.
    pub refuse_destination_changes: bool,
    /// No hook's body is taken by an order.
    pub refuse_hooks: bool,
    /// Actions that are refused altogether, by name, such as `set_plan`.
    pub refuse_orders: Vec<String>,
    /// No group may keep less than this.
    pub keep_at_least: Option<Floor>,
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

const ACTIONS: [&str; 7] = ["run", "cancel", "probe", "refresh", "set_plan", "set_secret", "confirm_plan"];

impl Policy {
    pub(super) fn validate(&self) -> Result<(), String> {
        match self.refuse_orders.iter().find(|name| !ACTIONS.contains(&name.as_str())) {
            None => Ok(()),
            Some(name) => Err(format!(
                "policy.refuse_orders: there is no order named `{name}`; there are {}",
                ACTIONS.join(", ")
            )),
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
                self.retention(wished)?;
                secrets.iter().try_for_each(|secret| self.secret(&secret.slot, plan))
            }
            Action::SetSecret { secret } => self.secret(&secret.slot, plan),
            Action::Run { .. }
            | Action::Cancel { .. }
            | Action::Probe { .. }
            | Action::Refresh { .. }
            | Action::ConfirmPlan { .. } => Ok(()),
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
        for (group, settings) in &wished.groups {
            if let Some((rule, least)) = floor.broken_by(&settings.retention) {
                return Err(refused(
                    "keep_at_least",
                    &format!("the group `{group}` would keep less than {rule} = {least}"),
                ));
            }
        }
        Ok(())
    }
}

impl Floor {
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

fn refused(rule: &str, message: &str) -> Refused {
    Refused {
        message: format!("{message} (policy.{rule})"),
        hint: "change [policy] in agent.toml at the host itself, then try again".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wire::action::SealedSecret;

    fn plan(text: &str) -> Plan {
        toml::from_str(text).unwrap()
    }

    fn set(plan: Plan) -> Action {
        Action::SetPlan { base_revision: 1, plan, secrets: Vec::new() }
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
    fn whole_orders_and_hooks_can_be_refused() {
        let policy =
            Policy { refuse_orders: vec!["run".to_owned()], refuse_hooks: true, ..Policy::default() };
        let run = Action::Run { groups: vec![], upload_kib_s: None };
        assert!(policy.allows(&run, &Plan::default()).is_err());
        let slot = "hook/*/pre".parse().unwrap();
        let secret = SealedSecret { slot, revision: 1, sealed: wire::id::Base64Bytes(vec![]) };
        assert!(policy.allows(&Action::SetSecret { secret }, &Plan::default()).is_err());
    }
}
