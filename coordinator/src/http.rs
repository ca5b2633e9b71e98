//! HTTP: the API, the panel, the downloads and the agents' door. The only room that knows warp.
//!
//! warp takes requests apart and puts answers together; which route answers, and for whom it may, is decided by the table.
//! Knows nothing of SQL, frames or signatures: it asks `access`, `fleet` and `dist`, and turns what they say into JSON.

mod account;
mod address;
mod api_tokens;
mod audit;
mod bearer;
mod caller;
mod cookie;
mod cors;
mod door;
mod download;
mod errands;
mod events;
mod factors;
mod fleet;
mod flowing;
mod health;
mod hosts;
mod jobs;
mod keys;
mod logs;
mod openapi;
mod orders;
mod origin;
mod panel;
mod pending;
mod people;
mod plan;
mod problem;
mod refusals;
mod reply;
mod request;
mod route;
mod router;
mod searches;
mod second_factor;
mod session;
mod setup;
mod sso;
mod table;
mod templates;
mod tokens;
mod trees;

use std::{
    convert::Infallible,
    net::{IpAddr, SocketAddr},
    sync::{Arc, atomic::AtomicU32},
};

use futures_util::future::BoxFuture;
use hyper::upgrade::Upgraded;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use warp::{filters::BoxedFilter, reply::Response};
use wire::view::Actor;

use crate::{
    access::{Access, Sso},
    audit::{Act, Audit, AuditLog},
    config::Live,
    dist::Dist,
    fleet::Fleet,
    world::World,
};
use cookie::Secure;
use origin::PublicOrigin;
use panel::Panel;
use router::Router;

/// Takes over an agent's connection once it speaks WebSocket, until it ends.
pub type AgentDoor = Arc<dyn Fn(Upgraded, SocketAddr) -> BoxFuture<'static, ()> + Send + Sync>;

/// What the site is made of.
pub struct Parts {
    pub fleet: Fleet,
    pub access: Access,
    pub sso: Sso,
    pub audit: Audit,
    pub dist: Dist,
    pub world: World,
    /// What people type into their browser; decides whether cookies are Secure.
    pub public_url: String,
    pub agent_door: AgentDoor,
    /// Which proxies are believed, and which panels elsewhere are let in.
    pub live: Live,
}

/// Everything that handlers may ask. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Site(Arc<Inner>);

struct Inner {
    parts: Parts,
    origin: PublicOrigin,
    panel: Panel,
    audit_log: AuditLog,
    listeners: Arc<Semaphore>,
    /// How many run.
    downloads: Arc<AtomicU32>,
    stopping: CancellationToken,
}

impl Site {
    fn new(parts: Parts) -> Self {
        let origin = PublicOrigin::of(&parts.public_url);
        let listeners = Arc::new(Semaphore::new(events::LISTENERS));
        Self(Arc::new(Inner {
            audit_log: AuditLog::new(parts.audit.clone(), parts.fleet.store().clone()),
            parts,
            origin,
            panel: Panel::default(),
            listeners,
            downloads: Arc::default(),
            stopping: CancellationToken::new(),
        }))
    }

    fn fleet(&self) -> &Fleet {
        &self.0.parts.fleet
    }

    fn access(&self) -> &Access {
        &self.0.parts.access
    }

    fn sso(&self) -> &Sso {
        &self.0.parts.sso
    }

    fn audit_log(&self) -> &AuditLog {
        &self.0.audit_log
    }

    fn dist(&self) -> &Dist {
        &self.0.parts.dist
    }

    fn world(&self) -> &World {
        &self.0.parts.world
    }

    /// A request from this address, before it is known whose it is.
    fn act(&self, address: IpAddr) -> Act {
        let nobody = Actor::Nobody { name: String::new() };
        Act::new(self.0.parts.audit.clone(), nobody, Some(address.to_canonical()), self.world().now())
    }

    fn agent_door(&self) -> &AgentDoor {
        &self.0.parts.agent_door
    }

    /// What people type into their browser.
    fn public_url(&self) -> &str {
        &self.0.parts.public_url
    }

    fn origin(&self) -> &PublicOrigin {
        &self.0.origin
    }

    /// How the session's cookie travels.
    fn secure(&self) -> Secure {
        match (self.0.origin.secure, self.live().now().cors_origins.is_empty()) {
            (false, _) => Secure::No,
            (true, true) => Secure::Yes,
            (true, false) => Secure::FromElsewhereToo,
        }
    }

    /// The configuration as it is at this moment.
    fn live(&self) -> &Live {
        &self.0.parts.live
    }

    fn panel(&self) -> &Panel {
        &self.0.panel
    }

    /// Cancelled when answers that would go on for ever have to end.
    fn stopping(&self) -> &CancellationToken {
        &self.0.stopping
    }

    fn downloads(&self) -> &Arc<AtomicU32> {
        &self.0.downloads
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
