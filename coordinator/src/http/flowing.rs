//! Answers that go on while somebody reads them: lines as they come, bytes of a download.
//!
//! Back-pressure all the way: what the browser does not take is not asked of the host. Whoever loses the right to read on
//! loses the connection, in the middle.

use std::{io, time::Duration};

use bytes::Bytes;
use tokio::sync::{mpsc, watch};
use tokio_stream::wrappers::ReceiverStream;
use warp::{
    Reply as _,
    http::{HeaderName, HeaderValue, header},
    reply::Response,
};

use super::Site;
use crate::access::Identity;

/// How soon the loss of a right is noticed that nobody told of.
const LOOK: Duration = Duration::from_secs(15);
/// A browser that takes nothing for so long is gone, or asleep.
const STUCK: Duration = Duration::from_mins(5);
/// What waits for the browser.
const AHEAD: usize = 2;

/// May still the same, and does not have to prove more.
pub(super) fn same_rights(one: &Identity, other: &Identity) -> bool {
    let lacks = |identity: &Identity| identity.session().is_some_and(|session| session.lacks_factor);
    one.role == other.role && lacks(one) == lacks(other)
}

/// Where the pieces of an answer go.
pub(super) struct Out {
    site: Site,
    to: mpsc::Sender<Result<Bytes, io::Error>>,
}

/// Nobody reads on.
pub(super) struct Gone;

impl Out {
    /// Waits until there is room for it.
    pub async fn send(&self, piece: Bytes) -> Result<(), Gone> {
        match self.site.world().within(STUCK, self.to.send(Ok(piece))).await {
            Some(Ok(())) => Ok(()),
            Some(Err(_)) | None => Err(Gone),
        }
    }

    /// Breaks the connection off: nobody must take what came for the whole.
    pub async fn break_off(&self, why: String) {
        let _ = self.site.world().within(STUCK, self.to.send(Err(io::Error::other(why)))).await;
    }
}

/// An answer whose pieces `pump` sends, for as long as whoever reads it may.
pub(super) fn answer<P, F>(site: &Site, identity: &Identity, media: &'static str, pump: P) -> Response
where
    P: FnOnce(Out) -> F,
    F: Future<Output = ()> + Send + 'static,
{
    let (to, body) = mpsc::channel(AHEAD);
    let out = |to| Out { site: site.clone(), to };
    let (pumped, broken) = (pump(out(to.clone())), out(to.clone()));
    let watched = Rights { changes: site.access().changes(), identity: identity.clone(), site: site.clone() };
    let stopping = site.stopping().clone();
    tokio::spawn(async move {
        tokio::select! {
            () = pumped => {}
            () = watched.lost() => broken.break_off("whoever reads this may not any more".into()).await,
            () = stopping.cancelled() => broken.break_off("the coordinator stops".into()).await,
            () = to.closed() => {}
        }
    });
    let mut response = warp::reply::stream(ReceiverStream::new(body)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media));
    // nginx would hold it back until its buffer is full.
    headers.insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    response
}

/// Somebody's right to read on.
struct Rights {
    site: Site,
    identity: Identity,
    changes: watch::Receiver<()>,
}

impl Rights {
    /// Returns when it is no more what it was.
    async fn lost(mut self) {
        loop {
            tokio::select! {
                changed = self.changes.changed() => if changed.is_err() { return },
                () = self.site.world().sleep(LOOK) => {}
            }
            match self.site.access().still(&self.identity).await {
                Ok(Some(identity)) if same_rights(&identity, &self.identity) => {}
                Ok(_) => return,
                // A database that cannot be read for a moment signs nobody out; the next look decides.
                Err(_) => {}
            }
        }
    }
}
