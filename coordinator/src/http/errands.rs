//! Errands: what one host lends another, and downloads. Signed orders whose answers come back here, sealed to somebody else.

mod pace;

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use wire::{
    error::ErrorCode,
    id::AgentId,
    view::{ErrandRequest, LentView},
};

use super::{
    Site,
    caller::Operator,
    flowing::{self, Gone, Out},
    problem::Refused,
    reply::{self, Answer},
    request::Request,
};
use crate::fleet::{Asking, Came};
use pace::Pace;

/// Let a host seal what opens its repository to another host, for one restore there. It is written down nowhere.
#[utoipa::path(post, path = "/hosts/{agent}/lend", tag = "orders", params(("agent" = AgentId, Path)),
    request_body = ErrandRequest, responses((status = 200, body = LentView)))]
pub(super) async fn lend(site: Site, caller: Operator, mut request: Request) -> Answer {
    let agent: AgentId = request.param("agent")?;
    let ErrandRequest { grave } = request.json(site.world()).await?;
    reply::json(&site.fleet().lend(caller.act(), agent, grave).await?)
}

/// One file, or a directory as an archive: the sealed stream as the host sends it. The key that the order names opens it.
#[utoipa::path(post, path = "/hosts/{agent}/download", tag = "orders", params(("agent" = AgentId, Path)),
    request_body = ErrandRequest,
    responses((status = 200, content((String = "application/octet-stream", example = json!("enc ‖ chunks"))),
        description = "A sealed stream, docs/PROTOCOL.md §4. It is whole when its last chunk says so.")))]
pub(super) async fn download(site: Site, caller: Operator, mut request: Request) -> Answer {
    let agent: AgentId = request.param("agent")?;
    let ErrandRequest { grave } = request.json(site.world()).await?;
    let place = Place::take(&site)?;
    let mut asking = site.fleet().download(caller.act(), agent, grave).await?;
    let first = asking.next().await?;
    let pumping = site.clone();
    Ok(flowing::answer(&site, caller.identity(), "application/octet-stream", move |out| async move {
        let _place = place;
        // Whoever does not read any more is sent nothing.
        let _ = pass(&pumping, &out, asking, first).await;
    }))
}

/// As fast as the configuration lets it, and no faster than it is read.
async fn pass(site: &Site, out: &Out, mut asking: Asking, mut next: Option<Came>) -> Result<(), Gone> {
    let mut pace = Pace::new(site.world().now());
    loop {
        match next {
            Some(Came::Bytes(bytes)) => {
                let rate = site.live().now().downloads.mib_per_s;
                let wait = pace.after(bytes.len(), rate, site.world().now());
                out.send(bytes).await?;
                if !wait.is_zero() {
                    site.world().sleep(wait).await;
                }
            }
            Some(Came::Part(_)) => {}
            None => return Ok(()),
        }
        next = match asking.next().await {
            Ok(next) => next,
            Err(error) => {
                out.break_off(error.to_string()).await;
                return Err(Gone);
            }
        };
    }
}

/// One of the downloads that there may be at once.
struct Place(Arc<AtomicU32>);

impl Place {
    fn take(site: &Site) -> Result<Self, Refused> {
        let (taken, most) = (site.downloads(), site.live().now().downloads.at_once);
        let free = |now: u32| (now < most).then_some(now + 1);
        match taken.fetch_update(Ordering::AcqRel, Ordering::Acquire, free) {
            Ok(_) => Ok(Self(Arc::clone(taken))),
            Err(_) => Err(Refused::new(
                ErrorCode::TooManyRequests,
                format!("{most} downloads run already, and no more may at once."),
                "Wait until one of them is done, or restore to the host instead.",
            )
            .retry_after(30)),
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}
