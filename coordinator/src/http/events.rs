//! Server-sent events: one connection per tab, which says what to read again and carries what is watched.
//!
//! Bounded everywhere: a browser that does not read in time is told that it lagged, and loses log lines alone.

use std::{convert::Infallible, str::FromStr, sync::Arc, time::Duration};

use futures_util::{StreamExt as _, stream::SelectAll};
use tokio::sync::{OwnedSemaphorePermit, broadcast, mpsc, watch};
use tokio_stream::wrappers::ReceiverStream;
use warp::{
    Reply as _,
    http::{HeaderName, HeaderValue},
    sse,
};
use wire::{
    error::ErrorCode,
    id::{AgentId, JobId, UnixMs},
    view::Event,
};

use super::{
    Site,
    caller::Viewer,
    flowing::same_rights,
    problem::{Refused, invalid_field},
    reply::Answer,
    request::Request,
};
use crate::{access::Identity, fleet::WatchGuard};

/// Tabs that listen at the same time.
pub(super) const LISTENERS: usize = 1_024;
/// Jobs that one tab watches.
const WATCHES: usize = 16;
/// Events that wait for a browser that reads slowly.
const BUFFER: usize = 64;
/// Events of a storm that are looked through for repetitions before they are sent.
const GATHER: usize = 256;
/// Keeps proxies from closing a silent connection; at the same time the session is looked at.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// A browser that takes nothing for so long is gone, or asleep: it comes back and reads everything again.
const STUCK: Duration = Duration::from_mins(1);
/// How soon a browser comes back.
const RETRY: Duration = Duration::from_secs(2);

/// `{agent}/{job}`.
struct Watched(AgentId, JobId);

impl FromStr for Watched {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let (agent, job) = text.split_once('/').ok_or("must be an agent's id, a slash and a job's id")?;
        let agent = agent.parse().map_err(|error| format!("{error}"))?;
        let job = job.parse().map_err(|error| format!("{error}"))?;
        Ok(Self(agent, job))
    }
}

/// What changes, as it changes: `data:` is one Event in JSON. Ends with `signed_out` when the session does.
#[utoipa::path(get, path = "/events", tag = "events",
    params(("watch" = Option<Vec<String>>, Query,
        description = "`{agent}/{job}`: progress and log lines of this job too; may be repeated")),
    responses((status = 200, body = Event, content_type = "text/event-stream")))]
pub(super) async fn listen(site: Site, caller: Viewer, request: Request) -> Answer {
    let watched: Vec<Watched> = request
        .query
        .all("watch")
        .map(|text| text.parse().map_err(|error: String| invalid_field("watch", error)))
        .collect::<Result<_, _>>()?;
    if watched.len() > WATCHES {
        return Err(invalid_field("watch", format!("at most {WATCHES} jobs can be watched at once")));
    }
    let place = Arc::clone(site.listeners()).try_acquire_owned().map_err(|_| crowded())?;
    let (out, body) = mpsc::channel(BUFFER);
    let listener = Listener {
        // Listening begins before the answer: whoever then reads a resource has missed nothing.
        events: site.fleet().events(),
        watches: watched.into_iter().map(|Watched(agent, job)| site.fleet().watch(agent, job)).collect(),
        changes: site.access().changes(),
        identity: caller.identity().clone(),
        looked_at: site.world().now(),
        site,
        out,
        _place: place,
    };
    tokio::spawn(listener.run());
    let mut response = sse::reply(ReceiverStream::new(body)).into_response();
    // nginx would hold events back until its buffer is full.
    response
        .headers_mut()
        .insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    Ok(response)
}

fn crowded() -> Refused {
    let problem = Refused::new(
        ErrorCode::TooManyRequests,
        format!("{LISTENERS} pages listen for changes already."),
        "Close panel tabs that nobody looks at.",
    );
    problem.retry_after(30)
}

struct Listener {
    site: Site,
    identity: Identity,
    looked_at: UnixMs,
    events: broadcast::Receiver<Event>,
    watches: SelectAll<WatchGuard>,
    changes: watch::Receiver<()>,
    out: mpsc::Sender<Result<sse::Event, Infallible>>,
    _place: OwnedSemaphorePermit,
}

/// The browser went away, the session did, or this program does.
struct Over;

enum Trigger {
    Told(Result<Event, broadcast::error::RecvError>),
    Live(Event),
    SessionsChanged,
    Heartbeat,
    Gone,
}

impl Listener {
    async fn run(mut self) {
        let greeting = sse::Event::default().comment("listening").retry(RETRY);
        if self.out.send(Ok(greeting)).await.is_err() {
            return;
        }
        while self.step().await.is_ok() {}
    }

    async fn step(&mut self) -> Result<(), Over> {
        let trigger = tokio::select! {
            told = self.events.recv() => Trigger::Told(told),
            Some(live) = self.watches.next(), if !self.watches.is_empty() => Trigger::Live(live),
            changed = self.changes.changed() => if changed.is_ok() { Trigger::SessionsChanged } else { Trigger::Gone },
            () = self.site.world().sleep(HEARTBEAT) => Trigger::Heartbeat,
            () = self.out.closed() => Trigger::Gone,
            () = self.site.stopping().cancelled() => Trigger::Gone,
        };
        match trigger {
            Trigger::Told(Ok(event)) => self.tell_all(event).await?,
            Trigger::Told(Err(broadcast::error::RecvError::Lagged(_))) => self.tell(&Event::Lagged).await?,
            Trigger::Told(Err(broadcast::error::RecvError::Closed)) | Trigger::Gone => return Err(Over),
            Trigger::Live(live) => self.tell(&live).await?,
            Trigger::SessionsChanged => return self.look().await,
            Trigger::Heartbeat => self.send(sse::Event::default().comment("")).await?,
        }
        // Not at the heartbeat alone: a busy fleet never leaves time for one.
        if self.site.world().now().since(self.looked_at)
            >= i64::try_from(HEARTBEAT.as_millis()).unwrap_or(i64::MAX)
        {
            return self.look().await;
        }
        Ok(())
    }

    /// The event and what came right behind it, each once.
    async fn tell_all(&mut self, first: Event) -> Result<(), Over> {
        let mut gathered = vec![first];
        let mut lagged = false;
        while gathered.len() < GATHER {
            match self.events.try_recv() {
                Ok(event) if gathered.contains(&event) => {}
                Ok(event) => gathered.push(event),
                Err(broadcast::error::TryRecvError::Lagged(_)) => lagged = true,
                Err(_) => break,
            }
        }
        if lagged {
            // Everything is read again, so what was gathered says nothing more.
            return self.tell(&Event::Lagged).await;
        }
        for event in &gathered {
            self.tell(event).await?;
        }
        Ok(())
    }

    /// Is the session still one?
    async fn look(&mut self) -> Result<(), Over> {
        self.looked_at = self.site.world().now();
        match self.site.access().still(&self.identity).await {
            // What may be told follows the role, and whether it takes a factor: the page comes back and asks anew.
            Ok(Some(identity)) if !same_rights(&identity, &self.identity) => Err(Over),
            Ok(Some(identity)) => {
                self.identity = identity;
                Ok(())
            }
            Ok(None) => {
                self.tell(&Event::SignedOut).await?;
                Err(Over)
            }
            // A database that cannot be read for a moment signs nobody out; the next look decides.
            Err(_) => Ok(()),
        }
    }

    async fn tell(&self, event: &Event) -> Result<(), Over> {
        match sse::Event::default().json_data(event) {
            Ok(event) => self.send(event).await,
            Err(error) => {
                tracing::error!(%error, "an event cannot be written as JSON");
                Ok(())
            }
        }
    }

    async fn send(&self, event: sse::Event) -> Result<(), Over> {
        match self.site.world().within(STUCK, self.out.send(Ok(event))).await {
            Some(Ok(())) => Ok(()),
            Some(Err(_)) | None => Err(Over),
        }
    }
}
