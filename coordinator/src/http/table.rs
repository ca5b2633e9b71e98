//! Every route in one place: method, path, role, handler. The role check, the OpenAPI document and the tests read it.

use warp::http::Method;
use wire::error::ErrorCode::{
    self, BadBootstrapToken, BadSetupLink, BadSignature, Conflict, Expired, Forbidden, HostAbsent,
    HostRefused, HostSilent, LastAdmin, NameOfDisabled, NameTaken, NotFound, ProviderManaged, SetupClosed,
    SetupNeeded, SsoRefused, SsoUnavailable, Stale, TooManyRequests, WrongCredentials, WrongFactor,
};

use super::{
    account, api_tokens, audit, door, download, errands, events, factors, fleet, health, hosts, jobs, keys,
    logs, openapi, orders, pending, people, plan,
    request::SIGNED_BODY_BYTES,
    route::{Route, admin, anyone, in_person, me, operator, viewer},
    searches, second_factor, session, setup, sso, templates, tokens, trees,
};

/// What stands before the paths of [`api`].
pub(super) const API: &str = "/api/v1";

const GET: Method = Method::GET;
const POST: Method = Method::POST;
const PUT: Method = Method::PUT;
const PATCH: Method = Method::PATCH;
const DELETE: Method = Method::DELETE;

/// What somebody is told who may not be the first.
const NOT_FIRST: &[ErrorCode] = &[SetupClosed, BadBootstrapToken, TooManyRequests];
/// What a change of what proves oneself is refused with.
const FACTOR: &[ErrorCode] = &[WrongCredentials, WrongFactor, NotFound, Conflict, TooManyRequests];
/// What a signed document is refused with that does not fit the fleet's trust, or is not of this moment.
const UNFIT: &[ErrorCode] = &[BadSignature, Forbidden, Conflict, Expired];

/// What is asked of the host itself.
const ASKED: &[ErrorCode] = &[HostAbsent, HostSilent, HostRefused, TooManyRequests];
/// What a signed order is refused with whose answer is waited for.
const ERRAND: &[ErrorCode] =
    &[BadSignature, Forbidden, Conflict, Expired, HostAbsent, HostSilent, HostRefused, TooManyRequests];

/// Below [`API`]: JSON in and out, documented.
#[rustfmt::skip]
pub(super) fn api() -> Vec<Route> {
    vec![
        anyone  (GET,    "/openapi.json", openapi::show),

        anyone  (GET,    "/setup", setup::show),
        anyone  (POST,   "/setup/check", setup::check).unaudited().refuses(NOT_FIRST),
        anyone  (POST,   "/setup", setup::set_up).body_limit(SIGNED_BODY_BYTES)
            .refuses(&[SetupClosed, BadBootstrapToken, TooManyRequests, BadSignature, Forbidden, Conflict, Stale]),

        me      (GET,    "/session", session::show),
        // A right password that is not enough changes nothing; whoever gets in stands in the audit.
        anyone  (POST,   "/session", session::sign_in).unaudited()
            .refuses(&[WrongCredentials, Forbidden, TooManyRequests]),
        anyone  (DELETE, "/session", session::sign_out).unaudited(),
        anyone  (GET,    "/session/ways", second_factor::ways),
        anyone  (POST,   "/session/second-factor", second_factor::show)
            .refuses(&[WrongFactor, WrongCredentials, Forbidden, TooManyRequests]),
        anyone  (POST,   "/session/passkey/begin", second_factor::begin_passkey).unaudited()
            .refuses(&[TooManyRequests, Conflict]),
        anyone  (POST,   "/session/passkey", second_factor::passkey)
            .refuses(&[WrongFactor, WrongCredentials, Forbidden, TooManyRequests]),

        me      (POST,   "/account/totp", factors::begin_totp).unaudited()
            .refuses(FACTOR),
        me      (POST,   "/account/totp/confirm", factors::confirm_totp)
            .refuses(FACTOR),
        me      (DELETE, "/account/totp", factors::remove_totp)
            .refuses(FACTOR),
        me      (POST,   "/account/passkeys/begin", factors::begin_passkey).unaudited()
            .refuses(FACTOR),
        me      (POST,   "/account/passkeys", factors::add_passkey)
            .refuses(FACTOR),
        me      (DELETE, "/account/passkeys/{passkey}", factors::remove_passkey)
            .refuses(FACTOR),
        me      (POST,   "/account/recovery-codes", factors::make_recovery_codes)
            .refuses(FACTOR),

        anyone  (POST,   "/sso/{provider}/start", sso::start).unaudited()
            .refuses(&[SsoUnavailable, SetupNeeded, TooManyRequests]),
        anyone  (POST,   "/sso/finish", sso::finish).unaudited()
            .refuses(&[SsoRefused, SsoUnavailable, SetupNeeded, LastAdmin, Forbidden, TooManyRequests]),
        anyone  (POST,   "/sso/{provider}/backchannel-logout", sso::signed_out_there).unaudited()
            .refuses(&[SsoUnavailable]),

        anyone  (POST,   "/invitation/check", people::check_invitation).unaudited().refuses(&[BadSetupLink, TooManyRequests]),
        anyone  (POST,   "/invitation", people::accept_invitation).refuses(&[BadSetupLink, TooManyRequests]),

        me      (GET,    "/account", account::show),
        me      (POST,   "/account/password", account::change_password).refuses(&[WrongCredentials, ProviderManaged, TooManyRequests]),
        me      (GET,    "/account/sessions", account::sessions),
        me      (DELETE, "/account/sessions", account::end_others),
        me      (DELETE, "/account/sessions/{session}", account::end_session),

        admin   (GET,    "/people", people::list),
        admin   (POST,   "/people", people::invite).refuses(&[NameTaken, NameOfDisabled]),
        admin   (GET,    "/people/{person}", people::show),
        admin   (PATCH,  "/people/{person}", people::change).refuses(&[LastAdmin, ProviderManaged]),
        admin   (POST,   "/people/{person}/setup-link", people::renew_link).refuses(&[Conflict, ProviderManaged]),
        admin   (POST,   "/people/{person}/disable", people::disable).refuses(&[LastAdmin]),
        admin   (POST,   "/people/{person}/enable", people::enable),
        admin   (DELETE, "/people/{person}/sessions", people::sign_out),
        admin   (DELETE, "/people/{person}/factors", people::reset_factors).refuses(&[Conflict]),

        viewer  (GET,    "/api-tokens", api_tokens::list),
        in_person(POST,  "/api-tokens", api_tokens::make).refuses(&[Conflict]),
        viewer  (DELETE, "/api-tokens/{token}", api_tokens::revoke).refuses(&[Forbidden]),

        viewer  (GET,    "/events", events::listen).refuses(&[TooManyRequests]),

        viewer  (GET,    "/fleet", fleet::show),
        viewer  (GET,    "/fleet/tiles", fleet::tiles),
        viewer  (GET,    "/fleet/install", fleet::install),
        admin   (POST,   "/fleet/statements", fleet::publish).body_limit(SIGNED_BODY_BYTES)
            .refuses(&[BadSignature, Forbidden, Conflict, Stale]),
        admin   (POST,   "/fleet/escrow", fleet::escrow).body_limit(SIGNED_BODY_BYTES).refuses(&[NotFound]),

        viewer  (GET,    "/hosts", hosts::list),
        viewer  (GET,    "/hosts/{agent}", hosts::show),
        admin   (DELETE, "/hosts/{agent}", hosts::remove).refuses(&[Conflict]),
        viewer  (GET,    "/hosts/{agent}/plan", hosts::plan),
        viewer  (GET,    "/hosts/{agent}/plan/history", hosts::plan_history),
        viewer  (GET,    "/hosts/{agent}/plan/revisions/{revision}", hosts::plan_revision),
        viewer  (GET,    "/hosts/{agent}/schedules", hosts::schedules),
        viewer  (GET,    "/hosts/{agent}/maintenance", hosts::maintenance),
        viewer  (GET,    "/hosts/{agent}/repositories/{repository}/history", hosts::repository_history),
        viewer  (GET,    "/hosts/{agent}/repositories/{repository}/sharing", hosts::sharing),
        viewer  (GET,    "/hosts/{agent}/snapshots", hosts::snapshots),
        viewer  (GET,    "/hosts/{agent}/repositories/{repository}/snapshots/{snapshot}/tree", trees::tree).refuses(ASKED),
        viewer  (GET,    "/hosts/{agent}/repositories/{repository}/snapshots/{snapshot}/measure", trees::measure)
            .refuses(ASKED),
        viewer  (GET,    "/hosts/{agent}/repositories/{repository}/find", searches::find).refuses(ASKED),
        viewer  (GET,    "/hosts/{agent}/repositories/{repository}/diff", searches::diff).refuses(ASKED),
        viewer  (GET,    "/hosts/{agent}/jobs", jobs::list),
        viewer  (GET,    "/hosts/{agent}/jobs/{job}", jobs::show),
        viewer  (GET,    "/hosts/{agent}/jobs/{job}/log", logs::show),
        viewer  (GET,    "/hosts/{agent}/orders", orders::list),
        operator(POST,   "/hosts/{agent}/orders", orders::give).body_limit(SIGNED_BODY_BYTES)
            .refuses(&[BadSignature, Forbidden, Conflict, Expired, HostAbsent]),
        operator(DELETE, "/hosts/{agent}/orders/{order}", orders::withdraw).refuses(&[Conflict]),

        operator(POST,   "/hosts/{agent}/lend", errands::lend).body_limit(SIGNED_BODY_BYTES).refuses(ERRAND),
        operator(POST,   "/hosts/{agent}/download", errands::download).body_limit(SIGNED_BODY_BYTES).refuses(ERRAND),

        viewer  (GET,    "/pending", pending::list),
        admin   (POST,   "/pending/{agent}/approve", pending::approve).refuses(UNFIT),
        admin   (DELETE, "/pending/{agent}", pending::reject),

        operator(GET,    "/tokens", tokens::list),
        operator(POST,   "/tokens", tokens::make).body_limit(SIGNED_BODY_BYTES).refuses(UNFIT),
        operator(DELETE, "/tokens/{token}", tokens::revoke),

        viewer  (GET,    "/templates", templates::list),
        operator(PUT,    "/templates/{name}", templates::keep).body_limit(SIGNED_BODY_BYTES).refuses(&[Conflict]),
        operator(DELETE, "/templates/{name}", templates::remove),

        operator(POST,   "/plan/check", plan::check).body_limit(SIGNED_BODY_BYTES).unaudited(),
        viewer  (GET,    "/cron", plan::cron),

        admin   (GET,    "/keys", keys::list),
        viewer  (DELETE, "/keys/{key}", keys::forget).refuses(&[Forbidden, Conflict]),
        me      (GET,    "/account/keys", keys::own),
        me      (POST,   "/account/keys", keys::announce).unaudited().refuses(&[BadSignature, Forbidden, Conflict]),

        admin   (GET,    "/audit", audit::list),
        admin   (GET,    "/audit/export", audit::export),
        admin   (GET,    "/audit/chain", audit::chain),
    ]
}

/// Outside of the API, for agents, installers and whoever watches over this program. Everything else is the panel's.
#[rustfmt::skip]
pub(super) fn outside() -> Vec<Route> {
    vec![
        anyone  (GET,    "/agent/v1/socket", door::open),
        anyone  (GET,    "/install.sh", download::install),
        anyone  (GET,    "/uninstall.sh", download::uninstall),
        anyone  (GET,    "/dist/{file}", download::agent),
        anyone  (GET,    "/healthz", health::show),
    ]
}
