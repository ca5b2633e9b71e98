//! Hosts: the fleet page's rows, and what one host is, plans and has saved.

use warp::http::{HeaderValue, StatusCode, header};
use wire::{
    snapshot::RepositoryReadiness,
    view::{HostRow, HostView, Page, PlanView, ScheduleView, SnapshotRow},
};

use super::{
    Site,
    caller::Viewer,
    problem::{Refused, invalid_field},
    reply::{self, Answer},
    request::{Query, Request},
};
use crate::fleet::{HostQuery, HostSort, HostStatus};

/// Rows on one page, unless the query says less.
const PAGE: u32 = 100;
/// The fleet page asks for many at once: its rows are virtual.
const PAGE_MOST: u32 = 1_000;

/// One page of hosts, filtered and sorted.
#[utoipa::path(get, path = "/hosts", tag = "hosts",
    params(
        ("q" = Option<String>, Query, description = "Free text over name, tags, system and versions"),
        ("status" = Option<Vec<HostStatus>>, Query, description = "May be repeated, any of them counts"),
        ("tag" = Option<Vec<String>>, Query, description = "May be repeated; all of them have to be there"),
        ("repository" = Option<Vec<RepositoryReadiness>>, Query, description = "May be repeated, any of them counts"),
        ("sort" = Option<HostSort>, Query, description = "`name` when absent"),
        ("order" = Option<String>, Query, description = "`asc` or `desc`"),
        ("cursor" = Option<String>, Query, description = "`next` of the page before"),
        ("limit" = Option<u32>, Query, description = "1 to 1000, 100 when absent"),
    ),
    responses((status = 200, body = Page<HostRow>)))]
pub(super) async fn list(site: Site, _: Viewer, request: Request) -> Answer {
    let query = &request.query;
    let wanted = HostQuery {
        text: query.one("q")?.map(str::to_owned),
        status: query.choices("status")?,
        tags: query.all("tag").filter(|tag| !tag.is_empty()).map(str::to_owned).collect(),
        repository: query.choices("repository")?,
        sort: query.choice("sort")?.unwrap_or_default(),
        desc: descending(query)?,
        cursor: query.one("cursor")?.map(str::to_owned),
        limit: limit(query, PAGE, PAGE_MOST)?,
    };
    reply::json(&site.fleet().hosts(&wanted)?)
}

/// One host with everything its page shows at once.
#[utoipa::path(get, path = "/hosts/{agent}", tag = "hosts", params(("agent" = String, Path)),
    responses((status = 200, body = HostView)))]
pub(super) async fn show(site: Site, _: Viewer, request: Request) -> Answer {
    reply::json(&site.fleet().host(request.param("agent")?).await?)
}

/// The plan that the host follows. Its ETag is the revision, which `If-Match` of an order names.
#[utoipa::path(get, path = "/hosts/{agent}/plan", tag = "hosts", params(("agent" = String, Path)),
    responses((status = 200, body = PlanView), (status = 304, description = "Not changed since `If-None-Match`.")))]
pub(super) async fn plan(site: Site, _: Viewer, request: Request) -> Answer {
    let plan = site.fleet().plan(request.param("agent")?).await?;
    let tag = etag(plan.revision);
    let known =
        request.header(&header::IF_NONE_MATCH).is_some_and(|tags| tags.split(',').any(|t| t.trim() == tag));
    let mut response = if known {
        let mut response = reply::no_content();
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        response
    } else {
        reply::json(&plan)?
    };
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    Ok(response)
}

/// The schedules with their next runs, as the agent computes them.
#[utoipa::path(get, path = "/hosts/{agent}/schedules", tag = "hosts", params(("agent" = String, Path)),
    responses((status = 200, body = Vec<ScheduleView>)))]
pub(super) async fn schedules(site: Site, _: Viewer, request: Request) -> Answer {
    reply::json(&site.fleet().schedules(request.param("agent")?, site.world().now()).await?)
}

/// Snapshots of all the host's repositories, the newest first.
#[utoipa::path(get, path = "/hosts/{agent}/snapshots", tag = "hosts",
    params(("agent" = String, Path), ("cursor" = Option<String>, Query), ("limit" = Option<u32>, Query)),
    responses((status = 200, body = Page<SnapshotRow>)))]
pub(super) async fn snapshots(site: Site, _: Viewer, request: Request) -> Answer {
    let agent = request.param("agent")?;
    let cursor = request.query.one("cursor")?.map(str::to_owned);
    let limit = limit(&request.query, PAGE, PAGE_MOST)?;
    reply::json(&site.fleet().snapshots(agent, cursor, limit).await?)
}

/// The entity tag of a plan's revision.
pub(super) fn etag(revision: u64) -> String {
    format!("\"{revision}\"")
}

pub(super) fn limit(query: &Query, usual: u32, most: u32) -> Result<usize, Refused> {
    let limit = query.parsed("limit")?.unwrap_or(usual);
    if (1..=most).contains(&limit) {
        Ok(limit as usize)
    } else {
        Err(invalid_field("limit", format!("must lie between 1 and {most}")))
    }
}

fn descending(query: &Query) -> Result<bool, Refused> {
    match query.one("order")? {
        None | Some("asc") => Ok(false),
        Some("desc") => Ok(true),
        Some(_) => Err(invalid_field("order", "must be `asc` or `desc`")),
    }
}
