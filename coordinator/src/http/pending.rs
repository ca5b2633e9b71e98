//! Hosts at the door: who waits, let in, send away.

use wire::{
    id::AgentId,
    view::{ApproveRequest, PendingView},
};

use super::{
    Site,
    caller::{Admin, Viewer},
    reply::{self, Answer},
    request::Request,
};

/// Hosts that wait to be approved, the longest first.
#[utoipa::path(get, path = "/pending", tag = "pending", responses((status = 200, body = Vec<PendingView>)))]
pub(super) async fn list(site: Site, _: Viewer, _: Request) -> Answer {
    reply::json(&site.fleet().pending())
}

/// Let a host in, by an admission over the very fingerprint that was compared. 409 when it is not the waiting host's.
#[utoipa::path(post, path = "/pending/{agent}/approve", tag = "pending", params(("agent" = AgentId, Path)),
    request_body = ApproveRequest, responses((status = 204, description = "It is a member now.")))]
pub(super) async fn approve(site: Site, caller: Admin, mut request: Request) -> Answer {
    let agent: AgentId = request.param("agent")?;
    let ApproveRequest { admission } = request.json(site.world()).await?;
    site.fleet().approve(caller.act(), agent, admission).await?;
    Ok(reply::no_content())
}

/// Send a host away; its terminal says so.
#[utoipa::path(delete, path = "/pending/{agent}", tag = "pending", params(("agent" = AgentId, Path)),
    responses((status = 204, description = "It was told.")))]
pub(super) async fn reject(site: Site, caller: Admin, request: Request) -> Answer {
    site.fleet().reject(caller.act(), request.param("agent")?).await?;
    Ok(reply::no_content())
}
