//! Orders: signed by whom they must be, numbered upwards, sent again when they never arrived.

use std::time::Duration;

use wire::{
    action::{Action, Outcome},
    error::ErrorCode,
    id::{AgentId, GroupName},
    plan::Plan,
    view::{OrderRequest, OrderState},
};

use super::stage::{Actor, Stage, admitted, peer};
use crate::fleet::{Admitted, FleetError, HostQuery, Wish};

const PLAN: &str = r#"{
    "repositories": {"main": {"backend": {"kind": "local", "path": "/srv/backup"}}},
    "groups": {"default": {"includes": ["/etc"]}},
    "schedules": {"nightly": {"cron": "0 2 * * *", "groups": ["default"]}}
}"#;

fn plan(edit: impl FnOnce(&mut Plan)) -> Plan {
    let mut plan: Plan = serde_json::from_str(PLAN).unwrap();
    edit(&mut plan);
    plan
}

fn run() -> OrderRequest {
    let groups: Vec<GroupName> = vec!["default".parse().unwrap()];
    OrderRequest::Routine { routine: Action::Run { groups, upload_kib_s: None, download_kib_s: None } }
}

fn set_plan(base_revision: u64, plan: Plan) -> Action {
    Action::SetPlan { base_revision, plan, secrets: vec![], note: None }
}

async fn with_plan(stage: &Stage) -> (Actor, Admitted) {
    let (mut actor, host) = stage.member("web-1").await;
    actor.plan(1, PLAN);
    actor.sync(stage, &host).await;
    (actor, host)
}

async fn state(stage: &Stage, agent: AgentId) -> Vec<OrderState> {
    stage.fleet.orders(agent).await.unwrap().iter().map(|order| order.state).collect()
}

#[tokio::test]
async fn a_routine_order_is_signed_here_waits_and_goes_out_once() {
    let stage = Stage::new().await;
    let (actor, _) = with_plan(&stage).await;
    let agent = actor.id();
    let seat = stage.fleet.take_seat(agent, peer(1)).await.unwrap();
    let order = stage.fleet.order(&stage.act("otto"), agent, run()).await.unwrap();
    assert_eq!(
        (order.state, order.person.as_str(), order.action.as_str()),
        (OrderState::Waiting, "otto", "run")
    );
    assert_eq!(order.about.groups, ["default".parse().unwrap()]);
    assert_eq!(stage.fleet.orders(agent).await.unwrap()[0].about, order.about);
    assert!(seat.wishes().await.any(|wish| wish == Wish::Orders));
    assert_eq!(stage.fleet.hosts(&HostQuery::default()).unwrap().items[0].waiting_orders, 1);
    let sent = stage.fleet.outgoing(agent, u64::MAX).await.unwrap();
    assert_eq!(sent.len(), 1);
    let dispatch = sent[0].dispatch.verify().unwrap();
    assert_eq!((dispatch.number, dispatch.agent, dispatch.statement), (1, agent, 1));
    assert_eq!(dispatch.order.verify().unwrap().by, stage.fleet.keys().identity.public());
    assert!(stage.fleet.outgoing(agent, u64::MAX).await.unwrap().is_empty());
    assert_eq!(state(&stage, agent).await, [OrderState::Sent]);
    assert_eq!(stage.fleet.hosts(&HostQuery::default()).unwrap().items[0].waiting_orders, 0);
}

#[tokio::test]
async fn an_answer_in_the_journal_ends_an_order() {
    let stage = Stage::new().await;
    let (mut actor, _) = with_plan(&stage).await;
    let order = stage.fleet.order(&stage.act("otto"), actor.id(), run()).await.unwrap();
    stage.fleet.outgoing(actor.id(), u64::MAX).await.unwrap();
    let outcome = Outcome::Accepted { jobs: vec![], revision: None };
    actor.receipt(1, order.order, "run", outcome.clone());
    let host = admitted(stage.arrive(&actor, peer(1)).await);
    actor.sync(&stage, &host).await;
    let view = &stage.fleet.orders(actor.id()).await.unwrap()[0];
    assert_eq!((view.state, view.outcome.clone()), (OrderState::Answered, Some(outcome)));
}

#[tokio::test]
async fn what_never_reached_the_agent_is_sent_again_above_the_old_number() {
    let stage = Stage::new().await;
    let (mut actor, _) = with_plan(&stage).await;
    let agent = actor.id();
    stage.fleet.order(&stage.act("otto"), agent, run()).await.unwrap();
    stage.fleet.order(&stage.act("otto"), agent, run()).await.unwrap();
    let sent = stage.fleet.outgoing(agent, u64::MAX).await.unwrap();
    assert_eq!(sent.iter().map(|sent| sent.number).collect::<Vec<_>>(), [1, 2]);
    // The link broke after the first.
    actor.last_order = 1;
    admitted(stage.arrive(&actor, peer(1)).await);
    let again = stage.fleet.outgoing(agent, u64::MAX).await.unwrap();
    assert_eq!(again.iter().map(|sent| (sent.number, sent.order)).collect::<Vec<_>>(), [(3, sent[1].order)]);
    // An agent that has seen higher numbers than this coordinator remembers.
    actor.last_order = 70;
    admitted(stage.arrive(&actor, peer(1)).await);
    stage.fleet.order(&stage.act("otto"), agent, run()).await.unwrap();
    assert_eq!(stage.fleet.outgoing(agent, u64::MAX).await.unwrap()[0].number, 71);
}

#[tokio::test]
async fn an_order_can_be_withdrawn_until_it_is_sent_and_expires_by_itself() {
    let stage = Stage::new().await;
    let (actor, _) = with_plan(&stage).await;
    let agent = actor.id();
    let first = stage.fleet.order(&stage.act("otto"), agent, run()).await.unwrap().order;
    stage.fleet.withdraw(&stage.act("ada"), agent, first).await.unwrap();
    let second = stage.fleet.order(&stage.act("otto"), agent, run()).await.unwrap().order;
    stage.fleet.outgoing(agent, u64::MAX).await.unwrap();
    assert!(matches!(
        stage.fleet.withdraw(&stage.act("ada"), agent, second).await,
        Err(FleetError::Conflict { .. })
    ));
    stage.time.advance(Duration::from_secs(1));
    stage.fleet.order(&stage.act("otto"), agent, run()).await.unwrap();
    stage.time.advance(Duration::from_secs(3601));
    stage.fleet.sweep().await;
    assert_eq!(state(&stage, agent).await, [OrderState::Expired, OrderState::Sent, OrderState::Withdrawn]);
    assert!(stage.fleet.outgoing(agent, u64::MAX).await.unwrap().is_empty());
    assert_eq!(stage.fleet.hosts(&HostQuery::default()).unwrap().items[0].waiting_orders, 0);
    let unknown = wire::id::OrderId(stage.world.uuid());
    assert!(matches!(
        stage.fleet.withdraw(&stage.act("ada"), agent, unknown).await,
        Err(FleetError::NotFound { .. })
    ));
}

#[tokio::test]
async fn a_grave_order_needs_the_key_of_somebody_who_may() {
    let stage = Stage::new().await;
    let (actor, _) = with_plan(&stage).await;
    let agent = actor.id();
    let ada = stage.act("ada");
    let order = |key, action| {
        stage.fleet.order(&ada, agent, OrderRequest::Grave { grave: stage.grave(agent, key, action) })
    };
    let moved = || {
        set_plan(
            1,
            plan(|plan| {
                let main = "main".parse().unwrap();
                let elsewhere =
                    serde_json::from_str(r#"{"backend":{"kind":"local","path":"/evil"}}"#).unwrap();
                plan.repositories.insert(main, elsewhere);
            }),
        )
    };
    let calmer = || set_plan(1, plan(|plan| plan.limits.upload_kib_s = Some(100)));
    let by_coordinator = order(&stage.fleet.keys().identity, calmer()).await;
    assert!(matches!(by_coordinator, Err(FleetError::Forbidden { .. })), "{by_coordinator:?}");
    let destination = order(&stage.operator, moved()).await;
    assert!(matches!(destination, Err(FleetError::Forbidden { .. })), "{destination:?}");
    let routine =
        stage.fleet.order(&stage.act("x"), agent, OrderRequest::Routine { routine: calmer() }).await;
    assert!(matches!(routine, Err(FleetError::Forbidden { .. })), "{routine:?}");
    for work in work_that_wants_a_key() {
        let routine =
            stage.fleet.order(&stage.act("x"), agent, OrderRequest::Routine { routine: work.clone() }).await;
        assert!(matches!(routine, Err(FleetError::Forbidden { .. })), "{work:?}: {routine:?}");
        let by_coordinator = order(&stage.fleet.keys().identity, work).await;
        assert!(matches!(by_coordinator, Err(FleetError::Forbidden { .. })), "{by_coordinator:?}");
    }
    let elsewhere = stage.grave(AgentId([4; 32]), &stage.admin, calmer());
    let elsewhere =
        stage.fleet.order(&stage.act("ada"), agent, OrderRequest::Grave { grave: elsewhere }).await;
    assert!(matches!(elsewhere, Err(FleetError::Conflict { .. })), "{elsewhere:?}");
    assert!(state(&stage, agent).await.is_empty());
    order(&stage.operator, calmer()).await.unwrap();
    for work in work_that_wants_a_key() {
        order(&stage.operator, work).await.unwrap();
    }
    let dead = Action::Unlock { repository: "main".parse().unwrap(), locks: vec![] };
    stage.fleet.order(&stage.act("x"), agent, OrderRequest::Routine { routine: dead }).await.unwrap();
}

/// Takes a lock from whoever lives, lists any directory, decides where data goes.
fn work_that_wants_a_key() -> [Action; 3] {
    let settings = plan(|_| ()).groups.into_values().next();
    assert!(settings.is_some());
    [
        Action::Unlock { repository: "main".parse().unwrap(), locks: vec!["aa".into()] },
        Action::DryRun { group: "default".parse().unwrap(), settings },
        Action::Copy { group: "default".parse().unwrap(), to: "main".parse().unwrap(), snapshots: vec![] },
    ]
}

#[tokio::test]
async fn an_edit_is_made_on_the_current_revision_one_at_a_time_and_valid() {
    let stage = Stage::new().await;
    let (actor, _) = with_plan(&stage).await;
    let agent = actor.id();
    let ada = stage.act("ada");
    let order = |action| {
        stage.fleet.order(
            &ada,
            agent,
            OrderRequest::Grave { grave: stage.grave(agent, &stage.admin, action) },
        )
    };
    let edit = |base| set_plan(base, plan(|plan| plan.limits.upload_kib_s = Some(100)));
    let stale = order(edit(0)).await.unwrap_err();
    assert!(matches!(stale, FleetError::Stale { .. }));
    assert!(stale.to_string().contains("revision 0") && stale.to_string().contains("revision 1"), "{stale}");
    let invalid =
        order(set_plan(1, plan(|plan| plan.groups.values_mut().for_each(|g| g.includes.clear())))).await;
    let Err(FleetError::Invalid { fields, .. }) = invalid else { panic!("{invalid:?}") };
    assert_eq!(fields[0].field, "groups.default.includes");
    let first = order(edit(1)).await.unwrap();
    assert!(stage.fleet.host(agent).await.unwrap().plan_waiting);
    assert!(matches!(order(edit(1)).await, Err(FleetError::Conflict { .. })));
    stage.fleet.withdraw(&stage.act("ada"), agent, first.order).await.unwrap();
    assert!(!stage.fleet.host(agent).await.unwrap().plan_waiting);
    let twice = stage.grave(agent, &stage.admin, edit(1));
    stage.fleet.order(&stage.act("ada"), agent, OrderRequest::Grave { grave: twice.clone() }).await.unwrap();
    stage.fleet.outgoing(agent, u64::MAX).await.unwrap();
    let twice = stage.fleet.order(&stage.act("ada"), agent, OrderRequest::Grave { grave: twice }).await;
    assert!(matches!(twice, Err(FleetError::Conflict { .. })), "{twice:?}");
}

#[tokio::test]
async fn a_signed_order_is_the_wish_of_who_gives_it_and_the_history_tells_whose_key_signed() {
    let stage = Stage::new().await;
    let (mut actor, host) = stage.member("web-1").await;
    let agent = actor.id();
    actor.plan(1, PLAN);
    actor.signer = stage.operator.public();
    actor.plan(2, PLAN);
    actor.signer = wire::id::SignerKey([7; 32]);
    actor.plan(3, PLAN);
    actor.sync(&stage, &host).await;
    let past = stage.fleet.plan_history(agent, None, 10).await.unwrap().items;
    let by: Vec<_> = past.iter().map(|past| past.by.as_str()).collect();
    assert_eq!(by, ["a key that is not of this fleet", "otto", "ada"]);
    // Otto signs what he says is ada's wish.
    let grave = stage.grave(agent, &stage.operator, set_plan(3, plan(|_| {})));
    let refused = stage
        .fleet
        .order(&stage.act("otto"), agent, OrderRequest::Grave { grave: grave.clone() })
        .await
        .unwrap_err();
    assert_eq!(refused.code(), ErrorCode::Forbidden);
    assert!(refused.to_string().contains("the wish of `ada`, but `otto` gives it"), "{refused}");
    assert!(stage.fleet.orders(agent).await.unwrap().is_empty());
    stage.fleet.order(&stage.act("ada"), agent, OrderRequest::Grave { grave }).await.unwrap();
}

#[tokio::test]
async fn a_host_is_renamed_only_to_what_it_could_have_joined_as() {
    let stage = Stage::new().await;
    let (actor, _) = with_plan(&stage).await;
    let agent = actor.id();
    let ada = stage.act("ada");
    let rename = |name: &str| {
        let action = Action::Rename { name: name.to_owned(), tags: vec!["Rack 3".to_owned()] };
        let grave = stage.grave(agent, &stage.admin, action);
        stage.fleet.order(&ada, agent, OrderRequest::Grave { grave })
    };
    let too_long = "x".repeat(65);
    for bad in ["", "two words", "-web", "web\n1", "wéb", &too_long] {
        let refused = rename(bad).await.unwrap_err();
        assert_eq!(refused.code(), ErrorCode::InvalidField, "{bad}");
        assert!(refused.to_string().contains("is not a host name: use 1 to 64"), "{refused}");
        assert!(refused.hint().contains("another name"), "{}", refused.hint());
    }
    assert!(state(&stage, agent).await.is_empty());
    rename("web-2.example.org").await.unwrap();
}

#[tokio::test]
async fn one_rename_waits_at_a_time_for_each_gives_name_and_tags_as_a_whole() {
    let stage = Stage::new().await;
    let (actor, _) = with_plan(&stage).await;
    let agent = actor.id();
    let ada = stage.act("ada");
    let rename = |tag: &str| {
        let action = Action::Rename { name: "web-1".to_owned(), tags: vec![tag.to_owned()] };
        let grave = stage.grave(agent, &stage.admin, action);
        stage.fleet.order(&ada, agent, OrderRequest::Grave { grave })
    };
    let first = rename("Rack 3").await.unwrap();
    let refused = rename("Rack 4").await.unwrap_err();
    assert_eq!(refused.code(), ErrorCode::Conflict);
    assert!(refused.to_string().contains("by ada still waits for the host"), "{refused}");
    assert!(refused.hint().contains("Withdraw it first"), "{}", refused.hint());
    stage.fleet.withdraw(&ada, agent, first.order).await.unwrap();
    rename("Rack 4").await.unwrap();
}
