//! A journal that two machines write, and one whose disk was set back: told apart, and never mixed.

use wire::{
    action::{Action, Outcome},
    error::ErrorCode,
    frame::RefusalCode,
    job::{JobState, Origin, Reason},
    journal::{Local, Previous},
    view::{OrderRequest, TroubleKind},
};

use super::{
    journals::printed,
    records::membership,
    stage::{Stage, admitted, peer, refused},
};
use crate::{fleet::JobQuery, ingest, store};

#[tokio::test]
async fn the_same_number_with_another_record_is_a_fork_and_nothing_more_is_applied() {
    let stage = Stage::new().await;
    let (mut actor, host) = stage.member("web-1").await;
    actor.backup(JobState::Succeeded, 0);
    let mut copy = actor.clone();
    actor.backup(JobState::Succeeded, 0);
    copy.backup(JobState::Failed, 0);
    let taken = actor.sync(&stage, &host).await;
    let before = printed(&stage).await;

    let (bytes, _) = copy.batch(3, 6);
    let refusal =
        stage.fleet.take_batch(host.host, copy.id(), Some(taken.head.head), bytes).await.unwrap_err().0;
    assert_eq!(refusal.code, RefusalCode::Fork);
    assert_eq!(printed(&stage).await, before);
    assert!(stage.fleet.host(actor.id()).await.unwrap().trouble.unwrap().kind == TroubleKind::Fork);
    // Neither gets in until a person decides.
    assert_eq!(refused(stage.arrive(&actor, peer(1)).await).code, RefusalCode::Fork);
}

#[tokio::test]
async fn a_copy_at_the_same_number_is_a_fork_at_the_door() {
    let stage = Stage::new().await;
    let (mut actor, host) = stage.member("web-1").await;
    let mut copy = actor.clone();
    actor.backup(JobState::Succeeded, 0);
    copy.backup(JobState::Failed, 0);
    actor.sync(&stage, &host).await;
    assert_eq!(refused(stage.arrive(&copy, peer(2)).await).code, RefusalCode::Fork);
}

#[tokio::test]
async fn a_disk_that_was_set_back_goes_on_in_a_new_epoch_until_the_plan_is_confirmed() {
    let stage = Stage::new().await;
    let (mut actor, host) = stage.member("web-1").await;
    actor.backup(JobState::Succeeded, 0);
    actor.backup(JobState::Succeeded, 0);
    let held = actor.sync(&stage, &host).await.head.head;

    // The disk is set back to the first backup; the welcome shows the agent's own signature for what came after.
    actor.records.truncate(3);
    let welcome = admitted(stage.arrive(&actor, peer(1)).await);
    assert_eq!(welcome.head.unwrap().head, held);
    (actor.epoch, actor.previous) = (2, Some(Previous { epoch: 1, hash: held.hash }));
    actor.records.clear();
    actor.append(&Local::EpochBegun { previous: 1 });
    actor.backup(JobState::Failed, 0);
    let (bytes, _) = actor.batch(0, actor.records.len());
    let taken = stage.fleet.take_batch(host.host, actor.id(), Some(held), bytes).await.unwrap();
    let view = stage.fleet.host(actor.id()).await.unwrap();
    assert_eq!((view.journal.epoch, view.journal.seq), (2, 4));
    assert_eq!(view.trouble.unwrap().kind, TroubleKind::SetBack);
    assert_eq!(stage.fleet.jobs(actor.id(), JobQuery::default()).await.unwrap().items.len(), 3);

    let outcome = Outcome::Accepted { jobs: vec![], revision: None };
    actor.receipt(1, wire::id::OrderId(stage.world.uuid()), "confirm_plan", outcome);
    let (bytes, _) = actor.batch(4, 5);
    stage.fleet.take_batch(host.host, actor.id(), Some(taken.head.head), bytes).await.unwrap();
    assert_eq!(stage.fleet.host(actor.id()).await.unwrap().trouble, None);
    let checked = stage.fleet.store().read(ingest::check).await.unwrap();
    assert_eq!((checked.bad, checked.records), (vec![], 11));

    // A machine that still writes the first epoch is an old copy.
    let mut old = actor.clone();
    (old.epoch, old.previous) = (1, None);
    let (bytes, _) = old.batch(0, 1);
    let head = stage.fleet.store().read({
        let (id, agent) = (host.host, actor.id());
        move |connection| store::chains::latest(connection, id, agent)
    });
    let held = head.await.unwrap().unwrap().head.head;
    let refusal = stage.fleet.take_batch(host.host, actor.id(), Some(held), bytes).await.unwrap_err().0;
    assert_eq!(refusal.code, RefusalCode::Journal);
}

const PLAN: &str = r#"{"repositories": {"main": {"backend": {"kind": "local", "path": "/srv/backup"}}}}"#;

/// What the views say after they were folded again; the same as before.
async fn rebuilt(stage: &Stage) {
    let before = printed(stage).await;
    stage.fleet.store().write(ingest::rebuild).await.unwrap();
    assert_eq!(printed(stage).await, before);
}

#[tokio::test]
async fn after_a_set_back_the_plan_and_the_secrets_are_those_that_the_host_still_has() {
    let stage = Stage::new().await;
    let (mut actor, mut host) = stage.member("web-1").await;
    let agent = actor.id();
    actor.append(&membership("web-1", &[]));
    actor.plan(6, PLAN);
    actor.escrow("repository/main/password", 1);
    actor.append(&membership("renamed", &["lost"]));
    actor.plan(7, "{}");
    actor.plan(8, "{}");
    actor.escrow("repository/main/password", 2);
    actor.escrow("ping/check", 1);
    // One more was given, tried, and is not used: the next is the one after it.
    let slot = "repository/main/password".parse().unwrap();
    actor.append(&Local::SecretSet { slot, revision: 3 });
    host.head = Some(actor.sync(&stage, &host).await.head);
    assert_eq!(stage.fleet.host(agent).await.unwrap().plan_revision, 8);
    let held = stage.fleet.plan(agent).await.unwrap().secrets;
    let held: Vec<_> = held.iter().map(|held| (held.slot.as_str(), held.revision, held.newest)).collect();
    assert_eq!(held, [("ping/check", 1, 1), ("repository/main/password", 2, 3)]);

    // Back to before the second name; what the host still has comes first in the new epoch.
    actor.set_back(host.head.unwrap().head);
    actor.append(&actor.facts());
    actor.append(&membership("web-1", &[]));
    actor.plan(6, PLAN);
    actor.escrow("repository/main/password", 1);
    actor.sync(&stage, &host).await;
    let view = stage.fleet.host(agent).await.unwrap();
    assert_eq!((view.plan_revision, view.row.name.as_str(), view.repositories.len()), (6, "web-1", 1));
    let plan = stage.fleet.plan(agent).await.unwrap();
    let held: Vec<_> = plan.secrets.iter().map(|held| (held.slot.as_str(), held.newest)).collect();
    assert_eq!(held, [("repository/main/password", 1)]);
    let history = stage.fleet.plan_history(agent, None, 10).await.unwrap().items;
    assert_eq!(history.iter().map(|past| past.revision).collect::<Vec<_>>(), [6, 8, 7, 6]);
    rebuilt(&stage).await;

    // An edit is made on what the host has, and a person confirms just that.
    let edit = |base_revision| {
        let plan = serde_json::from_str(PLAN).unwrap();
        let action = Action::SetPlan { base_revision, plan, secrets: Vec::new(), note: None };
        OrderRequest::Grave { grave: stage.grave(agent, &stage.admin, action) }
    };
    let stale = stage.fleet.order(&stage.act("ada"), agent, edit(8)).await.unwrap_err();
    assert_eq!(stale.code(), ErrorCode::Stale);
    stage.fleet.order(&stage.act("ada"), agent, edit(6)).await.unwrap();
    // The lost secret's box may be the only copy.
    let kept =
        move |connection: &rusqlite::Connection| store::plans::escrow(connection, host.host, "ping/check");
    assert!(stage.fleet.store().read(kept).await.unwrap().is_some());
}

#[tokio::test]
async fn jobs_whose_end_was_lost_with_the_disk_do_not_run_for_ever() {
    let stage = Stage::new().await;
    let (mut actor, mut host) = stage.member("web-1").await;
    let agent = actor.id();
    let over = actor.backup(JobState::Succeeded, 0);
    let [waits, runs, ends] = [(); 3].map(|()| actor.queued("default", Origin::Local));
    actor.started(runs);
    actor.started(ends);
    host.head = Some(actor.sync(&stage, &host).await.head);
    assert_eq!(stage.fleet.host(agent).await.unwrap().row.active_jobs, 3);

    let mut events = stage.fleet.events();
    actor.set_back(host.head.unwrap().head);
    let taken = actor.sync(&stage, &host).await;
    let told = std::iter::from_fn(|| events.try_recv().ok());
    let told = told.filter(|event| matches!(event, wire::view::Event::Job { .. })).count();
    assert_eq!((told, stage.fleet.host(agent).await.unwrap().row.active_jobs), (3, 0));
    for (job, state) in
        [(over, JobState::Succeeded), (waits, JobState::Interrupted), (runs, JobState::Interrupted)]
    {
        let view = stage.fleet.job(agent, job).await.unwrap();
        assert_eq!((view.state, view.finished_at.is_some()), (state, true));
        assert_eq!(view.reason, (state == JobState::Interrupted).then_some(Reason::AgentDied));
    }
    assert_eq!(stage.fleet.tiles(stage.world.now()).last_day.other, 0, "nobody saw them end");
    rebuilt(&stage).await;

    // What the new epoch does tell of is what it says.
    host.head = Some(taken.head);
    actor.started(waits);
    actor.finished(ends, JobState::Failed);
    host.head = Some(actor.sync(&stage, &host).await.head);
    let view = stage.fleet.job(agent, waits).await.unwrap();
    assert_eq!((view.state, view.finished_at, view.reason), (JobState::Running, None, None));
    assert_eq!(stage.fleet.job(agent, ends).await.unwrap().state, JobState::Failed);
    actor.finished(waits, JobState::Succeeded);
    actor.finished(waits, JobState::Failed);
    actor.sync(&stage, &host).await;
    assert_eq!(stage.fleet.job(agent, waits).await.unwrap().state, JobState::Succeeded);
    let day = stage.fleet.tiles(stage.world.now()).last_day;
    assert_eq!((day.succeeded, day.failed, day.other), (2, 1, 0));
    rebuilt(&stage).await;
}
