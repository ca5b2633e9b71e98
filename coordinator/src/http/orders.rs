//! Wishes for one host: give, look at, take back.

use warp::http::header;
use wire::{
    error::ErrorCode,
    id::{AgentId, OrderId},
    view::{OrderRequest, OrderView},
};

use super::{
    Site,
    caller::{Operator, Viewer},
    hosts::etag,
    problem::Refused,
    reply::{self, Answer},
    request::Request,
};

/// The host's orders, waiting ones and the last that were answered.
#[utoipa::path(get, path = "/hosts/{agent}/orders", tag = "orders", params(("agent" = AgentId, Path)),
    responses((status = 200, body = Vec<OrderView>)))]
pub(super) async fn list(site: Site, _: Viewer, request: Request) -> Answer {
    reply::json(&site.fleet().orders(request.param("agent")?).await?)
}

/// Give an order: a routine action, or a grave one that the browser signed. With `If-Match` it is refused when the plan
/// has another revision.
#[utoipa::path(post, path = "/hosts/{agent}/orders", tag = "orders",
    params(("agent" = AgentId, Path), ("If-Match" = Option<String>, Header, description = "ETag of the plan")),
    request_body = OrderRequest, responses((status = 201, body = OrderView)))]
pub(super) async fn give(site: Site, caller: Operator, mut request: Request) -> Answer {
    let agent: AgentId = request.param("agent")?;
    let order: OrderRequest = request.json(site.world()).await?;
    if let Some(wanted) = request.header(&header::IF_MATCH) {
        check_revision(&site, agent, wanted).await?;
    }
    reply::created(&site.fleet().order(caller.act(), agent, order).await?)
}

/// Take back an order that has not been sent.
#[utoipa::path(delete, path = "/hosts/{agent}/orders/{order}", tag = "orders",
    params(("agent" = AgentId, Path), ("order" = OrderId, Path)),
    responses((status = 204, description = "It will not be sent.")))]
pub(super) async fn withdraw(site: Site, caller: Operator, request: Request) -> Answer {
    let order: OrderId = request.param("order")?;
    site.fleet().withdraw(caller.act(), request.param("agent")?, order).await?;
    Ok(reply::no_content())
}

async fn check_revision(site: &Site, agent: AgentId, wanted: &str) -> Result<(), Refused> {
    let found = etag(site.fleet().plan(agent).await?.revision);
    if wanted.trim() == "*" || wanted.split(',').any(|tag| tag.trim() == found) {
        return Ok(());
    }
    let wanted: String = wanted.chars().take(40).collect();
    Err(Refused::new(
        ErrorCode::Stale,
        format!("The plan has revision {found} by now, the edit was made on {wanted}."),
        "Look at what changed meanwhile, then apply your edit on top of it or drop it.",
    ))
}
