//! When it dials, when it waits, when it stops: over loopback, with a clock that the test turns.

use std::time::Duration;

use tokio::{net::TcpListener, task::JoinHandle};
use wire::frame::{Refusal, RefusalCode};

use super::*;
use crate::{
    config::Policy,
    desired::rehearsal::{Fleet, Host},
};

struct Kept {
    host: Host,
    link: Link,
    states: watch::Receiver<LinkState>,
    stop: CancellationToken,
    task: JoinHandle<Option<End>>,
}

fn keep(host: Host, machine: Machine, coordinator: Option<CoordinatorEntry>) -> Kept {
    let (link, task) = Link::new(Parts { desk: host.desk.clone(), machine, coordinator });
    let stop = CancellationToken::new();
    let states = link.state();
    let task = tokio::spawn(task.run(stop.clone(), false));
    Kept { host, link, states, stop, task }
}

impl Kept {
    async fn state(&mut self, wanted: impl Fn(&LinkState) -> bool) -> LinkState {
        let waiting = self.states.wait_for(|state| wanted(state));
        if let Ok(state) = tokio::time::timeout(Duration::from_secs(30), waiting).await {
            return state.unwrap().clone();
        }
        panic!("last seen: {:?}", self.link.state().borrow());
    }

    async fn end(self) {
        self.stop.cancel();
        assert_eq!(self.task.await.unwrap(), Some(End::Stopped));
    }
}

#[tokio::test]
async fn it_waits_to_be_enrolled_dials_and_tries_again() {
    let fleet = Fleet::found();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = Address::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
    drop(listener);
    let mut kept = keep(Host::new(7, Policy::default()), Machine::Same, None);
    assert!(kept.link.enrol(&address, fleet.kit.fleet(), None).await.unwrap());
    for _ in 0..3 {
        let waiting = kept.state(|state| matches!(state, LinkState::Waiting { .. })).await;
        let LinkState::Waiting { problem, retry_at, .. } = waiting else { unreachable!() };
        assert!(problem.contains("the connection is refused"), "{problem}");
        let wait_ms = retry_at.since(kept.host.desk.world().now());
        assert!((100..=60_000).contains(&wait_ms), "{wait_ms}");
        kept.states.mark_unchanged();
        kept.host.time.advance(Duration::from_mins(1));
        kept.state(|state| matches!(state, LinkState::Connecting { .. })).await;
    }
    kept.end().await;
}

#[tokio::test]
async fn what_was_refused_for_good_is_not_dialled_again_until_somebody_enrols() {
    let fleet = Fleet::found();
    let host = Host::new(7, Policy::default());
    host.meet(&fleet).await;
    let refusal = Refusal {
        code: RefusalCode::Rejected,
        message: "Ada turned this host away".to_owned(),
        hint: String::new(),
        supported: None,
    };
    host.desk.store().write(move |tx| trust::set_refused(tx, &refusal)).await.unwrap();
    let mut kept = keep(host, Machine::Same, None);
    let stopped = kept.state(|state| *state != LinkState::NotEnrolled).await;
    assert!(matches!(stopped, LinkState::Stopped { code: Some(RefusalCode::Rejected), .. }), "{stopped:?}");
    let address = Address::parse("http://127.0.0.1:1").unwrap();
    assert!(kept.link.enrol(&address, fleet.kit.fleet(), None).await.unwrap());
    kept.state(|state| matches!(state, LinkState::Waiting { .. })).await;
    kept.end().await;
}

#[tokio::test]
async fn on_another_machine_or_for_another_fleet_it_explains_instead_of_dialling() {
    let fleet = Fleet::found();
    let host = Host::member(&fleet, Policy::default()).await;
    let other = Machine::Other { made_on: "m1".to_owned(), here: "m2".to_owned() };
    let mut kept = keep(host, other, None);
    let stopped = kept.state(|state| matches!(state, LinkState::Stopped { .. })).await;
    assert!(stopped.summary().contains("another machine"), "{stopped:?}");
    kept.end().await;

    let host = Host::member(&fleet, Policy::default()).await;
    assert!(!keep_fleet(&host).await, "a member of one fleet is not moved to another");
    let entry = CoordinatorEntry {
        url: "http://127.0.0.1:1".to_owned(),
        fleet: Some(wire::identity::Fingerprint([9; 32])),
        certificate: CertificateRule::Any,
        role: CoordinatorRole::Control,
    };
    let mut kept = keep(host, Machine::Same, Some(entry));
    let stopped = kept.state(|state| matches!(state, LinkState::Stopped { .. })).await;
    assert!(stopped.summary().contains("agent.toml names the fleet"), "{stopped:?}");
    kept.end().await;
}

async fn keep_fleet(host: &Host) -> bool {
    let (link, _task) =
        Link::new(Parts { desk: host.desk.clone(), machine: Machine::Same, coordinator: None });
    let address = Address::parse("http://127.0.0.1:1").unwrap();
    link.enrol(&address, FleetId([9; 32]), None).await.unwrap()
}
