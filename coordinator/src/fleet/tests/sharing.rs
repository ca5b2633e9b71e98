//! Two hosts on one repository: each is shown the other, and both hear when their plans do not agree on an owner.

use std::time::Duration;

use wire::{
    action::{Action, OrderRefusalCode, Outcome},
    id::{AgentId, RepositoryName},
    journal::{Holds, RepositoryState},
    order::Order,
    plan::{MaintenanceTask, Owner},
    snapshot::{Hold, HoldCause, RepositoryReadiness},
    view::{OrderState, OrderView, SharingView},
};

use super::{
    records::hold,
    stage::{Actor, Stage, peer},
};
use crate::fleet::Admitted;

fn plan(repository: &str, owner: Option<AgentId>) -> String {
    let owner = owner.map_or(String::new(), |agent| {
        format!(r#", "owner": {{"agent": "{agent}", "name": "as the plan calls it"}}"#)
    });
    format!(
        r#"{{"repositories": {{"{repository}": {{"backend": {{"kind": "local", "path": "/srv/b"}} {owner}}}}}}}"#
    )
}

/// A member and where its journal stands.
struct Host {
    actor: Actor,
    at: Admitted,
}

impl Host {
    async fn of(stage: &Stage, name: &str) -> Self {
        let (actor, at) = stage.member(name).await;
        Self { actor, at }
    }

    async fn plans(&mut self, stage: &Stage, revision: u64, repository: &str, owner: Option<AgentId>) {
        self.actor.plan(revision, &plan(repository, owner));
        self.sync(stage).await;
    }

    async fn sync(&mut self, stage: &Stage) {
        self.at.head = Some(self.actor.sync(stage, &self.at).await.head);
        stage.fleet.settled().await;
    }

    async fn sharing(&self, stage: &Stage) -> Vec<SharingView> {
        stage.fleet.host(self.actor.id()).await.unwrap().repositories.remove(0).sharing
    }

    /// The claims that the coordinator sends when the host is there, and what the host calls the repository.
    async fn hears(&self, stage: &Stage) -> Vec<(String, Vec<AgentId>)> {
        let sent = stage.fleet.outgoing(self.actor.id(), u64::MAX).await.unwrap();
        let orders =
            sent.iter().map(|order| order.dispatch.verify().unwrap().document.order.verify().unwrap());
        orders
            .map(|verified| match verified.document {
                Order { action: Action::Claims { repository, claimants }, person, .. } => {
                    assert_eq!(person, "coordinator");
                    assert_eq!(verified.by, stage.keys.id());
                    (repository.to_string(), claimants.iter().map(|owner| owner.agent).collect())
                }
                other => panic!("{other:?}"),
            })
            .collect()
    }

    /// Answers the last claims that it was sent.
    async fn answers(&mut self, stage: &Stage, outcome: Outcome, heard: bool) {
        let sent =
            self.orders(stage).await.into_iter().find(|order| order.state == OrderState::Sent).unwrap();
        self.actor.receipt(self.actor.last_order + 1, sent.order, "claims", outcome);
        if heard {
            self.actor
                .append(&Holds { holds: vec![Hold { repository: Some(main()), ..hold(HoldCause::Claims) }] });
        }
        self.sync(stage).await;
    }

    async fn orders(&self, stage: &Stage) -> Vec<OrderView> {
        stage.fleet.orders(self.actor.id()).await.unwrap()
    }
}

fn main() -> RepositoryName {
    "main".parse().unwrap()
}

const ACCEPTED: Outcome = Outcome::Accepted { jobs: Vec::new(), revision: None };

fn refused() -> Outcome {
    let (message, hint) = ("the disk is full".into(), "make room".into());
    Outcome::Refused { code: OrderRefusalCode::Unavailable, message, hint }
}

fn both(a: &Host, b: &Host) -> Vec<AgentId> {
    let mut both = vec![a.actor.id(), b.actor.id()];
    both.sort_unstable();
    both
}

#[tokio::test]
async fn two_claimants_are_told_and_told_again_when_they_agree() {
    let mut stage = Stage::new().await;
    let (mut a, mut b) = (Host::of(&stage, "web-1").await, Host::of(&stage, "web-2").await);
    let (id_a, id_b) = (a.actor.id(), b.actor.id());
    a.actor.opened("main", 7);
    a.plans(&stage, 1, "main", None).await;
    assert!(a.sharing(&stage).await.is_empty());
    assert!(a.hears(&stage).await.is_empty(), "alone there is nothing to agree on");

    // The second one comes, and neither plan names anybody: each would take itself for the owner.
    b.actor.opened("nas", 7);
    b.plans(&stage, 1, "nas", None).await;
    let expected =
        SharingView { agent: id_b, name: "web-2".into(), repository: "nas".parse().unwrap(), owner: None };
    assert_eq!(a.sharing(&stage).await, [expected]);
    assert_eq!(a.hears(&stage).await, [("main".to_owned(), both(&a, &b))]);
    assert_eq!(b.hears(&stage).await, [("nas".to_owned(), both(&a, &b))]);

    // The same once more is no news, also after a restart; nor is another snapshot.
    a.plans(&stage, 2, "main", None).await;
    stage.restart().await;
    stage.fleet.settled().await;
    b.actor.numbers("nas", 5);
    b.sync(&stage).await;
    assert!(a.hears(&stage).await.is_empty() && b.hears(&stage).await.is_empty());

    // One of two plans is mended: they agree, for a plan that names nobody means its own host.
    b.plans(&stage, 2, "nas", Some(id_a)).await;
    assert_eq!(a.hears(&stage).await, [("main".to_owned(), vec![])]);
    assert_eq!(b.hears(&stage).await, [("nas".to_owned(), vec![])]);
    let owner = Some(Owner { agent: id_a, name: "as the plan calls it".into() });
    assert_eq!(b.sharing(&stage).await[0].owner, None);
    assert_eq!(a.sharing(&stage).await[0].owner, owner);

    // They name each other.
    a.plans(&stage, 3, "main", Some(id_b)).await;
    assert_eq!(a.hears(&stage).await, [("main".to_owned(), both(&a, &b))]);

    // Nobody takes from a host what it has to hear.
    let waits = b.orders(&stage).await.into_iter().find(|order| order.state == OrderState::Waiting).unwrap();
    assert!(stage.fleet.withdraw(&stage.act("ada"), id_b, waits.order).await.is_err());

    // What the other has not heard yet is taken back when it is over.
    a.plans(&stage, 4, "main", Some(id_a)).await;
    assert_eq!(a.hears(&stage).await, [("main".to_owned(), vec![])]);
    assert_eq!(b.hears(&stage).await, [("nas".to_owned(), vec![])]);
    let states: Vec<_> = b.orders(&stage).await.iter().map(|order| order.state).collect();
    assert!(states.contains(&OrderState::Withdrawn), "{states:?}");
}

#[tokio::test]
async fn who_goes_away_claims_nothing_any_more() {
    let stage = Stage::new().await;
    let (mut a, mut b) = (Host::of(&stage, "web-1").await, Host::of(&stage, "web-2").await);
    for host in [&mut a, &mut b] {
        host.actor.opened("main", 7);
        host.plans(&stage, 1, "main", None).await;
    }
    assert_eq!(a.hears(&stage).await.len(), 1);
    // Another repository under the same name.
    b.actor.opened("main", 8);
    b.sync(&stage).await;
    assert_eq!(a.hears(&stage).await, [("main".to_owned(), vec![])]);
    assert_eq!(b.hears(&stage).await, [("main".to_owned(), vec![])], "the conflict never reached it");
    b.actor.opened("main", 7);
    b.sync(&stage).await;
    assert_eq!(a.hears(&stage).await, [("main".to_owned(), both(&a, &b))]);
    // It leaves the fleet.
    b.actor.receipt(1, wire::id::OrderId(stage.world.uuid()), "retire", ACCEPTED);
    b.sync(&stage).await;
    assert_eq!(a.hears(&stage).await, [("main".to_owned(), vec![])]);
    assert_eq!(a.sharing(&stage).await.len(), 1, "it is still there");
    stage.fleet.remove_host(&stage.act("ada"), b.actor.id()).await.unwrap();
    stage.fleet.settled().await;
    assert!(a.sharing(&stage).await.is_empty() && a.hears(&stage).await.is_empty());
}

#[tokio::test]
async fn a_coordinator_that_lost_everything_ends_a_conflict_that_it_no_longer_knows() {
    let mut stage = Stage::new().await;
    let mut a = Host::of(&stage, "web-1").await;
    a.actor.opened("main", 7);
    a.actor.append(&Holds { holds: vec![hold(HoldCause::Claims)] });
    a.plans(&stage, 1, "main", None).await;
    let _ = a.hears(&stage).await;
    stage.lose_database().await;
    let crate::fleet::Arrival::Member(again) = stage.arrive(&a.actor, peer(3)).await else { panic!() };
    a.at = *again;
    a.sync(&stage).await;
    assert_eq!(a.hears(&stage).await, [("main".to_owned(), vec![])]);
    a.actor.append(&Holds { holds: vec![hold(HoldCause::Claims)] });
    a.sync(&stage).await;
    assert!(a.hears(&stage).await.is_empty(), "once is enough");
}

#[tokio::test]
async fn nobody_claims_by_hand() {
    let stage = Stage::new().await;
    let a = Host::of(&stage, "web-1").await;
    let routine = Action::Claims { repository: "main".parse().unwrap(), claimants: Vec::new() };
    let request = wire::view::OrderRequest::Routine { routine };
    let refused = stage.fleet.order(&stage.act("otto"), a.actor.id(), request).await.unwrap_err();
    assert_eq!(refused.code(), wire::error::ErrorCode::Forbidden);
}

#[tokio::test]
async fn who_refused_or_forgot_is_told_again_and_less_and_less_often() {
    let stage = Stage::new().await;
    let (mut a, mut b) = (Host::of(&stage, "web-1").await, Host::of(&stage, "web-2").await);
    for host in [&mut a, &mut b] {
        host.actor.opened("main", 7);
        host.plans(&stage, 1, "main", None).await;
    }
    let expected = [("main".to_owned(), both(&a, &b))];
    assert_eq!((a.hears(&stage).await, b.hears(&stage).await), (expected.to_vec(), expected.to_vec()));
    a.answers(&stage, ACCEPTED, true).await;
    b.answers(&stage, refused(), false).await;
    let later = async |minutes| {
        stage.time.advance(Duration::from_mins(minutes));
        stage.fleet.sweep().await;
        stage.fleet.settled().await;
    };
    assert!(b.hears(&stage).await.is_empty(), "not at once");
    later(1).await;
    assert!(a.hears(&stage).await.is_empty());
    assert_eq!(b.hears(&stage).await, expected);
    b.answers(&stage, refused(), false).await;
    later(1).await;
    assert!(b.hears(&stage).await.is_empty());
    later(1).await;
    assert_eq!(b.hears(&stage).await, expected);
    b.answers(&stage, ACCEPTED, true).await;
    later(60 * 24).await;
    assert!(a.hears(&stage).await.is_empty() && b.hears(&stage).await.is_empty());

    // Its disk is set back to before it heard; its answer lies in the epoch that was.
    a.actor.set_back(a.at.head.unwrap().head);
    a.actor.append(&Holds { holds: vec![hold(HoldCause::EpochBegun)] });
    a.sync(&stage).await;
    assert_eq!(a.hears(&stage).await, expected);
    assert!(b.hears(&stage).await.is_empty());
}

#[tokio::test]
async fn an_owner_who_left_or_never_was_here_is_no_owner() {
    let mut stage = Stage::new().await;
    let (mut a, mut b) = (Host::of(&stage, "web-1").await, Host::of(&stage, "web-2").await);
    let mut nas = Host::of(&stage, "nas").await;
    let owner = nas.actor.id();
    for host in [&mut a, &mut b, &mut nas] {
        host.actor.opened("main", 7);
        host.plans(&stage, 1, "main", Some(owner)).await;
    }
    let gone = async |host: &Host| {
        let view = stage.fleet.host(host.actor.id()).await.unwrap().repositories.remove(0);
        let tasks = stage.fleet.maintenance(host.actor.id()).await.unwrap();
        let prune = tasks.into_iter().find(|row| row.task == MaintenanceTask::Prune).unwrap();
        (view.owner_gone, prune.held.unwrap().contains("no longer in the fleet"))
    };
    assert_eq!(gone(&a).await, (false, false));
    assert!(a.hears(&stage).await.is_empty());
    nas.actor.receipt(1, wire::id::OrderId(stage.world.uuid()), "retire", ACCEPTED);
    nas.sync(&stage).await;
    assert_eq!(gone(&a).await, (true, true));
    let alone = vec![("main".to_owned(), vec![owner])];
    assert_eq!(
        (a.hears(&stage).await, b.hears(&stage).await, nas.hears(&stage).await),
        (alone.clone(), alone, vec![])
    );
    let sent = stage.fleet.store().read(crate::store::claims::all).await.unwrap();
    let told = &sent.iter().find(|(host, ..)| *host == a.at.host).unwrap().2.claimants[0];
    assert_eq!(told.name, "nas (no longer in the fleet)");
    stage.fleet.remove_host(&stage.act("ada"), owner).await.unwrap();
    stage.fleet.settled().await;
    assert_eq!(gone(&b).await, (true, true));
    stage.restart().await;
    stage.fleet.settled().await;
    assert!(a.hears(&stage).await.is_empty(), "the same once more is no news");
    let id_b = b.actor.id();
    a.plans(&stage, 2, "main", Some(id_b)).await;
    b.plans(&stage, 2, "main", Some(id_b)).await;
    assert_eq!((a.hears(&stage).await, b.hears(&stage).await.len()), (vec![("main".to_owned(), vec![])], 1));
}

#[tokio::test]
async fn however_many_share_a_repository_all_are_told_of_page_by_page() {
    let stage = Stage::new().await;
    let mut hosts = Vec::new();
    for name in ["web-9", "web-3", "nas", "web-5"] {
        let mut host = Host::of(&stage, name).await;
        host.actor.opened("main", 7);
        host.plans(&stage, 1, "main", None).await;
        hosts.push(host);
    }
    let (agent, mut cursor, mut seen) = (hosts[2].actor.id(), None, Vec::new());
    loop {
        let page = stage.fleet.sharing(agent, main(), cursor, 1).await.unwrap();
        assert_eq!((page.items.len(), page.total), (1, Some(3)));
        seen.extend(page.items.into_iter().map(|other| other.name));
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(seen, ["web-3", "web-5", "web-9"]);
    let view = stage.fleet.host(agent).await.unwrap().repositories.remove(0);
    assert_eq!((view.sharing.len(), view.sharing_total), (3, 3));
    assert!(stage.fleet.sharing(agent, "nothing".parse().unwrap(), None, 1).await.is_err());
}

#[tokio::test]
async fn a_repository_that_moved_is_no_longer_shared_before_its_new_place_was_opened() {
    let stage = Stage::new().await;
    let (mut a, mut b) = (Host::of(&stage, "web-1").await, Host::of(&stage, "web-2").await);
    for host in [&mut a, &mut b] {
        host.actor.opened("main", 7);
        host.plans(&stage, 1, "main", None).await;
    }
    assert_eq!((a.sharing(&stage).await.len(), b.hears(&stage).await.len()), (1, 1));
    a.actor.append(&RepositoryState {
        repository: main(),
        readiness: RepositoryReadiness::Unusable,
        reason: None,
        restic_id: None,
    });
    a.sync(&stage).await;
    let view = stage.fleet.host(a.actor.id()).await.unwrap().repositories.remove(0);
    assert_eq!((view.restic_id, view.sharing_total), (None, 0));
    assert_eq!((b.sharing(&stage).await, b.hears(&stage).await), (vec![], vec![("main".to_owned(), vec![])]));
}
