//! Signing in by way of an identity provider: the way there, the way back, and what a provider tells by itself.

use warp::http::header;
use wire::view::{SecondFactorView, SsoFinishRequest, SsoFinishView, SsoStartRequest, SsoStartView};

use super::{
    Site,
    caller::Anyone,
    cookie,
    problem::bad_request,
    reply::{self, Answer},
    request::Request,
    second_factor,
    session::{began_with, me, replaced},
};
use crate::access::{Back, SignedIn};

/// Begin to sign in at a provider: where the browser goes. The answer sets a cookie that the way back needs.
#[utoipa::path(post, path = "/sso/{provider}/start", tag = "sso", request_body = SsoStartRequest,
    params(("provider" = String, Path, pattern = "^[a-z0-9-]{1,40}$", description = "A provider's id, as GET /session/ways lists it.")),
    responses((status = 200, body = SsoStartView)))]
pub(super) async fn start(site: Site, caller: Anyone, mut request: Request) -> Answer {
    let SsoStartRequest { return_to } = request.json(site.world()).await?;
    let provider: String = request.param("provider")?;
    let browser = cookie::find_sso(&request.headers, site.secure());
    let started = site.sso().start(caller.act(), &provider, return_to.as_deref(), browser).await?;
    let mut response = reply::json(&SsoStartView { url: started.url })?;
    response.headers_mut().insert(header::SET_COOKIE, cookie::set_sso(&started.browser, site.secure()));
    Ok(response)
}

/// Come back from a provider with its code. The answer sets the session's cookie, or asks for a second factor.
#[utoipa::path(post, path = "/sso/finish", tag = "sso", request_body = SsoFinishRequest,
    responses((status = 201, body = SsoFinishView), (status = 202, body = SecondFactorView)))]
pub(super) async fn finish(site: Site, before: Anyone, mut request: Request) -> Answer {
    let SsoFinishRequest { code, state, iss } = request.json(site.world()).await?;
    let browser = cookie::find_sso(&request.headers, site.secure());
    let back = Back { code: &code, state: &state, issuer: iss.as_deref(), browser };
    let finished = site.sso().finish(before.act(), back, request.visitor()).await?;
    let mut response = match finished.signed_in {
        SignedIn::Begun(begun) => {
            replaced(&site, &before).await?;
            let view = SsoFinishView { me: me(&begun.session), return_to: finished.return_to };
            began_with(&site, &begun, &view)?
        }
        SignedIn::Second(second) => second_factor::wanted(*second)?,
    };
    response.headers_mut().append(header::SET_COOKIE, cookie::clear_sso(site.secure()));
    Ok(response)
}

/// A provider tells that somebody signed out there (OpenID Connect Back-Channel Logout 1.0). Sessions that it began end.
#[utoipa::path(post, path = "/sso/{provider}/backchannel-logout", tag = "sso",
    params(("provider" = String, Path, pattern = "^[a-z0-9-]{1,40}$", description = "The provider's id in the configuration.")),
    request_body(content = Object, content_type = "application/x-www-form-urlencoded",
        description = "`logout_token`: a signed token that says who signed out.",
        example = json!({ "logout_token": "eyJhbGciOiJSUzI1NiJ9.e30.c2ln" })),
    responses((status = 204, description = "It is known that they signed out, whether they were signed in here or not.")))]
pub(super) async fn signed_out_there(site: Site, caller: Anyone, mut request: Request) -> Answer {
    let form = request.form(site.world()).await?;
    let provider: String = request.param("provider")?;
    let token = form.one("logout_token")?.ok_or_else(|| {
        bad_request("The form has no field `logout_token`.", "Send the provider's logout token in it.")
    })?;
    site.sso().signed_out_there(caller.act(), &provider, token).await?;
    Ok(reply::no_content())
}
