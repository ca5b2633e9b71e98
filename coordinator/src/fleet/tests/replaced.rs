//! A host that takes another's place, and the one that gives way.

use wire::{
    action::Action,
    error::ErrorCode,
    frame::{Credential, RefusalCode},
    id::AgentId,
    identity::SigningKey,
    job::JobState,
    trust::{Admission, Operator, Role, Signed, Statement},
    view::{OrderRequest, OrderState, ReplacedView},
};

use super::stage::{Actor, Stage, admitted, knocked, peer, refused};
use crate::{
    fleet::{Admitted, FleetError, HostQuery, JobQuery},
    ingest,
    store::audit,
};

fn in_place_of(stage: &Stage, actor: &Actor, old: AgentId) -> Signed<Admission> {
    let admission = stage.admission(&actor.keys.binding(), &actor.name).verify().unwrap().document;
    Signed::sign(&Admission { replaces: Some(old), ..admission }, &stage.admin).unwrap()
}

/// A newcomer is approved in the place of `old`.
async fn replacing(stage: &Stage, name: &str, old: AgentId) -> Result<(Actor, Admitted), FleetError> {
    let mut actor = Actor::new(&stage.world, name);
    knocked(stage.arrive(&actor, peer(9)).await);
    let admission = in_place_of(stage, &actor, old);
    stage.fleet.approve(&stage.act("ada"), actor.id(), admission.clone()).await?;
    actor.credential = Credential::Admission { admission };
    let admitted = admitted(stage.arrive(&actor, peer(9)).await);
    Ok((actor, admitted))
}

fn names(stage: &Stage, replaced: bool) -> Vec<(AgentId, bool)> {
    let query = HostQuery { replaced, ..HostQuery::default() };
    stage.fleet.hosts(&query).unwrap().items.into_iter().map(|row| (row.agent, row.replaced)).collect()
}

fn probe() -> OrderRequest {
    OrderRequest::Routine { routine: Action::Probe { repository: "main".parse().unwrap() } }
}

#[tokio::test]
async fn the_old_one_gives_way_and_its_history_stays() {
    let stage = Stage::new().await;
    let (mut old, host) = stage.member("web-1").await;
    old.append(&old.facts());
    let job = old.backup(JobState::Succeeded, 2);
    old.sync(&stage, &host).await;
    let waits = stage.fleet.order(&stage.act("ada"), old.id(), probe()).await.unwrap();
    let seat = stage.fleet.take_seat(old.id(), peer(1)).await.unwrap();

    let (new, _) = replacing(&stage, "web-1", old.id()).await.unwrap();
    assert_eq!(seat.farewell().unwrap().code, RefusalCode::Revoked);
    stage.fleet.leave_seat(&seat).await;
    assert_eq!(names(&stage, false), [(new.id(), false)]);
    let mut both = names(&stage, true);
    both.sort_by_key(|(_, replaced)| *replaced);
    assert_eq!(both, [(new.id(), false), (old.id(), true)]);
    assert_eq!(stage.fleet.tiles(stage.world.now()).hosts, 1);

    let refusal = refused(stage.arrive(&old, peer(1)).await);
    assert_eq!(refusal.code, RefusalCode::Revoked);
    assert!(refusal.message.contains("web-1") && !refusal.hint.is_empty(), "{refusal:?}");
    let orders = stage.fleet.orders(old.id()).await.unwrap();
    assert_eq!((orders[0].order, orders[0].state), (waits.order, OrderState::Withdrawn));
    let order = stage.fleet.order(&stage.act("ada"), old.id(), probe()).await;
    assert_eq!(order.unwrap_err().code(), ErrorCode::Conflict);
    assert_eq!(stage.fleet.jobs(old.id(), JobQuery::default()).await.unwrap().items[0].job, job);

    let (older, newer) =
        (stage.fleet.host(old.id()).await.unwrap(), stage.fleet.host(new.id()).await.unwrap());
    let view = |agent| Some(ReplacedView { agent, name: "web-1".into() });
    assert_eq!((older.replaced_by, older.replaces), (view(new.id()), None));
    assert_eq!((newer.replaces, newer.replaced_by), (view(old.id()), None));
    // The same name twice is no trouble here, nor for whoever comes next under another.
    assert_eq!((older.trouble, newer.trouble), (None, None));
    let records = stage.fleet.store().read(|connection| audit::from(connection, 1, 1_000)).await.unwrap();
    let body = records.iter().map(|record| &record.body).rfind(|body| body.contains("host_approve")).unwrap();
    assert!(body.contains("replaces") && body.contains(&old.id().to_string()), "{body}");
}

#[tokio::test]
async fn who_is_not_there_or_was_replaced_before_is_not_replaced() {
    let stage = Stage::new().await;
    let (old, _) = stage.member("web-1").await;
    let nobody = replacing(&stage, "web-2", AgentId([7; 32])).await.err().unwrap();
    assert_eq!(nobody.code(), ErrorCode::NotFound);
    let (new, _) = replacing(&stage, "web-3", old.id()).await.unwrap();
    let again = replacing(&stage, "web-4", old.id()).await.err().unwrap();
    assert_eq!(again.code(), ErrorCode::Conflict);
    let mut itself = Actor::new(&stage.world, "web-5");
    knocked(stage.arrive(&itself, peer(8)).await);
    let admission = in_place_of(&stage, &itself, itself.id());
    itself.credential = Credential::None;
    let refused = stage.fleet.approve(&stage.act("ada"), itself.id(), admission).await.unwrap_err();
    assert!(matches!(refused.code(), ErrorCode::NotFound | ErrorCode::Conflict), "{refused:?}");
    // A row of replacements: the one in the middle gives way as well.
    let (last, _) = replacing(&stage, "web-6", new.id()).await.unwrap();
    assert_eq!(names(&stage, false), [(last.id(), false)]);
}

#[tokio::test]
async fn who_was_an_admin_once_turns_nobody_out() {
    let stage = Stage::new().await;
    let (old, _) = stage.member("web-1").await;
    let first = stage.first_statement().verify().unwrap().hash;
    let mut next = Statement { version: 2, previous: first, ..stage.statement() };
    let later = SigningKey::from_seed(&[62; 32]);
    next.operators[0] = Operator { key: later.public().into(), name: "zoe".into(), role: Role::Admin };
    stage.fleet.publish(&stage.act("ada"), Signed::sign(&next, &stage.kit.root()).unwrap()).await.unwrap();
    // Signed with the key that was an admin's, for a host that nobody here has seen.
    let mut rogue = Actor::new(&stage.world, "web-9");
    rogue.credential = Credential::Admission { admission: in_place_of(&stage, &rogue, old.id()) };
    admitted(stage.arrive(&rogue, peer(9)).await);
    admitted(stage.arrive(&old, peer(1)).await);
    assert_eq!(names(&stage, false).len(), 2);
}

#[tokio::test]
async fn of_two_that_are_approved_at_once_one_takes_the_place() {
    let stage = Stage::new().await;
    let (old, _) = stage.member("web-1").await;
    let (one, other) = (Actor::new(&stage.world, "web-2"), Actor::new(&stage.world, "web-3"));
    for actor in [&one, &other] {
        knocked(stage.arrive(actor, peer(9)).await);
    }
    let act = stage.act("ada");
    let approve = |actor: &Actor| stage.fleet.approve(&act, actor.id(), in_place_of(&stage, actor, old.id()));
    let (first, second) = tokio::join!(approve(&one), approve(&other));
    assert!(first.is_ok() != second.is_ok(), "{first:?} {second:?}");
    assert_eq!(names(&stage, false).len(), 1);
}

#[tokio::test]
async fn a_rebuild_a_restart_and_a_lost_database_do_not_bring_it_back() {
    let mut stage = Stage::new().await;
    let (old, _) = stage.member("web-1").await;
    let (new, _) = replacing(&stage, "web-1", old.id()).await.unwrap();
    stage.fleet.store().write(ingest::rebuild).await.unwrap();
    stage.restart().await;
    assert_eq!(refused(stage.arrive(&old, peer(1)).await).code, RefusalCode::Revoked);
    assert_eq!(names(&stage, false), [(new.id(), false)]);
    stage.lose_database().await;
    // Whoever comes first: the newcomer's own credential says whose place it took.
    admitted(stage.arrive(&old, peer(1)).await);
    admitted(stage.arrive(&new, peer(2)).await);
    assert_eq!(refused(stage.arrive(&old, peer(1)).await).code, RefusalCode::Revoked);
    assert_eq!(names(&stage, false), [(new.id(), false)]);
    stage.lose_database().await;
    admitted(stage.arrive(&new, peer(2)).await);
    assert_eq!(refused(stage.arrive(&old, peer(1)).await).code, RefusalCode::Revoked);
    let view = stage.fleet.host(new.id()).await.unwrap();
    assert_eq!(view.replaces.unwrap().agent, old.id());
}

#[tokio::test]
async fn the_first_of_a_row_stays_away_when_the_one_in_the_middle_is_removed() {
    let mut stage = Stage::new().await;
    let (first, _) = stage.member("web-1").await;
    let (second, _) = replacing(&stage, "web-1", first.id()).await.unwrap();
    let (third, _) = replacing(&stage, "web-1", second.id()).await.unwrap();
    stage.fleet.remove_host(&stage.act("ada"), second.id()).await.unwrap();
    for restarted in [false, true] {
        if restarted {
            stage.restart().await;
        }
        for gone in [&first, &second] {
            let refusal = refused(stage.arrive(gone, peer(1)).await);
            assert_eq!(refusal.code, RefusalCode::Revoked, "restarted: {restarted}");
        }
        let view = stage.fleet.host(first.id()).await.unwrap();
        assert_eq!(view.replaced_by.unwrap().agent, third.id(), "restarted: {restarted}");
        assert_eq!(names(&stage, false), [(third.id(), false)]);
    }
    let again = replacing(&stage, "web-2", first.id()).await.err().unwrap();
    assert_eq!(again.code(), ErrorCode::Conflict, "its place is taken");
    admitted(stage.arrive(&third, peer(1)).await);

    // Without anybody in their places, whoever is still a member comes back.
    stage.fleet.remove_host(&stage.act("ada"), third.id()).await.unwrap();
    admitted(stage.arrive(&first, peer(1)).await);
    assert_eq!(stage.fleet.host(first.id()).await.unwrap().replaced_by, None);
}

/// Who stands in this one's place, as its page says it.
async fn by(stage: &Stage, actor: &Actor) -> Option<AgentId> {
    stage.fleet.host(actor.id()).await.unwrap().replaced_by.map(|by| by.agent)
}

#[tokio::test]
async fn who_is_removed_by_mistake_and_comes_back_finds_all_inherited_places_taken() {
    let mut stage = Stage::new().await;
    let (first, _) = stage.member("web-1").await;
    let (second, _) = replacing(&stage, "web-1", first.id()).await.unwrap();
    let (third, _) = replacing(&stage, "web-1", second.id()).await.unwrap();
    stage.fleet.remove_host(&stage.act("ada"), second.id()).await.unwrap();
    stage.fleet.remove_host(&stage.act("ada"), third.id()).await.unwrap();
    stage.restart().await;
    admitted(stage.arrive(&first, peer(1)).await);
    let seat = stage.fleet.take_seat(first.id(), peer(1)).await.unwrap();
    admitted(stage.arrive(&third, peer(3)).await);
    assert_eq!(seat.farewell().expect("the old one gives way again").code, RefusalCode::Revoked);
    stage.fleet.leave_seat(&seat).await;
    for restarted in [false, true] {
        if restarted {
            stage.restart().await;
        }
        for gone in [&first, &second] {
            let refusal = refused(stage.arrive(gone, peer(1)).await);
            assert_eq!(refusal.code, RefusalCode::Revoked, "restarted: {restarted}");
        }
        assert_eq!(by(&stage, &first).await, Some(third.id()), "restarted: {restarted}");
        assert_eq!(names(&stage, false), [(third.id(), false)], "restarted: {restarted}");
    }
}

#[tokio::test]
async fn who_comes_back_takes_no_place_from_the_one_that_stands_there() {
    let mut stage = Stage::new().await;
    let (first, _) = stage.member("web-1").await;
    let (second, _) = replacing(&stage, "web-1", first.id()).await.unwrap();
    stage.fleet.remove_host(&stage.act("ada"), second.id()).await.unwrap();
    let (other, _) = replacing(&stage, "web-2", first.id()).await.unwrap();
    admitted(stage.arrive(&second, peer(2)).await);
    assert_eq!(by(&stage, &first).await, Some(other.id()));
    stage.restart().await;
    assert_eq!(by(&stage, &first).await, Some(other.id()));
    stage.fleet.remove_host(&stage.act("ada"), second.id()).await.unwrap();
    for restarted in [false, true] {
        if restarted {
            stage.restart().await;
        }
        assert_eq!(refused(stage.arrive(&first, peer(1)).await).code, RefusalCode::Revoked);
        assert_eq!(by(&stage, &first).await, Some(other.id()), "restarted: {restarted}");
    }

    // Both are here, and the one that counted goes: the other stands there still.
    admitted(stage.arrive(&second, peer(2)).await);
    stage.fleet.remove_host(&stage.act("ada"), other.id()).await.unwrap();
    for restarted in [false, true] {
        if restarted {
            stage.restart().await;
        }
        assert_eq!(refused(stage.arrive(&first, peer(1)).await).code, RefusalCode::Revoked);
        assert_eq!(by(&stage, &first).await, Some(second.id()), "restarted: {restarted}");
    }
}
