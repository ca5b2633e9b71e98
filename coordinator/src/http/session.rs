//! Signing in and out, and who one is.

use serde::Serialize;
use warp::{http::header, reply::Response};
use wire::{
    seal::Secret,
    view::{MeView, SecondFactorView, SignInRequest, SignedOutView},
};

use super::{
    Site,
    caller::{Anyone, Me},
    cookie,
    problem::Refused,
    reply::{self, Answer},
    request::Request,
    second_factor,
};
use crate::access::{Begun, Session, SignedIn};

/// Who am I?
#[utoipa::path(get, path = "/session", tag = "session", responses((status = 200, body = MeView)))]
pub(super) async fn show(_: Site, caller: Me, _: Request) -> Answer {
    reply::json(&me(caller.session()))
}

/// Sign in with a user name and a password. The answer sets the session's cookie, or asks for a second factor.
#[utoipa::path(post, path = "/session", tag = "session", request_body = SignInRequest,
    responses((status = 201, body = MeView, headers(("Set-Cookie" = String, description = "The session."))),
        (status = 202, body = SecondFactorView)))]
pub(super) async fn sign_in(site: Site, before: Anyone, mut request: Request) -> Answer {
    let SignInRequest { user, password } = request.json(site.world()).await?;
    let visitor = request.visitor();
    match site.access().sign_in(before.act(), user.trim(), Secret::new(password), visitor).await? {
        SignedIn::Begun(begun) => {
            replaced(&site, &before).await?;
            began(&site, &begun)
        }
        SignedIn::Second(second) => second_factor::wanted(*second),
    }
}

/// The cookie is about to be replaced: nobody could end the session of before any more.
pub(super) async fn replaced(site: &Site, before: &Anyone) -> Result<(), Refused> {
    if let Some(session) = before.session() {
        site.access().sign_out(before.act(), session).await?;
    }
    Ok(())
}

/// The answer to whoever is signed in now: who they are, the cookie, and by what the browser is known from now on.
pub(super) fn began(site: &Site, begun: &Begun) -> Answer {
    began_with(site, begun, &me(&begun.session))
}

/// The same with more to say.
pub(super) fn began_with(site: &Site, begun: &Begun, view: &impl Serialize) -> Answer {
    let mut response = reply::created(view)?;
    let whole_ms = site.access().settings().whole_ms;
    let headers = response.headers_mut();
    headers.append(header::SET_COOKIE, cookie::set(&begun.token, site.secure(), whole_ms));
    headers.append(header::SET_COOKIE, cookie::set_known(&begun.known, site.secure()));
    Ok(response)
}

/// Sign out. Whoever is not signed in is done at once. Where an identity provider began the session, the answer may say
/// where the browser ends the one there.
#[utoipa::path(delete, path = "/session", tag = "session", responses((status = 200, body = SignedOutView)))]
pub(super) async fn sign_out(site: Site, caller: Anyone, _: Request) -> Answer {
    let provider_url = match caller.session() {
        Some(session) => site.sso().sign_out(caller.act(), session).await?,
        None => None,
    };
    let mut response = reply::json(&SignedOutView { provider_url })?;
    forget(&site, &mut response);
    Ok(response)
}

/// Has the browser drop its cookie: its session is over.
pub(super) fn forget(site: &Site, response: &mut Response) {
    response.headers_mut().insert(header::SET_COOKIE, cookie::clear(site.secure()));
}

pub(super) fn me(session: &Session) -> MeView {
    MeView {
        user: session.user.clone(),
        role: session.role,
        session_expires_at: Some(session.expires_at),
        must_add_factor: session.lacks_factor,
    }
}
