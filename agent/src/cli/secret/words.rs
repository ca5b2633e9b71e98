//! What `secret` says, and which secrets a plan wants. Pure.

use wire::{
    id::UnixMs,
    plan::{BackendKind, Hook, Hooks, Plan},
    seal::{HookScope, SecretSlot},
};

use super::Held;
use crate::cli::table;

pub const HOOK: &str = "The hook's script; Ctrl-D on an empty line ends it:\n";
pub const ENVIRONMENT: &str =
    "One NAME=VALUE per line, such as AWS_ACCESS_KEY_ID=…; an empty line ends it.\n";

pub fn kept(slot: &SecretSlot, revision: u64) -> String {
    format!("{slot} is set (revision {revision}); jobs use it from the next one on.\n")
}

/// What the plan cannot do without, in its order.
pub fn wanted(plan: &Plan) -> Vec<SecretSlot> {
    let mut all = Vec::new();
    for (name, repository) in &plan.repositories {
        all.push(SecretSlot::RepositoryPassword(name.clone()));
        match repository.backend.kind() {
            BackendKind::Local | BackendKind::Sftp | BackendKind::Rclone | BackendKind::Rest => {}
            _ => all.push(SecretSlot::RepositoryEnvironment(name.clone())),
        }
    }
    let mut hooks = |of: &Hooks, scope: &HookScope| {
        if of.pre == Hook::Secret {
            all.push(SecretSlot::HookPre(scope.clone()));
        }
        if of.post == Hook::Secret {
            all.push(SecretSlot::HookPost(scope.clone()));
        }
    };
    hooks(&plan.hooks, &HookScope::Default);
    for (name, group) in &plan.groups {
        hooks(&group.hooks, &HookScope::Group(name.clone()));
    }
    all.extend(plan.pings.keys().cloned().map(SecretSlot::Ping));
    all
}

pub fn list(held: &[Held], now: UnixMs) -> String {
    if held.is_empty() {
        return "No secret is held, and the plan wants none.\n".to_owned();
    }
    let rows: Vec<Vec<String>> = held
        .iter()
        .map(|Held { slot, revision, at }| {
            vec![
                slot.to_string(),
                revision.map_or_else(|| "–".to_owned(), |revision| revision.to_string()),
                at.map_or_else(|| "missing: `secret set` gives it".to_owned(), |at| table::relative(at, now)),
            ]
        })
        .collect();
    table::columns(&["SLOT", "REVISION", "SET"], &rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_held_and_what_is_missing() {
        let plan: Plan = toml::from_str(
            r#"
            hooks = { pre = "secret" }
            [repositories.main.backend]
            kind = "s3"
            endpoint = "https://s3.example.org"
            bucket = "b"
            [groups.db]
            includes = ["/var"]
            hooks = { post = "secret" }
            [pings.main]
            "#,
        )
        .unwrap();
        let held: Vec<Held> = wanted(&plan)
            .into_iter()
            .enumerate()
            .map(|(n, slot)| Held {
                slot,
                revision: (n == 0).then_some(3),
                at: (n == 0).then_some(UnixMs(0)),
            })
            .collect();
        let slot = "repository/main/password".parse().unwrap();
        insta::assert_snapshot!(
            [list(&held, UnixMs(7_200_000)), list(&[], UnixMs(0)), kept(&slot, 4)].join("---\n")
        );
    }
}
