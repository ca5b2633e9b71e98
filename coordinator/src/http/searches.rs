//! Looking for files in all snapshots of a host, and comparing two of them: lines as they come from the host.

use std::time::Duration;

use bytes::Bytes;
use wire::{
    id::{AgentId, GroupName, RepositoryName},
    question::{AnswerLine, End},
};

use super::{
    Site,
    caller::Viewer,
    flowing::{self, Gone, Out},
    problem::invalid_field,
    reply::Answer,
    request::Request,
    trees::Snapshot,
};
use crate::{
    access::Identity,
    fleet::{Asking, Came, FleetError, ending},
};

const NDJSON: &str = "application/x-ndjson";
const PATTERN_BYTES: usize = 4_096;
/// A proxy gives up on an answer that does not begin.
const BEGIN: Duration = Duration::from_secs(10);

/// Look for names in all snapshots that the host made: a line per part of the answer, as it comes; the last is `end`.
#[utoipa::path(get, path = "/hosts/{agent}/repositories/{repository}/find", tag = "snapshots",
    params(
        ("agent" = AgentId, Path), ("repository" = RepositoryName, Path),
        ("pattern" = String, Query, max_length = 4096, description = "restic's: `*`, `?` and `[…]`; with a slash it is held against whole paths. Without any of these it is found anywhere in a name"),
        ("ignore_case" = Option<bool>, Query, description = "Whether capitals do not matter"),
        ("group" = Option<GroupName>, Query, description = "Only in this group's snapshots"),
    ),
    responses((status = 200, body = AnswerLine, content_type = "application/x-ndjson")))]
pub(super) async fn find(site: Site, caller: Viewer, request: Request) -> Answer {
    let (agent, repository) = (request.param("agent")?, request.param("repository")?);
    let query = &request.query;
    let pattern = query.one("pattern")?.unwrap_or_default().to_owned();
    if pattern.is_empty() || pattern.len() > PATTERN_BYTES || pattern.contains('\0') {
        return Err(invalid_field("pattern", format!("has 1 to {PATTERN_BYTES} bytes")));
    }
    let ignore_case = query.parsed("ignore_case")?.unwrap_or(false);
    let group = query.parsed("group")?;
    let asking = site.fleet().find(agent, repository, pattern, ignore_case, group).await?;
    lines(&site, caller.identity(), asking).await
}

/// Compare two snapshots: a line per part of the answer, as it comes; the last is `end`.
#[utoipa::path(get, path = "/hosts/{agent}/repositories/{repository}/diff", tag = "snapshots",
    params(
        ("agent" = AgentId, Path), ("repository" = RepositoryName, Path),
        ("older" = String, Query, pattern = "^[0-9a-f]{64}$", description = "The whole id of a snapshot"),
        ("newer" = String, Query, pattern = "^[0-9a-f]{64}$", description = "The whole id of another"),
    ),
    responses((status = 200, body = AnswerLine, content_type = "application/x-ndjson")))]
pub(super) async fn diff(site: Site, caller: Viewer, request: Request) -> Answer {
    let (agent, repository) = (request.param("agent")?, request.param("repository")?);
    let one = |name| match request.query.parsed::<Snapshot>(name)? {
        Some(Snapshot(id)) => Ok(id),
        None => Err(invalid_field(name, "the id of a snapshot is wanted")),
    };
    let asking = site.fleet().diff(agent, repository, one("older")?, one("newer")?).await?;
    lines(&site, caller.identity(), asking).await
}

/// What fails before the answer begins is a problem; what fails later is the last line.
async fn lines(site: &Site, identity: &Identity, mut asking: Asking) -> Answer {
    let first = site.world().within(BEGIN, asking.next()).await;
    if let Some(Err(error)) = first {
        return Err(error.into());
    }
    Ok(flowing::answer(site, identity, NDJSON, move |out| async move {
        // Whoever does not read any more is asked nothing.
        let _ = tell(&out, asking, first).await;
    }))
}

/// What an answer brings next.
type Next = Result<Option<Came>, FleetError>;

/// `first`: what came before the answer began, where anything did.
async fn tell(out: &Out, mut asking: Asking, first: Option<Next>) -> Result<(), Gone> {
    let mut next = match first {
        Some(first) => first,
        None => asking.next().await,
    };
    let end = loop {
        match next {
            Ok(Some(Came::Part(part))) => out.send(line(&AnswerLine::Part(part))).await?,
            Ok(Some(Came::Bytes(_))) => {}
            Ok(None) => break End::Done,
            Err(error) => break ending(&error),
        }
        next = asking.next().await;
    };
    out.send(line(&AnswerLine::End(end))).await
}

fn line(line: &AnswerLine) -> Bytes {
    // Parts are lists of texts and numbers: they always serialise.
    let mut bytes = serde_json::to_vec(line).unwrap_or_default();
    bytes.push(b'\n');
    bytes.into()
}
