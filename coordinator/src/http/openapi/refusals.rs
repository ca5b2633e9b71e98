//! Which problems an operation answers with: what follows from its shape, and what its route says besides.
//!
//! One documented answer per status; where several codes share a status, it names them all. The tests hold every problem
//! that a handler answers against these lists.

use serde_json::{Value, json};
use utoipa::openapi::{
    AllOfBuilder, Content, ContentBuilder, HeaderBuilder, ObjectBuilder, OpenApi, Ref, RefOr, Response,
    ResponseBuilder, Schema,
    example::ExampleBuilder,
    path::{Operation, ParameterIn},
    schema::{SchemaType, Type},
};
use warp::http::Method;
use wire::{
    error::{ErrorCode, Problem},
    trust::Role,
};

use super::super::{problem, route::Route};

/// Every code that the operation may answer with.
pub(in crate::http) fn of(route: &Route, operation: &Operation) -> Vec<ErrorCode> {
    let has = |place: &ParameterIn, name: Option<&str>| {
        operation.parameters.iter().flatten().any(|parameter| match parameter {
            RefOr::T(it) => it.parameter_in == *place && name.is_none_or(|name| it.name == name),
            RefOr::Ref(_) => false,
        })
    };
    let signed_in = route.need.is_some();
    let body = operation.request_body.is_some();
    let path = has(&ParameterIn::Path, None);
    ErrorCode::ALL
        .into_iter()
        .filter(|code| {
            let by_shape = match code {
                ErrorCode::NotSignedIn | ErrorCode::SetupNeeded => signed_in,
                ErrorCode::FactorNeeded => signed_in && !route.without_factor,
                ErrorCode::Forbidden => route.session_only || route.need > Some(Role::Viewer),
                ErrorCode::CrossOrigin => route.method != Method::GET,
                ErrorCode::BadRequest => body || path,
                ErrorCode::NotFound => path,
                ErrorCode::InvalidField => body || has(&ParameterIn::Query, None),
                ErrorCode::InvalidCursor => has(&ParameterIn::Query, Some("cursor")),
                ErrorCode::Stale => has(&ParameterIn::Header, Some("If-Match")),
                ErrorCode::TooLarge | ErrorCode::UnsupportedMedia => body,
                ErrorCode::StorageUnavailable | ErrorCode::Internal => true,
                ErrorCode::WrongCredentials
                | ErrorCode::WrongFactor
                | ErrorCode::BadSetupLink
                | ErrorCode::SsoRefused
                | ErrorCode::SsoUnavailable
                | ErrorCode::LastAdmin
                | ErrorCode::NameTaken
                | ErrorCode::NameOfDisabled
                | ErrorCode::ProviderManaged
                | ErrorCode::HostAbsent
                | ErrorCode::HostSilent
                | ErrorCode::HostRefused
                | ErrorCode::MethodNotAllowed
                | ErrorCode::Conflict
                | ErrorCode::Expired
                | ErrorCode::BadSignature
                | ErrorCode::TooManyRequests
                | ErrorCode::SetupClosed
                | ErrorCode::BadBootstrapToken => false,
            };
            by_shape || route.refuses.contains(code)
        })
        .collect()
}

/// Lists them at the operation, and keeps each answer among the document's parts once.
pub(super) fn list(document: &mut OpenApi, route: &Route) {
    let Some(operation) = super::operation(document, route) else { return };
    let codes = of(route, operation);
    let mut parts = Vec::new();
    for (status, codes) in by_status(&codes) {
        let name = codes.iter().map(|code| format!("{code:?}")).collect::<Vec<_>>().join("Or");
        let answer = RefOr::Ref(Ref::from_response_name(&name));
        operation.responses.responses.insert(status.to_string(), answer);
        parts.push((name, RefOr::T(answered(&codes))));
    }
    document.components.get_or_insert_default().responses.extend(parts);
}

fn by_status(codes: &[ErrorCode]) -> Vec<(u16, Vec<ErrorCode>)> {
    let mut all: Vec<(u16, Vec<ErrorCode>)> = Vec::new();
    for code in codes {
        match all.iter_mut().find(|(status, _)| *status == code.status()) {
            Some((_, same)) => same.push(*code),
            None => all.push((code.status(), vec![*code])),
        }
    }
    all
}

fn answered(codes: &[ErrorCode]) -> Response {
    let said: Vec<String> =
        codes.iter().map(|code| format!("`{}`: {}.", spelled(*code), code.title())).collect();
    let mut response = ResponseBuilder::new()
        .description(said.join(" "))
        .content("application/problem+json", content(codes));
    if codes.contains(&ErrorCode::TooManyRequests) {
        let seconds = ObjectBuilder::new().schema_type(SchemaType::Type(Type::Integer)).build();
        let header = HeaderBuilder::new().schema(Some(seconds)).description(Some("Seconds to wait."));
        response = response.header("Retry-After", header.build());
    }
    response.build()
}

/// A problem, with these codes and no others.
fn content(codes: &[ErrorCode]) -> Content {
    let status = codes.first().map_or(0, |code| code.status());
    let one_of = |kind, values: Vec<Value>| {
        ObjectBuilder::new().schema_type(SchemaType::Type(kind)).enum_values(Some(values))
    };
    let code = one_of(Type::String, codes.iter().map(|code| json!(code)).collect());
    let status = one_of(Type::Integer, vec![json!(status)]);
    let narrowed = ObjectBuilder::new().property("code", code).property("status", status);
    let schema = AllOfBuilder::new().item(Ref::from_schema_name("Problem")).item(narrowed).build();
    let examples = codes.iter().map(|code| {
        let example = ExampleBuilder::new().summary(code.title()).value(Some(json!(problem(*code))));
        (spelled(*code), example.build())
    });
    ContentBuilder::new().schema(Some(Schema::AllOf(schema))).examples_from_iter(examples).build()
}

/// As JSON spells it.
fn spelled(code: ErrorCode) -> String {
    json!(code).as_str().unwrap_or_default().to_owned()
}

/// What somebody may be told with this code.
fn problem(code: ErrorCode) -> Problem {
    let (detail, hint) = match code {
        ErrorCode::BadRequest => ("The body is not JSON: expected value.", "Send one JSON object."),
        ErrorCode::InvalidField => {
            let refused = problem::invalid_field("limit", "must lie between 1 and 1000");
            return (*refused).clone();
        }
        ErrorCode::InvalidCursor => {
            ("The cursor does not belong to this list.", "Begin again from the first page.")
        }
        ErrorCode::NotSignedIn => ("You are not signed in, or not any more.", "Sign in and try again."),
        ErrorCode::WrongCredentials => (
            "The user name or the password is wrong.",
            "Check both. Capital and small letters differ in the password, not in the name.",
        ),
        ErrorCode::WrongFactor => ("The code does not fit.", "Wait for the next one and type that."),
        ErrorCode::FactorNeeded => (
            "The role admin takes a second factor here, and you have none yet.",
            "Add a code generator or a passkey in your account, then go on.",
        ),
        ErrorCode::BadSetupLink => {
            ("The setup link was used, or its hour is over.", "Ask an admin for a new one.")
        }
        ErrorCode::SsoRefused => (
            "None of your groups has a role here.",
            "Ask an admin of the identity provider for a group that has one.",
        ),
        ErrorCode::SsoUnavailable => {
            ("The identity provider does not answer.", "Try again in a moment, or sign in another way.")
        }
        ErrorCode::LastAdmin => {
            ("This is the last admin who is enabled.", "Make somebody else an admin first.")
        }
        ErrorCode::HostAbsent => (
            "The host web-3 is not connected, and this is asked of the host itself.",
            "It was seen last 3 hours ago. Its backups go on without the connection. Try again once it is back.",
        ),
        ErrorCode::HostSilent => (
            "web-3 did not answer within 60 seconds.",
            "Its repository may be slow or out of reach: try again, or look at its jobs.",
        ),
        ErrorCode::HostRefused => (
            "web-3 could not do it: the snapshot is not in its repository.",
            "It may have been forgotten meanwhile: look at the list of snapshots again.",
        ),
        ErrorCode::NameTaken => ("There is somebody of that name already.", "Choose another name."),
        ErrorCode::NameOfDisabled => {
            let mut problem = Problem::new(
                code,
                "A disabled person has this name.",
                "Enable that person again, or choose another name.",
            );
            problem.subject = Some("7".to_owned());
            return problem;
        }
        ErrorCode::ProviderManaged => (
            "The identity provider says this person's name, e-mail and role.",
            "Change them there; they are taken over at the next sign-in.",
        ),
        ErrorCode::Forbidden => (
            "This needs the role admin; you are signed in as viewer.",
            "Ask somebody with that role to do it, or an admin to give it to you.",
        ),
        ErrorCode::NotFound => (
            "There is no host 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08.",
            "It may have been removed meanwhile: go back to the list.",
        ),
        ErrorCode::MethodNotAllowed => ("PUT is not possible here.", "Use GET, POST, DELETE."),
        ErrorCode::Conflict => {
            ("Something else is there already.", "Look at what is there, then decide again.")
        }
        ErrorCode::Stale => (
            "It was made on revision 7, by now there is revision 8.",
            "Look at what changed meanwhile, and make the edit again on top of it.",
        ),
        ErrorCode::Expired => {
            ("It expired at 2026-11-20T15:04:00Z.", "Make it again; check this computer's clock.")
        }
        ErrorCode::BadSignature => (
            "The signature does not hold.",
            "Nothing was done. Reload the page and sign it again in this browser.",
        ),
        ErrorCode::TooLarge => {
            ("The body is larger than the 16 KiB that are taken here.", "Send less at once.")
        }
        ErrorCode::UnsupportedMedia => {
            ("The body is not sent as JSON.", "Send it with `Content-Type: application/json`.")
        }
        ErrorCode::TooManyRequests => {
            let refused =
                problem::Refused::new(code, "There were too many tries.", "Wait 10 seconds, then try again.");
            return (*refused.retry_after(10)).clone();
        }
        ErrorCode::SetupNeeded => (
            "Nobody exists yet who could sign in.",
            "Open the setup link that the coordinator printed when it started.",
        ),
        ErrorCode::SetupClosed => ("Somebody has set this coordinator up already.", "Sign in instead."),
        ErrorCode::BadBootstrapToken => (
            "The setup link is not valid.",
            "Use the newest setup link: the coordinator prints a fresh one each time it starts.",
        ),
        ErrorCode::CrossOrigin => (
            "The request was refused: another site's page sent it.",
            "Open the panel at its own address and try again there.",
        ),
        ErrorCode::StorageUnavailable => (
            "The database cannot be written: the disk is full.",
            "Free some space on the coordinator's disk; it goes on by itself.",
        ),
        ErrorCode::Internal => (
            "The coordinator could not answer.",
            "Try again. If it stays so, look into the coordinator's log.",
        ),
    };
    Problem::new(code, detail, hint)
}
