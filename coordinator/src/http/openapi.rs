//! The OpenAPI 3.1 document: generated from the handlers, with the roles of the table.

use std::sync::OnceLock;

use utoipa::{
    Modify, OpenApi,
    openapi::{
        self, ContentBuilder, Ref, RefOr, ResponseBuilder, SecurityRequirement,
        security::{ApiKey, ApiKeyValue, SecurityScheme},
    },
};
use warp::http::Method;
use wire::{
    error::Problem,
    job::{JobKind, JobState},
    snapshot::RepositoryReadiness,
    trust::Role,
};

use super::{
    Site,
    caller::Anyone,
    events, fleet, hosts, jobs, logs, orders, pending, plan,
    reply::{self, Answer},
    request::Request,
    session, setup, table, tokens,
};
use crate::fleet::{HostSort, HostStatus};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "restic-manager coordinator",
        description = "What the panel calls. Times are milliseconds since the Unix epoch; ids, keys and hashes are lower-case \
                       hex; signed documents carry their exact bytes as base64url (docs/PROTOCOL.md).",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0")
    ),
    servers((url = "/api/v1")),
    paths(
        show,
        setup::show, setup::check, setup::set_up,
        session::show, session::sign_in, session::sign_out,
        events::listen,
        fleet::show, fleet::tiles, fleet::install, fleet::publish,
        hosts::list, hosts::show, hosts::plan, hosts::schedules, hosts::snapshots,
        jobs::list, jobs::show, logs::show,
        orders::list, orders::give, orders::withdraw,
        pending::list, pending::approve, pending::reject,
        tokens::list, tokens::make, tokens::revoke,
        plan::check, plan::cron,
    ),
    // What only parameters mention.
    components(schemas(Problem, HostSort, HostStatus, JobKind, JobState, RepositoryReadiness)),
    modifiers(&FromTable),
)]
struct Document;

/// This document.
#[utoipa::path(get, path = "/openapi.json", tag = "api", responses((status = 200, body = Object)))]
pub(super) async fn show(_: Site, _: Anyone, _: Request) -> Answer {
    reply::json(document())
}

pub(super) fn document() -> &'static openapi::OpenApi {
    static DOCUMENT: OnceLock<openapi::OpenApi> = OnceLock::new();
    DOCUMENT.get_or_init(Document::openapi)
}

/// Adds what every operation has in common, and the role that the table wants for it.
struct FromTable;

const SESSION: &str = "session";

impl Modify for FromTable {
    fn modify(&self, document: &mut openapi::OpenApi) {
        let cookie = ApiKeyValue::with_description(
            "rm_session",
            "Set by POST /session; named __Host-rm_session where the public URL is https.",
        );
        let components = document.components.get_or_insert_default();
        components.add_security_scheme(SESSION, SecurityScheme::ApiKey(ApiKey::Cookie(cookie)));
        let problem = ResponseBuilder::new()
            .description("Why not, and what to do next.")
            .content(
                "application/problem+json",
                ContentBuilder::new().schema(Some(RefOr::Ref(Ref::from_schema_name("Problem")))).build(),
            )
            .build();
        for route in table::api() {
            let item = document.paths.paths.get_mut(route.path);
            let Some(operation) = item.and_then(|item| operation(item, &route.method)) else { continue };
            operation.responses.responses.insert("default".to_owned(), RefOr::T(problem.clone()));
            operation.security = Some(
                route
                    .need
                    .map(|_| SecurityRequirement::new::<_, _, String>(SESSION, []))
                    .into_iter()
                    .collect(),
            );
            let role = route.need.map_or("Needs no session.".to_owned(), |role: Role| {
                format!("Needs the role {} or more.", role.as_str())
            });
            let said = operation.description.take().map(|said| format!("{said}\n\n")).unwrap_or_default();
            operation.description = Some(format!("{said}{role}"));
        }
    }
}

fn operation<'a>(
    item: &'a mut openapi::PathItem,
    method: &Method,
) -> Option<&'a mut openapi::path::Operation> {
    match *method {
        Method::GET => item.get.as_mut(),
        Method::POST => item.post.as_mut(),
        Method::PUT => item.put.as_mut(),
        Method::PATCH => item.patch.as_mut(),
        Method::DELETE => item.delete.as_mut(),
        _ => None,
    }
}
