//! Strangers at the door: a crowd of unknown ids, the guards against it, and those that are let in through it.

use std::{
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use tests::{
    simulated::{Agent, Dice, Ended, Session},
    wait::until,
};
use tokio::task::JoinHandle;
use wire::{
    frame::{RefusalCode, Welcome},
    id::AgentId,
    view::PendingView,
};

use crate::{hall::Hall, weather::End};

const MINUTE: Duration = Duration::from_mins(1);
const WAITING: usize = 100;
const PER_MINUTE: usize = 10;

/// Somebody who knocks; the task ends with why the wait ended, or with the agent once it is a member.
struct Guest {
    id: AgentId,
    waits: JoinHandle<Result<Agent, Ended>>,
}

/// Knocks, and says whether it may wait.
async fn knock(hall: &Arc<Hall>, mut agent: Agent, peer: SocketAddr) -> Result<Guest, RefusalCode> {
    let (hall, id) = (Arc::clone(hall), agent.id());
    let (told, answer) = tokio::sync::oneshot::channel();
    let waits = tokio::spawn(async move {
        let mut session: Session<'_, End> = hall.open_from(&mut agent, peer).await?;
        match session.greet().await {
            Ok(Welcome::Pending { .. }) => told.send(Ok(())).expect("somebody waits for the answer"),
            Ok(other) => panic!("a stranger heard {other:?}"),
            Err(Ended::Refused(refusal)) => {
                told.send(Err(refusal.code)).expect("somebody waits for the answer");
                return Err(Ended::Refused(refusal));
            }
            Err(other) => return Err(other),
        }
        let admission = session.admission().await?;
        session.agent.credential = wire::frame::Credential::Admission { admission };
        session.arrive().await?;
        session.settle().await?;
        session.line.close().await;
        Ok(agent)
    });
    answer.await.expect("the knock is answered").map(|()| Guest { id, waits })
}

impl Guest {
    async fn sent_away(self) -> RefusalCode {
        let ended = self.waits.await.expect("it does not panic").expect_err("it is sent away");
        ended.refusal().unwrap_or_else(|| panic!("no word of why: {ended}")).code
    }
}

fn v4(last: u8) -> SocketAddr {
    (Ipv4Addr::new(203, 0, 113, last), 4_000).into()
}

/// The `host`th address of the `network`th /64.
fn v6(network: u16, host: u16) -> SocketAddr {
    (Ipv6Addr::new(0x2001, 0xdb8, 0, network, 0, 0, 0, host), 4_000).into()
}

fn waiting(hall: &Hall) -> Vec<PendingView> {
    let all = hall.fleet.pending();
    assert!(all.len() <= WAITING, "{} wait", all.len());
    all
}

/// A newcomer without a past.
struct Crowd {
    hall: Arc<Hall>,
    dice: Dice,
    made: usize,
}

impl Crowd {
    async fn knock(&mut self, peer: SocketAddr) -> Result<Guest, RefusalCode> {
        self.made += 1;
        let knocked = knock(&self.hall, self.hall.stranger(self.made, &mut self.dice), peer).await;
        waiting(&self.hall);
        knocked
    }

    async fn must(&mut self, peer: SocketAddr) -> Guest {
        self.knock(peer).await.unwrap_or_else(|code| panic!("{peer} is refused: {code:?}"))
    }
}

async fn crowd(seed: u64) -> Crowd {
    Crowd { hall: Hall::found(seed).await, dice: Dice::new(seed), made: 0 }
}

#[tokio::test]
async fn one_network_announces_ten_hosts_a_minute_however_many_addresses_it_has() {
    let mut crowd = crowd(11).await;
    let mut guests = Vec::new();
    for n in 0..PER_MINUTE {
        guests.push(crowd.must(v4(1)).await);
        guests.push(crowd.must(v6(1, u16::try_from(n).expect("ten"))).await);
    }
    assert_eq!(crowd.knock(v4(1)).await.err(), Some(RefusalCode::Busy));
    assert_eq!(crowd.knock(v6(1, 999)).await.err(), Some(RefusalCode::Busy), "another address, the same /64");
    guests.push(crowd.must(v4(2)).await);
    guests.push(crowd.must(v6(2, 0)).await);
    crowd.hall.time.advance(MINUTE);
    guests.push(crowd.must(v4(1)).await);
    assert_eq!(waiting(&crowd.hall).len(), guests.len());
}

#[tokio::test]
async fn a_flood_takes_places_from_the_noisiest_alone() {
    let mut crowd = crowd(12).await;
    let quiet = crowd.must(v4(1)).await;
    let mut loud = Vec::new();
    // One network fills everything, patiently.
    while waiting(&crowd.hall).len() < WAITING {
        if loud.len() % PER_MINUTE == 0 {
            crowd.hall.time.advance(MINUTE);
        }
        loud.push(crowd.must(v4(66)).await);
    }
    crowd.hall.time.advance(MINUTE);
    assert_eq!(crowd.knock(v4(66)).await.err(), Some(RefusalCode::Busy), "its own crowd is in its way");
    // Everybody else still gets in, and the flood loses a place for each.
    let mut others = Vec::new();
    for network in 0..30 {
        others.push(crowd.must(v6(network, 7)).await);
        assert_eq!(waiting(&crowd.hall).len(), WAITING);
    }
    let ids: Vec<AgentId> = waiting(&crowd.hall).iter().map(|view| view.agent).collect();
    assert!(ids.contains(&quiet.id) && others.iter().all(|guest| ids.contains(&guest.id)));
    let (stay, go): (Vec<_>, Vec<_>) = loud.into_iter().partition(|guest| ids.contains(&guest.id));
    assert_eq!(go.len(), others.len());
    for guest in go {
        assert_eq!(guest.sent_away().await, RefusalCode::Busy);
    }
    // Letting one in sends nobody else away, and it is live on the socket that it waited on.
    let view = waiting(&crowd.hall).into_iter().find(|view| view.agent == quiet.id).expect("it waits");
    assert!(view.connected);
    let admission = crowd.hall.admission(&view.binding, &view.hostname);
    crowd.hall.fleet.approve(&crowd.hall.act(), quiet.id, admission).await.expect("approved");
    let member = quiet.waits.await.expect("it does not panic").expect("a member");
    assert_eq!(member.id(), quiet.id);
    assert_eq!(waiting(&crowd.hall).len(), WAITING - 1);
    assert!(stay.iter().all(|guest| !guest.waits.is_finished()));
}

#[tokio::test]
async fn waits_end_after_an_hour_and_a_rejection_ends_one_at_once() {
    let mut crowd = crowd(13).await;
    let patient = crowd.must(v4(1)).await;
    let rejected = crowd.must(v4(2)).await;
    crowd.hall.fleet.reject(&crowd.hall.act(), rejected.id).await.expect("it waits");
    assert_eq!(rejected.sent_away().await, RefusalCode::Rejected);
    crowd.hall.time.advance(MINUTE * 59);
    crowd.hall.fleet.sweep().await;
    assert_eq!(waiting(&crowd.hall).len(), 1);
    crowd.hall.time.advance(MINUTE);
    crowd.hall.fleet.sweep().await;
    assert_eq!(patient.sent_away().await, RefusalCode::WaitOver);
    assert!(waiting(&crowd.hall).is_empty());
}

#[tokio::test]
async fn whoever_hangs_up_keeps_its_place_and_comes_back_to_it() {
    let mut crowd = crowd(14).await;
    let mut agent = crowd.hall.stranger(1, &mut crowd.dice);
    for _ in 0..3 {
        let mut session = crowd.hall.open_from(&mut agent, v4(1)).await.expect("a handshake");
        assert!(matches!(session.greet().await.expect("an answer"), Welcome::Pending { .. }));
        assert_eq!(waiting(&crowd.hall).len(), 1);
        drop(session);
        let connected = async || waiting(&crowd.hall).iter().any(|view| view.connected);
        until("the door to see that it left", connected, |connected| (!connected).then_some(())).await;
        crowd.hall.time.advance(MINUTE);
    }
}
