//! What is in a snapshot: directories page by page, and how much lies below a path. Asked of the host, kept for a while.

use wire::{
    id::{AgentId, RepositoryName},
    path::RawPath,
    view::{MeasureView, TreeView},
};

use super::{
    Site,
    caller::Viewer,
    hosts::limit,
    problem::{Refused, invalid_field},
    reply::{self, Answer},
    request::Request,
};
use crate::fleet::TreeQuery;

const PAGE: u32 = 500;
const PAGE_MOST: u32 = 1_000;
/// Longer than any name of a file: nothing has more in it.
const NAME_BYTES: usize = 256;
/// A system's longest path, were each of its bytes spelled out.
const PATH_BYTES: usize = 20 * 1024;

/// The entries of one directory, as the host finds them in the snapshot.
#[utoipa::path(get, path = "/hosts/{agent}/repositories/{repository}/snapshots/{snapshot}/tree", tag = "snapshots",
    params(
        ("agent" = AgentId, Path), ("repository" = RepositoryName, Path),
        ("snapshot" = String, Path, pattern = "^[0-9a-f]{64}$"),
        ("path" = Option<String>, Query, description = "The directory, from / on; a byte that is no text as \\xHH, a backslash as two. The root when absent"),
        ("tree" = Option<String>, Query, pattern = "^[0-9a-f]{64}$", description = "The id that an entry gave: that directory is opened at once, whatever `path` says"),
        ("name" = Option<String>, Query, max_length = 256, description = "Only entries with this in their names, in whatever case"),
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 1000, description = "500 when absent"),
        ("cursor" = Option<String>, Query),
    ),
    responses((status = 200, body = TreeView)))]
pub(super) async fn tree(site: Site, _: Viewer, request: Request) -> Answer {
    let query = &request.query;
    let wanted = TreeQuery {
        path: path(&request)?,
        tree: query.one("tree")?.map(str::to_owned),
        name: query.one("name")?.map(str::to_owned),
        cursor: query.one("cursor")?.map(str::to_owned),
        limit: limit(query, PAGE, PAGE_MOST)?,
    };
    if wanted.name.as_ref().is_some_and(|name| name.len() > NAME_BYTES) {
        return Err(invalid_field("name", format!("has {NAME_BYTES} bytes at most")));
    }
    let (agent, repository) = (request.param("agent")?, request.param("repository")?);
    let view = site.fleet().tree(agent, repository, request.param::<Snapshot>("snapshot")?.0, wanted).await?;
    reply::json(&view)
}

/// How many files and bytes lie below a path.
#[utoipa::path(get, path = "/hosts/{agent}/repositories/{repository}/snapshots/{snapshot}/measure", tag = "snapshots",
    params(
        ("agent" = AgentId, Path), ("repository" = RepositoryName, Path),
        ("snapshot" = String, Path, pattern = "^[0-9a-f]{64}$"),
        ("path" = Option<String>, Query, description = "From / on, spelled as for the directory. Everything when absent"),
    ),
    responses((status = 200, body = MeasureView)))]
pub(super) async fn measure(site: Site, _: Viewer, request: Request) -> Answer {
    let (agent, repository) = (request.param("agent")?, request.param("repository")?);
    let snapshot = request.param::<Snapshot>("snapshot")?.0;
    let path = path(&request)?.unwrap_or_else(|| RawPath::from_bytes(b"/"));
    reply::json(&site.fleet().measure(agent, repository, snapshot, path).await?)
}

fn path(request: &Request) -> Result<Option<RawPath>, Refused> {
    if request.query.one("path")?.is_some_and(|path| path.len() > PATH_BYTES) {
        return Err(invalid_field("path", "is longer than any path"));
    }
    match request.query.one("path")? {
        Some(_) => request.query.parsed("path"),
        None => Ok(None),
    }
}

/// The whole id of a snapshot.
pub(super) struct Snapshot(pub String);

impl std::str::FromStr for Snapshot {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
            Ok(Self(text.to_owned()))
        } else {
            Err("the id of a snapshot has 64 hex digits")
        }
    }
}
