//! Signing in and out, and who one is.

use warp::http::header;
use wire::{
    seal::Secret,
    view::{MeView, SignInRequest},
};

use super::{
    Site,
    caller::{Anyone, Viewer},
    cookie,
    reply::{self, Answer},
    request::Request,
    setup::address,
};
use crate::access::Session;

/// Who am I?
#[utoipa::path(get, path = "/session", tag = "session", responses((status = 200, body = MeView)))]
pub(super) async fn show(_: Site, caller: Viewer, _: Request) -> Answer {
    reply::json(&me(caller.session()))
}

/// Sign in with a user name and a password. The answer sets the session's cookie.
#[utoipa::path(post, path = "/session", tag = "session", request_body = SignInRequest,
    responses((status = 201, body = MeView)))]
pub(super) async fn sign_in(site: Site, before: Anyone, mut request: Request) -> Answer {
    let SignInRequest { user, password } = request.json(site.world()).await?;
    let begun = site.access().sign_in(user.trim(), Secret::new(password), address(&request)).await?;
    if let Some(session) = before.session() {
        // The cookie is about to be replaced: nobody could end this one any more.
        site.access().sign_out(session).await?;
    }
    let mut response = reply::created(&me(&begun.session))?;
    response.headers_mut().insert(header::SET_COOKIE, cookie::set(&begun.token, site.secure()));
    Ok(response)
}

/// Sign out. Whoever is not signed in is done at once.
#[utoipa::path(delete, path = "/session", tag = "session", responses((status = 204, description = "Signed out.")))]
pub(super) async fn sign_out(site: Site, caller: Anyone, _: Request) -> Answer {
    if let Some(session) = caller.session() {
        site.access().sign_out(session).await?;
    }
    let mut response = reply::no_content();
    response.headers_mut().insert(header::SET_COOKIE, cookie::clear(site.secure()));
    Ok(response)
}

pub(super) fn me(session: &Session) -> MeView {
    MeView { user: session.user.clone(), role: session.role, session_expires_at: session.expires_at }
}
