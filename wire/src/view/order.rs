//! Orders: what is given to a host, what it asks for, and what became of it.

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

use crate::{
    action::{Action, Outcome},
    id::{AgentId, GroupName, JobId, OrderId, RepositoryName, UnixMs},
    order::Order,
    plan::MaintenanceTask,
    restore::{Restore, RestoreTarget},
    seal::SecretSlot,
    trust::Signed,
};

/// Of a list, the first so many.
const FEW: usize = 3;
/// Of a text.
const CHARS: usize = 200;
/// Enough of a snapshot's id for people, as restic shows it.
const SHORT_ID: usize = 8;

/// `POST /hosts/{agent}/orders`: a routine action, or a grave order signed in the browser.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, ToSchema)]
#[serde(untagged)]
pub enum OrderRequest {
    Routine {
        routine: Action,
    },
    Grave {
        #[schema(value_type = crate::trust::SignedDocument)]
        grave: Signed<Order>,
    },
}

/// One order and what became of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, ToSchema)]
pub struct OrderView {
    pub order: OrderId,
    pub agent: AgentId,
    /// `run`, `set_plan`, …
    pub action: String,
    /// Absent: it asks for nothing by name, or was kept by a coordinator that did not write it down.
    #[serde(default, skip_serializing_if = "OrderAbout::is_empty")]
    #[ts(as = "Option<OrderAbout>", optional)]
    pub about: OrderAbout,
    pub person: String,
    pub issued_at: UnixMs,
    pub expires_at: UnixMs,
    pub state: OrderState,
    pub outcome: Option<Outcome>,
    pub answered_at: Option<UnixMs>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OrderState {
    /// The host is absent: it can still be withdrawn.
    Waiting,
    /// On its way.
    Sent,
    Answered,
    Withdrawn,
    Expired,
}

/// What an order asks for, by the names that matter to whoever decides about it: bounded, whatever the order holds, and
/// never what it carries. What it does not name is absent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(default)]
#[ts(optional_fields)]
pub struct OrderAbout {
    /// The first of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[ts(as = "Option<Vec<GroupName>>", optional)]
    pub groups: Vec<GroupName>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repository: Option<RepositoryName>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task: Option<MaintenanceTask>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job: Option<JobId>,
    /// The first of them, by their short ids.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[ts(as = "Option<Vec<String>>", optional)]
    pub snapshots: Vec<String>,
    /// The first paths that come back, or the one that is downloaded; long ones are cut. None of a restore: everything.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[ts(as = "Option<Vec<String>>", optional)]
    pub paths: Vec<String>,
    /// So many more groups, paths, snapshots or tags than are named.
    #[serde(skip_serializing_if = "is_zero")]
    #[ts(as = "Option<u32>", optional)]
    pub more: u32,
    /// So many paths below those are left out.
    #[serde(skip_serializing_if = "is_zero")]
    #[ts(as = "Option<u32>", optional)]
    pub left_out: u32,
    /// Where a restore writes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<RestoreTarget>,
    /// The host whose repository a restore reads.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// The host that is lent to, the repository that is copied to, or what the host is to be called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// The first tags that the host is to have.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tags: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(type = "string", optional)]
    #[schema(value_type = String, example = "repository/main/password")]
    pub slot: Option<SecretSlot>,
    /// Why the plan changes, in the person's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

impl OrderAbout {
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    pub fn of(action: &Action) -> Self {
        let nothing = Self::default;
        match action {
            Action::Run { groups, .. } => nothing().groups(groups),
            Action::Cancel { job } => Self { job: Some(*job), ..nothing() },
            Action::Probe { repository }
            | Action::Refresh { repository }
            | Action::Reinit { repository }
            | Action::Unlock { repository, .. }
            | Action::Release { repository, .. }
            | Action::Claims { repository, .. } => nothing().at(repository),
            Action::SetPlan { note, .. } => Self { note: note.as_deref().map(short), ..nothing() },
            Action::SetSecret { secret } => Self { slot: Some(secret.slot.clone()), ..nothing() },
            Action::DryRun { group, .. } | Action::PreviewRetention { group, .. } => {
                Self { groups: vec![group.clone()], ..nothing() }
            }
            Action::Maintain { repository, task, groups, .. } => {
                Self { task: Some(*task), ..nothing().at(repository).groups(groups) }
            }
            Action::Copy { group, to, snapshots } => {
                let named = Self { groups: vec![group.clone()], to: Some(to.to_string()), ..nothing() };
                named.snapshots(snapshots)
            }
            Action::Adopt { repository, snapshots } => nothing().at(repository).snapshots(snapshots),
            Action::Restore { restore } => Self::of_restore(restore),
            Action::Lend { repository, to_name, job, .. } => {
                Self { to: Some(short(to_name)), job: Some(*job), ..nothing().at(repository) }
            }
            Action::Download { repository, snapshot, path, .. } => Self {
                snapshots: vec![short_id(snapshot)],
                paths: vec![short(path.as_str())],
                ..nothing().at(repository)
            },
            Action::Rename { name, tags } => {
                let (tags, more) = first(tags.iter(), |tag| short(tag));
                Self { to: Some(short(name)), tags: Some(tags), more, ..nothing() }
            }
            Action::ConfirmPlan { .. } | Action::Retire { .. } => nothing(),
        }
    }

    fn of_restore(restore: &Restore) -> Self {
        let taken = restore.picks.iter().filter(|pick| pick.take);
        let (paths, more) = first(taken, |pick| short(pick.path.as_str()));
        let left_out = restore.picks.iter().filter(|pick| !pick.take).count();
        Self {
            snapshots: vec![short_id(&restore.snapshot)],
            target: Some(match &restore.target {
                RestoreTarget::Fresh => RestoreTarget::Fresh,
                RestoreTarget::Directory { path, .. } => {
                    RestoreTarget::Directory { path: short(path), base: None }
                }
                RestoreTarget::InPlace { host } => RestoreTarget::InPlace { host: short(host) },
            }),
            source: restore.lent.as_ref().map(|lent| short(&lent.source_name)),
            left_out: saturated(left_out),
            paths,
            more,
            ..Self::default().at(&restore.repository)
        }
    }

    fn at(self, repository: &RepositoryName) -> Self {
        Self { repository: Some(repository.clone()), ..self }
    }

    fn groups(self, all: &[GroupName]) -> Self {
        let (groups, more) = first(all.iter(), Clone::clone);
        Self { groups, more, ..self }
    }

    fn snapshots(self, all: &[String]) -> Self {
        let (snapshots, more) = first(all.iter(), |id| short_id(id));
        Self { snapshots, more, ..self }
    }
}

/// The first few, and how many more there are.
fn first<T, U>(mut all: impl Iterator<Item = T>, one: impl FnMut(T) -> U) -> (Vec<U>, u32) {
    let few = all.by_ref().take(FEW).map(one).collect();
    (few, saturated(all.count()))
}

fn short(text: &str) -> String {
    text.chars().take(CHARS).collect()
}

fn short_id(snapshot: &str) -> String {
    snapshot.chars().take(SHORT_ID).collect()
}

fn saturated(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks by reference")]
const fn is_zero(count: &u32) -> bool {
    *count == 0
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn about(action: Value) -> Value {
        serde_json::to_value(OrderAbout::of(&serde_json::from_value(action).unwrap())).unwrap()
    }

    fn restore(more: &Value) -> Value {
        let mut action = json!({ "do": "restore", "repository": "main", "snapshot": "ab".repeat(32) });
        action.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        about(action)
    }

    #[test]
    fn a_restore_says_what_from_where_and_where_to() {
        let picks = json!([
            { "path": "/etc", "take": true }, { "path": "/etc/ssl", "take": false },
            { "path": "/home", "take": true }, { "path": "/srv", "take": true }, { "path": "/var", "take": true },
        ]);
        assert_eq!(
            restore(&json!({ "picks": picks, "target": { "to": "in_place", "host": "web-1" } })),
            json!({
                "repository": "main", "snapshots": ["abababab"], "paths": ["/etc", "/home", "/srv"], "more": 1,
                "left_out": 1, "target": { "to": "in_place", "host": "web-1" },
            })
        );
        assert_eq!(
            restore(&json!({ "target": { "to": "directory", "path": "/tmp/x", "base": "/home" } })),
            json!({
                "repository": "main", "snapshots": ["abababab"],
                "target": { "to": "directory", "path": "/tmp/x" },
            })
        );
    }

    #[test]
    fn what_is_said_stays_small_whatever_the_order_holds() {
        let long = format!("/{}", "\u{1f4be}".repeat(10_000));
        let picks: Vec<_> = (0..500).map(|_| json!({ "path": long, "take": true })).collect();
        let said = restore(&json!({ "picks": picks, "target": { "to": "directory", "path": long } }));
        assert_eq!(said["more"], 497);
        assert!(said.to_string().len() < 4_000);
        let adopt = json!({ "do": "adopt", "repository": "main", "snapshots": vec![long; 9] });
        assert!(about(adopt).to_string().len() < 400);
    }

    #[test]
    fn what_an_order_carries_is_not_said() {
        let secret = json!({ "slot": "repository/main/admin", "revision": 1, "box": "c2VjcmV0" });
        assert_eq!(
            about(json!({ "do": "release", "repository": "main", "secret": secret })),
            json!({ "repository": "main" })
        );
        assert_eq!(
            about(json!({ "do": "set_secret", "secret": secret })),
            json!({ "slot": "repository/main/admin" })
        );
    }

    #[test]
    fn other_orders_say_the_names_that_matter() {
        for (action, said) in [
            (
                json!({ "do": "run", "groups": ["a", "b", "c", "d"] }),
                json!({ "groups": ["a", "b", "c"], "more": 1 }),
            ),
            (json!({ "do": "copy", "group": "a", "to": "away" }), json!({ "groups": ["a"], "to": "away" })),
            (
                json!({ "do": "maintain", "repository": "main", "task": "prune" }),
                json!({ "repository": "main", "task": "prune" }),
            ),
            (json!({ "do": "rename", "name": "db", "tags": [] }), json!({ "to": "db", "tags": [] })),
            (
                json!({ "do": "rename", "name": "db", "tags": ["a", "b", "c", "d"] }),
                json!({ "to": "db", "tags": ["a", "b", "c"], "more": 1 }),
            ),
            (json!({ "do": "confirm_plan", "revision": 3 }), json!({})),
        ] {
            assert_eq!(about(action.clone()), said, "{action}");
        }
    }
}
