//! HTTP: the API, the panel, the downloads and the agents' door. The only room that knows warp.
//!
//! warp takes requests apart and puts answers together; which route answers, and for whom it may, is decided by the table.
//! Knows nothing of SQL, frames or signatures: it asks `access`, `fleet` and `dist`, and turns what they say into JSON.

mod caller;
mod cookie;
mod door;
mod download;
mod events;
mod fleet;
mod health;
mod hosts;
mod jobs;
mod logs;
mod openapi;
mod orders;
mod origin;
mod panel;
mod pending;
mod plan;
mod problem;
mod reply;
mod request;
mod route;
mod router;
mod session;
mod setup;
mod table;
mod tokens;

use std::{convert::Infallible, net::SocketAddr, sync::Arc};

use futures_util::future::BoxFuture;
use hyper::upgrade::Upgraded;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use warp::{filters::BoxedFilter, reply::Response};

use crate::{access::Access, dist::Dist, fleet::Fleet, world::World};
use origin::PublicOrigin;
use panel::Panel;
use router::Router;

/// Takes over an agent's connection once it speaks WebSocket, until it ends.
pub type AgentDoor = Arc<dyn Fn(Upgraded, SocketAddr) -> BoxFuture<'static, ()> + Send + Sync>;

/// What the site is made of.
pub struct Parts {
    pub fleet: Fleet,
    pub access: Access,
    pub dist: Dist,
    pub world: World,
    /// What people type into their browser; decides whether cookies are Secure.
    pub public_url: String,
    pub agent_door: AgentDoor,
}

/// Everything that handlers may ask. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Site(Arc<Inner>);

struct Inner {
    parts: Parts,
    origin: PublicOrigin,
    panel: Panel,
    listeners: Arc<Semaphore>,
    stopping: CancellationToken,
}

impl Site {
    fn new(parts: Parts) -> Self {
        let origin = PublicOrigin::of(&parts.public_url);
        let listeners = Arc::new(Semaphore::new(events::LISTENERS));
        Self(Arc::new(Inner {
            parts,
            origin,
            panel: Panel::default(),
            listeners,
            stopping: CancellationToken::new(),
        }))
    }

    fn fleet(&self) -> &Fleet {
        &self.0.parts.fleet
    }

    fn access(&self) -> &Access {
        &self.0.parts.access
    }

    fn dist(&self) -> &Dist {
        &self.0.parts.dist
    }

    fn world(&self) -> &World {
        &self.0.parts.world
    }

    fn agent_door(&self) -> &AgentDoor {
        &self.0.parts.agent_door
    }

    fn origin(&self) -> &PublicOrigin {
        &self.0.origin
    }

    /// Whether cookies travel over TLS alone.
    fn secure(&self) -> bool {
        self.0.origin.secure
    }

    fn panel(&self) -> &Panel {
        &self.0.panel
    }

    /// Cancelled when answers that would go on for ever have to end.
    fn stopping(&self) -> &CancellationToken {
        &self.0.stopping
    }

    fn listeners(&self) -> &Arc<Semaphore> {
        &self.0.listeners
    }
}

/// Answers requests. Cheap to clone; one for all connections.
#[derive(Clone)]
pub struct Http {
    filter: BoxedFilter<(Response,)>,
    stopping: CancellationToken,
}

impl Http {
    pub fn new(parts: Parts) -> Self {
        let site = Site::new(parts);
        let stopping = site.stopping().clone();
        Self { filter: router::filter(Router::new(site)), stopping }
    }

    /// Ends what would go on for ever: pages that listen for events, which come back by themselves.
    pub fn stop(&self) {
        self.stopping.cancel();
    }

    /// What hyper calls for each request of one connection.
    pub fn service<B>(
        &self,
        peer: SocketAddr,
    ) -> impl hyper::service::Service<hyper::Request<B>, Response = Response, Error = Infallible, Future: Send>
    + Clone
    + Send
    + use<B>
    where
        B: hyper::body::Body<Data: Send, Error: std::error::Error + Send + Sync> + Send + Sync + 'static,
    {
        router::service(self.filter.clone(), peer)
    }
}

#[cfg(test)]
mod tests;
