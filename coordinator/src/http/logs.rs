//! A job's log: page by page for the panel, or the whole of it as a file.

use std::fmt::Write as _;

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
    id::{AgentId, JobId},
    job::{LogLine, LogStream},
    view::LogView,
};

use super::{
    Site,
    caller::Viewer,
    reply::{self, Answer},
    request::Request,
};

/// Lines that are read at once.
const LINES: usize = 2_000;
/// Pages that wait for a slow reader of a download.
const PAGES_AHEAD: usize = 2;

/// As what a log is downloaded.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = LogFormat)]
pub(super) enum Format {
    Txt,
    Ndjson,
}

/// Lines from `after` on, or with `format` all of them as a file.
#[utoipa::path(get, path = "/hosts/{agent}/jobs/{job}/log", tag = "jobs",
    params(
        ("agent" = AgentId, Path), ("job" = JobId, Path),
        ("after" = Option<u64>, Query, description = "Number of the first line; `next` of the answer before"),
        ("format" = Option<Format>, Query, description = "A file with every line"),
    ),
    responses((status = 200,
        headers(("Content-Disposition" = Option<String>, description = "A file's name, with `format`.")),
        content(
            (LogView = "application/json"),
            (String = "text/plain", example = json!("2026-11-20T15:04:00Z * backing up the group default\n")),
            (LogLine = "application/x-ndjson"),
        ))))]
pub(super) async fn show(site: Site, _: Viewer, request: Request) -> Answer {
    let (agent, job) = (request.param("agent")?, request.param("job")?);
    let after = request.query.parsed("after")?.unwrap_or(0);
    match request.query.choice("format")? {
        None => reply::json(&site.fleet().log(agent, job, after, LINES).await?),
        Some(format) => download(site, agent, job, format).await,
    }
}

async fn download(site: Site, agent: AgentId, job: JobId, format: Format) -> Answer {
    // The first page is read before the answer begins, so that what is not there is a problem and not half a file.
    let first = site.fleet().log(agent, job, 0, LINES).await?;
    let (pages, body) = mpsc::channel::<Result<Bytes, std::io::Error>>(PAGES_AHEAD);
    tokio::spawn(async move {
        let mut page = first;
        loop {
            if pages.send(Ok(text_of(&page.lines, format))).await.is_err() {
                return;
            }
            // While the job runs there is always a next; a file ends where the lines do.
            let Some(next) = page.next.filter(|_| !page.lines.is_empty()) else { return };
            page = match site.fleet().log(agent, job, next, LINES).await {
                Ok(page) => page,
                Err(error) => {
                    // The connection breaks off: a reader must not take half a log for the whole.
                    let _ = pages.send(Err(std::io::Error::other(error.to_string()))).await;
                    return;
                }
            };
        }
    });
    let mut response = warp::reply::stream(ReceiverStream::new(body)).into_response();
    let (media, extension) = match format {
        Format::Txt => ("text/plain; charset=utf-8", "txt"),
        Format::Ndjson => ("application/x-ndjson", "ndjson"),
    };
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media));
    // A job's id is hex and dashes.
    if let Ok(name) = HeaderValue::from_str(&format!("attachment; filename=\"job-{job}.{extension}\"")) {
        headers.insert(header::CONTENT_DISPOSITION, name);
    }
    Ok(response)
}

fn text_of(lines: &[LogLine], format: Format) -> Bytes {
    let mut text = String::new();
    for line in lines {
        match format {
            Format::Txt => {
                let mark = match line.stream {
                    LogStream::Agent => '*',
                    LogStream::Stdout => ' ',
                    LogStream::Stderr => '!',
                };
                // A String takes every byte.
                let _ = writeln!(text, "{} {mark} {}", line.at, line.text);
            }
            Format::Ndjson => {
                text.push_str(&serde_json::to_string(line).unwrap_or_default());
                text.push('\n');
            }
        }
    }
    Bytes::from(text)
}

#[cfg(test)]
mod tests {
    use wire::id::UnixMs;

    use super::*;

    #[test]
    fn a_line_is_a_line_in_both_formats() {
        let line =
            |n, stream, text: &str| LogLine { n, at: UnixMs(1_795_187_040_000), stream, text: text.into() };
        let lines = [line(0, LogStream::Agent, "starting"), line(1, LogStream::Stderr, "oh \"no\"")];
        assert_eq!(
            text_of(&lines, Format::Txt),
            "2026-11-20T15:04:00Z * starting\n2026-11-20T15:04:00Z ! oh \"no\"\n"
        );
        let ndjson = text_of(&lines, Format::Ndjson);
        let back: Vec<LogLine> =
            std::str::from_utf8(&ndjson).unwrap().lines().map(|l| serde_json::from_str(l).unwrap()).collect();
        assert_eq!(back, lines);
    }
}
