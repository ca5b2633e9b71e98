//! Who did what: the records page by page, as a file, and whether their chain holds. Reading them writes nothing.

use bytes::Bytes;
use serde::Deserialize;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use utoipa::ToSchema;
use warp::{
    Reply as _,
    http::{HeaderValue, header},
};
use wire::{
    id::UnixMs,
    view::{AuditAction, AuditChainView, AuditLine, AuditView, Page, TargetKind},
};

use super::{
    Site,
    caller::Admin,
    hosts::{SortOrder, limit},
    problem::{Refused, invalid_field},
    reply::{self, Answer},
    request::{Query, Request},
};
use crate::{
    audit::{self, AuditLog, AuditQuery},
    store::{StoreError, audit::AuditRow},
};

const PAGE: u32 = 100;
const PAGE_MOST: u32 = 500;
/// Records of a file that are read at once.
const CHUNK: u32 = 500;
/// Chunks that wait for a slow reader.
const CHUNKS_AHEAD: usize = 2;
/// No filter is longer.
const TEXT_CHARS: usize = 200;

/// As what the audit is exported.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = AuditFormat)]
pub(super) enum Format {
    Ndjson,
    Csv,
}

/// What people and programs changed, their sign-ins, and refusals that matter.
#[utoipa::path(get, path = "/audit", tag = "audit",
    params(
        ("actor" = Option<String>, Query, description = "How the actor's name begins, whatever its case"),
        ("action" = Option<Vec<AuditAction>>, Query, description = "May be repeated, any of them counts"),
        ("target_kind" = Option<TargetKind>, Query, description = "What kind of thing it was done to"),
        ("target_id" = Option<String>, Query, description = "The target's id, exactly"),
        ("target" = Option<String>, Query, description = "Somewhere in the target's name, whatever its case, or its id"),
        ("since" = Option<i64>, Query, description = "Milliseconds since the Unix epoch"),
        ("until" = Option<i64>, Query, description = "Up to and without it"),
        ("order" = Option<SortOrder>, Query, description = "`desc` (when absent): the newest first; or `asc`"),
        ("cursor" = Option<String>, Query, description = "`next` of the page before"),
        ("limit" = Option<u32>, Query, description = "1 to 500, 100 when absent"),
    ),
    responses((status = 200, body = Page<AuditView>)))]
pub(super) async fn list(site: Site, _: Admin, request: Request) -> Answer {
    let wanted = wanted(&request.query, SortOrder::Desc)?;
    let limit = u32::try_from(limit(&request.query, PAGE, PAGE_MOST)?).unwrap_or(PAGE_MOST);
    let cursor = request.query.one("cursor")?;
    reply::json(&site.audit_log().page(&wanted, cursor, limit).await?)
}

/// All records that are wanted, as a file: `ndjson` carries each body's exact text with hash and signature, so that others
/// can verify them; `csv` is for a spreadsheet.
#[utoipa::path(get, path = "/audit/export", tag = "audit",
    params(
        ("format" = Option<Format>, Query, description = "`ndjson` (when absent) or `csv`"),
        ("actor" = Option<String>, Query, description = "How the actor's name begins, whatever its case"),
        ("action" = Option<Vec<AuditAction>>, Query, description = "May be repeated, any of them counts"),
        ("target_kind" = Option<TargetKind>, Query, description = "What kind of thing it was done to"),
        ("target_id" = Option<String>, Query, description = "The target's id, exactly"),
        ("target" = Option<String>, Query, description = "Somewhere in the target's name, whatever its case, or its id"),
        ("since" = Option<i64>, Query, description = "Milliseconds since the Unix epoch"),
        ("until" = Option<i64>, Query, description = "Up to and without it"),
        ("order" = Option<SortOrder>, Query, description = "`asc` (when absent): the oldest first; or `desc`"),
    ),
    responses((status = 200, content(
        (AuditLine = "application/x-ndjson"),
        (String = "text/csv", example = json!("seq,at,actor,action\r\n")),
    ))))]
pub(super) async fn export(site: Site, _: Admin, request: Request) -> Answer {
    let format = request.query.choice("format")?.unwrap_or(Format::Ndjson);
    let wanted = wanted(&request.query, SortOrder::Asc)?;
    // The first records are read before the answer begins: what cannot be read is a problem and not half a file.
    let log = site.audit_log().clone();
    let first = log.rows(&wanted, None, CHUNK).await?;
    let (chunks, body) = mpsc::channel::<Result<Bytes, std::io::Error>>(CHUNKS_AHEAD);
    tokio::spawn(send(log, wanted, format, first, chunks));
    let mut response = warp::reply::stream(ReceiverStream::new(body)).into_response();
    let (media, name) = match format {
        Format::Ndjson => ("application/x-ndjson", "attachment; filename=\"audit.ndjson\""),
        Format::Csv => ("text/csv; charset=utf-8; header=present", "attachment; filename=\"audit.csv\""),
    };
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media));
    headers.insert(header::CONTENT_DISPOSITION, HeaderValue::from_static(name));
    Ok(response)
}

/// Does the chain of records hold? What was checked before is not read again for a day.
#[utoipa::path(get, path = "/audit/chain", tag = "audit", responses((status = 200, body = AuditChainView)))]
pub(super) async fn chain(site: Site, _: Admin, _: Request) -> Answer {
    reply::json(&site.audit_log().chain(site.world().now()).await?)
}

/// `order` holds where none is given.
fn wanted(query: &Query, order: SortOrder) -> Result<AuditQuery, Refused> {
    let text = |name| match query.one(name)? {
        Some(text) if text.chars().count() > TEXT_CHARS => {
            Err(invalid_field(name, format!("must not be longer than {TEXT_CHARS} characters")))
        }
        text => Ok(text.map(str::to_owned)),
    };
    Ok(AuditQuery {
        actor: text("actor")?,
        actions: query.choices("action")?,
        target_kind: query.choice("target_kind")?,
        target_id: text("target_id")?,
        target: text("target")?,
        since: query.parsed("since")?.map(UnixMs),
        until: query.parsed("until")?.map(UnixMs),
        desc: query.choice("order")?.unwrap_or(order) == SortOrder::Desc,
    })
}

/// Chunk by chunk, as fast as somebody reads.
async fn send(
    log: AuditLog,
    wanted: AuditQuery,
    format: Format,
    first: Vec<AuditRow>,
    chunks: mpsc::Sender<Result<Bytes, std::io::Error>>,
) {
    let mut rows = first;
    let mut head = matches!(format, Format::Csv).then(audit::csv_header).unwrap_or_default();
    loop {
        let lines = lines(&log, format, &rows).map(|lines| Bytes::from(std::mem::take(&mut head) + &lines));
        // An error breaks the connection off: a reader must not take half a file for the whole.
        let failed = lines.is_err();
        if chunks.send(lines.map_err(|error| std::io::Error::other(error.to_string()))).await.is_err()
            || failed
        {
            return;
        }
        let Some(last) = rows.last().filter(|_| rows.len() == CHUNK as usize) else { return };
        match log.rows(&wanted, Some(last.link.seq), CHUNK).await {
            Ok(next) => rows = next,
            Err(error) => {
                let _ = chunks.send(Err(std::io::Error::other(error.to_string()))).await;
                return;
            }
        }
    }
}

fn lines(log: &AuditLog, format: Format, rows: &[AuditRow]) -> Result<String, StoreError> {
    let coordinator = log.audit().coordinator();
    rows.iter()
        .map(|row| match format {
            Format::Ndjson => Ok(audit::ndjson(coordinator, row)),
            Format::Csv => Ok(audit::csv_line(row, &audit::body(row)?)),
        })
        .collect()
}
