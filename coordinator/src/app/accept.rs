//! The port: accepts, speaks TLS where it should, hands requests to HTTP and upgraded streams to `socket`.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use futures_util::{FutureExt as _, future::BoxFuture};
use hyper::{server::conn::http1, upgrade::Upgraded};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{Semaphore, watch},
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{fleet::Fleet, http::Http, socket, world::World};

/// For a TLS handshake, and for the headers of a request.
const HEADERS: Duration = Duration::from_secs(15);
/// What an HTTP connection reads ahead.
const READ_AHEAD_BYTES: usize = 64 * 1024;
/// After an accept that failed for want of descriptors or memory.
const PAUSE: Duration = Duration::from_millis(100);

/// What serves the port.
pub struct Port {
    pub listener: TcpListener,
    /// What it shows may be another certificate tomorrow.
    pub tls: Option<watch::Receiver<TlsAcceptor>>,
    pub http: Http,
    pub world: World,
    /// Open connections, agents' included.
    pub connections: Arc<Semaphore>,
    pub tasks: TaskTracker,
    pub stop: CancellationToken,
}

impl Port {
    /// Until `stop`; connections that are open then end by themselves.
    pub async fn serve(self) {
        loop {
            // Whoever comes when all places are taken waits in the kernel's queue.
            let place = tokio::select! {
                () = self.stop.cancelled() => return,
                place = Arc::clone(&self.connections).acquire_owned() => place,
            };
            let accepted = tokio::select! {
                () = self.stop.cancelled() => return,
                accepted = self.listener.accept() => accepted,
            };
            match accepted {
                Ok((stream, peer)) => {
                    let (http, world) = (self.http.clone(), self.world.clone());
                    let tls = self.tls.as_ref().map(|tls| tls.borrow().clone());
                    let stop = self.stop.clone();
                    self.tasks.spawn(async move {
                        connection(stream, peer, tls, http, &world, stop).await;
                        drop(place);
                    });
                }
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    self.world.sleep(PAUSE).await;
                }
            }
        }
    }
}

async fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    tls: Option<TlsAcceptor>,
    http: Http,
    world: &World,
    stop: CancellationToken,
) {
    // Small frames must not wait for each other; a socket that refuses the option still works.
    let _ = stream.set_nodelay(true);
    let Some(tls) = tls else { return requests(stream, peer, http, stop).await };
    match world.within(HEADERS, tls.accept(stream)).await {
        Some(Ok(stream)) => requests(stream, peer, http, stop).await,
        Some(Err(error)) => tracing::debug!(%peer, %error, "a TLS handshake failed"),
        None => tracing::debug!(%peer, "a TLS handshake took too long"),
    }
}

async fn requests<S: socket::Stream>(stream: S, peer: SocketAddr, http: Http, stop: CancellationToken) {
    let mut server = http1::Builder::new();
    server.timer(TokioTimer::new()).header_read_timeout(HEADERS).max_buf_size(READ_AHEAD_BYTES);
    let connection = server.serve_connection(TokioIo::new(stream), http.service(peer)).with_upgrades();
    // Boxed: once it is an agent's, nothing of it is left.
    let mut connection = Box::pin(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%peer, %error, "a connection broke");
    }
}

/// What HTTP hands an agent's upgraded connection to. It holds a place of its own until it ends.
pub fn agent_door(
    fleet: Fleet,
    connections: Arc<Semaphore>,
    tasks: TaskTracker,
) -> Arc<dyn Fn(Upgraded, SocketAddr) -> BoxFuture<'static, ()> + Send + Sync> {
    Arc::new(move |upgraded, peer| {
        let (fleet, connections) = (fleet.clone(), Arc::clone(&connections));
        // The agent's task is one of its own, so that HTTP's, with its place, is gone.
        tasks.spawn(async move {
            let place = connections.acquire_owned().await;
            match upgraded.downcast::<TokioIo<TcpStream>>() {
                // Boxed, so that a plain connection's task has no room for a TLS one.
                Ok(plain) => {
                    Box::pin(socket::serve(plain.io.into_inner(), plain.read_buf, peer, fleet)).await;
                }
                Err(upgraded) => {
                    if let Ok(tls) = upgraded.downcast::<TokioIo<TlsStream<TcpStream>>>() {
                        Box::pin(socket::serve(tls.io.into_inner(), tls.read_buf, peer, fleet)).await;
                    }
                }
            }
            drop(place);
        });
        std::future::ready(()).boxed()
    })
}
