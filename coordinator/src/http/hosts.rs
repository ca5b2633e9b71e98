//! Hosts: the fleet page's rows, and what one host is, plans and has saved.

use serde::Deserialize;
use utoipa::ToSchema;
use warp::http::{HeaderValue, StatusCode, header};
use wire::{
    id::{AgentId, RepositoryName},
    snapshot::RepositoryReadiness,
    view::{
        HostRow, HostView, MaintenanceView, Page, PlanRevisionView, PlanView, RepositoryHistoryView,
        ScheduleView, SharingView, SnapshotRow,
    },
};

use super::{
    Site,
    caller::{Admin, Viewer},
    problem::{Refused, invalid_field},
    reply::{self, Answer},
    request::{Query, Request},
};
use crate::fleet::{HostQuery, HostSort, HostStatus};

/// Rows on one page, unless the query says less.
const PAGE: u32 = 100;
/// The fleet page asks for many at once: its rows are virtual.
const PAGE_MOST: u32 = 1_000;
const REVISIONS: u32 = 50;
const REVISIONS_MOST: u32 = 200;

/// Which end of a sorted list comes first.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum SortOrder {
    Asc,
    Desc,
}

/// One page of hosts, filtered and sorted.
#[utoipa::path(get, path = "/hosts", tag = "hosts",
    params(
        ("q" = Option<String>, Query, description = "Free text over name, tags, system and versions"),
        ("status" = Option<Vec<HostStatus>>, Query, description = "May be repeated, any of them counts. Without `retired` those that left the fleet are not listed"),
        ("tag" = Option<Vec<String>>, Query, description = "May be repeated; all of them have to be there"),
        ("repository" = Option<Vec<RepositoryReadiness>>, Query, description = "May be repeated, any of them counts"),
        ("held" = Option<bool>, Query, description = "Whether something holds retention or upkeep back"),
        ("replaced" = Option<bool>, Query, description = "Whether those are listed too whose place another host took"),
        ("sort" = Option<HostSort>, Query, description = "`name` when absent"),
        ("order" = Option<SortOrder>, Query, description = "`asc` when absent"),
        ("cursor" = Option<String>, Query),
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 1000, description = "100 when absent"),
    ),
    responses((status = 200, body = Page<HostRow>)))]
pub(super) async fn list(site: Site, _: Viewer, request: Request) -> Answer {
    let query = &request.query;
    let wanted = HostQuery {
        text: query.one("q")?.map(str::to_owned),
        status: query.choices("status")?,
        tags: query.all("tag").filter(|tag| !tag.is_empty()).map(str::to_owned).collect(),
        repository: query.choices("repository")?,
        held: query.parsed("held")?,
        replaced: query.parsed("replaced")?.unwrap_or(false),
        sort: query.choice("sort")?.unwrap_or_default(),
        desc: query.choice("order")? == Some(SortOrder::Desc),
        cursor: query.one("cursor")?.map(str::to_owned),
        limit: limit(query, PAGE, PAGE_MOST)?,
    };
    reply::json(&site.fleet().hosts(&wanted)?)
}

/// One host with everything its page shows at once.
#[utoipa::path(get, path = "/hosts/{agent}", tag = "hosts", params(("agent" = AgentId, Path)),
    responses((status = 200, body = HostView)))]
pub(super) async fn show(site: Site, _: Viewer, request: Request) -> Answer {
    reply::json(&site.fleet().host(request.param("agent")?).await?)
}

/// Remove the replica of a host that left the fleet, never came, or is not there: its journal, its history, its orders.
/// The host itself is not touched. One that is still a member and lives comes back by its credential, with all of its
/// journal: retire it first.
#[utoipa::path(delete, path = "/hosts/{agent}", tag = "hosts", params(("agent" = AgentId, Path)),
    responses((status = 204, description = "Nothing of it is kept.")))]
pub(super) async fn remove(site: Site, caller: Admin, request: Request) -> Answer {
    site.fleet().remove_host(caller.act(), request.param("agent")?).await?;
    Ok(reply::no_content())
}

/// The plan that the host follows. Its ETag is the revision, which `If-Match` of an order names.
#[utoipa::path(get, path = "/hosts/{agent}/plan", tag = "hosts",
    params(
        ("agent" = AgentId, Path),
        ("If-None-Match" = Option<String>, Header, description = "ETags of plans that are known already"),
    ),
    responses(
        (status = 200, body = PlanView, headers(("ETag" = String, description = "The revision, in quotes."))),
        (status = 304, description = "It is one of `If-None-Match`."),
    ))]
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

/// Every revision of the plan: when, by whom, what and why, the newest first.
#[utoipa::path(get, path = "/hosts/{agent}/plan/history", tag = "hosts",
    params(
        ("agent" = AgentId, Path), ("cursor" = Option<String>, Query),
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 200, description = "50 when absent"),
    ),
    responses((status = 200, body = Page<PlanRevisionView>)))]
pub(super) async fn plan_history(site: Site, _: Viewer, request: Request) -> Answer {
    let agent = request.param("agent")?;
    let cursor = request.query.one("cursor")?.map(str::to_owned);
    let limit = limit(&request.query, REVISIONS, REVISIONS_MOST)?;
    reply::json(&site.fleet().plan_history(agent, cursor, limit).await?)
}

/// The plan as it was at a revision; its secrets are those that the host holds now.
#[utoipa::path(get, path = "/hosts/{agent}/plan/revisions/{revision}", tag = "hosts",
    params(
        ("agent" = AgentId, Path), ("revision" = u64, Path),
        ("place" = Option<String>, Query,
            description = "`place` of a row of the history; the last of this number when absent"),
    ),
    responses((status = 200, body = PlanView)))]
pub(super) async fn plan_revision(site: Site, _: Viewer, request: Request) -> Answer {
    let (agent, revision) = (request.param("agent")?, request.param("revision")?);
    let place = request.query.one("place")?;
    reply::json(&site.fleet().plan_revision(agent, revision, place).await?)
}

/// What is done for the repositories by itself: when, how the last one ended, and why one does not run.
#[utoipa::path(get, path = "/hosts/{agent}/maintenance", tag = "hosts", params(("agent" = AgentId, Path)),
    responses((status = 200, body = Vec<MaintenanceView>)))]
pub(super) async fn maintenance(site: Site, _: Viewer, request: Request) -> Answer {
    reply::json(&site.fleet().maintenance(request.param("agent")?).await?)
}

/// A repository's size and snapshots over time: a point per day at most, oldest first.
#[utoipa::path(get, path = "/hosts/{agent}/repositories/{repository}/history", tag = "hosts",
    params(
        ("agent" = AgentId, Path), ("repository" = RepositoryName, Path),
        ("days" = Option<u32>, Query, minimum = 30, maximum = 365, description = "30, 90 or 365; 30 when absent"),
    ),
    responses((status = 200, body = RepositoryHistoryView)))]
pub(super) async fn repository_history(site: Site, _: Viewer, request: Request) -> Answer {
    let days = request.query.parsed("days")?.unwrap_or(30);
    if !matches!(days, 30 | 90 | 365) {
        return Err(invalid_field("days", "must be 30, 90 or 365"));
    }
    let repository = request.param("repository")?;
    reply::json(&site.fleet().repository_history(request.param("agent")?, repository, days).await?)
}

/// The other hosts that use the same repository, by their names.
#[utoipa::path(get, path = "/hosts/{agent}/repositories/{repository}/sharing", tag = "hosts",
    params(
        ("agent" = AgentId, Path), ("repository" = RepositoryName, Path),
        ("cursor" = Option<String>, Query),
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 1000, description = "100 when absent"),
    ),
    responses((status = 200, body = Page<SharingView>)))]
pub(super) async fn sharing(site: Site, _: Viewer, request: Request) -> Answer {
    let (agent, repository) = (request.param("agent")?, request.param("repository")?);
    let cursor = request.query.one("cursor")?.map(str::to_owned);
    let limit = limit(&request.query, PAGE, PAGE_MOST)?;
    reply::json(&site.fleet().sharing(agent, repository, cursor, limit).await?)
}

/// The schedules with their next runs, as the agent computes them.
#[utoipa::path(get, path = "/hosts/{agent}/schedules", tag = "hosts", params(("agent" = AgentId, Path)),
    responses((status = 200, body = Vec<ScheduleView>)))]
pub(super) async fn schedules(site: Site, _: Viewer, request: Request) -> Answer {
    reply::json(&site.fleet().schedules(request.param("agent")?, site.world().now()).await?)
}

/// Snapshots of all the host's repositories, the newest first.
#[utoipa::path(get, path = "/hosts/{agent}/snapshots", tag = "hosts",
    params(
        ("agent" = AgentId, Path), ("cursor" = Option<String>, Query),
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 1000, description = "100 when absent"),
    ),
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
