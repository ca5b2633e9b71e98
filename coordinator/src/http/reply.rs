//! Results as responses: JSON, problems, files, and the headers that every answer carries.

use serde::Serialize;
use warp::{
    http::{HeaderValue, StatusCode, header},
    reply::{Reply as _, Response},
};
use wire::error::Problem;

use super::problem::Refused;

/// What a handler gives back; the conversion to a response happens once, in the router.
pub(super) type Answer = Result<Response, Refused>;

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const PROBLEM: HeaderValue = HeaderValue::from_static("application/problem+json");
const BEARER: HeaderValue = HeaderValue::from_static("Bearer realm=\"restic-manager\"");
const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");

pub(super) fn json(value: &impl Serialize) -> Answer {
    let body = serde_json::to_vec(value).map_err(|error| {
        tracing::error!(%error, "an answer cannot be written as JSON");
        super::problem::internal()
    })?;
    let mut response = bytes(body);
    response.headers_mut().insert(header::CONTENT_TYPE, JSON);
    Ok(response)
}

pub(super) fn created(value: &impl Serialize) -> Answer {
    json(value).map(|mut response| {
        *response.status_mut() = StatusCode::CREATED;
        response
    })
}

/// Understood, and not done yet: the answer says what is still needed.
pub(super) fn accepted(value: &impl Serialize) -> Answer {
    json(value).map(|mut response| {
        *response.status_mut() = StatusCode::ACCEPTED;
        response
    })
}

pub(super) fn no_content() -> Response {
    StatusCode::NO_CONTENT.into_response()
}

pub(super) fn text(body: impl Into<String>, content_type: &'static str) -> Response {
    let mut response = bytes(body.into().into_bytes());
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

pub(super) fn bytes(body: Vec<u8>) -> Response {
    body.into_response()
}

pub(super) fn problem(problem: &Problem) -> Response {
    let mut response = bytes(serde_json::to_vec(problem).unwrap_or_default());
    *response.status_mut() =
        StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, PROBLEM);
    headers.insert(header::CACHE_CONTROL, NO_STORE);
    if problem.status == 401 {
        // A program is told how; a browser asks nobody for a bearer's token.
        headers.insert(header::WWW_AUTHENTICATE, BEARER);
    }
    if let Some(seconds) = problem.retry_after_s {
        headers.insert(header::RETRY_AFTER, seconds.into());
    }
    response
}

/// What our pages may do: load from here and nowhere else. Styles may stand in elements, because the component library
/// sets positions that way; scripts may not.
const CSP: HeaderValue = HeaderValue::from_static(
    "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
     connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
);

/// The headers that keep a browser honest, on every answer; what a handler set itself stays.
pub(super) fn secured(mut response: Response) -> Response {
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, CSP),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        (
            header::HeaderName::from_static("cross-origin-opener-policy"),
            HeaderValue::from_static("same-origin"),
        ),
        (
            header::HeaderName::from_static("cross-origin-resource-policy"),
            HeaderValue::from_static("same-origin"),
        ),
        (
            header::HeaderName::from_static("permissions-policy"),
            HeaderValue::from_static("camera=(), microphone=(), geolocation=(), payment=(), usb=()"),
        ),
    ] {
        headers.entry(name).or_insert(value);
    }
    headers.entry(header::CACHE_CONTROL).or_insert(NO_STORE);
    response
}
