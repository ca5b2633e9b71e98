//! Sealed streams, end to end.

use wire::{
    id::{AgentId, FleetId, OrderId},
    seal::{CHUNK_BYTES, Chunk, SealSecret, StreamContext, StreamOpener, StreamSealer},
};

use crate::cast::dice;

fn context(key: &SealSecret) -> StreamContext {
    StreamContext {
        recipient: key.public(),
        fleet: FleetId([1; 32]),
        agent: AgentId([2; 32]),
        order: OrderId(uuid::Uuid::from_u128(3)),
    }
}

#[test]
fn what_goes_in_comes_out_in_order_and_a_chunk_more_or_less_shows() {
    let key = SealSecret::from_bytes(&[9; 32]);
    let context = context(&key);
    let (mut sealer, enc) = StreamSealer::begin(&context, &mut dice("stream")).unwrap();
    let chunks = [
        sealer.chunk(Chunk::More, b"one").unwrap(),
        sealer.chunk(Chunk::More, &vec![0; CHUNK_BYTES]).unwrap(),
        sealer.chunk(Chunk::Last, b"").unwrap(),
    ];
    assert!(sealer.chunk(Chunk::More, &vec![0; CHUNK_BYTES + 1]).is_err());
    let open = || StreamOpener::begin(&context, &key, &enc).unwrap();
    let mut opener = open();
    let all = chunks.concat();
    let (kind, text, used) = opener.chunk(&all).unwrap().unwrap();
    assert_eq!((kind, text.as_slice(), used), (Chunk::More, &b"one"[..], chunks[0].len()));
    assert_eq!(opener.chunk(&all[used..used + 100]), Ok(None), "not whole yet");
    assert_eq!(opener.chunk(&chunks[1]).unwrap().unwrap().1.len(), CHUNK_BYTES);
    assert_eq!(opener.chunk(&chunks[2]).unwrap().unwrap().0, Chunk::Last);

    assert!(open().chunk(&chunks[1]).is_err(), "out of order");
    let mut last = chunks[0].clone();
    last[0] = Chunk::Last as u8;
    assert!(open().chunk(&last).is_err(), "a chunk that claims to be the last");
    let other = StreamContext { order: OrderId(uuid::Uuid::from_u128(4)), ..context };
    assert!(StreamOpener::begin(&other, &key, &enc).unwrap().chunk(&chunks[0]).is_err());
}

proptest::proptest! {
    #[test]
    fn no_bytes_break_it(bytes in proptest::collection::vec(0_u8..=255, 0..200)) {
        let key = SealSecret::from_bytes(&[9; 32]);
        let (_, enc) = StreamSealer::begin(&context(&key), &mut dice("stream")).unwrap();
        let _ = StreamOpener::begin(&context(&key), &key, &enc).unwrap().chunk(&bytes);
    }
}
