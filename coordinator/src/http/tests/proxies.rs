//! Behind proxies: whose word counts for where somebody comes from.

use std::{net::IpAddr, sync::Arc};

use futures_util::FutureExt as _;
use hyper_util::rt::TokioIo;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::mpsc,
};
use tokio_tungstenite::{client_async, tungstenite::client::IntoClientRequest as _};

use super::*;

fn trusting(house: &House, networks: &[&str]) -> Config {
    Config {
        trusted_proxies: networks.iter().map(|network| network.parse().unwrap()).collect(),
        ..Config::defaults(house.directory.path())
    }
}

async fn behind(networks: &[&str]) -> House {
    let (house, _) = House::settled().await;
    let config = trusting(&house, networks);
    house.told(config)
}

impl House {
    /// Tries from this address until it is told to wait. Each takes a place of its address, and no password is hashed.
    async fn exhaust(&self, peer: IpAddr, forwarded: impl Fn(usize) -> String) -> Option<usize> {
        for n in 0..60 {
            let body = serde_json::json!({ "token": "none", "user": "bob", "password": PASSWORD });
            let call = self.post("/api/v1/setup/check", &body).header("x-forwarded-for", &forwarded(n));
            let answered = Call { peer: SocketAddr::new(peer, 4711), ..call }.send().await;
            if answered.status == 429 {
                return Some(n);
            }
            assert_eq!(answered.code(), ErrorCode::SetupClosed);
        }
        None
    }
}

#[tokio::test]
async fn people_behind_a_trusted_proxy_are_throttled_each_for_themselves() {
    let house = behind(&["192.0.2.0/24"]).await;
    let proxy = "192.0.2.1".parse().unwrap();
    assert_eq!(house.exhaust(proxy, |_| "203.0.113.9".into()).await, Some(40));
    // Somebody else behind the same proxy is not kept out by them.
    assert!(house.exhaust(proxy, |n| format!("198.51.100.{}", n + 1)).await.is_none());
    // Writing addresses in front of what the proxy adds changes nothing.
    assert_eq!(house.exhaust(proxy, |n| format!("198.51.{n}.1, 203.0.113.9")).await, Some(0));
}

#[tokio::test]
async fn what_a_stranger_writes_about_itself_is_not_believed() {
    let house = behind(&["192.0.2.0/24"]).await;
    let stranger = "198.51.100.7".parse().unwrap();
    assert_eq!(house.exhaust(stranger, |n| format!("203.0.113.{n}")).await, Some(40));
    let nobody_trusted = behind(&[]).await;
    assert_eq!(nobody_trusted.exhaust(stranger, |n| format!("203.0.113.{n}")).await, Some(40));
}

/// What the door is told of an agent that comes with this header, over real TCP.
async fn seen_at_the_door(networks: &[&str], forwarded: &str) -> IpAddr {
    let house = House::new().await;
    let (told, mut seen) = mpsc::channel(1);
    let door: AgentDoor = Arc::new(move |_, peer| {
        let told = told.clone();
        async move { told.send(peer.ip()).await.unwrap() }.boxed()
    });
    let config = trusting(&house, networks);
    let http = Http::new(Parts {
        agent_door: door,
        ..parts(&house.directory, &house.fleet, &house.access, PUBLIC_URL, Live::fixed(config))
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(async move {
        let (stream, peer) = listener.accept().await.unwrap();
        let connection = hyper::server::conn::http1::Builder::new()
            .serve_connection(TokioIo::new(stream), http.service(peer))
            .with_upgrades();
        // The client leaves as soon as it was let in.
        let _ = connection.await;
    });
    let mut request = format!("ws://{address}/agent/v1/socket").into_client_request().unwrap();
    request.headers_mut().insert("x-forwarded-for", forwarded.parse().unwrap());
    let (_socket, _) = client_async(request, TcpStream::connect(address).await.unwrap()).await.unwrap();
    let seen = seen.recv().await.unwrap();
    server.abort();
    seen
}

#[tokio::test]
async fn the_agents_door_goes_by_the_address_that_a_trusted_proxy_names() {
    let far: IpAddr = "203.0.113.9".parse().unwrap();
    let near: IpAddr = "127.0.0.1".parse().unwrap();
    assert_eq!(seen_at_the_door(&["127.0.0.0/8"], "198.51.100.1, 203.0.113.9").await, far);
    assert_eq!(seen_at_the_door(&["10.0.0.0/8"], "203.0.113.9").await, near);
}
