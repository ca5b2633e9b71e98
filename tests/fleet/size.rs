//! What an agent's connection costs: ten thousand of them are to fit into a small machine.

use bytes::Bytes;
use coordinator::socket;

use crate::{
    hall::{Hall, here},
    weather::Sky,
};

/// In place, beside what the channel keeps on the heap: 128 MiB for ten thousand leave 9 KiB for each in all.
const CONNECTION_BYTES: usize = 3 * 1024;

#[tokio::test]
async fn a_connection_takes_little_room() {
    let hall = Hall::found(21).await;
    let (_agent, ours) = Sky::clear().link(&hall.world);
    let serving = socket::serve(ours, Bytes::new(), here(), hall.fleet.clone());
    let bytes = size_of_val(&serving);
    println!("{bytes} bytes in place");
    assert!(bytes <= CONNECTION_BYTES, "{bytes} bytes");
}
