//! Leaving the fleet: it is brought over before the connection ends, and nobody is dialled afterwards.

use tokio_util::sync::CancellationToken;
use wire::{
    action::{Action, Outcome, Receipt},
    frame::{FrameType, Hello},
};

use super::{
    head, order_run,
    peer::{Coordinator, Peer},
    session,
};
use crate::{
    config::Policy,
    desired::{
        Machine,
        rehearsal::{Fleet, Host},
    },
    link::{
        Link, LinkState, Parts,
        problem::{Problem, Retry},
    },
    store::{jobs, trust},
};

#[tokio::test]
async fn a_host_that_is_retired_brings_that_over_takes_no_more_orders_and_hangs_up() {
    let fleet = Fleet::found();
    let host = Host::member(&fleet, Policy::default()).await;
    super::give_plan(&fleet, &host).await;
    let mut coordinator = Coordinator::new(host.desk.agent());
    // Cut after the receipt, before anything is acknowledged: it has that still to tell.
    let (near, far) = tokio::io::duplex(64 * 1024);
    let other = async {
        let mut peer = Peer::accept(far, &fleet.coordinator).await.unwrap();
        peer.send_json(FrameType::Statements, &fleet.statements).await.unwrap();
        let _: Hello = peer.expect(FrameType::Hello).await.unwrap();
        coordinator.welcome(&mut peer).await.unwrap();
        let order = fleet.order(host.desk.agent(), Action::Retire { agent: host.desk.agent() });
        peer.send_json(FrameType::Dispatch, &fleet.dispatch(&order, &fleet.admin, 2)).await.unwrap();
        let receipt: Receipt = peer.expect(FrameType::Receipt).await.unwrap();
        assert!(matches!(receipt.outcome, Outcome::Accepted { .. }), "{receipt:?}");
    };
    let ((ended, _), ()) = tokio::join!(session(&host, &fleet, near, CancellationToken::new()), other);
    assert_eq!(ended.unwrap_err().retry(true), Retry::Soon);
    assert!(!host.read(trust::is_farewell_told).await);

    // The next connection is for that alone.
    let (near, far) = tokio::io::duplex(64 * 1024);
    let other = async {
        let mut peer = Peer::accept(far, &fleet.coordinator).await.unwrap();
        peer.send_json(FrameType::Statements, &fleet.statements).await.unwrap();
        let _: Hello = peer.expect(FrameType::Hello).await.unwrap();
        coordinator.welcome(&mut peer).await.unwrap();
        let dispatch = fleet.dispatch(&order_run(&fleet, &host), &fleet.admin, 3);
        peer.send_json(FrameType::Dispatch, &dispatch).await.unwrap();
        while coordinator.held.map(|held| held.head) != Some(head(&host).await) {
            coordinator.take(&mut peer).await.unwrap();
        }
        while peer.receive().await.is_ok() {}
    };
    let ((ended, _), ()) = tokio::join!(session(&host, &fleet, near, CancellationToken::new()), other);
    let problem = ended.unwrap_err();
    assert!(matches!(problem, Problem::Retired), "{problem:?}");
    assert_eq!(problem.retry(true), Retry::Never);
    assert!(host.read(trust::is_farewell_told).await);
    assert!(host.read(jobs::open).await.is_empty(), "the order was not taken");

    // Nobody is dialled any more: the address would not even be looked at.
    let parts = Parts { desk: host.desk.clone(), machine: Machine::Same, coordinator: None };
    let (link, task) = Link::new(parts);
    let stop = CancellationToken::new();
    let running = tokio::spawn(task.run(stop.clone(), false));
    let mut state = link.state();
    let stopped = state.wait_for(|state| *state != LinkState::NotEnrolled).await.unwrap().clone();
    let LinkState::Stopped { problem, hint, .. } = stopped else { panic!("{stopped:?}") };
    assert!(problem.contains("left the fleet") && hint.contains("enrol"), "{problem} {hint}");
    stop.cancel();
    running.await.unwrap();
}
