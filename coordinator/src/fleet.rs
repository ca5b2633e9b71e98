//! What can be done with the fleet, free of HTTP: read it, approve, order, publish, watch.
//!
//! Knows the statements, the in-memory index, who is connected and who waits at the door. Must not know requests,
//! cookies, frames' bytes, nor how a row is written.

mod asks;
mod batch;
mod claims;
mod cursor;
mod errand;
mod error;
mod escrow;
mod hosts;
mod hub;
mod index;
mod keys;
mod orders;
mod outline;
mod pending;
mod plans;
mod reads;
mod refresh;
mod release;
mod removal;
mod repositories;
mod schedules;
mod searches;
mod sweep;
mod templates;
mod tokens;
mod told;
mod trees;
mod trend;
mod trust;
mod upkeep;
mod watch;

pub use asks::{Asking, Came, ending};
pub use batch::{BatchRefusal, TakenBatch, Taking};
pub use error::FleetError;
pub use escrow::taken as escrow_taken;
pub use hosts::{Admitted, Arrival};
pub use hub::{Seat, SeatTaken, Wish};
pub use index::{HostQuery, HostSort, HostStatus};
pub use keys::Whose;
pub use orders::Outgoing;
pub use pending::{Candidate, Knock};
pub use reads::JobQuery;
pub use templates::MadeOn;
pub use tokens::Redemption;
pub use trees::TreeQuery;
pub use trust::Known;
pub use watch::WatchGuard;

use std::{path::PathBuf, sync::Arc};

use tokio::sync::broadcast;
use wire::{
    identity::CoordinatorKeys,
    view::{CoordinatorView, Event},
};

use crate::{ingest, store::Store, world::World};

/// Events that a slow listener may fall behind before it loses some.
const EVENTS: usize = 1024;

/// Cheap to clone; every method may be called from any task.
#[derive(Clone)]
pub struct Fleet {
    inner: Arc<Inner>,
}

/// What a fleet is opened with.
#[derive(Clone, Debug)]
pub struct About {
    pub keys: CoordinatorKeys,
    pub name: String,
    /// Without a trailing slash.
    pub public_url: String,
    pub version: String,
    /// Where the signed statements are kept besides the database, so that a lost database does not lose the fleet.
    pub statements_file: Option<PathBuf>,
}

struct Inner {
    world: World,
    store: Store,
    about: About,
    trust: trust::Trust,
    index: Arc<index::Index>,
    hub: hub::Hub,
    asks: asks::Asks,
    trees: trees::Trees,
    watches: Arc<watch::Watches>,
    pending: pending::Door,
    stale: refresh::Stale,
    claims: claims::Claims,
    events: broadcast::Sender<Event>,
}

impl Fleet {
    /// Reads the statements and builds the index from the views.
    pub async fn open(world: World, store: Store, about: About) -> Result<Self, FleetError> {
        if let Some(rebuilt) = store.write(ingest::rebuild_stale).await? {
            tracing::info!(hosts = rebuilt.hosts, records = rebuilt.records, "the views were folded again");
        }
        let trust = trust::Trust::load(&store, &about).await?;
        let index = index::Index::load(&world, &store, &about.version).await?;
        let claims = claims::Claims::load(&store).await?;
        let (events, _) = broadcast::channel(EVENTS);
        let inner = Inner {
            trust,
            index,
            hub: hub::Hub::default(),
            asks: asks::Asks::default(),
            trees: trees::Trees::default(),
            watches: Arc::default(),
            pending: pending::Door::default(),
            stale: refresh::Stale::new(),
            claims,
            events,
            world,
            store,
            about,
        };
        let fleet = Self { inner: Arc::new(inner) };
        // What was committed right before the last end may not have been told.
        fleet.shares_changed(fleet.inner.index.contested());
        Ok(fleet)
    }

    /// Who this coordinator is.
    pub fn identity(&self) -> CoordinatorView {
        let About { keys, name, public_url, .. } = &self.inner.about;
        CoordinatorView {
            id: keys.id(),
            channel: keys.channel_key(),
            name: name.clone(),
            public_url: public_url.clone(),
        }
    }

    pub fn keys(&self) -> &CoordinatorKeys {
        &self.inner.about.keys
    }

    pub fn version(&self) -> &str {
        &self.inner.about.version
    }

    pub fn world(&self) -> &World {
        &self.inner.world
    }

    pub fn store(&self) -> &Store {
        &self.inner.store
    }

    /// What changes from now on. A listener that is too slow is told that it lagged.
    pub fn events(&self) -> broadcast::Receiver<Event> {
        self.inner.events.subscribe()
    }

    pub(crate) fn tell(&self, event: Event) {
        // Nobody listening is fine.
        let _ = self.inner.events.send(event);
    }
}

#[cfg(test)]
pub(crate) mod tests;
