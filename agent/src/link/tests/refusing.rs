//! Whom the agent does not go on with: heads that are not its own, other fleets, refusals, nonsense.

use tokio_util::sync::CancellationToken;
use wire::{
    frame::{Ack, FrameType, Hello, Refusal, RefusalCode, Welcome},
    id::{Base64Bytes, Hash32},
    identity::CoordinatorKeys,
    journal::Head,
    trust::{Kit, Signed},
};

use super::{
    give_plan, head, order_run,
    peer::{Coordinator, Peer},
    session, write,
};
use crate::{
    config::Policy,
    desired::rehearsal::{Fleet, Host},
    link::problem::{Problem, Retry},
};

#[tokio::test]
async fn a_head_that_this_host_never_signed_and_a_forked_one_end_the_connection() {
    let fleet = Fleet::found();
    let host = Host::member(&fleet, Policy::default()).await;
    write(&host, 5).await;
    let here = head(&host).await;
    let higher = Head { seq: here.seq + 10, hash: Hash32([5; 32]), ..here };
    let lie = higher.sign(&fleet.admin);
    let forked = Head { hash: Hash32([6; 32]), ..here }.sign(&host.desk.keys().identity);
    for (held, fork) in [(lie, false), (forked, true)] {
        let mut coordinator = Coordinator::new(host.desk.agent());
        coordinator.held = Some(held);
        let (near, far) = tokio::io::duplex(4096);
        let other = coordinator.until_over(far, &fleet);
        let ((ended, _), goodbye) =
            tokio::join!(session(&host, &fleet, near, CancellationToken::new()), other);
        let problem = ended.unwrap_err();
        assert_eq!(matches!(problem, Problem::Fork { .. }), fork, "{problem:?}");
        assert_eq!(problem.retry(true), if fork { Retry::Never } else { Retry::Late });
        let code = if fork { RefusalCode::Fork } else { RefusalCode::Journal };
        assert_eq!(goodbye.map(|refusal| refusal.code), Some(code));
        assert!(coordinator.hashes.is_empty(), "nothing was sent");
        assert_eq!(head(&host).await, here, "nothing was written");
    }
}

#[tokio::test]
async fn only_a_coordinator_of_the_pinned_fleet_is_talked_to() {
    let fleet = Fleet::found();
    let host = Host::new(7, Policy::default());
    host.meet(&fleet).await;
    let mut rng = fleet.world.rng();
    let other = Fleet { kit: Kit::generate(&mut rng), statements: Vec::new(), ..Fleet::found() };
    let foreign = vec![Signed::sign(&other.statement(), &other.kit.root()).unwrap()];
    let impostor = CoordinatorKeys::generate(&mut rng);
    // Its own key under the real one's name: the channel's key is not the one that the statement names.
    let half = CoordinatorKeys {
        identity: fleet.coordinator.identity.clone(),
        ..CoordinatorKeys::generate(&mut rng)
    };
    let mut broken = fleet.statements[0].parts().clone();
    broken.doc = Base64Bytes([broken.doc.0.as_slice(), b" "].concat());
    let table = [
        (&fleet.coordinator, foreign),
        (&impostor, fleet.statements.clone()),
        (&half, fleet.statements.clone()),
        (&fleet.coordinator, Vec::new()),
        (&fleet.coordinator, vec![Signed::from_parts(broken)]),
    ];
    for (keys, statements) in table {
        let (near, far) = tokio::io::duplex(4096);
        let coordinator = async {
            let mut peer = Peer::accept(far, keys).await.unwrap();
            peer.send_json(FrameType::Statements, &statements).await.unwrap();
            peer.receive().await.map(|frame| frame.kind())
        };
        let ((ended, _), next) =
            tokio::join!(session(&host, &fleet, near, CancellationToken::new()), coordinator);
        let problem = ended.unwrap_err();
        assert!(matches!(problem, Problem::Trust(_) | Problem::NotOfTheFleet), "{problem:?}");
        assert_eq!(problem.retry(false), Retry::Never);
        assert_eq!(next.ok(), Some(FrameType::Bye as u8), "it never said hello");
    }
}

#[tokio::test]
async fn a_refusal_ends_it_with_its_reason_however_it_is_said() {
    let fleet = Fleet::found();
    let host = Host::new(7, Policy::default());
    host.meet(&fleet).await;
    let refusal = Refusal {
        code: RefusalCode::Rejected,
        message: "Ada turned this host away".to_owned(),
        hint: "ask Ada".to_owned(),
        supported: None,
    };
    for way in 0..3 {
        let (near, far) = tokio::io::duplex(4096);
        let coordinator = async {
            let mut peer = Peer::accept(far, &fleet.coordinator).await.unwrap();
            peer.send_json(FrameType::Statements, &fleet.statements).await.unwrap();
            let _: Hello = peer.expect(FrameType::Hello).await.unwrap();
            match way {
                0 => peer.send_json(FrameType::Bye, &refusal).await.unwrap(),
                1 => peer
                    .send_json(FrameType::Welcome, &Welcome::Refused { refused: refusal.clone() })
                    .await
                    .unwrap(),
                _ => peer.close(RefusalCode::Rejected).await,
            }
        };
        let ((ended, _), ()) =
            tokio::join!(session(&host, &fleet, near, CancellationToken::new()), coordinator);
        let problem = ended.unwrap_err();
        assert_eq!((problem.code(), problem.retry(false)), (Some(RefusalCode::Rejected), Retry::Never));
        // A close code stands outside of the channel: anybody on the way can set it.
        assert_eq!(problem.lasting(false).is_some(), way < 2);
        assert_eq!(problem.lasting(true).is_some(), way < 2);
        assert_eq!(problem.retry(true), if way < 2 { Retry::Never } else { Retry::Late });
    }
}

/// Somebody on the network who answers in the coordinator's place does not part a host from its fleet.
#[tokio::test]
async fn a_stranger_cannot_say_that_this_host_was_retired() {
    let fleet = Fleet::found();
    let host = Host::member(&fleet, Policy::default()).await;
    let stranger = CoordinatorKeys::generate(&mut fleet.world.rng());
    let refusal = Refusal {
        code: RefusalCode::Revoked,
        message: "retired".to_owned(),
        hint: String::new(),
        supported: None,
    };
    for way in 0..3 {
        let (near, far) = tokio::io::duplex(4096);
        let coordinator = async {
            if way == 0 {
                return Peer::refuse(far, &stranger, refusal.clone()).await;
            }
            let mut peer = Peer::accept(far, &stranger).await.unwrap();
            match way {
                1 => peer.send_json(FrameType::Bye, &refusal).await.unwrap(),
                _ => peer.close(RefusalCode::Revoked).await,
            }
        };
        let ((ended, _), ()) =
            tokio::join!(session(&host, &fleet, near, CancellationToken::new()), coordinator);
        let problem = ended.unwrap_err();
        assert!(matches!(problem, Problem::Hearsay(_)), "{way}: {problem:?}");
        assert_eq!((problem.retry(true), problem.lasting(true)), (Retry::Late, None));
    }
}

/// What must not come, or not yet: each is answered with a typed goodbye, and nothing of it counts.
#[tokio::test]
async fn nonsense_is_refused_in_words() {
    let fleet = Fleet::found();
    let host = Host::member(&fleet, Policy::default()).await;
    give_plan(&fleet, &host).await;
    let before = head(&host).await;
    let unknown = Ack { epoch: 1, seq: 9_999, hash: Hash32::ZERO };
    let dispatch = fleet.dispatch(&order_run(&fleet, &host), &fleet.admin, 2);
    let json = |value: &dyn erased::Json| value.bytes();
    let table: [(FrameType, Vec<u8>, bool); 6] = [
        (FrameType::Welcome, b"{\"welcome\":\"to the club\"}".to_vec(), false),
        (FrameType::Statements, b"[]".to_vec(), false),
        (FrameType::Hello, b"{}".to_vec(), false),
        (FrameType::Ack, json(&unknown), false),
        (FrameType::Dispatch, json(&dispatch), false),
        (FrameType::Ack, json(&unknown), true),
    ];
    for (kind, payload, welcomed) in table {
        let (near, far) = tokio::io::duplex(64 * 1024);
        let coordinator = Coordinator::new(host.desk.agent());
        let other = async {
            let mut peer = Peer::accept(far, &fleet.coordinator).await.unwrap();
            peer.send_json(FrameType::Statements, &fleet.statements).await.unwrap();
            let _: Hello = peer.expect(FrameType::Hello).await.unwrap();
            if welcomed {
                coordinator.welcome(&mut peer).await.unwrap();
            }
            peer.send(kind, &payload).await.unwrap();
            peer.goodbye().await
        };
        let ((ended, _), goodbye) =
            tokio::join!(session(&host, &fleet, near, CancellationToken::new()), other);
        assert!(ended.is_err(), "{kind:?}");
        assert!(goodbye.is_some(), "{kind:?}");
        assert_eq!(head(&host).await, before, "{kind:?}");
    }
}

mod erased {
    //! JSON of anything, for a table of different things.
    pub trait Json {
        fn bytes(&self) -> Vec<u8>;
    }
    impl<T: serde::Serialize> Json for T {
        fn bytes(&self) -> Vec<u8> {
            serde_json::to_vec(self).unwrap()
        }
    }
}
