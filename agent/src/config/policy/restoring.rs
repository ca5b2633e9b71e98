//! Which restores an endpoint takes from afar. Whether a directory lies where it may is seen when it is known which one
//! is meant: links are resolved then.

use wire::restore::{Restore, RestoreTarget};

use super::{Policy, Refused, refused};

impl Policy {
    pub(super) fn restore_places(&self) -> Result<(), String> {
        match self.restore_below.iter().find(|path| !path.is_absolute()) {
            None => Ok(()),
            Some(path) => {
                Err(format!("policy.restore_below: {} is not an absolute directory", path.display()))
            }
        }
    }

    pub(super) fn restores(&self, restore: &Restore) -> Result<(), Refused> {
        if !matches!(restore.target, RestoreTarget::InPlace { .. }) {
            return Ok(());
        }
        if self.refuse_in_place {
            return Err(refused("refuse_in_place", "this host's files are not restored in place from afar"));
        }
        if !self.restore_below.is_empty() {
            return Err(refused("restore_below", "this host only takes restores below certain directories"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use wire::{action::Action, plan::Plan};

    use super::*;

    fn said(policy: &str, to: &str) -> Option<String> {
        let policy: Policy = toml::from_str(policy).unwrap();
        policy.validate().unwrap();
        let order: Action = serde_json::from_value(serde_json::json!({
            "do": "restore", "repository": "main", "snapshot": "ab".repeat(32),
            "target": { "to": to, "host": "web", "path": "/srv/x" },
        }))
        .unwrap();
        policy.allows(&order, &Plan::default()).err().map(|refused| refused.message)
    }

    #[test]
    fn in_place_and_restores_altogether_can_be_refused() {
        for (policy, to, rule) in [
            ("", "in_place", None),
            ("refuse_in_place = true", "fresh", None),
            ("refuse_in_place = true", "directory", None),
            ("refuse_in_place = true", "in_place", Some("policy.refuse_in_place")),
            ("restore_below = ['/srv/restore']", "in_place", Some("policy.restore_below")),
            ("restore_below = ['/srv/restore']", "directory", None),
            ("refuse_orders = ['restore']", "fresh", Some("refuse_orders names restore")),
        ] {
            let message = said(policy, to);
            let as_expected = match rule {
                None => message.is_none(),
                Some(rule) => message.as_ref().is_some_and(|message| message.contains(rule)),
            };
            assert!(as_expected, "{policy} {to}: {message:?}");
        }
    }

    #[test]
    fn places_are_absolute_and_the_fleet_is_told_of_them() {
        let policy: Policy = toml::from_str("restore_below = ['srv']\nrefuse_in_place = true").unwrap();
        assert!(policy.validate().unwrap_err().contains("srv is not an absolute directory"));
        let facts = policy.facts();
        assert_eq!((facts.refuse_in_place, facts.restore_below), (true, vec!["srv".to_owned()]));
    }
}
