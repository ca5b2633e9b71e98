//! Every route in one place: method, path, role, handler. The role check, the OpenAPI document and the tests read it.

use warp::http::Method;

use super::{
    door, download, events, fleet, health, hosts, jobs, logs, openapi, orders, pending, plan,
    request::SIGNED_BODY_BYTES,
    route::{Route, admin, anyone, operator, viewer},
    session, setup, tokens,
};

/// What stands before the paths of [`api`].
pub(super) const API: &str = "/api/v1";

const GET: Method = Method::GET;
const POST: Method = Method::POST;
const DELETE: Method = Method::DELETE;

/// Below [`API`]: JSON in and out, documented.
#[rustfmt::skip]
pub(super) fn api() -> Vec<Route> {
    vec![
        anyone  (GET,    "/openapi.json", openapi::show),

        anyone  (GET,    "/setup", setup::show),
        anyone  (POST,   "/setup/check", setup::check),
        anyone  (POST,   "/setup", setup::set_up).body_limit(SIGNED_BODY_BYTES),

        viewer  (GET,    "/session", session::show),
        anyone  (POST,   "/session", session::sign_in),
        anyone  (DELETE, "/session", session::sign_out),

        viewer  (GET,    "/events", events::listen),

        viewer  (GET,    "/fleet", fleet::show),
        viewer  (GET,    "/fleet/tiles", fleet::tiles),
        viewer  (GET,    "/fleet/install", fleet::install),
        admin   (POST,   "/fleet/statements", fleet::publish).body_limit(SIGNED_BODY_BYTES),

        viewer  (GET,    "/hosts", hosts::list),
        viewer  (GET,    "/hosts/{agent}", hosts::show),
        viewer  (GET,    "/hosts/{agent}/plan", hosts::plan),
        viewer  (GET,    "/hosts/{agent}/schedules", hosts::schedules),
        viewer  (GET,    "/hosts/{agent}/snapshots", hosts::snapshots),
        viewer  (GET,    "/hosts/{agent}/jobs", jobs::list),
        viewer  (GET,    "/hosts/{agent}/jobs/{job}", jobs::show),
        viewer  (GET,    "/hosts/{agent}/jobs/{job}/log", logs::show),
        viewer  (GET,    "/hosts/{agent}/orders", orders::list),
        operator(POST,   "/hosts/{agent}/orders", orders::give).body_limit(SIGNED_BODY_BYTES),
        operator(DELETE, "/hosts/{agent}/orders/{order}", orders::withdraw),

        viewer  (GET,    "/pending", pending::list),
        admin   (POST,   "/pending/{agent}/approve", pending::approve),
        admin   (DELETE, "/pending/{agent}", pending::reject),

        operator(GET,    "/tokens", tokens::list),
        operator(POST,   "/tokens", tokens::make).body_limit(SIGNED_BODY_BYTES),
        operator(DELETE, "/tokens/{token}", tokens::revoke),

        operator(POST,   "/plan/check", plan::check).body_limit(SIGNED_BODY_BYTES),
        viewer  (GET,    "/cron", plan::cron),
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
