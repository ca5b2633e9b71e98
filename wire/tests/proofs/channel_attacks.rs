//! What somebody on the way, or at the other end, can try with the handshake and the messages.

use wire::{
    channel::{
        AgentIntro, ChannelError, CoordinatorIntro, Initiator, Negotiated, Offered, Responder, Transport,
    },
    frame::{ProtocolRange, Refusal, RefusalCode},
    identity::{AgentKeys, ChannelSecret, CoordinatorKeys},
};

use crate::{
    cast::{Cast, NOW, dice},
    raw_noise,
};

const RANGE: ProtocolRange = ProtocolRange { min: 1, max: 3 };

fn start(agent: &AgentKeys, range: ProtocolRange) -> (Initiator, Vec<u8>) {
    Initiator::start(agent, range, None, &mut dice("agent's ephemeral")).unwrap()
}

fn offered(coordinator: &CoordinatorKeys, one: &[u8]) -> Result<Offered, ChannelError> {
    Responder::new(&coordinator.channel, &mut dice("coordinator's ephemeral")).unwrap().read(one)
}

fn chosen(negotiated: Negotiated) -> (Vec<u8>, wire::channel::AwaitIdentity) {
    match negotiated {
        Negotiated::Chosen { message, next } => (message, next),
        Negotiated::Refused { refusal, .. } => panic!("{refusal}"),
    }
}

struct Established {
    up: Transport,
    down: Transport,
    seen_by_agent: CoordinatorIntro,
    seen_by_coordinator: AgentIntro,
}

fn establish(cast: &Cast) -> Established {
    let (agent, one) = start(&cast.agent, RANGE);
    let offer = offered(&cast.coordinator, &one).unwrap();
    let (two, next) = chosen(offer.answer(RANGE, cast.coordinator.id(), "0.1.0", NOW).unwrap());
    let answered = agent.read(&two).unwrap();
    let seen_by_agent = answered.coordinator.clone();
    let (up, three) = answered.finish().unwrap();
    let (seen_by_coordinator, down) = next.read(&three).unwrap();
    Established { up, down, seen_by_agent, seen_by_coordinator }
}

#[test]
fn both_ends_know_each_other_afterwards() {
    let cast = Cast::new();
    let Established { seen_by_agent, seen_by_coordinator, .. } = establish(&cast);
    assert_eq!(seen_by_agent.protocol, 3);
    assert_eq!((seen_by_agent.time, seen_by_agent.version.as_str()), (NOW, "0.1.0"));
    assert!(cast.statement_1().names_coordinator(seen_by_agent.id, seen_by_agent.channel));
    assert_eq!(seen_by_coordinator.binding, cast.agent.binding());
    assert_eq!((seen_by_coordinator.protocol, seen_by_coordinator.range), (3, RANGE));
}

/// Whoever ends both channels himself has no static key that the statement names.
#[test]
fn a_man_in_the_middle_is_not_a_coordinator_of_the_fleet() {
    let cast = Cast::new();
    let middle = CoordinatorKeys {
        identity: cast.coordinator.identity.clone(),
        channel: ChannelSecret::from_bytes(&[0x66; 32]),
    };
    let (agent, one) = start(&cast.agent, RANGE);
    // He claims the real coordinator's id; his static key gives him away.
    let offer = offered(&middle, &one).unwrap();
    let (two, _) = chosen(offer.answer(RANGE, cast.coordinator.id(), "0.1.0", NOW).unwrap());
    let seen = agent.read(&two).unwrap().coordinator.clone();
    assert!(!cast.ledger().statement().names_coordinator(seen.id, seen.channel));
    // With the real static key in the statement but another id, neither.
    let stranger = CoordinatorKeys::generate(&mut dice("stranger"));
    assert!(!cast.ledger().statement().names_coordinator(stranger.id(), cast.coordinator.channel_key()));
}

#[test]
fn every_changed_byte_of_the_handshake_is_found() {
    let cast = Cast::new();
    let (_, one) = start(&cast.agent, RANGE);
    for at in 0..one.len() {
        let mut changed = one.clone();
        changed[at] ^= 1;
        let (agent, _) = start(&cast.agent, RANGE);
        // Message 1 is in the clear: a change may be readable to the coordinator, never acceptable to the agent.
        let Ok(offer) = offered(&cast.coordinator, &changed) else { continue };
        let message = match offer.answer(RANGE, cast.coordinator.id(), "0.1.0", NOW).unwrap() {
            Negotiated::Chosen { message, .. } | Negotiated::Refused { message, .. } => message,
        };
        assert_eq!(agent.read(&message).err(), Some(ChannelError::Handshake { message: 2 }), "byte {at}");
    }
    let answer = || {
        let offer = offered(&cast.coordinator, &one).unwrap();
        chosen(offer.answer(RANGE, cast.coordinator.id(), "0.1.0", NOW).unwrap())
    };
    let two = answer().0;
    for at in 0..two.len() {
        let mut changed = two.clone();
        changed[at] ^= 1;
        let error = start(&cast.agent, RANGE).0.read(&changed).err();
        assert_eq!(error, Some(ChannelError::Handshake { message: 2 }), "byte {at}");
    }
    let three = start(&cast.agent, RANGE).0.read(&two).unwrap().finish().unwrap().1;
    for at in 0..three.len() {
        let mut changed = three.clone();
        changed[at] ^= 1;
        assert_eq!(
            answer().1.read(&changed).err(),
            Some(ChannelError::Handshake { message: 3 }),
            "byte {at}"
        );
    }
    answer().1.read(&three).unwrap();
}

#[test]
fn a_downgraded_range_in_message_1_breaks_the_transcript() {
    let cast = Cast::new();
    let (agent, one) = start(&cast.agent, RANGE);
    let text = String::from_utf8_lossy(&one).into_owned();
    assert!(text.contains("\"max\":3"), "message 1 is in the clear");
    let mut lowered = one;
    let at = lowered.windows(7).position(|w| w == b"\"max\":3").unwrap();
    lowered[at + 6] = b'1';
    let offer = offered(&cast.coordinator, &lowered).unwrap();
    assert_eq!(offer.range, ProtocolRange { min: 1, max: 1 });
    let (two, _) = chosen(offer.answer(RANGE, cast.coordinator.id(), "0.1.0", NOW).unwrap());
    let error = agent.read(&two).err().unwrap();
    assert_eq!(
        (error.clone(), error.refusal_code()),
        (ChannelError::Handshake { message: 2 }, RefusalCode::Identity)
    );
}

#[test]
fn a_lower_choice_than_the_best_common_one_is_refused() {
    let cast = Cast::new();
    let answer = |chosen: u32, range: ProtocolRange| {
        raw_noise::answer(
            &cast,
            RANGE,
            &serde_json::json!({
                "protocol": chosen, "range": range, "id": cast.coordinator.id(), "version": "0.1.0", "time": NOW,
            }),
        )
    };
    answer(3, RANGE).unwrap();
    answer(2, ProtocolRange { min: 1, max: 2 }).unwrap();
    let downgraded = |chosen, expected| Err(ChannelError::Downgraded { chosen, expected });
    assert_eq!(answer(1, RANGE), downgraded(1, Some(3)));
    assert_eq!(answer(4, ProtocolRange { min: 1, max: 9 }), downgraded(4, Some(3)));
    assert_eq!(answer(3, ProtocolRange { min: 1, max: 2 }), downgraded(3, Some(2)));
    assert_eq!(answer(3, ProtocolRange { min: 4, max: 5 }), downgraded(3, None));
    assert_eq!(answer(3, ProtocolRange { min: 3, max: 1 }), downgraded(3, None));
}

#[test]
fn a_stolen_or_forged_binding_is_refused() {
    let cast = Cast::new();
    let binding = cast.agent.binding();
    raw_noise::introduce(&cast, [0xd3; 32], &binding, RANGE, RANGE).unwrap();
    let stolen = raw_noise::introduce(&cast, [0x44; 32], &binding, RANGE, RANGE);
    assert_eq!(stolen, Err(ChannelError::ForeignStatic { agent: cast.agent.id() }));
    let channel = ChannelSecret::from_bytes(&[0x44; 32]).public();
    let forged = wire::identity::KeyBinding { channel, ..binding.clone() };
    let error = raw_noise::introduce(&cast, [0x44; 32], &forged, RANGE, RANGE).unwrap_err();
    assert!(matches!(error, ChannelError::Binding(_)));
    let repeated = ProtocolRange { min: 1, max: 1 };
    let error = raw_noise::introduce(&cast, [0xd3; 32], &binding, RANGE, repeated).unwrap_err();
    assert_eq!(error, ChannelError::RangeChanged { first: RANGE, repeated });
    assert_eq!(error.refusal_code(), RefusalCode::Protocol);
}

#[test]
fn no_common_version_is_a_typed_refusal() {
    let cast = Cast::new();
    for (theirs, older) in [
        (ProtocolRange { min: 4, max: 5 }, "the coordinator is too old"),
        (ProtocolRange { min: 0, max: 0 }, "the agent is too old"),
        (ProtocolRange { min: 3, max: 1 }, "too old"),
    ] {
        let (agent, one) = start(&cast.agent, theirs);
        let offer = offered(&cast.coordinator, &one).unwrap();
        let Negotiated::Refused { message, refusal } =
            offer.answer(RANGE, cast.coordinator.id(), "0.1.0", NOW).unwrap()
        else {
            panic!("{theirs:?} was accepted")
        };
        assert_eq!((refusal.code, refusal.supported), (RefusalCode::Protocol, Some(RANGE)));
        assert!(refusal.message.contains(older), "{}", refusal.message);
        // It reaches the agent inside the channel, as it was said.
        assert_eq!(agent.read(&message).err(), Some(ChannelError::Refused(refusal)));
    }
}

#[test]
fn a_refusal_of_any_kind_reaches_the_agent() {
    let cast = Cast::new();
    let (agent, one) = start(&cast.agent, RANGE);
    let refusal = Refusal {
        code: RefusalCode::Busy,
        message: "Too many newcomers.".into(),
        hint: "Come back in a minute.".into(),
        supported: None,
    };
    let two = offered(&cast.coordinator, &one).unwrap().refuse(refusal.clone()).unwrap();
    assert_eq!(agent.read(&two).err().unwrap().refusal(), refusal);
}

#[test]
fn nonsense_instead_of_a_handshake_is_an_error() {
    let cast = Cast::new();
    for one in [vec![], vec![0; 31], b"GET / HTTP/1.1\r\n\r\n".to_vec(), vec![7; 4097], vec![7; 200]] {
        assert!(offered(&cast.coordinator, &one).is_err());
        assert!(start(&cast.agent, RANGE).0.read(&one).is_err());
    }
    assert_eq!(
        offered(&cast.coordinator, &vec![7; 4097]).err(),
        Some(ChannelError::HandshakeSize { message: 1, bytes: 4097 })
    );
}

#[test]
fn a_replayed_handshake_gets_nowhere() {
    let cast = Cast::new();
    let (agent, one) = start(&cast.agent, RANGE);
    let offer = offered(&cast.coordinator, &one).unwrap();
    let (two, next) = chosen(offer.answer(RANGE, cast.coordinator.id(), "0.1.0", NOW).unwrap());
    let (_, three) = agent.read(&two).unwrap().finish().unwrap();
    next.read(&three).unwrap();
    // Both recorded messages again, to a coordinator with a fresh ephemeral key.
    let again = Responder::new(&cast.coordinator.channel, &mut dice("fresh")).unwrap().read(&one).unwrap();
    let (_, next) = chosen(again.answer(RANGE, cast.coordinator.id(), "0.1.0", NOW).unwrap());
    assert_eq!(next.read(&three).err(), Some(ChannelError::Handshake { message: 3 }));
}

#[test]
fn a_replayed_dropped_reordered_or_changed_message_ends_the_channel() {
    let cast = Cast::new();
    let send = || {
        let Established { mut up, down, .. } = establish(&cast);
        let mut messages = Vec::new();
        for n in 0..3 {
            up.seal_frame(8, &[n; 8], &mut messages).unwrap();
        }
        (messages, down)
    };
    let (messages, mut down) = send();
    for message in &messages {
        down.open_message(message).unwrap().unwrap();
    }

    let (messages, mut down) = send();
    down.open_message(&messages[0]).unwrap();
    assert_eq!(down.open_message(&messages[0]), Err(ChannelError::Message), "replayed");
    assert_eq!(down.open_message(&messages[1]), Err(ChannelError::Spent), "and it stays shut");
    assert_eq!(down.seal_frame(8, b"", &mut Vec::new()), Err(ChannelError::Spent));

    let (messages, mut down) = send();
    assert_eq!(down.open_message(&messages[1]), Err(ChannelError::Message), "dropped or reordered");

    let (messages, mut down) = send();
    let mut changed = messages[0].clone();
    *changed.last_mut().unwrap() ^= 1;
    assert_eq!(down.open_message(&changed), Err(ChannelError::Message), "changed");

    let (messages, mut down) = send();
    let short = &messages[0][..messages[0].len() - 1];
    assert_eq!(down.open_message(short), Err(ChannelError::Message), "truncated");

    let (messages, mut down) = send();
    let mut reflected = Vec::new();
    down.seal_frame(8, b"mine", &mut reflected).unwrap();
    assert_eq!(down.open_message(&reflected[0]), Err(ChannelError::Message), "sent back to its maker");
    drop(messages);
}
