//! The door: who may wait, who may not, who comes in, and by what right.

use std::{net::SocketAddr, time::Duration};

use wire::{
    frame::{Credential, RefusalCode},
    id::UnixMs,
    trust::{Admission, Signed, Token, TokenKeys, TokenSeed},
    view::PresenceView,
};

use super::stage::{Actor, Stage, admitted, knocked, nobodys_seal_key, peer, refused};
use crate::fleet::{Arrival, FleetError, HostQuery, Wish};

fn actors(stage: &Stage, count: usize) -> Vec<Actor> {
    (0..count).map(|n| Actor::new(&stage.world, &format!("host-{n}"))).collect()
}

#[tokio::test]
async fn eleven_new_hosts_a_minute_are_one_too_many_for_one_source_but_not_for_another() {
    let stage = Stage::new().await;
    let all = actors(&stage, 30);
    for actor in &all[..10] {
        knocked(stage.arrive(actor, peer(1)).await);
    }
    assert_eq!(refused(stage.arrive(&all[10], peer(1)).await).code, RefusalCode::Busy);
    knocked(stage.arrive(&all[11], peer(2)).await);
    // Who waits already is no newcomer.
    knocked(stage.arrive(&all[3], peer(1)).await);
    stage.time.advance(Duration::from_secs(61));
    knocked(stage.arrive(&all[10], peer(1)).await);
}

#[tokio::test]
async fn ipv6_sources_count_by_their_64_bits_and_mapped_ipv4_as_ipv4() {
    let stage = Stage::new().await;
    let all = actors(&stage, 30);
    let from = |text: &str| -> SocketAddr { SocketAddr::new(text.parse().unwrap(), 1) };
    for (n, actor) in all[..10].iter().enumerate() {
        knocked(stage.arrive(actor, from(&format!("2001:db8:1:2:{n:x}::1"))).await);
    }
    assert_eq!(refused(stage.arrive(&all[10], from("2001:db8:1:2:ffff::9")).await).code, RefusalCode::Busy);
    knocked(stage.arrive(&all[10], from("2001:db8:1:3::1")).await);
    for actor in &all[11..21] {
        knocked(stage.arrive(actor, from("::ffff:192.0.2.9")).await);
    }
    assert_eq!(refused(stage.arrive(&all[21], from("192.0.2.9")).await).code, RefusalCode::Busy);
}

#[tokio::test]
async fn a_full_door_evicts_from_the_noisiest_source_and_never_the_quiet_one() {
    let stage = Stage::new().await;
    let quiet = Actor::new(&stage.world, "quiet");
    let kept = knocked(stage.arrive(&quiet, peer(200)).await);
    let crowd = actors(&stage, 110);
    let mut knocks = Vec::new();
    for (n, actor) in crowd[..99].iter().enumerate() {
        if n % 10 == 0 {
            stage.time.advance(Duration::from_secs(61));
        }
        knocks.push(knocked(stage.arrive(actor, peer(1)).await));
    }
    assert_eq!(stage.fleet.pending().len(), 100);
    stage.time.advance(Duration::from_secs(61));
    // The noisy source gets no further host in; somebody else does, at the noisy one's cost.
    assert_eq!(refused(stage.arrive(&crowd[99], peer(1)).await).code, RefusalCode::Busy);
    knocked(stage.arrive(&crowd[100], peer(7)).await);
    let waiting = stage.fleet.pending();
    assert_eq!(waiting.len(), 100);
    assert!(waiting.iter().any(|view| view.agent == quiet.id()));
    assert_eq!(waiting.iter().filter(|view| view.address == "192.0.2.1").count(), 98);
    let told: Vec<_> = knocks.iter().filter_map(|knock| knock.seat.farewell()).collect();
    assert_eq!(told.iter().map(|refusal| refusal.code).collect::<Vec<_>>(), [RefusalCode::Busy]);
    assert_eq!(kept.seat.farewell(), None);
}

#[tokio::test]
async fn a_wait_ends_after_an_hour() {
    let stage = Stage::new().await;
    let actor = Actor::new(&stage.world, "late");
    let knock = knocked(stage.arrive(&actor, peer(1)).await);
    assert_eq!(knock.expires_at, stage.world.now().plus_ms(3_600_000));
    stage.time.advance(Duration::from_secs(3599));
    stage.fleet.sweep().await;
    assert_eq!(stage.fleet.pending().len(), 1);
    stage.time.advance(Duration::from_secs(1));
    stage.fleet.sweep().await;
    assert!(stage.fleet.pending().is_empty());
    assert_eq!(knock.seat.farewell().unwrap().code, RefusalCode::WaitOver);
}

#[tokio::test]
async fn approving_one_leaves_the_others_waiting_and_wakes_it() {
    let stage = Stage::new().await;
    let (one, two) = (Actor::new(&stage.world, "one"), Actor::new(&stage.world, "two"));
    let knock = knocked(stage.arrive(&one, peer(1)).await);
    let other = knocked(stage.arrive(&two, peer(1)).await);
    let admission = stage.admission(&one.keys.binding(), "one");
    stage.fleet.approve(&stage.act("ada"), one.id(), admission.clone()).await.unwrap();
    assert_eq!(knock.seat.wishes().await.collect::<Vec<_>>(), [Wish::Verdict]);
    assert_eq!(stage.fleet.take_admission(&knock.seat), Some(admission));
    assert_eq!(stage.fleet.pending().iter().map(|view| view.agent).collect::<Vec<_>>(), [two.id()]);
    assert_eq!(other.seat.farewell(), None);
    let row = &stage.fleet.hosts(&HostQuery::default()).unwrap().items[0];
    assert_eq!((row.name.as_str(), row.presence), ("one", PresenceView::NeverSeen));
    // A member that lost its admission is told it again.
    assert_ne!(admitted(stage.arrive(&one, peer(1)).await).credential, Credential::None);
}

#[tokio::test]
async fn an_admission_for_other_keys_than_those_at_the_door_is_a_conflict() {
    let stage = Stage::new().await;
    let mut actor = Actor::new(&stage.world, "one");
    knocked(stage.arrive(&actor, peer(1)).await);
    let seen = actor.keys.binding();
    // The same agent comes again with new sealing and channel keys.
    let fresh = wire::identity::AgentKeys::generate(&mut stage.world.rng());
    actor.keys = wire::identity::AgentKeys { seal: fresh.seal, generation: 2, ..actor.keys };
    knocked(stage.arrive(&actor, peer(1)).await);
    let approved = stage.fleet.approve(&stage.act("ada"), actor.id(), stage.admission(&seen, "one")).await;
    assert!(matches!(approved, Err(FleetError::Conflict { .. })), "{approved:?}");
    assert_eq!(stage.fleet.pending().len(), 1);
    stage
        .fleet
        .approve(&stage.act("ada"), actor.id(), stage.admission(&actor.keys.binding(), "one"))
        .await
        .unwrap();
}

#[tokio::test]
async fn an_admission_must_be_an_admins_in_time_and_of_this_fleet() {
    let stage = Stage::new().await;
    let actor = Actor::new(&stage.world, "one");
    knocked(stage.arrive(&actor, peer(1)).await);
    let good = Admission {
        fleet: stage.kit.fleet(),
        agent_fingerprint: actor.keys.binding().fingerprint(),
        name: "one".into(),
        tags: vec![],
        issued_at: stage.world.now(),
        expires_at: stage.world.now().plus_ms(1000),
        replaces: None,
    };
    let ada = stage.act("ada");
    let try_it = |admission: Admission, key: &wire::identity::SigningKey| {
        stage.fleet.approve(&ada, actor.id(), Signed::sign(&admission, key).unwrap())
    };
    let by_operator = try_it(good.clone(), &stage.operator).await;
    assert!(matches!(by_operator, Err(FleetError::Forbidden { .. })), "{by_operator:?}");
    let expired = Admission { expires_at: stage.world.now(), ..good.clone() };
    assert!(matches!(try_it(expired, &stage.admin).await, Err(FleetError::Expired { .. })));
    let foreign = Admission { fleet: wire::id::FleetId([3; 32]), ..good.clone() };
    assert!(matches!(try_it(foreign, &stage.admin).await, Err(FleetError::Conflict { .. })));
    let nameless = Admission { name: "two words".into(), ..good.clone() };
    assert!(matches!(try_it(nameless, &stage.admin).await, Err(FleetError::Invalid { .. })));
    let mut forged = Signed::sign(&good, &stage.admin).unwrap().parts().clone();
    forged.doc.0[10] ^= 1;
    let forged = stage.fleet.approve(&stage.act("ada"), actor.id(), Signed::from_parts(forged)).await;
    assert!(matches!(forged, Err(FleetError::BadSignature { .. })), "{forged:?}");
    assert_eq!(stage.fleet.pending().len(), 1);
    let nobody = stage
        .fleet
        .approve(&stage.act("ada"), wire::id::AgentId([7; 32]), stage.admission(&actor.keys.binding(), "x"))
        .await;
    assert!(matches!(nobody, Err(FleetError::NotFound { .. })));
}

#[tokio::test]
async fn a_rejected_host_is_told_and_a_same_name_is_flagged() {
    let stage = Stage::new().await;
    stage.member("web-1").await;
    let copycat = Actor::new(&stage.world, "WEB-1");
    let knock = knocked(stage.arrive(&copycat, peer(2)).await);
    assert_eq!(knock.collides_with.as_deref(), Some("web-1"));
    assert_eq!(stage.fleet.pending()[0].collides_with.as_deref(), Some("web-1"));
    stage.fleet.reject(&stage.act("ada"), copycat.id()).await.unwrap();
    assert_eq!(knock.seat.farewell().unwrap().code, RefusalCode::Rejected);
    assert!(stage.fleet.pending().is_empty());
}

#[tokio::test]
async fn a_forged_admission_at_the_door_is_refused() {
    let stage = Stage::new().await;
    let mut actor = Actor::new(&stage.world, "one");
    let attacker = wire::identity::SigningKey::generate(&mut stage.world.rng());
    let mut admission = stage.admission(&actor.keys.binding(), "one").verify().unwrap().document;
    admission.name = "root".into();
    actor.credential = Credential::Admission { admission: Signed::sign(&admission, &attacker).unwrap() };
    assert_eq!(refused(stage.arrive(&actor, peer(1)).await).code, RefusalCode::Credential);
    assert!(stage.fleet.hosts(&HostQuery::default()).unwrap().items.is_empty());
}

fn token(stage: &Stage, uses: u32, expires_at: UnixMs) -> (TokenKeys, Signed<Token>) {
    let keys = TokenSeed::generate(&mut stage.world.rng()).keys();
    let terms = Token {
        fleet: stage.kit.fleet(),
        token: keys.token(),
        seal: nobodys_seal_key(),
        name_pattern: "web-*".into(),
        tags: vec!["web".into()],
        uses,
        issued_at: stage.world.now(),
        expires_at,
        plan: None,
        secrets: vec![],
    };
    (keys, Signed::sign(&terms, &stage.operator).unwrap())
}

#[tokio::test]
async fn a_token_admits_as_often_as_it_says_and_the_same_agent_once() {
    let stage = Stage::new().await;
    let (keys, signed) = token(&stage, 2, stage.world.now().plus_ms(3_600_000));
    stage.fleet.make_token(&stage.act("otto"), signed.clone()).await.unwrap();
    let join = async |name: &str| {
        let mut actor = Actor::new(&stage.world, name);
        let proof = keys.prove(&actor.keys.binding());
        actor.credential = Credential::TokenKey { token: keys.token(), proof };
        (stage.arrive(&actor, peer(1)).await, actor)
    };
    let (first, actor) = join("web-1").await;
    assert!(matches!(admitted(first).credential, Credential::Token { .. }));
    admitted(stage.arrive(&actor, peer(1)).await);
    let other = join("db-1").await.0;
    assert_eq!(refused(other).code, RefusalCode::Credential, "the name does not fit");
    admitted(join("web-2").await.0);
    assert!(refused(join("web-3").await.0).message.contains("used up"));
    let views = stage.fleet.tokens().await.unwrap();
    assert_eq!(
        views[0].used_by.iter().map(|used| used.name.as_str()).collect::<Vec<_>>(),
        ["web-1", "web-2"]
    );
    assert_eq!((views[0].made_by.as_str(), views[0].uses), ("otto", 2));
    let row = &stage.fleet.hosts(&HostQuery::default()).unwrap().items[0];
    assert_eq!((row.name.as_str(), row.tags.as_slice()), ("web-1", &["web".to_owned()][..]));
}

#[tokio::test]
async fn a_token_that_is_revoked_expired_stolen_or_unknown_admits_nobody() {
    let stage = Stage::new().await;
    let soon = stage.world.now().plus_ms(60_000);
    let (keys, signed) = token(&stage, 5, soon);
    stage.fleet.make_token(&stage.act("otto"), signed.clone()).await.unwrap();
    let mut member = Actor::new(&stage.world, "web-1");
    member.credential =
        Credential::TokenKey { token: keys.token(), proof: keys.prove(&member.keys.binding()) };
    admitted(stage.arrive(&member, peer(1)).await);

    // Somebody else's proof, with the terms that everybody who joined can read.
    let mut thief = Actor::new(&stage.world, "web-9");
    thief.credential = Credential::Token { token: signed.clone(), proof: keys.prove(&member.keys.binding()) };
    assert_eq!(refused(stage.arrive(&thief, peer(1)).await).code, RefusalCode::Credential);

    let (strange, _) = token(&stage, 5, soon);
    let mut stranger = Actor::new(&stage.world, "web-2");
    let proof = strange.prove(&stranger.keys.binding());
    stranger.credential = Credential::TokenKey { token: strange.token(), proof };
    assert_eq!(refused(stage.arrive(&stranger, peer(1)).await).code, RefusalCode::Credential);

    let late = |stage: &Stage| {
        let mut late = Actor::new(&stage.world, "web-3");
        late.credential =
            Credential::TokenKey { token: keys.token(), proof: keys.prove(&late.keys.binding()) };
        late
    };
    stage.fleet.revoke_token(&stage.act("ada"), keys.token()).await.unwrap();
    assert!(refused(stage.arrive(&late(&stage), peer(1)).await).message.contains("revoked"));
    stage.time.advance(Duration::from_secs(61));
    assert!(refused(stage.arrive(&late(&stage), peer(1)).await).message.contains("expired"));
    // Who joined stays a member, also at a coordinator that lost its tokens.
    let mut stage = stage;
    stage.lose_database().await;
    member.credential = Credential::Token { token: signed, proof: keys.prove(&member.keys.binding()) };
    member.append(&member.facts());
    let Arrival::Member(again) = stage.arrive(&member, peer(1)).await else { panic!("it was a member") };
    assert_eq!(again.name, "web-1");
    let uses = stage.fleet.tokens().await.unwrap();
    assert_eq!(uses[0].used_by.len(), 1);
}

#[tokio::test]
async fn all_who_joined_by_one_token_come_back_after_a_lost_database_and_nobody_else() {
    let mut stage = Stage::new().await;
    let (keys, signed) = token(&stage, 3, stage.world.now().plus_ms(60_000));
    stage.fleet.make_token(&stage.act("otto"), signed.clone()).await.unwrap();
    let holder = |stage: &Stage, name: &str| {
        let mut actor = Actor::new(&stage.world, name);
        let proof = keys.prove(&actor.keys.binding());
        actor.credential = Credential::Token { token: signed.clone(), proof };
        actor
    };
    let mut members = Vec::new();
    for name in ["web-1", "web-2"] {
        let mut member = holder(&stage, name);
        admitted(stage.arrive(&member, peer(1)).await);
        member.append(&member.facts());
        members.push(member);
    }
    stage.time.advance(Duration::from_secs(61));
    stage.lose_database().await;
    for member in &members {
        assert_eq!(admitted(stage.arrive(member, peer(1)).await).name, member.name);
    }
    let newcomer = holder(&stage, "web-3");
    assert!(refused(stage.arrive(&newcomer, peer(1)).await).message.contains("expired"));
}

#[tokio::test]
async fn a_second_connection_of_a_live_identity_is_told_apart() {
    let stage = std::sync::Arc::new(Stage::new().await);
    let (actor, _) = stage.member("web-1").await;
    let agent = actor.id();
    let first = stage.fleet.take_seat(agent, peer(1)).await.unwrap();
    let row = |stage: &Stage| stage.fleet.hosts(&HostQuery::default()).unwrap().items[0].clone();
    assert_eq!(row(&stage).presence, PresenceView::Online);

    // The first one answers the challenge: the second is turned away, and the host's page says so.
    let second = tokio::spawn({
        let stage = std::sync::Arc::clone(&stage);
        async move { stage.fleet.take_seat(agent, peer(2)).await.map(|_| ()) }
    });
    assert_eq!(first.wishes().await.collect::<Vec<_>>(), [Wish::Challenge]);
    first.heard(stage.world.now());
    assert_eq!(second.await.unwrap().unwrap_err().code, RefusalCode::Duplicate);
    assert!(stage.fleet.host(agent).await.unwrap().trouble.unwrap().message.contains("second machine"));

    // The first one is dead and does not know: the second takes over.
    let third = tokio::spawn({
        let stage = std::sync::Arc::clone(&stage);
        async move { stage.fleet.take_seat(agent, peer(3)).await }
    });
    assert_eq!(first.wishes().await.collect::<Vec<_>>(), [Wish::Challenge]);
    stage.time.advance(Duration::from_secs(5));
    let third = third.await.unwrap().unwrap();
    assert_eq!(first.farewell().unwrap().code, RefusalCode::Duplicate);
    assert_eq!(row(&stage).presence, PresenceView::Online);
    stage.fleet.leave_seat(&first).await;
    assert_eq!(row(&stage).presence, PresenceView::Online, "the dead one's end is not the live one's");
    stage.fleet.leave_seat(&third).await;
    assert_eq!(row(&stage).presence, PresenceView::Offline);
}

#[tokio::test]
async fn ninety_silent_seconds_are_offline_and_when_it_was_heard_survives_a_restart() {
    let mut stage = Stage::new().await;
    let (actor, _) = stage.member("web-1").await;
    let seat = stage.fleet.take_seat(actor.id(), peer(1)).await.unwrap();
    let row = |stage: &Stage| stage.fleet.hosts(&HostQuery::default()).unwrap().items[0].clone();
    for _ in 0..5 {
        stage.time.advance(Duration::from_mins(1));
        seat.heard(stage.world.now());
        stage.fleet.sweep().await;
    }
    assert_eq!(row(&stage).presence, PresenceView::Online);
    let heard = stage.world.now();
    stage.time.advance(Duration::from_millis(90_001));
    stage.fleet.sweep().await;
    assert_eq!((row(&stage).presence, row(&stage).last_seen), (PresenceView::Offline, Some(heard)));
    assert_eq!(seat.farewell().unwrap().code, RefusalCode::Unavailable);
    stage.restart().await;
    assert_eq!((row(&stage).presence, row(&stage).last_seen), (PresenceView::Offline, Some(heard)));
}
