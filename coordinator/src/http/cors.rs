//! A panel that is served from elsewhere: which origins may read answers and send changes, by the Fetch standard's CORS
//! protocol. Off until the configuration names one.
//!
//! The origin is compared to the letter and answered to the letter; there is no wildcard, for the session's cookie goes
//! along.

use warp::{
    http::{HeaderMap, HeaderName, HeaderValue, Method, header},
    reply::Response,
};

use super::reply;
use crate::config::WebOrigin;

const METHODS: HeaderValue = HeaderValue::from_static("GET, POST, PUT, PATCH, DELETE");
const HEADERS: HeaderValue =
    HeaderValue::from_static("authorization, content-type, if-match, if-none-match, last-event-id");
/// What scripts elsewhere may read besides the body.
const EXPOSED: HeaderValue = HeaderValue::from_static("retry-after, content-disposition, etag");
/// Seconds that a browser remembers what it may; an origin that is taken out of the list is refused all the same.
const REMEMBERED: HeaderValue = HeaderValue::from_static("600");
const TRUE: HeaderValue = HeaderValue::from_static("true");
const VARY: HeaderValue = HeaderValue::from_static("Origin");

/// The origin of this request, when it is one that is named.
pub(super) fn named(headers: &HeaderMap, origins: &[WebOrigin]) -> Option<HeaderValue> {
    let mut all = headers.get_all(header::ORIGIN).iter();
    let (first, more) = (all.next()?, all.next());
    let known = origins.iter().any(|origin| origin.as_str().as_bytes() == first.as_bytes());
    (known && more.is_none()).then(|| first.clone())
}

/// Whether a browser asks what it may send.
pub(super) fn is_preflight(method: &Method, headers: &HeaderMap) -> bool {
    *method == Method::OPTIONS && headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
}

pub(super) fn preflight() -> Response {
    let mut response = reply::no_content();
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, METHODS);
    headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, HEADERS);
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, REMEMBERED);
    response
}

/// Answers differ by origin as soon as one is named, so a cache must know, also of those that it does not let read.
pub(super) fn marked(mut response: Response, origin: Option<HeaderValue>) -> Response {
    let headers = response.headers_mut();
    headers.append(header::VARY, VARY);
    if let Some(origin) = origin {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, TRUE);
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
        // Else the browser would refuse it to a page that embeds nothing foreign.
        headers.insert(
            HeaderName::from_static("cross-origin-resource-policy"),
            HeaderValue::from_static("cross-origin"),
        );
    }
    response
}
