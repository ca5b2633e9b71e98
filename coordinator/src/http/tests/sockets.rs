//! The agents' door over real TCP.

use std::sync::Arc;

use futures_util::{FutureExt as _, SinkExt as _, StreamExt as _};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{Message, protocol::Role as Side},
};

use super::*;

/// A door behind which everything comes back.
pub(super) fn echo() -> AgentDoor {
    Arc::new(|upgraded, _| {
        async move {
            let io = TokioIo::new(upgraded);
            let mut socket = WebSocketStream::from_raw_socket(io, Side::Server, None).await;
            while let Some(Ok(message)) = socket.next().await {
                if message.is_binary() && socket.send(message).await.is_err() {
                    return;
                }
            }
        }
        .boxed()
    })
}

#[tokio::test]
async fn an_agent_speaks_websocket_through_the_door() {
    let house = House::new().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let http = house.http.clone();
    let server = tokio::spawn(async move {
        let (stream, peer) = listener.accept().await.unwrap();
        let connection = hyper::server::conn::http1::Builder::new()
            .serve_connection(TokioIo::new(stream), http.service(peer))
            .with_upgrades();
        connection.await.unwrap();
    });
    let stream = TcpStream::connect(address).await.unwrap();
    let (mut socket, answer) = client_async(format!("ws://{address}/agent/v1/socket"), stream).await.unwrap();
    assert_eq!(answer.status().as_u16(), 101);
    for n in 0..3_u8 {
        socket.send(Message::binary(vec![n; 100])).await.unwrap();
        assert_eq!(socket.next().await.unwrap().unwrap().into_data(), vec![n; 100]);
    }
    socket.close(None).await.unwrap();
    server.await.unwrap();
}
