//! The OpenAPI 3.1 document: generated from the handlers, with the roles and the refusals of the table.
//!
//! A handler's attribute says what is its own: parameters, bodies, answers. What follows from the table, or is the same
//! everywhere, is added here, so that no route can forget it.

mod examples;
mod parameters;
pub(super) mod refusals;

use std::sync::OnceLock;

use utoipa::{
    Modify, OpenApi,
    openapi::{
        self, SecurityRequirement,
        path::Operation,
        security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme},
    },
};
use warp::http::Method;
use wire::{
    error::Problem,
    job::{JobKind, JobState},
    snapshot::RepositoryReadiness,
    view::{AuditAction, TargetKind},
};

use super::{
    Site, account, api_tokens, audit,
    caller::Anyone,
    errands, events, factors, fleet, hosts, jobs, keys, logs, orders, pending, people, plan,
    reply::{self, Answer},
    request::Request,
    route::Route,
    searches, second_factor, session, setup, sso, table, templates, tokens, trees,
};
use crate::fleet::{HostSort, HostStatus};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "restic-manager coordinator",
        description = "What the panel calls. Times are milliseconds since the Unix epoch; ids, keys and hashes are lower-case \
                       hex; signed documents carry their exact bytes as base64url (docs/PROTOCOL.md).\n\nWhatever is \
                       refused is answered with a Problem (RFC 9457): `code` is for programs, `detail` and `hint` are for \
                       people. Each operation lists its codes; besides, an address that leads nowhere is answered with \
                       `not_found`, and a method that its address does not have with `method_not_allowed`. Programs show \
                       an API token; a browser has its session's cookie, and changes something from our own pages alone. \
                       Unknown parameters are ignored, and so are unknown fields where a schema does not forbid them.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0")
    ),
    servers((url = "/api/v1")),
    paths(
        show,
        setup::show, setup::check, setup::set_up,
        session::show, session::sign_in, session::sign_out,
        people::check_invitation, people::accept_invitation,
        account::show, account::change_password, account::sessions, account::end_others, account::end_session,
        people::list, people::invite, people::show, people::change, people::renew_link, people::disable,
        people::enable, people::sign_out, people::reset_factors,
        api_tokens::list, api_tokens::make, api_tokens::revoke,
        sso::start, sso::finish, sso::signed_out_there,
        second_factor::ways, second_factor::show, second_factor::begin_passkey, second_factor::passkey,
        factors::begin_totp, factors::confirm_totp, factors::remove_totp, factors::begin_passkey,
        factors::add_passkey, factors::remove_passkey, factors::make_recovery_codes,
        events::listen,
        fleet::show, fleet::tiles, fleet::install, fleet::publish, fleet::escrow,
        hosts::list, hosts::show, hosts::remove, hosts::plan, hosts::plan_history, hosts::plan_revision,
        hosts::schedules, hosts::maintenance, hosts::repository_history, hosts::sharing, hosts::snapshots,
        trees::tree, trees::measure, searches::find, searches::diff,
        jobs::list, jobs::show, logs::show,
        orders::list, orders::give, orders::withdraw, errands::lend, errands::download,
        pending::list, pending::approve, pending::reject,
        tokens::list, tokens::make, tokens::revoke,
        templates::list, templates::keep, templates::remove,
        plan::check, plan::cron,
        keys::list, keys::forget, keys::own, keys::announce,
        audit::list, audit::export, audit::chain,
    ),
    // What only parameters mention.
    components(schemas(
        Problem, HostSort, HostStatus, JobKind, JobState, RepositoryReadiness, hosts::SortOrder, logs::Format,
        AuditAction, TargetKind, audit::Format,
    )),
    tags(
        (name = "api", description = "The API itself."),
        (name = "setup", description = "The first start."),
        (name = "session", description = "Signing in and out."),
        (name = "sso", description = "Signing in by way of an identity provider."),
        (name = "account", description = "One's own account and sessions."),
        (name = "people", description = "People: invited, changed, kept out; and the links by which they come."),
        (name = "api-tokens", description = "Keys of programs to this API."),
        (name = "keys", description = "Operator keys of people's browsers: announced, approved, forgotten."),
        (name = "audit", description = "Who did what, chained and signed."),
        (name = "events", description = "What changes, as it changes."),
        (name = "fleet", description = "The fleet as a whole: its trust, its numbers, how a host joins."),
        (name = "hosts", description = "Hosts: what each is, plans and has saved."),
        (name = "snapshots", description = "What is in snapshots, where a file is, what changed: asked of the host while it is connected."),
        (name = "jobs", description = "What was done on a host, and its logs."),
        (name = "orders", description = "Wishes for one host."),
        (name = "pending", description = "Hosts that wait to be approved."),
        (name = "tokens", description = "Admissions given in advance."),
        (name = "templates", description = "Plans that are kept under a name."),
        (name = "plan", description = "Would a plan do, and what does a crontab mean."),
    ),
    modifiers(&FromTable),
)]
struct Document;

/// This document.
#[utoipa::path(get, path = "/openapi.json", tag = "api",
    responses((status = 200, body = Object, example = json!({ "openapi": "3.1.0" }))))]
pub(super) async fn show(_: Site, _: Anyone, _: Request) -> Answer {
    reply::json(document())
}

pub(super) fn document() -> &'static openapi::OpenApi {
    static DOCUMENT: OnceLock<openapi::OpenApi> = OnceLock::new();
    DOCUMENT.get_or_init(Document::openapi)
}

/// Adds what every operation has in common, and what the table says of it.
struct FromTable;

/// The session's cookie.
const SESSION: &str = "session";
/// For programs: everything but what is about people's own sessions.
const API_TOKEN: &str = "api_token";

impl Modify for FromTable {
    fn modify(&self, document: &mut openapi::OpenApi) {
        let cookie = ApiKeyValue::with_description(
            "rm_session",
            "Set by POST /session; named __Host-rm_session where the public URL is https.",
        );
        let bearer = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some("An API token, for programs: `Authorization: Bearer …`."))
            .build();
        let components = document.components.get_or_insert_default();
        components.add_security_scheme(SESSION, SecurityScheme::ApiKey(ApiKey::Cookie(cookie)));
        components.add_security_scheme(API_TOKEN, SecurityScheme::Http(bearer));
        let examples = examples::all();
        for route in table::api() {
            let Some(operation) = operation(document, &route) else { continue };
            operation.operation_id = Some(id(&route));
            operation.security = Some(security(&route));
            let said = operation.description.take().map(|said| format!("{said}\n\n")).unwrap_or_default();
            operation.description = Some(format!("{said}{}", who(&route)));
            name_answers(operation);
            parameters::describe(operation);
            examples::show(operation, &examples);
            refusals::list(document, &route);
        }
    }
}

/// Handlers of several rooms have the same name; a method and a path are unique.
fn id(route: &Route) -> String {
    let words = route.path.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let method = route.method.as_str().to_ascii_lowercase();
    std::iter::once(method.as_str()).chain(words).collect::<Vec<_>>().join("_")
}

/// An answer has to be described, also one that its schema says everything of.
fn name_answers(operation: &mut Operation) {
    for (status, answer) in &mut operation.responses.responses {
        let openapi::RefOr::T(answer) = answer else { continue };
        if answer.description.is_empty() {
            let said = if status == "201" { "What was made." } else { "What was asked for." };
            said.clone_into(&mut answer.description);
        }
    }
}

/// Each entry is enough by itself.
fn security(route: &Route) -> Vec<SecurityRequirement> {
    let needed: &[&str] = match (route.need, route.session_only) {
        (None, _) => &[],
        (Some(_), true) => &[SESSION],
        (Some(_), false) => &[SESSION, API_TOKEN],
    };
    needed.iter().map(|name| SecurityRequirement::new::<_, _, String>(*name, [])).collect()
}

/// In a sentence, whom the route lets in.
fn who(route: &Route) -> String {
    let Some(role) = route.need else { return "Needs no session.".to_owned() };
    let session =
        if route.session_only { " It is about the session itself: an API token is not enough." } else { "" };
    format!("Needs the role {} or more.{session}", role.as_str())
}

fn operation<'a>(document: &'a mut openapi::OpenApi, route: &Route) -> Option<&'a mut Operation> {
    let item = document.paths.paths.get_mut(route.path)?;
    match route.method {
        Method::GET => item.get.as_mut(),
        Method::POST => item.post.as_mut(),
        Method::PUT => item.put.as_mut(),
        Method::PATCH => item.patch.as_mut(),
        Method::DELETE => item.delete.as_mut(),
        _ => None,
    }
}
