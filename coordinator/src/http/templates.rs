//! Templates: plans that are kept under a name, to be given to hosts.

use warp::http::{HeaderValue, header};
use wire::{
    id::UnixMs,
    view::{TemplateRequest, TemplateView},
};

use super::{
    Site,
    caller::{Operator, Viewer},
    problem::Refused,
    reply::{self, Answer},
    request::Request,
};
use crate::fleet::MadeOn;

/// Every template, by name.
#[utoipa::path(get, path = "/templates", tag = "templates",
    responses((status = 200, body = Vec<TemplateView>)))]
pub(super) async fn list(site: Site, _: Viewer, _: Request) -> Answer {
    reply::json(&site.fleet().templates().await?)
}

/// Keep a plan under a name, whatever its case; what was there under it is replaced: with `If-Match` only the version that
/// it names, and with `If-None-Match: *` nothing. The ETag of a template is its `changed_at`, in quotes.
#[utoipa::path(put, path = "/templates/{name}", tag = "templates",
    params(
        ("name" = String, Path, min_length = 1, max_length = 64),
        ("If-Match" = Option<String>, Header, description = "ETag of the template that it replaces"),
        ("If-None-Match" = Option<String>, Header, description = "`*`: it replaces none"),
    ),
    request_body = TemplateRequest, responses(
        (status = 200, body = TemplateView, headers(("ETag" = String, description = "`changed_at`, in quotes."))),
    ))]
pub(super) async fn keep(site: Site, caller: Operator, mut request: Request) -> Answer {
    let name = name(&request)?;
    let made_on = made_on(&request);
    let TemplateRequest { plan } = request.json(site.world()).await?;
    let kept = site.fleet().keep_template(caller.act(), &name, plan, made_on).await?;
    let mut response = reply::json(&kept)?;
    if let Ok(tag) = HeaderValue::from_str(&format!("\"{}\"", kept.changed_at.0)) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    Ok(response)
}

/// Remove a template, with `If-Match` only the version that it names. Hosts that were given it keep their plans.
#[utoipa::path(delete, path = "/templates/{name}", tag = "templates",
    params(
        ("name" = String, Path, min_length = 1, max_length = 64),
        ("If-Match" = Option<String>, Header, description = "ETag of the template that was looked at"),
    ),
    responses((status = 204, description = "It is gone.")))]
pub(super) async fn remove(site: Site, caller: Operator, request: Request) -> Answer {
    site.fleet().remove_template(caller.act(), &name(&request)?, made_on(&request)).await?;
    Ok(reply::no_content())
}

fn made_on(request: &Request) -> MadeOn {
    if request.header(&header::IF_NONE_MATCH).is_some_and(|tag| tag.trim() == "*") {
        return MadeOn::Nothing;
    }
    match request.header(&header::IF_MATCH).map(str::trim) {
        None | Some("*") => MadeOn::Anything,
        // What is no ETag of ours is none that is there.
        Some(tag) => MadeOn::Version(UnixMs(tag.trim_matches('"').parse().unwrap_or(i64::MIN))),
    }
}

/// A name may have spaces and more, which an address has as `%20`.
fn name(request: &Request) -> Result<String, Refused> {
    let segment: String = request.param("name")?;
    // The form's decoder is there already; in an address, its own signs stand for themselves.
    let segment = segment.replace('+', "%2B").replace('&', "%26").replace('=', "%3D");
    let mut decoded = form_urlencoded::parse(segment.as_bytes());
    Ok(decoded.next().map(|(name, _)| name.into_owned()).unwrap_or_default())
}
