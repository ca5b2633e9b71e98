//! One's own account: password and sessions. Whoever asks does so by a session.

use wire::{
    id::Hash32,
    seal::Secret,
    view::{AccountView, PasswordRequest, SessionView},
};

use super::{
    Site,
    caller::Me,
    reply::{self, Answer},
    request::Request,
    session::{forget, me},
};

/// How one signs in here, and what is known of one.
#[utoipa::path(get, path = "/account", tag = "account", responses((status = 200, body = AccountView)))]
pub(super) async fn show(site: Site, caller: Me, _: Request) -> Answer {
    reply::json(&site.access().account(caller.session(), me(caller.session())).await?)
}

/// Choose another password. Every other session of the person ends.
#[utoipa::path(post, path = "/account/password", tag = "account", request_body = PasswordRequest,
    responses((status = 204, description = "It counts from now on.")))]
pub(super) async fn change_password(site: Site, caller: Me, mut request: Request) -> Answer {
    let PasswordRequest { current, new } = request.json(site.world()).await?;
    let (current, new) = (Secret::new(current), Secret::new(new));
    site.access().change_password(caller.act(), caller.session(), current, new).await?;
    Ok(reply::no_content())
}

/// Where one is signed in, the last used first.
#[utoipa::path(get, path = "/account/sessions", tag = "account",
    responses((status = 200, body = Vec<SessionView>)))]
pub(super) async fn sessions(site: Site, caller: Me, _: Request) -> Answer {
    reply::json(&site.access().own_sessions(caller.session()).await?)
}

/// Sign out everywhere but here.
#[utoipa::path(delete, path = "/account/sessions", tag = "account",
    responses((status = 204, description = "Only the session that asked is left.")))]
pub(super) async fn end_others(site: Site, caller: Me, _: Request) -> Answer {
    site.access().end_other_sessions(caller.act(), caller.session()).await?;
    Ok(reply::no_content())
}

/// End one of one's own sessions.
#[utoipa::path(delete, path = "/account/sessions/{session}", tag = "account",
    params(("session" = Hash32, Path)), responses((status = 204, description = "It is over.")))]
pub(super) async fn end_session(site: Site, caller: Me, request: Request) -> Answer {
    let id: Hash32 = request.param("session")?;
    site.access().end_session(caller.act(), caller.session(), id).await?;
    let mut response = reply::no_content();
    if id == caller.session().id {
        forget(&site, &mut response);
    }
    Ok(response)
}
