//! One identity, two machines: connected at once, a copied disk, and a disk that was set back.

use std::time::Duration;

use coordinator::fleet::HostQuery;
use tests::{
    simulated::{Dice, Ended, Resume},
    wait::until,
};
use wire::{
    action::Action,
    frame::RefusalCode,
    view::{OrderRequest, OrderState, PresenceView},
};

use crate::hall::{Hall, written};

fn code(ended: &Ended) -> Option<RefusalCode> {
    ended.refusal().map(|refusal| refusal.code)
}

#[tokio::test]
async fn of_two_connections_the_one_that_answers_stays() {
    let hall = Hall::found(1).await;
    let _clock = hall.clock();
    let mut agent = hall.member(1, &mut Dice::new(1)).with_past(2);
    let mut copy = agent.copied();
    let mut first = hall.open(&mut agent).await.expect("a handshake");
    first.arrive().await.expect("live");
    first.settle().await.expect("settled");
    let mut second = hall.open(&mut copy).await.expect("the handshake itself is the copy's as well");
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let long = Duration::from_hours(1);
    let stays = first.live(long, long, async move { drop(stopped.await) });
    let refused = async {
        let ended = second.arrive().await.expect_err("the first one answers");
        stop.send(()).expect("the first one listens");
        ended
    };
    let (stayed, ended) = tokio::join!(stays, refused);
    stayed.expect("the first one is not disturbed");
    assert_eq!(code(&ended), Some(RefusalCode::Duplicate), "{ended}");
    let host = hall.fleet.host(first.agent.id()).await.expect("a host");
    assert_eq!(host.row.presence, PresenceView::Online);
    assert!(host.trouble.is_some(), "its page says that there are two");
    // Once the first one is gone the other is let in: it holds the same journal.
    first.line.close().await;
    until(
        "the seat to be free",
        async || hall.fleet.tiles(hall.world.now()).online,
        |n| (*n == 0).then_some(()),
    )
    .await;
    hall.bring(&mut copy).await.expect("let in");
}

#[tokio::test]
async fn a_forked_journal_is_refused_and_marked_and_nothing_of_it_is_applied() {
    let hall = Hall::found(2).await;
    let _clock = hall.clock();
    for longer in [0, 1] {
        let mut agent = hall.member(longer, &mut Dice::new(20 + longer as u64)).with_past(5);
        hall.bring(&mut agent).await.expect("a calm day");
        let mut copy = agent.copied();
        // Both go on by themselves: the copy as far, or further.
        agent.job();
        let wanted = agent.journal.len() + longer - copy.journal.len();
        copy.records(wanted);
        if longer == 0 {
            copy.set_back(agent.journal.head().seq);
        }
        hall.bring(&mut agent).await.expect("the first to come is the one that counts");
        let before = hall.held(agent.id()).await;
        let ended = hall.bring(&mut copy).await.expect_err("the copy's past is another");
        match longer {
            0 => assert_eq!(code(&ended), Some(RefusalCode::Fork), "{ended}"),
            // It sees the other's signature under a number of its own before it sends anything.
            _ => assert!(matches!(ended, Ended::Forked(_)), "{ended}"),
        }
        assert_eq!(hall.held(agent.id()).await, before, "nothing of the copy's is here");
        assert_eq!(before, written(&agent.journal));
        if longer == 0 {
            let trouble = hall.fleet.host(agent.id()).await.expect("a host").trouble;
            assert!(trouble.is_some_and(|trouble| trouble.message.contains("exists twice")));
            let ended =
                hall.bring(&mut agent).await.expect_err("neither is let in until a person has looked");
            assert_eq!(code(&ended), Some(RefusalCode::Fork), "{ended}");
        }
    }
}

#[tokio::test]
async fn an_impatient_copy_that_sends_its_own_records_is_a_fork_too() {
    let hall = Hall::found(3).await;
    let _clock = hall.clock();
    let mut agent = hall.member(0, &mut Dice::new(30)).with_past(5);
    hall.bring(&mut agent).await.expect("a calm day");
    let common = agent.journal.head();
    let mut copy = agent.copied();
    agent.job();
    copy.records(30);
    hall.bring(&mut agent).await.expect("a calm day");
    let before = hall.held(agent.id()).await;
    // The copy does not look at what the welcome says, and sends what follows what both have in common.
    let mut session = hall.open(&mut copy).await.expect("a handshake");
    session.greet().await.expect("its head is further, which alone is no contradiction");
    let key = &session.agent.keys.identity;
    let (batch, _) = session.agent.journal.batch_after(common, usize::MAX, key).expect("records");
    session.line.send(wire::frame::FrameType::Batch, &batch).await.expect("sent");
    let ended = loop {
        let heard = match session.line.receive().await {
            Ok(frame) => session.frame(&frame).await,
            Err(error) => Err(error.into()),
        };
        if let Err(ended) = heard {
            break ended;
        }
    };
    assert_eq!(code(&ended), Some(RefusalCode::Fork), "{ended}");
    assert_eq!(hall.held(agent.id()).await, before);
    assert!(hall.fleet.host(agent.id()).await.expect("a host").trouble.is_some());
}

#[tokio::test]
async fn a_disk_that_was_set_back_goes_on_in_a_new_epoch_and_no_order_runs_again() {
    let hall = Hall::found(4).await;
    let _clock = hall.clock();
    let mut agent = hall.member(0, &mut Dice::new(40)).with_past(5);
    hall.bring(&mut agent).await.expect("a calm day");
    let image = agent.clone();
    let routine = Action::Run {
        groups: vec!["default".parse().expect("a name")],
        upload_kib_s: None,
        download_kib_s: None,
    };
    let order = hall
        .fleet
        .order(&hall.act(), agent.id(), OrderRequest::Routine { routine })
        .await
        .expect("an order")
        .order;
    let mut session = hall.open(&mut agent).await.expect("a handshake");
    session.arrive().await.expect("live");
    while !session.agent.carried_out.contains_key(&order) {
        let frame = session.line.receive().await.expect("the order comes");
        session.frame(&frame).await.expect("it is for this agent");
    }
    session.settle().await.expect("settled");
    session.line.close().await;
    let lost = written(&agent.journal);

    // The disk of before comes back, and works on for a while without the coordinator.
    let mut agent = image;
    agent.job();
    agent.set_back(agent.journal.head().seq - 2);
    let theirs = hall.held(agent.id()).await;
    assert_eq!(theirs, lost);
    let own_work = agent.journal.head().seq - agent.acknowledged;
    assert!(own_work > 0);
    hall.bring(&mut agent).await.expect("accepted in a new epoch");

    let held = hall.held(agent.id()).await;
    assert_eq!(held[..lost.len()], lost, "the past is kept");
    let second: Vec<_> = written(&agent.journal).into_iter().filter(|row| row.0 == 2).collect();
    assert_eq!(held[lost.len()..], second, "and the new epoch is there, whole");
    assert_eq!(second.len() as u64, own_work + 1, "what it did meanwhile came along");
    assert_eq!(second[0].3, "local");
    assert_eq!(hall.checked().await.bad, []);
    let host = hall.fleet.host(agent.id()).await.expect("a host");
    assert_eq!(host.journal.epoch, 2);
    assert!(host.trouble.is_some(), "a person is told");
    assert!(matches!(agent.journal.resume(None), Resume::After(_)));
    // The order was answered before the disk was set back: it does not come again.
    assert_eq!(agent.carried_out.get(&order), None);
    let views = hall.fleet.orders(agent.id()).await.expect("orders");
    assert!(views.iter().all(|view| view.state == OrderState::Answered), "{views:#?}");
    hall.bring(&mut agent).await.expect("and it is let in as ever");
    assert_eq!(hall.fleet.hosts(&HostQuery::default()).expect("hosts").items.len(), 1);
}
