//! Frames: cut, put together, bounded, and cheap to hold while nothing is said.

use proptest::prelude::*;
use wire::{
    channel::{
        ChannelError, FRAME_LIMIT_BYTES, Initiator, MESSAGE_LIMIT_BYTES, Negotiated, Responder, Transport,
    },
    frame::ProtocolRange,
};

use crate::{
    cast::{Cast, NOW, dice},
    raw_noise::{established, piece},
};

/// Agent and coordinator.
fn pair() -> (Transport, Transport) {
    let cast = Cast::new();
    let (agent, one) = Initiator::start(&cast.agent, ProtocolRange::OURS, None, &mut dice("a")).unwrap();
    let offer = Responder::new(&cast.coordinator.channel, &mut dice("c")).unwrap().read(&one).unwrap();
    let answer = offer.answer(ProtocolRange::OURS, cast.coordinator.id(), "0.1.0", NOW).unwrap();
    let Negotiated::Chosen { message, next } = answer else { panic!("no common version") };
    let (up, three) = agent.read(&message).unwrap().finish().unwrap();
    (up, next.read(&three).unwrap().1)
}

#[test]
fn frames_of_every_interesting_size_arrive_whole() {
    let (mut up, mut down) = pair();
    let piece = MESSAGE_LIMIT_BYTES - 17;
    assert_eq!(piece, 65_518);
    for size in
        [0, 1, piece - 2, piece - 1, piece, piece + 1, 2 * piece - 1, 2 * piece, FRAME_LIMIT_BYTES - 1]
    {
        let payload: Vec<u8> = (0..size).map(|i| u8::try_from(i % 251).unwrap()).collect();
        let mut messages = Vec::new();
        up.seal_frame(4, &payload, &mut messages).unwrap();
        assert_eq!(messages.len(), (size + 1).div_ceil(piece), "{size}");
        let last = messages.pop().unwrap();
        for message in messages {
            assert!(message.len() == MESSAGE_LIMIT_BYTES);
            assert_eq!(down.open_message(&message), Ok(None));
        }
        let frame = down.open_message(&last).unwrap().unwrap();
        assert_eq!(frame.kind(), 4);
        assert!(frame.payload() == payload, "{size}");
    }
}

#[test]
fn a_frame_beyond_the_limit_is_neither_sent_nor_taken() {
    let (mut up, _) = pair();
    let error = up.seal_frame(4, &vec![0; FRAME_LIMIT_BYTES], &mut Vec::new());
    assert_eq!(error, Err(ChannelError::FrameTooLarge));
    up.seal_frame(8, b"still there", &mut Vec::new()).unwrap();

    let (mut noise, mut down) = established();
    let mut more = vec![0; 65_519];
    more[0] = 1;
    let mut opened = Ok(None);
    let mut taken = 0;
    while opened == Ok(None) {
        opened = down.open_message(&piece(&mut noise, &more));
        taken += 65_518;
        assert!(taken < 2 * FRAME_LIMIT_BYTES, "an endless frame was taken");
    }
    assert_eq!(opened, Err(ChannelError::FrameTooLarge));
    assert!(taken > FRAME_LIMIT_BYTES && taken <= FRAME_LIMIT_BYTES + 65_518);
}

#[test]
fn improper_pieces_end_the_channel() {
    for (plains, error) in [
        (vec![&[2, 8, 0][..]], ChannelError::Piece { flag: 2 }),
        (vec![&[0]], ChannelError::EmptyFrame),
        (vec![&[1]], ChannelError::EmptyPiece),
        (vec![&[1, 8], &[1]], ChannelError::EmptyPiece),
        (vec![&[]], ChannelError::MessageSize { bytes: 16 }),
    ] {
        let (mut noise, mut down) = established();
        let mut last = Ok(None);
        for plain in plains {
            assert_eq!(last, Ok(None));
            last = down.open_message(&piece(&mut noise, plain));
        }
        assert_eq!(last, Err(error));
        assert_eq!(down.open_message(&piece(&mut noise, &[0, 8])), Err(ChannelError::Spent));
    }
    let (_, mut down) = pair();
    let error = ChannelError::MessageSize { bytes: 65_536 };
    assert_eq!(down.open_message(&vec![0; 65_536]), Err(error));
}

#[test]
fn an_empty_last_piece_closes_a_frame() {
    let (mut noise, mut down) = established();
    assert_eq!(down.open_message(&piece(&mut noise, &[1, 4, 10, 11])), Ok(None));
    let frame = down.open_message(&piece(&mut noise, &[0])).unwrap().unwrap();
    assert_eq!((frame.kind(), frame.payload()), (4, [10, 11].as_slice()));
}

#[test]
fn an_unknown_type_is_handed_on() {
    let (mut up, mut down) = pair();
    let mut messages = Vec::new();
    up.seal_frame(200, b"from the future", &mut messages).unwrap();
    assert_eq!(down.open_message(&messages[0]).unwrap().unwrap().kind(), 200);
}

/// 10,000 of them must fit beside everything else in 128 MiB.
#[test]
fn an_idle_transport_is_small() {
    assert!(size_of::<Transport>() <= 64, "{}", size_of::<Transport>());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn any_frames_in_both_directions_arrive_in_order(
        frames in prop::collection::vec((any::<bool>(), any::<u8>(), prop::collection::vec(any::<u8>(), 0..70_000)), 1..8)
    ) {
        let (mut up, mut down) = pair();
        for (from_agent, kind, payload) in frames {
            let (from, to) = if from_agent { (&mut up, &mut down) } else { (&mut down, &mut up) };
            let mut messages = Vec::new();
            from.seal_frame(kind, &payload, &mut messages).unwrap();
            let mut arrived = None;
            for message in &messages {
                prop_assert!(arrived.is_none());
                arrived = to.open_message(message).unwrap();
            }
            let arrived = arrived.unwrap();
            prop_assert_eq!(arrived.kind(), kind);
            prop_assert_eq!(arrived.payload(), &payload[..]);
        }
    }

    #[test]
    fn garbage_never_panics(message in prop::collection::vec(any::<u8>(), 0..300)) {
        let (_, mut down) = pair();
        prop_assert!(down.open_message(&message).is_err());
    }
}
