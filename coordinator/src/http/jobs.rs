//! Jobs of one host.

use wire::{
    id::{AgentId, GroupName, JobId, RepositoryName},
    job::{JobKind, JobState},
    view::{JobView, Page},
};

use super::{
    Site,
    caller::Viewer,
    hosts::limit,
    reply::{self, Answer},
    request::Request,
};
use crate::fleet::JobQuery;

const PAGE: u32 = 50;
const PAGE_MOST: u32 = 500;

/// Jobs, the newest first. What a job found (`result`) is told of one job alone: a list would carry megabytes.
#[utoipa::path(get, path = "/hosts/{agent}/jobs", tag = "jobs",
    params(
        ("agent" = AgentId, Path),
        ("kind" = Option<Vec<JobKind>>, Query, description = "May be repeated, any of them counts"),
        ("state" = Option<Vec<JobState>>, Query, description = "May be repeated, any of them counts"),
        ("group" = Option<GroupName>, Query, description = "Of this group alone"),
        ("repository" = Option<RepositoryName>, Query, description = "At this repository alone"),
        ("cursor" = Option<String>, Query),
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 500, description = "50 when absent"),
    ),
    responses((status = 200, body = Page<JobView>)))]
pub(super) async fn list(site: Site, _: Viewer, request: Request) -> Answer {
    let query = &request.query;
    let wanted = JobQuery {
        kind: query.choices("kind")?,
        state: query.choices("state")?,
        group: query.parsed("group")?,
        repository: query.parsed("repository")?,
        cursor: query.one("cursor")?.map(str::to_owned),
        limit: limit(query, PAGE, PAGE_MOST)?,
    };
    reply::json(&site.fleet().jobs(request.param("agent")?, wanted).await?)
}

/// One job. While it runs and somebody watches, with its last known progress.
#[utoipa::path(get, path = "/hosts/{agent}/jobs/{job}", tag = "jobs",
    params(("agent" = AgentId, Path), ("job" = JobId, Path)), responses((status = 200, body = JobView)))]
pub(super) async fn show(site: Site, _: Viewer, request: Request) -> Answer {
    reply::json(&site.fleet().job(request.param("agent")?, request.param("job")?).await?)
}
