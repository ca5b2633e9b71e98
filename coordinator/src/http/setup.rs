//! The first start: is it needed, would it work, do it.

use wire::{
    seal::Secret,
    view::{MeView, SetupCheck, SetupCheckView, SetupRequest, SetupView},
};

use super::{
    Site,
    caller::Anyone,
    problem::Refused,
    reply::{self, Answer},
    request::Request,
    session::began,
};
use crate::access::{FirstPerson, PASSWORD_MIN_CHARS};

/// Is there somebody already, and whose coordinator is this?
#[utoipa::path(get, path = "/setup", tag = "setup", responses((status = 200, body = SetupView)))]
pub(super) async fn show(site: Site, _: Anyone, _: Request) -> Answer {
    reply::json(&SetupView {
        needed: site.access().setup_needed(),
        coordinator: site.fleet().identity(),
        password_min: PASSWORD_MIN_CHARS,
        version: site.fleet().version().to_owned(),
    })
}

/// Would this start work? Nothing is written. Tells of the fleet that is served already, if there is one.
#[utoipa::path(post, path = "/setup/check", tag = "setup", request_body = SetupCheck,
    responses((status = 200, body = SetupCheckView)))]
pub(super) async fn check(site: Site, caller: Anyone, mut request: Request) -> Answer {
    let SetupCheck { token, user, password } = request.json(site.world()).await?;
    site.access().check_setup(caller.act(), &first_person(token, user, password)).await?;
    reply::json(&SetupCheckView { statements: site.fleet().statements() })
}

/// The first admin and the fleet's first statement, in one step. Signs in.
#[utoipa::path(post, path = "/setup", tag = "setup", request_body = SetupRequest,
    responses((status = 201, body = MeView, headers(("Set-Cookie" = String, description = "The session.")))))]
pub(super) async fn set_up(site: Site, caller: Anyone, mut request: Request) -> Answer {
    let SetupRequest { token, user, password, statement } = request.json(site.world()).await?;
    let (fleet, founder) = (site.fleet().clone(), user.clone());
    let begun = site
        .access()
        .set_up(caller.act(), first_person(token, user, password), request.visitor(), move |tx| {
            fleet.found_in(tx, &statement, &founder).map_err(Refused::from)
        })
        .await?;
    began(&site, &begun)
}

fn first_person(token: String, user: String, password: String) -> FirstPerson {
    FirstPerson { token: Secret::new(token), user, password: Secret::new(password) }
}
